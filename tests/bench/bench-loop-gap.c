/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* How long the main loop is kept from its other work while run_async () runs very many functions.
 * What another process did to a single round, the median of the rounds leaves out.
 *
 * Two measures: the longest time between two calls of a 5 ms timeout, which is what an animation
 * would see; and the longest time between the end of a poll and the start of the next, which is how
 * long one iteration's dispatches held the loop. */

#include "bench.h"

#include <stdio.h>

#define TICK_MS 5
#define MAX_ROUNDS 7

typedef struct
{
  GSource source;
  double polled; /* when the last poll ended */
  double longest_hold;
} HoldSource;

typedef struct
{
  GMainLoop *loop;
  HoldSource *hold;
  guint tick_id;
  double last_tick;
  double longest_tick;
} Watch;

typedef struct
{
  double tick_ms[MAX_ROUNDS];
  double hold_ms[MAX_ROUNDS];
  double seconds[MAX_ROUNDS];
  guint n_rounds;
} Gap;

static gboolean
hold_source_prepare (GSource *source, int *timeout)
{
  HoldSource *self = (HoldSource *) source;

  self->longest_hold = MAX (self->longest_hold, bench_now () - self->polled);

  *timeout = -1;

  return FALSE;
}

static gboolean
hold_source_check (GSource *source)
{
  HoldSource *self = (HoldSource *) source;

  self->polled = bench_now ();

  return FALSE;
}

static GSourceFuncs hold_source_funcs = {
  .prepare = hold_source_prepare,
  .check = hold_source_check,
};

static gboolean
tick (gpointer user_data)
{
  Watch *watch = user_data;
  double now = bench_now ();

  watch->longest_tick = MAX (watch->longest_tick, now - watch->last_tick);
  watch->last_tick = now;

  return G_SOURCE_CONTINUE;
}

static void
watch_start (Watch *watch)
{
  GSource *hold = g_source_new (&hold_source_funcs, sizeof (HoldSource));

  /* First in each iteration: sources behind one that is ready are not asked. */
  g_source_set_priority (hold, G_MININT);
  g_source_attach (hold, NULL);

  watch->loop = g_main_loop_new (NULL, FALSE);
  watch->hold = (HoldSource *) hold;
  watch->hold->polled = bench_now (); /* the call that starts the run counts too */
  watch->tick_id = g_timeout_add (TICK_MS, tick, watch);
  watch->last_tick = bench_now ();
}

static void
watch_stop (Watch *watch, double seconds, Gap *gap)
{
  /* The time since the last tick counts too: the end may have been held up. */
  watch->longest_tick = MAX (watch->longest_tick, bench_now () - watch->last_tick);

  gap->tick_ms[gap->n_rounds] = watch->longest_tick * 1e3;
  gap->hold_ms[gap->n_rounds] = watch->hold->longest_hold * 1e3;
  gap->seconds[gap->n_rounds] = seconds;
  gap->n_rounds++;

  g_source_remove (watch->tick_id);
  g_source_destroy ((GSource *) watch->hold);
  g_source_unref ((GSource *) watch->hold);
  g_main_loop_unref (watch->loop);
}

typedef struct
{
  Watch watch;
  GArray *values;
  GError *error;
} GapRun;

static void
gap_run_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GapRun *run = user_data;

  run->values = ah_batch_run_finish (AH_BATCH (source), result, &run->error);
  g_main_loop_quit (run->watch.loop);
}

static void
measure_batch (Bench *bench, const char *what, AhBatch *batch, Gap *gap)
{
  GapRun run = { 0 };
  double start;

  watch_start (&run.watch);
  start = bench_now ();
  ah_batch_run_async (batch, NULL, gap_run_cb, &run);
  g_main_loop_run (run.watch.loop);
  watch_stop (&run.watch, bench_now () - start, gap);

  if (run.values == NULL)
    bench_wrong (bench, "%s: %s", what, run.error->message);
  else if (run.values->len != ah_batch_get_n_functions (batch))
    bench_wrong (bench, "%s: %u results", what, run.values->len);
  else
    for (guint i = 0; i < run.values->len; i++)
      if (g_value_get_int (&g_array_index (run.values, GValue, i)) != (int) i)
        {
          bench_wrong (bench, "%s: result %u is not its own", what, i);
          break;
        }

  /* Freeing the results is the caller's time, not the run's: outside of what is watched. */
  g_clear_pointer (&run.values, g_array_unref);
  g_clear_error (&run.error);
}

static gboolean
quit_loop (gpointer user_data)
{
  Watch *watch = user_data;

  g_main_loop_quit (watch->loop);

  return G_SOURCE_REMOVE;
}

static void
measure_nothing (guint milliseconds, Gap *gap)
{
  Watch watch = { 0 };

  watch_start (&watch);
  g_timeout_add (milliseconds, quit_loop, &watch);
  g_main_loop_run (watch.loop);
  watch_stop (&watch, milliseconds / 1e3, gap);
}

static void
gap_blocking (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_value_init (result, G_TYPE_INT);
  g_value_set_int (result, GPOINTER_TO_INT (user_data));
}

static void
gap_async (GTask *task, gpointer user_data)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, GPOINTER_TO_INT (user_data));
  g_task_return_value (task, &value);
}

static double
print_gap (Bench *bench, const char *what, gboolean ours, const Gap *gap)
{
  BenchSpread tick = bench_spread (gap->tick_ms, gap->n_rounds);
  BenchSpread hold = bench_spread (gap->hold_ms, gap->n_rounds);
  BenchSpread seconds = bench_spread (gap->seconds, gap->n_rounds);

  printf ("  %-36s %9.2f %9.2f %9.3f\n", what, tick.median, hold.median, seconds.median);
  bench_measure (bench, what, ours, "tick", tick, gap->n_rounds, "ms");
  bench_measure (bench, what, ours, "held", hold, gap->n_rounds, "ms");

  return MAX (0, tick.median - TICK_MS);
}

void
bench_loop_gap (Bench *bench)
{
  guint n_blocking = bench->smoke ? 2000 : 1000000;
  guint n_async = bench->smoke ? 500 : 100000;
  guint n_rounds = bench->smoke ? 1 : MAX_ROUNDS;
  g_autoptr (AhBatch) blocking = ah_parallel_new ();
  g_autoptr (AhBatch) async = ah_parallel_new ();
  g_autofree char *blocking_name = g_strdup_printf ("%u empty blocking functions", n_blocking);
  g_autofree char *async_name = g_strdup_printf ("%u empty async functions", n_async);
  Gap nothing_gap = { 0 };
  Gap blocking_gap = { 0 };
  Gap async_gap = { 0 };
  double blocking_late;
  double async_late;

  bench_case (bench, "gap", 120, "The main loop under run_async: the longest of a run");

  for (guint i = 0; i < n_blocking; i++)
    ah_batch_schedule_blocking (blocking, gap_blocking, GUINT_TO_POINTER (i), NULL);
  for (guint i = 0; i < n_async; i++)
    ah_batch_schedule_async (async, gap_async, GUINT_TO_POINTER (i), NULL);

  for (guint round = 0; round < n_rounds; round++)
    {
      measure_nothing (bench->smoke ? 20 : 200, &nothing_gap);
      measure_batch (bench, blocking_name, blocking, &blocking_gap);
      measure_batch (bench, async_name, async, &async_gap);
    }

  printf ("  %-36s %9s %9s %9s\n", "", "tick ms", "held ms", "run s");
  print_gap (bench, "nothing running", FALSE, &nothing_gap);
  blocking_late = print_gap (bench, blocking_name, TRUE, &blocking_gap);
  async_late = print_gap (bench, async_name, TRUE, &async_gap);

  bench_goal (bench, blocking_name, blocking_late, "<=", 5, "ms beyond the tick");
  bench_goal (bench, async_name, async_late, "<=", 5, "ms beyond the tick");
}
