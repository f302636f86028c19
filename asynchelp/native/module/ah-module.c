/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/native/module/ah-repository-private.h"

#include "asynchelp/ah-i18n-private.h"

/* What the library asks of a module. */

/* Each symbol of a namespace, and the name under which the function is found. Kept for good. */
static GHashTable *symbols; /* of hash tables */

static gboolean
add_symbol (const AhFound *found, gpointer user_data)
{
  const char *symbol = GI (function_info_get_symbol) ((GIFunctionInfo *) found->function);
  const char *name = GI (base_info_get_name) (found->function);
  char *path = found->container
                   ? g_strdup_printf ("%s.%s", GI (base_info_get_name) (found->container), name)
                   : g_strdup (name);

  /* A method may stand a second time in the namespace: the first one found is as good. */
  if (!g_hash_table_contains (user_data, symbol))
    g_hash_table_insert (user_data, g_strdup (symbol), path);
  else
    g_free (path);
  return FALSE;
}

static GHashTable *
get_symbols (const char *namespace_)
{
  GHashTable *table;

  if (symbols == NULL)
    symbols = g_hash_table_new (g_str_hash, g_str_equal);

  table = g_hash_table_lookup (symbols, namespace_);
  if (table == NULL)
    {
      table = g_hash_table_new (g_str_hash, g_str_equal);
      ah_repository_for_each (namespace_, add_symbol, table);
      g_hash_table_insert (symbols, g_strdup (namespace_), table);
    }
  return table;
}

/* A function is described once: it may be found under other names than its own. Kept for good. */
static GHashTable *descriptions;

static AhNativeInfo *
describe_once (const AhFound *found, GError **error)
{
  g_autofree char *name = ah_describe_name (found);
  AhNativeInfo *info;

  if (descriptions == NULL)
    descriptions = g_hash_table_new (g_str_hash, g_str_equal);

  info = g_hash_table_lookup (descriptions, name);
  if (info == NULL)
    {
      info = ah_describe (found, error);
      if (info)
        g_hash_table_insert (descriptions, info->name, info);
    }
  return info;
}

static AhNativeInfo *
find (const char *namespace_, const char *path, GError **error)
{
  g_auto (AhFound) found = { 0 };

  if (!ah_repository_require (namespace_, NULL, error))
    return NULL;

  if (!ah_repository_find (namespace_, path, &found))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   _ ("There is no function “%s” in the namespace “%s”"), path, namespace_);
      return NULL;
    }
  return describe_once (&found, error);
}

static AhNativeInfo *
find_symbol (const char *namespace_, const char *symbol, GError **error)
{
  const char *path;

  if (!ah_repository_require (namespace_, NULL, error))
    return NULL;

  path = g_hash_table_lookup (get_symbols (namespace_), symbol);
  if (path == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   _ ("There is no function with the symbol “%s” in the namespace “%s”"), symbol,
                   namespace_);
      return NULL;
    }
  return find (namespace_, path, error);
}

static gboolean
add_name (const AhFound *found, gpointer user_data)
{
  g_ptr_array_add (user_data, ah_describe_name (found));
  return FALSE;
}

static char **
list (const char *namespace_, GError **error)
{
  GPtrArray *names;

  if (!ah_repository_require (namespace_, NULL, error))
    return NULL;

  names = g_ptr_array_new ();
  ah_repository_for_each (namespace_, add_name, names);
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (names, FALSE);
}

extern const AhNativeModule ah_native_module_1;
G_MODULE_EXPORT const AhNativeModule ah_native_module_1 = {
  .require = ah_repository_require,
  .find = find,
  .find_symbol = find_symbol,
  .list = list,
};
