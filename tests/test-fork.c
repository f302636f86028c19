/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-strand.h"

#include <sys/wait.h>
#include <unistd.h>

/* A process that forks in the middle of everything: the child may do nothing with the library, and
 * goes; the parent does not notice. */

#define N_FORKS 10
#define N_FUNCTIONS 50

typedef struct
{
  AhTestShared shared;
  int n_invoked; /* touched inside the other context alone */
  int is_over;   /* atomic */
} World;

static void
count_invoked (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  ((World *) user_data)->n_invoked++;
}

static void
do_everything (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  World *world = user_data;

  ah_test_shared_visit (&world->shared);
  ah_blocking_begin ();
  ah_blocking_end ();
  ah_test_shared_visit (&world->shared);
  ah_invoke (ah_test_get_other_context (), count_invoked, world, NULL, NULL, error);
}

static void
end_at_once (GTask *task, gpointer user_data)
{
  g_task_return_value (task, NULL);
}

/* The child's exit status may be that of a leak checker, which misses the other threads there. */
static void
fork_once (void)
{
  pid_t child = fork ();
  int status;

  if (child == 0)
    _exit (0);
  g_assert_cmpint (child, >, 0);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
}

static gpointer
fork_often (gpointer data)
{
  World *world = data;

  for (int i = 0; i < N_FORKS; i++)
    fork_once ();
  g_atomic_int_set (&world->is_over, TRUE);
  return NULL;
}

/* Another thread forks while runs go on, in each of the ways. */
static void
test_fork (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  World world = { .n_invoked = 0 };
  GThread *thread;
  int n_runs = 0;

  ah_test_shared_init (&world.shared);
  thread = g_thread_new ("fork", fork_often, &world);
  while (!g_atomic_int_get (&world.is_over) || n_runs == 0)
    {
      g_auto (AhTestOutcome) outcome = { 0 };
      g_autoptr (AhBatch) batch
          = ah_test_strand_new_batch (params->kind, NULL, world.shared.strand);

      ah_batch_set_timeout (batch, 1000000);
      for (int i = 0; i < N_FUNCTIONS; i++)
        {
          ah_batch_schedule_blocking (batch, do_everything, &world, NULL);
          ah_batch_schedule_async (batch, end_at_once, NULL, NULL);
        }
      ah_test_way_run_batch (params->way, batch, NULL, &outcome);
      g_assert_no_error (outcome.error);
      n_runs++;
    }
  g_thread_join (thread);
  ah_test_shared_check (&world.shared, 2 * n_runs * N_FUNCTIONS);
  g_assert_cmpint (world.n_invoked, ==, n_runs * N_FUNCTIONS);

  ah_test_shared_clear (&world.shared);
  ah_test_assert_released ();
}

/* A function forks itself, inside a strand or a region. */
static void
fork_inside (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  g_autoptr (AhBlockingRegion) region = NULL;

  fork_once ();
  region = ah_blocking_region_new ();
  g_assert_nonnull (region);
  fork_once ();
}

static void
test_fork_inside (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (AhStrand) strand = ah_test_track (ah_strand_new ());
  g_autoptr (AhBatch) batch = ah_test_strand_new_batch (params->kind, NULL, strand);

  for (int i = 0; i < 5; i++)
    ah_batch_schedule_blocking (batch, fork_inside, NULL, NULL);
  ah_test_way_run_batch (params->way, batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  ah_test_strand_is_free (strand);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&batch);
  g_clear_object (&strand);
  ah_test_assert_released ();
}

int
main (int argc, char *argv[])
{
  ah_test_init (&argc, &argv);

  ah_test_add_product ("/fork/meanwhile", test_fork);
  ah_test_add_product ("/fork/inside", test_fork_inside);

  return ah_test_run ();
}
