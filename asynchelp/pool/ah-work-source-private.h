/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _AhWorkSource      AhWorkSource;
typedef struct _AhWorkSourceClass AhWorkSourceClass;

/*
 * Something that has work for workers: to the pool, all that a run is.
 *
 * The pool has a reference to what is attached; a worker takes another one while it works there.
 */
struct _AhWorkSourceClass
{
  void     (*ref)        (AhWorkSource *self);
  void     (*unref)      (AhWorkSource *self);

  /* Whether there is anything to claim. Called with the pool's lock held: takes no lock. */
  gboolean (*has_work)   (AhWorkSource *self);

  /* How many functions can be claimed now. Called with the pool's lock held; takes the source's. */
  guint    (*count)      (AhWorkSource *self);

  /* Claims and runs functions for about a millisecond, in a worker, with no lock held. */
  void     (*work)       (AhWorkSource *self);

  /* No worker is left that could come, and none can be started: whoever waits for the source has to
   * do the work. Called with no lock held. */
  void     (*nobody_can) (AhWorkSource *self);

  /* Nobody has come for some time, though all of it can be claimed. Only if it has turns; called
   * with no lock held. */
  void     (*overdue)    (AhWorkSource *self);
};

struct _AhWorkSource
{
  const AhWorkSourceClass *klass;
  gint                     has_turns; /* atomic: what it has is claimed in turns */

  /* Both guarded by the pool's lock; attached is also peeked at without it. */
  GList link;
  gint  attached;
};

static inline void
ah_work_source_init (AhWorkSource *self, const AhWorkSourceClass *klass)
{
  self->klass = klass;
  self->link.data = self;
}

G_END_DECLS
