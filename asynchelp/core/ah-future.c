/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-future-private.h"

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/core/ah-results-private.h"
#include "asynchelp/core/ah-root-private.h"
#include "asynchelp/core/ah-run-error.h"

/* How often progress is looked at, while somebody listens to it, and while nobody does (ms). */
#define PROGRESS_MS 16
#define NOBODY_LISTENS_MS 128

/**
 * AhFuture:
 *
 * A started run: wait for it, cancel it, watch it, take its result.
 *
 * It comes from [func@start] and [func@queue_background_thread]. Its properties notify on the
 * context that was thread default there: `n-finished` and `fraction` while the run goes on, at the
 * rate of a display at most, so that a progress bar can be bound to them; all of them at the end.
 *
 * Its functions may be called from any thread. Dropping the last reference cancels nothing. A
 * future of [func@start] lives until its run has ended, one of [func@queue_background_thread] as
 * long as somebody keeps it.
 */
G_DEFINE_FINAL_TYPE (AhFuture, ah_future, G_TYPE_OBJECT)

enum
{
  PROP_DONE = 1,
  PROP_N_FUNCTIONS,
  PROP_N_FINISHED,
  PROP_FRACTION,
  PROP_FAILED_INDEX,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
end_progress (AhFuture *self)
{
  if (self->progress)
    g_source_destroy (self->progress);
  g_clear_pointer (&self->progress, g_source_unref);
}

static void
ah_future_finalize (GObject *object)
{
  AhFuture *self = AH_FUTURE (object);

  end_progress (self);
  if (self->root)
    {
      ah_root_withdraw (self->root);
      /* Workers may still have references to what has finished, and must not find the last one. */
      if (ah_root_is_finished (self->root))
        ah_root_release (self->root);
      ah_root_unref (self->root);
    }
  g_clear_pointer (&self->loop, ah_loop_unref);
  g_clear_pointer (&self->homes, g_ptr_array_unref);
  g_clear_error (&self->error);
  g_clear_pointer (&self->values, g_array_unref);
  if (G_VALUE_TYPE (&self->value))
    g_value_unset (&self->value);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (ah_future_parent_class)->finalize (object);
}

static void
ah_future_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  AhFuture *self = AH_FUTURE (object);

  switch (prop_id)
    {
    case PROP_DONE:
      g_value_set_boolean (value, ah_future_get_done (self));
      break;
    case PROP_N_FUNCTIONS:
      g_value_set_uint (value, ah_future_get_n_functions (self));
      break;
    case PROP_N_FINISHED:
      g_value_set_uint (value, ah_future_get_n_finished (self));
      break;
    case PROP_FRACTION:
      g_value_set_double (value, ah_future_get_fraction (self));
      break;
    case PROP_FAILED_INDEX:
      g_value_set_int (value, ah_future_get_failed_index (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ah_future_class_init (AhFutureClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = ah_future_finalize;
  object_class->get_property = ah_future_get_property;

  /**
   * AhFuture:done:
   *
   * Whether the run has ended, in whatever way.
   */
  props[PROP_DONE]
      = g_param_spec_boolean ("done", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AhFuture:n-functions:
   *
   * How many functions the run has; those of nested batches are not counted, each of these is one.
   */
  props[PROP_N_FUNCTIONS] = g_param_spec_uint ("n-functions", NULL, NULL, 0, G_MAXUINT, 0,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AhFuture:n-finished:
   *
   * How many of the functions have ended.
   */
  props[PROP_N_FINISHED] = g_param_spec_uint ("n-finished", NULL, NULL, 0, G_MAXUINT, 0,
                                              G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AhFuture:fraction:
   *
   * How much of the run is done, from 0 to 1.
   *
   * Each function counts the same, a nested batch by the part of it that is done. It never falls,
   * and is 1 when the run has succeeded.
   */
  props[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0,
                                              G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AhFuture:failed-index:
   *
   * The index of the function whose error ended the run, or -1.
   */
  props[PROP_FAILED_INDEX] = g_param_spec_int ("failed-index", NULL, NULL, -1, G_MAXINT, -1,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
ah_future_init (AhFuture *self)
{
  g_mutex_init (&self->lock);
  self->failed_index = -1;
}

/* --- Notifying, in dispatches of the context --- */

static gboolean
somebody_listens (AhFuture *self)
{
  static guint notify_id;

  if (notify_id == 0)
    notify_id = g_signal_lookup ("notify", G_TYPE_OBJECT);
  return g_signal_handler_find (self, G_SIGNAL_MATCH_ID, notify_id, 0, NULL, NULL, NULL) != 0;
}

static void
show_progress (AhFuture *self)
{
  guint n_finished = ah_future_get_n_finished (self);
  double fraction = ah_future_get_fraction (self);

  if (n_finished > self->shown_n_finished)
    {
      self->shown_n_finished = n_finished;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_N_FINISHED]);
    }
  if (fraction > self->shown_fraction)
    {
      self->shown_fraction = fraction;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FRACTION]);
    }
}

static void
show_end (AhFuture *self)
{
  if (self->shown_done)
    return;

  self->shown_done = TRUE;
  show_progress (self);
  if (ah_future_get_failed_index (self) >= 0)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FAILED_INDEX]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_DONE]);
}

static gboolean
on_progress (gpointer data)
{
  GWeakRef *weak = data;
  g_autoptr (AhFuture) self = g_weak_ref_get (weak);
  gboolean listens;

  if (self == NULL || ah_future_get_done (self))
    return G_SOURCE_REMOVE;

  listens = somebody_listens (self);
  if (listens)
    show_progress (self);
  /* Somebody may still come; GLib has no way to hear of it. */
  g_source_set_ready_time (self->progress,
                           g_get_monotonic_time ()
                               + (listens ? PROGRESS_MS : NOBODY_LISTENS_MS) * 1000);
  return G_SOURCE_CONTINUE;
}

static void
weak_ref_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static gboolean
progress_dispatch (GSource *source G_GNUC_UNUSED, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

static void
begin_progress (AhFuture *self, GMainContext *context, int priority)
{
  static GSourceFuncs funcs = { .dispatch = progress_dispatch };
  GWeakRef *weak = g_new (GWeakRef, 1);

  g_weak_ref_init (weak, self);
  self->progress = g_source_new (&funcs, sizeof (GSource));
  g_source_set_static_name (self->progress, "asynchelp: progress of a run");
  g_source_set_priority (self->progress, priority);
  g_source_set_callback (self->progress, on_progress, weak, weak_ref_free);
  g_source_set_ready_time (self->progress, g_get_monotonic_time () + PROGRESS_MS * 1000);
  g_source_attach (self->progress, context);
}

/* --- The outcome --- */

static void
take_outcome_locked (AhFuture *self)
{
  GValue *values;

  if (self->taken)
    return;

  self->taken = TRUE;
  if (self->root->top->failed_index != AH_NO_FUNCTION
      && g_atomic_int_get (&self->root->top->state) == AH_RUN_FAILED)
    self->failed_index = self->root->top->failed_index;
  if (!ah_root_take_values (self->root, &values, &self->error))
    return;

  if (self->root->top->is_batch)
    {
      self->values = ah_results_array_take (values, self->n_functions);
    }
  else
    {
      self->value = values[0];
      g_free (values);
    }
}

/* What is taken never changes, and is copied without the lock: copying may be foreign code. */
static gboolean
take_outcome (AhFuture *self, GError **error)
{
  if (!ah_future_get_done (self))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PENDING, _ ("The run has not ended yet"));
      return FALSE;
    }

  g_mutex_lock (&self->lock);
  take_outcome_locked (self);
  if (self->values && !G_VALUE_TYPE (&self->value))
    {
      g_value_init (&self->value, AH_TYPE_RESULTS);
      g_value_take_object (&self->value, ah_results_new_take (g_array_ref (self->values)));
    }
  g_mutex_unlock (&self->lock);

  if (self->error && error)
    *error = g_error_copy (self->error);
  return self->error == NULL;
}

/* --- Starting --- */

/* In a dispatch of the context of ah_start (): drops the reference that kept the future until here.
 */
static void
deliver_start (AhRoot *root, gpointer data)
{
  g_autoptr (AhFuture) self = data;

  g_mutex_lock (&self->lock);
  take_outcome_locked (self);
  g_mutex_unlock (&self->lock);

  show_end (self);
  end_progress (self);
  ah_root_release (root);
}

/* The same for a background run, whose future may be on its way out in another thread. */
static void
deliver_background (AhRoot *root, gpointer data G_GNUC_UNUSED)
{
  g_autoptr (AhFuture) self = g_weak_ref_get (&root->future);

  if (self)
    deliver_start (root, g_object_ref (self));
}

/* The future of @root, which is delivered on the thread-default context; or of nothing. */
static AhFuture *
future_new (AhRoot *root, AhDeliver deliver)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  AhFuture *self = g_object_new (AH_TYPE_FUTURE, NULL);

  self->n_functions = 1;
  if (root == NULL)
    return self;

  self->root = root;
  self->n_functions = root->top->jobs.n_jobs;
  self->loop = ah_loop_get (context, root->top->priority);
  root->deliver_loop = ah_loop_ref (self->loop);
  root->deliver = deliver;
  begin_progress (self, context, root->top->priority);
  return self;
}

/* How many batches are looked into for homes; beyond, a wait may not see that it cannot end. */
#define MAX_BATCHES_LOOKED_INTO 1024

static void
add_homes (GPtrArray *homes, const AhJobView *jobs, guint *budget)
{
  if (jobs->n_homes + jobs->n_batches == 0 || *budget == 0)
    return;

  *budget -= 1;
  for (guint i = 0; i < jobs->n_jobs; i++)
    {
      const AhJob *job = ah_job_view_get (jobs, i);

      if (job->kind == AH_JOB_HOME_FUNCTION)
        {
          GMainContext *home = ah_function_get_home (job->func);

          if (homes->len == 0 || homes->pdata[homes->len - 1] != home)
            g_ptr_array_add (homes, g_main_context_ref (home));
        }
      else if (job->kind == AH_JOB_BATCH)
        {
          AhBatchSetup setup;

          ah_batch_get_setup (AH_BATCH (job->func), &setup);
          add_homes (homes, &setup.jobs, budget);
        }
    }
}

/* For those who wait: by then the functions may have been released. */
static void
note_homes (AhFuture *self)
{
  guint budget = MAX_BATCHES_LOOKED_INTO;

  self->homes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_main_context_unref);
  add_homes (self->homes, &self->root->top->jobs, &budget);
}

AhFuture *
ah_future_new_start (AhFunction *function, GCancellable *cancellable)
{
  AhRoot *root = ah_root_new (function, cancellable, TRUE);
  AhFuture *self = future_new (root, deliver_start);

  note_homes (self);
  root->loop = ah_loop_ref (self->loop);
  root->deliver_data = g_object_ref (self);
  ah_root_begin (root);

  return self;
}

AhFuture *
ah_future_new_background (AhFunction *function)
{
  g_autoptr (GError) error = NULL;
  AhRoot *root;
  AhFuture *self;

  if (ah_function_get_home (function))
    {
      self = future_new (NULL, NULL);
      self->taken = TRUE;
      self->error = g_error_new_literal (AH_RUN_ERROR, AH_RUN_ERROR_HOME,
                                         _ ("A function with a home cannot run in a worker"));
      return self;
    }

  root = ah_root_new (function, NULL, TRUE);
  self = future_new (root, deliver_background);
  g_weak_ref_init (&root->future, self);

  if (!ah_root_queue (root, &error))
    {
      ah_root_refuse (root, g_steal_pointer (&error));
      ah_root_launch_stopped (root);
    }

  return self;
}

/* --- Public --- */

/**
 * ah_future_cancel:
 * @self: a started run
 *
 * Ends the run with %G_IO_ERROR_CANCELLED, unless it has ended.
 *
 * Functions that are running see their cancellable cancelled, and the run waits for them. This
 * function does not.
 *
 * May be called from any thread.
 */
void
ah_future_cancel (AhFuture *self)
{
  g_return_if_fail (AH_IS_FUTURE (self));

  if (ah_future_get_done (self))
    return;

  ah_run_stop (self->root->top, AH_RUN_CANCELLED, NULL, AH_NO_FUNCTION);
  ah_root_launch_stopped (self->root);
}

/* --- Looking --- */

/**
 * ah_future_get_done:
 * @self: a started run
 *
 * Tells whether the run has ended, in whatever way. May be called from any thread.
 *
 * Returns: %TRUE if it has
 */
gboolean
ah_future_get_done (AhFuture *self)
{
  g_return_val_if_fail (AH_IS_FUTURE (self), FALSE);

  return self->root == NULL || ah_root_is_finished (self->root);
}

/**
 * ah_future_get_n_functions:
 * @self: a started run
 *
 * Gets how many functions the run has, see [property@Future:n-functions].
 *
 * May be called from any thread.
 *
 * Returns: the number of functions
 */
guint
ah_future_get_n_functions (AhFuture *self)
{
  g_return_val_if_fail (AH_IS_FUTURE (self), 0);

  return self->n_functions;
}

/**
 * ah_future_get_n_finished:
 * @self: a started run
 *
 * Gets how many of the functions have ended. May be called from any thread.
 *
 * Returns: the number of functions
 */
guint
ah_future_get_n_finished (AhFuture *self)
{
  guint n_finished;

  g_return_val_if_fail (AH_IS_FUTURE (self), 0);

  n_finished = self->root ? ah_run_count_finished (self->root->top) : 0;
  g_mutex_lock (&self->lock);
  n_finished = self->n_finished = MAX (self->n_finished, n_finished);
  g_mutex_unlock (&self->lock);

  return n_finished;
}

/**
 * ah_future_get_fraction:
 * @self: a started run
 *
 * Gets how much of the run is done, see [property@Future:fraction]. May be called from any thread.
 *
 * Returns: from 0 to 1
 */
double
ah_future_get_fraction (AhFuture *self)
{
  double fraction = 0;

  g_return_val_if_fail (AH_IS_FUTURE (self), 0);

  if (self->root && g_atomic_int_get (&self->root->top->state) == AH_RUN_SUCCEEDED)
    fraction = 1;
  else if (self->root)
    fraction = ah_run_get_fraction (self->root->top);
  g_mutex_lock (&self->lock);
  fraction = self->fraction = MAX (self->fraction, fraction);
  g_mutex_unlock (&self->lock);

  return fraction;
}

/**
 * ah_future_get_failed_index:
 * @self: a started run
 *
 * Gets which function's error ended the run. May be called from any thread.
 *
 * Returns: the function's index, or -1 if the run goes on, succeeded, was cancelled or timed out
 */
int
ah_future_get_failed_index (AhFuture *self)
{
  int failed_index = -1;

  g_return_val_if_fail (AH_IS_FUTURE (self), -1);

  if (ah_future_get_done (self))
    {
      g_mutex_lock (&self->lock);
      take_outcome_locked (self);
      failed_index = self->failed_index;
      g_mutex_unlock (&self->lock);
    }

  return failed_index;
}

/**
 * ah_future_get_value:
 * @self: a started run
 * @value: (out caller-allocates) (optional): an empty value, which gets a copy of what the function
 * gave: %NULL of type `G_TYPE_POINTER` where that is nothing, an [class@Results] for a batch
 * @error: return location for an error
 *
 * Gets the outcome of the run, as often as it is asked for.
 *
 * The error is %G_IO_ERROR_PENDING while the run goes on, and then those of [func@run_finish].
 *
 * May be called from any thread.
 *
 * Returns: %TRUE if the function has succeeded
 */
gboolean
ah_future_get_value (AhFuture *self, GValue *value, GError **error)
{
  g_return_val_if_fail (AH_IS_FUTURE (self), FALSE);

  g_return_val_if_fail (value == NULL || !G_VALUE_TYPE (value), FALSE);

  if (!take_outcome (self, error))
    return FALSE;

  if (value)
    {
      g_value_init (value, G_VALUE_TYPE (&self->value));
      g_value_copy (&self->value, value);
    }
  return TRUE;
}

/**
 * ah_future_get_results:
 * @self: the started run of a batch
 * @error: return location for an error
 *
 * Gets what the functions of a batch gave, copied, as often as it is asked for.
 *
 * The error is %G_IO_ERROR_PENDING while the run goes on, %G_IO_ERROR_INVALID_ARGUMENT if it is not
 * that of a batch, and otherwise those of [method@Batch.run_finish].
 *
 * May be called from any thread.
 *
 * Returns: (transfer full) (element-type GObject.Value): the values, in the order of scheduling
 */
GArray *
ah_future_get_results (AhFuture *self, GError **error)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_return_val_if_fail (AH_IS_FUTURE (self), NULL);

  if (!ah_future_get_value (self, &value, error))
    return NULL;

  if (!G_VALUE_HOLDS (&value, AH_TYPE_RESULTS) || !self->root->top->is_batch)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("The run is not that of a batch: ask for its value"));
      return NULL;
    }

  return ah_results_get_values (g_value_get_object (&value));
}
