/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "support.h"

/* What is not about types: names, refusals, cancelling, who frees arguments and where. */

/* --- Looking up --- */

static void
assert_not_found (const char *name, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ah_native_lookup (name, &error));
  g_assert_error (error, G_IO_ERROR, code);
  g_assert_nonnull (strstr (error->message, *name ? name + strlen (name) - 1 : "“”"));
}

static void
test_names (void)
{
  g_autoptr (AhNative) native = ah_native_lookup ("Gio.File.load_contents", NULL);
  g_autoptr (AhNative) again = ah_native_lookup ("Gio.File.load_contents", NULL);
  g_autoptr (AhNative) by_symbol = ah_native_lookup_symbol ("Gio", "g_file_load_contents", NULL);
  g_autoptr (AhNative) own = ah_native_lookup ("Odd.Named.get_name", NULL);
  g_autoptr (AhNative) inherited = ah_native_lookup ("Odd.Thing.get_name", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (native == again && native == by_symbol);
  g_assert_true (own == inherited);
  g_assert_cmpstr (ah_native_get_name (native), ==, "Gio.File.load_contents");
  g_assert_cmpstr (ah_native_get_symbol (native), ==, "g_file_load_contents");

  assert_not_found ("", G_IO_ERROR_INVALID_ARGUMENT);
  assert_not_found ("Gio", G_IO_ERROR_INVALID_ARGUMENT);
  assert_not_found ("Gio.", G_IO_ERROR_INVALID_ARGUMENT);
  assert_not_found (".File", G_IO_ERROR_INVALID_ARGUMENT);
  assert_not_found ("Gio.File", G_IO_ERROR_NOT_FOUND);
  assert_not_found ("Gio.File.none", G_IO_ERROR_NOT_FOUND);
  assert_not_found ("Gio.None.load_contents", G_IO_ERROR_NOT_FOUND);
  assert_not_found ("Gio.File.load_contents.more", G_IO_ERROR_NOT_FOUND);
  assert_not_found ("GLib.PRIORITY_HIGH", G_IO_ERROR_NOT_FOUND);

  g_assert_null (ah_native_lookup ("Nothing.at_all", &error));
  g_assert_nonnull (strstr (error->message, "Nothing"));
  g_clear_error (&error);
  g_assert_null (ah_native_lookup_symbol ("Gio", "g_none", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (ah_native_require ("Odd", "7.0", &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_true (ah_native_require ("Odd", "1.0", &error));
}

/* --- Asking --- */

static void
test_questions (void)
{
  g_autoptr (AhNative) native = ah_native_lookup ("Gio.File.load_contents", NULL);
  g_autoptr (AhNative) new = ah_native_lookup ("Odd.Thing.new", NULL);
  g_autoptr (AhNative) skips = ah_native_lookup ("Odd.skipped", NULL);
  g_autoptr (AhNative) async = ah_native_lookup ("Gio.File.load_contents_async", NULL);
  g_autoptr (AhNative) static_async = ah_native_lookup ("Odd.start_async", NULL);
  g_autoptr (AhNative) kinds = ah_native_lookup ("Odd.call_nullable", NULL);

  g_assert_true (ah_native_check (native, NULL));
  g_assert_true (ah_native_is_method (native));
  g_assert_false (ah_native_is_constructor (native));
  g_assert_false (ah_native_is_async (native));
  g_assert_null (ah_native_get_finish_name (native));
  g_assert_false (ah_native_get_skips_return (native));
  g_assert_cmpuint (ah_native_get_n_arguments (native), ==, 2);
  g_assert_cmpstr (ah_native_get_argument_name (native, 0), ==, "self");
  g_assert_cmpint (ah_native_get_argument_kind (native, 0), ==, AH_NATIVE_KIND_OBJECT);
  g_assert_false (ah_native_get_argument_nullable (native, 0));
  g_assert_cmpstr (ah_native_get_argument_name (native, 1), ==, "cancellable");
  g_assert_cmpint (ah_native_get_argument_kind (native, 1), ==, AH_NATIVE_KIND_CANCELLABLE);
  g_assert_true (ah_native_get_argument_nullable (native, 1));
  g_assert_cmpuint (ah_native_get_n_results (native), ==, 3);
  g_assert_cmpint (ah_native_get_result_kind (native, 0), ==, AH_NATIVE_KIND_BOOLEAN);
  g_assert_cmpstr (ah_native_get_result_name (native, 0), ==, "return value");
  g_assert_cmpint (ah_native_get_result_kind (native, 1), ==, AH_NATIVE_KIND_BYTE_ARRAY);
  g_assert_cmpstr (ah_native_get_result_name (native, 1), ==, "contents");
  g_assert_cmpint (ah_native_get_result_kind (native, 2), ==, AH_NATIVE_KIND_STRING);

  g_assert_true (ah_native_is_constructor (new));
  g_assert_false (ah_native_is_method (new));
  g_assert_true (ah_native_get_skips_return (skips));

  g_assert_true (ah_native_is_async (async));
  g_assert_cmpstr (ah_native_get_finish_name (async), ==, "Gio.File.load_contents_finish");
  g_assert_true (ah_native_is_async (static_async));
  g_assert_cmpstr (ah_native_get_finish_name (static_async), ==, "Odd.start_finish");

  g_assert_cmpuint (ah_native_get_n_arguments (kinds), ==, 1);
  g_assert_cmpint (ah_native_get_argument_kind (kinds, 0), ==, AH_NATIVE_KIND_NULL);
}

typedef struct
{
  const char *name;
  AhNativeKind argument;
  AhNativeKind result;
} Kinds;

static void
test_kinds (void)
{
  static const Kinds cases[] = {
    { "Odd.echo_int8", AH_NATIVE_KIND_NUMBER, AH_NATIVE_KIND_NUMBER },
    { "Odd.echo_unichar", AH_NATIVE_KIND_CHARACTER, AH_NATIVE_KIND_CHARACTER },
    { "Odd.echo_gtype", AH_NATIVE_KIND_GTYPE, AH_NATIVE_KIND_GTYPE },
    { "Odd.echo_colour", AH_NATIVE_KIND_ENUM, AH_NATIVE_KIND_ENUM },
    { "Odd.echo_tastes", AH_NATIVE_KIND_FLAGS, AH_NATIVE_KIND_FLAGS },
    { "Odd.filename", AH_NATIVE_KIND_FILENAME, AH_NATIVE_KIND_FILENAME },
    { "Odd.boxed_full", AH_NATIVE_KIND_BOXED, AH_NATIVE_KIND_BOXED },
    { "Odd.bytes_bytes", AH_NATIVE_KIND_BYTES, AH_NATIVE_KIND_BYTES },
    { "Odd.bytes_array", AH_NATIVE_KIND_BYTE_ARRAY, AH_NATIVE_KIND_BYTE_ARRAY },
    { "Odd.strv_full", AH_NATIVE_KIND_STRINGS, AH_NATIVE_KIND_STRINGS },
    { "Odd.slist_things", AH_NATIVE_KIND_LIST, AH_NATIVE_KIND_LIST },
    { "Odd.table", AH_NATIVE_KIND_TABLE, AH_NATIVE_KIND_TABLE },
    { "Odd.variant_full", AH_NATIVE_KIND_VARIANT, AH_NATIVE_KIND_VARIANT },
    { "Odd.param", AH_NATIVE_KIND_OBJECT, AH_NATIVE_KIND_OBJECT },
    { "Odd.value_show", AH_NATIVE_KIND_VALUE, AH_NATIVE_KIND_STRING },
    { "Odd.get_cancellable", AH_NATIVE_KIND_CANCELLABLE, AH_NATIVE_KIND_CANCELLABLE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (AhNative) native = ah_native_lookup (cases[i].name, NULL);

      g_assert_nonnull (native);
      g_assert_cmpint (ah_native_get_argument_kind (native, 0), ==, cases[i].argument);
      g_assert_cmpint (ah_native_get_result_kind (native, 0), ==, cases[i].result);
    }
}

/* --- What cannot be called --- */

static void
assert_unsupported (const char *name, const char *argument, const char *reason)
{
  g_autofree char *pattern
      = g_strdup_printf ("%s cannot be called: *%s*%s*", name, argument, reason);
  g_autoptr (AhNative) native = ah_native_lookup (name, NULL);

  g_assert_nonnull (native);
  g_assert_false (ah_native_check (native, NULL));
  native_refuse (G_IO_ERROR_NOT_SUPPORTED, pattern, name, "");
}

static void
test_unsupported (void)
{
  assert_unsupported ("Odd.call", "“func” of type Odd.Func", "callback");
  assert_unsupported ("Odd.pointer", "“pointer”", "bare pointer");
  assert_unsupported ("Odd.bare", "“bare” of type Odd.Bare", "structure");
  assert_unsupported ("Odd.endless", "“values” of type array<int32>", "how long");
  assert_unsupported ("Odd.closure", "“closure” of type GObject.Closure", "callback");
  assert_unsupported ("Odd.start_async", "“callback”", "main context");
  assert_unsupported ("Odd.Box.free", "", "references");
  assert_unsupported ("GObject.Object.unref", "", "references");
  assert_unsupported ("GObject.Object.ref", "", "references");
  assert_unsupported ("GLib.Regex.match", "“match_info”", "freed");

  native_expect ("-1", "Odd.call_nullable", "n");
  native_expect ("0", "Odd.pointer_nullable", "n");
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*“func”*Odd.Func*gint*", "Odd.call_nullable", "i",
                 1);
}

static void
test_argument_count (void)
{
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "Odd.echo_int8 takes 1 argument, not 0",
                 "Odd.echo_int8", "");
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "Odd.out_mixed takes 2 arguments, not 3",
                 "Odd.out_mixed", "iii", 1, 2, 3);
}

static void
test_uninitialised (void)
{
  const GValue nothing = G_VALUE_INIT;
  g_autoptr (GError) error = NULL;

  g_assert_null (ah_function_new_native ("Odd.echo_int8", &nothing, 1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

/* --- Failing --- */

static void
test_error (void)
{
  g_autoptr (AhFunction) function = native_bind (NULL, "Odd.fail", "s", "no luck");
  g_autoptr (AhFunction) thing = native_bind (NULL, "Odd.Thing.new_failing", "");
  g_autoptr (AhBatch) batch = ah_parallel_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  for (AhTestWay way = 0; way < AH_TEST_N_WAYS; way++)
    {
      g_assert_false (ah_test_way_run_function (way, function, NULL, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
      g_assert_cmpstr (error->message, ==, "no luck");
      g_clear_error (&error);
      g_assert_false (ah_test_way_run_function (way, thing, NULL, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
      g_clear_error (&error);
    }

  /* in a batch the function is named */
  ah_batch_schedule (batch, function);
  results = ah_batch_block (batch, NULL, &error);
  g_assert_null (results);
  g_assert_cmpstr (error->message, ==, "Function 0 “Odd.fail”: no luck");
}

static void
test_too_large (void)
{
  g_autoptr (GInputStream) stream = g_memory_input_stream_new ();
  g_autoptr (AhFunction) function = NULL;
  g_autoptr (GError) error = NULL;

#ifdef __SANITIZE_ADDRESS__
  g_test_skip ("the sanitizer ends a program that asks for so much");
  return;
#endif

  function = native_bind (&error, "Gio.InputStream.read", "otn", stream, (guint64) G_MAXINT64);
  g_assert_no_error (error);
  g_assert_false (ah_block (function, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
}

/* --- Cancelling --- */

typedef enum
{
  CANCEL_RUN,
  CANCEL_ARGUMENT,
  CANCEL_RUN_WITH_ARGUMENT,
} Cancel;

static gpointer
cancel_when_waiting (gpointer cancellable)
{
  ah_test_wait_until (odd_count_waiting () > 0);
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* Whichever is cancelled, the call ends, and neither has a handler left. */
static void
test_cancel (gconstpointer data)
{
  Cancel what = GPOINTER_TO_INT (data);

  for (AhTestWay way = 0; way < AH_TEST_WAY_BACKGROUND; way++)
    {
      g_autoptr (GCancellable) run = g_cancellable_new ();
      g_autoptr (GCancellable) argument = what == CANCEL_RUN ? NULL : g_cancellable_new ();
      g_autoptr (AhFunction) function = native_bind (NULL, "Odd.wait", "o", argument);
      g_autoptr (GThread) thread
          = g_thread_new ("cancel", cancel_when_waiting, what == CANCEL_ARGUMENT ? argument : run);
      g_autoptr (GError) error = NULL;
      g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();

      g_assert_false (ah_test_way_run_function (way, function, run, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_thread_join (g_steal_pointer (&thread));
      g_assert_cmpuint (ah_test_count_handlers (run), ==, 0);
      if (argument)
        {
          g_assert_cmpuint (ah_test_count_handlers (argument), ==, 0);
          g_assert_cmpint (g_cancellable_is_cancelled (argument), ==, what == CANCEL_ARGUMENT);
        }
    }
}

/* Without a run's cancellable the function gets what was bound, itself. */
static void
test_same_cancellable (void)
{
  g_autoptr (GCancellable) argument = g_cancellable_new ();
  g_autoptr (AhFunction) function = native_bind (NULL, "Odd.get_cancellable", "o", argument);
  g_auto (GValue) value = G_VALUE_INIT;

  g_assert_true (ah_block (function, NULL, &value, NULL));
  g_assert_true (g_value_get_object (&value) == argument);
  g_value_unset (&value);
  g_assert_true (ah_block (function, argument, &value, NULL));
  g_assert_true (g_value_get_object (&value) == argument);
}

/* --- Who frees arguments --- */

static void
test_background_dropped (void)
{
  int n_live = odd_count_live ();

  for (int i = 0; i < 50; i++)
    {
      AhTestProbe *probe = ah_test_probe_new (i, g_thread_self ());
      AhFunction *function = native_bind (NULL, "GObject.Object.is_floating", "o", probe);
      AhFuture *future;

      g_assert_nonnull (function);
      ah_test_track (function);
      g_object_unref (probe);
      future = ah_queue_background_thread (function);
      g_object_unref (function);
      /* nobody keeps it: a worker may drop the function */
      g_object_unref (future);
    }
  ah_test_assert_released ();
  g_assert_cmpint (odd_count_live (), ==, n_live);
}

static gpointer
drop_in_thread (gpointer function)
{
  g_object_unref (function);
  return NULL;
}

static gboolean
bind_here (gpointer data)
{
  g_autoptr (AhTestProbe) probe = ah_test_probe_new (0, g_thread_self ());

  *(AhFunction **) data = native_bind (NULL, "GObject.Object.is_floating", "o", probe);
  return G_SOURCE_REMOVE;
}

/* Dropped in other threads, while the owner's context is this one's, another one's, or gone. */
static void
test_dropped_elsewhere (void)
{
  AhFunction *function = NULL;
  GMainContext *context = g_main_context_new ();

  bind_here (&function);
  ah_test_in_new_thread (drop_in_thread, function);
  g_assert_cmpint (ah_test_probe_get_n_alive (), ==, 1);
  ah_test_assert_released ();

  ah_test_call_in (ah_test_get_other_context (), bind_here, &function);
  g_object_unref (function);
  ah_test_assert_released ();

  /* with its context goes its thread's claim: better freed elsewhere than never */
  g_main_context_push_thread_default (context);
  {
    g_autoptr (AhTestProbe) probe = ah_test_probe_new (0, NULL);

    function = native_bind (NULL, "GObject.Object.is_floating", "o", probe);
  }
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  ah_test_in_new_thread (drop_in_thread, function);
  ah_test_assert_released ();
}

/* --- What other languages own --- */

static void
count_call (OddThing *thing, gpointer data)
{
  ++*(int *) data;
}

static void
test_handlers (void)
{
  g_autoptr (OddThing) thing = odd_thing_new (1);
  g_autoptr (AhNative) native = ah_native_lookup ("Odd.Thing.announce", NULL);
  g_autoptr (AhNative) waits = ah_native_lookup ("Odd.get_cancellable", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (AhFunction) function = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GValue) value = G_VALUE_INIT;
  int n_calls = 0;
  gulong handler = g_signal_connect (thing, "announced", G_CALLBACK (count_call), &n_calls);

  g_value_set_object (g_value_init (&value, G_TYPE_OBJECT), thing);
  g_assert_null (ah_native_bind (native, &value, 1, AH_NATIVE_FLAGS_NO_HANDLERS, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "OddThing has signal handlers"));
  g_clear_error (&error);

  function = ah_native_bind (native, &value, 1, AH_NATIVE_FLAGS_NONE, &error);
  g_assert_no_error (error);
  g_assert_true (ah_block (function, NULL, NULL, NULL));
  g_assert_cmpint (n_calls, ==, 1);
  g_clear_object (&function);

  g_signal_handler_block (thing, handler);
  function = ah_native_bind (native, &value, 1, AH_NATIVE_FLAGS_NO_HANDLERS, &error);
  g_assert_no_error (error);
  g_clear_object (&function);
  g_signal_handler_disconnect (thing, handler);

  handler = g_signal_connect (cancellable, "cancelled", G_CALLBACK (count_call), &n_calls);
  g_value_set_object (&value, cancellable);
  function = ah_native_bind (waits, &value, 1, AH_NATIVE_FLAGS_NO_HANDLERS, &error);
  g_assert_no_error (error);
  g_signal_handler_disconnect (cancellable, handler);
}

static void
test_written_in_js (void)
{
  GTypeInfo info = { .class_size = sizeof (OddThingClass) };
  GTypeQuery query;
  GType custom, below;
  g_autoptr (GObject) object = NULL;

  g_type_query (ODD_TYPE_THING, &query);
  info.instance_size = query.instance_size;
  custom = g_type_register_static (ODD_TYPE_THING, "Gjs_Custom", &info, 0);
  g_type_set_qdata (custom, g_quark_from_static_string ("gjs::custom-type"), GINT_TO_POINTER (1));
  below = g_type_register_static (custom, "Gjs_CustomBelow", &info, 0);

  object = g_object_new (below, NULL);
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*“self”*Gjs_CustomBelow is written in JavaScript*",
                 "Odd.Thing.get_number", "o", object);
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*“things”*Gjs_CustomBelow is written*",
                 "Odd.things_sum", "L", native_list ("o", object));
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*“value”*Gjs_CustomBelow is written*",
                 "Odd.value_show", "o", object);
}

static gpointer
copy_nothing (gpointer boxed)
{
  return boxed;
}

static void
free_nothing (gpointer boxed)
{
}

static void
test_values_of_js (void)
{
  GType type = g_boxed_type_register_static ("JSObject", copy_nothing, free_nothing);

  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*JSObject belongs to one thread*", "Odd.value_show",
                 "B", type, &type);
}

/* --- Many at once --- */

static void
test_parallel (void)
{
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_autoptr (OddThing) thing = odd_thing_new (5);
  g_autoptr (AhFunction) same = native_bind (NULL, "Odd.Thing.eat", "oo", thing, thing);
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 2000; i++)
    {
      g_autoptr (AhFunction) function = native_bind (NULL, "Odd.echo_int32", "i", i);

      ah_batch_schedule (batch, function);
      ah_batch_schedule (batch, same);
    }
  results = ah_batch_block (batch, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 4000; i += 2)
    {
      g_assert_cmpint (ah_test_get_int (results, i), ==, i / 2);
      g_assert_true (g_value_get_object (&g_array_index (results, GValue, i + 1)) == thing);
    }
  g_clear_pointer (&results, g_array_unref);
  g_clear_object (&batch);
  g_clear_object (&same);
  ah_test_assert_released ();
  g_assert_cmpint (G_OBJECT (thing)->ref_count, ==, 1);
}

int
main (int argc, char *argv[])
{
  ah_test_init (&argc, &argv);

  g_test_add_func ("/native/names", test_names);
  g_test_add_func ("/native/questions", test_questions);
  g_test_add_func ("/native/kinds", test_kinds);
  g_test_add_func ("/native/unsupported", test_unsupported);
  g_test_add_func ("/native/argument-count", test_argument_count);
  g_test_add_func ("/native/uninitialised", test_uninitialised);
  g_test_add_func ("/native/error", test_error);
  g_test_add_func ("/native/too-large", test_too_large);
  g_test_add_data_func ("/native/cancel/run", GINT_TO_POINTER (CANCEL_RUN), test_cancel);
  g_test_add_data_func ("/native/cancel/argument", GINT_TO_POINTER (CANCEL_ARGUMENT), test_cancel);
  g_test_add_data_func ("/native/cancel/run-with-argument",
                        GINT_TO_POINTER (CANCEL_RUN_WITH_ARGUMENT), test_cancel);
  g_test_add_func ("/native/cancel/same", test_same_cancellable);
  g_test_add_func ("/native/freed/background", test_background_dropped);
  g_test_add_func ("/native/freed/elsewhere", test_dropped_elsewhere);
  g_test_add_func ("/native/handlers", test_handlers);
  g_test_add_func ("/native/written-in-js", test_written_in_js);
  g_test_add_func ("/native/values-of-js", test_values_of_js);
  g_test_add_func ("/native/parallel", test_parallel);

  return ah_test_run ();
}
