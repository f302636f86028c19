/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/pool/ah-thread-pool-private.h"

/**
 * AhThreadPool:
 *
 * The threads that blocking functions run in.
 *
 * There is one pool for everybody, [func@ThreadPool.get_default]; a batch may have another,
 * [property@Batch:pool]. A pool starts with one worker for each CPU that the process may use, adds
 * more when its workers block while functions wait and a CPU is free, up to
 * [property@ThreadPool:max-threads], and lets go of those that had nothing to do for ten seconds.
 *
 * All of its functions may be called from any thread. Its properties change without notification,
 * but for `max-threads`: what they say may be past when it is read.
 */
struct _AhThreadPool
{
  GObject parent_instance;

  AhWorkerPool *workers;
};

G_DEFINE_FINAL_TYPE (AhThreadPool, ah_thread_pool, G_TYPE_OBJECT)

enum
{
  PROP_MAX_THREADS = 1,
  PROP_N_THREADS,
  PROP_N_RUNNING,
  PROP_N_QUEUED,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
ah_thread_pool_finalize (GObject *object)
{
  AhThreadPool *self = AH_THREAD_POOL (object);

  ah_worker_pool_close (self->workers);
  ah_worker_pool_unref (self->workers);

  G_OBJECT_CLASS (ah_thread_pool_parent_class)->finalize (object);
}

static void
ah_thread_pool_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  AhThreadPool *self = AH_THREAD_POOL (object);

  switch (prop_id)
    {
    case PROP_MAX_THREADS:
      g_value_set_uint (value, ah_thread_pool_get_max_threads (self));
      break;
    case PROP_N_THREADS:
      g_value_set_uint (value, ah_thread_pool_get_n_threads (self));
      break;
    case PROP_N_RUNNING:
      g_value_set_uint (value, ah_thread_pool_get_n_running (self));
      break;
    case PROP_N_QUEUED:
      g_value_set_uint (value, ah_thread_pool_get_n_queued (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ah_thread_pool_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  AhThreadPool *self = AH_THREAD_POOL (object);

  switch (prop_id)
    {
    case PROP_MAX_THREADS:
      ah_thread_pool_set_max_threads (self, g_value_get_uint (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ah_thread_pool_class_init (AhThreadPoolClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = ah_thread_pool_finalize;
  object_class->get_property = ah_thread_pool_get_property;
  object_class->set_property = ah_thread_pool_set_property;

  /**
   * AhThreadPool:max-threads:
   *
   * How many threads the pool may have; 0 stands for the default, 1,024.
   *
   * It may be set at any time. Threads beyond it leave when they have ended what they are in.
   */
  props[PROP_MAX_THREADS]
      = g_param_spec_uint ("max-threads", NULL, NULL, 0, G_MAXUINT,
                           AH_WORKER_POOL_DEFAULT_MAX_THREADS,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * AhThreadPool:n-threads:
   *
   * How many threads the pool has, those that are being started among them.
   */
  props[PROP_N_THREADS] = g_param_spec_uint ("n-threads", NULL, NULL, 0, G_MAXUINT, 0,
                                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AhThreadPool:n-running:
   *
   * How many of the threads are inside a function, or on their way into one.
   */
  props[PROP_N_RUNNING] = g_param_spec_uint ("n-running", NULL, NULL, 0, G_MAXUINT, 0,
                                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AhThreadPool:n-queued:
   *
   * How many functions wait for a thread.
   */
  props[PROP_N_QUEUED] = g_param_spec_uint ("n-queued", NULL, NULL, 0, G_MAXUINT, 0,
                                            G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
ah_thread_pool_init (AhThreadPool *self)
{
  self->workers = ah_worker_pool_new (0);
}

AhWorkerPool *
ah_thread_pool_get_workers (AhThreadPool *self)
{
  return self->workers;
}

/**
 * ah_thread_pool_get_default:
 *
 * Gets the pool that runs use where nothing else was said.
 *
 * Returns: (transfer none): the pool; it lives as long as the process
 */
AhThreadPool *
ah_thread_pool_get_default (void)
{
  static gsize pool;

  if (g_once_init_enter (&pool))
    g_once_init_leave (&pool, (gsize) ah_thread_pool_new (0));

  return (AhThreadPool *) pool;
}

/**
 * ah_thread_pool_new:
 * @max_threads: how many threads it may have; 0 for the default, 1,024
 *
 * Makes a pool of its own, for work that should have a limit of its own.
 *
 * When the last reference is dropped, its threads leave once what was asked of it is done. That is
 * not waited for.
 *
 * Returns: (transfer full): a new pool, without threads until there is work
 */
AhThreadPool *
ah_thread_pool_new (guint max_threads)
{
  return g_object_new (AH_TYPE_THREAD_POOL, "max-threads", max_threads, NULL);
}

/**
 * ah_thread_pool_get_max_threads:
 * @self: a pool
 *
 * Gets how many threads the pool may have.
 *
 * Returns: the limit, at least 1
 */
guint
ah_thread_pool_get_max_threads (AhThreadPool *self)
{
  g_return_val_if_fail (AH_IS_THREAD_POOL (self), 0);

  return ah_worker_pool_get_max_threads (self->workers);
}

/**
 * ah_thread_pool_set_max_threads:
 * @self: a pool
 * @max_threads: the limit; 0 for the default, 1,024
 *
 * Sets how many threads the pool may have, see [property@ThreadPool:max-threads].
 *
 * `notify::max-threads` is emitted in the calling thread.
 */
void
ah_thread_pool_set_max_threads (AhThreadPool *self, guint max_threads)
{
  g_return_if_fail (AH_IS_THREAD_POOL (self));

  if (max_threads == 0)
    max_threads = AH_WORKER_POOL_DEFAULT_MAX_THREADS;
  if (max_threads == ah_worker_pool_get_max_threads (self->workers))
    return;

  ah_worker_pool_set_max_threads (self->workers, max_threads);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MAX_THREADS]);
}

/**
 * ah_thread_pool_get_n_threads:
 * @self: a pool
 *
 * Gets how many threads the pool has, see [property@ThreadPool:n-threads].
 *
 * Returns: the number of threads
 */
guint
ah_thread_pool_get_n_threads (AhThreadPool *self)
{
  g_return_val_if_fail (AH_IS_THREAD_POOL (self), 0);

  return ah_worker_pool_get_n_threads (self->workers);
}

/**
 * ah_thread_pool_get_n_running:
 * @self: a pool
 *
 * Gets how many threads are inside a function, see [property@ThreadPool:n-running].
 *
 * Returns: the number of threads that are not idle
 */
guint
ah_thread_pool_get_n_running (AhThreadPool *self)
{
  g_return_val_if_fail (AH_IS_THREAD_POOL (self), 0);

  return ah_worker_pool_get_n_running (self->workers);
}

/**
 * ah_thread_pool_get_n_queued:
 * @self: a pool
 *
 * Gets how many functions wait for a thread, see [property@ThreadPool:n-queued].
 *
 * Returns: the number of functions
 */
guint
ah_thread_pool_get_n_queued (AhThreadPool *self)
{
  g_return_val_if_fail (AH_IS_THREAD_POOL (self), 0);

  return ah_worker_pool_get_n_queued (self->workers);
}

/**
 * ah_thread_pool_would_queue:
 * @self: a pool
 *
 * Tells whether a function that was started now would have to wait for a thread.
 *
 * The answer may be past when it arrives, since others use the pool too.
 *
 * Returns: %TRUE if it would wait
 */
gboolean
ah_thread_pool_would_queue (AhThreadPool *self)
{
  g_return_val_if_fail (AH_IS_THREAD_POOL (self), FALSE);

  return ah_worker_pool_would_queue (self->workers);
}
