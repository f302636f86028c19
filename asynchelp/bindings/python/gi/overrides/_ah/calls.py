# SPDX-License-Identifier: LGPL-2.1-or-later

"""The functions of the module: run, block, to_async, to_blocking, start and the others."""

import asyncio
import functools
import threading

from gi._gi import CallableInfo
from gi.repository import GLib

from . import exits, gio, kinds
from .background import Background, Single
from .batch import Parallel
from .loops import get_pump, idle_event_loop
from .native import Ah
from .run import Run, waiting_here


def _as_batch(func, args, kwargs):
    """(batch, whether its only result is what is asked for); None for plain Python."""
    batch = kinds.batch_behind(func)
    if batch is not None:
        return batch, False
    if isinstance(func, Ah.Function) or (
        isinstance(func, CallableInfo) and gio.is_async_call(func)
    ):
        return Parallel().schedule(func, *args, **kwargs), True
    return None


def _cancellable(func, cancellable=None, *args, **kwargs):
    """What may follow a batch or an Ah.Function in a call."""
    kinds.refuse_arguments(func, args, kwargs)
    return cancellable


def _split(func, args, kwargs):
    """(batch, single, cancellable) for what runs as a batch; None for plain Python."""
    if isinstance(func, Ah.Function) and kinds.batch_behind(func) is None:
        return Parallel().schedule(func), True, _cancellable(func, *args, **kwargs)
    found = _as_batch(func, args, kwargs)
    if found is None:
        return None
    batch, single = found
    return batch, single, None if single else _cancellable(func, *args, **kwargs)


async def run(func, /, *args, **kwargs):
    """Runs a function from async code, whatever kind it is of, and gives what it returns.

    A coroutine function is awaited where it is. A blocking one runs in a worker; whoever is
    cancelled meanwhile waits for its end.
    """
    found = None if kinds.is_plain(func) else _split(func, args, kwargs)
    if found is not None:
        batch, single, cancellable = found
        results = await batch.run(cancellable)
        return results[0] if single else results

    kinds.check_callable(func)
    if kinds.is_coroutine_function(func):
        return await func(*args, **kwargs)
    waiting = waiting_here()
    if waiting is None:
        return func(*args, **kwargs)
    single = Single(func, args, kwargs, waiting.wake)
    await waiting.wait(single)
    return single.take_outcome()


def block(func, /, *args, **kwargs):
    """Runs a function from blocking code, whatever kind it is of, and returns what it returns.

    A blocking function is called. A coroutine function runs on an idle asyncio loop of the calling
    thread, see idle_event_loop().
    """
    if kinds.is_plain(func):
        return func(*args, **kwargs)
    found = _split(func, args, kwargs)
    if found is not None:
        batch, single, cancellable = found
        results = batch.block(cancellable)
        return results[0] if single else results

    kinds.check_callable(func)
    if not kinds.is_coroutine_function(func):
        return func(*args, **kwargs)
    with idle_event_loop() as loop:
        return loop.run_until_complete(func(*args, **kwargs))


def to_async(func):
    """The function as a coroutine function: itself, where it is one; else it runs in a worker.

    Name, documentation and signature stay. Give it an Ah.Function to get one.
    """
    if isinstance(func, Ah.Function):
        return Ah.to_async(func)
    kinds.check_callable(func)
    if kinds.is_coroutine_function(func):
        kinds.mark(func)
        return func

    async def in_worker(*args, **kwargs):
        return await run(func, *args, **kwargs)

    return _dress(in_worker, func)


def to_blocking(func):
    """The function as a blocking function: itself, where it is one; else it runs on an idle loop.

    Name, documentation and signature stay. Give it an Ah.Function to get one.
    """
    if isinstance(func, Ah.Function):
        return Ah.to_blocking(func)
    kinds.check_callable(func)
    if not kinds.is_coroutine_function(func) and not (
        isinstance(func, CallableInfo) and gio.is_async_call(func)
    ):
        return func

    def blocking(*args, **kwargs):
        return block(func, *args, **kwargs)

    return _dress(blocking, func)


def _dress(wrapper, func):
    """Makes @wrapper look like @func."""
    named = func
    while isinstance(named, functools.partial):
        named = named.func
    if not hasattr(named, "__name__"):
        named = type(named)
    functools.update_wrapper(wrapper, named)
    kinds.unmark(wrapper)
    wrapper.__wrapped__ = func
    doc = getattr(func, "__doc__", None)
    if doc and not isinstance(func, functools.partial):
        wrapper.__doc__ = doc
    return wrapper


def start(func, /, *args, **kwargs):
    """Starts a run, and returns an Ah.Future to follow it by.

    Its notifications come on the thread-default main context. In a task of asyncio or trio that is
    nobody's, so there they come in a thread of the library's; await the future instead. So they do
    in a thread that has no main context, while nobody runs the main loop.
    """
    found = None if kinds.is_plain(func) else _split(func, args, kwargs)
    batch, single, cancellable = found or (Parallel().schedule(func, *args, **kwargs), True, None)
    started = Run(batch, cancellable)
    # One function a call, so that each counts as soon as it has ended.
    started.slice = 0
    exits.add_run(started)
    waiting = waiting_here()
    loop = asyncio._get_running_loop()
    if waiting is not None:
        started.loop = waiting.loop

    def begin():
        future = Ah.start(started.plan.native, started.cancellable)
        future._ah_run = started
        future._ah_single = single
        started.follow(future)
        return future

    # A loop that is built on GLib's iterates the context.
    if type(loop).__module__.startswith("gi."):
        return begin()
    if waiting is None and loop is None and _is_context_served():
        return begin()
    future = get_pump().call(begin)
    future._ah_notifies = True
    return future


def _is_context_served():
    """Whether somebody iterates the thread-default main context, as far as one can know."""
    if threading.current_thread() is threading.main_thread():
        return True  # it may be going to
    if GLib.MainContext.get_thread_default() is not None:
        return True
    context = GLib.MainContext.default()
    if context.is_owner() or not context.acquire():
        return True
    context.release()
    return False


def queue_background_thread(func, /, *args, **kwargs):
    """Runs a function in a worker, whatever kind it is of; returns a concurrent.futures.Future.

    Nobody has to wait for it: the interpreter does, when it exits. When no worker is free and none
    can be added, it waits for its turn.
    """
    if not kinds.is_plain(func):
        if kinds.batch_behind(func) is None and not isinstance(func, Ah.Function):
            kinds.check_callable(func)
        func, args = functools.partial(block, func), args
    return Background(func, args, kwargs).future


__all__ = [
    "block",
    "queue_background_thread",
    "run",
    "start",
    "to_async",
    "to_blocking",
]
