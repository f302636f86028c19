#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Prints one digest over the files of a list, and their bytes, as the C program does.

The library is used as introspection offers it. Two functions a file, all in parallel: a blocking
one, which reads the file in a worker, and an async one, which asks for its size.
"""

import signal
import sys

# Ctrl-C ends this at once, and silently.
signal.signal(signal.SIGINT, signal.SIG_DFL)

import gi

gi.require_version("Ah", "1")
from gi.repository import Ah, Gio, GLib, GObject

# PyGObject makes the type of an enumeration when it is used first, and two threads at once would
# both try.
SHA256 = GLib.ChecksumType.SHA256


def read(cancellable, uri):
    """The SHA-256 of a file; runs in a worker."""
    checksum = GLib.Checksum.new(SHA256)
    stream = Gio.File.new_for_uri(uri).read(cancellable)
    while True:
        piece = stream.read_bytes(64 * 1024, cancellable).get_data()
        if not piece:
            return checksum.get_string()
        checksum.update(piece)


def query(task, uri):
    """The size of a file; starts here, and ends in the callback."""

    def done(file, result):
        try:
            info = file.query_info_finish(result)
            task.return_value(GObject.Value(GObject.TYPE_UINT64, info.get_size()))
        except GLib.Error as error:
            task.return_error(error)

    Gio.File.new_for_uri(uri).query_info_async(
        Gio.FILE_ATTRIBUTE_STANDARD_SIZE,
        Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS,
        GLib.PRIORITY_DEFAULT,
        task.get_cancellable(),
        done,
    )


def main():
    with open(sys.argv[1], encoding="ascii") as lines:
        uris = lines.read().split()

    batch = Ah.Parallel.new()
    batch.set_error_policy(Ah.ErrorPolicy.COLLECT)
    for uri in uris:
        batch.schedule_blocking(read, uri)
        batch.schedule_async(query, uri)

    values = batch.block(None)

    total = GLib.Checksum.new(SHA256)
    n_bytes = 0
    for uri, digest, size in zip(uris, values[0::2], values[1::2]):
        errors = [value for value in (digest, size) if isinstance(value, GLib.Error)]
        if errors:
            print(f"digest.py: left out: {uri}: {errors[0].message}", file=sys.stderr)
            continue
        total.update(digest.encode())
        n_bytes += size

    print(total.get_string(), n_bytes)


main()
