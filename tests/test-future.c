/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-support.h"

/* AhFuture: progress, waiting and outcome of a started run (guarantees 3 and 13, without invoke).
 */

/* A function that waits until the test lets it go. */
typedef struct
{
  AhTestGate gate;
  int n_begun; /* atomic */
  int n_ended; /* atomic */
} Holder;

static void
holder_init (Holder *holder)
{
  ah_test_gate_init (&holder->gate);
  holder->n_begun = holder->n_ended = 0;
}

static void
hold (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Holder *holder = user_data;

  g_atomic_int_inc (&holder->n_begun);
  ah_test_gate_wait (&holder->gate);
  g_atomic_int_inc (&holder->n_ended);
  g_value_set_int (g_value_init (result, G_TYPE_INT), 21);
}

static void
give (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_value_set_int (g_value_init (result, G_TYPE_INT), GPOINTER_TO_INT (user_data));
}

static void
give_async (GTask *task, gpointer user_data)
{
  g_auto (GValue) value = G_VALUE_INIT;

  ah_test_track (task);
  g_value_set_int (g_value_init (&value, G_TYPE_INT), GPOINTER_TO_INT (user_data));
  g_task_return_value (task, &value);
}

static void
fail (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "no");
}

/* Async, and ended by the test. */
static void
keep_task (GTask *task, gpointer user_data)
{
  g_ptr_array_add (user_data, g_object_ref (task));
}

static void
end_kept (GPtrArray *tasks)
{
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_value (g_ptr_array_index (tasks, i), NULL);
  g_ptr_array_set_size (tasks, 0);
}

static AhFuture *
start (AhTestWay way, AhFunction *function)
{
  return ah_test_track (way == AH_TEST_WAY_BACKGROUND ? ah_queue_background_thread (function)
                                                      : ah_start (function, NULL));
}

/* Before the end: PENDING; after it, as often as wanted. */
static void
test_outcome (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  Holder holder;
  g_autoptr (AhFunction) function = NULL;
  g_autoptr (AhFuture) future = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GValue) value = G_VALUE_INIT;

  holder_init (&holder);
  function = ah_test_track (ah_function_new_blocking (hold, &holder, NULL));
  future = start (way, function);
  g_assert_false (ah_future_get_done (future));
  g_assert_false (ah_future_get_value (future, &value, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_clear_error (&error);
  g_assert_null (ah_future_get_results (future, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_cmpint (ah_future_get_failed_index (future), ==, -1);

  ah_test_gate_open (&holder.gate);
  g_assert_true (ah_future_wait (future, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (ah_future_get_done (future));
  g_assert_cmpfloat (ah_future_get_fraction (future), ==, 1.0);
  for (int i = 0; i < 3; i++)
    {
      g_assert_true (ah_future_get_value (future, &value, &error));
      g_assert_no_error (error);
      g_assert_cmpint (g_value_get_int (&value), ==, 21);
      g_value_unset (&value);
    }

  /* no list, since it is no batch */
  g_assert_null (ah_future_get_results (future, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);

  /* the end is the end */
  ah_future_cancel (future);
  g_assert_true (ah_future_wait (future, NULL, NULL));
  g_assert_true (ah_future_get_value (future, NULL, NULL));

  g_clear_object (&future);
  g_clear_object (&function);
  ah_test_assert_released ();
  ah_test_gate_clear (&holder.gate);
}

/* A batch's future gives its results as a list and as one value; neither takes from the other. */
static void
test_batch_outcome (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_autoptr (AhFuture) future = NULL;
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 10; i++)
    if (i % 2 == 0)
      ah_batch_schedule_blocking (batch, give, GINT_TO_POINTER (i), NULL);
    else
      ah_batch_schedule_async (batch, give_async, GINT_TO_POINTER (i), NULL);

  future = start (way, AH_FUNCTION (batch));
  g_assert_cmpuint (ah_future_get_n_functions (future), ==, 10);
  g_assert_true (ah_future_wait (future, NULL, &error));
  for (int round = 0; round < 2; round++)
    {
      g_autoptr (GArray) results = ah_future_get_results (future, &error);
      g_auto (GValue) value = G_VALUE_INIT;

      g_assert_no_error (error);
      g_assert_cmpuint (results->len, ==, 10);
      g_assert_true (ah_future_get_value (future, &value, &error));
      g_assert_no_error (error);
      for (guint i = 0; i < 10; i++)
        {
          const GValue *other = ah_results_peek (g_value_get_object (&value), i);

          g_assert_cmpint (ah_test_get_int (results, i), ==, (int) i);
          g_assert_cmpint (g_value_get_int (other), ==, (int) i);
        }
    }
  g_assert_cmpuint (ah_future_get_n_finished (future), ==, 10);
  g_clear_object (&future);
  g_clear_object (&batch);
  ah_test_assert_released ();
}

/* Whatever the outcome, wait () is TRUE; the outcome is what the getters tell. */
static void
test_failed (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_autoptr (AhBatch) batch = ah_test_track (ah_serial_new ());
  g_autoptr (AhFuture) future = NULL;
  g_autoptr (GError) error = NULL;
  int failed_index;

  for (int i = 0; i < 3; i++)
    ah_batch_schedule_blocking (batch, give, NULL, NULL);
  ah_batch_schedule_blocking (batch, fail, NULL, NULL);
  ah_batch_schedule_blocking (batch, give, NULL, NULL);

  future = start (way, AH_FUNCTION (batch));
  g_assert_true (ah_future_wait (future, NULL, &error));
  g_assert_no_error (error);
  for (int round = 0; round < 2; round++)
    {
      g_assert_null (ah_future_get_results (future, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
      g_assert_cmpstr (error->message, ==, "Function 3: no");
      g_clear_error (&error);
      g_assert_false (ah_future_get_value (future, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
      g_clear_error (&error);
    }
  g_assert_cmpint (ah_future_get_failed_index (future), ==, 3);
  g_object_get (future, "failed-index", &failed_index, NULL);
  g_assert_cmpint (failed_index, ==, 3);
  g_clear_object (&future);
  g_clear_object (&batch);
  ah_test_assert_released ();
}

/* Progress is notified on the caller's context alone, never goes back, and ends at 1. */
typedef struct
{
  GThread *thread;
  GMainContext *context;
  double fraction;
  guint n_finished;
  guint n_fraction;
  guint n_done;
} Progress;

static void
on_fraction (AhFuture *future, GParamSpec *pspec, gpointer data)
{
  Progress *progress = data;
  double fraction = ah_future_get_fraction (future);

  g_assert_true (g_thread_self () == progress->thread);
  g_assert_true (g_main_context_get_thread_default () == progress->context);
  g_assert_cmpfloat (fraction, >=, progress->fraction);
  g_assert_cmpfloat (fraction, <=, 1.0);
  g_assert_cmpuint (progress->n_done, ==, 0);
  progress->fraction = fraction;
  progress->n_fraction++;
}

static void
on_n_finished (AhFuture *future, GParamSpec *pspec, gpointer data)
{
  Progress *progress = data;
  guint n_finished = ah_future_get_n_finished (future);

  g_assert_true (g_thread_self () == progress->thread);
  g_assert_cmpuint (n_finished, >=, progress->n_finished);
  g_assert_cmpuint (n_finished, <=, ah_future_get_n_functions (future));
  progress->n_finished = n_finished;
}

static void
on_done (AhFuture *future, GParamSpec *pspec, gpointer data)
{
  Progress *progress = data;

  g_assert_true (g_thread_self () == progress->thread);
  g_assert_true (ah_future_get_done (future));
  progress->n_done++;
}

/* Each function waits for a notification of the one before, so notifications must come meanwhile.
 */
typedef struct
{
  Progress progress;
  int n_seen; /* atomic: notified as finished */
} Steps;

static void
on_step_finished (AhFuture *future, GParamSpec *pspec, gpointer data)
{
  Steps *steps = data;

  g_atomic_int_set (&steps->n_seen, (int) ah_future_get_n_finished (future));
}

static void
wait_for_notification (GCancellable *cancellable, GValue *result, gpointer data, GError **error)
{
  gpointer *pair = data;
  Steps *steps = pair[0];

  ah_test_wait_until (g_atomic_int_get (&steps->n_seen) >= GPOINTER_TO_INT (pair[1]));
}

static void
test_progress (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  Steps steps = { 0 };
  gpointer pairs[5][2];
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (AhBatch) batch = ah_test_track (ah_serial_new ());
  g_autoptr (AhFuture) future = NULL;

  g_main_context_push_thread_default (context);
  steps.progress.thread = g_thread_self ();
  steps.progress.context = context;
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      pairs[i][0] = &steps;
      pairs[i][1] = GINT_TO_POINTER (i);
      ah_batch_schedule_blocking (batch, wait_for_notification, pairs[i], NULL);
    }

  future = start (way, AH_FUNCTION (batch));
  g_signal_connect (future, "notify::fraction", G_CALLBACK (on_fraction), &steps.progress);
  g_signal_connect (future, "notify::n-finished", G_CALLBACK (on_n_finished), &steps.progress);
  g_signal_connect (future, "notify::n-finished", G_CALLBACK (on_step_finished), &steps);
  g_signal_connect (future, "notify::done", G_CALLBACK (on_done), &steps.progress);
  ah_test_iterate_until (steps.progress.n_done > 0);

  g_assert_cmpuint (steps.progress.n_done, ==, 1);
  g_assert_cmpuint (steps.progress.n_finished, ==, G_N_ELEMENTS (pairs));
  g_assert_cmpfloat (steps.progress.fraction, ==, 1.0);
  /* one at least for each function but the last, which the end may have covered */
  g_assert_cmpuint (steps.progress.n_fraction, >=, G_N_ELEMENTS (pairs) - 1);
  g_clear_object (&future);
  g_clear_object (&batch);
  g_main_context_pop_thread_default (context);
  ah_test_assert_released ();
}

/* The wait's own cancellable ends only the wait. */
static gpointer
cancel_when_begun (gpointer data)
{
  gpointer *pair = data;
  Holder *holder = pair[0];

  ah_test_wait_until (g_atomic_int_get (&holder->n_begun) > 0);
  g_cancellable_cancel (pair[1]);
  return NULL;
}

static void
test_wait_cancelled (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  Holder holder;
  g_autoptr (AhFunction) function = NULL;
  g_autoptr (AhFuture) future = NULL;
  g_autoptr (GCancellable) cancellable = ah_test_track (g_cancellable_new ());
  g_autoptr (GError) error = NULL;
  gpointer pair[2] = { &holder, cancellable };
  GThread *thread;

  holder_init (&holder);
  function = ah_test_track (ah_function_new_blocking (hold, &holder, NULL));
  future = start (way, function);
  thread = g_thread_new ("cancel", cancel_when_begun, pair);
  g_assert_false (ah_future_wait (future, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  g_clear_error (&error);
  g_assert_cmpuint (ah_test_count_handlers (cancellable), ==, 0);

  /* cancelled already: at once */
  g_assert_false (ah_future_wait (future, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  g_assert_false (ah_future_get_done (future));
  ah_test_gate_open (&holder.gate);
  g_assert_true (ah_future_wait (future, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (ah_future_get_value (future, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (holder.n_ended, ==, 1);

  g_clear_object (&future);
  g_clear_object (&function);
  g_clear_object (&cancellable);
  ah_test_assert_released ();
  ah_test_gate_clear (&holder.gate);
}

/* Dropping a future cancels nothing: all the same the functions run to their end. */
static void
count (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_assert_false (cancellable != NULL && g_cancellable_is_cancelled (cancellable));
  g_atomic_int_inc ((int *) user_data);
}

static void
count_async (GTask *task, gpointer user_data)
{
  ah_test_track (task);
  count (g_task_get_cancellable (task), NULL, user_data, NULL);
  g_task_return_value (task, NULL);
}

static void
test_dropped (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_autoptr (AhBatch) batch = ah_test_track (ah_serial_new ());
  int n_run = 0;

  for (int i = 0; i < 20; i++)
    {
      ah_batch_schedule_blocking (batch, count, &n_run, NULL);
      ah_batch_schedule_async (batch, count_async, &n_run, NULL);
    }
  g_object_unref (start (way, AH_FUNCTION (batch)));
  g_clear_object (&batch);
  ah_test_iterate_until (g_atomic_int_get (&n_run) == 40);
  ah_test_assert_released ();
}

/* A background run needs nobody's loop: not even for async functions. */
static void
test_background_alone (void)
{
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_autoptr (AhFuture) future = NULL;
  int n_run = 0;

  for (int i = 0; i < 20; i++)
    {
      ah_batch_schedule_blocking (batch, count, &n_run, NULL);
      ah_batch_schedule_async (batch, count_async, &n_run, NULL);
    }
  future = start (AH_TEST_WAY_BACKGROUND, AH_FUNCTION (batch));
  ah_test_wait_until (g_atomic_int_get (&n_run) == 40 && ah_future_get_done (future));
  g_clear_object (&future);
  g_clear_object (&batch);
  ah_test_assert_released ();
}

/* Several threads and callbacks wait for one future. */
typedef struct
{
  AhFuture *future;
  int n_waiting; /* atomic */
  int n_waited;  /* atomic */
} Waiters;

static gpointer
wait_in_thread (gpointer data)
{
  Waiters *waiters = data;
  g_autoptr (GError) error = NULL;

  g_atomic_int_inc (&waiters->n_waiting);
  g_assert_true (ah_future_wait (waiters->future, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (ah_future_get_done (waiters->future));
  g_atomic_int_inc (&waiters->n_waited);
  return NULL;
}

static void
on_waited (GObject *source, GAsyncResult *async_result, gpointer data)
{
  Waiters *waiters = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (source == G_OBJECT (waiters->future));
  g_assert_true (ah_future_wait_finish (AH_FUTURE (source), async_result, &error));
  g_assert_no_error (error);
  g_assert_true (ah_future_get_done (waiters->future));
  g_atomic_int_inc (&waiters->n_waited);
}

static void
on_wait_cancelled (GObject *source, GAsyncResult *async_result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (ah_future_wait_finish (AH_FUTURE (source), async_result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  (*(int *) data)++;
}

static void
test_waiters (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_autoptr (GCancellable) cancellable = ah_test_track (g_cancellable_new ());
  Waiters waiters = { 0 };
  GThread *threads[4];
  Holder holder;
  int n_cancelled = 0;

  holder_init (&holder);
  ah_batch_schedule_blocking (batch, hold, &holder, NULL);
  ah_batch_schedule_async (batch, give_async, NULL, NULL);
  waiters.future = start (way, AH_FUNCTION (batch));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("waiter", wait_in_thread, &waiters);
  for (int i = 0; i < 4; i++)
    ah_future_wait_async (waiters.future, NULL, on_waited, &waiters);
  ah_future_wait_async (waiters.future, cancellable, on_wait_cancelled, &n_cancelled);
  ah_test_iterate_until (g_atomic_int_get (&waiters.n_waiting) == G_N_ELEMENTS (threads));
  g_cancellable_cancel (cancellable);
  ah_test_iterate_until (n_cancelled == 1);
  g_assert_cmpint (g_atomic_int_get (&waiters.n_waited), ==, 0);

  ah_test_gate_open (&holder.gate);
  ah_test_iterate_until (g_atomic_int_get (&waiters.n_waited) == 8);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  /* after the end, too: at once, but not inside the call */
  ah_future_wait_async (waiters.future, NULL, on_waited, &waiters);
  g_assert_cmpint (waiters.n_waited, ==, 8);
  ah_test_iterate_until (waiters.n_waited == 9);

  g_clear_object (&waiters.future);
  g_clear_object (&batch);
  g_clear_object (&cancellable);
  ah_test_assert_released ();
  ah_test_gate_clear (&holder.gate);
}

/* Guarantee 13: to wait in a dispatch for what needs a later dispatch of the same context. */
static gpointer
wait_in_dispatch (gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (ah_future_wait (data, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  return NULL;
}

static void
test_would_block (void)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (AhFunction) function = ah_test_track (ah_function_new_async (keep_task, tasks, NULL));
  g_autoptr (AhFuture) future = ah_test_track (ah_start (function, NULL));

  ah_test_in_dispatch (wait_in_dispatch, future);
  ah_test_iterate_until (tasks->len == 1);
  ah_test_in_dispatch (wait_in_dispatch, future);
  g_assert_false (ah_future_get_done (future));
  end_kept (tasks);
  g_assert_true (ah_future_wait (future, NULL, NULL));

  g_clear_object (&future);
  g_clear_object (&function);
  ah_test_assert_released ();
}

/* From a dispatch of another context than the one that the run needs, waiting is no problem. */
static gpointer
wait_for_background (gpointer data)
{
  AhFunction *function = data;
  g_autoptr (AhFuture) future = ah_test_track (ah_queue_background_thread (function));
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_main_depth (), >, 0);
  g_assert_true (ah_future_wait (future, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (ah_future_get_value (future, NULL, &error));
  g_assert_no_error (error);
  return NULL;
}

static void
test_wait_for_background_in_dispatch (void)
{
  int n_run = 0;
  g_autoptr (AhFunction) blocking = ah_test_track (ah_function_new_blocking (count, &n_run, NULL));
  g_autoptr (AhFunction) async = ah_test_track (ah_function_new_async (count_async, &n_run, NULL));

  ah_test_in_dispatch (wait_for_background, blocking);
  ah_test_in_dispatch (wait_for_background, async);
  g_assert_cmpint (n_run, ==, 2);
  g_clear_object (&blocking);
  g_clear_object (&async);
  ah_test_assert_released ();
}

/* The main thread has pushed a context of its own, so the default one, where the run was started,
 * has nobody else (Guarantee 13). */
static void
test_would_block_below_pushed (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (AhFunction) function = ah_test_track (ah_function_new_async (give_async, NULL, NULL));
  g_autoptr (AhFuture) future = ah_test_track (ah_start (function, NULL));
  g_autoptr (GError) error = NULL;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();

  g_main_context_push_thread_default (context);
  g_assert_false (ah_future_wait (future, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_main_context_pop_thread_default (context);

  g_assert_true (ah_future_wait (future, NULL, NULL));
  g_assert_true (ah_future_get_value (future, NULL, NULL));
  g_clear_object (&future);
  g_clear_object (&function);
  ah_test_assert_released ();
}

/* Section 3: what a background run leaves behind is freed by whoever drops the future, or on the
 * context where it was queued, and never by the worker, which may be about to leave. */
#define N_RACES 400

typedef struct
{
  GThread *main_thread;
  GThread *thread;
  int n_freed; /* atomic, as the next */
  int n_astray;
} Freeing;

static void
on_freed (gpointer data)
{
  Freeing *freeing = data;

  if (g_thread_self () != freeing->thread && g_thread_self () != freeing->main_thread)
    g_atomic_int_inc (&freeing->n_astray);
  g_atomic_int_inc (&freeing->n_freed);
}

static gpointer
drop_at_end (gpointer data)
{
  Freeing *freeing = data;

  freeing->thread = g_thread_self ();
  for (int i = 0; i < N_RACES; i++)
    {
      g_autoptr (AhBatch) batch = ah_parallel_new ();
      g_autoptr (AhFuture) future = NULL;

      ah_batch_schedule_blocking (batch, give, freeing, on_freed);
      future = ah_queue_background_thread (AH_FUNCTION (batch));
      g_clear_object (&batch);
      if (i % 2 == 0)
        g_assert_true (ah_future_wait (future, NULL, NULL));
      else
        ah_test_wait_until (ah_future_get_done (future));
    }
  return NULL;
}

static void
test_background_freed (void)
{
  Freeing freeing = { .main_thread = g_thread_self () };

  ah_test_in_new_thread (drop_at_end, &freeing);
  ah_test_iterate_until (g_atomic_int_get (&freeing.n_freed) == N_RACES);
  g_assert_cmpint (freeing.n_astray, ==, 0);
}

/* A cancelled future ends as any cancelled run. */
static void
test_cancel (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_autoptr (AhBatch) batch = ah_test_track (ah_serial_new ());
  g_autoptr (AhFuture) future = NULL;
  g_autoptr (GError) error = NULL;
  Holder holder;
  int n_run = 0;

  holder_init (&holder);
  ah_batch_schedule_blocking (batch, hold, &holder, NULL);
  ah_batch_schedule_blocking (batch, count, &n_run, NULL);
  future = start (way, AH_FUNCTION (batch));
  ah_test_iterate_until (g_atomic_int_get (&holder.n_begun) == 1);
  ah_future_cancel (future);
  ah_future_cancel (future);

  /* the function does not look at its cancellable, and delays the end (Guarantee 3) */
  g_assert_false (ah_future_get_done (future));
  ah_test_gate_open (&holder.gate);
  g_assert_true (ah_future_wait (future, NULL, NULL));
  g_assert_cmpint (holder.n_ended, ==, 1);
  g_assert_null (ah_future_get_results (future, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (ah_future_get_failed_index (future), ==, -1);
  g_assert_cmpint (n_run, ==, 0);
  g_clear_object (&future);
  g_clear_object (&batch);
  ah_test_assert_released ();
  ah_test_gate_clear (&holder.gate);
}

typedef struct
{
  const char *name;
  GTestDataFunc func;
} Test;

static const Test tests[] = {
  { "outcome", test_outcome },
  { "batch-outcome", test_batch_outcome },
  { "failed", test_failed },
  { "progress", test_progress },
  { "wait-cancelled", test_wait_cancelled },
  { "dropped", test_dropped },
  { "waiters", test_waiters },
  { "cancel", test_cancel },
};

int
main (int argc, char *argv[])
{
  static const AhTestWay ways[] = { AH_TEST_WAY_START_WAIT, AH_TEST_WAY_BACKGROUND };

  ah_test_init (&argc, &argv);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    for (guint way = 0; way < G_N_ELEMENTS (ways); way++)
      {
        g_autofree char *path
            = g_strdup_printf ("/future/%s/%s", tests[i].name, way == 0 ? "start" : "background");

        g_test_add_data_func (path, &ways[way], tests[i].func);
      }
  g_test_add_func ("/future/background-alone", test_background_alone);
  g_test_add_func ("/future/background-freed", test_background_freed);
  g_test_add_func ("/future/would-block", test_would_block);
  g_test_add_func ("/future/would-block/below-pushed", test_would_block_below_pushed);
  g_test_add_func ("/future/wait-for-background-in-dispatch", test_wait_for_background_in_dispatch);

  return ah_test_run ();
}
