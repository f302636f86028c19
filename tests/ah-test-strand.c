/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-strand.h"

/* What tests of strands share: something to protect, somebody who is inside, and batches. */

void
ah_test_shared_init (AhTestShared *shared)
{
  *shared = (AhTestShared){ .strand = ah_test_track (ah_strand_new ()) };
}

void
ah_test_shared_clear (AhTestShared *shared)
{
  g_clear_object (&shared->strand);
}

/* To be called inside the strand. */
void
ah_test_shared_visit (AhTestShared *shared)
{
  int n_inside = g_atomic_int_add (&shared->n_inside, 1) + 1;
  int before = shared->plain;

  if (n_inside > g_atomic_int_get (&shared->max_inside))
    g_atomic_int_set (&shared->max_inside, n_inside);
  g_assert_true (ah_strand_is_inside (shared->strand));
  g_atomic_int_inc (&shared->n_calls);
  /* whoever could overlap is given the time to */
  if (before % 8 == 0)
    g_thread_yield ();
  shared->plain = before + 1;
  g_atomic_int_add (&shared->n_inside, -1);
}

void
ah_test_shared_call (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  ah_test_shared_visit (user_data);
  g_value_set_int (g_value_init (result, G_TYPE_INT), 7);
}

/* There were as many visits, and never two at the same time. */
void
ah_test_shared_check (AhTestShared *shared, int n_calls)
{
  g_assert_cmpint (g_atomic_int_get (&shared->n_calls), ==, n_calls);
  g_assert_cmpint (shared->plain, ==, n_calls);
  g_assert_cmpint (shared->max_inside, ==, n_calls > 0 ? 1 : 0);
  g_assert_cmpint (shared->n_inside, ==, 0);
}

static gpointer
stay_inside (gpointer data)
{
  AhTestGuest *guest = data;

  g_assert_true (ah_strand_enter (guest->strand, NULL, NULL));
  ah_test_gate_open (&guest->has_entered);
  ah_test_gate_wait (&guest->may_leave);
  ah_strand_leave (guest->strand);
  return NULL;
}

/* Returns when the guest is inside. */
void
ah_test_guest_enter (AhTestGuest *guest, AhStrand *strand)
{
  guest->strand = strand;
  ah_test_gate_init (&guest->has_entered);
  ah_test_gate_init (&guest->may_leave);
  guest->thread = g_thread_new ("guest", stay_inside, guest);
  ah_test_gate_wait (&guest->has_entered);
}

/* Returns when the guest is gone. */
void
ah_test_guest_leave (AhTestGuest *guest)
{
  ah_test_gate_open (&guest->may_leave);
  g_thread_join (guest->thread);
  ah_test_gate_clear (&guest->has_entered);
  ah_test_gate_clear (&guest->may_leave);
}

/* The strand was not lost: another thread gets in. */
void
ah_test_strand_is_free (AhStrand *strand)
{
  AhTestGuest guest;

  ah_test_guest_enter (&guest, strand);
  ah_test_guest_leave (&guest);
}

AhBatch *
ah_test_strand_new_batch (AhTestKind kind, AhThreadPool *pool, AhStrand *strand)
{
  AhBatch *batch = ah_test_track (ah_test_kind_new_batch (kind));

  ah_batch_set_pool (batch, pool);
  ah_batch_set_strand (batch, strand);
  return batch;
}

AhFuture *
ah_test_strand_start (AhBatch *batch, GCancellable *cancellable)
{
  return ah_test_track (ah_start (AH_FUNCTION (batch), cancellable));
}

/* Until nothing of @pool has a thread or waits for one: what is not over waits for its turn. */
void
ah_test_wait_until_idle (AhThreadPool *pool)
{
  ah_test_iterate_until (ah_thread_pool_get_n_queued (pool) == 0
                         && ah_thread_pool_get_n_running (pool) == 0);
}

void
ah_test_future_succeeds (AhFuture *future)
{
  g_autoptr (GError) error = NULL;

  ah_test_iterate_until (ah_future_get_done (future));
  g_assert_true (ah_future_get_value (future, NULL, &error));
  g_assert_no_error (error);
}

void
ah_test_open_gate (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  ah_test_gate_open (user_data);
}

void
ah_test_wait_at_gate (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  ah_test_gate_wait (user_data);
}

static void
add (const char *path, GTestDataFunc func, AhTestKind kind, AhTestWay way)
{
  AhTestStrandParams *params = g_new (AhTestStrandParams, 1);

  *params = (AhTestStrandParams){ kind, way };
  g_test_add_data_func_full (path, params, func, g_free);
}

/* One test for each kind of batch; AhTestStrandParams is their data, here and below. */
void
ah_test_add_kinds (const char *path, GTestDataFunc func)
{
  for (guint kind = 0; kind < AH_TEST_N_KINDS; kind++)
    {
      g_autofree char *full = g_strdup_printf ("%s/%s", path, ah_test_kind_get_name (kind));

      add (full, func, kind, AH_TEST_WAY_BLOCK);
    }
}

void
ah_test_add_ways (const char *path, GTestDataFunc func)
{
  for (guint way = 0; way < AH_TEST_N_WAYS; way++)
    {
      g_autofree char *full = g_strdup_printf ("%s/%s", path, ah_test_way_get_name (way));

      add (full, func, AH_TEST_KIND_PARALLEL, way);
    }
}

static void
add_product (const char *path, GTestDataFunc func, guint concurrency)
{
  for (guint kind = 0; kind < AH_TEST_N_KINDS; kind++)
    for (guint way = 0; way < AH_TEST_N_WAYS; way++)
      {
        g_autofree char *full = g_strdup_printf ("%s/%s/%s", path, ah_test_kind_get_name (kind),
                                                 ah_test_way_get_name (way));

        if (ah_test_kind_get_concurrency (kind, concurrency) >= concurrency)
          add (full, func, kind, way);
      }
}

void
ah_test_add_product (const char *path, GTestDataFunc func)
{
  add_product (path, func, 1);
}

/* Without the kinds that have one function begun at a time. */
void
ah_test_add_concurrent (const char *path, GTestDataFunc func)
{
  add_product (path, func, 2);
}
