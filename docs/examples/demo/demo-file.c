/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* One blocking function, which reads a file, and one async function, which asks for its size. */

#include "demo.h"

#include <string.h>

DemoFile *
demo_file_new (GFile *file, guint *n_read)
{
  DemoFile *self = g_new0 (DemoFile, 1);

  self->file = g_object_ref (file);
  self->name = g_file_get_parse_name (file);
  self->n_read = n_read;

  return self;
}

void
demo_file_free (DemoFile *self)
{
  g_object_unref (self->file);
  g_free (self->name);
  g_free (self);
}

/* Names the file on stderr, once: it is missing from every pass. */
void
demo_file_leave_out (DemoFile *self, const GError *error)
{
  if (self->left_out)
    return;

  self->left_out = TRUE;
  demo_progress_clear ();

  /* Some messages of GIO name the file, and some do not. */
  if (strstr (error->message, self->name) != NULL)
    g_printerr ("demo: left out: %s\n", error->message);
  else
    g_printerr ("demo: left out: %s: %s\n", self->name, error->message);
}

/* An AhBlockingFunc: the file's SHA-256, in hexadecimal. */
void
demo_file_read (GCancellable *cancellable, GValue *result, gpointer user_data, GError **error)
{
  DemoFile *self = user_data;
  g_autoptr (GFileInputStream) stream = NULL;
  g_autoptr (GChecksum) checksum = NULL;
  guint8 piece[64 * 1024];
  gssize n_bytes;

  stream = g_file_read (self->file, cancellable, error);
  if (stream == NULL)
    return;

  checksum = g_checksum_new (G_CHECKSUM_SHA256);
  while ((n_bytes
          = g_input_stream_read (G_INPUT_STREAM (stream), piece, sizeof piece, cancellable, error))
         > 0)
    g_checksum_update (checksum, piece, n_bytes);

  if (n_bytes < 0)
    return;

  g_value_init (result, G_TYPE_STRING);
  g_value_set_string (result, g_checksum_get_string (checksum));
  g_atomic_int_inc (self->n_read);
}

static void
query_info_cb (GObject *source, GAsyncResult *async_result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (source), async_result, &error);
  g_auto (GValue) size = G_VALUE_INIT;

  if (info == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  g_value_init (&size, G_TYPE_UINT64);
  g_value_set_uint64 (&size, g_file_info_get_size (info));
  g_task_return_value (task, &size);
}

/* An AhAsyncFunc: the file's size. */
void
demo_file_query (GTask *task, gpointer user_data)
{
  DemoFile *self = user_data;

  g_file_query_info_async (self->file, G_FILE_ATTRIBUTE_STANDARD_SIZE,
                           G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, G_PRIORITY_DEFAULT,
                           g_task_get_cancellable (task), query_info_cb, g_object_ref (task));
}
