/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/core/ah-function.h"

G_BEGIN_DECLS

typedef enum
{
  AH_JOB_BLOCKING,          /* a bare blocking function */
  AH_JOB_ASYNC,             /* a bare async function */
  AH_JOB_BLOCKING_FUNCTION, /* the same as AhFunctions, with a name or shared by batches */
  AH_JOB_ASYNC_FUNCTION,
  AH_JOB_HOME_FUNCTION,     /* of either kind, with a home */
  AH_JOB_BATCH,
} AhJobKind;

/* One scheduled function: plain data, no allocation of its own. */
typedef struct
{
  AhJobKind      kind;
  gpointer       func; /* AhBlockingFunc or AhAsyncFunc; else the AhFunction, with a reference */
  gpointer       data;
  GDestroyNotify destroy;
} AhJob;

G_STATIC_ASSERT (sizeof (AhJob) <= 32);

/* What a run sees of a list: the jobs that were there when it started. They never change. */
typedef struct
{
  AhJob *const *segments;
  guint         n_jobs;
  guint         n_blocking; /* for a worker: AH_JOB_BLOCKING and AH_JOB_BLOCKING_FUNCTION */
  guint         n_batches;
  guint         n_homes; /* AH_JOB_HOME_FUNCTION */
} AhJobView;

/*
 * The jobs of a batch, in segments that stay where they are when the list grows, so that runs can
 * read while others schedule. Appending needs a lock, the batch's; reading a view needs none.
 */
typedef struct
{
  AhJobView view;
  AhJob   **segments;
  guint     n_segments;
  guint     n_slots;  /* in the directory */
  guint     capacity; /* of all segments */
  AhJob    *tail;     /* where the next job goes, unless they are full */
  GSList   *outgrown; /* former directories, which runs may still read */
} AhJobList;

void ah_job_list_append (AhJobList   *self,
                         const AhJob *job);
void ah_job_list_clear  (AhJobList   *self);

/* Segments 0 to 6 bring the total to 16, 32 … 1,024 jobs; from there on each holds 1,024. */
#define AH_JOB_SEGMENT_FIRST 16u
#define AH_JOB_SEGMENT_FULL 1024u
#define AH_JOB_N_SMALL_SEGMENTS 7u

/* Where the job with this index is, and up to which index (@end, exclusive) others follow it. */
static inline const AhJob *
ah_job_view_find (const AhJobView *self, guint index, guint *end)
{
  guint segment, start;

  if (index < AH_JOB_SEGMENT_FIRST)
    {
      segment = 0;
      start = 0;
      *end = AH_JOB_SEGMENT_FIRST;
    }
  else if (index < AH_JOB_SEGMENT_FULL)
    {
      guint bit = g_bit_nth_msf (index, -1);

      segment = bit - 3;
      start = 1u << bit;
      *end = start * 2;
    }
  else
    {
      segment = index / AH_JOB_SEGMENT_FULL - 1 + AH_JOB_N_SMALL_SEGMENTS;
      start = index - index % AH_JOB_SEGMENT_FULL;
      *end = start + AH_JOB_SEGMENT_FULL;
    }

  return &self->segments[segment][index - start];
}

static inline const AhJob *
ah_job_view_get (const AhJobView *self, guint index)
{
  guint end;

  return ah_job_view_find (self, index, &end);
}

G_END_DECLS
