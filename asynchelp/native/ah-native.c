/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/native/ah-native.h"

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/native/ah-native-call-private.h"
#include "asynchelp/native/ah-native-module-private.h"

/**
 * AhNative:
 *
 * A C function that introspection describes, prepared to be called from any thread.
 *
 * [func@Native.lookup] finds a function by its name, once; [method@Native.bind] makes an
 * [class@Function] of it and its arguments, as often as wanted. [ctor@Function.new_native] does
 * both.
 *
 * All that girepository knows of the function is written down when it is first looked up, in the
 * thread that does so and under a lock. A worker reads only that. There is one `AhNative` for each
 * function; it lives as long as the process.
 *
 * [What is supported, and what is not](native.html) has a page of its own.
 */
struct _AhNative
{
  GObject parent_instance;

  /* Constant, and kept for good. */
  const AhNativeInfo *info;
  const AhNativePlan *plan;
};

G_DEFINE_FINAL_TYPE (AhNative, ah_native, G_TYPE_OBJECT)

static GMutex lock;
static GHashTable *by_name;   /* guarded by lock */
static GHashTable *by_symbol; /* guarded by lock; the keys are "Gio g_file_load_contents" */

static void
ah_native_class_init (AhNativeClass *klass)
{
}

static void
ah_native_init (AhNative *self)
{
}

/* --- Finding --- */

static AhNative *
find_locked (GHashTable *table, const char *key)
{
  return table ? g_hash_table_lookup (table, key) : NULL;
}

static void
remember_locked (GHashTable **table, const char *key, AhNative *self)
{
  if (*table == NULL)
    *table = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (*table, g_strdup (key), self);
}

/*
 * The one object for the function, which is found under more names than its own: a subclass may
 * name what it inherits.
 */
static AhNative *
intern_locked (AhNativeInfo *info)
{
  AhNative *self = find_locked (by_name, info->name);

  if (self)
    return self;

  self = g_object_new (AH_TYPE_NATIVE, NULL);
  self->info = info;
  self->plan = ah_native_plan_new (info);
  remember_locked (&by_name, info->name, self);
  return self;
}

static AhNative *
lookup_locked (const char *name, GError **error)
{
  AhNative *self = find_locked (by_name, name);
  const char *dot = strchr (name, '.');
  const AhNativeModule *module;
  g_autofree char *namespace_ = NULL;
  AhNativeInfo *info;

  if (self)
    return self;
  if (dot == NULL || dot == name || dot[1] == 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” does not name a function, as “Gio.File.load_contents” does"), name);
      return NULL;
    }

  module = ah_native_module_get_locked (error);
  if (module == NULL)
    return NULL;

  namespace_ = g_strndup (name, dot - name);
  info = module->find (namespace_, dot + 1, error);
  if (info == NULL)
    return NULL;

  self = intern_locked (info);
  if (g_strcmp0 (name, info->name) != 0)
    remember_locked (&by_name, name, self);
  return self;
}

static AhNative *
lookup_symbol_locked (const char *namespace_, const char *symbol, GError **error)
{
  g_autofree char *key = g_strconcat (namespace_, " ", symbol, NULL);
  AhNative *self = find_locked (by_symbol, key);
  const AhNativeModule *module;
  AhNativeInfo *info;

  if (self)
    return self;

  module = ah_native_module_get_locked (error);
  if (module == NULL)
    return NULL;
  info = module->find_symbol (namespace_, symbol, error);
  if (info == NULL)
    return NULL;

  self = intern_locked (info);
  remember_locked (&by_symbol, key, self);
  return self;
}

/**
 * ah_native_require:
 * @namespace_: a namespace, such as `Gtk`
 * @version: (nullable): its version, such as `4.0`, or %NULL for the newest
 * @error: return location for an error
 *
 * Loads a version of a namespace.
 *
 * Looking a function up loads the newest version, unless the process has loaded another one. This
 * is for C programs that need a certain one; languages have it already.
 *
 * Errors are girepository's own, and %G_IO_ERROR_NOT_SUPPORTED where the library has no module for
 * the girepository that the process uses.
 *
 * May be called from any thread, while no other one uses girepository but through this library.
 *
 * Returns: %TRUE if the namespace is there
 */
gboolean
ah_native_require (const char *namespace_, const char *version, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  const AhNativeModule *module;

  g_return_val_if_fail (namespace_ != NULL, FALSE);

  locker = g_mutex_locker_new (&lock);
  module = ah_native_module_get_locked (error);
  return module && module->require (namespace_, version, error);
}

/**
 * ah_native_list:
 * @namespace_: a namespace, such as `Gio`
 * @error: return location for an error
 *
 * Lists the names of all functions of a namespace, methods included.
 *
 * Whether one of them can be called, [method@Native.check] tells.
 *
 * Errors are those of [func@Native.require].
 *
 * May be called from any thread, while no other one uses girepository but through this library.
 *
 * Returns: (transfer full) (array zero-terminated=1): names as [func@Native.lookup] takes them
 */
char **
ah_native_list (const char *namespace_, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  const AhNativeModule *module;

  g_return_val_if_fail (namespace_ != NULL, NULL);

  locker = g_mutex_locker_new (&lock);
  module = ah_native_module_get_locked (error);
  return module ? module->list (namespace_, error) : NULL;
}

/**
 * ah_native_lookup:
 * @name: a function, such as `GLib.get_user_name`, `GdkPixbuf.Pixbuf.new_from_file` or
 *   `Gio.File.load_contents`; the last part may be inherited from a parent or an interface
 * @error: return location for an error
 *
 * Finds a function by its name.
 *
 * The first look-up of a function prepares it; the next ones take a tenth of a microsecond.
 *
 * Errors are %G_IO_ERROR_INVALID_ARGUMENT for a name that has no dot in it,
 * %G_IO_ERROR_NOT_FOUND where the namespace has no such function or its library no such symbol, and
 * those of [func@Native.require]. A function that exists but cannot be called is found: see
 * [method@Native.check].
 *
 * May be called from any thread, while no other one uses girepository but through this library. In
 * JavaScript and Python, call it where you import namespaces.
 *
 * Returns: (transfer full): the function
 */
AhNative *
ah_native_lookup (const char *name, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  AhNative *self;

  g_return_val_if_fail (name != NULL, NULL);

  locker = g_mutex_locker_new (&lock);
  self = lookup_locked (name, error);
  return self ? g_object_ref (self) : NULL;
}

/**
 * ah_native_lookup_symbol:
 * @namespace_: a namespace, such as `Gio`
 * @symbol: the name of a C function, such as `g_file_load_contents`
 * @error: return location for an error
 *
 * Finds a function by its name in C.
 *
 * The first look-up of a namespace lists all of its symbols, which takes a millisecond or so.
 *
 * Errors are those of [func@Native.lookup].
 *
 * May be called from any thread, while no other one uses girepository but through this library.
 *
 * Returns: (transfer full): the function
 */
AhNative *
ah_native_lookup_symbol (const char *namespace_, const char *symbol, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  AhNative *self;

  g_return_val_if_fail (namespace_ != NULL, NULL);
  g_return_val_if_fail (symbol != NULL, NULL);

  locker = g_mutex_locker_new (&lock);
  self = lookup_symbol_locked (namespace_, symbol, error);
  return self ? g_object_ref (self) : NULL;
}

/* --- Asking --- */

/**
 * ah_native_get_name:
 * @self: a function
 *
 * Gets the function's name, that of the class or interface which has it.
 *
 * May be called from any thread.
 *
 * Returns: (transfer none): the name, such as `Gio.File.load_contents`
 */
const char *
ah_native_get_name (AhNative *self)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), NULL);

  return self->info->name;
}

/**
 * ah_native_get_symbol:
 * @self: a function
 *
 * Gets the function's name in C.
 *
 * May be called from any thread.
 *
 * Returns: (transfer none): the name, such as `g_file_load_contents`
 */
const char *
ah_native_get_symbol (AhNative *self)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), NULL);

  return self->info->symbol;
}

/**
 * ah_native_check:
 * @self: a function
 * @error: return location for an error
 *
 * Tells whether the function can be called in a worker.
 *
 * The error is %G_IO_ERROR_NOT_SUPPORTED, and its message names the argument and the reason.
 *
 * May be called from any thread.
 *
 * Returns: %TRUE if [method@Native.bind] takes it
 */
gboolean
ah_native_check (AhNative *self, GError **error)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), FALSE);

  if (self->plan->refusal == NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (self->plan->refusal));
  return FALSE;
}

/**
 * ah_native_is_method:
 * @self: a function
 *
 * Tells whether the first argument is the instance of a method.
 *
 * May be called from any thread.
 *
 * Returns: %TRUE for a method
 */
gboolean
ah_native_is_method (AhNative *self)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), FALSE);

  return self->info->is_method;
}

/**
 * ah_native_is_constructor:
 * @self: a function
 *
 * Tells whether the function makes an object of the class that it belongs to.
 *
 * May be called from any thread.
 *
 * Returns: %TRUE for a constructor
 */
gboolean
ah_native_is_constructor (AhNative *self)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), FALSE);

  return self->info->is_constructor;
}

static const AhNativeArg *
find_async_callback (const AhNativeInfo *info)
{
  for (guint i = 0; i < info->n_args; i++)
    {
      if (info->args[i].is_async_callback)
        return &info->args[i];
    }
  return NULL;
}

/**
 * ah_native_is_async:
 * @self: a function
 *
 * Tells whether the function takes a [callback@Gio.AsyncReadyCallback].
 *
 * Such a function belongs on a main context, so [method@Native.check] refuses it.
 *
 * May be called from any thread.
 *
 * Returns: %TRUE for a function that starts something and calls back
 */
gboolean
ah_native_is_async (AhNative *self)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), FALSE);

  return find_async_callback (self->info) != NULL;
}

/**
 * ah_native_get_finish_name:
 * @self: a function
 *
 * Gets the name of the function that takes the outcome of this asynchronous one.
 *
 * It is found by its name, and is known to exist.
 *
 * May be called from any thread.
 *
 * Returns: (transfer none) (nullable): a name as [func@Native.lookup] takes it; %NULL if the
 *   function is not asynchronous, or none was found
 */
const char *
ah_native_get_finish_name (AhNative *self)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), NULL);

  return self->info->finish_name;
}

/**
 * ah_native_get_skips_return:
 * @self: a function
 *
 * Tells whether what the function returns says nothing that its error does not say.
 *
 * It stands first among the results all the same. Some languages leave it out.
 *
 * May be called from any thread.
 *
 * Returns: %TRUE if the first result may be left out
 */
gboolean
ah_native_get_skips_return (AhNative *self)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), FALSE);

  return self->info->skips_return && self->info->result.type.tag != AH_TAG_VOID;
}

static AhNativeKind
get_kind (const AhNativeArg *arg)
{
  const AhNativeType *type = &arg->type;

  switch (type->tag)
    {
    case AH_TAG_BOOLEAN:
      return AH_NATIVE_KIND_BOOLEAN;
    case AH_TAG_UNICHAR:
      return AH_NATIVE_KIND_CHARACTER;
    case AH_TAG_GTYPE:
      return AH_NATIVE_KIND_GTYPE;
    case AH_TAG_ENUM:
      return AH_NATIVE_KIND_ENUM;
    case AH_TAG_FLAGS:
      return AH_NATIVE_KIND_FLAGS;
    case AH_TAG_UTF8:
      return AH_NATIVE_KIND_STRING;
    case AH_TAG_FILENAME:
      return AH_NATIVE_KIND_FILENAME;
    case AH_TAG_OBJECT:
      return type->gtype == G_TYPE_CANCELLABLE ? AH_NATIVE_KIND_CANCELLABLE : AH_NATIVE_KIND_OBJECT;
    case AH_TAG_FUNDAMENTAL:
      return AH_NATIVE_KIND_OBJECT;
    case AH_TAG_BOXED:
      return type->gtype == G_TYPE_BYTES ? AH_NATIVE_KIND_BYTES : AH_NATIVE_KIND_BOXED;
    case AH_TAG_VARIANT:
      return AH_NATIVE_KIND_VARIANT;
    case AH_TAG_VALUE:
      return AH_NATIVE_KIND_VALUE;
    case AH_TAG_HASH:
      return AH_NATIVE_KIND_TABLE;
    case AH_TAG_CALLBACK:
    case AH_TAG_POINTER:
      return arg->nullable && !arg->is_async_callback ? AH_NATIVE_KIND_NULL
                                                      : AH_NATIVE_KIND_UNSUPPORTED;
    case AH_TAG_UNSUPPORTED:
    case AH_TAG_VOID:
      return AH_NATIVE_KIND_UNSUPPORTED;
    default:
      if (ah_native_is_container (type))
        return ah_native_is_bytes (type)     ? AH_NATIVE_KIND_BYTE_ARRAY
               : ah_native_is_strings (type) ? AH_NATIVE_KIND_STRINGS
                                             : AH_NATIVE_KIND_LIST;
      return AH_NATIVE_KIND_NUMBER;
    }
}

/**
 * ah_native_get_n_arguments:
 * @self: a function
 *
 * Gets how many arguments the function takes, the instance of a method included.
 *
 * Lengths of arrays do not count, nor does the data of a callback: nobody gives them. Of a function
 * that cannot be called no arguments are known.
 *
 * May be called from any thread.
 *
 * Returns: how many values [method@Native.bind] needs
 */
guint
ah_native_get_n_arguments (AhNative *self)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), 0);

  return self->plan->n_given;
}

/**
 * ah_native_get_argument_name:
 * @self: a function
 * @index: of the argument, from 0
 *
 * Gets the name of an argument; that of an instance is `self`.
 *
 * May be called from any thread.
 *
 * Returns: (transfer none): the name
 */
const char *
ah_native_get_argument_name (AhNative *self, guint index)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), NULL);
  g_return_val_if_fail (index < self->plan->n_given, NULL);

  return ah_native_plan_get_given (self->plan, index)->name;
}

/**
 * ah_native_get_argument_kind:
 * @self: a function
 * @index: of the argument, from 0
 *
 * Gets what kind of value an argument is.
 *
 * May be called from any thread.
 *
 * Returns: the kind
 */
AhNativeKind
ah_native_get_argument_kind (AhNative *self, guint index)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), AH_NATIVE_KIND_UNSUPPORTED);
  g_return_val_if_fail (index < self->plan->n_given, AH_NATIVE_KIND_UNSUPPORTED);

  return get_kind (ah_native_plan_get_given (self->plan, index));
}

/**
 * ah_native_get_argument_nullable:
 * @self: a function
 * @index: of the argument, from 0
 *
 * Tells whether an argument may be null.
 *
 * May be called from any thread.
 *
 * Returns: %TRUE if it may be null
 */
gboolean
ah_native_get_argument_nullable (AhNative *self, guint index)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), FALSE);
  g_return_val_if_fail (index < self->plan->n_given, FALSE);

  return ah_native_plan_get_given (self->plan, index)->nullable;
}

/**
 * ah_native_get_n_results:
 * @self: a function
 *
 * Gets how many results the function has.
 *
 * What it returns comes first, then come its out and inout arguments, in their order. One result is
 * the value of the run itself; several are an [class@Results].
 *
 * May be called from any thread.
 *
 * Returns: the number of results
 */
guint
ah_native_get_n_results (AhNative *self)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), 0);

  return self->plan->n_results;
}

/**
 * ah_native_get_result_name:
 * @self: a function
 * @index: of the result, from 0
 *
 * Gets the name of a result; that of what is returned is `return value`.
 *
 * May be called from any thread.
 *
 * Returns: (transfer none): the name
 */
const char *
ah_native_get_result_name (AhNative *self, guint index)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), NULL);
  g_return_val_if_fail (index < self->plan->n_results, NULL);

  return ah_native_plan_get_result (self->plan, index)->name;
}

/**
 * ah_native_get_result_kind:
 * @self: a function
 * @index: of the result, from 0
 *
 * Gets what kind of value a result is.
 *
 * May be called from any thread.
 *
 * Returns: the kind
 */
AhNativeKind
ah_native_get_result_kind (AhNative *self, guint index)
{
  g_return_val_if_fail (AH_IS_NATIVE (self), AH_NATIVE_KIND_UNSUPPORTED);
  g_return_val_if_fail (index < self->plan->n_results, AH_NATIVE_KIND_UNSUPPORTED);

  return get_kind (ah_native_plan_get_result (self->plan, index));
}

/* --- Binding --- */

/**
 * ah_native_bind:
 * @self: a function
 * @arguments: (array length=n_arguments) (nullable): its arguments, the instance of a method first;
 *   see [what values are taken](native.html#arguments)
 * @n_arguments: how many
 * @flags: how to bind them
 * @error: return location for an error
 *
 * Makes a function that can be run of a C function and its arguments.
 *
 * It blocks, and runs wherever a blocking function does. References to the arguments are taken
 * here, and dropped in the same thread: in a dispatch of its thread-default context, if the last
 * reference to the function is dropped in another one.
 *
 * Where the C function takes a cancellable and null is given for it, it gets that of the run. If
 * one is given, either cancels the call.
 *
 * Errors are %G_IO_ERROR_NOT_SUPPORTED for a function that cannot be called and
 * %G_IO_ERROR_INVALID_ARGUMENT for arguments that do not fit. Messages name the argument.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): a new function, with the name of the C function
 */
AhFunction *
ah_native_bind (AhNative *self,
                const GValue *arguments,
                guint n_arguments,
                AhNativeFlags flags,
                GError **error)
{
  AhNativeCall *call;
  AhFunction *function;

  g_return_val_if_fail (AH_IS_NATIVE (self), NULL);
  g_return_val_if_fail (arguments != NULL || n_arguments == 0, NULL);

  call = ah_native_call_new (self->plan, arguments, n_arguments, flags, error);
  if (call == NULL)
    return NULL;

  function = ah_function_new_blocking (ah_native_call_run, call, ah_native_call_free);
  ah_function_set_name (function, self->info->name);
  return function;
}

/**
 * ah_function_new_native: (constructor)
 * @name: a function, as [func@Native.lookup] takes it
 * @arguments: (array length=n_arguments) (nullable): its arguments, as [method@Native.bind] takes
 *   them
 * @n_arguments: how many
 * @error: return location for an error
 *
 * Makes a blocking function of a C function, found by its name, and its arguments.
 *
 * Errors are those of [func@Native.lookup] and [method@Native.bind].
 *
 * May be called from any thread, while no other one uses girepository but through this library.
 *
 * Returns: (transfer full): a new function
 */
AhFunction *
ah_function_new_native (const char *name,
                        const GValue *arguments,
                        guint n_arguments,
                        GError **error)
{
  g_autoptr (AhNative) native = NULL;

  g_return_val_if_fail (name != NULL, NULL);

  native = ah_native_lookup (name, error);
  return native ? ah_native_bind (native, arguments, n_arguments, AH_NATIVE_FLAGS_NONE, error)
                : NULL;
}

/**
 * ah_function_new_native_symbol: (constructor)
 * @namespace_: a namespace, such as `Gio`
 * @symbol: the name of a C function, such as `g_file_load_contents`
 * @arguments: (array length=n_arguments) (nullable): its arguments, as [method@Native.bind] takes
 *   them
 * @n_arguments: how many
 * @error: return location for an error
 *
 * Makes a blocking function of a C function, found by its name in C, and its arguments.
 *
 * Errors are those of [func@Native.lookup] and [method@Native.bind].
 *
 * May be called from any thread, while no other one uses girepository but through this library.
 *
 * Returns: (transfer full): a new function
 */
AhFunction *
ah_function_new_native_symbol (const char *namespace_,
                               const char *symbol,
                               const GValue *arguments,
                               guint n_arguments,
                               GError **error)
{
  g_autoptr (AhNative) native = NULL;

  g_return_val_if_fail (namespace_ != NULL, NULL);
  g_return_val_if_fail (symbol != NULL, NULL);

  native = ah_native_lookup_symbol (namespace_, symbol, error);
  return native ? ah_native_bind (native, arguments, n_arguments, AH_NATIVE_FLAGS_NONE, error)
                : NULL;
}
