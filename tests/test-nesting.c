/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-support.h"

/* Guarantee 6: nesting never deadlocks, on a pool of one thread, at a depth of a thousand. A hang
 * is what these tests look for: the test program's own deadline ends it. */

#define DEPTH 1000

static AhThreadPool *small_pool; /* of one thread */

static void
give_one (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_value_set_int (g_value_init (result, G_TYPE_INT), 1);
}

static gboolean
on_give_one (gpointer data)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_set_int (g_value_init (&value, G_TYPE_INT), 1);
  g_task_return_value (data, &value);
  return G_SOURCE_REMOVE;
}

static void
give_one_later (GTask *task, gpointer user_data)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  ah_test_track (task);
  g_source_set_callback (source, on_give_one, g_object_ref (task), g_object_unref);
  g_source_attach (source, user_data != NULL ? user_data : g_main_context_get_thread_default ());
}

/* One leaf of a kind that @i picks. */
static void
schedule_leaf (AhBatch *batch, guint i)
{
  if (i % 3 == 0)
    ah_batch_schedule_blocking (batch, give_one, NULL, NULL);
  else
    ah_batch_schedule_async (batch, give_one_later,
                             i % 3 == 1 ? NULL : ah_test_get_other_context (), NULL);
}

static AhBatch *
new_batch (guint i)
{
  AhBatch *batch = i % 2 == 0 ? ah_parallel_new () : ah_serial_new ();

  ah_batch_set_pool (batch, small_pool);
  return ah_test_track (batch);
}

/* The sum of all numbers in a tree of results; without recursion in the levels. */
static guint
sum_results (GArray *results)
{
  g_autoptr (GPtrArray) todo = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  guint sum = 0;

  g_ptr_array_add (todo, g_array_ref (results));
  while (todo->len > 0)
    {
      g_autoptr (GArray) array = g_ptr_array_steal_index (todo, todo->len - 1);

      for (guint i = 0; i < array->len; i++)
        {
          const GValue *value = &g_array_index (array, GValue, i);

          if (G_VALUE_HOLDS (value, AH_TYPE_RESULTS))
            g_ptr_array_add (todo, ah_results_get_values (g_value_get_object (value)));
          else
            sum += g_value_get_int (value);
        }
    }
  return sum;
}

/* Runs @batch by @way, gives it away, and asserts that its leaves add up. */
static void
run_and_sum (AhTestWay way, AhBatch *batch, guint expected)
{
  g_auto (AhTestOutcome) outcome = { 0 };

  ah_test_way_run_batch (way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (sum_results (outcome.results), ==, expected);
  ah_test_outcome_clear (&outcome);
  g_object_unref (batch);
  ah_test_assert_released ();
}

/* Batches inside batches, with functions of every kind before and behind the nested one. */
static void
test_deep (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  AhBatch *batch = new_batch (0);
  guint n_leaves = 1;

  schedule_leaf (batch, 0);
  for (guint depth = 1; depth < DEPTH; depth++)
    {
      AhBatch *outer = new_batch (depth);

      schedule_leaf (outer, depth);
      ah_batch_schedule (outer, AH_FUNCTION (batch));
      schedule_leaf (outer, depth + 1);
      g_object_unref (batch);
      batch = outer;
      n_leaves += 2;
    }
  run_and_sum (way, batch, n_leaves);
}

/* A nested batch takes one place of max-concurrency, and needs none to go on. */
static void
test_deep_max_concurrency (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  AhBatch *batch = new_batch (0);
  guint n_leaves = 3;

  for (guint i = 0; i < 3; i++)
    schedule_leaf (batch, i);
  for (guint depth = 1; depth < 100; depth++)
    {
      AhBatch *outer = new_batch (0);

      ah_parallel_set_max_concurrency (AH_PARALLEL (outer), 1 + depth % 2);
      schedule_leaf (outer, depth);
      ah_batch_schedule (outer, AH_FUNCTION (batch));
      schedule_leaf (outer, depth + 1);
      g_object_unref (batch);
      batch = outer;
      n_leaves += 2;
    }
  run_and_sum (way, batch, n_leaves);
}

/* A parallel in a serial in a parallel, wide at each level. */
static void
test_wide (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  AhBatch *top = new_batch (0);

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (AhBatch) middle = new_batch (1);

      for (guint j = 0; j < 5; j++)
        {
          g_autoptr (AhBatch) bottom = new_batch (0);

          for (guint k = 0; k < 7; k++)
            schedule_leaf (bottom, k);
          ah_batch_schedule (middle, AH_FUNCTION (bottom));
          schedule_leaf (middle, j);
        }
      ah_batch_schedule (top, AH_FUNCTION (middle));
      schedule_leaf (top, i);
    }
  run_and_sum (way, top, 20 * (5 * (7 + 1) + 1));
}

/* One batch in several places of one tree, below others that are there more than once, too. */
static void
test_shared (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  AhBatch *batch = new_batch (0);
  guint n_leaves = 3;

  for (guint i = 0; i < 3; i++)
    schedule_leaf (batch, i);
  for (guint depth = 1; depth <= 5; depth++)
    {
      AhBatch *outer = new_batch (depth);

      for (guint i = 0; i < 3; i++)
        ah_batch_schedule (outer, AH_FUNCTION (batch));
      g_object_unref (batch);
      batch = outer;
      n_leaves *= 3;
    }
  run_and_sum (way, batch, n_leaves);
}

static void
test_empty (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  AhBatch *top = new_batch (1);

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (AhBatch) empty = new_batch (i);
      g_autoptr (AhBatch) around = new_batch (i + 1);

      ah_batch_schedule (around, AH_FUNCTION (empty));
      ah_batch_schedule (top, AH_FUNCTION (around));
      ah_batch_schedule (top, AH_FUNCTION (empty));
      schedule_leaf (top, i);
    }
  run_and_sum (way, top, 10);
}

/* Guarantees 6 and 11: a function gives work for the loop to a batch that has its turn later in the
 * same run, where by the look of it at the start nothing needed one. The other nested batch, which
 * the blocking thread could take at the same time, must not be what it waits for. */
static void
schedule_more (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  schedule_leaf (user_data, 1);
  give_one (cancellable, result, NULL, error);
}

static void
test_schedule_meanwhile (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();

  for (int is_small = FALSE; is_small <= TRUE; is_small++)
    {
      AhBatch *top = ah_test_track (ah_serial_new ());
      g_autoptr (AhBatch) middle = ah_test_track (ah_parallel_new ());
      g_autoptr (AhBatch) plain = ah_test_track (ah_parallel_new ());
      g_autoptr (AhBatch) late = ah_test_track (ah_parallel_new ());

      ah_batch_set_pool (top, is_small ? small_pool : NULL);
      ah_batch_schedule_blocking (top, schedule_more, late, NULL);
      ah_batch_schedule (top, AH_FUNCTION (middle));
      ah_batch_schedule (middle, AH_FUNCTION (plain));
      ah_batch_schedule (middle, AH_FUNCTION (late));
      schedule_leaf (plain, 0);
      g_clear_object (&middle);
      g_clear_object (&plain);
      g_clear_object (&late);
      run_and_sum (way, top, 3);
    }
}

/* A failure at the bottom says the way down to it, a prefix a level. */
static void
fail (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "deep down");
}

static void
test_failure (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_autoptr (AhBatch) top = new_batch (0);
  g_autoptr (AhBatch) middle = new_batch (1);
  g_autoptr (AhBatch) bottom = new_batch (0);
  g_autoptr (AhFunction) bad = ah_function_new_blocking (fail, NULL, NULL);
  g_auto (AhTestOutcome) outcome = { 0 };

  ah_function_set_name (bad, "bad");
  ah_function_set_name (AH_FUNCTION (middle), "middle");
  schedule_leaf (bottom, 0);
  ah_batch_schedule (bottom, bad);
  schedule_leaf (middle, 1);
  schedule_leaf (middle, 2);
  ah_batch_schedule (middle, AH_FUNCTION (bottom));
  ah_batch_schedule (top, AH_FUNCTION (middle));

  ah_test_way_run_batch (way, top, NULL, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (outcome.error->message, ==,
                   "Function 0 “middle”: Function 2: Function 1 “bad”: deep down");
}

/* Each level has its own policy: what collects keeps a failure from those above. */
static void
test_collect_inside (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_autoptr (AhBatch) top = new_batch (1);
  g_autoptr (AhBatch) inner = new_batch (0);
  g_auto (AhTestOutcome) outcome = { 0 };
  const GValue *value;
  AhResults *results;

  ah_batch_set_error_policy (inner, AH_ERROR_POLICY_COLLECT);
  ah_batch_schedule_blocking (inner, fail, NULL, NULL);
  schedule_leaf (inner, 1);
  ah_batch_schedule (top, AH_FUNCTION (inner));
  schedule_leaf (top, 2);

  ah_test_way_run_batch (way, top, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (ah_test_get_int (outcome.results, 1), ==, 1);
  results = g_value_get_object (&g_array_index (outcome.results, GValue, 0));
  value = ah_results_peek (results, 0);
  g_assert_true (G_VALUE_HOLDS (value, G_TYPE_ERROR));
  g_assert_error (((GError *) g_value_get_boxed (value)), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpint (g_value_get_int (ah_results_peek (results, 1)), ==, 1);
}

/* A nested batch's own deadline ends it alone. */
static void
hold (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  while (!g_cancellable_is_cancelled (cancellable))
    g_usleep (1000);
}

static void
test_timeout_inside (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_autoptr (AhBatch) top = new_batch (0);
  g_autoptr (AhBatch) inner = new_batch (1);
  g_auto (AhTestOutcome) outcome = { 0 };

  ah_batch_set_error_policy (top, AH_ERROR_POLICY_COLLECT);
  ah_batch_set_timeout (inner, 1);
  ah_batch_schedule_blocking (inner, hold, NULL, NULL);
  schedule_leaf (inner, 0);
  ah_batch_schedule (top, AH_FUNCTION (inner));
  schedule_leaf (top, 1);

  ah_test_way_run_batch (way, top, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_error (((GError *) g_value_get_boxed (&g_array_index (outcome.results, GValue, 0))),
                  G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpint (ah_test_get_int (outcome.results, 1), ==, 1);
}

/* Cancelling reaches the bottom of a deep tree, whichever thread does it, and does not recurse. */
typedef struct
{
  AhTestStop stop;
  int n_begun; /* atomic */
  int n_expected;
} DeepHold;

static void
deep_hold (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  DeepHold *deep = user_data;

  g_atomic_int_inc (&deep->n_begun);
  hold (cancellable, result, user_data, error);
}

static void
deep_stop (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  DeepHold *deep = user_data;

  while (g_atomic_int_get (&deep->n_begun) < deep->n_expected)
    g_usleep (1000);
  ah_test_stop_pull (&deep->stop);
}

static void
test_cancel_deep (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  DeepHold deep = { .n_expected = 5 };
  AhBatch *batch = ah_test_track (ah_parallel_new ());
  g_auto (AhTestOutcome) outcome = { 0 };

  ah_test_stop_init (&deep.stop, way);
  for (int i = 0; i < deep.n_expected; i++)
    ah_batch_schedule_blocking (batch, deep_hold, &deep, NULL);
  for (guint depth = 0; depth < DEPTH; depth++)
    {
      AhBatch *outer = ah_test_track (depth % 2 == 0 ? ah_serial_new () : ah_parallel_new ());

      ah_batch_schedule (outer, AH_FUNCTION (batch));
      g_object_unref (batch);
      batch = outer;
    }
  ah_batch_schedule_blocking (batch, deep_stop, &deep, NULL);

  ah_test_way_run_batch (way, batch, &deep.stop, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (deep.n_begun, ==, deep.n_expected);
  g_object_unref (batch);
  ah_test_stop_clear (&deep.stop);
  ah_test_assert_released ();
}

/* block () inside blocking functions, each level in a batch of its own. */
static void
block_deeper (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  guint depth = GPOINTER_TO_UINT (user_data);
  g_autoptr (AhBatch) batch = NULL;
  g_autoptr (GArray) results = NULL;

  if (depth == 0)
    {
      give_one (cancellable, result, user_data, error);
      return;
    }

  batch = new_batch (depth);
  ah_batch_schedule_blocking (batch, block_deeper, GUINT_TO_POINTER (depth - 1), NULL);
  if (depth % 10 == 0)
    schedule_leaf (batch, depth / 10);
  results = ah_batch_block (batch, cancellable, error);
  if (results == NULL)
    return;
  g_value_init (result, G_TYPE_INT);
  for (guint i = 0; i < results->len; i++)
    g_value_set_int (result, g_value_get_int (result) + ah_test_get_int (results, i));
}

static void
test_block_in_blocking (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  AhBatch *batch = new_batch (0);

  ah_batch_schedule_blocking (batch, block_deeper, GUINT_TO_POINTER (DEPTH), NULL);
  run_and_sum (way, batch, 1 + DEPTH / 10);
}

/* Several of them, that compete for the one thread. */
static void
test_block_in_blocking_many (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  AhBatch *batch = new_batch (0);

  for (int i = 0; i < 10; i++)
    ah_batch_schedule_blocking (batch, block_deeper, GUINT_TO_POINTER (50), NULL);
  run_and_sum (way, batch, 10 * (1 + 5));
}

/* run_async () inside async functions. */
static void
on_deeper_ended (GObject *source, GAsyncResult *async_result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GArray) results = NULL;
  g_auto (GValue) value = G_VALUE_INIT;
  GError *error = NULL;

  results = ah_batch_run_finish (AH_BATCH (source), async_result, &error);
  if (results == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_value_set_int (g_value_init (&value, G_TYPE_INT), (int) sum_results (results));
  g_task_return_value (task, &value);
}

static void
run_deeper (GTask *task, gpointer user_data)
{
  guint depth = GPOINTER_TO_UINT (user_data);
  g_autoptr (AhBatch) batch = new_batch (depth);

  if (depth == 0)
    schedule_leaf (batch, 1);
  else
    ah_batch_schedule_async (batch, run_deeper, GUINT_TO_POINTER (depth - 1), NULL);
  if (depth % 10 == 0)
    schedule_leaf (batch, depth / 10);
  ah_batch_run_async (batch, g_task_get_cancellable (task), on_deeper_ended, g_object_ref (task));
}

static void
test_run_in_async (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  AhBatch *batch = new_batch (1);

  ah_batch_schedule_async (batch, run_deeper, GUINT_TO_POINTER (DEPTH), NULL);
  run_and_sum (way, batch, 1 + DEPTH / 10 + 1);
}

/* block () inside async functions: in a dispatch, so each level enters a fresh loop. */
static void
block_in_dispatch_deeper (GTask *task, gpointer user_data)
{
  guint depth = GPOINTER_TO_UINT (user_data);
  g_autoptr (AhBatch) batch = new_batch (depth);
  g_autoptr (GArray) results = NULL;
  g_auto (GValue) value = G_VALUE_INIT;
  GError *error = NULL;

  if (depth > 0)
    ah_batch_schedule_async (batch, block_in_dispatch_deeper, GUINT_TO_POINTER (depth - 1), NULL);
  schedule_leaf (batch, depth);
  results = ah_batch_block (batch, NULL, &error);
  g_assert_no_error (error);
  g_value_set_int (g_value_init (&value, G_TYPE_INT), (int) sum_results (results));
  g_task_return_value (task, &value);
}

static void
test_block_in_async (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  AhBatch *batch = new_batch (0);

  ah_batch_schedule_async (batch, block_in_dispatch_deeper, GUINT_TO_POINTER (100), NULL);
  run_and_sum (way, batch, 101);
}

/* A worker waits for a future whose function needs a worker, too, and there is only the one. */
static void
wait_for_future (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  gboolean in_background = GPOINTER_TO_INT (user_data);
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (AhBatch) batch = new_batch (0);
  g_autoptr (AhFuture) future = NULL;
  g_autoptr (GArray) results = NULL;

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < 6; i++)
    schedule_leaf (batch, i);
  future = ah_test_track (in_background ? ah_queue_background_thread (AH_FUNCTION (batch))
                                        : ah_start (AH_FUNCTION (batch), NULL));
  if (ah_future_wait (future, NULL, error))
    results = ah_future_get_results (future, error);
  g_main_context_pop_thread_default (context);
  if (results != NULL)
    g_value_set_int (g_value_init (result, G_TYPE_INT), (int) sum_results (results));
}

static void
test_wait_in_worker (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;

  for (int in_background = FALSE; in_background <= TRUE; in_background++)
    {
      AhBatch *batch = new_batch (0);

      for (int i = 0; i < 5; i++)
        ah_batch_schedule_blocking (batch, wait_for_future, GINT_TO_POINTER (in_background), NULL);
      run_and_sum (way, batch, 5 * 6);
    }
}

/* Threads that are not the pool's all block at once, more than it has threads. */
static gpointer
block_many (gpointer data)
{
  int *n_done = data;

  for (guint round = 0; round < 5; round++)
    {
      g_autoptr (AhBatch) batch = new_batch (round);
      g_autoptr (GArray) results = NULL;
      g_autoptr (GError) error = NULL;

      for (guint i = 0; i < 30; i++)
        schedule_leaf (batch, i);
      ah_batch_schedule_blocking (batch, block_deeper, GUINT_TO_POINTER (10), NULL);
      results = ah_batch_block (batch, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (sum_results (results), ==, 30 + 2);
    }
  g_atomic_int_inc (n_done);
  return NULL;
}

static void
test_threads_block (void)
{
  GThread *threads[8];
  int n_done = 0;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("blocker", block_many, &n_done);
  ah_test_iterate_until (g_atomic_int_get (&n_done) == G_N_ELEMENTS (threads));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  ah_test_assert_released ();
}

/* A batch into itself: a critical, and nothing is scheduled. */
static void
test_cycle_direct (void)
{
  g_autoptr (AhBatch) batch = ah_parallel_new ();

  ah_test_log_begin ();
  g_assert_true (ah_batch_schedule (batch, AH_FUNCTION (batch)) == batch);
  ah_test_log_end_one ("*itself*");
  g_assert_cmpuint (ah_batch_get_n_functions (batch), ==, 0);
}

/* Through others: refused when it is run, where the run comes back to itself at the latest. */
static void
count_call (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_atomic_int_inc ((int *) user_data);
}

/* A cycle of batches is a cycle of references, which nothing can take apart again: kept here, so
 * that it is no leak to those who look for leaks. */
static GPtrArray *cycles;
static int n_cycle_calls; /* atomic */

static AhBatch *
new_cycle (guint length, int *n_calls)
{
  AhBatch *batches[8];

  g_assert_cmpuint (length, <=, G_N_ELEMENTS (batches));
  for (guint i = 0; i < length; i++)
    {
      batches[i] = i % 2 == 0 ? ah_parallel_new () : ah_serial_new ();
      g_ptr_array_add (cycles, batches[i]);
    }
  for (guint i = 0; i < length; i++)
    {
      ah_batch_schedule_blocking (batches[i], count_call, n_calls, NULL);
      ah_batch_schedule (batches[i], AH_FUNCTION (batches[(i + 1) % length]));
    }
  return batches[0];
}

static void
check_cycle (AhTestWay way, AhBatch *batch, guint n_functions)
{
  g_auto (AhTestOutcome) outcome = { 0 };

  n_cycle_calls = 0;
  ah_test_way_run_batch (way, batch, NULL, &outcome);
  g_assert_error (outcome.error, AH_RUN_ERROR, AH_RUN_ERROR_CYCLE);
  /* no function twice (Guarantee 2) */
  g_assert_cmpint (n_cycle_calls, <=, n_functions);
}

static void
test_cycle_indirect (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;

  for (guint length = 2; length <= 5; length++)
    {
      AhBatch *inside = new_cycle (length, &n_cycle_calls);
      g_autoptr (AhBatch) outside = ah_serial_new ();

      ah_batch_schedule_blocking (outside, count_call, &n_cycle_calls, NULL);
      ah_batch_schedule (outside, AH_FUNCTION (inside));
      check_cycle (way, inside, length);
      check_cycle (way, outside, length + 1);
    }
}

/* … and where the batch blocks on itself, which is a cycle as well (Guarantee 6). */
static void
test_cycle_to_blocking (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();

  for (guint length = 1; length <= 2; length++)
    {
      AhBatch *first = ah_parallel_new ();
      AhBatch *last = length == 1 ? first : ah_serial_new ();
      g_autoptr (AhFunction) around = ah_to_blocking (AH_FUNCTION (first));

      g_ptr_array_add (cycles, first);
      ah_batch_schedule_blocking (last, count_call, &n_cycle_calls, NULL);
      ah_batch_schedule (last, around);
      if (last != first)
        {
          g_ptr_array_add (cycles, last);
          ah_batch_schedule (first, AH_FUNCTION (last));
        }
      check_cycle (way, first, length);
    }
}

typedef struct
{
  const char *name;
  GTestDataFunc func;
} Test;

static const Test tests[] = {
  { "deep", test_deep },
  { "deep/max-concurrency", test_deep_max_concurrency },
  { "deep/cancel", test_cancel_deep },
  { "wide", test_wide },
  { "shared", test_shared },
  { "empty", test_empty },
  { "schedule-meanwhile", test_schedule_meanwhile },
  { "failure", test_failure },
  { "collect-inside", test_collect_inside },
  { "timeout-inside", test_timeout_inside },
  { "block-in-blocking", test_block_in_blocking },
  { "block-in-blocking/many", test_block_in_blocking_many },
  { "run-in-async", test_run_in_async },
  { "block-in-async", test_block_in_async },
  { "wait-in-worker", test_wait_in_worker },
  { "cycle/indirect", test_cycle_indirect },
  { "cycle/to-blocking", test_cycle_to_blocking },
};

int
main (int argc, char *argv[])
{
  static AhTestWay ways[AH_TEST_N_WAYS];
  int status;

  ah_test_init (&argc, &argv);
  small_pool = ah_thread_pool_new (1);
  cycles = g_ptr_array_new ();

  for (guint way = 0; way < AH_TEST_N_WAYS; way++)
    {
      ways[way] = way;
      for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
        {
          g_autofree char *path
              = g_strdup_printf ("/nesting/%s/%s", tests[i].name, ah_test_way_get_name (way));

          g_test_add_data_func (path, &ways[way], tests[i].func);
        }
    }
  g_test_add_func ("/nesting/threads-block", test_threads_block);
  g_test_add_func ("/nesting/cycle/direct", test_cycle_direct);

  status = ah_test_run ();
  g_clear_object (&small_pool);
  return status;
}
