/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-strand.h"

#include "asynchelp/pool/ah-timer-private.h"

/* Blocking regions. That a worker inside one is replaced at once, and not by the pool's tick, shows
 * where there is no tick: no timer thread can be started. */

/* --- Replacement --- */

/* Everybody waits in a region for the last one to begin. */
typedef struct
{
  AhTestGate all_begun;
  int n_begun; /* atomic */
  int n;
} Crowd;

static void
meet (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_autoptr (AhBlockingRegion) region = ah_blocking_region_new ();
  Crowd *crowd = user_data;

  g_assert_nonnull (region);
  if (g_atomic_int_add (&crowd->n_begun, 1) + 1 == crowd->n)
    ah_test_gate_open (&crowd->all_begun);
  ah_test_gate_wait (&crowd->all_begun);
}

/* Regions inside regions, and around a batch that is blocked on. */
static void
meet_deep_inside (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_autoptr (AhBatch) batch = ah_parallel_new ();
  g_autoptr (GArray) results = NULL;

  ah_batch_schedule_blocking (batch, meet, user_data, NULL);
  ah_blocking_begin ();
  ah_blocking_begin ();
  ah_blocking_end ();
  results = ah_batch_block (batch, NULL, error);
  ah_blocking_end ();
}

static AhBatch *
new_crowd (Crowd *crowd, AhThreadPool *pool, int n, AhBlockingFunc func)
{
  AhBatch *batch = ah_test_strand_new_batch (AH_TEST_KIND_PARALLEL, pool, NULL);

  *crowd = (Crowd){ .n = n };
  ah_test_gate_init (&crowd->all_begun);
  for (int i = 0; i < n; i++)
    ah_batch_schedule_blocking (batch, func, crowd, NULL);
  return batch;
}

static void
run_crowd (const AhTestStrandParams *params, AhBlockingFunc func)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (0));
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) batch = NULL;
  Crowd crowd;

  batch = new_crowd (&crowd, pool, 100, func);
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (crowd.n_begun, ==, crowd.n);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&batch);
  g_clear_object (&pool);
  ah_test_assert_released ();
  ah_test_gate_clear (&crowd.all_begun);
}

static void
test_replaced (gconstpointer data)
{
  run_crowd (data, meet);
}

static void
test_replaced_deep_inside (gconstpointer data)
{
  run_crowd (data, meet_deep_inside);
}

/* Also where the workers have been in regions before, and those in their place have parked since:
 * what was once too many is not any more. */
static void
test_replaced_again (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (0));

  for (int i = 0; i < 10; i++)
    {
      g_autoptr (AhBatch) batch = NULL;
      g_autoptr (AhFuture) future = NULL;
      int n = i < 9 ? 3 : 50;
      Crowd crowd;

      batch = new_crowd (&crowd, pool, n, meet);
      /* never the last one, who thus opens no gate */
      crowd.n = n + 1;
      future = ah_test_strand_start (batch, NULL);
      ah_test_iterate_until (g_atomic_int_get (&crowd.n_begun) == n);
      /* workers beyond those inside are through, before the others come back */
      ah_test_iterate_until (ah_thread_pool_get_n_running (pool) == (guint) n);
      ah_test_gate_open (&crowd.all_begun);
      ah_test_future_succeeds (future);
      ah_test_wait_until_idle (pool);
      ah_test_gate_clear (&crowd.all_begun);
    }

  g_clear_object (&pool);
  ah_test_assert_released ();
}

/* Work that comes while all workers are inside regions finds a thread. */
static void
test_work_comes_later (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (0));
  int n = g_get_num_processors () + 1;
  g_autoptr (AhBatch) batch = NULL;
  g_autoptr (AhBatch) later = ah_test_strand_new_batch (AH_TEST_KIND_PARALLEL, pool, NULL);
  g_autoptr (AhFuture) future = NULL;
  g_auto (AhTestOutcome) outcome = { 0 };
  Crowd crowd;

  batch = new_crowd (&crowd, pool, n, meet);
  crowd.n = n + 1;
  ah_batch_schedule_blocking (later, ah_test_open_gate, &crowd.all_begun, NULL);
  future = ah_test_strand_start (batch, NULL);
  ah_test_iterate_until (g_atomic_int_get (&crowd.n_begun) == n);
  ah_test_way_run_batch (AH_TEST_WAY_RUN_ASYNC, later, NULL, &outcome);
  g_assert_no_error (outcome.error);
  ah_test_future_succeeds (future);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&future);
  g_clear_object (&batch);
  g_clear_object (&later);
  g_clear_object (&pool);
  ah_test_assert_released ();
  ah_test_gate_clear (&crowd.all_begun);
}

/* The threads that block and work themselves count, too: as many as there are CPUs, and more. */
static gpointer
block_on_crowd (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = ah_batch_block (data, NULL, &error);

  g_assert_no_error (error);
  return NULL;
}

static void
test_helpers_replaced (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (0));
  int n = g_get_num_processors () + 1;
  g_autofree GThread **threads = g_new (GThread *, n);
  g_autoptr (AhBatch) batch = NULL;
  Crowd crowd;

  batch = new_crowd (&crowd, pool, 10, meet);
  crowd.n = n * 10;
  for (int i = 0; i < n; i++)
    threads[i] = g_thread_new ("blocking", block_on_crowd, batch);
  for (int i = 0; i < n; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (crowd.n_begun, ==, crowd.n);

  g_clear_object (&batch);
  g_clear_object (&pool);
  ah_test_assert_released ();
  ah_test_gate_clear (&crowd.all_begun);
}

/* A pool of one thread: regions around what needs that very thread. */
static void
block_in_region (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_autoptr (AhBlockingRegion) region = ah_blocking_region_new ();
  g_autoptr (AhBatch) batch = ah_test_strand_new_batch (AH_TEST_KIND_PARALLEL, user_data, NULL);
  g_autoptr (AhFuture) future = NULL;
  g_autoptr (GArray) results = NULL;
  AhTestGate gate;

  g_assert_nonnull (region);
  ah_test_gate_init (&gate);
  for (int i = 0; i < 10; i++)
    ah_batch_schedule_blocking (batch, ah_test_open_gate, &gate, NULL);
  results = ah_batch_block (batch, NULL, error);
  g_assert_true (gate.is_open);

  future = ah_test_strand_start (batch, NULL);
  g_assert_true (ah_future_wait (future, NULL, error));
  ah_test_gate_clear (&gate);
}

static void
test_pool_of_one (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (1));
  g_autoptr (AhBatch) batch = ah_test_strand_new_batch (AH_TEST_KIND_PARALLEL, pool, NULL);
  g_auto (AhTestOutcome) outcome = { 0 };

  for (int i = 0; i < 10; i++)
    ah_batch_schedule_blocking (batch, block_in_region, pool, NULL);
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (ah_thread_pool_get_n_threads (pool), <=, 1);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&batch);
  g_clear_object (&pool);
  ah_test_assert_released ();
}

/* --- Elsewhere, and mistakes --- */

static gpointer
begin_and_end (gpointer data)
{
  for (int i = 0; i < 3; i++)
    ah_blocking_begin ();
  for (int i = 0; i < 3; i++)
    ah_blocking_end ();
  return NULL;
}

/* In a thread that is no worker nothing happens. */
static void
test_outside (void)
{
  guint n_threads = ah_thread_pool_get_n_threads (ah_thread_pool_get_default ());

  begin_and_end (NULL);
  ah_test_in_new_thread (begin_and_end, NULL);
  ah_test_in_dispatch (begin_and_end, NULL);
  g_assert_cmpuint (ah_thread_pool_get_n_threads (ah_thread_pool_get_default ()), ==, n_threads);
}

static void
end_wrongly (void)
{
  ah_test_log_begin ();
  ah_blocking_end ();
  ah_test_log_end_one ("*ah_blocking_end () was called without ah_blocking_begin ()*");
}

static gpointer
end_in_thread (gpointer data)
{
  end_wrongly ();
  return NULL;
}

static void
end_in_function (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  end_wrongly ();
}

/* A region is ended once, in its own thread and function, and inside out. */
static void
test_end_wrongly (void)
{
  g_autoptr (AhFunction) function
      = ah_test_track (ah_function_new_blocking (end_in_function, NULL, NULL));
  g_autoptr (AhStrand) strand = ah_test_track (ah_strand_new ());

  end_wrongly ();
  ah_blocking_begin ();
  ah_test_in_new_thread (end_in_thread, NULL);
  for (AhTestWay way = 0; way < AH_TEST_N_WAYS; way++)
    g_assert_true (ah_test_way_run_function (way, function, NULL, NULL, NULL));
  g_assert_true (ah_strand_enter (strand, NULL, NULL));
  end_wrongly ();
  ah_strand_leave (strand);
  ah_blocking_end ();
  end_wrongly ();

  g_clear_object (&function);
  g_clear_object (&strand);
  ah_test_assert_released ();
}

int
main (int argc, char *argv[])
{
  ah_test_init (&argc, &argv);

  /* before anything has started it, and for good */
  g_atomic_int_set (&ah_timer_test_refuse_thread, TRUE);
  ah_test_add_ways ("/blocking/replaced", test_replaced);
  ah_test_add_ways ("/blocking/replaced/deep-inside", test_replaced_deep_inside);
  g_test_add_func ("/blocking/replaced/again", test_replaced_again);
  g_test_add_func ("/blocking/replaced/work-comes-later", test_work_comes_later);
  g_test_add_func ("/blocking/replaced/helpers", test_helpers_replaced);
  ah_test_add_ways ("/blocking/pool-of-one", test_pool_of_one);
  g_test_add_func ("/blocking/outside", test_outside);
  g_test_add_func ("/blocking/end-wrongly", test_end_wrongly);

  return ah_test_run ();
}
