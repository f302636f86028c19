/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/pool/ah-worker-pool-parts-private.h"

/*
 * The growth of a pool: while jobs wait, a tick reads what its workers did, has ah-growth.c decide
 * how many more there should be, and adds them.
 */

#define TICK_US 10000

typedef struct
{
  AhWorker *worker; /* an identity, never followed: the worker may be gone */
  gint tid;
  AhThreadClock now;
  gboolean read;
} Sample;

/* Reads the clocks of busy workers, without the lock: a thousand readings take a millisecond. */
static GArray *
sample_workers_locked (AhWorkerPool *self)
{
  GArray *samples = g_array_sized_new (FALSE, TRUE, sizeof (Sample), self->n_busy);

  for (GList *l = self->workers.head; l; l = l->next)
    {
      AhWorker *worker = l->data;
      Sample sample = { worker, worker->tid, { 0 }, FALSE };

      if (worker->busy)
        g_array_append_val (samples, sample);
    }

  ah_worker_pool_unlock (self);
  for (guint i = 0; i < samples->len; i++)
    {
      Sample *sample = &g_array_index (samples, Sample, i);

      sample->read = ah_thread_clock_read ("/proc", sample->tid, &sample->now);
    }
  g_mutex_lock (&self->lock);

  return samples;
}

/* Adds what a worker did since its last reading, which may be longer ago than the interval. */
static void
add_sample (AhGrowthReading *reading, const AhThreadClock *before, const AhThreadClock *now)
{
  guint64 interval = reading->interval_ns;
  guint64 run = MIN (now->run_ns - before->run_ns, interval);
  guint64 wait = MIN (now->wait_ns - before->wait_ns, interval - run);

  /* Where the kernel does not tell how long a thread waited for a CPU, that it wants one has to do.
   */
  if (now->runnable)
    wait = interval - run;
  reading->run_ns += run;
  reading->wait_ns += wait;
}

static void
take_reading_locked (AhWorkerPool *self, AhGrowthReading *reading)
{
  g_autoptr (GArray) samples = sample_workers_locked (self);
  guint next = 0;

  /* Workers stand in the same order as when they were sampled, less those that have gone. */
  for (GList *l = self->workers.head; l; l = l->next)
    {
      AhWorker *worker = l->data;
      guint at = next;

      while (at < samples->len && g_array_index (samples, Sample, at).worker != worker)
        at++;
      if (at == samples->len)
        continue;

      const Sample *sample = &g_array_index (samples, Sample, at);

      next = at + 1;
      if (sample->read)
        {
          add_sample (reading, &worker->clock, &sample->now);
          worker->clock = sample->now;
        }
    }
}

/* In the timer's thread, every TICK_US while jobs wait. */
static gint64
tick (gpointer data)
{
  AhWorkerPool *self = data;
  gint64 now = g_get_monotonic_time ();
  AhGrowthReading reading = { 0 };
  guint n_add = 0;

  g_mutex_lock (&self->lock);
  reading.n_queued = ah_worker_pool_count_queued_locked (self);
  if (reading.n_queued == 0)
    {
      self->ticking = FALSE;
      self->n_extra = 0;
      self->n_surplus = 0;
      self->growth = (AhGrowthState){ 0 };
      self->last_tick = 0;
      ah_worker_pool_unlock (self);
      return 0;
    }

  reading.n_cpus = self->n_cpus;
  reading.max_threads = self->max_threads;
  reading.n_threads = ah_worker_pool_count_threads_locked (self) - self->idle.length;
  reading.interval_ns = (self->last_tick ? now - self->last_tick : TICK_US) * 1000;
  reading.system_idle_ns = G_MAXUINT64;
  take_reading_locked (self, &reading);
  /* The first tick is there for the others to compare with. */
  if (self->last_tick)
    n_add = ah_growth_decide (&reading, &self->growth);
  self->last_tick = now;
  if (n_add)
    g_debug ("%u functions wait, %.2f CPUs' worth of %u workers are runnable: %u more",
             reading.n_queued, (double) (reading.run_ns + reading.wait_ns) / reading.interval_ns,
             reading.n_threads, n_add);

  self->n_extra += n_add;
  ah_worker_pool_add_locked (self, n_add);
  ah_worker_pool_unlock_and_tell (self, TRUE);

  return now + TICK_US;
}

/* Has the pool looked after, as long as jobs wait. */
void
ah_worker_pool_ensure_tick_locked (AhWorkerPool *self)
{
  g_autoptr (GError) error = NULL;

  if (self->ticking)
    return;

  g_clear_pointer (&self->timer, ah_timer_cancel);
  self->timer = ah_timer_new (g_get_monotonic_time () + TICK_US, tick, ah_worker_pool_ref (self),
                              (GDestroyNotify) ah_worker_pool_unref, &error);
  self->ticking = self->timer != NULL;
  if (!self->ticking)
    {
      /* No growth then: the threads that there are carry on. */
      g_debug ("no timer thread: %s", error->message);
      ah_worker_pool_unref (self);
    }
}
