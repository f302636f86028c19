/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-support.h"

#include <string.h>

/* Guarantee 9 and what else an async function can do, well or badly, with its task. */

typedef struct
{
  const char *name;
  void (*end) (GTask *task); /* called with a reference of its own, which it gives back */
  int value;                 /* 0: an error is expected */
  gboolean is_run_error;     /* of AH_RUN_ERROR, else of G_IO_ERROR */
  int code;
  const char *message; /* pattern of what GLib has to say about it; NULL: nothing */
} End;

typedef enum
{
  WHEN_INSIDE,    /* the call */
  WHEN_LATER,     /* in another dispatch of the context */
  WHEN_ELSEWHERE, /* in another thread */
  N_WHENS
} When;

typedef struct
{
  const End *end;
  When when;
  AhTestWay way;
} Params;

static void
return_int_value (GTask *task, int number)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_set_int (g_value_init (&value, G_TYPE_INT), number);
  g_task_return_value (task, &value);
}

static void
end_well (GTask *task)
{
  return_int_value (task, 3);
  g_object_unref (task);
}

static void
end_with_error (GTask *task)
{
  g_task_return_error (task, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "busy"));
  g_object_unref (task);
}

static void
end_with_new_error (GTask *task)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "busy %d", 1);
  g_object_unref (task);
}

static void
end_never (GTask *task)
{
  g_object_unref (task);
}

static void
end_with_int (GTask *task)
{
  g_task_return_int (task, 3);
  g_object_unref (task);
}

static void
end_with_boolean (GTask *task)
{
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
end_with_pointer (GTask *task)
{
  g_task_return_pointer (task, g_strdup ("nobody's"), g_free);
  g_object_unref (task);
}

static void
end_twice (GTask *task)
{
  return_int_value (task, 3);
  return_int_value (task, 4);
  g_object_unref (task);
}

static void
end_then_fail (GTask *task)
{
  return_int_value (task, 3);
  g_task_return_boolean (task, FALSE);
  g_object_unref (task);
}

static const End ends[] = {
  { .name = "well", .end = end_well, .value = 3 },
  { .name = "error", .end = end_with_error, .code = G_IO_ERROR_BUSY },
  { .name = "new-error", .end = end_with_new_error, .code = G_IO_ERROR_BUSY },
  { .name = "dropped",
    .end = end_never,
    .is_run_error = TRUE,
    .code = AH_RUN_ERROR_DROPPED,
    .message = "*without ever returning*" },
  { .name = "int",
    .end = end_with_int,
    .is_run_error = TRUE,
    .code = AH_RUN_ERROR_WRONG_RETURN,
    .message = "*" },
  { .name = "boolean",
    .end = end_with_boolean,
    .is_run_error = TRUE,
    .code = AH_RUN_ERROR_WRONG_RETURN,
    .message = "*" },
  { .name = "pointer",
    .end = end_with_pointer,
    .is_run_error = TRUE,
    .code = AH_RUN_ERROR_WRONG_RETURN,
    .message = "*" },
  { .name = "twice", .end = end_twice, .value = 3, .message = "*ever_returned*" },
  { .name = "well-then-failed", .end = end_then_fail, .value = 3, .message = "*ever_returned*" },
};

static gboolean
on_end (gpointer data)
{
  GTask *task = data;
  const Params *params = g_task_get_task_data (task);

  params->end->end (task);
  return G_SOURCE_REMOVE;
}

static void
begin (GTask *task, gpointer user_data)
{
  const Params *params = user_data;
  g_autoptr (GSource) source = g_idle_source_new ();

  ah_test_track (task);
  g_task_set_task_data (task, user_data, NULL);
  g_object_ref (task);
  if (params->when == WHEN_INSIDE)
    {
      on_end (task);
      return;
    }
  g_source_set_callback (source, on_end, task, NULL);
  g_source_attach (source, params->when == WHEN_LATER ? g_main_context_get_thread_default ()
                                                      : ah_test_get_other_context ());
}

static void
check_messages (const End *end)
{
  g_autoptr (GPtrArray) messages = ah_test_log_end ();

  if (end->message == NULL)
    g_assert_cmpuint (messages->len, ==, 0);
  for (guint i = 0; i < messages->len; i++)
    if (!g_pattern_match_simple (end->message, g_ptr_array_index (messages, i)))
      g_error ("not expected: %s", (char *) g_ptr_array_index (messages, i));

  /* the second ending is refused aloud, else the test would show nothing */
  if (end->end == end_twice || end->end == end_then_fail)
    g_assert_cmpuint (messages->len, ==, 1);
}

static void
check_error (const End *end, GError *error)
{
  GQuark domain = end->is_run_error ? AH_RUN_ERROR : G_IO_ERROR;

  g_assert_error (error, domain, end->code);
  g_assert_cmpstr (error->message, !=, "");

  /* the cure is in the message */
  if (end->code == AH_RUN_ERROR_WRONG_RETURN && end->is_run_error)
    g_assert_nonnull (strstr (error->message, "g_task_return_value"));
}

static void
test_end (gconstpointer data)
{
  const Params *params = data;
  g_auto (GValue) result = G_VALUE_INIT;
  g_autoptr (GError) error = NULL;
  AhFunction *function = ah_test_track (ah_function_new_async (begin, (gpointer) data, NULL));
  gboolean ok;

  ah_test_log_begin ();
  ok = ah_test_way_run_function (params->way, function, NULL, &result, &error);
  g_object_unref (function);
  ah_test_assert_released ();
  check_messages (params->end);

  if (params->end->value != 0)
    {
      g_assert_true (ok);
      g_assert_no_error (error);
      g_assert_cmpint (g_value_get_int (&result), ==, params->end->value);
    }
  else
    {
      g_assert_false (ok);
      g_assert_false (G_IS_VALUE (&result));
      check_error (params->end, error);
    }
}

/* The same function among others that go well: each has its own outcome. */
static void
test_end_in_batch (gconstpointer data)
{
  const Params *params = data;
  const Params well = { &ends[0], params->when, params->way };
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_auto (AhTestOutcome) outcome = { 0 };

  for (int i = 0; i < 9; i++)
    ah_batch_schedule_async (batch, begin, (gpointer) (i == 4 ? params : &well), NULL);
  ah_batch_set_error_policy (batch, AH_ERROR_POLICY_COLLECT);

  ah_test_log_begin ();
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  g_clear_object (&batch);
  ah_test_assert_released ();
  check_messages (params->end);

  g_assert_no_error (outcome.error);
  for (guint i = 0; i < 9; i++)
    {
      const GValue *value = &g_array_index (outcome.results, GValue, i);

      if (i == 4 && params->end->value == 0)
        {
          g_assert_true (G_VALUE_HOLDS (value, G_TYPE_ERROR));
          check_error (params->end, g_value_get_boxed (value));
        }
      else
        {
          g_assert_cmpint (g_value_get_int (value), ==, 3);
        }
    }
}

/* A task that is dropped fails a batch fast, so that the functions after it do not start. */
static void
count_call (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_atomic_int_inc ((int *) user_data);
}

static void
test_dropped_fails_fast (void)
{
  const Params dropped = { &ends[3], WHEN_LATER, AH_TEST_WAY_BLOCK };
  g_autoptr (AhBatch) batch = ah_serial_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;
  int n_calls = 0;

  ah_batch_schedule_blocking (batch, count_call, &n_calls, NULL);
  ah_batch_schedule_async (batch, begin, (gpointer) &dropped, NULL);
  ah_batch_schedule_blocking (batch, count_call, &n_calls, NULL);

  ah_test_log_begin ();
  results = ah_batch_block (batch, NULL, &error);
  check_messages (dropped.end);
  g_assert_null (results);
  g_assert_error (error, AH_RUN_ERROR, AH_RUN_ERROR_DROPPED);
  g_assert_true (g_str_has_prefix (error->message, "Function 1: "));
  g_assert_cmpint (n_calls, ==, 1);
}

static void
on_cancelled_end (GCancellable *cancellable, gpointer data)
{
  GTask *task = data;

  g_task_return_error_if_cancelled (task);
  g_object_unref (task);
}

static void
begin_until_cancelled (GTask *task, gpointer user_data)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  g_assert_true (G_IS_CANCELLABLE (cancellable));
  ah_test_track (task);
  g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled_end), task);
  g_object_ref (task);
  ah_test_gate_open (user_data);
}

static gpointer
cancel_at_gate (gpointer data)
{
  gpointer *pair = data;

  ah_test_gate_wait (pair[0]);
  g_cancellable_cancel (pair[1]);
  return NULL;
}

/* A function that ends inside the handler of its own cancellable, as many do. */
static void
test_ends_in_handler (void)
{
  for (AhTestWay way = 0; way < AH_TEST_WAY_BACKGROUND; way++)
    {
      AhTestGate gate;
      g_autoptr (GCancellable) cancellable = ah_test_track (g_cancellable_new ());
      AhFunction *function
          = ah_test_track (ah_function_new_async (begin_until_cancelled, &gate, NULL));
      g_autoptr (GError) error = NULL;
      gpointer pair[2] = { &gate, cancellable };
      GThread *thread;

      ah_test_gate_init (&gate);
      thread = g_thread_new ("cancel", cancel_at_gate, pair);
      g_assert_false (ah_test_way_run_function (way, function, cancellable, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_thread_join (thread);
      g_assert_cmpuint (ah_test_count_handlers (cancellable), ==, 0);
      g_object_unref (function);
      g_clear_object (&cancellable);
      ah_test_assert_released ();
      ah_test_gate_clear (&gate);
    }
}

/* A function may run its context until its siblings have ended, as a dialog does: each of them is
 * started from the inner loop (Guarantees 2 and 6). */
typedef struct
{
  int n;
  int n_ended; /* atomic */
} Siblings;

static void
run_loop_for_siblings (GTask *task, gpointer user_data)
{
  Siblings *siblings = user_data;

  ah_test_track (task);
  ah_test_iterate_until (g_atomic_int_get (&siblings->n_ended) == siblings->n);
  return_int_value (task, 1);
}

static void
end_as_sibling (GTask *task, gpointer user_data)
{
  Siblings *siblings = user_data;

  ah_test_track (task);
  g_atomic_int_inc (&siblings->n_ended);
  return_int_value (task, 1);
}

static void
test_loop_inside (void)
{
  static const int numbers[] = { 1, 5, 40, 1000 };

  for (AhTestWay way = 0; way < AH_TEST_N_WAYS; way++)
    for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
      {
        g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
        g_auto (AhTestOutcome) outcome = { 0 };
        Siblings siblings = { .n = numbers[i] };

        ah_batch_schedule_async (batch, run_loop_for_siblings, &siblings, NULL);
        for (int n = 0; n < siblings.n; n++)
          ah_batch_schedule_async (batch, end_as_sibling, &siblings, NULL);
        ah_test_way_run_batch (way, batch, NULL, &outcome);
        g_assert_no_error (outcome.error);
        g_assert_cmpint (siblings.n_ended, ==, siblings.n);
        g_clear_object (&batch);
        ah_test_assert_released ();
      }
}

/* The last reference to a task goes in another thread while the one that blocks is awake, and so
 * may be gone with all of the run before that other thread is (Guarantees 3 and 9). */
#define N_RACES 300

static gboolean
on_drop (gpointer data)
{
  return G_SOURCE_REMOVE;
}

static void
drop_elsewhere (GTask *task, gpointer user_data)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, on_drop, g_object_ref (task), g_object_unref);
  g_source_attach (source, ah_test_get_other_context ());
}

static gpointer
block_on_dropped (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) source = ah_test_keep_awake (context);

  g_main_context_push_thread_default (context);
  for (int i = 0; i < N_RACES; i++)
    {
      g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
      g_autoptr (GArray) results = NULL;
      g_autoptr (GError) error = NULL;

      ah_batch_schedule_async (batch, drop_elsewhere, NULL, NULL);
      /* a run that fails is kept a little longer, by what is cancelled then */
      ah_batch_set_error_policy (batch,
                                 i % 2 == 0 ? AH_ERROR_POLICY_COLLECT : AH_ERROR_POLICY_FAIL_FAST);
      results = ah_batch_block (batch, NULL, &error);
      if (i % 2 == 0)
        {
          g_assert_no_error (error);
          g_assert_error (((GError *) g_value_get_boxed (&g_array_index (results, GValue, 0))),
                          AH_RUN_ERROR, AH_RUN_ERROR_DROPPED);
        }
      else
        {
          g_assert_null (results);
          g_assert_error (error, AH_RUN_ERROR, AH_RUN_ERROR_DROPPED);
        }
    }
  g_source_destroy (source);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_dropped_in_race (void)
{
  g_autoptr (GPtrArray) messages = NULL;

  ah_test_log_begin ();
  ah_test_in_new_thread (block_on_dropped, NULL);
  messages = ah_test_log_end ();
  for (guint i = 0; i < messages->len; i++)
    g_assert_true (g_pattern_match_simple (ends[3].message, g_ptr_array_index (messages, i)));
  ah_test_assert_released ();
}

static void
add_ends (void)
{
  static const char *const when_names[] = { "inside", "later", "elsewhere" };
  static Params params[G_N_ELEMENTS (ends)][N_WHENS][AH_TEST_N_WAYS];

  for (guint e = 0; e < G_N_ELEMENTS (ends); e++)
    for (guint when = 0; when < N_WHENS; when++)
      for (guint way = 0; way < AH_TEST_N_WAYS; way++)
        {
          g_autofree char *single
              = g_strdup_printf ("/async-function/single/%s/%s/%s", ends[e].name, when_names[when],
                                 ah_test_way_get_name (way));
          g_autofree char *batch = g_strdup_printf ("/async-function/batch/%s/%s/%s", ends[e].name,
                                                    when_names[when], ah_test_way_get_name (way));

          params[e][when][way] = (Params){ &ends[e], when, way };
          g_test_add_data_func (single, &params[e][when][way], test_end);
          g_test_add_data_func (batch, &params[e][when][way], test_end_in_batch);
        }
}

int
main (int argc, char *argv[])
{
  ah_test_init (&argc, &argv);

  add_ends ();
  g_test_add_func ("/async-function/dropped-fails-fast", test_dropped_fails_fast);
  g_test_add_func ("/async-function/dropped-in-race", test_dropped_in_race);
  g_test_add_func ("/async-function/ends-in-handler", test_ends_in_handler);
  g_test_add_func ("/async-function/loop-inside", test_loop_inside);

  return ah_test_run ();
}
