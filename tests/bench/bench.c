/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Measures the library beside what GLib offers for the same job, in one process.
 *
 * Absolute times say little from one machine to the next; the ratios do, since the contenders take
 * turns. A missed goal is printed and changes nothing else: only a wrong result fails. */

#include "bench.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct
{
  const char *name;
  void (*run) (Bench *bench);
} Part;

static const Part parts[] = {
  { "fork-join", bench_fork_join }, { "memory", bench_memory },     { "loop-gap", bench_loop_gap },
  { "native", bench_native },       { "sleepers", bench_sleepers },
};

/* Seconds on a clock that never jumps, finer than g_get_monotonic_time (). */
double
bench_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);

  return now.tv_sec + now.tv_nsec / 1e9;
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return (x > y) - (x < y);
}

/* Sorts @values. */
double
bench_median (double *values, guint n)
{
  g_return_val_if_fail (n > 0, 0);

  qsort (values, n, sizeof *values, compare_doubles);

  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

void
bench_title (const char *format, ...)
{
  va_list args;

  fputs ("\n", stdout);
  va_start (args, format);
  vfprintf (stdout, format, args);
  va_end (args);
  fputs ("\n", stdout);
}

/* @relation is "<=" or ">=". */
void
bench_goal (Bench *bench,
            const char *what,
            double measured,
            const char *relation,
            double limit,
            const char *unit)
{
  gboolean met = relation[0] == '<' ? measured <= limit : measured >= limit;

  bench->n_goals++;
  if (!met)
    bench->n_missed++;

  printf ("  %s  %-52s %9.2f %s  (goal %s %g)\n", met ? "PASS" : "MISS", what, measured, unit,
          relation, limit);
}

void
bench_wrong (Bench *bench, const char *format, ...)
{
  va_list args;

  bench->n_wrong++;

  fputs ("  WRONG ", stdout);
  va_start (args, format);
  vfprintf (stdout, format, args);
  va_end (args);
  fputs ("\n", stdout);
}

static gboolean
is_part (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    if (strcmp (parts[i].name, name) == 0)
      return TRUE;

  return FALSE;
}

int
main (int argc, char **argv)
{
  Bench bench = { 0 };
  double load;
  g_auto (GStrv) names = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new ("[PART…]");
  const GOptionEntry entries[]
      = { { "smoke", 0, 0, G_OPTION_ARG_NONE, &bench.smoke, "Tiny sizes: only shows that it works",
            NULL },
          { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &names, NULL, NULL },
          { NULL } };

  setlocale (LC_ALL, "");
  /* The runner reads a pipe: what was measured should be there, even if what follows crashes. */
  setvbuf (stdout, NULL, _IOLBF, 0);

  g_option_context_set_summary (context, "Parts: fork-join, memory, loop-gap, native, sleepers");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      fprintf (stderr, "bench: %s\n", error->message);
      return 2;
    }

  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    if (!is_part (names[i]))
      {
        fprintf (stderr, "bench: There is no part “%s”\n", names[i]);
        return 2;
      }

  /* Whoever else is busy takes part in every figure below. */
  if (getloadavg (&load, 1) != 1)
    load = 0;
  printf ("%u CPUs, load %.1f, GLib %u.%u.%u%s\n", g_get_num_processors (), load,
          glib_major_version, glib_minor_version, glib_micro_version,
          bench.smoke ? ", smoke test: tiny sizes" : "");

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    if (names == NULL || g_strv_contains ((const char *const *) names, parts[i].name))
      parts[i].run (&bench);

  printf ("\n%u of %u goals met, %u wrong results\n", bench.n_goals - bench.n_missed, bench.n_goals,
          bench.n_wrong);

  return bench.n_wrong == 0 ? 0 : 1;
}
