/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/pool/ah-growth-private.h"
#include "asynchelp/pool/ah-thread-clock-private.h"
#include "asynchelp/pool/ah-timer-private.h"
#include "asynchelp/pool/ah-worker-pool-private.h"

G_BEGIN_DECLS

/* What the files of the worker pool share. */

typedef struct
{
  gint ref_count; /* atomic: the thread's, and that of a signal on its way */
  GCond wake;
  gboolean woken;    /* guarded by the pool's lock */
  GList idle_link;   /* guarded by the pool's lock */
  GList worker_link; /* guarded by the pool's lock */

  AhWorkerPlace place; /* touched by the worker alone */
  gint tid;
  gboolean busy; /* inside a source, or woken for one; guarded by the pool's lock */

  AhThreadClock clock; /* the last reading; guarded by the pool's lock */
} AhWorker;

struct _AhWorkerPool
{
  gint ref_count; /* atomic */
  GMutex lock;
  GThreadPool *threads; /* set once */
  guint n_cpus;         /* constant */

  /* All that follows is guarded by the lock. */
  GQueue sources; /* attached, in turn */
  GQueue idle;    /* parked workers, the last parked first */
  GQueue workers; /* all of them */
  AhWorker *to_signal; /* woken, and not signalled yet; with a reference */
  guint max_threads;
  guint n_starting; /* tokens pushed whose worker has not arrived */
  guint n_busy;     /* inside a source */
  guint n_waiting;  /* workers that wait, inside a function */
  guint n_helping;  /* threads outside that work on their own run */
  guint n_extra;    /* workers beyond one a CPU that growth has allowed while the jobs last */
  guint n_surplus;  /* workers called in place of waiting ones that wait no longer */
  gboolean refused; /* the system refused the last thread asked for */
  gboolean closing;
  gboolean ticking;

  AhTimer *timer; /* the tick's; stays behind, spent, when it ends */
  AhGrowthState growth;
  gint64 last_tick;
};

/* How many workers are there, or on their way. */
static inline guint
ah_worker_pool_count_threads_locked (AhWorkerPool *self)
{
  return self->workers.length + self->n_starting;
}

guint ah_worker_pool_count_queued_locked (AhWorkerPool *self);
void  ah_worker_pool_add_locked          (AhWorkerPool *self,
                                          guint         n_workers);
void  ah_worker_pool_ensure_tick_locked  (AhWorkerPool *self);
void  ah_worker_pool_unlock              (AhWorkerPool *self);
void  ah_worker_pool_unlock_and_tell     (AhWorkerPool *self,
                                          gboolean      overdue);

G_END_DECLS
