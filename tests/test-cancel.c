/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-support.h"

/* Guarantees 4, 5 and 12: who is cancelled, where, and that no lock is held meanwhile. */

#define N_MANY 20000

/* Counts for one run; each function adds to them. */
typedef struct
{
  GCancellable *cancellable; /* the caller's */
  GMainContext *context;     /* of the run */
  GThread *thread;           /* of the run */
  int n_begun;               /* atomic, as all below */
  int n_cancelled;
  int n_need; /* constant while running */
  int max_handlers;
} Counts;

static void
hold (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Counts *counts = user_data;

  g_assert_true (G_IS_CANCELLABLE (cancellable));
  g_atomic_int_inc (&counts->n_begun);
  while (!g_cancellable_set_error_if_cancelled (cancellable, error))
    g_usleep (1000);
  g_atomic_int_inc (&counts->n_cancelled);
}

/* Cancelled in a dispatch of the run's context, whoever cancels from wherever. */
static void
on_async_cancelled (GCancellable *cancellable, gpointer data)
{
  GTask *task = data;
  Counts *counts = g_task_get_task_data (task);

  g_assert_true (g_thread_self () == counts->thread);
  g_assert_cmpint (g_main_depth (), >, 0);
  g_assert_true (g_main_context_get_thread_default () == counts->context);
  g_atomic_int_inc (&counts->n_cancelled);
  g_task_return_error_if_cancelled (task);
  g_object_unref (task);
}

static void
hold_async (GTask *task, gpointer user_data)
{
  Counts *counts = user_data;

  ah_test_track (task);
  g_task_set_task_data (task, counts, NULL);
  g_assert_true (g_thread_self () == counts->thread);
  g_signal_connect (g_task_get_cancellable (task), "cancelled", G_CALLBACK (on_async_cancelled),
                    g_object_ref (task));
  g_atomic_int_inc (&counts->n_begun);
}

static void
fail_when_all (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Counts *counts = user_data;

  while (g_atomic_int_get (&counts->n_begun) < counts->n_need)
    g_usleep (1000);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "first");
}

static gpointer
cancel_when_all (gpointer data)
{
  Counts *counts = data;

  ah_test_wait_until (g_atomic_int_get (&counts->n_begun) >= counts->n_need);
  g_cancellable_cancel (counts->cancellable);
  return NULL;
}

static void
counts_init (Counts *counts)
{
  *counts = (Counts){ .cancellable = ah_test_track (g_cancellable_new ()),
                      .context = g_main_context_get_thread_default (),
                      .thread = g_thread_self () };
}

static void
counts_clear (Counts *counts)
{
  g_assert_cmpuint (ah_test_count_handlers (counts->cancellable), ==, 0);
  g_object_unref (counts->cancellable);
  ah_test_assert_released ();
}

/* Both sorts of running functions, also of a nested batch. */
static AhBatch *
new_holding_batch (Counts *counts)
{
  AhBatch *batch = ah_test_track (ah_parallel_new ());
  g_autoptr (AhBatch) nested = ah_test_track (ah_parallel_new ());

  for (int i = 0; i < 3; i++)
    {
      ah_batch_schedule_blocking (batch, hold, counts, NULL);
      ah_batch_schedule_async (batch, hold_async, counts, NULL);
      ah_batch_schedule_blocking (nested, hold, counts, NULL);
      ah_batch_schedule_async (nested, hold_async, counts, NULL);
    }
  ah_batch_schedule (batch, AH_FUNCTION (nested));
  counts->n_need = 12;
  return batch;
}

/* Guarantee 4 */
static void
test_fail_fast (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_auto (AhTestOutcome) outcome = { 0 };
  Counts counts;
  AhBatch *batch;

  counts_init (&counts);
  batch = new_holding_batch (&counts);
  ah_batch_schedule_blocking (batch, fail_when_all, &counts, NULL);
  ah_test_way_run_batch (way, batch, NULL, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpint (counts.n_cancelled, ==, counts.n_need);
  g_object_unref (batch);
  counts_clear (&counts);
}

/* Guarantee 5: from another thread. */
static void
test_from_thread (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_auto (AhTestOutcome) outcome = { 0 };
  Counts counts;
  AhTestStop stop;
  AhBatch *batch;
  GThread *thread;

  counts_init (&counts);
  ah_test_stop_init (&stop, way);
  g_set_object (&counts.cancellable, stop.cancellable);
  batch = new_holding_batch (&counts);
  thread = g_thread_new ("cancel", cancel_when_all, &counts);
  ah_test_way_run_batch (way, batch, &stop, &outcome);
  g_thread_join (thread);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (counts.n_cancelled, ==, counts.n_need);
  g_object_unref (batch);
  ah_test_stop_clear (&stop);
  counts_clear (&counts);
}

/* In the run's own thread, from a source of its loop. */
static gboolean
on_tick_cancel (gpointer data)
{
  Counts *counts = data;

  if (g_atomic_int_get (&counts->n_begun) < counts->n_need)
    return G_SOURCE_CONTINUE;
  g_cancellable_cancel (counts->cancellable);
  return G_SOURCE_REMOVE;
}

static void
test_from_loop (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_auto (AhTestOutcome) outcome = { 0 };
  Counts counts;
  AhTestStop stop;
  AhBatch *batch;

  counts_init (&counts);
  ah_test_stop_init (&stop, way);
  g_set_object (&counts.cancellable, stop.cancellable);
  batch = new_holding_batch (&counts);
  g_timeout_add (1, on_tick_cancel, &counts);
  ah_test_way_run_batch (way, batch, &stop, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (counts.n_cancelled, ==, counts.n_need);
  g_object_unref (batch);
  ah_test_stop_clear (&stop);
  counts_clear (&counts);
}

/* Inside a handler of the same cancellable, that is: while the library's own handler is about to be
 * called or has just been. The run then ends within the emission, or right after it. */
static void
on_cancelled_start (GCancellable *cancellable, gpointer data)
{
  AhBatch *batch = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = NULL;

  /* already cancelled, so it must not connect, which would deadlock in newer GLib */
  results = ah_batch_block (batch, cancellable, &error);
  g_assert_null (results);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_in_handler (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) other = ah_parallel_new ();
  Counts counts;
  AhTestStop stop;
  AhBatch *batch;
  gulong handler;

  counts_init (&counts);
  ah_test_stop_init (&stop, way);
  g_set_object (&counts.cancellable, stop.cancellable);
  handler
      = g_signal_connect (stop.cancellable, "cancelled", G_CALLBACK (on_cancelled_start), other);
  ah_batch_schedule_blocking (other, hold, &counts, NULL);
  batch = new_holding_batch (&counts);
  g_timeout_add (1, on_tick_cancel, &counts);
  ah_test_way_run_batch (way, batch, &stop, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (counts.n_begun, ==, counts.n_need);
  g_signal_handler_disconnect (stop.cancellable, handler);
  g_object_unref (batch);
  ah_test_stop_clear (&stop);
  counts_clear (&counts);
}

/* One cancellable for many runs. */
static void
on_shared_ended (GObject *source, GAsyncResult *async_result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = ah_batch_run_finish (AH_BATCH (source), async_result, &error);

  g_assert_null (results);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  (*(int *) data)++;
}

static void
test_shared (void)
{
  Counts counts;
  g_autoptr (AhBatch) batch = NULL;
  const int n_runs = 50;
  int n_ended = 0;

  counts_init (&counts);
  batch = ah_test_track (ah_serial_new ());
  ah_batch_schedule_async (batch, hold_async, &counts, NULL);
  for (int i = 0; i < n_runs; i++)
    ah_batch_run_async (batch, counts.cancellable, on_shared_ended, &n_ended);

  ah_test_iterate_until (g_atomic_int_get (&counts.n_begun) == n_runs);
  g_assert_cmpuint (ah_test_count_handlers (counts.cancellable), ==, n_runs);
  g_cancellable_cancel (counts.cancellable);
  ah_test_iterate_until (n_ended == n_runs);
  g_assert_cmpint (counts.n_cancelled, ==, n_runs);
  g_clear_object (&batch);
  counts_clear (&counts);
}

/* Many functions, one connection: GTask's one a function is quadratic. */
static void
look_at_handlers (Counts *counts)
{
  int n = (int) ah_test_count_handlers (counts->cancellable);

  if (n > g_atomic_int_get (&counts->max_handlers))
    g_atomic_int_set (&counts->max_handlers, n);
}

static void
count_one (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Counts *counts = user_data;
  int n = g_atomic_int_add (&counts->n_begun, 1);

  if (n % 1000 == 999)
    look_at_handlers (counts);
}

static void
count_one_async (GTask *task, gpointer user_data)
{
  count_one (NULL, NULL, user_data, NULL);
  g_task_return_value (task, NULL);
}

static AhBatch *
new_counting_batch (Counts *counts, int n, gboolean is_async)
{
  AhBatch *batch = ah_test_track (ah_parallel_new ());

  for (int i = 0; i < n; i++)
    if (is_async)
      ah_batch_schedule_async (batch, count_one_async, counts, NULL);
    else
      ah_batch_schedule_blocking (batch, count_one, counts, NULL);
  return batch;
}

static void
test_one_connection (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;

  for (int is_async = FALSE; is_async <= TRUE; is_async++)
    {
      g_auto (AhTestOutcome) outcome = { 0 };
      g_autoptr (AhBatch) batch = NULL;
      g_autoptr (AhBatch) nested = NULL;
      Counts counts;
      AhTestStop stop;

      counts_init (&counts);
      ah_test_stop_init (&stop, way);
      g_set_object (&counts.cancellable, stop.cancellable);
      batch = new_counting_batch (&counts, N_MANY / 2, is_async);
      nested = new_counting_batch (&counts, N_MANY / 2, is_async);
      ah_batch_schedule (batch, AH_FUNCTION (nested));

      ah_test_way_run_batch (way, batch, &stop, &outcome);
      g_assert_no_error (outcome.error);
      g_assert_cmpint (counts.n_begun, ==, N_MANY);
      g_assert_cmpint (counts.max_handlers, <=, 1);
      ah_test_outcome_clear (&outcome);
      g_clear_object (&batch);
      g_clear_object (&nested);
      ah_test_stop_clear (&stop);
      counts_clear (&counts);
    }
}

/* Among many functions, one cancels; what has not begun by then never does. */
static void
stop_one (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  ah_test_stop_pull (user_data);
}

static void
test_many (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) batch = NULL;
  Counts counts;
  AhTestStop stop;

  counts_init (&counts);
  ah_test_stop_init (&stop, way);
  batch = ah_test_track (ah_serial_new ());
  for (int i = 0; i < N_MANY; i++)
    {
      ah_batch_schedule_blocking (batch, count_one, &counts, NULL);
      if (i == N_MANY / 2)
        ah_batch_schedule_blocking (batch, stop_one, &stop, NULL);
    }
  ah_test_way_run_batch (way, batch, &stop, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (counts.n_begun, ==, N_MANY / 2 + 1);
  g_clear_object (&batch);
  ah_test_stop_clear (&stop);
  counts_clear (&counts);
}

/* Guarantee 12: foreign code may call into the library, wherever the library calls it. */
static void
nothing (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
}

static void
nothing_async (GTask *task, gpointer user_data)
{
  g_task_return_value (task, NULL);
}

/* Everything that takes a lock of the library, of the same batch and pool, too. */
static void
call_back (AhBatch *batch)
{
  g_autoptr (AhBatch) own = ah_parallel_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (AhFuture) future = NULL;
  g_autoptr (GError) error = NULL;
  AhThreadPool *pool = ah_thread_pool_get_default ();

  if (batch != NULL)
    {
      ah_batch_schedule_blocking (batch, nothing, NULL, NULL);
      ah_batch_schedule_async (batch, nothing_async, NULL, NULL);
      ah_batch_get_n_functions (batch);
    }
  ah_batch_schedule_blocking (own, nothing, NULL, NULL);
  ah_batch_schedule_async (own, nothing_async, NULL, NULL);
  results = ah_batch_block (own, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (results->len, ==, 2);

  future = ah_queue_background_thread (AH_FUNCTION (own));
  ah_future_cancel (future);
  ah_future_get_fraction (future);

  ah_thread_pool_get_n_queued (pool);
  ah_thread_pool_get_n_running (pool);
  ah_thread_pool_would_queue (pool);
}

typedef struct
{
  AhBatch *batch;
  int n_begun;  /* atomic */
  int n_called; /* atomic */
} Recursion;

static void
on_cancelled_call (GCancellable *cancellable, gpointer data)
{
  Recursion *recursion = data;

  call_back (recursion->batch);
  g_atomic_int_inc (&recursion->n_called);
}

static void
hold_and_call (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Recursion *recursion = user_data;
  gulong handler
      = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled_call), recursion);

  g_atomic_int_inc (&recursion->n_begun);
  while (!g_cancellable_is_cancelled (cancellable))
    g_usleep (1000);
  /* waits for a handler that runs in another thread */
  g_cancellable_disconnect (cancellable, handler);
}

static void
fail_after_holders (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Recursion *recursion = user_data;

  while (g_atomic_int_get (&recursion->n_begun) < 2)
    g_usleep (1000);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "now");
}

static void
test_handler_calls_back (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  Recursion recursion = { .batch = batch };

  ah_batch_schedule_blocking (batch, hold_and_call, &recursion, NULL);
  ah_batch_schedule_blocking (batch, hold_and_call, &recursion, NULL);
  ah_batch_schedule_blocking (batch, fail_after_holders, &recursion, NULL);
  ah_test_way_run_batch (way, batch, NULL, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpint (recursion.n_called, >, 0);
  g_clear_object (&batch);
  ah_test_assert_released ();
}

/* In a destroy notify, a finalizer of a result, a callback and a notify handler. */
static void
on_destroy_call (gpointer data)
{
  call_back (NULL);
  g_atomic_int_inc ((int *) data);
}

static void
on_result_gone (gpointer data, GObject *object)
{
  on_destroy_call (data);
}

static void
give_object (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  AhTestProbe *probe = ah_test_probe_new (1, NULL);

  g_object_weak_ref (G_OBJECT (probe), on_result_gone, user_data);
  g_value_take_object (g_value_init (result, AH_TEST_TYPE_PROBE), probe);
}

static void
fail_at_once (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "now");
}

static void
test_destroy_calls_back (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) batch = ah_test_track (ah_serial_new ());
  int n_called = 0;

  ah_batch_schedule_blocking (batch, nothing, &n_called, on_destroy_call);
  ah_batch_schedule_blocking (batch, give_object, &n_called, on_destroy_call);
  ah_batch_schedule_blocking (batch, fail_at_once, &n_called, on_destroy_call);
  ah_test_way_run_batch (way, batch, NULL, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_clear_object (&batch);
  /* three user data and one value */
  ah_test_iterate_until (g_atomic_int_get (&n_called) == 4);
  ah_test_assert_released ();
}

static void
on_notify_call (AhFuture *future, GParamSpec *pspec, gpointer data)
{
  Recursion *recursion = data;

  call_back (recursion->batch);
  g_assert_cmpfloat (ah_future_get_fraction (future), <=, 1.0);
  recursion->n_called++;
}

static void
on_waited_call (GObject *source, GAsyncResult *async_result, gpointer data)
{
  Recursion *recursion = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (ah_future_wait_finish (AH_FUTURE (source), async_result, &error));
  g_assert_no_error (error);
  call_back (recursion->batch);
  recursion->n_called++;
}

static void
test_notify_calls_back (void)
{
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_autoptr (AhFuture) future = NULL;
  Recursion recursion = { .batch = batch };

  for (int i = 0; i < 100; i++)
    ah_batch_schedule_async (batch, nothing_async, NULL, NULL);
  future = ah_test_track (ah_start (AH_FUNCTION (batch), NULL));
  g_signal_connect (future, "notify", G_CALLBACK (on_notify_call), &recursion);
  ah_future_wait_async (future, NULL, on_waited_call, &recursion);
  ah_test_iterate_until (ah_future_get_done (future) && recursion.n_called >= 2);
  for (int i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_clear_object (&future);
  g_clear_object (&batch);
  ah_test_assert_released ();
}

/* The last reference to everything goes in a callback. */
static void
on_ended_unref (GObject *source, GAsyncResult *async_result, gpointer data)
{
  Recursion *recursion = data;
  g_autoptr (GArray) results = ah_batch_run_finish (AH_BATCH (source), async_result, NULL);

  g_assert_nonnull (results);
  g_clear_object (&recursion->batch);
  recursion->n_called++;
}

static void
test_callback_unrefs (void)
{
  Recursion recursion = { .batch = ah_test_track (ah_parallel_new ()) };
  int n_destroyed = 0;

  ah_batch_schedule_blocking (recursion.batch, nothing, &n_destroyed, on_destroy_call);
  ah_batch_schedule_async (recursion.batch, nothing_async, &n_destroyed, on_destroy_call);
  ah_batch_run_async (recursion.batch, NULL, on_ended_unref, &recursion);
  ah_test_iterate_until (recursion.n_called == 1);
  ah_test_iterate_until (g_atomic_int_get (&n_destroyed) == 2);
  ah_test_assert_released ();
}

/* Guarantee 12: how a value is copied is foreign code, too, and may look at the future. */
static AhFuture *copied_future;
static int n_copies;

static gpointer
copy_and_look (gpointer boxed)
{
  n_copies++;
  if (copied_future != NULL)
    {
      g_assert_cmpuint (ah_future_get_n_finished (copied_future), ==, 1);
      g_assert_true (ah_future_get_value (copied_future, NULL, NULL));
    }
  return boxed;
}

static void
free_nothing (gpointer boxed)
{
}

static void
give_boxed (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_value_init (result, *(GType *) user_data);
  g_value_take_boxed (result, user_data);
}

static void
test_copy_calls_back (void)
{
  GType type = g_boxed_type_register_static ("AhTestCopied", copy_and_look, free_nothing);
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();

  for (int is_batch = FALSE; is_batch <= TRUE; is_batch++)
    {
      g_autoptr (AhFunction) function
          = ah_test_track (ah_function_new_blocking (give_boxed, &type, NULL));
      g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
      g_autoptr (AhFuture) future = NULL;
      g_auto (GValue) value = G_VALUE_INIT;

      ah_batch_schedule (batch, function);
      future = ah_test_track (ah_start (is_batch ? AH_FUNCTION (batch) : function, NULL));
      g_assert_true (ah_future_wait (future, NULL, NULL));

      copied_future = future;
      n_copies = 0;
      if (is_batch)
        {
          g_autoptr (GArray) results = ah_future_get_results (future, NULL);

          g_assert_true (g_value_get_boxed (&g_array_index (results, GValue, 0)) == &type);
        }
      g_assert_true (ah_future_get_value (future, &value, NULL));
      if (!is_batch)
        g_assert_true (g_value_get_boxed (&value) == &type);
      g_assert_cmpint (n_copies, >, 0);
      copied_future = NULL;
      g_value_unset (&value);
      g_clear_object (&future);
      g_clear_object (&batch);
      g_clear_object (&function);
      ah_test_assert_released ();
    }
}

/* Guarantee 5: stopped before its functions could start, on a context that nobody iterates, the run
 * ends all the same, so that another thread that waits for it gets on. */
typedef struct
{
  AhFuture *future;
  int is_over; /* atomic */
} Waiting;

static gpointer
wait_for_stopped (gpointer data)
{
  Waiting *waiting = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (ah_future_wait (waiting->future, NULL, &error));
  g_assert_no_error (error);
  g_atomic_int_set (&waiting->is_over, TRUE);
  return NULL;
}

static void
test_standing_context (gconstpointer data)
{
  gboolean times_out = GPOINTER_TO_INT (data);
  int code = times_out ? G_IO_ERROR_TIMED_OUT : G_IO_ERROR_CANCELLED;

  /* one, a few, and as many as have their tasks made ahead; with and without a limit */
  for (int i = 0; i < 6; i++)
    {
      static const int numbers[] = { 1, 3, 100 };
      g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
      g_autoptr (GArray) results = NULL;
      g_autoptr (GError) error = NULL;
      Counts counts;
      Waiting waiting = { 0 };
      GThread *thread;

      counts_init (&counts);
      for (int n = 0; n < numbers[i % 3]; n++)
        ah_batch_schedule_async (batch, count_one_async, &counts, NULL);
      if (i >= 3)
        ah_parallel_set_max_concurrency (AH_PARALLEL (batch), 2);
      if (times_out)
        ah_batch_set_timeout (batch, 1);
      waiting.future = ah_test_track (ah_start (AH_FUNCTION (batch), NULL));
      thread = g_thread_new ("waiter", wait_for_stopped, &waiting);
      if (!times_out)
        ah_future_cancel (waiting.future);
      ah_test_wait_until (g_atomic_int_get (&waiting.is_over));
      g_thread_join (thread);

      results = ah_future_get_results (waiting.future, &error);
      g_assert_null (results);
      g_assert_error (error, G_IO_ERROR, code);
      g_clear_object (&waiting.future);
      g_clear_object (&batch);
      counts_clear (&counts);
      g_assert_cmpint (counts.n_begun, ==, 0);
    }
}

typedef struct
{
  const char *name;
  GTestDataFunc func;
  gboolean skips_background; /* needs a cancellable, or a context that the test iterates */
} Test;

static const Test tests[] = {
  { "fail-fast", test_fail_fast, TRUE },
  { "from-thread", test_from_thread, TRUE },
  { "from-loop", test_from_loop, TRUE },
  { "in-handler", test_in_handler, TRUE },
  { "one-connection", test_one_connection, TRUE },
  { "many", test_many, FALSE },
  { "handler-calls-back", test_handler_calls_back, FALSE },
  { "destroy-calls-back", test_destroy_calls_back, FALSE },
};

int
main (int argc, char *argv[])
{
  static AhTestWay ways[AH_TEST_N_WAYS];

  ah_test_init (&argc, &argv);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    for (guint way = 0; way < AH_TEST_N_WAYS; way++)
      {
        g_autofree char *path
            = g_strdup_printf ("/cancel/%s/%s", tests[i].name, ah_test_way_get_name (way));

        ways[way] = way;
        if (way != AH_TEST_WAY_BACKGROUND || !tests[i].skips_background)
          g_test_add_data_func (path, &ways[way], tests[i].func);
      }
  g_test_add_func ("/cancel/shared", test_shared);
  g_test_add_data_func ("/cancel/standing-context/cancel", GINT_TO_POINTER (FALSE),
                        test_standing_context);
  g_test_add_data_func ("/cancel/standing-context/timeout", GINT_TO_POINTER (TRUE),
                        test_standing_context);
  g_test_add_func ("/cancel/notify-calls-back", test_notify_calls_back);
  g_test_add_func ("/cancel/callback-unrefs", test_callback_unrefs);
  g_test_add_func ("/cancel/copy-calls-back", test_copy_calls_back);

  return ah_test_run ();
}
