/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/pool/ah-worker-pool-parts-private.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/pool/ah-cpu-count-private.h"
#include "asynchelp/pool/ah-thread-pool-private.h"

/*
 * GThreadPool provides the threads: one pushed token brings one worker, which then works through
 * whatever sources are attached, in turn. With nothing to do it parks inside its token, so that
 * GLib's process-wide limits on idle threads stay as the program set them.
 *
 * The worker parked last is woken first: the others get to their retirement.
 */

#define PARK_SECONDS 10

gint ah_thread_pool_test_refuse;

static __thread AhWorkerPlace *current_place;

static void worker_main (gpointer token, gpointer user_data);

AhWorkerPool *
ah_worker_pool_new (guint max_threads)
{
  AhWorkerPool *self = g_new0 (AhWorkerPool, 1);

  self->ref_count = 1;
  g_mutex_init (&self->lock);
  g_queue_init (&self->sources);
  g_queue_init (&self->idle);
  g_queue_init (&self->workers);
  self->n_cpus = ah_worker_pool_get_n_cpus ();
  self->max_threads = max_threads ? max_threads : AH_WORKER_POOL_DEFAULT_MAX_THREADS;

  /* Not exclusive, and without a limit of GLib's own: it starts no thread before the first token.
   */
  self->threads = g_thread_pool_new (worker_main, NULL, -1, FALSE, NULL);
  return self;
}

AhWorkerPool *
ah_worker_pool_ref (AhWorkerPool *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
ah_worker_pool_unref (AhWorkerPool *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  /* This may be the last worker's own doing: GLib then frees its pool when that thread is out of
   * it. */
  g_thread_pool_free (self->threads, FALSE, FALSE);
  g_clear_pointer (&self->timer, ah_timer_cancel);
  g_mutex_clear (&self->lock);
  g_free (self);
}

guint
ah_worker_pool_get_n_cpus (void)
{
  static gsize n_cpus;

  if (g_once_init_enter (&n_cpus))
    g_once_init_leave (&n_cpus, ah_cpu_count_usable ("/", 0));

  return n_cpus;
}

/* --- Threads --- */

/* How many threads work now, or are about to: those that wait for a run do not count. */
static guint
n_active_locked (AhWorkerPool *self)
{
  return self->n_busy - MIN (self->n_waiting, self->n_busy) + self->n_starting + self->n_helping;
}

static gboolean
nobody_can_locked (AhWorkerPool *self)
{
  guint n_threads = ah_worker_pool_count_threads_locked (self);

  return n_threads <= self->n_waiting
         && (n_threads >= self->max_threads || self->refused
             || g_atomic_int_get (&ah_thread_pool_test_refuse));
}

static void
worker_unref (AhWorker *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_cond_clear (&self->wake);
  g_free (self);
}

/* Lets go of the lock, and only then has the worker run that was woken: it wants the lock first. */
void
ah_worker_pool_unlock (AhWorkerPool *self)
{
  AhWorker *worker = g_steal_pointer (&self->to_signal);

  g_mutex_unlock (&self->lock);
  if (worker)
    {
      g_cond_signal (&worker->wake);
      worker_unref (worker);
    }
}

/* What is attached, with references; of those that have turns only, if @in_turns. */
static GPtrArray *
ref_sources_locked (AhWorkerPool *self, gboolean in_turns)
{
  GPtrArray *sources = g_ptr_array_new ();

  for (GList *l = self->sources.head; l; l = l->next)
    {
      AhWorkSource *source = l->data;

      if (in_turns && !g_atomic_int_get (&source->has_turns))
        continue;
      source->klass->ref (source);
      g_ptr_array_add (sources, source);
    }

  return sources;
}

/*
 * Lets go of the lock. Where every worker waits and no other can be started, those who wait for
 * what is attached hear of it; and what has turns, if it is @overdue.
 */
void
ah_worker_pool_unlock_and_tell (AhWorkerPool *self, gboolean overdue)
{
  gboolean nobody_can = nobody_can_locked (self);
  g_autoptr (GPtrArray) sources = NULL;

  if (self->sources.length && (nobody_can || overdue))
    sources = ref_sources_locked (self, !nobody_can);
  ah_worker_pool_unlock (self);

  for (guint i = 0; sources && i < sources->len; i++)
    {
      AhWorkSource *source = sources->pdata[i];

      if (nobody_can)
        source->klass->nobody_can (source);
      if (overdue && g_atomic_int_get (&source->has_turns))
        source->klass->overdue (source);
      source->klass->unref (source);
    }
}

static gboolean
wake_one_locked (AhWorkerPool *self)
{
  AhWorker *worker;

  if (self->idle.head == NULL)
    return FALSE;

  worker = self->idle.head->data;
  g_queue_unlink (&self->idle, &worker->idle_link);
  worker->woken = TRUE;
  /* It counts as busy from here on, so that nobody counts on it a second time. */
  worker->busy = TRUE;
  self->n_busy++;

  if (self->to_signal)
    {
      g_cond_signal (&worker->wake);
    }
  else
    {
      g_atomic_int_inc (&worker->ref_count);
      self->to_signal = worker;
    }
  return TRUE;
}

/*
 * Nobody but runs uses the pool any more: workers do not park, and so leave as soon as nothing is
 * attached. Waits for none.
 */
void
ah_worker_pool_close (AhWorkerPool *self)
{
  g_mutex_lock (&self->lock);
  self->closing = TRUE;
  while (wake_one_locked (self))
    ;
  ah_worker_pool_unlock (self);
}

/* Asks for one more thread; the lock is let go of meanwhile. */
static gboolean
start_one_locked (AhWorkerPool *self, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  gboolean pushed = FALSE;

  if (ah_worker_pool_count_threads_locked (self) >= self->max_threads)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                           _ ("The thread pool has as many threads as it may have"));
      return FALSE;
    }

  self->n_starting++;
  ah_worker_pool_unlock (self);
  if (g_atomic_int_get (&ah_thread_pool_test_refuse))
    g_set_error_literal (&local_error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN, "refused by a test");
  else
    pushed = g_thread_pool_push (self->threads, ah_worker_pool_ref (self), &local_error);
  g_mutex_lock (&self->lock);

  self->refused = !pushed;
  if (pushed)
    return TRUE;

  /* GLib has queued the token all the same. A worker that comes of it one day is as good as any,
   * and will want the reference. */
  self->n_starting -= MIN (self->n_starting, 1);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

/* Brings @n_workers more, or as many as there can be. */
void
ah_worker_pool_add_locked (AhWorkerPool *self, guint n_workers)
{
  while (n_workers && (wake_one_locked (self) || start_one_locked (self, NULL)))
    n_workers--;
}

guint
ah_worker_pool_count_queued_locked (AhWorkerPool *self)
{
  guint n_queued = 0;

  for (GList *l = self->sources.head; l; l = l->next)
    {
      AhWorkSource *source = l->data;

      n_queued += source->klass->count (source);
    }

  return n_queued;
}

/* One more worker, where a CPU is free for it; else the tick finds out whether one is. */
static gboolean
call_worker_locked (AhWorkerPool *self, GError **error)
{
  if (n_active_locked (self) < self->n_cpus + self->n_extra
      || ah_worker_pool_count_threads_locked (self) == 0)
    {
      if (wake_one_locked (self))
        return TRUE;
      if (ah_worker_pool_count_threads_locked (self) < self->max_threads
          && start_one_locked (self, error))
        return TRUE;
    }

  ah_worker_pool_ensure_tick_locked (self);
  return ah_worker_pool_count_threads_locked (self) > 0;
}

/* --- Sources --- */

/* Whether a function that came now would have to wait for its turn. */
static gboolean
would_queue_locked (AhWorkerPool *self)
{
  guint n_threads = ah_worker_pool_count_threads_locked (self);

  if (n_threads > 0 && n_active_locked (self) >= self->n_cpus + self->n_extra)
    return TRUE;
  if (self->idle.length == 0 && n_threads >= self->max_threads)
    return TRUE;

  return ah_worker_pool_count_queued_locked (self) > 0;
}

/*
 * Shows @source to the workers and sees to it that one comes. FALSE, and not attached, where there
 * is no thread at all and none can be started; or, with %G_IO_ERROR_BUSY, where one should take it
 * @only_now and it would have to wait.
 */
gboolean
ah_worker_pool_attach (AhWorkerPool *self, AhWorkSource *source, gboolean only_now, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  gboolean someone;

  g_mutex_lock (&self->lock);
  if (only_now && would_queue_locked (self))
    {
      ah_worker_pool_unlock (self);
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                           _ ("No thread is free now, and the run is not to wait for one"));
      return FALSE;
    }
  if (!source->attached)
    {
      g_atomic_int_set (&source->attached, TRUE);
      g_queue_push_tail_link (&self->sources, &source->link);
      source->klass->ref (source);
    }
  someone = call_worker_locked (self, &local_error);
  ah_worker_pool_unlock_and_tell (self, FALSE);

  if (someone)
    return TRUE;

  ah_worker_pool_detach (self, source);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

void
ah_worker_pool_detach (AhWorkerPool *self, AhWorkSource *source)
{
  gboolean attached;

  if (!g_atomic_int_get (&source->attached))
    return;

  g_mutex_lock (&self->lock);
  attached = source->attached;
  if (attached)
    {
      g_queue_unlink (&self->sources, &source->link);
      g_atomic_int_set (&source->attached, FALSE);
    }
  ah_worker_pool_unlock (self);

  if (attached)
    source->klass->unref (source);
}

/* Said by a worker that has claimed something and sees that more is there. */
void
ah_worker_pool_call_more (AhWorkerPool *self)
{
  g_mutex_lock (&self->lock);
  call_worker_locked (self, NULL);
  ah_worker_pool_unlock (self);
}

/* Takes the first source from the queue for good, with its reference. */
static AhWorkSource *
pop_source_locked (AhWorkerPool *self)
{
  AhWorkSource *source = g_queue_pop_head_link (&self->sources)->data;

  g_atomic_int_set (&source->attached, FALSE);
  return source;
}

/*
 * The next source in turn that has work, with a reference. It goes to the end of the queue; those
 * before it that have nothing left are dropped, which may let go of the lock meanwhile.
 */
static AhWorkSource *
next_source_locked (AhWorkerPool *self)
{
  while (self->sources.head)
    {
      GList *link = self->sources.head;
      AhWorkSource *source = link->data;

      if (source->klass->has_work (source))
        {
          g_queue_unlink (&self->sources, link);
          g_queue_push_tail_link (&self->sources, link);
          source->klass->ref (source);
          return source;
        }

      source = pop_source_locked (self);
      ah_worker_pool_unlock (self);
      source->klass->unref (source);
      g_mutex_lock (&self->lock);
    }

  return NULL;
}

/* --- Workers --- */

static void
set_busy_locked (AhWorkerPool *self, AhWorker *worker, gboolean busy)
{
  if (worker->busy == busy)
    return;

  worker->busy = busy;
  self->n_busy += busy ? 1 : -1;
}

/* Waits for work; FALSE when none came for so long that the worker retires. */
static gboolean
park_locked (AhWorkerPool *self, AhWorker *worker)
{
  gint64 until = g_get_monotonic_time () + PARK_SECONDS * G_TIME_SPAN_SECOND;

  worker->woken = FALSE;
  g_queue_push_head_link (&self->idle, &worker->idle_link);
  while (!worker->woken)
    {
      if (!g_cond_wait_until (&worker->wake, &self->lock, until) && !worker->woken)
        {
          g_queue_unlink (&self->idle, &worker->idle_link);
          return FALSE;
        }
    }

  return TRUE;
}

/* Surplus is what works beyond one a CPU, and no more: it is used up where workers ran out of work
 * or wait now. */
static void
limit_surplus_locked (AhWorkerPool *self)
{
  guint n_active = n_active_locked (self), n_wanted = self->n_cpus + self->n_extra;

  self->n_surplus = MIN (self->n_surplus, n_active > n_wanted ? n_active - n_wanted : 0);
}

/* Whether the worker, which could take something, should leave that to others: those in whose place
 * workers were called are back, and all of them together are more than there are CPUs. */
static gboolean
is_surplus_locked (AhWorkerPool *self)
{
  if (self->n_surplus == 0 || n_active_locked (self) <= self->n_cpus + self->n_extra)
    return FALSE;

  self->n_surplus--;
  if (ah_worker_pool_count_queued_locked (self) > 0)
    ah_worker_pool_ensure_tick_locked (self);
  return TRUE;
}

static void
work_locked (AhWorkerPool *self, AhWorker *worker)
{
  while (self->workers.length <= self->max_threads)
    {
      AhWorkSource *source = is_surplus_locked (self) ? NULL : next_source_locked (self);

      if (source)
        {
          set_busy_locked (self, worker, TRUE);
          ah_worker_pool_unlock (self);
          source->klass->work (source);
          source->klass->unref (source);
          g_mutex_lock (&self->lock);
        }
      else
        {
          set_busy_locked (self, worker, FALSE);
          limit_surplus_locked (self);
          if (self->closing || !park_locked (self, worker))
            break;
        }
    }
  set_busy_locked (self, worker, FALSE);
}

static AhWorker *
worker_new (AhWorkerPool *pool)
{
  AhWorker *self = g_new0 (AhWorker, 1);

  self->ref_count = 1;
  g_cond_init (&self->wake);
  self->idle_link.data = self;
  self->worker_link.data = self;
  self->place.pool = pool;
  self->tid = syscall (SYS_gettid);
  /* A thread that GLib had in store has time on its clock already. */
  if (!ah_thread_clock_read ("/proc", self->tid, &self->clock))
    g_debug ("the clock of a worker cannot be read: the pool will not grow by evidence");

  return self;
}

static void
worker_main (gpointer token, gpointer user_data G_GNUC_UNUSED)
{
  static gint n_named;
  AhWorkerPool *self = token; /* with its reference */
  AhWorker *worker = worker_new (self);
  char old_name[16] = "";
  g_autofree char *name = g_strdup_printf ("ah-worker-%d", g_atomic_int_add (&n_named, 1) % 10000);

  /* GLib lends the thread to others afterwards: under the name that it came with. */
  pthread_getname_np (pthread_self (), old_name, sizeof old_name);
  pthread_setname_np (pthread_self (), name);

  g_mutex_lock (&self->lock);
  self->n_starting -= MIN (self->n_starting, 1);
  g_queue_push_tail_link (&self->workers, &worker->worker_link);
  current_place = &worker->place;
  work_locked (self, worker);
  current_place = NULL;
  g_queue_unlink (&self->workers, &worker->worker_link);
  ah_worker_pool_unlock (self);

  pthread_setname_np (pthread_self (), old_name);
  worker_unref (worker);
  ah_worker_pool_unref (self);
}

/*
 * The calling thread, if it works for a pool, is about to sleep until others get on. Where that may
 * take long, another worker is to @replace it at once; else the tick finds out whether one is
 * needed, so that short waits for the same thing do not bring a thread each. Where none can come,
 * those who wait for runs are told to do the work themselves.
 */
void
ah_worker_begin_wait (gboolean replace)
{
  AhWorkerPlace *place = current_place;
  AhWorkerPool *self;

  if (place == NULL || place->wait_depth++ > 0)
    return;

  self = place->pool;
  g_mutex_lock (&self->lock);
  if (place->helps)
    self->n_helping--;
  else
    self->n_waiting++;

  if (replace && self->n_surplus > 0 && n_active_locked (self) >= self->n_cpus + self->n_extra)
    {
      self->n_surplus--;
      place->replaced = TRUE;
    }
  else if (ah_worker_pool_count_queued_locked (self) > 0)
    {
      if (replace)
        call_worker_locked (self, NULL);
      else
        ah_worker_pool_ensure_tick_locked (self);
      place->replaced = replace;
    }
  ah_worker_pool_unlock_and_tell (self, FALSE);
}

void
ah_worker_end_wait (void)
{
  AhWorkerPlace *place = current_place;
  AhWorkerPool *self;

  if (place == NULL || --place->wait_depth > 0)
    return;

  self = place->pool;
  g_mutex_lock (&self->lock);
  if (place->helps)
    self->n_helping++;
  else
    self->n_waiting--;
  if (place->replaced)
    {
      place->replaced = FALSE;
      self->n_surplus++;
      limit_surplus_locked (self);
    }
  ah_worker_pool_unlock (self);
}

/*
 * The calling thread begins to work on a run of its own: a CPU's worth less for workers to do. If
 * it did so already, on a run around this one, that one does without it meanwhile. A worker counts
 * already.
 */
void
ah_worker_pool_begin_help (AhWorkerPool *self, AhWorkerPlace *place)
{
  *place = (AhWorkerPlace){ .pool = self, .helps = TRUE, .outer = current_place };
  if (current_place && !current_place->helps)
    return;

  ah_worker_begin_wait (FALSE);
  current_place = place;
  g_mutex_lock (&self->lock);
  self->n_helping++;
  ah_worker_pool_unlock (self);
}

void
ah_worker_pool_end_help (AhWorkerPlace *place)
{
  AhWorkerPool *self = place->pool;

  if (current_place != place)
    return;

  g_mutex_lock (&self->lock);
  self->n_helping--;
  ah_worker_pool_unlock (self);
  current_place = place->outer;
  ah_worker_end_wait ();
}

/* Whether every worker waits for a run, and no other can be started. */
gboolean
ah_worker_pool_nobody_can (AhWorkerPool *self)
{
  gboolean nobody_can;

  g_mutex_lock (&self->lock);
  nobody_can = nobody_can_locked (self);
  ah_worker_pool_unlock (self);

  return nobody_can;
}

/* --- What the public object tells --- */

guint
ah_worker_pool_get_max_threads (AhWorkerPool *self)
{
  guint max_threads;

  g_mutex_lock (&self->lock);
  max_threads = self->max_threads;
  ah_worker_pool_unlock (self);

  return max_threads;
}

/* Workers beyond the new limit leave once they have ended what they are in. */
void
ah_worker_pool_set_max_threads (AhWorkerPool *self, guint max_threads)
{
  g_mutex_lock (&self->lock);
  self->max_threads = max_threads ? max_threads : AH_WORKER_POOL_DEFAULT_MAX_THREADS;
  for (guint n = ah_worker_pool_count_threads_locked (self); n > self->max_threads; n--)
    wake_one_locked (self);
  if (ah_worker_pool_count_queued_locked (self) > 0)
    call_worker_locked (self, NULL);
  ah_worker_pool_unlock_and_tell (self, FALSE);
}

guint
ah_worker_pool_get_n_threads (AhWorkerPool *self)
{
  guint n_threads;

  g_mutex_lock (&self->lock);
  n_threads = ah_worker_pool_count_threads_locked (self);
  ah_worker_pool_unlock (self);

  return n_threads;
}

guint
ah_worker_pool_get_n_running (AhWorkerPool *self)
{
  guint n_running;

  g_mutex_lock (&self->lock);
  n_running = self->n_busy;
  ah_worker_pool_unlock (self);

  return n_running;
}

guint
ah_worker_pool_get_n_queued (AhWorkerPool *self)
{
  guint n_queued;

  g_mutex_lock (&self->lock);
  n_queued = ah_worker_pool_count_queued_locked (self);
  ah_worker_pool_unlock (self);

  return n_queued;
}

gboolean
ah_worker_pool_would_queue (AhWorkerPool *self)
{
  gboolean would_queue;

  g_mutex_lock (&self->lock);
  would_queue = would_queue_locked (self);
  ah_worker_pool_unlock (self);

  return would_queue;
}
