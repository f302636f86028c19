/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <asynchelp.h>

/* What one call of the program does, and what came of it. */
typedef struct
{
  gboolean smoke;    /* tiny sizes: shows that it works, not how fast it is */
  guint    n_wrong;  /* results that are not what they must be */
  guint    n_goals;
  guint    n_missed;
} Bench;

void   bench_fork_join (Bench *bench);
void   bench_memory    (Bench *bench);
void   bench_loop_gap  (Bench *bench);
void   bench_native    (Bench *bench);
void   bench_sleepers  (Bench *bench);

double bench_now       (void);
double bench_median    (double *values,
                        guint   n);
void   bench_title     (const char *format,
                        ...) G_GNUC_PRINTF (1, 2);
void   bench_goal      (Bench      *bench,
                        const char *what,
                        double      measured,
                        const char *relation,
                        double      limit,
                        const char *unit);
void   bench_wrong     (Bench      *bench,
                        const char *format,
                        ...) G_GNUC_PRINTF (2, 3);
