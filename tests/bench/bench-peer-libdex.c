/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* libdex: its scheduler with a pool of threads, and futures that resolve on the main loop. */

#include "bench-peers.h"

#include <libdex.h>

/* In some releases, work that is pushed can be lost: who waits for it must give up some time. */
#define PATIENCE (20 * G_TIME_SPAN_SECOND)

typedef struct
{
  const BenchJobs *jobs;
  GValue *values;
  guint n_pending; /* atomic */
  GMutex mutex;
  GCond cond; /* n_pending is 0 */
} DexJoin;

/* The one that is going on; a pointer carries no more than the index. */
static DexJoin *dex_join;

static DexScheduler *
get_scheduler (void)
{
  static DexScheduler *scheduler;

  if (scheduler == NULL)
    {
      dex_init ();
      scheduler = dex_thread_pool_scheduler_new ();
    }

  return scheduler;
}

static void
dex_job (gpointer data)
{
  DexJoin *join = dex_join;
  guint i = GPOINTER_TO_UINT (data);

  bench_body (&join->values[i], i, join->jobs->spin);

  if (g_atomic_int_dec_and_test (&join->n_pending))
    {
      g_mutex_lock (&join->mutex);
      g_cond_signal (&join->cond);
      g_mutex_unlock (&join->mutex);
    }
}

void
bench_peer_libdex (Bench *bench, gconstpointer setup, BenchRound *round)
{
  const BenchJobs *jobs = setup;
  DexScheduler *scheduler = get_scheduler ();
  gint64 patience = g_get_monotonic_time () + PATIENCE;
  DexJoin *join;
  double start;

  start = bench_now ();
  join = g_new0 (DexJoin, 1);
  join->jobs = jobs;
  join->values = bench_values_new (jobs->n);
  join->n_pending = jobs->n;
  dex_join = join;
  for (guint i = 0; i < jobs->n; i++)
    dex_scheduler_push (scheduler, dex_job, GUINT_TO_POINTER (i));

  g_mutex_lock (&join->mutex);
  while (g_atomic_int_get (&join->n_pending) > 0 && !round->failed)
    round->failed = !g_cond_wait_until (&join->cond, &join->mutex, patience);
  g_mutex_unlock (&join->mutex);
  round->times[BENCH_RUN] = bench_now () - start;

  /* What was lost may still come: then nothing that it uses may be freed. */
  if (round->failed || !bench_values_check (join->values, jobs->n))
    {
      round->failed = TRUE;
      return;
    }

  start = bench_now ();
  bench_values_free (join->values, jobs->n);
  g_free (join);
  round->times[BENCH_RELEASE] = bench_now () - start;
}

/* --- One job, there and back --- */

static DexFuture *
nothing_fiber (gpointer user_data)
{
  return dex_future_new_for_int (GPOINTER_TO_INT (user_data));
}

static DexFuture *
stop_watch_cb (DexFuture *future, gpointer user_data)
{
  double *end = user_data;

  *end = bench_now ();

  return dex_ref (future);
}

gboolean
bench_libdex_latency (double *seconds, guint n, gulong pause)
{
  DexScheduler *scheduler = get_scheduler ();

  for (guint i = 0; i < n; i++)
    {
      DexFuture *future;
      double start;
      double end = 0;

      if (pause > 0)
        g_usleep (pause);
      start = bench_now ();
      future = dex_scheduler_spawn (scheduler, 0, nothing_fiber, GINT_TO_POINTER (1), NULL);
      future = dex_future_finally (future, stop_watch_cb, &end, NULL);
      while (end == 0)
        {
          if (bench_now () - start > PATIENCE / (double) G_TIME_SPAN_SECOND)
            return FALSE; /* and the future stays, since its callback may still come */
          g_main_context_iteration (NULL, TRUE);
        }
      seconds[i] = end - start;
      dex_unref (future);
    }

  return TRUE;
}
