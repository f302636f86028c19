/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-idle-event-loop-private.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "asynchelp/ah-owner-private.h"

/* How many times a loop that is left dispatches what is ready: enough for chains of a few
 * callbacks, and an end where something is always ready. */
#define MAX_LAST_ITERATIONS 100

static __thread AhIdleLoop *innermost;

/*
 * The initial thread of a process has the process's own number. Where threads have no such numbers,
 * the thread that loaded the library is taken for it.
 */
gboolean
ah_is_main_thread (void)
{
  /* A child process has another number: its only thread, which forked, is asked again. */
  static __thread pid_t asked_in;
  static __thread gboolean is_main;
  pid_t pid = getpid ();

  if (asked_in != pid)
    {
      is_main = syscall (SYS_gettid) == pid;
      asked_in = pid;
    }

  return is_main;
}

/*
 * The context that is the thread's own and idle, acquired; or NULL.
 *
 * Inside a dispatch, acquiring succeeds all the same, and a context that was pushed has an owner
 * while nobody runs it: only the depth tells. And only the main thread may take the default context
 * for its own: any other would dispatch the main thread's sources.
 */
static GMainContext *
acquire_own_context (void)
{
  GMainContext *context = g_main_context_get_thread_default ();

  if (g_main_depth () > 0)
    return NULL;
  if (context == NULL && ah_is_main_thread ())
    context = g_main_context_default ();
  if (context == NULL || !g_main_context_acquire (context))
    return NULL;

  return g_main_context_ref (context);
}

void
ah_idle_loop_enter (AhIdleLoop *self)
{
  self->context = acquire_own_context ();
  self->fresh = self->context == NULL;
  if (self->fresh)
    {
      self->context = g_main_context_new ();
      g_main_context_push_thread_default (self->context);
    }
  self->thread = g_thread_self ();
  self->to_leave = FALSE;
  self->entered = TRUE;
  self->outer = innermost;
  innermost = self;
}

/* What ends on the fresh context has to get its callbacks now: nobody will ever run it again. */
static void
leave_innermost (void)
{
  AhIdleLoop *self = innermost;

  if (self->fresh)
    {
      for (guint i = 0; i < MAX_LAST_ITERATIONS; i++)
        {
          if (!g_main_context_iteration (self->context, FALSE))
            break;
        }
    }

  innermost = self->outer;
  self->entered = FALSE;
  if (self->fresh)
    g_main_context_pop_thread_default (self->context);
  else
    g_main_context_release (self->context);
  g_clear_pointer (&self->context, g_main_context_unref);
}

/*
 * FALSE, with a critical, if the thread is another, or if loops inside it have not been left yet:
 * in that case it is left together with those.
 */
gboolean
ah_idle_loop_leave (AhIdleLoop *self)
{
  if (self->thread != g_thread_self ())
    {
      g_critical ("An idle event loop has to be left in the thread that entered it");
      return FALSE;
    }
  if (innermost != self)
    {
      g_critical ("Idle event loops have to be left in the opposite order of entering: "
                  "leave those entered after this one first");
      self->to_leave = TRUE;
      return FALSE;
    }

  leave_innermost ();
  while (innermost && innermost->to_leave)
    {
      AhIdleLoop *late = innermost;

      leave_innermost ();
      if (late->left_late)
        late->left_late (late);
    }

  return TRUE;
}

/*
 * Whether nobody dispatches @context as long as the calling thread waits in another one: it is the
 * thread's own, or it is the default one, which the main thread alone is expected to run.
 */
gboolean
ah_idle_loop_stands_still (GMainContext *context)
{
  if (g_main_context_is_owner (context))
    return TRUE;
  if (context != g_main_context_default () || !ah_is_main_thread ()
      || !g_main_context_acquire (context))
    return FALSE;

  g_main_context_release (context);
  return TRUE;
}

struct _AhIdleEventLoop
{
  gatomicrefcount ref_count;
  gboolean left; /* ah_idle_event_loop_leave () was called */
  AhIdleLoop loop;
};

G_DEFINE_BOXED_TYPE (AhIdleEventLoop,
                     ah_idle_event_loop,
                     ah_idle_event_loop_ref,
                     ah_idle_event_loop_unref)

static void
unref_left_late (AhIdleLoop *loop)
{
  ah_idle_event_loop_unref (AH_OWNER_OF (loop, AhIdleEventLoop, loop));
}

/**
 * ah_idle_event_loop_enter: (constructor)
 *
 * Enters a main context that is safe to iterate, and makes it the thread default.
 *
 * If the calling thread is in no dispatch and has a context of its own (one that it pushed as
 * thread default; the main thread: the default one), which can be acquired, then this is the one.
 * Otherwise it is a fresh one. Either way it stays acquired until [method@IdleEventLoop.leave],
 * which has to be called in the same thread; entered loops nest.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): the entered loop
 */
AhIdleEventLoop *
ah_idle_event_loop_enter (void)
{
  AhIdleEventLoop *self = g_new0 (AhIdleEventLoop, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->loop.left_late = unref_left_late;
  ah_idle_loop_enter (&self->loop);
  return self;
}

/**
 * ah_idle_event_loop_get_context:
 * @self: an entered loop
 *
 * Gets the main context, to iterate it or to run a [struct@GLib.MainLoop] on it.
 *
 * Must be called in the thread that entered @self.
 *
 * Returns: (transfer none) (nullable): the context, or %NULL once the loop has been left
 */
GMainContext *
ah_idle_event_loop_get_context (AhIdleEventLoop *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->loop.context;
}

/**
 * ah_idle_event_loop_leave:
 * @self: (transfer full): an entered loop
 *
 * Leaves the loop, and restores what was thread default before.
 *
 * What is ready on a fresh context is dispatched first, a bounded number of times.
 *
 * Must be called in the thread that entered @self; elsewhere it is a critical, and changes nothing.
 * Leaving before the loops that were entered inside @self is a critical too; @self is then left as
 * soon as those are.
 */
void
ah_idle_event_loop_leave (AhIdleEventLoop *self)
{
  g_return_if_fail (self != NULL);

  if (self->left)
    {
      g_critical ("An idle event loop can be left only once");
    }
  else if (self->loop.thread == g_thread_self ())
    {
      self->left = TRUE;
      /* Kept in the thread's list, if it was too early. */
      if (!ah_idle_loop_leave (&self->loop))
        return;
    }
  else
    {
      ah_idle_loop_leave (&self->loop);
    }
  ah_idle_event_loop_unref (self);
}

/**
 * ah_idle_event_loop_ref:
 * @self: a loop
 *
 * Takes a reference, which keeps the memory alone.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): @self
 */
AhIdleEventLoop *
ah_idle_event_loop_ref (AhIdleEventLoop *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * ah_idle_event_loop_unref:
 * @self: (transfer full): a loop
 *
 * Drops a reference. The last one leaves the loop, if that was forgotten.
 *
 * May be called from any thread; the last one from the thread that entered the loop.
 */
void
ah_idle_event_loop_unref (AhIdleEventLoop *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  /* The thread's list still leads here: better a leak than a dangling entry. */
  if (self->loop.entered && !ah_idle_loop_leave (&self->loop))
    return;
  g_free (self);
}
