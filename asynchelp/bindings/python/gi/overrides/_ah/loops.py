# SPDX-License-Identifier: LGPL-2.1-or-later

"""Event loops: idle ones for whoever blocks, and threads that have one."""

import asyncio
import collections
import sys
import threading
import warnings

from gi.repository import GLib

from . import exits
from .native import Ah


class IdleEventLoop:
    """What "with Ah.idle_event_loop()" gives."""

    def __init__(self, native, loop):
        self._native = native
        self.loop = loop

    @property
    def context(self):
        """The GLib.MainContext that is thread default in the block; None outside."""
        return self._native.get_context() if self._native is not None else None

    def run_until_complete(self, awaitable):
        """Runs the asyncio loop until @awaitable has ended, and returns its value."""
        if asyncio.isfuture(awaitable):
            return self.loop.run_until_complete(awaitable)
        task = self.loop.create_task(_await(awaitable))
        try:
            return self.loop.run_until_complete(task)
        except BaseException:
            if not task.done():
                # Ctrl-C. What has begun must not stay behind on a loop that others use again.
                task.cancel()
                self.loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
            raise
        finally:
            task = None


async def _await(awaitable):
    return await awaitable


class idle_event_loop:
    """Enters event loops that nobody runs, whatever the caller is inside of.

    GLib's: a main context that is safe to iterate becomes the thread default.
    asyncio's: the thread's own loop, if it has one that is not running; else a fresh one, also
    inside a running loop, which stands still meanwhile. At the end all is as before.
    """

    def __enter__(self):
        self._running = asyncio._get_running_loop()
        self._task = None
        self._current = _CurrentLoop()
        self._fresh = None

        loop = self._current.loop
        if self._running is not None or loop is None or loop.is_closed() or loop.is_running():
            loop = self._fresh = asyncio.new_event_loop()
        self._native = Ah.IdleEventLoop.enter()
        if self._running is not None:
            # The outer task stands still, and must not look like the one that is executed.
            self._task = asyncio.current_task(self._running)
            if self._task is not None:
                asyncio.tasks._leave_task(self._running, self._task)
            asyncio._set_running_loop(None)
        asyncio.set_event_loop(loop)
        self._idle = IdleEventLoop(self._native, loop)
        return self._idle

    def __exit__(self, *_error):
        try:
            if self._fresh is not None:
                close_loop(self._fresh)
        finally:
            self._current.restore()
            if self._running is not None:
                asyncio._set_running_loop(self._running)
                if self._task is not None:
                    asyncio.tasks._enter_task(self._running, self._task)
            self._idle._native = None
            self._native.leave()
        return False


class _CurrentLoop:
    """The loop that is set for the thread, without making one, and the way back to it."""

    def __init__(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self._policy = asyncio.get_event_loop_policy()
        self._local = getattr(self._policy, "_local", None)
        self._was_set = getattr(self._local, "_set_called", None)
        if self._local is not None:
            self.loop = getattr(self._local, "_loop", None)
        else:
            try:
                self.loop = self._policy.get_event_loop()
            except RuntimeError:
                self.loop = None

    def restore(self):
        self._policy.set_event_loop(self.loop)
        if self._was_set is not None:
            # Else the main thread would never again get a loop by asking for one.
            self._local._set_called = self._was_set


def close_loop(loop):
    """Ends what is left on a loop that is not running, and closes it, as asyncio.run() does."""
    try:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


class LoopThread:
    """A thread with an asyncio loop of its own, for the coroutine functions of one run."""

    _all = set()

    def __init__(self):
        self.loop = None
        self._stopped = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._main, name="ah-asyncio", daemon=True)
        self._all.add(self)
        self._thread.start()
        self._ready.wait()

    def _main(self):
        try:
            asyncio.run(self._serve())
        except BaseException:
            pass  # SystemExit of a coroutine function, which its run has got, too
        finally:
            self._all.discard(self)
            self._ready.set()

    async def _serve(self):
        self.loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._ready.set()
        await self._stopped.wait()

    def stop(self):
        """Lets it end what is left on the loop, and go. May be called in any thread."""
        try:
            self.loop.call_soon_threadsafe(self._stopped.set)
        except (AttributeError, RuntimeError):
            pass  # it is gone already

    @classmethod
    def _finish_all(cls):
        threads = list(cls._all)
        for thread in threads:
            thread.stop()
        for thread in threads:
            # Whoever swallows a cancellation must not keep the process for ever.
            thread._thread.join(1)


exits.at_exit(LoopThread._finish_all)


class _Pump:
    """One thread that iterates a main context, for runs whose caller has none that is iterated."""

    def __init__(self):
        self.context = GLib.MainContext.new()
        self._todo = collections.deque()
        self._stopped = False
        self._thread = threading.Thread(target=self._main, name="ah-pump", daemon=True)
        self._thread.start()

    def post(self, func, *args):
        """Calls func(*args) in the thread, where the context is thread default."""
        self._todo.append((func, args))
        self.context.wakeup()

    def call(self, func, *args):
        """The same, and waits for what it returns or raises."""
        if threading.current_thread() is self._thread:
            return func(*args)
        done = threading.Event()
        outcome = []

        def work():
            try:
                outcome.append((func(*args), None))
            except BaseException as error:
                outcome.append((None, error))
            done.set()

        self.post(work)
        done.wait()
        value, error = outcome.pop()
        try:
            if error is not None:
                raise error
            return value
        finally:
            del error

    def _main(self):
        self.context.push_thread_default()
        while not self._stopped:
            while self._todo:
                func, args = self._todo.popleft()
                try:
                    func(*args)
                except BaseException:
                    sys.excepthook(*sys.exc_info())
                func = args = None
            self.context.iteration(True)
        self.context.pop_thread_default()

    def stop(self):
        self._stopped = True
        self.context.wakeup()
        self._thread.join(1)


_pump = None
_pump_lock = threading.Lock()


def get_pump():
    global _pump
    if _pump is None:
        with _pump_lock:
            if _pump is None:
                pump = _Pump()
                exits.at_exit(pump.stop)
                _pump = pump
    return _pump
