/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-support.h"

/* The home of a function (section 3): it is called, cancelled and freed in a dispatch of that
 * context, or refused. */

/* A visitor of its home; every visit is checked. */
typedef struct
{
  GMainContext *home;
  GThread *thread; /* that dispatches the home */
  gboolean holds;  /* ends only when it is cancelled */
  AhTestStop *stop;
  int n_calls; /* atomic, as the following */
  int n_cancelled;
  int n_freed;
} Visitor;

static void
check_at_home (Visitor *visitor)
{
  g_assert_true (g_thread_self () == visitor->thread);
  g_assert_true (g_main_context_is_owner (visitor->home));
  g_assert_cmpint (g_main_depth (), >, 0);
  g_assert_true (g_source_get_context (g_main_current_source ()) == visitor->home);
}

static void
visitor_free (gpointer data)
{
  Visitor *visitor = data;

  check_at_home (visitor);
  g_atomic_int_inc (&visitor->n_freed);
}

static void
visit_blocking (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Visitor *visitor = user_data;

  check_at_home (visitor);
  g_atomic_int_inc (&visitor->n_calls);
  g_value_set_int (g_value_init (result, G_TYPE_INT), 11);
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  GTask *task = data;
  Visitor *visitor = g_task_get_task_data (task);

  check_at_home (visitor);
  g_atomic_int_inc (&visitor->n_cancelled);
  g_task_return_error_if_cancelled (task);
  g_object_unref (task);
}

static gboolean
on_visited (gpointer data)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_set_int (g_value_init (&value, G_TYPE_INT), 11);
  g_task_return_value (data, &value);
  return G_SOURCE_REMOVE;
}

static void
visit_async (GTask *task, gpointer user_data)
{
  Visitor *visitor = user_data;
  g_autoptr (GSource) source = NULL;

  check_at_home (visitor);
  ah_test_track (task);
  g_atomic_int_inc (&visitor->n_calls);
  g_task_set_task_data (task, visitor, NULL);

  if (visitor->holds)
    {
      g_signal_connect (g_task_get_cancellable (task), "cancelled", G_CALLBACK (on_cancelled),
                        g_object_ref (task));
      if (visitor->stop != NULL)
        ah_test_gate_open (&visitor->stop->has_future);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_callback (source, on_visited, g_object_ref (task), g_object_unref);
  g_source_attach (source, visitor->home);
}

static AhFunction *
new_visit (Visitor *visitor, gboolean is_async)
{
  AhFunction *function = is_async
                             ? ah_function_new_async (visit_async, visitor, visitor_free)
                             : ah_function_new_blocking (visit_blocking, visitor, visitor_free);

  ah_function_set_home (function, visitor->home);
  return ah_test_track (function);
}

typedef struct
{
  AhTestWay way;
  gboolean is_async;
  gboolean is_abroad; /* the home is dispatched by another thread */
} Params;

static void
visitor_init (Visitor *visitor, const Params *params)
{
  *visitor = (Visitor){ 0 };
  if (params->is_abroad)
    {
      visitor->home = ah_test_get_other_context ();
      visitor->thread = ah_test_get_other_thread ();
    }
  else
    {
      visitor->home = g_main_context_default ();
      visitor->thread = g_thread_self ();
    }
}

/* Waits until the function is freed, and then until nothing of it is left. */
static void
visitor_end (Visitor *visitor, int n_functions)
{
  ah_test_iterate_until (g_atomic_int_get (&visitor->n_freed) == n_functions);
  ah_test_assert_released ();
}

static gboolean
drop_visit (gpointer data)
{
  g_object_unref (data);
  return G_SOURCE_REMOVE;
}

/* Drops the test's reference where a binding would: at home. */
static void
drop_at_home (const Params *params, AhFunction *function)
{
  if (params->is_abroad)
    ah_test_call_in (ah_test_get_other_context (), drop_visit, function);
  else
    g_object_unref (function);
}

static void
test_single (gconstpointer data)
{
  const Params *params = data;
  Visitor visitor;
  AhFunction *function;
  g_auto (GValue) value = G_VALUE_INIT;
  g_autoptr (GError) error = NULL;

  visitor_init (&visitor, params);
  function = new_visit (&visitor, params->is_async);
  g_assert_true (ah_test_way_run_function (params->way, function, NULL, &value, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_value_get_int (&value), ==, 11);
  g_assert_cmpint (visitor.n_calls, ==, 1);
  drop_at_home (params, function);
  visitor_end (&visitor, 1);
}

static void
plain_blocking (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_value_set_int (g_value_init (result, G_TYPE_INT), 12);
}

/* Functions with a home among others without; the batch holds the last references, so the library
 * must bring them home. */
static void
test_batch (gconstpointer data)
{
  const Params *params = data;
  Visitor visitor;
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_auto (AhTestOutcome) outcome = { 0 };

  visitor_init (&visitor, params);
  for (int i = 0; i < 20; i++)
    {
      g_autoptr (AhFunction) function = NULL;

      if (i % 2 == 0)
        {
          ah_batch_schedule_blocking (batch, plain_blocking, NULL, NULL);
          continue;
        }
      function = new_visit (&visitor, params->is_async);
      ah_batch_schedule (batch, function);
    }

  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (ah_test_get_int (outcome.results, i), ==, i % 2 == 0 ? 12 : 11);
  g_assert_cmpint (visitor.n_calls, ==, 10);
  g_clear_object (&batch);
  visitor_end (&visitor, 10);
}

static gpointer
cancel_at_gate (gpointer data)
{
  AhTestStop *stop = data;

  ah_test_gate_wait (&stop->has_future);
  g_cancellable_cancel (stop->cancellable);
  return NULL;
}

/* A cancellation from yet another thread reaches the function in a dispatch of its home. */
static void
test_cancelled (gconstpointer data)
{
  const Params *params = data;
  Visitor visitor;
  AhFunction *function;
  g_autoptr (GError) error = NULL;
  AhTestStop stop;
  GThread *thread;

  visitor_init (&visitor, params);
  ah_test_stop_init (&stop, params->way);
  visitor.holds = TRUE;
  visitor.stop = &stop;
  function = new_visit (&visitor, TRUE);
  thread = g_thread_new ("cancel", cancel_at_gate, &stop);
  g_assert_false (ah_test_way_run_function (params->way, function, stop.cancellable, NULL, &error));
  g_thread_join (thread);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (visitor.n_calls, ==, 1);
  g_assert_cmpint (visitor.n_cancelled, ==, 1);
  drop_at_home (params, function);
  ah_test_stop_clear (&stop);
  visitor_end (&visitor, 1);
}

/* A background run has no way to go there: its future has already failed. */
static void
test_background (void)
{
  for (int is_async = FALSE; is_async <= TRUE; is_async++)
    {
      const Params params = { .way = AH_TEST_WAY_BACKGROUND, .is_async = is_async };
      Visitor visitor;
      g_autoptr (AhFunction) function = NULL;
      g_autoptr (AhFuture) future = NULL;
      g_autoptr (GError) error = NULL;

      visitor_init (&visitor, &params);
      function = new_visit (&visitor, is_async);
      future = ah_test_track (ah_queue_background_thread (function));
      g_assert_true (ah_future_get_done (future));
      g_assert_false (ah_future_get_value (future, NULL, &error));
      g_assert_error (error, AH_RUN_ERROR, AH_RUN_ERROR_HOME);
      g_assert_cmpint (visitor.n_calls, ==, 0);
      g_clear_object (&future);
      g_clear_object (&function);
      visitor_end (&visitor, 1);
    }
}

/* The same for one that is hidden in a nested batch. */
static void
test_background_nested (void)
{
  const Params params = { .way = AH_TEST_WAY_BACKGROUND };
  Visitor visitor;
  g_autoptr (AhFuture) future = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (AhBatch) outer = ah_test_track (ah_serial_new ());
  g_autoptr (AhBatch) inner = ah_test_track (ah_parallel_new ());
  g_autoptr (AhFunction) function = NULL;

  visitor_init (&visitor, &params);
  function = new_visit (&visitor, FALSE);
  ah_batch_schedule (inner, function);
  ah_batch_schedule (outer, AH_FUNCTION (inner));

  future = ah_test_track (ah_queue_background_thread (AH_FUNCTION (outer)));
  g_assert_true (ah_future_wait (future, NULL, NULL));
  g_assert_false (ah_future_get_value (future, NULL, &error));
  g_assert_error (error, AH_RUN_ERROR, AH_RUN_ERROR_HOME);
  g_assert_cmpint (visitor.n_calls, ==, 0);
  g_clear_object (&future);
  g_clear_object (&function);
  g_clear_object (&inner);
  g_clear_object (&outer);
  visitor_end (&visitor, 1);
}

static gpointer
block_in_dispatch (gpointer data)
{
  AhFunction *function = data;
  g_autoptr (AhBatch) batch = ah_parallel_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_main_depth (), >, 0);
  g_assert_false (ah_block (function, NULL, NULL, &error));
  g_assert_error (error, AH_RUN_ERROR, AH_RUN_ERROR_HOME);
  g_clear_error (&error);

  ah_batch_schedule (batch, function);
  results = ah_batch_block (batch, NULL, &error);
  g_assert_null (results);
  g_assert_error (error, AH_RUN_ERROR, AH_RUN_ERROR_HOME);
  return NULL;
}

/* To block in a dispatch of the home would wait for ever for the next dispatch: refused at once. */
static void
test_block_in_dispatch (void)
{
  for (int is_async = FALSE; is_async <= TRUE; is_async++)
    {
      const Params params = { .is_async = is_async };
      Visitor visitor;
      g_autoptr (AhFunction) function = NULL;

      visitor_init (&visitor, &params);
      function = new_visit (&visitor, is_async);
      ah_test_in_dispatch (block_in_dispatch, function);
      g_assert_cmpint (visitor.n_calls, ==, 0);
      g_clear_object (&function);
      visitor_end (&visitor, 1);
    }
}

/* The same where the default context stands still below one that the main thread has pushed. */
static void
test_block_below_pushed (void)
{
  for (int is_async = FALSE; is_async <= TRUE; is_async++)
    {
      const Params params = { .is_async = is_async };
      Visitor visitor;
      g_autoptr (AhFunction) function = NULL;
      g_autoptr (GMainContext) context = g_main_context_new ();
      g_autoptr (GError) error = NULL;
      g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();

      visitor_init (&visitor, &params);
      function = new_visit (&visitor, is_async);
      g_main_context_push_thread_default (context);
      g_assert_false (ah_block (function, NULL, NULL, &error));
      g_assert_error (error, AH_RUN_ERROR, AH_RUN_ERROR_HOME);
      g_main_context_pop_thread_default (context);
      g_assert_cmpint (visitor.n_calls, ==, 0);
      g_clear_object (&function);
      visitor_end (&visitor, 1);
    }
}

/* Guarantee 13: a run of another thread, which has a loop of its own, but a function that is at
 * home where somebody wants to wait for it. */
typedef struct
{
  AhBatch *batch;
  AhFuture *future;
} Started;

static gboolean
start_abroad (gpointer data)
{
  Started *started = data;

  started->future = ah_test_track (ah_start (AH_FUNCTION (started->batch), NULL));
  return G_SOURCE_REMOVE;
}

static gpointer
wait_at_home (gpointer data)
{
  Started *started = data;
  g_autoptr (GError) error = NULL;

  ah_test_call_in (ah_test_get_other_context (), start_abroad, started);
  g_assert_false (ah_future_wait (started->future, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  return NULL;
}

static void
test_wait_at_home (gconstpointer data)
{
  const Params params = { .is_async = GPOINTER_TO_INT (data) };
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_autoptr (AhFunction) function = NULL;
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;
  Started started = { .batch = batch };
  Visitor visitor;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();

  visitor_init (&visitor, &params);
  function = new_visit (&visitor, params.is_async);
  ah_batch_schedule (batch, function);
  ah_test_in_dispatch (wait_at_home, &started);

  /* outside of a dispatch the home is served meanwhile */
  g_assert_true (ah_future_wait (started.future, NULL, &error));
  g_assert_no_error (error);
  results = ah_future_get_results (started.future, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ah_test_get_int (results, 0), ==, 11);
  g_clear_object (&started.future);
  g_clear_object (&function);
  g_clear_object (&batch);
  visitor_end (&visitor, 1);
}

/* Guarantee 5: stopped while a function is on its way to a home that nobody iterates, the run ends,
 * and the function is never called. */
static void
stop_run (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  ah_test_stop_pull (user_data);
}

static void
test_standing (AhTestWay way, gboolean times_out)
{
  g_autoptr (GMainContext) home = g_main_context_new ();
  Visitor visitor = { .home = home, .thread = g_thread_self () };
  g_auto (AhTestOutcome) outcome = { 0 };
  AhTestStop stop;
  int code = times_out ? G_IO_ERROR_TIMED_OUT : G_IO_ERROR_CANCELLED;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();

  ah_test_stop_init (&stop, way);
  for (int is_async = FALSE; is_async <= TRUE; is_async++)
    {
      g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
      g_autoptr (AhFunction) function = new_visit (&visitor, is_async);

      ah_batch_schedule (batch, function);
      if (times_out)
        ah_batch_set_timeout (batch, 1);
      else
        ah_batch_schedule_blocking (batch, stop_run, &stop, NULL);
      ah_test_way_run_batch (way, batch, &stop, &outcome);
      g_assert_error (outcome.error, G_IO_ERROR, code);
      ah_test_outcome_clear (&outcome);
      ah_test_stop_clear (&stop);
      ah_test_stop_init (&stop, way);
    }
  ah_test_stop_clear (&stop);

  /* its freeing is all that may come home yet */
  while (g_atomic_int_get (&visitor.n_freed) < 2)
    g_main_context_iteration (home, TRUE);
  while (g_main_context_iteration (home, FALSE))
    ;
  g_assert_cmpint (visitor.n_calls, ==, 0);
  visitor_end (&visitor, 2);
}

static void
test_standing_cancelled (gconstpointer data)
{
  test_standing (*(const AhTestWay *) data, FALSE);
}

static void
test_standing_timed_out (gconstpointer data)
{
  test_standing (*(const AhTestWay *) data, TRUE);
}

/* The function ends in the thread of its home while the one that blocks is awake, and so may be
 * gone with all of the run before that other thread is (Guarantee 3). */
#define N_RACES 300

static void
end_at_home (GTask *task, gpointer user_data)
{
  gboolean is_later = GPOINTER_TO_INT (user_data);
  g_autoptr (GSource) source = NULL;

  if (!is_later)
    {
      on_visited (task);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_callback (source, on_visited, g_object_ref (task), g_object_unref);
  g_source_attach (source, ah_test_get_other_context ());
}

static gpointer
block_awake (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) source = ah_test_keep_awake (context);

  g_main_context_push_thread_default (context);
  for (int i = 0; i < N_RACES; i++)
    {
      g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
      g_autoptr (AhFunction) function = NULL;
      g_autoptr (GArray) results = NULL;
      g_autoptr (GError) error = NULL;

      if (i % 3 == 0)
        function = ah_function_new_blocking (plain_blocking, NULL, NULL);
      else
        function = ah_function_new_async (end_at_home, GINT_TO_POINTER (i % 3 == 1), NULL);
      ah_function_set_home (function, ah_test_get_other_context ());
      ah_batch_schedule (batch, function);
      results = ah_batch_block (batch, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (ah_test_get_int (results, 0), ==, i % 3 == 0 ? 12 : 11);
    }
  g_source_destroy (source);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_ends_in_race (void)
{
  ah_test_in_new_thread (block_awake, NULL);
  ah_test_assert_released ();
}

/* The home is fixed once the function is in use. */
static void
test_property (void)
{
  g_autoptr (AhFunction) run
      = ah_test_track (ah_function_new_blocking (plain_blocking, NULL, NULL));
  g_autoptr (AhFunction) scheduled
      = ah_test_track (ah_function_new_blocking (plain_blocking, NULL, NULL));
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_autoptr (GMainContext) home = NULL;

  g_assert_null (ah_function_get_home (run));
  g_object_set (run, "home", ah_test_get_other_context (), NULL);
  g_object_get (run, "home", &home, NULL);
  g_assert_true (home == ah_test_get_other_context ());
  ah_function_set_home (run, NULL);
  g_assert_null (ah_function_get_home (run));

  g_assert_true (ah_block (run, NULL, NULL, NULL));
  ah_test_log_begin ();
  ah_function_set_home (run, ah_test_get_other_context ());
  ah_test_log_end_one ("*");
  g_assert_null (ah_function_get_home (run));

  ah_batch_schedule (batch, scheduled);
  ah_test_log_begin ();
  ah_function_set_home (scheduled, ah_test_get_other_context ());
  ah_test_log_end_one ("*");
  g_assert_null (ah_function_get_home (scheduled));
}

static void
add_product (const char *name, GTestDataFunc func, gboolean only_async)
{
  for (AhTestWay way = 0; way < AH_TEST_WAY_BACKGROUND; way++)
    for (int is_async = only_async; is_async <= TRUE; is_async++)
      for (int is_abroad = FALSE; is_abroad <= TRUE; is_abroad++)
        {
          Params *params = g_new (Params, 1);
          g_autofree char *path
              = g_strdup_printf ("/home/%s/%s/%s/%s", name, is_async ? "async" : "blocking",
                                 is_abroad ? "abroad" : "here", ah_test_way_get_name (way));

          *params = (Params){ way, is_async, is_abroad };
          g_test_add_data_func_full (path, params, func, g_free);
        }
}

int
main (int argc, char *argv[])
{
  static AhTestWay ways[AH_TEST_WAY_BACKGROUND];

  ah_test_init (&argc, &argv);

  add_product ("single", test_single, FALSE);
  add_product ("batch", test_batch, FALSE);
  add_product ("cancelled", test_cancelled, TRUE);
  g_test_add_func ("/home/background", test_background);
  g_test_add_func ("/home/background/nested", test_background_nested);
  g_test_add_func ("/home/block-in-dispatch", test_block_in_dispatch);
  g_test_add_func ("/home/block-below-pushed", test_block_below_pushed);
  g_test_add_data_func ("/home/wait-at-home/blocking", GINT_TO_POINTER (FALSE), test_wait_at_home);
  g_test_add_data_func ("/home/wait-at-home/async", GINT_TO_POINTER (TRUE), test_wait_at_home);
  for (AhTestWay way = 0; way < AH_TEST_WAY_BACKGROUND; way++)
    {
      const char *name = ah_test_way_get_name (way);
      g_autofree char *cancelled = g_strdup_printf ("/home/standing/cancelled/%s", name);
      g_autofree char *timed_out = g_strdup_printf ("/home/standing/timed-out/%s", name);

      ways[way] = way;
      g_test_add_data_func (cancelled, &ways[way], test_standing_cancelled);
      g_test_add_data_func (timed_out, &ways[way], test_standing_timed_out);
    }
  g_test_add_func ("/home/ends-in-race", test_ends_in_race);
  g_test_add_func ("/home/property", test_property);

  return ah_test_run ();
}
