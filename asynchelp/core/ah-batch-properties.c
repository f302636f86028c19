/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-batch-private.h"

#include "asynchelp/ah-enum-types.h"

enum
{
  PROP_N_FUNCTIONS = 1,
  PROP_ERROR_POLICY,
  PROP_TIMEOUT,
  PROP_PRIORITY,
  PROP_POOL,
  PROP_STRAND,
  PROP_RUN_NOW,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

/* Writes one of the plain fields; whether that was a change. */
#define SET_FIELD(self, field, new_value, pspec)                                                   \
  G_STMT_START                                                                                     \
  {                                                                                                \
    AhBatchPrivate *priv_ = ah_batch_get_private (self);                                           \
    gboolean changed_;                                                                             \
                                                                                                   \
    g_mutex_lock (&priv_->lock);                                                                   \
    changed_ = priv_->field != (new_value);                                                        \
    priv_->field = (new_value);                                                                    \
    g_mutex_unlock (&priv_->lock);                                                                 \
    if (changed_)                                                                                  \
      g_object_notify_by_pspec (G_OBJECT (self), pspec);                                           \
  }                                                                                                \
  G_STMT_END

/* Writes one of the objects, and lets go of the one before. */
static void
set_object (AhBatch *self, GObject **field, GObject *object, GParamSpec *pspec)
{
  AhBatchPrivate *priv = ah_batch_get_private (self);
  GObject *old;

  g_mutex_lock (&priv->lock);
  old = *field;
  *field = object ? g_object_ref (object) : NULL;
  g_mutex_unlock (&priv->lock);

  if (old != object)
    g_object_notify_by_pspec (G_OBJECT (self), pspec);
  g_clear_object (&old);
}

/**
 * ah_batch_get_n_functions:
 * @self: a batch
 *
 * Gets how many functions are scheduled. May be called from any thread.
 *
 * Returns: the number of functions
 */
guint
ah_batch_get_n_functions (AhBatch *self)
{
  AhBatchSetup setup;

  g_return_val_if_fail (AH_IS_BATCH (self), 0);

  ah_batch_get_setup (self, &setup);
  return setup.jobs.n_jobs;
}

/**
 * ah_batch_get_error_policy:
 * @self: a batch
 *
 * Gets what the failure of one function means for the others. May be called from any thread.
 *
 * Returns: the policy
 */
AhErrorPolicy
ah_batch_get_error_policy (AhBatch *self)
{
  AhBatchSetup setup;

  g_return_val_if_fail (AH_IS_BATCH (self), AH_ERROR_POLICY_FAIL_FAST);

  ah_batch_get_setup (self, &setup);
  return setup.policy;
}

/**
 * ah_batch_set_error_policy:
 * @self: a batch
 * @error_policy: the policy
 *
 * Sets what the failure of one function means for the others, from the next run on.
 *
 * May be called from any thread, where it notifies.
 */
void
ah_batch_set_error_policy (AhBatch *self, AhErrorPolicy error_policy)
{
  g_return_if_fail (AH_IS_BATCH (self));
  g_return_if_fail (error_policy == AH_ERROR_POLICY_FAIL_FAST
                    || error_policy == AH_ERROR_POLICY_COLLECT);

  SET_FIELD (self, error_policy, error_policy, props[PROP_ERROR_POLICY]);
}

/**
 * ah_batch_get_timeout:
 * @self: a batch
 *
 * Gets after how many milliseconds a run is ended. May be called from any thread.
 *
 * Returns: milliseconds, or 0 for never
 */
guint
ah_batch_get_timeout (AhBatch *self)
{
  AhBatchSetup setup;

  g_return_val_if_fail (AH_IS_BATCH (self), 0);

  ah_batch_get_setup (self, &setup);
  return setup.timeout;
}

/**
 * ah_batch_set_timeout:
 * @self: a batch
 * @timeout: milliseconds, or 0 for never
 *
 * Sets after how many milliseconds a run is ended, from the next run on.
 *
 * See [property@Batch:timeout]. May be called from any thread, where it notifies.
 */
void
ah_batch_set_timeout (AhBatch *self, guint timeout)
{
  g_return_if_fail (AH_IS_BATCH (self));

  SET_FIELD (self, timeout, timeout, props[PROP_TIMEOUT]);
}

/**
 * ah_batch_get_priority:
 * @self: a batch
 *
 * Gets the priority of callbacks. May be called from any thread.
 *
 * Returns: the priority
 */
int
ah_batch_get_priority (AhBatch *self)
{
  AhBatchPrivate *priv;
  int priority;

  g_return_val_if_fail (AH_IS_BATCH (self), G_PRIORITY_DEFAULT);

  priv = ah_batch_get_private (self);
  g_mutex_lock (&priv->lock);
  priority = priv->priority;
  g_mutex_unlock (&priv->lock);

  return priority;
}

/**
 * ah_batch_set_priority:
 * @self: a batch
 * @priority: the priority
 *
 * Sets the priority of callbacks, from the next run on; see [property@Batch:priority].
 *
 * May be called from any thread, where it notifies.
 */
void
ah_batch_set_priority (AhBatch *self, int priority)
{
  g_return_if_fail (AH_IS_BATCH (self));

  SET_FIELD (self, priority, priority, props[PROP_PRIORITY]);
}

/**
 * ah_batch_get_pool:
 * @self: a batch
 *
 * Gets the pool that was set. Not to be called while another thread sets it.
 *
 * Returns: (transfer none) (nullable): the pool, or %NULL for the default one
 */
AhThreadPool *
ah_batch_get_pool (AhBatch *self)
{
  AhBatchPrivate *priv;

  g_return_val_if_fail (AH_IS_BATCH (self), NULL);

  priv = ah_batch_get_private (self);
  return priv->pool;
}

/**
 * ah_batch_set_pool:
 * @self: a batch
 * @pool: (nullable): the pool, or %NULL for the default one
 *
 * Sets whose workers run the blocking functions, from the next run on.
 *
 * May be called from any thread, where it notifies.
 */
void
ah_batch_set_pool (AhBatch *self, AhThreadPool *pool)
{
  g_return_if_fail (AH_IS_BATCH (self));
  g_return_if_fail (pool == NULL || AH_IS_THREAD_POOL (pool));

  set_object (self, (GObject **) &ah_batch_get_private (self)->pool, (GObject *) pool,
              props[PROP_POOL]);
}

/**
 * ah_batch_get_strand:
 * @self: a batch
 *
 * Gets the strand of the blocking functions. Not to be called while another thread sets it.
 *
 * Returns: (transfer none) (nullable): the strand, or %NULL for none
 */
AhStrand *
ah_batch_get_strand (AhBatch *self)
{
  g_return_val_if_fail (AH_IS_BATCH (self), NULL);

  return ah_batch_get_private (self)->strand;
}

/**
 * ah_batch_set_strand:
 * @self: a batch
 * @strand: (nullable): the strand, or %NULL for none
 *
 * Sets where the blocking functions have their turns, from the next run on.
 *
 * See [property@Batch:strand]. May be called from any thread, where it notifies.
 */
void
ah_batch_set_strand (AhBatch *self, AhStrand *strand)
{
  g_return_if_fail (AH_IS_BATCH (self));
  g_return_if_fail (strand == NULL || AH_IS_STRAND (strand));

  set_object (self, (GObject **) &ah_batch_get_private (self)->strand, (GObject *) strand,
              props[PROP_STRAND]);
}

/**
 * ah_batch_get_run_now:
 * @self: a batch
 *
 * Gets whether a run fails where it would have to wait. May be called from any thread.
 *
 * Returns: whether it does
 */
gboolean
ah_batch_get_run_now (AhBatch *self)
{
  AhBatchPrivate *priv;
  gboolean run_now;

  g_return_val_if_fail (AH_IS_BATCH (self), FALSE);

  priv = ah_batch_get_private (self);
  g_mutex_lock (&priv->lock);
  run_now = priv->run_now;
  g_mutex_unlock (&priv->lock);

  return run_now;
}

/**
 * ah_batch_set_run_now:
 * @self: a batch
 * @run_now: whether a run fails where it would have to wait
 *
 * Sets whether a run fails where it would have to wait, from the next run on.
 *
 * See [property@Batch:run-now]. May be called from any thread, where it notifies.
 */
void
ah_batch_set_run_now (AhBatch *self, gboolean run_now)
{
  g_return_if_fail (AH_IS_BATCH (self));

  run_now = !!run_now;
  SET_FIELD (self, run_now, run_now, props[PROP_RUN_NOW]);
}

static void
ah_batch_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  AhBatch *self = AH_BATCH (object);

  switch (prop_id)
    {
    case PROP_N_FUNCTIONS:
      g_value_set_uint (value, ah_batch_get_n_functions (self));
      break;
    case PROP_ERROR_POLICY:
      g_value_set_enum (value, ah_batch_get_error_policy (self));
      break;
    case PROP_TIMEOUT:
      g_value_set_uint (value, ah_batch_get_timeout (self));
      break;
    case PROP_PRIORITY:
      g_value_set_int (value, ah_batch_get_priority (self));
      break;
    case PROP_POOL:
      g_value_set_object (value, ah_batch_get_pool (self));
      break;
    case PROP_STRAND:
      g_value_set_object (value, ah_batch_get_strand (self));
      break;
    case PROP_RUN_NOW:
      g_value_set_boolean (value, ah_batch_get_run_now (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ah_batch_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  AhBatch *self = AH_BATCH (object);

  switch (prop_id)
    {
    case PROP_ERROR_POLICY:
      ah_batch_set_error_policy (self, g_value_get_enum (value));
      break;
    case PROP_TIMEOUT:
      ah_batch_set_timeout (self, g_value_get_uint (value));
      break;
    case PROP_PRIORITY:
      ah_batch_set_priority (self, g_value_get_int (value));
      break;
    case PROP_POOL:
      ah_batch_set_pool (self, g_value_get_object (value));
      break;
    case PROP_STRAND:
      ah_batch_set_strand (self, g_value_get_object (value));
      break;
    case PROP_RUN_NOW:
      ah_batch_set_run_now (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

void
ah_batch_install_properties (GObjectClass *klass)
{
  klass->get_property = ah_batch_get_property;
  klass->set_property = ah_batch_set_property;

  /**
   * AhBatch:n-functions:
   *
   * How many functions are scheduled.
   */
  props[PROP_N_FUNCTIONS] = g_param_spec_uint ("n-functions", NULL, NULL, 0, G_MAXUINT, 0,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AhBatch:error-policy:
   *
   * What the failure of one function means for the others.
   */
  props[PROP_ERROR_POLICY]
      = g_param_spec_enum ("error-policy", NULL, NULL, AH_TYPE_ERROR_POLICY,
                           AH_ERROR_POLICY_FAIL_FAST,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * AhBatch:timeout:
   *
   * After how many milliseconds a run is ended, or 0 for never.
   *
   * It ends with %G_IO_ERROR_TIMED_OUT. The time counts from the beginning of the run: for a
   * background run, from when a worker takes it. Functions that are running see their cancellable
   * cancelled, and are waited for.
   */
  props[PROP_TIMEOUT]
      = g_param_spec_uint ("timeout", NULL, NULL, 0, G_MAXUINT, 0,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * AhBatch:priority:
   *
   * The priority of callbacks, as that of a [struct@GLib.Source].
   *
   * Notifications and the starts of async functions are dispatched at it, too.
   */
  props[PROP_PRIORITY]
      = g_param_spec_int ("priority", NULL, NULL, G_MININT, G_MAXINT, G_PRIORITY_DEFAULT,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * AhBatch:pool:
   *
   * The pool whose workers run blocking functions; %NULL for the default one.
   */
  props[PROP_POOL]
      = g_param_spec_object ("pool", NULL, NULL, AH_TYPE_THREAD_POOL,
                             G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * AhBatch:strand:
   *
   * The strand that blocking functions have their turns in; %NULL for none.
   *
   * No two of them run at the same time then, except inside blocking regions, nor together with
   * others of the strand; async functions, which have turns on their context by nature, begin all
   * the same, and so do functions with a home. Batches inside that have no strand of their own are
   * on this one, too.
   */
  props[PROP_STRAND]
      = g_param_spec_object ("strand", NULL, NULL, AH_TYPE_STRAND,
                             G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * AhBatch:run-now:
   *
   * Whether a run fails at once where it would have to wait for a thread.
   *
   * It ends with %G_IO_ERROR_BUSY if no worker is free for the first blocking function, and none
   * may be added now ([method@ThreadPool.would_queue]). Without this, what finds no thread waits
   * for its turn. A thread that blocks on the run works itself, unless it has to serve a main
   * context for it, and so has no need to wait.
   */
  props[PROP_RUN_NOW]
      = g_param_spec_boolean ("run-now", NULL, NULL, FALSE,
                              G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (klass, N_PROPS, props);
}
