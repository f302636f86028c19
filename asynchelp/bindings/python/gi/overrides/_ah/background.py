# SPDX-License-Identifier: LGPL-2.1-or-later

"""Single functions in workers."""

import collections
import concurrent.futures
import contextvars

from gi.repository import Gio, GLib

from . import exits
from .native import Ah
from .plan import executing

_works = collections.deque()


def _work(*_unused):
    """Does the oldest work. Each token in the pool stands for one, whichever it finds."""
    try:
        work = _works.popleft()
    except IndexError:
        return  # it was taken back
    try:
        work.do()
    finally:
        work = None
        exits.remove_background()


_worker = Ah.Function.new_blocking(_work)


def _queue(work):
    exits.add_background()
    _works.append(work)
    token = Ah.queue_background_thread(_worker)
    if not token.get_done():
        return
    try:
        Ah.Future.get_value(token)
    except GLib.Error as error:
        # There is no thread, and none can be started.
        if _take_back(work):
            work.fail(error)


def _take_back(work):
    try:
        _works.remove(work)
    except ValueError:
        return False
    exits.remove_background()
    return True


class Background:
    """What queue_background_thread() queues."""

    def __init__(self, func, args, kwargs):
        self.future = concurrent.futures.Future()
        self.context = contextvars.copy_context()
        self.call = (func, args, kwargs)
        _queue(self)

    def do(self):
        future, (func, args, kwargs) = self.future, self.call
        if not future.set_running_or_notify_cancel():
            return
        try:
            value = self.context.run(func, *args, **kwargs)
        except BaseException as error:
            error.__traceback__ = error.__traceback__.tb_next
            future.set_exception(error)
        else:
            future.set_result(value)
        finally:
            # The traceback keeps this frame.
            self = future = func = args = kwargs = value = None

    def fail(self, error):
        self.future.set_exception(error)


class Single:
    """One blocking function that a coroutine waits for."""

    def __init__(self, func, args, kwargs, wake):
        self.context = contextvars.copy_context()
        self.call = (func, args, kwargs)
        self.wake = wake
        self.cancellable = Gio.Cancellable()
        self.outcome = None
        _queue(self)

    def do(self):
        func, args, kwargs = self.call
        try:
            with executing(self.cancellable):
                self.outcome = (self.context.run(func, *args, **kwargs), None)
        except BaseException as error:
            self.outcome = (None, error.with_traceback(error.__traceback__.tb_next))
        self.call = func = args = kwargs = None
        self.wake()

    def fail(self, error):
        self.outcome = (None, error)
        self.wake()

    def cancel(self):
        self.cancellable.cancel()
        if _take_back(self):
            self.wake()

    def take_outcome(self):
        value, error = self.outcome
        self.outcome = None
        try:
            if error is not None:
                raise error
            return value
        finally:
            del error
