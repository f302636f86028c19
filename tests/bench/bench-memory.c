/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What a function costs between being scheduled and being run. */

#include "bench.h"

#include <malloc.h>
#include <stdio.h>

static void
count_call (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  guint *n_calls = user_data;

  g_atomic_int_inc (n_calls);
}

/* What the allocator has handed out, in its arenas and in mappings of their own. */
static gsize
bytes_in_use (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

void
bench_memory (Bench *bench)
{
  guint n = bench->smoke ? 10000 : 1000000;
  guint n_calls = 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) values = NULL;
  g_autoptr (AhBatch) batch = ah_parallel_new ();
  gsize before;
  gsize after;

  before = bytes_in_use ();
  for (guint i = 0; i < n; i++)
    ah_batch_schedule_blocking (batch, count_call, &n_calls, NULL);
  after = bytes_in_use ();

  /* Bytes count only if the functions are there: run them. */
  values = ah_batch_block (batch, NULL, &error);
  if (values == NULL)
    bench_wrong (bench, "the run failed: %s", error->message);
  else if (n_calls != n || values->len != n)
    bench_wrong (bench, "%u calls and %u results of %u functions", n_calls, values->len, n);

  bench_title ("Memory of %'u scheduled blocking functions: %'" G_GSIZE_FORMAT " bytes", n,
               after - before);
  bench_goal (bench, "a scheduled blocking function", (double) (after - before) / n, "<=", 40,
              "bytes");
}
