/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define AH_CACHE_LINE 64

/* The first place from @pointer on that is aligned. To align what is allocated by hand costs less
 * than an aligned allocation. */
#define AH_ALIGN_TO_CACHE_LINE(pointer)                                                            \
  ((gpointer) (((guintptr) (pointer) + AH_CACHE_LINE - 1) & ~(guintptr) (AH_CACHE_LINE - 1)))

#define AH_NOTHING_LEFT G_MAXUINT

/*
 * Who does which index of a run: each of 0 … n-1 is handed out exactly once, without a lock.
 *
 * A thread takes chunks from a shared cursor into a lane of its own, and from there one index at a
 * time. A lane is one atomic word, (next, end): what is in it and not begun can be taken by others,
 * from the end. So a function never waits for ever for one that was claimed together with it.
 *
 * A pair (next, end) never comes back in a lane during a run, since every index is begun once: so
 * there is no ABA.
 *
 * Threads that find no free lane claim single indices from the cursor.
 */
typedef struct
{
  guint64 range;      /* atomic; next in the upper half, end in the lower */
  guint   n_finished; /* progress not yet accounted; written by the owner alone, read by anyone */
  gint    owned;      /* atomic */
} __attribute__ ((aligned (AH_CACHE_LINE))) AhLane;

typedef struct
{
  guint   n_indices;
  guint   n_lanes;
  AhLane *lanes;

  /* Atomic; the next index to hand out, or anything from n_indices on. 64 bits, so that however
   * many threads add to it at the end, it cannot wrap. */
  guint64 cursor __attribute__ ((aligned (AH_CACHE_LINE)));
} __attribute__ ((aligned (AH_CACHE_LINE))) AhClaims;

void     ah_claims_init     (AhClaims *self,
                             guint     n_indices,
                             guint     n_threads);
void     ah_claims_clear    (AhClaims *self);
AhLane  *ah_claims_enter    (AhClaims *self);
void     ah_claims_leave    (AhClaims *self,
                             AhLane   *lane);
guint    ah_claims_refill   (AhClaims *self,
                             AhLane   *lane,
                             guint     n_wanted);
guint    ah_claims_count    (AhClaims *self);
guint    ah_claims_close    (AhClaims *self);
guint    ah_lane_close      (AhLane   *lane);

#define AH_RANGE(next, end) ((guint64) (next) << 32 | (end))
#define AH_RANGE_NEXT(range) ((guint) ((range) >> 32))
#define AH_RANGE_END(range) ((guint) (range))

/* The next index of the caller's own lane. */
static inline guint
ah_lane_take (AhLane *lane)
{
  guint64 range = __atomic_load_n (&lane->range, __ATOMIC_RELAXED);

  while (AH_RANGE_NEXT (range) < AH_RANGE_END (range))
    {
      if (__atomic_compare_exchange_n (&lane->range, &range,
                                       AH_RANGE (AH_RANGE_NEXT (range) + 1, AH_RANGE_END (range)),
                                       FALSE, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return AH_RANGE_NEXT (range);
    }

  return AH_NOTHING_LEFT;
}

G_END_DECLS
