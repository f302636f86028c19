/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-run.h"

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/core/ah-function-private.h"
#include "asynchelp/core/ah-future-private.h"
#include "asynchelp/core/ah-results-private.h"
#include "asynchelp/core/ah-root-private.h"
#include "asynchelp/core/ah-run-entry-private.h"

/* Moves the single value of @values, or an AhResults of all of a batch, into @result (nullable). */
void
ah_run_values_to_result (AhFunction *function, GValue *values, guint n_values, GValue *result)
{
  GValue value = G_VALUE_INIT;

  if (AH_IS_BATCH (function))
    {
      g_value_init (&value, AH_TYPE_RESULTS);
      g_value_take_object (&value, ah_results_new_take (ah_results_array_take (values, n_values)));
    }
  else
    {
      value = values[0];
      g_free (values);
    }

  if (result)
    *result = value;
  else
    g_value_unset (&value);
}

/* --- Asynchronously --- */

/* In a dispatch of the caller's context. */
static void
deliver_to_task (AhRoot *root, gpointer data)
{
  g_autoptr (GTask) task = data;
  AhFunction *function = g_task_get_source_object (task);
  GError *error = NULL;
  GValue *values;

  if (!ah_root_take_values (root, &values, &error))
    {
      g_task_return_error (task, error);
    }
  else if (AH_IS_BATCH (function))
    {
      g_task_return_pointer (task, ah_results_array_take (values, root->top->jobs.n_jobs),
                             (GDestroyNotify) g_array_unref);
    }
  else
    {
      g_task_return_value (task, values);
      g_value_unset (values);
      g_free (values);
    }
  ah_root_release (root);
  ah_root_unref (root);
}

void
ah_run_entry_async (AhFunction *function,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data,
                    gpointer source_tag)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  int priority = ah_root_get_priority (function);
  GTask *task = g_task_new (function, cancellable, callback, user_data);
  AhRoot *root;

  /* The run decides itself whether it was cancelled, once. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_source_tag (task, source_tag);
  g_task_set_priority (task, priority);

  root = ah_root_new (function, cancellable, FALSE);
  root->loop = ah_loop_get (context, priority);
  root->deliver_loop = ah_loop_ref (root->loop);
  root->deliver = deliver_to_task;
  root->deliver_data = task;

  /* The delivery drops the first reference, and may do so before this is over. */
  ah_root_ref (root);
  ah_root_begin (root);
  ah_root_unref (root);
}

/**
 * ah_run_async:
 * @function: a function of any kind
 * @cancellable: (nullable): ends the run with %G_IO_ERROR_CANCELLED
 * @callback: (nullable) (scope async): called when the run has ended
 * @user_data: what to give @callback
 *
 * Runs a function without blocking.
 *
 * A blocking function runs in a worker, an async one on the thread-default context of the caller,
 * where also @callback is called, never before this function has returned.
 *
 * May be called from any thread that iterates its thread-default context.
 */
void
ah_run_async (AhFunction *function,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  g_return_if_fail (AH_IS_FUNCTION (function));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  ah_run_entry_async (function, cancellable, callback, user_data, ah_run_async);
}

/**
 * ah_run_finish:
 * @async_result: what the callback was given
 * @result: (out caller-allocates) (optional): an empty value, which gets what the function gave:
 * %NULL of type `G_TYPE_POINTER` where that is nothing, an [class@Results] for a batch
 * @error: return location for an error
 *
 * Takes the outcome of [func@run_async].
 *
 * The error is the function's; for a batch, that of the function that failed first, with its index
 * and name before the message; or %G_IO_ERROR_CANCELLED, %G_IO_ERROR_TIMED_OUT, or one of
 * [error@RunError].
 *
 * Returns: %TRUE if the function succeeded
 */
gboolean
ah_run_finish (GAsyncResult *async_result, GValue *result, GError **error)
{
  GTask *task;
  GArray *array;
  GValue value = G_VALUE_INIT;

  g_return_val_if_fail (g_async_result_is_tagged (async_result, ah_run_async), FALSE);
  g_return_val_if_fail (result == NULL || !G_VALUE_TYPE (result), FALSE);
  g_return_val_if_fail (G_IS_TASK (async_result), FALSE);

  task = G_TASK (async_result);
  if (AH_IS_BATCH (g_task_get_source_object (task)))
    {
      array = g_task_propagate_pointer (task, error);
      if (array == NULL)
        return FALSE;

      g_value_init (&value, AH_TYPE_RESULTS);
      g_value_take_object (&value, ah_results_new_take (array));
    }
  else if (!g_task_propagate_value (task, &value, error))
    {
      return FALSE;
    }

  if (result)
    *result = value;
  else
    g_value_unset (&value);
  return TRUE;
}

/* --- Blocking --- */

/* The run's values, or NULL with @n_values 0 for none; FALSE with @error. */
static gboolean
block_run (AhFunction *function,
           GCancellable *cancellable,
           GValue **values,
           guint *n_values,
           GError **error)
{
  g_autoptr (AhRoot) root = ah_root_new (function, cancellable, FALSE);
  AhInside inside = { .kind = AH_INSIDE_WAIT };
  gboolean success;

  ah_inside_push (&inside);
  root->is_blocking = TRUE;
  root->outer = ah_run_get_current ();
  ah_root_serve (root);
  ah_root_finish (root);

  *n_values = root->top->jobs.n_jobs;
  success = ah_root_take_values (root, values, error);
  ah_root_release (root);
  ah_inside_pop (&inside);

  return success;
}

GArray *
ah_run_entry_block_batch (AhBatch *batch, GCancellable *cancellable, GError **error)
{
  GValue *values;
  guint n_values;

  if (!block_run (AH_FUNCTION (batch), cancellable, &values, &n_values, error))
    return NULL;

  return ah_results_array_take (values, n_values);
}

/* Nothing to wait for but the function itself: no run, no loop. */
static gboolean
call_directly (AhFunction *function, GCancellable *cancellable, GValue *result, GError **error)
{
  AhInside inside = { .kind = AH_INSIDE_FUNCTIONS, .cancellable = cancellable };
  GValue value = G_VALUE_INIT;
  GError *local_error = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  ah_inside_push (&inside);
  ah_function_call (function, cancellable, &value, &local_error);
  ah_inside_pop (&inside);
  if (local_error == NULL)
    g_cancellable_set_error_if_cancelled (cancellable, &local_error);

  if (local_error)
    {
      if (G_VALUE_TYPE (&value))
        g_value_unset (&value);
      g_propagate_error (error, local_error);
      return FALSE;
    }

  if (!G_VALUE_TYPE (&value))
    g_value_init (&value, G_TYPE_POINTER);
  if (result)
    *result = value;
  else
    g_value_unset (&value);
  return TRUE;
}

/**
 * ah_block:
 * @function: a function of any kind
 * @cancellable: (nullable): ends the run with %G_IO_ERROR_CANCELLED
 * @result: (out caller-allocates) (optional): an empty value, which gets what the function gave:
 * %NULL of type `G_TYPE_POINTER` where that is nothing, an [class@Results] for a batch
 * @error: return location for an error
 *
 * Runs a function and waits until it has ended.
 *
 * A blocking function is simply called. An async one runs in an idle event loop (see
 * [ctor@IdleEventLoop.enter]) of the calling thread; no context that is being dispatched is
 * iterated.
 *
 * Errors are those of [func@run_finish]; a function whose home is being dispatched by the calling
 * thread fails with %AH_RUN_ERROR_HOME.
 *
 * May be called from any thread, also from within functions of other runs.
 *
 * Returns: %TRUE if the function succeeded
 */
gboolean
ah_block (AhFunction *function, GCancellable *cancellable, GValue *result, GError **error)
{
  g_autoptr (AhFunction) kept = NULL;
  GValue *values;
  guint n_values;
  AhJob job;

  g_return_val_if_fail (AH_IS_FUNCTION (function), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (result == NULL || !G_VALUE_TYPE (result), FALSE);

  /* What runs may drop the caller's reference. */
  kept = g_object_ref (function);
  ah_function_describe (function, &job);
  if (job.kind == AH_JOB_BLOCKING_FUNCTION)
    return call_directly (function, cancellable, result, error);

  if (!block_run (function, cancellable, &values, &n_values, error))
    return FALSE;

  ah_run_values_to_result (function, values, n_values, result);
  return TRUE;
}

/* --- With a future --- */

/**
 * ah_start:
 * @function: a function of any kind
 * @cancellable: (nullable): ends the run with %G_IO_ERROR_CANCELLED
 *
 * Starts to run a function, and gives something to follow the run by.
 *
 * Functions run as for [func@run_async]; the future notifies on the thread-default context of the
 * caller. Dropping the future cancels nothing.
 *
 * May be called from any thread that iterates its thread-default context, or waits for the future.
 *
 * Returns: (transfer full): the started run
 */
AhFuture *
ah_start (AhFunction *function, GCancellable *cancellable)
{
  g_return_val_if_fail (AH_IS_FUNCTION (function), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  return ah_future_new_start (function, cancellable);
}

/**
 * ah_queue_background_thread:
 * @function: a function of any kind, without a home
 *
 * Runs a function wholly in a worker, which needs nobody's main loop.
 *
 * An async function runs in an idle event loop of the worker. When no worker is free and none can
 * be added, the function waits for its turn. A function with a home cannot run like this: the
 * future says so with %AH_RUN_ERROR_HOME.
 *
 * The future notifies on the context that is thread default now, if that is ever iterated. Dropping
 * the future cancels nothing; what the run leaves behind is then freed in the worker.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): the queued run
 */
AhFuture *
ah_queue_background_thread (AhFunction *function)
{
  g_return_val_if_fail (AH_IS_FUNCTION (function), NULL);

  return ah_future_new_background (function);
}
