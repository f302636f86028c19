/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * A thread that sleeps until something happens: on a condition, or in a main context,
 * which it serves meanwhile. Any thread may wake it, also when it is over: whoever wakes has a
 * reference.
 */
typedef struct
{
  gint          ref_count; /* atomic */
  GMutex        lock;
  GCond         cond;
  gboolean      woken;    /* guarded by the lock */
  gboolean      in_cond;  /* likewise: the sleeper waits on the condition */
  gint          sleeping; /* atomic; set before the sleeper looks once more for what it waits for */
  GMainContext *context;  /* constant; a reference, or NULL */
  GList         link;     /* for the list of what it waits for */
} AhWaiter;

AhWaiter *ah_waiter_new     (GMainContext *context);
AhWaiter *ah_waiter_ref     (AhWaiter     *self);
void      ah_waiter_unref   (AhWaiter     *self);
void      ah_waiter_prepare (AhWaiter     *self);
void      ah_waiter_sleep   (AhWaiter     *self);
void      ah_waiter_stay    (AhWaiter     *self);
void      ah_waiter_wake    (AhWaiter     *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AhWaiter, ah_waiter_unref)

/* What ends a wait early: wakes the waiter when it is cancelled. */
typedef struct
{
  gint          ref_count; /* atomic */
  gint          cancelled; /* atomic */
  AhWaiter     *waiter;
  GCancellable *cancellable;
  gulong        id;
} AhWaitCancel;

AhWaitCancel *ah_wait_cancel_new  (GCancellable *cancellable,
                                   AhWaiter     *waiter);
void          ah_wait_cancel_free (AhWaitCancel *self);

static inline gboolean
ah_wait_cancel_is_cancelled (AhWaitCancel *self)
{
  return self && g_atomic_int_get (&self->cancelled);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AhWaitCancel, ah_wait_cancel_free)

G_END_DECLS
