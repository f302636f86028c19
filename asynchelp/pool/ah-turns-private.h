/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Who is inside a strand, and who comes next: first come, first served.
 *
 * It is apart from the AhStrand object since runs hold references, and must be able to drop the
 * last one in any thread without foreign code hearing of it there.
 */
typedef struct _AhTurns  AhTurns;
typedef struct _AhTicket AhTicket;

typedef struct
{
  /* The turn is the ticket's, until it is ended. FALSE if nobody is there to make use of it. In any
   * thread, with no lock held. */
  gboolean (*granted) (AhTicket *self);

  /* A thread sleeps until it is granted. */
  gboolean in_thread;
} AhTicketClass;

/* A place in the line. Whoever queues it keeps it until it was granted or withdrawn. */
struct _AhTicket
{
  const AhTicketClass *klass;

  /* Both guarded by the turns' lock. */
  gboolean             queued;
  GList                link;
};

AhTurns  *ah_turns_new       (void);
AhTurns  *ah_turns_ref       (AhTurns   *self);
void      ah_turns_unref     (AhTurns   *self);

/* None of these calls anybody: the ticket they return has to be granted, with no lock held. */
gboolean  ah_turns_take      (AhTurns   *self,
                              AhTicket  *ticket);
gboolean  ah_turns_withdraw  (AhTurns   *self,
                              AhTicket  *ticket);
gboolean  ah_turns_go_on     (AhTurns   *self,
                              AhTicket  *ticket,
                              AhTicket **next);
AhTicket *ah_turns_requeue   (AhTurns   *self,
                              AhTicket  *ticket);
AhTicket *ah_turns_overtake  (AhTurns   *self);
AhTicket *ah_turns_end       (AhTurns   *self) G_GNUC_WARN_UNUSED_RESULT;

void      ah_turns_grant     (AhTurns   *self,
                              AhTicket  *ticket);

static inline void
ah_ticket_init (AhTicket *self, const AhTicketClass *klass)
{
  self->klass = klass;
  self->link.data = self;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AhTurns, ah_turns_unref)

G_END_DECLS
