/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/core/ah-batch.h"

G_BEGIN_DECLS

void    ah_run_entry_async       (AhFunction           *function,
                                  GCancellable         *cancellable,
                                  GAsyncReadyCallback   callback,
                                  gpointer              user_data,
                                  gpointer              source_tag);
GArray *ah_run_entry_block_batch (AhBatch              *batch,
                                  GCancellable         *cancellable,
                                  GError              **error);

G_END_DECLS
