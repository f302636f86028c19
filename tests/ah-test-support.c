/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-support.h"

#include <unistd.h>

/* What every test program needs: probes and weak references that show leaks, a gate, a limit, a
 * second thread with a loop, criticals as data, and one function for each way to run something. */

/* The last resort against a hang: the kernel ends the process. Seconds. */
#define LIFETIME 900

static int n_probes;  /* atomic */
static int n_astray;  /* atomic: probes finalized in a thread other than their owner */
static int n_tracked; /* atomic */

static GMainContext *other_context;
static GMainLoop *other_loop;
static GThread *other_thread;

static GMutex log_lock;
static GPtrArray *log_messages; /* guarded by log_lock while they are kept; else NULL */
static GLogLevelFlags fatal_mask;
static GLogFunc log_handler;

static GMutex count_lock;

G_DEFINE_TYPE (AhTestProbe, ah_test_probe, G_TYPE_OBJECT)

static void
ah_test_probe_finalize (GObject *object)
{
  AhTestProbe *self = AH_TEST_PROBE (object);

  if (self->owner != NULL && self->owner != g_thread_self ())
    g_atomic_int_inc (&n_astray);
  g_atomic_int_add (&n_probes, -1);

  G_OBJECT_CLASS (ah_test_probe_parent_class)->finalize (object);
}

static void
ah_test_probe_class_init (AhTestProbeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ah_test_probe_finalize;
}

static void
ah_test_probe_init (AhTestProbe *self)
{
  g_atomic_int_inc (&n_probes);
}

AhTestProbe *
ah_test_probe_new (int number, GThread *owner)
{
  AhTestProbe *self = g_object_new (AH_TEST_TYPE_PROBE, NULL);

  self->number = number;
  self->owner = owner;
  return self;
}

int
ah_test_probe_get_n_alive (void)
{
  return g_atomic_int_get (&n_probes);
}

int
ah_test_probe_get_n_astray (void)
{
  return g_atomic_int_get (&n_astray);
}

static void
on_tracked_gone (gpointer data, GObject *object)
{
  g_atomic_int_add (&n_tracked, -1);
}

/* From now on ah_test_assert_released () fails as long as @object lives. */
gpointer
ah_test_track (gpointer object)
{
  g_atomic_int_inc (&n_tracked);
  g_object_weak_ref (G_OBJECT (object), on_tracked_gone, NULL);
  return object;
}

/* A worker's last touch of what it ran may come a moment after the run's end: hence the waiting. */
void
ah_test_assert_released (void)
{
  ah_test_iterate_until (g_atomic_int_get (&n_tracked) == 0 && g_atomic_int_get (&n_probes) == 0);
  g_assert_cmpint (ah_test_probe_get_n_astray (), ==, 0);
}

static void
keep_message (const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data)
{
  g_autoptr (GMutexLocker) locker = NULL;

  if (!(level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)))
    return;

  locker = g_mutex_locker_new (&log_lock);
  g_ptr_array_add (log_messages, g_strdup (message));
}

/* Warnings and criticals of any thread are kept from here on, and kill nobody. */
void
ah_test_log_begin (void)
{
  g_assert_null (log_messages);
  log_messages = g_ptr_array_new_with_free_func (g_free);
  fatal_mask = g_log_set_always_fatal (G_LOG_FATAL_MASK);
  log_handler = g_log_set_default_handler (keep_message, NULL);
}

GPtrArray *
ah_test_log_end (void)
{
  g_log_set_default_handler (log_handler, NULL);
  g_log_set_always_fatal (fatal_mask);

  /* whoever is still in the handler leaves it first */
  g_mutex_lock (&log_lock);
  g_mutex_unlock (&log_lock);
  return g_steal_pointer (&log_messages);
}

/* Ends the keeping, and asserts that there was exactly one message and that it matches. */
void
ah_test_log_end_one (const char *pattern)
{
  g_autoptr (GPtrArray) messages = ah_test_log_end ();

  g_assert_cmpuint (messages->len, ==, 1);
  if (!g_pattern_match_simple (pattern, g_ptr_array_index (messages, 0)))
    g_error ("“%s” does not match “%s”", (char *) g_ptr_array_index (messages, 0), pattern);
}

void
ah_test_gate_init (AhTestGate *gate)
{
  g_mutex_init (&gate->lock);
  g_cond_init (&gate->cond);
  gate->is_open = FALSE;
}

void
ah_test_gate_clear (AhTestGate *gate)
{
  /* whoever opened it may still be inside the lock */
  g_mutex_lock (&gate->lock);
  g_mutex_unlock (&gate->lock);
  g_mutex_clear (&gate->lock);
  g_cond_clear (&gate->cond);
}

void
ah_test_gate_open (AhTestGate *gate)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&gate->lock);

  gate->is_open = TRUE;
  g_cond_broadcast (&gate->cond);
}

void
ah_test_gate_wait (AhTestGate *gate)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&gate->lock);
  gint64 deadline = g_get_monotonic_time () + AH_TEST_PATIENCE;

  while (!gate->is_open)
    if (!g_cond_wait_until (&gate->cond, &gate->lock, deadline))
      g_error ("a gate was never opened");
}

static gpointer
watch_limit (gpointer data)
{
  AhTestLimit *limit = data;

  ah_test_gate_wait (&limit->is_over);
  return NULL;
}

/* From now on to ah_test_limit_end () another thread watches over this one, which may be about to
 * call what could hang: the test then fails in time, with all the threads where they hang. */
AhTestLimit *
ah_test_limit_begin (void)
{
  AhTestLimit *limit = g_new0 (AhTestLimit, 1);

  ah_test_gate_init (&limit->is_over);
  limit->watcher = g_thread_new ("limit", watch_limit, limit);
  return limit;
}

void
ah_test_limit_end (AhTestLimit *limit)
{
  ah_test_gate_open (&limit->is_over);
  g_thread_join (limit->watcher);
  ah_test_gate_clear (&limit->is_over);
  g_free (limit);
}

static gpointer
run_other_loop (gpointer data)
{
  g_main_context_push_thread_default (other_context);
  g_main_loop_run (other_loop);
  g_main_context_pop_thread_default (other_context);
  return NULL;
}

/* A context that a thread of the test dispatches all the time. */
GMainContext *
ah_test_get_other_context (void)
{
  return other_context;
}

GThread *
ah_test_get_other_thread (void)
{
  return other_thread;
}

static gboolean
on_stay_awake (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* A source by which @context always has something to dispatch, so that its thread never sleeps. */
GSource *
ah_test_keep_awake (GMainContext *context)
{
  GSource *source = g_idle_source_new ();

  g_source_set_callback (source, on_stay_awake, NULL, NULL);
  g_source_attach (source, context);
  return source;
}

typedef struct
{
  GSourceFunc func;
  gpointer user_data;
  AhTestGate done;
} Call;

static gboolean
on_call (gpointer data)
{
  Call *call = data;

  call->func (call->user_data);
  ah_test_gate_open (&call->done);
  return G_SOURCE_REMOVE;
}

/* Calls @func in a dispatch of @context, which another thread runs, and waits for it. */
void
ah_test_call_in (GMainContext *context, GSourceFunc func, gpointer user_data)
{
  Call call = { .func = func, .user_data = user_data };
  g_autoptr (GSource) source = g_idle_source_new ();

  ah_test_gate_init (&call.done);
  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_callback (source, on_call, &call, NULL);
  g_source_attach (source, context);
  ah_test_gate_wait (&call.done);
  ah_test_gate_clear (&call.done);
}

typedef struct
{
  GThreadFunc func;
  gpointer user_data;
  int is_done; /* atomic */
} Visit;

static gpointer
visit_thread (gpointer data)
{
  Visit *visit = data;

  visit->func (visit->user_data);
  g_atomic_int_set (&visit->is_done, TRUE);
  return NULL;
}

/* Calls @func in a thread that has no context of its own, while this thread's loop goes on. */
void
ah_test_in_new_thread (GThreadFunc func, gpointer user_data)
{
  Visit visit = { .func = func, .user_data = user_data };
  GThread *thread = g_thread_new ("visit", visit_thread, &visit);

  ah_test_iterate_until (g_atomic_int_get (&visit.is_done));
  g_thread_join (thread);
}

static gboolean
on_visit (gpointer data)
{
  Visit *visit = data;

  visit->func (visit->user_data);
  visit->is_done = TRUE;
  return G_SOURCE_REMOVE;
}

/* Calls @func in a dispatch of this thread's own context. */
void
ah_test_in_dispatch (GThreadFunc func, gpointer user_data)
{
  Visit visit = { .func = func, .user_data = user_data };
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, on_visit, &visit, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  ah_test_iterate_until (visit.is_done);
}

void
ah_test_init (int *argc, char ***argv)
{
  alarm (LIFETIME);
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_setenv ("LANGUAGE", "C", TRUE);
  g_test_init (argc, argv, NULL);

  other_context = g_main_context_new ();
  other_loop = g_main_loop_new (other_context, FALSE);
  other_thread = g_thread_new ("other", run_other_loop, NULL);
}

int
ah_test_run (void)
{
  int status = g_test_run ();
  AhThreadPool *pool = ah_thread_pool_get_default ();

  /* runs that nobody waited for: at the end of the program they would look like leaks */
  ah_test_iterate_until (ah_thread_pool_get_n_running (pool) == 0
                         && ah_thread_pool_get_n_queued (pool) == 0);

  g_main_loop_quit (other_loop);
  g_thread_join (g_steal_pointer (&other_thread));
  g_clear_pointer (&other_loop, g_main_loop_unref);
  g_clear_pointer (&other_context, g_main_context_unref);
  return status;
}

const char *
ah_test_way_get_name (AhTestWay way)
{
  static const char *const names[]
      = { "block", "run-async", "start-wait", "start-loop", "background" };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == AH_TEST_N_WAYS);
  return names[way];
}

void
ah_test_stop_init (AhTestStop *stop, AhTestWay way)
{
  stop->way = way;
  stop->cancellable = ah_test_track (g_cancellable_new ());
  stop->future = NULL;
  ah_test_gate_init (&stop->has_future);
}

void
ah_test_stop_clear (AhTestStop *stop)
{
  g_clear_object (&stop->cancellable);
  g_clear_object (&stop->future);
  ah_test_gate_clear (&stop->has_future);
}

/* Cancels the run that ah_test_way_run_batch () makes with @stop; from any thread or function. */
void
ah_test_stop_pull (AhTestStop *stop)
{
  if (stop->way == AH_TEST_WAY_START_LOOP || stop->way == AH_TEST_WAY_BACKGROUND)
    {
      ah_test_gate_wait (&stop->has_future);
      ah_future_cancel (stop->future);
    }
  else
    {
      g_cancellable_cancel (stop->cancellable);
    }
}

typedef struct
{
  GThread *thread;
  GMainContext *context;
  gboolean has_returned;
  guint n_calls;
  GAsyncResult *async_result;
  GObject *source;
} Ending;

static void
on_ended (GObject *source, GAsyncResult *async_result, gpointer data)
{
  Ending *ending = data;

  /* section 3: callbacks arrive in a dispatch of the caller's context, never inside the call */
  g_assert_true (ending->has_returned);
  g_assert_true (g_thread_self () == ending->thread);
  g_assert_true (g_main_context_get_thread_default () == ending->context);
  g_assert_cmpint (g_main_depth (), >, 0);

  ending->n_calls++;
  ending->source = source;
  g_set_object (&ending->async_result, async_result);
}

static void
ending_init (Ending *ending)
{
  *ending = (Ending){ .thread = g_thread_self (), .context = g_main_context_get_thread_default () };
}

/* Waits for the callback, and a few dispatches more: Guarantee 3 says that it comes once. */
static void
ending_wait (Ending *ending)
{
  ending->has_returned = TRUE;
  ah_test_iterate_until (ending->n_calls > 0);
  for (int i = 0; i < 3; i++)
    g_main_context_iteration (ending->context, FALSE);
  g_assert_cmpuint (ending->n_calls, ==, 1);
}

static void
on_notify_done (AhFuture *future, GParamSpec *pspec, gpointer data)
{
  Ending *ending = data;

  g_assert_true (g_thread_self () == ending->thread);
  g_assert_true (ah_future_get_done (future));
  ending->n_calls++;
}

/* Brings @future to its end, in the manner of @way. */
static void
future_to_end (AhFuture *future, AhTestWay way)
{
  g_autoptr (GError) error = NULL;
  gulong handler;
  Ending ending;

  ending_init (&ending);
  handler = g_signal_connect (future, "notify::done", G_CALLBACK (on_notify_done), &ending);

  if (way == AH_TEST_WAY_START_LOOP)
    {
      ah_test_iterate_until (ah_future_get_done (future));
    }
  else
    {
      g_assert_true (ah_future_wait (future, NULL, &error));
      g_assert_no_error (error);
      g_assert_true (ah_future_get_done (future));
    }

  /* the notification may come a dispatch later, and comes once */
  ah_test_iterate_until (ending.n_calls > 0);
  for (int i = 0; i < 3; i++)
    g_main_context_iteration (ending.context, FALSE);
  g_assert_cmpuint (ending.n_calls, ==, 1);
  g_signal_handler_disconnect (future, handler);
}

static AhFuture *
begin_future (AhTestWay way, AhFunction *function, GCancellable *cancellable)
{
  AhFuture *future = way == AH_TEST_WAY_BACKGROUND ? ah_queue_background_thread (function)
                                                   : ah_start (function, cancellable);

  g_assert_true (AH_IS_FUTURE (future));
  return ah_test_track (future);
}

gboolean
ah_test_way_run_function (AhTestWay way,
                          AhFunction *function,
                          GCancellable *cancellable,
                          GValue *result,
                          GError **error)
{
  gboolean ok;

  if (way == AH_TEST_WAY_BLOCK)
    return ah_block (function, cancellable, result, error);

  if (way == AH_TEST_WAY_RUN_ASYNC)
    {
      Ending ending;

      ending_init (&ending);
      ah_run_async (function, cancellable, on_ended, &ending);
      ending_wait (&ending);
      ok = ah_run_finish (ending.async_result, result, error);
      ah_test_track (ending.async_result);
      g_clear_object (&ending.async_result);
    }
  else
    {
      g_autoptr (AhFuture) future = begin_future (way, function, cancellable);

      future_to_end (future, way);
      ok = ah_future_get_value (future, result, error);
    }
  return ok;
}

/* Runs @batch. @stop: (nullable): what cancels it */
void
ah_test_way_run_batch (AhTestWay way, AhBatch *batch, AhTestStop *stop, AhTestOutcome *outcome)
{
  GCancellable *cancellable = stop != NULL ? stop->cancellable : NULL;

  outcome->failed_index = -1;
  outcome->results = NULL;
  outcome->error = NULL;

  if (way == AH_TEST_WAY_BLOCK)
    {
      outcome->results = ah_batch_block (batch, cancellable, &outcome->error);
    }
  else if (way == AH_TEST_WAY_RUN_ASYNC)
    {
      Ending ending;

      ending_init (&ending);
      ah_batch_run_async (batch, cancellable, on_ended, &ending);
      ending_wait (&ending);
      g_assert_true (ending.source == G_OBJECT (batch));
      outcome->results = ah_batch_run_finish (batch, ending.async_result, &outcome->error);
      ah_test_track (ending.async_result);
      g_clear_object (&ending.async_result);
    }
  else
    {
      g_autoptr (AhFuture) future = begin_future (way, AH_FUNCTION (batch), cancellable);

      if (stop != NULL)
        {
          g_set_object (&stop->future, future);
          ah_test_gate_open (&stop->has_future);
        }
      future_to_end (future, way);
      outcome->results = ah_future_get_results (future, &outcome->error);
      outcome->failed_index = ah_future_get_failed_index (future);
    }

  /* one of the two, and only one */
  g_assert_true ((outcome->results != NULL) != (outcome->error != NULL));
}

void
ah_test_outcome_clear (AhTestOutcome *outcome)
{
  g_clear_pointer (&outcome->results, g_array_unref);
  g_clear_error (&outcome->error);
}

/* How many handlers are connected to @cancellable. GSignal does not tell, but finds one that is not
 * blocked: so each that was found is blocked until none is left. */
guint
ah_test_count_handlers (GCancellable *cancellable)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&count_lock);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gulong));
  guint signal = g_signal_lookup ("cancelled", G_TYPE_CANCELLABLE);
  GSignalMatchType mask = G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_UNBLOCKED;
  gulong id;

  while ((id = g_signal_handler_find (cancellable, mask, signal, 0, NULL, NULL, NULL)) != 0)
    {
      g_signal_handler_block (cancellable, id);
      g_array_append_val (ids, id);
    }
  for (guint i = 0; i < ids->len; i++)
    g_signal_handler_unblock (cancellable, g_array_index (ids, gulong, i));
  return ids->len;
}

int
ah_test_get_int (GArray *results, guint index)
{
  g_assert_cmpuint (index, <, results->len);
  return g_value_get_int (&g_array_index (results, GValue, index));
}
