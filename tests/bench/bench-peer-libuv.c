/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* libuv: one uv_queue_work () a job, and back to its own loop. */

#include "bench-peers.h"

#include <uv.h>

typedef struct
{
  uv_work_t request; /* must be first */
  guint index;
} Work;

static const BenchJobs *current_jobs;
static GValue *current_values;

static void
work_cb (uv_work_t *request)
{
  guint i = ((Work *) request)->index;

  bench_body (&current_values[i], i, current_jobs->spin);
}

static void
after_work_cb (uv_work_t *request, int status)
{
  guint *n_pending = request->data;

  (*n_pending)--;
}

void
bench_peer_libuv (Bench *bench, gconstpointer setup, BenchRound *round)
{
  const BenchJobs *jobs = setup;
  guint n_pending = jobs->n;
  uv_loop_t *loop = uv_default_loop ();
  Work *works;
  double start;

  start = bench_now ();
  current_jobs = jobs;
  current_values = bench_values_new (jobs->n);
  works = g_new (Work, jobs->n);
  for (guint i = 0; i < jobs->n; i++)
    {
      works[i].request.data = &n_pending;
      works[i].index = i;
      if (uv_queue_work (loop, &works[i].request, work_cb, after_work_cb) != 0)
        g_error ("libuv does not take work");
    }
  uv_run (loop, UV_RUN_DEFAULT);
  round->times[BENCH_RUN] = bench_now () - start;

  if (n_pending > 0 || !bench_values_check (current_values, jobs->n))
    bench_wrong (bench, "libuv: a result is not its own");

  start = bench_now ();
  bench_values_free (current_values, jobs->n);
  g_free (works);
  round->times[BENCH_RELEASE] = bench_now () - start;
}

/* What its caller has to keep for each piece of queued work; libuv itself keeps no more. */
gsize
bench_libuv_request_size (void)
{
  return sizeof (uv_work_t);
}

/* --- One job, there and back --- */

static void
nothing_cb (uv_work_t *request)
{
}

static void
stop_watch_cb (uv_work_t *request, int status)
{
  double *end = request->data;

  *end = bench_now ();
}

gboolean
bench_libuv_latency (double *seconds, guint n, gulong pause)
{
  uv_loop_t *loop = uv_default_loop ();

  for (guint i = 0; i < n; i++)
    {
      double start;
      double end = 0;
      uv_work_t request = { .data = &end };

      if (pause > 0)
        g_usleep (pause);
      start = bench_now ();
      if (uv_queue_work (loop, &request, nothing_cb, stop_watch_cb) != 0)
        return FALSE;
      while (end == 0)
        uv_run (loop, UV_RUN_ONCE);
      seconds[i] = end - start;
    }

  return TRUE;
}
