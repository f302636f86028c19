/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)
#error "Only <asynchelp.h> can be included directly."
#endif

#include <gio/gio.h>

#include <asynchelp/ah-version.h>

G_BEGIN_DECLS

#define AH_TYPE_FUTURE (ah_future_get_type ())

AH_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (AhFuture, ah_future, AH, FUTURE, GObject)

AH_AVAILABLE_IN_ALL
void      ah_future_cancel           (AhFuture            *self);

AH_AVAILABLE_IN_ALL
gboolean  ah_future_wait             (AhFuture            *self,
                                      GCancellable        *cancellable,
                                      GError             **error);

AH_AVAILABLE_IN_ALL
void      ah_future_wait_async       (AhFuture            *self,
                                      GCancellable        *cancellable,
                                      GAsyncReadyCallback  callback,
                                      gpointer             user_data);

AH_AVAILABLE_IN_ALL
gboolean  ah_future_wait_finish      (AhFuture            *self,
                                      GAsyncResult        *async_result,
                                      GError             **error);

AH_AVAILABLE_IN_ALL
gboolean  ah_future_get_done         (AhFuture            *self);

AH_AVAILABLE_IN_ALL
guint     ah_future_get_n_functions  (AhFuture            *self);

AH_AVAILABLE_IN_ALL
guint     ah_future_get_n_finished   (AhFuture            *self);

AH_AVAILABLE_IN_ALL
double    ah_future_get_fraction     (AhFuture            *self);

AH_AVAILABLE_IN_ALL
int       ah_future_get_failed_index (AhFuture            *self);

AH_AVAILABLE_IN_ALL
gboolean  ah_future_get_value        (AhFuture            *self,
                                      GValue              *value,
                                      GError             **error);

AH_AVAILABLE_IN_ALL
GArray   *ah_future_get_results      (AhFuture            *self,
                                      GError             **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
