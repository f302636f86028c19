/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Functions that compute, that wait, and that do both: how many threads a new pool starts for them,
 * and how long it takes from its first thread to the last result.
 *
 * Each is a part of its own, to be run in a process of its own: the pool of GTask has fewer threads
 * the longer a process lives. */

#include "bench-peers.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What one function does. */
typedef struct
{
  double cpu;  /* seconds of a CPU */
  gulong wait; /* µs of sleep behind it */
} Kind;

typedef struct
{
  guint n;
  Kind kinds[2]; /* taken in turns */
  double ideal;  /* seconds, by arithmetic */
} Load;

static guint n_calls;     /* atomic */
static guint n_inside;    /* atomic: functions that run now */
static guint most_inside; /* atomic */

static void
do_work (gpointer data)
{
  const Kind *kind = data;
  guint inside = (guint) g_atomic_int_add (&n_inside, 1) + 1;
  guint most = (guint) g_atomic_int_get (&most_inside);

  while (inside > most
         && !g_atomic_int_compare_and_exchange_full ((gint *) &most_inside, (gint) most,
                                                     (gint) inside, (gint *) &most))
    ;

  if (kind->cpu > 0)
    bench_burn (kind->cpu);
  if (kind->wait > 0)
    g_usleep (kind->wait);

  g_atomic_int_add (&n_inside, -1);
  g_atomic_int_inc (&n_calls);
}

static void
begin (void)
{
  g_atomic_int_set (&n_calls, 0);
  g_atomic_int_set (&most_inside, 0);
}

static const Kind *
get_kind (const Load *load, guint i)
{
  return &load->kinds[i % 2];
}

/* --- Ours --- */

typedef struct
{
  AhThreadPool *pool;
  gboolean stop; /* atomic */
  guint most;
} Sampler;

/* Threads stay for a while when they have nothing to do: none comes and goes unseen. */
static gpointer
sample (gpointer data)
{
  Sampler *sampler = data;

  while (!g_atomic_int_get (&sampler->stop))
    {
      sampler->most = MAX (sampler->most, ah_thread_pool_get_n_threads (sampler->pool));
      g_usleep (2000);
    }

  return NULL;
}

static void
blocking (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  do_work (user_data);
}

static void
round_block (Bench *bench, gconstpointer setup, BenchRound *round)
{
  const Load *load = setup;
  g_autoptr (AhThreadPool) pool = ah_thread_pool_new (1024);
  g_autoptr (AhBatch) batch = ah_parallel_new ();
  g_autoptr (GArray) values = NULL;
  g_autoptr (GError) error = NULL;
  Sampler sampler = { .pool = pool };
  GThread *thread;
  double start;

  ah_batch_set_pool (batch, pool);
  for (guint i = 0; i < load->n; i++)
    ah_batch_schedule_blocking (batch, blocking, (gpointer) get_kind (load, i), NULL);

  begin ();
  thread = g_thread_new ("sampler", sample, &sampler);
  start = bench_now ();
  values = ah_batch_block (batch, NULL, &error);
  round->times[BENCH_RUN] = bench_now () - start;
  g_atomic_int_set (&sampler.stop, TRUE);
  g_thread_join (thread);

  if (values == NULL)
    bench_wrong (bench, "ah_batch_block: %s", error->message);
  else if (values->len != load->n || n_calls != load->n)
    bench_wrong (bench, "%u calls and %u results of %u functions", n_calls, values->len, load->n);

  /* The thread that blocks works too. */
  round->n_threads = MAX (sampler.most, ah_thread_pool_get_n_threads (pool)) + 1;
}

/* --- Peers: of them only the functions that run at the same time can be counted --- */

static void
task_job (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  do_work (task_data);
  g_task_return_boolean (task, TRUE);
}

typedef struct
{
  GMainLoop *loop;
  guint n_pending;
} TaskJoin;

static void
task_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TaskJoin *join = user_data;

  if (--join->n_pending == 0)
    g_main_loop_quit (join->loop);
}

static void
round_task (Bench *bench, gconstpointer setup, BenchRound *round)
{
  const Load *load = setup;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  TaskJoin join = { loop, load->n };
  double start;

  begin ();
  start = bench_now ();
  for (guint i = 0; i < load->n; i++)
    {
      g_autoptr (GTask) task = g_task_new (NULL, NULL, task_cb, &join);

      g_task_set_task_data (task, (gpointer) get_kind (load, i), NULL);
      g_task_run_in_thread (task, task_job);
    }
  g_main_loop_run (loop);
  round->times[BENCH_RUN] = bench_now () - start;
  round->n_threads = most_inside;
}

#ifdef BENCH_HAVE_OPENMP
static void
round_openmp (Bench *bench, gconstpointer setup, BenchRound *round)
{
  const Load *load = setup;
  double start;

  begin ();
  start = bench_now ();
  bench_openmp_for (load->n, do_work, (gpointer) get_kind (load, 0));
  round->times[BENCH_RUN] = bench_now () - start;
  round->n_threads = most_inside;
}
#endif

/* --- Cases --- */

static void
print_ideal (Bench *bench, const Load *load)
{
  BenchSpread ideal = { load->ideal, load->ideal, load->ideal };

  printf ("  %-36s %10.2f\n", "by arithmetic", load->ideal);
  bench_measure (bench, "by arithmetic", FALSE, "all", ideal, 1, "s");
}

static Load
make_load (Bench *bench, guint n, Kind even, Kind odd)
{
  Load load = { n, { even, odd }, 0 };

  if (bench->smoke)
    {
      load.n = 20;
      for (guint i = 0; i < 2; i++)
        {
          load.kinds[i].cpu /= 10;
          load.kinds[i].wait /= 10;
        }
    }

  /* All CPUs busy until the last of it, or the longest function, whichever is longer. */
  load.ideal = load.n * (load.kinds[0].cpu + load.kinds[1].cpu) / 2 / bench->n_cpus;
  for (guint i = 0; i < 2; i++)
    load.ideal = MAX (load.ideal, load.kinds[i].cpu + load.kinds[i].wait / 1e6);

  return load;
}

void
bench_sleeping (Bench *bench)
{
  Kind sleeps = { 0, 100000 };
  Load load = make_load (bench, 1000, sleeps, sleeps);
  BenchContender contenders[] = {
    BENCH_CONTENDER ("ah_batch_block", TRUE, round_block),
    BENCH_CONTENDER ("GTask", FALSE, round_task),
  };

  bench_case (bench, "growth", 120, "%u functions that sleep %g ms", load.n,
              load.kinds[0].wait / 1e3);
  bench_contest (bench, &contenders[0], 1, &load, 5);
  /* It takes ten seconds whenever it is asked. */
  bench_contest (bench, &contenders[1], 1, &load, 1);
  bench_table (bench, contenders, G_N_ELEMENTS (contenders), 1, "s");
  print_ideal (bench, &load);
  bench_goal (bench, "all of them", bench_get (&contenders[0], BENCH_TOTAL).median, "<=", 0.3, "s");
}

static void
measure_cpu (Bench *bench, gboolean beside_others)
{
  Kind computes = { 0.010, 0 };
  Load load = make_load (bench, 200, computes, computes);
  BenchContender contenders[] = {
    BENCH_CONTENDER ("ah_batch_block", TRUE, round_block),
#ifdef BENCH_HAVE_OPENMP
    BENCH_CONTENDER ("OpenMP dynamic", FALSE, round_openmp),
#endif
    BENCH_CONTENDER ("GTask", FALSE, round_task),
  };
  guint n = G_N_ELEMENTS (contenders);
  BenchContender *ideal;
  guint n_more = beside_others ? 8 : 2;
  g_autofree char *what = g_strdup_printf ("threads, %u CPUs and %u", bench->n_cpus, n_more);

  bench_contest (bench, contenders, n, &load, beside_others ? 3 : 5);
  bench_table (bench, contenders, n, 1, "s");
  print_ideal (bench, &load);

  bench_goal (bench, what, contenders[0].n_threads, "<=", bench->n_cpus + n_more, "threads");
  if (beside_others)
    return;

  /* Whoever else is busy makes the arithmetic impossible: what is fixed threads can reach in the
   * same rounds counts. */
  ideal = bench_find (contenders, n, "OpenMP dynamic");
  if (ideal != NULL)
    bench_goal (bench, "against OpenMP dynamic",
                bench_ratio (&contenders[0], BENCH_TOTAL, ideal, BENCH_TOTAL), "<=", 1.05, "×");
  else
    bench_goal (bench, "against the arithmetic",
                bench_get (&contenders[0], BENCH_TOTAL).median / load.ideal, "<=", 1.05, "×");
}

#define N_FOREIGN 2

/* Processes that use all CPU time they get. They end with this one, however it ends, and by
 * themselves after a minute. */
static void
start_foreign (pid_t *processes)
{
  pid_t parent = getpid ();

  for (guint i = 0; i < N_FOREIGN; i++)
    {
      processes[i] = fork ();
      if (processes[i] < 0)
        g_error ("No process can be started");
      if (processes[i] == 0)
        {
          prctl (PR_SET_PDEATHSIG, SIGKILL);
          signal (SIGALRM, SIG_DFL);
          alarm (60);
          while (getppid () == parent)
            bench_spin (1000000);
          _exit (0);
        }
    }
}

static void
stop_foreign (const pid_t *processes)
{
  for (guint i = 0; i < N_FOREIGN; i++)
    {
      kill (processes[i], SIGKILL);
      waitpid (processes[i], NULL, 0);
    }
}

static void
measure_mixture (Bench *bench, const Load *load, double limit, guint thread_limit)
{
  BenchContender contenders[] = {
    BENCH_CONTENDER ("ah_batch_block", TRUE, round_block),
    BENCH_CONTENDER ("GTask", FALSE, round_task),
  };

  bench_contest (bench, contenders, G_N_ELEMENTS (contenders), load, 3);
  bench_table (bench, contenders, G_N_ELEMENTS (contenders), 1, "s");
  print_ideal (bench, load);
  bench_goal (bench, "all of them", bench_get (&contenders[0], BENCH_TOTAL).median, "<=", limit,
              "s");
  if (thread_limit > 0)
    bench_goal (bench, "threads", contenders[0].n_threads, "<=", thread_limit, "threads");
}

void
bench_computing (Bench *bench)
{
  bench_case (bench, "growth", 120, "200 functions that compute for 10 ms");
  measure_cpu (bench, FALSE);
}

void
bench_crowded (Bench *bench)
{
  pid_t foreign[N_FOREIGN];

  bench_case (
      bench, "growth", 120,
      "200 functions that compute for 10 ms, beside %u other processes that are always busy",
      N_FOREIGN);
  start_foreign (foreign);
  measure_cpu (bench, TRUE);
  stop_foreign (foreign);
}

void
bench_half (Bench *bench)
{
  Load load = make_load (bench, 200, (Kind){ 0.010, 0 }, (Kind){ 0, 100000 });

  bench_case (bench, "growth", 120,
              "100 functions that compute for 10 ms and 100 that sleep 100 ms, in turns");
  measure_mixture (bench, &load, 1.15, 20);
}

void
bench_mixed (Bench *bench)
{
  Kind both = { 0.002, 50000 };
  Load load = make_load (bench, 400, both, both);

  bench_case (bench, "growth", 120, "400 functions that compute for 2 ms, and then wait 50 ms");
  measure_mixture (bench, &load, 0.7, 0);
}
