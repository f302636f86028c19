/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "asynchelp/pool/ah-turns-private.h"

G_BEGIN_DECLS

typedef struct _AhInside AhInside;

typedef enum
{
  AH_INSIDE_FUNCTIONS, /* functions of a run are called here: what they enter, they have to leave */
  AH_INSIDE_WAIT,      /* the library waits, or runs something meanwhile */
  AH_INSIDE_REGION,    /* ah_blocking_begin () */
  AH_INSIDE_STRAND,    /* ah_strand_enter () */
} AhInsideKind;

/*
 * What a thread is inside of: a stack, whose innermost part alone is in force. A turn in a strand
 * ends while something lies on top of it. So a thread has at most one turn, and while it waits for
 * one it has none: strands cannot lock each other up, in whatever order they are entered.
 */
struct _AhInside
{
  AhInsideKind kind;
  guint        depth; /* of a region: how often it was begun again inside */
  AhTurns     *turns; /* the turn that the thread has here; or NULL */
  GCancellable *cancellable; /* what the functions called here were given; or NULL */
  GObject     *strand; /* that was entered by hand, with a reference */

  /* In place of just ending the turn, where it ends only for a while; or NULL */
  void       (*suspend) (AhInside *self);

  AhInside    *outer;
};

AhInside *ah_inside_new      (AhInsideKind  kind);
AhInside *ah_inside_get      (void);
void      ah_inside_push     (AhInside     *self);
void      ah_inside_pop      (AhInside     *self);
void      ah_inside_leave    (AhInside     *self);
void      ah_inside_clean    (AhInside     *self);
GCancellable *
          ah_inside_get_cancellable
                             (void);
gboolean  ah_inside_take     (AhTurns      *turns,
                              GCancellable *cancellable,
                              GError      **error);

/* The innermost part of the calling thread. Its address holds for the life of the thread, so that
 * who calls many functions can look at each one's end at the price of a comparison. */
AhInside *const *ah_inside_peek (void);

G_END_DECLS
