/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

/* The structure of which @member points to the field. */
#define AH_OWNER_OF(member, Type, field) \
  ((Type *) (gpointer) ((char *) (member) - G_STRUCT_OFFSET (Type, field)))
