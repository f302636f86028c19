/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-root-private.h"

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/core/ah-results-private.h"
#include "asynchelp/core/ah-run-error.h"
#include "asynchelp/pool/ah-thread-pool-private.h"

/* How long (µs) a worker stays before it looks whether other runs want their turn. */
#define TURN_US 1000

struct _AhDiscarded
{
  AhDiscarded *next;
  GValue *values;
  guint n_values;
};

/* --- What the pool sees --- */

static void
source_ref (AhWorkSource *source)
{
  ah_root_ref ((AhRoot *) source);
}

static void
source_unref (AhWorkSource *source)
{
  ah_root_unref ((AhRoot *) source);
}

static gboolean
source_has_work (AhWorkSource *source)
{
  return g_atomic_int_get (&((AhRoot *) source)->n_open) > 0;
}

static guint
source_count (AhWorkSource *source)
{
  AhRoot *self = (AhRoot *) source;
  guint count = 0;

  g_mutex_lock (&self->lock);
  for (GList *l = self->open.head; l; l = l->next)
    count += ah_run_count (l->data);
  g_mutex_unlock (&self->lock);

  return count;
}

static void
source_work (AhWorkSource *source)
{
  ah_root_work ((AhRoot *) source, g_get_monotonic_time () + TURN_US);
}

static void
source_nobody_can (AhWorkSource *source)
{
  ah_root_ask_for_help ((AhRoot *) source);
}

static void
source_overdue (AhWorkSource *source)
{
  ah_root_let_go_turns ((AhRoot *) source, TRUE);
}

static const AhWorkSourceClass source_class = {
  .ref = source_ref,
  .unref = source_unref,
  .has_work = source_has_work,
  .count = source_count,
  .work = source_work,
  .nobody_can = source_nobody_can,
  .overdue = source_overdue,
};

/* --- Life --- */

int
ah_root_get_priority (AhFunction *function)
{
  return AH_IS_BATCH (function) ? ah_batch_get_priority (AH_BATCH (function)) : G_PRIORITY_DEFAULT;
}

/*
 * An outermost run of @function, not yet begun: the caller fills in where it runs. A single
 * function gets the caller's cancellable (or none) as it is, unless it is to have one of its own.
 */
AhRoot *
ah_root_new (AhFunction *function, GCancellable *cancellable, gboolean own_cancellable)
{
  AhRoot *self = g_malloc0 (sizeof (AhRoot) + AH_CACHE_LINE + sizeof (AhRun));
  gboolean is_batch = AH_IS_BATCH (function);

  ah_work_source_init (&self->source, &source_class);
  self->ref_count = 1;
  g_mutex_init (&self->lock);
  self->function = g_object_ref (function);
  self->cancellable = cancellable ? g_object_ref (cancellable) : NULL;
  if (is_batch)
    {
      self->workers = ah_batch_ref_workers (AH_BATCH (function));
      self->run_now = ah_batch_get_run_now (AH_BATCH (function));
    }
  else
    self->workers = ah_worker_pool_ref (ah_thread_pool_get_workers (ah_thread_pool_get_default ()));

  self->top = AH_ALIGN_TO_CACHE_LINE (self + 1);
  ah_run_init (self->top, self, NULL, 0, function, is_batch || own_cancellable ? NULL : cancellable,
               is_batch || own_cancellable);

  return self;
}

AhRoot *
ah_root_ref (AhRoot *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
ah_root_unref (AhRoot *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  ah_root_release (self);
  if (self->is_background)
    g_weak_ref_clear (&self->future);
  ah_run_free_own (self->top);
  ah_worker_pool_unref (self->workers);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
free_discarded (AhRoot *self)
{
  AhDiscarded *discarded;

  g_mutex_lock (&self->lock);
  discarded = g_steal_pointer (&self->discarded);
  g_mutex_unlock (&self->lock);

  while (discarded)
    {
      AhDiscarded *next = discarded->next;

      ah_results_free_values (discarded->values, discarded->n_values);
      g_free (discarded);
      discarded = next;
    }
}

/*
 * Lets go of everything that a user could notice: in a dispatch of the run's context, in the thread
 * that blocked, or in the one that drops the future. Only memory is left for others to free.
 */
void
ah_root_release (AhRoot *self)
{
  if (!g_atomic_int_compare_and_exchange (&self->released, FALSE, TRUE))
    return;

  if (self->cancelled_id)
    g_signal_handler_disconnect (self->cancellable, self->cancelled_id);
  g_clear_object (&self->cancellable);

  if (self->top->values)
    ah_results_free_values (g_steal_pointer (&self->top->values), self->top->jobs.n_jobs);
  free_discarded (self);

  g_clear_object (&self->function);
  if (self->loop)
    ah_root_withdraw_help (self);
  g_clear_pointer (&self->loop, ah_loop_unref);
  g_clear_pointer (&self->deliver_loop, ah_loop_unref);
}

/* Has values freed where the run is released, and not in the thread that has no use for them. */
void
ah_root_discard (AhRoot *self, GValue *values, guint n_values)
{
  AhDiscarded *discarded = g_new (AhDiscarded, 1);

  discarded->values = values;
  discarded->n_values = n_values;
  g_mutex_lock (&self->lock);
  discarded->next = self->discarded;
  self->discarded = discarded;
  g_mutex_unlock (&self->lock);
}

/* --- Beginning and stopping --- */

/* In whatever thread cancels; GLib may hold the cancellable's own lock. */
static void
on_cancelled (GCancellable *cancellable G_GNUC_UNUSED, AhRoot *self)
{
  ah_run_stop (self->top, AH_RUN_CANCELLED, NULL, AH_NO_FUNCTION);
}

static void
unref_by_closure (gpointer data, GClosure *closure G_GNUC_UNUSED)
{
  ah_root_unref (data);
}

/*
 * Connects once an outermost run. A cancellable that is cancelled already is not connected to: GLib
 * would call the handler at once. The closure has a reference, since disconnecting does not wait
 * for a handler that is running in another thread.
 */
static void
watch_cancellable (AhRoot *self)
{
  if (self->cancellable == NULL)
    return;

  if (!g_cancellable_is_cancelled (self->cancellable))
    self->cancelled_id
        = g_signal_connect_data (self->cancellable, "cancelled", G_CALLBACK (on_cancelled),
                                 ah_root_ref (self), unref_by_closure, 0);
  if (g_cancellable_is_cancelled (self->cancellable))
    ah_run_stop (self->top, AH_RUN_CANCELLED, NULL, AH_NO_FUNCTION);
}

void
ah_root_begin (AhRoot *self)
{
  watch_cancellable (self);
  ah_run_begin (self->top);
}

/*
 * Wakes those who wait, except for the first, mostly the only one. That one is left to the caller,
 * with a reference, to be woken when the lock is free: it is the next thing that it wants.
 */
static AhWaiter *
wake_all_but_first_locked (AhRoot *self)
{
  GList *first = self->waiters.head;

  for (GList *l = first ? first->next : NULL; l; l = l->next)
    ah_waiter_wake (l->data);

  return first ? ah_waiter_ref (first->data) : NULL;
}

/* Everything has ended. In whatever thread ended the last function. */
void
ah_root_end (AhRoot *self)
{
  ah_worker_pool_detach (self->workers, &self->source);
  g_atomic_int_set (&self->ended, TRUE);
  if (self->is_blocking)
    ah_root_wake_waiters (self);
  else
    ah_root_finish (self);
}

static gboolean
deliver_dispatch (AhLoopItem *item, gint64 until G_GNUC_UNUSED)
{
  AhRoot *self = AH_OWNER_OF (item, AhRoot, deliver_item);
  AhDeliver deliver;

  g_mutex_lock (&self->lock);
  deliver = g_steal_pointer (&self->deliver);
  g_mutex_unlock (&self->lock);

  if (deliver)
    deliver (self, self->deliver_data);
  ah_root_unref (self);
  return FALSE;
}

/*
 * Tells everyone that the run is over; the caller has a reference. All of it under the lock: those
 * told pass through it before they let go of anything that is used here.
 */
void
ah_root_finish (AhRoot *self)
{
  g_autoptr (AhWaiter) waiter = NULL;
  AhLoop *loop = NULL;
  gboolean wakes_loop = FALSE;
  GList *l;

  g_mutex_lock (&self->lock);
  g_atomic_int_set (&self->finished, TRUE);
  waiter = wake_all_but_first_locked (self);
  while ((l = g_queue_pop_head_link (&self->watches)))
    {
      AhWatch *watch = l->data;

      watch->listed = FALSE;
      ah_loop_post (watch->loop, &watch->item);
    }
  if (self->deliver)
    {
      ah_root_ref (self);
      loop = ah_loop_ref (self->deliver_loop);
      ah_loop_item_init (&self->deliver_item, deliver_dispatch);
      wakes_loop = ah_loop_queue (loop, &self->deliver_item);
    }
  g_mutex_unlock (&self->lock);

  if (waiter)
    ah_waiter_wake (waiter);
  if (wakes_loop)
    ah_loop_wake (loop);
  g_clear_pointer (&loop, ah_loop_unref);
}

/* The outcome is not to be delivered, unless that is happening already. */
void
ah_root_withdraw (AhRoot *self)
{
  gboolean withdrawn;

  g_mutex_lock (&self->lock);
  withdrawn = self->deliver && self->finished
              && ah_loop_withdraw (self->deliver_loop, &self->deliver_item);
  self->deliver = NULL;
  g_mutex_unlock (&self->lock);

  if (withdrawn)
    ah_root_unref (self);
}

/* The values of a run that has ended, for the caller to free or to hand on; FALSE if it did not
 * succeed. */
gboolean
ah_root_take_values (AhRoot *self, GValue **values, GError **error)
{
  if (g_atomic_int_get (&self->top->state) != AH_RUN_SUCCEEDED)
    {
      g_propagate_error (error, ah_run_take_error (self->top));
      return FALSE;
    }

  *values = g_steal_pointer (&self->top->values);
  return TRUE;
}

/* --- Work that can be claimed --- */

/* No worker comes, for the reason that the pool gives in @error, which is taken: the run ends. */
void
ah_root_refuse (AhRoot *self, GError *error)
{
  g_autoptr (GError) reason = error;

  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_BUSY))
    ah_run_stop (self->top, AH_RUN_FAILED, g_steal_pointer (&reason), AH_NO_FUNCTION);
  else
    ah_run_stop (self->top, AH_RUN_FAILED,
                 g_error_new (AH_RUN_ERROR, AH_RUN_ERROR_NO_THREAD,
                              _ ("There is no thread for the functions: %s"), reason->message),
                 AH_NO_FUNCTION);
}

/*
 * @run has something to claim. Calls a worker, unless it is for one function only, and the thread
 * that blocks on the run is free to take it.
 */
void
ah_root_open (AhRoot *self, AhRun *run)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AhWaiter) helper = NULL;
  guint n_spare = 0;
  guint n_open;
  gboolean run_now;

  g_mutex_lock (&self->lock);
  run_now = self->run_now && !self->admitted;
  self->admitted = TRUE;
  if (!run->open && !run->ended)
    {
      g_atomic_int_set (&run->open, TRUE);
      g_queue_push_head_link (&self->open, &run->open_link);
      g_atomic_int_inc (&self->n_open);
    }
  n_open = self->n_open;
  helper = self->helper ? ah_waiter_ref (self->helper) : NULL;
  g_mutex_unlock (&self->lock);

  if (helper && g_atomic_int_get (&self->helper_works))
    {
      if (self->helper_thread == g_thread_self ())
        {
          n_spare = self->helper_busy || g_main_depth () > self->helper_depth ? 0 : 1;
        }
      else if (g_atomic_int_get (&helper->sleeping))
        {
          ah_waiter_wake (helper);
          /* With a context, it may be in a callback, which could wait for this very function. */
          n_spare = helper->context ? 0 : 1;
        }
    }

  if (n_open == 1 && ah_run_count (run) <= n_spare)
    return;
  if (helper && g_atomic_int_get (&self->helper_works))
    run_now = FALSE;
  if (ah_worker_pool_attach (self->workers, &self->source, run_now, &error))
    return;

  /* No thread at all: where one waits, it does the work. */
  if (helper && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY))
    ah_waiter_wake (helper);
  else
    ah_root_refuse (self, g_steal_pointer (&error));
}

static void
unlink_open_locked (AhRoot *self, AhRun *run)
{
  g_queue_unlink (&self->open, &run->open_link);
  g_atomic_int_add (&self->n_open, -1);
}

/* @run seems to have nothing left to claim. */
void
ah_root_close (AhRoot *self, AhRun *run)
{
  g_mutex_lock (&self->lock);
  if (run->open)
    {
      /* First not open, and then a look: whoever brings something looks at `open` after that. */
      g_atomic_int_set (&run->open, FALSE);
      if (ah_run_count (run) > 0)
        g_atomic_int_set (&run->open, TRUE);
      else
        unlink_open_locked (self, run);
    }
  g_mutex_unlock (&self->lock);
}

/* @run has ended: nobody finds it any more. */
void
ah_root_forget (AhRoot *self, AhRun *run)
{
  gboolean withdrawn;

  g_mutex_lock (&self->lock);
  run->ended = TRUE;
  if (run->open)
    {
      g_atomic_int_set (&run->open, FALSE);
      unlink_open_locked (self, run);
    }
  if (run->parent)
    g_queue_unlink (&run->parent->children, &run->tree_link);
  /* There is nothing left to cancel, and the context may be given up. */
  withdrawn = run->cancel_posted && ah_loop_withdraw (self->loop, &run->cancel);
  g_mutex_unlock (&self->lock);

  if (withdrawn)
    ah_run_unref (run);
}

/* Does what can be claimed, until @until (µs, monotonic) at the latest. */
void
ah_root_work (AhRoot *self, gint64 until)
{
  do
    {
      AhRun *run = NULL;

      g_mutex_lock (&self->lock);
      if (self->open.head)
        run = ah_run_ref (self->open.head->data);
      g_mutex_unlock (&self->lock);
      if (run == NULL)
        return;

      ah_run_work (run, until);
      ah_run_unref (run);
    }
  while (g_get_monotonic_time () < until);
}

/* --- Those who wait --- */

void
ah_root_add_waiter (AhRoot *self, AhWaiter *waiter)
{
  g_mutex_lock (&self->lock);
  g_queue_push_tail_link (&self->waiters, &waiter->link);
  g_mutex_unlock (&self->lock);
}

void
ah_root_remove_waiter (AhRoot *self, AhWaiter *waiter)
{
  g_mutex_lock (&self->lock);
  g_queue_unlink (&self->waiters, &waiter->link);
  g_mutex_unlock (&self->lock);
}

void
ah_root_wake_waiters_locked (AhRoot *self)
{
  for (GList *l = self->waiters.head; l; l = l->next)
    ah_waiter_wake (l->data);
}

void
ah_root_wake_waiters (AhRoot *self)
{
  g_autoptr (AhWaiter) waiter = NULL;

  g_mutex_lock (&self->lock);
  waiter = wake_all_but_first_locked (self);
  g_mutex_unlock (&self->lock);

  if (waiter)
    ah_waiter_wake (waiter);
}

/* Has @watch posted when the run has finished; FALSE if it has already. */
gboolean
ah_root_watch (AhRoot *self, AhWatch *watch)
{
  gboolean listed = FALSE;

  g_mutex_lock (&self->lock);
  if (!self->finished)
    {
      watch->link.data = watch;
      watch->listed = listed = TRUE;
      g_queue_push_tail_link (&self->watches, &watch->link);
    }
  g_mutex_unlock (&self->lock);

  return listed;
}

/* Has @watch posted now, unless it has been. */
void
ah_root_post_watch (AhRoot *self, AhWatch *watch)
{
  g_mutex_lock (&self->lock);
  if (watch->listed)
    {
      watch->listed = FALSE;
      g_queue_unlink (&self->watches, &watch->link);
      ah_loop_post (watch->loop, &watch->item);
    }
  g_mutex_unlock (&self->lock);
}

/* Returns when whoever posted a watch does not use it any more. */
void
ah_root_pass_lock (AhRoot *self)
{
  g_mutex_lock (&self->lock);
  g_mutex_unlock (&self->lock);
}
