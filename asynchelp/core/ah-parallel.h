/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)
#error "Only <asynchelp.h> can be included directly."
#endif

#include <asynchelp/core/ah-batch.h>

G_BEGIN_DECLS

#define AH_TYPE_PARALLEL (ah_parallel_get_type ())

AH_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (AhParallel, ah_parallel, AH, PARALLEL, AhBatch)

AH_AVAILABLE_IN_ALL
AhBatch *ah_parallel_new                 (void) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
guint    ah_parallel_get_max_concurrency (AhParallel *self);

AH_AVAILABLE_IN_ALL
void     ah_parallel_set_max_concurrency (AhParallel *self,
                                          guint       max_concurrency);

G_END_DECLS
