/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A bar on a terminal, and nothing elsewhere. */

#include "demo.h"

#include <stdio.h>
#include <unistd.h>

#define WIDTH 40
#define INTERVAL_US (50 * 1000)

static gint64 last_shown;
static gboolean is_shown;

void
demo_progress_show (const char *title, double fraction)
{
  gint64 now;
  int n_full;
  gboolean is_utf8;

  if (!isatty (STDOUT_FILENO))
    return;

  now = g_get_monotonic_time ();
  if (is_shown && now - last_shown < INTERVAL_US)
    return;

  is_utf8 = g_get_charset (NULL);
  n_full = (int) (CLAMP (fraction, 0, 1) * WIDTH);

  printf ("\r  %-16s ", title);
  for (int i = 0; i < WIDTH; i++)
    if (i < n_full)
      fputs (is_utf8 ? "█" : "#", stdout);
    else
      fputs (is_utf8 ? "░" : ".", stdout);
  printf (" %3d %%", (int) (CLAMP (fraction, 0, 1) * 100));
  fflush (stdout);

  last_shown = now;
  is_shown = TRUE;
}

void
demo_progress_clear (void)
{
  if (!is_shown)
    return;

  fputs ("\r\033[K", stdout);
  fflush (stdout);
  is_shown = FALSE;
}
