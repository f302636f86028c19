/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)
#error "Only <asynchelp.h> can be included directly."
#endif

#include <glib-object.h>

#include <asynchelp/ah-version.h>

G_BEGIN_DECLS

#define AH_TYPE_RESULTS (ah_results_get_type ())

AH_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (AhResults, ah_results, AH, RESULTS, GObject)

AH_AVAILABLE_IN_ALL
GArray       *ah_results_get_values (AhResults *self) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
guint         ah_results_get_n      (AhResults *self);

AH_AVAILABLE_IN_ALL
const GValue *ah_results_peek       (AhResults *self,
                                     guint      index);

G_END_DECLS
