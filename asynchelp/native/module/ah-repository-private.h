/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/native/module/ah-girepository-private.h"

#include "asynchelp/native/ah-native-info-private.h"

G_BEGIN_DECLS

/* A function where it was found. */
typedef struct
{
  GIBaseInfo *function;
  GIBaseInfo *container; /* NULL: the namespace itself */
} AhFound;

typedef gboolean (*AhEachFunction) (const AhFound *found,
                                    gpointer       user_data);

gboolean ah_repository_require  (const char     *namespace_,
                                 const char     *version,
                                 GError        **error);
gboolean ah_repository_find     (const char     *namespace_,
                                 const char     *path,
                                 AhFound        *found);
void     ah_repository_for_each (const char     *namespace_,
                                 AhEachFunction  func,
                                 gpointer        user_data);

AhNativeInfo *ah_describe       (const AhFound  *found,
                                 GError        **error);
char         *ah_describe_name  (const AhFound  *found);

void ah_found_clear (AhFound *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AhFound, ah_found_clear)

typedef GIBaseInfo AhGiInfo;

static inline void
ah_gi_info_unref (AhGiInfo *info)
{
  GI (base_info_unref) (info);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AhGiInfo, ah_gi_info_unref)

G_END_DECLS
