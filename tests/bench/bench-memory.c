/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What a queued job takes, and what it takes together with its result. */

#include "bench-peers.h"

#include <malloc.h>
#include <stdio.h>

static double
bytes_in_use (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return (double) (info.uordblks + info.hblkhd);
}

static void
print_bytes (Bench *bench, const char *who, gboolean ours, const char *quantity, double bytes)
{
  BenchSpread spread = { bytes, bytes, bytes };

  printf ("  %-36s %-12s %10.2f\n", who, quantity, bytes);
  bench_measure (bench, who, ours, quantity, spread, 1, "bytes a job");
}

static void
blocking (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  bench_body (result, GPOINTER_TO_UINT (user_data), 0);
}

static void
measure_batch (Bench *bench, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) values = NULL;
  g_autoptr (AhBatch) batch = NULL;
  double before;
  double queued;
  double finished;

  before = bytes_in_use ();
  batch = ah_parallel_new ();
  for (guint i = 0; i < n; i++)
    ah_batch_schedule_blocking (batch, blocking, GUINT_TO_POINTER (i), NULL);
  queued = (bytes_in_use () - before) / n;

  /* Bytes count only if the functions are there: run them. */
  values = ah_batch_block (batch, NULL, &error);
  finished = (bytes_in_use () - before) / n;
  bench_check (bench, "ah_batch_block", values, n, error);

  print_bytes (bench, "ah_batch_schedule_blocking", TRUE, "queued", queued);
  print_bytes (bench, "ah_batch_schedule_blocking", TRUE, "with result", finished);
  bench_goal (bench, "a queued job", queued, "<=", 40, "bytes");
  bench_goal (bench, "a queued job with its result", finished, "<=", 72, "bytes");
}

/* --- Peers: their threads wait at a gate until all is queued --- */

static GMutex gate;

static void
pool_job (gpointer data, gpointer user_data)
{
  g_mutex_lock (&gate);
  g_mutex_unlock (&gate);
}

static void
measure_thread_pool (Bench *bench, guint n)
{
  GThreadPool *pool = g_thread_pool_new (pool_job, NULL, 1, TRUE, NULL);
  double before;

  g_mutex_lock (&gate);
  before = bytes_in_use ();
  for (guint i = 0; i < n; i++)
    g_thread_pool_push (pool, GUINT_TO_POINTER (i + 1), NULL);
  print_bytes (bench, "GThreadPool", FALSE, "queued", (bytes_in_use () - before) / n);
  g_mutex_unlock (&gate);
  g_thread_pool_free (pool, FALSE, TRUE);
}

static void
task_job (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  g_mutex_lock (&gate);
  g_mutex_unlock (&gate);
  g_task_return_boolean (task, TRUE);
}

static void
task_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  guint *n_pending = user_data;

  (*n_pending)--;
}

static void
measure_task (Bench *bench, guint n)
{
  guint n_pending = n;
  double before;

  g_mutex_lock (&gate);
  before = bytes_in_use ();
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GTask) task = g_task_new (NULL, NULL, task_cb, &n_pending);

      g_task_run_in_thread (task, task_job);
    }
  print_bytes (bench, "GTask", FALSE, "queued", (bytes_in_use () - before) / n);
  g_mutex_unlock (&gate);
  while (n_pending > 0)
    g_main_context_iteration (NULL, TRUE);
}

void
bench_memory (Bench *bench)
{
  guint n = bench->smoke ? 10000 : 1000000;

  bench_case (bench, "queued", 120, "Memory of %u queued blocking functions, in bytes each", n);
  measure_batch (bench, n);
  measure_thread_pool (bench, n);
  /* A tenth says as much, and frees in a tenth of its time. */
  measure_task (bench, n / 10);
#ifdef BENCH_HAVE_LIBUV
  print_bytes (bench, "libuv", FALSE, "queued", (double) bench_libuv_request_size ());
#endif
}
