/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/core/ah-idle-event-loop.h"

G_BEGIN_DECLS

/* One entered idle event loop, on the stack of whoever enters. */
typedef struct _AhIdleLoop AhIdleLoop;

struct _AhIdleLoop
{
  GMainContext *context; /* with a reference */
  gboolean      fresh;   /* made for this, and pushed */
  gboolean      to_leave; /* it was left before those inside it */
  GThread      *thread;
  AhIdleLoop   *outer; /* the thread's next one outward */
  gboolean      entered;

  void (*left_late) (AhIdleLoop *self); /* nullable: it was left together with those inside it */
};

void     ah_idle_loop_enter (AhIdleLoop *self);
gboolean ah_idle_loop_leave (AhIdleLoop *self);
gboolean ah_is_main_thread (void);
gboolean ah_idle_loop_stands_still (GMainContext *context);

G_END_DECLS
