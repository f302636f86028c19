/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

/*
 * What differs between girepository-1.0, of gobject-introspection, and girepository-2.0, of GLib.
 * All else is the same but for the prefix of its names.
 */

#ifdef AH_GIREPOSITORY_2

#include <girepository/girepository.h>

#define GI(name) gi_##name

typedef unsigned int AhGiIndex;

#define ah_gi_arg_get_type gi_arg_info_get_type_info
#define ah_gi_is_callback(info) GI_IS_CALLBACK_INFO (info)
#define ah_gi_is_flags(info) GI_IS_FLAGS_INFO (info)

static inline int
ah_gi_type_get_length (GITypeInfo *type)
{
  unsigned int index;

  return gi_type_info_get_array_length_index (type, &index) ? (int) index : -1;
}

static inline int
ah_gi_type_get_fixed_size (GITypeInfo *type)
{
  size_t size;

  return gi_type_info_get_array_fixed_size (type, &size) ? (int) size : -1;
}

static inline int
ah_gi_arg_get_closure (GIArgInfo *arg)
{
  unsigned int index;

  return gi_arg_info_get_closure_index (arg, &index) ? (int) index : -1;
}

static inline int
ah_gi_arg_get_destroy (GIArgInfo *arg)
{
  unsigned int index;

  return gi_arg_info_get_destroy_index (arg, &index) ? (int) index : -1;
}

#else

#include <girepository.h>

#define GI(name) g_##name

typedef int AhGiIndex;

#define ah_gi_arg_get_type g_arg_info_get_type
#define ah_gi_is_callback(info) (g_base_info_get_type (info) == GI_INFO_TYPE_CALLBACK)
#define ah_gi_is_flags(info) (g_base_info_get_type (info) == GI_INFO_TYPE_FLAGS)
#define ah_gi_type_get_length g_type_info_get_array_length
#define ah_gi_type_get_fixed_size g_type_info_get_array_fixed_size
#define ah_gi_arg_get_closure g_arg_info_get_closure
#define ah_gi_arg_get_destroy g_arg_info_get_destroy

#endif
