/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "ah-test-plan.h"

/* What a strand protects. `plain` is neither atomic nor locked: overlapping would show in it. */
typedef struct
{
  AhStrand *strand;
  int plain;
  int n_inside; /* atomic, as all below */
  int max_inside;
  int n_calls;
} AhTestShared;

/* A thread of the test that is inside a strand until it is told to leave. */
typedef struct
{
  AhStrand *strand;
  AhTestGate has_entered;
  AhTestGate may_leave;
  GThread *thread;
} AhTestGuest;

typedef struct
{
  AhTestKind kind;
  AhTestWay way;
} AhTestStrandParams;

void      ah_test_shared_init      (AhTestShared  *shared);
void      ah_test_shared_clear     (AhTestShared  *shared);
void      ah_test_shared_visit     (AhTestShared  *shared);
void      ah_test_shared_call      (GCancellable  *cancellable,
                                    GValue        *result,
                                    gpointer       user_data,
                                    GError       **error);
void      ah_test_shared_check     (AhTestShared  *shared,
                                    int            n_calls);

void      ah_test_guest_enter      (AhTestGuest   *guest,
                                    AhStrand      *strand);
void      ah_test_guest_leave      (AhTestGuest   *guest);
void      ah_test_strand_is_free   (AhStrand      *strand);

AhBatch  *ah_test_strand_new_batch (AhTestKind     kind,
                                    AhThreadPool  *pool,
                                    AhStrand      *strand);
AhFuture *ah_test_strand_start     (AhBatch       *batch,
                                    GCancellable  *cancellable);
void      ah_test_wait_until_idle  (AhThreadPool  *pool);
void      ah_test_future_succeeds  (AhFuture      *future);
void      ah_test_open_gate        (GCancellable  *cancellable,
                                    GValue        *result,
                                    gpointer       user_data,
                                    GError       **error);
void      ah_test_wait_at_gate     (GCancellable  *cancellable,
                                    GValue        *result,
                                    gpointer       user_data,
                                    GError       **error);

void      ah_test_add_kinds        (const char    *path,
                                    GTestDataFunc  func);
void      ah_test_add_ways         (const char    *path,
                                    GTestDataFunc  func);
void      ah_test_add_product      (const char    *path,
                                    GTestDataFunc  func);
void      ah_test_add_concurrent   (const char    *path,
                                    GTestDataFunc  func);
