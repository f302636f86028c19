/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "asynchelp/pool/ah-growth-private.h"

/*
 * While CPUs are idle and jobs wait, more workers finish the jobs sooner; beyond that they only
 * take turns. So the question is how many CPUs are left over by workers that run or want to run,
 * and how many more workers it takes to fill them.
 *
 * Sleeping workers need a thousand, and soon: the step doubles from reading to reading. Workers
 * that sleep now and compute later would be far too many that way, and a thread once started is
 * not taken back for a while. So an average over some time says how much of a CPU a worker needs,
 * and growth stops at the number of workers that fills the CPUs at that rate.
 */

/* How much of a CPU must be spare; less is noise. */
#define ENOUGH_TO_SPARE 0.5

/* What part of the CPUs to fill by the average. What is left out is for its error: a worker too few
 * is added with the next reading, one too many stays. */
#define FILL 0.8

/* How much of the waiting counts in the average. Workers that slept alike wake alike, and wait for
 * each other while the CPUs are idle at other times: counted in full, this looks like a machine
 * that is always full. Not counted at all, CPUs that other processes hold would look idle. */
#define WAIT_SHARE 0.25

/* The time constant of the average: a few of the usual waits for a disk or a network. Longer, and
 * it takes too long to notice that those who computed now sleep. It grows with the time watched, so
 * that short swings of what has long been going on bring no threads. */
#define MEMORY_NS 60e6
#define MAX_MEMORY_NS 200e6

/* The average says little before this. */
#define LEAP_AFTER_NS 40000000

/* How many readings in a row must find a CPU to spare after one that found none: a worker whose
 * wait for a CPU goes on is not accounted yet, and looks asleep. */
#define PATIENCE_AFTER_FULL 2

/* The same, if it is known that the machine as a whole has no idle CPU: then other processes have
 * those that our workers leave over. */
#define PATIENCE_IF_BUSY 3

/* For how long no function may begin, at first. Much longer than most functions take, or the time
 * until load alone has brought more threads. */
#define STANDSTILL_NS 250000000

/* How long it takes at most, within one standstill, from one thread to the next. */
#define MAX_STANDSTILL_NS 4000000000

/* How soon after a thread was added it is taken for the cause of what begins. */
#define EFFECT_NS 30000000

/* Takes @reading into the average. Returns how many CPUs our workers leave over now. */
static double
update (const AhGrowthReading *reading, AhGrowthState *state)
{
  double interval = reading->interval_ns;
  double running = reading->run_ns / interval;
  double waiting = reading->wait_ns / interval;
  double spare = reading->n_cpus - running - waiting;
  double memory = CLAMP (state->watched_ns / 4.0, MEMORY_NS, MAX_MEMORY_NS);
  double weight = state->watched_ns == 0 ? 1 : interval / (interval + memory);
  double demand;

  /* Full is full: the longest queue for a moment must not outweigh a long time of sleep. */
  running = MIN (running, reading->n_cpus);
  demand = running + WAIT_SHARE * MIN (waiting, reading->n_cpus - running);

  state->demand += weight * (demand - state->demand);
  state->n_threads += weight * (reading->n_threads - state->n_threads);
  state->watched_ns += reading->interval_ns;

  return spare;
}

/* How many workers are missing to fill the CPUs, if each needs what they needed on average.
 * Never more than there can be. */
static guint
count_missing (const AhGrowthReading *reading, const AhGrowthState *state)
{
  guint most = reading->max_threads - reading->n_threads;
  double wanted;

  if (state->demand <= 0)
    return most;

  /* Workers that do nothing but compute fill the CPUs only if there is one for each. */
  wanted = FILL * reading->n_cpus * state->n_threads / state->demand;
  wanted = MAX (wanted, reading->n_cpus);
  if (wanted >= reading->max_threads)
    return most;

  return wanted > reading->n_threads ? (guint) wanted - reading->n_threads : 0;
}

static guint
round_up (double number)
{
  guint below = (guint) number;

  return below < number ? below + 1 : below;
}

/* How many readings in a row must find a CPU to spare before a thread is added. */
static guint
get_patience (const AhGrowthReading *reading, const AhGrowthState *state)
{
  if (reading->system_idle_ns == G_MAXUINT64)
    return state->patience;

  if (reading->system_idle_ns < ENOUGH_TO_SPARE * reading->interval_ns)
    return PATIENCE_IF_BUSY;

  return 0;
}

/*
 * Whether functions wait, and none has begun for a long time. Workers that compute all that time
 * may be waiting for one of them, in a loop without a sleep: to the clocks this looks like work.
 *
 * Functions that just take long look the same. So one thread is added at a time, more and more
 * rarely, and what was usual is no standstill.
 */
static gboolean
stands_still (const AhGrowthReading *reading, AhGrowthState *state)
{
  if (state->tolerated_ns == 0)
    state->tolerated_ns = state->due_ns = STANDSTILL_NS;

  state->standstill_ns += reading->interval_ns;
  state->effect_ns += reading->interval_ns;

  if (reading->n_queued < state->n_queued)
    {
      /* If this is what the added thread has brought about, such standstills are no usual thing. */
      if (state->effect_ns <= EFFECT_NS)
        state->tolerated_ns = STANDSTILL_NS;
      else
        state->tolerated_ns = MAX (state->tolerated_ns, 2 * state->standstill_ns);
      state->due_ns = state->tolerated_ns;
      state->standstill_ns = 0;
    }
  if (state->standstill_ns < state->due_ns)
    return FALSE;

  state->due_ns += MIN (state->standstill_ns, MAX_STANDSTILL_NS);
  state->effect_ns = 0;
  return TRUE;
}

/* By what the workers do. */
static guint
decide_by_load (const AhGrowthReading *reading, AhGrowthState *state)
{
  guint last_step = state->step;
  guint missing, step;
  double spare;

  state->step = 0;
  spare = update (reading, state);

  if (spare < ENOUGH_TO_SPARE)
    {
      state->n_spare = 0;
      state->patience = PATIENCE_AFTER_FULL;
      return 0;
    }
  state->n_spare++;

  if (reading->n_idle > 0 || reading->n_threads >= reading->max_threads)
    return 0;

  if (state->n_spare < get_patience (reading, state))
    return 0;

  missing = count_missing (reading, state);

  if (last_step > 0)
    step = last_step > G_MAXUINT / 2 ? G_MAXUINT : last_step * 2;
  else
    step = round_up (spare);

  /* After a pause in growing the doubling need not begin anew: it is known what is missing. Never
   * more than as many again, lest the first sleep of many bring hundreds at once. */
  if (last_step == 0 && state->watched_ns > LEAP_AFTER_NS)
    step = MAX (step, MIN (missing, reading->n_threads));

  step = MIN (step, missing);
  step = MIN (step, reading->n_queued);

  state->step = step;

  return step;
}

guint
ah_growth_decide (const AhGrowthReading *reading, AhGrowthState *state)
{
  gboolean still;
  guint n_add;

  if (reading->interval_ns <= 0)
    return 0;

  still = stands_still (reading, state);
  n_add = decide_by_load (reading, state);
  if (n_add == 0 && still && reading->n_threads < reading->max_threads)
    n_add = 1;
  state->n_queued = reading->n_queued - MIN (n_add, reading->n_queued);

  return n_add;
}
