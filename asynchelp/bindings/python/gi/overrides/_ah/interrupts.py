# SPDX-License-Identifier: LGPL-2.1-or-later

"""Ctrl-C while the main thread blocks.

Python runs the handlers of signals in the main thread, between two of its instructions; as long as
that thread is in C, there are none. So while it blocks, the number of each signal that comes is
written into a pipe, where another thread reads it, and cancels the run for Ctrl-C. Handlers of other
signals, and a handler of the program's own for Ctrl-C, run when the call returns.
"""

import asyncio
import os
import signal
import threading

from gi.repository import GLib

from .loops import get_pump

_blocked = []  # the watches of the main thread, the innermost last
_reader = _writer = -1
_outer_fd = -1  # where the program itself wants the numbers


def _is_to_interrupt():
    """Whether Ctrl-C is meant to end what is going on."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        return True
    # What asyncio.run() sets: it cancels the main task, which cannot go on before this has ended.
    owner = getattr(getattr(handler, "func", None), "__self__", None)
    return isinstance(owner, getattr(asyncio, "Runner", ()))


def _on_signals(*_unused):
    numbers = os.read(_reader, 4096)
    if _outer_fd >= 0:
        try:
            os.write(_outer_fd, numbers)
        except OSError:
            pass  # closed, or full: then whoever reads there has been woken already
    if signal.SIGINT in numbers and _blocked:
        watch = _blocked[-1]
        watch.interrupted = True
        watch.cancellable.cancel()
    return GLib.SOURCE_CONTINUE


def _listen():
    global _reader, _writer
    _reader, _writer = os.pipe()
    os.set_blocking(_writer, False)
    source = GLib.unix_fd_source_new(_reader, GLib.IOCondition.IN)
    source.set_callback(_on_signals)
    source.attach(get_pump().context)


class Watch:
    """With it, Ctrl-C cancels @cancellable. Elsewhere than in the main thread it does nothing."""

    def __init__(self, cancellable):
        self.cancellable = cancellable
        self.interrupted = False
        self.watches = False

    def __enter__(self):
        global _outer_fd
        if threading.current_thread() is not threading.main_thread() or not _is_to_interrupt():
            return self
        if _writer < 0:
            _listen()
        outer = signal.set_wakeup_fd(_writer, warn_on_full_buffer=False)
        if not _blocked:
            _outer_fd = outer
        _blocked.append(self)
        self.watches = True
        return self

    def __exit__(self, *_error):
        global _outer_fd
        if self.watches:
            _blocked.remove(self)
            if not _blocked:
                signal.set_wakeup_fd(_outer_fd)
                _outer_fd = -1
        return False
