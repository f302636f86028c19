/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Finds the files to work on. */

#include "demo.h"

#include <string.h>

static int
compare_files (gconstpointer a, gconstpointer b)
{
  const DemoFile *x = *(DemoFile *const *) a;
  const DemoFile *y = *(DemoFile *const *) b;

  return strcmp (g_file_peek_path (x->file), g_file_peek_path (y->file));
}

static gboolean
walk_one (DemoWork *work, GFile *directory, GQueue *pending, GError **error)
{
  g_autoptr (GFileEnumerator) children = NULL;

  children
      = g_file_enumerate_children (directory,
                                   G_FILE_ATTRIBUTE_STANDARD_NAME
                                   "," G_FILE_ATTRIBUTE_STANDARD_TYPE,
                                   G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, work->cancellable, error);
  if (children == NULL)
    return FALSE;

  while (TRUE)
    {
      GFileInfo *info; /* belongs to the enumerator, like the child */
      GFile *child;

      if (!g_file_enumerator_iterate (children, &info, &child, work->cancellable, error))
        return FALSE;
      if (info == NULL)
        return TRUE;

      if (g_file_info_get_file_type (info) == G_FILE_TYPE_DIRECTORY)
        g_queue_push_tail (pending, g_object_ref (child));
      else if (g_file_info_get_file_type (info) == G_FILE_TYPE_REGULAR)
        g_ptr_array_add (work->files, demo_file_new (child, &work->n_read));
    }
}

/* Collects the regular files below @directory, sorted by path. Links are not followed, so that
 * nothing is met twice. A directory below that cannot be read is named, and the rest is done. */
gboolean
demo_walk (DemoWork *work, GFile *directory, GError **error)
{
  GQueue pending = G_QUEUE_INIT;
  GFile *next;

  if (!walk_one (work, directory, &pending, error))
    {
      g_queue_clear_full (&pending, g_object_unref);
      return FALSE;
    }

  while ((next = g_queue_pop_head (&pending)) != NULL)
    {
      g_autoptr (GFile) below = next;
      g_autoptr (GError) local_error = NULL;

      if (walk_one (work, below, &pending, &local_error))
        continue;

      if (g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        {
          g_queue_clear_full (&pending, g_object_unref);
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }

      g_printerr ("demo: left out: %s\n", local_error->message);
    }

  g_ptr_array_sort (work->files, compare_files);

  return TRUE;
}

/* Takes the files from a list of URIs, one a line. */
gboolean
demo_read_list (DemoWork *work, const char *list, GError **error)
{
  g_autofree char *contents = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (list, &contents, NULL, error))
    return FALSE;

  lines = g_strsplit (contents, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != '\0')
      {
        g_autoptr (GFile) file = g_file_new_for_uri (lines[i]);

        g_ptr_array_add (work->files, demo_file_new (file, &work->n_read));
      }

  return TRUE;
}

/* Writes such a list of @n files, spread evenly over all that could be read. */
gboolean
demo_write_list (DemoWork *work, const char *list, guint n, GError **error)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  g_autoptr (GPtrArray) readable = g_ptr_array_new ();

  for (guint i = 0; i < work->files->len; i++)
    {
      DemoFile *file = g_ptr_array_index (work->files, i);

      if (!file->left_out)
        g_ptr_array_add (readable, file);
    }

  n = MIN (n, readable->len);
  for (guint i = 0; i < n; i++)
    {
      guint index = (guint) ((guint64) i * readable->len / n);
      DemoFile *file = g_ptr_array_index (readable, index);
      g_autofree char *uri = g_file_get_uri (file->file);

      g_string_append_printf (lines, "%s\n", uri);
    }

  return g_file_set_contents (list, lines->str, (gssize) lines->len, error);
}
