/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "ah-test-support.h"

/* The kinds of batch. */
typedef enum
{
  AH_TEST_KIND_PARALLEL,
  AH_TEST_KIND_PARALLEL_1, /* max-concurrency 1 … */
  AH_TEST_KIND_PARALLEL_2,
  AH_TEST_KIND_PARALLEL_3,
  AH_TEST_KIND_SERIAL,
  AH_TEST_N_KINDS
} AhTestKind;

/* What a batch is made of. */
typedef enum
{
  AH_TEST_SHAPE_BLOCKING,
  AH_TEST_SHAPE_DISPATCH, /* async functions that end in a later dispatch of their context */
  AH_TEST_SHAPE_THREAD,   /* async functions that end from another thread */
  AH_TEST_SHAPE_MIX,      /* the three by turns */
  AH_TEST_SHAPE_NESTED,   /* batches, serial and parallel by turns, each with the three */
  AH_TEST_N_SHAPES
} AhTestShape;

/* What a function does. */
typedef enum
{
  AH_TEST_DEED_VALUE,
  AH_TEST_DEED_FAIL,    /* once plan->need functions have begun */
  AH_TEST_DEED_HOLD,    /* goes on until it sees its cancellable cancelled */
  AH_TEST_DEED_STOP,    /* cancels the run once plan->need functions have begun */
  AH_TEST_DEED_REVERSE, /* ends after the next one has ended */
  AH_TEST_DEED_DROP,    /* drops the plan's reference to the batch */
} AhTestDeed;

typedef enum
{
  AH_TEST_LEAF_BLOCKING,
  AH_TEST_LEAF_DISPATCH,
  AH_TEST_LEAF_THREAD,
  AH_TEST_N_LEAVES
} AhTestLeaf;

typedef struct _AhTestPlan AhTestPlan;

/* One function: what it is to do, and what became of it. */
typedef struct
{
  AhTestPlan *plan;
  guint index; /* in the batch */
  guint sub;   /* in the nested batch */
  AhTestLeaf leaf;
  AhTestDeed deed;

  int n_begun;    /* atomic, as all below */
  int n_ended;
  int n_cancelled; /* how often it saw that it was cancelled */
  int n_freed;
} AhTestJob;

/* A batch whose functions keep count of everything. */
struct _AhTestPlan
{
  AhBatch *batch; /* owned; may be NULL once it runs */
  AhTestKind kind;
  AhTestShape shape;
  guint n;        /* functions of the batch */
  GPtrArray *jobs;
  AhTestJob **firsts; /* for each function of the batch: itself, or the first one inside */
  GThread *owner; /* where user data and values must be freed; NULL: anywhere */
  guint need;
  AhTestStop *stop;

  int n_first_begun; /* atomic, as all below */
  int n_running;
  int max_running;
  int n_freed;
  int n_freed_astray;
};

const char *ah_test_kind_get_name        (AhTestKind        kind);
const char *ah_test_shape_get_name       (AhTestShape       shape);
guint       ah_test_kind_get_concurrency (AhTestKind        kind,
                                          guint             n);
AhBatch    *ah_test_kind_new_batch       (AhTestKind        kind);

AhTestPlan *ah_test_plan_new             (AhTestKind        kind,
                                          AhTestShape       shape,
                                          guint             n);
void        ah_test_plan_free            (AhTestPlan       *plan);
void        ah_test_plan_reset           (AhTestPlan       *plan);
void        ah_test_plan_check_results   (AhTestPlan       *plan,
                                          GArray           *results,
                                          gboolean          collected);
void        ah_test_plan_check_at_rest   (AhTestPlan       *plan);
void        ah_test_plan_check_once      (AhTestPlan       *plan,
                                          int               n_runs);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AhTestPlan, ah_test_plan_free)
