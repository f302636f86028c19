/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Measures the library beside others that do the same work, in one process.
 *
 * Absolute times say little from one machine to the next; the ratios do, since the contenders take
 * turns. A missed goal is printed and changes nothing else: only a wrong result fails. */

#include "bench.h"

#include <locale.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  const char *name;
  void (*run) (Bench *bench);
} Part;

static const Part parts[] = {
  { "jobs", bench_jobs },           { "latency", bench_latency },
  { "memory", bench_memory },       { "cancellable", bench_cancellable },
  { "batches", bench_batches },     { "async", bench_async },
  { "loop-gap", bench_loop_gap },   { "sleeping", bench_sleeping },
  { "computing", bench_computing }, { "crowded", bench_crowded },
  { "half", bench_half },           { "mixed", bench_mixed },
  { "native", bench_native },
};

static gboolean
is_part (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    if (strcmp (parts[i].name, name) == 0)
      return TRUE;

  return FALSE;
}

static guint
count_cpus (void)
{
  cpu_set_t set;

  return sched_getaffinity (0, sizeof set, &set) == 0 ? (guint) CPU_COUNT (&set)
                                                      : g_get_num_processors ();
}

/*
 * Some peers read their settings before main () begins: then the program starts itself again.
 *
 * An OpenMP team spins after its loop, and takes a CPU from who is measured next, unless it is told
 * not to. libuv has four threads, whatever the machine has, unless it is told how many.
 */
static void
set_up_peers (Bench *bench, char **argv)
{
  g_autofree char *n_cpus = g_strdup_printf ("%u", bench->n_cpus);
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);

  g_setenv ("UV_THREADPOOL_SIZE", n_cpus, TRUE);
  if (g_strcmp0 (g_getenv ("OMP_WAIT_POLICY"), "passive") != 0)
    {
      g_setenv ("OMP_WAIT_POLICY", "passive", TRUE);
      if (program != NULL)
        execv (program, argv);
      fprintf (stderr, "bench: OpenMP keeps its settings, since this cannot start itself again\n");
    }
}

int
main (int argc, char **argv)
{
  Bench bench = { .n_cpus = count_cpus () };
  g_auto (GStrv) names = NULL;
  g_autofree char *json = NULL;
  g_autofree char *summary = NULL;
  g_autoptr (GString) list = g_string_new ("Parts:");
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new ("[PART…]");
  const GOptionEntry entries[]
      = { { "smoke", 0, 0, G_OPTION_ARG_NONE, &bench.smoke, "Tiny sizes: only shows that it works",
            NULL },
          { "json", 0, 0, G_OPTION_ARG_FILENAME, &json, "Add what was measured to a file, as JSON",
            "FILE" },
          { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &names, NULL, NULL },
          { NULL } };

  set_up_peers (&bench, argv);
  setlocale (LC_ALL, "");
  /* The runner reads a pipe: what was measured should be there, even if what follows crashes. */
  setvbuf (stdout, NULL, _IOLBF, 0);

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    g_string_append_printf (list, " %s", parts[i].name);
  g_option_context_set_summary (context, list->str);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)
      || (json != NULL && !bench_open_records (json, &error)))
    {
      fprintf (stderr, "bench: %s\n", error->message);
      return 2;
    }

  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    if (!is_part (names[i]))
      {
        fprintf (stderr, "bench: There is no part “%s”. %s\n", names[i], list->str);
        return 2;
      }

  bench_machine (&bench);
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    if (names == NULL || g_strv_contains ((const char *const *) names, parts[i].name))
      {
        bench.part = parts[i].name;
        bench_watch_others ();
        parts[i].run (&bench);
        bench_part_ended (&bench);
      }

  printf ("\n%u of %u goals met, %u wrong results\n", bench.n_goals - bench.n_missed, bench.n_goals,
          bench.n_wrong);

  return bench.n_wrong == 0 ? 0 : 1;
}
