# SPDX-License-Identifier: LGPL-2.1-or-later

"""Exceptions come back as the same objects, wherever they were raised."""

import asyncio
import functools
import threading
import traceback

import pytest
from conftest import by_as_completed

from gi.repository import Ah, Gio, GLib


class Own(Exception):
    pass


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Base(BaseException):
    pass


def throw(error):
    raise error


async def throw_later(error):
    await asyncio.sleep(0)
    raise error


def throw_cancellable(_cancellable, error):
    raise error


ERRORS = [
    Own("text"),
    Unprintable(),
    ValueError("with \0 in it"),
    GLib.Error("of GLib", "g-io-error-quark", 1),
    GeneratorExit("odd"),
    Base("base"),
]


def schedulers():
    yield "blocking", lambda batch, error: batch.schedule(throw, error)
    yield "coroutine", lambda batch, error: batch.schedule(throw_later, error)
    yield "with cancellable", lambda batch, error: batch.schedule_blocking(throw_cancellable, error)
    yield "with task", lambda batch, error: batch.schedule_async(throw_cancellable, error)
    yield "function", lambda batch, error: batch.schedule(
        Ah.Function.new_blocking(throw_cancellable, error)
    )
    yield "nested", lambda batch, error: batch.schedule(
        Ah.Serial().schedule(len, "").schedule(throw, error)
    )
    yield "nested later", lambda batch, error: batch.schedule(
        Ah.Parallel().schedule(len, "").schedule(throw_later, error).schedule(throw_later, error)
    )


@pytest.mark.parametrize("name, schedule", list(schedulers()))
def test_fail_fast(kind, way, name, schedule):
    for error in ERRORS:
        batch = kind().schedule(len, "")
        schedule(batch, error)
        with pytest.raises(BaseException) as raised:
            way(batch)
        assert raised.value is error
        if way is not by_as_completed:
            assert Ah.failed_index(error) == 1
            assert Ah.failed_path(error) == ((1, 1) if name.startswith("nested") else (1,))
        frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        assert any(frame.startswith("throw") for frame in frames), frames


@pytest.mark.parametrize("name, schedule", list(schedulers()))
def test_collect(kind, way, name, schedule):
    for error in ERRORS:
        batch = kind(error_policy=Ah.ErrorPolicy.COLLECT).schedule(len, "abc")
        schedule(batch, error)
        batch.schedule(len, "ab")
        first, second, third = way(batch)
        assert (first, third) == (3, 2)
        assert second is error


def test_collect_inside_and_out():
    error = Own()
    inner = Ah.Serial(error_policy=Ah.ErrorPolicy.COLLECT).schedule(throw, error).schedule(len, "")
    assert Ah.Parallel().schedule(inner).block() == [[error, 0]]
    failing = Ah.Serial().schedule(throw, error)
    outer = Ah.Parallel(error_policy=Ah.ErrorPolicy.COLLECT).schedule(failing).schedule(inner)
    assert outer.block() == [error, [error, 0]]


@pytest.mark.parametrize("policy", list((Ah.ErrorPolicy.FAIL_FAST, Ah.ErrorPolicy.COLLECT)))
@pytest.mark.parametrize("func", [throw, throw_later])
def test_these_end_every_run(policy, func):
    for error in (KeyboardInterrupt(), SystemExit(3)):
        batch = Ah.Parallel(error_policy=policy).schedule(len, "").schedule(func, error)
        outer = Ah.Serial(error_policy=policy).schedule(batch)
        for each in (batch, outer):
            with pytest.raises(BaseException) as raised:
                each.block()
            assert raised.value is error


def test_stop_iteration(way):
    """A coroutine cannot raise it: Python makes a RuntimeError of it."""
    error = StopIteration(7)
    with pytest.raises((StopIteration, RuntimeError)) as raised:
        way(Ah.Parallel().schedule(throw, error))
    assert error in (raised.value, raised.value.__cause__)


def test_values_that_are_exceptions(way):
    error = Own()
    assert way(Ah.Parallel().schedule(lambda: error)) == [error]


@pytest.mark.parametrize("args, kwargs", [((), {}), ((1, 2), {}), ((1,), {"b": 2})])
def test_wrong_arguments(way, args, kwargs):
    def blocking(a):
        raise AssertionError("was called")

    async def coroutine(a):
        raise AssertionError("was called")

    for func in (blocking, coroutine):
        with pytest.raises(TypeError) as direct:
            func(*args, **kwargs)
        with pytest.raises(TypeError) as raised:
            way(Ah.Parallel().schedule(func, *args, **kwargs))
        assert str(raised.value) == str(direct.value)


def test_wrong_arguments_of_single_calls():
    with pytest.raises(TypeError, match="takes exactly one argument"):
        Ah.block(len)
    with pytest.raises(TypeError, match="takes exactly one argument"):
        asyncio.run(Ah.run(len))
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        Ah.block(throw_later)
    with pytest.raises(TypeError, match="takes exactly one argument"):
        Ah.queue_background_thread(len).result()
    with pytest.raises(TypeError, match="takes no arguments"):
        Ah.Parallel().schedule(Ah.Serial(), 1)


def test_what_cannot_be_scheduled(kind):
    async def generate():
        yield 1

    batch = kind()
    for schedule in (batch.schedule, Ah.block, Ah.queue_background_thread, Ah.start):
        with pytest.raises(TypeError, match="3 cannot be called"):
            schedule(3)
        with pytest.raises(TypeError, match="None cannot be called"):
            schedule(None)
        with pytest.raises(TypeError, match="pass the coroutine function itself"):
            schedule(throw_later(Own()))
        with pytest.raises(TypeError, match="async generator function"):
            schedule(generate)
    with pytest.raises(TypeError, match="for bindings"):
        batch.schedule_shared(3, len)
    with pytest.raises(TypeError):
        batch.schedule()
    assert len(batch) == 0


def test_a_batch_inside_itself(way):
    batch = Ah.Parallel()
    with pytest.raises(ValueError, match="inside itself"):
        batch.schedule(batch)
    with pytest.raises(ValueError, match="inside itself"):
        batch.schedule(batch.run)
    outer = Ah.Serial().schedule(batch)
    batch.schedule(outer)
    with pytest.raises(GLib.Error, match="inside itself") as raised:
        way(outer)
    assert raised.value.matches(Ah.run_error_quark(), Ah.RunError.CYCLE)


def test_nothing_begins_after_a_failure(way):
    error = Own()
    begun = []
    batch = Ah.Serial().schedule(throw, error)
    for i in range(100):
        batch.schedule(begun.append, i)
    with pytest.raises(Own):
        way(batch)
    assert begun == []


def test_awaiting_twice():
    async def main():
        coroutine = Ah.Parallel().schedule(len, "").run()
        assert await coroutine == [0]
        with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
            await coroutine

    asyncio.run(main())


def test_error_of_a_task():
    def fail(task):
        task.return_error(GLib.Error("no luck", "g-io-error-quark", Gio.IOErrorEnum.BUSY))

    def drop(_task):
        pass

    def twice(task):
        task.return_value(1)

    with pytest.raises(GLib.Error, match="no luck") as raised:
        Ah.Parallel().schedule(len, "").schedule_async(fail).block()
    assert raised.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.BUSY)
    with pytest.raises(GLib.Error) as raised:
        Ah.Parallel().schedule_async(drop).block()
    assert raised.value.matches(Ah.run_error_quark(), Ah.RunError.DROPPED)
    assert Ah.Parallel().schedule_async(twice).block() == [1]

    future = Ah.start(Ah.Parallel().schedule(len, "").schedule_async(fail))
    future.wait()
    with pytest.raises(GLib.Error, match="no luck") as raised:
        future.get_results()
    assert future.get_failed_index() == Ah.failed_index(raised.value) == 1


def test_failed_index_of_others():
    assert Ah.failed_index(ValueError()) is None
    assert Ah.failed_path(ValueError()) == ()


def test_lowest_priority_of_the_first_failure(way):
    """Of several failures, it is one of them, and nothing else."""
    errors = [Own(i) for i in range(20)]
    barrier = threading.Barrier(1)
    batch = Ah.Parallel()
    for error in errors:
        batch.schedule(throw, error).schedule(barrier.wait)
    with pytest.raises(Own) as raised:
        way(batch)
    assert raised.value in errors


def test_coroutine_functions_where_nobody_awaits():
    async def coroutine(_first=None):
        pass

    for call in (
        Ah.Parallel().schedule_blocking,
        Ah.Parallel().schedule_async,
        Ah.Function.new_blocking,
        Ah.Function.new_async,
        lambda func: Ah.invoke(None, func),
    ):
        for func in (coroutine, functools.partial(coroutine, 1)):
            with pytest.raises(TypeError, match="coroutine is a coroutine function"):
                call(func)


def test_what_is_no_cancellable():
    batch = Ah.Parallel().schedule(len, "")
    for call in (
        lambda: batch.block(1),
        lambda: asyncio.run(batch.run(1)),
        lambda: Ah.start(batch, 1),
        lambda: Ah.block(batch, 1),
        lambda: batch.run_async(1, None),
    ):
        with pytest.raises(TypeError, match="a Gio.Cancellable is needed, and not 1"):
            call()
    for func in (batch, Ah.Function.new_blocking(len)):
        for call in (Ah.block, Ah.start, lambda *args: asyncio.run(Ah.run(*args))):
            with pytest.raises(TypeError, match="takes no arguments"):
                call(func, None, 2)
    assert batch.block() == [0]
