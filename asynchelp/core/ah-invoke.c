/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-invoke-private.h"

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/ah-owner-private.h"
#include "asynchelp/core/ah-idle-event-loop-private.h"
#include "asynchelp/core/ah-loop-private.h"
#include "asynchelp/core/ah-run-private.h"

typedef enum
{
  INVOCATION_PENDING,
  INVOCATION_TAKEN,
  INVOCATION_DONE,
  INVOCATION_GIVEN_UP,
} InvocationState;

/* A function on its way to a context. */
typedef struct
{
  gint ref_count; /* atomic: one of the invoking thread, one of the posted item */
  gint state;     /* InvocationState; atomic; by whoever moves it away from PENDING */

  AhLoop *loop;
  AhLoopItem item;
  AhBlockingFunc func;
  gpointer user_data;
  GCancellable *cancellable; /* the invoking thread's, as is all above */
  AhWaiter *waiter;          /* with a reference */

  /* Written by the thread that took it, read when it is done. */
  GValue value;
  GError *error;

  GList link; /* in `pending`; guarded by its lock */
} Invocation;

/* Guards both lists; taken last. */
static GMutex lock;
static GQueue pending = G_QUEUE_INIT; /* Invocation, of the threads that wait for them */
static GQueue servers = G_QUEUE_INIT; /* AhInvokeServer */
static gint n_pending;                /* atomic; the length */

/* --- Calling --- */

static void
call (AhBlockingFunc func,
      gpointer user_data,
      GMainContext *context,
      GCancellable *cancellable,
      GValue *value,
      GError **error)
{
  AhInside inside = { .kind = AH_INSIDE_FUNCTIONS, .cancellable = cancellable };
  GMainContext *thread_default = g_main_context_get_thread_default ();
  gboolean push = thread_default ? thread_default != context : context != g_main_context_default ();

  if (push)
    g_main_context_push_thread_default (context);
  ah_inside_push (&inside);
  func (cancellable, value, user_data, error);
  ah_inside_pop (&inside);
  if (push)
    g_main_context_pop_thread_default (context);
}

/* Gives the caller what a function left in @value and @error, which are emptied. */
static gboolean
hand_over (GValue *value, GError *local_error, GValue *result, GError **error)
{
  if (local_error)
    {
      if (G_VALUE_TYPE (value))
        g_value_unset (value);
      g_propagate_error (error, local_error);
      return FALSE;
    }

  if (!G_VALUE_TYPE (value))
    g_value_init (value, G_TYPE_POINTER);
  if (result)
    *result = *value;
  else
    g_value_unset (value);
  return TRUE;
}

/* --- In the thread of the context --- */

static void
invocation_unref (Invocation *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  ah_waiter_unref (self->waiter);
  g_free (self);
}

/* Calls the function, unless another thread does or the invoking one has given up. */
static gboolean
invocation_run (Invocation *self)
{
  if (!g_atomic_int_compare_and_exchange (&self->state, INVOCATION_PENDING, INVOCATION_TAKEN))
    return FALSE;

  call (self->func, self->user_data, ah_loop_get_context (self->loop), self->cancellable,
        &self->value, &self->error);
  g_atomic_int_set (&self->state, INVOCATION_DONE);
  ah_waiter_wake (self->waiter);
  return TRUE;
}

static gboolean
invocation_dispatch (AhLoopItem *item, gint64 until G_GNUC_UNUSED)
{
  Invocation *self = AH_OWNER_OF (item, Invocation, item);

  invocation_run (self);
  invocation_unref (self);
  return FALSE;
}

/* Whether the calling thread could be what keeps a context from being iterated. */
static gboolean
may_have_contexts (void)
{
  return g_main_depth () > 0 || g_main_context_get_thread_default () || ah_is_main_thread ();
}

void
ah_invoke_server_begin (AhInvokeServer *self, AhWaiter *waiter)
{
  *self = (AhInvokeServer){ .waiter = waiter, .listed = may_have_contexts () };
  if (!self->listed)
    return;

  self->link.data = self;

  g_mutex_lock (&lock);
  g_queue_push_tail_link (&servers, &self->link);
  g_mutex_unlock (&lock);
}

void
ah_invoke_server_end (AhInvokeServer *self)
{
  if (!self->listed)
    return;

  g_mutex_lock (&lock);
  g_queue_unlink (&servers, &self->link);
  g_mutex_unlock (&lock);
}

/* The first that is invoked on a context which the calling thread keeps from being iterated, both
 * with references. */
static Invocation *
ref_first (GMainContext **context)
{
  Invocation *found = NULL;

  g_mutex_lock (&lock);
  for (GList *l = pending.head; l && found == NULL; l = l->next)
    {
      Invocation *candidate = l->data;

      if (g_atomic_int_get (&candidate->state) == INVOCATION_PENDING
          && ah_idle_loop_stands_still (ah_loop_get_context (candidate->loop)))
        {
          g_atomic_int_inc (&candidate->ref_count);
          found = candidate;
          *context = g_main_context_ref (ah_loop_get_context (candidate->loop));
        }
    }
  g_mutex_unlock (&lock);

  return found;
}

/* Whether it is worth to stop waiting and to look. */
gboolean
ah_invoke_server_is_asked (AhInvokeServer *self)
{
  g_autoptr (GMainContext) context = NULL;
  Invocation *first;

  if (!self->listed || g_atomic_int_get (&n_pending) == 0)
    return FALSE;

  first = ref_first (&context);
  if (first)
    invocation_unref (first);
  return first != NULL;
}

/* Does what is invoked on the contexts of the calling thread. */
void
ah_invoke_server_serve (AhInvokeServer *self)
{
  while (self->listed && g_atomic_int_get (&n_pending) > 0)
    {
      g_autoptr (GMainContext) context = NULL;
      Invocation *invocation = ref_first (&context);

      if (invocation == NULL)
        return;
      /* The default context may have been nobody's. */
      if (g_main_context_acquire (context))
        {
          invocation_run (invocation);
          g_main_context_release (context);
        }
      invocation_unref (invocation);
    }
}

/* --- In the invoking thread --- */

/* Acquires @context if it is the calling thread's own: nobody iterates it but this thread. */
static gboolean
acquire_own (GMainContext *context)
{
  gboolean own = context == g_main_context_get_thread_default ()
                 || (context == g_main_context_default () && ah_is_main_thread ());

  return (own || g_main_context_is_owner (context)) && g_main_context_acquire (context);
}

static void
post (Invocation *self)
{
  g_mutex_lock (&lock);
  g_queue_push_tail_link (&pending, &self->link);
  g_atomic_int_inc (&n_pending);
  for (GList *l = servers.head; l; l = l->next)
    ah_waiter_wake (((AhInvokeServer *) l->data)->waiter);
  g_mutex_unlock (&lock);

  ah_loop_post (self->loop, &self->item);
}

static void
unlist (Invocation *self)
{
  g_mutex_lock (&lock);
  g_queue_unlink (&pending, &self->link);
  g_atomic_int_add (&n_pending, -1);
  g_mutex_unlock (&lock);
}

static gboolean
is_over (Invocation *self, AhWaitCancel *cancel)
{
  if (g_atomic_int_get (&self->state) == INVOCATION_DONE)
    return TRUE;

  return ah_wait_cancel_is_cancelled (cancel)
         && g_atomic_int_compare_and_exchange (&self->state, INVOCATION_PENDING,
                                               INVOCATION_GIVEN_UP);
}

/* Until the function has ended, or will never be called. */
static void
wait_for (Invocation *self)
{
  g_autoptr (AhWaitCancel) cancel = ah_wait_cancel_new (self->cancellable, self->waiter);
  AhInvokeServer server;

  ah_invoke_server_begin (&server, self->waiter);
  ah_worker_begin_wait (FALSE);
  for (;;)
    {
      ah_waiter_prepare (self->waiter);
      if (is_over (self, cancel))
        break;
      if (ah_invoke_server_is_asked (&server))
        {
          ah_waiter_stay (self->waiter);
          ah_worker_end_wait ();
          ah_invoke_server_serve (&server);
          ah_worker_begin_wait (FALSE);
        }
      else
        {
          ah_waiter_sleep (self->waiter);
        }
    }
  ah_waiter_stay (self->waiter);
  ah_worker_end_wait ();
  ah_invoke_server_end (&server);
}

/**
 * ah_invoke:
 * @context: (nullable): a main context; %NULL for the default one
 * @func: (scope call) (closure user_data): the function
 * @user_data: (nullable): what to give it
 * @cancellable: (nullable): ends the wait with %G_IO_ERROR_CANCELLED as long as @func has not
 * begun, and is given to it; %NULL for that of the function that calls this, where a run called it
 * @result: (out caller-allocates) (optional): an empty value, which gets what @func gave: %NULL of
 * type `G_TYPE_POINTER` where that is nothing
 * @error: return location for an error
 *
 * Runs a piece of a blocking function inside a main context, and waits for it.
 *
 * @func runs in the thread of the context, between two dispatches: nothing else of the loop runs
 * meanwhile, so it may do what only that thread may, such as to use GTK. In the thread that owns
 * the context it is called at once. While that thread waits in [func@block], [method@Future.wait]
 * or this function, it is called there. Where nobody iterates the context any more, the wait lasts
 * until @cancellable ends it; then @func is not called.
 *
 * Inside a strand this is a blocking region: the turn ends, and comes back before this returns.
 *
 * The error is that of @func, or %G_IO_ERROR_CANCELLED.
 *
 * May be called from any thread.
 *
 * Returns: %TRUE if @func ran without an error
 */
gboolean
ah_invoke (GMainContext *context,
           AhBlockingFunc func,
           gpointer user_data,
           GCancellable *cancellable,
           GValue *result,
           GError **error)
{
  AhInside inside = { .kind = AH_INSIDE_WAIT };
  GValue value = G_VALUE_INIT;
  GError *local_error = NULL;
  Invocation *self;

  g_return_val_if_fail (func != NULL, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (result == NULL || !G_VALUE_TYPE (result), FALSE);

  if (context == NULL)
    context = g_main_context_default ();
  if (cancellable == NULL)
    cancellable = ah_inside_get_cancellable ();
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  if (acquire_own (context))
    {
      call (func, user_data, context, cancellable, &value, &local_error);
      g_main_context_release (context);
      return hand_over (&value, local_error, result, error);
    }

  self = g_new0 (Invocation, 1);
  self->ref_count = 2;
  self->loop = ah_loop_get (context, G_PRIORITY_DEFAULT);
  ah_loop_item_init (&self->item, invocation_dispatch);
  self->func = func;
  self->user_data = user_data;
  self->cancellable = cancellable;
  self->waiter = ah_waiter_new (NULL);
  self->link.data = self;

  ah_inside_push (&inside);
  post (self);
  wait_for (self);
  unlist (self);
  if (ah_loop_withdraw (self->loop, &self->item))
    invocation_unref (self);
  ah_loop_unref (self->loop);
  ah_inside_pop (&inside);

  value = self->value;
  local_error = self->error;
  if (g_atomic_int_get (&self->state) == INVOCATION_GIVEN_UP)
    g_set_error_literal (&local_error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                         _ ("The wait for the main context was cancelled before it ran the "
                            "function"));
  invocation_unref (self);

  return hand_over (&value, local_error, result, error);
}
