/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Reads every file below a directory in several ways, and shows that all of them find the same. */

#include "demo.h"

#include <locale.h>
#include <stdio.h>

#define EXIT_AGREE 0
#define EXIT_FAIL 1
#define EXIT_USAGE 2
#define EXIT_INTERRUPTED 130 /* as shells say for SIGINT */

/* As people write it: 1,234,567. */
static char *
format_count (guint64 count)
{
  GString *text = g_string_new (NULL);

  g_string_printf (text, "%" G_GUINT64_FORMAT, count);
  for (gssize i = (gssize) text->len - 3; i > 0; i -= 3)
    g_string_insert_c (text, i, ',');

  return g_string_free (text, FALSE);
}

/* Says on stderr why the work ended early. */
static int
fail (DemoWork *work, const char *what, const GError *error)
{
  g_autofree char *n_read = NULL;
  g_autofree char *n_files = NULL;

  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_printerr ("demo: %s\n", error->message);
      return EXIT_FAIL;
    }

  n_read = format_count (g_atomic_int_get (&work->n_read));
  n_files = format_count (work->files->len);
  g_printerr ("demo: interrupted %s: %s of %s files read\n", what, n_read, n_files);

  return EXIT_INTERRUPTED;
}

static void
print_files (DemoWork *work, DemoPass *pass)
{
  guint n_read;
  guint64 n_bytes;
  g_autofree char *digest = demo_pass_sum (pass, work->files, &n_read, &n_bytes);
  g_autofree char *n_files_text = format_count (n_read);
  g_autofree char *n_bytes_text = format_count (n_bytes);

  printf ("  %-16s %s", "Files", n_files_text);
  if (n_read < work->files->len)
    printf (" (and %u left out)", work->files->len - n_read);
  printf ("\n  %-16s %s\n", "Bytes", n_bytes_text);
  printf ("  %-16s %s\n\n", "Digest", digest);
}

/* The whole demonstration over one directory. */
static int
show_directory (DemoWork *work, const char *path, const char *list)
{
  g_autoptr (GFile) directory = g_file_new_for_commandline_arg (path);
  g_autoptr (DemoPass) warm_up = NULL;
  g_autoptr (DemoPass) one_by_one = NULL;
  g_autoptr (DemoPass) parallel = NULL;
  g_autoptr (DemoPass) halves = NULL;
  g_autoptr (GError) error = NULL;
  gboolean parallel_agrees;
  gboolean halves_agree;
  DemoTicks ticks = { 0 };

  if (!demo_walk (work, directory, &error))
    return fail (work, "while looking for files", error);

  /* The first pass finds the disk, the others the page cache: it would flatter whatever comes
   * after it. */
  warm_up = demo_run_one_by_one (work, "Warming up", &error);
  if (warm_up == NULL)
    return fail (work, "while warming up", error);

  one_by_one = demo_run_one_by_one (work, "One by one", &error);
  if (one_by_one == NULL)
    return fail (work, "while reading one by one", error);

  parallel = demo_run_parallel (work, "In parallel", &error);
  if (parallel == NULL)
    return fail (work, "while reading in parallel", error);

  halves = demo_run_halves (work, &ticks, &error);
  if (halves == NULL)
    return fail (work, "while reading in two halves", error);

  parallel_agrees = demo_pass_same (one_by_one, parallel, work->files);
  halves_agree = demo_pass_same (one_by_one, halves, work->files);

  print_files (work, one_by_one);
  printf ("  %-16s %6.3f s\n", "One by one", one_by_one->seconds);
  printf ("  %-16s %6.3f s   %.2f times as fast, %s\n", "In parallel", parallel->seconds,
          one_by_one->seconds / parallel->seconds,
          parallel_agrees ? "the same digests" : "OTHER DIGESTS");
  printf ("  %-16s %6.3f s   %.2f times as fast, %s\n", "In two halves", halves->seconds,
          one_by_one->seconds / halves->seconds,
          halves_agree ? "the same digests" : "OTHER DIGESTS");
  printf ("  %-16s %6.1f ms  the longest between two ticks of %d ms meanwhile\n", "Main loop",
          ticks.longest_gap * 1e3, DEMO_TICK_MS);
  printf ("  %-16s %6.1f ms  the most work of its own between two ticks\n", "",
          ticks.longest_work * 1e3);

  if (list != NULL && !demo_write_list (work, list, 10, &error))
    return fail (work, "while writing the list", error);

  return parallel_agrees && halves_agree ? EXIT_AGREE : EXIT_FAIL;
}

/* The digest of the files of a list, and their bytes: what the other languages print too. */
static int
show_list (DemoWork *work, const char *list)
{
  g_autoptr (DemoPass) pass = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *digest = NULL;
  guint n_files;
  guint64 n_bytes;

  if (!demo_read_list (work, list, &error))
    return fail (work, "while reading the list", error);

  pass = demo_run_parallel (work, "In parallel", &error);
  if (pass == NULL)
    return fail (work, "while reading in parallel", error);

  digest = demo_pass_sum (pass, work->files, &n_files, &n_bytes);
  printf ("%s %" G_GUINT64_FORMAT "\n", digest, n_bytes);

  return EXIT_AGREE;
}

int
main (int argc, char **argv)
{
  DemoWork work = { 0 };
  g_autofree char *list = NULL;
  g_autofree char *list_only = NULL;
  g_auto (GStrv) directories = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new ("DIR");
  const GOptionEntry entries[]
      = { { "write-list", 0, 0, G_OPTION_ARG_FILENAME, &list,
            "Write the URIs of ten of the files to LIST", "LIST" },
          { "list", 0, 0, G_OPTION_ARG_FILENAME, &list_only,
            "Only print the digest and the bytes of the files in LIST", "LIST" },
          { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &directories, NULL, NULL },
          { NULL } };
  int status;

  setlocale (LC_ALL, "");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("demo: %s\n", error->message);
      return EXIT_USAGE;
    }

  if (list_only == NULL && (directories == NULL || g_strv_length (directories) != 1))
    {
      g_printerr ("demo: One directory is needed\n");
      return EXIT_USAGE;
    }

  work.cancellable = g_cancellable_new ();
  work.files = g_ptr_array_new_with_free_func ((GDestroyNotify) demo_file_free);
  demo_interrupt_start (work.cancellable);

  status = list_only != NULL ? show_list (&work, list_only)
                             : show_directory (&work, directories[0], list);

  demo_interrupt_stop ();
  g_ptr_array_unref (work.files);
  g_object_unref (work.cancellable);

  return status;
}
