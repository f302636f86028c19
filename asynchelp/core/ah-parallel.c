/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-parallel.h"

#include "asynchelp/core/ah-batch-private.h"

/**
 * AhParallel:
 *
 * A batch whose functions run at the same time.
 *
 * Blocking functions run in as many workers as pay off, async functions all at once, within
 * [property@Parallel:max-concurrency].
 */
struct _AhParallel
{
  AhBatch parent_instance;
};

G_DEFINE_FINAL_TYPE (AhParallel, ah_parallel, AH_TYPE_BATCH)

enum
{
  PROP_MAX_CONCURRENCY = 1,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
ah_parallel_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  AhParallel *self = AH_PARALLEL (object);

  switch (prop_id)
    {
    case PROP_MAX_CONCURRENCY:
      g_value_set_uint (value, ah_parallel_get_max_concurrency (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ah_parallel_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  AhParallel *self = AH_PARALLEL (object);

  switch (prop_id)
    {
    case PROP_MAX_CONCURRENCY:
      ah_parallel_set_max_concurrency (self, g_value_get_uint (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ah_parallel_class_init (AhParallelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = ah_parallel_get_property;
  object_class->set_property = ah_parallel_set_property;

  /**
   * AhParallel:max-concurrency:
   *
   * How many functions run at once at most; 0 for no limit. A nested batch counts as one.
   *
   * With a limit, functions begin strictly in the order of scheduling.
   */
  props[PROP_MAX_CONCURRENCY]
      = g_param_spec_uint ("max-concurrency", NULL, NULL, 0, G_MAXUINT, 0,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
ah_parallel_init (AhParallel *self G_GNUC_UNUSED)
{
}

/**
 * ah_parallel_new: (constructor)
 *
 * Makes a batch whose functions run at the same time.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full) (type AhParallel): a new, empty batch
 */
AhBatch *
ah_parallel_new (void)
{
  return g_object_new (AH_TYPE_PARALLEL, NULL);
}

/**
 * ah_parallel_get_max_concurrency:
 * @self: a batch
 *
 * Gets how many functions run at once at most. May be called from any thread.
 *
 * Returns: the limit, or 0 for none
 */
guint
ah_parallel_get_max_concurrency (AhParallel *self)
{
  g_return_val_if_fail (AH_IS_PARALLEL (self), 0);

  return ah_batch_get_limit (AH_BATCH (self));
}

/**
 * ah_parallel_set_max_concurrency:
 * @self: a batch
 * @max_concurrency: the limit, or 0 for none
 *
 * Sets how many functions run at once at most, from the next run on.
 *
 * May be called from any thread, where it notifies.
 */
void
ah_parallel_set_max_concurrency (AhParallel *self, guint max_concurrency)
{
  g_return_if_fail (AH_IS_PARALLEL (self));

  if (ah_batch_set_limit (AH_BATCH (self), max_concurrency))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MAX_CONCURRENCY]);
}
