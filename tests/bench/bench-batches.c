/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Batches in batches, and many small ones at the same time. */

#include "bench-peers.h"

/* --- Batches in batches --- */

typedef struct
{
  guint n_outer;
  guint n_inner;
} Tree;

static void
blocking (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  bench_body (result, GPOINTER_TO_UINT (user_data), 0);
}

static AhBatch *
schedule_tree (const Tree *tree, BenchRound *round)
{
  double start = bench_now ();
  AhBatch *outer = ah_parallel_new ();

  for (guint i = 0; i < tree->n_outer; i++)
    {
      g_autoptr (AhBatch) inner = ah_parallel_new ();

      for (guint j = 0; j < tree->n_inner; j++)
        ah_batch_schedule_blocking (inner, blocking, GUINT_TO_POINTER (i * tree->n_inner + j),
                                    NULL);
      ah_batch_schedule (outer, AH_FUNCTION (inner));
    }
  round->times[BENCH_SCHEDULE] = bench_now () - start;

  return outer;
}

static void
check_tree (Bench *bench, GArray *values, const Tree *tree, const GError *error)
{
  if (values == NULL || values->len != tree->n_outer)
    {
      bench_wrong (bench, "nested: %s", error != NULL ? error->message : "the wrong length");
      return;
    }

  for (guint i = 0; i < tree->n_outer; i++)
    {
      AhResults *results = g_value_get_object (&g_array_index (values, GValue, i));
      g_autoptr (GArray) inner = ah_results_get_values (results);

      for (guint j = 0; j < tree->n_inner; j++)
        if (inner->len != tree->n_inner
            || g_value_get_int (&g_array_index (inner, GValue, j)) != (int) (i * tree->n_inner + j))
          {
            bench_wrong (bench, "nested: a result is not its own");
            return;
          }
    }
}

static void
round_nested (Bench *bench, gconstpointer setup, BenchRound *round)
{
  AhBatch *batch = schedule_tree (setup, round);
  g_autoptr (GError) error = NULL;
  GArray *values;
  double start = bench_now ();

  values = ah_batch_block (batch, NULL, &error);
  round->times[BENCH_RUN] = bench_now () - start;

  check_tree (bench, values, setup, error);

  start = bench_now ();
  g_clear_pointer (&values, g_array_unref);
  g_object_unref (batch);
  round->times[BENCH_RELEASE] = bench_now () - start;
}

static void
round_flat (Bench *bench, gconstpointer setup, BenchRound *round)
{
  const Tree *tree = setup;
  guint n = tree->n_outer * tree->n_inner;
  AhBatch *batch;
  g_autoptr (GError) error = NULL;
  GArray *values;
  double start;

  start = bench_now ();
  batch = ah_parallel_new ();
  for (guint i = 0; i < n; i++)
    ah_batch_schedule_blocking (batch, blocking, GUINT_TO_POINTER (i), NULL);
  round->times[BENCH_SCHEDULE] = bench_now () - start;

  start = bench_now ();
  values = ah_batch_block (batch, NULL, &error);
  round->times[BENCH_RUN] = bench_now () - start;

  bench_check (bench, "flat", values, n, error);

  start = bench_now ();
  g_clear_pointer (&values, g_array_unref);
  g_object_unref (batch);
  round->times[BENCH_RELEASE] = bench_now () - start;
}

#ifdef BENCH_HAVE_OPENMP
static void
round_openmp (Bench *bench, gconstpointer setup, BenchRound *round)
{
  const Tree *tree = setup;
  guint n = tree->n_outer * tree->n_inner;
  double start = bench_now ();
  GValue *values = bench_values_new (n);

  bench_openmp_nested (tree->n_outer, tree->n_inner, values);
  round->times[BENCH_RUN] = bench_now () - start;

  if (!bench_values_check (values, n))
    bench_wrong (bench, "OpenMP: a result is not its own");

  start = bench_now ();
  bench_values_free (values, n);
  round->times[BENCH_RELEASE] = bench_now () - start;
}
#endif

static void
measure_nested (Bench *bench, const char *id, Tree tree)
{
  BenchContender contenders[] = {
    BENCH_CONTENDER ("ah_batch_block, nested", TRUE, round_nested),
    BENCH_CONTENDER ("ah_batch_block, flat", TRUE, round_flat),
#ifdef BENCH_HAVE_OPENMP
    BENCH_CONTENDER ("OpenMP tasks in tasks", FALSE, round_openmp),
#endif
  };

  bench_case (bench, id, 60, "%u batches of %u empty functions, in one batch", tree.n_outer,
              tree.n_inner);
  bench_contest (bench, contenders, G_N_ELEMENTS (contenders), &tree, 9);
  bench_table (bench, contenders, G_N_ELEMENTS (contenders), 1e9 / (tree.n_outer * tree.n_inner),
               "ns a job");
}

/* --- Many small ones at the same time --- */

#define N_THREADS 8
#define N_JOBS 10

typedef struct
{
  guint n_batches; /* of each thread */
  /* Runs so many batches, one after the other; FALSE if a result is not its own. */
  gboolean (*run) (guint n_batches);
} Small;

static gboolean
run_batches (guint n_batches)
{
  for (guint i = 0; i < n_batches; i++)
    {
      g_autoptr (AhBatch) batch = ah_parallel_new ();
      g_autoptr (GArray) values = NULL;

      for (guint j = 0; j < N_JOBS; j++)
        ah_batch_schedule_blocking (batch, blocking, GUINT_TO_POINTER (j), NULL);
      values = ah_batch_block (batch, NULL, NULL);
      if (values == NULL || values->len != N_JOBS
          || !bench_values_check ((const GValue *) values->data, N_JOBS))
        return FALSE;
    }

  return TRUE;
}

typedef struct
{
  GValue *values;
  guint n_pending; /* atomic */
  GMutex mutex;
  GCond cond; /* n_pending is 0 */
} SmallJoin;

typedef struct
{
  SmallJoin *join;
  guint index;
} SmallJob;

static GThreadPool *small_pool;

static void
small_job (gpointer data, gpointer user_data)
{
  SmallJob *job = data;
  SmallJoin *join = job->join;

  bench_body (&join->values[job->index], job->index, 0);

  /* Under the lock: who waits frees it all when the last one is done. */
  g_mutex_lock (&join->mutex);
  if (--join->n_pending == 0)
    g_cond_signal (&join->cond);
  g_mutex_unlock (&join->mutex);
}

static gboolean
run_pushes (guint n_batches)
{
  for (guint i = 0; i < n_batches; i++)
    {
      SmallJoin join = { bench_values_new (N_JOBS), N_JOBS };
      SmallJob jobs[N_JOBS];
      gboolean right;

      g_mutex_init (&join.mutex);
      g_cond_init (&join.cond);
      for (guint j = 0; j < N_JOBS; j++)
        {
          jobs[j] = (SmallJob){ &join, j };
          g_thread_pool_push (small_pool, &jobs[j], NULL);
        }
      g_mutex_lock (&join.mutex);
      while (join.n_pending > 0)
        g_cond_wait (&join.cond, &join.mutex);
      g_mutex_unlock (&join.mutex);
      right = bench_values_check (join.values, N_JOBS);
      bench_values_free (join.values, N_JOBS);
      g_mutex_clear (&join.mutex);
      g_cond_clear (&join.cond);
      if (!right)
        return FALSE;
    }

  return TRUE;
}

static gpointer
small_thread (gpointer data)
{
  const Small *small = data;

  return GINT_TO_POINTER (small->run (small->n_batches));
}

static void
run_small (Bench *bench, const char *who, const Small *small, BenchRound *round)
{
  GThread *threads[N_THREADS];
  gboolean right = TRUE;
  double start = bench_now ();

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("small", small_thread, (gpointer) small);
  for (guint i = 0; i < N_THREADS; i++)
    right = GPOINTER_TO_INT (g_thread_join (threads[i])) && right;
  round->times[BENCH_RUN] = bench_now () - start;

  if (!right)
    bench_wrong (bench, "%s: a result is not its own", who);
}

static void
round_small_batches (Bench *bench, gconstpointer setup, BenchRound *round)
{
  Small small = *(const Small *) setup;

  small.run = run_batches;
  run_small (bench, "ah_batch_block", &small, round);
}

static void
round_small_pushes (Bench *bench, gconstpointer setup, BenchRound *round)
{
  Small small = *(const Small *) setup;

  small.run = run_pushes;
  run_small (bench, "GThreadPool", &small, round);
}

static void
measure_small (Bench *bench)
{
  Small small = { bench->smoke ? 10 : 1000 };
  BenchContender contenders[] = {
    BENCH_CONTENDER ("ah_batch_block", TRUE, round_small_batches),
    BENCH_CONTENDER ("GThreadPool", FALSE, round_small_pushes),
  };

  small_pool = g_thread_pool_new (small_job, NULL, (int) bench->n_cpus, FALSE, NULL);

  bench_case (bench, "small", 60, "%u batches of %u empty functions from each of %u threads",
              small.n_batches, N_JOBS, N_THREADS);
  bench_contest (bench, contenders, G_N_ELEMENTS (contenders), &small, 9);
  bench_table (bench, contenders, G_N_ELEMENTS (contenders),
               1e6 / ((double) small.n_batches * N_THREADS), "µs a batch");
  bench_goal (bench, "ah_batch_block, faster than GThreadPool",
              bench_ratio (&contenders[1], BENCH_TOTAL, &contenders[0], BENCH_TOTAL), ">=", 5, "×");

  g_thread_pool_free (small_pool, FALSE, TRUE);
}

void
bench_batches (Bench *bench)
{
  measure_nested (bench, "nested", bench->smoke ? (Tree){ 20, 10 } : (Tree){ 1000, 100 });
  measure_nested (bench, "nested-small", bench->smoke ? (Tree){ 20, 2 } : (Tree){ 10000, 10 });
  measure_small (bench);
}
