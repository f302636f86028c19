/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)
#error "Only <asynchelp.h> can be included directly."
#endif

#include <gio/gio.h>

#include <asynchelp/ah-version.h>

G_BEGIN_DECLS

#define AH_TYPE_STRAND (ah_strand_get_type ())

AH_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (AhStrand, ah_strand, AH, STRAND, GObject)

AH_AVAILABLE_IN_ALL
AhStrand *ah_strand_new       (void) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
gboolean  ah_strand_enter     (AhStrand      *self,
                               GCancellable  *cancellable,
                               GError       **error);

AH_AVAILABLE_IN_ALL
void      ah_strand_leave     (AhStrand      *self);

AH_AVAILABLE_IN_ALL
gboolean  ah_strand_is_inside (AhStrand      *self);

#ifndef __GI_SCANNER__

/* A turn that ends with the scope:
 *
 *   g_autoptr (AhStrandTurn) turn = ah_strand_turn_new (strand, cancellable, error);
 *
 *   if (turn == NULL)
 *     return FALSE;
 */
typedef void AhStrandTurn;

static inline AhStrandTurn *
ah_strand_turn_new (AhStrand *strand, GCancellable *cancellable, GError **error)
{
  return ah_strand_enter (strand, cancellable, error) ? (AhStrandTurn *) strand : NULL;
}

static inline void
ah_strand_turn_free (AhStrandTurn *turn)
{
  ah_strand_leave ((AhStrand *) turn);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AhStrandTurn, ah_strand_turn_free)

#endif /* __GI_SCANNER__ */

G_END_DECLS
