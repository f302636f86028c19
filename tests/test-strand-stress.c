/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-strand.h"

/* Many strands, many turns, and everything at random: from GLib's seed, which is printed and can be
 * given by --seed. */

/* --- Many --- */

#define N_STRANDS 1000
#define N_TURNS 1000

static void
count_plainly (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  ++*(int *) user_data;
}

/* A thousand strands, and a million turns in all, from one run. */
static void
test_many_strands (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhBatch) outer = ah_test_track (ah_parallel_new ());
  g_autofree int *counts = g_new0 (int, N_STRANDS);
  g_auto (AhTestOutcome) outcome = { 0 };

  for (int i = 0; i < N_STRANDS; i++)
    {
      g_autoptr (AhStrand) strand = ah_test_track (ah_strand_new ());
      g_autoptr (AhBatch) batch = ah_test_strand_new_batch (AH_TEST_KIND_PARALLEL, NULL, strand);

      for (int j = 0; j < N_TURNS; j++)
        ah_batch_schedule_blocking (batch, count_plainly, &counts[i], NULL);
      ah_batch_schedule (outer, AH_FUNCTION (batch));
    }
  ah_test_way_run_batch (params->way, outer, NULL, &outcome);
  g_assert_no_error (outcome.error);
  for (int i = 0; i < N_STRANDS; i++)
    g_assert_cmpint (counts[i], ==, N_TURNS);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&outer);
  ah_test_assert_released ();
}

/* A million turns in one strand, of several runs that want it all the time. */
static void
test_many_turns (gconstpointer data)
{
  const AhTestStrandParams *params = data;
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  g_autoptr (AhStrand) strand = ah_test_track (ah_strand_new ());
  g_autoptr (AhBatch) outer = ah_test_track (ah_parallel_new ());
  g_autoptr (AhBatch) batch = ah_test_strand_new_batch (params->kind, NULL, strand);
  g_auto (AhTestOutcome) outcome = { 0 };
  int n = N_STRANDS * N_TURNS / 20, count = 0;

  for (int i = 0; i < n; i++)
    ah_batch_schedule_blocking (batch, count_plainly, &count, NULL);
  for (int i = 0; i < 20; i++)
    ah_batch_schedule (outer, AH_FUNCTION (batch));
  ah_test_way_run_batch (AH_TEST_WAY_RUN_ASYNC, outer, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (count, ==, 20 * n);

  ah_test_outcome_clear (&outcome);
  g_clear_object (&batch);
  g_clear_object (&outer);
  g_clear_object (&strand);
  ah_test_assert_released ();
}

/* --- At random --- */

#define N_WORLD_STRANDS 3
#define N_ROUNDS 30
#define N_THREADS 4
#define MAX_DEPTH 3

typedef struct
{
  AhTestShared shared[N_WORLD_STRANDS];
  AhThreadPool *pools[2];
  int n_calls; /* atomic */
} World;

/* What one function does, decided before the run; freed with it. */
typedef struct
{
  World *world;
  guint32 seed;
  int depth;
} Deed;

static void do_deed (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error);

static void
do_deed_async (GTask *task, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  do_deed (g_task_get_cancellable (task), NULL, user_data, &error);
  if (error)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_value (task, NULL);
}

static Deed *
new_deed (World *world, GRand *rand, int depth)
{
  Deed *deed = g_new (Deed, 1);

  *deed = (Deed){ world, g_rand_int (rand), depth };
  return deed;
}

static AhBatch *
new_random_batch (World *world, GRand *rand, int depth)
{
  int at = g_rand_int_range (rand, 0, N_WORLD_STRANDS + 1);
  int n = g_rand_int_range (rand, 0, depth == 0 ? 20 : 5);
  AhBatch *batch
      = ah_test_strand_new_batch (g_rand_int_range (rand, 0, AH_TEST_N_KINDS),
                                  world->pools[g_rand_int_range (rand, 0, 2)],
                                  at < N_WORLD_STRANDS ? world->shared[at].strand : NULL);

  if (g_rand_int_range (rand, 0, 2))
    ah_batch_set_error_policy (batch, AH_ERROR_POLICY_COLLECT);
  if (g_rand_int_range (rand, 0, 8) == 0)
    ah_batch_set_timeout (batch, g_rand_int_range (rand, 1, 5));
  for (int i = 0; i < n; i++)
    switch (depth < MAX_DEPTH ? g_rand_int_range (rand, 0, 8) : 7)
      {
      case 0:
        {
          g_autoptr (AhBatch) inner = new_random_batch (world, rand, depth + 1);

          ah_batch_schedule (batch, AH_FUNCTION (inner));
          break;
        }
      case 1:
        ah_batch_schedule_async (batch, do_deed_async, new_deed (world, rand, depth + 1), g_free);
        break;
      default:
        ah_batch_schedule_blocking (batch, do_deed, new_deed (world, rand, depth + 1), g_free);
        break;
      }
  return batch;
}

static void
visit_where_inside (World *world)
{
  for (int i = 0; i < N_WORLD_STRANDS; i++)
    if (ah_strand_is_inside (world->shared[i].strand))
      ah_test_shared_visit (&world->shared[i]);
}

static void
call_inside (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  visit_where_inside (user_data);
}

/* Does one thing of all that can be done inside a function. */
static void
do_something (World *world, GRand *rand, int depth, GCancellable *cancellable, GError **error)
{
  AhStrand *strand = world->shared[g_rand_int_range (rand, 0, N_WORLD_STRANDS)].strand;

  switch (g_rand_int_range (rand, 0, 7))
    {
    case 0:
      {
        g_autoptr (AhBlockingRegion) region = ah_blocking_region_new ();

        g_assert_nonnull (region);
        if (g_rand_boolean (rand))
          g_usleep (g_rand_int_range (rand, 0, 200));
        break;
      }
    case 1:
      if (!ah_strand_is_inside (strand))
        {
          g_autoptr (AhStrandTurn) turn = ah_strand_turn_new (strand, cancellable, error);

          if (turn == NULL)
            return;
          visit_where_inside (world);
          if (depth < MAX_DEPTH)
            do_something (world, rand, depth + 1, cancellable, error);
          g_assert_true (ah_strand_is_inside (strand));
        }
      break;
    case 2:
      if (depth < MAX_DEPTH)
        {
          g_autoptr (AhBatch) batch = new_random_batch (world, rand, depth + 1);
          g_autoptr (GArray) results = ah_batch_block (batch, cancellable, NULL);
        }
      break;
    case 3:
      if (depth < MAX_DEPTH)
        {
          g_autoptr (AhBatch) batch = new_random_batch (world, rand, depth + 1);
          g_autoptr (AhFuture) future = ah_queue_background_thread (AH_FUNCTION (batch));

          if (g_rand_boolean (rand))
            ah_future_cancel (future);
          ah_future_wait (future, cancellable, NULL);
        }
      break;
    case 4:
      ah_invoke (g_rand_boolean (rand) ? NULL : ah_test_get_other_context (), call_inside, world,
                 cancellable, NULL, error);
      break;
    case 5:
      if (g_rand_int_range (rand, 0, 10) == 0)
        g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "on purpose");
      break;
    default:
      g_thread_yield ();
      break;
    }
}

static void
do_deed (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  Deed *deed = user_data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (deed->seed);
  int n = g_rand_int_range (rand, 0, 4);

  g_atomic_int_inc (&deed->world->n_calls);
  visit_where_inside (deed->world);
  for (int i = 0; i < n && *error == NULL; i++)
    {
      do_something (deed->world, rand, deed->depth, cancellable, error);
      visit_where_inside (deed->world);
    }
}

typedef struct
{
  World *world;
  guint32 seed;
  int is_over; /* atomic */
} Actor;

/* Runs batches in all ways that need no loop of this thread, and enters by hand. */
static gpointer
act (gpointer data)
{
  Actor *actor = data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (actor->seed);

  for (int i = 0; i < N_ROUNDS; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (AhBatch) batch = new_random_batch (actor->world, rand, 0);
      g_autoptr (AhFuture) future = NULL;
      g_autoptr (GError) error = NULL;

      switch (g_rand_int_range (rand, 0, 3))
        {
        case 0:
          {
            g_autoptr (GArray) results = ah_batch_block (batch, cancellable, &error);
            break;
          }
        case 1:
          future = ah_queue_background_thread (AH_FUNCTION (batch));
          break;
        default:
          do_something (actor->world, rand, 0, cancellable, &error);
          break;
        }
      if (g_rand_boolean (rand))
        g_cancellable_cancel (cancellable);
      if (future && g_rand_boolean (rand))
        ah_future_cancel (future);
      if (future)
        g_assert_true (ah_future_wait (future, NULL, &error));
    }
  g_atomic_int_set (&actor->is_over, TRUE);
  return NULL;
}

static void
test_random (void)
{
  g_autoptr (AhTestLimit) limit = ah_test_limit_begin ();
  World world = { .n_calls = 0 };
  Actor actors[N_THREADS];
  GThread *threads[N_THREADS];
  GPtrArray *futures = g_ptr_array_new_with_free_func (g_object_unref);
  guint32 seed = g_test_rand_int ();
  GRand *rand = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  world.pools[0] = ah_test_track (ah_thread_pool_new (1));
  world.pools[1] = ah_test_track (ah_thread_pool_new (64));
  for (int i = 0; i < N_WORLD_STRANDS; i++)
    ah_test_shared_init (&world.shared[i]);
  for (int i = 0; i < N_THREADS; i++)
    {
      actors[i] = (Actor){ &world, g_rand_int (rand), FALSE };
      threads[i] = g_thread_new ("actor", act, &actors[i]);
    }

  for (int i = 0; i < N_ROUNDS; i++)
    {
      g_autoptr (AhBatch) batch = new_random_batch (&world, rand, 0);
      AhFuture *future = ah_test_strand_start (batch, NULL);

      g_ptr_array_add (futures, future);
      if (g_rand_boolean (rand))
        ah_future_cancel (future);
      else if (g_rand_boolean (rand))
        ah_test_iterate_until (ah_future_get_done (future));
    }
  for (int i = 0; i < N_ROUNDS; i++)
    ah_test_iterate_until (ah_future_get_done (futures->pdata[i]));
  for (int i = 0; i < N_THREADS; i++)
    {
      ah_test_iterate_until (g_atomic_int_get (&actors[i].is_over));
      g_thread_join (threads[i]);
    }
  g_test_message ("%d functions", world.n_calls);
  g_assert_cmpint (world.n_calls, >, 0);

  g_ptr_array_unref (futures);
  for (int i = 0; i < N_WORLD_STRANDS; i++)
    {
      g_assert_cmpint (world.shared[i].max_inside, ==, 1);
      ah_test_shared_check (&world.shared[i], world.shared[i].n_calls);
      ah_test_strand_is_free (world.shared[i].strand);
      ah_test_shared_clear (&world.shared[i]);
    }
  g_clear_object (&world.pools[0]);
  g_clear_object (&world.pools[1]);
  g_rand_free (rand);
  ah_test_assert_released ();
}

int
main (int argc, char *argv[])
{
  ah_test_init (&argc, &argv);

  g_test_add_func ("/strand/stress/random", test_random);
  ah_test_add_ways ("/strand/stress/many-strands", test_many_strands);
  ah_test_add_kinds ("/strand/stress/many-turns", test_many_turns);

  return ah_test_run ();
}
