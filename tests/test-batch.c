/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-plan.h"

/* AhBatch, AhParallel, AhSerial and AhResults as objects: types, properties, defaults, chaining. */

static void
give (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_value_set_int (g_value_init (result, G_TYPE_INT), GPOINTER_TO_INT (user_data));
}

static void
give_async (GTask *task, gpointer user_data)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_set_int (g_value_init (&value, G_TYPE_INT), GPOINTER_TO_INT (user_data));
  g_task_return_value (task, &value);
}

static void
test_types (void)
{
  g_autoptr (AhBatch) parallel = ah_parallel_new ();
  g_autoptr (AhBatch) serial = ah_serial_new ();

  g_assert_true (AH_IS_PARALLEL (parallel));
  g_assert_true (AH_IS_SERIAL (serial));
  g_assert_true (AH_IS_BATCH (parallel) && AH_IS_BATCH (serial));
  g_assert_true (AH_IS_FUNCTION (parallel) && AH_IS_FUNCTION (serial));
  g_assert_true (ah_function_is_async (AH_FUNCTION (parallel)));
  g_assert_true (ah_function_is_async (AH_FUNCTION (serial)));
  g_assert_true (G_TYPE_IS_ABSTRACT (AH_TYPE_BATCH));
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  (*(guint *) data)++;
}

static void
test_properties (gconstpointer data)
{
  AhTestKind kind = *(const AhTestKind *) data;
  g_autoptr (AhBatch) batch = ah_test_kind_new_batch (kind);
  g_autoptr (AhThreadPool) pool = ah_thread_pool_new (1);
  g_autoptr (AhThreadPool) got_pool = NULL;
  AhErrorPolicy policy;
  guint n_functions, timeout, n_notified = 0;
  int priority;

  g_assert_cmpint (ah_batch_get_error_policy (batch), ==, AH_ERROR_POLICY_FAIL_FAST);
  g_assert_cmpuint (ah_batch_get_timeout (batch), ==, 0);
  g_assert_cmpint (ah_batch_get_priority (batch), ==, G_PRIORITY_DEFAULT);
  g_assert_cmpuint (ah_batch_get_n_functions (batch), ==, 0);

  g_signal_connect (batch, "notify", G_CALLBACK (on_notify), &n_notified);
  for (int i = 0; i < 2; i++)
    {
      ah_batch_set_error_policy (batch, AH_ERROR_POLICY_COLLECT);
      ah_batch_set_timeout (batch, 1234);
      ah_batch_set_priority (batch, G_PRIORITY_LOW);
      ah_batch_set_pool (batch, pool);
    }
  /* the second round changed nothing, so it is not told */
  g_assert_cmpuint (n_notified, ==, 4);

  ah_batch_schedule_blocking (batch, give, NULL, NULL);
  g_object_get (batch, "error-policy", &policy, "timeout", &timeout, "priority", &priority, "pool",
                &got_pool, "n-functions", &n_functions, NULL);
  g_assert_cmpint (policy, ==, AH_ERROR_POLICY_COLLECT);
  g_assert_cmpuint (timeout, ==, 1234);
  g_assert_cmpint (priority, ==, G_PRIORITY_LOW);
  g_assert_true (got_pool == pool);
  g_assert_cmpuint (n_functions, ==, 1);

  g_object_set (batch, "error-policy", AH_ERROR_POLICY_FAIL_FAST, "timeout", 0, "priority",
                G_PRIORITY_HIGH, "pool", NULL, NULL);
  g_assert_cmpint (ah_batch_get_error_policy (batch), ==, AH_ERROR_POLICY_FAIL_FAST);
  g_assert_cmpuint (ah_batch_get_timeout (batch), ==, 0);
  g_assert_cmpint (ah_batch_get_priority (batch), ==, G_PRIORITY_HIGH);
  g_assert_true (ah_batch_get_pool (batch) != pool);
}

static void
test_max_concurrency (void)
{
  g_autoptr (AhBatch) batch = ah_parallel_new ();
  guint max_concurrency, n_notified = 0;

  g_assert_cmpuint (ah_parallel_get_max_concurrency (AH_PARALLEL (batch)), ==, 0);
  g_signal_connect (batch, "notify::max-concurrency", G_CALLBACK (on_notify), &n_notified);
  ah_parallel_set_max_concurrency (AH_PARALLEL (batch), 3);
  ah_parallel_set_max_concurrency (AH_PARALLEL (batch), 3);
  g_assert_cmpuint (n_notified, ==, 1);
  g_object_get (batch, "max-concurrency", &max_concurrency, NULL);
  g_assert_cmpuint (max_concurrency, ==, 3);
  g_object_set (batch, "max-concurrency", 0, NULL);
  g_assert_cmpuint (ah_parallel_get_max_concurrency (AH_PARALLEL (batch)), ==, 0);
}

/* Scheduling takes a reference of its own and gives none. */
static void
test_references (void)
{
  g_autoptr (AhBatch) batch = ah_parallel_new ();
  AhFunction *function = ah_test_track (ah_function_new_blocking (give, GINT_TO_POINTER (1), NULL));
  g_autoptr (GArray) results = NULL;

  ah_batch_schedule (ah_batch_schedule (batch, function), function);
  g_assert_cmpuint (G_OBJECT (batch)->ref_count, ==, 1);
  g_object_unref (function);
  ah_batch_schedule_async (ah_batch_schedule_blocking (batch, give, GINT_TO_POINTER (2), NULL),
                           give_async, GINT_TO_POINTER (3), NULL);
  results = ah_batch_block (batch, NULL, NULL);
  g_assert_cmpuint (results->len, ==, 4);
  g_assert_cmpint (ah_test_get_int (results, 0), ==, 1);
  g_assert_cmpint (ah_test_get_int (results, 1), ==, 1);
  g_assert_cmpint (ah_test_get_int (results, 2), ==, 2);
  g_assert_cmpint (ah_test_get_int (results, 3), ==, 3);
  g_clear_object (&batch);
  ah_test_assert_released ();
}

/* Callbacks come at the priority of the batch. */
static void
on_ended (GObject *source, GAsyncResult *async_result, gpointer data)
{
  g_autoptr (GArray) results = ah_batch_run_finish (AH_BATCH (source), async_result, NULL);
  int *priority = data;

  g_assert_nonnull (results);
  *priority = g_source_get_priority (g_main_current_source ());
}

static void
test_priority (gconstpointer data)
{
  AhTestKind kind = *(const AhTestKind *) data;
  static const int priorities[] = { G_PRIORITY_HIGH, G_PRIORITY_DEFAULT, G_PRIORITY_LOW };

  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      g_autoptr (AhBatch) batch = ah_test_kind_new_batch (kind);
      int priority = G_MAXINT;

      ah_batch_schedule_blocking (batch, give, NULL, NULL);
      ah_batch_schedule_async (batch, give_async, NULL, NULL);
      ah_batch_set_priority (batch, priorities[i]);
      ah_batch_run_async (batch, NULL, on_ended, &priority);
      ah_test_iterate_until (priority != G_MAXINT);
      g_assert_cmpint (priority, ==, priorities[i]);
    }
}

/* A run without a callback, of which nobody hears, still runs. */
static void
count (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_atomic_int_inc ((int *) user_data);
}

static void
test_no_callback (void)
{
  AhBatch *batch = ah_test_track (ah_parallel_new ());
  int n_run = 0;

  for (int i = 0; i < 10; i++)
    ah_batch_schedule_blocking (batch, count, &n_run, NULL);
  ah_batch_run_async (batch, NULL, NULL, NULL);
  g_object_unref (batch);
  ah_test_iterate_until (g_atomic_int_get (&n_run) == 10);
  ah_test_assert_released ();
}

/* A batch through the functions' own calls gives its list as one value. */
static void
test_as_function (gconstpointer data)
{
  AhTestKind kind = *(const AhTestKind *) data;

  for (AhTestWay way = 0; way < AH_TEST_N_WAYS; way++)
    {
      g_autoptr (AhBatch) batch = ah_test_track (ah_test_kind_new_batch (kind));
      g_auto (GValue) value = G_VALUE_INIT;
      g_autoptr (GError) error = NULL;
      AhResults *results;

      for (int i = 0; i < 5; i++)
        ah_batch_schedule_blocking (batch, give, GINT_TO_POINTER (i), NULL);
      g_assert_true (ah_test_way_run_function (way, AH_FUNCTION (batch), NULL, &value, &error));
      g_assert_no_error (error);
      g_assert_true (G_VALUE_HOLDS (&value, AH_TYPE_RESULTS));
      results = g_value_get_object (&value);
      g_assert_cmpuint (ah_results_get_n (results), ==, 5);
      for (guint i = 0; i < 5; i++)
        g_assert_cmpint (g_value_get_int (ah_results_peek (results, i)), ==, (int) i);
    }
  ah_test_assert_released ();
}

/* The list of an AhResults is the taker's own. */
static void
test_results (void)
{
  g_autoptr (AhBatch) outer = ah_serial_new ();
  g_autoptr (AhBatch) inner = ah_serial_new ();
  g_autoptr (GArray) outer_results = NULL;
  g_autoptr (AhResults) results = NULL;
  g_autoptr (GArray) first = NULL;
  g_autoptr (GArray) second = NULL;

  ah_batch_schedule_blocking (inner, give, GINT_TO_POINTER (1), NULL);
  ah_batch_schedule_blocking (inner, give, GINT_TO_POINTER (2), NULL);
  ah_batch_schedule (outer, AH_FUNCTION (inner));
  outer_results = ah_batch_block (outer, NULL, NULL);
  results = g_value_dup_object (&g_array_index (outer_results, GValue, 0));
  g_clear_pointer (&outer_results, g_array_unref);

  g_assert_cmpuint (ah_results_get_n (results), ==, 2);
  first = ah_results_get_values (results);
  g_value_set_int (&g_array_index (first, GValue, 0), 99);
  g_array_remove_index (first, 1);
  second = ah_results_get_values (results);
  g_assert_cmpuint (second->len, ==, 2);
  g_assert_cmpint (ah_test_get_int (second, 0), ==, 1);
  g_assert_cmpint (ah_test_get_int (second, 1), ==, 2);
  g_assert_cmpint (g_value_get_int (ah_results_peek (results, 0)), ==, 1);

  ah_test_log_begin ();
  g_assert_null (ah_results_peek (results, 2));
  ah_test_log_end_one ("*");
}

int
main (int argc, char *argv[])
{
  static AhTestKind kinds[AH_TEST_N_KINDS];

  ah_test_init (&argc, &argv);

  g_test_add_func ("/batch/types", test_types);
  g_test_add_func ("/batch/max-concurrency", test_max_concurrency);
  g_test_add_func ("/batch/references", test_references);
  g_test_add_func ("/batch/no-callback", test_no_callback);
  g_test_add_func ("/batch/results", test_results);
  for (guint kind = 0; kind < AH_TEST_N_KINDS; kind++)
    {
      const char *name = ah_test_kind_get_name (kind);
      g_autofree char *properties = g_strdup_printf ("/batch/properties/%s", name);
      g_autofree char *priority = g_strdup_printf ("/batch/priority/%s", name);
      g_autofree char *function = g_strdup_printf ("/batch/as-function/%s", name);

      kinds[kind] = kind;
      g_test_add_data_func (properties, &kinds[kind], test_properties);
      g_test_add_data_func (priority, &kinds[kind], test_priority);
      g_test_add_data_func (function, &kinds[kind], test_as_function);
    }

  return ah_test_run ();
}
