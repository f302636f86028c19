/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/pool/ah-waiter-private.h"

/* @context: the caller's own, which nobody else iterates before the waiter is done; or NULL */
AhWaiter *
ah_waiter_new (GMainContext *context)
{
  AhWaiter *self = g_new0 (AhWaiter, 1);

  self->ref_count = 1;
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->context = context ? g_main_context_ref (context) : NULL;
  self->link.data = self;

  return self;
}

AhWaiter *
ah_waiter_ref (AhWaiter *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
ah_waiter_unref (AhWaiter *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_clear_pointer (&self->context, g_main_context_unref);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  g_free (self);
}

/*
 * What is woken for from here on ends the next sleep. To be followed by one more look at what is
 * waited for, and then by ah_waiter_sleep ().
 */
void
ah_waiter_prepare (AhWaiter *self)
{
  g_mutex_lock (&self->lock);
  self->woken = FALSE;
  g_mutex_unlock (&self->lock);
  g_atomic_int_set (&self->sleeping, TRUE);
}

/* Sleeps until it is woken; in a main context, also until anything was dispatched. */
void
ah_waiter_sleep (AhWaiter *self)
{
  if (self->context)
    {
      gboolean woken;

      g_mutex_lock (&self->lock);
      woken = self->woken;
      g_mutex_unlock (&self->lock);
      g_main_context_iteration (self->context, !woken);
    }
  else
    {
      g_mutex_lock (&self->lock);
      self->in_cond = TRUE;
      while (!self->woken)
        g_cond_wait (&self->cond, &self->lock);
      self->in_cond = FALSE;
      g_mutex_unlock (&self->lock);
    }
  g_atomic_int_set (&self->sleeping, FALSE);
}

/* Does not sleep after all. */
void
ah_waiter_stay (AhWaiter *self)
{
  g_atomic_int_set (&self->sleeping, FALSE);
}

/*
 * The caller, or the list that the waiter stands in, keeps it meanwhile. One that does not sleep
 * looks before it does: it costs no call to the system, and it is often the caller itself.
 */
void
ah_waiter_wake (AhWaiter *self)
{
  gboolean in_cond;

  g_mutex_lock (&self->lock);
  self->woken = TRUE;
  in_cond = self->in_cond;
  g_mutex_unlock (&self->lock);

  if (in_cond)
    g_cond_signal (&self->cond);
  else if (self->context && g_atomic_int_get (&self->sleeping))
    g_main_context_wakeup (self->context);
}

/* --- Cancelling --- */

static void
wait_cancel_unref (gpointer data, GClosure *closure G_GNUC_UNUSED)
{
  AhWaitCancel *self = data;

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  ah_waiter_unref (self->waiter);
  g_free (self);
}

static void
on_cancelled (GCancellable *cancellable G_GNUC_UNUSED, gpointer data)
{
  AhWaitCancel *self = data;

  g_atomic_int_set (&self->cancelled, TRUE);
  ah_waiter_wake (self->waiter);
}

/* NULL for no @cancellable (which the caller keeps), since there is nothing to watch. */
AhWaitCancel *
ah_wait_cancel_new (GCancellable *cancellable, AhWaiter *waiter)
{
  AhWaitCancel *self;

  if (cancellable == NULL)
    return NULL;

  /* The handler may still be running in another thread when it is disconnected: it has a reference
   * of its own. */
  self = g_new0 (AhWaitCancel, 1);
  self->ref_count = 2;
  self->waiter = ah_waiter_ref (waiter);
  self->cancellable = cancellable;
  self->id = g_signal_connect_data (cancellable, "cancelled", G_CALLBACK (on_cancelled), self,
                                    wait_cancel_unref, 0);
  if (g_cancellable_is_cancelled (cancellable))
    g_atomic_int_set (&self->cancelled, TRUE);

  return self;
}

void
ah_wait_cancel_free (AhWaitCancel *self)
{
  if (self == NULL)
    return;

  g_signal_handler_disconnect (self->cancellable, self->id);
  wait_cancel_unref (self, NULL);
}
