/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)
#error "Only <asynchelp.h> can be included directly."
#endif

#include <gio/gio.h>

#include <asynchelp/ah-version.h>

G_BEGIN_DECLS

/**
 * AhBlockingFunc:
 * @cancellable: (nullable): is cancelled when the run wants the function to stop early; a function
 *   that takes long should look at it, or pass it on to what it calls
 * @result: (out caller-allocates): where the value goes: initialise it with
 *   [method@GObject.Value.init] and set it, or leave it as it is for “no value”
 * @user_data: what was given beside the function
 * @error: return location for an error; setting it makes the function a failed one
 *
 * A function that returns when its work is done; it may sleep, read and compute.
 *
 * It is called in a worker of an [class@ThreadPool] or in the thread that blocks on the run,
 * never on a main loop, unless it has a [property@Function:home].
 *
 * Where it sets both @result and @error, the error counts and the value is freed.
 */
typedef void (*AhBlockingFunc) (GCancellable *cancellable,
                                GValue       *result,
                                gpointer      user_data,
                                GError      **error);

/**
 * AhAsyncFunc:
 * @task: end it once, now or later, from any thread: [method@Gio.Task.return_value] for a value, or
 *   [method@Gio.Task.return_error]; take a reference for as long as the work goes on
 * @user_data: what was given beside the function
 *
 * A function that starts work on a main context and finishes later by ending its task.
 *
 * It is called in a dispatch of the context that the run belongs to (see
 * [where code runs](threading.html)), with that context as thread default.
 * The task's [method@Gio.Task.get_cancellable] is cancelled, in a dispatch of the same context,
 * when the run wants the function to stop early.
 *
 * A task that is dropped without being ended ends the function with %AH_RUN_ERROR_DROPPED.
 */
typedef void (*AhAsyncFunc) (GTask   *task,
                             gpointer user_data);

/**
 * AhGioStartFunc: (skip)
 * @cancellable: (nullable): pass it to the asynchronous call
 * @callback: pass it to the asynchronous call
 * @callback_data: pass it to the asynchronous call
 * @user_data: what was given beside the function
 *
 * Starts an existing `…_async` call.
 */
typedef void (*AhGioStartFunc) (GCancellable       *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer            callback_data,
                                gpointer            user_data);

/**
 * AhGioFinishFunc: (skip)
 * @source: (nullable): the object that the call was made on
 * @async_result: what the call handed to its callback
 * @result: where the value goes: initialise and set it, or leave it as it is for “no value”
 * @user_data: what was given beside the function
 * @error: return location for the call's error
 *
 * Takes the outcome of a call that an [callback@GioStartFunc] started, by its `…_finish` function.
 */
typedef void (*AhGioFinishFunc) (GObject      *source,
                                 GAsyncResult *async_result,
                                 GValue       *result,
                                 gpointer      user_data,
                                 GError      **error);

#define AH_TYPE_FUNCTION (ah_function_get_type ())

AH_AVAILABLE_IN_ALL
G_DECLARE_DERIVABLE_TYPE (AhFunction, ah_function, AH, FUNCTION, GObject)

struct _AhFunctionClass
{
  GObjectClass parent_class;

  /*< private >*/
  gpointer _reserved[8];
};

AH_AVAILABLE_IN_ALL
AhFunction   *ah_function_new_blocking  (AhBlockingFunc  func,
                                         gpointer        user_data,
                                         GDestroyNotify  destroy) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
AhFunction   *ah_function_new_async     (AhAsyncFunc     func,
                                         gpointer        user_data,
                                         GDestroyNotify  destroy) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
AhFunction   *ah_function_new_gio_async (AhGioStartFunc  start,
                                         AhGioFinishFunc finish,
                                         gpointer        user_data,
                                         GDestroyNotify  destroy) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
gboolean      ah_function_is_async      (AhFunction     *self);

AH_AVAILABLE_IN_ALL
const char   *ah_function_get_name      (AhFunction     *self);

AH_AVAILABLE_IN_ALL
void          ah_function_set_name      (AhFunction     *self,
                                         const char     *name);

AH_AVAILABLE_IN_ALL
GMainContext *ah_function_get_home      (AhFunction     *self);

AH_AVAILABLE_IN_ALL
void          ah_function_set_home      (AhFunction     *self,
                                         GMainContext   *home);

AH_AVAILABLE_IN_ALL
AhFunction   *ah_to_async               (AhFunction     *function) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
AhFunction   *ah_to_blocking            (AhFunction     *function) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
