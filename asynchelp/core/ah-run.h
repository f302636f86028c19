/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)
#error "Only <asynchelp.h> can be included directly."
#endif

#include <asynchelp/core/ah-function.h>
#include <asynchelp/core/ah-future.h>

G_BEGIN_DECLS

AH_AVAILABLE_IN_ALL
void      ah_run_async               (AhFunction          *function,
                                      GCancellable        *cancellable,
                                      GAsyncReadyCallback  callback,
                                      gpointer             user_data);

AH_AVAILABLE_IN_ALL
gboolean  ah_run_finish              (GAsyncResult        *async_result,
                                      GValue              *result,
                                      GError             **error);

AH_AVAILABLE_IN_ALL
gboolean  ah_block                   (AhFunction          *function,
                                      GCancellable        *cancellable,
                                      GValue              *result,
                                      GError             **error);

AH_AVAILABLE_IN_ALL
AhFuture *ah_start                   (AhFunction          *function,
                                      GCancellable        *cancellable) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
AhFuture *ah_queue_background_thread (AhFunction          *function) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
