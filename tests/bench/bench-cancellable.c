/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Many functions that share one GCancellable: what it costs that all of them could be stopped. */

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

/* Some peers are new to a cancellable each round, and so is ours. */
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
    { .name = "one batch", .ours = TRUE, .round = round_batch },
    { .name = "one batch, cancellable", .ours = TRUE, .round = round_batch_shared },
  };
  BenchContender others[] = {
    { .name = "ah_run_async each", .ours = TRUE, .round = round_singles },
    { .name = "ah_run_async each, cancellable", .ours = TRUE, .round = round_singles_shared },
    { .name = "GTask each", .round = round_tasks },
    { .name = "GTask each, cancellable", .round = round_tasks_shared },
  };

  bench_case (bench, "shared", 120, "%u empty functions without and with one shared cancellable",
              setup.n);
  bench_contest (bench, batches, G_N_ELEMENTS (batches), &setup, 15);
  bench_contest (bench, others, G_N_ELEMENTS (others), &setup, 3);
  bench_table (bench, batches, G_N_ELEMENTS (batches), 1e9 / setup.n, "ns a job");
  bench_table (bench, others, G_N_ELEMENTS (others), 1e9 / setup.n, "ns a job");
  bench_goal (bench, "a batch with it, against one without",
              bench_ratio (&batches[1], BENCH_RUN, &batches[0], BENCH_RUN), "<=", 1.1, "×");
}
