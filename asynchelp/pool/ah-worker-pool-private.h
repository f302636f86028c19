/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "asynchelp/pool/ah-work-source-private.h"

G_BEGIN_DECLS

/* As many threads as a pool may have where nothing else was said. */
#define AH_WORKER_POOL_DEFAULT_MAX_THREADS 1024

/*
 * The workers behind an AhThreadPool. It is apart from that object since runs and workers hold
 * references, and they must be able to drop the last one in any thread without foreign code (a weak
 * notify, a language binding) hearing of it there.
 */
typedef struct _AhWorkerPool AhWorkerPool;

/* Where a thread works for a pool, and counts: as one of its workers, or on a run of its own. */
typedef struct _AhWorkerPlace AhWorkerPlace;

struct _AhWorkerPlace
{
  AhWorkerPool  *pool;
  gboolean       helps;
  gboolean       replaced; /* another worker was called for the time that it waits */
  guint          wait_depth;
  AhWorkerPlace *outer;
};

AhWorkerPool *ah_worker_pool_new             (guint          max_threads);
AhWorkerPool *ah_worker_pool_ref             (AhWorkerPool  *self);
void          ah_worker_pool_unref           (AhWorkerPool  *self);
void          ah_worker_pool_close           (AhWorkerPool  *self);

gboolean      ah_worker_pool_attach          (AhWorkerPool  *self,
                                              AhWorkSource  *source,
                                              gboolean       only_now,
                                              GError       **error);
void          ah_worker_pool_detach          (AhWorkerPool  *self,
                                              AhWorkSource  *source);
void          ah_worker_pool_call_more       (AhWorkerPool  *self);

void          ah_worker_pool_begin_help      (AhWorkerPool  *self,
                                              AhWorkerPlace *place);
void          ah_worker_pool_end_help        (AhWorkerPlace *place);
gboolean      ah_worker_pool_nobody_can      (AhWorkerPool  *self);

void          ah_worker_begin_wait           (gboolean       replace);
void          ah_worker_end_wait             (void);

guint         ah_worker_pool_get_n_cpus      (void);
guint         ah_worker_pool_get_max_threads (AhWorkerPool  *self);
void          ah_worker_pool_set_max_threads (AhWorkerPool  *self,
                                              guint          max_threads);
guint         ah_worker_pool_get_n_threads   (AhWorkerPool  *self);
guint         ah_worker_pool_get_n_running   (AhWorkerPool  *self);
guint         ah_worker_pool_get_n_queued    (AhWorkerPool  *self);
gboolean      ah_worker_pool_would_queue     (AhWorkerPool  *self);

G_END_DECLS
