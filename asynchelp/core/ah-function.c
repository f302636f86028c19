/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-function-private.h"

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/core/ah-run-error.h"
#include "asynchelp/core/ah-run-private.h"
#include "asynchelp/core/ah-run.h"

/**
 * AhFunction:
 *
 * Something that can be run: a blocking or an async C function with its data, or a batch of those.
 *
 * A function can be run any number of times, also at the same time, by [func@run_async],
 * [func@block], [func@start] and [func@queue_background_thread], and be scheduled in any number of
 * batches.
 *
 * A function that may only be touched in one place, as all JavaScript functions, gets a
 * [property@Function:home].
 *
 * It may be used from any thread. It frees its data in the thread that drops the last reference, or
 * in a dispatch of its home, where it has one.
 */
typedef struct
{
  AhFunctionKind kind; /* constant */

  /* Constant; the one that fits the kind. */
  AhBlockingFunc blocking;
  AhAsyncFunc async;
  gpointer data;
  GDestroyNotify destroy;

  /* What to schedule or run in its place: a blocking function that was made async runs as it is. */
  AhFunction *inner; /* constant */

  GMutex lock;     /* guards the rest until `sealed`; from then on it is constant */
  gboolean sealed; /* it was scheduled or run */
  char *name;
  GMainContext *home;
} AhFunctionPrivate;

G_DEFINE_TYPE_WITH_PRIVATE (AhFunction, ah_function, G_TYPE_OBJECT)

enum
{
  PROP_NAME = 1,
  PROP_HOME,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

typedef struct
{
  gpointer data;
  GDestroyNotify destroy;
} Leftover;

static gboolean
free_leftover (gpointer data)
{
  Leftover *leftover = data;

  g_steal_pointer (&leftover->destroy) (leftover->data);
  return G_SOURCE_REMOVE;
}

/* If the context goes before it has dispatched the source, then now. */
static void
drop_leftover (gpointer data)
{
  Leftover *leftover = data;

  if (leftover->destroy)
    leftover->destroy (leftover->data);
  g_free (leftover);
}

/*
 * Always in a dispatch of its own, even if this is one of the home: a garbage collector may be
 * running right now, which is no time to free what belongs to it.
 */
static void
free_data_at_home (AhFunctionPrivate *priv)
{
  Leftover leftover = { priv->data, priv->destroy };
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "asynchelp: free the data of a function");
  g_source_set_callback (source, free_leftover, g_memdup2 (&leftover, sizeof leftover),
                         drop_leftover);
  g_source_attach (source, priv->home);
  g_source_unref (source);
}

static void
ah_function_finalize (GObject *object)
{
  AhFunctionPrivate *priv = ah_function_get_instance_private (AH_FUNCTION (object));

  if (priv->destroy && priv->home)
    free_data_at_home (priv);
  else if (priv->destroy)
    priv->destroy (priv->data);

  g_clear_object (&priv->inner);
  g_clear_pointer (&priv->home, g_main_context_unref);
  g_free (priv->name);
  g_mutex_clear (&priv->lock);

  G_OBJECT_CLASS (ah_function_parent_class)->finalize (object);
}

static void
ah_function_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  AhFunction *self = AH_FUNCTION (object);

  switch (prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, ah_function_get_name (self));
      break;
    case PROP_HOME:
      g_value_set_boxed (value, ah_function_get_home (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ah_function_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  AhFunction *self = AH_FUNCTION (object);

  switch (prop_id)
    {
    case PROP_NAME:
      ah_function_set_name (self, g_value_get_string (value));
      break;
    case PROP_HOME:
      ah_function_set_home (self, g_value_get_boxed (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ah_function_class_init (AhFunctionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = ah_function_finalize;
  object_class->get_property = ah_function_get_property;
  object_class->set_property = ah_function_set_property;

  /**
   * AhFunction:name:
   *
   * What errors call the function, beside its index.
   *
   * It can be set until the function is first scheduled or run.
   */
  props[PROP_NAME]
      = g_param_spec_string ("name", NULL, NULL, NULL,
                             G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * AhFunction:home:
   *
   * The main context that the function belongs to, or %NULL.
   *
   * A function with a home, of either kind, is called, cancelled and freed in dispatches of that
   * context alone. Where a run cannot get there, it fails with %AH_RUN_ERROR_HOME.
   *
   * It can be set until the function is first scheduled or run.
   */
  props[PROP_HOME]
      = g_param_spec_boxed ("home", NULL, NULL, G_TYPE_MAIN_CONTEXT,
                            G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
ah_function_init (AhFunction *self)
{
  AhFunctionPrivate *priv = ah_function_get_instance_private (self);

  g_mutex_init (&priv->lock);
}

/* --- For the rest of the library --- */

void
ah_function_set_kind (AhFunction *self, AhFunctionKind kind)
{
  AhFunctionPrivate *priv = ah_function_get_instance_private (self);

  priv->kind = kind;
}

/*
 * Tells what kind of job the function is, and from here on keeps it as it is. The job gets no
 * reference to the function: that is up to whoever keeps the job.
 */
void
ah_function_describe (AhFunction *self, AhJob *job)
{
  AhFunctionPrivate *priv = ah_function_get_instance_private (self);

  g_mutex_lock (&priv->lock);
  priv->sealed = TRUE;
  g_mutex_unlock (&priv->lock);

  if (priv->home)
    job->kind = AH_JOB_HOME_FUNCTION;
  else if (priv->kind == AH_FUNCTION_BATCH)
    job->kind = AH_JOB_BATCH;
  else if (priv->kind == AH_FUNCTION_ASYNC && !priv->inner)
    job->kind = AH_JOB_ASYNC_FUNCTION;
  else
    job->kind = AH_JOB_BLOCKING_FUNCTION;

  job->func = self;
  job->data = self;
  job->destroy = NULL;
}

const char *
ah_function_peek_name (AhFunction *self)
{
  AhFunctionPrivate *priv = ah_function_get_instance_private (self);

  return priv->name;
}

/* Whether calling it means ah_function_call (), and not ah_function_call_async (). */
gboolean
ah_function_is_blocking (AhFunction *self)
{
  AhFunctionPrivate *priv = ah_function_get_instance_private (self);

  return priv->kind == AH_FUNCTION_BLOCKING || priv->inner;
}

void
ah_function_call (AhFunction *self, GCancellable *cancellable, GValue *result, GError **error)
{
  AhFunctionPrivate *priv = ah_function_get_instance_private (self);

  if (priv->inner)
    priv = ah_function_get_instance_private (priv->inner);
  priv->blocking (cancellable, result, priv->data, error);
}

void
ah_function_call_async (AhFunction *self, GTask *task)
{
  AhFunctionPrivate *priv = ah_function_get_instance_private (self);

  priv->async (task, priv->data);
}

/* --- Public --- */

static AhFunction *
function_new (AhFunctionKind kind, gpointer data, GDestroyNotify destroy)
{
  AhFunction *self = g_object_new (AH_TYPE_FUNCTION, NULL);
  AhFunctionPrivate *priv = ah_function_get_instance_private (self);

  priv->kind = kind;
  priv->data = data;
  priv->destroy = destroy;
  return self;
}

/**
 * ah_function_new_blocking: (constructor)
 * @func: (scope notified) (closure user_data) (destroy destroy): the function
 * @user_data: (nullable): what to give it
 * @destroy: (nullable): frees @user_data
 *
 * Makes a function that returns when its work is done.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): a new function
 */
AhFunction *
ah_function_new_blocking (AhBlockingFunc func, gpointer user_data, GDestroyNotify destroy)
{
  AhFunction *self;

  g_return_val_if_fail (func != NULL, NULL);

  self = function_new (AH_FUNCTION_BLOCKING, user_data, destroy);
  ((AhFunctionPrivate *) ah_function_get_instance_private (self))->blocking = func;
  return self;
}

/**
 * ah_function_new_async: (constructor)
 * @func: (scope notified) (closure user_data) (destroy destroy): the function
 * @user_data: (nullable): what to give it
 * @destroy: (nullable): frees @user_data
 *
 * Makes a function that starts work and ends a [class@Gio.Task] later.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): a new function
 */
AhFunction *
ah_function_new_async (AhAsyncFunc func, gpointer user_data, GDestroyNotify destroy)
{
  AhFunction *self;

  g_return_val_if_fail (func != NULL, NULL);

  self = function_new (AH_FUNCTION_ASYNC, user_data, destroy);
  ((AhFunctionPrivate *) ah_function_get_instance_private (self))->async = func;
  return self;
}

typedef struct
{
  AhGioStartFunc start;
  AhGioFinishFunc finish;
  gpointer data;
  GDestroyNotify destroy;
} GioPair;

typedef struct
{
  GTask *task;
  GioPair *pair; /* lives as long as the function runs */
} GioCall;

static void
gio_pair_free (gpointer data)
{
  GioPair *pair = data;

  if (pair->destroy)
    pair->destroy (pair->data);
  g_free (pair);
}

static void
gio_call_ready (GObject *source, GAsyncResult *async_result, gpointer user_data)
{
  g_autofree GioCall *call = user_data;
  g_autoptr (GTask) task = call->task;
  g_auto (GValue) value = G_VALUE_INIT;
  g_autoptr (GError) error = NULL;

  call->pair->finish (source, async_result, &value, call->pair->data, &error);
  if (error)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_value (task, G_IS_VALUE (&value) ? &value : NULL);
}

static void
gio_call_start (GTask *task, gpointer user_data)
{
  GioPair *pair = user_data;
  GioCall call = { g_object_ref (task), pair };

  pair->start (g_task_get_cancellable (task), gio_call_ready, g_memdup2 (&call, sizeof call),
               pair->data);
}

/**
 * ah_function_new_gio_async: (skip)
 * @start: starts the call
 * @finish: takes its outcome
 * @user_data: (nullable): what to give both
 * @destroy: (nullable): frees @user_data
 *
 * Makes an async function of an existing pair of `…_async` and `…_finish` functions.
 *
 * The call has to come back to its callback on the context where it was started, as GIO's do.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): a new function
 */
AhFunction *
ah_function_new_gio_async (AhGioStartFunc start,
                           AhGioFinishFunc finish,
                           gpointer user_data,
                           GDestroyNotify destroy)
{
  GioPair pair = { start, finish, user_data, destroy };

  g_return_val_if_fail (start != NULL, NULL);
  g_return_val_if_fail (finish != NULL, NULL);

  return ah_function_new_async (gio_call_start, g_memdup2 (&pair, sizeof pair), gio_pair_free);
}

/**
 * ah_function_is_async:
 * @self: a function
 *
 * Tells whether the function can start without blocking.
 *
 * May be called from any thread.
 *
 * Returns: %TRUE for an async function and for a batch, %FALSE for a blocking function
 */
gboolean
ah_function_is_async (AhFunction *self)
{
  AhFunctionPrivate *priv;

  g_return_val_if_fail (AH_IS_FUNCTION (self), FALSE);

  priv = ah_function_get_instance_private (self);
  return priv->kind != AH_FUNCTION_BLOCKING;
}

/**
 * ah_function_get_name:
 * @self: a function
 *
 * Gets what errors call the function.
 *
 * May be called from any thread, once the function has been scheduled or run.
 *
 * Returns: (nullable): the name
 */
const char *
ah_function_get_name (AhFunction *self)
{
  g_return_val_if_fail (AH_IS_FUNCTION (self), NULL);

  return ah_function_peek_name (self);
}

/* Whether the function may still change; the lock is held if so. */
static gboolean
begin_change (AhFunctionPrivate *priv, const char *property)
{
  g_mutex_lock (&priv->lock);
  if (!priv->sealed)
    return TRUE;

  g_mutex_unlock (&priv->lock);
  g_critical ("The %s of a function has to be set before it is scheduled or run", property);
  return FALSE;
}

/**
 * ah_function_set_name:
 * @self: a function that was neither scheduled nor run
 * @name: (nullable): the name
 *
 * Sets what errors call the function, beside its index.
 *
 * May be called from any thread.
 */
void
ah_function_set_name (AhFunction *self, const char *name)
{
  AhFunctionPrivate *priv;
  g_autofree char *old_name = NULL;

  g_return_if_fail (AH_IS_FUNCTION (self));

  priv = ah_function_get_instance_private (self);
  if (!begin_change (priv, "name"))
    return;

  old_name = g_steal_pointer (&priv->name);
  priv->name = g_strdup (name);
  g_mutex_unlock (&priv->lock);

  if (g_strcmp0 (old_name, name) != 0)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_NAME]);
}

/**
 * ah_function_get_home:
 * @self: a function
 *
 * Gets the main context that the function belongs to.
 *
 * May be called from any thread, once the function has been scheduled or run.
 *
 * Returns: (transfer none) (nullable): the context
 */
GMainContext *
ah_function_get_home (AhFunction *self)
{
  AhFunctionPrivate *priv;

  g_return_val_if_fail (AH_IS_FUNCTION (self), NULL);

  priv = ah_function_get_instance_private (self);
  return priv->home;
}

/**
 * ah_function_set_home:
 * @self: a function that was neither scheduled nor run; not a batch, whose functions may have homes
 * @home: (nullable): the context
 *
 * Sets the main context that the function belongs to, see [property@Function:home].
 *
 * May be called from any thread.
 */
void
ah_function_set_home (AhFunction *self, GMainContext *home)
{
  AhFunctionPrivate *priv;
  g_autoptr (GMainContext) old_home = NULL;

  g_return_if_fail (AH_IS_FUNCTION (self));

  priv = ah_function_get_instance_private (self);
  if (priv->kind == AH_FUNCTION_BATCH && home)
    {
      g_critical ("A batch has no home: set those of the functions that need one");
      return;
    }
  if (!begin_change (priv, "home"))
    return;

  old_home = g_steal_pointer (&priv->home);
  priv->home = home ? g_main_context_ref (home) : NULL;
  g_mutex_unlock (&priv->lock);

  if (old_home != home)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HOME]);
}

/**
 * ah_to_async:
 * @function: a function
 *
 * Makes an async function of a blocking one, which then runs in a worker.
 *
 * The home of @function, where it has one, is that of the new function too.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): a new function, or @function itself where it is async already
 */
AhFunction *
ah_to_async (AhFunction *function)
{
  AhFunction *self;
  AhFunctionPrivate *priv, *inner;

  g_return_val_if_fail (AH_IS_FUNCTION (function), NULL);

  if (ah_function_is_async (function))
    return g_object_ref (function);

  self = function_new (AH_FUNCTION_ASYNC, NULL, NULL);
  priv = ah_function_get_instance_private (self);
  inner = ah_function_get_instance_private (function);

  g_mutex_lock (&inner->lock);
  inner->sealed = TRUE;
  g_mutex_unlock (&inner->lock);

  priv->inner = g_object_ref (function);
  priv->name = g_strdup (inner->name);
  priv->home = inner->home ? g_main_context_ref (inner->home) : NULL;
  return self;
}

static void
block_on_inner (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  if (ah_run_is_inside (user_data))
    g_set_error_literal (error, AH_RUN_ERROR, AH_RUN_ERROR_CYCLE,
                         _ ("The batch is scheduled inside itself"));
  else
    ah_block (user_data, cancellable, result, error);
}

/**
 * ah_to_blocking:
 * @function: a function
 *
 * Makes a blocking function of an async one, or of a batch.
 *
 * It starts @function in an idle event loop, and returns when that has ended.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): a new function, or @function itself where it is blocking already
 */
AhFunction *
ah_to_blocking (AhFunction *function)
{
  AhFunction *self;
  AhFunctionPrivate *priv, *inner;

  g_return_val_if_fail (AH_IS_FUNCTION (function), NULL);

  if (!ah_function_is_async (function))
    return g_object_ref (function);

  /* Back from ah_to_async (). */
  inner = ah_function_get_instance_private (function);
  if (inner->inner)
    return g_object_ref (inner->inner);

  self = ah_function_new_blocking (block_on_inner, g_object_ref (function), g_object_unref);
  priv = ah_function_get_instance_private (self);
  priv->name = g_strdup (inner->name);
  return self;
}
