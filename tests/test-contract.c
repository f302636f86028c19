/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "ah-test-plan.h"

/* The contract of a batch: each check runs for every kind of batch, every way to run it and every
 * shape of functions. */

#define N_FUNCTIONS 8

typedef struct
{
  AhTestKind kind;
  AhTestWay way;
  AhTestShape shape;
} Params;

typedef struct
{
  const char *name;
  void (*check) (const Params *params);
  gboolean skips_block;
  gboolean skips_background;
  gboolean one_shape;
} Check;

static AhTestPlan *
new_plan (const Params *params)
{
  return ah_test_plan_new (params->kind, params->shape, N_FUNCTIONS);
}

static void
run_plan (AhTestPlan *plan, const Params *params, AhTestStop *stop, AhTestOutcome *outcome)
{
  plan->stop = stop;
  ah_test_way_run_batch (params->way, plan->batch, stop, outcome);
  ah_test_plan_check_at_rest (plan);
}

/* Guarantees 1, 2 and 3: results in order, though the functions finish from the last to the first
 * wherever they may run together. */
static void
check_order (const Params *params)
{
  g_autoptr (AhTestPlan) plan = new_plan (params);
  g_auto (AhTestOutcome) outcome = { 0 };

  if (params->kind == AH_TEST_KIND_PARALLEL)
    for (guint i = 0; i < plan->n; i++)
      plan->firsts[i]->deed = AH_TEST_DEED_REVERSE;

  run_plan (plan, params, NULL, &outcome);
  g_assert_no_error (outcome.error);
  ah_test_plan_check_results (plan, outcome.results, FALSE);
  ah_test_plan_check_once (plan, 1);
  g_assert_cmpint (outcome.failed_index, ==, -1);
}

/* Gives function 1 a deed for which the others wait, where they can run beside it. Returns how many
 * functions will begin. */
static guint
plan_one_against_others (AhTestPlan *plan, AhTestDeed deed)
{
  guint concurrency = ah_test_kind_get_concurrency (plan->kind, plan->n);

  if (concurrency > 1)
    for (guint i = 0; i < plan->n; i++)
      plan->firsts[i]->deed = AH_TEST_DEED_HOLD;
  plan->firsts[1]->deed = deed;
  plan->need = MAX (concurrency, 2);
  return plan->need;
}

/* What began saw its cancellable cancelled, and what had not begun never does. */
static void
check_others (AhTestPlan *plan, guint n_expected)
{
  g_assert_cmpint (plan->n_first_begun, ==, n_expected);
  for (guint i = 0; i < plan->n; i++)
    {
      AhTestJob *job = plan->firsts[i];

      g_assert_cmpint (job->n_begun, ==, i < n_expected ? 1 : 0);
      if (job->deed == AH_TEST_DEED_HOLD)
        g_assert_cmpint (job->n_cancelled, ==, job->n_begun);
    }
}

/* Guarantee 4, fail fast */
static void
check_fail_fast (const Params *params)
{
  g_autoptr (AhTestPlan) plan = new_plan (params);
  g_auto (AhTestOutcome) outcome = { 0 };
  guint n_expected = plan_one_against_others (plan, AH_TEST_DEED_FAIL);

  run_plan (plan, params, NULL, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpstr (outcome.error->message, ==,
                   params->shape == AH_TEST_SHAPE_NESTED ? "Function 1 “odd”: Function 0: no 1.0"
                                                         : "Function 1 “odd”: no 1.0");
  if (params->way >= AH_TEST_WAY_START_WAIT)
    g_assert_cmpint (outcome.failed_index, ==, 1);
  check_others (plan, n_expected);
}

/* Guarantee 4: an error of a function without a name */
static void
check_fail_unnamed (const Params *params)
{
  g_autoptr (AhTestPlan) plan = new_plan (params);
  g_auto (AhTestOutcome) outcome = { 0 };

  plan->firsts[2]->deed = AH_TEST_DEED_FAIL;
  run_plan (plan, params, NULL, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_true (g_str_has_prefix (outcome.error->message, "Function 2: "));
  g_assert_true (g_str_has_suffix (outcome.error->message, "no 2.0"));
}

/* Guarantee 4, collect: every function runs, and a failure stands in its place. */
static void
check_collect (const Params *params)
{
  g_autoptr (AhTestPlan) plan = new_plan (params);
  g_auto (AhTestOutcome) outcome = { 0 };

  ah_batch_set_error_policy (plan->batch, AH_ERROR_POLICY_COLLECT);
  g_assert_cmpint (ah_batch_get_error_policy (plan->batch), ==, AH_ERROR_POLICY_COLLECT);
  for (guint i = 0; i < plan->n; i += 3)
    plan->firsts[i]->deed = AH_TEST_DEED_FAIL;

  run_plan (plan, params, NULL, &outcome);
  g_assert_no_error (outcome.error);
  ah_test_plan_check_results (plan, outcome.results, TRUE);
  for (guint i = 0; i < plan->n; i++)
    g_assert_cmpint (plan->firsts[i]->n_begun, ==, 1);
}

/* Guarantee 5: a run of a cancelled cancellable runs nothing. */
static void
check_cancel_before (const Params *params)
{
  for (int policy = AH_ERROR_POLICY_FAIL_FAST; policy <= AH_ERROR_POLICY_COLLECT; policy++)
    {
      g_autoptr (AhTestPlan) plan = new_plan (params);
      g_auto (AhTestOutcome) outcome = { 0 };
      AhTestStop stop;

      ah_test_stop_init (&stop, params->way);
      ah_batch_set_error_policy (plan->batch, policy);
      g_cancellable_cancel (stop.cancellable);
      run_plan (plan, params, &stop, &outcome);
      g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      ah_test_plan_check_once (plan, 0);
      ah_test_stop_clear (&stop);
    }
}

/* Guarantees 3 and 5 */
static void
check_cancel_during (const Params *params)
{
  for (int policy = AH_ERROR_POLICY_FAIL_FAST; policy <= AH_ERROR_POLICY_COLLECT; policy++)
    {
      g_autoptr (AhTestPlan) plan = new_plan (params);
      g_auto (AhTestOutcome) outcome = { 0 };
      guint n_expected = plan_one_against_others (plan, AH_TEST_DEED_STOP);
      AhTestStop stop;

      ah_test_stop_init (&stop, params->way);
      ah_batch_set_error_policy (plan->batch, policy);
      run_plan (plan, params, &stop, &outcome);
      g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      check_others (plan, n_expected);
      g_assert_cmpuint (ah_test_count_handlers (stop.cancellable), ==, 0);
      ah_test_stop_clear (&stop);
    }
}

/* Guarantee 3: what has ended stays as it ended. */
static void
check_cancel_after (const Params *params)
{
  g_autoptr (AhTestPlan) plan = new_plan (params);
  g_auto (AhTestOutcome) outcome = { 0 };
  AhTestStop stop;

  ah_test_stop_init (&stop, params->way);
  run_plan (plan, params, &stop, &outcome);
  g_assert_cmpuint (ah_test_count_handlers (stop.cancellable), ==, 0);
  g_cancellable_cancel (stop.cancellable);
  g_assert_no_error (outcome.error);
  ah_test_plan_check_results (plan, outcome.results, FALSE);
  ah_test_plan_check_once (plan, 1);
  ah_test_stop_clear (&stop);
}

/* Guarantee 5 and “a timeout of 1 ms” */
static void
check_timeout (const Params *params)
{
  for (int policy = AH_ERROR_POLICY_FAIL_FAST; policy <= AH_ERROR_POLICY_COLLECT; policy++)
    {
      g_autoptr (AhTestPlan) plan = new_plan (params);
      g_auto (AhTestOutcome) outcome = { 0 };

      for (guint i = 0; i < plan->n; i++)
        plan->firsts[i]->deed = AH_TEST_DEED_HOLD;
      ah_batch_set_error_policy (plan->batch, policy);
      ah_batch_set_timeout (plan->batch, 1);
      g_assert_cmpuint (ah_batch_get_timeout (plan->batch), ==, 1);

      run_plan (plan, params, NULL, &outcome);
      g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
      g_assert_cmpint (plan->n_first_begun, <=,
                       ah_test_kind_get_concurrency (params->kind, plan->n));
      for (guint i = 0; i < plan->n; i++)
        g_assert_cmpint (plan->firsts[i]->n_cancelled, ==, plan->firsts[i]->n_begun);
    }
}

/* Guarantee 5: a deadline that is not reached changes nothing and keeps nothing alive. */
static void
check_timeout_unused (const Params *params)
{
  g_autoptr (AhTestPlan) plan = new_plan (params);
  g_auto (AhTestOutcome) outcome = { 0 };

  ah_batch_set_timeout (plan->batch, 3600 * 1000);
  run_plan (plan, params, NULL, &outcome);
  g_assert_no_error (outcome.error);
  ah_test_plan_check_results (plan, outcome.results, FALSE);
}

/* An empty batch gives an empty list; run_plan () shows that run_async stays asynchronous. */
static void
check_empty (const Params *params)
{
  g_autoptr (AhTestPlan) plan = ah_test_plan_new (params->kind, params->shape, 0);
  g_auto (AhTestOutcome) outcome = { 0 };

  run_plan (plan, params, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (outcome.results->len, ==, 0);
}

/* Section 3, the row on destruction: a run that holds the last reference to its batch hands user
 * data and values back to the caller's thread; ah_test_plan_free () looks where they ended. */
static void
check_release (const Params *params)
{
  g_autoptr (AhTestPlan) plan = new_plan (params);
  g_auto (AhTestOutcome) outcome = { 0 };

  plan->firsts[plan->n / 2]->deed = AH_TEST_DEED_DROP;
  run_plan (plan, params, NULL, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_null (plan->batch);
  ah_test_plan_check_results (plan, outcome.results, FALSE);
}

/* The same, where the values have nowhere to go. */
static void
check_release_failed (const Params *params)
{
  g_autoptr (AhTestPlan) plan = new_plan (params);
  g_auto (AhTestOutcome) outcome = { 0 };

  plan->firsts[0]->deed = AH_TEST_DEED_DROP;
  plan->firsts[plan->n - 1]->deed = AH_TEST_DEED_FAIL;
  plan->need = plan->n;
  run_plan (plan, params, NULL, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_null (plan->batch);
}

typedef struct
{
  const Params *params;
  AhTestPlan *plan;
  int n_done; /* atomic */
} Racer;

static gpointer
race (gpointer data)
{
  Racer *racer = data;
  g_auto (AhTestOutcome) outcome = { 0 };
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  ah_test_way_run_batch (racer->params->way, racer->plan->batch, NULL, &outcome);
  g_assert_no_error (outcome.error);
  ah_test_plan_check_results (racer->plan, outcome.results, FALSE);
  g_main_context_pop_thread_default (context);
  g_atomic_int_inc (&racer->n_done);
  return NULL;
}

/* Guarantees 2 and 11: a batch runs any number of times, also at the same time. */
static void
check_reuse (const Params *params)
{
  g_autoptr (AhTestPlan) plan = new_plan (params);
  Racer racer = { .params = params, .plan = plan };
  GThread *threads[3];

  /* the values of these runs belong to several threads */
  plan->owner = NULL;

  for (int n_runs = 1; n_runs <= 2; n_runs++)
    {
      g_auto (AhTestOutcome) outcome = { 0 };

      run_plan (plan, params, NULL, &outcome);
      g_assert_no_error (outcome.error);
      ah_test_plan_check_results (plan, outcome.results, FALSE);
      ah_test_plan_check_once (plan, n_runs);
    }

  ah_test_plan_reset (plan);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("racer", race, &racer);
  ah_test_iterate_until (g_atomic_int_get (&racer.n_done) == G_N_ELEMENTS (threads));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  ah_test_plan_check_once (plan, G_N_ELEMENTS (threads));
  g_assert_cmpint (g_atomic_int_get (&plan->n_running), ==, 0);
}

static const Check checks[] = {
  { .name = "order", .check = check_order },
  { .name = "fail-fast", .check = check_fail_fast },
  { .name = "fail-unnamed", .check = check_fail_unnamed },
  { .name = "collect", .check = check_collect },
  { .name = "cancel-before", .check = check_cancel_before, .skips_background = TRUE },
  { .name = "cancel-during", .check = check_cancel_during },
  { .name = "cancel-after", .check = check_cancel_after },
  { .name = "timeout", .check = check_timeout },
  { .name = "timeout-unused", .check = check_timeout_unused },
  { .name = "empty", .check = check_empty, .one_shape = TRUE },
  /* who blocks on a batch holds a reference to it */
  { .name = "release", .check = check_release, .skips_block = TRUE },
  { .name = "release-failed", .check = check_release_failed, .skips_block = TRUE },
  { .name = "reuse", .check = check_reuse },
};

typedef struct
{
  const Check *check;
  Params params;
} Case;

static void
run_case (gconstpointer data)
{
  const Case *one = data;

  one->check->check (&one->params);
}

static void
add_case (const Check *check, AhTestKind kind, AhTestWay way, AhTestShape shape)
{
  g_autofree char *path = NULL;
  Case *one;

  if ((check->skips_block && way == AH_TEST_WAY_BLOCK)
      || (check->skips_background && way == AH_TEST_WAY_BACKGROUND)
      || (check->one_shape && shape != AH_TEST_SHAPE_BLOCKING))
    return;

  path = g_strdup_printf ("/contract/%s/%s/%s/%s", check->name, ah_test_kind_get_name (kind),
                          ah_test_way_get_name (way), ah_test_shape_get_name (shape));
  one = g_new (Case, 1);
  *one = (Case){ .check = check, .params = { kind, way, shape } };
  g_test_add_data_func_full (path, one, run_case, g_free);
}

int
main (int argc, char *argv[])
{
  ah_test_init (&argc, &argv);

  for (guint c = 0; c < G_N_ELEMENTS (checks); c++)
    for (guint kind = 0; kind < AH_TEST_N_KINDS; kind++)
      for (guint way = 0; way < AH_TEST_N_WAYS; way++)
        for (guint shape = 0; shape < AH_TEST_N_SHAPES; shape++)
          add_case (&checks[c], kind, way, shape);

  return ah_test_run ();
}
