/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/core/ah-batch.h"
#include "asynchelp/core/ah-job-list-private.h"
#include "asynchelp/pool/ah-strand-private.h"
#include "asynchelp/pool/ah-worker-pool-private.h"

G_BEGIN_DECLS

/* The lock guards all of it. */
typedef struct
{
  GMutex lock;
  AhJobList jobs;
  GPtrArray *nested; /* batches among the jobs, which have the references; NULL for none */
  AhErrorPolicy error_policy;
  guint timeout;
  int priority;
  guint limit;        /* how many functions at once, 0: any number */
  AhThreadPool *pool; /* NULL: the default */
  AhStrand *strand;   /* NULL: none */
  gboolean run_now;
} AhBatchPrivate;

/* What a run takes over from its batch at its start. */
typedef struct
{
  AhJobView     jobs;
  AhErrorPolicy policy;
  guint         limit;   /* 0: none */
  guint         timeout; /* ms, 0: none */
} AhBatchSetup;

AhBatchPrivate *ah_batch_get_private        (AhBatch      *self);
void            ah_batch_install_properties (GObjectClass *klass);
void            ah_batch_get_setup          (AhBatch      *self,
                                             AhBatchSetup *setup);
AhTurns        *ah_batch_ref_turns          (AhBatch      *self);
gboolean        ah_batch_needs_loop         (AhBatch      *self,
                                             guint        *budget);
AhWorkerPool   *ah_batch_ref_workers        (AhBatch      *self);
guint           ah_batch_get_limit          (AhBatch      *self);
gboolean        ah_batch_set_limit          (AhBatch      *self,
                                             guint         limit);

G_END_DECLS
