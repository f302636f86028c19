/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Many functions that share one GCancellable: what it costs that all of them could be stopped. As
 * one batch, and each as a run of its own. */

#include "bench.h"

typedef struct
{
  guint n;
} Setup;

static void
blocking (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  bench_body (result, GPOINTER_TO_UINT (user_data), 0);
}

static void
run_batch (Bench *bench, const Setup *setup, GCancellable *cancellable, BenchRound *round)
{
  g_autoptr (AhBatch) batch = ah_parallel_new ();
  g_autoptr (GArray) values = NULL;
  g_autoptr (GError) error = NULL;
  double start;

  for (guint i = 0; i < setup->n; i++)
    ah_batch_schedule_blocking (batch, blocking, GUINT_TO_POINTER (i), NULL);

  start = bench_now ();
  values = ah_batch_block (batch, cancellable, &error);
  round->times[BENCH_RUN] = bench_now () - start;

  bench_check (bench, "ah_batch_block", values, setup->n, error);
}

static void
round_batch (Bench *bench, gconstpointer setup, BenchRound *round)
{
  run_batch (bench, setup, NULL, round);
}

static void
round_batch_shared (Bench *bench, gconstpointer setup, BenchRound *round)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  run_batch (bench, setup, cancellable, round);
}

/* --- A run for each of them --- */

typedef struct
{
  GMainLoop *loop;
  guint n_pending;
  guint n_failed;
} Join;

static void
run_async_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Join *join = user_data;

  if (!ah_run_finish (result, NULL, NULL))
    join->n_failed++;
  if (--join->n_pending == 0)
    g_main_loop_quit (join->loop);
}

static void
run_singles (Bench *bench, const Setup *setup, GCancellable *cancellable, BenchRound *round)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (AhFunction) function = ah_function_new_blocking (blocking, NULL, NULL);
  Join join = { loop, setup->n, 0 };
  double start = bench_now ();

  for (guint i = 0; i < setup->n; i++)
    ah_run_async (function, cancellable, run_async_cb, &join);
  g_main_loop_run (loop);
  round->times[BENCH_RUN] = bench_now () - start;

  if (join.n_failed > 0)
    bench_wrong (bench, "ah_run_async: %u of %u runs failed", join.n_failed, setup->n);
}

static void
round_singles (Bench *bench, gconstpointer setup, BenchRound *round)
{
  run_singles (bench, setup, NULL, round);
}

static void
round_singles_shared (Bench *bench, gconstpointer setup, BenchRound *round)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  run_singles (bench, setup, cancellable, round);
}

/* --- GTask --- */

static void
task_job (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  g_auto (GValue) value = G_VALUE_INIT;

  bench_body (&value, 0, 0);
  g_task_return_value (task, &value);
}

static void
task_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Join *join = user_data;
  g_auto (GValue) value = G_VALUE_INIT;

  if (!g_task_propagate_value (G_TASK (result), &value, NULL))
    join->n_failed++;
  if (--join->n_pending == 0)
    g_main_loop_quit (join->loop);
}

static void
run_tasks (Bench *bench, const Setup *setup, GCancellable *cancellable, BenchRound *round)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Join join = { loop, setup->n, 0 };
  double start = bench_now ();

  for (guint i = 0; i < setup->n; i++)
    {
      g_autoptr (GTask) task = g_task_new (NULL, cancellable, task_cb, &join);

      g_task_run_in_thread (task, task_job);
    }
  g_main_loop_run (loop);
  round->times[BENCH_RUN] = bench_now () - start;

  if (join.n_failed > 0)
    bench_wrong (bench, "GTask: %u of %u tasks failed", join.n_failed, setup->n);
}

static void
round_tasks (Bench *bench, gconstpointer setup, BenchRound *round)
{
  run_tasks (bench, setup, NULL, round);
}

static void
round_tasks_shared (Bench *bench, gconstpointer setup, BenchRound *round)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  run_tasks (bench, setup, cancellable, round);
}

void
bench_cancellable (Bench *bench)
{
  Setup setup = { bench->smoke ? 200 : 20000 };
  BenchContender batches[] = {
    { .name = "without", .ours = TRUE, .round = round_batch },
    { .name = "with", .ours = TRUE, .round = round_batch_shared },
  };
  BenchContender singles[] = {
    { .name = "ah_run_async", .ours = TRUE, .round = round_singles },
    { .name = "GTask", .round = round_tasks },
  };
  BenchContender shared[] = {
    { .name = "ah_run_async", .ours = TRUE, .round = round_singles_shared },
    { .name = "GTask", .round = round_tasks_shared },
  };

  bench_case (bench, "batch", 60, "One batch of %u empty functions, and one cancellable", setup.n);
  bench_contest (bench, batches, G_N_ELEMENTS (batches), &setup, 15);
  bench_table (bench, batches, G_N_ELEMENTS (batches), 1e9 / setup.n, "ns a job");
  bench_goal (bench, "a batch with it, against one without",
              bench_ratio (&batches[1], BENCH_RUN, &batches[0], BENCH_RUN), "<=", 1.1, "×");

  bench_case (bench, "each", 60, "%u runs of one empty function", setup.n);
  bench_contest (bench, singles, G_N_ELEMENTS (singles), &setup, 5);
  bench_table (bench, singles, G_N_ELEMENTS (singles), 1e9 / setup.n, "ns a job");

  bench_case (bench, "each-shared", 60, "%u runs of one empty function, all with one cancellable",
              setup.n);
  bench_contest (bench, shared, G_N_ELEMENTS (shared), &setup, 3);
  bench_table (bench, shared, G_N_ELEMENTS (shared), 1e9 / setup.n, "ns a job");
}
