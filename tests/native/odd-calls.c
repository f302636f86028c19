/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "odd.h"

static int n_waiting; /* atomic */

/* --- Boxed and others --- */

/**
 * odd_boxed_full:
 * @box: (transfer full): a box
 *
 * Returns: (transfer full): the same
 */
OddBox *
odd_boxed_full (OddBox *box)
{
  return box;
}

/**
 * odd_boxed_none:
 * @box: (nullable): a box
 *
 * Returns: (transfer none) (nullable): the same
 */
OddBox *
odd_boxed_none (OddBox *box)
{
  return box;
}

/**
 * odd_boxed_out:
 * @number: a number
 * @box: (out) (transfer full): a box with it
 */
void
odd_boxed_out (int number, OddBox **box)
{
  *box = odd_box_new (number);
}

/**
 * odd_variant_floating:
 * @number: a number
 *
 * Returns: (transfer none): it
 */
GVariant *
odd_variant_floating (int number)
{
  return g_variant_new_int32 (number);
}

/**
 * odd_variant_full:
 * @variant: a variant
 *
 * Returns: (transfer full): the same
 */
GVariant *
odd_variant_full (GVariant *variant)
{
  return g_variant_ref (variant);
}

/**
 * odd_error_make:
 * @message: a message
 *
 * Returns: (transfer full): an error
 */
GError *
odd_error_make (const char *message)
{
  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, message);
}

char *
odd_error_message (GError *failure)
{
  return g_strdup (failure->message);
}

/**
 * odd_param:
 * @pspec: (nullable): a description
 *
 * Returns: (transfer full): the same or a new one
 */
GParamSpec *
odd_param (GParamSpec *pspec)
{
  if (pspec)
    return g_param_spec_ref (pspec);
  return g_param_spec_ref_sink (g_param_spec_int ("odd", NULL, NULL, 0, 9, 1, G_PARAM_READABLE));
}

char *
odd_value_show (const GValue *value)
{
  return g_strdup_value_contents (value);
}

/**
 * odd_value_out:
 * @value: (out caller-allocates): a value
 */
void
odd_value_out (GValue *value)
{
  g_value_set_string (g_value_init (value, G_TYPE_STRING), "inside");
}

/**
 * odd_value_full:
 *
 * Returns: (transfer full): a value
 */
GValue *
odd_value_full (void)
{
  GValue *value = g_new0 (GValue, 1);

  g_value_set_int (g_value_init (value, G_TYPE_INT), 21);
  return value;
}

/* --- What fails, waits, or is refused --- */

int
odd_fail (const char *message, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, message);
  return -1;
}

int
odd_count_waiting (void)
{
  return g_atomic_int_get (&n_waiting);
}

/**
 * odd_wait:
 * @cancellable: (nullable): ends the waiting
 * @error: an error
 *
 * Waits until it is cancelled.
 *
 * Returns: FALSE
 */
gboolean
odd_wait (GCancellable *cancellable, GError **error)
{
  g_atomic_int_inc (&n_waiting);
  while (!g_cancellable_is_cancelled (cancellable))
    g_usleep (200);
  g_atomic_int_add (&n_waiting, -1);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/**
 * odd_get_cancellable:
 * @cancellable: (nullable): a cancellable
 *
 * Returns: (transfer none) (nullable): the same
 */
GCancellable *
odd_get_cancellable (GCancellable *cancellable)
{
  return cancellable;
}

/**
 * odd_call:
 * @func: (scope call): a function
 * @user_data: its data
 *
 * Returns: what it gave
 */
int
odd_call (OddFunc func, gpointer user_data)
{
  return func (1, user_data);
}

/**
 * odd_call_nullable:
 * @func: (scope notified) (nullable) (closure user_data) (destroy destroy): a function
 * @user_data: its data
 * @destroy: frees it
 *
 * Returns: what it gave, or -1
 */
int
odd_call_nullable (OddFunc func, gpointer user_data, GDestroyNotify destroy)
{
  g_assert_true (func || (user_data == NULL && destroy == NULL));
  return func ? func (1, user_data) : -1;
}

/**
 * odd_pointer:
 * @pointer: (not nullable): a pointer
 *
 * Returns: whether there is one
 */
int
odd_pointer (gpointer pointer)
{
  return pointer != NULL;
}

/**
 * odd_pointer_nullable:
 * @pointer: (nullable): a pointer
 *
 * Returns: whether there is one
 */
int
odd_pointer_nullable (gpointer pointer)
{
  return pointer != NULL;
}

int
odd_bare (OddBare *bare)
{
  return bare->x;
}

/**
 * odd_endless:
 * @values: (array zero-terminated=0): who knows how many
 *
 * Returns: the first
 */
int
odd_endless (const int *values)
{
  return values[0];
}

void
odd_closure (GClosure *closure)
{
  g_closure_ref (closure);
  g_closure_sink (closure);
  g_closure_unref (closure);
}

void
odd_start_async (int number,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_return_int (task, number);
}

int
odd_start_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_int (G_TASK (result), error);
}
