#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Introspected C functions from PyGObject, without an override.

What a worker gives has to be what a direct call gives.
"""

import gc
import os
import sys
import tempfile
import traceback

# So PyGObject finds no override, wherever one is installed.
sys.modules["gi.overrides.Ah"] = None

import gi

gi.require_version("Ah", "1")
gi.require_version("Odd", "1.0")
from gi.repository import Ah, Gio, GLib, GObject, Odd


def value(argument):
    """None and lists have no GValue of their own."""
    if argument is None:
        return GObject.Value(GObject.TYPE_POINTER)
    if isinstance(argument, (list, tuple)):
        items = Ah.ValueList()
        for item in argument:
            items.append(value(item))
        return GObject.Value(Ah.ValueList, items)
    if isinstance(argument, bytes):
        return GObject.Value(GLib.Bytes, GLib.Bytes(argument))
    if isinstance(argument, int) and not isinstance(argument, bool):
        kind = GObject.TYPE_INT64 if argument < 2 ** 63 else GObject.TYPE_UINT64
        return GObject.Value(kind, argument)
    return GObject.Value(type(argument), argument)


def bind(name, *arguments):
    flags = Ah.NativeFlags.NONE
    return Ah.Native.lookup(name).bind([value(a) for a in arguments], flags)


def plain(result):
    if isinstance(result, Ah.Results):
        return [plain(v) for v in result.get_values()]
    if isinstance(result, Ah.ByteArray):
        return result.get_bytes().get_data()
    return result


def run(function):
    """In a worker."""
    future = Ah.start(function, None)
    future.wait(None)
    good, result = future.get_value()
    assert good
    return plain(result)


def same(name, direct, *arguments):
    expected = direct
    if isinstance(expected, tuple):
        expected = list(expected)
    actual = run(bind(name, *arguments))
    assert actual == expected, f"{name}: {actual!r} instead of {expected!r}"


def test_values():
    same("Odd.echo_int64", Odd.echo_int64(-2 ** 63), -2 ** 63)
    same("Odd.echo_uint64", Odd.echo_uint64(2 ** 64 - 1), 2 ** 64 - 1)
    same("Odd.echo_double", Odd.echo_double(0.1), 0.1)
    same("Odd.echo_boolean", Odd.echo_boolean(True), True)
    same("Odd.echo_unichar", Odd.echo_unichar("ß"), "ß")
    same("Odd.echo_colour", Odd.echo_colour(Odd.Colour.GREEN), 5)
    same("Odd.string_none", Odd.string_none("ß"), "ß")
    same("Odd.string_nullable", Odd.string_nullable(None), None)
    same("Odd.out_three", Odd.out_three())
    same("Odd.out_mixed", Odd.out_mixed(3, 10), 3, 10)
    same("Odd.bytes_reverse", bytes(Odd.bytes_reverse(b"abc")), b"abc")
    same("Odd.ints_sum", Odd.ints_sum([1, 2]), [1, 2])
    same("Odd.ints_range", Odd.ints_range(3), 3)
    same("Odd.strv_full", Odd.strv_full(["a", "b"]), ["a", "b"])
    same("Odd.list_full", Odd.list_full(["a", "b"]), ["a", "b"])
    same("Odd.pairs", Odd.pairs(["ab"], [2]), ["ab"], [2])


def test_objects():
    thing = Odd.Thing.new(3)
    assert run(bind("Odd.Thing.get_number", thing)) == 3
    assert run(bind("Odd.Thing.get_self", thing)) is thing
    assert run(bind("Odd.Thing.eat", thing, thing)) is thing
    assert [t.get_number() for t in run(bind("Odd.slist_things", [thing, thing]))] == [3, 3]


def test_file():
    with tempfile.NamedTemporaryFile() as stream:
        stream.write(b"content")
        stream.flush()
        file = Gio.File.new_for_path(stream.name)
        same("Gio.File.load_contents", file.load_contents(None), file, None)
    missing = Gio.File.new_for_path("/nonexistent")
    try:
        run(bind("Gio.File.load_contents", missing, None))
    except GLib.Error as error:
        assert error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND), error
    else:
        raise AssertionError("there is no such file")


def test_errors():
    for name, arguments, words in (
            ("Odd.none", (), "no function"),
            ("Odd.call", (1,), "“func”"),
            ("Odd.echo_int8", (300,), "300 is no number"),
            ("Odd.echo_int8", (), "takes 1 argument"),
            ("Odd.string_none", (None,), "instead of null")):
        try:
            bind(name, *arguments)
        except GLib.Error as error:
            assert words in error.message, error.message
        else:
            raise AssertionError(f"{name} was bound")


def resident():
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_leaks():
    text = "x" * 20000
    before = 0
    for i in range(4000):
        # What a run hands back to this context is freed in one of its dispatches.
        while GLib.MainContext.default().iteration(False):
            pass
        if i == 1000:
            gc.collect()
            before = resident()
        thing = Odd.Thing.new(i)
        assert run(bind("Odd.string_none", text)) == text
        assert run(bind("Odd.bytes_reverse", text.encode())) == text.encode()
        assert run(bind("Odd.Thing.eat", thing, None)) is None
    del thing
    gc.collect()
    while Odd.count_live() > 0:
        GLib.MainContext.default().iteration(True)
    grown = resident() - before
    print(f"# {grown} bytes more are resident")
    # A leak of one string a round would be 60 MB. A sanitizer keeps what was freed.
    assert grown < 20e6 or "asan" in os.environ.get("LD_PRELOAD", "")


TESTS = [test for name, test in sorted(globals().items()) if name.startswith("test_")]
failed = 0
print(f"1..{len(TESTS)}")
for number, test in enumerate(TESTS, 1):
    try:
        test()
        print(f"ok {number} - {test.__name__}", flush=True)
    except Exception:
        failed += 1
        print("# " + traceback.format_exc().strip().replace("\n", "\n# "))
        print(f"not ok {number} - {test.__name__}", flush=True)
sys.exit(1 if failed else 0)
