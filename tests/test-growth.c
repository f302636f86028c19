/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* When the pool grows: single decisions, and whole courses on a simulated machine. */

#include "asynchelp/pool/ah-growth-private.h"

#define MS G_GINT64_CONSTANT (1000000)
#define TICK (10 * MS)

/* One decision from a fresh state. */

typedef struct
{
  const char *name;
  AhGrowthReading reading;
  guint expected;
} Decision;

/* Threads, most threads, queued, idle; interval, run and wait in ms. */
#define READING(cpus, threads, max, queued, idle, interval, run, wait)                             \
  {                                                                                                \
    cpus, threads, max, queued, idle, interval *MS, run *MS, wait *MS, G_MAXUINT64                 \
  }

static const Decision decisions[] = {
  { "all-sleep", READING (2, 2, 1024, 100, 0, 10, 0, 0), 2 },
  { "all-sleep-on-eight", READING (8, 8, 1024, 100, 0, 10, 0, 0), 8 },
  { "one-computes", READING (2, 3, 1024, 100, 0, 10, 10, 0), 1 },
  { "all-compute", READING (2, 2, 1024, 100, 0, 10, 20, 0), 0 },
  { "one-runs-one-waits", READING (2, 2, 1024, 100, 0, 10, 10, 10), 0 },
  { "all-wait-for-others", READING (2, 2, 1024, 100, 0, 10, 0, 20), 0 },
  { "less-than-half-free", READING (2, 8, 1024, 100, 0, 10, 16, 0), 0 },
  { "more-than-half-free", READING (2, 8, 1024, 100, 0, 10, 14, 0), 1 },
  { "less-than-half-free-with-waiting", READING (2, 8, 1024, 100, 0, 10, 8, 8), 0 },
  { "fewer-workers-than-cpus", READING (2, 1, 1024, 100, 0, 10, 10, 0), 1 },
  { "no-workers", READING (2, 0, 1024, 100, 0, 10, 0, 0), 2 },
  { "nothing-queued", READING (2, 2, 1024, 0, 0, 10, 0, 0), 0 },
  { "one-queued", READING (2, 2, 1024, 1, 0, 10, 0, 0), 1 },
  { "one-idle", READING (2, 2, 1024, 100, 1, 10, 0, 0), 0 },
  { "one-below-max", READING (2, 2, 3, 100, 0, 10, 0, 0), 1 },
  { "at-max", READING (2, 2, 2, 100, 0, 10, 0, 0), 0 },
  { "above-max", READING (2, 9, 2, 100, 0, 10, 0, 0), 0 },
  { "no-interval", READING (2, 2, 1024, 100, 0, 0, 0, 0), 0 },
  { "interval-backwards", READING (2, 2, 1024, 100, 0, -10, 0, 0), 0 },
  { "one-cpu-sleeps", READING (1, 1, 1024, 100, 0, 10, 0, 0), 1 },
  { "one-cpu-computes", READING (1, 1, 1024, 100, 0, 10, 10, 0), 0 },
  { "ran-more-than-there-is", READING (2, 2, 1024, 100, 0, 10, 500, 9000), 0 },
};

static void
test_decision (gconstpointer data)
{
  const Decision *decision = data;
  AhGrowthState state = { 0 };

  g_assert_cmpuint (ah_growth_decide (&decision->reading, &state), ==, decision->expected);
}

static void
test_doubles (void)
{
  AhGrowthReading reading = READING (2, 2, 1024, 5000, 0, 10, 0, 0);
  AhGrowthState state = { 0 };

  for (guint expected = 2; expected <= 256; expected *= 2)
    {
      guint step = ah_growth_decide (&reading, &state);

      g_assert_cmpuint (step, ==, expected);
      reading.n_threads += step;
    }

  /* What is left below the most. */
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 1024 - 512);
}

static void
test_full_machine_resets_step (void)
{
  AhGrowthReading reading = READING (2, 2, 1024, 5000, 0, 10, 0, 0);
  AhGrowthState state = { 0 };

  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 2);
  reading.n_threads = 4;
  reading.run_ns = 20 * MS;
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
  reading.run_ns = 0;
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 2);
}

static void
test_idle_worker_resets_step (void)
{
  AhGrowthReading reading = READING (2, 2, 1024, 5000, 0, 10, 0, 0);
  AhGrowthState state = { 0 };

  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 2);
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 4);
  reading.n_idle = 1;
  for (guint i = 0; i < 10; i++)
    g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
  reading.n_idle = 0;
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 2);
}

/* A reading without time says nothing, and spoils nothing. */
static void
test_no_interval (void)
{
  AhGrowthReading reading = READING (2, 2, 1024, 5000, 0, 0, 0, 0);
  AhGrowthState state = { 0 };

  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
  reading.interval_ns = TICK;
  for (guint expected = 2; expected <= 16; expected *= 2)
    g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, expected);
  reading.interval_ns = 0;
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
}

/* CPU time that is accounted late, all at once, is soon forgotten. */
static void
test_late_account (void)
{
  AhGrowthReading reading = READING (2, 20, 1024, 5000, 0, 10, 2000, 0);
  AhGrowthState state = { 0 };

  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
  reading.run_ns = 0;
  for (guint i = 0; i < 12; i++)
    reading.n_threads += ah_growth_decide (&reading, &state);
  g_assert_cmpuint (reading.n_threads, >, 20);
}

/* Workers that share the CPUs with other processes, at times with a wait that goes on and so
 * isn't accounted yet: no reason to take them for asleep. */
static void
test_late_wait (void)
{
  AhGrowthReading reading = READING (2, 2, 1024, 5000, 0, 10, 10, 10);
  AhGrowthState state = { 0 };

  for (guint i = 0; i < 10; i++)
    g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
  reading.run_ns = 9 * MS;
  reading.wait_ns = 0;
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
}

/* Workers that sleep and wake alike: on average there is room for more, though they wait for each
 * other now and then. */
static void
test_alike (void)
{
  AhGrowthReading crowd = READING (2, 20, 1024, 5000, 0, 10, 10, 100);
  AhGrowthReading calm = READING (2, 20, 1024, 5000, 0, 10, 8, 0);
  AhGrowthState state = { 0 };

  for (guint i = 0; i < 10; i++)
    {
      g_assert_cmpuint (ah_growth_decide (&crowd, &state), ==, 0);
      g_assert_cmpuint (ah_growth_decide (&calm, &state), ==, 0);
      g_assert_cmpuint (ah_growth_decide (&calm, &state), <=, crowd.n_threads);
      /* Functions begin. */
      crowd.n_queued = calm.n_queued -= 20;
    }

  /* Less than one of two CPUs is used. A crowd that counts in full would leave less room. */
  g_assert_cmpuint (ah_growth_decide (&crowd, &state), ==, 0);
  g_assert_cmpuint (ah_growth_decide (&calm, &state), ==, 0);
  g_assert_cmpuint (ah_growth_decide (&calm, &state), >=, 14);
}

/* A machine that is full, though not with our workers: look again before growing, then grow. */
static void
test_busy_machine (void)
{
  AhGrowthReading reading = READING (2, 2, 1024, 5000, 0, 10, 0, 0);
  AhGrowthState state = { 0 };

  reading.system_idle_ns = 0;
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 2);
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 4);

  /* A busy reading in between, and it begins anew. */
  state = (AhGrowthState){ 0 };
  reading.n_threads = 8;
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
  reading.run_ns = 20 * MS;
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
  reading.run_ns = 0;
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
  g_assert_cmpuint (ah_growth_decide (&reading, &state), >, 0);

  state = (AhGrowthState){ 0 };
  reading.system_idle_ns = 20 * MS;
  g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 2);
}

/* Workers compute all the time, and what they wait for in doing so stands in the queue: threads
 * come all the same, more and more rarely, but without end. */
static void
test_standstill (void)
{
  static const guint at[] = { 25, 50, 100, 200, 400, 800, 1200, 1600, 2000 };
  AhGrowthReading reading = READING (2, 2, 1024, 100, 0, 10, 20, 0);
  AhGrowthState state = { 0 };
  guint n_added = 0;

  for (guint tick = 1; n_added < G_N_ELEMENTS (at); tick++)
    {
      guint step = ah_growth_decide (&reading, &state);

      g_assert_cmpuint (step, ==, tick == at[n_added]);
      /* The new one takes a function, and computes too. */
      reading.n_queued -= step;
      reading.n_threads += step;
      reading.wait_ns += 10 * MS * step;
      n_added += step;
    }

  /* Never more than there may be. */
  reading.max_threads = reading.n_threads;
  for (guint tick = 0; tick < 1000; tick++)
    g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
}

/* Where the added thread is what the others waited for, the next one need not wait longer. */
static void
test_standstill_that_it_ends (void)
{
  AhGrowthReading reading = READING (2, 2, 1024, 1000, 0, 10, 20, 0);
  AhGrowthState state = { 0 };

  for (guint round = 0; round < 5; round++)
    {
      guint n_ticks = 0;

      while (ah_growth_decide (&reading, &state) == 0)
        g_assert_cmpuint (++n_ticks, <, 26);
      reading.n_queued -= 3;
    }
}

/* Functions that take long, and in which nobody waits: a few threads more, and no more than that.
 */
static void
test_long_functions (void)
{
  AhGrowthReading reading = READING (2, 2, 1024, 10000, 0, 10, 20, 0);
  AhGrowthState state = { 0 };

  for (guint tick = 1; tick <= 100000; tick++)
    {
      guint step = ah_growth_decide (&reading, &state);

      reading.n_queued -= step;
      reading.n_threads += step;
      if (tick % 100 == 0)
        reading.n_queued -= 1;
    }

  g_assert_cmpuint (reading.n_threads, <=, 2 + 6);
}

/* Short functions, on a full machine. */
static void
test_busy_queue (void)
{
  AhGrowthReading reading = READING (2, 2, 1024, 100000, 0, 10, 20, 0);
  AhGrowthState state = { 0 };

  for (guint tick = 0; tick < 10000; tick++)
    {
      g_assert_cmpuint (ah_growth_decide (&reading, &state), ==, 0);
      reading.n_queued -= 2;
    }
}

/*
 * Courses: a machine with a clock of its own. Runnable threads get turns of about 3 ms, those that
 * ran least first. As in the real kernel a wait is accounted only when it ends.
 */

#define STEP (MS / 20)
#define TURN (3 * MS)
#define MAX_SIM_THREADS 1100
#define N_SEEDS 20

typedef enum
{
  THREAD_STARTING,
  THREAD_READY,
  THREAD_RUNNING,
  THREAD_SLEEPING,
  THREAD_IDLE,
} ThreadState;

typedef struct
{
  gint64 cpu;
  gint64 sleep;
} Job;

typedef struct
{
  ThreadState state;
  gboolean foreign;
  gboolean has_job;
  gint64 cpu_left;
  gint64 sleep_left;
  gint64 turn_left;
  gint64 vruntime;
  gint64 run;
  gint64 wait;
  gint64 open_wait; /* not accounted yet */
} SimThread;

typedef struct
{
  guint n_cpus;
  GRand *random;
  gint64 now;

  const Job *jobs;
  guint n_jobs;
  guint n_claimed;
  guint n_done;

  SimThread threads[MAX_SIM_THREADS];
  guint n_threads; /* foreign ones first */
  guint n_foreign;
} Machine;

static void
machine_start_threads (Machine *machine, guint count)
{
  for (guint i = 0; i < count; i++)
    {
      SimThread *thread = &machine->threads[machine->n_threads++];

      g_assert_cmpuint (machine->n_threads, <, MAX_SIM_THREADS);
      thread->state = THREAD_STARTING;
      thread->sleep_left = (gint64) i * MS / 50;
      thread->sleep_left += g_rand_int_range (machine->random, 1, 6) * STEP;
    }
}

static void
machine_make_ready (Machine *machine, SimThread *thread)
{
  gint64 least = G_MAXINT64;

  /* Who comes from sleep has no claim to the turns it missed. */
  for (guint i = 0; i < machine->n_threads; i++)
    {
      ThreadState state = machine->threads[i].state;

      if (state == THREAD_READY || state == THREAD_RUNNING)
        least = MIN (least, machine->threads[i].vruntime);
    }
  if (least != G_MAXINT64)
    thread->vruntime = MAX (thread->vruntime, least);

  thread->state = THREAD_READY;
}

/* Moves a worker on that has come to the end of something. Returns whether it is idle. */
static gboolean
machine_advance (Machine *machine, SimThread *thread)
{
  if ((thread->state == THREAD_STARTING || thread->state == THREAD_SLEEPING))
    {
      thread->sleep_left -= STEP;
      if (thread->sleep_left > 0)
        return FALSE;
      thread->state = THREAD_IDLE;
    }
  else if (thread->state == THREAD_RUNNING && thread->cpu_left <= 0)
    thread->state = thread->sleep_left > 0 ? THREAD_SLEEPING : THREAD_IDLE;

  if (thread->state != THREAD_IDLE)
    return FALSE;

  if (thread->has_job)
    machine->n_done++;
  thread->has_job = machine->n_claimed < machine->n_jobs;
  if (!thread->has_job)
    return TRUE;

  thread->cpu_left = machine->jobs[machine->n_claimed].cpu;
  thread->sleep_left = machine->jobs[machine->n_claimed].sleep;
  machine->n_claimed++;
  if (thread->cpu_left > 0)
    machine_make_ready (machine, thread);
  else
    thread->state = THREAD_SLEEPING;

  return FALSE;
}

static void
machine_schedule (Machine *machine)
{
  guint n_running = 0;

  for (guint i = 0; i < machine->n_threads; i++)
    {
      SimThread *thread = &machine->threads[i];

      if (thread->state == THREAD_RUNNING && thread->turn_left <= 0)
        thread->state = THREAD_READY;
      if (thread->state == THREAD_RUNNING)
        n_running++;
    }

  while (n_running < machine->n_cpus)
    {
      SimThread *next = NULL;

      for (guint i = 0; i < machine->n_threads; i++)
        {
          SimThread *thread = &machine->threads[i];

          if (thread->state == THREAD_READY && (next == NULL || thread->vruntime < next->vruntime))
            next = thread;
        }
      if (next == NULL)
        return;

      next->state = THREAD_RUNNING;
      next->turn_left = TURN + g_rand_int_range (machine->random, -MS / 2, MS / 2);
      next->wait += next->open_wait;
      next->open_wait = 0;
      n_running++;
    }
}

/* Lets the time of one step pass. Returns how many workers are idle. */
static guint
machine_step (Machine *machine)
{
  guint n_idle = 0;

  for (guint i = machine->n_foreign; i < machine->n_threads; i++)
    n_idle += machine_advance (machine, &machine->threads[i]);

  machine_schedule (machine);

  for (guint i = 0; i < machine->n_threads; i++)
    {
      SimThread *thread = &machine->threads[i];

      if (thread->state == THREAD_RUNNING)
        {
          thread->cpu_left -= thread->foreign ? 0 : STEP;
          thread->turn_left -= STEP;
          thread->vruntime += STEP;
          thread->run += STEP;
        }
      else if (thread->state == THREAD_READY)
        thread->open_wait += STEP;
    }
  machine->now += STEP;

  return n_idle;
}

static void
machine_read (const Machine *machine, guint64 *run, guint64 *wait)
{
  *run = *wait = 0;

  for (guint i = machine->n_foreign; i < machine->n_threads; i++)
    {
      *run += machine->threads[i].run;
      *wait += machine->threads[i].wait;
    }
}

/* Runs @jobs to their end, with growth as the pool does it: a reading about every 10 ms. */
static void
simulate (guint n_cpus,
          guint n_foreign,
          const Job *jobs,
          guint n_jobs,
          guint32 seed,
          gint64 *duration,
          guint *n_workers)
{
  g_autofree Machine *machine = g_new0 (Machine, 1);
  AhGrowthState state = { 0 };
  guint64 last_run = 0, last_wait = 0;
  gint64 last_tick = 0, next_tick = TICK;

  machine->n_cpus = n_cpus;
  machine->n_foreign = n_foreign;
  machine->jobs = jobs;
  machine->n_jobs = n_jobs;
  machine->random = g_rand_new_with_seed (seed);

  for (; machine->n_threads < n_foreign; machine->n_threads++)
    {
      machine->threads[machine->n_threads].foreign = TRUE;
      machine->threads[machine->n_threads].cpu_left = 1;
      machine->threads[machine->n_threads].state = THREAD_READY;
    }
  machine_start_threads (machine, n_cpus);

  while (machine->n_done < n_jobs)
    {
      guint n_idle = machine_step (machine);
      AhGrowthReading reading;
      guint64 run, wait;

      /* A minute for what takes a second at best: it would never end. */
      g_assert_cmpint (machine->now, <, 60000 * MS);

      if (machine->now < next_tick)
        continue;

      machine_read (machine, &run, &wait);
      reading = (AhGrowthReading){
        .n_cpus = n_cpus,
        .n_threads = machine->n_threads - n_foreign,
        .max_threads = 1024,
        .n_queued = n_jobs - machine->n_claimed,
        .n_idle = n_idle,
        .interval_ns = machine->now - last_tick,
        .run_ns = run - last_run,
        .wait_ns = wait - last_wait,
        .system_idle_ns = G_MAXUINT64,
      };
      machine_start_threads (machine, ah_growth_decide (&reading, &state));
      last_run = run;
      last_wait = wait;
      last_tick = machine->now;
      next_tick = machine->now + TICK + g_rand_int_range (machine->random, 0, 6) * MS / 5;
    }

  *duration = machine->now;
  *n_workers = machine->n_threads - n_foreign;
  g_rand_free (machine->random);
}

typedef struct
{
  const char *name;
  guint n_cpus;
  guint n_foreign;
  guint n_jobs;
  Job jobs[2]; /* in turn */
  gint64 max_duration;
  guint min_workers;
  guint max_workers;
} Course;

static const Course courses[] = {
  { "sleep", 2, 0, 1000, { { 0, 100 * MS }, { 0, 100 * MS } }, 230 * MS, 900, 1000 },
  { "sleep-beside-others", 2, 2, 1000, { { 0, 100 * MS }, { 0, 100 * MS } }, 230 * MS, 900, 1000 },
  { "compute", 2, 0, 200, { { 10 * MS, 0 }, { 10 * MS, 0 } }, 1050 * MS, 2, 4 },
  { "compute-on-eight", 8, 0, 800, { { 10 * MS, 0 }, { 10 * MS, 0 } }, 1050 * MS, 8, 10 },
  { "compute-on-one", 1, 0, 100, { { 10 * MS, 0 }, { 10 * MS, 0 } }, 1050 * MS, 1, 3 },
  { "compute-beside-others", 2, 2, 200, { { 10 * MS, 0 }, { 10 * MS, 0 } }, 2100 * MS, 2, 4 },
  { "compute-or-sleep", 2, 0, 200, { { 10 * MS, 0 }, { 0, 100 * MS } }, 1150 * MS, 3, 20 },
  { "sleep-or-compute", 2, 0, 200, { { 0, 100 * MS }, { 10 * MS, 0 } }, 1150 * MS, 3, 20 },
  { "compute-then-sleep",
    2,
    0,
    400,
    { { 2 * MS, 50 * MS }, { 2 * MS, 50 * MS } },
    700 * MS,
    3,
    60 },
};

static void
test_course (gconstpointer data)
{
  const Course *course = data;
  g_autofree Job *jobs = g_new (Job, course->n_jobs);

  for (guint i = 0; i < course->n_jobs; i++)
    jobs[i] = course->jobs[i % 2];

  for (guint32 seed = 0; seed < N_SEEDS; seed++)
    {
      gint64 duration;
      guint n_workers;

      simulate (course->n_cpus, course->n_foreign, jobs, course->n_jobs, seed, &duration,
                &n_workers);
      g_test_message ("seed %u: %.3f s, %u threads", seed, duration / 1e9, n_workers);
      g_assert_cmpint (duration, <=, course->max_duration);
      g_assert_cmpuint (n_workers, >=, course->min_workers);
      g_assert_cmpuint (n_workers, <=, course->max_workers);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (decisions); i++)
    {
      g_autofree char *path = g_strconcat ("/growth/decision/", decisions[i].name, NULL);

      g_test_add_data_func (path, &decisions[i], test_decision);
    }

  g_test_add_func ("/growth/doubles", test_doubles);
  g_test_add_func ("/growth/full-machine-resets-step", test_full_machine_resets_step);
  g_test_add_func ("/growth/idle-worker-resets-step", test_idle_worker_resets_step);
  g_test_add_func ("/growth/no-interval", test_no_interval);
  g_test_add_func ("/growth/late-account", test_late_account);
  g_test_add_func ("/growth/late-wait", test_late_wait);
  g_test_add_func ("/growth/alike", test_alike);
  g_test_add_func ("/growth/busy-machine", test_busy_machine);
  g_test_add_func ("/growth/standstill", test_standstill);
  g_test_add_func ("/growth/standstill-that-it-ends", test_standstill_that_it_ends);
  g_test_add_func ("/growth/long-functions", test_long_functions);
  g_test_add_func ("/growth/busy-queue", test_busy_queue);

  for (guint i = 0; i < G_N_ELEMENTS (courses); i++)
    {
      g_autofree char *path = g_strconcat ("/growth/course/", courses[i].name, NULL);

      g_test_add_data_func (path, &courses[i], test_course);
    }

  return g_test_run ();
}
