/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)
#error "Only <asynchelp.h> can be included directly."
#endif

#include <glib-object.h>

#include <asynchelp/ah-version.h>

G_BEGIN_DECLS

#define AH_TYPE_IDLE_EVENT_LOOP (ah_idle_event_loop_get_type ())

/**
 * AhIdleEventLoop:
 *
 * A main context that nobody is dispatching, thread default for as long as it is entered.
 *
 * In C, `g_autoptr (AhIdleEventLoop)` leaves the loop at the end of the scope.
 */
typedef struct _AhIdleEventLoop AhIdleEventLoop;

AH_AVAILABLE_IN_ALL
GType            ah_idle_event_loop_get_type    (void) G_GNUC_CONST;

AH_AVAILABLE_IN_ALL
AhIdleEventLoop *ah_idle_event_loop_enter       (void) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
GMainContext    *ah_idle_event_loop_get_context (AhIdleEventLoop *self);

AH_AVAILABLE_IN_ALL
void             ah_idle_event_loop_leave       (AhIdleEventLoop *self);

AH_AVAILABLE_IN_ALL
AhIdleEventLoop *ah_idle_event_loop_ref         (AhIdleEventLoop *self);

AH_AVAILABLE_IN_ALL
void             ah_idle_event_loop_unref       (AhIdleEventLoop *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AhIdleEventLoop, ah_idle_event_loop_leave)

G_END_DECLS
