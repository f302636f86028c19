# SPDX-License-Identifier: LGPL-2.1-or-later

"""Existing asynchronous calls of libraries as functions."""

import asyncio

import pytest

from gi.repository import Ah, Gio, GLib

FILE = Gio.File.new_for_path(__file__)


def contents_of(result):
    _success, contents, _etag = result
    return contents


def test_methods_of_classes_and_objects(kind, way):
    stream = FILE.read()
    batch = (
        kind()
        .schedule(Gio.File.load_contents_async, FILE)
        .schedule(FILE.load_contents_async)
        .schedule(FILE.query_info_async, "standard::size", Gio.FileQueryInfoFlags.NONE, 0)
        .schedule(stream.read_bytes_async, 4, GLib.PRIORITY_LOW)
    )
    first, second, info, data = way(batch)
    with open(__file__, "rb") as file:
        expected = file.read()
    assert contents_of(first) == contents_of(second) == expected
    assert info.get_size() == len(expected)
    assert data.get_data() == expected[:4]


def test_priority_may_be_left_out(way):
    batch = Ah.Parallel().schedule(FILE.read_async).schedule(Gio.File.read_async, FILE)
    assert all(isinstance(stream, Gio.FileInputStream) for stream in way(batch))


def test_keyword_arguments():
    batch = Ah.Parallel().schedule(FILE.read_async, io_priority=5)
    assert isinstance(batch.block()[0], Gio.FileInputStream)


def test_functions_without_object(tmp_path):
    """The finish function is in the class, or in the namespace."""
    address = f"unix:path={tmp_path}/nobody"
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
    batch = Ah.Parallel(error_policy=Ah.ErrorPolicy.COLLECT)
    batch.schedule(Gio.DBusConnection.new_for_address, address, flags, None)
    batch.schedule(Gio.bus_get, Gio.BusType.SYSTEM)
    refused, bus = batch.block()
    assert isinstance(refused, GLib.Error)
    assert isinstance(bus, (Gio.DBusConnection, GLib.Error))


def test_single_calls():
    assert contents_of(Ah.block(FILE.load_contents_async))
    assert contents_of(asyncio.run(Ah.run(Gio.File.load_contents_async, FILE)))
    future = Ah.start(FILE.load_contents_async)
    assert contents_of(future.result())


def test_errors_are_the_calls_own(way):
    missing = Gio.File.new_for_path("/nowhere/at/all")
    with pytest.raises(GLib.Error) as raised:
        way(Ah.Parallel().schedule(missing.load_contents_async))
    assert raised.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND)
    assert Ah.failed_index(raised.value) == 0


def test_wrong_arguments(way):
    with pytest.raises(TypeError):
        way(Ah.Parallel().schedule(FILE.load_contents_async, 1, 2, 3, 4, 5))
    with pytest.raises(TypeError):
        way(Ah.Parallel().schedule(Gio.File.load_contents_async))


def test_cancelling_reaches_the_call():
    cancellable = Gio.Cancellable()
    server = Gio.SocketListener()
    server.add_any_inet_port(None)
    batch = Ah.Parallel().schedule(server.accept_async).schedule(cancellable.cancel)
    with pytest.raises(GLib.Error) as raised:
        batch.block(cancellable)
    assert raised.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)
    server.close()
