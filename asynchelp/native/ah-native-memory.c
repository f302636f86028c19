/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/native/ah-native-memory-private.h"

/* What C values of each type look like in memory, and how they are copied and freed. */

gboolean
ah_native_is_container (const AhNativeType *type)
{
  return type->tag >= AH_TAG_C_ARRAY && type->tag <= AH_TAG_SLIST;
}

/* What a language shows as an array of bytes. */
gboolean
ah_native_is_bytes (const AhNativeType *type)
{
  return type->tag == AH_TAG_BYTE_ARRAY
         || ((type->tag == AH_TAG_C_ARRAY || type->tag == AH_TAG_ARRAY)
             && type->element->tag == AH_TAG_UINT8);
}

gboolean
ah_native_is_strings (const AhNativeType *type)
{
  return ah_native_is_container (type)
         && (type->element->tag == AH_TAG_UTF8 || type->element->tag == AH_TAG_FILENAME);
}

static const char *const tag_names[] = {
  [AH_TAG_VOID] = "nothing",
  [AH_TAG_BOOLEAN] = "boolean",
  [AH_TAG_INT8] = "int8",
  [AH_TAG_UINT8] = "uint8",
  [AH_TAG_INT16] = "int16",
  [AH_TAG_UINT16] = "uint16",
  [AH_TAG_INT32] = "int32",
  [AH_TAG_UINT32] = "uint32",
  [AH_TAG_INT64] = "int64",
  [AH_TAG_UINT64] = "uint64",
  [AH_TAG_FLOAT] = "float",
  [AH_TAG_DOUBLE] = "double",
  [AH_TAG_UNICHAR] = "character",
  [AH_TAG_GTYPE] = "GType",
  [AH_TAG_ENUM] = "enum",
  [AH_TAG_FLAGS] = "flags",
  [AH_TAG_UTF8] = "string",
  [AH_TAG_FILENAME] = "filename",
  [AH_TAG_OBJECT] = "object",
  [AH_TAG_FUNDAMENTAL] = "instance",
  [AH_TAG_BOXED] = "boxed",
  [AH_TAG_VARIANT] = "GLib.Variant",
  [AH_TAG_VALUE] = "value",
  [AH_TAG_C_ARRAY] = "array",
  [AH_TAG_ARRAY] = "GLib.Array",
  [AH_TAG_PTR_ARRAY] = "GLib.PtrArray",
  [AH_TAG_LIST] = "GLib.List",
  [AH_TAG_BYTE_ARRAY] = "GLib.ByteArray",
  [AH_TAG_SLIST] = "GLib.SList",
  [AH_TAG_CALLBACK] = "callback",
  [AH_TAG_HASH] = "GLib.HashTable",
  [AH_TAG_POINTER] = "pointer",
  [AH_TAG_UNSUPPORTED] = "unsupported type",
};

/* For messages. Names of types are the same in all languages. */
char *
ah_native_type_to_string (const AhNativeType *type)
{
  g_autofree char *element = NULL;

  if (ah_native_is_container (type) && type->tag != AH_TAG_BYTE_ARRAY)
    {
      element = ah_native_type_to_string (type->element);
      return g_strdup_printf ("%s<%s>", tag_names[type->tag], element);
    }
  return g_strdup (type->name ? type->name : tag_names[type->tag]);
}

gsize
ah_native_size_of (const AhNativeType *type)
{
  switch (type->tag)
    {
    case AH_TAG_INT8:
    case AH_TAG_UINT8:
      return 1;
    case AH_TAG_INT16:
    case AH_TAG_UINT16:
      return 2;
    case AH_TAG_BOOLEAN:
    case AH_TAG_INT32:
    case AH_TAG_UINT32:
    case AH_TAG_UNICHAR:
    case AH_TAG_FLOAT:
      return 4;
    case AH_TAG_INT64:
    case AH_TAG_UINT64:
    case AH_TAG_DOUBLE:
      return 8;
    case AH_TAG_GTYPE:
      return sizeof (GType);
    case AH_TAG_ENUM:
    case AH_TAG_FLAGS:
      return ah_native_size_of (&(AhNativeType){ .tag = type->storage });
    default:
      return sizeof (gpointer);
    }
}

gint64
ah_native_read_integer (const AhNativeType *type, gconstpointer at)
{
  switch (type->tag == AH_TAG_ENUM || type->tag == AH_TAG_FLAGS ? type->storage : type->tag)
    {
    case AH_TAG_INT8:
      return *(const gint8 *) at;
    case AH_TAG_UINT8:
      return *(const guint8 *) at;
    case AH_TAG_INT16:
      return *(const gint16 *) at;
    case AH_TAG_UINT16:
      return *(const guint16 *) at;
    case AH_TAG_UINT32:
    case AH_TAG_UNICHAR:
      return *(const guint32 *) at;
    case AH_TAG_INT64:
    case AH_TAG_UINT64:
      return *(const gint64 *) at;
    case AH_TAG_GTYPE:
      return *(const GType *) at;
    default:
      return *(const gint32 *) at;
    }
}

void
ah_native_write_integer (const AhNativeType *type, gpointer at, gint64 integer)
{
  switch (ah_native_size_of (type))
    {
    case 1:
      *(gint8 *) at = integer;
      break;
    case 2:
      *(gint16 *) at = integer;
      break;
    case 4:
      *(gint32 *) at = integer;
      break;
    default:
      *(gint64 *) at = integer;
    }
}

/* --- One thing --- */

/* A pointer of a type that is no container, or NULL. */
static gpointer
copy_thing (const AhNativeType *type, gpointer thing)
{
  if (thing == NULL)
    return NULL;

  switch (type->tag)
    {
    case AH_TAG_UTF8:
    case AH_TAG_FILENAME:
      return g_strdup (thing);
    case AH_TAG_OBJECT:
      return g_object_ref (thing);
    case AH_TAG_FUNDAMENTAL:
      return type->ref (thing);
    case AH_TAG_BOXED:
    case AH_TAG_VALUE:
      return g_boxed_copy (type->gtype, thing);
    case AH_TAG_VARIANT:
      return g_variant_ref_sink (thing);
    case AH_TAG_HASH:
      return g_hash_table_ref (thing);
    default:
      return thing;
    }
}

static void
free_thing (const AhNativeType *type, gpointer thing)
{
  if (thing == NULL)
    return;

  switch (type->tag)
    {
    case AH_TAG_UTF8:
    case AH_TAG_FILENAME:
      g_free (thing);
      break;
    case AH_TAG_OBJECT:
      g_object_unref (thing);
      break;
    case AH_TAG_FUNDAMENTAL:
      type->unref (thing);
      break;
    case AH_TAG_BOXED:
    case AH_TAG_VALUE:
      g_boxed_free (type->gtype, thing);
      break;
    case AH_TAG_VARIANT:
      g_variant_unref (thing);
      break;
    case AH_TAG_HASH:
      g_hash_table_unref (thing);
      break;
    default:
      break;
    }
}

/* --- Containers --- */

static gsize
count_until_zero (const AhNativeType *type, const char *data, gsize size)
{
  static const char zero[sizeof (gpointer)];
  gsize n = 0;

  while (memcmp (data + n * size, zero, size) != 0)
    n++;
  return n;
}

/* @n counts for C arrays that are told how long they are. */
void
ah_native_items_init (AhNativeItems *items,
                      const AhNativeType *type,
                      gconstpointer container,
                      gsize n)
{
  *items = (AhNativeItems){ .size = ah_native_size_of (type->element) };
  if (container == NULL)
    return;

  switch (type->tag)
    {
    case AH_TAG_C_ARRAY:
      items->data = container;
      if (type->length >= 0)
        items->n = n;
      else if (type->fixed_size >= 0)
        items->n = type->fixed_size;
      else
        items->n = count_until_zero (type->element, items->data, items->size);
      break;
    case AH_TAG_ARRAY:
    case AH_TAG_BYTE_ARRAY:
      items->data = ((const GArray *) container)->data;
      items->n = ((const GArray *) container)->len;
      break;
    case AH_TAG_PTR_ARRAY:
      items->data = (const char *) ((const GPtrArray *) container)->pdata;
      items->n = ((const GPtrArray *) container)->len;
      break;
    default:
      {
        /* GList begins as GSList does. */
        GPtrArray *array = g_ptr_array_new ();

        for (const GSList *l = container; l; l = l->next)
          g_ptr_array_add (array, l->data);
        items->n = array->len;
        items->owned = g_ptr_array_free (array, FALSE);
        items->data = items->owned;
      }
    }
}

void
ah_native_items_clear (AhNativeItems *items)
{
  g_clear_pointer (&items->owned, g_free);
}

/* The container of these items, allocated with g_malloc () and with a zero behind them. */
gpointer
ah_native_container_take (const AhNativeType *type, gpointer items, gsize n)
{
  gpointer *pointers = items;
  gpointer container;

  switch (type->tag)
    {
    case AH_TAG_C_ARRAY:
      return items;
    case AH_TAG_BYTE_ARRAY:
      return g_byte_array_new_take (items, n);
    case AH_TAG_ARRAY:
      container
          = g_array_sized_new (type->zero_terminated, FALSE, ah_native_size_of (type->element), n);
      g_array_append_vals (container, items, n);
      break;
    case AH_TAG_PTR_ARRAY:
      container = g_ptr_array_sized_new (n);
      for (gsize i = 0; i < n; i++)
        g_ptr_array_add (container, pointers[i]);
      break;
    case AH_TAG_LIST:
      container = NULL;
      for (gsize i = n; i > 0; i--)
        container = g_list_prepend (container, pointers[i - 1]);
      break;
    default:
      container = NULL;
      for (gsize i = n; i > 0; i--)
        container = g_slist_prepend (container, pointers[i - 1]);
    }

  g_free (items);
  return container;
}

static void
free_empty_container (const AhNativeType *type, gpointer container)
{
  switch (type->tag)
    {
    case AH_TAG_C_ARRAY:
      g_free (container);
      break;
    case AH_TAG_BYTE_ARRAY:
      g_byte_array_unref (container);
      break;
    case AH_TAG_ARRAY:
      g_array_unref (container);
      break;
    case AH_TAG_PTR_ARRAY:
      g_ptr_array_unref (container);
      break;
    case AH_TAG_LIST:
      g_list_free (container);
      break;
    default:
      g_slist_free (container);
    }
}

static gpointer
copy_container (const AhNativeType *type, AhNativeTransfer transfer, gconstpointer from, gsize n)
{
  g_auto (AhNativeItems) items = { 0 };
  char *copies;

  ah_native_items_init (&items, type, from, n);
  copies = g_malloc0 ((items.n + 1) * items.size);
  if (items.n)
    memcpy (copies, items.data, items.n * items.size);
  if (transfer == AH_TRANSFER_FULL && type->element->tag > AH_TAG_LAST_SCALAR)
    {
      for (gsize i = 0; i < items.n; i++)
        ah_native_copy (type->element, AH_TRANSFER_FULL, items.data + i * items.size, 0,
                        copies + i * items.size);
    }

  return ah_native_container_take (type, copies, items.n);
}

static void
free_container (const AhNativeType *type, AhNativeTransfer transfer, gpointer container, gsize n)
{
  if (transfer == AH_TRANSFER_FULL && type->element->tag > AH_TAG_LAST_SCALAR)
    {
      g_auto (AhNativeItems) items = { 0 };

      ah_native_items_init (&items, type, container, n);
      for (gsize i = 0; i < items.n; i++)
        ah_native_free (type->element, AH_TRANSFER_FULL, (gpointer) (items.data + i * items.size),
                        0);
    }

  free_empty_container (type, container);
}

/* --- Both --- */

/* What a callee gets that takes this much over. */
void
ah_native_copy (const AhNativeType *type,
                AhNativeTransfer transfer,
                gconstpointer from,
                gsize n,
                gpointer to)
{
  gpointer pointer;

  if (type->tag <= AH_TAG_LAST_SCALAR)
    {
      memcpy (to, from, ah_native_size_of (type));
      return;
    }

  pointer = *(const gpointer *) from;
  if (transfer == AH_TRANSFER_NONE || pointer == NULL)
    *(gpointer *) to = pointer;
  else if (ah_native_is_container (type))
    *(gpointer *) to = copy_container (type, transfer, pointer, n);
  else
    *(gpointer *) to = copy_thing (type, pointer);
}

/* Frees what was copied like this, or was given with this transfer. */
void
ah_native_free (const AhNativeType *type, AhNativeTransfer transfer, gpointer at, gsize n)
{
  gpointer pointer;

  if (type->tag <= AH_TAG_LAST_SCALAR || transfer == AH_TRANSFER_NONE)
    return;

  pointer = *(gpointer *) at;
  if (pointer == NULL)
    return;

  if (ah_native_is_container (type))
    free_container (type, transfer, pointer, n);
  else
    free_thing (type, pointer);
}
