/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-run-values.h"

#include "asynchelp/core/ah-results-private.h"
#include "asynchelp/core/ah-run.h"

/*
 * Outcomes for languages. GJS never clears a GValue that it provides for a function to fill in, so
 * that whatever is in there leaks, and where there is an error it converts the empty one first, and
 * loses the error over that. What is returned as an array, it handles well.
 */

static GArray *
array_of (const GValue *value)
{
  return ah_results_array_take (g_memdup2 (value, sizeof *value), 1);
}

/**
 * ah_run_finish_values:
 * @async_result: what the callback was given
 * @error: return location for an error
 *
 * Takes the outcome of [func@run_async] as a list with one value in it.
 *
 * This is for languages that cannot take it by [func@run_finish]. The value of a batch is an
 * [class@Results]. Errors are those of [func@run_finish].
 *
 * Returns: (transfer full) (element-type GObject.Value): one value
 */
GArray *
ah_run_finish_values (GAsyncResult *async_result, GError **error)
{
  GValue value = G_VALUE_INIT;

  return ah_run_finish (async_result, &value, error) ? array_of (&value) : NULL;
}

/**
 * ah_future_get_values:
 * @self: a started run
 * @error: return location for an error
 *
 * Gets the outcome of the run as a list with one value in it, as often as it is asked for.
 *
 * This is for languages that cannot take it by [method@Future.get_value]. The value of a batch is
 * an [class@Results]. Errors are those of [method@Future.get_value].
 *
 * May be called from any thread.
 *
 * Returns: (transfer full) (element-type GObject.Value): one value
 */
GArray *
ah_future_get_values (AhFuture *self, GError **error)
{
  GValue value = G_VALUE_INIT;

  return ah_future_get_value (self, &value, error) ? array_of (&value) : NULL;
}
