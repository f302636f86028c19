/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-support.h"

#include <glib/gstdio.h>
#include <string.h>

/* Single functions: what they return, and how they turn into the other kind. */

/* What a function of this file does; its user data. */
typedef struct
{
  const GValue *value; /* NULL: none */
  gboolean fails;
  gboolean is_slow; /* async: ends in a later dispatch */
  GThread *ran_in;
  GMainContext *ran_with; /* the thread default context */
  int n_calls;            /* atomic */
  int n_freed;            /* atomic */
} Deed;

static void
deed_free (gpointer data)
{
  Deed *deed = data;

  g_atomic_int_inc (&deed->n_freed);
}

static void
deed_block (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Deed *deed = user_data;

  g_atomic_int_inc (&deed->n_calls);
  deed->ran_in = g_thread_self ();
  deed->ran_with = g_main_context_get_thread_default ();

  if (deed->value != NULL)
    {
      g_value_init (result, G_VALUE_TYPE (deed->value));
      g_value_copy (deed->value, result);
    }
  if (deed->fails)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "as asked for");
}

static gboolean
on_deed_ends (gpointer data)
{
  GTask *task = data;
  Deed *deed = g_task_get_task_data (task);

  if (deed->fails)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "as asked for");
  else
    g_task_return_value (task, (GValue *) deed->value);
  return G_SOURCE_REMOVE;
}

static void
deed_start (GTask *task, gpointer user_data)
{
  Deed *deed = user_data;
  g_autoptr (GSource) source = NULL;

  g_assert_cmpint (g_main_depth (), >, 0);
  ah_test_track (task);
  g_atomic_int_inc (&deed->n_calls);
  deed->ran_in = g_thread_self ();
  deed->ran_with = g_main_context_get_thread_default ();

  g_task_set_task_data (task, deed, NULL);
  if (!deed->is_slow)
    {
      on_deed_ends (task);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_callback (source, on_deed_ends, g_object_ref (task), g_object_unref);
  g_source_attach (source, g_main_context_get_thread_default ());
}

typedef enum
{
  KIND_BLOCKING,
  KIND_ASYNC,      /* ends inside the call */
  KIND_SLOW_ASYNC, /* ends in a later dispatch */
  KIND_TO_ASYNC,
  KIND_TO_BLOCKING,
  N_KINDS
} Kind;

static const char *const kind_names[]
    = { "blocking", "async", "slow-async", "to-async", "to-blocking" };

static AhFunction *
new_function (Kind kind, Deed *deed)
{
  g_autoptr (AhFunction) inner = NULL;
  AhFunction *function;

  deed->is_slow = kind == KIND_SLOW_ASYNC || kind == KIND_TO_BLOCKING;
  if (kind == KIND_BLOCKING || kind == KIND_TO_ASYNC)
    inner = ah_function_new_blocking (deed_block, deed, deed_free);
  else
    inner = ah_function_new_async (deed_start, deed, deed_free);
  ah_test_track (inner);

  if (kind != KIND_TO_ASYNC && kind != KIND_TO_BLOCKING)
    return g_steal_pointer (&inner);

  function = kind == KIND_TO_ASYNC ? ah_to_async (inner) : ah_to_blocking (inner);
  g_assert_true (function != inner);
  return ah_test_track (function);
}

typedef struct
{
  AhTestWay way;
  Kind kind;
} Params;

/* Runs a deed once, and shows that it left nothing behind. Returns what the run returned. */
static gboolean
run_deed (const Params *params, Deed *deed, GValue *result, GError **error)
{
  AhFunction *function = new_function (params->kind, deed);
  gboolean ok;

  g_assert_cmpint (ah_function_is_async (function), ==,
                   params->kind != KIND_BLOCKING && params->kind != KIND_TO_BLOCKING);
  ok = ah_test_way_run_function (params->way, function, NULL, result, error);
  g_assert_cmpint (deed->n_calls, ==, 1);
  g_assert_cmpint (deed->n_freed, ==, 0);
  g_object_unref (function);
  ah_test_iterate_until (g_atomic_int_get (&deed->n_freed) > 0);
  g_assert_cmpint (deed->n_freed, ==, 1);
  return ok;
}

/* Values of every sort arrive as they were returned. */
static void
test_values (gconstpointer data)
{
  const Params *params = data;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("abc", 3);
  g_auto (GStrv) strv = g_strsplit ("a b c", " ", -1);
  AhTestProbe *probe = ah_test_probe_new (7, NULL);
  GValue values[8] = { 0 };

  g_value_set_int (g_value_init (&values[0], G_TYPE_INT), -3);
  g_value_set_uint64 (g_value_init (&values[1], G_TYPE_UINT64), G_MAXUINT64);
  g_value_set_double (g_value_init (&values[2], G_TYPE_DOUBLE), 0.5);
  g_value_set_boolean (g_value_init (&values[3], G_TYPE_BOOLEAN), TRUE);
  g_value_set_string (g_value_init (&values[4], G_TYPE_STRING), "zwölf");
  g_value_set_boxed (g_value_init (&values[5], G_TYPE_BYTES), bytes);
  g_value_set_boxed (g_value_init (&values[6], G_TYPE_STRV), strv);
  g_value_take_object (g_value_init (&values[7], AH_TEST_TYPE_PROBE), probe);

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      Deed deed = { .value = &values[i] };
      g_auto (GValue) result = G_VALUE_INIT;
      g_autoptr (GError) error = NULL;
      g_autofree char *expected = g_strdup_value_contents (&values[i]);
      g_autofree char *got = NULL;

      g_assert_true (run_deed (params, &deed, &result, &error));
      g_assert_no_error (error);
      g_assert_true (G_VALUE_TYPE (&result) == G_VALUE_TYPE (&values[i]));
      got = g_strdup_value_contents (&result);
      if (G_VALUE_TYPE (&result) == G_TYPE_BYTES)
        g_assert_true (g_bytes_equal (g_value_get_boxed (&result), bytes));
      else
        g_assert_cmpstr (got, ==, expected);
    }
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    g_value_unset (&values[i]);
  ah_test_assert_released ();
}

/* “No value” is a NULL pointer. */
static void
test_no_value (gconstpointer data)
{
  Deed deed = { 0 };
  g_auto (GValue) result = G_VALUE_INIT;
  g_autoptr (GError) error = NULL;

  g_assert_true (run_deed (data, &deed, &result, &error));
  g_assert_no_error (error);
  g_assert_true (G_VALUE_HOLDS_POINTER (&result));
  g_assert_null (g_value_get_pointer (&result));
  ah_test_assert_released ();
}

static void
test_failure (gconstpointer data)
{
  Deed deed = { .fails = TRUE };
  g_auto (GValue) result = G_VALUE_INIT;
  g_autoptr (GError) error = NULL;

  g_assert_false (run_deed (data, &deed, &result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_true (g_str_has_suffix (error->message, "as asked for"));
  g_assert_false (G_IS_VALUE (&result));
  ah_test_assert_released ();
}

/* Where a function sets both, the error counts, and the value is freed. */
static void
test_value_and_error (gconstpointer data)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_auto (GValue) result = G_VALUE_INIT;
  g_autoptr (GError) error = NULL;
  Deed deed = { .value = &value, .fails = TRUE };

  g_value_take_object (g_value_init (&value, AH_TEST_TYPE_PROBE), ah_test_probe_new (1, NULL));
  g_assert_false (run_deed (data, &deed, &result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_false (G_IS_VALUE (&result));
  g_value_unset (&value);
  ah_test_assert_released ();
}

/* Who wants neither value nor error says NULL. */
static void
test_not_wanted (gconstpointer data)
{
  g_auto (GValue) value = G_VALUE_INIT;
  Deed good = { .value = &value };
  Deed bad = { .fails = TRUE };

  g_value_take_object (g_value_init (&value, AH_TEST_TYPE_PROBE), ah_test_probe_new (1, NULL));
  g_assert_true (run_deed (data, &good, NULL, NULL));
  g_assert_false (run_deed (data, &bad, NULL, NULL));
  g_value_unset (&value);
  ah_test_assert_released ();
}

/* Section 3: where code runs. */
static void
test_where (gconstpointer data)
{
  const Params *params = data;
  gboolean starts_async = params->kind == KIND_ASYNC || params->kind == KIND_SLOW_ASYNC;
  Deed deed = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (run_deed (params, &deed, NULL, &error));
  g_assert_no_error (error);

  if (params->way == AH_TEST_WAY_BACKGROUND)
    g_assert_true (deed.ran_in != g_thread_self ());
  else if (starts_async)
    g_assert_true (deed.ran_in == g_thread_self () && deed.ran_with == NULL);
  else if (params->way == AH_TEST_WAY_RUN_ASYNC || params->way == AH_TEST_WAY_START_LOOP)
    g_assert_true (deed.ran_in != g_thread_self ());
  ah_test_assert_released ();
}

static void
test_convert_identity (void)
{
  Deed deed = { 0 };
  g_autoptr (AhFunction) blocking = new_function (KIND_BLOCKING, &deed);
  g_autoptr (AhFunction) async = new_function (KIND_ASYNC, &deed);
  g_autoptr (AhFunction) batch = ah_test_track (AH_FUNCTION (ah_parallel_new ()));
  g_autoptr (AhFunction) same_blocking = ah_to_blocking (blocking);
  g_autoptr (AhFunction) same_async = ah_to_async (async);
  g_autoptr (AhFunction) same_batch = ah_to_async (batch);

  g_assert_true (same_blocking == blocking);
  g_assert_true (same_async == async);
  g_assert_true (ah_function_is_async (batch));
  g_assert_true (same_batch == batch);
}

/* A batch as a blocking function gives its results as one value. */
static void
test_convert_batch (void)
{
  for (AhTestWay way = 0; way < AH_TEST_N_WAYS; way++)
    {
      g_auto (GValue) value = G_VALUE_INIT;
      g_auto (GValue) result = G_VALUE_INIT;
      g_autoptr (GError) error = NULL;
      g_autoptr (AhBatch) batch = ah_test_track (ah_serial_new ());
      g_autoptr (AhFunction) blocking = ah_test_track (ah_to_blocking (AH_FUNCTION (batch)));
      AhResults *results;
      Deed deed = { .value = &value };

      g_value_set_int (g_value_init (&value, G_TYPE_INT), 5);
      ah_batch_schedule_blocking (batch, deed_block, &deed, deed_free);
      ah_batch_schedule_async (batch, deed_start, &deed, deed_free);
      g_assert_false (ah_function_is_async (blocking));
      g_assert_true (ah_test_way_run_function (way, blocking, NULL, &result, &error));
      g_assert_no_error (error);

      g_assert_true (G_VALUE_HOLDS (&result, AH_TYPE_RESULTS));
      results = g_value_get_object (&result);
      g_assert_cmpuint (ah_results_get_n (results), ==, 2);
      g_assert_cmpint (g_value_get_int (ah_results_peek (results, 0)), ==, 5);
      g_assert_cmpint (g_value_get_int (ah_results_peek (results, 1)), ==, 5);

      /* the deed is gone after this, so nothing may come later */
      g_clear_object (&blocking);
      g_clear_object (&batch);
      ah_test_iterate_until (g_atomic_int_get (&deed.n_freed) == 2);
    }
  ah_test_assert_released ();
}

/* Converted functions in one batch, in both directions. */
static void
test_convert_in_batch (void)
{
  for (AhTestWay way = 0; way < AH_TEST_N_WAYS; way++)
    {
      g_auto (GValue) value = G_VALUE_INIT;
      g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
      g_auto (AhTestOutcome) outcome = { 0 };
      Deed deeds[2 * N_KINDS] = { 0 };

      g_value_set_int (g_value_init (&value, G_TYPE_INT), 6);
      for (guint i = 0; i < G_N_ELEMENTS (deeds); i++)
        {
          g_autoptr (AhFunction) function = NULL;

          deeds[i].value = &value;
          function = new_function (i % N_KINDS, &deeds[i]);
          ah_batch_schedule (batch, function);
        }
      ah_test_way_run_batch (way, batch, NULL, &outcome);
      g_assert_no_error (outcome.error);
      for (guint i = 0; i < G_N_ELEMENTS (deeds); i++)
        {
          g_assert_cmpint (ah_test_get_int (outcome.results, i), ==, 6);
          g_assert_cmpint (deeds[i].n_calls, ==, 1);
        }
      g_clear_object (&batch);
      for (guint i = 0; i < G_N_ELEMENTS (deeds); i++)
        ah_test_iterate_until (g_atomic_int_get (&deeds[i].n_freed) == 1);
    }
  ah_test_assert_released ();
}

/* Existing …_async and …_finish pairs. */
static void
start_load (GCancellable *cancellable,
            GAsyncReadyCallback callback,
            gpointer callback_data,
            gpointer user_data)
{
  g_file_load_contents_async (user_data, cancellable, callback, callback_data);
}

static void
finish_load (GObject *source,
             GAsyncResult *async_result,
             GValue *result,
             gpointer user_data,
             GError **error)
{
  g_autofree char *contents = NULL;
  gsize length;

  g_assert_true (source == user_data);
  if (!g_file_load_contents_finish (G_FILE (source), async_result, &contents, &length, NULL, error))
    return;
  g_value_init (result, G_TYPE_STRING);
  g_value_set_string (result, contents);
}

static void
test_gio (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GFile) there = NULL;
  g_autoptr (GFile) missing = NULL;
  g_autoptr (AhFunction) good = NULL;
  g_autoptr (AhFunction) bad = NULL;
  g_auto (GValue) value = G_VALUE_INIT;
  int fd = g_file_open_tmp ("asynchelp-XXXXXX", &path, &error);

  g_assert_no_error (error);
  g_assert_true (g_close (fd, NULL));
  g_assert_true (g_file_set_contents (path, "from a file", -1, NULL));
  there = ah_test_track (g_file_new_for_path (path));
  missing = ah_test_track (g_file_new_build_filename (path, "nothing", NULL));
  good = ah_test_track (
      ah_function_new_gio_async (start_load, finish_load, g_object_ref (there), g_object_unref));
  bad = ah_test_track (
      ah_function_new_gio_async (start_load, finish_load, g_object_ref (missing), g_object_unref));
  g_assert_true (ah_function_is_async (good));

  g_assert_true (ah_test_way_run_function (way, good, NULL, &value, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (g_value_get_string (&value), ==, "from a file");
  g_value_unset (&value);

  g_assert_false (ah_test_way_run_function (way, bad, NULL, &value, &error));
  g_assert_nonnull (error);
  g_assert_true (error->domain == G_IO_ERROR);
  g_assert_true (error->code == G_IO_ERROR_NOT_DIRECTORY || error->code == G_IO_ERROR_NOT_FOUND);

  g_clear_object (&good);
  g_clear_object (&bad);
  g_clear_object (&there);
  g_clear_object (&missing);
  g_assert_cmpint (g_unlink (path), ==, 0);
  ah_test_assert_released ();
}

/* A call that is told to stop sees it. */
static void
test_gio_cancelled (void)
{
  g_autoptr (GFile) file = g_file_new_for_path ("/dev/null");
  g_autoptr (GCancellable) cancellable = ah_test_track (g_cancellable_new ());
  g_autoptr (GError) error = NULL;
  g_autoptr (AhFunction) function = ah_test_track (
      ah_function_new_gio_async (start_load, finish_load, g_object_ref (file), g_object_unref));

  g_cancellable_cancel (cancellable);
  g_assert_false (ah_block (function, cancellable, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&function);
  g_clear_object (&cancellable);
  ah_test_assert_released ();
}

/* The caller's reference may go while the function runs, by the function itself: whoever blocks on
 * it needs one of its own (Guarantee 3). What is touched too late is for the tools to find. */
static void
drop_function (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_clear_object ((GObject **) user_data);
  g_value_set_int (g_value_init (result, G_TYPE_INT), 8);
}

static void
drop_function_async (GTask *task, gpointer user_data)
{
  g_auto (GValue) value = G_VALUE_INIT;

  drop_function (NULL, &value, user_data, NULL);
  g_task_return_value (task, &value);
}

static void
test_drops_itself (void)
{
  for (int is_async = FALSE; is_async <= TRUE; is_async++)
    for (int is_batch = FALSE; is_batch <= TRUE; is_batch++)
      {
        AhFunction *function;
        g_auto (GValue) value = G_VALUE_INIT;
        g_autoptr (GError) error = NULL;
        const GValue *number = &value;

        if (is_async)
          function = ah_function_new_async (drop_function_async, &function, NULL);
        else
          function = ah_function_new_blocking (drop_function, &function, NULL);
        ah_test_track (function);
        if (is_batch)
          {
            AhBatch *batch = ah_test_track (ah_serial_new ());

            ah_batch_schedule (batch, function);
            g_object_unref (function);
            function = AH_FUNCTION (batch);
          }

        g_assert_true (ah_block (function, NULL, &value, &error));
        g_assert_no_error (error);
        g_assert_null (function);
        if (is_batch)
          number = ah_results_peek (g_value_get_object (&value), 0);
        g_assert_cmpint (g_value_get_int (number), ==, 8);
        ah_test_assert_released ();
      }
}

/* The same where the results are asked for as a list. */
static void
test_batch_drops_itself (void)
{
  for (int is_async = FALSE; is_async <= TRUE; is_async++)
    {
      AhBatch *batch = ah_test_track (ah_parallel_new ());
      g_autoptr (GArray) results = NULL;
      g_autoptr (GError) error = NULL;

      if (is_async)
        ah_batch_schedule_async (batch, drop_function_async, &batch, NULL);
      else
        ah_batch_schedule_blocking (batch, drop_function, &batch, NULL);
      results = ah_batch_block (batch, NULL, &error);
      g_assert_no_error (error);
      g_assert_null (batch);
      g_assert_cmpint (ah_test_get_int (results, 0), ==, 8);
      ah_test_assert_released ();
    }
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  (*(guint *) data)++;
}

static void
test_name (void)
{
  Deed deed = { 0 };
  g_autoptr (AhFunction) function = new_function (KIND_BLOCKING, &deed);
  g_autofree char *name = NULL;
  guint n_notified = 0;

  g_assert_null (ah_function_get_name (function));
  g_signal_connect (function, "notify::name", G_CALLBACK (on_notify), &n_notified);
  ah_function_set_name (function, "first");
  ah_function_set_name (function, "first");
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_cmpstr (ah_function_get_name (function), ==, "first");
  g_object_set (function, "name", "second", NULL);
  g_assert_cmpuint (n_notified, ==, 2);
  g_object_get (function, "name", &name, NULL);
  g_assert_cmpstr (name, ==, "second");
  ah_function_set_name (function, NULL);
  g_assert_null (ah_function_get_name (function));
}

/* Bad input: no function. */
static void
test_null (void)
{
  g_autoptr (AhBatch) batch = ah_parallel_new ();

  ah_test_log_begin ();
  g_assert_null (ah_function_new_blocking (NULL, NULL, NULL));
  ah_test_log_end_one ("*");

  ah_test_log_begin ();
  g_assert_null (ah_function_new_async (NULL, NULL, NULL));
  ah_test_log_end_one ("*");

  ah_test_log_begin ();
  g_assert_true (ah_batch_schedule (batch, NULL) == batch);
  ah_test_log_end_one ("*");

  ah_test_log_begin ();
  g_assert_true (ah_batch_schedule_blocking (batch, NULL, NULL, NULL) == batch);
  ah_test_log_end_one ("*");

  ah_test_log_begin ();
  g_assert_true (ah_batch_schedule_async (batch, NULL, NULL, NULL) == batch);
  ah_test_log_end_one ("*");

  g_assert_cmpuint (ah_batch_get_n_functions (batch), ==, 0);
}

static void
add_product (const char *name, GTestDataFunc func)
{
  static Params params[AH_TEST_N_WAYS][N_KINDS];

  G_STATIC_ASSERT (G_N_ELEMENTS (kind_names) == N_KINDS);
  for (guint way = 0; way < AH_TEST_N_WAYS; way++)
    for (guint kind = 0; kind < N_KINDS; kind++)
      {
        g_autofree char *path = g_strdup_printf ("/function/%s/%s/%s", name, kind_names[kind],
                                                 ah_test_way_get_name (way));

        params[way][kind] = (Params){ way, kind };
        g_test_add_data_func (path, &params[way][kind], func);
      }
}

int
main (int argc, char *argv[])
{
  static AhTestWay ways[AH_TEST_N_WAYS];

  ah_test_init (&argc, &argv);

  add_product ("values", test_values);
  add_product ("no-value", test_no_value);
  add_product ("failure", test_failure);
  add_product ("value-and-error", test_value_and_error);
  add_product ("not-wanted", test_not_wanted);
  add_product ("where", test_where);
  g_test_add_func ("/function/convert/identity", test_convert_identity);
  g_test_add_func ("/function/convert/batch", test_convert_batch);
  g_test_add_func ("/function/convert/in-batch", test_convert_in_batch);
  for (guint way = 0; way < AH_TEST_N_WAYS; way++)
    {
      g_autofree char *path = g_strdup_printf ("/function/gio/%s", ah_test_way_get_name (way));

      ways[way] = way;
      g_test_add_data_func (path, &ways[way], test_gio);
    }
  g_test_add_func ("/function/gio/cancelled", test_gio_cancelled);
  g_test_add_func ("/function/drops-itself/single", test_drops_itself);
  g_test_add_func ("/function/drops-itself/batch", test_batch_drops_itself);
  g_test_add_func ("/function/name", test_name);
  g_test_add_func ("/function/null", test_null);

  return ah_test_run ();
}
