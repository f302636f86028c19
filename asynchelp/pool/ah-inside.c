/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/pool/ah-inside-private.h"

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/ah-owner-private.h"
#include "asynchelp/pool/ah-waiter-private.h"
#include "asynchelp/pool/ah-worker-pool-private.h"

static __thread AhInside *innermost;

AhInside *
ah_inside_get (void)
{
  return innermost;
}

AhInside *const *
ah_inside_peek (void)
{
  return &innermost;
}

/* --- Waiting for a turn --- */

typedef struct
{
  AhTicket ticket;
  AhWaiter *waiter; /* the thread's reference */
  gint granted;     /* atomic */
} ThreadTicket;

static gboolean
thread_granted (AhTicket *ticket)
{
  ThreadTicket *self = AH_OWNER_OF (ticket, ThreadTicket, ticket);
  AhWaiter *waiter = ah_waiter_ref (self->waiter);

  /* The thread may see this at once, and its ticket is gone then. */
  g_atomic_int_set (&self->granted, TRUE);
  ah_waiter_wake (waiter);
  ah_waiter_unref (waiter);

  return TRUE;
}

static const AhTicketClass thread_class = { .granted = thread_granted, .in_thread = TRUE };

/* FALSE if @cancel says so and the turn did not come before. */
static gboolean
sleep_until_granted (AhTurns *turns, ThreadTicket *ticket, AhWaitCancel *cancel)
{
  for (;;)
    {
      ah_waiter_prepare (ticket->waiter);
      if (g_atomic_int_get (&ticket->granted))
        return TRUE;
      if (ah_wait_cancel_is_cancelled (cancel))
        {
          if (ah_turns_withdraw (turns, &ticket->ticket))
            return FALSE;
          /* It is being granted just now. */
          cancel = NULL;
          continue;
        }
      ah_waiter_sleep (ticket->waiter);
    }
}

/* Waits for a turn of the calling thread, which has none. */
gboolean
ah_inside_take (AhTurns *turns, GCancellable *cancellable, GError **error)
{
  ThreadTicket ticket = { .granted = FALSE };
  gboolean granted;

  ah_ticket_init (&ticket.ticket, &thread_class);
  ticket.waiter = ah_waiter_new (NULL);

  granted = ah_turns_take (turns, &ticket.ticket);
  if (!granted)
    {
      g_autoptr (AhWaitCancel) cancel = ah_wait_cancel_new (cancellable, ticket.waiter);

      ah_worker_begin_wait (FALSE);
      granted = sleep_until_granted (turns, &ticket, cancel);
      ah_worker_end_wait ();
    }
  ah_waiter_unref (ticket.waiter);

  if (!granted)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                         _ ("The wait for a turn in the strand was cancelled"));
  return granted;
}

/* --- The stack --- */

/* A thread ends inside of what it entered by hand: the turn is not lost. */
static void
on_thread_end (gpointer data G_GNUC_UNUSED)
{
  if (innermost)
    ah_inside_clean (NULL);
}

static GPrivate watched = G_PRIVATE_INIT (on_thread_end);

/* To be pushed by the caller, and left with ah_inside_leave (). */
AhInside *
ah_inside_new (AhInsideKind kind)
{
  AhInside *self = g_new0 (AhInside, 1);

  self->kind = kind;
  g_private_set (&watched, &watched);

  return self;
}

static void
suspend (AhInside *self)
{
  if (self->suspend)
    self->suspend (self);
  else
    ah_turns_grant (self->turns, ah_turns_end (self->turns));
}

/* Puts @self, filled in but for its turn, on top: whatever turn the thread has ends. */
void
ah_inside_push (AhInside *self)
{
  if (innermost && innermost->turns)
    suspend (innermost);
  self->outer = innermost;
  innermost = self;
}

/* Takes @self, whose turn has ended, away, and what functions have left on top of it. Where there
 * is a turn to come back to, it is waited for, however long that takes: the function cannot go on
 * without it. */
void
ah_inside_pop (AhInside *self)
{
  if (innermost != self)
    ah_inside_clean (self);
  innermost = self->outer;
  if (innermost && innermost->turns)
    ah_inside_take (innermost->turns, NULL, NULL);
}

/* Leaves what was entered by hand, and is on top. */
void
ah_inside_leave (AhInside *self)
{
  if (self->kind == AH_INSIDE_STRAND)
    ah_turns_grant (self->turns, ah_turns_end (self->turns));

  ah_inside_pop (self);

  if (self->kind == AH_INSIDE_REGION)
    ah_worker_end_wait ();
  g_clear_pointer (&self->turns, ah_turns_unref);
  g_clear_object (&self->strand);
  g_free (self);
}

/* A function that was called with @self on top has left other things there: leaves them. */
void
ah_inside_clean (AhInside *self)
{
  while (innermost != self)
    {
      if (innermost->kind == AH_INSIDE_STRAND)
        g_critical ("A function returned inside a strand that it had entered: "
                    "each ah_strand_enter () needs its ah_strand_leave () in the same function");
      else
        g_critical ("A function returned inside a blocking region: "
                    "each ah_blocking_begin () needs its ah_blocking_end () in the same function");
      ah_inside_leave (innermost);
    }
}

/* The cancellable of the function that the calling thread is in, whoever called that; or NULL. */
GCancellable *
ah_inside_get_cancellable (void)
{
  AhInside *inside = innermost;

  while (inside && (inside->kind == AH_INSIDE_REGION || inside->kind == AH_INSIDE_STRAND))
    inside = inside->outer;

  return inside ? inside->cancellable : NULL;
}
