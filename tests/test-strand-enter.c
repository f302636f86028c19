/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-strand.h"

/* Strands entered by hand, and what one may not do. */

/* --- One strand inside another --- */

typedef struct
{
  AhTestShared *outer, *inner;
} Pair;

static void
enter_both (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Pair *pair = user_data;

  for (int i = 0; i < 100; i++)
    {
      g_assert_true (ah_strand_enter (pair->outer->strand, NULL, NULL));
      ah_test_shared_visit (pair->outer);
      g_assert_true (ah_strand_enter (pair->inner->strand, NULL, NULL));
      g_assert_false (ah_strand_is_inside (pair->outer->strand));
      ah_test_shared_visit (pair->inner);
      /* the turn outside has ended, so this is a new one, and no mistake */
      g_assert_true (ah_strand_enter (pair->outer->strand, NULL, NULL));
      ah_test_shared_visit (pair->outer);
      ah_strand_leave (pair->outer->strand);
      ah_test_shared_visit (pair->inner);
      ah_strand_leave (pair->inner->strand);
      ah_test_shared_visit (pair->outer);
      ah_strand_leave (pair->outer->strand);
    }
}

static gpointer
enter_both_in_thread (gpointer data)
{
  enter_both (NULL, NULL, data, NULL);
  return NULL;
}

/* Two strands in either order, in threads and in functions of a pool of two. */
static void
test_either_order (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (2));
  g_autoptr (AhBatch) batch = ah_test_strand_new_batch (AH_TEST_KIND_PARALLEL, pool, NULL);
  g_autoptr (AhFuture) future = NULL;
  AhTestShared a, b;
  Pair pairs[] = { { &a, &b }, { &b, &a } };
  GThread *threads[4];

  ah_test_shared_init (&a);
  ah_test_shared_init (&b);
  for (int i = 0; i < 4; i++)
    {
      threads[i] = g_thread_new ("guest", enter_both_in_thread, &pairs[i % 2]);
      ah_batch_schedule_blocking (batch, enter_both, &pairs[i % 2], NULL);
    }
  future = ah_test_strand_start (batch, NULL);
  ah_test_future_succeeds (future);
  for (int i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  ah_test_shared_check (&a, 8 * 100 * 5 / 2);
  ah_test_shared_check (&b, 8 * 100 * 5 / 2);

  g_clear_object (&future);
  g_clear_object (&batch);
  g_clear_object (&pool);
  ah_test_shared_clear (&a);
  ah_test_shared_clear (&b);
  ah_test_assert_released ();
}

/* --- Cancelling --- */

static gpointer
pass_through (gpointer data)
{
  AhStrand *strand = data;

  g_assert_true (ah_strand_enter (strand, NULL, NULL));
  ah_strand_leave (strand);
  return NULL;
}

static gpointer
enter_and_be_cancelled (gpointer data)
{
  gpointer *args = data;
  g_autoptr (GError) error = NULL;

  g_assert_false (ah_strand_enter (args[0], args[1], &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (ah_strand_is_inside (args[0]));
  return NULL;
}

/* The one in the middle of the line gives up; those behind come in all the same. */
static void
test_cancel (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (GCancellable) cancellable = ah_test_track (g_cancellable_new ());
  g_autoptr (AhStrand) strand = ah_test_track (ah_strand_new ());
  gpointer args[] = { strand, cancellable };
  AhTestGuest guest;
  GThread *before, *thread, *behind;

  ah_test_guest_enter (&guest, strand);
  before = g_thread_new ("before", pass_through, strand);
  thread = g_thread_new ("cancelled", enter_and_be_cancelled, args);
  ah_test_wait_until (ah_test_count_handlers (cancellable) == 1);
  behind = g_thread_new ("behind", pass_through, strand);
  g_cancellable_cancel (cancellable);
  g_thread_join (thread);
  g_assert_cmpuint (ah_test_count_handlers (cancellable), ==, 0);
  /* it was before: at once, though the strand is held */
  enter_and_be_cancelled (args);

  ah_test_guest_leave (&guest);
  g_thread_join (before);
  g_thread_join (behind);
  enter_and_be_cancelled (args);
  ah_test_strand_is_free (strand);

  g_clear_object (&strand);
  g_clear_object (&cancellable);
  ah_test_assert_released ();
}

typedef struct
{
  AhTestShared *shared;
  GCancellable *cancellable;
  int n_entered, n_cancelled;
} Racer;

static gpointer
enter_or_be_cancelled (gpointer data)
{
  Racer *racer = data;
  g_autoptr (GError) error = NULL;

  if (ah_strand_enter (racer->shared->strand, racer->cancellable, &error))
    {
      ah_test_shared_visit (racer->shared);
      ah_strand_leave (racer->shared->strand);
      racer->n_entered++;
    }
  else
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      racer->n_cancelled++;
    }
  return NULL;
}

/* The turn is granted at the moment of being cancelled: it is taken or handed on, and never lost.
 */
static void
test_cancel_race (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  AhTestShared shared;
  Racer racer = { .shared = &shared };

  ah_test_shared_init (&shared);
  for (int i = 0; i < 500; i++)
    {
      GThread *thread;

      racer.cancellable = g_cancellable_new ();
      g_assert_true (ah_strand_enter (shared.strand, NULL, NULL));
      thread = g_thread_new ("racer", enter_or_be_cancelled, &racer);
      while (i % 2 && ah_test_count_handlers (racer.cancellable) == 0)
        g_thread_yield ();
      if (i % 4 < 2)
        g_cancellable_cancel (racer.cancellable);
      ah_strand_leave (shared.strand);
      if (i % 4 >= 2)
        g_cancellable_cancel (racer.cancellable);
      g_thread_join (thread);
      g_clear_object (&racer.cancellable);
    }
  g_assert_cmpint (racer.n_entered + racer.n_cancelled, ==, 500);
  g_assert_cmpint (racer.n_cancelled, >, 0);
  ah_test_shared_check (&shared, racer.n_entered);
  ah_test_strand_is_free (shared.strand);

  ah_test_shared_clear (&shared);
  ah_test_assert_released ();
}

/* --- A turn that nobody comes for --- */

/* A pool of one thread, which is inside a function for as long as the test wants; and a batch on a
 * strand that has been in the line before. */
typedef struct
{
  AhThreadPool *pool;
  AhTestShared shared;
  AhTestGuest guest;
  AhTestGate begun, may_end;
  AhFuture *waiting;
  AhFuture *keeping;
} Full;

static void
keep_thread (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Full *full = user_data;

  ah_test_gate_open (&full->begun);
  ah_test_gate_wait (&full->may_end);
}

static void
keep_thread_in_region (GCancellable *cancellable,
                       GValue *result,
                       gpointer user_data,
                       GError **error)
{
  ah_blocking_begin ();
  keep_thread (cancellable, result, user_data, error);
  ah_blocking_end ();
}

static void
full_init (Full *full, AhBlockingFunc func)
{
  g_autoptr (AhBatch) waiting = NULL;
  g_autoptr (AhBatch) keeping = NULL;

  full->pool = ah_test_track (ah_thread_pool_new (1));
  ah_test_shared_init (&full->shared);
  ah_test_gate_init (&full->begun);
  ah_test_gate_init (&full->may_end);
  ah_test_guest_enter (&full->guest, full->shared.strand);

  waiting = ah_test_strand_new_batch (AH_TEST_KIND_PARALLEL, full->pool, full->shared.strand);
  for (int i = 0; i < 5; i++)
    ah_batch_schedule_blocking (waiting, ah_test_shared_call, &full->shared, NULL);
  full->waiting = ah_test_strand_start (waiting, NULL);
  ah_test_wait_until_idle (full->pool);

  keeping = ah_test_strand_new_batch (AH_TEST_KIND_PARALLEL, full->pool, NULL);
  ah_batch_schedule_blocking (keeping, func, full, NULL);
  full->keeping = ah_test_strand_start (keeping, NULL);
  ah_test_gate_wait (&full->begun);
}

static void
full_clear (Full *full, int n_calls)
{
  ah_test_gate_open (&full->may_end);
  ah_test_future_succeeds (full->keeping);
  ah_test_future_succeeds (full->waiting);
  ah_test_shared_check (&full->shared, n_calls);

  g_clear_object (&full->keeping);
  g_clear_object (&full->waiting);
  g_clear_object (&full->pool);
  ah_test_shared_clear (&full->shared);
  ah_test_assert_released ();
  ah_test_gate_clear (&full->begun);
  ah_test_gate_clear (&full->may_end);
}

/* It is the batch's turn, but no worker is free for it: others get in. */
static void
test_overtake (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  Full full;

  full_init (&full, keep_thread);
  ah_test_guest_leave (&full.guest);
  for (int i = 0; i < 3; i++)
    {
      g_assert_true (ah_strand_enter (full.shared.strand, NULL, NULL));
      ah_test_shared_visit (&full.shared);
      ah_strand_leave (full.shared.strand);
    }
  g_assert_false (ah_future_get_done (full.waiting));
  full_clear (&full, 3 + 5);
}

/* The one who waits for the batch, and would do its work, is in a callback that enters itself. */
static gboolean
on_enter (gpointer data)
{
  Full *full = data;

  ah_test_guest_leave (&full->guest);
  g_assert_true (ah_strand_enter (full->shared.strand, NULL, NULL));
  ah_test_shared_visit (&full->shared);
  ah_strand_leave (full->shared.strand);
  return G_SOURCE_REMOVE;
}

static void
test_overtake_in_callback (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (GError) error = NULL;
  Full full;

  full_init (&full, keep_thread_in_region);
  g_timeout_add (20, on_enter, &full);
  g_assert_true (ah_future_wait (full.waiting, NULL, &error));
  g_assert_no_error (error);
  full_clear (&full, 1 + 5);
}

/* --- Mistakes --- */

static void
test_again (void)
{
  g_autoptr (AhStrand) strand = ah_test_track (ah_strand_new ());
  g_autoptr (GError) error = NULL;

  g_assert_false (ah_strand_is_inside (strand));
  g_assert_true (ah_strand_enter (strand, NULL, NULL));
  ah_test_log_begin ();
  g_assert_false (ah_strand_enter (strand, NULL, &error));
  ah_test_log_end_one ("*cannot be entered from inside itself*");
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_true (ah_strand_is_inside (strand));
  ah_strand_leave (strand);
  g_assert_false (ah_strand_is_inside (strand));
  ah_test_strand_is_free (strand);

  g_clear_object (&strand);
  ah_test_assert_released ();
}

static void
enter_again (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_assert_true (ah_strand_is_inside (user_data));
  g_assert_false (ah_strand_enter (user_data, cancellable, error));
}

/* Also where the batch has entered. */
static void
test_again_in_batch (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhStrand) strand = ah_test_track (ah_strand_new ());
  g_autoptr (AhBatch) batch = ah_test_strand_new_batch (params->kind, NULL, strand);
  g_auto (AhTestOutcome) outcome = { 0 };

  ah_batch_schedule_blocking (batch, enter_again, strand, NULL);
  ah_test_log_begin ();
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  ah_test_log_end_one ("*cannot be entered from inside itself*");
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  ah_test_strand_is_free (strand);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&batch);
  g_clear_object (&strand);
  ah_test_assert_released ();
}

static void
leave_wrongly (AhStrand *strand)
{
  ah_test_log_begin ();
  ah_strand_leave (strand);
  ah_test_log_end_one ("*was left that*not entered*");
}

static gpointer
leave_in_thread (gpointer data)
{
  leave_wrongly (data);
  return NULL;
}

/* Leaving what was not entered, in another thread, or in the wrong order, changes nothing. */
static void
test_leave_wrongly (void)
{
  g_autoptr (AhStrand) strand = ah_test_track (ah_strand_new ());
  g_autoptr (AhStrand) other = ah_test_track (ah_strand_new ());

  leave_wrongly (strand);
  g_assert_true (ah_strand_enter (strand, NULL, NULL));
  leave_wrongly (other);
  ah_test_in_new_thread (leave_in_thread, strand);
  g_assert_true (ah_strand_is_inside (strand));

  g_assert_true (ah_strand_enter (other, NULL, NULL));
  leave_wrongly (strand);
  g_assert_true (ah_strand_is_inside (other));
  ah_strand_leave (other);

  ah_blocking_begin ();
  leave_wrongly (strand);
  ah_blocking_end ();
  g_assert_true (ah_strand_is_inside (strand));
  ah_strand_leave (strand);
  leave_wrongly (strand);
  ah_test_strand_is_free (strand);

  g_clear_object (&strand);
  g_clear_object (&other);
  ah_test_assert_released ();
}

/* A thread that ends inside of a strand does not take it along. */
static gpointer
end_inside (gpointer data)
{
  g_assert_true (ah_strand_enter (data, NULL, NULL));
  return NULL;
}

static void
test_thread_ended (void)
{
  AhStrand *strand = ah_test_track (ah_strand_new ());

  ah_test_log_begin ();
  ah_test_in_new_thread (end_inside, strand);
  ah_test_strand_is_free (strand);
  ah_test_log_end_one ("*inside a strand*");
  g_object_unref (strand);
  ah_test_assert_released ();
}

static void
test_arguments (void)
{
  g_autoptr (AhStrand) strand = ah_test_track (ah_strand_new ());
  g_autoptr (GPtrArray) messages = NULL;

  ah_test_log_begin ();
  g_assert_false (ah_strand_enter (NULL, NULL, NULL));
  g_assert_false (ah_strand_enter (strand, (GCancellable *) strand, NULL));
  g_assert_false (ah_strand_is_inside (NULL));
  ah_strand_leave (NULL);
  messages = ah_test_log_end ();
  g_assert_cmpuint (messages->len, ==, 4);
  ah_test_strand_is_free (strand);

  g_clear_object (&strand);
  ah_test_assert_released ();
}

/* Dropped by everybody while somebody is inside: it lives until that one leaves. */
static void
test_dropped (void)
{
  AhStrand *strand = ah_test_track (ah_strand_new ());

  g_assert_true (ah_strand_enter (strand, NULL, NULL));
  g_object_unref (strand);
  g_assert_true (ah_strand_is_inside (strand));
  ah_blocking_begin ();
  ah_blocking_end ();
  g_assert_true (ah_strand_is_inside (strand));
  ah_strand_leave (strand);
  ah_test_assert_released ();
}

/* What a function forgets. */
typedef enum
{
  FORGET_STRAND,
  FORGET_REGION,
  FORGET_REGION_TWICE,
  FORGET_BOTH,
  N_FORGETS
} Forget;

typedef struct
{
  AhStrand *strand;
  Forget forget;
} Mistake;

static void
forget (Mistake *mistake)
{
  if (mistake->forget == FORGET_STRAND || mistake->forget == FORGET_BOTH)
    g_assert_true (ah_strand_enter (mistake->strand, NULL, NULL));
  if (mistake->forget != FORGET_STRAND)
    ah_blocking_begin ();
  if (mistake->forget == FORGET_REGION_TWICE)
    ah_blocking_begin ();
}

static void
forget_blocking (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  forget (user_data);
}

static void
forget_async (GTask *task, gpointer user_data)
{
  forget (user_data);
  g_task_return_value (task, NULL);
}

/* Ends the keeping of messages: there was one for each thing forgotten. */
static void
check_messages (Forget forgotten)
{
  g_autoptr (GPtrArray) messages = ah_test_log_end ();
  guint n_regions = 0, n_strands = 0;

  for (guint i = 0; i < messages->len; i++)
    {
      const char *message = messages->pdata[i];

      n_regions += g_pattern_match_simple ("*returned inside a blocking region*", message);
      n_strands += g_pattern_match_simple ("*returned inside a strand*", message);
    }
  g_assert_cmpuint (n_regions + n_strands, ==, messages->len);
  g_assert_cmpuint (n_regions, ==, forgotten != FORGET_STRAND);
  g_assert_cmpuint (n_strands, ==, forgotten == FORGET_STRAND || forgotten == FORGET_BOTH);
}

/* @is_on_strand: the batch is on a strand itself, with others that want their turn after it. */
static void
run_forgetful (const AhTestStrandParams *params, gboolean is_async, gboolean is_on_strand)
{
  for (Forget what = 0; what < N_FORGETS; what++)
    {
      g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
      g_auto (AhTestOutcome) outcome = { 0 };
      Mistake mistake = { ah_test_track (ah_strand_new ()), what };
      g_autoptr (AhBatch) batch = NULL;
      AhTestShared shared;

      ah_test_shared_init (&shared);
      batch = ah_test_strand_new_batch (params->kind, NULL, is_on_strand ? shared.strand : NULL);
      if (is_async)
        ah_batch_schedule_async (batch, forget_async, &mistake, NULL);
      else
        ah_batch_schedule_blocking (batch, forget_blocking, &mistake, NULL);
      for (int i = 0; i < 20 && is_on_strand; i++)
        ah_batch_schedule_blocking (batch, ah_test_shared_call, &shared, NULL);
      ah_test_log_begin ();
      ah_test_way_run_batch (params->way, batch, NULL, &outcome);
      check_messages (what);
      g_assert_no_error (outcome.error);
      ah_test_shared_check (&shared, is_on_strand ? 20 : 0);
      ah_test_strand_is_free (shared.strand);
      ah_test_strand_is_free (mistake.strand);

      ah_test_outcome_clear (&outcome);
      g_clear_object (&batch);
      ah_test_shared_clear (&shared);
      g_object_unref (mistake.strand);
      ah_test_assert_released ();
    }
}

static void
test_forget (gconstpointer data)
{
  run_forgetful (data, FALSE, FALSE);
}

static void
test_forget_on_strand (gconstpointer data)
{
  run_forgetful (data, FALSE, TRUE);
}

static void
test_forget_async (gconstpointer data)
{
  run_forgetful (data, TRUE, FALSE);
}

/* The same for a function alone, which ah_block () just calls, and at its home. */
static void
test_forget_alone (gconstpointer data)
{
  const AhTestStrandParams *params = data;

  for (Forget what = 0; what < N_FORGETS; what++)
    for (int at_home = 0; at_home < (params->way == AH_TEST_WAY_BACKGROUND ? 1 : 2); at_home++)
      {
        g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
        Mistake mistake = { ah_test_track (ah_strand_new ()), what };
        g_autoptr (AhFunction) function
            = ah_function_new_blocking (forget_blocking, &mistake, NULL);
        g_autoptr (GError) error = NULL;

        if (at_home)
          ah_function_set_home (function, ah_test_get_other_context ());
        ah_test_log_begin ();
        g_assert_true (ah_test_way_run_function (params->way, function, NULL, NULL, &error));
        check_messages (what);
        g_assert_no_error (error);
        ah_test_strand_is_free (mistake.strand);
        g_clear_object (&function);
        g_object_unref (mistake.strand);
        ah_test_assert_released ();
      }
}

/* What a callback has forgotten that was dispatched inside a wait does not stay there. */
typedef struct
{
  Mistake mistake;
  GTask *task;
} Late;

static gboolean
on_forget (gpointer data)
{
  Late *late = data;
  g_autoptr (GTask) task = g_steal_pointer (&late->task);

  forget (&late->mistake);
  g_task_return_value (task, NULL);
  return G_SOURCE_REMOVE;
}

static void
end_later (GTask *task, gpointer user_data)
{
  Late *late = user_data;
  g_autoptr (GSource) source = g_idle_source_new ();

  late->task = g_object_ref (task);
  g_source_set_callback (source, on_forget, late, NULL);
  g_source_attach (source, g_task_get_context (task));
}

static void
test_forget_in_callback (gconstpointer data)
{
  const AhTestStrandParams *params = data;

  for (Forget what = 0; what < N_FORGETS; what++)
    {
      g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
      g_auto (AhTestOutcome) outcome = { 0 };
      Late late = { { ah_test_track (ah_strand_new ()), what }, NULL };
      g_autoptr (AhBatch) batch = ah_test_strand_new_batch (params->kind, NULL, NULL);

      ah_batch_schedule_async (batch, end_later, &late, NULL);
      ah_test_log_begin ();
      ah_test_way_run_batch (params->way, batch, NULL, &outcome);
      check_messages (what);
      g_assert_no_error (outcome.error);
      ah_test_strand_is_free (late.mistake.strand);
      ah_test_outcome_clear (&outcome);
      g_clear_object (&batch);
      g_object_unref (late.mistake.strand);
      ah_test_assert_released ();
    }
}

int
main (int argc, char *argv[])
{
  static const AhTestStrandParams waits[] = {
    { AH_TEST_KIND_PARALLEL, AH_TEST_WAY_BLOCK },
    { AH_TEST_KIND_PARALLEL, AH_TEST_WAY_START_WAIT },
    { AH_TEST_KIND_PARALLEL, AH_TEST_WAY_BACKGROUND },
  };

  ah_test_init (&argc, &argv);

  g_test_add_func ("/strand/either-order", test_either_order);
  g_test_add_func ("/strand/cancel", test_cancel);
  g_test_add_func ("/strand/cancel/race", test_cancel_race);
  g_test_add_func ("/strand/overtake", test_overtake);
  g_test_add_func ("/strand/overtake/in-callback", test_overtake_in_callback);
  g_test_add_func ("/strand/thread-ended", test_thread_ended);
  g_test_add_func ("/strand/again", test_again);
  ah_test_add_product ("/strand/again/batch", test_again_in_batch);
  g_test_add_func ("/strand/leave-wrongly", test_leave_wrongly);
  g_test_add_func ("/strand/arguments", test_arguments);
  g_test_add_func ("/strand/dropped-inside", test_dropped);
  ah_test_add_product ("/strand/forget", test_forget);
  ah_test_add_product ("/strand/forget/on-strand", test_forget_on_strand);
  ah_test_add_product ("/strand/forget/async", test_forget_async);
  ah_test_add_ways ("/strand/forget/alone", test_forget_alone);
  for (guint i = 0; i < G_N_ELEMENTS (waits); i++)
    {
      g_autofree char *path
          = g_strdup_printf ("/strand/forget/callback/%s", ah_test_way_get_name (waits[i].way));

      g_test_add_data_func (path, &waits[i], test_forget_in_callback);
    }

  return ah_test_run ();
}
