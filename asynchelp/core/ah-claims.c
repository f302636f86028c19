/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-claims-private.h"

/* With fewer indices than this, chunks are not worth their lanes, which cost an allocation. */
#define MIN_INDICES_FOR_LANES 16

/* @n_threads: how many are likely to come. */
void
ah_claims_init (AhClaims *self, guint n_indices, guint n_threads)
{
  self->n_indices = n_indices;
  self->cursor = 0;
  if (n_indices < MIN_INDICES_FOR_LANES)
    return;

  self->n_lanes = MIN (n_threads, n_indices);
  self->lanes = g_aligned_alloc0 (self->n_lanes, sizeof (AhLane), AH_CACHE_LINE);
}

void
ah_claims_clear (AhClaims *self)
{
  g_aligned_free (self->lanes);
}

/* A lane for the calling thread, or NULL where all are taken. */
AhLane *
ah_claims_enter (AhClaims *self)
{
  for (guint i = 0; i < self->n_lanes; i++)
    {
      AhLane *lane = &self->lanes[i];

      if (!g_atomic_int_get (&lane->owned)
          && g_atomic_int_compare_and_exchange (&lane->owned, 0, 1))
        return lane;
    }

  return NULL;
}

/* @lane has to be empty, and its progress accounted. */
void
ah_claims_leave (AhClaims *self G_GNUC_UNUSED, AhLane *lane)
{
  if (lane)
    g_atomic_int_set (&lane->owned, 0);
}

/* Takes half of what another thread has claimed and not begun, or the one that is left. */
static guint
take_from_others (AhClaims *self, AhLane *lane)
{
  guint offset = lane ? lane - self->lanes : 0;

  for (guint i = 0; i < self->n_lanes; i++)
    {
      AhLane *other = &self->lanes[(offset + i) % self->n_lanes];
      guint64 range = __atomic_load_n (&other->range, __ATOMIC_ACQUIRE);

      while (AH_RANGE_NEXT (range) < AH_RANGE_END (range))
        {
          guint next = AH_RANGE_NEXT (range), end = AH_RANGE_END (range);
          guint first = lane ? next + (end - next) / 2 : end - 1;

          if (__atomic_compare_exchange_n (&other->range, &range, AH_RANGE (next, first), FALSE,
                                           __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            {
              if (lane)
                __atomic_store_n (&lane->range, AH_RANGE (first + 1, end), __ATOMIC_SEQ_CST);
              return first;
            }
        }
    }

  return AH_NOTHING_LEFT;
}

/*
 * Claims up to @n_wanted indices, less toward the end: returns the first and puts the others into
 * @lane, which has to be empty. Without a lane it claims one.
 */
guint
ah_claims_refill (AhClaims *self, AhLane *lane, guint n_wanted)
{
  guint64 cursor = __atomic_load_n (&self->cursor, __ATOMIC_RELAXED);

  if (cursor < self->n_indices)
    {
      guint remaining = self->n_indices - cursor;
      guint n = lane ? CLAMP (n_wanted, 1, MAX (1, remaining / (2 * self->n_lanes))) : 1;

      cursor = __atomic_fetch_add (&self->cursor, n, __ATOMIC_ACQ_REL);
      if (cursor < self->n_indices)
        {
          if (n > 1)
            __atomic_store_n (&lane->range,
                              AH_RANGE (cursor + 1, MIN (cursor + n, self->n_indices)),
                              __ATOMIC_SEQ_CST);
          return cursor;
        }
    }

  return take_from_others (self, lane);
}

/* How many indices are not begun, but for those on their way from one place to another: whoever
 * moves them has to look afterwards whether the others still know that there is something. */
guint
ah_claims_count (AhClaims *self)
{
  guint64 cursor = __atomic_load_n (&self->cursor, __ATOMIC_SEQ_CST);
  guint count = cursor < self->n_indices ? self->n_indices - cursor : 0;

  for (guint i = 0; i < self->n_lanes; i++)
    {
      guint64 range = __atomic_load_n (&self->lanes[i].range, __ATOMIC_SEQ_CST);

      if (AH_RANGE_NEXT (range) < AH_RANGE_END (range))
        count += AH_RANGE_END (range) - AH_RANGE_NEXT (range);
    }

  return count;
}

/* Empties @lane, and returns how many were in it. */
guint
ah_lane_close (AhLane *lane)
{
  guint64 range = __atomic_exchange_n (&lane->range, 0, __ATOMIC_ACQ_REL);

  return AH_RANGE_NEXT (range) < AH_RANGE_END (range) ? AH_RANGE_END (range) - AH_RANGE_NEXT (range)
                                                      : 0;
}

/* Takes all that is not begun, and returns how much that was. What is on its way into a lane, its
 * owner finds there: it has to look whether the run goes on before it begins anything. */
guint
ah_claims_close (AhClaims *self)
{
  guint64 cursor = __atomic_exchange_n (&self->cursor, self->n_indices, __ATOMIC_ACQ_REL);
  guint count = cursor < self->n_indices ? self->n_indices - cursor : 0;

  for (guint i = 0; i < self->n_lanes; i++)
    count += ah_lane_close (&self->lanes[i]);

  return count;
}
