/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What a pass over all files found out, and whether two passes found the same. */

#include "demo.h"

#include <string.h>

DemoPass *
demo_pass_new (guint n_files)
{
  DemoPass *self = g_new0 (DemoPass, 1);

  self->digests = g_ptr_array_new_full (n_files, g_free);
  g_ptr_array_set_size (self->digests, (int) n_files);
  self->sizes = g_array_sized_new (FALSE, TRUE, sizeof (guint64), n_files);
  g_array_set_size (self->sizes, n_files);

  return self;
}

void
demo_pass_free (DemoPass *self)
{
  g_ptr_array_unref (self->digests);
  g_array_unref (self->sizes);
  g_free (self);
}

/* Takes the values of one file's two functions; where one failed, its value holds the error. */
void
demo_pass_set_value (DemoPass *self,
                     DemoFile *file,
                     guint index,
                     const GValue *digest,
                     const GValue *size)
{
  if (G_VALUE_HOLDS (digest, G_TYPE_ERROR))
    demo_file_leave_out (file, g_value_get_boxed (digest));
  else
    g_ptr_array_index (self->digests, index) = g_value_dup_string (digest);

  if (G_VALUE_HOLDS (size, G_TYPE_ERROR))
    demo_file_leave_out (file, g_value_get_boxed (size));
  else
    g_array_index (self->sizes, guint64, index) = g_value_get_uint64 (size);
}

/* Whether two passes agree on every file that none had to leave out. */
gboolean
demo_pass_same (DemoPass *self, DemoPass *other, GPtrArray *files)
{
  gboolean same = TRUE;

  for (guint i = 0; i < files->len; i++)
    {
      DemoFile *file = g_ptr_array_index (files, i);

      if (!file->left_out
          && (g_strcmp0 (g_ptr_array_index (self->digests, i),
                         g_ptr_array_index (other->digests, i))
                  != 0
              || g_array_index (self->sizes, guint64, i)
                     != g_array_index (other->sizes, guint64, i)))
        {
          g_printerr ("demo: not the same in two passes: %s\n", file->name);
          same = FALSE;
        }
    }

  return same;
}

/* One digest over all digests, in order. */
char *
demo_pass_sum (DemoPass *self, GPtrArray *files, guint *n_files, guint64 *n_bytes)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  *n_files = 0;
  *n_bytes = 0;

  for (guint i = 0; i < files->len; i++)
    {
      DemoFile *file = g_ptr_array_index (files, i);

      if (file->left_out)
        continue;

      g_checksum_update (checksum, g_ptr_array_index (self->digests, i), -1);
      *n_bytes += g_array_index (self->sizes, guint64, i);
      *n_files += 1;
    }

  return g_strdup (g_checksum_get_string (checksum));
}
