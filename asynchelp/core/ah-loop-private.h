/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * What the library wants done on a main context: one persistent GSource a context and priority,
 * with a queue of items that any thread may post.
 *
 * The items are dispatched with the context as thread default, for at most AH_LOOP_SLICE_US before
 * the context gets to its other sources.
 *
 * A reference to a loop is one to its context: neither goes away while something is to be posted.
 */
typedef struct _AhLoop     AhLoop;
typedef struct _AhLoopItem AhLoopItem;

#define AH_LOOP_SLICE_US 2000

/* Does its work until @until (µs, monotonic); TRUE to be dispatched again, else it may be gone. */
typedef gboolean (*AhLoopDispatch) (AhLoopItem *item,
                                    gint64      until);

struct _AhLoopItem
{
  AhLoopDispatch dispatch;
  GList          link;   /* guarded by the loop's lock */
  gboolean       queued; /* likewise */
};

AhLoop       *ah_loop_get         (GMainContext *context,
                                   int           priority);
AhLoop       *ah_loop_ref         (AhLoop       *self);
void          ah_loop_unref       (AhLoop       *self);
GMainContext *ah_loop_get_context (AhLoop       *self);
void          ah_loop_post        (AhLoop       *self,
                                   AhLoopItem   *item);
gboolean      ah_loop_queue       (AhLoop       *self,
                                   AhLoopItem   *item);
void          ah_loop_wake        (AhLoop       *self);
gboolean      ah_loop_withdraw    (AhLoop       *self,
                                   AhLoopItem   *item);

static inline void
ah_loop_item_init (AhLoopItem *self, AhLoopDispatch dispatch)
{
  self->dispatch = dispatch;
  self->link.data = self;
}

G_END_DECLS
