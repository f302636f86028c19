/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "asynchelp/pool/ah-timer-private.h"

#define NOT_IN_HEAP G_MAXSIZE
#define LINGER_MS 10000
#define INITIAL_CAPACITY 64

typedef enum
{
  TIMER_WAITING,   /* in the heap */
  TIMER_CALLED,    /* out of the heap: its function is being called */
  TIMER_CANCELLED, /* the same, and the handle is gone: the timer thread frees it */
  TIMER_OVER,      /* done with @data; only the handle is left */
} TimerState;

struct _AhTimer
{
  AhTimerFunc func;          /* constant */
  gpointer data;             /* constant */
  GDestroyNotify data_unref; /* constant, nullable */

  gint64 due_us;    /* guarded by timers.mutex; constant while in the heap */
  gsize index;      /* guarded by timers.mutex; place in the heap, or NOT_IN_HEAP */
  TimerState state; /* guarded by timers.mutex */
};

static struct
{
  GMutex mutex;
  GCond cond; /* only the timer thread waits for it */

  /* The rest is guarded by mutex. */
  AhTimer **heap; /* binary heap, the earliest first */
  gsize n_timers;
  gsize capacity;
  gboolean has_thread;
  gint64 wakes_at_us; /* when the thread will wake by itself; G_MININT64 while it is awake */
} timers;

gint ah_timer_test_refuse_thread = 0;
gint ah_timer_test_linger_ms = LINGER_MS;

static void
heap_place_locked (AhTimer *timer, gsize index)
{
  timers.heap[index] = timer;
  timer->index = index;
}

static void
heap_sift_up_locked (AhTimer *timer, gsize index)
{
  while (index > 0)
    {
      gsize parent = (index - 1) / 2;

      if (timers.heap[parent]->due_us <= timer->due_us)
        break;

      heap_place_locked (timers.heap[parent], index);
      index = parent;
    }

  heap_place_locked (timer, index);
}

static void
heap_sift_down_locked (AhTimer *timer, gsize index)
{
  while (2 * index + 1 < timers.n_timers)
    {
      gsize child = 2 * index + 1;

      if (child + 1 < timers.n_timers
          && timers.heap[child + 1]->due_us < timers.heap[child]->due_us)
        child++;

      if (timer->due_us <= timers.heap[child]->due_us)
        break;

      heap_place_locked (timers.heap[child], index);
      index = child;
    }

  heap_place_locked (timer, index);
}

static void
heap_insert_locked (AhTimer *timer)
{
  if (timers.n_timers == timers.capacity)
    {
      timers.capacity = MAX (timers.capacity * 2, INITIAL_CAPACITY);
      timers.heap = g_renew (AhTimer *, timers.heap, timers.capacity);
    }

  timers.n_timers++;
  heap_sift_up_locked (timer, timers.n_timers - 1);
}

static void
heap_remove_locked (AhTimer *timer)
{
  gsize hole = timer->index;
  AhTimer *last;

  timers.n_timers--;
  last = timers.heap[timers.n_timers];
  timer->index = NOT_IN_HEAP;

  if (last == timer)
    return;

  /* The last one comes from another branch, so it may belong above the hole as well as below. */
  if (hole > 0 && last->due_us < timers.heap[(hole - 1) / 2]->due_us)
    heap_sift_up_locked (last, hole);
  else
    heap_sift_down_locked (last, hole);
}

static void
release_data (AhTimer *timer)
{
  if (timer->data_unref != NULL)
    timer->data_unref (timer->data);
}

/* Calls the function of @timer, which is due, and puts the timer where it belongs afterwards. */
static void
call_unlocking (AhTimer *timer)
{
  gint64 next_us;
  gboolean was_cancelled;

  heap_remove_locked (timer);
  timer->state = TIMER_CALLED;
  g_mutex_unlock (&timers.mutex);

  next_us = timer->func (timer->data);

  g_mutex_lock (&timers.mutex);
  was_cancelled = timer->state == TIMER_CANCELLED;

  if (!was_cancelled && next_us != 0)
    {
      /* A function that keeps asking for a time long past must not hold up the others. */
      timer->due_us = MAX (next_us, g_get_monotonic_time ());
      timer->state = TIMER_WAITING;
      heap_insert_locked (timer);
      return;
    }

  /* While the state is TIMER_CALLED the handle is the caller's and the data is ours, so that the
   * data may be released without the lock; a cancel meanwhile hands us the handle as well. */
  g_mutex_unlock (&timers.mutex);
  release_data (timer);
  g_mutex_lock (&timers.mutex);

  if (timer->state == TIMER_CANCELLED)
    g_free (timer);
  else
    timer->state = TIMER_OVER;
}

static gint64
get_linger_end (void)
{
  return g_get_monotonic_time ()
         + g_atomic_int_get (&ah_timer_test_linger_ms) * G_GINT64_CONSTANT (1000);
}

/* Counts the thread as awake from here on, so that a row of calls wakes it once. */
static void
wake_thread_locked (void)
{
  timers.wakes_at_us = G_MININT64;
  g_cond_signal (&timers.cond);
}

/* Returns FALSE if @until_us passed without a signal. */
static gboolean
sleep_locked (gint64 until_us)
{
  gboolean signalled;

  timers.wakes_at_us = until_us;
  signalled = g_cond_wait_until (&timers.cond, &timers.mutex, until_us);
  timers.wakes_at_us = G_MININT64;

  return signalled;
}

static gpointer
timer_thread (gpointer data)
{
  (void) data;

  g_mutex_lock (&timers.mutex);

  while (TRUE)
    {
      if (timers.n_timers > 0)
        {
          AhTimer *first = timers.heap[0];

          if (first->due_us <= g_get_monotonic_time ())
            call_unlocking (first);
          else
            sleep_locked (first->due_us);
        }
      else if (!sleep_locked (get_linger_end ()) && timers.n_timers == 0)
        break;
    }

  g_clear_pointer (&timers.heap, g_free);
  timers.capacity = 0;
  timers.has_thread = FALSE;
  g_mutex_unlock (&timers.mutex);

  return NULL;
}

static GThread *
ah_thread_try_new (const char *name, GThreadFunc func, gpointer data, GError **error)
{
  if (g_atomic_int_get (&ah_timer_test_refuse_thread) != 0)
    {
      g_set_error_literal (error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN, "Thread start refused");
      return NULL;
    }

  return g_thread_try_new (name, func, data, error);
}

static gboolean
ensure_thread_locked (GError **error)
{
  GThread *thread;

  if (timers.has_thread)
    return TRUE;

  /* Before it has looked at the heap for the first time, the thread needs no signal. */
  timers.wakes_at_us = G_MININT64;
  thread = ah_thread_try_new ("ah-timer", timer_thread, NULL, error);
  if (thread == NULL)
    return FALSE;

  g_thread_unref (thread);
  timers.has_thread = TRUE;

  return TRUE;
}

AhTimer *
ah_timer_new (gint64 due_us,
              AhTimerFunc func,
              gpointer data,
              GDestroyNotify data_unref,
              GError **error)
{
  AhTimer *timer;

  g_return_val_if_fail (func != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_mutex_lock (&timers.mutex);

  if (!ensure_thread_locked (error))
    {
      g_mutex_unlock (&timers.mutex);
      return NULL;
    }

  timer = g_new0 (AhTimer, 1);
  timer->func = func;
  timer->data = data;
  timer->data_unref = data_unref;
  timer->due_us = due_us;
  timer->state = TIMER_WAITING;
  heap_insert_locked (timer);

  /* Not for each new earliest deadline: the thread may wake before it anyway. */
  if (due_us < timers.wakes_at_us)
    wake_thread_locked ();

  g_mutex_unlock (&timers.mutex);

  return timer;
}

void
ah_timer_cancel (AhTimer *timer)
{
  TimerState state;

  g_return_if_fail (timer != NULL);

  g_mutex_lock (&timers.mutex);

  state = timer->state;
  if (state == TIMER_WAITING)
    {
      heap_remove_locked (timer);

      /* Else the thread would stay for as long as the last deadline was away. */
      if (timers.n_timers == 0 && timers.wakes_at_us > get_linger_end ())
        wake_thread_locked ();
    }
  else if (state == TIMER_CALLED)
    timer->state = TIMER_CANCELLED;
  g_mutex_unlock (&timers.mutex);

  if (state == TIMER_WAITING)
    release_data (timer);
  if (state != TIMER_CALLED)
    g_free (timer);
}
