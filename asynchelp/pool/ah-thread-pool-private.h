/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/pool/ah-thread-pool.h"
#include "asynchelp/pool/ah-worker-pool-private.h"

G_BEGIN_DECLS

/* For tests: while it is not 0, starting a worker fails as if the system had refused. Atomic. */
extern gint ah_thread_pool_test_refuse;

AhWorkerPool *ah_thread_pool_get_workers (AhThreadPool *self);

G_END_DECLS
