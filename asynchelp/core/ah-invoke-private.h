/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/core/ah-invoke.h"
#include "asynchelp/pool/ah-waiter-private.h"

G_BEGIN_DECLS

/*
 * A thread that waits, and so keeps its main contexts from being iterated: it does itself what is
 * invoked on them.
 */
typedef struct
{
  AhWaiter *waiter; /* its own; woken when something is invoked somewhere */
  gboolean  listed;
  GList     link;
} AhInvokeServer;

void     ah_invoke_server_begin    (AhInvokeServer *self,
                                    AhWaiter       *waiter);
void     ah_invoke_server_end      (AhInvokeServer *self);
gboolean ah_invoke_server_is_asked (AhInvokeServer *self);
void     ah_invoke_server_serve    (AhInvokeServer *self);

G_END_DECLS
