/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-root-private.h"

#include "asynchelp/core/ah-idle-event-loop-private.h"

/*
 * Threads that wait for a run: the one that blocks on it, the worker of a background run, and those that
 * wait for a future.
 */

/* How long (µs) the thread that blocks works before it looks at its loop. */
#define TURN_US 1000

/* --- Waiting --- */

static void
work (AhRoot *self)
{
  gboolean helper = self->helper_thread == g_thread_self ();

  if (helper)
    self->helper_works = TRUE;
  ah_root_work (self, g_get_monotonic_time () + TURN_US);
  if (helper)
    self->helper_works = FALSE;
}

/* Whether the waiting thread should take work: a helper unless its loop needs it, everyone if nobody else
 * can. */
static gboolean
should_work (AhRoot *self, gboolean helps)
{
  if (g_atomic_int_get (&self->n_open) == 0)
    return FALSE;
  if (helps && g_atomic_int_get (&self->loop_work) == 0)
    return TRUE;
  return ah_worker_pool_nobody_can (self->workers);
}

static gboolean
should_launch (AhRoot *self)
{
  return self->is_background && !g_atomic_int_get (&self->launched)
         && ah_worker_pool_nobody_can (self->workers);
}

static void
wait_for (AhRoot *self, AhWaiter *waiter, gboolean helps, gint *until, gint *interrupted)
{
  gboolean counted = FALSE;

  while (!g_atomic_int_get (until) && !(interrupted && g_atomic_int_get (interrupted)))
    {
      if (should_work (self, helps))
        {
          if (helps && !counted)
            ah_worker_pool_begin_help (self->workers);
          counted = helps;

          work (self);
          /* Its loop may need it too, where nobody else can do the work. */
          if (waiter->context && g_atomic_int_get (&self->loop_work) > 0)
            g_main_context_iteration (waiter->context, FALSE);
          continue;
        }
      if (should_launch (self))
        {
          ah_root_launch (self);
          continue;
        }

      if (counted)
        ah_worker_pool_end_help (self->workers);
      counted = FALSE;
      /* What was left to this thread, and now is not. */
      if (helps && g_atomic_int_get (&self->n_open) > 0
          && !g_atomic_int_get (&self->source.attached))
        ah_worker_pool_attach (self->workers, &self->source, NULL);

      ah_waiter_prepare (waiter);
      ah_worker_begin_wait ();
      if (!g_atomic_int_get (until) && !(interrupted && g_atomic_int_get (interrupted))
          && !should_work (self, helps) && !should_launch (self))
        ah_waiter_sleep (waiter);
      else
        ah_waiter_stay (waiter);
      ah_worker_end_wait ();
    }

  if (counted)
    ah_worker_pool_end_help (self->workers);
}

/* Until the run has finished, or *@interrupted (nullable) is set and the waiter woken. */
void
ah_root_wait (AhRoot *self, AhWaiter *waiter, gint *interrupted)
{
  ah_root_add_waiter (self, waiter);
  wait_for (self, waiter, FALSE, &self->finished, interrupted);
  ah_root_remove_waiter (self, waiter);
}

/* --- Blocking --- */

/* Begins the run and brings it to its end, in the calling thread and with the help of workers. */
void
ah_root_serve (AhRoot *self)
{
  gboolean needs_loop = self->top->jobs.n_jobs > self->top->jobs.n_blocking;
  AhIdleLoop idle = { 0 };
  AhWaiter *waiter;

  if (needs_loop)
    {
      ah_idle_loop_enter (&idle);
      self->loop = ah_loop_get (idle.context, self->top->priority);
    }

  waiter = ah_waiter_new (idle.context);
  self->helper_thread = g_thread_self ();
  g_mutex_lock (&self->lock);
  self->helper = waiter;
  g_mutex_unlock (&self->lock);
  ah_root_add_waiter (self, waiter);

  ah_root_begin (self);
  wait_for (self, waiter, TRUE, &self->ended, NULL);

  ah_root_remove_waiter (self, waiter);
  g_mutex_lock (&self->lock);
  self->helper = NULL;
  g_mutex_unlock (&self->lock);
  ah_waiter_unref (waiter);

  if (needs_loop)
    ah_idle_loop_leave (&idle);
}

/* --- Background --- */

static AhRoot *
root_of_launch (AhWorkSource *source)
{
  return (AhRoot *) ((char *) source - G_STRUCT_OFFSET (AhRoot, launch));
}

static void
launch_ref (AhWorkSource *source)
{
  ah_root_ref (root_of_launch (source));
}

static void
launch_unref (AhWorkSource *source)
{
  ah_root_unref (root_of_launch (source));
}

static gboolean
launch_has_work (AhWorkSource *source)
{
  return !g_atomic_int_get (&root_of_launch (source)->launched);
}

static guint
launch_count (AhWorkSource *source)
{
  return launch_has_work (source) ? 1 : 0;
}

static void
launch_work (AhWorkSource *source)
{
  ah_root_launch (root_of_launch (source));
}

static void
launch_nobody_can (AhWorkSource *source)
{
  ah_root_wake_waiters (root_of_launch (source));
}

static const AhWorkSourceClass launch_class = {
  .ref = launch_ref,
  .unref = launch_unref,
  .has_work = launch_has_work,
  .count = launch_count,
  .work = launch_work,
  .nobody_can = launch_nobody_can,
};

/* Has the run begun by a worker, which then blocks on it. */
gboolean
ah_root_queue (AhRoot *self, GError **error)
{
  self->is_blocking = TRUE;
  self->is_background = TRUE;
  ah_work_source_init (&self->launch, &launch_class);

  return ah_worker_pool_attach (self->workers, &self->launch, error);
}

static gboolean
take_launch (AhRoot *self)
{
  if (!g_atomic_int_compare_and_exchange (&self->launched, FALSE, TRUE))
    return FALSE;

  ah_worker_pool_detach (self->workers, &self->launch);
  return TRUE;
}

/* Runs what was queued, unless another thread does. */
void
ah_root_launch (AhRoot *self)
{
  if (!take_launch (self))
    return;

  ah_root_serve (self);
  ah_root_finish (self);
}

/* Ends a queued run that was stopped, if nobody has begun it: it does not wait for its turn. */
void
ah_root_launch_stopped (AhRoot *self)
{
  if (!self->is_background || !take_launch (self))
    return;

  ah_root_begin (self);
  ah_root_finish (self);
}
