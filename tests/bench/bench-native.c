/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What it costs to call a C function by its name. The peer is GObject's own way to call a function
 * that it knows at run time only, through libffi as well: a closure with the generic marshaller. */

#include "bench.h"

/* What each contender does a number of times, and then gives the last result of. */
typedef int (*Calls) (guint n);

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

static void
measure (Bench *bench, guint n, Calls calls, const char *who, BenchRound *round)
{
  double start = bench_now ();
  int result = calls (n);

  round->times[BENCH_RUN] = (bench_now () - start) / n;
  if (result != 3)
    bench_wrong (bench, "%s gave %d", who, result);
}

#define DIRECT "a direct call"
#define CLOSURE "a closure with the generic marshaller"
#define BOUND "a function that was bound once"
#define BY_NAME "looked up, bound and called each time"

static void
round_direct (Bench *bench, gconstpointer setup, BenchRound *round)
{
  measure (bench, *(const guint *) setup, call_directly, DIRECT, round);
}

static void
round_closure (Bench *bench, gconstpointer setup, BenchRound *round)
{
  measure (bench, *(const guint *) setup, call_closure, CLOSURE, round);
}

static void
round_bound (Bench *bench, gconstpointer setup, BenchRound *round)
{
  measure (bench, *(const guint *) setup, call_bound, BOUND, round);
}

static void
round_by_name (Bench *bench, gconstpointer setup, BenchRound *round)
{
  measure (bench, *(const guint *) setup, call_by_name, BY_NAME, round);
}

void
bench_native (Bench *bench)
{
  BenchContender contenders[] = {
    { .name = BOUND, .ours = TRUE, .round = round_bound },
    { .name = BY_NAME, .ours = TRUE, .round = round_by_name },
    { .name = CLOSURE, .round = round_closure },
    { .name = DIRECT, .round = round_direct },
  };
  guint n = bench->smoke ? 100 : 200000;
  g_autoptr (GError) error = NULL;

  g_value_set_ulong (g_value_init (&arguments[0], G_TYPE_ULONG), 8);
  g_value_set_int (g_value_init (&arguments[1], G_TYPE_INT), -1);
  bound = ah_function_new_native (name, arguments, 2, &error);
  if (bound == NULL)
    {
      bench_case (bench, "native", 60, "C functions by name: %s", error->message);
      return;
    }

  /* The first argument stands where a closure expects its instance. */
  closure = g_cclosure_new (G_CALLBACK (g_bit_nth_lsf), NULL, NULL);
  g_closure_set_marshal (closure, g_cclosure_marshal_generic);
  g_closure_ref (closure);
  g_closure_sink (closure);

  bench_case (bench, "native", 60, "%u calls of a C function by name", n);
  bench_contest (bench, contenders, G_N_ELEMENTS (contenders), &n, bench->smoke ? 1 : 5);
  bench_table (bench, contenders, G_N_ELEMENTS (contenders), 1e9, "ns a call");
  bench_goal (bench, "bound once, against a closure",
              bench_ratio (&contenders[0], BENCH_RUN, &contenders[2], BENCH_RUN), "<=", 1, "×");
  bench_goal (bench, "looked up and bound each time, against a closure",
              bench_ratio (&contenders[1], BENCH_RUN, &contenders[2], BENCH_RUN), "<=", 10, "×");

  g_clear_object (&bound);
  g_clear_pointer (&closure, g_closure_unref);
  g_value_unset (&arguments[0]);
  g_value_unset (&arguments[1]);
}
