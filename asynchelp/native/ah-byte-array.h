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

#define AH_TYPE_BYTE_ARRAY (ah_byte_array_get_type ())

/**
 * AhByteArray:
 *
 * A byte array that a C function gave.
 *
 * It is a type of its own, so that a language can tell it from a [struct@GLib.Bytes] that the
 * function gave as such, and make of it what a direct call would have made.
 *
 * It never changes, and may be used from any thread.
 */
typedef struct _AhByteArray AhByteArray;

AH_AVAILABLE_IN_ALL
GType        ah_byte_array_get_type  (void) G_GNUC_CONST;

AH_AVAILABLE_IN_ALL
AhByteArray *ah_byte_array_new       (GBytes      *bytes) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
AhByteArray *ah_byte_array_ref       (AhByteArray *self);

AH_AVAILABLE_IN_ALL
void         ah_byte_array_unref     (AhByteArray *self);

AH_AVAILABLE_IN_ALL
GBytes      *ah_byte_array_get_bytes (AhByteArray *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AhByteArray, ah_byte_array_unref)

G_END_DECLS
