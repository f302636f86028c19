/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/native/ah-value-list.h"

struct _AhValueList
{
  gatomicrefcount ref_count;
  GArray *values; /* of GValue */
};

G_DEFINE_BOXED_TYPE (AhValueList, ah_value_list, ah_value_list_ref, ah_value_list_unref)

/**
 * ah_value_list_new:
 *
 * Makes an empty list.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): a new list
 */
AhValueList *
ah_value_list_new (void)
{
  AhValueList *self = g_new (AhValueList, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->values = g_array_new (FALSE, TRUE, sizeof (GValue));
  g_array_set_clear_func (self->values, (GDestroyNotify) g_value_unset);
  return self;
}

/**
 * ah_value_list_ref:
 * @self: a list
 *
 * Takes a reference.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): the same list
 */
AhValueList *
ah_value_list_ref (AhValueList *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * ah_value_list_unref:
 * @self: (transfer full): a list
 *
 * Drops a reference.
 *
 * May be called from any thread.
 */
void
ah_value_list_unref (AhValueList *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_ref_count_dec (&self->ref_count))
    {
      g_array_unref (self->values);
      g_free (self);
    }
}

/**
 * ah_value_list_append:
 * @self: a list
 * @value: what to append; it is copied
 *
 * Appends a value.
 *
 * May be called from any thread that has the list to itself.
 */
void
ah_value_list_append (AhValueList *self, const GValue *value)
{
  GValue copy = G_VALUE_INIT;

  g_return_if_fail (self != NULL);
  g_return_if_fail (G_IS_VALUE (value));

  g_value_init (&copy, G_VALUE_TYPE (value));
  g_value_copy (value, &copy);
  g_array_append_val (self->values, copy);
}

/**
 * ah_value_list_get_n:
 * @self: a list
 *
 * Gets how many values there are.
 *
 * May be called from any thread.
 *
 * Returns: the number of values
 */
guint
ah_value_list_get_n (AhValueList *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->values->len;
}

/**
 * ah_value_list_peek:
 * @self: a list
 * @index: of the value, from 0
 *
 * Gets one value without copying it.
 *
 * May be called from any thread.
 *
 * Returns: (transfer none): the value; it lives until the list changes or is freed
 */
const GValue *
ah_value_list_peek (AhValueList *self, guint index)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < self->values->len, NULL);

  return &g_array_index (self->values, GValue, index);
}
