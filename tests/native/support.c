/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "support.h"

static GArray *
new_values (void)
{
  GArray *values = g_array_new (FALSE, TRUE, sizeof (GValue));

  g_array_set_clear_func (values, (GDestroyNotify) g_value_unset);
  return values;
}

/* One argument; @list is a va_list passed by address, so that what was read is gone. */
static void
collect (GValue *value, char letter, va_list *list)
{
  switch (letter)
    {
    case 'i':
      g_value_set_int (g_value_init (value, G_TYPE_INT), va_arg (*list, int));
      break;
    case 'u':
      g_value_set_uint (g_value_init (value, G_TYPE_UINT), va_arg (*list, guint));
      break;
    case 'x':
      g_value_set_int64 (g_value_init (value, G_TYPE_INT64), va_arg (*list, gint64));
      break;
    case 't':
      g_value_set_uint64 (g_value_init (value, G_TYPE_UINT64), va_arg (*list, guint64));
      break;
    case 'd':
      g_value_set_double (g_value_init (value, G_TYPE_DOUBLE), va_arg (*list, double));
      break;
    case 'b':
      g_value_set_boolean (g_value_init (value, G_TYPE_BOOLEAN), va_arg (*list, gboolean));
      break;
    case 's':
      g_value_set_string (g_value_init (value, G_TYPE_STRING), va_arg (*list, const char *));
      break;
    case 'n':
      g_value_init (value, G_TYPE_POINTER);
      break;
    case 'o':
      g_value_set_object (g_value_init (value, G_TYPE_OBJECT), va_arg (*list, gpointer));
      break;
    case 'g':
      g_value_set_gtype (g_value_init (value, G_TYPE_GTYPE), va_arg (*list, GType));
      break;
    case 'v':
      g_value_take_variant (g_value_init (value, G_TYPE_VARIANT), va_arg (*list, GVariant *));
      break;
    case 'y':
      {
        const char *bytes = va_arg (*list, const char *);

        g_value_take_boxed (g_value_init (value, G_TYPE_BYTES),
                            g_bytes_new (bytes, strlen (bytes)));
      }
      break;
    case 'B':
      g_value_init (value, va_arg (*list, GType));
      g_value_set_boxed (value, va_arg (*list, gpointer));
      break;
    case 'S':
      g_value_take_boxed (g_value_init (value, G_TYPE_STRV),
                          g_strsplit (va_arg (*list, const char *), ",", 0));
      break;
    case 'L':
      g_value_take_boxed (g_value_init (value, AH_TYPE_VALUE_LIST), va_arg (*list, gpointer));
      break;
    default:
      g_assert_not_reached ();
    }
}

AhFunction *
native_bind_valist (GError **error, const char *name, const char *letters, va_list arguments)
{
  g_autoptr (GArray) values = new_values ();
  va_list list;

  va_copy (list, arguments);
  g_array_set_size (values, strlen (letters));
  for (guint i = 0; letters[i]; i++)
    collect (&g_array_index (values, GValue, i), letters[i], &list);
  va_end (list);

  return ah_function_new_native (name, (GValue *) (gpointer) values->data, values->len, error);
}

AhFunction *
native_bind (GError **error, const char *name, const char *letters, ...)
{
  AhFunction *function;
  va_list list;

  va_start (list, letters);
  function = native_bind_valist (error, name, letters, list);
  va_end (list);
  return function;
}

AhValueList *
native_list (const char *letters, ...)
{
  AhValueList *self = ah_value_list_new ();
  va_list list;

  va_start (list, letters);
  for (guint i = 0; letters[i]; i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;

      collect (&value, letters[i], &list);
      ah_value_list_append (self, &value);
    }
  va_end (list);
  g_assert_cmpuint (ah_value_list_get_n (self), ==, strlen (letters));
  return self;
}

static void
append_bytes (GString *text, GBytes *bytes)
{
  gsize n;
  const guint8 *data = g_bytes_get_data (bytes, &n);

  for (gsize i = 0; i < n; i++)
    g_string_append_printf (text, i ? " %02x" : "%02x", data[i]);
}

static void
append_boxed (GString *text, const GValue *value)
{
  gpointer boxed = g_value_get_boxed (value);

  if (boxed == NULL)
    {
      g_string_append (text, "null");
    }
  else if (G_VALUE_HOLDS (value, AH_TYPE_BYTE_ARRAY))
    {
      g_string_append (text, "<");
      append_bytes (text, ah_byte_array_get_bytes (boxed));
      g_string_append (text, ">");
    }
  else if (G_VALUE_HOLDS (value, G_TYPE_BYTES))
    {
      g_string_append (text, "bytes<");
      append_bytes (text, boxed);
      g_string_append (text, ">");
    }
  else if (G_VALUE_HOLDS (value, G_TYPE_STRV))
    {
      g_autofree char *joined = g_strjoinv (",", boxed);

      g_string_append_printf (text, "{%s}", joined);
    }
  else if (G_VALUE_HOLDS (value, ODD_TYPE_BOX))
    {
      g_string_append_printf (text, "box %d", odd_box_get_number (boxed));
    }
  else if (G_VALUE_HOLDS (value, ODD_TYPE_POINT))
    {
      g_string_append_printf (text, "point %d %g", ((OddPoint *) boxed)->x,
                              ((OddPoint *) boxed)->y);
    }
  else if (G_VALUE_HOLDS (value, G_TYPE_ERROR))
    {
      g_string_append_printf (text, "error %s", ((GError *) boxed)->message);
    }
  else
    {
      g_string_append (text, G_VALUE_TYPE_NAME (value));
    }
}

static void
append_object (GString *text, gpointer object)
{
  if (object == NULL)
    {
      g_string_append (text, "null");
    }
  else if (AH_IS_RESULTS (object))
    {
      g_string_append (text, "[");
      for (guint i = 0; i < ah_results_get_n (object); i++)
        {
          g_autofree char *item = native_show (ah_results_peek (object, i));

          g_string_append_printf (text, i ? ", %s" : "%s", item);
        }
      g_string_append (text, "]");
    }
  else if (ODD_IS_THING (object))
    {
      g_string_append_printf (text, "thing %d", odd_thing_get_number (object));
    }
  else
    {
      g_string_append (text, G_OBJECT_TYPE_NAME (object));
      if (g_object_is_floating (object))
        g_string_append (text, " floating");
    }
}

char *
native_show (const GValue *value)
{
  GString *text = g_string_new (NULL);
  g_autofree char *printed = NULL;

  switch (G_TYPE_FUNDAMENTAL (G_VALUE_TYPE (value)))
    {
    case G_TYPE_POINTER:
      g_string_append (text, G_VALUE_HOLDS_GTYPE (value) ? g_type_name (g_value_get_gtype (value))
                                                         : "null");
      break;
    case G_TYPE_BOOLEAN:
      g_string_append (text, g_value_get_boolean (value) ? "true" : "false");
      break;
    case G_TYPE_INT:
      g_string_append_printf (text, "%d", g_value_get_int (value));
      break;
    case G_TYPE_UINT:
      g_string_append_printf (text, "%uu", g_value_get_uint (value));
      break;
    case G_TYPE_INT64:
      g_string_append_printf (text, "%" G_GINT64_FORMAT "x", g_value_get_int64 (value));
      break;
    case G_TYPE_UINT64:
      g_string_append_printf (text, "%" G_GUINT64_FORMAT "t", g_value_get_uint64 (value));
      break;
    case G_TYPE_FLOAT:
      g_string_append_printf (text, "%gf", g_value_get_float (value));
      break;
    case G_TYPE_DOUBLE:
      g_string_append_printf (text, "%gd", g_value_get_double (value));
      break;
    case G_TYPE_ENUM:
      g_string_append_printf (text, "%s %d", G_VALUE_TYPE_NAME (value), g_value_get_enum (value));
      break;
    case G_TYPE_FLAGS:
      g_string_append_printf (text, "%s %u", G_VALUE_TYPE_NAME (value), g_value_get_flags (value));
      break;
    case G_TYPE_STRING:
      if (g_value_get_string (value))
        g_string_append_printf (text, "“%s”", g_value_get_string (value));
      else
        g_string_append (text, "null");
      break;
    case G_TYPE_VARIANT:
      printed = g_variant_print (g_value_get_variant (value), TRUE);
      g_string_append_printf (text, "variant %s", printed);
      break;
    case G_TYPE_PARAM:
      g_string_append_printf (text, "param %s", g_param_spec_get_name (g_value_get_param (value)));
      break;
    case G_TYPE_BOXED:
      append_boxed (text, value);
      break;
    default:
      append_object (text, g_value_get_object (value));
    }

  return g_string_free (text, FALSE);
}

static GHashTable *called;

guint
native_count_called (void)
{
  return called ? g_hash_table_size (called) : 0;
}

static AhFunction *
bind_to_call (const char *name, const char *letters, va_list list)
{
  g_autoptr (GError) error = NULL;
  AhFunction *function = native_bind_valist (&error, name, letters, list);

  g_assert_no_error (error);
  if (called == NULL)
    called = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_add (called, (gpointer) g_intern_string (name));
  return ah_test_track (function);
}

static void
run_and_compare (AhTestWay way, AhFunction *function, const char *expected)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_autofree char *shown = NULL;
  g_autoptr (GError) error = NULL;

  ah_test_way_run_function (way, function, NULL, &value, &error);
  g_assert_no_error (error);
  shown = native_show (&value);
  if (!g_pattern_match_simple (expected, shown))
    g_error ("%s gave %s instead of %s", ah_function_get_name (function), shown, expected);
}

void
native_expect_once (const char *expected, const char *name, const char *letters, ...)
{
  g_autoptr (AhFunction) function = NULL;
  va_list list;

  va_start (list, letters);
  function = bind_to_call (name, letters, list);
  va_end (list);
  run_and_compare (AH_TEST_WAY_START_WAIT, function, expected);
  g_clear_object (&function);
  ah_test_assert_released ();
}

gpointer
native_get_object (const char *name, const char *letters, ...)
{
  g_autoptr (AhFunction) function = NULL;
  g_auto (GValue) value = G_VALUE_INIT;
  g_autoptr (GError) error = NULL;
  va_list list;

  va_start (list, letters);
  function = bind_to_call (name, letters, list);
  va_end (list);
  ah_test_way_run_function (AH_TEST_WAY_START_WAIT, function, NULL, &value, &error);
  g_assert_no_error (error);
  g_assert_nonnull (g_value_get_object (&value));
  return g_value_dup_object (&value);
}

/* In every way, since a function can run again: the arguments are as they were. */
void
native_expect (const char *expected, const char *name, const char *letters, ...)
{
  int n_live = odd_count_live ();
  g_autoptr (AhFunction) function = NULL;
  va_list list;

  va_start (list, letters);
  function = bind_to_call (name, letters, list);
  va_end (list);
  for (AhTestWay way = 0; way < AH_TEST_N_WAYS; way++)
    run_and_compare (way, function, expected);

  g_clear_object (&function);
  ah_test_assert_released ();
  ah_test_iterate_until (odd_count_live () == n_live);
}

void
native_refuse (int code, const char *pattern, const char *name, const char *letters, ...)
{
  int n_live = odd_count_live ();
  g_autoptr (GError) error = NULL;
  g_autoptr (AhFunction) function = NULL;
  va_list list;

  va_start (list, letters);
  function = native_bind_valist (&error, name, letters, list);
  va_end (list);
  g_assert_null (function);
  g_assert_error (error, G_IO_ERROR, code);
  if (!g_pattern_match_simple (pattern, error->message))
    g_error ("“%s” does not match “%s”", error->message, pattern);
  g_assert_cmpint (odd_count_live (), ==, n_live);
}
