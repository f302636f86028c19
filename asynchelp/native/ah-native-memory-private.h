/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/native/ah-native-info-private.h"

G_BEGIN_DECLS

/* Room for whatever stands in one argument. */
typedef union
{
  gpointer pointer;
  gint64   integer;
  double   real;
} AhNativeWord;

G_STATIC_ASSERT (sizeof (AhNativeWord) == 8);

/* The items of a container, one after the other. */
typedef struct
{
  const char *data;
  gsize       n;
  gsize       size;  /* of one */
  gpointer    owned; /* freed by ah_native_items_clear (), not the items themselves */
} AhNativeItems;

gboolean      ah_native_is_container    (const AhNativeType  *type);
gboolean      ah_native_is_bytes        (const AhNativeType  *type);
gboolean      ah_native_is_strings      (const AhNativeType  *type);
char         *ah_native_type_to_string  (const AhNativeType  *type);

gsize         ah_native_size_of         (const AhNativeType  *type);
gint64        ah_native_read_integer    (const AhNativeType  *type,
                                         gconstpointer        at);
void          ah_native_write_integer   (const AhNativeType  *type,
                                         gpointer             at,
                                         gint64               integer);

void          ah_native_items_init      (AhNativeItems       *items,
                                         const AhNativeType  *type,
                                         gconstpointer        container,
                                         gsize                n);
void          ah_native_items_clear     (AhNativeItems       *items);
gpointer      ah_native_container_take  (const AhNativeType  *type,
                                         gpointer             items,
                                         gsize                n);

/* Of arguments and of items. What is copied for a callee is the callee's to free. */
void          ah_native_copy            (const AhNativeType  *type,
                                         AhNativeTransfer     transfer,
                                         gconstpointer        from,
                                         gsize                n,
                                         gpointer             to);
void          ah_native_free            (const AhNativeType  *type,
                                         AhNativeTransfer     transfer,
                                         gpointer             at,
                                         gsize                n);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AhNativeItems, ah_native_items_clear)

/* The two ways between values and C. */
gboolean      ah_native_store           (const AhNativeType  *type,
                                         gboolean             nullable,
                                         const GValue        *value,
                                         gpointer             at,
                                         gsize               *n,
                                         GError             **error);
gboolean      ah_native_load            (const AhNativeType  *type,
                                         AhNativeTransfer     transfer,
                                         gpointer             at,
                                         gsize                n,
                                         GValue              *value,
                                         GError             **error);

G_END_DECLS
