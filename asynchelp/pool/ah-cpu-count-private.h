/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * How many CPUs this process may use: those it may be scheduled on, bounded by the CPU quota of
 * its control groups (v1 and v2, each from the process's own group up to the root), rounded up and
 * at least 1.
 *
 * @root is "/", or a tree with the same layout in tests. @affinity 0 asks the kernel; any other
 * number stands for its answer.
 *
 * May be called from any thread. It reads a few files: call it once, not for each job.
 */
guint ah_cpu_count_usable (const char *root,
                           guint       affinity) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
