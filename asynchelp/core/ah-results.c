/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-results-private.h"

/**
 * AhResults:
 *
 * The value of a batch inside a batch: what each of its functions gave, in the order of scheduling.
 *
 * It never changes, and may be read from any thread.
 */
struct _AhResults
{
  GObject parent_instance;

  GArray *values;
};

G_DEFINE_FINAL_TYPE (AhResults, ah_results, G_TYPE_OBJECT)

static void
ah_results_finalize (GObject *object)
{
  AhResults *self = AH_RESULTS (object);

  g_clear_pointer (&self->values, g_array_unref);

  G_OBJECT_CLASS (ah_results_parent_class)->finalize (object);
}

static void
ah_results_class_init (AhResultsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ah_results_finalize;
}

static void
ah_results_init (AhResults *self G_GNUC_UNUSED)
{
}

/* Numbers have nothing to free, and are what most results are: GLib would look up the type of each.
 */
static void
clear_value (GValue *value)
{
  GType type = G_VALUE_TYPE (value);

  if ((type >= G_TYPE_CHAR && type <= G_TYPE_DOUBLE) || type == G_TYPE_POINTER)
    memset (value, 0, sizeof *value);
  else
    g_value_unset (value);
}

/*
 * An array that takes over @values, allocated with g_malloc (). g_array_new_take () would do this
 * from GLib 2.76 on; before, giving the fields of an empty array what they have to hold is the only
 * way that does not write to all of a million values once more. The array grows from there as any
 * other.
 */
GArray *
ah_results_array_take (GValue *values, guint n_values)
{
  GArray *array = g_array_new (FALSE, TRUE, sizeof (GValue));

  g_array_set_clear_func (array, (GDestroyNotify) clear_value);
  if (n_values)
    {
      g_free (array->data);
      array->data = (char *) values;
      array->len = n_values;
    }
  else
    {
      g_free (values);
    }

  return array;
}

void
ah_results_free_values (GValue *values, guint n_values)
{
  for (guint i = 0; i < n_values; i++)
    clear_value (&values[i]);
  g_free (values);
}

/* Takes over @values. */
AhResults *
ah_results_new_take (GArray *values)
{
  AhResults *self = g_object_new (AH_TYPE_RESULTS, NULL);

  self->values = values;
  return self;
}

/**
 * ah_results_get_values:
 * @self: the value of a batch
 *
 * Gets all values, copied.
 *
 * A function without a value stands there as %NULL of type `G_TYPE_POINTER`, a collected failure as
 * a value of type `G_TYPE_ERROR`, a batch as its `AhResults`.
 *
 * Returns: (transfer full) (element-type GObject.Value): the values, in the order of scheduling
 */
GArray *
ah_results_get_values (AhResults *self)
{
  GValue *copies;

  g_return_val_if_fail (AH_IS_RESULTS (self), NULL);

  copies = g_new0 (GValue, self->values->len);
  for (guint i = 0; i < self->values->len; i++)
    {
      const GValue *value = ah_results_peek (self, i);

      g_value_init (&copies[i], G_VALUE_TYPE (value));
      g_value_copy (value, &copies[i]);
    }

  return ah_results_array_take (copies, self->values->len);
}

/**
 * ah_results_get_n:
 * @self: the value of a batch
 *
 * Gets how many values there are.
 *
 * Returns: the number of functions that the batch had when it was run
 */
guint
ah_results_get_n (AhResults *self)
{
  g_return_val_if_fail (AH_IS_RESULTS (self), 0);

  return self->values->len;
}

/**
 * ah_results_peek:
 * @self: the value of a batch
 * @index: of the function, from 0
 *
 * Gets one value without copying it.
 *
 * Returns: (transfer none): the value; it lives as long as @self
 */
const GValue *
ah_results_peek (AhResults *self, guint index)
{
  g_return_val_if_fail (AH_IS_RESULTS (self), NULL);
  g_return_val_if_fail (index < self->values->len, NULL);

  return &g_array_index (self->values, GValue, index);
}
