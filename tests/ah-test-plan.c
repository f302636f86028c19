/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-plan.h"

/* The value of a function tells its place, so that a wrong order shows. */
#define NUMBER(index, sub) ((int) (1000 + 10 * (index) + (sub)))

/* How many functions each nested batch of AH_TEST_SHAPE_NESTED has. */
#define N_SUBS 3

const char *
ah_test_kind_get_name (AhTestKind kind)
{
  static const char *const names[]
      = { "parallel", "parallel-1", "parallel-2", "parallel-3", "serial" };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == AH_TEST_N_KINDS);
  return names[kind];
}

const char *
ah_test_shape_get_name (AhTestShape shape)
{
  static const char *const names[] = { "blocking", "dispatch", "thread", "mix", "nested" };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == AH_TEST_N_SHAPES);
  return names[shape];
}

/* How many of @n functions may run at the same time. */
guint
ah_test_kind_get_concurrency (AhTestKind kind, guint n)
{
  static const guint limits[] = { G_MAXUINT, 1, 2, 3, 1 };

  G_STATIC_ASSERT (G_N_ELEMENTS (limits) == AH_TEST_N_KINDS);
  return MIN (limits[kind], n);
}

AhBatch *
ah_test_kind_new_batch (AhTestKind kind)
{
  AhBatch *batch;

  if (kind == AH_TEST_KIND_SERIAL)
    {
      batch = ah_serial_new ();
      g_assert_true (AH_IS_SERIAL (batch));
      return batch;
    }

  batch = ah_parallel_new ();
  g_assert_true (AH_IS_PARALLEL (batch));
  if (kind != AH_TEST_KIND_PARALLEL)
    ah_parallel_set_max_concurrency (AH_PARALLEL (batch), ah_test_kind_get_concurrency (kind, 100));
  return batch;
}

static void
job_free (gpointer data)
{
  AhTestJob *job = data;
  AhTestPlan *plan = job->plan;

  if (plan->owner != NULL && plan->owner != g_thread_self ())
    g_atomic_int_inc (&plan->n_freed_astray);
  g_atomic_int_inc (&job->n_freed);
  g_atomic_int_inc (&plan->n_freed);
}

static void
job_enter (AhTestJob *job)
{
  AhTestPlan *plan = job->plan;
  int running = g_atomic_int_add (&plan->n_running, 1) + 1;
  int max;

  do
    max = g_atomic_int_get (&plan->max_running);
  while (running > max && !g_atomic_int_compare_and_exchange (&plan->max_running, max, running));

  g_atomic_int_inc (&job->n_begun);
  if (job->sub == 0)
    g_atomic_int_inc (&plan->n_first_begun);
}

static gboolean
job_may_end (AhTestJob *job, GCancellable *cancellable)
{
  AhTestPlan *plan = job->plan;

  switch (job->deed)
    {
    case AH_TEST_DEED_HOLD:
      g_assert_true (G_IS_CANCELLABLE (cancellable));
      return g_cancellable_is_cancelled (cancellable);
    case AH_TEST_DEED_REVERSE:
      return job->index + 1 == plan->n
             || g_atomic_int_get (&plan->firsts[job->index + 1]->n_ended) > 0;
    case AH_TEST_DEED_FAIL:
    case AH_TEST_DEED_STOP:
      return (guint) g_atomic_int_get (&plan->n_first_begun) >= plan->need;
    case AH_TEST_DEED_VALUE:
    case AH_TEST_DEED_DROP:
    default:
      return TRUE;
    }
}

/* The end of a function; after this the run is free to end, too. */
static gboolean
job_leave (AhTestJob *job, GCancellable *cancellable, GError **error)
{
  AhTestPlan *plan = job->plan;
  gboolean ok = TRUE;

  if (job->deed == AH_TEST_DEED_STOP)
    {
      ah_test_stop_pull (plan->stop);
    }
  else if (job->deed == AH_TEST_DEED_DROP)
    {
      g_clear_object (&plan->batch);
    }
  else if (job->deed == AH_TEST_DEED_FAIL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no %u.%u", job->index, job->sub);
      ok = FALSE;
    }
  else if (job->deed == AH_TEST_DEED_HOLD)
    {
      g_atomic_int_inc (&job->n_cancelled);
      g_assert_true (g_cancellable_set_error_if_cancelled (cancellable, error));
      ok = FALSE;
    }

  g_atomic_int_inc (&job->n_ended);
  g_atomic_int_add (&plan->n_running, -1);
  return ok;
}

static void
job_block (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  AhTestJob *job = user_data;

  job_enter (job);
  while (!job_may_end (job, cancellable))
    g_usleep (1000);
  if (!job_leave (job, cancellable, error))
    return;

  /* an object that only the library will hold: so the thread that frees it is the library's choice
   */
  g_value_init (result, AH_TEST_TYPE_PROBE);
  g_value_take_object (result, ah_test_probe_new (NUMBER (job->index, job->sub), job->plan->owner));
}

static gboolean
on_job_may_end (gpointer data)
{
  GTask *task = data;
  AhTestJob *job = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_auto (GValue) value = G_VALUE_INIT;
  GError *error = NULL;

  if (!job_may_end (job, cancellable))
    return G_SOURCE_CONTINUE;

  if (!job_leave (job, cancellable, &error))
    {
      g_task_return_error (task, error);
      return G_SOURCE_REMOVE;
    }

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, NUMBER (job->index, job->sub));
  g_task_return_value (task, &value);
  return G_SOURCE_REMOVE;
}

static void
job_start (GTask *task, gpointer user_data)
{
  AhTestJob *job = user_data;
  gboolean waits = job->deed != AH_TEST_DEED_VALUE;
  g_autoptr (GSource) source = g_timeout_source_new (waits ? 1 : 0);

  /* section 3: from a dispatch of the context that the run belongs to */
  g_assert_cmpint (g_main_depth (), >, 0);
  g_assert_true (G_IS_TASK (task));
  ah_test_track (task);

  job_enter (job);
  g_task_set_task_data (task, job, NULL);
  g_source_set_callback (source, on_job_may_end, g_object_ref (task), g_object_unref);
  g_source_attach (source, job->leaf == AH_TEST_LEAF_THREAD ? ah_test_get_other_context ()
                                                            : g_main_context_get_thread_default ());
}

/* By turns through ah_batch_schedule_… () and as a function with a name. */
static void
schedule_job (AhBatch *batch, AhTestJob *job, gboolean with_name)
{
  g_autoptr (AhFunction) function = NULL;

  if (!with_name)
    {
      AhBatch *same = job->leaf == AH_TEST_LEAF_BLOCKING
                          ? ah_batch_schedule_blocking (batch, job_block, job, job_free)
                          : ah_batch_schedule_async (batch, job_start, job, job_free);

      g_assert_true (same == batch);
      return;
    }

  function = job->leaf == AH_TEST_LEAF_BLOCKING
                 ? ah_function_new_blocking (job_block, job, job_free)
                 : ah_function_new_async (job_start, job, job_free);
  ah_test_track (function);
  ah_function_set_name (function, "odd");
  g_assert_true (ah_batch_schedule (batch, function) == batch);
}

static AhTestJob *
plan_add_job (AhTestPlan *plan, guint index, guint sub, AhTestLeaf leaf)
{
  AhTestJob *job = g_new0 (AhTestJob, 1);

  job->plan = plan;
  job->index = index;
  job->sub = sub;
  job->leaf = leaf;
  g_ptr_array_add (plan->jobs, job);
  return job;
}

static void
plan_add_nested (AhTestPlan *plan, guint index)
{
  g_autoptr (AhBatch) nested = index % 2 == 0 ? ah_parallel_new () : ah_serial_new ();

  ah_test_track (nested);
  for (guint sub = 0; sub < N_SUBS; sub++)
    {
      AhTestJob *job = plan_add_job (plan, index, sub, (index + sub) % AH_TEST_N_LEAVES);

      schedule_job (nested, job, FALSE);
      if (sub == 0)
        plan->firsts[index] = job;
    }
  if (index % 2 == 1)
    ah_function_set_name (AH_FUNCTION (nested), "odd");
  ah_batch_schedule (plan->batch, AH_FUNCTION (nested));
}

/* A batch of @n functions that give values; change their deeds before the run. */
AhTestPlan *
ah_test_plan_new (AhTestKind kind, AhTestShape shape, guint n)
{
  AhTestPlan *plan = g_new0 (AhTestPlan, 1);

  plan->kind = kind;
  plan->shape = shape;
  plan->n = n;
  plan->owner = g_thread_self ();
  plan->batch = ah_test_track (ah_test_kind_new_batch (kind));
  plan->jobs = g_ptr_array_new_with_free_func (g_free);
  plan->firsts = g_new0 (AhTestJob *, n + 1);

  for (guint i = 0; i < n; i++)
    {
      AhTestLeaf leaf;

      if (shape == AH_TEST_SHAPE_NESTED)
        {
          plan_add_nested (plan, i);
          continue;
        }

      leaf = shape == AH_TEST_SHAPE_MIX ? (AhTestLeaf) (i % AH_TEST_N_LEAVES) : (AhTestLeaf) shape;
      plan->firsts[i] = plan_add_job (plan, i, 0, leaf);
      schedule_job (plan->batch, plan->firsts[i], i % 2 == 1);
    }
  return plan;
}

/* Also shows that everything is released: once, in the right thread, and soon. */
void
ah_test_plan_free (AhTestPlan *plan)
{
  g_clear_object (&plan->batch);
  ah_test_iterate_until ((guint) g_atomic_int_get (&plan->n_freed) >= plan->jobs->len);
  ah_test_assert_released ();

  for (guint i = 0; i < plan->jobs->len; i++)
    {
      AhTestJob *job = g_ptr_array_index (plan->jobs, i);

      g_assert_cmpint (job->n_freed, ==, 1);
    }
  g_assert_cmpint (plan->n_freed_astray, ==, 0);

  g_ptr_array_unref (plan->jobs);
  g_free (plan->firsts);
  g_free (plan);
}

/* Sets the counters back, for another run. */
void
ah_test_plan_reset (AhTestPlan *plan)
{
  for (guint i = 0; i < plan->jobs->len; i++)
    {
      AhTestJob *job = g_ptr_array_index (plan->jobs, i);

      job->n_begun = job->n_ended = job->n_cancelled = 0;
    }
  plan->n_first_begun = 0;
  plan->max_running = 0;
}

/* Guarantee 3: nothing runs when the run has ended, and nothing starts later. */
void
ah_test_plan_check_at_rest (AhTestPlan *plan)
{
  g_assert_cmpint (g_atomic_int_get (&plan->n_running), ==, 0);
  for (guint i = 0; i < plan->jobs->len; i++)
    {
      AhTestJob *job = g_ptr_array_index (plan->jobs, i);

      g_assert_cmpint (g_atomic_int_get (&job->n_begun), ==, g_atomic_int_get (&job->n_ended));
    }
  if (plan->shape != AH_TEST_SHAPE_NESTED)
    g_assert_cmpint (plan->max_running, <=, ah_test_kind_get_concurrency (plan->kind, plan->n));
}

/* Guarantee 2 */
void
ah_test_plan_check_once (AhTestPlan *plan, int n_runs)
{
  for (guint i = 0; i < plan->jobs->len; i++)
    {
      AhTestJob *job = g_ptr_array_index (plan->jobs, i);

      g_assert_cmpint (g_atomic_int_get (&job->n_begun), ==, n_runs);
    }
}

static void
check_value (const AhTestJob *job, const GValue *value)
{
  int number;

  if (job->leaf == AH_TEST_LEAF_BLOCKING)
    {
      g_assert_true (G_VALUE_HOLDS (value, AH_TEST_TYPE_PROBE));
      number = AH_TEST_PROBE (g_value_get_object (value))->number;
    }
  else
    {
      g_assert_true (G_VALUE_HOLDS_INT (value));
      number = g_value_get_int (value);
    }
  g_assert_cmpint (number, ==, NUMBER (job->index, job->sub));
}

static void
check_failure (const AhTestJob *job, AhTestShape shape, const GValue *value)
{
  g_autofree char *message = g_strdup_printf ("no %u.%u", job->index, job->sub);
  const GError *error;

  g_assert_true (G_VALUE_HOLDS (value, G_TYPE_ERROR));
  error = g_value_get_boxed (value);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);

  /* what is collected has no prefix of its own, but a nested batch that failed fast had one */
  if (shape == AH_TEST_SHAPE_NESTED)
    g_assert_true (g_str_has_suffix (error->message, message));
  else
    g_assert_cmpstr (error->message, ==, message);
}

/* Guarantee 1: each value in its place; where @collected, each failure, too (Guarantee 4). */
void
ah_test_plan_check_results (AhTestPlan *plan, GArray *results, gboolean collected)
{
  g_assert_nonnull (results);
  g_assert_cmpuint (results->len, ==, plan->n);
  g_assert_cmpuint (g_array_get_element_size (results), ==, sizeof (GValue));

  for (guint i = 0; i < plan->n; i++)
    {
      const GValue *value = &g_array_index (results, GValue, i);
      AhTestJob *first = plan->firsts[i];
      g_autoptr (GArray) inner = NULL;

      if (first->deed == AH_TEST_DEED_FAIL)
        {
          g_assert_true (collected);
          check_failure (first, plan->shape, value);
          continue;
        }
      if (plan->shape != AH_TEST_SHAPE_NESTED)
        {
          check_value (first, value);
          continue;
        }

      g_assert_true (G_VALUE_HOLDS (value, AH_TYPE_RESULTS));
      inner = ah_results_get_values (g_value_get_object (value));
      g_assert_cmpuint (inner->len, ==, N_SUBS);
      for (guint sub = 0; sub < N_SUBS; sub++)
        check_value (g_ptr_array_index (plan->jobs, i * N_SUBS + sub),
                     &g_array_index (inner, GValue, sub));
    }
}
