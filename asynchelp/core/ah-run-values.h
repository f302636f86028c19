/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)
#error "Only <asynchelp.h> can be included directly."
#endif

#include <asynchelp/core/ah-future.h>

G_BEGIN_DECLS

AH_AVAILABLE_IN_ALL
GArray  *ah_run_finish_values  (GAsyncResult  *async_result,
                                GError       **error) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
GArray  *ah_future_get_values  (AhFuture      *self,
                                GError       **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
