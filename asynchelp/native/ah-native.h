/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)
#error "Only <asynchelp.h> can be included directly."
#endif

#include <asynchelp/core/ah-function.h>
#include <asynchelp/native/ah-native-flags.h>

G_BEGIN_DECLS

#define AH_TYPE_NATIVE (ah_native_get_type ())

AH_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (AhNative, ah_native, AH, NATIVE, GObject)

AH_AVAILABLE_IN_ALL
gboolean      ah_native_require                (const char     *namespace_,
                                                const char     *version,
                                                GError        **error);

AH_AVAILABLE_IN_ALL
char        **ah_native_list                   (const char     *namespace_,
                                                GError        **error) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
AhNative     *ah_native_lookup                 (const char     *name,
                                                GError        **error) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
AhNative     *ah_native_lookup_symbol          (const char     *namespace_,
                                                const char     *symbol,
                                                GError        **error) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
const char   *ah_native_get_name               (AhNative       *self);

AH_AVAILABLE_IN_ALL
const char   *ah_native_get_symbol             (AhNative       *self);

AH_AVAILABLE_IN_ALL
gboolean      ah_native_check                  (AhNative       *self,
                                                GError        **error);

AH_AVAILABLE_IN_ALL
gboolean      ah_native_is_method              (AhNative       *self);

AH_AVAILABLE_IN_ALL
gboolean      ah_native_is_constructor         (AhNative       *self);

AH_AVAILABLE_IN_ALL
gboolean      ah_native_is_async               (AhNative       *self);

AH_AVAILABLE_IN_ALL
const char   *ah_native_get_finish_name        (AhNative       *self);

AH_AVAILABLE_IN_ALL
gboolean      ah_native_get_skips_return       (AhNative       *self);

AH_AVAILABLE_IN_ALL
guint         ah_native_get_n_arguments        (AhNative       *self);

AH_AVAILABLE_IN_ALL
const char   *ah_native_get_argument_name      (AhNative       *self,
                                                guint           index);

AH_AVAILABLE_IN_ALL
AhNativeKind  ah_native_get_argument_kind      (AhNative       *self,
                                                guint           index);

AH_AVAILABLE_IN_ALL
gboolean      ah_native_get_argument_nullable  (AhNative       *self,
                                                guint           index);

AH_AVAILABLE_IN_ALL
guint         ah_native_get_n_results          (AhNative       *self);

AH_AVAILABLE_IN_ALL
const char   *ah_native_get_result_name        (AhNative       *self,
                                                guint           index);

AH_AVAILABLE_IN_ALL
AhNativeKind  ah_native_get_result_kind        (AhNative       *self,
                                                guint           index);

AH_AVAILABLE_IN_ALL
AhFunction   *ah_native_bind                   (AhNative       *self,
                                                const GValue   *arguments,
                                                guint           n_arguments,
                                                AhNativeFlags   flags,
                                                GError        **error) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
AhFunction   *ah_function_new_native           (const char     *name,
                                                const GValue   *arguments,
                                                guint           n_arguments,
                                                GError        **error) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
AhFunction   *ah_function_new_native_symbol    (const char     *namespace_,
                                                const char     *symbol,
                                                const GValue   *arguments,
                                                guint           n_arguments,
                                                GError        **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
