/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-batch-private.h"

#include "asynchelp/ah-enum-types.h"
#include "asynchelp/core/ah-function-private.h"
#include "asynchelp/core/ah-results-private.h"
#include "asynchelp/core/ah-run-entry-private.h"
#include "asynchelp/pool/ah-thread-pool-private.h"

/**
 * AhBatch:
 *
 * An ordered list of functions, blocking and async mixed, that runs as one.
 *
 * Its kinds are [class@Parallel] and [class@Serial]. Functions are added by [method@Batch.schedule]
 * and its relatives, and the batch is run, any number of times, by [method@Batch.run_async],
 * [method@Batch.block] and all that runs functions, since a batch is itself a function: it can be
 * scheduled in other batches.
 *
 * The results stand in the order of scheduling, whatever finishes first.
 *
 * A batch may be used from several threads at once. What is scheduled or set while it runs counts
 * from the next run on. What a nested batch says of its `pool` and `priority` does not count: the
 * outermost decides.
 */
typedef struct
{
  GMutex lock; /* guards all of it */
  AhJobList jobs;
  GPtrArray *nested; /* batches among the jobs, which have the references; NULL for none */
  AhErrorPolicy error_policy;
  guint timeout;
  int priority;
  guint limit;        /* how many functions at once, 0: any number */
  AhThreadPool *pool; /* NULL: the default */
} AhBatchPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (AhBatch, ah_batch, AH_TYPE_FUNCTION)

enum
{
  PROP_N_FUNCTIONS = 1,
  PROP_ERROR_POLICY,
  PROP_TIMEOUT,
  PROP_PRIORITY,
  PROP_POOL,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
ah_batch_finalize (GObject *object)
{
  AhBatchPrivate *priv = ah_batch_get_instance_private (AH_BATCH (object));

  ah_job_list_clear (&priv->jobs);
  g_clear_pointer (&priv->nested, g_ptr_array_unref);
  g_clear_object (&priv->pool);
  g_mutex_clear (&priv->lock);

  G_OBJECT_CLASS (ah_batch_parent_class)->finalize (object);
}

static void
ah_batch_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  AhBatch *self = AH_BATCH (object);

  switch (prop_id)
    {
    case PROP_N_FUNCTIONS:
      g_value_set_uint (value, ah_batch_get_n_functions (self));
      break;
    case PROP_ERROR_POLICY:
      g_value_set_enum (value, ah_batch_get_error_policy (self));
      break;
    case PROP_TIMEOUT:
      g_value_set_uint (value, ah_batch_get_timeout (self));
      break;
    case PROP_PRIORITY:
      g_value_set_int (value, ah_batch_get_priority (self));
      break;
    case PROP_POOL:
      g_value_set_object (value, ah_batch_get_pool (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ah_batch_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  AhBatch *self = AH_BATCH (object);

  switch (prop_id)
    {
    case PROP_ERROR_POLICY:
      ah_batch_set_error_policy (self, g_value_get_enum (value));
      break;
    case PROP_TIMEOUT:
      ah_batch_set_timeout (self, g_value_get_uint (value));
      break;
    case PROP_PRIORITY:
      ah_batch_set_priority (self, g_value_get_int (value));
      break;
    case PROP_POOL:
      ah_batch_set_pool (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ah_batch_class_init (AhBatchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = ah_batch_finalize;
  object_class->get_property = ah_batch_get_property;
  object_class->set_property = ah_batch_set_property;

  /**
   * AhBatch:n-functions:
   *
   * How many functions are scheduled.
   */
  props[PROP_N_FUNCTIONS] = g_param_spec_uint ("n-functions", NULL, NULL, 0, G_MAXUINT, 0,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AhBatch:error-policy:
   *
   * What the failure of one function means for the others.
   */
  props[PROP_ERROR_POLICY]
      = g_param_spec_enum ("error-policy", NULL, NULL, AH_TYPE_ERROR_POLICY,
                           AH_ERROR_POLICY_FAIL_FAST,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * AhBatch:timeout:
   *
   * After how many milliseconds a run is ended, or 0 for never.
   *
   * It ends with %G_IO_ERROR_TIMED_OUT. The time counts from the beginning of the run: for a
   * background run, from when a worker takes it. Functions that are running see their cancellable
   * cancelled, and are waited for.
   */
  props[PROP_TIMEOUT]
      = g_param_spec_uint ("timeout", NULL, NULL, 0, G_MAXUINT, 0,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * AhBatch:priority:
   *
   * The priority of callbacks, as that of a [struct@GLib.Source].
   *
   * Notifications and the starts of async functions are dispatched at it, too.
   */
  props[PROP_PRIORITY]
      = g_param_spec_int ("priority", NULL, NULL, G_MININT, G_MAXINT, G_PRIORITY_DEFAULT,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * AhBatch:pool:
   *
   * The pool whose workers run blocking functions; %NULL for the default one.
   */
  props[PROP_POOL]
      = g_param_spec_object ("pool", NULL, NULL, AH_TYPE_THREAD_POOL,
                             G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
ah_batch_init (AhBatch *self)
{
  AhBatchPrivate *priv = ah_batch_get_instance_private (self);

  g_mutex_init (&priv->lock);
  ah_function_set_kind (AH_FUNCTION (self), AH_FUNCTION_BATCH);
}

/* --- For the rest of the library --- */

void
ah_batch_get_setup (AhBatch *self, AhBatchSetup *setup)
{
  AhBatchPrivate *priv = ah_batch_get_instance_private (self);

  g_mutex_lock (&priv->lock);
  setup->jobs = priv->jobs.view;
  setup->policy = priv->error_policy;
  setup->limit = priv->limit;
  setup->timeout = priv->timeout;
  g_mutex_unlock (&priv->lock);
}

static GPtrArray *
ref_nested (AhBatchPrivate *priv)
{
  GPtrArray *nested = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < priv->nested->len; i++)
    g_ptr_array_add (nested, g_object_ref (priv->nested->pdata[i]));
  return nested;
}

/*
 * Whether a function of the batch, or of those inside, has to run on a main context. Looks into
 * @budget batches at most; with more it could be, and so it is TRUE.
 */
gboolean
ah_batch_needs_loop (AhBatch *self, guint *budget)
{
  AhBatchPrivate *priv = ah_batch_get_instance_private (self);
  g_autoptr (GPtrArray) nested = NULL;
  AhJobView jobs;

  if (*budget == 0)
    return TRUE;
  *budget -= 1;

  g_mutex_lock (&priv->lock);
  jobs = priv->jobs.view;
  if (jobs.n_batches && jobs.n_batches <= *budget)
    nested = ref_nested (priv);
  g_mutex_unlock (&priv->lock);

  if (jobs.n_jobs > jobs.n_blocking + jobs.n_batches)
    return TRUE;
  if (jobs.n_batches && nested == NULL)
    return TRUE;
  for (guint i = 0; nested && i < nested->len; i++)
    {
      if (ah_batch_needs_loop (nested->pdata[i], budget))
        return TRUE;
    }

  return FALSE;
}

AhWorkerPool *
ah_batch_ref_workers (AhBatch *self)
{
  AhBatchPrivate *priv = ah_batch_get_instance_private (self);
  AhWorkerPool *workers;

  g_mutex_lock (&priv->lock);
  workers = ah_worker_pool_ref (
      ah_thread_pool_get_workers (priv->pool ? priv->pool : ah_thread_pool_get_default ()));
  g_mutex_unlock (&priv->lock);

  return workers;
}

guint
ah_batch_get_limit (AhBatch *self)
{
  AhBatchPrivate *priv = ah_batch_get_instance_private (self);
  guint limit;

  g_mutex_lock (&priv->lock);
  limit = priv->limit;
  g_mutex_unlock (&priv->lock);

  return limit;
}

/* Whether that was a change. */
gboolean
ah_batch_set_limit (AhBatch *self, guint limit)
{
  AhBatchPrivate *priv = ah_batch_get_instance_private (self);
  gboolean changed;

  g_mutex_lock (&priv->lock);
  changed = priv->limit != limit;
  priv->limit = limit;
  g_mutex_unlock (&priv->lock);

  return changed;
}

/* --- Scheduling --- */

static AhBatch *
schedule_job (AhBatch *self, const AhJob *job)
{
  AhBatchPrivate *priv = ah_batch_get_instance_private (self);

  g_mutex_lock (&priv->lock);
  ah_job_list_append (&priv->jobs, job);
  if (job->kind == AH_JOB_BATCH)
    {
      if (priv->nested == NULL)
        priv->nested = g_ptr_array_new ();
      g_ptr_array_add (priv->nested, job->func);
    }
  g_mutex_unlock (&priv->lock);

  return self;
}

/**
 * ah_batch_schedule:
 * @self: a batch
 * @function: the function, which may be a batch
 *
 * Adds a function at the end.
 *
 * A batch cannot be scheduled in itself. Where it is inside itself through others, its runs fail
 * with %AH_RUN_ERROR_CYCLE.
 *
 * May be called from any thread. No function of the batch is touched.
 *
 * Returns: (transfer none): @self, for chaining
 */
AhBatch *
ah_batch_schedule (AhBatch *self, AhFunction *function)
{
  AhJob job;

  g_return_val_if_fail (AH_IS_BATCH (self), NULL);
  g_return_val_if_fail (AH_IS_FUNCTION (function), self);

  if ((gpointer) function == (gpointer) self)
    {
      g_critical ("A batch cannot be scheduled inside itself");
      return self;
    }

  ah_function_describe (function, &job);
  g_object_ref (function);
  job.destroy = g_object_unref;
  return schedule_job (self, &job);
}

/**
 * ah_batch_schedule_blocking:
 * @self: a batch
 * @func: (scope notified) (closure user_data) (destroy destroy): the function
 * @user_data: (nullable): what to give it
 * @destroy: (nullable): frees @user_data, in the thread that drops the last reference to the batch
 *
 * Adds a blocking function at the end, without making an [class@Function] of it.
 *
 * May be called from any thread.
 *
 * Returns: (transfer none): @self, for chaining
 */
AhBatch *
ah_batch_schedule_blocking (AhBatch *self,
                            AhBlockingFunc func,
                            gpointer user_data,
                            GDestroyNotify destroy)
{
  AhJob job = { AH_JOB_BLOCKING, func, user_data, destroy };

  g_return_val_if_fail (AH_IS_BATCH (self), NULL);
  g_return_val_if_fail (func != NULL, self);

  return schedule_job (self, &job);
}

/**
 * ah_batch_schedule_async:
 * @self: a batch
 * @func: (scope notified) (closure user_data) (destroy destroy): the function
 * @user_data: (nullable): what to give it
 * @destroy: (nullable): frees @user_data, in the thread that drops the last reference to the batch
 *
 * Adds an async function at the end, without making an [class@Function] of it.
 *
 * May be called from any thread.
 *
 * Returns: (transfer none): @self, for chaining
 */
AhBatch *
ah_batch_schedule_async (AhBatch *self,
                         AhAsyncFunc func,
                         gpointer user_data,
                         GDestroyNotify destroy)
{
  AhJob job = { AH_JOB_ASYNC, func, user_data, destroy };

  g_return_val_if_fail (AH_IS_BATCH (self), NULL);
  g_return_val_if_fail (func != NULL, self);

  return schedule_job (self, &job);
}

/* --- Running --- */

/**
 * ah_batch_run_async:
 * @self: a batch
 * @cancellable: (nullable): ends the run with %G_IO_ERROR_CANCELLED
 * @callback: (nullable) (scope async): called when the run has ended
 * @user_data: what to give @callback
 *
 * Runs the batch without blocking.
 *
 * Blocking functions run in workers, async ones on the thread-default context of the caller, where
 * also
 * @callback is called, never before this function has returned.
 *
 * May be called from any thread that iterates its thread-default context.
 */
void
ah_batch_run_async (AhBatch *self,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  g_return_if_fail (AH_IS_BATCH (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  ah_run_entry_async (AH_FUNCTION (self), cancellable, callback, user_data, ah_batch_run_async);
}

/**
 * ah_batch_run_finish:
 * @self: the batch
 * @async_result: what the callback was given
 * @error: return location for an error
 *
 * Takes the outcome of [method@Batch.run_async].
 *
 * A function without a value stands there as %NULL of type `G_TYPE_POINTER`, a collected failure as
 * a value of type `G_TYPE_ERROR`, a batch as its [class@Results].
 *
 * The error is that of the function that failed first, with its index and name before the message;
 * or %G_IO_ERROR_CANCELLED, %G_IO_ERROR_TIMED_OUT, or one of [error@RunError].
 *
 * Returns: (transfer full) (element-type GObject.Value): the values, in the order of scheduling
 */
GArray *
ah_batch_run_finish (AhBatch *self, GAsyncResult *async_result, GError **error)
{
  g_return_val_if_fail (AH_IS_BATCH (self), NULL);
  g_return_val_if_fail (g_task_is_valid (async_result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (async_result, ah_batch_run_async), NULL);

  return g_task_propagate_pointer (G_TASK (async_result), error);
}

/**
 * ah_batch_block:
 * @self: a batch
 * @cancellable: (nullable): ends the run with %G_IO_ERROR_CANCELLED
 * @error: return location for an error
 *
 * Runs the batch and waits until it has ended.
 *
 * The calling thread works too, and serves an idle event loop (see [ctor@IdleEventLoop.enter])
 * where the async functions run. No context that is being dispatched is iterated.
 *
 * Values and errors are those of [method@Batch.run_finish]; a function whose home is being
 * dispatched by the calling thread fails with %AH_RUN_ERROR_HOME.
 *
 * May be called from any thread, also from within functions of other runs.
 *
 * Returns: (transfer full) (element-type GObject.Value): the values, in the order of scheduling
 */
GArray *
ah_batch_block (AhBatch *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (AH_IS_BATCH (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  return ah_run_entry_block_batch (self, cancellable, error);
}

/* --- Properties --- */

/**
 * ah_batch_get_n_functions:
 * @self: a batch
 *
 * Gets how many functions are scheduled. May be called from any thread.
 *
 * Returns: the number of functions
 */
guint
ah_batch_get_n_functions (AhBatch *self)
{
  AhBatchSetup setup;

  g_return_val_if_fail (AH_IS_BATCH (self), 0);

  ah_batch_get_setup (self, &setup);
  return setup.jobs.n_jobs;
}

/**
 * ah_batch_get_error_policy:
 * @self: a batch
 *
 * Gets what the failure of one function means for the others. May be called from any thread.
 *
 * Returns: the policy
 */
AhErrorPolicy
ah_batch_get_error_policy (AhBatch *self)
{
  AhBatchSetup setup;

  g_return_val_if_fail (AH_IS_BATCH (self), AH_ERROR_POLICY_FAIL_FAST);

  ah_batch_get_setup (self, &setup);
  return setup.policy;
}

/* Writes one of the plain fields; whether that was a change. */
#define SET_FIELD(self, field, new_value, pspec)                                                   \
  G_STMT_START                                                                                     \
  {                                                                                                \
    AhBatchPrivate *priv_ = ah_batch_get_instance_private (self);                                  \
    gboolean changed_;                                                                             \
                                                                                                   \
    g_mutex_lock (&priv_->lock);                                                                   \
    changed_ = priv_->field != (new_value);                                                        \
    priv_->field = (new_value);                                                                    \
    g_mutex_unlock (&priv_->lock);                                                                 \
    if (changed_)                                                                                  \
      g_object_notify_by_pspec (G_OBJECT (self), pspec);                                           \
  }                                                                                                \
  G_STMT_END

/**
 * ah_batch_set_error_policy:
 * @self: a batch
 * @error_policy: the policy
 *
 * Sets what the failure of one function means for the others, from the next run on.
 *
 * May be called from any thread, where it notifies.
 */
void
ah_batch_set_error_policy (AhBatch *self, AhErrorPolicy error_policy)
{
  g_return_if_fail (AH_IS_BATCH (self));
  g_return_if_fail (error_policy == AH_ERROR_POLICY_FAIL_FAST
                    || error_policy == AH_ERROR_POLICY_COLLECT);

  SET_FIELD (self, error_policy, error_policy, props[PROP_ERROR_POLICY]);
}

/**
 * ah_batch_get_timeout:
 * @self: a batch
 *
 * Gets after how many milliseconds a run is ended. May be called from any thread.
 *
 * Returns: milliseconds, or 0 for never
 */
guint
ah_batch_get_timeout (AhBatch *self)
{
  AhBatchSetup setup;

  g_return_val_if_fail (AH_IS_BATCH (self), 0);

  ah_batch_get_setup (self, &setup);
  return setup.timeout;
}

/**
 * ah_batch_set_timeout:
 * @self: a batch
 * @timeout: milliseconds, or 0 for never
 *
 * Sets after how many milliseconds a run is ended, from the next run on.
 *
 * See [property@Batch:timeout]. May be called from any thread, where it notifies.
 */
void
ah_batch_set_timeout (AhBatch *self, guint timeout)
{
  g_return_if_fail (AH_IS_BATCH (self));

  SET_FIELD (self, timeout, timeout, props[PROP_TIMEOUT]);
}

/**
 * ah_batch_get_priority:
 * @self: a batch
 *
 * Gets the priority of callbacks. May be called from any thread.
 *
 * Returns: the priority
 */
int
ah_batch_get_priority (AhBatch *self)
{
  AhBatchPrivate *priv;
  int priority;

  g_return_val_if_fail (AH_IS_BATCH (self), G_PRIORITY_DEFAULT);

  priv = ah_batch_get_instance_private (self);
  g_mutex_lock (&priv->lock);
  priority = priv->priority;
  g_mutex_unlock (&priv->lock);

  return priority;
}

/**
 * ah_batch_set_priority:
 * @self: a batch
 * @priority: the priority
 *
 * Sets the priority of callbacks, from the next run on; see [property@Batch:priority].
 *
 * May be called from any thread, where it notifies.
 */
void
ah_batch_set_priority (AhBatch *self, int priority)
{
  g_return_if_fail (AH_IS_BATCH (self));

  SET_FIELD (self, priority, priority, props[PROP_PRIORITY]);
}

/**
 * ah_batch_get_pool:
 * @self: a batch
 *
 * Gets the pool that was set. Not to be called while another thread sets it.
 *
 * Returns: (transfer none) (nullable): the pool, or %NULL for the default one
 */
AhThreadPool *
ah_batch_get_pool (AhBatch *self)
{
  AhBatchPrivate *priv;

  g_return_val_if_fail (AH_IS_BATCH (self), NULL);

  priv = ah_batch_get_instance_private (self);
  return priv->pool;
}

/**
 * ah_batch_set_pool:
 * @self: a batch
 * @pool: (nullable): the pool, or %NULL for the default one
 *
 * Sets whose workers run the blocking functions, from the next run on.
 *
 * May be called from any thread, where it notifies.
 */
void
ah_batch_set_pool (AhBatch *self, AhThreadPool *pool)
{
  AhBatchPrivate *priv;
  AhThreadPool *old_pool;

  g_return_if_fail (AH_IS_BATCH (self));
  g_return_if_fail (pool == NULL || AH_IS_THREAD_POOL (pool));

  priv = ah_batch_get_instance_private (self);
  g_mutex_lock (&priv->lock);
  old_pool = priv->pool;
  priv->pool = pool ? g_object_ref (pool) : NULL;
  g_mutex_unlock (&priv->lock);

  if (old_pool != pool)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_POOL]);
  g_clear_object (&old_pool);
}
