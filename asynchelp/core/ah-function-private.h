/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/core/ah-function.h"
#include "asynchelp/core/ah-job-list-private.h"

G_BEGIN_DECLS

typedef enum
{
  AH_FUNCTION_BLOCKING,
  AH_FUNCTION_ASYNC,
  AH_FUNCTION_BATCH,
} AhFunctionKind;

void         ah_function_set_kind     (AhFunction     *self,
                                       AhFunctionKind  kind);
void         ah_function_describe     (AhFunction     *self,
                                       AhJob          *job);
const char  *ah_function_peek_name    (AhFunction     *self);

/* Only for a function that ah_function_describe () has seen: it does not change any more. */
void         ah_function_call         (AhFunction     *self,
                                       GCancellable   *cancellable,
                                       GValue         *result,
                                       GError        **error);
void         ah_function_call_async   (AhFunction     *self,
                                       GTask          *task);
gboolean     ah_function_is_blocking  (AhFunction     *self);

G_END_DECLS
