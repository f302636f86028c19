# SPDX-License-Identifier: LGPL-2.1-or-later

"""Coroutine functions of a plan, on an asyncio loop: the caller's, or one in a thread of its own.

To the C library all that may run at the same time are one async function, and a second one that
fails as soon as the first of them fails; for an async function that has failed has ended, and these
have not: the others are cancelled, and waited for.
"""

import asyncio
import threading
from time import perf_counter

from gi.repository import GObject

from .native import cancelled_error

# How long the loop is held for starting coroutines (s), before others get their turn.
SLICE = 0.002


class Coroutines:
    """Coroutine functions of one batch that run at the same time."""

    def __init__(self, indices):
        self.indices = indices
        self.group = None

    @property
    def begins(self):
        """The async functions that it is to C."""
        return [self._begin, self._begin_gate] if len(self.indices) > 1 else [self._begin]

    def _begin(self, task, *_unused):
        self.group.begin(task)

    def _begin_gate(self, task, *_unused):
        self.group.begin_gate(task)

    def reset(self, node):
        # A new one for each run: what is still on its way on the loop belongs to an earlier one.
        self.group = _Group(node, self.indices)

    def clear(self):
        self.group = None


class _Group:
    """The same, in one run."""

    def __init__(self, node, indices):
        self.node = node
        self.indices = indices
        self.task = self.gate = self.loop = None
        self.handler = 0
        self.asyncio_tasks = {}
        self.n_begun = 0
        self.n_left = len(indices)
        self.stopped = False
        self.failure = None
        self.over = False
        self.lock = threading.Lock()  # of whoever ends the second one

    # In dispatches of a main context:

    def begin_gate(self, task):
        self.gate = task
        # The other one was begun before, and may have ended already.
        if self.over or self.failure is not None or task.get_cancellable().is_cancelled():
            self._open_gate()

    def begin(self, task):
        self.task = task
        cancellable = task.get_cancellable()
        self.handler = GObject.Object.connect(cancellable, "cancelled", self._on_cancelled)
        try:
            self.loop = self.node.run.get_loop()
            self.loop.call_soon_threadsafe(self._start_some)
        except BaseException as error:
            self.stopped = True
            self._finish(error if isinstance(error, Exception) else RuntimeError(repr(error)))
            return
        if cancellable.is_cancelled():
            self._on_cancelled()

    def _on_cancelled(self, *_unused):
        self.stopped = True
        self._open_gate()
        try:
            self.loop.call_soon_threadsafe(self._cancel)
        except (RuntimeError, AttributeError):
            pass  # the loop is closed, and so there is nothing on it

    # On the asyncio loop:

    def _start_some(self):
        until = perf_counter() + SLICE
        jobs = self.node.jobs
        while self.n_begun < len(self.indices) and not self.stopped:
            index = self.indices[self.n_begun]
            self.n_begun += 1
            _kind, func, args, kwargs = jobs[index]
            context = self.node.run.context.copy()
            try:
                task = context.run(_create_task, self.loop, func, args, kwargs)
            except BaseException as error:
                self._ended(index, error.with_traceback(_without_own(error)), None)
                continue
            self.asyncio_tasks[task] = index
            task.add_done_callback(self._on_done)
            if perf_counter() >= until:
                self.loop.call_soon(self._start_some)
                return
        if self.stopped:
            self._skip_rest()

    def _skip_rest(self):
        n_skipped = len(self.indices) - self.n_begun
        self.n_begun = len(self.indices)
        self._count(n_skipped)

    def _cancel(self):
        self.stopped = True
        for task in list(self.asyncio_tasks):
            task.cancel()
        self._skip_rest()

    def _on_done(self, task):
        index = self.asyncio_tasks.pop(task)
        if task.cancelled():
            try:
                task.result()
            except asyncio.CancelledError as error:
                self._ended(index, error, None)
        else:
            error = task.exception()
            self._ended(index, error, task.result() if error is None else None)

    def _ended(self, index, error, value):
        if error is None or (self.node.takes(error) and not self.stopped):
            self.node.set_result(index, value if error is None else error)
        elif self.failure is None and not self.stopped:
            self.failure = self.node.fail(index, error)
            self.stopped = True
            self._open_gate()
            self._cancel()
        self._count(1)

    def _count(self, n):
        if n:
            self.n_left -= n
            if self.n_left == 0:
                self._finish(None)

    # Anywhere:

    def _open_gate(self):
        with self.lock:
            gate, self.gate = self.gate, None
        if gate is None:
            return
        if self.failure is not None:
            gate.return_error(self.failure)
        else:
            gate.return_value(None)

    def _finish(self, error):
        task, self.task = self.task, None
        if task is None:
            return
        self.over = True
        if self.handler:
            GObject.Object.disconnect(task.get_cancellable(), self.handler)
            self.handler = 0
        if error is not None and self.failure is None:
            self.failure = self.node.fail(self.indices[0], error)
        failure = self.failure
        if failure is None and self.stopped:
            failure = cancelled_error()
        self._open_gate()
        if failure is not None:
            task.return_error(failure)
        else:
            task.return_value(None)


def _create_task(loop, func, args, kwargs):
    awaitable = func(*args, **kwargs)
    if asyncio.iscoroutine(awaitable):
        return loop.create_task(awaitable)
    return asyncio.ensure_future(awaitable, loop=loop)


def _without_own(error):
    """The traceback as a direct call would have it."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    return traceback
