/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <asynchelp.h>

/* A blocking function: runs in a worker, and returns when its work is done. */
static void
count_bytes (GCancellable *cancellable, GValue *result, gpointer path, GError **error)
{
  g_autofree char *contents = NULL;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, error))
    return;

  g_value_init (result, G_TYPE_UINT64);
  g_value_set_uint64 (result, length);
}

static gboolean
ring (gpointer task)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_static_string (&value, "ring");
  g_task_return_value (task, &value);
  g_value_unset (&value);

  return G_SOURCE_REMOVE;
}

/* An async function: starts something on the main context, and ends its task later. */
static void
alarm_clock (GTask *task, gpointer user_data)
{
  g_autoptr (GSource) timeout = g_timeout_source_new (100);

  g_task_attach_source (task, timeout, ring);
}

int
main (int argc, char **argv)
{
  g_autoptr (AhBatch) batch = ah_parallel_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  ah_batch_schedule_blocking (batch, count_bytes, argv[0], NULL);
  ah_batch_schedule_async (batch, alarm_clock, NULL, NULL);

  results = ah_batch_block (batch, NULL, &error);
  if (results == NULL)
    g_error ("%s", error->message);

  g_print ("%" G_GUINT64_FORMAT " bytes, %s\n",
           g_value_get_uint64 (&g_array_index (results, GValue, 0)),
           g_value_get_string (&g_array_index (results, GValue, 1)));

  return 0;
}
