/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "support.h"

#include <math.h>

/* Each signature: what goes in, what comes out, and that nothing is left. */

static void
test_numbers (void)
{
  native_expect ("true", "Odd.echo_boolean", "b", TRUE);
  native_expect ("true", "Odd.echo_boolean", "i", -3);
  native_expect ("-128", "Odd.echo_int8", "i", G_MININT8);
  native_expect ("255", "Odd.echo_uint8", "i", G_MAXUINT8);
  native_expect ("-32768", "Odd.echo_int16", "d", (double) G_MININT16);
  native_expect ("65535", "Odd.echo_uint16", "u", G_MAXUINT16);
  native_expect ("-2147483648", "Odd.echo_int32", "d", (double) G_MININT32);
  native_expect ("4294967295u", "Odd.echo_uint32", "d", (double) G_MAXUINT32);
  native_expect ("-9223372036854775808x", "Odd.echo_int64", "x", G_MININT64);
  native_expect ("-9223372036854775808x", "Odd.echo_int64", "d", (double) G_MININT64);
  native_expect ("18446744073709551615t", "Odd.echo_uint64", "t", G_MAXUINT64);
  native_expect ("9223372036854775808t", "Odd.echo_uint64", "d", 9223372036854775808.0);
  native_expect ("0.5f", "Odd.echo_float", "d", 0.5);
  native_expect ("inff", "Odd.echo_float", "d", (double) INFINITY);
  native_expect ("0.1d", "Odd.echo_double", "d", 0.1);
  native_expect ("3d", "Odd.echo_double", "i", 3);
  native_expect ("1.84467e+19d", "Odd.echo_double", "t", G_MAXUINT64);
  native_expect ("“ß”", "Odd.echo_unichar", "s", "ß");
  native_expect ("“ß”", "Odd.echo_unichar", "i", 0xdf);
  native_expect ("“”", "Odd.echo_unichar", "s", "");
  native_expect ("GFile", "Odd.echo_gtype", "g", G_TYPE_FILE);
  native_expect ("GFile", "Odd.echo_gtype", "s", "GFile");
  native_expect ("OddColour 5", "Odd.echo_colour", "i", 5);
  native_expect ("OddTastes 9", "Odd.echo_tastes", "d", 9.0);
  /* more than registers hold */
  native_expect ("650d", "Odd.sum_many", "iidixididiii", 1, 2, 3.0, 4, (gint64) 5, 6, 7.0, 8, 9.0,
                 10, 11, 12);
}

static void
test_out_of_range (void)
{
  const int code = G_IO_ERROR_INVALID_ARGUMENT;

  native_refuse (code, "Odd.echo_int8, argument 0 “value”: 128 is no number of type int8",
                 "Odd.echo_int8", "i", 128);
  native_refuse (code, "*: -129 is no *", "Odd.echo_int8", "i", -129);
  native_refuse (code, "*: -1 is no *", "Odd.echo_uint8", "i", -1);
  native_refuse (code, "*: 256 is no *", "Odd.echo_uint8", "i", 256);
  native_refuse (code, "*: 32768 is no *", "Odd.echo_int16", "i", 32768);
  native_refuse (code, "*: 65536 is no *", "Odd.echo_uint16", "i", 65536);
  native_refuse (code, "*: 2147483648 is no *", "Odd.echo_int32", "x", (gint64) 2147483648);
  native_refuse (code, "*: 2.14748e+09 is no *", "Odd.echo_int32", "d", 2147483648.0);
  native_refuse (code, "*: -1 is no *", "Odd.echo_uint32", "i", -1);
  native_refuse (code, "*: 18446744073709551615 is no *", "Odd.echo_int64", "t", G_MAXUINT64);
  native_refuse (code, "*: 9.22337e+18 is no *", "Odd.echo_int64", "d", 9223372036854775808.0);
  native_refuse (code, "*: 1.84467e+19 is no *", "Odd.echo_uint64", "d", 18446744073709551616.0);
  native_refuse (code, "*: 2.5 is no *", "Odd.echo_int32", "d", 2.5);
  native_refuse (code, "*: nan is no *", "Odd.echo_int32", "d", (double) NAN);
  native_refuse (code, "*: inf is no *", "Odd.echo_uint64", "d", (double) INFINITY);
  native_refuse (code, "*: 1e+300 is no *", "Odd.echo_float", "d", 1e300);
  native_refuse (code, "*: 1 is no *Colour*", "Odd.echo_colour", "i", 1);
  native_refuse (code, "*: 2 is no *Tastes*", "Odd.echo_tastes", "i", 2);
  native_refuse (code, "*not one character*", "Odd.echo_unichar", "s", "ab");
  native_refuse (code, "*not one character*", "Odd.echo_unichar", "s", NULL);
  native_refuse (code, "*: 55296 is no *", "Odd.echo_unichar", "i", 0xd800);
  native_refuse (code, "*no type “Nothing”*", "Odd.echo_gtype", "s", "Nothing");
  native_refuse (code, "*int32*gchararray*", "Odd.echo_int32", "s", "3");
  native_refuse (code, "*int32*", "Odd.echo_int32", "n");
}

static void
test_out (void)
{
  native_expect ("null", "Odd.nothing", "");
  native_expect ("[-7, “seven”, 7.5d]", "Odd.out_three", "");
  native_expect ("[true, 6, 13x, “static”]", "Odd.out_mixed", "ii", 3, 10);
  native_expect ("“a+”", "Odd.inout_string", "s", "a");
  native_expect ("null", "Odd.inout_string", "n");
  native_expect ("“c”", "Odd.inout_borrowed", "s", "abc");
  native_expect ("[true, 4]", "Odd.skipped", "");
  native_expect ("[1, 2]", "Odd.out_optional", "");
}

static void
test_strings (void)
{
  native_expect ("“text”", "Odd.string_none", "s", "text");
  native_expect ("“text”", "Odd.string_full", "s", "text");
  native_expect ("“text”", "Odd.string_nullable", "s", "text");
  native_expect ("null", "Odd.string_nullable", "n");
  native_expect ("null", "Odd.string_nullable", "s", NULL);
  native_expect ("“\xff”", "Odd.filename", "s", "/tmp/\xff");
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*argument 0 “text”*string*instead of null",
                 "Odd.string_none", "n");
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*string*gint*", "Odd.string_none", "i", 3);
}

static void
test_bytes (void)
{
  native_expect ("<33 32 31>", "Odd.bytes_reverse", "y", "123");
  native_expect ("<33 32 31>", "Odd.bytes_reverse", "s", "123");
  native_expect ("<02 01>", "Odd.bytes_reverse", "L", native_list ("ii", 1, 2));
  native_expect ("<>", "Odd.bytes_reverse", "y", "");
  native_expect ("97", "Odd.bytes_first", "y", "abc");
  native_expect ("-1", "Odd.bytes_first", "n");
  native_expect ("<01 00 02>", "Odd.bytes_static", "");
  native_expect ("bytes<61>", "Odd.bytes_bytes", "y", "a");
  native_expect ("<61 62>", "Odd.bytes_array", "y", "ab");
  native_expect ("<72 72 72>", "Odd.bytes_read", "i", 3);
  native_expect ("<>", "Odd.bytes_read", "i", 0);
  native_expect ("<>", "Odd.bytes_none", "");
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*item 1: 256 is no *", "Odd.bytes_reverse", "L",
                 native_list ("ii", 1, 256));
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*instead of null*", "Odd.bytes_reverse", "n");
}

static void
test_arrays (void)
{
  native_expect ("6", "Odd.ints_sum", "L", native_list ("idx", 1, 2.0, (gint64) 3));
  native_expect ("0", "Odd.ints_sum", "n");
  native_expect ("0", "Odd.ints_sum", "L", native_list (""));
  native_expect ("[0, 1, 2]", "Odd.ints_range", "i", 3);
  native_expect ("[]", "Odd.ints_range", "i", 0);
  native_expect ("[2x, 4x]", "Odd.ints_until_zero", "L", native_list ("ii", 1, 2));
  native_expect ("6", "Odd.ints_fixed", "L", native_list ("iii", 1, 2, 3));
  native_expect ("[11, 12]", "Odd.ints_out_fixed", "");
  native_expect ("[1, 2, 1, 2]", "Odd.ints_double", "L", native_list ("ii", 1, 2));
  native_expect ("[1d, 2.5d]", "Odd.doubles_full", "L", native_list ("id", 1, 2.5));
  native_expect ("{a,b}", "Odd.strv_full", "S", "a,b");
  native_expect ("{a,b}", "Odd.strv_full", "L", native_list ("ss", "a", "b"));
  native_expect ("{a,b}", "Odd.strv_none", "S", "a,b");
  native_expect ("null", "Odd.strv_none", "n");
  native_expect ("{lent,lent}", "Odd.strv_container", "S", "a,b");
  native_expect ("{a,b}", "Odd.strings_length", "S", "a,b");
  native_expect ("true", "Odd.pairs", "SL", "ab,c", native_list ("ii", 2, 1));
  native_expect ("[OddColour 5, OddColour 0]", "Odd.colours", "L", native_list ("ii", 5, 0));
  native_expect ("[thing 0, thing 1]", "Odd.things_full", "i", 2);

  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*3 items instead of 2", "Odd.ints_fixed", "L",
                 native_list ("ii", 1, 2));
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*as many items as the other*", "Odd.pairs", "SL",
                 "ab", native_list ("ii", 2, 1));
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*item 1: *instead of null", "Odd.strv_full", "L",
                 native_list ("sn", "a"));
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*array<int32>*gchararray*", "Odd.ints_sum", "s",
                 "1");
}

/* A length that its type cannot hold. */
static void
test_long_array (void)
{
  g_autofree char *long_text = g_strnfill (G_MAXINT16 + 1, 'a');
  g_autoptr (AhValueList) list = ah_value_list_new ();
  g_auto (GValue) number = G_VALUE_INIT;

  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*“data” has too many items", "Odd.bytes_first", "y",
                 long_text);

  g_value_init (&number, G_TYPE_INT);
  for (int i = 0; i < 256; i++)
    ah_value_list_append (list, &number);
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*“values” has too many items", "Odd.doubles_full",
                 "L", ah_value_list_ref (list));
}

static void
test_lists (void)
{
  g_autoptr (OddThing) thing = odd_thing_new (4);

  native_expect ("{a,b}", "Odd.list_none", "S", "a,b");
  native_expect ("{}", "Odd.list_none", "n");
  native_expect ("{b,a}", "Odd.list_container", "S", "a,b");
  native_expect ("{b,a}", "Odd.list_full", "S", "a,b");
  native_expect ("[thing 4, thing 4]", "Odd.slist_things", "L", native_list ("oo", thing, thing));
  native_expect ("8", "Odd.things_sum", "L", native_list ("oo", thing, thing));
  native_expect ("{a,b}", "Odd.ptr_array", "S", "a,b");
  native_expect ("[-1, 2]", "Odd.garray", "L", native_list ("ii", -1, 2));
  native_expect ("[“b”, “a”]", "Odd.table", "L", native_list ("ss", "a", "b"));
  native_expect ("null", "Odd.table", "n");
  native_expect ("[{a,b}, {c}]", "Odd.list_of_strv", "");
  native_expect ("[box 1, box 2]", "Odd.list_of_boxes", "");
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*item 1: *instead of null", "Odd.slist_things", "L",
                 native_list ("on", thing));
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*GLib.HashTable*", "Odd.table", "L",
                 native_list ("s", "a"));
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*item 1: *", "Odd.table", "L",
                 native_list ("si", "a", 3));
}

static void
test_boxed (void)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "message");
  OddBox *box = odd_box_new (6);

  native_expect ("box 6", "Odd.boxed_full", "B", ODD_TYPE_BOX, box);
  native_expect ("box 6", "Odd.boxed_none", "B", ODD_TYPE_BOX, box);
  native_expect ("null", "Odd.boxed_none", "n");
  native_expect ("box 5", "Odd.boxed_out", "i", 5);
  native_expect ("box 8", "Odd.Box.new", "i", 8);
  native_expect ("6", "Odd.Box.get_number", "B", ODD_TYPE_BOX, box);
  native_expect ("6", "Odd.Box.eat", "B", ODD_TYPE_BOX, box);
  native_expect ("point 3 4.5", "Odd.Point.fill", "id", 3, 4.5);
  native_expect ("variant 9", "Odd.variant_floating", "i", 9);
  native_expect ("variant 'v'", "Odd.variant_full", "v", g_variant_new_string ("v"));
  native_expect ("error m", "Odd.error_make", "s", "m");
  native_expect ("“message”", "Odd.error_message", "B", G_TYPE_ERROR, error);
  native_expect ("param odd", "Odd.param", "n");
  native_expect ("“3”", "Odd.value_show", "i", 3);
  native_expect ("“\"s\"”", "Odd.value_show", "s", "s");
  native_expect ("“inside”", "Odd.value_out", "");
  native_expect ("21", "Odd.value_full", "");
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*Odd.Box*GError*", "Odd.boxed_none", "B",
                 G_TYPE_ERROR, error);
  odd_box_free (box);
}

static void
test_objects (void)
{
  g_autoptr (OddThing) thing = odd_thing_new (7);
  g_autoptr (OddThing) other = odd_thing_new (8);
  g_autoptr (GObject) foreign = g_object_new (G_TYPE_OBJECT, NULL);

  native_expect ("thing 3", "Odd.Thing.new", "i", 3);
  native_expect ("7", "Odd.Thing.get_number", "o", thing);
  native_expect ("thing 7", "Odd.Thing.get_self", "o", thing);
  native_expect ("thing 8", "Odd.Thing.eat", "oo", thing, other);
  native_expect ("null", "Odd.Thing.eat", "on", thing);
  native_expect ("thing 7", "Odd.Thing.as_named", "o", thing);
  native_expect ("“thing”", "Odd.Named.get_name", "o", thing);
  native_expect ("OddFloater", "Odd.Floater.new", "");
  native_expect ("OddFloater", "Odd.Floater.new_full", "");
  /* inherited, from an interface and from a parent */
  native_expect ("“thing”", "Odd.Thing.get_name", "o", thing);
  native_expect ("false", "Odd.Thing.is_floating", "o", thing);
  g_assert_cmpint (G_OBJECT (thing)->ref_count, ==, 1);
  g_assert_cmpint (G_OBJECT (other)->ref_count, ==, 1);

  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*argument 0 “self”: *Odd.Thing*GObject*",
                 "Odd.Thing.get_number", "o", foreign);
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*instead of null", "Odd.Thing.get_number", "n");
  native_refuse (G_IO_ERROR_INVALID_ARGUMENT, "*Odd.Named*", "Odd.Named.get_name", "o", foreign);
}

int
main (int argc, char *argv[])
{
  ah_test_init (&argc, &argv);
  odd_thing_get_type ();
  g_type_ensure (G_TYPE_FILE);

  g_test_add_func ("/native/numbers", test_numbers);
  g_test_add_func ("/native/out-of-range", test_out_of_range);
  g_test_add_func ("/native/out", test_out);
  g_test_add_func ("/native/strings", test_strings);
  g_test_add_func ("/native/bytes", test_bytes);
  g_test_add_func ("/native/arrays", test_arrays);
  g_test_add_func ("/native/long-array", test_long_array);
  g_test_add_func ("/native/lists", test_lists);
  g_test_add_func ("/native/boxed", test_boxed);
  g_test_add_func ("/native/objects", test_objects);

  return ah_test_run ();
}
