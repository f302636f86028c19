/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-root-private.h"

#include "asynchelp/core/ah-idle-event-loop-private.h"
#include "asynchelp/core/ah-invoke-private.h"

/*
 * Threads that wait for a run: the one that blocks on it, the worker of a background run, and those
 * that wait for a future.
 */

/* How long (µs) a thread that waits works, before it looks at what else it should serve. */
#define TURN_US 1000

/* How many nested batches are asked whether they need a loop, before it is taken for granted. */
#define MAX_BATCHES_LOOKED_INTO 64

/* --- Waiting --- */

static gboolean
is_working_helper (AhRoot *self)
{
  return self->helper_thread == g_thread_self () && g_atomic_int_get (&self->helper_works)
         && g_atomic_int_get (&self->n_starting) == 0;
}

static void
work (AhRoot *self)
{
  gboolean helps = is_working_helper (self);

  if (helps)
    self->helper_busy = TRUE;
  ah_root_work (self, g_get_monotonic_time () + TURN_US);
  if (helps)
    self->helper_busy = FALSE;
}

/*
 * Whether the waiting thread should work itself: the one that blocks does, unless it has a loop to
 * serve: a function that it was in could wait for one of the loop. Where nobody else can, everyone
 * does.
 */
static gboolean
should_work (AhRoot *self)
{
  if (g_atomic_int_get (&self->n_open) == 0)
    return FALSE;
  return is_working_helper (self) || ah_worker_pool_nobody_can (self->workers);
}

static gboolean
should_launch (AhRoot *self)
{
  return self->is_background && !g_atomic_int_get (&self->launched)
         && ah_worker_pool_nobody_can (self->workers);
}

/* A wait of the calling thread. */
typedef struct
{
  AhRoot *root;
  gboolean sleeps;
} Wait;

/*
 * A worker counts as waiting from its first sleep until it works again: in between it only looks,
 * and that must not make others believe that it could take something. That it attends to its run
 * is said first: what others then leave to it, they do on hearing that a worker waits.
 */
static void
set_sleeps (Wait *self, gboolean sleeps)
{
  if (self->sleeps == sleeps)
    return;

  self->sleeps = sleeps;
  if (sleeps)
    {
      g_atomic_int_inc (&self->root->n_attending);
      ah_worker_begin_wait (TRUE);
    }
  else
    {
      ah_worker_end_wait ();
      g_atomic_int_add (&self->root->n_attending, -1);
    }
}

/*
 * No worker can come for a run that was started on a context which a waiting thread serves: its
 * waiting could be for this very run. So that thread is asked to do the work. It does so beside its
 * context's dispatches, not in them: a function may want to wait there itself.
 */
typedef struct
{
  GMainContext *context;
  GQueue asking; /* AhRoot, with references */
} Serving;

/* Of the innermost wait of the thread. */
static __thread Serving *serving;

static gboolean
help_dispatch (AhLoopItem *item, gint64 until G_GNUC_UNUSED)
{
  AhRoot *self = AH_OWNER_OF (item, AhRoot, help);

  g_mutex_lock (&self->lock);
  self->help_asked = FALSE;
  g_mutex_unlock (&self->lock);

  if (serving && serving->context == g_source_get_context (g_main_current_source ()))
    g_queue_push_tail (&serving->asking, self);
  else
    ah_root_unref (self);
  return FALSE;
}

/* Turns in strands that nobody comes to take are for those who are there. */
void
ah_root_let_go_turns (AhRoot *self, gboolean overdue)
{
  g_autoptr (GPtrArray) runs = g_ptr_array_new_with_free_func ((GDestroyNotify) ah_run_unref);

  g_mutex_lock (&self->lock);
  for (GList *l = self->open.head; l; l = l->next)
    {
      AhRun *run = l->data;

      if (run->turns)
        g_ptr_array_add (runs, ah_run_ref (run));
    }
  g_mutex_unlock (&self->lock);

  for (guint i = 0; i < runs->len; i++)
    ah_run_let_go_turn (runs->pdata[i], overdue);
}

/* No worker can come: wakes those who wait, and asks the thread of the run's context. */
void
ah_root_ask_for_help (AhRoot *self)
{
  if (!ah_root_is_attended (self))
    ah_root_let_go_turns (self, FALSE);

  g_mutex_lock (&self->lock);
  ah_root_wake_waiters_locked (self);
  if (self->loop && !self->is_blocking && !self->ended && !self->help_asked)
    {
      self->help_asked = TRUE;
      ah_root_ref (self);
      ah_loop_item_init (&self->help, help_dispatch);
      ah_loop_post (self->loop, &self->help);
    }
  g_mutex_unlock (&self->lock);
}

/* For a run that is released: nobody has to help any more. */
void
ah_root_withdraw_help (AhRoot *self)
{
  gboolean withdrawn;

  g_mutex_lock (&self->lock);
  withdrawn = self->help_asked && ah_loop_withdraw (self->loop, &self->help);
  if (withdrawn)
    self->help_asked = FALSE;
  g_mutex_unlock (&self->lock);

  if (withdrawn)
    ah_root_unref (self);
}

static gboolean
is_over (gint *until, gint *interrupted)
{
  return g_atomic_int_get (until) || (interrupted && g_atomic_int_get (interrupted));
}

/* Works a turn for each run that asked, as long as nobody else can. */
static void
help_others (Serving *self, Wait *wait)
{
  for (guint n = self->asking.length; n; n--)
    {
      g_autoptr (AhRoot) root = g_queue_pop_head (&self->asking);

      if (g_atomic_int_get (&root->n_open) == 0 || !ah_worker_pool_nobody_can (root->workers))
        continue;

      set_sleeps (wait, FALSE);
      ah_root_work (root, g_get_monotonic_time () + TURN_US);
      if (g_atomic_int_get (&root->n_open) > 0)
        g_queue_push_tail (&self->asking, g_steal_pointer (&root));
      set_sleeps (wait, TRUE);
    }
}

/* What was left for the helper to take, it may be kept from by what its context dispatches now. */
static void
offer_rest (AhRoot *self)
{
  if (self->helper_thread == g_thread_self () && g_atomic_int_get (&self->n_open) > 0
      && !g_atomic_int_get (&self->source.attached))
    ah_worker_pool_attach (self->workers, &self->source, FALSE, NULL);
}

static void
wait_for (AhRoot *self, AhWaiter *waiter, gint *until, gint *interrupted)
{
  Serving here = { waiter->context, G_QUEUE_INIT };
  Serving *outer = serving;
  Wait wait = { self, FALSE };
  AhInvokeServer server;

  serving = &here;
  ah_invoke_server_begin (&server, waiter);
  while (!is_over (until, interrupted))
    {
      if (ah_invoke_server_is_asked (&server))
        {
          set_sleeps (&wait, FALSE);
          ah_invoke_server_serve (&server);
        }
      else if (should_work (self))
        {
          set_sleeps (&wait, FALSE);
          work (self);
          offer_rest (self);
          if (waiter->context)
            g_main_context_iteration (waiter->context, FALSE);
        }
      else if (should_launch (self))
        {
          set_sleeps (&wait, FALSE);
          ah_root_launch (self);
        }
      else if (here.asking.length)
        {
          help_others (&here, &wait);
          g_main_context_iteration (waiter->context, FALSE);
        }
      else
        {
          offer_rest (self);
          ah_waiter_prepare (waiter);
          set_sleeps (&wait, TRUE);
          if (!is_over (until, interrupted) && !should_work (self) && !should_launch (self)
              && !ah_invoke_server_is_asked (&server))
            ah_waiter_sleep (waiter);
          else
            ah_waiter_stay (waiter);
        }
    }
  set_sleeps (&wait, FALSE);
  ah_invoke_server_end (&server);

  serving = outer;
  g_queue_clear_full (&here.asking, (GDestroyNotify) ah_root_unref);
}

/* Until the run has finished, or *@interrupted (nullable) is set and the waiter woken. */
void
ah_root_wait (AhRoot *self, AhWaiter *waiter, gint *interrupted)
{
  ah_root_add_waiter (self, waiter);
  wait_for (self, waiter, &self->finished, interrupted);
  ah_root_remove_waiter (self, waiter);
}

/* --- Blocking --- */

/* Begins the run and brings it to its end, in the calling thread and with the help of workers. */
void
ah_root_serve (AhRoot *self)
{
  gboolean needs_loop = self->top->jobs.n_jobs > self->top->jobs.n_blocking;
  guint budget = MAX_BATCHES_LOOKED_INTO;
  gboolean works = self->top->is_batch ? !ah_batch_needs_loop (AH_BATCH (self->function), &budget)
                                       : !needs_loop;
  AhIdleLoop idle = { 0 };
  AhWorkerPlace place;
  AhWaiter *waiter;

  if (needs_loop)
    {
      ah_idle_loop_enter (&idle);
      self->loop = ah_loop_get (idle.context, self->top->priority);
    }

  waiter = ah_waiter_new (idle.context);
  self->helper_thread = g_thread_self ();
  self->helper_depth = g_main_depth ();
  g_atomic_int_set (&self->helper_works, works);
  g_mutex_lock (&self->lock);
  self->helper = waiter;
  g_mutex_unlock (&self->lock);
  ah_root_add_waiter (self, waiter);

  if (works)
    ah_worker_pool_begin_help (self->workers, &place);
  ah_root_begin (self);
  wait_for (self, waiter, &self->ended, NULL);
  if (works)
    ah_worker_pool_end_help (&place);

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
  return AH_OWNER_OF (source, AhRoot, launch);
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
  /* The worker that takes it is the one asked for: what it needs besides may wait. */
  self->admitted = TRUE;
  ah_work_source_init (&self->launch, &launch_class);

  return ah_worker_pool_attach (self->workers, &self->launch, self->run_now, error);
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
  AhInside inside = { .kind = AH_INSIDE_WAIT };

  if (!take_launch (self))
    return;

  ah_inside_push (&inside);
  ah_root_serve (self);
  ah_inside_pop (&inside);
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
