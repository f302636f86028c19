/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-strand.h"

/* What ends a turn in a strand for a while: regions, and whatever else a function waits in. */

/* The ways to wait inside a turn, until the gate opens. */
typedef enum
{
  WAIT_REGION,
  WAIT_REGION_IN_REGION,
  WAIT_BLOCK,
  WAIT_BLOCK_BATCH,
  WAIT_FUTURE,
  WAIT_INVOKE,
  WAIT_INVOKE_OWN,
  WAIT_OTHER_STRAND,
  N_WAITS
} Wait;

static const char *const wait_names[] = {
  "region", "region-in-region", "block",      "block-batch",
  "future", "invoke",           "invoke-own", "other-strand",
};

G_STATIC_ASSERT (G_N_ELEMENTS (wait_names) == N_WAITS);

static void
wait_in_region (AhTestGate *gate)
{
  g_autoptr (AhBlockingRegion) region = ah_blocking_region_new ();

  g_assert_nonnull (region);
  ah_test_gate_wait (gate);
}

static void
wait_in_regions (AhTestGate *gate)
{
  ah_blocking_begin ();
  wait_in_region (gate);
  /* the outermost one counts */
  ah_test_gate_wait (gate);
  ah_blocking_end ();
}

static void
wait_in_future (AhTestGate *gate)
{
  g_autoptr (AhFunction) function = ah_function_new_blocking (ah_test_wait_at_gate, gate, NULL);
  g_autoptr (AhFuture) future = ah_queue_background_thread (function);
  g_autoptr (GError) error = NULL;

  g_assert_true (ah_future_wait (future, NULL, &error));
  g_assert_no_error (error);
}

static void
wait_in_batch (AhTestGate *gate)
{
  g_autoptr (AhBatch) batch = ah_parallel_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = NULL;

  ah_batch_schedule_blocking (batch, ah_test_wait_at_gate, gate, NULL);
  results = ah_batch_block (batch, NULL, &error);
  g_assert_no_error (error);
}

static void
wait_in_function (AhTestGate *gate)
{
  g_autoptr (AhFunction) function = ah_function_new_blocking (ah_test_wait_at_gate, gate, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (ah_block (function, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
wait_in_context (AhTestGate *gate, GMainContext *context)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ah_invoke (context, ah_test_wait_at_gate, gate, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
wait_in_own_context (AhTestGate *gate)
{
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  wait_in_context (gate, context);
  g_main_context_pop_thread_default (context);
}

static void
wait_in_other_strand (AhTestGate *gate)
{
  g_autoptr (AhStrand) strand = ah_test_track (ah_strand_new ());
  g_autoptr (AhStrandTurn) turn = ah_strand_turn_new (strand, NULL, NULL);

  g_assert_nonnull (turn);
  ah_test_gate_wait (gate);
}

static void
wait_somehow (Wait wait, AhTestGate *gate)
{
  switch (wait)
    {
    case WAIT_REGION:
      wait_in_region (gate);
      break;
    case WAIT_REGION_IN_REGION:
      wait_in_regions (gate);
      break;
    case WAIT_BLOCK:
      wait_in_function (gate);
      break;
    case WAIT_BLOCK_BATCH:
      wait_in_batch (gate);
      break;
    case WAIT_FUTURE:
      wait_in_future (gate);
      break;
    case WAIT_INVOKE:
      wait_in_context (gate, ah_test_get_other_context ());
      break;
    case WAIT_INVOKE_OWN:
      wait_in_own_context (gate);
      break;
    case WAIT_OTHER_STRAND:
      wait_in_other_strand (gate);
      break;
    case N_WAITS:
    default:
      g_assert_not_reached ();
    }
}

/* One who waits inside, for others that come in meanwhile. */
typedef struct
{
  AhTestShared *shared;
  Wait wait;
  AhTestGate begun, gate;
} Sleeper;

static void
sleeper_init (Sleeper *sleeper, AhTestShared *shared, Wait wait)
{
  sleeper->shared = shared;
  sleeper->wait = wait;
  ah_test_gate_init (&sleeper->begun);
  ah_test_gate_init (&sleeper->gate);
}

static void
sleeper_clear (Sleeper *sleeper)
{
  ah_test_gate_clear (&sleeper->begun);
  ah_test_gate_clear (&sleeper->gate);
}

static void
sleep_inside (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Sleeper *sleeper = user_data;

  ah_test_shared_visit (sleeper->shared);
  ah_test_gate_open (&sleeper->begun);
  wait_somehow (sleeper->wait, &sleeper->gate);
  /* the turn is back */
  ah_test_shared_visit (sleeper->shared);
}

static void
visit_and_open (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Sleeper *sleeper = user_data;

  ah_test_shared_visit (sleeper->shared);
  ah_test_gate_open (&sleeper->gate);
}

static gpointer
sleep_by_hand (gpointer data)
{
  Sleeper *sleeper = data;
  g_autoptr (AhStrandTurn) turn = ah_strand_turn_new (sleeper->shared->strand, NULL, NULL);

  g_assert_nonnull (turn);
  sleep_inside (NULL, NULL, sleeper, NULL);
  return NULL;
}

static gpointer
visit_and_open_by_hand (gpointer data)
{
  Sleeper *sleeper = data;
  g_autoptr (AhStrandTurn) turn = NULL;

  ah_test_gate_wait (&sleeper->begun);
  turn = ah_strand_turn_new (sleeper->shared->strand, NULL, NULL);
  g_assert_nonnull (turn);
  visit_and_open (NULL, NULL, sleeper, NULL);
  return NULL;
}

/* A function of a batch waits inside; a thread comes in by hand meanwhile. */
static void
test_wait_batch (gconstpointer data)
{
  const AhTestStrandParams *params = data;

  for (Wait wait = 0; wait < N_WAITS; wait++)
    {
      g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
      g_auto (AhTestOutcome) outcome = { 0 };
      g_autoptr (AhBatch) batch = NULL;
      AhTestShared shared;
      Sleeper sleeper;
      GThread *thread;

      g_test_message ("%s", wait_names[wait]);
      ah_test_shared_init (&shared);
      sleeper_init (&sleeper, &shared, wait);
      batch = ah_test_strand_new_batch (params->kind, NULL, shared.strand);
      ah_batch_schedule_blocking (batch, sleep_inside, &sleeper, NULL);
      for (int i = 0; i < 20; i++)
        ah_batch_schedule_blocking (batch, ah_test_shared_call, &shared, NULL);
      thread = g_thread_new ("guest", visit_and_open_by_hand, &sleeper);
      ah_test_way_run_batch (params->way, batch, NULL, &outcome);
      g_assert_no_error (outcome.error);
      g_thread_join (thread);
      ah_test_shared_check (&shared, 23);

      ah_test_outcome_clear (&outcome);
      g_clear_object (&batch);
      ah_test_shared_clear (&shared);
      ah_test_assert_released ();
      sleeper_clear (&sleeper);
    }
}

/* The others are functions of the same batch: it stands in the line again meanwhile. */
static void
test_wait_same_batch (gconstpointer data)
{
  const AhTestStrandParams *params = data;

  for (Wait wait = 0; wait < N_WAITS; wait++)
    {
      g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
      g_auto (AhTestOutcome) outcome = { 0 };
      g_autoptr (AhBatch) batch = NULL;
      AhTestShared shared;
      Sleeper sleeper;

      g_test_message ("%s", wait_names[wait]);
      ah_test_shared_init (&shared);
      sleeper_init (&sleeper, &shared, wait);
      batch = ah_test_strand_new_batch (params->kind, NULL, shared.strand);
      ah_batch_schedule_blocking (batch, sleep_inside, &sleeper, NULL);
      for (int i = 0; i < 20; i++)
        ah_batch_schedule_blocking (batch, ah_test_shared_call, &shared, NULL);
      ah_batch_schedule_blocking (batch, visit_and_open, &sleeper, NULL);
      ah_test_way_run_batch (params->way, batch, NULL, &outcome);
      g_assert_no_error (outcome.error);
      ah_test_shared_check (&shared, 23);

      ah_test_outcome_clear (&outcome);
      g_clear_object (&batch);
      ah_test_shared_clear (&shared);
      ah_test_assert_released ();
      sleeper_clear (&sleeper);
    }
}

/* A thread that entered by hand waits inside; a batch comes in meanwhile. */
static void
test_wait_by_hand (gconstpointer data)
{
  Wait wait = GPOINTER_TO_UINT (data);
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhBatch) batch = NULL;
  g_autoptr (AhFuture) future = NULL;
  AhTestShared shared;
  Sleeper sleeper;
  GThread *thread;

  ah_test_shared_init (&shared);
  sleeper_init (&sleeper, &shared, wait);
  thread = g_thread_new ("guest", sleep_by_hand, &sleeper);
  ah_test_gate_wait (&sleeper.begun);
  batch = ah_test_strand_new_batch (AH_TEST_KIND_SERIAL, NULL, shared.strand);
  for (int i = 0; i < 20; i++)
    ah_batch_schedule_blocking (batch, ah_test_shared_call, &shared, NULL);
  ah_batch_schedule_blocking (batch, visit_and_open, &sleeper, NULL);
  future = ah_test_strand_start (batch, NULL);
  ah_test_future_succeeds (future);
  g_thread_join (thread);
  ah_test_shared_check (&shared, 23);

  g_clear_object (&future);
  g_clear_object (&batch);
  ah_test_shared_clear (&shared);
  ah_test_assert_released ();
  sleeper_clear (&sleeper);
}

/* Who comes back from a region waits for the one inside to leave. */
static gpointer
come_back (gpointer data)
{
  Sleeper *sleeper = data;
  g_autoptr (AhStrandTurn) turn = ah_strand_turn_new (sleeper->shared->strand, NULL, NULL);

  ah_blocking_begin ();
  g_assert_false (ah_strand_is_inside (sleeper->shared->strand));
  ah_blocking_begin ();
  ah_blocking_end ();
  g_assert_false (ah_strand_is_inside (sleeper->shared->strand));
  ah_test_gate_open (&sleeper->begun);
  ah_test_gate_wait (&sleeper->gate);
  ah_blocking_end ();
  ah_test_shared_visit (sleeper->shared);
  return NULL;
}

static void
test_come_back (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  AhTestShared shared;
  Sleeper sleeper;
  GThread *thread;

  ah_test_shared_init (&shared);
  sleeper_init (&sleeper, &shared, WAIT_REGION);
  thread = g_thread_new ("guest", come_back, &sleeper);
  ah_test_gate_wait (&sleeper.begun);
  g_assert_true (ah_strand_enter (shared.strand, NULL, NULL));
  ah_test_gate_open (&sleeper.gate);
  for (int i = 0; i < 1000; i++)
    ah_test_shared_visit (&shared);
  ah_strand_leave (shared.strand);
  g_thread_join (thread);
  ah_test_shared_check (&shared, 1001);

  ah_test_shared_clear (&shared);
  ah_test_assert_released ();
  sleeper_clear (&sleeper);
}

int
main (int argc, char *argv[])
{
  ah_test_init (&argc, &argv);

  ah_test_add_product ("/strand/wait/batch", test_wait_batch);
  ah_test_add_concurrent ("/strand/wait/same-batch", test_wait_same_batch);
  for (guint wait = 0; wait < N_WAITS; wait++)
    {
      g_autofree char *path = g_strdup_printf ("/strand/wait/by-hand/%s", wait_names[wait]);

      g_test_add_data_func (path, GUINT_TO_POINTER (wait), test_wait_by_hand);
    }
  g_test_add_func ("/strand/wait/come-back", test_come_back);

  return ah_test_run ();
}
