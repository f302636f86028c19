/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * @run_ns: CPU time since the thread began
 * @wait_ns: time since then in which it wanted a CPU and had none. The kernel adds a wait when it
 *   ends, so a wait that goes on is not in it yet
 * @runnable: the kernel has not told about waiting, and at this moment the thread ran or waited
 *   for a CPU. Whoever compares two readings then counts the whole interval as wanted
 */
typedef struct
{
  guint64  run_ns;
  guint64  wait_ns;
  gboolean runnable;
} AhThreadClock;

/*
 * Reads how long the thread @tid of this process ran and how long it waited for a CPU. @proc_root
 * is "/proc", or a tree with the same layout in tests.
 *
 * Returns FALSE, with @clock all zero, if there is no such thread (any more). Keeps no file open
 * and allocates nothing, so that a thousand threads can be read a hundred times a second.
 */
gboolean ah_thread_clock_read (const char    *proc_root,
                               gint           tid,
                               AhThreadClock *clock) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
