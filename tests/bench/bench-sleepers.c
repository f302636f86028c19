/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Functions that wait instead of computing: they must not stand in line for a CPU. */

#include "bench.h"

#include <stdio.h>

typedef struct
{
  guint milliseconds;
  guint n_calls; /* atomic */
} Sleepers;

static void
sleep_blocking (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Sleepers *sleepers = user_data;

  g_usleep (sleepers->milliseconds * 1000);
  g_atomic_int_inc (&sleepers->n_calls);
}

void
bench_sleepers (Bench *bench)
{
  guint n = bench->smoke ? 20 : 1000;
  Sleepers sleepers = { .milliseconds = bench->smoke ? 5 : 100 };
  g_autoptr (AhBatch) batch = ah_parallel_new ();
  g_autoptr (GArray) values = NULL;
  g_autoptr (GError) error = NULL;
  double seconds;

  for (guint i = 0; i < n; i++)
    ah_batch_schedule_blocking (batch, sleep_blocking, &sleepers, NULL);

  seconds = bench_now ();
  values = ah_batch_block (batch, NULL, &error);
  seconds = bench_now () - seconds;

  if (values == NULL)
    bench_wrong (bench, "the run failed: %s", error->message);
  else if (values->len != n || sleepers.n_calls != n)
    bench_wrong (bench, "%u calls and %u results of %u functions", sleepers.n_calls, values->len,
                 n);

  bench_title ("%'u functions that sleep %u ms, through ah_batch_block", n, sleepers.milliseconds);
  printf ("  one by one it would take %.2f s, in GTask's ten threads %.2f s; now %u threads\n",
          n * sleepers.milliseconds / 1e3, n * sleepers.milliseconds / 1e4,
          ah_thread_pool_get_n_threads (ah_thread_pool_get_default ()));
  bench_goal (bench, "all of them", seconds, "<=", 2, "s");
}
