/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The same work in three ways: one by one, in parallel, and as two halves under a main loop. */

#include "demo.h"

#include <time.h>

static double
now (void)
{
  return g_get_monotonic_time () / 1e6;
}

/* For how long this thread had a CPU. */
static double
worked (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);

  return time.tv_sec + time.tv_nsec / 1e9;
}

static void
query_size (GFile *file, GValue *result, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFileInfo) info
      = g_file_query_info (file, G_FILE_ATTRIBUTE_STANDARD_SIZE,
                           G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, cancellable, error);

  if (info == NULL)
    return;

  g_value_init (result, G_TYPE_UINT64);
  g_value_set_uint64 (result, g_file_info_get_size (info));
}

/* Plain calls in a plain loop, without the library: what a run is measured against. */
DemoPass *
demo_run_one_by_one (DemoWork *work, const char *title, GError **error)
{
  g_autoptr (DemoPass) pass = demo_pass_new (work->files->len);
  double start = now ();

  work->n_read = 0;

  for (guint i = 0; i < work->files->len; i++)
    {
      DemoFile *file = g_ptr_array_index (work->files, i);
      g_autoptr (GError) file_error = NULL;
      g_auto (GValue) digest = G_VALUE_INIT;
      g_auto (GValue) size = G_VALUE_INIT;

      demo_file_read (work->cancellable, &digest, file, &file_error);
      if (file_error == NULL)
        query_size (file->file, &size, work->cancellable, &file_error);

      if (g_cancellable_set_error_if_cancelled (work->cancellable, error))
        {
          demo_progress_clear ();
          return NULL;
        }

      if (file_error == NULL)
        demo_pass_set_value (pass, file, i, &digest, &size);
      else
        demo_file_leave_out (file, file_error);

      demo_progress_show (title, (double) i / work->files->len);
    }

  pass->seconds = now () - start;
  demo_progress_clear ();

  return g_steal_pointer (&pass);
}

/* Two functions a file. All failures are collected: one file that cannot be read must not keep the
 * others from being read. */
static AhBatch *
schedule_files (DemoWork *work, guint from, guint to)
{
  AhBatch *batch = ah_parallel_new ();

  ah_batch_set_error_policy (batch, AH_ERROR_POLICY_COLLECT);

  for (guint i = from; i < to; i++)
    {
      DemoFile *file = g_ptr_array_index (work->files, i);

      ah_batch_schedule_blocking (batch, demo_file_read, file, NULL);
      ah_batch_schedule_async (batch, demo_file_query, file, NULL);
    }

  return batch;
}

static void
take_results (DemoWork *work, DemoPass *pass, guint from, GArray *results)
{
  for (guint i = 0; i + 1 < results->len; i += 2)
    demo_pass_set_value (pass, g_ptr_array_index (work->files, from + i / 2), from + i / 2,
                         &g_array_index (results, GValue, i),
                         &g_array_index (results, GValue, i + 1));
}

static void
fraction_cb (AhFuture *future, GParamSpec *pspec, gpointer user_data)
{
  const char *title = user_data;

  demo_progress_show (title, ah_future_get_fraction (future));
}

static void
done_cb (AhFuture *future, GParamSpec *pspec, gpointer user_data)
{
  GMainLoop *loop = user_data;

  g_main_loop_quit (loop);
}

DemoPass *
demo_run_parallel (DemoWork *work, const char *title, GError **error)
{
  g_autoptr (DemoPass) pass = demo_pass_new (work->files->len);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (AhBatch) batch = NULL;
  g_autoptr (AhFuture) future = NULL;
  g_autoptr (GArray) results = NULL;
  double start = now ();

  work->n_read = 0;

  batch = schedule_files (work, 0, work->files->len);
  future = ah_start (AH_FUNCTION (batch), work->cancellable);
  g_signal_connect (future, "notify::fraction", G_CALLBACK (fraction_cb), (gpointer) title);
  g_signal_connect (future, "notify::done", G_CALLBACK (done_cb), loop);
  g_main_loop_run (loop);
  results = ah_future_get_results (future, error);

  pass->seconds = now () - start;
  demo_progress_clear ();

  if (results == NULL)
    return NULL;

  take_results (work, pass, 0, results);

  return g_steal_pointer (&pass);
}

typedef struct
{
  DemoWork *work;
  GMainLoop *loop;
  GArray *results;
  GError **error;
  DemoTicks *ticks;
  double last_tick;
  double last_worked;
} Halves;

static gboolean
tick_cb (gpointer user_data)
{
  Halves *halves = user_data;
  double tick = now ();
  double tick_worked = worked ();

  halves->ticks->longest_gap = MAX (halves->ticks->longest_gap, tick - halves->last_tick);
  halves->ticks->longest_work
      = MAX (halves->ticks->longest_work, tick_worked - halves->last_worked);
  halves->last_tick = tick;
  halves->last_worked = tick_worked;

  /* run_async () has no future to watch: what has been read says how far it is. */
  demo_progress_show ("In two halves", (double) g_atomic_int_get (&halves->work->n_read)
                                           / MAX (halves->work->files->len, 1));

  return G_SOURCE_CONTINUE;
}

static void
halves_cb (GObject *source, GAsyncResult *async_result, gpointer user_data)
{
  Halves *halves = user_data;

  halves->results = ah_batch_run_finish (AH_BATCH (source), async_result, halves->error);
  g_main_loop_quit (halves->loop);
}

/* One half of the files after the other, each in parallel, under a main loop that has other things
 * to do: here a tick. */
DemoPass *
demo_run_halves (DemoWork *work, DemoTicks *ticks, GError **error)
{
  g_autoptr (DemoPass) pass = demo_pass_new (work->files->len);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (AhBatch) serial = ah_serial_new ();
  g_autoptr (AhBatch) first = NULL;
  g_autoptr (AhBatch) second = NULL;
  g_autoptr (GArray) results = NULL;
  Halves halves = { .work = work, .loop = loop, .ticks = ticks, .error = error };
  guint half = work->files->len / 2;
  guint tick_id;
  double start = now ();

  work->n_read = 0;

  first = schedule_files (work, 0, half);
  second = schedule_files (work, half, work->files->len);
  ah_batch_set_error_policy (serial, AH_ERROR_POLICY_COLLECT);
  ah_batch_schedule (serial, AH_FUNCTION (first));
  ah_batch_schedule (serial, AH_FUNCTION (second));

  tick_id = g_timeout_add (DEMO_TICK_MS, tick_cb, &halves);
  halves.last_tick = now ();
  halves.last_worked = worked ();

  ah_batch_run_async (serial, work->cancellable, halves_cb, &halves);
  g_main_loop_run (loop);
  results = halves.results;

  /* What the loop was kept from at the very end counts too. */
  tick_cb (&halves);
  g_source_remove (tick_id);

  pass->seconds = now () - start;
  demo_progress_clear ();

  if (results == NULL)
    return NULL;

  for (guint i = 0; i < results->len; i++)
    {
      const GValue *part = &g_array_index (results, GValue, i);
      g_autoptr (GArray) values = NULL;

      /* A batch fails only where it could not run at all. */
      if (G_VALUE_HOLDS (part, G_TYPE_ERROR))
        {
          g_propagate_error (error, g_error_copy (g_value_get_boxed (part)));
          return NULL;
        }

      values = ah_results_get_values (g_value_get_object (part));
      take_results (work, pass, i == 0 ? 0 : half, values);
    }

  return g_steal_pointer (&pass);
}
