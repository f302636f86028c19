#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Counts the words of all files below a folder, and shows how far it is, under a GLib main loop.

read-files.py FOLDER
"""

import sys

import gi

gi.require_version("Ah", "1")
from gi.repository import Ah, Gio, GLib


def list_files(folder):
    """A blocking function: all files below, by path."""
    files = []
    for info in folder.enumerate_children("standard::*", Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS):
        child = folder.get_child(info.get_name())
        if info.get_file_type() == Gio.FileType.DIRECTORY:
            files += list_files(child)
        elif info.get_file_type() == Gio.FileType.REGULAR:
            files.append(child)
    return sorted(files, key=Gio.File.get_path)


def main():
    folder = Gio.File.new_for_path(sys.argv[1])
    loop = GLib.MainLoop()

    files = Ah.block(list_files, folder)
    # What fails stands in the list, and the others go on.
    batch = Ah.Parallel(error_policy=Ah.ErrorPolicy.COLLECT, max_concurrency=16)
    for file in files:
        # An asynchronous call as it is: its cancellable, its callback and its finish are our job.
        batch.schedule(file.load_contents_async)

    future = Ah.start(batch)
    future.connect(
        "notify::fraction",
        lambda future, _: print(f"{future.get_fraction():4.0%}", end="\r", file=sys.stderr),
    )
    future.connect("notify::done", lambda *_: loop.quit())
    # Everything else goes on meanwhile: windows, timers, D-Bus.
    loop.run()

    n_words = 0
    for file, result in zip(files, future.get_results()):
        if isinstance(result, GLib.Error):
            print(f"{file.get_path()}: {result.message}", file=sys.stderr)
            continue
        _success, contents, _etag = result
        n_words += len(contents.split())
    print(f"{len(files)} files, {n_words} words")


main()
