/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)
#error "Only <asynchelp.h> can be included directly."
#endif

#include <gio/gio.h>

#include <asynchelp/ah-version.h>

G_BEGIN_DECLS

/**
 * AH_RUN_ERROR:
 *
 * The domain of the errors that only a run can have.
 */
#define AH_RUN_ERROR (ah_run_error_quark ())

/**
 * AhRunError:
 * @AH_RUN_ERROR_DROPPED: an async function dropped its task without ending it
 * @AH_RUN_ERROR_WRONG_RETURN: an async function ended its task with `g_task_return_int ()`,
 *   `_boolean ()` or `_pointer ()`, which cannot be told apart from outside
 * @AH_RUN_ERROR_CYCLE: a batch was found inside itself
 * @AH_RUN_ERROR_HOME: a function cannot run at its home, since that context cannot be dispatched
 *   before the run ends, or since the run has no way to go there
 * @AH_RUN_ERROR_NO_THREAD: the system refused to start a thread, and there is no other for the work
 *
 * What can go wrong with a run itself, beside the errors of its functions.
 */
typedef enum
{
  AH_RUN_ERROR_DROPPED,
  AH_RUN_ERROR_WRONG_RETURN,
  AH_RUN_ERROR_CYCLE,
  AH_RUN_ERROR_HOME,
  AH_RUN_ERROR_NO_THREAD,
} AhRunError;

/**
 * ah_run_error_quark:
 *
 * Gets the domain of the errors that only a run can have.
 *
 * Returns: the domain, %AH_RUN_ERROR
 */
AH_AVAILABLE_IN_ALL
GQuark ah_run_error_quark (void);

G_END_DECLS
