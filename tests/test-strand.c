/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-strand.h"

/* AhStrand as the property of batches: functions that never overlap, in whatever way they are run,
 * and whose waiting keeps no thread from other work. */

/* --- Never at the same time --- */

#define N_EACH 200
#define N_GUESTS 3

static gpointer
visit_by_hand (gpointer data)
{
  AhTestShared *shared = data;

  for (int i = 0; i < N_EACH; i++)
    {
      g_autoptr (AhStrandTurn) turn = ah_strand_turn_new (shared->strand, NULL, NULL);

      g_assert_nonnull (turn);
      ah_test_shared_visit (shared);
    }
  return NULL;
}

/* Two batches of a strand in two pools, one that runs in each of the ways, and threads by hand. */
static void
test_exclusive (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (8));
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) batch = NULL;
  g_autoptr (AhBatch) other = NULL;
  g_autoptr (AhFuture) future = NULL;
  GThread *guests[N_GUESTS];
  AhTestShared shared;

  ah_test_shared_init (&shared);
  batch = ah_test_strand_new_batch (params->kind, NULL, shared.strand);
  other = ah_test_strand_new_batch (params->kind, pool, shared.strand);
  for (int i = 0; i < N_EACH; i++)
    {
      ah_batch_schedule_blocking (batch, ah_test_shared_call, &shared, NULL);
      ah_batch_schedule_blocking (other, ah_test_shared_call, &shared, NULL);
    }

  future = ah_test_strand_start (other, NULL);
  for (int i = 0; i < N_GUESTS; i++)
    guests[i] = g_thread_new ("guest", visit_by_hand, &shared);
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  for (guint i = 0; i < N_EACH; i++)
    g_assert_cmpint (ah_test_get_int (outcome.results, i), ==, 7);
  for (int i = 0; i < N_GUESTS; i++)
    g_thread_join (guests[i]);
  ah_test_future_succeeds (future);
  ah_test_shared_check (&shared, (2 + N_GUESTS) * N_EACH);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&future);
  g_clear_object (&batch);
  g_clear_object (&other);
  g_clear_object (&pool);
  ah_test_shared_clear (&shared);
  ah_test_assert_released ();
}

/* --- In turn --- */

/* Writes down who was inside, in order. */
typedef struct
{
  AhStrand *strand;
  GString *order; /* guarded by the strand */
  AhTestGate gate;
  int n_waiting; /* atomic: inside and waiting at the gate */
} Diary;

typedef struct
{
  Diary *diary;
  char sign;
  GCancellable *cancellable;
} Entry;

static void
write_down (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Entry *entry = user_data;

  g_string_append_c (entry->diary->order, entry->sign);
}

static void
write_down_and_wait (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Entry *entry = user_data;

  write_down (cancellable, result, user_data, error);
  g_atomic_int_inc (&entry->diary->n_waiting);
  ah_test_gate_wait (&entry->diary->gate);
}

static gpointer
enter_and_write_down (gpointer data)
{
  Entry *entry = data;

  g_assert_true (ah_strand_enter (entry->diary->strand, entry->cancellable, NULL));
  write_down (NULL, NULL, entry, NULL);
  ah_strand_leave (entry->diary->strand);
  return NULL;
}

static void
diary_init (Diary *diary)
{
  diary->strand = ah_test_track (ah_strand_new ());
  diary->order = g_string_new (NULL);
  diary->n_waiting = 0;
  ah_test_gate_init (&diary->gate);
}

static void
diary_clear (Diary *diary)
{
  g_object_unref (diary->strand);
  g_string_free (diary->order, TRUE);
  ah_test_gate_clear (&diary->gate);
}

/* A thread is in the line as soon as it listens for being cancelled. */
static GThread *
enter_line (Entry *entry)
{
  GThread *thread;

  entry->cancellable = g_cancellable_new ();
  thread = g_thread_new ("guest", enter_and_write_down, entry);
  ah_test_iterate_until (ah_test_count_handlers (entry->cancellable) == 1);
  return thread;
}

/* First come, first served: batches and threads alike. */
static void
test_order (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (4));
  Entry entries[10] = { 0 };
  AhFuture *futures[10] = { NULL };
  GThread *threads[10] = { NULL };
  Diary diary;
  AhTestGuest guest;

  diary_init (&diary);
  ah_test_guest_enter (&guest, diary.strand);
  for (int i = 0; i < 10; i++)
    {
      entries[i] = (Entry){ &diary, 'a' + i, NULL };
      if (i % 2 == 0)
        {
          g_autoptr (AhBatch) batch
              = ah_test_strand_new_batch (AH_TEST_KIND_PARALLEL, pool, diary.strand);

          ah_batch_schedule_blocking (batch, write_down, &entries[i], NULL);
          futures[i] = ah_test_strand_start (batch, NULL);
          ah_test_wait_until_idle (pool);
        }
      else
        {
          threads[i] = enter_line (&entries[i]);
        }
    }

  ah_test_guest_leave (&guest);
  for (int i = 0; i < 10; i++)
    if (threads[i] != NULL)
      {
        g_thread_join (threads[i]);
        g_object_unref (entries[i].cancellable);
      }
    else
      {
        ah_test_future_succeeds (futures[i]);
        g_object_unref (futures[i]);
      }
  g_assert_cmpstr (diary.order->str, ==, "abcdefghij");

  diary_clear (&diary);
  g_clear_object (&pool);
  ah_test_assert_released ();
}

/* Others that wait have their turn between two functions of a batch, whoever runs those. */
static void
test_order_between (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (4));
  g_autoptr (AhBatch) batch = NULL;
  g_autoptr (AhFuture) future = NULL;
  Entry first, second, third;
  GThread *thread;
  Diary diary;

  diary_init (&diary);
  first = (Entry){ &diary, '1', NULL };
  second = (Entry){ &diary, '2', NULL };
  third = (Entry){ &diary, 't', NULL };
  batch = ah_test_strand_new_batch (params->kind, pool, diary.strand);
  ah_batch_schedule_blocking (batch, write_down_and_wait, &first, NULL);
  ah_batch_schedule_blocking (batch, write_down, &second, NULL);
  future = ah_test_strand_start (batch, NULL);
  ah_test_iterate_until (g_atomic_int_get (&diary.n_waiting) == 1);
  thread = enter_line (&third);
  ah_test_gate_open (&diary.gate);
  g_thread_join (thread);
  ah_test_future_succeeds (future);
  g_assert_cmpstr (diary.order->str, ==, "1t2");

  g_object_unref (third.cancellable);
  g_clear_object (&future);
  g_clear_object (&batch);
  g_clear_object (&pool);
  diary_clear (&diary);
  ah_test_assert_released ();
}

/* --- Batches inside batches --- */

static void
assert_inside_one (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  AhStrand **strands = user_data;

  g_assert_true (ah_strand_is_inside (strands[0]));
  g_assert_false (ah_strand_is_inside (strands[1]));
}

/* A batch inside is on the strand of the one that it is in, unless it has its own. */
static void
test_nested (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhStrand) outer_strand = ah_test_track (ah_strand_new ());
  g_autoptr (AhStrand) own_strand = ah_test_track (ah_strand_new ());
  AhStrand *in_outer[] = { outer_strand, own_strand };
  AhStrand *in_own[] = { own_strand, outer_strand };
  g_autoptr (AhBatch) outer = ah_test_strand_new_batch (params->kind, NULL, outer_strand);
  g_auto (AhTestOutcome) outcome = { 0 };

  for (int i = 0; i < 4; i++)
    {
      g_autoptr (AhBatch) heir
          = ah_test_strand_new_batch ((params->kind + i) % AH_TEST_N_KINDS, NULL, NULL);
      g_autoptr (AhBatch) heir_below
          = ah_test_strand_new_batch ((params->kind + i) % AH_TEST_N_KINDS, NULL, NULL);
      g_autoptr (AhBatch) own = ah_test_strand_new_batch (params->kind, NULL, own_strand);

      for (int j = 0; j < 5; j++)
        {
          ah_batch_schedule_blocking (heir, assert_inside_one, in_outer, NULL);
          ah_batch_schedule_blocking (heir_below, assert_inside_one, in_outer, NULL);
          ah_batch_schedule_blocking (own, assert_inside_one, in_own, NULL);
        }
      ah_batch_schedule (heir, AH_FUNCTION (heir_below));
      ah_batch_schedule (outer, AH_FUNCTION (heir));
      if (i < 2)
        ah_batch_schedule_blocking (outer, assert_inside_one, in_outer, NULL);
      ah_batch_schedule (outer, AH_FUNCTION (own));
    }
  ah_test_way_run_batch (params->way, outer, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (outcome.results->len, ==, 10);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&outer);
  g_clear_object (&outer_strand);
  g_clear_object (&own_strand);
  ah_test_assert_released ();
}

/* Two strands do not keep each other waiting. */
static void
test_nested_apart (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhStrand) outer_strand = ah_test_track (ah_strand_new ());
  g_autoptr (AhStrand) own_strand = ah_test_track (ah_strand_new ());
  g_autoptr (AhBatch) outer = ah_test_strand_new_batch (AH_TEST_KIND_PARALLEL, NULL, outer_strand);
  g_autoptr (AhBatch) inner = ah_test_strand_new_batch (AH_TEST_KIND_PARALLEL, NULL, own_strand);
  g_auto (AhTestOutcome) outcome = { 0 };
  AhTestGate gate;

  ah_test_gate_init (&gate);
  ah_batch_schedule_blocking (outer, ah_test_wait_at_gate, &gate, NULL);
  ah_batch_schedule_blocking (inner, ah_test_open_gate, &gate, NULL);
  ah_batch_schedule (outer, AH_FUNCTION (inner));
  ah_test_way_run_batch (params->way, outer, NULL, &outcome);
  g_assert_no_error (outcome.error);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&inner);
  g_clear_object (&outer);
  g_clear_object (&outer_strand);
  g_clear_object (&own_strand);
  ah_test_assert_released ();
  ah_test_gate_clear (&gate);
}

/* --- Async functions --- */

static void
end_at_once (GTask *task, gpointer user_data)
{
  AhTestShared *shared = user_data;

  g_assert_false (ah_strand_is_inside (shared->strand));
  g_atomic_int_inc (&shared->n_inside);
  g_task_return_value (task, NULL);
}

/* Async functions begin without a turn; blocking ones of the same batch wait for theirs. */
static void
test_async (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhBatch) batch = NULL;
  g_autoptr (AhFuture) future = NULL;
  AhTestShared shared;
  AhTestGuest guest;

  ah_test_shared_init (&shared);
  ah_test_guest_enter (&guest, shared.strand);
  batch = ah_test_strand_new_batch (params->kind, NULL, shared.strand);
  for (int i = 0; i < 3; i++)
    ah_batch_schedule_async (batch, end_at_once, &shared, NULL);
  ah_batch_schedule_blocking (batch, ah_test_shared_call, &shared, NULL);
  future = ah_test_strand_start (batch, NULL);
  ah_test_iterate_until (g_atomic_int_get (&shared.n_inside) == 3
                         && ah_future_get_n_finished (future) == 3);
  ah_test_wait_until_idle (ah_thread_pool_get_default ());
  g_assert_cmpint (g_atomic_int_get (&shared.n_calls), ==, 0);
  g_assert_false (ah_future_get_done (future));

  g_atomic_int_set (&shared.n_inside, 0);
  ah_test_guest_leave (&guest);
  ah_test_future_succeeds (future);
  ah_test_shared_check (&shared, 1);

  g_clear_object (&future);
  g_clear_object (&batch);
  ah_test_shared_clear (&shared);
  ah_test_assert_released ();
}

/* --- No worker is parked --- */

/* A pool of @data threads does all other work while functions wait for their turns. */
static void
test_parks_no_worker (gconstpointer data)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (GPOINTER_TO_UINT (data)));
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (g_object_unref);
  AhTestShared held, free;
  AhTestGuest guest;

  ah_test_shared_init (&held);
  ah_test_shared_init (&free);
  ah_test_guest_enter (&guest, held.strand);

  for (int i = 0; i < 10; i++)
    {
      g_autoptr (AhBatch) batch = ah_test_strand_new_batch (i % AH_TEST_N_KINDS, pool, held.strand);

      for (int j = 0; j < 20; j++)
        ah_batch_schedule_blocking (batch, ah_test_shared_call, &held, NULL);
      g_ptr_array_add (futures, ah_test_strand_start (batch, NULL));
    }

  for (int i = 0; i < 2 * AH_TEST_N_KINDS; i++)
    {
      g_autoptr (AhBatch) batch
          = ah_test_strand_new_batch (i / 2, pool, i % 2 == 0 ? free.strand : NULL);
      g_auto (AhTestOutcome) outcome = { 0 };

      for (int j = 0; j < 20; j++)
        if (i % 2 == 0)
          ah_batch_schedule_blocking (batch, ah_test_shared_call, &free, NULL);
        else
          ah_batch_schedule_blocking (batch, ah_test_open_gate, &guest.has_entered, NULL);
      ah_test_way_run_batch (AH_TEST_WAY_RUN_ASYNC, batch, NULL, &outcome);
      g_assert_no_error (outcome.error);
    }
  ah_test_shared_check (&free, AH_TEST_N_KINDS * 20);
  ah_test_wait_until_idle (pool);
  ah_test_shared_check (&held, 0);

  ah_test_guest_leave (&guest);
  for (guint i = 0; i < futures->len; i++)
    ah_test_future_succeeds (futures->pdata[i]);
  ah_test_shared_check (&held, 200);

  g_ptr_array_set_size (futures, 0);
  g_clear_object (&pool);
  ah_test_shared_clear (&held);
  ah_test_shared_clear (&free);
  ah_test_assert_released ();
}

/* A worker that has been long in one function leaves the next to others, who came and saw that
 * there was nothing to do yet: they hear of it. */
static void
test_long_function (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (4));
  g_autoptr (AhFuture) future = NULL;
  g_autoptr (AhBatch) batch = NULL;
  g_autoptr (AhBatch) other = ah_test_strand_new_batch (AH_TEST_KIND_PARALLEL, pool, NULL);
  g_auto (AhTestOutcome) outcome = { 0 };
  gint64 begun = g_get_monotonic_time ();
  Entry first, second;
  AhTestGate unused;
  Diary diary;

  diary_init (&diary);
  first = (Entry){ &diary, '1', NULL };
  second = (Entry){ &diary, '2', NULL };
  batch = ah_test_strand_new_batch (params->kind, pool, diary.strand);
  ah_batch_schedule_blocking (batch, write_down_and_wait, &first, NULL);
  ah_batch_schedule_blocking (batch, write_down, &second, NULL);
  future = ah_test_strand_start (batch, NULL);
  ah_test_iterate_until (g_atomic_int_get (&diary.n_waiting) == 1);

  /* the one who comes, and looks around afterwards */
  ah_test_gate_init (&unused);
  ah_batch_schedule_blocking (other, ah_test_open_gate, &unused, NULL);
  ah_test_way_run_batch (AH_TEST_WAY_RUN_ASYNC, other, NULL, &outcome);
  g_assert_no_error (outcome.error);
  ah_test_iterate_until (ah_thread_pool_get_n_running (pool) == 1);
  /* longer than a worker stays with one run */
  ah_test_wait_until (g_get_monotonic_time () > begun + 10000);
  ah_test_gate_open (&diary.gate);
  ah_test_future_succeeds (future);
  ah_test_gate_clear (&unused);
  g_assert_cmpstr (diary.order->str, ==, "12");

  ah_test_outcome_clear (&outcome);
  g_clear_object (&future);
  g_clear_object (&batch);
  g_clear_object (&other);
  g_clear_object (&pool);
  diary_clear (&diary);
  ah_test_assert_released ();
}

/* --- Depth --- */

#define DEPTH 200

typedef struct
{
  AhStrand *strand;
  AhThreadPool *pool;
  int depth; /* guarded by the strand */
} Well;

/* Each turn ends for the time of the next, which is of the same strand. */
static void
go_deeper (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Well *well = user_data;

  g_assert_true (ah_strand_is_inside (well->strand));
  if (++well->depth < DEPTH)
    {
      g_autoptr (AhBatch) batch
          = ah_test_strand_new_batch (well->depth % AH_TEST_N_KINDS, well->pool, well->strand);
      g_autoptr (GArray) results = NULL;

      ah_batch_schedule_blocking (batch, go_deeper, well, NULL);
      results = ah_batch_block (batch, NULL, error);
      g_assert_true (*error != NULL || results->len == 1);
    }
  g_assert_true (ah_strand_is_inside (well->strand));
}

static void
test_deep (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (1));
  g_autoptr (AhBatch) batch = NULL;
  g_auto (AhTestOutcome) outcome = { 0 };
  Well well = { ah_test_track (ah_strand_new ()), pool, 0 };

  batch = ah_test_strand_new_batch (params->kind, pool, well.strand);
  ah_batch_schedule_blocking (batch, go_deeper, &well, NULL);
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (well.depth, ==, DEPTH);
  ah_test_strand_is_free (well.strand);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&batch);
  g_clear_object (&pool);
  g_object_unref (well.strand);
  ah_test_assert_released ();
}

/* --- The property --- */

static void
on_notify (AhBatch *batch, GParamSpec *pspec, gpointer data)
{
  ++*(int *) data;
}

static void
test_property (void)
{
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_autoptr (AhStrand) strand = ah_test_track (ah_strand_new ());
  g_autoptr (AhStrand) found = NULL;
  int n_notified = 0;

  g_signal_connect (batch, "notify::strand", G_CALLBACK (on_notify), &n_notified);
  g_assert_null (ah_batch_get_strand (batch));
  ah_batch_set_strand (batch, strand);
  ah_batch_set_strand (batch, strand);
  g_assert_cmpint (n_notified, ==, 1);
  g_object_get (batch, "strand", &found, NULL);
  g_assert_true (found == strand && ah_batch_get_strand (batch) == strand);
  g_object_set (batch, "strand", NULL, NULL);
  g_assert_null (ah_batch_get_strand (batch));
  g_assert_cmpint (n_notified, ==, 2);

  g_clear_object (&batch);
  g_clear_object (&found);
  g_clear_object (&strand);
  ah_test_assert_released ();
}

/* What is set counts from the next run on. */
static void
take_strand_away (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  ah_batch_set_strand (user_data, NULL);
}

static void
test_replaced_meanwhile (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) batch = NULL;
  AhTestShared shared;

  ah_test_shared_init (&shared);
  batch = ah_test_strand_new_batch (params->kind, NULL, shared.strand);
  ah_batch_schedule_blocking (batch, take_strand_away, batch, NULL);
  for (int i = 0; i < 50; i++)
    ah_batch_schedule_blocking (batch, ah_test_shared_call, &shared, NULL);
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  ah_test_shared_check (&shared, 50);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&batch);
  ah_test_shared_clear (&shared);
  ah_test_assert_released ();
}

/* The strand is dropped while runs are on it, and somebody is inside by hand. */
static void
test_dropped (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (4));
  g_autoptr (AhFuture) future = NULL;
  g_autoptr (AhBatch) batch = NULL;
  AhStrand *strand = ah_test_track (ah_strand_new ());
  AhTestGuest guest;
  AhTestGate gate;

  ah_test_gate_init (&gate);
  ah_test_guest_enter (&guest, strand);
  batch = ah_test_strand_new_batch (params->kind, pool, strand);
  g_object_unref (strand);
  for (int i = 0; i < 20; i++)
    ah_batch_schedule_blocking (batch, ah_test_open_gate, &gate, NULL);
  future = ah_test_strand_start (batch, NULL);
  ah_batch_set_strand (batch, NULL);
  g_clear_object (&batch);
  ah_test_wait_until_idle (pool);
  g_assert_false (gate.is_open);
  g_assert_false (ah_future_get_done (future));

  ah_test_guest_leave (&guest);
  ah_test_future_succeeds (future);
  g_assert_true (gate.is_open);

  g_clear_object (&future);
  g_clear_object (&pool);
  ah_test_assert_released ();
  ah_test_gate_clear (&gate);
}

int
main (int argc, char *argv[])
{
  ah_test_init (&argc, &argv);

  ah_test_add_product ("/strand/exclusive", test_exclusive);
  g_test_add_func ("/strand/order", test_order);
  ah_test_add_kinds ("/strand/order/between", test_order_between);
  ah_test_add_product ("/strand/nested", test_nested);
  ah_test_add_ways ("/strand/nested/apart", test_nested_apart);
  ah_test_add_kinds ("/strand/async", test_async);
  ah_test_add_kinds ("/strand/long-function", test_long_function);
  g_test_add_data_func ("/strand/parks-no-worker/1", GUINT_TO_POINTER (1), test_parks_no_worker);
  g_test_add_data_func ("/strand/parks-no-worker/2", GUINT_TO_POINTER (2), test_parks_no_worker);
  ah_test_add_product ("/strand/deep", test_deep);
  g_test_add_func ("/strand/property", test_property);
  ah_test_add_product ("/strand/replaced-meanwhile", test_replaced_meanwhile);
  ah_test_add_kinds ("/strand/dropped", test_dropped);

  return ah_test_run ();
}
