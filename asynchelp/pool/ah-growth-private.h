/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What happened since the last reading, and how things stand. */
typedef struct
{
  guint   n_cpus;         /* usable */
  guint   n_threads;      /* workers there are, including those being started */
  guint   max_threads;
  guint   n_queued;       /* unclaimed jobs */
  guint   n_idle;         /* parked workers */
  gint64  interval_ns;    /* since the last reading */
  guint64 run_ns;         /* CPU time of all busy workers in the interval */
  guint64 wait_ns;        /* time they waited for a CPU in the interval */
  guint64 system_idle_ns; /* idle CPU time of the machine in the interval, over all usable CPUs;
                             G_MAXUINT64 when unknown */
} AhGrowthReading;

/* What is remembered from reading to reading. Begins all zero; set it to zero again whenever the
 * readings have paused, because no job waited. */
typedef struct
{
  guint  step;       /* how many threads the last reading added, 0 if none */
  guint  n_spare;    /* readings in a row that found a CPU to spare */
  guint  patience;   /* how many of them it takes */
  gint64 watched_ns; /* all intervals together */
  double demand;     /* CPUs' worth of runnable workers, on average */
  double n_threads;  /* workers, on average */

  /* Whether functions begin at all. */
  guint  n_queued;      /* at the last reading, less the threads that it added */
  gint64 standstill_ns; /* for how long none has begun that no thread was added for */
  gint64 due_ns;        /* how long that may be before a thread is added */
  gint64 tolerated_ns;  /* the same, of a new standstill */
  gint64 effect_ns;     /* for how long the last added thread has been there */
} AhGrowthState;

/* How many threads to add now. Looks at nothing but its arguments. */
guint ah_growth_decide (const AhGrowthReading *reading,
                        AhGrowthState         *state) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
