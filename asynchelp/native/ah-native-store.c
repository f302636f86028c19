/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/native/ah-native-memory-private.h"

#include <math.h>

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/core/ah-results.h"
#include "asynchelp/native/ah-byte-array.h"
#include "asynchelp/native/ah-value-list.h"

/*
 * From values to C. What languages put into values is taken in any form that has one meaning:
 * numbers of every type, but in range; arrays as lists of values; bytes as GBytes.
 */

static gboolean
refuse_value (const AhNativeType *type, const GValue *value, GError **error)
{
  g_autofree char *expected = ah_native_type_to_string (type);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               _ ("a value of type %s was expected instead of one of type %s"), expected,
               G_VALUE_TYPE_NAME (value));
  return FALSE;
}

static gboolean
is_null (const GValue *value)
{
  GType fundamental = G_TYPE_FUNDAMENTAL (G_VALUE_TYPE (value));

  return (g_value_fits_pointer (value) || fundamental == G_TYPE_POINTER)
         && g_value_peek_pointer (value) == NULL;
}

/* --- Numbers --- */

typedef struct
{
  gboolean is_real;
  gboolean is_unsigned;
  gint64 integer; /* its bits, where it is unsigned */
  double real;
} Number;

static gboolean
read_number (const GValue *value, Number *number)
{
  *number = (Number){ 0 };

  switch (G_TYPE_FUNDAMENTAL (G_VALUE_TYPE (value)))
    {
    case G_TYPE_BOOLEAN:
      number->integer = g_value_get_boolean (value);
      break;
    case G_TYPE_CHAR:
      number->integer = g_value_get_schar (value);
      break;
    case G_TYPE_UCHAR:
      number->integer = g_value_get_uchar (value);
      break;
    case G_TYPE_INT:
      number->integer = g_value_get_int (value);
      break;
    case G_TYPE_UINT:
      number->integer = g_value_get_uint (value);
      break;
    case G_TYPE_LONG:
      number->integer = g_value_get_long (value);
      break;
    case G_TYPE_ULONG:
      number->is_unsigned = TRUE;
      number->integer = g_value_get_ulong (value);
      break;
    case G_TYPE_INT64:
      number->integer = g_value_get_int64 (value);
      break;
    case G_TYPE_UINT64:
      number->is_unsigned = TRUE;
      number->integer = g_value_get_uint64 (value);
      break;
    case G_TYPE_ENUM:
      number->integer = g_value_get_enum (value);
      break;
    case G_TYPE_FLAGS:
      number->integer = g_value_get_flags (value);
      break;
    case G_TYPE_FLOAT:
      number->is_real = TRUE;
      number->real = g_value_get_float (value);
      break;
    case G_TYPE_DOUBLE:
      number->is_real = TRUE;
      number->real = g_value_get_double (value);
      break;
    default:
      return FALSE;
    }
  return TRUE;
}

static gboolean
refuse_number (const AhNativeType *type, const Number *number, GError **error)
{
  g_autofree char *expected = ah_native_type_to_string (type);
  g_autofree char *text = number->is_real ? g_strdup_printf ("%g", number->real)
                          : number->is_unsigned
                              ? g_strdup_printf ("%" G_GUINT64_FORMAT, (guint64) number->integer)
                              : g_strdup_printf ("%" G_GINT64_FORMAT, number->integer);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("%s is no number of type %s"),
               text, expected);
  return FALSE;
}

/* A number without a fraction becomes an integer, if one can hold it. */
static gboolean
make_integer (Number *number)
{
  const double limit = 18446744073709551616.0; /* 2⁶⁴ */

  if (!number->is_real)
    return TRUE;
  /* NaN is not equal to itself, and infinity is beyond the limit. */
  if (trunc (number->real) != number->real || number->real >= limit || number->real < -limit / 2)
    return FALSE;

  number->is_real = FALSE;
  number->is_unsigned = number->real >= limit / 2;
  number->integer = number->is_unsigned ? (gint64) (guint64) number->real : (gint64) number->real;
  return TRUE;
}

static gboolean
store_integer (const AhNativeType *type, const Number *given, gpointer at, GError **error)
{
  Number number = *given;
  gint64 min = 0, max = G_MAXINT64;
  gboolean is_in_range;

  switch (type->tag == AH_TAG_ENUM || type->tag == AH_TAG_FLAGS ? type->storage : type->tag)
    {
    case AH_TAG_INT8:
      min = G_MININT8;
      max = G_MAXINT8;
      break;
    case AH_TAG_UINT8:
      max = G_MAXUINT8;
      break;
    case AH_TAG_INT16:
      min = G_MININT16;
      max = G_MAXINT16;
      break;
    case AH_TAG_UINT16:
      max = G_MAXUINT16;
      break;
    case AH_TAG_INT32:
      min = G_MININT32;
      max = G_MAXINT32;
      break;
    case AH_TAG_UINT32:
      max = G_MAXUINT32;
      break;
    case AH_TAG_INT64:
      min = G_MININT64;
      break;
    default:
      break;
    }

  if (!make_integer (&number))
    return refuse_number (type, given, error);

  /* As an unsigned number beyond what a signed one can be, it is negative here. */
  if (number.is_unsigned && number.integer < 0)
    is_in_range = type->tag == AH_TAG_UINT64;
  else
    is_in_range = number.integer >= min && number.integer <= max;
  if (!is_in_range)
    return refuse_number (type, given, error);

  ah_native_write_integer (type, at, number.integer);
  return TRUE;
}

static gboolean
store_real (const AhNativeType *type, const Number *number, gpointer at, GError **error)
{
  double real = number->real;

  if (!number->is_real)
    real = number->is_unsigned ? (double) (guint64) number->integer : (double) number->integer;

  if (type->tag == AH_TAG_DOUBLE)
    *(double *) at = real;
  else if (isfinite (real) && fabs (real) > G_MAXFLOAT)
    return refuse_number (type, number, error);
  else
    *(float *) at = real;
  return TRUE;
}

/* A value that the type knows, or nothing can tell what C code will make of it. */
static gboolean
store_enum (const AhNativeType *type, const Number *number, gpointer at, GError **error)
{
  gint64 integer;
  gboolean is_known = TRUE;

  if (!store_integer (type, number, at, error))
    return FALSE;
  if (type->gtype == G_TYPE_NONE)
    return TRUE;

  integer = ah_native_read_integer (type, at);
  if (G_TYPE_IS_ENUM (type->gtype))
    {
      GEnumClass *klass = g_type_class_ref (type->gtype);

      is_known = g_enum_get_value (klass, integer) != NULL;
      g_type_class_unref (klass);
    }
  else
    {
      GFlagsClass *klass = g_type_class_ref (type->gtype);

      is_known = (integer & ~(gint64) klass->mask) == 0;
      g_type_class_unref (klass);
    }

  return is_known || refuse_number (type, number, error);
}

static gboolean
store_number (const AhNativeType *type, const GValue *value, gpointer at, GError **error)
{
  Number number;

  if (!read_number (value, &number))
    return refuse_value (type, value, error);

  switch (type->tag)
    {
    case AH_TAG_BOOLEAN:
      *(gboolean *) at = number.is_real ? number.real != 0 : number.integer != 0;
      return TRUE;
    case AH_TAG_FLOAT:
    case AH_TAG_DOUBLE:
      return store_real (type, &number, at, error);
    case AH_TAG_ENUM:
    case AH_TAG_FLAGS:
      return store_enum (type, &number, at, error);
    default:
      return store_integer (type, &number, at, error);
    }
}

/* A string of one character, or its number. */
static gboolean
store_unichar (const AhNativeType *type, const GValue *value, gpointer at, GError **error)
{
  const char *text;
  Number number;
  gunichar character;

  if (!G_VALUE_HOLDS_STRING (value))
    {
      if (!store_number (&(AhNativeType){ .tag = AH_TAG_UINT32 }, value, at, error))
        return FALSE;
      if (g_unichar_validate (*(gunichar *) at))
        return TRUE;
      read_number (value, &number);
      return refuse_number (type, &number, error);
    }

  text = g_value_get_string (value);
  character = text ? g_utf8_get_char_validated (text, -1) : (gunichar) -1;
  if (character >= 0x80000000 || (*text && *g_utf8_next_char (text)))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("“%s” is not one character"),
                   text ? text : "");
      return FALSE;
    }
  *(gunichar *) at = character;
  return TRUE;
}

static gboolean
store_gtype (const AhNativeType *type, const GValue *value, gpointer at, GError **error)
{
  GType gtype;

  if (G_VALUE_HOLDS (value, G_TYPE_GTYPE))
    {
      gtype = g_value_get_gtype (value);
    }
  else if (G_VALUE_HOLDS_STRING (value) && !is_null (value))
    {
      gtype = g_type_from_name (g_value_get_string (value));
      if (gtype == 0)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                       _ ("there is no type “%s”, or it was never used"),
                       g_value_get_string (value));
          return FALSE;
        }
    }
  else
    {
      return refuse_value (type, value, error);
    }

  *(GType *) at = gtype;
  return TRUE;
}

/* --- One thing --- */

static gboolean
store_string (const AhNativeType *type, const GValue *value, gpointer at, GError **error)
{
  const char *text;

  if (!G_VALUE_HOLDS_STRING (value))
    return refuse_value (type, value, error);

  text = g_value_get_string (value);
  if (type->tag == AH_TAG_FILENAME && !g_get_filename_charsets (NULL)
      && g_utf8_validate (text, -1, NULL))
    {
      *(char **) at = g_filename_from_utf8 (text, -1, NULL, NULL, error);
      return *(char **) at != NULL;
    }
  *(char **) at = g_strdup (text);
  return TRUE;
}

static gboolean
store_object (const AhNativeType *type, const GValue *value, gpointer at, GError **error)
{
  gpointer object;

  if (!G_VALUE_HOLDS_OBJECT (value) && !G_TYPE_IS_INTERFACE (G_VALUE_TYPE (value)))
    return refuse_value (type, value, error);

  object = g_value_peek_pointer (value);
  if (!G_TYPE_CHECK_INSTANCE_TYPE (object, type->gtype))
    {
      g_autofree char *expected = ah_native_type_to_string (type);

      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("a value of type %s was expected instead of one of type %s"), expected,
                   G_OBJECT_TYPE_NAME (object));
      return FALSE;
    }

  *(gpointer *) at = g_object_ref (object);
  return TRUE;
}

static gboolean
store_boxed (const AhNativeType *type, const GValue *value, gpointer at, GError **error)
{
  if (G_VALUE_HOLDS (value, type->gtype))
    *(gpointer *) at = g_value_dup_boxed (value);
  else if (type->gtype == G_TYPE_BYTES && G_VALUE_HOLDS (value, AH_TYPE_BYTE_ARRAY))
    *(gpointer *) at = g_bytes_ref (ah_byte_array_get_bytes (g_value_get_boxed (value)));
  else
    return refuse_value (type, value, error);
  return TRUE;
}

static gboolean
store_value (const GValue *value, gpointer at)
{
  if (G_VALUE_HOLDS (value, G_TYPE_VALUE))
    value = g_value_get_boxed (value);
  *(gpointer *) at = g_boxed_copy (G_TYPE_VALUE, value);
  return TRUE;
}

/* --- Containers --- */

/* Values one by one, wherever they stand. */
typedef struct
{
  const GValue *values;
  guint n;
  GArray *owned;
} Values;

static void
values_clear (Values *self)
{
  g_clear_pointer (&self->owned, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Values, values_clear)

static gboolean
values_init (Values *self, const GValue *value)
{
  *self = (Values){ 0 };

  if (G_VALUE_HOLDS (value, AH_TYPE_VALUE_LIST))
    {
      AhValueList *list = g_value_get_boxed (value);

      self->n = ah_value_list_get_n (list);
      self->values = self->n ? ah_value_list_peek (list, 0) : NULL;
      return TRUE;
    }
  if (G_VALUE_HOLDS (value, AH_TYPE_RESULTS))
    {
      AhResults *results = g_value_get_object (value);

      self->n = ah_results_get_n (results);
      self->values = self->n ? ah_results_peek (results, 0) : NULL;
      return TRUE;
    }
  if (G_VALUE_HOLDS (value, G_TYPE_STRV))
    {
      char **strings = g_value_get_boxed (value);

      self->owned = g_array_new (FALSE, TRUE, sizeof (GValue));
      g_array_set_clear_func (self->owned, (GDestroyNotify) g_value_unset);
      g_array_set_size (self->owned, g_strv_length (strings));
      self->values = (GValue *) (gpointer) self->owned->data;
      self->n = self->owned->len;
      for (guint i = 0; i < self->n; i++)
        {
          GValue *item = &g_array_index (self->owned, GValue, i);

          g_value_set_string (g_value_init (item, G_TYPE_STRING), strings[i]);
        }
      return TRUE;
    }
  return FALSE;
}

/* Bytes that stand in one piece. */
static gboolean
peek_bytes (const GValue *value, gconstpointer *data, gsize *n)
{
  if (G_VALUE_HOLDS (value, G_TYPE_BYTES))
    {
      *data = g_bytes_get_data (g_value_get_boxed (value), n);
    }
  else if (G_VALUE_HOLDS (value, AH_TYPE_BYTE_ARRAY))
    {
      *data = g_bytes_get_data (ah_byte_array_get_bytes (g_value_get_boxed (value)), n);
    }
  else if (G_VALUE_HOLDS (value, G_TYPE_BYTE_ARRAY))
    {
      const GByteArray *array = g_value_get_boxed (value);

      *data = array->data;
      *n = array->len;
    }
  else if (G_VALUE_HOLDS_STRING (value))
    {
      *data = g_value_get_string (value);
      *n = strlen (*data);
    }
  else
    {
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_length (const AhNativeType *type, gsize n, GError **error)
{
  if (type->fixed_size < 0 || n == (gsize) type->fixed_size)
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               _ ("the array has to have %d items instead of %u"), type->fixed_size,
               (guint) MIN (n, G_MAXUINT));
  return FALSE;
}

static gboolean
store_items (const AhNativeType *type, const Values *values, gpointer at, GError **error)
{
  gsize size = ah_native_size_of (type->element);
  /* One more, that is zero. */
  char *items = g_malloc0_n ((gsize) values->n + 1, size);

  for (guint i = 0; i < values->n; i++)
    {
      if (!ah_native_store (type->element, FALSE, &values->values[i], items + i * size, NULL,
                            error))
        {
          g_prefix_error (error, _ ("item %u: "), i);
          for (guint k = 0; k < i; k++)
            ah_native_free (type->element, AH_TRANSFER_FULL, items + k * size, 0);
          g_free (items);
          return FALSE;
        }
    }

  *(gpointer *) at = ah_native_container_take (type, items, values->n);
  return TRUE;
}

static gboolean
store_container (const AhNativeType *type,
                 const GValue *value,
                 gpointer at,
                 gsize *n,
                 GError **error)
{
  gconstpointer data;
  gsize n_bytes;
  g_auto (Values) values = { 0 };

  if (ah_native_is_bytes (type) && peek_bytes (value, &data, &n_bytes))
    {
      char *copy;

      if (!check_length (type, n_bytes, error))
        return FALSE;
      copy = g_malloc (n_bytes + 1);
      if (n_bytes)
        memcpy (copy, data, n_bytes);
      copy[n_bytes] = 0;
      *(gpointer *) at = ah_native_container_take (type, copy, n_bytes);
      *n = n_bytes;
      return TRUE;
    }

  if (!values_init (&values, value))
    return refuse_value (type, value, error);
  if (!check_length (type, values.n, error))
    return FALSE;
  *n = values.n;
  return store_items (type, &values, at, error);
}

static GDestroyNotify
get_destroy (const AhNativeType *type)
{
  return type->tag == AH_TAG_OBJECT    ? g_object_unref
         : type->tag == AH_TAG_VARIANT ? (GDestroyNotify) g_variant_unref
                                       : g_free;
}

/* Keys and values by turns. The plan sees to it that the table can free both. */
static gboolean
store_table (const AhNativeType *type, const GValue *value, gpointer at, GError **error)
{
  g_autoptr (GHashTable) table = NULL;
  g_auto (Values) values = { 0 };

  if (!values_init (&values, value) || values.n % 2 != 0)
    return refuse_value (type, value, error);

  table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, get_destroy (type->value));
  for (guint i = 0; i < values.n; i += 2)
    {
      gpointer key, item;

      if (!ah_native_store (type->element, FALSE, &values.values[i], &key, NULL, error))
        {
          g_prefix_error (error, _ ("item %u: "), i);
          return FALSE;
        }
      if (!ah_native_store (type->value, FALSE, &values.values[i + 1], &item, NULL, error))
        {
          g_prefix_error (error, _ ("item %u: "), i + 1);
          g_free (key);
          return FALSE;
        }
      g_hash_table_insert (table, key, item);
    }

  *(gpointer *) at = g_steal_pointer (&table);
  return TRUE;
}

/* --- All --- */

/*
 * Makes a C value, which is the caller's to free with AH_TRANSFER_FULL. @n gets the number of items
 * of a container.
 */
gboolean
ah_native_store (const AhNativeType *type,
                 gboolean nullable,
                 const GValue *value,
                 gpointer at,
                 gsize *n,
                 GError **error)
{
  if (n)
    *n = 0;

  if (!G_IS_VALUE (value))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("a value that was never initialised"));
      return FALSE;
    }

  if (type->tag > AH_TAG_LAST_SCALAR && type->tag != AH_TAG_VALUE && is_null (value))
    {
      g_autofree char *expected = NULL;

      *(gpointer *) at = NULL;
      /* NULL is how an empty list looks in C. */
      if (nullable || type->tag == AH_TAG_LIST || type->tag == AH_TAG_SLIST)
        return TRUE;

      expected = ah_native_type_to_string (type);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("a value of type %s was expected instead of null"), expected);
      return FALSE;
    }

  switch (type->tag)
    {
    case AH_TAG_UNICHAR:
      return store_unichar (type, value, at, error);
    case AH_TAG_GTYPE:
      return store_gtype (type, value, at, error);
    case AH_TAG_UTF8:
    case AH_TAG_FILENAME:
      return store_string (type, value, at, error);
    case AH_TAG_OBJECT:
      return store_object (type, value, at, error);
    case AH_TAG_FUNDAMENTAL:
      if (!G_VALUE_HOLDS (value, type->gtype))
        return refuse_value (type, value, error);
      *(gpointer *) at = type->ref (type->get_value (value));
      return TRUE;
    case AH_TAG_BOXED:
      return store_boxed (type, value, at, error);
    case AH_TAG_VARIANT:
      if (!G_VALUE_HOLDS_VARIANT (value))
        return refuse_value (type, value, error);
      *(gpointer *) at = g_value_dup_variant (value);
      return TRUE;
    case AH_TAG_VALUE:
      return store_value (value, at);
    case AH_TAG_HASH:
      return store_table (type, value, at, error);
    case AH_TAG_CALLBACK:
    case AH_TAG_POINTER:
      /* Nothing but null has a meaning in another thread. */
      return refuse_value (type, value, error);
    default:
      if (ah_native_is_container (type))
        return store_container (type, value, at, n, error);
      return store_number (type, value, at, error);
    }
}
