/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/pool/ah-turns-private.h"

struct _AhTurns
{
  gint ref_count; /* atomic */

  GMutex lock;    /* guards the rest; taken last */
  gboolean taken; /* somebody is inside, or was told that the turn is theirs */
  GQueue line;    /* AhTicket */
};

AhTurns *
ah_turns_new (void)
{
  AhTurns *self = g_new0 (AhTurns, 1);

  self->ref_count = 1;
  g_mutex_init (&self->lock);
  g_queue_init (&self->line);

  return self;
}

AhTurns *
ah_turns_ref (AhTurns *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
ah_turns_unref (AhTurns *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
push_locked (AhTurns *self, AhTicket *ticket)
{
  ticket->queued = TRUE;
  g_queue_push_tail_link (&self->line, &ticket->link);
}

/* Whose turn it is now; NULL if nobody waits. */
static AhTicket *
pop_locked (AhTurns *self)
{
  GList *link = g_queue_pop_head_link (&self->line);
  AhTicket *ticket;

  if (link == NULL)
    return NULL;

  ticket = link->data;
  ticket->queued = FALSE;
  return ticket;
}

/* TRUE if the turn is the caller's at once; else @ticket stands in the line. */
gboolean
ah_turns_take (AhTurns *self, AhTicket *ticket)
{
  gboolean free;

  g_mutex_lock (&self->lock);
  free = !self->taken;
  if (free)
    self->taken = TRUE;
  else
    push_locked (self, ticket);
  g_mutex_unlock (&self->lock);

  return free;
}

/* Leaves the line; FALSE if @ticket is on its way to be granted. */
gboolean
ah_turns_withdraw (AhTurns *self, AhTicket *ticket)
{
  gboolean queued;

  g_mutex_lock (&self->lock);
  queued = ticket->queued;
  if (queued)
    {
      g_queue_unlink (&self->line, &ticket->link);
      ticket->queued = FALSE;
    }
  g_mutex_unlock (&self->lock);

  return queued;
}

/*
 * One turn of the caller's is over, and it wants the next for @ticket: TRUE if that begins at once,
 * since nobody else waits. Else @ticket stands in the line, and it is the turn of @next.
 */
gboolean
ah_turns_go_on (AhTurns *self, AhTicket *ticket, AhTicket **next)
{
  g_mutex_lock (&self->lock);
  *next = pop_locked (self);
  if (*next)
    push_locked (self, ticket);
  g_mutex_unlock (&self->lock);

  return *next == NULL;
}

/* The same, where the caller cannot go on itself: somebody is next, maybe @ticket. */
AhTicket *
ah_turns_requeue (AhTurns *self, AhTicket *ticket)
{
  AhTicket *next;

  g_mutex_lock (&self->lock);
  push_locked (self, ticket);
  next = pop_locked (self);
  g_mutex_unlock (&self->lock);

  return next;
}

/*
 * Nobody has come for the turn in a long time, so it is another's: a thread's that sleeps, where
 * there is one. NULL if nobody else waits, so that it stays whose it is.
 */
AhTicket *
ah_turns_overtake (AhTurns *self)
{
  AhTicket *next = NULL;

  g_mutex_lock (&self->lock);
  for (GList *l = self->line.head; l && next == NULL; l = l->next)
    {
      AhTicket *candidate = l->data;

      if (candidate->klass->in_thread)
        next = candidate;
    }
  if (next)
    {
      g_queue_unlink (&self->line, &next->link);
      next->queued = FALSE;
    }
  else
    {
      next = pop_locked (self);
    }
  g_mutex_unlock (&self->lock);

  return next;
}

/* The caller's turn is over: whose it is now, or NULL. */
AhTicket *
ah_turns_end (AhTurns *self)
{
  AhTicket *next;

  g_mutex_lock (&self->lock);
  next = pop_locked (self);
  self->taken = next != NULL;
  g_mutex_unlock (&self->lock);

  return next;
}

/* Tells @ticket (NULL: nobody) that it is its turn, or else the next one that can make use of it.
 */
void
ah_turns_grant (AhTurns *self, AhTicket *ticket)
{
  while (ticket && !ticket->klass->granted (ticket))
    ticket = ah_turns_end (self);
}
