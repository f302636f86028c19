# SPDX-License-Identifier: LGPL-2.1-or-later

"""One run of a batch."""

import asyncio
import collections
import contextvars
import itertools
import sys
import threading

from gi.repository import Gio, GLib, GObject

from . import exits
from .interrupts import Watch
from .loops import LoopThread, get_pump
from .native import PYTHON_ERROR, Ah, to_python, without_success
from .plan import SLICE, Plan, collect, is_fatal

_INDEX = "_ah_failed_path"


def failed_index(exception):
    """The index, in its batch, of the function that raised @exception; None if that is unknown.

    It is the index in the outermost batch, of the last run that the exception has ended or that has
    collected it.
    """
    path = getattr(exception, _INDEX, None)
    return path[0] if path else None


def failed_path(exception):
    """The indices that lead to the function that raised @exception, through batches inside."""
    return getattr(exception, _INDEX, ())


class Run:
    """One run of a batch, which may be nested, from anywhere."""

    def __init__(self, batch, cancellable=None, watch=None):
        exits.check()
        if cancellable is not None and not isinstance(cancellable, Gio.Cancellable):
            raise TypeError(f"a Gio.Cancellable is needed, and not {cancellable!r}")
        self.cancellable = Gio.Cancellable()
        self.context = contextvars.copy_context()
        self.loop = None  # asyncio's, of the caller or of the thread
        self.thread = None
        self.failures = {}
        self.numbers = itertools.count()
        self.fatal = None
        self.ended = False
        self.slice = SLICE
        self.outcome = None
        self.lock = threading.RLock()
        self.caller = cancellable
        self.caller_handler = 0
        self.plan = Plan.take(batch, self, watch)
        if cancellable is not None:
            self.caller_handler = GObject.Object.connect(cancellable, "cancelled", self._on_caller)
            if cancellable.is_cancelled():
                self.cancellable.cancel()

    def _on_caller(self, _cancellable):
        self.cancellable.cancel()

    # What the plan asks for:

    def add_failure(self, error, path):
        """Keeps an exception, and returns the error that stands for it in C."""
        try:
            setattr(error, _INDEX, path)
            text = f"{type(error).__name__}: {error}"
        except Exception:
            text = type(error).__name__
        number = next(self.numbers)
        self.failures[number] = error
        if is_fatal(error):
            # Whatever the policies say.
            self.refuse(error)
        return GLib.Error(text.replace("\0", " "), PYTHON_ERROR, number)

    def exception_of(self, error):
        """The exception that an error of C stands for, or the error itself."""
        if error.domain == PYTHON_ERROR:
            return self.failures.get(error.code, error)
        return error

    def value_of(self, value):
        if isinstance(value, GLib.Error):
            return self.exception_of(value)
        return to_python(value)

    def get_loop(self):
        """The asyncio loop of the run's coroutine functions."""
        with self.lock:
            if self.loop is None:
                self.thread = LoopThread()
                self.loop = self.thread.loop
            return self.loop

    def needs(self, loop):
        """Whether it has coroutine functions that run on @loop."""
        return loop is not None and self.loop is loop and self.plan.has_coroutines()

    def cancel(self):
        self.cancellable.cancel()

    def refuse(self, error):
        """Ends it with @error, whatever else comes."""
        if self.fatal is None:
            self.fatal = error
        self.cancellable.cancel()

    # Ways to run:

    def block(self):
        value = error = None
        with Watch(self.cancellable) as watch:
            try:
                value = without_success(Ah.block(self.plan.native, self.cancellable))
            except GLib.Error as raised:
                error = raised
            except BaseException as raised:
                # A signal's handler, as soon as C has returned.
                self.fatal = raised
        if watch.interrupted and self.fatal is None:
            self.fatal = KeyboardInterrupt()
        self._end(value, error)
        # This frame is in the traceback of what is raised now, and must not lead to it.
        value = error = None
        return self.take_outcome()

    def begin(self, wake):
        """Starts it where no main context of the caller's is needed; @wake is called at the end."""
        exits.add_run(self)
        get_pump().post(self._begin, wake)

    def _begin(self, wake):
        try:
            self.follow(Ah.start(self.plan.native, self.cancellable), wake)
        except BaseException as error:
            self.fatal = error
            self._end(None, None)
            wake()

    def follow(self, future, wake=None):
        """Takes the outcome of a started run, in a dispatch of where it was started."""
        handler = 0

        def on_done(future, *_unused):
            GObject.Object.disconnect(future, handler)
            self.settle(future)
            if wake is not None:
                wake()

        handler = GObject.Object.connect(future, "notify::done", on_done)

    def settle(self, future):
        """Takes the outcome of @future, which is done."""
        with self.lock:
            if self.ended:
                return
            self.ended = True
            value = error = None
            try:
                value = without_success(Ah.Future.get_value(future))
            except GLib.Error as raised:
                error = raised
                index = Ah.Future.get_failed_index(future)
                if index >= 0 and error.domain != PYTHON_ERROR:
                    error = self._located(error, index)
            self._end(value, error)

    def _located(self, error, native_index):
        top = self.plan.nodes[0]
        for number, index, *_child in (*top.natives, *top.children):
            if number == native_index:
                setattr(error, _INDEX, (index,))
        return error

    def _end(self, value, error):
        """Turns what C says into a list or an exception, and lets go of everything else."""
        results = None
        if self.fatal is not None:
            error = self.fatal
        elif error is not None:
            error = self.exception_of(error)
        else:
            results = collect(self.plan.nodes[0], value)
        self.outcome = (results, error)
        self.ended = True
        self.plan.release()
        self.failures.clear()
        self.fatal = None
        if self.caller_handler:
            GObject.Object.disconnect(self.caller, self.caller_handler)
        self.caller = None
        if self.thread is not None:
            self.thread.stop()
        self.thread = self.loop = None
        exits.remove_run(self)

    def take_outcome(self):
        """Returns the list, or raises the exception, and forgets it."""
        results, error = self.outcome
        self.outcome = None
        try:
            if error is not None:
                raise error
            return results
        finally:
            # The traceback leads here, and must not lead to itself.
            del error

    async def wait(self):
        """Runs it from a coroutine, whoever drives that one."""
        waiting = waiting_here()
        if waiting is None:
            return self.block()
        self.loop = waiting.loop
        self.begin(waiting.wake)
        await waiting.wait(self)
        return self.take_outcome()


class AsyncioWaiting:
    """In a task of asyncio."""

    def __init__(self, loop):
        self.loop = loop
        self.renew()

    def renew(self):
        self.event = asyncio.Event()

    def wake(self):
        try:
            self.loop.call_soon_threadsafe(self.event.set)
        except RuntimeError:
            pass  # the loop was closed, and nobody waits any more

    async def wait(self, run):
        """Until the run has ended; cancelled meanwhile, it cancels the run, and waits on."""
        cancelled = None
        while True:
            try:
                await self.event.wait()
                break
            except asyncio.CancelledError as error:
                cancelled = error
                run.cancel()
            except BaseException:
                run.cancel()
                raise
        if cancelled is not None:
            run.outcome = None
            try:
                raise cancelled
            finally:
                del cancelled


class TrioWaiting:
    """In a task of trio. Coroutine functions run on asyncio, in a thread of its own."""

    loop = None

    def __init__(self, trio):
        self.trio = trio
        self.token = trio.lowlevel.current_trio_token()
        self.renew()

    def renew(self):
        self.event = self.trio.Event()

    def wake(self):
        try:
            self.token.run_sync_soon(self.event.set)
        except self.trio.RunFinishedError:
            pass

    async def wait(self, run):
        try:
            await self.event.wait()
        except self.trio.Cancelled:
            run.cancel()
            with self.trio.CancelScope(shield=True):
                await self.event.wait()
            run.outcome = None
            raise
        except BaseException:
            run.cancel()
            raise


class News:
    """What a coroutine hears of a run, one thing after the other."""

    def __init__(self, waiting):
        self.waiting = waiting
        self.items = collections.deque()
        self.told = self.ended = False

    # Anywhere:

    def add(self, *item):
        self.items.append(item)
        if not self.told and self.waiting is not None:
            self.told = True
            self.waiting.wake()

    def end(self):
        self.ended = True
        self.waiting.wake()

    # In the coroutine:

    def take(self):
        """What has come; and what comes while it is gone through."""
        while self.items:
            yield self.items.popleft()

    async def wait(self):
        await self.waiting.event.wait()
        if not self.ended:
            # In this order: what is added meanwhile is found, and what comes later wakes.
            self.waiting.renew()
            self.told = False

    async def wait_for_end(self, run):
        if not self.ended:
            run.cancel()
        while not self.ended:
            await self.waiting.wait(run)
            if not self.ended:
                self.waiting.renew()


def waiting_here():
    """How the coroutine that is executed can wait; None where nobody known drives it.

    In that case it must block: it cannot know what to yield.
    """
    trio = sys.modules.get("trio")
    if trio is not None:
        try:
            trio.lowlevel.current_task()
            return TrioWaiting(trio)
        except (AttributeError, RuntimeError):
            pass
    loop = asyncio._get_running_loop()
    if loop is not None and asyncio.current_task(loop) is not None:
        return AsyncioWaiting(loop)
    return None
