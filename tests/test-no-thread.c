/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-strand.h"

#include "asynchelp/pool/ah-thread-pool-private.h"
#include "asynchelp/pool/ah-timer-private.h"

/* Guarantee 10: the system starts no thread. What can go on does, the rest ends with a clear error.
 * Each test has a pool of its own, for the state that a refusal leaves behind. */

typedef struct
{
  AhTestGate gate;
  int n_begun; /* atomic */
} Holder;

static void
hold (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Holder *holder = user_data;

  g_atomic_int_inc (&holder->n_begun);
  ah_test_gate_wait (&holder->gate);
}

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
new_batch (AhTestKind kind, AhThreadPool *pool, gboolean with_blocking, int *n_calls)
{
  AhBatch *batch = ah_test_track (ah_test_kind_new_batch (kind));

  ah_batch_set_pool (batch, pool);
  for (int i = 0; i < 20; i++)
    if (with_blocking && i % 2 == 0)
      ah_batch_schedule_blocking (batch, count, n_calls, NULL);
    else
      ah_batch_schedule_async (batch, count_async, n_calls, NULL);
  return batch;
}

typedef struct
{
  AhTestKind kind;
  AhTestWay way;
} Params;

static void
set_refuse (gboolean refuse)
{
  g_atomic_int_set (&ah_thread_pool_test_refuse, refuse);
}

/* Without a single thread: who blocks does all by itself, and who cannot hears why. */
static void
test_none (gconstpointer data)
{
  const Params *params = data;
  g_autoptr (AhThreadPool) pool = ah_thread_pool_new (8);
  g_autoptr (AhBatch) batch = NULL;
  g_auto (AhTestOutcome) outcome = { 0 };
  int n_calls = 0;

  batch = new_batch (params->kind, pool, TRUE, &n_calls);
  set_refuse (TRUE);
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  set_refuse (FALSE);

  if (params->way == AH_TEST_WAY_BLOCK)
    {
      g_assert_no_error (outcome.error);
      g_assert_cmpuint (outcome.results->len, ==, 20);
      g_assert_cmpint (n_calls, ==, 20);
    }
  else if (params->way == AH_TEST_WAY_START_WAIT && outcome.error == NULL)
    {
      /* the thread that waits may do the work, too */
      g_assert_cmpint (n_calls, ==, 20);
    }
  else
    {
      g_assert_error (outcome.error, AH_RUN_ERROR, AH_RUN_ERROR_NO_THREAD);
      g_assert_cmpint (n_calls, <, 20);
    }
  ah_test_outcome_clear (&outcome);

  /* and once there are threads again, all is well */
  n_calls = 0;
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (n_calls, ==, 20);
  ah_test_outcome_clear (&outcome);
  g_clear_object (&batch);
  ah_test_assert_released ();
}

/* What needs no thread does not notice. */
static void
test_async_only (gconstpointer data)
{
  const Params *params = data;
  g_autoptr (AhThreadPool) pool = ah_thread_pool_new (8);
  g_autoptr (AhBatch) batch = NULL;
  g_auto (AhTestOutcome) outcome = { 0 };
  int n_calls = 0;

  batch = new_batch (params->kind, pool, FALSE, &n_calls);
  set_refuse (TRUE);
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  set_refuse (FALSE);

  if (params->way == AH_TEST_WAY_BACKGROUND)
    {
      g_assert_error (outcome.error, AH_RUN_ERROR, AH_RUN_ERROR_NO_THREAD);
      g_assert_cmpint (n_calls, ==, 0);
    }
  else
    {
      g_assert_no_error (outcome.error);
      g_assert_cmpint (n_calls, ==, 20);
    }
  ah_test_outcome_clear (&outcome);
  g_clear_object (&batch);
  ah_test_assert_released ();
}

/* One thread is there, and stays the only one: everything goes on with it. */
static void
test_one (gconstpointer data)
{
  const Params *params = data;
  g_autoptr (AhThreadPool) pool = ah_thread_pool_new (8);
  g_autoptr (AhBatch) holding = ah_test_track (ah_parallel_new ());
  g_autoptr (AhBatch) batch = NULL;
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhFuture) future = NULL;
  Holder holder = { 0 };
  int n_calls = 0;

  ah_test_gate_init (&holder.gate);
  ah_batch_set_pool (holding, pool);
  ah_batch_schedule_blocking (holding, hold, &holder, NULL);
  future = ah_test_track (ah_start (AH_FUNCTION (holding), NULL));
  ah_test_iterate_until (g_atomic_int_get (&holder.n_begun) == 1);
  g_assert_cmpuint (ah_thread_pool_get_n_threads (pool), ==, 1);

  set_refuse (TRUE);
  batch = new_batch (params->kind, pool, TRUE, &n_calls);
  ah_test_gate_open (&holder.gate);
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (n_calls, ==, 20);
  g_assert_cmpuint (ah_thread_pool_get_n_threads (pool), <=, 1);
  set_refuse (FALSE);

  g_assert_true (ah_future_wait (future, NULL, NULL));
  ah_test_outcome_clear (&outcome);
  g_clear_object (&future);
  g_clear_object (&holding);
  g_clear_object (&batch);
  ah_test_assert_released ();
  ah_test_gate_clear (&holder.gate);
}

/* The blocking functions of a nested batch have no thread either. */
static void
test_nested (gconstpointer data)
{
  const Params *params = data;
  g_autoptr (AhThreadPool) pool = ah_thread_pool_new (8);
  g_autoptr (AhBatch) outer = ah_test_track (ah_test_kind_new_batch (params->kind));
  g_autoptr (AhBatch) inner = NULL;
  g_auto (AhTestOutcome) outcome = { 0 };
  int n_calls = 0;

  ah_batch_set_pool (outer, pool);
  inner = new_batch (params->kind, pool, TRUE, &n_calls);
  ah_batch_schedule_async (outer, count_async, &n_calls, NULL);
  ah_batch_schedule (outer, AH_FUNCTION (inner));
  set_refuse (TRUE);
  ah_test_way_run_batch (params->way, outer, NULL, &outcome);
  set_refuse (FALSE);

  if (outcome.error == NULL)
    g_assert_cmpint (n_calls, ==, 21);
  else
    g_assert_error (outcome.error, AH_RUN_ERROR, AH_RUN_ERROR_NO_THREAD);
  if (params->way == AH_TEST_WAY_BLOCK)
    g_assert_no_error (outcome.error);
  else if (params->way != AH_TEST_WAY_START_WAIT)
    g_assert_nonnull (outcome.error);
  ah_test_outcome_clear (&outcome);
  g_clear_object (&inner);
  g_clear_object (&outer);
  ah_test_assert_released ();
}

/* On a strand: who blocks takes the turns itself, also where it has to wait for them. */
static void
test_strand (gconstpointer data)
{
  const Params *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_thread_pool_new (8);
  g_autoptr (AhBatch) batch = NULL;
  g_auto (AhTestOutcome) outcome = { 0 };
  AhTestShared shared;
  AhTestGuest guest;

  ah_test_shared_init (&shared);
  ah_test_guest_enter (&guest, shared.strand);
  batch = ah_test_strand_new_batch (params->kind, pool, shared.strand);
  for (int i = 0; i < 20; i++)
    ah_batch_schedule_blocking (batch, ah_test_shared_call, &shared, NULL);
  /* a moment before or after the run begins to wait: both have to work */
  ah_test_gate_open (&guest.may_leave);
  set_refuse (TRUE);
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  set_refuse (FALSE);
  ah_test_guest_leave (&guest);

  if (params->way == AH_TEST_WAY_BLOCK)
    g_assert_no_error (outcome.error);
  if (outcome.error == NULL)
    {
      ah_test_shared_check (&shared, 20);
    }
  else
    {
      g_assert_error (outcome.error, AH_RUN_ERROR, AH_RUN_ERROR_NO_THREAD);
      ah_test_shared_check (&shared, 0);
    }
  ah_test_strand_is_free (shared.strand);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&batch);
  ah_test_shared_clear (&shared);
  ah_test_assert_released ();
}

/* Runs stand in the line: the workers that are there already do it all. */
static void
test_strand_in_line (gconstpointer data)
{
  const Params *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_thread_pool_new (8);
  AhFuture *futures[10];
  AhTestShared shared;
  AhTestGuest guest;

  ah_test_shared_init (&shared);
  ah_test_guest_enter (&guest, shared.strand);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    {
      g_autoptr (AhBatch) batch = ah_test_strand_new_batch (params->kind, pool, shared.strand);

      for (int j = 0; j < 3; j++)
        ah_batch_schedule_blocking (batch, ah_test_shared_call, &shared, NULL);
      futures[i] = ah_test_strand_start (batch, NULL);
    }
  ah_test_wait_until_idle (pool);
  set_refuse (TRUE);
  ah_test_guest_leave (&guest);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    {
      ah_test_future_succeeds (futures[i]);
      g_object_unref (futures[i]);
    }
  set_refuse (FALSE);
  ah_test_shared_check (&shared, 30);
  ah_test_strand_is_free (shared.strand);

  ah_test_shared_clear (&shared);
  ah_test_assert_released ();
}

/* It is a run's turn, and the only thread that could come for it is in a function that now wants to
 * enter itself: it gets in at once, without any tick that would find that out. */
typedef struct
{
  AhTestShared shared;
  AhTestGate begun, gate;
} Entering;

static void
wait_and_enter (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Entering *entering = user_data;

  ah_test_gate_open (&entering->begun);
  ah_test_gate_wait (&entering->gate);
  g_assert_true (ah_strand_enter (entering->shared.strand, NULL, NULL));
  ah_test_shared_visit (&entering->shared);
  ah_strand_leave (entering->shared.strand);
}

static void
test_strand_let_go (gconstpointer data)
{
  const Params *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_thread_pool_new (1);
  g_autoptr (AhBatch) waiting = NULL;
  g_autoptr (AhBatch) batch = ah_test_strand_new_batch (params->kind, pool, NULL);
  g_autoptr (AhFuture) waiting_future = NULL;
  g_autoptr (AhFuture) future = NULL;
  Entering entering = { 0 };
  AhTestGuest guest;

  ah_test_gate_init (&entering.begun);
  ah_test_gate_init (&entering.gate);
  ah_test_shared_init (&entering.shared);
  ah_test_guest_enter (&guest, entering.shared.strand);
  waiting = ah_test_strand_new_batch (params->kind, pool, entering.shared.strand);
  for (int i = 0; i < 5; i++)
    ah_batch_schedule_blocking (waiting, ah_test_shared_call, &entering.shared, NULL);
  waiting_future = ah_test_strand_start (waiting, NULL);
  ah_test_wait_until_idle (pool);
  ah_batch_schedule_blocking (batch, wait_and_enter, &entering, NULL);
  future = ah_test_strand_start (batch, NULL);
  ah_test_gate_wait (&entering.begun);
  ah_test_guest_leave (&guest);
  ah_test_gate_open (&entering.gate);
  ah_test_future_succeeds (future);
  ah_test_future_succeeds (waiting_future);
  ah_test_shared_check (&entering.shared, 6);

  g_clear_object (&future);
  g_clear_object (&waiting_future);
  g_clear_object (&batch);
  g_clear_object (&waiting);
  ah_test_shared_clear (&entering.shared);
  ah_test_assert_released ();
  ah_test_gate_clear (&entering.begun);
  ah_test_gate_clear (&entering.gate);
}

static void
add_product (const char *name, GTestDataFunc func)
{
  for (guint kind = 0; kind < AH_TEST_N_KINDS; kind++)
    for (guint way = 0; way < AH_TEST_N_WAYS; way++)
      {
        Params *params = g_new (Params, 1);
        g_autofree char *path
            = g_strdup_printf ("/no-thread/%s/%s/%s", name, ah_test_kind_get_name (kind),
                               ah_test_way_get_name (way));

        *params = (Params){ kind, way };
        g_test_add_data_func_full (path, params, func, g_free);
      }
}

int
main (int argc, char *argv[])
{
  ah_test_init (&argc, &argv);

  /* nor one for deadlines and ticks: before anything has started it, and for good */
  g_atomic_int_set (&ah_timer_test_refuse_thread, TRUE);
  add_product ("none", test_none);
  add_product ("async-only", test_async_only);
  add_product ("one", test_one);
  add_product ("nested", test_nested);
  add_product ("strand", test_strand);
  add_product ("strand-let-go", test_strand_let_go);
  add_product ("strand-in-line", test_strand_in_line);

  return ah_test_run ();
}
