/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-plan.h"

/* Functions that share their calls: ah_batch_schedule_shared (). */

/* Hands out the indices 0 … n-1, several a call. */
typedef struct
{
  gint n;
  gint n_a_call;
  gint fails_at; /* -1: never */
  gint next;     /* atomic */
  gint n_calls;  /* atomic */
  gint n_freed;  /* atomic */
  gint *counts;  /* of each index, atomic */
} List;

static void
list_init (List *self, gint n, gint n_a_call)
{
  *self = (List){ .n = n, .n_a_call = n_a_call, .fails_at = -1, .counts = g_new0 (gint, n) };
}

static void
list_free (gpointer data)
{
  List *self = data;

  g_atomic_int_inc (&self->n_freed);
}

static guint
call_list (GCancellable *cancellable, gpointer data, GError **error)
{
  List *self = data;
  guint n_executed = 0;

  g_assert_true (G_IS_CANCELLABLE (cancellable));
  g_atomic_int_inc (&self->n_calls);
  for (gint i = 0; i < self->n_a_call && !g_cancellable_is_cancelled (cancellable); i++)
    {
      gint index = g_atomic_int_add (&self->next, 1);

      if (index >= self->n)
        break;
      g_atomic_int_inc (&self->counts[index]);
      n_executed++;
      if (index == self->fails_at)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY, "no luck");
          break;
        }
    }

  return n_executed;
}

static void
assert_each_once (List *self)
{
  for (gint i = 0; i < self->n; i++)
    g_assert_cmpint (self->counts[i], ==, 1);
}

static void
test_each_once (gconstpointer data)
{
  AhTestKind kind = *(const AhTestKind *) data;
  static const gint n_a_call[] = { 1, 7, 100000 };

  for (guint way = 0; way < AH_TEST_N_WAYS; way++)
    for (guint i = 0; i < G_N_ELEMENTS (n_a_call); i++)
      {
        g_auto (AhTestOutcome) outcome = { 0 };
        g_autoptr (AhBatch) batch = ah_test_kind_new_batch (kind);
        AhTestStop stop;
        List list;

        list_init (&list, 3000, n_a_call[i]);
        g_assert_true (ah_batch_schedule_shared (batch, list.n, call_list, &list, list_free)
                       == batch);
        g_assert_cmpuint (ah_batch_get_n_functions (batch), ==, list.n);

        ah_test_stop_init (&stop, way);
        ah_test_way_run_batch (way, batch, &stop, &outcome);
        ah_test_stop_clear (&stop);

        g_assert_no_error (outcome.error);
        g_assert_cmpuint (outcome.results->len, ==, list.n);
        assert_each_once (&list);
        /* What is left over is passed without a call, but for a few that come at the same time. */
        if (n_a_call[i] > list.n)
          g_assert_cmpint (list.n_calls, <=, 1000);

        g_assert_cmpint (list.n_freed, ==, 0);
        g_clear_object (&batch);
        ah_test_iterate_until (g_atomic_int_get (&list.n_freed) == 1);
        g_free (list.counts);
      }
}

static void
on_progress (AhFuture *future, GParamSpec *pspec, gpointer data)
{
  List *list = data;

  g_assert_cmpuint (ah_future_get_n_finished (future), <=, list->n);
  g_assert_cmpfloat (ah_future_get_fraction (future), <=, 1);
}

static void
on_done (AhFuture *future, GParamSpec *pspec, gpointer is_done)
{
  *(gboolean *) is_done = TRUE;
}

static void
test_progress (void)
{
  static const gint n_a_call[] = { 1, 3, 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (n_a_call); i++)
    {
      g_autoptr (AhBatch) batch = ah_parallel_new ();
      g_autoptr (AhFuture) future = NULL;
      gboolean is_done = FALSE;
      List list;

      list_init (&list, 500, n_a_call[i]);
      ah_batch_schedule_shared (batch, list.n, call_list, &list, NULL);
      future = ah_start (AH_FUNCTION (batch), NULL);
      g_signal_connect (future, "notify::n-finished", G_CALLBACK (on_progress), &list);
      g_signal_connect (future, "notify::done", G_CALLBACK (on_done), &is_done);
      ah_test_iterate_until (is_done);
      g_assert_cmpuint (ah_future_get_n_finished (future), ==, list.n);
      g_assert_cmpfloat (ah_future_get_fraction (future), ==, 1);
      assert_each_once (&list);
      g_free (list.counts);
    }
}

static void
test_two_lists (gconstpointer data)
{
  AhTestKind kind = *(const AhTestKind *) data;
  g_autoptr (AhBatch) batch = ah_test_kind_new_batch (kind);
  g_autoptr (GArray) results = NULL;
  List first, second;

  list_init (&first, 100, 30);
  list_init (&second, 100, 30);
  ah_batch_schedule_shared (batch, first.n, call_list, &first, NULL);
  ah_batch_schedule_shared (batch, second.n, call_list, &second, NULL);
  results = ah_batch_block (batch, NULL, NULL);
  g_assert_cmpuint (results->len, ==, 200);
  assert_each_once (&first);
  assert_each_once (&second);
  g_free (first.counts);
  g_free (second.counts);
}

static void
test_error (gconstpointer data)
{
  AhTestKind kind = *(const AhTestKind *) data;
  g_autoptr (AhBatch) batch = ah_test_kind_new_batch (kind);
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;
  List list;

  list_init (&list, 1000, 10);
  list.fails_at = 25;
  ah_batch_schedule_shared (batch, list.n, call_list, &list, NULL);
  results = ah_batch_block (batch, NULL, &error);
  g_assert_null (results);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  for (gint i = 0; i < list.n; i++)
    g_assert_cmpint (list.counts[i], <=, 1);
  g_free (list.counts);
}

static void
test_none (void)
{
  g_autoptr (AhBatch) batch = ah_parallel_new ();
  List list;

  list_init (&list, 1, 1);
  ah_batch_schedule_shared (batch, 0, call_list, &list, list_free);
  g_assert_cmpuint (ah_batch_get_n_functions (batch), ==, 0);
  g_assert_cmpint (list.n_freed, ==, 1);
  g_free (list.counts);
}

int
main (int argc, char **argv)
{
  static AhTestKind kinds[AH_TEST_N_KINDS];

  ah_test_init (&argc, &argv);

  for (AhTestKind kind = 0; kind < AH_TEST_N_KINDS; kind++)
    {
      const char *name = ah_test_kind_get_name (kind);
      g_autofree char *once = g_strdup_printf ("/shared/%s/each-once", name);
      g_autofree char *lists = g_strdup_printf ("/shared/%s/two-lists", name);
      g_autofree char *error = g_strdup_printf ("/shared/%s/error", name);

      kinds[kind] = kind;
      g_test_add_data_func (once, &kinds[kind], test_each_once);
      g_test_add_data_func (lists, &kinds[kind], test_two_lists);
      g_test_add_data_func (error, &kinds[kind], test_error);
    }
  g_test_add_func ("/shared/progress", test_progress);
  g_test_add_func ("/shared/none", test_none);

  return ah_test_run ();
}
