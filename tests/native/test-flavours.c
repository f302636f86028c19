/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "support.h"

#include <dlfcn.h>

/*
 * Which module is opened. A process decides once, so each case is one of its own: this program,
 * started again with the name of the case.
 */

static char *program;

/* What a look-up says, or what it must not. */
static int
look_up (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AhNative) native = ah_native_lookup ("GLib.get_user_name", &error);

  if (native)
    g_print ("found\n");
  else
    g_print ("%d %s\n", g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED),
             error->message);
  return 0;
}

static int
look_up_in_other_flavour (const char *library)
{
  if (dlopen (library, RTLD_LAZY | RTLD_GLOBAL) == NULL)
    {
      g_printerr ("%s\n", dlerror ());
      return 1;
    }
  return look_up ();
}

static char *
run_case (const char *argument, const char *modules)
{
  const char *argv[] = { program, "--case", argument ? argument : "", NULL };
  g_auto (GStrv) environment = g_get_environ ();
  g_autoptr (GError) error = NULL;
  char *output = NULL;
  int status;

  if (modules)
    environment = g_environ_setenv (environment, "AH_NATIVE_MODULES", modules, TRUE);
  g_assert_true (g_spawn_sync (NULL, (char **) argv, environment, 0, NULL, NULL, &output, NULL,
                               &status, &error));
  g_assert_true (g_spawn_check_wait_status (status, NULL));
  return output;
}

static void
test_found (void)
{
  g_autofree char *output = run_case (NULL, NULL);

  g_assert_cmpstr (output, ==, "found\n");
}

static void
test_no_module (void)
{
  g_autofree char *output = run_case (NULL, "/nonexistent");

  if (g_str_equal (output, "found\n"))
    {
      g_test_skip ("the library is installed where it was built for");
      return;
    }
  g_assert_true (g_str_has_prefix (output, "1 No module of this library is installed"));
}

/* The process has a girepository that the library was not built for: the other one is not tried. */
static void
test_other_flavour (void)
{
  const char *library = g_getenv ("AH_TEST_OTHER_FLAVOUR");
  g_autofree char *output = NULL;

  if (library == NULL)
    {
      g_test_skip ("both are there");
      return;
    }

  output = run_case (library, NULL);
  g_assert_true (g_str_has_prefix (output, "1 The process uses libgirepository-2.0.so.0, but"));
  g_assert_nonnull (strstr (output, "asynchelp-girepository-2.0.so"));
}

int
main (int argc, char *argv[])
{
  program = g_canonicalize_filename (argv[0], NULL);
  if (argc == 3 && g_str_equal (argv[1], "--case"))
    return *argv[2] ? look_up_in_other_flavour (argv[2]) : look_up ();

  ah_test_init (&argc, &argv);

  g_test_add_func ("/native/flavour/found", test_found);
  g_test_add_func ("/native/flavour/no-module", test_no_module);
  g_test_add_func ("/native/flavour/other", test_other_flavour);

  return ah_test_run ();
}
