/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/native/ah-native-flags.h"
#include "asynchelp/native/ah-native-plan-private.h"

G_BEGIN_DECLS

/* A function with its arguments. */
typedef struct _AhNativeCall AhNativeCall;

AhNativeCall *ah_native_call_new  (const AhNativePlan *plan,
                                   const GValue       *values,
                                   guint               n_values,
                                   AhNativeFlags       flags,
                                   GError            **error);
void          ah_native_call_run  (GCancellable       *cancellable,
                                   GValue             *result,
                                   gpointer            self,
                                   GError            **error);
void          ah_native_call_free (gpointer            self);

G_END_DECLS
