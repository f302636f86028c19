/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "support.h"

#include <glib/gstdio.h>

/*
 * Every function of GLib, Gio and GdkPixbuf is prepared, or refused for a reason that is known; and
 * many are called.
 */

static const char *const namespaces[] = { "GLib", "Gio", "GdkPixbuf" };

/* What docs/native.md says. Any other reason is a surprise. */
static const char *const known_reasons[] = {
  "asynchronous function",
  "a callback would be called",
  "a closure is a callback",
  "a bare pointer",
  "without a boxed type",
  "references are the library's own",
  "nothing tells how long",
  "array of structures",
  "its length goes another way",
  "keys are no strings",
  "that are freed",
  "how much room it takes",
  "has no symbol",
  "table of such values",
  "container of such items",
  "numbers in place of",
  "container of bare pointers",
  "table of bare pointers",
  "only its own bindings",
  "the type cannot be found",
  "does not say how it is referenced",
  "structure without a pointer",
};

static const char *
find_reason (const char *message)
{
  for (guint i = 0; i < G_N_ELEMENTS (known_reasons); i++)
    {
      if (strstr (message, known_reasons[i]))
        return known_reasons[i];
    }
  g_error ("not a known reason: %s", message);
}

static gint
by_count (gconstpointer a, gconstpointer b, gpointer counts)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (counts, b))
         - GPOINTER_TO_INT (g_hash_table_lookup (counts, a));
}

static gboolean
prepare (const char *namespace_, const char *name, GError **error)
{
  g_autoptr (AhNative) native = ah_native_lookup (name, error);
  g_autoptr (AhNative) by_symbol = NULL;

  if (native == NULL)
    return FALSE;

  g_assert_cmpstr (ah_native_get_name (native), ==, name);
  by_symbol = ah_native_lookup_symbol (namespace_, ah_native_get_symbol (native), NULL);
  g_assert_nonnull (by_symbol);
  g_assert_cmpstr (ah_native_get_symbol (by_symbol), ==, ah_native_get_symbol (native));

  if (!ah_native_check (native, error))
    return FALSE;
  for (guint i = 0; i < ah_native_get_n_arguments (native); i++)
    g_assert_cmpint (ah_native_get_argument_kind (native, i), !=, AH_NATIVE_KIND_UNSUPPORTED);
  for (guint i = 0; i < ah_native_get_n_results (native); i++)
    g_assert_cmpint (ah_native_get_result_kind (native, i), !=, AH_NATIVE_KIND_UNSUPPORTED);
  return TRUE;
}

static void
test_prepare (gconstpointer data)
{
  const char *namespace_ = data;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = NULL;
  g_autoptr (GHashTable) counts = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GList) reasons = NULL;
  guint n_prepared = 0;

  if (!ah_native_require (namespace_, NULL, &error))
    {
      g_test_skip (error->message);
      return;
    }

  names = ah_native_list (namespace_, &error);
  g_assert_no_error (error);
  for (guint i = 0; names[i]; i++)
    {
      g_autoptr (GError) refusal = NULL;
      const char *reason;

      if (prepare (namespace_, names[i], &refusal))
        {
          n_prepared++;
          continue;
        }
      reason = find_reason (refusal->message);
      g_hash_table_insert (counts, (gpointer) reason,
                           GINT_TO_POINTER (GPOINTER_TO_INT (g_hash_table_lookup (counts, reason))
                                            + 1));
    }

  g_test_message ("%s: %u of %u functions prepared", namespace_, n_prepared, g_strv_length (names));
  reasons = g_list_sort_with_data (g_hash_table_get_keys (counts), by_count, counts);
  for (GList *l = reasons; l; l = l->next)
    g_test_message ("%8d  %s", GPOINTER_TO_INT (g_hash_table_lookup (counts, l->data)),
                    (char *) l->data);
  g_assert_cmpuint (n_prepared, >, g_strv_length (names) / 2);
}

/* --- Calls --- */

static char *folder;

static char *
path_of (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static GFile *
file_of (const char *name)
{
  g_autofree char *path = path_of (name);

  return g_file_new_for_path (path);
}

static void
test_call_glib (void)
{
  g_autofree char *file = path_of ("glib.txt");
  g_autofree char *below = path_of ("a/b");

  native_expect ("“aGk=”", "GLib.base64_encode", "y", "hi");
  native_expect ("<68 69>", "GLib.base64_decode", "s", "aGk=");
  native_expect ("“900150983cd24fb0d6963f7d28e17f72”", "GLib.compute_checksum_for_string", "isi",
                 G_CHECKSUM_MD5, "abc", -1);
  native_expect ("“900150983cd24fb0d6963f7d28e17f72”", "GLib.compute_checksum_for_bytes", "iy",
                 G_CHECKSUM_MD5, "abc");
  native_expect ("“900150983cd24fb0d6963f7d28e17f72”", "GLib.compute_checksum_for_data", "iy",
                 G_CHECKSUM_MD5, "abc");
  native_expect ("true", "GLib.file_set_contents", "sy", file, "content");
  native_expect ("[true, <63 6f 6e 74 65 6e 74>]", "GLib.file_get_contents", "s", file);
  native_expect ("true", "GLib.file_test", "si", file, G_FILE_TEST_IS_REGULAR);
  native_expect ("“glib.txt”", "GLib.path_get_basename", "s", file);
  native_expect ("“a/b”", "GLib.build_filenamev", "S", "a,b");
  native_expect ("0", "GLib.mkdir_with_parents", "si", below, 0700);
  native_expect ("[true, {a,b c}]", "GLib.shell_parse_argv", "s", "a 'b c'");
  native_expect ("“'a b'”", "GLib.shell_quote", "s", "a b");
  native_expect ("“a b”", "GLib.shell_unquote", "s", "'a b'");
  native_expect ("“a%20b”", "GLib.uri_escape_string", "snb", "a b", FALSE);
  native_expect ("“a b”", "GLib.uri_unescape_string", "sn", "a%20b");
  native_expect ("[“k”, “v”]", "GLib.uri_parse_params", "sisi", "k=v", -1, "&", 0);
  native_expect ("[true, “http”, null, “host”, 8, “/p”, “q”, “f”]", "GLib.uri_split", "si",
                 "http://host:8/p?q#f", 0);
  native_expect ("“ÄB”", "GLib.utf8_strup", "si", "äb", -1);
  native_expect ("“äb”", "GLib.utf8_casefold", "si", "ÄB", -1);
  native_expect ("[true, “”]", "GLib.utf8_validate", "y", "ok");
  native_expect ("2x", "GLib.utf8_strlen", "si", "äb", -1);
  native_expect ("“AB”", "GLib.ascii_strup", "si", "ab", -1);
  native_expect ("“&lt;a&gt;”", "GLib.markup_escape_text", "si", "<a>", -1);
  native_expect ("“Ä”", "GLib.unichar_toupper", "s", "ä");
  native_expect ("3", "GLib.bit_nth_lsf", "ti", (guint64) 8, -1);
  native_expect ("“xn--tda.test”", "GLib.hostname_to_ascii", "s", "ü.test");
  native_expect ("{a,b}", "GLib.regex_split_simple", "ssii", " ", "a b", 0, 0);
  native_expect ("true", "GLib.regex_match_simple", "ssii", "^a", "ab", 0, 0);
  native_expect ("[true, <6f 0a>, <>, 0]", "GLib.spawn_command_line_sync", "s", "echo o");
  native_expect ("[true, <6f 0a>, <>, 0]", "GLib.spawn_sync", "nSnin", "echo,o",
                 G_SPAWN_SEARCH_PATH);
  native_expect ("variant [1, 2]", "GLib.variant_parse", "nsnn", "[1, 2]");
  native_expect ("“'v'”", "GLib.Variant.print", "vb", g_variant_new_string ("v"), FALSE);
  native_expect ("variant ['a', 'b']", "GLib.Variant.new_strv", "S", "a,b");
  native_expect ("{a,b}", "GLib.Variant.dup_strv", "v",
                 g_variant_new_strv ((const char *[]){ "a", "b" }, 2));
  native_expect ("[“text”, 4t]", "GLib.Variant.get_string", "v", g_variant_new_string ("text"));
}

static void
test_call_boxed (void)
{
  g_autoptr (GDateTime) time = g_date_time_new_utc (2001, 2, 3, 4, 5, 6);
  g_autoptr (GKeyFile) keys = g_key_file_new ();
  g_autoptr (GRegex) regex = g_regex_new ("[0-9]+", 0, 0, NULL);
  g_autoptr (GUri) uri = g_uri_parse ("http://host/path", 0, NULL);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("abcd", 4);

  native_expect ("GDateTime", "GLib.DateTime.new_utc", "iiiiid", 2001, 2, 3, 4, 5, 6.0);
  native_expect ("“2001-02-03”", "GLib.DateTime.format", "Bs", G_TYPE_DATE_TIME, time, "%F");
  native_expect ("[2001, 2, 3]", "GLib.DateTime.get_ymd", "B", G_TYPE_DATE_TIME, time);
  native_expect ("GDateTime", "GLib.DateTime.add_days", "Bi", G_TYPE_DATE_TIME, time, 3);
  native_expect ("true", "GLib.KeyFile.load_from_data", "Bsii", G_TYPE_KEY_FILE, keys,
                 "[g]\nk=v\nl=1;2;\n", 15, 0);
  native_expect ("“v”", "GLib.KeyFile.get_string", "Bss", G_TYPE_KEY_FILE, keys, "g", "k");
  native_expect ("[{k,l}, 2t]", "GLib.KeyFile.get_keys", "Bs", G_TYPE_KEY_FILE, keys, "g");
  native_expect ("[1, 2]", "GLib.KeyFile.get_integer_list", "Bss", G_TYPE_KEY_FILE, keys, "g", "l");
  native_expect ("{a,b,c}", "GLib.Regex.split", "Bsi", G_TYPE_REGEX, regex, "a1b22c", 0);
  native_expect ("“host”", "GLib.Uri.get_host", "B", G_TYPE_URI, uri);
  native_expect ("“http://host/path”", "GLib.Uri.to_string", "B", G_TYPE_URI, uri);
  native_expect ("4t", "GLib.Bytes.get_size", "B", G_TYPE_BYTES, bytes);
  native_expect ("bytes<62 63>", "GLib.Bytes.new_from_bytes", "Bii", G_TYPE_BYTES, bytes, 1, 2);
}

static void
test_call_files (void)
{
  g_autoptr (GFile) file = file_of ("gio.txt");
  g_autoptr (GFile) copy = file_of ("copy.txt");
  g_autoptr (GFile) moved = file_of ("moved.txt");
  g_autoptr (GFile) below = file_of ("below");
  g_autoptr (GFile) link = file_of ("link");
  g_autoptr (GFile) parent = g_file_get_parent (file);
  g_autoptr (GFile) grandchild = g_file_get_child (below, "x");
  g_autofree char *path = path_of ("gio.txt");
  g_autofree char *shown_path = g_strdup_printf ("“%s”", path);
  g_autoptr (GObject) info = NULL;
  g_autoptr (GObject) children = NULL;

  native_expect ("GLocalFile", "Gio.File.new_for_path", "s", path);
  native_expect (shown_path, "Gio.File.get_path", "o", file);
  native_expect ("“gio.txt”", "Gio.File.get_basename", "o", file);
  native_expect ("“file://*/gio.txt”", "Gio.File.get_uri", "o", file);
  native_expect ("GLocalFile", "Gio.File.get_parent", "o", file);
  native_expect ("[true, “*:*”]", "Gio.File.replace_contents", "oysbin", file, "text", NULL, FALSE,
                 0);
  native_expect ("[true, <74 65 78 74>, “*:*”]", "Gio.File.load_contents", "on", file);
  native_expect ("[bytes<74 65 78 74>, “*:*”]", "Gio.File.load_bytes", "on", file);
  native_expect ("true", "Gio.File.query_exists", "on", file);
  native_expect ("GFileType 1", "Gio.File.query_file_type", "oin", file, 0);
  native_expect ("GFileInfo", "Gio.File.query_filesystem_info", "osn", file, "filesystem::*");
  native_expect ("true", "Gio.File.equal", "oo", file, file);
  native_expect ("“below/x”", "Gio.File.get_relative_path", "oo", parent, grandchild);
  native_expect_once ("true", "Gio.File.make_directory", "on", below);
  native_expect_once ("true", "Gio.File.copy", "ooinn", file, copy, 0);
  native_expect_once ("true", "Gio.File.move", "ooinn", copy, moved, 0);
  native_expect_once ("true", "Gio.File.make_symbolic_link", "osn", link, "gio.txt");
  native_expect_once ("true", "Gio.File.delete", "on", moved);
  native_expect ("false", "Gio.File.query_exists", "on", moved);

  info = native_get_object ("Gio.File.query_info", "osin", file, "standard::*", 0);
  native_expect ("4x", "Gio.FileInfo.get_size", "o", info);
  native_expect ("“gio.txt”", "Gio.FileInfo.get_name", "o", info);
  native_expect ("{standard::*}", "Gio.FileInfo.list_attributes", "os", info, "standard");

  children = native_get_object ("Gio.File.enumerate_children", "osin", below, "standard::*", 0);
  native_expect ("null", "Gio.FileEnumerator.next_file", "on", children);
  native_expect_once ("true", "Gio.FileEnumerator.close", "on", children);
}

static void
test_call_streams (void)
{
  g_autoptr (GFile) file = file_of ("stream.txt");
  g_autoptr (GObject) output = NULL;
  g_autoptr (GObject) input = NULL;
  g_autoptr (GObject) lines = NULL;
  g_autoptr (GObject) address = NULL;

  output = native_get_object ("Gio.File.create", "oin", file, 0);
  native_expect_once ("[true, 4t]", "Gio.OutputStream.write_all", "oyn", output, "one\n");
  native_expect_once ("4x", "Gio.OutputStream.write_bytes", "oyn", output, "two\n");
  native_expect_once ("true", "Gio.OutputStream.flush", "on", output);
  native_expect_once ("true", "Gio.OutputStream.close", "on", output);

  input = native_get_object ("Gio.File.read", "on", file);
  native_expect_once ("bytes<6f>", "Gio.InputStream.read_bytes", "oin", input, 1);
  native_expect_once ("1x", "Gio.InputStream.skip", "oin", input, 1);
  native_expect_once ("[2x, <65 0a>]", "Gio.InputStream.read", "oin", input, 2);
  lines = native_get_object ("Gio.DataInputStream.new", "o", input);
  native_expect_once ("[<74 77 6f>, 3t]", "Gio.DataInputStream.read_line", "on", lines);
  native_expect_once ("true", "Gio.InputStream.close", "on", lines);

  g_clear_object (&input);
  input = native_get_object ("Gio.MemoryInputStream.new_from_bytes", "y", "xyz");
  native_expect_once ("bytes<78 79 7a>", "Gio.InputStream.read_bytes", "oin", input, 10);

  address = native_get_object ("Gio.InetAddress.new_from_string", "s", "127.0.0.1");
  native_expect ("“127.0.0.1”", "Gio.InetAddress.to_string", "o", address);
  native_expect ("[“text/plain”, *]", "Gio.content_type_guess", "sy", "a.txt", "text");
}

static void
test_call_pixbuf (void)
{
  g_autofree char *path = path_of ("image.png");
  g_autofree char *other_path = path_of ("other.png");
  g_autoptr (GObject) image = NULL;
  g_autoptr (GObject) scaled = NULL;
  g_autoptr (GError) error = NULL;

  if (!ah_native_require ("GdkPixbuf", NULL, &error))
    {
      g_test_skip (error->message);
      return;
    }

  image = native_get_object ("GdkPixbuf.Pixbuf.new", "ibiii", 0, FALSE, 8, 4, 2);
  native_expect ("null", "GdkPixbuf.Pixbuf.fill", "ou", image, 0x01020300u);
  native_expect ("4", "GdkPixbuf.Pixbuf.get_width", "o", image);
  native_expect ("true", "GdkPixbuf.Pixbuf.savev", "ossSS", image, path, "png", "", "");
  native_expect ("[true, <89 50 4e 47 *>]", "GdkPixbuf.Pixbuf.save_to_bufferv", "osSS", image,
                 "png", "compression", "1");
  native_expect ("[GdkPixbufFormat, 4, 2]", "GdkPixbuf.Pixbuf.get_file_info", "s", path);
  native_expect ("GdkPixbuf", "GdkPixbuf.Pixbuf.new_from_file", "s", path);
  scaled = native_get_object ("GdkPixbuf.Pixbuf.new_from_file_at_scale", "siib", path, 2, -1, TRUE);
  native_expect ("1", "GdkPixbuf.Pixbuf.get_height", "o", scaled);
  native_expect ("bytes<01 02 03 01 02 03>", "GdkPixbuf.Pixbuf.read_pixel_bytes", "o", scaled);
  native_expect ("<01 02 03 01 02 03>", "GdkPixbuf.Pixbuf.get_pixels", "o", scaled);
  native_expect ("GdkPixbuf", "GdkPixbuf.Pixbuf.scale_simple", "oiii", image, 3, 3, 0);
  native_expect ("GdkPixbuf", "GdkPixbuf.Pixbuf.flip", "ob", image, TRUE);
  g_unlink (other_path);
}

static void
test_number_of_calls (void)
{
  g_test_message ("%u different functions were called, and their results looked at",
                  native_count_called ());
  g_assert_cmpuint (native_count_called (), >=, 60);
}

static void
remove_folder (void)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", folder);

  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  g_free (folder);
}

int
main (int argc, char *argv[])
{
  int status;

  ah_test_init (&argc, &argv);
  folder = g_dir_make_tmp ("asynchelp-sweep-XXXXXX", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (namespaces); i++)
    {
      g_autofree char *path = g_strdup_printf ("/native/prepare/%s", namespaces[i]);

      g_test_add_data_func (path, namespaces[i], test_prepare);
    }
  g_test_add_func ("/native/call/glib", test_call_glib);
  g_test_add_func ("/native/call/boxed", test_call_boxed);
  g_test_add_func ("/native/call/files", test_call_files);
  g_test_add_func ("/native/call/streams", test_call_streams);
  g_test_add_func ("/native/call/pixbuf", test_call_pixbuf);
  g_test_add_func ("/native/call/number", test_number_of_calls);

  status = ah_test_run ();
  remove_folder ();
  return status;
}
