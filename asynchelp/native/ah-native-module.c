/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/native/ah-native-module-private.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "asynchelp/ah-i18n-private.h"

/*
 * There are two libraries that read typelibs, and both in one process end it. So the library is
 * linked to neither: a module for each lies beside it, and the one is opened that fits the process.
 */
typedef struct
{
  const char *library;
  const char *module;
} Flavour;

/* The newest first: it is taken where the process has none yet. */
static const Flavour flavours[] = {
  { "libgirepository-2.0.so.0", "asynchelp-girepository-2.0.so" },
  { "libgirepository-1.0.so.1", "asynchelp-girepository-1.0.so" },
};

static const AhNativeModule *the_module; /* guarded by the caller's lock */

static gboolean
is_loaded (const char *library)
{
  void *handle = dlopen (library, RTLD_LAZY | RTLD_NOLOAD);

  if (handle == NULL)
    return FALSE;
  dlclose (handle);
  return TRUE;
}

/* Where modules may be, from the first place to the last; ends with NULL. */
static char **
list_folders (void)
{
  GStrvBuilder *builder = g_strv_builder_new ();
  const char *uninstalled = secure_getenv ("AH_NATIVE_MODULES");
  char **folders;
  Dl_info self;

  if (uninstalled)
    g_strv_builder_add (builder, uninstalled);

  /* Wherever the installed files were moved to, the folder is still beside the library. */
  if (dladdr (&the_module, &self) && self.dli_fname)
    {
      g_autofree char *here = g_path_get_dirname (self.dli_fname);
      g_autofree char *folder = g_build_filename (here, GETTEXT_PACKAGE, NULL);

      g_strv_builder_add (builder, folder);
    }
  g_strv_builder_add (builder, AH_NATIVE_MODULE_DIR);

  folders = g_strv_builder_end (builder);
  g_strv_builder_unref (builder);
  return folders;
}

static const AhNativeModule *
open_module (const Flavour *flavour)
{
  g_auto (GStrv) folders = list_folders ();

  for (guint i = 0; folders[i]; i++)
    {
      g_autofree char *path = g_build_filename (folders[i], flavour->module, NULL);
      /* For good: what it made of girepository's answers is kept as long. */
      void *handle = dlopen (path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

      if (handle)
        return dlsym (handle, AH_NATIVE_MODULE_SYMBOL);
    }
  return NULL;
}

const AhNativeModule *
ah_native_module_get_locked (GError **error)
{
  const Flavour *wanted = NULL;

  if (the_module)
    return the_module;

  for (guint i = 0; i < G_N_ELEMENTS (flavours) && wanted == NULL; i++)
    {
      if (is_loaded (flavours[i].library))
        wanted = &flavours[i];
    }

  for (guint i = 0; i < G_N_ELEMENTS (flavours) && the_module == NULL; i++)
    {
      if (wanted == NULL || wanted == &flavours[i])
        the_module = open_module (&flavours[i]);
    }

  if (the_module == NULL && wanted)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                 _ ("The process uses %s, but the module %s of this library is not installed"),
                 wanted->library, wanted->module);
  else if (the_module == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                 _ ("No module of this library is installed that reads introspection data, "
                    "as %s does"),
                 flavours[G_N_ELEMENTS (flavours) - 1].module);
  return the_module;
}
