/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What was measured: for people on standard output, for programs as JSON, one record a line. */

#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static FILE *records;

/* What runs, for who is told that it took too long. */
static char limit_message[256];

gboolean
bench_open_records (const char *path, GError **error)
{
  /* Of several runs of the program, each adds its own. */
  records = fopen (path, "ae");
  if (records == NULL)
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "Cannot write to “%s”: %s",
                   path, g_strerror (errno));
      return FALSE;
    }
  setvbuf (records, NULL, _IOLBF, 0);

  return TRUE;
}

/* --- JSON --- */

static void
put_string (const char *key, const char *text)
{
  fprintf (records, "\"%s\": \"", key);
  for (const char *p = text; *p != '\0'; p++)
    if (*p == '"' || *p == '\\')
      fprintf (records, "\\%c", *p);
    else if ((guchar) *p < 0x20)
      fprintf (records, "\\u%04x", (guchar) *p);
    else
      fputc (*p, records);
  fputs ("\", ", records);
}

static void
put_double (const char *key, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  fprintf (records, "\"%s\": %s, ", key, g_ascii_formatd (text, sizeof text, "%.6g", value));
}

static gboolean
begin_record (Bench *bench, const char *kind)
{
  if (records == NULL)
    return FALSE;

  fputs ("{", records);
  put_string ("record", kind);
  if (bench->part != NULL)
    put_string ("part", bench->part);
  if (bench->case_id != NULL)
    put_string ("case", bench->case_id);

  return TRUE;
}

/* @last_key: of a number, since JSON allows no comma at the end */
static void
end_record (const char *last_key, guint value)
{
  fprintf (records, "\"%s\": %u}\n", last_key, value);
}

/* --- Limits --- */

static void
took_too_long (int signal_number)
{
  ssize_t written = write (STDERR_FILENO, limit_message, strlen (limit_message));

  _exit (written >= 0 ? 3 : 4);
}

/* Begins a case, which may take @limit seconds: a benchmark that hangs must not hang who runs it.
 */
void
bench_case (Bench *bench, const char *id, guint limit, const char *format, ...)
{
  g_autofree char *title = NULL;
  va_list args;
  struct sigaction action = { .sa_handler = took_too_long };

  va_start (args, format);
  title = g_strdup_vprintf (format, args);
  va_end (args);

  alarm (0);
  g_snprintf (limit_message, sizeof limit_message,
              "bench: %s, %s: not done after %u seconds, given up\n", bench->part, id, limit);
  sigaction (SIGALRM, &action, NULL);
  alarm (limit);

  bench->case_id = id;
  printf ("\n%s\n", title);
  if (begin_record (bench, "case"))
    {
      put_string ("title", title);
      end_record ("limit", limit);
    }
}

/* What others did during the part. */
void
bench_part_ended (Bench *bench)
{
  double others = bench_get_others ();

  alarm (0);
  bench->case_id = NULL;
  if (others < 0)
    return;

  printf ("\n  meanwhile, others used %.2f CPUs\n", others);
  if (begin_record (bench, "others"))
    {
      put_double ("used", others);
      end_record ("cpus", bench->n_cpus);
    }
}

/* --- Figures --- */

static const char *
get_kernel (struct utsname *name)
{
  return uname (name) == 0 ? name->release : "unknown";
}

/* As the kernel names it; some machines have no name for theirs. */
static char *
get_processor (void)
{
  g_autofree char *info = NULL;
  g_auto (GStrv) lines = NULL;

  if (g_file_get_contents ("/proc/cpuinfo", &info, NULL, NULL))
    lines = g_strsplit (info, "\n", -1);
  for (gsize i = 0; lines != NULL && lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], "model name") && strchr (lines[i], ':') != NULL)
      return g_strstrip (g_strdup (strchr (lines[i], ':') + 1));

  return g_strdup ("unnamed");
}

void
bench_machine (Bench *bench)
{
  struct utsname name = { 0 };
  double load;

  /* Whoever else is busy takes part in every figure. */
  if (getloadavg (&load, 1) != 1)
    load = 0;
  printf ("%u CPUs, load %.1f, Linux %s, GLib %u.%u.%u%s\n", bench->n_cpus, load,
          get_kernel (&name), glib_major_version, glib_minor_version, glib_micro_version,
          bench->smoke ? ", smoke test: tiny sizes" : "");

  if (begin_record (bench, "machine"))
    {
      g_autofree char *glib = g_strdup_printf ("%u.%u.%u", glib_major_version, glib_minor_version,
                                               glib_micro_version);
      g_autofree char *processor = get_processor ();

      put_string ("processor", processor);
      put_string ("kernel", get_kernel (&name));
      put_string ("architecture", name.machine);
      put_string ("glib", glib);
      put_string ("compiler", __VERSION__);
      put_double ("load", load);
      end_record ("cpus", bench->n_cpus);
    }
}

void
bench_measure (Bench *bench,
               const char *who,
               gboolean ours,
               const char *quantity,
               BenchSpread spread,
               guint n,
               const char *unit)
{
  if (!begin_record (bench, "measure"))
    return;

  put_string ("who", who);
  fprintf (records, "\"ours\": %s, ", ours ? "true" : "false");
  put_string ("quantity", quantity);
  put_string ("unit", unit);
  put_double ("median", spread.median);
  put_double ("low", spread.low);
  put_double ("high", spread.high);
  end_record ("n", n);
}

static const char *const column_names[] = { "schedule", "run", "free", "all" };

static void
measure_column (Bench *bench,
                BenchContender *contender,
                BenchColumn column,
                double scale,
                const char *unit)
{
  BenchSpread spread = bench_get (contender, column);

  spread.median *= scale;
  spread.low *= scale;
  spread.high *= scale;
  printf (" %10.*f", spread.median < 100 ? 2 : 0, spread.median);
  if (column == BENCH_TOTAL)
    printf ("  %.*f to %.*f", spread.low < 100 ? 2 : 0, spread.low, spread.high < 100 ? 2 : 0,
            spread.high);
  bench_measure (bench, contender->name, contender->ours, column_names[column], spread,
                 contender->n_rounds, unit);
}

/* One line each. Times are multiplied by @scale to be in @unit. Columns that are empty for all are
 * left out. */
void
bench_table (Bench *bench,
             BenchContender *contenders,
             guint n_contenders,
             double scale,
             const char *unit)
{
  gboolean split = FALSE;
  gboolean threads = FALSE;

  for (guint i = 0; i < n_contenders; i++)
    {
      threads = threads || contenders[i].n_threads > 0;
      if (contenders[i].n_rounds > 0)
        split = split || bench_get (&contenders[i], BENCH_RELEASE).median > 0;
    }

  printf ("  %-36s", unit);
  if (split)
    printf (" %10s %10s %10s", column_names[0], column_names[1], column_names[2]);
  printf (" %10s  %s\n", column_names[3],
          threads ? "half of the rounds; threads" : "half of the rounds");

  for (guint i = 0; i < n_contenders; i++)
    {
      BenchContender *contender = &contenders[i];

      printf ("  %-36s", contender->name);
      if (contender->n_rounds == 0)
        {
          printf ("  did not do the work\n");
          continue;
        }
      for (BenchColumn column = split ? BENCH_SCHEDULE : BENCH_TOTAL; column < BENCH_N_COLUMNS;
           column++)
        measure_column (bench, contender, column, scale, unit);
      if (contender->n_threads > 0)
        {
          BenchSpread spread = { contender->n_threads, contender->n_threads, contender->n_threads };

          printf ("; %u", contender->n_threads);
          bench_measure (bench, contender->name, contender->ours, "threads", spread,
                         contender->n_rounds, "threads");
        }
      printf ("\n");
    }
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

  printf ("  %-6s  %-60s %9.2f %s (goal %s %g)\n", met ? "ok" : "MISSED", what, measured, unit,
          relation, limit);
  if (begin_record (bench, "goal"))
    {
      put_string ("what", what);
      put_double ("measured", measured);
      put_string ("relation", relation);
      put_double ("limit", limit);
      put_string ("unit", unit);
      end_record ("met", met);
    }
}

/* A ratio that no goal asks for, and that is worth knowing. */
void
bench_fact (Bench *bench, const char *what, double measured, const char *unit)
{
  printf ("          %-60s %9.2f %s\n", what, measured, unit);
  if (begin_record (bench, "fact"))
    {
      put_string ("what", what);
      put_string ("unit", unit);
      put_double ("measured", measured);
      end_record ("n", 1);
    }
}

void
bench_wrong (Bench *bench, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);

  bench->n_wrong++;
  printf ("  WRONG   %s\n", what);
  if (begin_record (bench, "wrong"))
    {
      put_string ("what", what);
      end_record ("n", bench->n_wrong);
    }
}
