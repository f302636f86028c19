/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)
#error "Only <asynchelp.h> can be included directly."
#endif

#include <glib.h>

#include <asynchelp/ah-version.h>

G_BEGIN_DECLS

AH_AVAILABLE_IN_ALL
void ah_blocking_begin (void);

AH_AVAILABLE_IN_ALL
void ah_blocking_end   (void);

#ifndef __GI_SCANNER__

/* A blocking region that ends with the scope:
 *
 *   g_autoptr (AhBlockingRegion) region = ah_blocking_region_new ();
 */
typedef void AhBlockingRegion;

static inline AhBlockingRegion *
ah_blocking_region_new (void)
{
  ah_blocking_begin ();
  return (AhBlockingRegion *) g_thread_self ();
}

static inline void
ah_blocking_region_free (AhBlockingRegion *region G_GNUC_UNUSED)
{
  ah_blocking_end ();
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AhBlockingRegion, ah_blocking_region_free)

#endif /* __GI_SCANNER__ */

G_END_DECLS
