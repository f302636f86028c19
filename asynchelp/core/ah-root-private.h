/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/core/ah-run-private.h"

G_BEGIN_DECLS

typedef struct _AhDiscarded AhDiscarded;

/* How the outcome of an outermost run is delivered, in a dispatch of its context. */
typedef void (*AhDeliver) (AhRoot  *root,
                           gpointer data);

/*
 * What only an outermost run has: its context, its cancellable, those who wait for it, and what the
 * pool sees of it and of all that is nested in it.
 *
 * The memory may be freed by any thread, a worker too. What a user could notice (functions, values,
 * objects, contexts) is released before, by ah_root_release ().
 */
struct _AhRoot
{
  AhWorkSource source; /* first: the pool sees this */
  AhWorkSource launch; /* of a background run: the pool sees this before */
  gint         launched; /* atomic; by the one who begins the background run */

  gint ref_count; /* atomic */

  /* Constant from the start of the run. */
  AhWorkerPool *workers;
  AhFunction   *function;
  AhRun        *top;           /* in the same block of memory */
  AhLoop       *loop;         /* where async functions start; NULL where there are none */
  AhLoop       *deliver_loop; /* where `deliver` is called */
  gpointer      deliver_data;
  GWeakRef      future; /* of a background run */
  gboolean      run_now;       /* fails rather than to wait for a thread */
  AhRun        *outer;         /* whose function blocks on it, in the same thread; or NULL */
  gboolean      is_blocking;   /* a thread waits for it, and serves its loop */
  gboolean      is_background; /* that thread is a worker */

  GCancellable *cancellable; /* the caller's */
  gulong        cancelled_id;

  AhLoopItem deliver_item;
  AhLoopItem help;
  gint       ended;     /* atomic: no function is running any more */
  gint       finished;  /* atomic: and the thread that blocked, if any, is out of its loop */
  gint       released;  /* atomic */
  gint       n_open;    /* atomic, written under the lock */
  gint       n_starting; /* atomic: runs whose start on the loop goes on */
  gint       n_attending; /* atomic: threads that wait for this run and do nothing else */

  /* The thread that does nothing else than to bring this run forward, where there is one. */
  AhWaiter *helper;        /* written under the lock */
  GThread  *helper_thread; /* constant while there is a helper */
  gint      helper_works;  /* atomic: no function needs its loop */
  gboolean  helper_busy;   /* inside ah_root_work (); its own */
  int       helper_depth;  /* g_main_depth () outside its own dispatches; likewise */

  GMutex       lock;      /* guards the rest and the tree; taken after the pool's, before a run's */
  AhDeliver    deliver;   /* NULL where it is not wanted, or no longer */
  GQueue       open;      /* runs with something to claim, the deepest first */
  GQueue       waiters;   /* all, the helper too */
  GQueue       watches;   /* loop items with a loop, see ah_root_watch () */
  AhDiscarded *discarded; /* values that nobody gets */
  gboolean     help_asked;
  gboolean     admitted; /* workers have been asked for */
};

/* Something to be posted when the run has finished. */
typedef struct
{
  AhLoopItem item;
  AhLoop    *loop;
  gboolean   listed; /* guarded by the root's lock */
  GList      link;
} AhWatch;

AhRoot  *ah_root_new            (AhFunction          *function,
                                 GCancellable        *cancellable,
                                 gboolean             own_cancellable);
AhRoot  *ah_root_ref            (AhRoot              *self);
void     ah_root_unref          (AhRoot              *self);
void     ah_root_release        (AhRoot              *self);

void     ah_root_begin          (AhRoot              *self);
void     ah_root_serve          (AhRoot              *self);
gboolean ah_root_queue          (AhRoot              *self,
                                 GError             **error);
void     ah_root_launch         (AhRoot              *self);
void     ah_root_launch_stopped (AhRoot              *self);
void     ah_root_ask_for_help   (AhRoot              *self);
void     ah_root_let_go_turns   (AhRoot              *self,
                                 gboolean             overdue);
void     ah_root_withdraw_help  (AhRoot              *self);
void     ah_root_wait           (AhRoot              *self,
                                 AhWaiter            *waiter,
                                 gint                *interrupted);
void     ah_root_end            (AhRoot              *self);
void     ah_root_finish         (AhRoot              *self);
void     ah_root_withdraw       (AhRoot              *self);
gboolean ah_root_take_values    (AhRoot              *self,
                                 GValue             **values,
                                 GError             **error);
int      ah_root_get_priority   (AhFunction          *function);

void     ah_root_refuse         (AhRoot              *self,
                                 GError              *error);
void     ah_root_open           (AhRoot              *self,
                                 AhRun               *run);
void     ah_root_close          (AhRoot              *self,
                                 AhRun               *run);
void     ah_root_forget         (AhRoot              *self,
                                 AhRun               *run);
void     ah_root_work           (AhRoot              *self,
                                 gint64               until);
void     ah_root_discard        (AhRoot              *self,
                                 GValue              *values,
                                 guint                n_values);

void     ah_root_add_waiter     (AhRoot              *self,
                                 AhWaiter            *waiter);
void     ah_root_remove_waiter  (AhRoot              *self,
                                 AhWaiter            *waiter);
void     ah_root_wake_waiters   (AhRoot              *self);
void     ah_root_wake_waiters_locked
                                (AhRoot              *self);
gboolean ah_root_watch          (AhRoot              *self,
                                 AhWatch             *watch);
void     ah_root_post_watch     (AhRoot              *self,
                                 AhWatch             *watch);
void     ah_root_pass_lock      (AhRoot              *self);

static inline gboolean
ah_root_is_attended (AhRoot *self)
{
  return g_atomic_int_get (&self->n_attending) > 0;
}

static inline gboolean
ah_root_is_finished (AhRoot *self)
{
  return g_atomic_int_get (&self->finished);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AhRoot, ah_root_unref)

G_END_DECLS
