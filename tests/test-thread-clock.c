/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* How long a thread ran and waited, from fake files and from the kernel. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "asynchelp/pool/ah-thread-clock-private.h"

#include <glib/gstdio.h>
#include <time.h>
#include <unistd.h>

#define TID 42

/* The state, ten fields that don't matter, user and system time, and the beginning of the rest. */
#define STAT(name, state, user, system)                                                            \
  "42 (" name ") " state " 1 42 42 0 -1 4194304 11 12 13 14 " user " " system " 15 16 20 0 1\n"

typedef struct
{
  const char *name;
  const char *schedstat; /* NULL: no such file */
  const char *stat;
  gboolean expected;
  AhThreadClock clock;
  guint64 run_ticks; /* instead of clock.run_ns, where the kernel counts in ticks */
} Files;

static const Files files[] = {
  { "schedstat",
    "123456789 987654321 77\n",
    STAT ("x", "R", "5", "6"),
    TRUE,
    { 123456789, 987654321, FALSE },
    0 },
  { "schedstat-alone", "1 0 1\n", NULL, TRUE, { 1, 0, FALSE }, 0 },
  { "waited-only", "0 5 1\n", NULL, TRUE, { 0, 5, FALSE }, 0 },
  { "large",
    "18446744073709551615 18446744073709551614 1\n",
    NULL,
    TRUE,
    { G_MAXUINT64, G_MAXUINT64 - 1, FALSE },
    0 },
  { "no-schedstat-running", NULL, STAT ("x", "R", "5", "6"), TRUE, { 0, 0, TRUE }, 11 },
  { "no-schedstat-sleeping", NULL, STAT ("x", "S", "5", "6"), TRUE, { 0, 0, FALSE }, 11 },
  { "no-schedstat-disk", NULL, STAT ("x", "D", "50", "0"), TRUE, { 0, 0, FALSE }, 50 },
  { "zeros-are-no-account", "0 0 0\n", STAT ("x", "R", "5", "6"), TRUE, { 0, 0, TRUE }, 11 },
  { "name-with-parentheses", NULL, STAT ("a) S (b) Z", "R", "5", "6"), TRUE, { 0, 0, TRUE }, 11 },
  { "schedstat-garbage", "hello\n", STAT ("x", "R", "5", "6"), TRUE, { 0, 0, TRUE }, 11 },
  { "schedstat-negative", "-1 -2 3\n", STAT ("x", "R", "5", "6"), TRUE, { 0, 0, TRUE }, 11 },
  { "schedstat-cut", "123", STAT ("x", "R", "5", "6"), TRUE, { 0, 0, TRUE }, 11 },
  { "schedstat-empty", "", STAT ("x", "R", "5", "6"), TRUE, { 0, 0, TRUE }, 11 },
  { "no-files", NULL, NULL, FALSE, { 0, 0, FALSE }, 0 },
  { "stat-empty", NULL, "", FALSE, { 0, 0, FALSE }, 0 },
  { "stat-without-name",
    NULL,
    "42 x R 1 2 3 4 5 6 7 8 9 10 11 12 13\n",
    FALSE,
    { 0, 0, FALSE },
    0 },
  { "stat-cut", NULL, "42 (x) R 1 42 42 0 -1", FALSE, { 0, 0, FALSE }, 0 },
  { "stat-cut-in-times", NULL, "42 (x) R 1 42 42 0 -1 0 1 1 1 1 5", FALSE, { 0, 0, FALSE }, 0 },
  { "stat-cut-after-name", NULL, "42 (x)", FALSE, { 0, 0, FALSE }, 0 },
};

static void
write_file (const char *directory, const char *name, const char *contents)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autoptr (GError) error = NULL;

  if (contents == NULL)
    return;

  g_file_set_contents (path, contents, -1, &error);
  g_assert_no_error (error);
}

static void
remove_file (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  g_remove (path);
}

static void
test_files (gconstpointer data)
{
  const Files *fake = data;
  AhThreadClock clock = { 1, 2, TRUE };
  g_autoptr (GError) error = NULL;
  g_autofree char *root = g_dir_make_tmp ("ah-thread-clock-XXXXXX", &error);
  g_autofree char *directory = NULL;
  guint64 expected_run;

  g_assert_no_error (error);
  directory = g_strdup_printf ("%s/self/task/%d", root, TID);
  g_assert_cmpint (g_mkdir_with_parents (directory, 0700), ==, 0);
  write_file (directory, "schedstat", fake->schedstat);
  write_file (directory, "stat", fake->stat);

  expected_run = fake->clock.run_ns;
  if (fake->run_ticks > 0)
    expected_run = fake->run_ticks * (1000000000 / sysconf (_SC_CLK_TCK));

  g_assert_cmpint (ah_thread_clock_read (root, TID, &clock), ==, fake->expected);
  g_assert_cmpuint (clock.run_ns, ==, expected_run);
  g_assert_cmpuint (clock.wait_ns, ==, fake->clock.wait_ns);
  g_assert_cmpint (clock.runnable, ==, fake->clock.runnable);
  g_assert_false (ah_thread_clock_read (root, TID + 1, &clock));

  remove_file (directory, "schedstat");
  remove_file (directory, "stat");
  remove_file (root, "self/task/42");
  remove_file (root, "self/task");
  remove_file (root, "self");
  g_assert_cmpint (g_rmdir (root), ==, 0);
}

static gint64
get_cpu_time (void)
{
  struct timespec time;

  g_assert_cmpint (clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time), ==, 0);

  return time.tv_sec * G_GINT64_CONSTANT (1000000000) + time.tv_nsec;
}

/* The kernel's account of this thread, before and after it computed for a while. */
static void
test_kernel (void)
{
  AhThreadClock before, after;
  gint64 own_before, own_after;

  g_assert_true (ah_thread_clock_read ("/proc", gettid (), &before));
  own_before = get_cpu_time ();
  do
    own_after = get_cpu_time ();
  while (own_after < own_before + 100000000);
  g_assert_true (ah_thread_clock_read ("/proc", gettid (), &after));

  /* Either account may be behind by a few turns of the scheduler. */
  g_assert_cmpuint (after.run_ns - before.run_ns, >=, 50000000);
  g_assert_cmpuint (after.wait_ns, >=, before.wait_ns);
}

static gpointer
report_tid (gpointer data)
{
  g_atomic_int_set ((gint *) data, gettid ());

  return NULL;
}

static void
test_thread_gone (void)
{
  AhThreadClock clock = { 1, 2, TRUE };
  gint tid = 0;
  g_autofree char *path = NULL;

  g_thread_join (g_thread_new ("brief", report_tid, &tid));
  g_assert_cmpint (tid, >, 0);

  /* The kernel may take a moment longer than the join. */
  path = g_strdup_printf ("/proc/self/task/%d", tid);
  while (g_file_test (path, G_FILE_TEST_EXISTS))
    g_usleep (1000);

  g_assert_false (ah_thread_clock_read ("/proc", tid, &clock));
  g_assert_cmpuint (clock.run_ns, ==, 0);
  g_assert_cmpuint (clock.wait_ns, ==, 0);
  g_assert_false (clock.runnable);
}

static guint
count_fds (void)
{
  g_autoptr (GDir) directory = g_dir_open ("/proc/self/fd", 0, NULL);
  guint count = 0;

  g_assert_nonnull (directory);
  while (g_dir_read_name (directory) != NULL)
    count++;

  return count;
}

static void
test_keeps_no_file_open (void)
{
  guint before = count_fds ();
  AhThreadClock clock;

  for (guint i = 0; i < 100; i++)
    {
      g_assert_true (ah_thread_clock_read ("/proc", gettid (), &clock));
      g_assert_false (ah_thread_clock_read ("/nonexistent", gettid (), &clock));
    }

  g_assert_cmpuint (count_fds (), ==, before);
}

static void
test_long_root (void)
{
  g_autofree char *root = g_strnfill (100000, 'x');
  AhThreadClock clock;

  g_assert_false (ah_thread_clock_read (root, TID, &clock));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_strconcat ("/thread-clock/files/", files[i].name, NULL);

      g_test_add_data_func (path, &files[i], test_files);
    }

  g_test_add_func ("/thread-clock/kernel", test_kernel);
  g_test_add_func ("/thread-clock/thread-gone", test_thread_gone);
  g_test_add_func ("/thread-clock/keeps-no-file-open", test_keeps_no_file_open);
  g_test_add_func ("/thread-clock/long-root", test_long_root);

  return g_test_run ();
}
