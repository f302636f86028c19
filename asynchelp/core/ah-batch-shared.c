/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-run-private.h"

/*
 * Functions that share their calls: for languages where entering costs more than the function, and
 * where threads that enter one by one only wait for each other. Each is a job like any other, so
 * that limits, fairness and the growth of the pool hold for them; but a call may execute many, and
 * the jobs that are left over are passed here without a call.
 */
typedef struct
{
  gatomicrefcount ref_count; /* one for each job */
  AhSharedFunc func;
  gpointer user_data;
  GDestroyNotify destroy;
} Shared;

static void
shared_unref (gpointer data)
{
  Shared *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (self->destroy)
    self->destroy (self->user_data);
  g_free (self);
}

/* One of the jobs, whichever comes. */
static void
call_shared (GCancellable *cancellable,
             GValue *result G_GNUC_UNUSED,
             gpointer user_data,
             GError **error)
{
  Shared *self = user_data;
  AhRun *run = ah_run_get_current ();
  guint n_executed = 0;

  /* Of several such lists in a batch, the one that was found empty last is remembered. The others
   * are asked once more, which costs time alone. */
  if (g_atomic_pointer_get (&run->exhausted) != self)
    {
      n_executed = self->func (cancellable, self->user_data, error);
      if (n_executed == 0)
        g_atomic_pointer_set (&run->exhausted, self);
    }

  if (n_executed != 1)
    g_atomic_int_add (&run->n_ahead, (gint) n_executed - 1);
}

/**
 * ah_batch_schedule_shared:
 * @self: a batch
 * @n_functions: how many functions @func stands for
 * @func: (scope notified) (closure user_data) (destroy destroy): executes them
 * @user_data: (nullable): what to give it
 * @destroy: (nullable): frees @user_data, in the thread that drops the last reference to the batch
 *
 * Adds as many blocking functions at the end, which are executed by one that keeps them itself.
 *
 * This is meant for bindings of other languages, where a call that executes many functions costs
 * much less than many calls. In the results each function has no value. A batch in which @func
 * keeps what it has not begun in the @user_data must not be run twice at the same time.
 *
 * May be called from any thread.
 *
 * Returns: (transfer none): @self, for chaining
 */
AhBatch *
ah_batch_schedule_shared (AhBatch *self,
                          guint n_functions,
                          AhSharedFunc func,
                          gpointer user_data,
                          GDestroyNotify destroy)
{
  Shared *shared;

  g_return_val_if_fail (AH_IS_BATCH (self), NULL);
  g_return_val_if_fail (func != NULL, self);

  shared = g_new (Shared, 1);
  g_atomic_ref_count_init (&shared->ref_count);
  shared->func = func;
  shared->user_data = user_data;
  shared->destroy = destroy;

  for (guint i = 0; i < n_functions; i++)
    {
      g_atomic_ref_count_inc (&shared->ref_count);
      ah_batch_schedule_blocking (self, call_shared, shared, shared_unref);
    }
  shared_unref (shared);

  return self;
}
