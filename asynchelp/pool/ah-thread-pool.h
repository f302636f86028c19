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

#define AH_TYPE_THREAD_POOL (ah_thread_pool_get_type ())

AH_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (AhThreadPool, ah_thread_pool, AH, THREAD_POOL, GObject)

AH_AVAILABLE_IN_ALL
AhThreadPool *ah_thread_pool_get_default     (void);

AH_AVAILABLE_IN_ALL
AhThreadPool *ah_thread_pool_new             (guint         max_threads) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
guint         ah_thread_pool_get_max_threads (AhThreadPool *self);

AH_AVAILABLE_IN_ALL
void          ah_thread_pool_set_max_threads (AhThreadPool *self,
                                              guint         max_threads);

AH_AVAILABLE_IN_ALL
guint         ah_thread_pool_get_n_threads   (AhThreadPool *self);

AH_AVAILABLE_IN_ALL
guint         ah_thread_pool_get_n_running   (AhThreadPool *self);

AH_AVAILABLE_IN_ALL
guint         ah_thread_pool_get_n_queued    (AhThreadPool *self);

AH_AVAILABLE_IN_ALL
gboolean      ah_thread_pool_would_queue     (AhThreadPool *self);

G_END_DECLS
