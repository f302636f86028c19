/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Runs that are stopped while their functions are being prepared, started or on their way. */

#include "ah-test-support.h"

/* More than are made in one dispatch. */
#define N_FUNCTIONS 600

typedef struct
{
  gint n_begun;              /* atomic */
  gint is_over;              /* atomic: no more is to be cancelled */
  gint n_rounds;             /* atomic: that the canceller has seen */
  GCancellable *cancellable; /* atomic: for the canceller, with a reference */
} Stopping;

static void
end_at_once (GTask *task, gpointer user_data)
{
  Stopping *stopping = user_data;

  g_atomic_int_inc (&stopping->n_begun);
  g_task_return_value (task, NULL);
}

static void
fail_at_once (GTask *task, gpointer user_data)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "as asked for");
}

static void
end_when_cancelled (GTask *task, gpointer user_data)
{
  Stopping *stopping = user_data;

  g_atomic_int_inc (&stopping->n_begun);
  ah_test_iterate_until (g_cancellable_is_cancelled (g_task_get_cancellable (task)));
  g_task_return_value (task, NULL);
}

static AhBatch *
new_batch (Stopping *stopping)
{
  AhBatch *batch = ah_test_track (ah_parallel_new ());

  for (guint i = 0; i < N_FUNCTIONS; i++)
    ah_batch_schedule_async (batch, end_at_once, stopping, NULL);
  return batch;
}

static gpointer
cancel_again_and_again (gpointer data)
{
  Stopping *stopping = data;

  while (!g_atomic_int_get (&stopping->is_over))
    {
      g_autoptr (GCancellable) cancellable
          = g_atomic_pointer_exchange (&stopping->cancellable, NULL);

      if (cancellable == NULL)
        continue;

      for (volatile int i = g_random_int_range (0, 20000); i > 0; i--)
        ;
      g_cancellable_cancel (cancellable);
      g_atomic_int_inc (&stopping->n_rounds);
    }

  return NULL;
}

/* Guarantees 2, 3 and 5: cancelled from another thread at any moment of its beginning, a run ends
 * once, and what it has prepared goes with it. */
static void
test_cancel_any_time (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  Stopping stopping = { 0 };
  g_autoptr (AhBatch) batch = new_batch (&stopping);
  GThread *canceller = g_thread_new ("canceller", cancel_again_and_again, &stopping);

  for (int round = 0; round < 300; round++)
    {
      g_auto (AhTestOutcome) outcome = { 0 };
      AhTestStop stop;

      g_atomic_int_set (&stopping.n_begun, 0);
      ah_test_stop_init (&stop, way);
      g_atomic_pointer_set (&stopping.cancellable, g_object_ref (stop.cancellable));
      ah_test_way_run_batch (way, batch, &stop, &outcome);

      if (outcome.results)
        g_assert_cmpint (stopping.n_begun, ==, N_FUNCTIONS);
      else
        g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpint (stopping.n_begun, <=, N_FUNCTIONS);

      ah_test_wait_until (g_atomic_int_get (&stopping.n_rounds) > round);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      ah_test_stop_clear (&stop);
    }

  g_atomic_int_set (&stopping.is_over, TRUE);
  g_thread_join (canceller);
  g_clear_object (&batch);
  ah_test_assert_released ();
}

/* Guarantee 4: the first one fails while hundreds have been prepared; leak checkers see what is
 * lost. */
static void
test_failure_while_prepared (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  Stopping stopping = { 0 };
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_auto (AhTestOutcome) outcome = { 0 };

  ah_batch_schedule_async (batch, fail_at_once, NULL, NULL);
  for (guint i = 0; i < N_FUNCTIONS; i++)
    ah_batch_schedule_async (batch, end_at_once, &stopping, NULL);

  ah_test_way_run_batch (way, batch, NULL, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpint (stopping.n_begun, ==, 0);
  g_clear_object (&batch);
  ah_test_assert_released ();
}

/* Nothing stays behind on a context that the blocking thread gives up: leak checkers see it. */
static void
test_context_given_up (void)
{
  for (int round = 0; round < 10; round++)
    {
      g_autoptr (GMainContext) context = g_main_context_new ();
      g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
      g_autoptr (GError) error = NULL;

      ah_batch_schedule_async (batch, fail_at_once, NULL, NULL);
      g_main_context_push_thread_default (context);
      g_assert_null (ah_batch_block (batch, NULL, &error));
      g_main_context_pop_thread_default (context);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
    }
  ah_test_assert_released ();
}

/* A function that iterates its context until it is cancelled gets its cancelling there. */
static void
test_cancelled_in_own_iteration (void)
{
  Stopping stopping = { 0 };
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_autoptr (GError) error = NULL;

  ah_batch_schedule_async (batch, end_when_cancelled, &stopping, NULL);
  ah_batch_schedule_async (batch, fail_at_once, NULL, NULL);
  g_assert_null (ah_batch_block (batch, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpint (stopping.n_begun, ==, 1);
  g_clear_object (&batch);
  ah_test_assert_released ();
}

typedef struct
{
  AhTestGate is_ready;
  AhBatch *inner;
  gint n_handled; /* atomic */
} Handling;

static void
answer (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_value_set_int (g_value_init (result, G_TYPE_INT), 42);
}

static void
run_in_handler (GCancellable *cancellable, gpointer data)
{
  Handling *handling = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = ah_batch_block (handling->inner, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (ah_test_get_int (results, 0), ==, 42);
  g_atomic_int_inc (&handling->n_handled);
}

static void
handle_cancelling (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Handling *handling = user_data;
  gulong id = g_signal_connect (cancellable, "cancelled", G_CALLBACK (run_in_handler), handling);

  ah_test_gate_open (&handling->is_ready);
  ah_test_wait_until (g_atomic_int_get (&handling->n_handled) > 0);
  g_signal_handler_disconnect (cancellable, id);
}

static void
fail_when_ready (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Handling *handling = user_data;

  ah_test_gate_wait (&handling->is_ready);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY, "as asked for");
}

/* Guarantee 12: the failure of a nested batch cancels a function whose handler runs batches, one of
 * them nested again, while the library is in the middle of ending the failed one. */
static void
test_batch_in_handler (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  Handling handling = { .inner = ah_test_track (ah_serial_new ()) };
  g_autoptr (AhBatch) nested = ah_test_track (ah_serial_new ());
  g_autoptr (AhBatch) inmost = ah_test_track (ah_parallel_new ());
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_autoptr (GError) error = NULL;

  ah_test_gate_init (&handling.is_ready);
  ah_batch_schedule_blocking (inmost, answer, NULL, NULL);
  ah_batch_schedule_blocking (handling.inner, answer, NULL, NULL);
  ah_batch_schedule (handling.inner, AH_FUNCTION (inmost));
  ah_batch_schedule_blocking (nested, fail_when_ready, &handling, NULL);
  ah_batch_schedule_blocking (batch, handle_cancelling, &handling, NULL);
  ah_batch_schedule (batch, AH_FUNCTION (nested));

  g_assert_null (ah_batch_block (batch, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpint (handling.n_handled, ==, 1);

  g_clear_object (&batch);
  g_clear_object (&nested);
  g_clear_object (&inmost);
  g_clear_object (&handling.inner);
  ah_test_gate_clear (&handling.is_ready);
  ah_test_assert_released ();
}

/* A value that is in use would be overwritten, and lost. */
static void
test_value_in_use (void)
{
  g_autoptr (AhBatch) batch = ah_serial_new ();
  g_auto (GValue) value = G_VALUE_INIT;
  g_autoptr (GError) error = NULL;

  g_value_set_int (g_value_init (&value, G_TYPE_INT), 5);
  ah_test_log_begin ();
  g_assert_false (ah_block (AH_FUNCTION (batch), NULL, &value, &error));
  ah_test_log_end_one ("*G_VALUE_TYPE (result)*");
  g_assert_cmpint (g_value_get_int (&value), ==, 5);
}

/* --- A future that is dropped while it cancels --- */

typedef struct
{
  AhFuture *future; /* the only reference */
  gint begun;       /* atomic */
  gint cancelled;   /* atomic */
  gint ended;       /* atomic */
} Dropped;

static void
drop_future (GCancellable *cancellable G_GNUC_UNUSED, gpointer user_data)
{
  Dropped *dropped = user_data;

  g_clear_object (&dropped->future);
  g_atomic_int_set (&dropped->cancelled, TRUE);
}

static void
wait_for_drop (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Dropped *dropped = user_data;
  gulong id = g_signal_connect (cancellable, "cancelled", G_CALLBACK (drop_future), dropped);

  g_atomic_int_set (&dropped->begun, TRUE);
  ah_test_wait_until (g_atomic_int_get (&dropped->cancelled));
  g_signal_handler_disconnect (cancellable, id);
  g_atomic_int_set (&dropped->ended, TRUE);
}

static void
test_drop_in_handler (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  Dropped dropped = { NULL };
  AhBatch *batch = ah_test_track (ah_parallel_new ());

  ah_batch_schedule_blocking (batch, wait_for_drop, &dropped, NULL);
  dropped.future = ah_queue_background_thread (AH_FUNCTION (batch));
  g_object_unref (batch);
  ah_test_wait_until (g_atomic_int_get (&dropped.begun));

  ah_future_cancel (dropped.future);
  g_assert_null (dropped.future);
  ah_test_wait_until (g_atomic_int_get (&dropped.ended));
  ah_test_assert_released ();
}

int
main (int argc, char **argv)
{
  static const AhTestWay ways[] = { AH_TEST_WAY_BLOCK, AH_TEST_WAY_RUN_ASYNC,
                                    AH_TEST_WAY_START_WAIT, AH_TEST_WAY_START_LOOP };

  ah_test_init (&argc, &argv);

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      const char *name = ah_test_way_get_name (ways[i]);
      g_autofree char *any_time = g_strdup_printf ("/stopping/any-time/%s", name);
      g_autofree char *prepared = g_strdup_printf ("/stopping/prepared/%s", name);

      g_test_add_data_func (any_time, &ways[i], test_cancel_any_time);
      g_test_add_data_func (prepared, &ways[i], test_failure_while_prepared);
    }
  g_test_add_func ("/stopping/context-given-up", test_context_given_up);
  g_test_add_func ("/stopping/own-iteration", test_cancelled_in_own_iteration);
  g_test_add_func ("/stopping/batch-in-handler", test_batch_in_handler);
  g_test_add_func ("/stopping/value-in-use", test_value_in_use);
  g_test_add_func ("/stopping/drop-in-handler", test_drop_in_handler);

  return ah_test_run ();
}
