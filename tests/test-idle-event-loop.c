/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-support.h"

/* Guarantee 7: the loop that is entered is idle, and everything is as before once it is left. */

/* A source's callback that says that it was dispatched. */
static gboolean
on_dispatched (gpointer data)
{
  g_atomic_int_inc ((int *) data);
  return G_SOURCE_REMOVE;
}

static void
attach (GMainContext *context, GSourceFunc func, gpointer data)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, func, data, NULL);
  g_source_attach (source, context);
}

/* Whether @loop can be used at all: it is thread default, owned here, and dispatches. */
static void
check_usable (AhIdleEventLoop *loop)
{
  GMainContext *context = ah_idle_event_loop_get_context (loop);
  g_autoptr (GMainContext) thread_default = g_main_context_ref_thread_default ();
  int n_dispatched = 0;

  g_assert_nonnull (context);
  g_assert_true (thread_default == context);
  g_assert_true (g_main_context_is_owner (context));

  attach (context, on_dispatched, &n_dispatched);
  while (n_dispatched == 0)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpint (n_dispatched, ==, 1);
}

/* The main thread, idle: its own context is the idle one. */
static void
test_main_idle (void)
{
  AhIdleEventLoop *loop = ah_idle_event_loop_enter ();

  check_usable (loop);
  g_assert_true (ah_idle_event_loop_get_context (loop) == g_main_context_default ());
  ah_idle_event_loop_leave (loop);
  g_assert_null (g_main_context_get_thread_default ());
  g_assert_false (g_main_context_is_owner (g_main_context_default ()));
}

static gpointer
enter_in_dispatch (gpointer data)
{
  GMainContext *before = g_main_context_get_thread_default ();
  g_autoptr (GMainContext) outer = g_main_context_ref_thread_default ();
  int n_outer = 0;
  AhIdleEventLoop *loop;

  g_assert_cmpint (g_main_depth (), >, 0);

  /* ready all the time, and yet not to be dispatched from here */
  attach (outer, on_dispatched, &n_outer);
  loop = ah_idle_event_loop_enter ();
  g_assert_true (ah_idle_event_loop_get_context (loop) != outer);
  check_usable (loop);
  g_assert_cmpint (n_outer, ==, 0);
  ah_idle_event_loop_leave (loop);

  g_assert_cmpint (n_outer, ==, 0);
  g_assert_true (g_main_context_get_thread_default () == before);
  g_source_destroy (g_main_context_find_source_by_user_data (outer, &n_outer));
  return NULL;
}

static void
test_main_dispatch (void)
{
  ah_test_in_dispatch (enter_in_dispatch, NULL);
}

/* The same under a running GMainLoop, for which being dispatched is nothing special. */
static gboolean
enter_and_quit (gpointer data)
{
  enter_in_dispatch (NULL);
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

static void
test_main_running (void)
{
  g_autoptr (GMainLoop) main_loop = g_main_loop_new (NULL, FALSE);

  g_idle_add (enter_and_quit, main_loop);
  g_main_loop_run (main_loop);
  g_assert_false (g_main_loop_is_running (main_loop));
}

/* A thread without a context of its own: never the main thread's, though that one is its default.
 */
static gpointer
enter_in_plain_thread (gpointer data)
{
  AhIdleEventLoop *loop = ah_idle_event_loop_enter ();

  g_assert_true (ah_idle_event_loop_get_context (loop) != g_main_context_default ());
  check_usable (loop);
  ah_idle_event_loop_leave (loop);
  g_assert_null (g_main_context_get_thread_default ());
  return NULL;
}

static void
test_plain_thread (void)
{
  int n_main = 0;

  /* with nobody in the main context, it could even be acquired */
  attach (NULL, on_dispatched, &n_main);
  g_thread_join (g_thread_new ("plain", enter_in_plain_thread, NULL));
  g_assert_cmpint (n_main, ==, 0);
  ah_test_iterate_until (n_main == 1);

  ah_test_in_new_thread (enter_in_plain_thread, NULL);
}

/* A thread with a context of its own that nobody dispatches: that is the idle one. */
static gpointer
enter_in_thread_with_context (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  AhIdleEventLoop *loop;

  g_main_context_push_thread_default (context);
  loop = ah_idle_event_loop_enter ();
  g_assert_true (ah_idle_event_loop_get_context (loop) == context);
  check_usable (loop);
  ah_idle_event_loop_leave (loop);
  g_assert_true (g_main_context_get_thread_default () == context);

  /* and inside a dispatch of it, another one */
  ah_test_in_dispatch (enter_in_dispatch, NULL);
  g_assert_true (g_main_context_get_thread_default () == context);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_thread_with_context (void)
{
  g_thread_join (g_thread_new ("own", enter_in_thread_with_context, NULL));
}

/* The main thread with a context pushed. */
static void
test_main_with_context (void)
{
  enter_in_thread_with_context (NULL);
  g_assert_null (g_main_context_get_thread_default ());
}

/* A worker, inside of what the library runs there. */
static void
enter_in_worker (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  GMainContext *before = g_main_context_get_thread_default ();
  AhIdleEventLoop *loop = ah_idle_event_loop_enter ();

  g_assert_true (ah_idle_event_loop_get_context (loop) != g_main_context_default ());
  check_usable (loop);
  ah_idle_event_loop_leave (loop);
  g_assert_true (g_main_context_get_thread_default () == before);
}

static void
enter_in_async (GTask *task, gpointer user_data)
{
  enter_in_dispatch (NULL);
  g_task_return_value (task, NULL);
}

static void
test_worker (void)
{
  static const AhTestWay ways[]
      = { AH_TEST_WAY_RUN_ASYNC, AH_TEST_WAY_START_LOOP, AH_TEST_WAY_BACKGROUND };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autoptr (AhFunction) function = ah_function_new_blocking (enter_in_worker, NULL, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_true (ah_test_way_run_function (ways[i], function, NULL, NULL, &error));
      g_assert_no_error (error);
    }
}

static void
test_async_function (void)
{
  for (AhTestWay way = 0; way < AH_TEST_N_WAYS; way++)
    {
      g_autoptr (AhFunction) function = ah_function_new_async (enter_in_async, NULL, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_true (ah_test_way_run_function (way, function, NULL, NULL, &error));
      g_assert_no_error (error);
    }
}

static void
enter_deeper (guint depth)
{
  AhIdleEventLoop *loop;

  if (depth == 0)
    return;
  loop = ah_idle_event_loop_enter ();
  check_usable (loop);
  enter_deeper (depth - 1);
  check_usable (loop);
  ah_idle_event_loop_leave (loop);
}

static gpointer
enter_deep (gpointer data)
{
  GMainContext *before = g_main_context_get_thread_default ();

  enter_deeper (100);
  g_assert_true (g_main_context_get_thread_default () == before);
  return NULL;
}

static void
test_nested (void)
{
  enter_deep (NULL);
  ah_test_in_dispatch (enter_deep, NULL);
  g_thread_join (g_thread_new ("nested", enter_deep, NULL));
}

/* block () inside a loop that was entered by hand, and inside of a dispatch of it. */
static void
give_none (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
}

static void
give_none_async (GTask *task, gpointer user_data)
{
  g_task_return_value (task, NULL);
}

static gpointer
block_once (gpointer data)
{
  g_autoptr (AhBatch) batch = ah_parallel_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  ah_batch_schedule_blocking (batch, give_none, NULL, NULL);
  ah_batch_schedule_async (batch, give_none_async, NULL, NULL);
  results = ah_batch_block (batch, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (results->len, ==, 2);
  return NULL;
}

static void
test_block_inside (void)
{
  g_autoptr (AhIdleEventLoop) loop = ah_idle_event_loop_enter ();

  check_usable (loop);
  block_once (NULL);
  ah_test_in_dispatch (block_once, NULL);
  check_usable (loop);
}

/* Guarantee 7: block () in a dispatch leaves the dispatched context alone. */
static gpointer
block_in_dispatch (gpointer data)
{
  int n_outer = 0;

  g_assert_cmpint (g_main_depth (), >, 0);
  attach (g_main_context_get_thread_default (), on_dispatched, &n_outer);
  block_once (NULL);
  g_assert_cmpint (n_outer, ==, 0);
  g_source_destroy (
      g_main_context_find_source_by_user_data (g_main_context_get_thread_default (), &n_outer));
  return NULL;
}

static void
test_block_in_dispatch (void)
{
  ah_test_in_dispatch (block_in_dispatch, NULL);
}

/* A source of the idle loop waits for a blocking function of a nested batch, which the blocking
 * thread could have meant to do itself, as soon as it is back from its sources: workers are free,
 * so one has to come (Guarantee 6). */
static void
set_flag (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_atomic_int_set ((int *) user_data, TRUE);
}

static gboolean
on_wait_for_flag (gpointer data)
{
  ah_test_wait_until (g_atomic_int_get ((int *) data));
  return G_SOURCE_REMOVE;
}

static void
test_source_waits (void)
{
  for (int priority = G_PRIORITY_DEFAULT; priority <= G_PRIORITY_LOW; priority += 100)
    {
      g_autoptr (AhBatch) outer = ah_parallel_new ();
      g_autoptr (AhBatch) inner = ah_parallel_new ();
      g_autoptr (GSource) source = g_idle_source_new ();
      g_autoptr (GArray) results = NULL;
      g_autoptr (GError) error = NULL;
      int is_set = FALSE;

      /* the library's own source is there before, and so is dispatched before */
      block_once (NULL);
      ah_batch_schedule_blocking (inner, set_flag, &is_set, NULL);
      ah_batch_schedule (outer, AH_FUNCTION (inner));
      g_source_set_priority (source, priority);
      g_source_set_callback (source, on_wait_for_flag, &is_set, NULL);
      g_source_attach (source, NULL);
      results = ah_batch_block (outer, NULL, &error);
      g_assert_no_error (error);
      ah_test_iterate_until (g_source_is_destroyed (source));
    }
}

/* Left by leaving the scope, as on an error path. */
static gboolean
fail_inside (GError **error)
{
  g_autoptr (AhIdleEventLoop) loop = ah_idle_event_loop_enter ();

  check_usable (loop);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "half way");
  return FALSE;
}

static gpointer
leave_by_error (gpointer data)
{
  GMainContext *before = g_main_context_get_thread_default ();
  g_autoptr (GError) error = NULL;

  g_assert_false (fail_inside (&error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_true (g_main_context_get_thread_default () == before);
  return NULL;
}

static void
test_error_path (void)
{
  leave_by_error (NULL);
  ah_test_in_dispatch (leave_by_error, NULL);
  g_thread_join (g_thread_new ("error", leave_by_error, NULL));
}

/* Leaving dispatches what is ready, though nobody iterated: on a loop made for the occasion it
 * would else never run. The thread's own context is iterated again, so there it may also come
 * later. */
static gpointer
leave_with_ready (gpointer data)
{
  GMainContext *own = data;
  AhIdleEventLoop *loop = ah_idle_event_loop_enter ();
  gboolean is_fresh = ah_idle_event_loop_get_context (loop) != own;
  int n_dispatched = 0;

  for (int i = 0; i < 3; i++)
    attach (ah_idle_event_loop_get_context (loop), on_dispatched, &n_dispatched);
  ah_idle_event_loop_leave (loop);
  if (is_fresh)
    g_assert_cmpint (n_dispatched, ==, 3);
  else
    ah_test_iterate_until (n_dispatched == 3);
  return NULL;
}

static void
test_ready_is_dispatched (void)
{
  leave_with_ready (g_main_context_default ());
  ah_test_in_dispatch (leave_with_ready, g_main_context_default ());
  g_thread_join (g_thread_new ("ready", leave_with_ready, g_main_context_default ()));
}

/* A task that ended on the loop just before: its callback still comes, and nothing leaks. */
static void
on_task_ended (GObject *source, GAsyncResult *async_result, gpointer data)
{
  g_assert_true (g_task_propagate_boolean (G_TASK (async_result), NULL));
  (*(int *) data)++;
}

static gpointer
leave_with_task (gpointer data)
{
  GMainContext *own = data;
  AhIdleEventLoop *loop = ah_idle_event_loop_enter ();
  gboolean is_fresh = ah_idle_event_loop_get_context (loop) != own;
  GTask *task;
  int n_ended = 0;

  task = ah_test_track (g_task_new (NULL, NULL, on_task_ended, &n_ended));
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
  ah_idle_event_loop_leave (loop);
  if (is_fresh)
    g_assert_cmpint (n_ended, ==, 1);
  else
    ah_test_iterate_until (n_ended == 1);
  return NULL;
}

static void
test_ready_task (void)
{
  leave_with_task (g_main_context_default ());
  ah_test_in_dispatch (leave_with_task, g_main_context_default ());
  ah_test_assert_released ();
}

/* … a bounded number of times: a source that is always ready is no reason to stay for ever. */
static gboolean
on_always (gpointer data)
{
  (*(guint *) data)++;
  return G_SOURCE_CONTINUE;
}

static gpointer
leave_with_endless (gpointer data)
{
  AhIdleEventLoop *loop = ah_idle_event_loop_enter ();
  g_autoptr (GMainContext) context = g_main_context_ref (ah_idle_event_loop_get_context (loop));
  guint n_dispatched = 0;
  guint n_after;

  attach (context, on_always, &n_dispatched);
  ah_idle_event_loop_leave (loop);

  /* and once it is left, nobody dispatches it any more */
  n_after = n_dispatched;
  g_source_destroy (g_main_context_find_source_by_user_data (context, &n_dispatched));
  g_assert_cmpuint (n_dispatched, ==, n_after);
  return NULL;
}

static void
test_endless_source (void)
{
  leave_with_endless (NULL);
  ah_test_in_dispatch (leave_with_endless, NULL);
}

/* The wrong order: a critical says so, and in the end all is as before nevertheless. */
static gpointer
leave_in_wrong_order (gpointer data)
{
  GMainContext *before = g_main_context_get_thread_default ();
  AhIdleEventLoop *outer = ah_idle_event_loop_enter ();
  AhIdleEventLoop *middle = ah_idle_event_loop_enter ();
  AhIdleEventLoop *inner = ah_idle_event_loop_enter ();

  ah_test_log_begin ();
  ah_idle_event_loop_leave (outer);
  ah_test_log_end_one ("*order*");
  check_usable (inner);

  ah_test_log_begin ();
  ah_idle_event_loop_leave (middle);
  ah_test_log_end_one ("*order*");
  check_usable (inner);

  ah_idle_event_loop_leave (inner);
  g_assert_true (g_main_context_get_thread_default () == before);
  enter_deep (NULL);
  return NULL;
}

static void
test_wrong_order (void)
{
  leave_in_wrong_order (NULL);
  ah_test_in_dispatch (leave_in_wrong_order, NULL);
}

/* The wrong thread: a critical, and nothing happens. */
static gpointer
leave_elsewhere (gpointer data)
{
  ah_idle_event_loop_leave (data);
  return NULL;
}

static void
test_wrong_thread (void)
{
  AhIdleEventLoop *loop = ah_idle_event_loop_enter ();

  ah_test_log_begin ();
  g_thread_join (g_thread_new ("wrong", leave_elsewhere, ah_idle_event_loop_ref (loop)));
  ah_test_log_end_one ("*thread*");
  check_usable (loop);
  ah_idle_event_loop_leave (loop);
  g_assert_null (g_main_context_get_thread_default ());
}

/* Left twice: a critical, and only once. */
static void
test_left_twice (void)
{
  AhIdleEventLoop *loop = ah_idle_event_loop_enter ();
  AhIdleEventLoop *inner;

  ah_idle_event_loop_leave (ah_idle_event_loop_ref (loop));
  g_assert_null (g_main_context_get_thread_default ());
  g_assert_null (ah_idle_event_loop_get_context (loop));

  inner = ah_idle_event_loop_enter ();
  ah_test_log_begin ();
  ah_idle_event_loop_leave (loop);
  ah_test_log_end_one ("*once*");
  check_usable (inner);
  ah_idle_event_loop_leave (inner);
}

/* It is a boxed type, so bindings may hold it longer than it is entered. */
static void
test_boxed (void)
{
  AhIdleEventLoop *loop = ah_idle_event_loop_enter ();
  AhIdleEventLoop *copy = g_boxed_copy (AH_TYPE_IDLE_EVENT_LOOP, loop);

  g_assert_true (copy == loop);
  ah_idle_event_loop_leave (loop);
  g_assert_null (g_main_context_get_thread_default ());
  g_boxed_free (AH_TYPE_IDLE_EVENT_LOOP, copy);
}

int
main (int argc, char *argv[])
{
  ah_test_init (&argc, &argv);

  g_test_add_func ("/idle-event-loop/main/idle", test_main_idle);
  g_test_add_func ("/idle-event-loop/main/dispatch", test_main_dispatch);
  g_test_add_func ("/idle-event-loop/main/running", test_main_running);
  g_test_add_func ("/idle-event-loop/main/with-context", test_main_with_context);
  g_test_add_func ("/idle-event-loop/thread/plain", test_plain_thread);
  g_test_add_func ("/idle-event-loop/thread/with-context", test_thread_with_context);
  g_test_add_func ("/idle-event-loop/worker", test_worker);
  g_test_add_func ("/idle-event-loop/async-function", test_async_function);
  g_test_add_func ("/idle-event-loop/nested", test_nested);
  g_test_add_func ("/idle-event-loop/block/inside", test_block_inside);
  g_test_add_func ("/idle-event-loop/block/in-dispatch", test_block_in_dispatch);
  g_test_add_func ("/idle-event-loop/block/source-waits", test_source_waits);
  g_test_add_func ("/idle-event-loop/leave/error-path", test_error_path);
  g_test_add_func ("/idle-event-loop/leave/ready", test_ready_is_dispatched);
  g_test_add_func ("/idle-event-loop/leave/ready-task", test_ready_task);
  g_test_add_func ("/idle-event-loop/leave/endless-source", test_endless_source);
  g_test_add_func ("/idle-event-loop/leave/wrong-order", test_wrong_order);
  g_test_add_func ("/idle-event-loop/leave/wrong-thread", test_wrong_thread);
  g_test_add_func ("/idle-event-loop/leave/twice", test_left_twice);
  g_test_add_func ("/idle-event-loop/boxed", test_boxed);

  return ah_test_run ();
}
