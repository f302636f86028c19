/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-strand.h"

/* AhBatch:run-now: an error in place of waiting for a thread. */

typedef enum
{
  SHAPE_BLOCKING,
  SHAPE_MIXED,  /* async functions first */
  SHAPE_NESTED, /* nothing but a batch that blocks */
  SHAPE_ASYNC,  /* needs no thread */
  N_SHAPES
} Shape;

static const char *const shape_names[] = { "blocking", "mixed", "nested", "async" };

G_STATIC_ASSERT (G_N_ELEMENTS (shape_names) == N_SHAPES);

static void
count (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_atomic_int_inc ((int *) user_data);
}

static void
count_async (GTask *task, gpointer user_data)
{
  g_atomic_int_inc ((int *) user_data);
  g_task_return_value (task, NULL);
}

static AhBatch *
new_batch (AhTestKind kind, Shape shape, AhThreadPool *pool, int *n_calls)
{
  AhBatch *batch = ah_test_strand_new_batch (kind, pool, NULL);
  g_autoptr (AhBatch) inner = ah_test_strand_new_batch (kind, NULL, NULL);
  gboolean is_async = shape == SHAPE_ASYNC || shape == SHAPE_MIXED;

  g_assert_false (ah_batch_get_run_now (batch));
  ah_batch_set_run_now (batch, TRUE);
  for (int i = 0; i < 4; i++)
    if (is_async && (shape == SHAPE_ASYNC || i < 2))
      ah_batch_schedule_async (batch, count_async, n_calls, NULL);
    else
      ah_batch_schedule_blocking (shape == SHAPE_NESTED ? inner : batch, count, n_calls, NULL);
  if (shape == SHAPE_NESTED)
    ah_batch_schedule (batch, AH_FUNCTION (inner));
  return batch;
}

/* Whether the thread that asks does the work, too. */
static gboolean
works_itself (AhTestWay way, Shape shape)
{
  return way == AH_TEST_WAY_BLOCK && shape != SHAPE_MIXED;
}

/* What keeps all threads of a pool. */
typedef struct
{
  AhThreadPool *pool;
  AhBatch *batch;
  AhFuture *future;
  AhTestGate gate;
  int n_begun; /* atomic */
} Keeper;

static void
keep_thread (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Keeper *keeper = user_data;

  g_atomic_int_inc (&keeper->n_begun);
  ah_test_gate_wait (&keeper->gate);
}

/* @n: how many functions, of which as many begin as there are threads */
static void
keeper_begin (Keeper *keeper, int n_threads, int n)
{
  *keeper = (Keeper){ .pool = ah_test_track (ah_thread_pool_new (n_threads)) };
  ah_test_gate_init (&keeper->gate);
  keeper->batch = ah_test_strand_new_batch (AH_TEST_KIND_PARALLEL, keeper->pool, NULL);
  for (int i = 0; i < n; i++)
    ah_batch_schedule_blocking (keeper->batch, keep_thread, keeper, NULL);
  keeper->future = ah_test_strand_start (keeper->batch, NULL);
  ah_test_iterate_until (g_atomic_int_get (&keeper->n_begun) == MIN (n_threads, n));
}

static void
keeper_end (Keeper *keeper)
{
  ah_test_gate_open (&keeper->gate);
  ah_test_future_succeeds (keeper->future);
  ah_test_wait_until_idle (keeper->pool);
}

static void
keeper_clear (Keeper *keeper)
{
  g_clear_object (&keeper->future);
  g_clear_object (&keeper->batch);
  g_clear_object (&keeper->pool);
  ah_test_assert_released ();
  ah_test_gate_clear (&keeper->gate);
}

static void
run (const AhTestStrandParams *params, Shape shape, Keeper *keeper, gboolean is_busy)
{
  g_auto (AhTestOutcome) outcome = { 0 };
  int n_calls = 0;
  g_autoptr (AhBatch) batch = new_batch (params->kind, shape, keeper->pool, &n_calls);
  gboolean needs_thread = shape != SHAPE_ASYNC || params->way == AH_TEST_WAY_BACKGROUND;

  g_test_message ("%s", shape_names[shape]);
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  if (is_busy && needs_thread && !works_itself (params->way, shape))
    {
      g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_BUSY);
      g_assert_cmpint (n_calls, <=, 2);
    }
  else
    {
      g_assert_no_error (outcome.error);
      g_assert_cmpint (n_calls, ==, 4);
    }
}

/* All threads are inside functions, and nothing else waits: BUSY; a moment later, not any more. */
static void
test_busy (gconstpointer data)
{
  for (Shape shape = 0; shape < N_SHAPES; shape++)
    {
      g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
      Keeper keeper;

      keeper_begin (&keeper, 2, 2);
      g_assert_true (ah_thread_pool_would_queue (keeper.pool));
      run (data, shape, &keeper, TRUE);
      keeper_end (&keeper);
      g_assert_false (ah_thread_pool_would_queue (keeper.pool));
      run (data, shape, &keeper, FALSE);
      keeper_clear (&keeper);
    }
}

/* Others wait already. */
static void
test_queue (gconstpointer data)
{
  for (Shape shape = 0; shape < N_SHAPES; shape++)
    {
      g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
      Keeper keeper;

      keeper_begin (&keeper, 1, 10);
      run (data, shape, &keeper, TRUE);
      keeper_end (&keeper);
      keeper_clear (&keeper);
    }
}

/* A pool without threads starts one; an idle one is used. */
static void
test_idle (gconstpointer data)
{
  for (Shape shape = 0; shape < N_SHAPES; shape++)
    {
      g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
      Keeper keeper = { .pool = ah_test_track (ah_thread_pool_new (1)) };

      for (int i = 0; i < 3; i++)
        {
          run (data, shape, &keeper, FALSE);
          ah_test_wait_until_idle (keeper.pool);
        }
      g_clear_object (&keeper.pool);
      ah_test_assert_released ();
    }
}

/* Without the property the run waits; and what it says of a nested batch does not count. */
static void
test_not_asked (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  int n_calls = 0;
  g_autoptr (AhBatch) batch = NULL;
  g_autoptr (AhBatch) outer = NULL;
  g_autoptr (AhFuture) future = NULL;
  g_autoptr (AhFuture) outer_future = NULL;
  Keeper keeper;

  keeper_begin (&keeper, 1, 1);
  outer = ah_test_strand_new_batch (params->kind, keeper.pool, NULL);
  batch = new_batch (params->kind, SHAPE_BLOCKING, keeper.pool, &n_calls);
  ah_batch_schedule (outer, AH_FUNCTION (batch));
  outer_future = ah_test_strand_start (outer, NULL);
  ah_batch_set_run_now (batch, FALSE);
  future = ah_test_strand_start (batch, NULL);
  ah_test_iterate_until (ah_thread_pool_get_n_queued (keeper.pool) > 0);
  g_assert_false (ah_future_get_done (future));
  g_assert_false (ah_future_get_done (outer_future));
  keeper_end (&keeper);
  ah_test_future_succeeds (future);
  ah_test_future_succeeds (outer_future);
  g_assert_cmpint (n_calls, ==, 8);

  g_clear_object (&future);
  g_clear_object (&outer_future);
  g_clear_object (&batch);
  g_clear_object (&outer);
  keeper_clear (&keeper);
}

/* To wait for a turn in a strand is not to wait for a thread. */
static void
test_strand (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (1));
  g_autoptr (AhStrand) strand = ah_test_track (ah_strand_new ());
  g_autoptr (AhBatch) batch = NULL;
  g_autoptr (AhFuture) future = NULL;
  AhTestGuest guest;
  int n_calls = 0;

  ah_test_guest_enter (&guest, strand);
  batch = new_batch (params->kind, SHAPE_BLOCKING, pool, &n_calls);
  ah_batch_set_strand (batch, strand);
  future = ah_test_strand_start (batch, NULL);
  ah_test_wait_until_idle (pool);
  g_assert_false (ah_future_get_done (future));
  ah_test_guest_leave (&guest);
  ah_test_future_succeeds (future);
  g_assert_cmpint (n_calls, ==, 4);

  g_clear_object (&future);
  g_clear_object (&batch);
  g_clear_object (&strand);
  g_clear_object (&pool);
  ah_test_assert_released ();
}

static void
on_notify (AhBatch *batch, GParamSpec *pspec, gpointer data)
{
  ++*(int *) data;
}

static void
test_property (void)
{
  g_autoptr (AhBatch) batch = ah_test_track (ah_serial_new ());
  gboolean run_now = TRUE;
  int n_notified = 0;

  g_signal_connect (batch, "notify::run-now", G_CALLBACK (on_notify), &n_notified);
  g_object_get (batch, "run-now", &run_now, NULL);
  g_assert_false (run_now);
  ah_batch_set_run_now (batch, TRUE);
  ah_batch_set_run_now (batch, 2);
  g_assert_cmpint (n_notified, ==, 1);
  g_assert_true (ah_batch_get_run_now (batch));
  g_object_set (batch, "run-now", FALSE, NULL);
  g_assert_false (ah_batch_get_run_now (batch));
  g_assert_cmpint (n_notified, ==, 2);
  g_clear_object (&batch);
  ah_test_assert_released ();
}

int
main (int argc, char *argv[])
{
  ah_test_init (&argc, &argv);

  ah_test_add_product ("/run-now/busy", test_busy);
  ah_test_add_product ("/run-now/queue", test_queue);
  ah_test_add_product ("/run-now/idle", test_idle);
  ah_test_add_kinds ("/run-now/not-asked", test_not_asked);
  ah_test_add_kinds ("/run-now/strand", test_strand);
  g_test_add_func ("/run-now/property", test_property);

  return ah_test_run ();
}
