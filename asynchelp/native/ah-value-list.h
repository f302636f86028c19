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

#define AH_TYPE_VALUE_LIST (ah_value_list_get_type ())

/**
 * AhValueList:
 *
 * A list of values, to be an argument of a C function that takes an array or a list.
 *
 * A value of this type can be made in every language, while a list or an array of the language
 * itself cannot stand in a [struct@GObject.Value] everywhere.
 *
 * It may be used from any thread, but only from one at a time. Reading is safe from several.
 */
typedef struct _AhValueList AhValueList;

AH_AVAILABLE_IN_ALL
GType         ah_value_list_get_type (void) G_GNUC_CONST;

AH_AVAILABLE_IN_ALL
AhValueList  *ah_value_list_new      (void) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
AhValueList  *ah_value_list_ref      (AhValueList  *self);

AH_AVAILABLE_IN_ALL
void          ah_value_list_unref    (AhValueList  *self);

AH_AVAILABLE_IN_ALL
void          ah_value_list_append   (AhValueList  *self,
                                      const GValue *value);

AH_AVAILABLE_IN_ALL
guint         ah_value_list_get_n    (AhValueList  *self);

AH_AVAILABLE_IN_ALL
const GValue *ah_value_list_peek     (AhValueList  *self,
                                      guint         index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AhValueList, ah_value_list_unref)

G_END_DECLS
