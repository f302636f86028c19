/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Many empty functions, each of which returns a GValue; the contenders take turns, round by round,
 * and are paid for everything from the first allocation to the last free. */

#include "bench.h"

#include <stdio.h>

#define MAX_ROUNDS 7

enum
{
  SCHEDULE,
  RUN,
  RELEASE,
  TOTAL,
  N_COLUMNS
};

typedef struct
{
  const char *name;
  void (*round) (Bench *bench, guint n, double *times);
  double nanoseconds[N_COLUMNS][MAX_ROUNDS];
  double median[N_COLUMNS];
} Contender;

/* What a peer's jobs write to: the same array of values that a run of a batch returns. */
typedef struct
{
  GArray *values;
  GMainLoop *loop; /* where completion is a dispatch */
  guint n_pending; /* atomic */
  GMutex mutex;
  GCond cond; /* n_pending is 0 */
} Join;

static GThreadPool *thread_pool;

static void
set_value (GValue *value, guint i)
{
  g_value_init (value, G_TYPE_INT);
  g_value_set_int (value, (int) i);
}

/* Not timed. */
static void
check_values (Bench *bench, const char *who, GArray *values, guint n)
{
  if (values == NULL || values->len != n)
    {
      bench_wrong (bench, "%s: %u results, not %u", who, values != NULL ? values->len : 0, n);
      return;
    }

  for (guint i = 0; i < n; i++)
    {
      const GValue *value = &g_array_index (values, GValue, i);

      if (!G_VALUE_HOLDS_INT (value) || g_value_get_int (value) != (int) i)
        {
          bench_wrong (bench, "%s: result %u is not its own", who, i);
          return;
        }
    }
}

static void
empty_blocking (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  set_value (result, GPOINTER_TO_UINT (user_data));
}

static AhBatch *
schedule_empty (guint n)
{
  AhBatch *batch = ah_parallel_new ();

  for (guint i = 0; i < n; i++)
    ah_batch_schedule_blocking (batch, empty_blocking, GUINT_TO_POINTER (i), NULL);

  return batch;
}

static void
round_block (Bench *bench, guint n, double *times)
{
  g_autoptr (AhBatch) batch = NULL;
  g_autoptr (GArray) values = NULL;
  g_autoptr (GError) error = NULL;
  double start;

  start = bench_now ();
  batch = schedule_empty (n);
  times[SCHEDULE] = bench_now () - start;

  start = bench_now ();
  values = ah_batch_block (batch, NULL, &error);
  times[RUN] = bench_now () - start;

  check_values (bench, "ah_batch_block", values, n);

  start = bench_now ();
  g_clear_pointer (&values, g_array_unref);
  g_clear_object (&batch);
  times[RELEASE] = bench_now () - start;
}

typedef struct
{
  GMainLoop *loop;
  GArray *values;
} RunAsync;

static void
run_async_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  RunAsync *run = user_data;
  g_autoptr (GError) error = NULL;

  run->values = ah_batch_run_finish (AH_BATCH (source), result, &error);
  g_main_loop_quit (run->loop);
}

static void
round_run_async (Bench *bench, guint n, double *times)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (AhBatch) batch = NULL;
  RunAsync run = { loop, NULL };
  double start;

  start = bench_now ();
  batch = schedule_empty (n);
  times[SCHEDULE] = bench_now () - start;

  start = bench_now ();
  ah_batch_run_async (batch, NULL, run_async_cb, &run);
  g_main_loop_run (loop);
  times[RUN] = bench_now () - start;

  check_values (bench, "ah_batch_run_async", run.values, n);

  start = bench_now ();
  g_clear_pointer (&run.values, g_array_unref);
  g_clear_object (&batch);
  times[RELEASE] = bench_now () - start;
}

static GArray *
new_values (guint n)
{
  GArray *values = g_array_sized_new (FALSE, TRUE, sizeof (GValue), n);

  g_array_set_clear_func (values, (GDestroyNotify) g_value_unset);
  g_array_set_size (values, n);

  return values;
}

static void
thread_pool_job (gpointer data, gpointer user_data)
{
  Join *join = user_data;
  guint i = GPOINTER_TO_UINT (data) - 1;

  set_value (&g_array_index (join->values, GValue, i), i);

  if (g_atomic_int_dec_and_test (&join->n_pending))
    {
      g_mutex_lock (&join->mutex);
      g_cond_signal (&join->cond);
      g_mutex_unlock (&join->mutex);
    }
}

static Join thread_pool_join;

static void
round_thread_pool (Bench *bench, guint n, double *times)
{
  Join *join = &thread_pool_join;
  double start;

  start = bench_now ();
  join->values = new_values (n);
  join->n_pending = n;
  times[SCHEDULE] = bench_now () - start;

  start = bench_now ();
  /* A pool cannot carry NULL: count from 1. */
  for (guint i = 0; i < n; i++)
    g_thread_pool_push (thread_pool, GUINT_TO_POINTER (i + 1), NULL);

  g_mutex_lock (&join->mutex);
  while (g_atomic_int_get (&join->n_pending) > 0)
    g_cond_wait (&join->cond, &join->mutex);
  g_mutex_unlock (&join->mutex);
  times[RUN] = bench_now () - start;

  check_values (bench, "GThreadPool", join->values, n);

  start = bench_now ();
  g_clear_pointer (&join->values, g_array_unref);
  times[RELEASE] = bench_now () - start;
}

static void
task_job (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  g_auto (GValue) value = G_VALUE_INIT;

  set_value (&value, GPOINTER_TO_UINT (task_data));
  g_task_return_value (task, &value);
}

static void
task_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Join *join = user_data;
  guint i = GPOINTER_TO_UINT (g_task_get_task_data (G_TASK (result)));

  g_task_propagate_value (G_TASK (result), &g_array_index (join->values, GValue, i), NULL);

  if (--join->n_pending == 0)
    g_main_loop_quit (join->loop);
}

static void
round_task (Bench *bench, guint n, double *times)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Join join = { .loop = loop, .n_pending = n };
  double start;

  start = bench_now ();
  join.values = new_values (n);
  times[SCHEDULE] = bench_now () - start;

  start = bench_now ();
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GTask) task = g_task_new (NULL, NULL, task_cb, &join);

      g_task_set_task_data (task, GUINT_TO_POINTER (i), NULL);
      g_task_run_in_thread (task, task_job);
    }
  g_main_loop_run (loop);
  times[RUN] = bench_now () - start;

  check_values (bench, "GTask", join.values, n);

  start = bench_now ();
  g_clear_pointer (&join.values, g_array_unref);
  times[RELEASE] = bench_now () - start;
}

static void
measure (Bench *bench, Contender *contender, guint n, guint round)
{
  double times[N_COLUMNS] = { 0 };

  contender->round (bench, n, times);
  times[TOTAL] = times[SCHEDULE] + times[RUN] + times[RELEASE];

  for (guint column = 0; column < N_COLUMNS; column++)
    contender->nanoseconds[column][round] = times[column] * 1e9 / n;
}

static void
print_table (Contender *contenders, guint n_contenders)
{
  printf ("  %-32s %9s %9s %9s %9s %9s\n", "", "schedule", "run", "free", "total", "ratio");

  for (guint i = 0; i < n_contenders; i++)
    {
      Contender *contender = &contenders[i];

      printf ("  %-32s %9.1f %9.1f %9.1f %9.1f %9.1f\n", contender->name,
              contender->median[SCHEDULE], contender->median[RUN], contender->median[RELEASE],
              contender->median[TOTAL], contender->median[TOTAL] / contenders[0].median[TOTAL]);
    }
}

void
bench_fork_join (Bench *bench)
{
  guint n = bench->smoke ? 1000 : 200000;
  guint n_rounds = bench->smoke ? 1 : MAX_ROUNDS;
  Contender contenders[] = {
    { .name = "ah_batch_block", .round = round_block },
    { .name = "ah_batch_run_async", .round = round_run_async },
    { .name = "g_thread_pool_push a job", .round = round_thread_pool },
    { .name = "g_task_run_in_thread a job", .round = round_task },
  };

  thread_pool = g_thread_pool_new (thread_pool_job, &thread_pool_join,
                                   (int) g_get_num_processors (), FALSE, NULL);

  /* The first round starts threads and fills caches: it counts for nobody. */
  for (guint i = 0; i < G_N_ELEMENTS (contenders); i++)
    measure (bench, &contenders[i], n, 0);

  for (guint round = 0; round < n_rounds; round++)
    for (guint i = 0; i < G_N_ELEMENTS (contenders); i++)
      measure (bench, &contenders[i], n, round);

  g_thread_pool_free (thread_pool, FALSE, TRUE);

  for (guint i = 0; i < G_N_ELEMENTS (contenders); i++)
    for (guint column = 0; column < N_COLUMNS; column++)
      contenders[i].median[column] = bench_median (contenders[i].nanoseconds[column], n_rounds);

  bench_title ("Fork-join of %'u empty functions that return an int: ns a job, median of %u rounds",
               n, n_rounds);
  print_table (contenders, G_N_ELEMENTS (contenders));

  /* A batch is scheduled once and run often: its runs are what the goal is about. Against peers,
   * which have to be given every job again each time, all that a single round costs counts. */
  for (guint i = 0; i < 2; i++)
    {
      double total = contenders[i].median[TOTAL];
      g_autofree char *pool = g_strdup_printf ("%s, against GThreadPool", contenders[i].name);
      g_autofree char *task = g_strdup_printf ("%s, against GTask", contenders[i].name);

      bench_goal (bench, contenders[i].name, contenders[i].median[RUN], "<=", 25, "ns");
      bench_goal (bench, pool, contenders[2].median[TOTAL] / total, ">=", 4, "× ");
      bench_goal (bench, task, contenders[3].median[TOTAL] / total, ">=", 50, "× ");
    }
}
