/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-support.h"

#include <pthread.h>
#include <string.h>

/* AhThreadPool: its counters and limits, and that functions which block keep nobody waiting. */

typedef struct
{
  AhTestGate gate;
  int n_begun; /* atomic, as all below */
  int n_running;
  int max_running;
} Holder;

static void
holder_init (Holder *holder)
{
  ah_test_gate_init (&holder->gate);
  holder->n_begun = holder->n_running = holder->max_running = 0;
}

static void
hold (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Holder *holder = user_data;
  int running = g_atomic_int_add (&holder->n_running, 1) + 1;
  int max;

  do
    max = g_atomic_int_get (&holder->max_running);
  while (running > max && !g_atomic_int_compare_and_exchange (&holder->max_running, max, running));

  g_atomic_int_inc (&holder->n_begun);
  ah_test_gate_wait (&holder->gate);
  g_atomic_int_add (&holder->n_running, -1);
}

static AhBatch *
new_batch (AhThreadPool *pool, int n, Holder *holder)
{
  AhBatch *batch = ah_test_track (ah_parallel_new ());

  ah_batch_set_pool (batch, pool);
  g_assert_true (ah_batch_get_pool (batch) == pool);
  for (int i = 0; i < n; i++)
    ah_batch_schedule_blocking (batch, hold, holder, NULL);
  return batch;
}

static void
end (AhFuture *future)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = NULL;

  g_assert_true (ah_future_wait (future, NULL, &error));
  g_assert_no_error (error);
  results = ah_future_get_results (future, &error);
  g_assert_no_error (error);
  g_object_unref (future);
}

static void
test_counters (void)
{
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (2));
  g_autoptr (AhBatch) batch = NULL;
  AhFuture *future;
  Holder holder;
  guint n_threads, n_running, n_queued, max_threads;

  holder_init (&holder);
  g_assert_cmpuint (ah_thread_pool_get_max_threads (pool), ==, 2);
  g_assert_cmpuint (ah_thread_pool_get_n_threads (pool), ==, 0);
  g_assert_cmpuint (ah_thread_pool_get_n_running (pool), ==, 0);
  g_assert_cmpuint (ah_thread_pool_get_n_queued (pool), ==, 0);
  g_assert_false (ah_thread_pool_would_queue (pool));

  batch = new_batch (pool, 5, &holder);
  future = ah_test_track (ah_start (AH_FUNCTION (batch), NULL));
  ah_test_iterate_until (g_atomic_int_get (&holder.n_begun) == 2
                         && ah_thread_pool_get_n_queued (pool) == 3);
  g_assert_cmpuint (ah_thread_pool_get_n_threads (pool), ==, 2);
  g_assert_cmpuint (ah_thread_pool_get_n_running (pool), ==, 2);
  g_assert_true (ah_thread_pool_would_queue (pool));
  g_object_get (pool, "max-threads", &max_threads, "n-threads", &n_threads, "n-running", &n_running,
                "n-queued", &n_queued, NULL);
  g_assert_cmpuint (max_threads, ==, 2);
  g_assert_cmpuint (n_threads, ==, 2);
  g_assert_cmpuint (n_running, ==, 2);
  g_assert_cmpuint (n_queued, ==, 3);

  ah_test_gate_open (&holder.gate);
  end (future);
  g_assert_cmpint (holder.n_begun, ==, 5);
  g_assert_cmpint (holder.max_running, ==, 2);
  /* the workers are back a moment after the end */
  ah_test_iterate_until (ah_thread_pool_get_n_running (pool) == 0);
  g_assert_cmpuint (ah_thread_pool_get_n_queued (pool), ==, 0);
  g_assert_false (ah_thread_pool_would_queue (pool));

  g_clear_object (&batch);
  g_clear_object (&pool);
  ah_test_assert_released ();
  ah_test_gate_clear (&holder.gate);
}

/* The counters of one pool are not those of another. */
static void
test_own_pool (void)
{
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (3));
  g_autoptr (AhBatch) batch = NULL;
  AhThreadPool *standard = ah_thread_pool_get_default ();
  AhFuture *future;
  Holder holder;

  g_assert_true (standard == ah_thread_pool_get_default ());
  g_assert_true (standard != pool);

  holder_init (&holder);
  batch = new_batch (pool, 3, &holder);
  future = ah_test_track (ah_start (AH_FUNCTION (batch), NULL));
  ah_test_iterate_until (g_atomic_int_get (&holder.n_begun) == 3);
  g_assert_cmpuint (ah_thread_pool_get_n_running (pool), ==, 3);
  g_assert_cmpuint (ah_thread_pool_get_n_running (standard), ==, 0);
  g_assert_cmpuint (ah_thread_pool_get_n_queued (standard), ==, 0);
  ah_test_gate_open (&holder.gate);
  end (future);
  g_clear_object (&batch);
  g_clear_object (&pool);
  ah_test_assert_released ();
  ah_test_gate_clear (&holder.gate);
}

/* The caller's reference to a pool may go while its workers are at work. */
static void
test_pool_dropped (void)
{
  AhThreadPool *pool = ah_test_track (ah_thread_pool_new (2));
  g_autoptr (AhBatch) batch = NULL;
  AhFuture *future;
  Holder holder;

  holder_init (&holder);
  batch = new_batch (pool, 10, &holder);
  g_object_unref (pool);
  future = ah_test_track (ah_start (AH_FUNCTION (batch), NULL));
  g_clear_object (&batch);
  ah_test_iterate_until (g_atomic_int_get (&holder.n_begun) == 2);
  ah_test_gate_open (&holder.gate);
  end (future);
  g_assert_cmpint (holder.n_begun, ==, 10);
  ah_test_assert_released ();
  ah_test_gate_clear (&holder.gate);
}

/* The batch may get another pool while it runs, and be the last to have used this one: what is set
 * counts from the next run on, and this one still needs threads (Guarantee 3). */
static gboolean
on_end_task (gpointer data)
{
  g_task_return_value (data, NULL);
  return G_SOURCE_REMOVE;
}

static void
replace_pool (GTask *task, gpointer user_data)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  ah_test_track (task);
  ah_batch_set_pool (user_data, NULL);
  g_source_set_callback (source, on_end_task, g_object_ref (task), g_object_unref);
  g_source_attach (source, g_main_context_get_thread_default ());
}

static void
give_number (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_value_set_int (g_value_init (result, G_TYPE_INT), 4);
}

static void
test_replaced_meanwhile (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  AhThreadPool *pool = ah_test_track (ah_thread_pool_new (1));
  g_autoptr (AhBatch) batch = ah_test_track (ah_serial_new ());
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();

  ah_batch_set_pool (batch, pool);
  g_object_unref (pool);
  ah_batch_schedule_async (batch, replace_pool, batch, NULL);
  ah_batch_schedule_blocking (batch, give_number, NULL, NULL);
  ah_test_way_run_batch (way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (ah_test_get_int (outcome.results, 1), ==, 4);
  g_clear_object (&batch);
  ah_test_assert_released ();
}

static void
test_max_threads_property (void)
{
  g_autoptr (AhThreadPool) pool = ah_thread_pool_new (0);
  guint standard = ah_thread_pool_get_max_threads (pool);

  g_assert_cmpuint (standard, >, 1);
  ah_thread_pool_set_max_threads (pool, 1);
  g_assert_cmpuint (ah_thread_pool_get_max_threads (pool), ==, 1);
  g_object_set (pool, "max-threads", 7, NULL);
  g_assert_cmpuint (ah_thread_pool_get_max_threads (pool), ==, 7);
  ah_thread_pool_set_max_threads (pool, 0);
  g_assert_cmpuint (ah_thread_pool_get_max_threads (pool), ==, standard);
}

/* A lower limit: what runs goes on, what comes later keeps to it. */
static void
test_max_threads_lowered (void)
{
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (4));
  g_autoptr (AhBatch) batch = NULL;
  g_autoptr (AhBatch) later = NULL;
  AhFuture *future, *later_future;
  Holder holder, later_holder;

  holder_init (&holder);
  holder_init (&later_holder);
  batch = new_batch (pool, 4, &holder);
  future = ah_test_track (ah_start (AH_FUNCTION (batch), NULL));
  ah_test_iterate_until (g_atomic_int_get (&holder.n_begun) == 4);

  ah_thread_pool_set_max_threads (pool, 1);
  later = new_batch (pool, 20, &later_holder);
  later_future = ah_test_track (ah_start (AH_FUNCTION (later), NULL));
  g_assert_cmpint (g_atomic_int_get (&holder.n_running), ==, 4);
  ah_test_gate_open (&later_holder.gate);
  ah_test_gate_open (&holder.gate);
  end (future);
  end (later_future);
  g_assert_cmpint (later_holder.n_begun, ==, 20);
  g_assert_cmpint (later_holder.max_running, <=, 1);
  ah_test_iterate_until (ah_thread_pool_get_n_threads (pool) <= 1);

  g_clear_object (&batch);
  g_clear_object (&later);
  g_clear_object (&pool);
  ah_test_assert_released ();
  ah_test_gate_clear (&holder.gate);
  ah_test_gate_clear (&later_holder.gate);
}

/* A higher limit brings the threads that were missing. */
static void
test_max_threads_raised (void)
{
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (1));
  g_autoptr (AhBatch) batch = NULL;
  AhFuture *future;
  Holder holder;

  holder_init (&holder);
  batch = new_batch (pool, 6, &holder);
  future = ah_test_track (ah_start (AH_FUNCTION (batch), NULL));
  ah_test_iterate_until (g_atomic_int_get (&holder.n_begun) == 1);
  ah_thread_pool_set_max_threads (pool, 6);
  ah_test_iterate_until (g_atomic_int_get (&holder.n_begun) == 6);
  ah_test_gate_open (&holder.gate);
  end (future);
  g_clear_object (&batch);
  g_clear_object (&pool);
  ah_test_assert_released ();
  ah_test_gate_clear (&holder.gate);
}

/* Each function waits for the one behind it, which may be claimed by the same worker already. */
typedef struct _Link Link;

struct _Link
{
  Link *next; /* NULL: the last one */
  AhTestGate ended;
};

static void
wait_for_next (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Link *link = user_data;

  if (link->next != NULL)
    ah_test_gate_wait (&link->next->ended);
  ah_test_gate_open (&link->ended);
}

static void
test_wait_for_later (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  Link links[40] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    {
      if (i + 1 < G_N_ELEMENTS (links))
        links[i].next = &links[i + 1];
      ah_test_gate_init (&links[i].ended);
      ah_batch_schedule_blocking (batch, wait_for_next, &links[i], NULL);
    }
  ah_test_way_run_batch (way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_clear_object (&batch);
  ah_test_assert_released ();
  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    {
      g_assert_true (links[i].ended.is_open);
      ah_test_gate_clear (&links[i].ended);
    }
}

/* Everybody waits for the last one to begin: only a pool that grows for the blocked gets there. */
typedef struct
{
  AhTestGate all_begun;
  int n_begun; /* atomic */
  int n;
} Crowd;

static void
wait_for_all (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Crowd *crowd = user_data;

  if (g_atomic_int_add (&crowd->n_begun, 1) + 1 == crowd->n)
    ah_test_gate_open (&crowd->all_begun);
  ah_test_gate_wait (&crowd->all_begun);
}

static void
test_wait_for_all (gconstpointer data)
{
  AhTestWay way = *(const AhTestWay *) data;
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  Crowd crowd = { .n = 200 };

  ah_test_gate_init (&crowd.all_begun);
  for (int i = 0; i < crowd.n; i++)
    ah_batch_schedule_blocking (batch, wait_for_all, &crowd, NULL);
  ah_test_way_run_batch (way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (crowd.n_begun, ==, crowd.n);
  g_clear_object (&batch);
  ah_test_assert_released ();
  ah_test_gate_clear (&crowd.all_begun);
}

/* Another run's functions pass by those that are blocked. */
static void
nothing (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
}

static void
test_others_pass (void)
{
  g_autoptr (AhBatch) blocked = NULL;
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_autoptr (AhFuture) other = NULL;
  AhFuture *future;
  Holder holder;

  holder_init (&holder);
  blocked = new_batch (NULL, 100, &holder);
  future = ah_test_track (ah_start (AH_FUNCTION (blocked), NULL));
  for (int i = 0; i < 100; i++)
    ah_batch_schedule_blocking (batch, nothing, NULL, NULL);
  other = ah_test_track (ah_start (AH_FUNCTION (batch), NULL));
  ah_test_iterate_until (ah_future_get_done (other));
  g_assert_false (ah_future_get_done (future));
  ah_test_gate_open (&holder.gate);
  end (future);
  g_clear_object (&other);
  g_clear_object (&blocked);
  g_clear_object (&batch);
  ah_test_assert_released ();
  ah_test_gate_clear (&holder.gate);
}

/* Two serial batches in one that is blocked on: the thread that blocks does the one, a worker the
 * other. That worker has the second function to hand on while the blocking thread, which served its
 * loop and seemed free to take it, is in a callback that waits for it. */
typedef struct
{
  AhThreadPool *pool;
  GThread *blocking;
  AhTestGate worker_begun, callback_begun, all_ended;
  int n_workers; /* atomic, as the next: those that came first, which is one */
  int n_ended;
} Handing;

static void
first_of_two (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Handing *handing = user_data;
  gint64 begun = g_get_monotonic_time ();

  if (g_thread_self () == handing->blocking
      || !g_atomic_int_compare_and_exchange (&handing->n_workers, 0, 1))
    {
      ah_test_gate_wait (&handing->worker_begun);
      return;
    }
  ah_test_gate_open (&handing->worker_begun);
  ah_test_gate_wait (&handing->callback_begun);
  /* a worker goes on with the next one only if this one was short */
  ah_test_wait_until (g_get_monotonic_time () > begun + 10000);
}

static void
second_of_two (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Handing *handing = user_data;

  if (g_atomic_int_add (&handing->n_ended, 1) == 1)
    ah_test_gate_open (&handing->all_ended);
}

static gboolean
on_wait_for_second (gpointer data)
{
  Handing *handing = data;
  g_autoptr (AhBatch) batch = NULL;
  g_autoptr (AhFuture) future = NULL;

  if (g_atomic_int_get (&handing->n_ended) == 0)
    return G_SOURCE_CONTINUE;

  /* another worker looks around, and finds nothing more to do */
  batch = ah_test_track (ah_parallel_new ());
  ah_batch_set_pool (batch, handing->pool);
  ah_batch_schedule_blocking (batch, nothing, NULL, NULL);
  future = ah_test_track (ah_queue_background_thread (AH_FUNCTION (batch)));
  ah_test_wait_until (ah_future_get_done (future));
  ah_test_wait_until (ah_thread_pool_get_n_running (handing->pool) == 1);

  ah_test_gate_open (&handing->callback_begun);
  ah_test_gate_wait (&handing->all_ended);
  return G_SOURCE_REMOVE;
}

static void
test_helper_in_callback (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  Handing handing = { ah_test_track (ah_thread_pool_new (0)), g_thread_self () };
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  ah_test_gate_init (&handing.worker_begun);
  ah_test_gate_init (&handing.callback_begun);
  ah_test_gate_init (&handing.all_ended);
  ah_batch_set_pool (batch, handing.pool);
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (AhBatch) serial = ah_test_track (ah_serial_new ());

      ah_batch_schedule_blocking (serial, first_of_two, &handing, NULL);
      ah_batch_schedule_blocking (serial, second_of_two, &handing, NULL);
      ah_batch_schedule (batch, AH_FUNCTION (serial));
    }
  g_timeout_add (20, on_wait_for_second, &handing);
  results = ah_batch_block (batch, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (handing.n_ended, ==, 2);

  g_clear_pointer (&results, g_array_unref);
  g_clear_object (&batch);
  g_clear_object (&handing.pool);
  ah_test_assert_released ();
  ah_test_gate_clear (&handing.worker_begun);
  ah_test_gate_clear (&handing.callback_begun);
  ah_test_gate_clear (&handing.all_ended);
}

typedef struct
{
  AhThreadPool *pool;
  int max_threads; /* atomic */
} Peak;

static void
pass_a_region (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Peak *peak = user_data;
  int n_threads;

  ah_blocking_begin ();
  g_usleep (10);
  n_threads = ah_thread_pool_get_n_threads (peak->pool);
  ah_blocking_end ();
  if (n_threads > g_atomic_int_get (&peak->max_threads))
    g_atomic_int_set (&peak->max_threads, n_threads);
}

/* A worker comes for one that is inside a region, and not for each that ever was: how many there
 * are depends on how long they sleep there, and not on how many functions there are. */
static void
test_short_regions (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhThreadPool) pool = ah_test_track (ah_thread_pool_new (0));
  g_autoptr (AhBatch) batch = ah_test_track (ah_parallel_new ());
  Peak peak = { pool, 0 };

  ah_batch_set_pool (batch, pool);
  for (int i = 0; i < 10000; i++)
    ah_batch_schedule_blocking (batch, pass_a_region, &peak, NULL);
  end (ah_test_track (ah_start (AH_FUNCTION (batch), NULL)));
  g_test_message ("%d threads", peak.max_threads);
  g_assert_cmpint (peak.max_threads, <, 256);

  g_clear_object (&batch);
  g_clear_object (&pool);
  ah_test_assert_released ();
}

/* Workers tell their names, to debuggers and to top. */
static void
tell_name (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  char name[16];

  g_assert_cmpint (pthread_getname_np (pthread_self (), name, sizeof name), ==, 0);
  g_value_set_string (g_value_init (result, G_TYPE_STRING), name);
}

static void
test_names (void)
{
  g_autoptr (AhFunction) function = ah_function_new_blocking (tell_name, NULL, NULL);
  g_auto (GValue) value = G_VALUE_INIT;

  g_assert_true (ah_test_way_run_function (AH_TEST_WAY_RUN_ASYNC, function, NULL, &value, NULL));
  g_test_message ("a worker is called %s", g_value_get_string (&value));
  g_assert_true (g_str_has_prefix (g_value_get_string (&value), "ah-"));
}

int
main (int argc, char *argv[])
{
  static AhTestWay ways[AH_TEST_N_WAYS];

  ah_test_init (&argc, &argv);

  g_test_add_func ("/pool/counters", test_counters);
  g_test_add_func ("/pool/own", test_own_pool);
  g_test_add_func ("/pool/dropped", test_pool_dropped);
  g_test_add_func ("/pool/max-threads/property", test_max_threads_property);
  g_test_add_func ("/pool/max-threads/lowered", test_max_threads_lowered);
  g_test_add_func ("/pool/max-threads/raised", test_max_threads_raised);
  for (guint way = 0; way < AH_TEST_N_WAYS; way++)
    {
      const char *name = ah_test_way_get_name (way);
      g_autofree char *later = g_strdup_printf ("/pool/wait-for-later/%s", name);
      g_autofree char *all = g_strdup_printf ("/pool/wait-for-all/%s", name);
      g_autofree char *replaced = g_strdup_printf ("/pool/replaced-meanwhile/%s", name);

      ways[way] = way;
      g_test_add_data_func (later, &ways[way], test_wait_for_later);
      g_test_add_data_func (all, &ways[way], test_wait_for_all);
      g_test_add_data_func (replaced, &ways[way], test_replaced_meanwhile);
    }
  g_test_add_func ("/pool/others-pass", test_others_pass);
  g_test_add_func ("/pool/helper-in-callback", test_helper_in_callback);
  g_test_add_func ("/pool/short-regions", test_short_regions);
  g_test_add_func ("/pool/names", test_names);

  return ah_test_run ();
}
