# SPDX-License-Identifier: LGPL-2.1-or-later

"""What a callable is, and what is no callable."""

import functools
import inspect
from types import BuiltinFunctionType, FunctionType, MethodType

from gi._gi import CallableInfo

from .native import Ah

# What a scheduled function is run as.
CALL = 1  # a blocking function
CALL_CANCELLABLE = 2  # the same, with the run's cancellable as its first argument
COROUTINE = 3  # a coroutine function
TASK = 4  # an async function of the C library: gets a task, and ends it
GIO = 5  # an introspected …_async call
BATCH = 6
NATIVE = 7  # an Ah.Function that was not made in Python
OWN = 8  # what a batch had before Python saw it

# Of the code of functions that are not plain.
CO_UNUSUAL = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE
_MARKS = ("_is_coroutine_mark", "_is_coroutine", "_is_coroutine_marker")


def name_of(func):
    """How messages call it."""
    while isinstance(func, functools.partial):
        func = func.func
    return getattr(func, "__qualname__", None) or repr(func)


def is_plain(func):
    """Whether it is, at first sight, a blocking function."""
    kind = type(func)
    return (
        kind is FunctionType and not func.__code__.co_flags & CO_UNUSUAL and not func.__dict__
    ) or kind is BuiltinFunctionType


def is_coroutine_function(func):
    """Whether calling it gives a coroutine: also partials, methods, and objects that say so."""
    while isinstance(func, functools.partial):
        func = func.func
    if inspect.iscoroutinefunction(func):
        return True
    if _is_marked(func):
        return True
    if isinstance(func, (FunctionType, MethodType, BuiltinFunctionType, type, CallableInfo)):
        return False
    call = getattr(type(func), "__call__", None)
    return inspect.iscoroutinefunction(call) or _is_marked(call)


def _is_marked(func):
    func = getattr(func, "__func__", func)
    try:
        marks = vars(func)
    except TypeError:
        return False
    return any(marks.get(mark) not in (None, False) for mark in _MARKS)


def unmark(func):
    """Takes from a wrapper what it has copied of a coroutine function."""
    for mark in _MARKS:
        vars(func).pop(mark, None)


def mark(func):
    """Makes asyncio.iscoroutinefunction() see an object whose __call__ is one."""
    import asyncio

    if asyncio.iscoroutinefunction(func):
        return
    try:
        if hasattr(inspect, "markcoroutinefunction"):
            inspect.markcoroutinefunction(func)
        else:
            func._is_coroutine = asyncio.coroutines._is_coroutine
    except (AttributeError, TypeError):
        pass  # an object that takes no attributes: it stays what it is


def check_callable(func):
    """Raises the TypeError that says what should have been passed."""
    if inspect.isawaitable(func) or inspect.iscoroutine(func):
        if inspect.iscoroutine(func):
            func.close()  # or Python warns that nobody awaited it
        raise TypeError(
            f"{name_of(func)} was called already: pass the coroutine function itself and its "
            "arguments, f, 1, 2 instead of f(1, 2)"
        )
    if not callable(func):
        raise TypeError(f"a function is needed, and {func!r} cannot be called")
    if inspect.isasyncgenfunction(func):
        raise TypeError(
            f"{name_of(func)} is an async generator function: iterate over it in a coroutine "
            "function, and pass that one"
        )


def check_called_in_c(func):
    """The same for what is called with more than its arguments, and so cannot be of any kind."""
    check_callable(func)
    if not is_plain(func) and is_coroutine_function(func):
        raise TypeError(
            f"{name_of(func)} is a coroutine function, and its coroutine would never be awaited: "
            "schedule() and Ah.run() take those"
        )


def batch_behind(func):
    """The batch, if @func is one, or is the run or block of one."""
    while isinstance(func, functools.partial) and not func.args and not func.keywords:
        func = func.func
    if isinstance(func, Ah.Batch):
        return func
    if isinstance(func, MethodType) and isinstance(func.__self__, Ah.Batch):
        if func.__func__ in (type(func.__self__).run, type(func.__self__).block):
            return func.__self__
    return None


def describe(func, args, kwargs):
    """The job (kind, func, args, kwargs) that a call with these arguments is."""
    if is_plain(func):
        return (CALL, func, args, kwargs)

    batch = batch_behind(func)
    if batch is not None:
        refuse_arguments(batch, args, kwargs)
        return (BATCH, batch, (), {})
    if isinstance(func, Ah.Function):
        refuse_arguments(func, args, kwargs)
        return getattr(func, "_ah_job", None) or (NATIVE, func, (), {})

    check_callable(func)
    if is_coroutine_function(func):
        return (COROUTINE, func, args, kwargs)
    if isinstance(func, CallableInfo):
        from . import gio

        if gio.is_async_call(func):
            return (GIO, func, args, kwargs)
    return (CALL, func, args, kwargs)


def refuse_arguments(func, args, kwargs):
    """Raises if there are any, where a batch or an Ah.Function was given its own already."""
    if args or kwargs:
        raise TypeError(f"{func!r} takes no arguments: what it calls was given them already")
