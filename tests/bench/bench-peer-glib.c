/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Peers without a library of their own: a plain loop, GThreadPool and GTask. */

#include "bench-peers.h"

/* Checks what came out, which is not timed, and frees it, which is. */
static void
finish (Bench *bench, const char *who, GValue *values, guint n, BenchRound *round)
{
  double start;

  if (!bench_values_check (values, n))
    bench_wrong (bench, "%s: a result is not its own", who);

  start = bench_now ();
  bench_values_free (values, n);
  round->times[BENCH_RELEASE] = bench_now () - start;
}

void
bench_peer_loop (Bench *bench, gconstpointer setup, BenchRound *round)
{
  const BenchJobs *jobs = setup;
  double start = bench_now ();
  GValue *values = bench_values_new (jobs->n);

  for (guint i = 0; i < jobs->n; i++)
    bench_body (&values[i], i, jobs->spin);
  round->times[BENCH_RUN] = bench_now () - start;

  finish (bench, "plain loop", values, jobs->n, round);
}

/* --- GThreadPool: one push a job, the last job wakes who waits --- */

typedef struct
{
  const BenchJobs *jobs;
  GValue *values;
  guint n_pending; /* atomic */
  GMutex mutex;
  GCond cond; /* n_pending is 0 */
} PoolJoin;

static PoolJoin pool_join;

static void
pool_job (gpointer data, gpointer user_data)
{
  /* A pool cannot carry NULL: count from 1. */
  guint i = GPOINTER_TO_UINT (data) - 1;

  bench_body (&pool_join.values[i], i, pool_join.jobs->spin);

  if (g_atomic_int_dec_and_test (&pool_join.n_pending))
    {
      g_mutex_lock (&pool_join.mutex);
      g_cond_signal (&pool_join.cond);
      g_mutex_unlock (&pool_join.mutex);
    }
}

void
bench_peer_thread_pool (Bench *bench, gconstpointer setup, BenchRound *round)
{
  static GThreadPool *pool;
  const BenchJobs *jobs = setup;
  double start;

  if (pool == NULL)
    pool = g_thread_pool_new (pool_job, NULL, (int) bench->n_cpus, FALSE, NULL);

  start = bench_now ();
  pool_join.jobs = jobs;
  pool_join.values = bench_values_new (jobs->n);
  pool_join.n_pending = jobs->n;
  for (guint i = 0; i < jobs->n; i++)
    g_thread_pool_push (pool, GUINT_TO_POINTER (i + 1), NULL);

  g_mutex_lock (&pool_join.mutex);
  while (g_atomic_int_get (&pool_join.n_pending) > 0)
    g_cond_wait (&pool_join.cond, &pool_join.mutex);
  g_mutex_unlock (&pool_join.mutex);
  round->times[BENCH_RUN] = bench_now () - start;

  finish (bench, "GThreadPool", pool_join.values, jobs->n, round);
}

/* --- GTask: one task a job, its callback on the main loop counts --- */

typedef struct
{
  const BenchJobs *jobs;
  GValue *values;
  GMainLoop *loop;
  guint n_pending;
} TaskJoin;

static TaskJoin task_join;

static void
task_job (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  guint i = GPOINTER_TO_UINT (task_data);

  /* Cheaper for it than to carry the value through the task. */
  bench_body (&task_join.values[i], i, task_join.jobs->spin);
  g_task_return_boolean (task, TRUE);
}

static void
task_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  if (--task_join.n_pending == 0)
    g_main_loop_quit (task_join.loop);
}

void
bench_peer_task (Bench *bench, gconstpointer setup, BenchRound *round)
{
  const BenchJobs *jobs = setup;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  double start;

  start = bench_now ();
  task_join = (TaskJoin){ jobs, bench_values_new (jobs->n), loop, jobs->n };
  for (guint i = 0; i < jobs->n; i++)
    {
      g_autoptr (GTask) task = g_task_new (NULL, NULL, task_cb, NULL);

      g_task_set_task_data (task, GUINT_TO_POINTER (i), NULL);
      g_task_run_in_thread (task, task_job);
    }
  g_main_loop_run (loop);
  round->times[BENCH_RUN] = bench_now () - start;

  finish (bench, "GTask", task_join.values, jobs->n, round);
}
