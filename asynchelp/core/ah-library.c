/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <gio/gio.h>

#include "asynchelp/ah-i18n-private.h"

/*
 * The first use of GTask starts GLib's worker thread, and aborts the program where no thread can be
 * started. So that this never happens in the middle of a run, it happens here.
 */
static void __attribute__ ((constructor)) library_loaded (void)
{
  g_type_class_ref (G_TYPE_TASK);

  bindtextdomain (GETTEXT_PACKAGE, AH_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
}
