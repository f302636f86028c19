/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-strand.h"

/* ah_invoke (): a function inside a main context, whatever the thread of that context does. */

/* --- A loop that runs --- */

typedef enum
{
  DEED_VALUE,
  DEED_NOTHING,
  DEED_ERROR,
  DEED_BOTH, /* an error, and a value that is for nobody */
  N_DEEDS
} Deed;

/* What is invoked, and where it has to be called. */
typedef struct
{
  GMainContext *context;
  GThread *thread;
  GCancellable *cancellable;
  Deed deed;
  int n_calls; /* atomic */
} Call;

static void
called (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Call *call = user_data;

  g_atomic_int_inc (&call->n_calls);
  g_assert_true (g_thread_self () == call->thread);
  g_assert_true (g_main_context_is_owner (call->context));
  if (call->context != g_main_context_default ())
    g_assert_true (g_main_context_get_thread_default () == call->context);
  g_assert_true (call->cancellable == NULL || cancellable == call->cancellable);
  g_assert_true (G_VALUE_TYPE (result) == 0);

  if (call->deed == DEED_VALUE || call->deed == DEED_BOTH)
    g_value_take_object (g_value_init (result, AH_TEST_TYPE_PROBE), ah_test_probe_new (4, NULL));
  if (call->deed == DEED_ERROR || call->deed == DEED_BOTH)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "on purpose");
}

/* Invokes on the context of @call, and checks what comes back. */
static void
invoke_and_check (Call *call, gboolean wants_result)
{
  g_auto (GValue) result = G_VALUE_INIT;
  g_autoptr (GError) error = NULL;
  int n_before = g_atomic_int_get (&call->n_calls);
  GMainContext *thread_default = g_main_context_get_thread_default ();
  gboolean ok = ah_invoke (call->context, called, call, call->cancellable,
                           wants_result ? &result : NULL, &error);

  g_assert_cmpint (g_atomic_int_get (&call->n_calls), ==, n_before + 1);
  g_assert_true (g_main_context_get_thread_default () == thread_default);
  if (call->deed == DEED_ERROR || call->deed == DEED_BOTH)
    {
      g_assert_false (ok);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
      g_assert_true (G_VALUE_TYPE (&result) == 0);
      return;
    }

  g_assert_true (ok);
  g_assert_no_error (error);
  if (wants_result && call->deed == DEED_VALUE)
    g_assert_cmpint (AH_TEST_PROBE (g_value_get_object (&result))->number, ==, 4);
  else if (wants_result)
    g_assert_true (G_VALUE_HOLDS_POINTER (&result) && g_value_get_pointer (&result) == NULL);
}

static gpointer
invoke_all_deeds (gpointer data)
{
  Call *call = data;

  for (Deed deed = 0; deed < N_DEEDS; deed++)
    {
      call->deed = deed;
      invoke_and_check (call, TRUE);
      invoke_and_check (call, FALSE);
    }
  return NULL;
}

static void
invoke_in_function (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  invoke_all_deeds (user_data);
}

static Call
call_of_other_thread (void)
{
  return (Call){ ah_test_get_other_context (), ah_test_get_other_thread () };
}

static void
test_running (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (GCancellable) cancellable = ah_test_track (g_cancellable_new ());
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) batch = ah_test_strand_new_batch (params->kind, NULL, NULL);
  Call calls[10];

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      calls[i] = call_of_other_thread ();
      calls[i].cancellable = i % 2 ? cancellable : NULL;
      ah_batch_schedule_blocking (batch, invoke_in_function, &calls[i], NULL);
    }
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  invoke_all_deeds (&calls[0]);
  ah_test_in_new_thread (invoke_all_deeds, &calls[0]);
  ah_test_in_dispatch (invoke_all_deeds, &calls[1]);
  g_assert_cmpuint (ah_test_count_handlers (cancellable), ==, 0);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&batch);
  g_clear_object (&cancellable);
  ah_test_assert_released ();
}

/* --- The thread's own context --- */

static gpointer
invoke_on_own (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Call call = { context, g_thread_self () };

  g_main_context_push_thread_default (context);
  invoke_all_deeds (&call);
  g_main_context_pop_thread_default (context);
  return NULL;
}

/* Acquired, and not made the thread's default. */
static gpointer
invoke_on_acquired (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Call call = { context, g_thread_self () };

  g_assert_true (g_main_context_acquire (context));
  invoke_all_deeds (&call);
  g_main_context_release (context);
  return NULL;
}

static gpointer
invoke_on_default (gpointer data)
{
  Call call = { NULL, g_thread_self () };
  g_autoptr (GError) error = NULL;

  call.context = g_main_context_default ();
  invoke_all_deeds (&call);
  call.deed = DEED_NOTHING;
  g_assert_true (ah_invoke (NULL, called, &call, NULL, NULL, &error));
  return NULL;
}

static gboolean
on_invoke (gpointer data)
{
  invoke_all_deeds (data);
  return G_SOURCE_REMOVE;
}

static void
test_own (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  Call call = call_of_other_thread ();

  invoke_on_own (NULL);
  ah_test_in_new_thread (invoke_on_own, NULL);
  ah_test_in_new_thread (invoke_on_acquired, NULL);
  ah_test_in_dispatch (invoke_on_own, NULL);
  invoke_on_default (NULL);
  ah_test_in_dispatch (invoke_on_default, NULL);
  ah_test_call_in (call.context, on_invoke, &call);
  ah_test_assert_released ();
}

/* Also inside a function that a batch runs where it is at home, and in an async one. */
static void
invoke_at_home (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Call call = { g_main_context_ref_thread_default (), g_thread_self () };

  g_assert_cmpint (g_main_depth (), >, 0);
  invoke_all_deeds (&call);
  g_main_context_unref (call.context);
}

static void
invoke_in_task (GTask *task, gpointer user_data)
{
  invoke_at_home (NULL, NULL, NULL, NULL);
  g_task_return_value (task, NULL);
}

static void
test_own_in_batch (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) batch = ah_test_strand_new_batch (params->kind, NULL, NULL);
  g_autoptr (AhFunction) function
      = ah_test_track (ah_function_new_blocking (invoke_at_home, NULL, NULL));

  ah_function_set_home (function, ah_test_get_other_context ());
  ah_batch_schedule_async (batch, invoke_in_task, NULL, NULL);
  if (params->way != AH_TEST_WAY_BACKGROUND)
    ah_batch_schedule (batch, function);
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&batch);
  g_clear_object (&function);
  ah_test_assert_released ();
}

/* --- A context whose thread waits --- */

/* The thread of the default context waits for functions that invoke there, also in a dispatch. */
static gpointer
run_invoking (gpointer data)
{
  const AhTestStrandParams *params = data;
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) batch = ah_test_strand_new_batch (params->kind, NULL, NULL);
  Call calls[20];

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      calls[i] = (Call){ g_main_context_default (), g_thread_self () };
      ah_batch_schedule_blocking (batch, invoke_in_function, &calls[i], NULL);
    }
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  return NULL;
}

static void
test_waiting (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();

  run_invoking ((gpointer) params);
  if (params->way != AH_TEST_WAY_RUN_ASYNC && params->way != AH_TEST_WAY_START_LOOP)
    ah_test_in_dispatch (run_invoking, (gpointer) params);
  ah_test_assert_released ();
}

/* Threads with contexts of their own, which they never iterate: each invokes on the next one's. */
typedef struct _Peer Peer;

struct _Peer
{
  GMainContext *context;
  Peer *next;
  AhTestGate is_ready;
  GThread *thread;
  int n_calls;      /* touched inside the context alone */
  gboolean is_last; /* is told by the one before that it may go */
};

static void
count_call (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Peer *peer = user_data;

  g_assert_true (g_thread_self () == peer->thread);
  peer->n_calls++;
}

/* Goes once around, from inside to inside. */
static void
go_round (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Peer *peer = user_data;

  g_assert_true (g_thread_self () == peer->thread);
  peer->n_calls++;
  if (!peer->is_last)
    ah_invoke (peer->next->context, go_round, peer->next, cancellable, NULL, error);
}

static gpointer
live_as_peer (gpointer data)
{
  Peer *peer = data;

  g_main_context_push_thread_default (peer->context);
  peer->thread = g_thread_self ();
  ah_test_gate_open (&peer->is_ready);
  ah_test_gate_wait (&peer->next->is_ready);

  for (int i = 0; i < 500; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (ah_invoke (peer->next->context, i % 10 ? count_call : go_round, peer->next,
                                NULL, NULL, &error));
      g_assert_no_error (error);
    }
  return NULL;
}

/* The thread may not end before the others have done with its context. */
static gpointer
live_and_wait (gpointer data)
{
  gpointer *args = data;
  Peer *peer = args[0];
  AhTestGate *all_done = args[1];
  g_autoptr (AhFunction) function = ah_function_new_blocking (ah_test_wait_at_gate, all_done, NULL);
  g_autoptr (AhFuture) future = NULL;
  int *n_left = args[2];

  live_as_peer (peer);
  if (g_atomic_int_dec_and_test (n_left))
    ah_test_gate_open (all_done);
  future = ah_queue_background_thread (function);
  g_assert_true (ah_future_wait (future, NULL, NULL));
  g_main_context_pop_thread_default (peer->context);
  return NULL;
}

/* @data: how many threads */
static void
test_mutual (gconstpointer data)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  int n = GPOINTER_TO_INT (data), n_left = n, n_calls = 0;
  g_autofree Peer *peers = g_new0 (Peer, n);
  g_autofree gpointer *args = g_new0 (gpointer, 3 * n);
  g_autofree GThread **threads = g_new0 (GThread *, n);
  AhTestGate all_done;

  ah_test_gate_init (&all_done);
  for (int i = 0; i < n; i++)
    {
      peers[i].context = g_main_context_new ();
      peers[i].next = &peers[(i + 1) % n];
      peers[i].is_last = i == n - 1;
      ah_test_gate_init (&peers[i].is_ready);
    }
  for (int i = 0; i < n; i++)
    {
      args[3 * i] = &peers[i];
      args[3 * i + 1] = &all_done;
      args[3 * i + 2] = &n_left;
      threads[i] = g_thread_new ("peer", live_and_wait, &args[3 * i]);
    }
  for (int i = 0; i < n; i++)
    g_thread_join (threads[i]);
  for (int i = 0; i < n; i++)
    {
      n_calls += peers[i].n_calls;
      g_main_context_unref (peers[i].context);
      ah_test_gate_clear (&peers[i].is_ready);
    }
  /* one begins at each, and goes on to the last */
  g_assert_cmpint (n_calls, ==, 450 * n + 50 * n * (n + 1) / 2);
  ah_test_gate_clear (&all_done);
  ah_test_assert_released ();
}

/* What is invoked may block itself, and invoke back. */
static void
block_and_invoke_back (GCancellable *cancellable,
                       GValue *result,
                       gpointer user_data,
                       GError **error)
{
  g_autoptr (AhBatch) batch = ah_test_strand_new_batch (AH_TEST_KIND_SERIAL, NULL, NULL);
  g_autoptr (GArray) results = NULL;
  Call call = call_of_other_thread ();

  g_assert_true (g_thread_self () == call.thread);
  for (int i = 0; i < 5; i++)
    ah_batch_schedule_blocking (batch, invoke_in_function, i ? user_data : &call, NULL);
  ah_batch_schedule_async (batch, invoke_in_task, NULL, NULL);
  results = ah_batch_block (batch, NULL, error);
  g_assert_nonnull (results);
}

static void
test_nested (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (GError) error = NULL;
  Call call = { g_main_context_default (), g_thread_self () };

  for (int i = 0; i < 20; i++)
    {
      g_assert_true (ah_invoke (ah_test_get_other_context (), block_and_invoke_back, &call, NULL,
                                NULL, &error));
      g_assert_no_error (error);
    }
  ah_test_assert_released ();
}

/* --- A context that nobody iterates --- */

static void
count (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_atomic_int_inc ((int *) user_data);
}

/* A context that counts as tracked until it is freed. */
static GMainContext *
new_tracked_context (void)
{
  GMainContext *context = g_main_context_new ();
  g_autoptr (GSource) source = g_timeout_source_new_seconds (10000);

  g_source_set_callback (source, NULL, ah_test_probe_new (0, NULL), g_object_unref);
  g_source_attach (source, context);
  return context;
}

typedef struct
{
  GMainContext *context;
  GCancellable *cancellable;
  int n_calls; /* atomic */
} Lost;

static gpointer
invoke_in_vain (gpointer data)
{
  Lost *lost = data;
  g_autoptr (GError) error = NULL;
  g_auto (GValue) result = G_VALUE_INIT;

  g_assert_false (
      ah_invoke (lost->context, count, &lost->n_calls, lost->cancellable, &result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (G_VALUE_TYPE (&result) == 0);
  return NULL;
}

/* The loop has ended: the cancellable ends the wait, and the function is never called. */
static void
test_loop_ended (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  Lost lost = { new_tracked_context (), ah_test_track (g_cancellable_new ()) };
  GThread *thread = g_thread_new ("lost", invoke_in_vain, &lost);

  ah_test_wait_until (ah_test_count_handlers (lost.cancellable) == 1);
  g_cancellable_cancel (lost.cancellable);
  g_thread_join (thread);
  for (int i = 0; i < 10; i++)
    g_main_context_iteration (lost.context, FALSE);
  g_assert_cmpint (lost.n_calls, ==, 0);
  g_assert_cmpuint (ah_test_count_handlers (lost.cancellable), ==, 0);
  /* now before it is asked for */
  invoke_in_vain (&lost);
  lost.context = (g_main_context_unref (lost.context), ah_test_get_other_context ());
  invoke_in_vain (&lost);
  lost.context = g_main_context_default ();
  invoke_in_vain (&lost);
  g_assert_cmpint (lost.n_calls, ==, 0);

  g_clear_object (&lost.cancellable);
  ah_test_assert_released ();
}

/* The owner drops the context meanwhile. */
static void
test_context_dropped (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  Lost lost = { new_tracked_context (), ah_test_track (g_cancellable_new ()) };
  GThread *thread = g_thread_new ("lost", invoke_in_vain, &lost);

  ah_test_wait_until (ah_test_count_handlers (lost.cancellable) == 1);
  g_main_context_unref (lost.context);
  g_cancellable_cancel (lost.cancellable);
  g_thread_join (thread);
  g_assert_cmpint (lost.n_calls, ==, 0);

  g_clear_object (&lost.cancellable);
  ah_test_assert_released ();
}

/* --- Cancelling --- */

/* Without a cancellable the function's own counts, however it was called. */
static void
invoke_for_ever (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Lost *lost = user_data;

  g_atomic_int_inc (&lost->n_calls);
  g_assert_false (ah_invoke (lost->context, count, &lost->n_calls, NULL, NULL, error));
}

static gpointer
stop_when_begun (gpointer data)
{
  gpointer *args = data;
  Lost *lost = args[0];

  ah_test_wait_until (g_atomic_int_get (&lost->n_calls) > 0);
  ah_test_stop_pull (args[1]);
  return NULL;
}

static void
test_cancel_run (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) batch = ah_test_strand_new_batch (params->kind, NULL, NULL);
  Lost lost = { new_tracked_context () };
  AhTestStop stop;
  gpointer args[] = { &lost, &stop };
  GThread *thread;

  ah_test_stop_init (&stop, params->way);
  ah_batch_schedule_blocking (batch, invoke_for_ever, &lost, NULL);
  thread = g_thread_new ("stop", stop_when_begun, args);
  ah_test_way_run_batch (params->way, batch, &stop, &outcome);
  g_thread_join (thread);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (lost.n_calls, ==, 1);

  ah_test_outcome_clear (&outcome);
  ah_test_stop_clear (&stop);
  g_clear_object (&batch);
  g_main_context_unref (lost.context);
  ah_test_assert_released ();
}

/* The same for a function that runs alone, inside of another run or not. */
typedef struct
{
  AhFunction *function;
  GCancellable *cancellable;
} Alone;

static void
block_on_alone (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Alone *alone = user_data;

  g_assert_false (ah_block (alone->function, alone->cancellable, NULL, error));
}

static void
check_cancelled (AhFunction *function, GCancellable *cancellable, Lost *lost, AhTestWay way)
{
  g_autoptr (GError) error = NULL;
  AhTestStop stop = { AH_TEST_WAY_BLOCK, lost->cancellable };
  gpointer args[] = { lost, &stop };
  GThread *thread;

  lost->n_calls = 0;
  thread = g_thread_new ("stop", stop_when_begun, args);
  g_assert_false (ah_test_way_run_function (way, function, cancellable, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  g_assert_cmpint (lost->n_calls, ==, 1);
}

static void
test_cancel_alone (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  Lost lost = { new_tracked_context (), g_cancellable_new () };
  g_autoptr (AhFunction) function = ah_function_new_blocking (invoke_for_ever, &lost, NULL);
  Alone alone = { function, lost.cancellable };
  g_autoptr (AhFunction) outer = ah_function_new_blocking (block_on_alone, &alone, NULL);

  if (params->way != AH_TEST_WAY_BACKGROUND)
    check_cancelled (function, lost.cancellable, &lost, params->way);
  alone.cancellable = lost.cancellable = (g_object_unref (lost.cancellable), g_cancellable_new ());
  check_cancelled (outer, NULL, &lost, params->way);

  g_clear_object (&outer);
  g_clear_object (&function);
  g_clear_object (&lost.cancellable);
  g_main_context_unref (lost.context);
  ah_test_assert_released ();
}

/* And for one that was invoked itself. */
static void
test_cancel_invoked (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (GError) error = NULL;
  Lost lost = { new_tracked_context (), g_cancellable_new () };
  AhTestStop stop = { AH_TEST_WAY_BLOCK, lost.cancellable };
  gpointer args[] = { &lost, &stop };
  GThread *thread = g_thread_new ("stop", stop_when_begun, args);

  g_assert_false (ah_invoke (ah_test_get_other_context (), invoke_for_ever, &lost, lost.cancellable,
                             NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  g_assert_cmpint (lost.n_calls, ==, 1);
  g_clear_object (&lost.cancellable);
  g_main_context_unref (lost.context);
  ah_test_assert_released ();
}

/* What has begun is waited for, and its own outcome counts. */
static void
go_on_all_the_same (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_atomic_int_inc ((int *) user_data);
  ah_test_wait_until (g_cancellable_is_cancelled (cancellable));
  g_value_set_int (g_value_init (result, G_TYPE_INT), 3);
}

static void
test_cancel_begun (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (GError) error = NULL;
  g_auto (GValue) result = G_VALUE_INIT;
  Lost lost = { NULL, g_cancellable_new () };
  AhTestStop stop = { AH_TEST_WAY_BLOCK, lost.cancellable };
  gpointer args[] = { &lost, &stop };
  GThread *thread = g_thread_new ("stop", stop_when_begun, args);

  g_assert_true (ah_invoke (ah_test_get_other_context (), go_on_all_the_same, &lost.n_calls,
                            lost.cancellable, &result, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_value_get_int (&result), ==, 3);
  g_thread_join (thread);
  g_clear_object (&lost.cancellable);
}

/* Cancelled at the moment when it begins: called or not, and what comes back says so. */
static gpointer
cancel_soon (gpointer data)
{
  g_thread_yield ();
  g_cancellable_cancel (data);
  return NULL;
}

static void
test_cancel_race (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();

  for (int i = 0; i < 1000; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;
      int n_calls = 0;
      GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);
      gboolean ok
          = ah_invoke (ah_test_get_other_context (), count, &n_calls, cancellable, NULL, &error);

      if (!ok)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpint (n_calls, ==, ok);
      g_thread_join (thread);
    }
}

/* --- Atomically --- */

#define N_INVOKERS 8
#define N_INVOCATIONS 1250

static int plain; /* neither atomic nor locked: touched inside the context alone */

static void
add_one (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  int before = plain;

  if (before % 8 == 0)
    g_thread_yield ();
  plain = before + 1;
}

static gboolean
on_idle (gpointer data)
{
  add_one (NULL, NULL, NULL, NULL);
  ++*(int *) data;
  return G_SOURCE_CONTINUE;
}

static gpointer
invoke_often (gpointer data)
{
  for (int i = 0; i < N_INVOCATIONS; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (ah_invoke (data, add_one, NULL, NULL, NULL, &error));
      g_assert_no_error (error);
    }
  return NULL;
}

/* Nothing else of the loop runs at the same time, be it invoked or dispatched. */
static void
test_atomic (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (GSource) source = g_idle_source_new ();
  GThread *threads[N_INVOKERS];
  int n_idle = 0;

  plain = 0;
  g_source_set_callback (source, on_idle, &n_idle, NULL);
  g_source_attach (source, NULL);
  for (int i = 0; i < N_INVOKERS; i++)
    threads[i] = g_thread_new ("invoker", invoke_often, NULL);
  ah_test_iterate_until (plain - n_idle == N_INVOKERS * N_INVOCATIONS);
  for (int i = 0; i < N_INVOKERS; i++)
    g_thread_join (threads[i]);
  g_source_destroy (source);
  g_assert_cmpint (plain, ==, N_INVOKERS * N_INVOCATIONS + n_idle);
}

/* --- Mistakes --- */

static void
test_arguments (void)
{
  g_auto (GValue) result = G_VALUE_INIT;
  g_autoptr (GPtrArray) messages = NULL;
  g_autoptr (AhStrand) no_cancellable = ah_strand_new ();
  int n_calls = 0;

  g_value_init (&result, G_TYPE_INT);
  ah_test_log_begin ();
  g_assert_false (ah_invoke (NULL, NULL, NULL, NULL, NULL, NULL));
  g_assert_false (ah_invoke (NULL, count, &n_calls, (gpointer) no_cancellable, NULL, NULL));
  g_assert_false (ah_invoke (NULL, count, &n_calls, NULL, &result, NULL));
  messages = ah_test_log_end ();
  g_assert_cmpuint (messages->len, ==, 3);
  g_assert_cmpint (n_calls, ==, 0);
}

int
main (int argc, char *argv[])
{
  ah_test_init (&argc, &argv);

  ah_test_add_product ("/invoke/running", test_running);
  g_test_add_func ("/invoke/own", test_own);
  ah_test_add_product ("/invoke/own/batch", test_own_in_batch);
  ah_test_add_product ("/invoke/waiting", test_waiting);
  g_test_add_data_func ("/invoke/mutual/2", GINT_TO_POINTER (2), test_mutual);
  g_test_add_data_func ("/invoke/mutual/3", GINT_TO_POINTER (3), test_mutual);
  g_test_add_data_func ("/invoke/mutual/10", GINT_TO_POINTER (10), test_mutual);
  g_test_add_func ("/invoke/nested", test_nested);
  g_test_add_func ("/invoke/loop-ended", test_loop_ended);
  g_test_add_func ("/invoke/context-dropped", test_context_dropped);
  ah_test_add_product ("/invoke/cancel/run", test_cancel_run);
  ah_test_add_ways ("/invoke/cancel/alone", test_cancel_alone);
  g_test_add_func ("/invoke/cancel/invoked", test_cancel_invoked);
  g_test_add_func ("/invoke/cancel/begun", test_cancel_begun);
  g_test_add_func ("/invoke/cancel/race", test_cancel_race);
  g_test_add_func ("/invoke/atomic", test_atomic);
  g_test_add_func ("/invoke/arguments", test_arguments);

  return ah_test_run ();
}
