/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-batch-private.h"

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
G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (AhBatch, ah_batch, AH_TYPE_FUNCTION)

static void
ah_batch_finalize (GObject *object)
{
  AhBatchPrivate *priv = ah_batch_get_instance_private (AH_BATCH (object));

  ah_job_list_clear (&priv->jobs);
  g_clear_pointer (&priv->nested, g_ptr_array_unref);
  g_clear_object (&priv->pool);
  g_clear_object (&priv->strand);
  g_mutex_clear (&priv->lock);

  G_OBJECT_CLASS (ah_batch_parent_class)->finalize (object);
}

static void
ah_batch_class_init (AhBatchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = ah_batch_finalize;
  ah_batch_install_properties (object_class);
}

static void
ah_batch_init (AhBatch *self)
{
  AhBatchPrivate *priv = ah_batch_get_instance_private (self);

  g_mutex_init (&priv->lock);
  ah_function_set_kind (AH_FUNCTION (self), AH_FUNCTION_BATCH);
}

/* --- For the rest of the library --- */

AhBatchPrivate *
ah_batch_get_private (AhBatch *self)
{
  return ah_batch_get_instance_private (self);
}

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

/* The turns of its strand, or NULL. */
AhTurns *
ah_batch_ref_turns (AhBatch *self)
{
  AhBatchPrivate *priv = ah_batch_get_instance_private (self);
  AhTurns *turns;

  g_mutex_lock (&priv->lock);
  turns = priv->strand ? ah_turns_ref (ah_strand_get_turns (priv->strand)) : NULL;
  g_mutex_unlock (&priv->lock);

  return turns;
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
