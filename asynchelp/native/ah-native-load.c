/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/native/ah-native-memory-private.h"

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/core/ah-results-private.h"
#include "asynchelp/native/ah-byte-array.h"

/*
 * From C to values, in the thread of the call: what a function lends it may take back as soon as
 * something else happens, so it is copied at once.
 */

static void
set_null (GValue *value)
{
  g_value_set_pointer (g_value_init (value, G_TYPE_POINTER), NULL);
}

static gboolean
load_unichar (gunichar character, GValue *value, GError **error)
{
  char text[7] = { 0 };

  if (!g_unichar_validate (character))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("0x%x is no character"),
                   character);
      return FALSE;
    }
  g_unichar_to_utf8 (character, text);
  g_value_set_string (g_value_init (value, G_TYPE_STRING), text);
  return TRUE;
}

static gboolean
load_scalar (const AhNativeType *type, gpointer at, GValue *value, GError **error)
{
  gint64 integer = ah_native_read_integer (type, at);

  switch (type->tag)
    {
    case AH_TAG_BOOLEAN:
      g_value_set_boolean (g_value_init (value, G_TYPE_BOOLEAN), integer != 0);
      break;
    case AH_TAG_UINT32:
      g_value_set_uint (g_value_init (value, G_TYPE_UINT), integer);
      break;
    case AH_TAG_INT64:
      g_value_set_int64 (g_value_init (value, G_TYPE_INT64), integer);
      break;
    case AH_TAG_UINT64:
      g_value_set_uint64 (g_value_init (value, G_TYPE_UINT64), integer);
      break;
    case AH_TAG_FLOAT:
      g_value_set_float (g_value_init (value, G_TYPE_FLOAT), *(float *) at);
      break;
    case AH_TAG_DOUBLE:
      g_value_set_double (g_value_init (value, G_TYPE_DOUBLE), *(double *) at);
      break;
    case AH_TAG_UNICHAR:
      return load_unichar (integer, value, error);
    case AH_TAG_GTYPE:
      g_value_set_gtype (g_value_init (value, G_TYPE_GTYPE), integer);
      break;
    case AH_TAG_ENUM:
      if (type->gtype == G_TYPE_NONE)
        g_value_set_int (g_value_init (value, G_TYPE_INT), integer);
      else
        g_value_set_enum (g_value_init (value, type->gtype), integer);
      break;
    case AH_TAG_FLAGS:
      if (type->gtype == G_TYPE_NONE)
        g_value_set_uint (g_value_init (value, G_TYPE_UINT), integer);
      else
        g_value_set_flags (g_value_init (value, type->gtype), integer);
      break;
    default:
      g_value_set_int (g_value_init (value, G_TYPE_INT), integer);
    }
  return TRUE;
}

/* --- One thing --- */

static void
load_string (AhNativeTransfer transfer, char *text, GValue *value)
{
  g_value_init (value, G_TYPE_STRING);
  if (transfer == AH_TRANSFER_NONE)
    g_value_set_string (value, text);
  else
    g_value_take_string (value, text);
}

/* The value has the type of the object, since one of an interface would hold none in some cases. */
static void
load_object (AhNativeTransfer transfer, gpointer object, GValue *value)
{
  if (object == NULL)
    {
      g_value_init (value, G_TYPE_OBJECT);
      return;
    }

  /* A floating reference is nobody's: it becomes ours, whatever the annotation says. */
  if (g_object_is_floating (object) || transfer == AH_TRANSFER_NONE)
    g_object_ref_sink (object);
  g_value_take_object (g_value_init (value, G_OBJECT_TYPE (object)), object);
}

static void
load_boxed (const AhNativeType *type, AhNativeTransfer transfer, gpointer boxed, GValue *value)
{
  g_value_init (value, type->gtype);
  if (transfer == AH_TRANSFER_NONE)
    g_value_set_boxed (value, boxed);
  else
    g_value_take_boxed (value, boxed);
}

/* What the value holds is the result, as in every language. */
static void
load_value (AhNativeTransfer transfer, GValue *inner, GValue *value)
{
  if (inner == NULL || !G_IS_VALUE (inner))
    {
      set_null (value);
    }
  else
    {
      g_value_init (value, G_VALUE_TYPE (inner));
      g_value_copy (inner, value);
    }
  if (inner && transfer != AH_TRANSFER_NONE)
    g_boxed_free (G_TYPE_VALUE, inner);
}

/* --- Containers --- */

static void
load_bytes (const AhNativeType *type,
            AhNativeTransfer transfer,
            gpointer container,
            gsize n,
            GValue *value)
{
  g_autoptr (GBytes) bytes = NULL;
  g_auto (AhNativeItems) items = { 0 };

  ah_native_items_init (&items, type, container, n);
  if (type->tag == AH_TAG_C_ARRAY && transfer != AH_TRANSFER_NONE)
    {
      bytes = g_bytes_new_take (container, items.n);
    }
  else
    {
      bytes = g_bytes_new (items.data, items.n);
      ah_native_free (type, transfer, &container, n);
    }
  g_value_take_boxed (g_value_init (value, AH_TYPE_BYTE_ARRAY), ah_byte_array_new (bytes));
}

/*
 * Whether the container frees its items itself, so that they are copied. Nothing can tell whether
 * it does: one that does not loses them.
 */
static gboolean
frees_its_items (const AhNativeType *type)
{
  return type->tag == AH_TAG_ARRAY || type->tag == AH_TAG_PTR_ARRAY;
}

static void
load_strings (const AhNativeItems *items, gboolean takes, GValue *value)
{
  char *const *strings = (char *const *) items->data;
  char **copies = g_new0 (char *, items->n + 1);

  for (gsize i = 0; i < items->n; i++)
    copies[i] = takes ? strings[i] : g_strdup (strings[i]);
  g_value_take_boxed (g_value_init (value, G_TYPE_STRV), copies);
}

static gboolean
load_list (const AhNativeType *type,
           const AhNativeItems *items,
           gboolean takes,
           GValue *value,
           GError **error)
{
  GValue *values = g_new0 (GValue, items->n);
  gboolean success = TRUE;

  for (gsize i = 0; i < items->n; i++)
    {
      gpointer at = (gpointer) (items->data + i * items->size);

      if (!success
          || !ah_native_load (type->element, takes ? AH_TRANSFER_FULL : AH_TRANSFER_NONE, at, 0,
                              &values[i], error))
        {
          /* Go on all the same: the items that follow have to be freed. */
          if (success)
            success = FALSE;
          else if (takes)
            ah_native_free (type->element, AH_TRANSFER_FULL, at, 0);
          set_null (&values[i]);
        }
    }

  if (!success)
    {
      ah_results_free_values (values, items->n);
      return FALSE;
    }
  g_value_take_object (g_value_init (value, AH_TYPE_RESULTS),
                       ah_results_new_take (ah_results_array_take (values, items->n)));
  return TRUE;
}

static gboolean
load_container (const AhNativeType *type,
                AhNativeTransfer transfer,
                gpointer container,
                gsize n,
                GValue *value,
                GError **error)
{
  g_auto (AhNativeItems) items = { 0 };
  gboolean takes = transfer == AH_TRANSFER_FULL && !frees_its_items (type);
  gboolean success = TRUE;

  ah_native_items_init (&items, type, container, n);
  if (ah_native_is_strings (type))
    load_strings (&items, takes, value);
  else
    success = load_list (type, &items, takes, value, error);

  if (transfer != AH_TRANSFER_NONE)
    ah_native_free (type, AH_TRANSFER_CONTAINER, &container, n);
  return success;
}

/* Keys and values by turns. */
static gboolean
load_table (const AhNativeType *type,
            AhNativeTransfer transfer,
            GHashTable *table,
            GValue *value,
            GError **error)
{
  guint n = 2 * g_hash_table_size (table);
  GValue *values = g_new0 (GValue, n);
  GHashTableIter iter;
  gpointer key, item;
  gboolean success = TRUE;

  g_hash_table_iter_init (&iter, table);
  for (guint i = 0; i < n && g_hash_table_iter_next (&iter, &key, &item); i += 2)
    {
      success = success
                && ah_native_load (type->element, AH_TRANSFER_NONE, &key, 0, &values[i], error)
                && ah_native_load (type->value, AH_TRANSFER_NONE, &item, 0, &values[i + 1], error);
      for (guint k = i; k < i + 2 && !success; k++)
        {
          if (!G_IS_VALUE (&values[k]))
            set_null (&values[k]);
        }
    }

  /* It frees what it holds, as a list cannot. */
  ah_native_free (type, transfer, &table, 0);
  if (!success)
    {
      ah_results_free_values (values, n);
      return FALSE;
    }
  g_value_take_object (g_value_init (value, AH_TYPE_RESULTS),
                       ah_results_new_take (ah_results_array_take (values, n)));
  return TRUE;
}

/* --- All --- */

/*
 * Makes a value of what stands at @at, and takes over as much of it as @transfer says, also where
 * it fails. @n is the number of items of a C array that is told how long it is.
 */
gboolean
ah_native_load (const AhNativeType *type,
                AhNativeTransfer transfer,
                gpointer at,
                gsize n,
                GValue *value,
                GError **error)
{
  gpointer pointer;

  if (type->tag <= AH_TAG_LAST_SCALAR)
    return load_scalar (type, at, value, error);

  pointer = *(gpointer *) at;
  switch (type->tag)
    {
    case AH_TAG_UTF8:
    case AH_TAG_FILENAME:
      load_string (transfer, pointer, value);
      break;
    case AH_TAG_OBJECT:
      load_object (transfer, pointer, value);
      break;
    case AH_TAG_FUNDAMENTAL:
      type->set_value (g_value_init (value, type->gtype), pointer);
      ah_native_free (type, transfer, at, 0);
      break;
    case AH_TAG_BOXED:
      load_boxed (type, transfer, pointer, value);
      break;
    case AH_TAG_VARIANT:
      g_value_init (value, G_TYPE_VARIANT);
      if (transfer == AH_TRANSFER_NONE)
        g_value_set_variant (value, pointer);
      else
        g_value_take_variant (value, pointer);
      break;
    case AH_TAG_VALUE:
      load_value (transfer, pointer, value);
      break;
    case AH_TAG_LIST:
    case AH_TAG_SLIST:
      return load_container (type, transfer, pointer, n, value, error);
    default:
      /* An array that is told to have no items is empty, and any other one that is not there, null.
       */
      if (pointer == NULL && (type->tag != AH_TAG_C_ARRAY || type->length < 0))
        set_null (value);
      else if (ah_native_is_bytes (type))
        load_bytes (type, transfer, pointer, n, value);
      else if (type->tag == AH_TAG_HASH)
        return load_table (type, transfer, pointer, value, error);
      else
        return load_container (type, transfer, pointer, n, value, error);
    }
  return TRUE;
}
