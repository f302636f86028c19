/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-root-private.h"

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/core/ah-function-private.h"
#include "asynchelp/core/ah-results-private.h"
#include "asynchelp/core/ah-run-error.h"

/* Chunks grow while they take less than this (µs), and shrink when they take more than four times
 * it. */
#define SHORT_CHUNK_US 20

/* --- Beginning and ending without recursion --- */

/*
 * The end of a run is the end of a job of its parent, which may begin further runs, which may end
 * at once, and so on. All of it goes through a list of the thread, so that however deep or long the
 * chain is, the stack stays flat.
 */
typedef struct
{
  AhRun *head;
  AhRun *tail;
  gboolean active;
} Settling;

static __thread Settling settling;

static void begin_run (AhRun *self);
static void end_run (AhRun *self);

static void
settle (AhRun *run)
{
  run->settle_next = NULL;
  if (settling.tail)
    settling.tail->settle_next = run;
  else
    settling.head = run;
  settling.tail = run;

  if (settling.active)
    return;

  settling.active = TRUE;
  while (settling.head)
    {
      run = settling.head;
      settling.head = run->settle_next;
      if (settling.head == NULL)
        settling.tail = NULL;

      if (run->begun)
        {
          end_run (run);
        }
      else
        {
          run->begun = TRUE;
          begin_run (run);
        }
    }
  settling.active = FALSE;
}

/* Around foreign code, which may use the library itself and must not find its runs kept waiting. */
gpointer
ah_run_suspend_settling (void)
{
  Settling *suspended = settling.active ? g_memdup2 (&settling, sizeof settling) : NULL;

  settling = (Settling){ 0 };
  return suspended;
}

void
ah_run_resume_settling (gpointer suspended)
{
  if (suspended)
    settling = *(Settling *) suspended;
  g_free (suspended);
}

/* --- What the thread is inside of --- */

/* The run whose function the calling thread is in, if any. */
static __thread AhRun *current;

AhRun *
ah_run_get_current (void)
{
  return current;
}

/*
 * Whether the calling thread is inside a run of @function, also through functions that block on
 * other runs.
 */
gboolean
ah_run_is_inside (AhFunction *function)
{
  AhRun *run = current;

  while (run)
    {
      if (run->function == function)
        return TRUE;
      run = run->parent ? run->parent : run->root->outer;
    }

  return FALSE;
}

/* --- Life --- */

static void
take_over_setup (AhRun *self)
{
  AhBatch *batch = AH_BATCH (self->function);
  AhBatchSetup setup;

  ah_batch_get_setup (batch, &setup);
  self->is_batch = TRUE;
  self->jobs = setup.jobs;
  self->policy = setup.policy;
  self->timeout = setup.timeout;
  if (setup.limit < setup.jobs.n_jobs)
    self->limit = setup.limit;

  self->turns = ah_batch_ref_turns (batch);
  if (self->turns == NULL && self->parent && self->parent->turns)
    self->turns = ah_turns_ref (self->parent->turns);
  if (self->turns)
    ah_run_init_strand (self);
}

static void
take_over_function (AhRun *self)
{
  ah_function_describe (self->function, &self->single);
  self->single_segment = &self->single;
  self->jobs.segments = &self->single_segment;
  self->jobs.n_jobs = 1;
  self->jobs.n_blocking = ah_job_is_blocking (&self->single);
  self->jobs.n_homes = self->single.kind == AH_JOB_HOME_FUNCTION;
}

/* What has to happen before the end. */
static void
count_pending (AhRun *self)
{
  /* Without a limit, workers pass over all indices where there is something for them, and the loop
   * starts the rest; batches are the loop's where there is nothing else for workers. */
  ah_run_init_looped (self);
  if (self->limit)
    {
      self->pending = self->jobs.n_jobs;
    }
  else
    {
      guint n_indices = self->jobs.n_blocking ? self->jobs.n_jobs : 0;

      ah_claims_init (&self->claims, n_indices, ah_worker_pool_get_n_cpus () + 1);
      self->pending = n_indices + self->n_looped;
      /* Nested runs do not wait for the turn of this one: they begin with it. */
      if (self->turns && n_indices)
        self->pending += self->jobs.n_batches;
    }
  /* One more for the beginning, which touches the run until it is over. */
  self->pending++;
}

/*
 * A run in memory that is zero, and aligned for it. Blocking functions get the @cancellable, which
 * is the caller's; without one they get one of the run's own if it @can_stop them.
 */
void
ah_run_init (AhRun *self,
             AhRoot *root,
             AhRun *parent,
             guint index,
             AhFunction *function,
             GCancellable *cancellable,
             gboolean can_stop)
{
  self->ref_count = 1;
  self->root = root;
  self->parent = parent;
  self->index = index;
  self->function = function;
  self->priority = parent ? parent->priority : ah_root_get_priority (function);
  self->failed_index = AH_NO_FUNCTION;
  self->open_link.data = self;
  self->tree_link.data = self;
  g_mutex_init (&self->lock);

  if (AH_IS_BATCH (function))
    take_over_setup (self);
  else
    take_over_function (self);

  self->values = g_new0 (GValue, self->jobs.n_jobs);
  if (cancellable)
    {
      self->cancellable = g_object_ref (cancellable);
      self->shares_cancellable = TRUE;
    }
  else if (self->jobs.n_blocking && can_stop)
    {
      self->cancellable = g_cancellable_new ();
    }

  count_pending (self);
}

static void
run_free (AhRun *self)
{
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->turns, ah_turns_unref);
  ah_claims_clear (&self->claims);
  g_clear_error (&self->error);
  g_free (self->values);
  g_mutex_clear (&self->lock);
  g_free (self->block);
}

AhRun *
ah_run_ref (AhRun *self)
{
  ah_root_ref (self->root);
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
ah_run_unref (AhRun *self)
{
  AhRoot *root = self->root;

  if (g_atomic_int_dec_and_test (&self->ref_count))
    run_free (self);
  ah_root_unref (root);
}

/* Gives up the run's own reference, which keeps no root. */
void
ah_run_free_own (AhRun *self)
{
  if (g_atomic_int_dec_and_test (&self->ref_count))
    run_free (self);
}

/* --- Accounting --- */

/* @n_pending of what had to happen has happened; @n_finished functions of it ran to their end. */
void
ah_run_account (AhRun *self, guint n_pending, guint n_finished)
{
  if (n_finished)
    g_atomic_int_add (&self->n_finished, n_finished);
  if (n_pending && g_atomic_int_add (&self->pending, -(gint) n_pending) == (gint) n_pending)
    settle (self);
}

/* The value or error of a function, in the thread that executed it. Takes @error. */
void
ah_run_set_outcome (AhRun *self, guint index, GError *error)
{
  GValue *value = &self->values[index];

  if (error == NULL)
    {
      if (!G_VALUE_TYPE (value))
        g_value_init (value, G_TYPE_POINTER);
    }
  else if (self->policy == AH_ERROR_POLICY_COLLECT)
    {
      /* It may have set a value too, which is not for this thread to free. */
      if (G_VALUE_TYPE (value))
        {
          ah_root_discard (self->root, g_memdup2 (value, sizeof *value), 1);
          memset (value, 0, sizeof *value);
        }
      g_value_init (value, G_TYPE_ERROR);
      g_value_take_boxed (value, error);
    }
  else
    {
      ah_run_stop (self, AH_RUN_FAILED, error, index);
    }
}

static const char *
get_job_name (AhRun *self, guint index)
{
  const AhJob *job = ah_job_view_get (&self->jobs, index);

  if (job->kind == AH_JOB_BLOCKING || job->kind == AH_JOB_ASYNC)
    return NULL;
  return ah_function_peek_name (job->func);
}

/* Why the run, which has ended, did not succeed. To be asked once. */
GError *
ah_run_take_error (AhRun *self)
{
  const char *name;

  switch ((AhRunState) g_atomic_int_get (&self->state))
    {
    case AH_RUN_FAILED:
      if (self->is_batch && self->failed_index != AH_NO_FUNCTION)
        {
          name = get_job_name (self, self->failed_index);
          if (name)
            /* Translators: comes before what went wrong with the function of this index and name.
             */
            g_prefix_error (&self->error, _ ("Function %u “%s”: "), self->failed_index, name);
          else
            /* Translators: comes before what went wrong with the function of this index. */
            g_prefix_error (&self->error, _ ("Function %u: "), self->failed_index);
        }
      return g_steal_pointer (&self->error);

    case AH_RUN_TIMED_OUT:
      return g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                          g_dngettext (GETTEXT_PACKAGE,
                                       "The run took longer than its %u millisecond",
                                       "The run took longer than its %u milliseconds",
                                       self->timeout),
                          self->timeout);

    case AH_RUN_CANCELLED:
    case AH_RUN_GOING_ON:
    case AH_RUN_SUCCEEDED:
    default:
      return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The run was cancelled"));
    }
}

/* --- Jobs, with a limit: in order, under the lock --- */

static gboolean
may_begin_locked (AhRun *self)
{
  return self->next < self->jobs.n_jobs && self->n_running < self->limit
         && ah_run_is_going_on (self);
}

/* Whether a run on a strand waits for its turn, or a thread that has it looks after the rest. */
static gboolean
has_turn_elsewhere_locked (AhRun *self)
{
  return self->turns && (self->turn == AH_TURN_WAITING || self->turn == AH_TURN_TAKEN);
}

/*
 * Begins what can be begun now, in order. A blocking function can only be begun by a thread that is
 * there for it: the caller, if it @claims, gets its index; else the run is opened for others.
 */
guint
ah_run_advance (AhRun *self, gboolean job_finished, gboolean claims)
{
  guint claimed = AH_NOTHING_LEFT;
  gboolean open = FALSE;

  g_mutex_lock (&self->lock);
  if (job_finished)
    self->n_running--;
  while (may_begin_locked (self))
    {
      const AhJob *job = ah_job_view_get (&self->jobs, self->next);

      if (ah_job_is_blocking (job))
        {
          if (!claims || claimed != AH_NOTHING_LEFT)
            {
              open = !has_turn_elsewhere_locked (self);
              break;
            }
          claimed = self->next++;
          self->n_running++;
        }
      else
        {
          guint index = self->next++;

          self->n_running++;
          g_mutex_unlock (&self->lock);
          if (job->kind == AH_JOB_BATCH)
            ah_run_begin_nested (self, index, job->func);
          else
            ah_run_start_one (self, index);
          g_mutex_lock (&self->lock);
        }
    }
  g_mutex_unlock (&self->lock);

  if (open)
    ah_root_open (self->root, self);
  return claimed;
}

/* A job that was begun in another way than by ah_run_work () has ended. */
void
ah_run_job_finished (AhRun *self)
{
  if (self->limit)
    ah_run_advance (self, TRUE, FALSE);
  ah_run_account (self, 1, 1);
}

/* How many functions could be claimed, by a thread that has the turn for it where the run is on a
 * strand. With the lock held where there is a limit. */
guint
ah_run_count_locked (AhRun *self)
{
  if (!self->limit)
    return ah_claims_count (&self->claims);

  if (may_begin_locked (self) && ah_job_is_blocking (ah_job_view_get (&self->jobs, self->next)))
    return MIN (self->limit - self->n_running, self->jobs.n_jobs - self->next);

  return 0;
}

/* How many functions a thread could claim now. */
guint
ah_run_count (AhRun *self)
{
  guint count;

  if (!self->limit && !self->turns)
    return ah_run_count_locked (self);

  g_mutex_lock (&self->lock);
  count = has_turn_elsewhere_locked (self) ? 0 : ah_run_count_locked (self);
  g_mutex_unlock (&self->lock);

  return count;
}

/* Takes what threads have not begun, of a run that was stopped: how much of it is pending no more.
 */
guint
ah_run_take_rest (AhRun *self)
{
  guint n_rest;

  if (!self->limit)
    return ah_claims_close (&self->claims);

  g_mutex_lock (&self->lock);
  n_rest = self->jobs.n_jobs - self->next;
  self->next = self->jobs.n_jobs;
  g_mutex_unlock (&self->lock);

  return n_rest;
}

/* --- Work --- */

static inline void
execute (AhRun *self, guint index, const AhJob *job)
{
  g_autoptr (GError) error = NULL;

  if (job->kind == AH_JOB_BLOCKING)
    ((AhBlockingFunc) job->func) (self->cancellable, &self->values[index], job->data, &error);
  else
    ah_function_call (job->func, self->cancellable, &self->values[index], &error);

  if (G_LIKELY (!error && G_VALUE_TYPE (&self->values[index])))
    return;
  ah_run_set_outcome (self, index, g_steal_pointer (&error));
}

void
ah_run_call (AhRun *self, guint index, const AhJob *job)
{
  execute (self, index, job);
}

static void
work_limited (AhRun *self, AhInside *inside, gint64 until)
{
  guint index = ah_run_advance (self, FALSE, TRUE);

  if (index != AH_NOTHING_LEFT && ah_run_count (self) > 0)
    ah_worker_pool_call_more (self->root->workers);

  while (index != AH_NOTHING_LEFT)
    {
      gboolean goes_on = ah_run_is_going_on (self);

      if (goes_on)
        execute (self, index, ah_job_view_get (&self->jobs, index));
      if (ah_inside_get () != inside)
        ah_inside_clean (inside);
      index = ah_run_advance (self, TRUE, goes_on && g_get_monotonic_time () < until);
      ah_run_account (self, 1, goes_on);
    }
}

/*
 * Does what is in @lane, beginning with @index; without a lane, @n_wanted functions, claimed
 * singly. Returns how much of what is pending has happened, and in @n_finished how many functions
 * ran.
 */
static guint
work_chunk (AhRun *self,
            AhInside *inside,
            AhLane *lane,
            guint index,
            guint n_wanted,
            guint *n_finished)
{
  AhInside *const *innermost = ah_inside_peek ();
  guint n_passed = 0, end = 0;
  const AhJob *job = NULL;

  do
    {
      if (G_UNLIKELY (!ah_run_is_going_on (self)))
        return n_passed + 1 + (lane ? ah_lane_close (lane) : 0);

      /* Those of a lane follow each other. */
      if (lane && index < end)
        job++;
      else
        job = ah_job_view_find (&self->jobs, index, &end);

      if (G_LIKELY (ah_job_is_blocking (job)))
        {
          execute (self, index, job);
          if (G_UNLIKELY (*innermost != inside))
            ah_inside_clean (inside);
          *n_finished += 1;
          if (lane)
            __atomic_store_n (&lane->n_finished, *n_finished, __ATOMIC_RELAXED);
          n_passed++;
        }
      else if (job->kind == AH_JOB_BATCH)
        {
          /* Pending until the nested run ends. */
          ah_run_begin_nested (self, index, job->func);
        }
      else
        {
          n_passed++;
        }
      if (lane)
        index = ah_lane_take (lane);
      else
        index = --n_wanted > 0 ? ah_claims_refill (&self->claims, NULL, 1) : AH_NOTHING_LEFT;
    }
  while (index != AH_NOTHING_LEFT);

  return n_passed;
}

static void
work_unlimited (AhRun *self, AhInside *inside, gint64 until)
{
  AhLane *lane = ah_claims_enter (&self->claims);
  guint n_wanted = 1;
  gboolean called_more = FALSE;
  gint64 before = g_get_monotonic_time ();

  for (;;)
    {
      guint index = ah_claims_refill (&self->claims, lane, n_wanted);
      guint n_passed, n_finished = 0;
      gint64 now;

      if (index == AH_NOTHING_LEFT)
        {
          ah_root_close (self->root, self);
          break;
        }
      if (!called_more)
        {
          called_more = TRUE;
          if (ah_run_count (self) > 0)
            ah_worker_pool_call_more (self->root->workers);
        }
      /* While the chunk was on its way, someone may have thought that there was nothing left. */
      if (!g_atomic_int_get (&self->open) && ah_run_count (self) > 0)
        ah_root_open (self->root, self);

      n_passed = work_chunk (self, inside, lane, index, n_wanted, &n_finished);
      if (lane)
        __atomic_store_n (&lane->n_finished, 0, __ATOMIC_RELAXED);
      ah_run_account (self, n_passed, n_finished);

      now = g_get_monotonic_time ();
      if (now >= until)
        break;
      if (now - before < SHORT_CHUNK_US)
        n_wanted *= 4;
      else if (now - before > 4 * SHORT_CHUNK_US)
        n_wanted = MAX (1, n_wanted / 4);
      before = now;
    }

  ah_claims_leave (&self->claims, lane);
}

/* Claims and runs blocking functions until @until (µs, monotonic), or until there are none. */
void
ah_run_work (AhRun *self, gint64 until)
{
  AhInside inside = { .kind = AH_INSIDE_FUNCTIONS, .cancellable = self->cancellable };
  AhRun *outer = current;

  current = self;
  ah_inside_push (&inside);
  if (self->turns)
    ah_run_work_in_turns (self, until);
  else if (self->limit)
    work_limited (self, &inside, until);
  else
    work_unlimited (self, &inside, until);
  ah_inside_pop (&inside);
  current = outer;

  if ((self->turns || self->limit) && ah_run_count (self) == 0)
    ah_root_close (self->root, self);
}

/* --- Beginning --- */

static gint64
on_timeout (gpointer data)
{
  ah_run_stop (data, AH_RUN_TIMED_OUT, NULL, AH_NO_FUNCTION);
  return 0;
}

static void
begin_timeout (AhRun *self)
{
  g_autoptr (GError) error = NULL;
  gint64 due = g_get_monotonic_time () + (gint64) self->timeout * 1000;

  self->timer
      = ah_timer_new (due, on_timeout, ah_run_ref (self), (GDestroyNotify) ah_run_unref, &error);
  if (self->timer)
    return;

  ah_run_unref (self);
  ah_run_stop (self, AH_RUN_FAILED,
               g_error_new (AH_RUN_ERROR, AH_RUN_ERROR_NO_THREAD,
                            _ ("There is no thread to watch the timeout: %s"), error->message),
               AH_NO_FUNCTION);
}

/* Nested runs of a run on a strand. */
static void
begin_batches (AhRun *self)
{
  for (guint i = 0; i < self->jobs.n_jobs; i++)
    {
      const AhJob *job = ah_job_view_get (&self->jobs, i);

      if (job->kind == AH_JOB_BATCH)
        ah_run_begin_nested (self, i, job->func);
    }
}

static void
begin_run (AhRun *self)
{
  gboolean begins_batches
      = self->turns && !self->limit && self->jobs.n_blocking && self->jobs.n_batches;

  if (self->timeout && self->jobs.n_jobs && ah_run_is_going_on (self))
    begin_timeout (self);

  if (!ah_run_is_going_on (self))
    {
      if (begins_batches)
        ah_run_account (self, self->jobs.n_batches, 0);
      ah_run_account (self,
                      ah_run_take_rest (self) + g_atomic_int_exchange (&self->loop_left, 0) + 1, 0);
      return;
    }

  if (self->limit)
    {
      ah_run_advance (self, FALSE, FALSE);
    }
  else
    {
      if (self->n_looped)
        ah_run_start_looped (self);
      if (begins_batches)
        begin_batches (self);
      if (self->jobs.n_blocking)
        ah_root_open (self->root, self);
    }
  ah_run_account (self, 1, 0);
}

/* Begins a new run; the one who made it. */
void
ah_run_begin (AhRun *self)
{
  settle (self);
}

static gboolean
is_inside_itself (AhRun *parent, AhFunction *batch)
{
  for (AhRun *run = parent; run; run = run->parent)
    {
      if (run->function == batch)
        return TRUE;
    }

  return FALSE;
}

/* Begins a run for the job of @self at @index; the end of that run is the end of the job. */
void
ah_run_begin_nested (AhRun *self, guint index, AhFunction *batch)
{
  gpointer block;
  AhRun *nested;

  if (is_inside_itself (self, batch))
    {
      ah_run_set_outcome (self, index,
                          g_error_new_literal (AH_RUN_ERROR, AH_RUN_ERROR_CYCLE,
                                               _ ("The batch is scheduled inside itself")));
      ah_run_job_finished (self);
      return;
    }

  block = g_malloc0 (sizeof (AhRun) + AH_CACHE_LINE);
  nested = AH_ALIGN_TO_CACHE_LINE (block);
  nested->block = block;
  ah_run_init (nested, self->root, self, index, batch, NULL, TRUE);
  /* It may have changed since the outermost run looked. */
  if (nested->jobs.n_jobs > nested->jobs.n_blocking + nested->jobs.n_batches)
    g_atomic_int_set (&self->root->helper_works, FALSE);
  g_mutex_lock (&self->root->lock);
  g_queue_push_tail_link (&self->children, &nested->tree_link);
  if (!ah_run_is_going_on (self))
    g_atomic_int_set (&nested->state, AH_RUN_CANCELLED);
  g_mutex_unlock (&self->root->lock);

  settle (nested);
}

/* --- Ending --- */

/* All that was pending has happened. */
static void
end_run (AhRun *self)
{
  AhRun *parent = self->parent;
  GError *error = NULL;

  /* A function that was given the caller's own cancellable may have ended well in spite of it. */
  if (self->shares_cancellable && g_cancellable_is_cancelled (self->cancellable))
    g_atomic_int_compare_and_exchange (&self->state, AH_RUN_GOING_ON, AH_RUN_CANCELLED);
  g_atomic_int_compare_and_exchange (&self->state, AH_RUN_GOING_ON, AH_RUN_SUCCEEDED);
  g_clear_pointer (&self->timer, ah_timer_cancel);

  ah_root_forget (self->root, self);
  if (parent == NULL)
    {
      ah_root_end (self->root);
      return;
    }

  if (g_atomic_int_get (&self->state) == AH_RUN_SUCCEEDED)
    {
      GArray *values = ah_results_array_take (g_steal_pointer (&self->values), self->jobs.n_jobs);

      g_value_init (&parent->values[self->index], AH_TYPE_RESULTS);
      g_value_take_object (&parent->values[self->index], ah_results_new_take (values));
    }
  else
    {
      error = ah_run_take_error (self);
      ah_root_discard (self->root, g_steal_pointer (&self->values), self->jobs.n_jobs);
    }

  ah_run_set_outcome (parent, self->index, error);
  ah_run_free_own (self);
  ah_run_job_finished (parent);
}
