/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* How much of the machine others used meanwhile: who reads a figure should know. */

#include "bench.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static double begin_time;
static double begin_all; /* CPU seconds of the whole machine; negative where it does not say */
static double begin_own;

/* CPU time that the machine has spent on anything, and that a host took from it. */
static double
read_all (void)
{
  guint64 user = 0;
  guint64 nice = 0;
  guint64 system = 0;
  guint64 irq = 0;
  guint64 soft_irq = 0;
  guint64 steal = 0;
  FILE *stat = fopen ("/proc/stat", "re");
  int n = 0;

  if (stat != NULL)
    {
      n = fscanf (stat,
                  "cpu %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                  " %*u %*u %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                  &user, &nice, &system, &irq, &soft_irq, &steal);
      fclose (stat);
    }

  return n == 6 ? (double) (user + nice + system + irq + soft_irq + steal) / sysconf (_SC_CLK_TCK)
                : -1;
}

static double
read_own (void)
{
  double seconds = 0;

  for (int who = RUSAGE_CHILDREN; who <= RUSAGE_SELF; who++)
    {
      struct rusage usage;

      if (getrusage (who, &usage) == 0)
        seconds += usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
                   + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    }

  return seconds;
}

void
bench_watch_others (void)
{
  begin_time = bench_now ();
  begin_all = read_all ();
  begin_own = read_own ();
}

/* How many CPUs others used on average since bench_watch_others (); negative if nobody knows. */
double
bench_get_others (void)
{
  double all = read_all ();
  double seconds = bench_now () - begin_time;

  if (all < 0 || begin_all < 0 || seconds <= 0)
    return -1;

  return MAX (0, (all - begin_all) - (read_own () - begin_own)) / seconds;
}
