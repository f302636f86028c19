/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <asynchelp.h>

/* How long a test waits for a condition (µs), before it is a hang. */
#define AH_TEST_PATIENCE (120 * G_USEC_PER_SEC)

/* Waits for something that another thread does. */
#define ah_test_wait_until(condition)                                          \
  G_STMT_START                                                                 \
  {                                                                            \
    gint64 ah_deadline = g_get_monotonic_time () + AH_TEST_PATIENCE;           \
    while (!(condition))                                                       \
      {                                                                        \
        if (g_get_monotonic_time () > ah_deadline)                             \
          g_error ("%s: waited in vain for: " #condition, G_STRLOC);              \
        g_usleep (200);                                                        \
      }                                                                        \
  }                                                                            \
  G_STMT_END

/* Waits for something that this thread's context or another thread does. */
#define ah_test_iterate_until(condition)                                       \
  G_STMT_START                                                                 \
  {                                                                            \
    gint64 ah_deadline = g_get_monotonic_time () + AH_TEST_PATIENCE;           \
    while (!(condition))                                                       \
      {                                                                        \
        if (g_get_monotonic_time () > ah_deadline)                             \
          g_error ("%s: waited in vain for: " #condition, G_STRLOC);              \
        if (!g_main_context_iteration (g_main_context_get_thread_default (), FALSE)) \
          g_usleep (200);                                                      \
      }                                                                        \
  }                                                                            \
  G_STMT_END

/* The ways to run a function. */
typedef enum
{
  AH_TEST_WAY_BLOCK,      /* ah_block () or ah_batch_block () */
  AH_TEST_WAY_RUN_ASYNC,  /* ah_run_async () or ah_batch_run_async () */
  AH_TEST_WAY_START_WAIT, /* ah_start (), then ah_future_wait () */
  AH_TEST_WAY_START_LOOP, /* ah_start (), then the main loop until notify::done */
  AH_TEST_WAY_BACKGROUND, /* ah_queue_background_thread (), then ah_future_wait () */
  AH_TEST_N_WAYS
} AhTestWay;

/* An event that happens once: closed until somebody opens it. */
typedef struct
{
  GMutex lock;
  GCond cond;
  gboolean is_open; /* guarded by lock */
} AhTestGate;

/* The means to cancel a run from inside one of its functions: a cancellable for the ways that take
 * one, else the future, which the test thread publishes once it has it. */
typedef struct
{
  AhTestWay way;
  GCancellable *cancellable;
  AhTestGate has_future;
  AhFuture *future; /* a reference; set before has_future opens */
} AhTestStop;

typedef struct
{
  GArray *results;  /* NULL where the run failed */
  GError *error;
  int failed_index; /* -1 also where the way has no future */
} AhTestOutcome;

/* What has to be over in time: see ah_test_limit_begin (). */
typedef struct
{
  AhTestGate is_over;
  GThread *watcher;
} AhTestLimit;

/* A value that counts how many of its kind there are and where they end. */
#define AH_TEST_TYPE_PROBE (ah_test_probe_get_type ())
G_DECLARE_FINAL_TYPE (AhTestProbe, ah_test_probe, AH_TEST, PROBE, GObject)

struct _AhTestProbe
{
  GObject parent_instance;

  int number;
  GThread *owner; /* where it must be finalized; NULL: anywhere */
};

void          ah_test_init               (int            *argc,
                                          char         ***argv);
int           ah_test_run                (void);

AhTestProbe  *ah_test_probe_new          (int             number,
                                          GThread        *owner);
int           ah_test_probe_get_n_alive  (void);
int           ah_test_probe_get_n_astray (void);

gpointer      ah_test_track              (gpointer        object);
void          ah_test_assert_released    (void);

void          ah_test_log_begin          (void);
GPtrArray    *ah_test_log_end            (void);
void          ah_test_log_end_one        (const char     *pattern);

void          ah_test_gate_init          (AhTestGate     *gate);
void          ah_test_gate_clear         (AhTestGate     *gate);
void          ah_test_gate_open          (AhTestGate     *gate);
void          ah_test_gate_wait          (AhTestGate     *gate);

AhTestLimit  *ah_test_limit_begin        (void);
void          ah_test_limit_end          (AhTestLimit    *limit);

GMainContext *ah_test_get_other_context  (void);
GThread      *ah_test_get_other_thread   (void);
void          ah_test_call_in            (GMainContext   *context,
                                          GSourceFunc     func,
                                          gpointer        user_data);
GSource      *ah_test_keep_awake         (GMainContext   *context);
void          ah_test_in_new_thread      (GThreadFunc     func,
                                          gpointer        user_data);
void          ah_test_in_dispatch        (GThreadFunc     func,
                                          gpointer        user_data);

const char   *ah_test_way_get_name       (AhTestWay       way);
gboolean      ah_test_way_run_function   (AhTestWay       way,
                                          AhFunction     *function,
                                          GCancellable   *cancellable,
                                          GValue         *result,
                                          GError        **error);
void          ah_test_way_run_batch      (AhTestWay       way,
                                          AhBatch        *batch,
                                          AhTestStop     *stop,
                                          AhTestOutcome  *outcome);
void          ah_test_outcome_clear      (AhTestOutcome  *outcome);

void          ah_test_stop_init          (AhTestStop     *stop,
                                          AhTestWay       way);
void          ah_test_stop_clear         (AhTestStop     *stop);
void          ah_test_stop_pull          (AhTestStop     *stop);

guint         ah_test_count_handlers     (GCancellable   *cancellable);
int           ah_test_get_int            (GArray         *results,
                                          guint           index);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AhTestOutcome, ah_test_outcome_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AhTestLimit, ah_test_limit_end)
