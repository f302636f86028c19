/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* OpenMP, the only file that is compiled for it: what its compiler can do with a loop is the limit
 * for everything that is told at run time what to call. */

#include "bench-peers.h"

/* The results are checked where all peers' are; here only the loops differ. */
typedef void (*Loop) (const BenchJobs *jobs, GValue *values);

static void
loop_static (const BenchJobs *jobs, GValue *values)
{
#pragma omp parallel for schedule(static)
  for (guint i = 0; i < jobs->n; i++)
    bench_body (&values[i], i, jobs->spin);
}

static void
loop_dynamic (const BenchJobs *jobs, GValue *values)
{
#pragma omp parallel for schedule(dynamic, 1)
  for (guint i = 0; i < jobs->n; i++)
    bench_body (&values[i], i, jobs->spin);
}

static void
loop_task (const BenchJobs *jobs, GValue *values)
{
#pragma omp parallel
#pragma omp single
  for (guint i = 0; i < jobs->n; i++)
    {
#pragma omp task firstprivate(i)
      bench_body (&values[i], i, jobs->spin);
    }
}

static void
play (Bench *bench, const char *who, Loop loop, const BenchJobs *jobs, BenchRound *round)
{
  double start = bench_now ();
  GValue *values = bench_values_new (jobs->n);

  loop (jobs, values);
  round->times[BENCH_RUN] = bench_now () - start;

  if (!bench_values_check (values, jobs->n))
    bench_wrong (bench, "%s: a result is not its own", who);

  start = bench_now ();
  bench_values_free (values, jobs->n);
  round->times[BENCH_RELEASE] = bench_now () - start;
}

void
bench_peer_openmp_static (Bench *bench, gconstpointer setup, BenchRound *round)
{
  play (bench, "OpenMP static", loop_static, setup, round);
}

void
bench_peer_openmp_dynamic (Bench *bench, gconstpointer setup, BenchRound *round)
{
  play (bench, "OpenMP dynamic", loop_dynamic, setup, round);
}

void
bench_peer_openmp_task (Bench *bench, gconstpointer setup, BenchRound *round)
{
  play (bench, "OpenMP task", loop_task, setup, round);
}

void
bench_openmp_for (guint n, void (*function) (gpointer), gpointer user_data)
{
#pragma omp parallel for schedule(dynamic, 1)
  for (guint i = 0; i < n; i++)
    function (user_data);
}

static void
nested_task (guint outer, guint n_inner, GValue *values)
{
  for (guint i = 0; i < n_inner; i++)
    {
#pragma omp task firstprivate(i)
      bench_body (&values[outer * n_inner + i], outer * n_inner + i, 0);
    }
#pragma omp taskwait
}

void
bench_openmp_nested (guint n_outer, guint n_inner, GValue *values)
{
#pragma omp parallel
#pragma omp single
  for (guint outer = 0; outer < n_outer; outer++)
    {
#pragma omp task firstprivate(outer)
      nested_task (outer, n_inner, values);
    }
}
