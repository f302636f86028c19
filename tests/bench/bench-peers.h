/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "bench.h"

/*
 * Each peer does what a batch does, in the best way that it offers: runs n jobs with bench_body (),
 * each of which puts its value into the same array at its own place, and waits until all are done.
 * Its round pays for the array and for every other thing that it needs.
 */
typedef struct
{
  guint n;
  guint spin; /* steps of bench_spin () a job */
} BenchJobs;

/* A table of contenders: ours first, then the peers that this build has. */
#define BENCH_CONTENDER(contender_name, is_ours, function)                                         \
  {                                                                                                \
    .name = contender_name, .ours = is_ours, .round = function                                     \
  }

#ifdef BENCH_HAVE_OPENMP
#define BENCH_OPENMP_CONTENDERS                                                                    \
  BENCH_CONTENDER ("OpenMP static", FALSE, bench_peer_openmp_static),                              \
      BENCH_CONTENDER ("OpenMP dynamic", FALSE, bench_peer_openmp_dynamic),                        \
      BENCH_CONTENDER ("OpenMP task", FALSE, bench_peer_openmp_task),
#else
#define BENCH_OPENMP_CONTENDERS
#endif

#ifdef BENCH_HAVE_LIBUV
#define BENCH_LIBUV_CONTENDERS BENCH_CONTENDER ("libuv", FALSE, bench_peer_libuv),
#else
#define BENCH_LIBUV_CONTENDERS
#endif

#ifdef BENCH_HAVE_LIBDEX
#define BENCH_LIBDEX_CONTENDERS BENCH_CONTENDER ("libdex", FALSE, bench_peer_libdex),
#else
#define BENCH_LIBDEX_CONTENDERS
#endif

void     bench_peer_loop           (Bench        *bench,
                                    gconstpointer setup,
                                    BenchRound   *round);
void     bench_peer_thread_pool    (Bench        *bench,
                                    gconstpointer setup,
                                    BenchRound   *round);
void     bench_peer_task           (Bench        *bench,
                                    gconstpointer setup,
                                    BenchRound   *round);
void     bench_peer_openmp_static  (Bench        *bench,
                                    gconstpointer setup,
                                    BenchRound   *round);
void     bench_peer_openmp_dynamic (Bench        *bench,
                                    gconstpointer setup,
                                    BenchRound   *round);
void     bench_peer_openmp_task    (Bench        *bench,
                                    gconstpointer setup,
                                    BenchRound   *round);
void     bench_peer_libuv          (Bench        *bench,
                                    gconstpointer setup,
                                    BenchRound   *round);
void     bench_peer_libdex         (Bench        *bench,
                                    gconstpointer setup,
                                    BenchRound   *round);

/* One job to another thread and back to the loop that asked for it, again and again: seconds each
 * time, or FALSE where it was not done. */
gboolean bench_libuv_latency       (double       *seconds,
                                    guint         n,
                                    gulong        pause);
gboolean bench_libdex_latency      (double       *seconds,
                                    guint         n,
                                    gulong        pause);

/* Functions that burn CPU time, for OpenMP's threads to run one after the other. */
void     bench_openmp_for          (guint         n,
                                    void        (*function) (gpointer),
                                    gpointer      user_data);
/* The same with tasks within tasks: n_outer of them, each of n_inner. */
void     bench_openmp_nested       (guint         n_outer,
                                    guint         n_inner,
                                    GValue       *values);

gsize    bench_libuv_request_size  (void);
