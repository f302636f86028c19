/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* How long one function takes to be run and to come back, when nothing else is going on. */

#include "bench-peers.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>

#define MAX_ROUNDS 9

typedef struct
{
  const char *name;
  gboolean ours;
  gboolean on_loop; /* comes back to a main loop */
  /* Seconds each of @n times, with so many µs of idleness before each; FALSE: it gave up. */
  gboolean (*measure) (double *seconds, guint n, gulong pause);

  double p50[MAX_ROUNDS];
  double p99[MAX_ROUNDS];
  guint n_rounds;
  gboolean failed;
} Runner;

static void
nothing (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  bench_body (result, 1, 0);
}

static AhFunction *
get_function (void)
{
  static AhFunction *function;

  if (function == NULL)
    function = ah_function_new_blocking (nothing, NULL, NULL);

  return function;
}

/* --- Called and waited for --- */

/* One is shorter than a clock can tell: the mean of some. */
#define GROUP 64

static gboolean
measure_block (double *seconds, guint n, gulong pause)
{
  AhFunction *function = get_function ();

  for (guint i = 0; i < n; i++)
    {
      double start = bench_now ();

      for (guint j = 0; j < GROUP; j++)
        {
          g_auto (GValue) value = G_VALUE_INIT;

          if (!ah_block (function, NULL, &value, NULL) || !bench_values_check (&value, 0))
            return FALSE;
        }
      seconds[i] = (bench_now () - start) / GROUP;
    }

  return TRUE;
}

static gboolean
measure_call (double *seconds, guint n, gulong pause)
{
  /* Through a pointer that the compiler cannot see through. */
  AhBlockingFunc volatile func = nothing;

  for (guint i = 0; i < n; i++)
    {
      double start = bench_now ();

      for (guint j = 0; j < GROUP; j++)
        {
          g_auto (GValue) value = G_VALUE_INIT;

          func (NULL, &value, NULL, NULL);
        }
      seconds[i] = (bench_now () - start) / GROUP;
    }

  return TRUE;
}

static void
task_nothing (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  g_auto (GValue) value = G_VALUE_INIT;

  bench_body (&value, 1, 0);
  g_task_return_value (task, &value);
}

static gboolean
measure_task_sync (double *seconds, guint n, gulong pause)
{
  for (guint i = 0; i < n; i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;
      g_autoptr (GTask) task = NULL;
      double start = bench_now ();

      task = g_task_new (NULL, NULL, NULL, NULL);
      g_task_run_in_thread_sync (task, task_nothing);
      if (!g_task_propagate_value (task, &value, NULL))
        return FALSE;
      seconds[i] = bench_now () - start;
    }

  return TRUE;
}

/* --- To another thread and back to the main loop --- */

static void
wait_until (gulong pause)
{
  if (pause > 0)
    g_usleep (pause);
}

static double
turn_until (const double *end, double start)
{
  while (*end == 0)
    g_main_context_iteration (NULL, TRUE);

  return *end - start;
}

static void
run_async_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  double *end = user_data;
  g_auto (GValue) value = G_VALUE_INIT;

  *end = bench_now ();
  if (!ah_run_finish (result, &value, NULL))
    *end = -1;
}

static gboolean
measure_run_async (double *seconds, guint n, gulong pause)
{
  AhFunction *function = get_function ();

  for (guint i = 0; i < n; i++)
    {
      double end = 0;
      double start;

      wait_until (pause);
      start = bench_now ();
      ah_run_async (function, NULL, run_async_cb, &end);
      seconds[i] = turn_until (&end, start);
      if (end < 0)
        return FALSE;
    }

  return TRUE;
}

static void
task_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  double *end = user_data;
  g_auto (GValue) value = G_VALUE_INIT;

  *end = bench_now ();
  if (!g_task_propagate_value (G_TASK (result), &value, NULL))
    *end = -1;
}

static gboolean
measure_task (double *seconds, guint n, gulong pause)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GTask) task = NULL;
      double end = 0;
      double start;

      wait_until (pause);
      start = bench_now ();
      task = g_task_new (NULL, NULL, task_cb, &end);
      g_task_run_in_thread (task, task_nothing);
      seconds[i] = turn_until (&end, start);
      if (end < 0)
        return FALSE;
    }

  return TRUE;
}

typedef struct
{
  GValue value;
  double end;
} SourceJob;

static gboolean
source_cb (gpointer user_data)
{
  SourceJob *job = user_data;

  job->end = bench_now ();

  return G_SOURCE_REMOVE;
}

static void
source_job (gpointer data, gpointer user_data)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  SourceJob *job = data;

  bench_body (&job->value, 1, 0);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, source_cb, job, NULL);
  g_source_attach (source, NULL);
}

static gboolean
measure_pool_source (double *seconds, guint n, gulong pause)
{
  GThreadPool *pool = g_thread_pool_new (source_job, NULL, 1, TRUE, NULL);

  for (guint i = 0; i < n; i++)
    {
      SourceJob job = { 0 };
      double start;

      wait_until (pause);
      start = bench_now ();
      g_thread_pool_push (pool, &job, NULL);
      seconds[i] = turn_until (&job.end, start);
    }
  g_thread_pool_free (pool, FALSE, TRUE);

  return TRUE;
}

typedef struct
{
  GValue value;
  gboolean done;
  GMutex mutex;
  GCond cond; /* done */
} CondJob;

static void
cond_job (gpointer data, gpointer user_data)
{
  CondJob *job = data;

  bench_body (&job->value, 1, 0);
  g_mutex_lock (&job->mutex);
  job->done = TRUE;
  g_cond_signal (&job->cond);
  g_mutex_unlock (&job->mutex);
}

static gboolean
measure_pool_cond (double *seconds, guint n, gulong pause)
{
  GThreadPool *pool = g_thread_pool_new (cond_job, NULL, 1, TRUE, NULL);

  for (guint i = 0; i < n; i++)
    {
      CondJob job = { 0 };
      double start;

      wait_until (pause);
      start = bench_now ();
      g_thread_pool_push (pool, &job, NULL);
      g_mutex_lock (&job.mutex);
      while (!job.done)
        g_cond_wait (&job.cond, &job.mutex);
      g_mutex_unlock (&job.mutex);
      seconds[i] = bench_now () - start;
    }
  g_thread_pool_free (pool, FALSE, TRUE);

  return TRUE;
}

/* --- Contests --- */

static void
play (Bench *bench, Runner *runner, guint n, gulong pause, gboolean counts)
{
  g_autofree double *seconds = g_new (double, n);

  if (runner->failed)
    return;

  runner->failed = !runner->measure (seconds, n, pause);
  if (runner->failed && runner->ours)
    bench_wrong (bench, "%s did not give the function's value", runner->name);
  if (!counts || runner->failed)
    return;

  runner->p50[runner->n_rounds] = bench_percentile (seconds, n, 50) * 1e6;
  runner->p99[runner->n_rounds] = bench_percentile (seconds, n, 99) * 1e6;
  runner->n_rounds++;
}

static void
contest (Bench *bench, Runner *runners, guint n_runners, guint n, guint n_rounds, gulong pause)
{
  if (bench->smoke)
    {
      n = 20;
      n_rounds = 1;
    }

  for (guint i = 0; i < n_runners; i++)
    play (bench, &runners[i], MIN (n, 200), pause, FALSE);
  for (guint round = 0; round < n_rounds; round++)
    for (guint i = 0; i < n_runners; i++)
      play (bench, &runners[(round + i) % n_runners], n, pause, TRUE);

  printf ("  %-36s %10s %10s\n", "µs", "p50", "p99");
  for (guint i = 0; i < n_runners; i++)
    {
      Runner *runner = &runners[i];
      BenchSpread p50;
      BenchSpread p99;

      if (runner->n_rounds == 0)
        {
          printf ("  %-36s   did not do the work\n", runner->name);
          continue;
        }
      p50 = bench_spread (runner->p50, runner->n_rounds);
      p99 = bench_spread (runner->p99, runner->n_rounds);
      printf ("  %-36s %10.3f %10.3f%s\n", runner->name, p50.median, p99.median,
              runner->on_loop ? "" : "  (no main loop)");
      bench_measure (bench, runner->name, runner->ours, "p50", p50, runner->n_rounds, "µs");
      bench_measure (bench, runner->name, runner->ours, "p99", p99, runner->n_rounds, "µs");
    }
}

static double
ratio (const double *a, const double *b, guint n)
{
  double ratios[MAX_ROUNDS];

  for (guint i = 0; i < n; i++)
    ratios[i] = a[i] / b[i];

  return bench_spread (ratios, n).median;
}

static void
judge_loop (Bench *bench, Runner *runners, guint n_runners, Runner *task)
{
  Runner *ours = &runners[0];
  Runner *best = task;
  g_autofree char *what = NULL;

  for (guint i = 1; i < n_runners; i++)
    if (runners[i].on_loop && runners[i].n_rounds == ours->n_rounds
        && ratio (runners[i].p50, best->p50, ours->n_rounds) < 1)
      best = &runners[i];

  what = g_strdup_printf ("p50, against the best peer (%s)", best->name);
  bench_goal (bench, what, ratio (ours->p50, best->p50, ours->n_rounds), "<=", 1, "×");
  bench_goal (bench, "p50, against GTask", ratio (ours->p50, task->p50, ours->n_rounds), "<=", 0.7,
              "×");
  bench_goal (bench, "p99, against GTask", ratio (ours->p99, task->p99, ours->n_rounds), "<=", 1,
              "×");
}

static void
measure_loop (Bench *bench, gulong pause, guint n, guint n_rounds)
{
  Runner runners[] = {
    { "ah_run_async", TRUE, TRUE, measure_run_async },
    { "GTask", FALSE, TRUE, measure_task },
    { "GThreadPool and a source", FALSE, TRUE, measure_pool_source },
#ifdef BENCH_HAVE_LIBUV
    { "libuv", FALSE, TRUE, bench_libuv_latency },
#endif
#ifdef BENCH_HAVE_LIBDEX
    { "libdex", FALSE, TRUE, bench_libdex_latency },
#endif
    { "GThreadPool and a condition", FALSE, FALSE, measure_pool_cond },
  };

  contest (bench, runners, G_N_ELEMENTS (runners), n, n_rounds, pause);
  /* Goals are for a program at work; one that sleeps in between measures how deep the machine
   * sleeps. */
  if (pause == 0 && runners[0].n_rounds > 0)
    judge_loop (bench, runners, G_N_ELEMENTS (runners), &runners[1]);
}

/* All threads that there are; those to come follow who starts them. */
static void
move_threads (const cpu_set_t *cpus)
{
  DIR *tasks = opendir ("/proc/self/task");

  if (tasks == NULL)
    return;
  for (struct dirent *entry = readdir (tasks); entry != NULL; entry = readdir (tasks))
    if (entry->d_name[0] != '.')
      sched_setaffinity ((pid_t) g_ascii_strtoll (entry->d_name, NULL, 10), sizeof *cpus, cpus);
  closedir (tasks);
}

static void
measure_on_one_cpu (Bench *bench)
{
  cpu_set_t all;
  cpu_set_t one;

  if (sched_getaffinity (0, sizeof all, &all) != 0)
    return;

  CPU_ZERO (&one);
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT (&one) == 0; i++)
    if (CPU_ISSET (i, &all))
      CPU_SET (i, &one);

  move_threads (&one);
  measure_loop (bench, 0, 3000, 9);
  move_threads (&all);
}

void
bench_latency (Bench *bench)
{
  Runner blockers[] = {
    { "ah_block", TRUE, FALSE, measure_block },
    { "plain call", FALSE, FALSE, measure_call },
    { "g_task_run_in_thread_sync", FALSE, FALSE, measure_task_sync },
  };

  bench_case (bench, "block", 60, "One blocking function, called and waited for");
  contest (bench, blockers, G_N_ELEMENTS (blockers), 1000, 7, 0);
  if (blockers[0].n_rounds > 0)
    bench_goal (bench, "ah_block, p50", bench_spread (blockers[0].p50, blockers[0].n_rounds).median,
                "<=", 0.3, "µs");

  bench_case (bench, "loop", 120,
              "One blocking function to a thread and back, one after the other");
  measure_loop (bench, 0, 3000, 9);

  /* Where the kernel puts two threads that wake each other decides between 10 and 50 µs, for all
   * contenders. On one CPU, nothing but their own work is left. */
  bench_case (bench, "loop-one-cpu", 120, "The same, with all threads on one CPU");
  measure_on_one_cpu (bench);

  bench_case (bench, "loop-idle", 120, "The same, each time after 1 ms without anything to do");
  measure_loop (bench, 1000, 500, 5);
}
