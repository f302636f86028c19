/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/native/module/ah-repository-private.h"

/*
 * Finding functions in girepository. Everything here is called under the library's lock: first
 * look-ups from several threads at once fail, or worse.
 */

#ifdef AH_GIREPOSITORY_2

#include <dlfcn.h>

/*
 * The one that the rest of the process uses, where GLib is new enough to tell (2.86); it knows
 * which versions of namespaces are loaded.
 */
static GIRepository *
get_repository (void)
{
  static GIRepository *repository;

  if (repository == NULL)
    {
      GIRepository *(*dup_default) (void);

      *(void **) &dup_default = dlsym (RTLD_DEFAULT, "gi_repository_dup_default");
      repository = dup_default ? dup_default () : gi_repository_new ();
    }
  return repository;
}

#define REPOSITORY(name) gi_repository_##name
#define NO_LOAD_FLAGS GI_REPOSITORY_LOAD_FLAG_NONE

#else

static GIRepository *
get_repository (void)
{
  return g_irepository_get_default ();
}

#define REPOSITORY(name) g_irepository_##name
#define NO_LOAD_FLAGS 0

#endif

void
ah_found_clear (AhFound *self)
{
  g_clear_pointer (&self->function, ah_gi_info_unref);
  g_clear_pointer (&self->container, ah_gi_info_unref);
}

gboolean
ah_repository_require (const char *namespace_, const char *version, GError **error)
{
  return REPOSITORY (require) (get_repository (), namespace_, version, NO_LOAD_FLAGS, error)
         != NULL;
}

/* --- Methods of whatever has methods --- */

typedef struct
{
  AhGiIndex n;
  GIBaseInfo *(*get) (GIBaseInfo *info, AhGiIndex n);
} Methods;

#define DEFINE_GET(kind, Kind)                                                                     \
  static GIBaseInfo *get_##kind##_method (GIBaseInfo *info, AhGiIndex n)                           \
  {                                                                                                \
    return (GIBaseInfo *) GI (kind##_info_get_method) ((GI##Kind##Info *) info, n);                \
  }

DEFINE_GET (object, Object)
DEFINE_GET (interface, Interface)
DEFINE_GET (struct, Struct)
DEFINE_GET (union, Union)
DEFINE_GET (enum, Enum)

static Methods
get_methods (GIBaseInfo *info)
{
  if (GI_IS_OBJECT_INFO (info))
    return (Methods){ GI (object_info_get_n_methods) ((GIObjectInfo *) info), get_object_method };
  if (GI_IS_INTERFACE_INFO (info))
    return (Methods){ GI (interface_info_get_n_methods) ((GIInterfaceInfo *) info),
                      get_interface_method };
  if (GI_IS_STRUCT_INFO (info))
    return (Methods){ GI (struct_info_get_n_methods) ((GIStructInfo *) info), get_struct_method };
  if (GI_IS_UNION_INFO (info))
    return (Methods){ GI (union_info_get_n_methods) ((GIUnionInfo *) info), get_union_method };
  if (GI_IS_ENUM_INFO (info))
    return (Methods){ GI (enum_info_get_n_methods) ((GIEnumInfo *) info), get_enum_method };
  return (Methods){ 0 };
}

static gboolean
find_method (GIBaseInfo *container, const char *name, AhFound *found)
{
  Methods methods = get_methods (container);

  for (AhGiIndex i = 0; i < methods.n; i++)
    {
      g_autoptr (AhGiInfo) method = methods.get (container, i);

      if (g_strcmp0 (GI (base_info_get_name) (method), name) == 0)
        {
          found->function = g_steal_pointer (&method);
          found->container = GI (base_info_ref) (container);
          return TRUE;
        }
    }
  return FALSE;
}

/* Also what a class has from its parents and interfaces, as in every language. */
static gboolean
find_inherited (GIBaseInfo *container, const char *name, AhFound *found)
{
  g_autoptr (AhGiInfo) parent = NULL;
  GIObjectInfo *object = (GIObjectInfo *) container;

  if (find_method (container, name, found))
    return TRUE;
  if (!GI_IS_OBJECT_INFO (container))
    return FALSE;

  for (AhGiIndex i = 0; i < GI (object_info_get_n_interfaces) (object); i++)
    {
      g_autoptr (AhGiInfo) interface = (GIBaseInfo *) GI (object_info_get_interface) (object, i);

      if (find_method (interface, name, found))
        return TRUE;
    }

  parent = (GIBaseInfo *) GI (object_info_get_parent) (object);
  return parent && find_inherited (parent, name, found);
}

/* @path is "function" or "Container.function". */
gboolean
ah_repository_find (const char *namespace_, const char *path, AhFound *found)
{
  const char *dot = strchr (path, '.');
  g_autofree char *first = dot ? g_strndup (path, dot - path) : g_strdup (path);
  g_autoptr (AhGiInfo) info = REPOSITORY (find_by_name) (get_repository (), namespace_, first);

  *found = (AhFound){ 0 };
  if (info == NULL)
    return FALSE;
  if (dot)
    return find_inherited (info, dot + 1, found);
  if (!GI_IS_FUNCTION_INFO (info))
    return FALSE;

  found->function = g_steal_pointer (&info);
  return TRUE;
}

/* Until @func returns TRUE. */
void
ah_repository_for_each (const char *namespace_, AhEachFunction func, gpointer user_data)
{
  AhGiIndex n = REPOSITORY (get_n_infos) (get_repository (), namespace_);

  for (AhGiIndex i = 0; i < n; i++)
    {
      g_autoptr (AhGiInfo) info = REPOSITORY (get_info) (get_repository (), namespace_, i);
      Methods methods = get_methods (info);

      if (GI_IS_FUNCTION_INFO (info) && func (&(AhFound){ .function = info }, user_data))
        return;

      for (AhGiIndex m = 0; m < methods.n; m++)
        {
          g_autoptr (AhGiInfo) method = methods.get (info, m);

          if (func (&(AhFound){ method, info }, user_data))
            return;
        }
    }
}
