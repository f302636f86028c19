/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "support.h"

#include <sys/wait.h>
#include <unistd.h>

/*
 * First look-ups from several threads at once. A process has only one first time, so each round is
 * one of its own: this program, started again.
 */

#define N_THREADS 4

static const char *const names[] = {
  "Gio.File.load_contents",          "GLib.get_user_name",    "Gio.Settings.new",
  "Gio.InetAddress.new_from_string", "GLib.KeyFile.get_keys", "Odd.out_mixed",
  "Gio.DBusConnection.call_sync",    "GLib.Checksum.update",  "Odd.Thing.as_named",
};

static int n_ready; /* atomic */
static int n_wrong; /* atomic */

static gpointer
look_up_all (gpointer data)
{
  guint start = GPOINTER_TO_UINT (data);
  g_autoptr (AhFunction) function = NULL;
  g_auto (GValue) value = G_VALUE_INIT;

  g_atomic_int_inc (&n_ready);
  while (g_atomic_int_get (&n_ready) < N_THREADS)
    ;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const char *name = names[(start + i) % G_N_ELEMENTS (names)];
      g_autoptr (GError) error = NULL;
      g_autoptr (AhNative) native = ah_native_lookup (name, &error);

      if (native == NULL || !ah_native_check (native, &error))
        {
          g_printerr ("%s: %s\n", name, error->message);
          g_atomic_int_inc (&n_wrong);
        }
    }

  function = native_bind (NULL, "Odd.echo_int32", "i", 3);
  if (!ah_block (function, NULL, &value, NULL) || g_value_get_int (&value) != 3)
    g_atomic_int_inc (&n_wrong);
  return NULL;
}

static int
be_a_round (void)
{
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("look up", look_up_all, GUINT_TO_POINTER (2 * i));
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  return g_atomic_int_get (&n_wrong) ? 1 : 0;
}

static char *program;

static void
test_first_lookups (gconstpointer data)
{
  const char *argv[] = { program, "--round", NULL };

  for (int i = 0; i < GPOINTER_TO_INT (data); i++)
    {
      g_autofree char *errors = NULL;
      g_autoptr (GError) error = NULL;
      int status;

      g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
                                   NULL, NULL, &errors, &status, &error));
      if (!g_spawn_check_wait_status (status, &error))
        g_error ("round %d: %s: %s", i, error->message, errors);
    }
}

int
main (int argc, char *argv[])
{
  program = g_canonicalize_filename (argv[0], NULL);
  if (argc == 2 && g_str_equal (argv[1], "--round"))
    return be_a_round ();

  ah_test_init (&argc, &argv);

  g_test_add_data_func ("/native/first-lookups", GINT_TO_POINTER (200), test_first_lookups);

  return ah_test_run ();
}
