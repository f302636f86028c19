/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-root-private.h"

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/core/ah-function-private.h"
#include "asynchelp/core/ah-idle-event-loop-private.h"
#include "asynchelp/core/ah-run-error.h"

/*
 * What has to happen on main contexts: async functions start on the root's, functions with a home
 * on theirs.
 */

/* As many tasks are made ahead, in one dispatch: returned in a later one they end inline, which
 * halves their cost. With only a few functions it is not worth the additional iteration. */
#define N_PREPARED 256
#define MIN_PREPARED 16

/* --- Async functions --- */

/* A function with a home that is not the root's context, on its way there or running. */
typedef struct
{
  gint ref_count; /* atomic */
  AhLoopItem go;
  AhLoopItem cancel;
  AhRun *run; /* with a reference */
  guint index;
  AhLoop *loop;              /* of the home */
  GCancellable *cancellable; /* touched in dispatches of the home alone */
  gboolean listed;           /* in run->visits; guarded by the root's lock, as is the next */
  gboolean cancel_posted;
  GList link;
} Visit;

/* The life of a task: from its making, until it is disposed. */
typedef struct
{
  GTask *task; /* with a reference until it starts, and then as long as the task lives */
  AhRun *run;  /* NULL before it starts and after it has ended */
  guint index;
  Visit *visit; /* which lives until it has ended; or NULL */
} Call;

static void visit_end (Visit *visit);

/* The function of @call has ended, in whatever way. */
static void
call_ended (Call *call, GError *error)
{
  /* Whoever waits for the run may be in another thread, and quicker than this one. */
  AhRun *run = ah_run_ref (g_steal_pointer (&call->run));

  ah_run_set_outcome (run, call->index, error);
  if (call->visit)
    visit_end (g_steal_pointer (&call->visit));
  ah_run_job_finished (run);
  ah_run_unref (run);
}

static void
on_task_returned (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  GError *error = NULL;

  if (call->run == NULL)
    return;

  if (!g_task_propagate_value (G_TASK (result), &call->run->values[call->index], &error) && !error)
    error = g_error_new_literal (AH_RUN_ERROR, AH_RUN_ERROR_WRONG_RETURN,
                                 _ ("An async function has to end its task with "
                                    "g_task_return_value () or an error"));
  call_ended (call, error);
}

static void
on_task_gone (gpointer user_data, GObject *where_the_task_was G_GNUC_UNUSED)
{
  g_autofree Call *call = user_data;

  if (call->run)
    call_ended (
        call, g_error_new_literal (AH_RUN_ERROR, AH_RUN_ERROR_DROPPED,
                                   _ ("An async function dropped its task without ending it; "
                                      "it has to call g_task_return_value () or return an error")));
}

static Call *
make_call (AhRun *run, GCancellable *cancellable)
{
  Call *call = g_new0 (Call, 1);

  call->task = g_task_new (NULL, cancellable, on_task_returned, call);
  /* Whether the run was cancelled is decided elsewhere: here the function's own outcome counts. */
  g_task_set_check_cancellable (call->task, FALSE);
  g_task_set_priority (call->task, run->priority);
  g_object_weak_ref (G_OBJECT (call->task), on_task_gone, call);
  return call;
}

/* Of a call that is not wanted after all. */
static void
drop_call (gpointer data)
{
  Call *call = data;

  g_object_unref (call->task);
}

/* The root takes over @instance, until it is released: a run may be freed by a worker. */
static void
keep_in_root (AhRun *self, GType type, gpointer instance)
{
  GValue *value = g_value_init (g_new0 (GValue, 1), type);

  if (G_VALUE_HOLDS_OBJECT (value))
    g_value_take_object (value, instance);
  else
    g_value_take_boxed (value, instance);
  ah_root_discard (self->root, value, 1);
}

static GCancellable *
get_loop_cancellable (AhRun *self)
{
  if (self->loop_cancellable == NULL)
    {
      self->loop_cancellable = g_cancellable_new ();
      keep_in_root (self, G_TYPE_CANCELLABLE, self->loop_cancellable);
    }
  return self->loop_cancellable;
}

/* Starts an async function. */
static void
start_call (Call *call, AhRun *self, guint index, const AhJob *job, Visit *visit)
{
  GTask *task = call->task;
  AhInside inside = { .kind = AH_INSIDE_FUNCTIONS, .cancellable = g_task_get_cancellable (task) };

  call->run = self;
  call->index = index;
  call->visit = visit;

  ah_inside_push (&inside);
  if (job->kind == AH_JOB_ASYNC)
    ((AhAsyncFunc) job->func) (task, job->data);
  else
    ah_function_call_async (job->func, task);
  ah_inside_pop (&inside);
  g_object_unref (task);
}

/* --- Functions with a home --- */

static void
visit_unref (Visit *visit)
{
  if (!g_atomic_int_dec_and_test (&visit->ref_count))
    return;

  g_clear_object (&visit->cancellable);
  ah_loop_unref (visit->loop);
  ah_run_unref (visit->run);
  g_free (visit);
}

/* It is over: gives up the reference that the list had. */
static void
visit_end (Visit *visit)
{
  AhRoot *root = visit->run->root;
  gboolean listed;

  g_mutex_lock (&root->lock);
  listed = visit->listed;
  visit->listed = FALSE;
  if (listed)
    g_queue_unlink (&visit->run->visits, &visit->link);
  g_mutex_unlock (&root->lock);

  if (listed)
    visit_unref (visit);
}

/* Calls a blocking function where it is at home. */
static void
call_at_home (AhRun *self, guint index, const AhJob *job, GCancellable *cancellable)
{
  AhInside inside = { .kind = AH_INSIDE_FUNCTIONS, .cancellable = cancellable };
  GError *error = NULL;

  ah_inside_push (&inside);
  ah_function_call (job->func, cancellable, &self->values[index], &error);
  ah_inside_pop (&inside);
  ah_run_set_outcome (self, index, error);
}

static gboolean
visit_dispatch (AhLoopItem *item, gint64 until G_GNUC_UNUSED)
{
  Visit *visit = AH_OWNER_OF (item, Visit, go);
  AhRun *run = ah_run_ref (visit->run);
  const AhJob *job = ah_job_view_get (&run->jobs, visit->index);

  if (!ah_run_is_going_on (run))
    {
      visit_end (visit);
      ah_run_job_finished (run);
    }
  else if (ah_function_is_blocking (job->func))
    {
      visit->cancellable = g_cancellable_new ();
      call_at_home (run, visit->index, job, visit->cancellable);
      visit_end (visit);
      ah_run_job_finished (run);
    }
  else
    {
      visit->cancellable = g_cancellable_new ();
      start_call (make_call (run, visit->cancellable), run, visit->index, job, visit);
    }
  ah_run_unref (run);

  return FALSE;
}

static gboolean
visit_cancel (AhLoopItem *item, gint64 until G_GNUC_UNUSED)
{
  Visit *visit = AH_OWNER_OF (item, Visit, cancel);

  if (visit->cancellable)
    g_cancellable_cancel (visit->cancellable);
  visit_unref (visit);
  return FALSE;
}

static void
visit_home (AhRun *self, guint index, GMainContext *home)
{
  Visit *visit = g_new0 (Visit, 1);

  visit->ref_count = 1;
  visit->run = ah_run_ref (self);
  visit->index = index;
  visit->loop = ah_loop_get (home, self->priority);
  visit->link.data = visit;
  ah_loop_item_init (&visit->go, visit_dispatch);
  ah_loop_item_init (&visit->cancel, visit_cancel);

  g_mutex_lock (&self->root->lock);
  visit->listed = TRUE;
  g_queue_push_tail_link (&self->visits, &visit->link);
  ah_loop_post (visit->loop, &visit->go);
  g_mutex_unlock (&self->root->lock);

  /* Whoever stopped the run may have looked before. */
  if (!ah_run_is_going_on (self))
    ah_run_cancel_looped (self);
}

/*
 * Whether a run can get to @home. Asked in a dispatch of the root's context, so where a thread
 * blocks on the run, that thread asks: it knows which contexts stand still meanwhile.
 */
static gboolean
can_visit (AhRoot *root, GMainContext *home)
{
  if (home == ah_loop_get_context (root->loop))
    return TRUE;
  return !root->is_background && !(root->is_blocking && ah_idle_loop_stands_still (home));
}

static void
start_home_function (AhRun *self, guint index, const AhJob *job)
{
  GMainContext *home = ah_function_get_home (job->func);

  if (!can_visit (self->root, home))
    {
      ah_run_set_outcome (self, index,
                          g_error_new_literal (AH_RUN_ERROR, AH_RUN_ERROR_HOME,
                                               _ ("The function's home cannot be dispatched while "
                                                  "the run is waited for; run it asynchronously")));
      ah_run_job_finished (self);
    }
  else if (home != ah_loop_get_context (self->root->loop))
    {
      visit_home (self, index, home);
    }
  else if (ah_function_is_blocking (job->func))
    {
      call_at_home (self, index, job, get_loop_cancellable (self));
      ah_run_job_finished (self);
    }
  else
    {
      start_call (make_call (self, get_loop_cancellable (self)), self, index, job, NULL);
    }
}

/* --- Starting --- */

static void
start_job (AhRun *self, guint index, const AhJob *job)
{
  Call *call;

  switch (job->kind)
    {
    case AH_JOB_ASYNC:
    case AH_JOB_ASYNC_FUNCTION:
      if (self->prepared && self->prepared->len)
        call = g_ptr_array_steal_index_fast (self->prepared, self->prepared->len - 1);
      else
        call = make_call (self, get_loop_cancellable (self));
      start_call (call, self, index, job, NULL);
      break;
    case AH_JOB_HOME_FUNCTION:
      start_home_function (self, index, job);
      break;
    case AH_JOB_BATCH:
      ah_run_begin_nested (self, index, job->func);
      break;
    case AH_JOB_BLOCKING:
    case AH_JOB_BLOCKING_FUNCTION:
    default:
      g_assert_not_reached ();
    }
}

static gboolean
is_looped (AhRun *self, const AhJob *job)
{
  return !ah_job_is_blocking (job) && (job->kind != AH_JOB_BATCH || !self->jobs.n_blocking);
}

/* Whether the jobs left want tasks made ahead, and has made them: they are for the next dispatch.
 */
static gboolean
prepare_tasks (AhRun *self)
{
  guint n_left = g_atomic_int_get (&self->loop_left);
  GCancellable *cancellable;

  if (n_left < MIN_PREPARED || self->jobs.n_batches)
    return FALSE;

  if (self->prepared == NULL)
    {
      self->prepared = g_ptr_array_new_with_free_func (drop_call);
      keep_in_root (self, G_TYPE_PTR_ARRAY, self->prepared);
    }
  cancellable = get_loop_cancellable (self);
  while (self->prepared->len < MIN (n_left, N_PREPARED))
    g_ptr_array_add (self->prepared, make_call (self, cancellable));

  return TRUE;
}

/* One of the jobs left is the caller's to start; or there is none, since all have been started, or
 * whoever stopped the run has taken them. */
static gboolean
claim_looped (AhRun *self)
{
  gint left = g_atomic_int_get (&self->loop_left);

  while (left > 0 && !g_atomic_int_compare_and_exchange (&self->loop_left, left, left - 1))
    left = g_atomic_int_get (&self->loop_left);

  return left > 0;
}

/* Starts what is next until @until. A function may run the context itself, and so come back here.
 */
static void
start_slice (AhRun *self, gint64 until)
{
  guint n_prepared = self->prepared ? self->prepared->len : 0;

  while (claim_looped (self))
    {
      const AhJob *job;
      guint index;

      do
        {
          index = self->loop_next++;
          job = ah_job_view_get (&self->jobs, index);
        }
      while (!is_looped (self, job));

      start_job (self, index, job);
      if (n_prepared && --n_prepared == 0)
        return;
      if (g_get_monotonic_time () >= until)
        return;
    }
}

static void
end_starting (AhRun *self)
{
  g_atomic_int_add (&self->root->n_starting, -1);
  ah_run_unref (self);
}

static void
post_start (AhRun *self, AhLoop *loop)
{
  ah_run_ref (self);
  g_atomic_int_inc (&self->root->n_starting);
  ah_loop_post (loop, &self->start);
}

static gboolean
start_dispatch (AhLoopItem *item, gint64 until)
{
  AhRun *self = AH_OWNER_OF (item, AhRun, start);
  gboolean first = self->loop_next == 0 && self->prepared == NULL;
  AhLoop *loop;

  /* The run was stopped, and may have been released since. */
  if (g_atomic_int_get (&self->loop_left) == 0)
    {
      end_starting (self);
      return FALSE;
    }

  /* Posted again at once: a function may run the context itself until one of the others has ended.
   */
  loop = self->root->loop;
  post_start (self, loop);
  if (!first || !prepare_tasks (self))
    {
      start_slice (self, until);
      prepare_tasks (self);
    }
  if (g_atomic_int_get (&self->loop_left) == 0 && ah_loop_withdraw (loop, &self->start))
    end_starting (self);
  end_starting (self);

  return FALSE;
}

/* Has all jobs started that belong to the loop, in slices. */
void
ah_run_start_looped (AhRun *self)
{
  post_start (self, self->root->loop);
}

/* The start of one job that belongs to the loop, of a run with a limit. */
typedef struct
{
  AhLoopItem item;
  AhRun *run; /* with a reference */
  guint index;
  GList link; /* in run->singles */
} SingleStart;

static void
single_free (SingleStart *single)
{
  ah_run_unref (single->run);
  g_free (single);
}

static gboolean
start_one_dispatch (AhLoopItem *item, gint64 until G_GNUC_UNUSED)
{
  SingleStart *single = (SingleStart *) item;
  AhRun *run = single->run;

  g_mutex_lock (&run->root->lock);
  g_queue_unlink (&run->singles, &single->link);
  g_mutex_unlock (&run->root->lock);

  if (ah_run_is_going_on (run))
    start_job (run, single->index, ah_job_view_get (&run->jobs, single->index));
  else
    ah_run_job_finished (run);
  single_free (single);

  return FALSE;
}

/* Has one job started that belongs to the loop. */
void
ah_run_start_one (AhRun *self, guint index)
{
  SingleStart *single = g_new0 (SingleStart, 1);

  ah_loop_item_init (&single->item, start_one_dispatch);
  single->run = ah_run_ref (self);
  single->index = index;
  single->link.data = single;

  g_mutex_lock (&self->root->lock);
  g_queue_push_tail_link (&self->singles, &single->link);
  ah_loop_post (self->root->loop, &single->item);
  g_mutex_unlock (&self->root->lock);

  /* Whoever stopped the run may have looked before. */
  if (!ah_run_is_going_on (self))
    ah_run_cancel_looped (self);
}

/* --- Cancelling --- */

static gboolean
cancel_dispatch (AhLoopItem *item, gint64 until G_GNUC_UNUSED)
{
  AhRun *self = AH_OWNER_OF (item, AhRun, cancel);

  if (self->loop_cancellable && !g_atomic_int_get (&self->root->released))
    g_cancellable_cancel (self->loop_cancellable);
  ah_run_unref (self);
  return FALSE;
}

/* What was on its way to a context and is taken back: that context may stand still. */
static GSList *
take_back_locked (AhRun *self, GSList **visits)
{
  AhRoot *root = self->root;
  GSList *singles = NULL;
  GList *next;

  for (GList *l = self->singles.head; l; l = next)
    {
      SingleStart *single = l->data;

      next = l->next;
      if (ah_loop_withdraw (root->loop, &single->item))
        {
          g_queue_unlink (&self->singles, l);
          singles = g_slist_prepend (singles, single);
        }
    }

  for (GList *l = self->visits.head; l; l = next)
    {
      Visit *visit = l->data;

      next = l->next;
      if (ah_loop_withdraw (visit->loop, &visit->go))
        {
          g_queue_unlink (&self->visits, l);
          visit->listed = FALSE;
          *visits = g_slist_prepend (*visits, visit);
        }
      else if (!visit->cancel_posted)
        {
          visit->cancel_posted = TRUE;
          g_atomic_int_inc (&visit->ref_count);
          ah_loop_post (visit->loop, &visit->cancel);
        }
    }

  return singles;
}

/*
 * For a run that was stopped: ends what has not started on any context, and has the cancellables of
 * what has cancelled, each in a dispatch of its context. May be called again.
 */
void
ah_run_cancel_looped (AhRun *self)
{
  AhRoot *root = self->root;
  guint n_left = g_atomic_int_exchange (&self->loop_left, 0);
  GSList *visits = NULL, *singles;
  gboolean taken_back = FALSE;

  g_mutex_lock (&root->lock);
  singles = take_back_locked (self, &visits);
  /* Not any more when the run has ended, or the root, which may have been released with its loop.
   */
  if (root->loop && !root->ended && !self->ended
      && self->jobs.n_jobs > self->jobs.n_blocking + self->jobs.n_batches)
    {
      if (!self->cancel_posted)
        {
          self->cancel_posted = TRUE;
          ah_run_ref (self);
          ah_loop_post (root->loop, &self->cancel);
        }
      taken_back = n_left && ah_loop_withdraw (root->loop, &self->start);
    }
  g_mutex_unlock (&root->lock);

  if (taken_back)
    end_starting (self);
  ah_run_account (self, n_left, 0);
  for (GSList *l = singles; l; l = l->next)
    {
      ah_run_job_finished (self);
      single_free (l->data);
    }
  for (GSList *l = visits; l; l = l->next)
    {
      ah_run_job_finished (self);
      visit_unref (l->data);
    }
  g_slist_free (singles);
  g_slist_free (visits);
}

/* --- Life --- */

void
ah_run_init_looped (AhRun *self)
{
  ah_loop_item_init (&self->start, start_dispatch);
  ah_loop_item_init (&self->cancel, cancel_dispatch);
  if (self->limit)
    return;

  self->n_looped = self->jobs.n_jobs - self->jobs.n_blocking;
  if (self->jobs.n_blocking)
    self->n_looped -= self->jobs.n_batches;
  self->loop_left = self->n_looped;
}
