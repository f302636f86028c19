/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/native/ah-byte-array.h"

struct _AhByteArray
{
  gatomicrefcount ref_count;
  GBytes *bytes;
};

G_DEFINE_BOXED_TYPE (AhByteArray, ah_byte_array, ah_byte_array_ref, ah_byte_array_unref)

/**
 * ah_byte_array_new:
 * @bytes: what it is to hold
 *
 * Makes a byte array of bytes, without copying them.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): a new byte array
 */
AhByteArray *
ah_byte_array_new (GBytes *bytes)
{
  AhByteArray *self;

  g_return_val_if_fail (bytes != NULL, NULL);

  self = g_new (AhByteArray, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->bytes = g_bytes_ref (bytes);
  return self;
}

/**
 * ah_byte_array_ref:
 * @self: a byte array
 *
 * Takes a reference.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): the same byte array
 */
AhByteArray *
ah_byte_array_ref (AhByteArray *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * ah_byte_array_unref:
 * @self: (transfer full): a byte array
 *
 * Drops a reference.
 *
 * May be called from any thread.
 */
void
ah_byte_array_unref (AhByteArray *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_ref_count_dec (&self->ref_count))
    {
      g_bytes_unref (self->bytes);
      g_free (self);
    }
}

/**
 * ah_byte_array_get_bytes:
 * @self: a byte array
 *
 * Gets what it holds, without copying it.
 *
 * May be called from any thread.
 *
 * Returns: (transfer none): the bytes
 */
GBytes *
ah_byte_array_get_bytes (AhByteArray *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->bytes;
}
