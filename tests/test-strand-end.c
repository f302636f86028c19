/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-strand.h"

#include <string.h>

/* Runs on a strand that end early: they leave the line, and others get their turns. */

/* Three runs in the line of a strand that somebody holds. The one in the middle ends there. */
typedef struct
{
  AhThreadPool *pool;
  AhTestShared shared;
  AhTestGuest guest;
  GCancellable *cancellable;
  AhFuture *futures[3];
} Line;

static void
line_init (Line *line, AhTestKind kind, guint timeout)
{
  line->pool = ah_test_track (ah_thread_pool_new (2));
  ah_test_shared_init (&line->shared);
  ah_test_guest_enter (&line->guest, line->shared.strand);
  line->cancellable = ah_test_track (g_cancellable_new ());
  for (int i = 0; i < 3; i++)
    {
      g_autoptr (AhBatch) batch = ah_test_strand_new_batch (kind, line->pool, line->shared.strand);

      for (int j = 0; j < 20; j++)
        ah_batch_schedule_blocking (batch, ah_test_shared_call, &line->shared, NULL);
      if (i == 1)
        ah_batch_set_timeout (batch, timeout);
      line->futures[i] = ah_test_strand_start (batch, i == 1 ? line->cancellable : NULL);
      if (timeout == 0)
        ah_test_wait_until_idle (line->pool);
    }
}

/* The middle one has ended, though the strand is still held; the others follow. */
static void
line_end (Line *line, int code)
{
  g_autoptr (GError) error = NULL;

  ah_test_iterate_until (ah_future_get_done (line->futures[1]));
  g_assert_false (ah_future_get_value (line->futures[1], NULL, &error));
  g_assert_error (error, G_IO_ERROR, code);
  g_assert_false (ah_future_get_done (line->futures[0]));
  g_assert_false (ah_future_get_done (line->futures[2]));
  ah_test_shared_check (&line->shared, 0);

  ah_test_guest_leave (&line->guest);
  ah_test_future_succeeds (line->futures[0]);
  ah_test_future_succeeds (line->futures[2]);
  ah_test_shared_check (&line->shared, 40);
  ah_test_strand_is_free (line->shared.strand);

  for (int i = 0; i < 3; i++)
    g_clear_object (&line->futures[i]);
  g_clear_object (&line->pool);
  g_clear_object (&line->cancellable);
  ah_test_shared_clear (&line->shared);
  ah_test_assert_released ();
}

static void
test_cancelled (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  Line line;

  line_init (&line, params->kind, 0);
  g_cancellable_cancel (line.cancellable);
  line_end (&line, G_IO_ERROR_CANCELLED);
}

static void
test_timed_out (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  Line line;

  line_init (&line, params->kind, 1);
  line_end (&line, G_IO_ERROR_TIMED_OUT);
}

/* A run is cancelled by another thread, in whatever way it waits for its turn. */
static gpointer
stop_waiting (gpointer data)
{
  ah_test_stop_pull (data);
  return NULL;
}

static void
test_cancelled_ways (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) batch = NULL;
  AhTestShared shared;
  AhTestGuest guest;
  AhTestStop stop;
  GThread *thread;

  ah_test_shared_init (&shared);
  ah_test_guest_enter (&guest, shared.strand);
  ah_test_stop_init (&stop, params->way);
  batch = ah_test_strand_new_batch (params->kind, NULL, shared.strand);
  for (int i = 0; i < 20; i++)
    ah_batch_schedule_blocking (batch, ah_test_shared_call, &shared, NULL);
  thread = g_thread_new ("stopper", stop_waiting, &stop);
  ah_test_way_run_batch (params->way, batch, &stop, &outcome);
  g_thread_join (thread);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  ah_test_guest_leave (&guest);
  ah_test_shared_check (&shared, 0);
  ah_test_strand_is_free (shared.strand);

  ah_test_outcome_clear (&outcome);
  ah_test_stop_clear (&stop);
  g_clear_object (&batch);
  ah_test_shared_clear (&shared);
  ah_test_assert_released ();
}

/* The turn is granted at the moment of being cancelled. */
static void
test_cancel_race (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (2));
  AhTestShared shared;

  ah_test_shared_init (&shared);
  for (int i = 0; i < 200; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (AhFuture) future = NULL;
      g_autoptr (AhBatch) batch = ah_test_strand_new_batch (params->kind, pool, shared.strand);
      AhTestGuest guest;

      ah_test_guest_enter (&guest, shared.strand);
      for (int j = 0; j < 3; j++)
        ah_batch_schedule_blocking (batch, ah_test_shared_call, &shared, NULL);
      future = ah_test_strand_start (batch, cancellable);
      if (i % 2)
        ah_test_wait_until_idle (pool);
      ah_test_gate_open (&guest.may_leave);
      if (i % 4 < 2)
        g_thread_yield ();
      g_cancellable_cancel (cancellable);
      ah_test_guest_leave (&guest);
      ah_test_iterate_until (ah_future_get_done (future));
      ah_test_strand_is_free (shared.strand);
    }
  ah_test_shared_check (&shared, shared.n_calls);

  g_clear_object (&pool);
  ah_test_shared_clear (&shared);
  ah_test_assert_released ();
}

/* --- Errors --- */

static void
visit_and_fail (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  ah_test_shared_visit (user_data);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "on purpose");
}

/* The one with index 5 fails, of 20. Another run wants its turns at the same time. */
static void
run_failing (const AhTestStrandParams *params,
             AhErrorPolicy policy,
             AhTestShared *shared,
             AhTestOutcome *outcome)
{
  g_autoptr (AhBatch) batch = ah_test_strand_new_batch (params->kind, NULL, shared->strand);
  g_autoptr (AhBatch) other = ah_test_strand_new_batch (params->kind, NULL, shared->strand);
  g_autoptr (AhFuture) future = NULL;

  ah_batch_set_error_policy (batch, policy);
  for (int i = 0; i < 20; i++)
    {
      ah_batch_schedule_blocking (batch, i == 5 ? visit_and_fail : ah_test_shared_call, shared,
                                  NULL);
      ah_batch_schedule_blocking (other, ah_test_shared_call, shared, NULL);
    }
  future = ah_test_strand_start (other, NULL);
  ah_test_way_run_batch (params->way, batch, NULL, outcome);
  ah_test_future_succeeds (future);
  ah_test_strand_is_free (shared->strand);
}

/* Functions of a strand begin one after the other: none after the one that failed. */
static void
test_fail_fast (gconstpointer data)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_auto (AhTestOutcome) outcome = { 0 };
  AhTestShared shared;

  ah_test_shared_init (&shared);
  run_failing (data, AH_ERROR_POLICY_FAIL_FAST, &shared, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_true (strstr (outcome.error->message, "5") != NULL);
  ah_test_shared_check (&shared, 6 + 20);

  ah_test_outcome_clear (&outcome);
  ah_test_shared_clear (&shared);
  ah_test_assert_released ();
}

static void
test_collect (gconstpointer data)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_auto (AhTestOutcome) outcome = { 0 };
  AhTestShared shared;

  ah_test_shared_init (&shared);
  run_failing (data, AH_ERROR_POLICY_COLLECT, &shared, &outcome);
  g_assert_no_error (outcome.error);
  ah_test_shared_check (&shared, 40);
  for (guint i = 0; i < 20; i++)
    if (i == 5)
      g_assert_true (G_VALUE_HOLDS (&g_array_index (outcome.results, GValue, i), G_TYPE_ERROR));
    else
      g_assert_cmpint (ah_test_get_int (outcome.results, i), ==, 7);

  ah_test_outcome_clear (&outcome);
  ah_test_shared_clear (&shared);
  ah_test_assert_released ();
}

/* A function fails while another of its run waits inside: that one comes back, and is the last. */
typedef struct
{
  AhTestShared shared;
  AhTestGate begun;
  int n_cancelled; /* atomic */
} Pair;

static void
wait_until_cancelled (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Pair *pair = user_data;

  ah_test_shared_visit (&pair->shared);
  ah_blocking_begin ();
  ah_test_gate_open (&pair->begun);
  ah_test_wait_until (g_cancellable_is_cancelled (cancellable));
  ah_blocking_end ();
  ah_test_shared_visit (&pair->shared);
  g_atomic_int_inc (&pair->n_cancelled);
}

static void
wait_and_fail (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Pair *pair = user_data;

  ah_blocking_begin ();
  ah_test_gate_wait (&pair->begun);
  ah_blocking_end ();
  visit_and_fail (cancellable, result, &pair->shared, error);
}

static void
test_fail_inside (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) batch = NULL;
  Pair pair = { .n_cancelled = 0 };

  ah_test_shared_init (&pair.shared);
  ah_test_gate_init (&pair.begun);
  batch = ah_test_strand_new_batch (params->kind, NULL, pair.shared.strand);
  ah_batch_schedule_blocking (batch, wait_until_cancelled, &pair, NULL);
  ah_batch_schedule_blocking (batch, wait_and_fail, &pair, NULL);
  for (int i = 0; i < 20; i++)
    ah_batch_schedule_blocking (batch, wait_until_cancelled, &pair, NULL);
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_cmpint (pair.n_cancelled, >=, 1);
  ah_test_shared_check (&pair.shared, 2 * pair.n_cancelled + 1);
  ah_test_strand_is_free (pair.shared.strand);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&batch);
  ah_test_shared_clear (&pair.shared);
  ah_test_assert_released ();
  ah_test_gate_clear (&pair.begun);
}

int
main (int argc, char *argv[])
{
  ah_test_init (&argc, &argv);

  ah_test_add_kinds ("/strand/end/cancelled", test_cancelled);
  ah_test_add_product ("/strand/end/cancelled/ways", test_cancelled_ways);
  ah_test_add_kinds ("/strand/end/cancelled/race", test_cancel_race);
  ah_test_add_kinds ("/strand/end/timed-out", test_timed_out);
  ah_test_add_product ("/strand/end/fail-fast", test_fail_fast);
  ah_test_add_product ("/strand/end/collect", test_collect);
  ah_test_add_concurrent ("/strand/end/fail-inside", test_fail_inside);

  return ah_test_run ();
}
