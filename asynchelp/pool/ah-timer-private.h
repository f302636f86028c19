/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Deadlines that need nobody's main loop. One thread for the process, "ah-timer", is started on
 * demand, holds them all, and ends itself after 10 s without any.
 *
 * All of this may be called from any thread, with any lock held that neither a timer function nor
 * a data_unref takes, and from timer functions.
 *
 * In a child after fork () there is no timer thread: nothing becomes due there, and nothing of
 * this may be called (the lock may be held by a thread that the child does not have). The parent
 * notices nothing.
 */
typedef struct _AhTimer AhTimer;

/* Called in the timer thread with no lock held, so it has to be quick: all others wait meanwhile.
 * Returns when to be called next (in µs of g_get_monotonic_time ()), or 0 for never again. */
typedef gint64 (*AhTimerFunc) (gpointer data);

/*
 * Has @func called at @due_us (in µs of g_get_monotonic_time (); as soon as possible, if past).
 * @data_unref is called when @func will not be called again: in the timer thread after the last
 * call, or in the thread that cancels. The handle stays valid until ah_timer_cancel (), which must
 * be called in each case, once.
 *
 * Returns NULL with @error, and leaves @data to the caller, if no thread could be started.
 */
AhTimer *ah_timer_new    (gint64           due_us,
                          AhTimerFunc      func,
                          gpointer         data,
                          GDestroyNotify   data_unref,
                          GError         **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Ends @timer and consumes the handle. No call begins after this has returned. One that is under
 * way in the timer thread is not waited for, so that a function can cancel its own timer, and
 * anyone can cancel while holding a lock that the function takes; @data lives until it is over.
 */
void     ah_timer_cancel (AhTimer         *timer);

/* For tests: while not 0, no thread can be started. Accessed atomically. */
extern gint ah_timer_test_refuse_thread;

/* For tests: after how many ms without deadlines the thread ends. Accessed atomically. */
extern gint ah_timer_test_linger_ms;

G_END_DECLS
