/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-job-list-private.h"

static guint
segment_size (guint segment)
{
  if (segment == 0)
    return AH_JOB_SEGMENT_FIRST;
  if (segment < AH_JOB_N_SMALL_SEGMENTS)
    return AH_JOB_SEGMENT_FIRST << (segment - 1);
  return AH_JOB_SEGMENT_FULL;
}

static void
add_segment (AhJobList *self)
{
  if (self->n_segments == self->n_slots)
    {
      guint n_slots = MAX (8, self->n_slots * 2);
      AhJob **segments = g_new (AhJob *, n_slots);

      if (self->segments)
        {
          memcpy (segments, self->segments, self->n_segments * sizeof *segments);
          self->outgrown = g_slist_prepend (self->outgrown, self->segments);
        }
      self->segments = segments;
      self->n_slots = n_slots;
    }

  self->tail = g_new (AhJob, segment_size (self->n_segments));
  self->segments[self->n_segments] = self->tail;
  self->capacity += segment_size (self->n_segments);
  self->n_segments++;
  self->view.segments = self->segments;
}

void
ah_job_list_append (AhJobList *self, const AhJob *job)
{
  AhJobView *view = &self->view;

  if (view->n_jobs == self->capacity)
    add_segment (self);

  *self->tail++ = *job;
  view->n_jobs++;
  if (job->kind == AH_JOB_BLOCKING || job->kind == AH_JOB_BLOCKING_FUNCTION)
    view->n_blocking++;
  else if (job->kind == AH_JOB_BATCH)
    view->n_batches++;
  else if (job->kind == AH_JOB_HOME_FUNCTION)
    view->n_homes++;
}

void
ah_job_list_clear (AhJobList *self)
{
  guint index = 0;

  for (guint s = 0; s < self->n_segments; s++)
    {
      AhJob *segment = self->segments[s];

      for (guint i = 0; i < segment_size (s) && index < self->view.n_jobs; i++, index++)
        {
          if (segment[i].destroy)
            segment[i].destroy (segment[i].data);
        }
      g_free (segment);
    }

  g_slist_free_full (self->outgrown, g_free);
  g_free (self->segments);
  *self = (AhJobList){ 0 };
}
