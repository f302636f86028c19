/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)
#error "Only <asynchelp.h> can be included directly."
#endif

#include <asynchelp/core/ah-function.h>

G_BEGIN_DECLS

AH_AVAILABLE_IN_ALL
gboolean ah_invoke (GMainContext    *context,
                    AhBlockingFunc   func,
                    gpointer         user_data,
                    GCancellable    *cancellable,
                    GValue          *result,
                    GError         **error);

G_END_DECLS
