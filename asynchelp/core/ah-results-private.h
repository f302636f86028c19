/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/core/ah-results.h"

G_BEGIN_DECLS

GArray    *ah_results_array_take (GValue *values,
                                  guint   n_values);
AhResults *ah_results_new_take   (GArray *values);
void       ah_results_free_values (GValue *values,
                                   guint   n_values);

G_END_DECLS
