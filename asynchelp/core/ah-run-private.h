/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "asynchelp/ah-owner-private.h"
#include "asynchelp/core/ah-batch-private.h"
#include "asynchelp/core/ah-claims-private.h"
#include "asynchelp/core/ah-job-list-private.h"
#include "asynchelp/core/ah-loop-private.h"
#include "asynchelp/pool/ah-inside-private.h"
#include "asynchelp/pool/ah-timer-private.h"
#include "asynchelp/pool/ah-waiter-private.h"
#include "asynchelp/pool/ah-worker-pool-private.h"

G_BEGIN_DECLS

typedef struct _AhRun  AhRun;
typedef struct _AhRoot AhRoot;

/* What has become of a run. Decided once, by a compare-and-swap from GOING_ON. */
typedef enum
{
  AH_RUN_GOING_ON,
  AH_RUN_SUCCEEDED,
  AH_RUN_FAILED,    /* with the error of a function, or of the run itself */
  AH_RUN_CANCELLED,
  AH_RUN_TIMED_OUT,
} AhRunState;

/* Of a run on a strand: whose turn there is, as far as the run goes. */
typedef enum
{
  AH_TURN_NONE,    /* nobody has asked */
  AH_TURN_WAITING, /* the run's ticket stands in the line */
  AH_TURN_GRANTED, /* it is the run's, and no thread has taken it yet */
  AH_TURN_TAKEN,   /* a function of the run is inside */
} AhTurnState;

/*
 * One execution of one function or batch. Runs form a tree, as batches do; a nested run belongs to
 * the job of its parent that it executes.
 *
 * There are two ways of handing out jobs. Without a limit on concurrency, workers claim from
 * `claims`, which covers all indices (they pass over what is not theirs), while the loop goes
 * through what must be started there. With a limit (a serial run: one), jobs are begun strictly in
 * order, under the run's lock.
 */
struct _AhRun
{
  gint     ref_count; /* atomic */
  gpointer block;     /* of memory, to be freed; NULL for the outermost, a part of its root */

  /* Constant from the start. */
  AhRoot         *root;     /* outlives the run; no reference */
  AhRun          *parent;   /* likewise */
  guint           index;    /* in the parent */
  AhFunction     *function; /* the root has a reference, or the parent's job */
  AhJobView       jobs;
  AhErrorPolicy   policy;
  guint           limit;    /* 0: none */
  guint           timeout;  /* ms, 0: none */
  int             priority; /* of the outermost run */
  gboolean        is_batch;
  guint           n_looped; /* jobs that `start` starts; with a limit 0: they start singly */
  GValue         *values;   /* one for each job, written by whoever executes it */
  AhTurns        *turns;    /* of the strand of its functions, or NULL */
  GCancellable   *cancellable;        /* for blocking functions; NULL where there are none */
  gboolean        shares_cancellable; /* it is the caller's */
  AhTimer        *timer;

  /* Written by whoever moves `state` away from GOING_ON, read when the run has ended. */
  GError *error;
  guint   failed_index;

  gint state; /* AhRunState; atomic */
  gint open;  /* in the root's list of runs with something to claim; written under its lock */

  gboolean ended;   /* guarded by the root's lock, as are the next six */
  GList open_link;
  GList tree_link;  /* in the parent's children */
  GQueue children;  /* runs going on */
  GQueue visits;    /* functions on their way to their homes, or there */
  GQueue singles;   /* functions on their way to the root's context, of a run with a limit */
  gboolean cancel_posted;

  GMutex      lock;      /* guards the next two, of limited runs */
  guint       next;      /* index */
  guint       n_running; /* begun and not finished */
  AhTurnState turn;      /* and these three, of runs on a strand */
  gboolean    overdue;   /* the turn was granted some time ago */
  AhTicket    ticket;

  /* The part of the loop: touched in dispatches of the root's context alone. */
  AhLoopItem    start;
  AhLoopItem    cancel;
  guint         loop_next;        /* index */
  GCancellable *loop_cancellable; /* for async functions; the root has the reference */
  GPtrArray    *prepared;         /* calls with tasks of an earlier dispatch; likewise */

  gint loop_left; /* of n_looped: not begun; atomic */

  /* Of functions that share their calls, see ah-batch-shared.c. Both atomic: how many were executed
   * beyond one a call, or were not, where it is negative; and a list that has nothing left. */
  gint     n_ahead;
  gpointer exhausted;

  AhRun   *settle_next; /* the thread's list of runs to begin or end */
  gboolean begun;

  AhJob single; /* of a function that is no batch */
  AhJob *single_segment;

  /* Both atomic: what has to happen before the end, and how many functions have ended. */
  gint pending __attribute__ ((aligned (AH_CACHE_LINE)));
  gint n_finished;

  AhClaims claims;
};

#define AH_NO_FUNCTION G_MAXUINT

/* Life. A reference keeps the root too; the first one is the run's own, and ends with the run. */
void     ah_run_init           (AhRun        *self,
                                AhRoot       *root,
                                AhRun        *parent,
                                guint         index,
                                AhFunction   *function,
                                GCancellable *cancellable,
                                gboolean      can_stop);
AhRun   *ah_run_ref            (AhRun        *self);
void     ah_run_unref          (AhRun        *self);
void     ah_run_free_own       (AhRun        *self);

/* The engine, in any thread. */
void     ah_run_begin          (AhRun        *self);
void     ah_run_work           (AhRun        *self,
                                gint64        until);
AhRun   *ah_run_get_current    (void);
gboolean ah_run_is_inside      (AhFunction   *function);
guint    ah_run_count          (AhRun        *self);
void     ah_run_begin_nested   (AhRun        *self,
                                guint         index,
                                AhFunction   *batch);
void     ah_run_set_outcome    (AhRun        *self,
                                guint         index,
                                GError       *error);
void     ah_run_job_finished   (AhRun        *self);
void     ah_run_account        (AhRun        *self,
                                guint         n_pending,
                                guint         n_finished);
guint    ah_run_take_rest      (AhRun        *self);
GError  *ah_run_take_error     (AhRun        *self);
guint    ah_run_count_finished (AhRun        *self);
double   ah_run_get_fraction   (AhRun        *self);

guint    ah_run_count_locked   (AhRun        *self);
void     ah_run_call           (AhRun        *self,
                                guint         index,
                                const AhJob  *job);
guint    ah_run_advance        (AhRun        *self,
                                gboolean      job_finished,
                                gboolean      claims);

/* On a strand. */
void     ah_run_init_strand    (AhRun        *self);
void     ah_run_work_in_turns  (AhRun        *self,
                                gint64        until);
void     ah_run_drop_turn      (AhRun        *self);
void     ah_run_let_go_turn    (AhRun        *self,
                                gboolean      overdue);

/* Stopping, in any thread. */
void     ah_run_stop           (AhRun        *self,
                                AhRunState    why,
                                GError       *error,
                                guint         failed_index);
gpointer ah_run_suspend_settling (void);
void     ah_run_resume_settling  (gpointer      suspended);

/* What has to happen on main contexts. */
void     ah_run_init_looped    (AhRun        *self);
void     ah_run_start_looped   (AhRun        *self);
void     ah_run_start_one      (AhRun        *self,
                                guint         index);
void     ah_run_cancel_looped  (AhRun        *self);

static inline gboolean
ah_run_is_going_on (AhRun *self)
{
  return g_atomic_int_get (&self->state) == AH_RUN_GOING_ON;
}

static inline gboolean
ah_job_is_blocking (const AhJob *job)
{
  return job->kind == AH_JOB_BLOCKING || job->kind == AH_JOB_BLOCKING_FUNCTION;
}

G_END_DECLS
