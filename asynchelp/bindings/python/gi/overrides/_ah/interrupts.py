# SPDX-License-Identifier: LGPL-2.1-or-later

"""Ctrl-C while the main thread blocks.

Python runs the handlers of signals in the main thread, between two of its instructions; as long as
that thread is in C, there are none. So while it blocks, the number of each signal that comes is
written into a pipe, where another thread reads it, and cancels the run for Ctrl-C. Handlers of
other signals, and a handler of the program's own for Ctrl-C, run when the call returns.
"""

import asyncio
import os
import signal
import threading

from gi.repository import Gio, GLib, GObject

from .loops import get_pump

_HERE = os.path.dirname(__file__)

_lock = threading.Lock()  # guards the next three
_blocked = []  # the watches of the main thread, the innermost last
_reader = _writer = -1
_outer_fd = -1  # where the program itself wants the numbers


def _is_to_interrupt(handler):
    """Whether this handler of Ctrl-C means to end what is going on."""
    if handler is signal.default_int_handler:
        return True
    # What asyncio.run() sets: it cancels the main task, which cannot go on before this has ended.
    owner = getattr(getattr(handler, "func", None), "__self__", None)
    return isinstance(owner, getattr(asyncio, "Runner", ()))


def _take_signals_locked():
    try:
        numbers = os.read(_reader, 4096)
    except BlockingIOError:
        return
    if _outer_fd >= 0:
        try:
            os.write(_outer_fd, numbers)
        except OSError:
            pass  # closed, or full: then whoever reads there has been woken already
    if signal.SIGINT in numbers and _blocked:
        _blocked[-1].interrupt()


def _on_signals(*_unused):
    with _lock:
        _take_signals_locked()
    return GLib.SOURCE_CONTINUE


def _listen():
    global _reader, _writer
    _reader, _writer = os.pipe()
    os.set_blocking(_reader, False)
    os.set_blocking(_writer, False)
    source = GLib.unix_fd_source_new(_reader, GLib.IOCondition.IN)
    source.set_callback(_on_signals)
    source.attach(get_pump().context)


def _is_lost(frame, catching):
    """Whether an exception raised in @frame would get lost, or break what is below, in a callback.

    That is so unless a function of a user's is being executed, whatever that one has called.
    """
    while frame is not None and frame.f_code not in catching:
        if frame.f_code.co_filename.startswith(_HERE):
            return True
        frame = frame.f_back
    return False


class Watch:
    """With it, Ctrl-C cancels @cancellable. Elsewhere than in the main thread it does nothing."""

    # Code that executes users' functions, and catches whatever is raised there.
    catching = set()

    def __init__(self, cancellable):
        self.cancellable = cancellable
        self.interrupted = False
        self.handler = None

    def interrupt(self):
        self.interrupted = True
        self.cancellable.cancel()

    def _on_sigint(self, _number, frame):
        self.interrupt()
        if not _is_lost(frame, self.catching):
            raise KeyboardInterrupt

    def __enter__(self):
        global _outer_fd
        if threading.current_thread() is not threading.main_thread():
            return self
        handler = signal.getsignal(signal.SIGINT)
        is_inner = isinstance(getattr(handler, "__self__", None), Watch)
        if not is_inner and not _is_to_interrupt(handler):
            return self
        if _writer < 0:
            _listen()
        with _lock:
            outer = signal.set_wakeup_fd(_writer, warn_on_full_buffer=False)
            if not _blocked:
                _outer_fd = outer
            _blocked.append(self)
        self.handler = handler
        signal.signal(signal.SIGINT, self._on_sigint)
        return self

    def __exit__(self, *_error):
        global _outer_fd
        handler, self.handler = self.handler, None
        if handler is None:
            return False
        signal.signal(signal.SIGINT, handler)
        with _lock:
            _take_signals_locked()
            _blocked.remove(self)
            if not _blocked:
                signal.set_wakeup_fd(_outer_fd)
                _outer_fd = -1
        return False


def wait_interruptibly(wait, cancellable, undo=None):
    """Calls @wait, which waits in C, with a cancellable, and returns what it returns.

    In the main thread, Ctrl-C ends the wait and is raised; @undo takes back a wait that had come to
    its end all the same.
    """
    if threading.current_thread() is not threading.main_thread():
        return wait(cancellable)
    own = Gio.Cancellable()
    handler = 0
    if cancellable is not None:
        handler = GObject.Object.connect(cancellable, "cancelled", lambda *_unused: own.cancel())
        if cancellable.is_cancelled():
            own.cancel()
    watch = Watch(own)
    value = None
    try:
        with watch:
            value = wait(own)
    except GLib.Error:
        if not watch.interrupted:
            raise
    else:
        if watch.interrupted and undo is not None:
            undo()
    finally:
        if handler:
            GObject.Object.disconnect(cancellable, handler)
    if watch.interrupted:
        raise KeyboardInterrupt
    return value


def _after_fork():
    """In a child: the pipe is its parent's, and nobody listens."""
    global _lock, _reader, _writer, _outer_fd
    _lock = threading.Lock()
    if _blocked:
        signal.set_wakeup_fd(_outer_fd)
        signal.signal(signal.SIGINT, _blocked[0].handler)
        for watch in _blocked:
            watch.handler = None
    _blocked.clear()
    _reader = _writer = _outer_fd = -1


os.register_at_fork(after_in_child=_after_fork)
