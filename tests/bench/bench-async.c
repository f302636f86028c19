/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Very many async functions that return at once, beside the same number of tasks made by hand. */

#include "bench.h"

typedef struct
{
  guint n;
} Setup;

static void
return_index (GTask *task, gpointer user_data)
{
  g_auto (GValue) value = G_VALUE_INIT;

  bench_body (&value, GPOINTER_TO_UINT (user_data), 0);
  g_task_return_value (task, &value);
}

typedef struct
{
  GMainLoop *loop;
  GArray *values;
  GError *error;
} Run;

static void
run_async_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;

  run->values = ah_batch_run_finish (AH_BATCH (source), result, &run->error);
  g_main_loop_quit (run->loop);
}

static AhBatch *
schedule (const Setup *setup, BenchRound *round)
{
  double start = bench_now ();
  AhBatch *batch = ah_parallel_new ();

  for (guint i = 0; i < setup->n; i++)
    ah_batch_schedule_async (batch, return_index, GUINT_TO_POINTER (i), NULL);
  round->times[BENCH_SCHEDULE] = bench_now () - start;

  return batch;
}

static void
release (AhBatch *batch, GArray *values, BenchRound *round)
{
  double start = bench_now ();

  g_clear_pointer (&values, g_array_unref);
  g_object_unref (batch);
  round->times[BENCH_RELEASE] = bench_now () - start;
}

static void
round_run_async (Bench *bench, gconstpointer data, BenchRound *round)
{
  const Setup *setup = data;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  AhBatch *batch = schedule (setup, round);
  Run run = { loop, NULL, NULL };
  double start = bench_now ();

  ah_batch_run_async (batch, NULL, run_async_cb, &run);
  g_main_loop_run (loop);
  round->times[BENCH_RUN] = bench_now () - start;

  bench_check (bench, "ah_batch_run_async", run.values, setup->n, run.error);
  g_clear_error (&run.error);
  release (batch, run.values, round);
}

static void
round_block (Bench *bench, gconstpointer data, BenchRound *round)
{
  const Setup *setup = data;
  AhBatch *batch = schedule (setup, round);
  g_autoptr (GError) error = NULL;
  GArray *values;
  double start = bench_now ();

  values = ah_batch_block (batch, NULL, &error);
  round->times[BENCH_RUN] = bench_now () - start;

  bench_check (bench, "ah_batch_block", values, setup->n, error);
  release (batch, values, round);
}

/* --- By hand --- */

typedef struct
{
  GMainLoop *loop;
  GValue *values;
  guint n_pending;
} Join;

static void
task_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Join *join = user_data;
  GTask *task = G_TASK (result);
  guint i = GPOINTER_TO_UINT (g_task_get_task_data (task));

  g_task_propagate_value (task, &join->values[i], NULL);
  if (--join->n_pending == 0)
    g_main_loop_quit (join->loop);
}

static void
round_by_hand (Bench *bench, gconstpointer data, BenchRound *round)
{
  const Setup *setup = data;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  double start = bench_now ();
  Join join = { loop, bench_values_new (setup->n), setup->n };

  for (guint i = 0; i < setup->n; i++)
    {
      g_autoptr (GTask) task = g_task_new (NULL, NULL, task_cb, &join);

      g_task_set_task_data (task, GUINT_TO_POINTER (i), NULL);
      return_index (task, GUINT_TO_POINTER (i));
    }
  g_main_loop_run (loop);
  round->times[BENCH_RUN] = bench_now () - start;

  if (!bench_values_check (join.values, setup->n))
    bench_wrong (bench, "GTask: a result is not its own");

  start = bench_now ();
  bench_values_free (join.values, setup->n);
  round->times[BENCH_RELEASE] = bench_now () - start;
}

void
bench_async (Bench *bench)
{
  Setup setup = { bench->smoke ? 500 : 100000 };
  BenchContender contenders[] = {
    { .name = "ah_batch_run_async", .ours = TRUE, .round = round_run_async },
    { .name = "ah_batch_block", .ours = TRUE, .round = round_block },
    { .name = "GTask by hand", .round = round_by_hand },
  };

  bench_case (bench, "at-once", 120, "%u async functions that return an int at once", setup.n);
  bench_contest (bench, contenders, G_N_ELEMENTS (contenders), &setup, 9);
  bench_table (bench, contenders, G_N_ELEMENTS (contenders), 1e9 / setup.n, "ns a function");
  bench_goal (bench, "ah_batch_run_async, a run, against GTask",
              bench_ratio (&contenders[0], BENCH_RUN, &contenders[2], BENCH_RUN), "<=", 0.7, "×");
  bench_goal (bench, "ah_batch_run_async, all in all, against GTask",
              bench_ratio (&contenders[0], BENCH_TOTAL, &contenders[2], BENCH_TOTAL), "<=", 0.7,
              "×");
}
