/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-root-private.h"

/* How many functions have ended. May fall by a few for a moment: who shows it keeps the highest. */
guint
ah_run_count_finished (AhRun *self)
{
  gint64 n_finished = g_atomic_int_get (&self->n_finished);

  n_finished += g_atomic_int_get (&self->n_ahead);
  for (guint i = 0; i < self->claims.n_lanes; i++)
    n_finished += __atomic_load_n (&self->claims.lanes[i].n_finished, __ATOMIC_RELAXED);

  return CLAMP (n_finished, 0, self->jobs.n_jobs);
}

/* More nested runs than this are not looked into: they count when they end. */
#define MAX_NESTED_LOOKED_INTO 64

/* How much of the run is done, 0 to 1: its functions count the same, nested runs by their own
 * parts. */
double
ah_run_get_fraction (AhRun *self)
{
  double done = 0, weight = 1;
  GQueue todo = G_QUEUE_INIT;
  guint n_runs = 0;

  /* Breadth first, each run with the weight of its job, which travels in the queue beside it. */
  g_mutex_lock (&self->root->lock);
  g_queue_push_tail (&todo, self);
  g_queue_push_tail (&todo, g_memdup2 (&weight, sizeof weight));
  while (!g_queue_is_empty (&todo))
    {
      AhRun *run = g_queue_pop_head (&todo);
      g_autofree double *run_weight = g_queue_pop_head (&todo);

      if (run->jobs.n_jobs == 0)
        continue;

      done += *run_weight * ah_run_count_finished (run) / run->jobs.n_jobs;
      weight = *run_weight / run->jobs.n_jobs;
      for (GList *l = run->children.head; l && n_runs < MAX_NESTED_LOOKED_INTO;
           l = l->next, n_runs++)
        {
          g_queue_push_tail (&todo, l->data);
          g_queue_push_tail (&todo, g_memdup2 (&weight, sizeof weight));
        }
    }
  g_mutex_unlock (&self->root->lock);

  return MIN (done, 1);
}
