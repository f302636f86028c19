/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Clocks, work to do, and contests: rounds in which the contenders take turns. */

#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static double
read_clock (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);

  return now.tv_sec + now.tv_nsec / 1e9;
}

/* Seconds on a clock that never jumps, finer than g_get_monotonic_time (). */
double
bench_now (void)
{
  return read_clock (CLOCK_MONOTONIC);
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
interpolate (const double *sorted, guint n, double percent)
{
  double place = (n - 1) * percent / 100;
  guint below = (guint) place;

  if (below + 1 >= n)
    return sorted[n - 1];

  return sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
}

static double *
sort (const double *values, guint n)
{
  double *sorted = g_memdup2 (values, n * sizeof *values);

  qsort (sorted, n, sizeof *sorted, compare_doubles);

  return sorted;
}

double
bench_percentile (const double *values, guint n, double percent)
{
  g_autofree double *sorted = NULL;

  g_return_val_if_fail (n > 0, 0);

  sorted = sort (values, n);

  return interpolate (sorted, n, percent);
}

BenchSpread
bench_spread (const double *values, guint n)
{
  BenchSpread spread = { 0 };
  g_autofree double *sorted = NULL;

  g_return_val_if_fail (n > 0, spread);

  sorted = sort (values, n);
  spread.median = interpolate (sorted, n, 50);
  spread.low = interpolate (sorted, n, 25);
  spread.high = interpolate (sorted, n, 75);

  return spread;
}

/* --- Work --- */

/* Steps that depend on each other, so that no compiler and no processor can shorten them. */
void
bench_spin (guint n)
{
  guint x = n;

  for (guint i = 0; i < n; i++)
    {
      x = x * 1664525 + 1013904223;
      __asm__ volatile("" : "+r"(x));
    }
}

/* How many steps of bench_spin () take so long. Whoever else is busy only makes it seem less, so
 * the fastest of some tries counts. */
guint
bench_spin_for (double microseconds)
{
  static double per_step;

  for (guint try = 0; per_step == 0 || try < 20; try++)
    {
      const guint n = 200000;
      double start = bench_now ();
      double step;

      if (try == 0 && per_step > 0)
        break;

      bench_spin (n);
      step = (bench_now () - start) / n;
      if (per_step == 0 || step < per_step)
        per_step = step;
    }

  return (guint) (microseconds * 1e-6 / per_step + 0.5);
}

/* Uses a CPU for so long, by the thread's own clock: however many share the CPU, it is this much
 * work. */
void
bench_burn (double seconds)
{
  double end = read_clock (CLOCK_THREAD_CPUTIME_ID) + seconds;

  while (read_clock (CLOCK_THREAD_CPUTIME_ID) < end)
    bench_spin (20000);
}

/* --- Contests --- */

static void
play (Bench *bench, BenchContender *contender, gconstpointer setup, gboolean counts)
{
  BenchRound round = { 0 };

  if (contender->failed)
    return;

  contender->round (bench, setup, &round);
  contender->failed = round.failed;
  if (!counts || contender->failed)
    return;

  round.times[BENCH_TOTAL]
      = round.times[BENCH_SCHEDULE] + round.times[BENCH_RUN] + round.times[BENCH_RELEASE];
  for (guint column = 0; column < BENCH_N_COLUMNS; column++)
    contender->samples[column][contender->n_rounds] = round.times[column];
  contender->n_rounds++;
  contender->n_threads = MAX (contender->n_threads, round.n_threads);
}

/*
 * Lets all of them do the same, round by round, so that what disturbs the machine disturbs all.
 * Each round begins with another one, so that none always comes after the same neighbour. Unless
 * there is but one round, another one goes first that counts for nobody: it starts threads and
 * fills caches.
 */
void
bench_contest (Bench *bench,
               BenchContender *contenders,
               guint n_contenders,
               gconstpointer setup,
               guint n_rounds)
{
  n_rounds = bench->smoke ? 1 : MIN (n_rounds, BENCH_MAX_ROUNDS);

  if (n_rounds > 1)
    for (guint i = 0; i < n_contenders; i++)
      play (bench, &contenders[i], setup, FALSE);

  for (guint round = 0; round < n_rounds; round++)
    for (guint i = 0; i < n_contenders; i++)
      play (bench, &contenders[(round + i) % n_contenders], setup, TRUE);
}

BenchSpread
bench_get (BenchContender *contender, BenchColumn column)
{
  return bench_spread (contender->samples[column], contender->n_rounds);
}

/* How many times as much @a took as @b: the median of the ratios of single rounds, since what
 * lies within one round was measured under the same conditions. */
double
bench_ratio (BenchContender *a, BenchColumn column_a, BenchContender *b, BenchColumn column_b)
{
  guint n = MIN (a->n_rounds, b->n_rounds);
  double ratios[BENCH_MAX_ROUNDS];

  for (guint i = 0; i < n; i++)
    ratios[i] = a->samples[column_a][i] / b->samples[column_b][i];

  return bench_spread (ratios, n).median;
}

/* The contender of this name, unless it failed or does not take part. */
BenchContender *
bench_find (BenchContender *contenders, guint n_contenders, const char *name)
{
  for (guint i = 0; i < n_contenders; i++)
    if (strcmp (contenders[i].name, name) == 0)
      return contenders[i].n_rounds > 0 ? &contenders[i] : NULL;

  return NULL;
}
