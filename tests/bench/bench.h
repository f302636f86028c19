/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <asynchelp.h>

/* What one call of the program does, and what came of it. */
typedef struct
{
  gboolean    smoke;    /* tiny sizes: shows that it works, not how fast it is */
  guint       n_cpus;   /* that this process may use */
  const char *part;     /* that is running */
  const char *case_id;  /* of the part */
  guint       n_wrong;  /* results that are not what they must be */
  guint       n_goals;
  guint       n_missed;
} Bench;

/* Where the time of one round goes; seconds, or whatever a case measures. */
typedef enum
{
  BENCH_SCHEDULE, /* what can be done once for many runs */
  BENCH_RUN,
  BENCH_RELEASE,  /* of the results and of what was scheduled */
  BENCH_TOTAL,    /* their sum */
  BENCH_N_COLUMNS
} BenchColumn;

#define BENCH_MAX_ROUNDS 15

typedef struct
{
  double   times[BENCH_N_COLUMNS];
  guint    n_threads; /* the most at a time, where a case counts them */
  gboolean failed;    /* a peer that did not do the work: it is left out from here on */
} BenchRound;

/* One that takes part: the library in one of its ways, or a peer. */
typedef struct
{
  const char *name;
  gboolean    ours;
  void      (*round) (Bench        *bench,
                      gconstpointer setup,
                      BenchRound   *round);

  /* What bench_contest () fills in. */
  double      samples[BENCH_N_COLUMNS][BENCH_MAX_ROUNDS];
  guint       n_rounds;
  guint       n_threads;
  gboolean    failed;
} BenchContender;

typedef struct
{
  double median;
  double low;  /* a quarter of the samples is below */
  double high; /* a quarter of the samples is above */
} BenchSpread;

void          bench_batches      (Bench *bench);
void          bench_async        (Bench *bench);
void          bench_cancellable  (Bench *bench);
void          bench_computing    (Bench *bench);
void          bench_crowded      (Bench *bench);
void          bench_half         (Bench *bench);
void          bench_jobs         (Bench *bench);
void          bench_latency      (Bench *bench);
void          bench_loop_gap     (Bench *bench);
void          bench_memory       (Bench *bench);
void          bench_mixed        (Bench *bench);
void          bench_native       (Bench *bench);
void          bench_sleeping     (Bench *bench);

/* bench-measure.c */
double        bench_now          (void);
BenchSpread   bench_spread       (const double   *values,
                                  guint           n);
double        bench_percentile   (const double   *values,
                                  guint           n,
                                  double          percent);
void          bench_contest      (Bench          *bench,
                                  BenchContender *contenders,
                                  guint           n_contenders,
                                  gconstpointer   setup,
                                  guint           n_rounds);
BenchSpread   bench_get          (BenchContender *contender,
                                  BenchColumn     column);
double        bench_ratio        (BenchContender *a,
                                  BenchColumn     column_a,
                                  BenchContender *b,
                                  BenchColumn     column_b);
BenchContender *
              bench_find         (BenchContender *contenders,
                                  guint           n_contenders,
                                  const char     *name);
guint         bench_spin_for     (double          microseconds);
void          bench_spin         (guint           n);
void          bench_burn         (double          seconds);

/* bench-values.c */
GValue       *bench_values_new   (guint           n);
void          bench_values_free  (GValue         *values,
                                  guint           n);
gboolean      bench_values_check (const GValue   *values,
                                  guint           n);
void          bench_check        (Bench          *bench,
                                  const char     *who,
                                  GArray         *values,
                                  guint           n,
                                  const GError   *error);

/* The body of every job that returns a value, whoever runs it. */
static inline void
bench_body (GValue *value, guint index, guint spin)
{
  if (spin)
    bench_spin (spin);
  g_value_init (value, G_TYPE_INT);
  g_value_set_int (value, (int) index);
}

/* bench-others.c */
void          bench_watch_others (void);
double        bench_get_others   (void);

/* bench-output.c */
gboolean      bench_open_records (const char     *path,
                                  GError        **error);
void          bench_machine      (Bench          *bench);
void          bench_part_ended   (Bench          *bench);
void          bench_case         (Bench          *bench,
                                  const char     *id,
                                  guint           limit,
                                  const char     *format,
                                  ...) G_GNUC_PRINTF (4, 5);
void          bench_table        (Bench          *bench,
                                  BenchContender *contenders,
                                  guint           n_contenders,
                                  double          scale,
                                  const char     *unit);
void          bench_measure      (Bench          *bench,
                                  const char     *who,
                                  gboolean        ours,
                                  const char     *quantity,
                                  BenchSpread     spread,
                                  guint           n,
                                  const char     *unit);
void          bench_goal         (Bench          *bench,
                                  const char     *what,
                                  double          measured,
                                  const char     *relation,
                                  double          limit,
                                  const char     *unit);
void          bench_fact         (Bench          *bench,
                                  const char     *what,
                                  double          measured,
                                  const char     *unit);
void          bench_wrong        (Bench          *bench,
                                  const char     *format,
                                  ...) G_GNUC_PRINTF (2, 3);
