/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "odd.h"

/* --- Numbers --- */

#define DEFINE_ECHO(Type, name)                                                                    \
  Type odd_echo_##name (Type value) { return value; }

DEFINE_ECHO (gboolean, boolean)
DEFINE_ECHO (gint8, int8)
DEFINE_ECHO (guint8, uint8)
DEFINE_ECHO (gint16, int16)
DEFINE_ECHO (guint16, uint16)
DEFINE_ECHO (gint32, int32)
DEFINE_ECHO (guint32, uint32)
DEFINE_ECHO (gint64, int64)
DEFINE_ECHO (guint64, uint64)
DEFINE_ECHO (float, float)
DEFINE_ECHO (double, double)
DEFINE_ECHO (gunichar, unichar)
DEFINE_ECHO (GType, gtype)
DEFINE_ECHO (OddColour, colour)
DEFINE_ECHO (OddTastes, tastes)

double
odd_sum_many (gint8 a,
              double b,
              gint16 c,
              float d,
              gint64 e,
              guint8 f,
              double g,
              gint32 h,
              float i,
              guint16 j,
              double k,
              guint64 l)
{
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k
         + 12 * l;
}

/* --- Out and inout --- */

void
odd_nothing (void)
{
}

/**
 * odd_out_three:
 * @a: (out): one
 * @b: (out) (transfer full): two
 * @c: (out): three
 */
void
odd_out_three (int *a, char **b, double *c)
{
  *a = -7;
  *b = g_strdup ("seven");
  *c = 7.5;
}

/**
 * odd_out_mixed:
 * @in: a number
 * @out: (out): twice as much
 * @inout: (inout): increased by it
 * @text: (out) (transfer none): a text
 *
 * Returns: whether it is positive
 */
gboolean
odd_out_mixed (int in, int *out, gint64 *inout, const char **text)
{
  *out = 2 * in;
  *inout += in;
  *text = "static";
  return in > 0;
}

/**
 * odd_inout_string:
 * @text: (inout) (transfer full) (nullable): gets a character more
 */
void
odd_inout_string (char **text)
{
  char *longer = *text ? g_strconcat (*text, "+", NULL) : NULL;

  g_free (*text);
  *text = longer;
}

/**
 * odd_inout_borrowed:
 * @text: (inout) (transfer none): gets its last character only
 */
void
odd_inout_borrowed (const char **text)
{
  *text += strlen (*text) - 1;
}

/**
 * odd_skipped:
 * @out: (out): a number
 * @error: an error
 *
 * Returns: (skip): TRUE
 */
gboolean
odd_skipped (int *out, GError **error)
{
  *out = 4;
  return TRUE;
}

/**
 * odd_out_optional:
 * @a: (out) (optional): one
 * @b: (out) (optional): two
 */
void
odd_out_optional (int *a, int *b)
{
  g_assert_true (a && b);
  *a = 1;
  *b = 2;
}

/* --- Strings --- */

/**
 * odd_string_none:
 * @text: a text
 *
 * Returns: (transfer none): the same
 */
const char *
odd_string_none (const char *text)
{
  return text;
}

/**
 * odd_string_full:
 * @text: (transfer full): a text
 *
 * Returns: (transfer full): the same
 */
char *
odd_string_full (char *text)
{
  return text;
}

/**
 * odd_string_nullable:
 * @text: (nullable): a text
 *
 * Returns: (nullable): the same
 */
char *
odd_string_nullable (const char *text)
{
  return g_strdup (text);
}

/**
 * odd_filename:
 * @path: (type filename): a path
 *
 * Returns: (type filename): its last part
 */
char *
odd_filename (const char *path)
{
  return g_path_get_basename (path);
}

/* --- Bytes --- */

/**
 * odd_bytes_reverse:
 * @data: (array length=length): bytes
 * @length: how many
 * @n: (out): as many
 *
 * Returns: (transfer full) (array length=n): the other way round
 */
guint8 *
odd_bytes_reverse (const guint8 *data, gsize length, gsize *n)
{
  guint8 *reverse = g_malloc (length);

  for (gsize i = 0; i < length; i++)
    reverse[i] = data[length - 1 - i];
  *n = length;
  return reverse;
}

/**
 * odd_bytes_first:
 * @length: how many
 * @data: (array length=length) (nullable): bytes
 *
 * Returns: the first one, or -1
 */
int
odd_bytes_first (gint16 length, const guint8 *data)
{
  return length > 0 ? data[0] : -1;
}

/**
 * odd_bytes_static:
 * @length: (out): how many
 *
 * Returns: (transfer none) (array length=length): bytes
 */
const guint8 *
odd_bytes_static (int *length)
{
  *length = 3;
  return (const guint8 *) "\1\0\2";
}

/**
 * odd_bytes_bytes:
 * @bytes: bytes
 *
 * Returns: (transfer full): the same
 */
GBytes *
odd_bytes_bytes (GBytes *bytes)
{
  return g_bytes_ref (bytes);
}

/**
 * odd_bytes_array:
 * @array: bytes
 *
 * Returns: (transfer full): a copy
 */
GByteArray *
odd_bytes_array (GByteArray *array)
{
  GByteArray *copy = g_byte_array_new ();

  g_byte_array_append (copy, array->data, array->len);
  return copy;
}

/**
 * odd_bytes_read:
 * @buffer: (out caller-allocates) (array length=size): gets bytes
 * @size: (in): how many
 */
void
odd_bytes_read (guint8 *buffer, guint size)
{
  memset (buffer, 'r', size);
}

/**
 * odd_bytes_none:
 * @n: (out): nothing
 *
 * Returns: (transfer full) (array length=n) (nullable): nothing
 */
guint8 *
odd_bytes_none (gsize *n)
{
  *n = 0;
  return NULL;
}
