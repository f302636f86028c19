/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/pool/ah-blocking.h"

#include "asynchelp/pool/ah-inside-private.h"
#include "asynchelp/pool/ah-worker-pool-private.h"

/**
 * ah_blocking_begin:
 *
 * Says that the calling function is about to block: on a file, a lock, another process.
 *
 * To threads this is what `await` is to async functions. The worker's place is taken at once by
 * another one, where functions wait, without the pool having to find out; and a turn in an
 * [class@Strand] ends until [func@blocking_end]. In a thread that is no worker and inside no strand
 * nothing happens.
 *
 * Regions nest; the outermost one counts. Each has to be ended in the same function and thread. In
 * C, `g_autoptr (AhBlockingRegion) region = ah_blocking_region_new ()` ends with its scope.
 *
 * May be called from any thread.
 */
void
ah_blocking_begin (void)
{
  AhInside *inside = ah_inside_get ();
  AhInside *region;

  if (inside && inside->kind == AH_INSIDE_REGION)
    {
      inside->depth++;
      return;
    }

  region = ah_inside_new (AH_INSIDE_REGION);
  ah_inside_push (region);
  ah_worker_begin_wait (TRUE);
}

/**
 * ah_blocking_end:
 *
 * Says that what [func@blocking_begin] announced is over.
 *
 * Inside a strand the function waits for its next turn here. To end what was not begun in the same
 * function and thread is a programmer's mistake, and does nothing.
 *
 * May be called from any thread.
 */
void
ah_blocking_end (void)
{
  AhInside *inside = ah_inside_get ();

  if (inside == NULL || inside->kind != AH_INSIDE_REGION)
    {
      g_critical ("ah_blocking_end () was called without ah_blocking_begin () before it in the "
                  "same function and thread, or before what was entered inside was left");
      return;
    }

  if (inside->depth > 0)
    inside->depth--;
  else
    ah_inside_leave (inside);
}
