/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/core/ah-batch.h"
#include "asynchelp/core/ah-job-list-private.h"
#include "asynchelp/pool/ah-worker-pool-private.h"

G_BEGIN_DECLS

/* What a run takes over from its batch at its start. */
typedef struct
{
  AhJobView     jobs;
  AhErrorPolicy policy;
  guint         limit;   /* 0: none */
  guint         timeout; /* ms, 0: none */
} AhBatchSetup;

void          ah_batch_get_setup   (AhBatch      *self,
                                    AhBatchSetup *setup);
gboolean      ah_batch_needs_loop  (AhBatch      *self,
                                    guint        *budget);
AhWorkerPool *ah_batch_ref_workers (AhBatch      *self);
guint         ah_batch_get_limit   (AhBatch      *self);
gboolean      ah_batch_set_limit   (AhBatch      *self,
                                    guint         limit);

G_END_DECLS
