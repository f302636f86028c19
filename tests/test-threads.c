/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-plan.h"

/* Guarantee 11: one batch, several threads that schedule, run and block at the same time. */

#define N_THREADS 4
#define N_ROUNDS 50
#define N_PER_ROUND 20

static void
give (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_value_set_int (g_value_init (result, G_TYPE_INT), GPOINTER_TO_INT (user_data));
}

static void
give_async (GTask *task, gpointer user_data)
{
  g_auto (GValue) value = G_VALUE_INIT;

  ah_test_track (task);
  g_value_set_int (g_value_init (&value, G_TYPE_INT), GPOINTER_TO_INT (user_data));
  g_task_return_value (task, &value);
}

typedef struct
{
  AhBatch *batch;
  AhTestWay way;
  int n_threads_done; /* atomic */
  int next_thread;    /* atomic */
} Shared;

/* The numbers that one thread scheduled stand in its own order, each once, without a gap: a prefix
 * of what it will have scheduled in the end. */
static void
check_prefixes (GArray *results)
{
  int next[N_THREADS] = { 0 };

  for (guint i = 0; i < results->len; i++)
    {
      int number = ah_test_get_int (results, i);
      int thread = number / (N_ROUNDS * N_PER_ROUND);

      g_assert_cmpint (thread, <, N_THREADS);
      g_assert_cmpint (number % (N_ROUNDS * N_PER_ROUND), ==, next[thread]);
      next[thread]++;
    }
}

static gpointer
schedule_and_run (gpointer data)
{
  Shared *shared = data;
  int thread = g_atomic_int_add (&shared->next_thread, 1);
  int number = thread * N_ROUNDS * N_PER_ROUND;
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (int round = 0; round < N_ROUNDS; round++)
    {
      g_auto (AhTestOutcome) outcome = { 0 };
      guint n_before;

      for (int i = 0; i < N_PER_ROUND; i++, number++)
        if (number % 2 == 0)
          ah_batch_schedule_blocking (shared->batch, give, GINT_TO_POINTER (number), NULL);
        else
          ah_batch_schedule_async (shared->batch, give_async, GINT_TO_POINTER (number), NULL);

      if (round % 10 != thread)
        continue;
      n_before = ah_batch_get_n_functions (shared->batch);
      ah_test_way_run_batch (shared->way, shared->batch, NULL, &outcome);
      g_assert_no_error (outcome.error);
      g_assert_cmpuint (outcome.results->len, >=, n_before);
      check_prefixes (outcome.results);
    }
  g_main_context_pop_thread_default (context);
  g_atomic_int_inc (&shared->n_threads_done);
  return NULL;
}

static void
test_schedule_and_run (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  Shared shared = { .batch = ah_test_track (ah_parallel_new ()), .way = way };
  GThread *threads[N_THREADS];
  g_auto (AhTestOutcome) outcome = { 0 };

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("both", schedule_and_run, &shared);
  ah_test_iterate_until (g_atomic_int_get (&shared.n_threads_done) == N_THREADS);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);

  ah_test_way_run_batch (way, shared.batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (outcome.results->len, ==, N_THREADS * N_ROUNDS * N_PER_ROUND);
  check_prefixes (outcome.results);
  g_object_unref (shared.batch);
  ah_test_assert_released ();
}

/* Scheduling during a run affects later runs only, also where a function of the run does it. */
static void
give_and_schedule (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  AhBatch *batch = user_data;

  for (int i = 0; i < 1000; i++)
    ah_batch_schedule_blocking (batch, give, GINT_TO_POINTER (9), NULL);
  g_value_set_int (g_value_init (result, G_TYPE_INT), 7);
}

static void
give_and_schedule_async (GTask *task, gpointer user_data)
{
  g_auto (GValue) value = G_VALUE_INIT;

  ah_test_track (task);
  give_and_schedule (NULL, &value, user_data, NULL);
  g_task_return_value (task, &value);
}

typedef struct
{
  AhTestKind kind;
  AhTestWay way;
} Params;

static void
test_schedule_during_run (gconstpointer data)
{
  const Params *params = data;

  for (int is_async = FALSE; is_async <= TRUE; is_async++)
    {
      g_autoptr (AhBatch) batch = ah_test_track (ah_test_kind_new_batch (params->kind));
      guint length = 3;

      if (is_async)
        ah_batch_schedule_async (batch, give_and_schedule_async, batch, NULL);
      else
        ah_batch_schedule_blocking (batch, give_and_schedule, batch, NULL);
      ah_batch_schedule_async (batch, give_async, GINT_TO_POINTER (9), NULL);
      ah_batch_schedule_blocking (batch, give, GINT_TO_POINTER (9), NULL);

      for (int round = 0; round < 3; round++)
        {
          g_auto (AhTestOutcome) outcome = { 0 };

          g_assert_cmpuint (ah_batch_get_n_functions (batch), ==, length);
          ah_test_way_run_batch (params->way, batch, NULL, &outcome);
          g_assert_no_error (outcome.error);
          g_assert_cmpuint (outcome.results->len, ==, length);
          for (guint i = 0; i < length; i++)
            g_assert_cmpint (ah_test_get_int (outcome.results, i), ==, i == 0 ? 7 : 9);
          length += 1000;
        }
      g_clear_object (&batch);
      ah_test_assert_released ();
    }
}

/* A batch grows through many segments while others look. */
static gpointer
schedule_many (gpointer data)
{
  Shared *shared = data;

  for (int i = 0; i < 50000; i++)
    ah_batch_schedule_blocking (shared->batch, give, GINT_TO_POINTER (1), NULL);
  g_atomic_int_inc (&shared->n_threads_done);
  return NULL;
}

static void
test_block_while_scheduling (void)
{
  Shared shared = { .batch = ah_test_track (ah_parallel_new ()) };
  GThread *threads[N_THREADS];
  guint length = 0;
  gboolean is_last;

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("scheduler", schedule_many, &shared);
  do
    {
      g_autoptr (GArray) results = NULL;
      g_autoptr (GError) error = NULL;

      is_last = g_atomic_int_get (&shared.n_threads_done) == N_THREADS;
      results = ah_batch_block (shared.batch, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (results->len, >=, length);
      length = results->len;
      for (guint i = 0; i < length; i++)
        g_assert_cmpint (ah_test_get_int (results, i), ==, 1);
    }
  while (!is_last);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (length, ==, N_THREADS * 50000);
  g_object_unref (shared.batch);
  ah_test_assert_released ();
}

/* Properties of a batch may be set while it runs: a run goes on as it began. */
static gpointer
change_properties (gpointer data)
{
  Shared *shared = data;

  for (guint i = 0; i < 2000; i++)
    {
      ah_batch_set_error_policy (shared->batch, i % 2);
      ah_batch_set_priority (shared->batch, i % 3);
      ah_batch_set_timeout (shared->batch, 1000000 + i);
      ah_parallel_set_max_concurrency (AH_PARALLEL (shared->batch), i % 4);
    }
  g_atomic_int_inc (&shared->n_threads_done);
  return NULL;
}

static void
test_change_while_running (void)
{
  Shared shared = { .batch = ah_test_track (ah_parallel_new ()) };
  GThread *thread;
  gboolean is_last;

  for (int i = 0; i < 100; i++)
    {
      ah_batch_schedule_blocking (shared.batch, give, GINT_TO_POINTER (i), NULL);
      ah_batch_schedule_async (shared.batch, give_async, GINT_TO_POINTER (i), NULL);
    }
  thread = g_thread_new ("changer", change_properties, &shared);
  do
    {
      g_autoptr (GArray) results = NULL;
      g_autoptr (GError) error = NULL;

      is_last = g_atomic_int_get (&shared.n_threads_done) == 1;
      results = ah_batch_block (shared.batch, NULL, &error);
      g_assert_no_error (error);
      for (guint i = 0; i < 200; i++)
        g_assert_cmpint (ah_test_get_int (results, i), ==, (int) i / 2);
    }
  while (!is_last);
  g_thread_join (thread);
  g_object_unref (shared.batch);
  ah_test_assert_released ();
}

int
main (int argc, char *argv[])
{
  static AhTestWay ways[AH_TEST_N_WAYS];

  ah_test_init (&argc, &argv);

  for (guint way = 0; way < AH_TEST_N_WAYS; way++)
    {
      const char *name = ah_test_way_get_name (way);
      g_autofree char *path = g_strdup_printf ("/threads/schedule-and-run/%s", name);

      ways[way] = way;
      g_test_add_data_func (path, &ways[way], test_schedule_and_run);
      for (guint kind = 0; kind < AH_TEST_N_KINDS; kind++)
        {
          Params *params = g_new (Params, 1);
          g_autofree char *during = g_strdup_printf ("/threads/schedule-during-run/%s/%s",
                                                     ah_test_kind_get_name (kind), name);

          *params = (Params){ kind, way };
          g_test_add_data_func_full (during, params, test_schedule_during_run, g_free);
        }
    }
  g_test_add_func ("/threads/block-while-scheduling", test_block_while_scheduling);
  g_test_add_func ("/threads/change-while-running", test_change_while_running);

  return ah_test_run ();
}
