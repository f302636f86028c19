/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What it costs to call a C function by its name. The peer is GObject's own way to call a function
 * that it knows at run time only, through libffi as well: a closure with the generic marshaller. */

#include "bench.h"

#include <stdio.h>
#include <string.h>

#define N_ROUNDS 5

/* What each contender does n times, and then gives the last result of. */
typedef int (*Contender) (guint n);

static AhFunction *bound;
static GClosure *closure;
static GValue arguments[2];
static const char *name = "GLib.bit_nth_lsf";

static int
call_directly (guint n)
{
  /* Not the inline function, and not optimised away. */
  int (*volatile func) (gulong, int) = (g_bit_nth_lsf);
  int result = -2;

  for (guint i = 0; i < n; i++)
    result = func (8, -1);
  return result;
}

static int
call_closure (guint n)
{
  int result = -2;

  for (guint i = 0; i < n; i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;

      g_value_init (&value, G_TYPE_INT);
      g_closure_invoke (closure, &value, 2, arguments, NULL);
      result = g_value_get_int (&value);
    }
  return result;
}

static int
call_bound (guint n)
{
  int result = -2;

  for (guint i = 0; i < n; i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;

      if (ah_block (bound, NULL, &value, NULL))
        result = g_value_get_int (&value);
    }
  return result;
}

static int
call_by_name (guint n)
{
  int result = -2;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (AhFunction) function = ah_function_new_native (name, arguments, 2, NULL);
      g_auto (GValue) value = G_VALUE_INIT;

      if (ah_block (function, NULL, &value, NULL))
        result = g_value_get_int (&value);
    }
  return result;
}

static const struct
{
  const char *name;
  Contender run;
} contenders[] = {
  { "a direct call", call_directly },
  { "a closure with the generic marshaller", call_closure },
  { "a function that was bound once", call_bound },
  { "looked up, bound and called each time", call_by_name },
};

void
bench_native (Bench *bench)
{
  guint n = bench->smoke ? 100 : 200000;
  double times[G_N_ELEMENTS (contenders)][N_ROUNDS];
  double medians[G_N_ELEMENTS (contenders)];
  g_autoptr (GError) error = NULL;

  g_value_set_ulong (g_value_init (&arguments[0], G_TYPE_ULONG), 8);
  g_value_set_int (g_value_init (&arguments[1], G_TYPE_INT), -1);
  bound = ah_function_new_native (name, arguments, 2, &error);
  if (bound == NULL)
    {
      bench_title ("C functions by name: %s", error->message);
      return;
    }

  /* The first argument stands where a closure expects its instance. */
  closure = g_cclosure_new (G_CALLBACK (g_bit_nth_lsf), NULL, NULL);
  g_closure_set_marshal (closure, g_cclosure_marshal_generic);
  g_closure_ref (closure);
  g_closure_sink (closure);

  bench_title ("C functions by name, %'u calls, ns a call (median of %d)", n, N_ROUNDS);
  for (guint round = 0; round < N_ROUNDS; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (contenders); i++)
        {
          double start = bench_now ();
          int result = contenders[i].run (n);

          times[i][round] = (bench_now () - start) / n * 1e9;
          if (result != 3)
            bench_wrong (bench, "%s gave %d", contenders[i].name, result);
        }
    }
  for (guint i = 0; i < G_N_ELEMENTS (contenders); i++)
    {
      medians[i] = bench_median (times[i], N_ROUNDS);
      printf ("        %-52s %9.1f\n", contenders[i].name, medians[i]);
    }
  bench_goal (bench, "bound once, against a closure", medians[2] / medians[1], "<=", 1, "×");
  bench_goal (bench, "looked up and bound each time, against a closure", medians[3] / medians[1],
              "<=", 10, "×");

  g_clear_object (&bound);
  g_clear_pointer (&closure, g_closure_unref);
  g_value_unset (&arguments[0]);
  g_value_unset (&arguments[1]);
}
