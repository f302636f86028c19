/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "config.h"

#include <libintl.h>

#include <glib.h>

/* The domain is named at each call, since a library must not touch the program's own default. */
#define _(string) g_dgettext (GETTEXT_PACKAGE, string)
#define N_(string) (string)
