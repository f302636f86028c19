/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-root-private.h"

/*
 * Marks @self, which was marked already, and all that is nested in it as stopped, and collects
 * those that were going on, with references. Further runs that are made inside see that their
 * parent stopped.
 */
static GPtrArray *
mark_tree (AhRun *self)
{
  GPtrArray *stopped = g_ptr_array_new_with_free_func ((GDestroyNotify) ah_run_unref);

  g_mutex_lock (&self->root->lock);
  g_ptr_array_add (stopped, ah_run_ref (self));
  for (guint i = 0; i < stopped->len; i++)
    {
      AhRun *run = stopped->pdata[i];

      for (GList *l = run->children.head; l; l = l->next)
        {
          AhRun *child = l->data;

          if (g_atomic_int_compare_and_exchange (&child->state, AH_RUN_GOING_ON, AH_RUN_CANCELLED))
            g_ptr_array_add (stopped, ah_run_ref (child));
        }
    }
  g_mutex_unlock (&self->root->lock);

  return stopped;
}

/*
 * Ends @self early, if nothing else has decided its state: what has not begun does not begin, and
 * what is running sees its cancellable cancelled. Takes @error. The caller sees to it that the run
 * does not end meanwhile, or has a reference.
 */
void
ah_run_stop (AhRun *self, AhRunState why, GError *error, guint failed_index)
{
  g_autoptr (GPtrArray) stopped = NULL;
  gpointer suspended;

  if (!g_atomic_int_compare_and_exchange (&self->state, AH_RUN_GOING_ON, why))
    {
      g_clear_error (&error);
      return;
    }

  /* Only a function of the run fails it, or its beginning: it cannot end before they have. */
  if (why == AH_RUN_FAILED)
    {
      self->error = error;
      self->failed_index = failed_index;
    }

  stopped = mark_tree (self);
  for (guint i = 0; i < stopped->len; i++)
    {
      AhRun *run = stopped->pdata[i];

      guint n_rest = ah_run_take_rest (run);

      if (run->turns)
        ah_run_drop_turn (run);
      ah_run_cancel_looped (run);
      ah_run_account (run, n_rest, 0);
    }

  /* The functions' own `cancelled` handlers run here. */
  suspended = ah_run_suspend_settling ();
  for (guint i = 0; i < stopped->len; i++)
    {
      AhRun *run = stopped->pdata[i];

      if (run->cancellable && !run->shares_cancellable)
        g_cancellable_cancel (run->cancellable);
    }
  ah_run_resume_settling (suspended);
}
