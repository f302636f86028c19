/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "odd.h"

/* --- Arrays --- */

/**
 * odd_ints_sum:
 * @values: (array length=n) (nullable): numbers
 * @n: how many
 *
 * Returns: their sum
 */
int
odd_ints_sum (const int *values, guint n)
{
  int sum = 0;

  for (guint i = 0; i < n; i++)
    sum += values[i];
  return sum;
}

/**
 * odd_ints_range:
 * @n: how many
 * @n_values: (out): as many
 *
 * Returns: (transfer full) (array length=n_values): the first numbers
 */
int *
odd_ints_range (int n, int *n_values)
{
  int *values = g_new (int, n);

  for (int i = 0; i < n; i++)
    values[i] = i;
  *n_values = n;
  return values;
}

/**
 * odd_ints_until_zero:
 * @values: (array zero-terminated=1): numbers
 *
 * Returns: (transfer full) (array zero-terminated=1): twice as much
 */
gint64 *
odd_ints_until_zero (const gint64 *values)
{
  GArray *array = g_array_new (TRUE, FALSE, sizeof (gint64));

  for (; *values; values++)
    {
      gint64 twice = 2 * *values;

      g_array_append_val (array, twice);
    }
  return (gint64 *) (gpointer) g_array_free (array, FALSE);
}

/**
 * odd_ints_fixed:
 * @values: (array fixed-size=3): three numbers
 *
 * Returns: their sum
 */
int
odd_ints_fixed (const int values[3])
{
  return values[0] + values[1] + values[2];
}

/**
 * odd_ints_out_fixed:
 * @values: (out) (transfer none) (array fixed-size=2): two numbers
 */
void
odd_ints_out_fixed (int **values)
{
  static int numbers[] = { 11, 12 };

  *values = numbers;
}

/**
 * odd_ints_double:
 * @values: (inout) (transfer full) (array length=n): numbers, twice in the end
 * @n: (inout): how many
 */
void
odd_ints_double (int **values, int *n)
{
  *values = g_renew (int, *values, 2 * *n);
  memcpy (*values + *n, *values, *n * sizeof (int));
  *n *= 2;
}

/**
 * odd_doubles_full:
 * @values: (transfer full) (array length=n): numbers
 * @n: how many
 * @n_values: (out): as many
 *
 * Returns: (transfer full) (array length=n_values): the same
 */
double *
odd_doubles_full (double *values, guint8 n, guint *n_values)
{
  *n_values = n;
  return values;
}

/**
 * odd_strv_full:
 * @strings: (transfer full) (array zero-terminated=1): strings
 *
 * Returns: (transfer full) (array zero-terminated=1): the same
 */
char **
odd_strv_full (char **strings)
{
  return strings;
}

/**
 * odd_strv_none:
 * @strings: (array zero-terminated=1) (nullable): strings
 *
 * Returns: (transfer none) (array zero-terminated=1) (nullable): the same
 */
const char *const *
odd_strv_none (const char *const *strings)
{
  return strings;
}

/**
 * odd_strv_container:
 * @strings: (transfer container) (array zero-terminated=1): strings
 *
 * Returns: (transfer container) (array zero-terminated=1): others
 */
char **
odd_strv_container (const char **strings)
{
  int n = g_strv_length ((char **) strings);

  for (int i = 0; i < n; i++)
    strings[i] = "lent";
  return (char **) strings;
}

/**
 * odd_strings_length:
 * @strings: (array length=n): strings
 * @n: how many
 * @n_strings: (out): as many
 *
 * Returns: (transfer full) (array length=n_strings): copies
 */
char **
odd_strings_length (const char **strings, int n, int *n_strings)
{
  char **copies = g_new0 (char *, n);

  for (int i = 0; i < n; i++)
    copies[i] = g_strdup (strings[i]);
  *n_strings = n;
  return copies;
}

/**
 * odd_pairs:
 * @names: (array length=n): names
 * @values: (array length=n): as many numbers
 * @n: how many
 *
 * Returns: TRUE if each name is as long as its number says
 */
gboolean
odd_pairs (const char **names, const int *values, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      if (strlen (names[i]) != (gsize) values[i])
        return FALSE;
    }
  return TRUE;
}

/**
 * odd_things_sum:
 * @things: (array length=n): things
 * @n: how many
 *
 * Returns: the sum of their numbers
 */
int
odd_things_sum (OddThing **things, int n)
{
  int sum = 0;

  for (int i = 0; i < n; i++)
    sum += odd_thing_get_number (things[i]);
  return sum;
}

/**
 * odd_things_full:
 * @n: how many
 * @n_things: (out): as many
 *
 * Returns: (transfer full) (array length=n_things): things
 */
OddThing **
odd_things_full (int n, int *n_things)
{
  OddThing **things = g_new (OddThing *, n);

  for (int i = 0; i < n; i++)
    things[i] = odd_thing_new (i);
  *n_things = n;
  return things;
}

/**
 * odd_colours:
 * @colours: (array length=n): colours
 * @n: how many
 * @n_colours: (out): as many
 *
 * Returns: (transfer full) (array length=n_colours): the same
 */
OddColour *
odd_colours (const OddColour *colours, int n, int *n_colours)
{
  *n_colours = n;
  return g_memdup2 (colours, n * sizeof (OddColour));
}

/* --- Lists --- */

/**
 * odd_list_none:
 * @strings: (element-type utf8): strings
 *
 * Returns: (transfer none) (element-type utf8): the same
 */
GList *
odd_list_none (GList *strings)
{
  return strings;
}

/**
 * odd_list_container:
 * @strings: (transfer container) (element-type utf8): strings
 *
 * Returns: (transfer container) (element-type utf8): the same
 */
GList *
odd_list_container (GList *strings)
{
  return g_list_reverse (strings);
}

/**
 * odd_list_full:
 * @strings: (transfer full) (element-type utf8): strings
 *
 * Returns: (transfer full) (element-type utf8): the same
 */
GList *
odd_list_full (GList *strings)
{
  return g_list_reverse (strings);
}

/**
 * odd_slist_things:
 * @things: (element-type OddThing): things
 *
 * Returns: (transfer full) (element-type OddThing): the same
 */
GSList *
odd_slist_things (GSList *things)
{
  return g_slist_copy_deep (things, (GCopyFunc) (void *) g_object_ref, NULL);
}

/**
 * odd_ptr_array:
 * @strings: (element-type utf8): strings
 *
 * Returns: (transfer full) (element-type utf8): copies
 */
GPtrArray *
odd_ptr_array (GPtrArray *strings)
{
  GPtrArray *copies = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < strings->len; i++)
    g_ptr_array_add (copies, g_strdup (strings->pdata[i]));
  return copies;
}

/**
 * odd_garray:
 * @numbers: (element-type gint16): numbers
 *
 * Returns: (transfer full) (element-type gint16): copies
 */
GArray *
odd_garray (GArray *numbers)
{
  return g_array_copy (numbers);
}

/**
 * odd_table:
 * @table: (element-type utf8 utf8) (nullable): a table
 *
 * Returns: (transfer full) (element-type utf8 utf8) (nullable): the other way round
 */
GHashTable *
odd_table (GHashTable *table)
{
  GHashTable *turned;
  GHashTableIter iter;
  gpointer key, value;

  if (table == NULL)
    return NULL;

  turned = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (turned, g_strdup (value), g_strdup (key));
  return turned;
}

/**
 * odd_list_of_strv:
 *
 * Returns: (transfer full) (element-type GStrv): string arrays
 */
GList *
odd_list_of_strv (void)
{
  return g_list_prepend (g_list_prepend (NULL, g_strsplit ("c", ",", 0)),
                         g_strsplit ("a,b", ",", 0));
}

/**
 * odd_list_of_boxes:
 *
 * Returns: (transfer full) (element-type OddBox): boxes
 */
GList *
odd_list_of_boxes (void)
{
  return g_list_prepend (g_list_prepend (NULL, odd_box_new (2)), odd_box_new (1));
}
