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

/**
 * AhNativeFlags:
 * @AH_NATIVE_FLAGS_NONE: nothing out of the ordinary
 * @AH_NATIVE_FLAGS_NO_HANDLERS: refuse objects that have signal handlers, notify handlers included,
 *   since the call might emit the signal in a worker, where handlers of some languages must not be
 *   called; cancellables are let through, for only who cancels them emits their signal; handlers
 *   that are connected before the call begins make the call fail
 *
 * How arguments are bound to a C function.
 */
typedef enum
{
  AH_NATIVE_FLAGS_NONE = 0,
  AH_NATIVE_FLAGS_NO_HANDLERS = 1 << 0,
} AhNativeFlags;

/**
 * AhNativeKind:
 * @AH_NATIVE_KIND_BOOLEAN: a boolean
 * @AH_NATIVE_KIND_NUMBER: an integer or a real number
 * @AH_NATIVE_KIND_CHARACTER: a Unicode character, as a string of one or as a number
 * @AH_NATIVE_KIND_GTYPE: a type, as a [alias@GObject.Type] or as its name
 * @AH_NATIVE_KIND_ENUM: a number of an enumeration
 * @AH_NATIVE_KIND_FLAGS: a number made of flags
 * @AH_NATIVE_KIND_STRING: a string
 * @AH_NATIVE_KIND_FILENAME: a string that is a filename
 * @AH_NATIVE_KIND_CANCELLABLE: a [class@Gio.Cancellable]; as an argument it may be null, and the
 *   cancellable of the run takes its place
 * @AH_NATIVE_KIND_OBJECT: another object, or an instance of a type that is none
 * @AH_NATIVE_KIND_BOXED: a boxed value other than those below
 * @AH_NATIVE_KIND_BYTES: a [struct@GLib.Bytes]
 * @AH_NATIVE_KIND_VARIANT: a [struct@GLib.Variant]
 * @AH_NATIVE_KIND_VALUE: any value
 * @AH_NATIVE_KIND_BYTE_ARRAY: a byte array: given as [struct@GLib.Bytes], got as [struct@ByteArray]
 * @AH_NATIVE_KIND_STRINGS: several strings: given as a boxed string array or a
 *   [struct@ValueList], got as a boxed string array
 * @AH_NATIVE_KIND_LIST: several of something else: given as [struct@ValueList], got as
 *   [class@Results]
 * @AH_NATIVE_KIND_TABLE: keys and their values: given as [struct@ValueList] and got as
 *   [class@Results], with each key before its value
 * @AH_NATIVE_KIND_NULL: nothing but null: a callback or a pointer
 * @AH_NATIVE_KIND_UNSUPPORTED: something that the function cannot be called with
 *
 * What an argument or a result of a C function is to those who make values of it.
 */
typedef enum
{
  AH_NATIVE_KIND_BOOLEAN,
  AH_NATIVE_KIND_NUMBER,
  AH_NATIVE_KIND_CHARACTER,
  AH_NATIVE_KIND_GTYPE,
  AH_NATIVE_KIND_ENUM,
  AH_NATIVE_KIND_FLAGS,
  AH_NATIVE_KIND_STRING,
  AH_NATIVE_KIND_FILENAME,
  AH_NATIVE_KIND_CANCELLABLE,
  AH_NATIVE_KIND_OBJECT,
  AH_NATIVE_KIND_BOXED,
  AH_NATIVE_KIND_BYTES,
  AH_NATIVE_KIND_VARIANT,
  AH_NATIVE_KIND_VALUE,
  AH_NATIVE_KIND_BYTE_ARRAY,
  AH_NATIVE_KIND_STRINGS,
  AH_NATIVE_KIND_LIST,
  AH_NATIVE_KIND_TABLE,
  AH_NATIVE_KIND_NULL,
  AH_NATIVE_KIND_UNSUPPORTED,
} AhNativeKind;

G_END_DECLS
