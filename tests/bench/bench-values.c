/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Results: the same array of values for everybody, each at its own place. */

#include "bench.h"

/* Zeroes that the system hands out on first touch, as a run of a batch has them: whoever fills it
 * in several threads shares that cost, too. */
GValue *
bench_values_new (guint n)
{
  return g_new0 (GValue, n);
}

void
bench_values_free (GValue *values, guint n)
{
  for (guint i = 0; i < n; i++)
    g_value_unset (&values[i]);
  g_free (values);
}

/* Whether each value is what bench_body () made of its index. */
gboolean
bench_values_check (const GValue *values, guint n)
{
  for (guint i = 0; i < n; i++)
    if (!G_VALUE_HOLDS_INT (&values[i]) || g_value_get_int (&values[i]) != (int) i)
      return FALSE;

  return TRUE;
}

void
bench_check (Bench *bench, const char *who, GArray *values, guint n, const GError *error)
{
  if (values == NULL)
    bench_wrong (bench, "%s: %s", who, error != NULL ? error->message : "no results");
  else if (values->len != n)
    bench_wrong (bench, "%s: %u results, not %u", who, values->len, n);
  else if (!bench_values_check ((const GValue *) values->data, n))
    bench_wrong (bench, "%s: a result is not its own", who);
}
