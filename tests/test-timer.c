/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The timer thread: deadlines in order, repeated, cancelled from everywhere, many at once. */

#include "asynchelp/pool/ah-timer-private.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 100000

/* Nothing here depends on how long something takes, but nothing may wait for ever either. */
#define PATIENCE_US (G_GINT64_CONSTANT (120) * G_USEC_PER_SEC)

#define FAR_FUTURE (g_get_monotonic_time () + G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)

static gint n_calls;    /* atomic */
static gint n_released; /* atomic */

static void
await (gint *number, gint expected)
{
  gint64 until = g_get_monotonic_time () + PATIENCE_US;

  while (g_atomic_int_get (number) != expected)
    {
      if (g_get_monotonic_time () > until)
        g_error ("still %d instead of %d", g_atomic_int_get (number), expected);
      g_usleep (500);
    }
}

static guint
count_timer_threads (void)
{
  g_autoptr (GDir) directory = g_dir_open ("/proc/self/task", 0, NULL);
  const char *tid;
  guint count = 0;

  g_assert_nonnull (directory);
  while ((tid = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", tid, "comm", NULL);
      g_autofree char *name = NULL;

      if (g_file_get_contents (path, &name, NULL, NULL) && g_str_equal (name, "ah-timer\n"))
        count++;
    }

  return count;
}

/* A thread names itself, so its name can be a moment late. */
static void
await_timer_threads (guint expected)
{
  gint64 until = g_get_monotonic_time () + PATIENCE_US;

  while (count_timer_threads () != expected)
    {
      if (g_get_monotonic_time () > until)
        g_error ("still %u timer threads", count_timer_threads ());
      g_usleep (500);
    }
}

static AhTimer *
new_timer (gint64 due_us, AhTimerFunc func, gpointer data, GDestroyNotify data_unref)
{
  g_autoptr (GError) error = NULL;
  AhTimer *timer = ah_timer_new (due_us, func, data, data_unref, &error);

  g_assert_no_error (error);
  g_assert_nonnull (timer);

  return timer;
}

static void
reset (void)
{
  g_atomic_int_set (&n_calls, 0);
  g_atomic_int_set (&n_released, 0);
}

static gint64
count_call (gpointer data)
{
  (void) data;
  g_atomic_int_inc (&n_calls);

  return 0;
}

static void
count_release (gpointer data)
{
  (void) data;
  g_atomic_int_inc (&n_released);
}

static void
test_once (void)
{
  gint64 due = g_get_monotonic_time () + 5000;
  AhTimer *timer;

  reset ();
  timer = new_timer (due, count_call, NULL, count_release);
  await (&n_released, 1);
  g_assert_cmpint (g_get_monotonic_time (), >=, due);
  g_assert_cmpint (g_atomic_int_get (&n_calls), ==, 1);

  ah_timer_cancel (timer);
  g_assert_cmpint (g_atomic_int_get (&n_released), ==, 1);
}

static void
test_past_and_without_release (void)
{
  AhTimer *timers[3];

  reset ();
  timers[0] = new_timer (G_MININT64, count_call, NULL, NULL);
  timers[1] = new_timer (0, count_call, NULL, NULL);
  timers[2] = new_timer (g_get_monotonic_time (), count_call, NULL, NULL);
  await (&n_calls, 3);
  for (guint i = 0; i < 3; i++)
    ah_timer_cancel (timers[i]);
}

/* An earlier deadline wakes the thread, though it sleeps for a later one or for none at all. */
static void
test_earlier_wakes (void)
{
  AhTimer *late, *early;

  reset ();
  late = new_timer (FAR_FUTURE, count_call, NULL, count_release);
  for (gint i = 1; i <= 20; i++)
    {
      /* Let it fall asleep. */
      g_usleep (2000);
      early = new_timer (g_get_monotonic_time () + 1000, count_call, NULL, NULL);
      await (&n_calls, i);
      ah_timer_cancel (early);
    }
  ah_timer_cancel (late);
  g_assert_cmpint (g_atomic_int_get (&n_released), ==, 1);

  g_usleep (2000);
  early = new_timer (0, count_call, NULL, NULL);
  await (&n_calls, 21);
  ah_timer_cancel (early);
}

typedef struct
{
  AhTimer *timer;    /* atomic */
  gint entered;      /* atomic */
  gint may_go_on;    /* atomic */
  GThread *releaser; /* atomic */
} Gate;

static gint64
wait_at_gate (gpointer data)
{
  Gate *gate = data;

  g_atomic_int_inc (&n_calls);
  g_atomic_int_set (&gate->entered, 1);
  await (&gate->may_go_on, 1);

  return 1;
}

static void
release_gate (gpointer data)
{
  Gate *gate = data;

  g_atomic_pointer_set (&gate->releaser, g_thread_self ());
  g_atomic_int_inc (&n_released);
}

typedef struct
{
  gint64 due;
  gint order; /* of the call; -1 before */
  AhTimer *timer;
} Entry;

static gint64
note_order (gpointer data)
{
  Entry *entry = data;

  g_assert_cmpint (g_get_monotonic_time (), >=, entry->due);
  entry->order = g_atomic_int_add (&n_calls, 1);

  return 0;
}

static gint
compare_due (gconstpointer a, gconstpointer b)
{
  const Entry *const *one = a;
  const Entry *const *other = b;

  return ((*one)->due > (*other)->due) - ((*one)->due < (*other)->due);
}

/* Many deadlines in no order, a third of them cancelled in no order; the rest is called in order,
 * even if all of them are due already: the thread is held up meanwhile. */
static void
test_order (void)
{
  const guint n = 3000;
  g_autofree Entry *entries = g_new0 (Entry, n);
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();
  gint64 start = g_get_monotonic_time ();
  Gate gate = { 0 };
  AhTimer *gated;

  reset ();
  gated = new_timer (0, wait_at_gate, &gate, NULL);
  await (&gate.entered, 1);

  for (guint i = 0; i < n; i++)
    {
      entries[i].due = start + g_test_rand_int_range (0, 100000);
      entries[i].order = -1;
      entries[i].timer = new_timer (entries[i].due, note_order, &entries[i], count_release);
    }
  for (guint i = 0; i < n; i++)
    {
      if (g_test_rand_int_range (0, 3) == 0)
        ah_timer_cancel (entries[i].timer);
      else
        g_ptr_array_add (kept, &entries[i]);
    }
  g_assert_cmpint (g_atomic_int_get (&n_released), ==, n - kept->len);

  ah_timer_cancel (gated);
  g_atomic_int_set (&gate.may_go_on, 1);
  await (&n_released, n);
  g_assert_cmpint (g_atomic_int_get (&n_calls), ==, 1 + kept->len);

  g_ptr_array_sort (kept, compare_due);
  for (guint i = 0; i < kept->len; i++)
    {
      const Entry *entry = g_ptr_array_index (kept, i);
      const Entry *before = i > 0 ? g_ptr_array_index (kept, i - 1) : NULL;

      g_assert_cmpint (entry->order, >, 0);
      /* Equal ones may be called in any order. */
      if (before != NULL && before->due < entry->due)
        g_assert_cmpint (before->order, <, entry->order);
      ah_timer_cancel (entry->timer);
    }
}

static gint64
count_to_five (gpointer data)
{
  gint *count = data;

  g_atomic_int_inc (&n_calls);

  return ++*count == 5 ? 0 : g_get_monotonic_time () + 1000;
}

static void
test_repeats (void)
{
  gint count = 0;
  AhTimer *timer;

  reset ();
  timer = new_timer (0, count_to_five, &count, count_release);
  await (&n_released, 1);
  g_assert_cmpint (g_atomic_int_get (&n_calls), ==, 5);
  ah_timer_cancel (timer);
}

static gint64
always_past (gpointer data)
{
  (void) data;

  return 1;
}

/* A function that is always due does not starve the others. */
static void
test_always_due (void)
{
  AhTimer *greedy, *other;

  reset ();
  greedy = new_timer (0, always_past, NULL, count_release);
  other = new_timer (g_get_monotonic_time () + 2000, count_call, NULL, NULL);
  await (&n_calls, 1);
  ah_timer_cancel (other);
  ah_timer_cancel (greedy);
  await (&n_released, 1);
}

static void
note_thread (gpointer data)
{
  g_atomic_pointer_set ((GThread **) data, g_thread_self ());
  g_atomic_int_inc (&n_released);
}

static void
test_cancel_releases_here (void)
{
  GThread *releaser = NULL;
  AhTimer *timer;

  reset ();
  timer = new_timer (FAR_FUTURE, count_call, &releaser, note_thread);
  g_assert_cmpint (g_atomic_int_get (&n_released), ==, 0);
  ah_timer_cancel (timer);
  g_assert_cmpint (g_atomic_int_get (&n_released), ==, 1);
  g_assert_true (releaser == g_thread_self ());
  g_assert_cmpint (g_atomic_int_get (&n_calls), ==, 0);
}

static gint64
cancel_self (gpointer data)
{
  Gate *gate = data;

  await (&gate->may_go_on, 1);
  ah_timer_cancel (gate->timer);
  g_assert_cmpint (g_atomic_int_get (&n_released), ==, 0);
  g_atomic_int_inc (&n_calls);

  return 1; /* ignored */
}

static void
test_cancel_inside (void)
{
  Gate gate = { 0 };

  reset ();
  gate.timer = new_timer (0, cancel_self, &gate, count_release);
  g_atomic_int_set (&gate.may_go_on, 1);
  await (&n_released, 1);
  g_assert_cmpint (g_atomic_int_get (&n_calls), ==, 1);
}

/* Cancelling does not wait for the call that is under way; its data lives until it has returned. */
static void
test_cancel_during_call (void)
{
  Gate gate = { 0 };
  AhTimer *timer;

  reset ();
  timer = new_timer (0, wait_at_gate, &gate, release_gate);
  await (&gate.entered, 1);
  ah_timer_cancel (timer);
  g_assert_cmpint (g_atomic_int_get (&n_released), ==, 0);
  g_atomic_int_set (&gate.may_go_on, 1);
  await (&n_released, 1);
  g_assert_true (g_atomic_pointer_get (&gate.releaser) != g_thread_self ());
  g_assert_cmpint (g_atomic_int_get (&n_calls), ==, 1);
}

static void
wait_in_release (gpointer data)
{
  Gate *gate = data;

  g_atomic_int_set (&gate->entered, 1);
  await (&gate->may_go_on, 1);
  g_atomic_int_inc (&n_released);
}

static void
test_cancel_during_release (void)
{
  Gate gate = { 0 };
  AhTimer *timer;

  reset ();
  timer = new_timer (0, count_call, &gate, wait_in_release);
  await (&gate.entered, 1);
  ah_timer_cancel (timer);
  g_atomic_int_set (&gate.may_go_on, 1);
  await (&n_released, 1);
}

/* No lock is held while foreign code runs: it may use timers itself. */
static void
use_timers (gpointer data)
{
  (void) data;
  ah_timer_cancel (new_timer (FAR_FUTURE, count_call, NULL, NULL));
  g_atomic_int_inc (&n_released);
}

static gint64
use_timers_in_call (gpointer data)
{
  use_timers (data);

  return 0;
}

static void
test_no_lock_held (void)
{
  AhTimer *timer;

  reset ();
  timer = new_timer (0, use_timers_in_call, NULL, use_timers);
  await (&n_released, 2);
  ah_timer_cancel (timer);

  ah_timer_cancel (new_timer (FAR_FUTURE, count_call, NULL, use_timers));
  g_assert_cmpint (g_atomic_int_get (&n_released), ==, 3);
}

static void
test_many (void)
{
  g_autofree AhTimer **timers = g_new (AhTimer *, MANY);
  gint64 far = FAR_FUTURE;

  reset ();
  for (guint i = 0; i < MANY; i++)
    timers[i] = new_timer (i % 2 == 0 ? far - i : g_get_monotonic_time () + i % 1000, count_call,
                           NULL, count_release);
  await (&n_calls, MANY / 2);
  for (guint i = 0; i < MANY; i++)
    ah_timer_cancel (timers[i]);
  await (&n_released, MANY);
  g_assert_cmpint (g_atomic_int_get (&n_calls), ==, MANY / 2);
  await_timer_threads (1);
}

#define N_RACERS 4
#define N_ROUNDS 5000

static gpointer
race (gpointer data)
{
  GRand *random = g_rand_new_with_seed (GPOINTER_TO_UINT (data));

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      gint64 due = g_get_monotonic_time () + g_rand_int_range (random, 0, 100);
      AhTimer *timer = new_timer (due, count_call, NULL, count_release);

      if (g_rand_boolean (random))
        while (g_get_monotonic_time () < due)
          g_thread_yield ();
      ah_timer_cancel (timer);
    }
  g_rand_free (random);

  return NULL;
}

/* Cancelling races against calling: each timer is called at most once, and released once. */
static void
test_race (void)
{
  GThread *racers[N_RACERS];

  reset ();
  for (guint i = 0; i < N_RACERS; i++)
    racers[i] = g_thread_new ("racer", race, GUINT_TO_POINTER (i));
  for (guint i = 0; i < N_RACERS; i++)
    g_thread_join (racers[i]);

  await (&n_released, N_RACERS * N_ROUNDS);
  g_assert_cmpint (g_atomic_int_get (&n_calls), <=, N_RACERS * N_ROUNDS);
}

/* Has the thread end, with the linger time that is set now. */
static void
end_timer_thread (void)
{
  AhTimer *timer = new_timer (FAR_FUTURE, count_call, NULL, NULL);
  AhTimer *waking = new_timer (0, count_call, NULL, NULL);

  /* It has to be seen once, else one that is about to begin looks like one that has ended. */
  await_timer_threads (1);
  ah_timer_cancel (waking);
  ah_timer_cancel (timer);
  await_timer_threads (0);
}

/* The thread stays while there is a deadline, goes when there was none for a while, and a new one
 * comes when needed. */
static void
test_thread_ends (void)
{
  gint linger = g_atomic_int_get (&ah_timer_test_linger_ms);
  AhTimer *near, *far;

  g_assert_cmpint (linger, ==, 10000);

  g_atomic_int_set (&ah_timer_test_linger_ms, 20);
  end_timer_thread ();

  for (gint round = 0; round < 3; round++)
    {
      reset ();
      far = new_timer (FAR_FUTURE, count_call, NULL, NULL);
      await_timer_threads (1);
      near = new_timer (0, count_call, NULL, NULL);
      await (&n_calls, 1);
      ah_timer_cancel (near);
      g_usleep (60000);
      g_assert_cmpuint (count_timer_threads (), ==, 1);
      ah_timer_cancel (far);
      await_timer_threads (0);
    }

  /* Due after the thread would have gone: it is not told, and has to see for itself. */
  near = new_timer (0, count_call, NULL, NULL);
  await (&n_calls, 2);
  ah_timer_cancel (near);
  near = new_timer (g_get_monotonic_time () + 60000, count_call, NULL, NULL);
  await (&n_calls, 3);
  ah_timer_cancel (near);

  g_atomic_int_set (&ah_timer_test_linger_ms, linger);
}

static void
test_thread_refused (void)
{
  g_autoptr (GError) error = NULL;
  gint linger = g_atomic_int_get (&ah_timer_test_linger_ms);
  AhTimer *timer;

  g_atomic_int_set (&ah_timer_test_linger_ms, 20);
  end_timer_thread ();
  g_atomic_int_set (&ah_timer_test_linger_ms, linger);

  reset ();
  g_atomic_int_set (&ah_timer_test_refuse_thread, 1);
  g_assert_null (ah_timer_new (0, count_call, NULL, count_release, &error));
  g_assert_error (error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN);
  g_assert_null (ah_timer_new (0, count_call, NULL, count_release, NULL));
  g_atomic_int_set (&ah_timer_test_refuse_thread, 0);

  /* The data was left to us, nothing of it is called later, and the next one works again. */
  timer = new_timer (0, count_call, NULL, NULL);
  await (&n_calls, 1);
  ah_timer_cancel (timer);
  g_assert_cmpint (g_atomic_int_get (&n_released), ==, 0);

  /* With a thread there, none is needed. */
  g_atomic_int_set (&ah_timer_test_refuse_thread, 1);
  timer = new_timer (0, count_call, NULL, NULL);
  await (&n_calls, 2);
  ah_timer_cancel (timer);
  g_atomic_int_set (&ah_timer_test_refuse_thread, 0);
}

/* The parent's timers go on when it forks, with deadlines waiting and while one is being called. */
static void
test_fork (void)
{
  Gate gate = { 0 };
  AhTimer *later, *gated;

  reset ();
  gated = new_timer (0, wait_at_gate, &gate, release_gate);
  await (&gate.entered, 1);
  later = new_timer (g_get_monotonic_time () + 1000, count_call, NULL, count_release);

  for (guint i = 0; i < 10; i++)
    {
      pid_t child = fork ();
      int status;

      g_assert_cmpint (child, >=, 0);
      /* Nothing runs at the child's exit: a leak checker would miss the thread's stack there. */
      if (child == 0)
        kill (getpid (), SIGKILL);
      g_assert_cmpint (waitpid (child, &status, 0), ==, child);
      g_assert_true (WIFSIGNALED (status));
      g_assert_cmpint (WTERMSIG (status), ==, SIGKILL);
    }

  ah_timer_cancel (gated);
  g_atomic_int_set (&gate.may_go_on, 1);
  await (&n_released, 2);
  g_assert_cmpint (g_atomic_int_get (&n_calls), ==, 2);
  ah_timer_cancel (later);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/timer/once", test_once);
  g_test_add_func ("/timer/past-and-without-release", test_past_and_without_release);
  g_test_add_func ("/timer/earlier-wakes", test_earlier_wakes);
  g_test_add_func ("/timer/order", test_order);
  g_test_add_func ("/timer/repeats", test_repeats);
  g_test_add_func ("/timer/always-due", test_always_due);
  g_test_add_func ("/timer/cancel-releases-here", test_cancel_releases_here);
  g_test_add_func ("/timer/cancel-inside", test_cancel_inside);
  g_test_add_func ("/timer/cancel-during-call", test_cancel_during_call);
  g_test_add_func ("/timer/cancel-during-release", test_cancel_during_release);
  g_test_add_func ("/timer/no-lock-held", test_no_lock_held);
  g_test_add_func ("/timer/many", test_many);
  g_test_add_func ("/timer/race", test_race);
  g_test_add_func ("/timer/thread-ends", test_thread_ends);
  g_test_add_func ("/timer/thread-refused", test_thread_refused);
  g_test_add_func ("/timer/fork", test_fork);

  return g_test_run ();
}
