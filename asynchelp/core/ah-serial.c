/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-serial.h"

#include "asynchelp/core/ah-batch-private.h"

/**
 * AhSerial:
 *
 * A batch whose functions run one after the other, each when the one before has ended.
 */
struct _AhSerial
{
  AhBatch parent_instance;
};

G_DEFINE_FINAL_TYPE (AhSerial, ah_serial, AH_TYPE_BATCH)

static void
ah_serial_class_init (AhSerialClass *klass G_GNUC_UNUSED)
{
}

static void
ah_serial_init (AhSerial *self)
{
  ah_batch_set_limit (AH_BATCH (self), 1);
}

/**
 * ah_serial_new: (constructor)
 *
 * Makes a batch whose functions run one after the other.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full) (type AhSerial): a new, empty batch
 */
AhBatch *
ah_serial_new (void)
{
  return g_object_new (AH_TYPE_SERIAL, NULL);
}
