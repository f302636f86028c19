/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/core/ah-future.h"
#include "asynchelp/core/ah-root-private.h"

G_BEGIN_DECLS

struct _AhFuture
{
  GObject parent_instance;

  AhRoot *root; /* constant; NULL for what could not be started at all */
  AhLoop *loop; /* constant; where it notifies, NULL likewise */

  /* Constant: the homes of functions, once each or more; NULL where it does not matter. */
  GPtrArray *homes;

  GMutex lock;    /* guards the outcome */
  gboolean taken; /* from the root */
  GError *error;  /* NULL if it succeeded */
  GArray *values; /* of a batch */
  GValue value;   /* of a batch its AhResults, when first asked for */
  int failed_index;
  guint n_finished; /* the highest that was told */
  double fraction;  /* likewise */

  guint n_functions; /* constant */

  /* Touched in the context that is notified alone, after the start. */
  GSource *progress;
  guint shown_n_finished;
  double shown_fraction;
  gboolean shown_done;
};

AhFuture *ah_future_new_start      (AhFunction   *function,
                                    GCancellable *cancellable);
AhFuture *ah_future_new_background (AhFunction   *function);

void      ah_run_values_to_result  (AhFunction   *function,
                                    GValue       *values,
                                    guint         n_values,
                                    GValue       *result);

G_END_DECLS
