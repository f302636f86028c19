/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Very many short functions, each of which returns a GValue. Everybody is paid for everything from
 * the first allocation to the last free. */

#include "bench-peers.h"

#define N_JOBS 200000

/* What the functions of a batch are to do: a function has but one pointer, which is its index. */
static guint batch_spin;

static void
blocking (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  bench_body (result, GPOINTER_TO_UINT (user_data), batch_spin);
}

static AhBatch *
schedule (const BenchJobs *jobs, BenchRound *round)
{
  double start = bench_now ();
  AhBatch *batch = ah_parallel_new ();

  batch_spin = jobs->spin;
  for (guint i = 0; i < jobs->n; i++)
    ah_batch_schedule_blocking (batch, blocking, GUINT_TO_POINTER (i), NULL);
  round->times[BENCH_SCHEDULE] = bench_now () - start;

  return batch;
}

static void
release (AhBatch *batch, GArray *values, BenchRound *round)
{
  double start = bench_now ();

  g_clear_pointer (&values, g_array_unref);
  g_object_unref (batch);
  round->times[BENCH_RELEASE] = bench_now () - start;
}

static void
round_block (Bench *bench, gconstpointer setup, BenchRound *round)
{
  const BenchJobs *jobs = setup;
  AhBatch *batch = schedule (jobs, round);
  g_autoptr (GError) error = NULL;
  GArray *values;
  double start;

  start = bench_now ();
  values = ah_batch_block (batch, NULL, &error);
  round->times[BENCH_RUN] = bench_now () - start;

  bench_check (bench, "ah_batch_block", values, jobs->n, error);
  release (batch, values, round);
}

typedef struct
{
  GMainLoop *loop;
  GArray *values;
  GError *error;
} RunAsync;

static void
run_async_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  RunAsync *run = user_data;

  run->values = ah_batch_run_finish (AH_BATCH (source), result, &run->error);
  g_main_loop_quit (run->loop);
}

static void
round_run_async (Bench *bench, gconstpointer setup, BenchRound *round)
{
  const BenchJobs *jobs = setup;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  AhBatch *batch = schedule (jobs, round);
  RunAsync run = { loop, NULL, NULL };
  double start;

  start = bench_now ();
  ah_batch_run_async (batch, NULL, run_async_cb, &run);
  g_main_loop_run (loop);
  round->times[BENCH_RUN] = bench_now () - start;

  bench_check (bench, "ah_batch_run_async", run.values, jobs->n, run.error);
  g_clear_error (&run.error);
  release (batch, run.values, round);
}

static void
round_start (Bench *bench, gconstpointer setup, BenchRound *round)
{
  const BenchJobs *jobs = setup;
  AhBatch *batch = schedule (jobs, round);
  g_autoptr (GError) error = NULL;
  AhFuture *future;
  GArray *values = NULL;
  double start;

  start = bench_now ();
  future = ah_start (AH_FUNCTION (batch), NULL);
  if (ah_future_wait (future, NULL, &error))
    values = ah_future_get_results (future, &error);
  round->times[BENCH_RUN] = bench_now () - start;

  bench_check (bench, "ah_start", values, jobs->n, error);

  /* The future has values of its own: giving it up is part of what they cost. */
  start = bench_now ();
  g_object_unref (future);
  release (batch, values, round);
  round->times[BENCH_RELEASE] = bench_now () - start;
}

static void
compare (Bench *bench,
         BenchContender *contenders,
         guint n,
         BenchContender *ours,
         const char *peer_name,
         const char *relation,
         double limit)
{
  BenchContender *peer = bench_find (contenders, n, peer_name);
  gboolean at_most = relation[0] == '<';
  g_autofree char *what = NULL;

  if (peer == NULL)
    return;

  what = g_strdup_printf ("%s %s %s", ours->name, at_most ? "against" : "faster than", peer_name);
  bench_goal (bench, what,
              at_most ? bench_ratio (ours, BENCH_RUN, peer, BENCH_RUN)
                      : bench_ratio (peer, BENCH_RUN, ours, BENCH_RUN),
              relation, limit, "×");
}

/* A batch is scheduled once and run often, as the code of a loop is written once; so the goals are
 * about runs. These peers are given each job again each time: said beside it is what is left of
 * their distance if ours has to do that, too. */
static void
print_all_in_all (Bench *bench,
                  BenchContender *contenders,
                  guint n,
                  BenchContender *ours,
                  const char *peer_name)
{
  BenchContender *peer = bench_find (contenders, n, peer_name);
  g_autofree char *what = NULL;

  if (peer == NULL)
    return;

  what = g_strdup_printf ("%s faster than %s, scheduled anew for one run", ours->name, peer_name);
  bench_fact (bench, what, bench_ratio (peer, BENCH_TOTAL, ours, BENCH_TOTAL), "×");
}

static void
judge_empty (Bench *bench, BenchContender *contenders, guint n, BenchContender *ours, double scale)
{
  bench_goal (bench, ours->name, bench_get (ours, BENCH_RUN).median * scale, "<=", 15, "ns a job");
  compare (bench, contenders, n, ours, "OpenMP static", "<=", 2.5);
  compare (bench, contenders, n, ours, "OpenMP task", ">=", 1);
  compare (bench, contenders, n, ours, "GThreadPool", ">=", 8);
  compare (bench, contenders, n, ours, "GTask", ">=", 90);
  print_all_in_all (bench, contenders, n, ours, "OpenMP task");
  print_all_in_all (bench, contenders, n, ours, "GThreadPool");
  print_all_in_all (bench, contenders, n, ours, "GTask");
}

static void
measure (Bench *bench, const char *id, double microseconds, guint n_rounds)
{
  BenchContender contenders[] = {
    BENCH_CONTENDER ("ah_batch_block", TRUE, round_block),
    BENCH_CONTENDER ("ah_batch_run_async", TRUE, round_run_async),
    BENCH_CONTENDER ("ah_start", TRUE, round_start),
    BENCH_CONTENDER ("plain loop", FALSE, bench_peer_loop),
    /* clang-format off */
    BENCH_OPENMP_CONTENDERS
    BENCH_LIBUV_CONTENDERS
    BENCH_LIBDEX_CONTENDERS
        /* clang-format on */
        BENCH_CONTENDER ("GThreadPool", FALSE, bench_peer_thread_pool),
    BENCH_CONTENDER ("GTask", FALSE, bench_peer_task),
  };
  guint n = G_N_ELEMENTS (contenders);
  BenchJobs jobs = { bench->smoke ? 1000 : N_JOBS, bench_spin_for (microseconds) };
  double scale = 1e9 / jobs.n;

  if (microseconds > 0)
    bench_case (bench, id, 240, "%u functions of %g µs that return an int", jobs.n, microseconds);
  else
    bench_case (bench, id, 120, "%u empty functions that return an int", jobs.n);

  bench_contest (bench, contenders, n, &jobs, n_rounds);
  bench_table (bench, contenders, n, scale, "ns a job");

  /* The first two are the ones that the goals speak of. */
  for (guint i = 0; i < 2; i++)
    if (microseconds > 0)
      compare (bench, contenders, n, &contenders[i], "OpenMP static", "<=", 1.05);
    else
      judge_empty (bench, contenders, n, &contenders[i], scale);
}

void
bench_jobs (Bench *bench)
{
  measure (bench, "empty", 0, 9);
  measure (bench, "1us", 1, 7);
  measure (bench, "10us", 10, 3);
}
