# SPDX-License-Identifier: LGPL-2.1-or-later

"""to_async and to_blocking."""

import asyncio
import functools
import inspect
import threading

import pytest

from gi.repository import Ah, Gio


def blocking(a, b=2, *, c: int = 3) -> tuple:
    """Gives what it got."""
    return (a, b, c)


async def coroutine(a, b=2, *, c: int = 3) -> tuple:
    """Gives what it got, later."""
    await asyncio.sleep(0)
    return (a, b, c)


class Methods:
    def blocking(self, a):
        return (self, a)

    async def coroutine(self, a):
        await asyncio.sleep(0)
        return (self, a)

    @staticmethod
    async def static(a):
        return a

    @classmethod
    async def of_class(cls, a):
        return (cls, a)


class Callable:
    """An object to call."""

    def __call__(self, a):
        return a


class AsyncCallable:
    async def __call__(self, a):
        await asyncio.sleep(0)
        return a


class Closed:
    """Takes no attributes."""

    __slots__ = ()

    async def __call__(self, a):
        return a


METHODS = Methods()
COROUTINES = [
    (coroutine, (1,), (1, 2, 3)),
    (functools.partial(coroutine, 1), (5,), (1, 5, 3)),
    (functools.partial(functools.partial(coroutine, 1), c=9), (), (1, 2, 9)),
    (METHODS.coroutine, (4,), (METHODS, 4)),
    (functools.partial(METHODS.coroutine, 4), (), (METHODS, 4)),
    (Methods.static, (4,), 4),
    (Methods.of_class, (4,), (Methods, 4)),
    (AsyncCallable(), (4,), 4),
    (functools.partial(AsyncCallable(), 4), (), 4),
]
BLOCKING = [
    (blocking, (1,), (1, 2, 3)),
    (functools.partial(blocking, 1), (5,), (1, 5, 3)),
    (METHODS.blocking, (4,), (METHODS, 4)),
    (lambda a: a, (4,), 4),
    (Callable(), (4,), 4),
    (len, ("four",), 4),
    (int, ("4",), 4),
]


@pytest.mark.parametrize("func, args, expected", COROUTINES)
def test_to_async_keeps_coroutine_functions(func, args, expected):
    assert Ah.to_async(func) is func
    assert asyncio.iscoroutinefunction(Ah.to_async(func))
    assert asyncio.run(Ah.to_async(func)(*args)) == expected


@pytest.mark.parametrize("func, args, expected", BLOCKING)
def test_to_async_converts_blocking_functions(func, args, expected):
    converted = Ah.to_async(func)
    assert converted is not func
    assert asyncio.iscoroutinefunction(converted)
    assert inspect.iscoroutinefunction(converted)
    assert asyncio.run(converted(*args)) == expected
    # What was converted is of that kind now.
    assert Ah.to_async(converted) is converted


@pytest.mark.parametrize("func, args, expected", BLOCKING)
def test_to_blocking_keeps_blocking_functions(func, args, expected):
    assert Ah.to_blocking(func) is func
    assert Ah.to_blocking(func)(*args) == expected


@pytest.mark.parametrize("func, args, expected", COROUTINES)
def test_to_blocking_converts_coroutine_functions(func, args, expected):
    converted = Ah.to_blocking(func)
    assert not asyncio.iscoroutinefunction(converted)
    assert not inspect.iscoroutinefunction(converted)
    assert converted(*args) == expected
    assert Ah.to_blocking(converted) is converted


def test_to_blocking_works_inside_a_running_loop():
    async def main():
        return Ah.to_blocking(coroutine)(7)

    assert asyncio.run(main()) == (7, 2, 3)


def test_there_and_back():
    assert Ah.to_blocking(Ah.to_async(blocking))(1, c=5) == (1, 2, 5)
    assert asyncio.run(Ah.to_async(Ah.to_blocking(coroutine))(1, c=5)) == (1, 2, 5)


@pytest.mark.parametrize("func, convert", [(blocking, "to_async"), (coroutine, "to_blocking")])
def test_name_documentation_and_signature_stay(func, convert):
    converted = getattr(Ah, convert)(func)
    assert converted.__name__ == func.__name__
    assert converted.__qualname__ == func.__qualname__
    assert converted.__module__ == func.__module__
    assert converted.__doc__ == func.__doc__
    assert converted.__wrapped__ is func
    assert inspect.signature(converted) == inspect.signature(func)

    partial = getattr(Ah, convert)(functools.partial(func, 1))
    assert partial.__name__ == func.__name__
    assert inspect.signature(partial) == inspect.signature(functools.partial(func, 1))


def test_objects_have_a_name_too():
    assert Ah.to_async(Callable()).__name__ == "Callable"


def test_objects_that_cannot_be_marked_stay_what_they_are():
    func = Closed()
    assert Ah.to_async(func) is func
    assert Ah.to_blocking(func)(3) == 3


def test_marked_functions_are_coroutine_functions():
    def makes_coroutine(a):
        return coroutine(a)

    if hasattr(inspect, "markcoroutinefunction"):
        inspect.markcoroutinefunction(makes_coroutine)
    else:
        makes_coroutine._is_coroutine = asyncio.coroutines._is_coroutine
    assert Ah.to_async(makes_coroutine) is makes_coroutine
    converted = Ah.to_blocking(makes_coroutine)
    assert not asyncio.iscoroutinefunction(converted)
    assert converted(1) == (1, 2, 3)


def test_a_blocking_function_runs_in_another_thread():
    async def main():
        return await Ah.to_async(threading.get_ident)()

    assert asyncio.run(main()) != threading.get_ident()


def test_asynchronous_calls_of_libraries():
    file = Gio.File.new_for_path(__file__)
    _success, contents, _etag = Ah.to_blocking(Gio.File.load_contents_async)(file)
    assert b"Asynchronous" in contents.title()
    _success, contents, _etag = asyncio.run(Ah.to_async(file.load_contents_async)())
    assert b"Asynchronous" in contents.title()


def test_functions_of_the_library():
    function = Ah.Function.new_blocking(lambda _cancellable, a: a + 1, 1)
    assert not function.is_async()
    converted = Ah.to_async(function)
    assert isinstance(converted, Ah.Function) and converted.is_async()
    assert Ah.to_async(converted) is converted or Ah.to_async(converted).is_async()
    assert Ah.block(function) == 2
    batch = Ah.Parallel()
    assert Ah.to_async(batch) is batch


@pytest.mark.parametrize("convert", ["to_async", "to_blocking"])
def test_what_is_no_function(convert):
    with pytest.raises(TypeError, match="cannot be called"):
        getattr(Ah, convert)(3)
    with pytest.raises(TypeError, match="pass the coroutine function itself"):
        getattr(Ah, convert)(coroutine(1))

    async def generate():
        yield 1

    with pytest.raises(TypeError, match="async generator function"):
        getattr(Ah, convert)(generate)
