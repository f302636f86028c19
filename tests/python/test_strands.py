# SPDX-License-Identifier: LGPL-2.1-or-later

"""Blocking regions, strands and invoke, where the C library has them."""

import contextvars
import threading
import time

import pytest
from conftest import PATIENCE, wait_until

from gi.repository import Ah, GLib


variable = contextvars.ContextVar("variable", default="nothing")


def need(name):
    if not hasattr(Ah, name):
        pytest.skip(f"this version has no {name}")


def test_blocking():
    need("blocking")
    pool = Ah.ThreadPool.new(4)
    gate = threading.Event()

    def wait():
        with Ah.blocking():
            with Ah.blocking():
                return gate.wait(30)

    batch = Ah.Parallel(pool=pool)
    for _ in range(3):
        batch.schedule(wait)
    assert batch.schedule(gate.set).block() == [True, True, True, None]
    with pytest.raises(ZeroDivisionError):
        with Ah.blocking():
            raise ZeroDivisionError


class Alone:
    """A function that notices when another one runs beside it."""

    def __init__(self):
        self.n = self.most = 0

    def blocking(self):
        self.n += 1
        self.most = max(self.most, self.n)
        time.sleep(0.0005)
        self.n -= 1


def test_strand_of_a_batch(way):
    need("Strand")
    alone = Alone()
    batch = Ah.Parallel(strand=Ah.Strand())
    for _ in range(30):
        batch.schedule(alone.blocking)
    assert way(batch) == [None] * 30
    assert alone.most == 1


def test_strand_as_context_manager():
    need("Strand")
    strand = Ah.Strand()
    alone = Alone()

    def inside():
        with strand as entered:
            assert entered is strand and strand.is_inside()
            alone.blocking()
        assert not strand.is_inside()

    batch = Ah.Parallel()
    for _ in range(30):
        batch.schedule(inside)
    batch.block()
    assert alone.most == 1
    with pytest.raises(ZeroDivisionError):
        with strand:
            raise ZeroDivisionError
    assert not strand.is_inside()


def test_invoke():
    need("invoke")
    context = GLib.MainContext.default()
    main = threading.get_ident()

    def where(*args, **kwargs):
        return threading.get_ident(), args, kwargs

    assert Ah.invoke(None, where, 1, a=2) == (main, (1,), {"a": 2})
    with pytest.raises(ValueError):
        Ah.invoke(None, int, "x")
    with pytest.raises(TypeError, match="cannot be called"):
        Ah.invoke(None, 3)

    variable.set("mine")
    assert Ah.invoke(None, variable.get) == "mine"
    future = Ah.queue_background_thread(Ah.invoke, context, variable.get)
    variable.set("of the loop's thread")
    wait_until(lambda: context.iteration(False) or future.done(), "the call in the main context")
    assert future.result(PATIENCE) == "mine"

    future = Ah.queue_background_thread(Ah.invoke, context, where, 3)

    def done():
        context.iteration(False)
        return future.done()

    wait_until(done, "the call in the main context")
    assert future.result() == (main, (3,), {})
    error = KeyError("same")

    def throw():
        raise error

    future = Ah.queue_background_thread(Ah.invoke, context, throw)
    wait_until(done, "the call in the main context")
    assert future.exception() is error
    # Also while the main thread blocks on the one that invokes.
    outer = Ah.Parallel().schedule(Ah.invoke, context, where, 4)
    assert outer.block() == [(main, (4,), {})]
