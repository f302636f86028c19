/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/core/ah-function.h"
#include "asynchelp/core/ah-future.h"

G_BEGIN_DECLS

AhFuture *ah_future_new_start      (AhFunction   *function,
                                    GCancellable *cancellable);
AhFuture *ah_future_new_background (AhFunction   *function);

void      ah_run_values_to_result  (AhFunction   *function,
                                    GValue       *values,
                                    guint         n_values,
                                    GValue       *result);

G_END_DECLS
