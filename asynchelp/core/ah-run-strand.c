/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-root-private.h"

/*
 * Runs whose blocking functions have their turns in a strand.
 *
 * A run stands in the line of its strand once, whatever number of functions it has left. While it
 * stands there, or one of its functions is inside, there is nothing to claim in it: workers do
 * other work. Where there is something to claim, one of these holds, so that none is forgotten:
 * the run is open; it stands in the line, and is opened when its turn comes; or the thread whose
 * function is inside looks after it.
 */

/* A function of a run that is inside. */
typedef struct
{
  AhInside inside;
  AhRun *run;
  gboolean has_run_turn; /* FALSE from the first wait on: the run's turn is then another's matter */
} Turn;

/* Whether a thread will come for what the run has to claim. */
static gboolean
is_attended (AhRun *self)
{
  return ah_root_is_attended (self->root) || !ah_worker_pool_nobody_can (self->root->workers);
}

/* Where nobody comes, the turn is not kept from others: the run is open, and asks again when a
 * thread takes it up. */
static gboolean
ticket_granted (AhTicket *ticket)
{
  AhRun *self = AH_OWNER_OF (ticket, AhRun, ticket);
  gboolean attended = is_attended (self);
  gboolean wanted;

  g_mutex_lock (&self->lock);
  wanted = ah_run_count_locked (self) > 0;
  self->turn = wanted && attended ? AH_TURN_GRANTED : AH_TURN_NONE;
  self->overdue = FALSE;
  g_mutex_unlock (&self->lock);

  if (wanted)
    ah_root_open (self->root, self);
  ah_run_unref (self);

  return wanted && attended;
}

static const AhTicketClass ticket_class = { .granted = ticket_granted };

void
ah_run_init_strand (AhRun *self)
{
  ah_ticket_init (&self->ticket, &ticket_class);
  g_atomic_int_set (&self->root->source.has_turns, TRUE);
}

/* The run's ticket, which keeps it, was put into the line, and cannot be granted before the lock is
 * let go of. */
static void
wait_for_turn_locked (AhRun *self)
{
  self->turn = AH_TURN_WAITING;
  ah_run_ref (self);
}

/* TRUE if the calling thread may claim a function and call it. If not, another thread may now, or
 * the run will be opened. */
static gboolean
take_turn (AhRun *self)
{
  gboolean taken = FALSE;

  g_mutex_lock (&self->lock);
  if (self->turn == AH_TURN_GRANTED)
    taken = TRUE;
  else if (self->turn != AH_TURN_NONE || ah_run_count_locked (self) == 0)
    taken = FALSE;
  else if (ah_turns_take (self->turns, &self->ticket))
    taken = TRUE;
  else
    wait_for_turn_locked (self);
  if (taken)
    self->turn = AH_TURN_TAKEN;
  g_mutex_unlock (&self->lock);

  return taken;
}

static void
end_turn (AhRun *self)
{
  AhTicket *next;

  g_mutex_lock (&self->lock);
  self->turn = AH_TURN_NONE;
  next = ah_turns_end (self->turns);
  g_mutex_unlock (&self->lock);

  ah_turns_grant (self->turns, next);
}

/* The function that was inside waits: others of the run may come in meanwhile. */
static void
suspend_turn (AhInside *inside)
{
  Turn *turn = AH_OWNER_OF (inside, Turn, inside);
  AhRun *self = turn->run;
  AhTicket *next;

  g_mutex_lock (&self->lock);
  if (turn->has_run_turn && ah_run_count_locked (self) > 0)
    {
      next = ah_turns_requeue (self->turns, &self->ticket);
      wait_for_turn_locked (self);
    }
  else
    {
      if (turn->has_run_turn)
        self->turn = AH_TURN_NONE;
      next = ah_turns_end (self->turns);
    }
  turn->has_run_turn = FALSE;
  g_mutex_unlock (&self->lock);

  ah_turns_grant (self->turns, next);
}

/* The function that was inside has ended. TRUE if the thread, which wants to if it @goes_on, may
 * claim and call another one of the run. */
static gboolean
next_turn (AhRun *self, Turn *turn, gboolean goes_on)
{
  AhTicket *next = NULL;
  gboolean taken = FALSE;

  g_mutex_lock (&self->lock);
  /* With a limit, the function that has ended is not counted yet, and may let another one begin. */
  if (!self->limit && ah_run_count_locked (self) == 0)
    goes_on = FALSE;
  if (turn->has_run_turn && goes_on)
    {
      taken = ah_turns_go_on (self->turns, &self->ticket, &next);
      if (!taken)
        wait_for_turn_locked (self);
    }
  else
    {
      if (turn->has_run_turn)
        self->turn = AH_TURN_NONE;
      next = ah_turns_end (self->turns);
    }
  g_mutex_unlock (&self->lock);

  ah_turns_grant (self->turns, next);
  return taken || (goes_on && !turn->has_run_turn && take_turn (self));
}

/* Calls a function inside the strand. TRUE if the thread may go on with the next. */
static gboolean
call_in_turn (AhRun *self, guint index, const AhJob *job, gint64 until)
{
  Turn turn = { .inside = { .kind = AH_INSIDE_FUNCTIONS,
                            .cancellable = self->cancellable,
                            .suspend = suspend_turn },
                .run = self,
                .has_run_turn = TRUE };

  ah_inside_push (&turn.inside);
  turn.inside.turns = self->turns;
  ah_run_call (self, index, job);
  ah_inside_pop (&turn.inside);

  return next_turn (self, &turn, g_get_monotonic_time () < until);
}

/* Claims and calls functions, in their turns, until @until (µs, monotonic), or until there are
 * none, or it is another's turn. */
void
ah_run_work_in_turns (AhRun *self, gint64 until)
{
  gboolean has_turn = take_turn (self);
  guint index = AH_NOTHING_LEFT;

  if (has_turn)
    index = self->limit ? ah_run_advance (self, FALSE, TRUE)
                        : ah_claims_refill (&self->claims, NULL, 1);

  while (index != AH_NOTHING_LEFT)
    {
      const AhJob *job = ah_job_view_get (&self->jobs, index);
      gboolean calls = ah_job_is_blocking (job) && ah_run_is_going_on (self);

      if (calls)
        has_turn = call_in_turn (self, index, job, until);

      if (self->limit)
        index = ah_run_advance (self, TRUE, has_turn);
      else
        index = has_turn ? ah_claims_refill (&self->claims, NULL, 1) : AH_NOTHING_LEFT;
      ah_run_account (self, 1, calls);
    }

  if (has_turn)
    end_turn (self);
  if (ah_run_count (self) > 0 && !g_atomic_int_get (&self->open))
    ah_root_open (self->root, self);
}

/* The run has nothing to claim any more. */
void
ah_run_drop_turn (AhRun *self)
{
  AhTicket *next = NULL;
  gboolean withdrawn;

  g_mutex_lock (&self->lock);
  /* If it is in the line no more, it is being granted, and not wanted then. */
  withdrawn = self->turn == AH_TURN_WAITING && ah_turns_withdraw (self->turns, &self->ticket);
  if (self->turn == AH_TURN_GRANTED)
    next = ah_turns_end (self->turns);
  if (withdrawn || self->turn == AH_TURN_GRANTED)
    self->turn = AH_TURN_NONE;
  g_mutex_unlock (&self->lock);

  ah_turns_grant (self->turns, next);
  if (withdrawn)
    ah_run_unref (self);
}

/*
 * The turn that the run was granted is others', and the run asks again when a thread has come for
 * it. If nobody can, at once; where it is only @overdue, when that was said before and somebody
 * waits: workers are in other functions, and it may take them long.
 */
void
ah_run_let_go_turn (AhRun *self, gboolean overdue)
{
  AhTicket *next = NULL;

  g_mutex_lock (&self->lock);
  if (self->turn == AH_TURN_GRANTED && overdue)
    {
      if (self->overdue)
        next = ah_turns_overtake (self->turns);
      self->overdue = TRUE;
      if (next)
        self->turn = AH_TURN_NONE;
    }
  else if (self->turn == AH_TURN_GRANTED)
    {
      self->turn = AH_TURN_NONE;
      next = ah_turns_end (self->turns);
    }
  g_mutex_unlock (&self->lock);

  ah_turns_grant (self->turns, next);
}
