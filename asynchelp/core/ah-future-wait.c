/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-future-private.h"

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/core/ah-idle-event-loop-private.h"

/* --- Waiting --- */

/* Whether @context, which is not iterated meanwhile, would be needed and stand still. */
static gboolean
would_stop (GMainContext *context, GMainContext *iterated)
{
  return context != iterated && ah_idle_loop_stands_still (context);
}

/* Whether the run can get on while the calling thread waits and iterates @context alone. */
static gboolean
gets_on_without (AhFuture *self, GMainContext *context)
{
  AhJobView *jobs = &self->root->top->jobs;

  /* A background run has a loop of its own, and blocking functions need none. */
  if (self->root->is_background || jobs->n_jobs == jobs->n_blocking)
    return TRUE;
  if (would_stop (ah_loop_get_context (self->loop), context))
    return FALSE;

  for (guint i = 0; self->homes && i < self->homes->len; i++)
    {
      if (would_stop (self->homes->pdata[i], context))
        return FALSE;
    }

  return TRUE;
}

/* How often what is ready is dispatched, so that a run which was waited for is also delivered. */
#define MAX_LAST_ITERATIONS 100

/* Whoever waits for a future may give up its context then: the outcome would never arrive there. */
static void
see_delivered (AhFuture *self, GMainContext *context)
{
  if (ah_loop_get_context (self->loop) != context || !ah_future_get_done (self))
    return;

  for (guint i = 0; i < MAX_LAST_ITERATIONS && !self->shown_done; i++)
    g_main_context_iteration (context, FALSE);
}

/**
 * ah_future_wait:
 * @self: a started run
 * @cancellable: (nullable): ends this wait alone, not the run
 * @error: return location for an error
 *
 * Waits until the run has ended, in whatever way.
 *
 * Meanwhile an idle event loop (see [ctor@IdleEventLoop.enter]) of the calling thread is served. No
 * context that is being dispatched is iterated.
 *
 * Errors are %G_IO_ERROR_CANCELLED, if @cancellable was cancelled, and %G_IO_ERROR_WOULD_BLOCK, at
 * once, where waiting would stop the very loop that the run needs: use [method@Future.wait_async]
 * there. How the run ended, [method@Future.get_value] tells.
 *
 * May be called from any thread.
 *
 * Returns: %TRUE if the run has ended
 */
gboolean
ah_future_wait (AhFuture *self, GCancellable *cancellable, GError **error)
{
  AhIdleLoop idle = { 0 };
  AhInside inside = { .kind = AH_INSIDE_WAIT };
  gboolean gets_on;

  g_return_val_if_fail (AH_IS_FUTURE (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (ah_future_get_done (self))
    return TRUE;
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  ah_inside_push (&inside);
  ah_idle_loop_enter (&idle);
  gets_on = gets_on_without (self, idle.context);
  if (gets_on)
    {
      g_autoptr (AhWaiter) waiter = ah_waiter_new (idle.context);
      g_autoptr (AhWaitCancel) cancel = ah_wait_cancel_new (cancellable, waiter);

      ah_root_wait (self->root, waiter, cancel ? &cancel->cancelled : NULL);
      see_delivered (self, idle.context);
    }
  ah_idle_loop_leave (&idle);
  ah_inside_pop (&inside);

  if (ah_future_get_done (self))
    return TRUE;
  if (!gets_on)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK,
                         _ ("Waiting here would stop the main context that the run needs: "
                            "wait asynchronously"));
  else
    g_cancellable_set_error_if_cancelled (cancellable, error);
  return FALSE;
}

/* --- Waiting asynchronously --- */

typedef struct
{
  AhWatch watch;  /* first; posted once, by whoever takes it from the root's list */
  gint ref_count; /* atomic: one until it is dispatched, one of the handler */
  GTask *task;
  AhRoot *root; /* with a reference; NULL for what could not be started at all */
  gulong cancelled_id;
} WaitAsync;

static void
wait_async_unref (gpointer data, GClosure *closure G_GNUC_UNUSED)
{
  WaitAsync *wait = data;

  if (!g_atomic_int_dec_and_test (&wait->ref_count))
    return;

  g_clear_pointer (&wait->root, ah_root_unref);
  g_free (wait);
}

static void
on_wait_async_cancelled (GCancellable *cancellable G_GNUC_UNUSED, gpointer data)
{
  WaitAsync *wait = data;

  ah_root_post_watch (wait->root, &wait->watch);
}

static gboolean
wait_async_dispatch (AhLoopItem *item, gint64 until G_GNUC_UNUSED)
{
  WaitAsync *wait = (WaitAsync *) item;
  g_autoptr (GTask) task = g_steal_pointer (&wait->task);

  if (wait->root)
    ah_root_pass_lock (wait->root);
  if (wait->cancelled_id)
    g_signal_handler_disconnect (g_task_get_cancellable (task), wait->cancelled_id);
  ah_loop_unref (wait->watch.loop);

  if (wait->root == NULL || ah_root_is_finished (wait->root)
      || !g_task_return_error_if_cancelled (task))
    g_task_return_boolean (task, TRUE);
  wait_async_unref (wait, NULL);

  return FALSE;
}

/**
 * ah_future_wait_async:
 * @self: a started run
 * @cancellable: (nullable): ends this wait alone, not the run
 * @callback: (nullable) (scope async): called when the run has ended
 * @user_data: what to give @callback
 *
 * Waits without blocking until the run has ended, in whatever way.
 *
 * @callback is called on the thread-default context of the caller, never before this function has
 * returned.
 *
 * May be called from any thread that iterates its thread-default context.
 */
void
ah_future_wait_async (AhFuture *self,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  WaitAsync *wait;

  g_return_if_fail (AH_IS_FUTURE (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wait = g_new0 (WaitAsync, 1);
  wait->ref_count = 1;
  wait->root = self->root ? ah_root_ref (self->root) : NULL;
  wait->task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (wait->task, ah_future_wait_async);
  g_task_set_check_cancellable (wait->task, FALSE);
  ah_loop_item_init (&wait->watch.item, wait_async_dispatch);
  wait->watch.loop = ah_loop_get (context, G_PRIORITY_DEFAULT);

  if (wait->root == NULL)
    {
      ah_loop_post (wait->watch.loop, &wait->watch.item);
      return;
    }

  if (cancellable)
    {
      wait->ref_count++;
      wait->cancelled_id
          = g_signal_connect_data (cancellable, "cancelled", G_CALLBACK (on_wait_async_cancelled),
                                   wait, wait_async_unref, 0);
    }
  if (!ah_root_watch (wait->root, &wait->watch))
    ah_loop_post (wait->watch.loop, &wait->watch.item);
  else if (g_cancellable_is_cancelled (cancellable))
    on_wait_async_cancelled (cancellable, wait);
}

/**
 * ah_future_wait_finish:
 * @self: a started run
 * @async_result: what the callback was given
 * @error: return location for an error
 *
 * Takes the outcome of [method@Future.wait_async].
 *
 * The only error is %G_IO_ERROR_CANCELLED, if the wait's own cancellable was cancelled. How the run
 * ended, [method@Future.get_value] tells.
 *
 * Returns: %TRUE if the run has ended
 */
gboolean
ah_future_wait_finish (AhFuture *self, GAsyncResult *async_result, GError **error)
{
  g_return_val_if_fail (AH_IS_FUTURE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (async_result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (async_result, ah_future_wait_async), FALSE);

  return g_task_propagate_boolean (G_TASK (async_result), error);
}
