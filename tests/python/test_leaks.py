# SPDX-License-Identifier: LGPL-2.1-or-later

"""No cycles, and nothing left: as many runs as AH_TEST_RUNS says."""

import asyncio
import ctypes
import gc
import os
import weakref

import pytest
from conftest import SANITIZED, settle

from gi.repository import Ah

N_RUNS = int(os.environ.get("AH_TEST_RUNS", "2000"))

# What PyGObject 3.42 and girepository 1.74 lose by themselves, as the allocator counts it: the list
# of argument types of each callback that is handed over.
LOST_BY_CALLBACK = 48


class Mallinfo2(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
        )
    ]


def bytes_allocated():
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = Mallinfo2
    info = libc.mallinfo2()
    return info.uordblks + info.hblkhd


class Value:
    """Can be watched."""


def give(value):
    return value


async def give_later(value):
    await asyncio.sleep(0)
    return value


def count(freed):
    """In few objects, however many there are."""
    freed[:] = [sum(freed) + 1]


def throw(_value):
    raise ValueError


def make():
    value = Value()
    batch = Ah.Parallel(error_policy=Ah.ErrorPolicy.COLLECT)
    batch.schedule(give, value).schedule(give_later, value).schedule(give_later, value)
    batch.schedule(throw, value).schedule_blocking(lambda _cancellable, v: v, value)
    batch.schedule(Ah.Serial().schedule(give, value).schedule(give_later, value))
    return batch, value


def check(run, n, callbacks=0):
    """@run, n times, leaves nothing behind; @callbacks are those that are handed over in a run."""

    def census():
        settle()
        return len(gc.get_objects()), bytes_allocated()

    run(max(100, n // 10))
    before = census()
    run(n)
    after = census()
    assert after[0] - before[0] < 200, "Python objects are left"
    if not SANITIZED:
        left = after[1] - before[1] - n * callbacks * LOST_BY_CALLBACK
        print(f"{left} bytes left after {n} runs")
        assert left < 1024 * 1024 + n * 16, f"{left} bytes are left"


def test_blocking_runs():
    batch = Ah.Parallel.map(give, range(5)).schedule(Ah.Serial().schedule(give, 1))

    def run(n):
        for _ in range(n):
            batch.block()

    check(run, N_RUNS)


def test_awaited_runs():
    batch, _value = make()

    def run(n):
        async def main():
            for _ in range(n):
                await batch.run()

        asyncio.run(main())

    check(run, N_RUNS)


def test_failing_runs():
    batch = Ah.Serial().schedule(give, 1).schedule(throw, 2)

    def run(n):
        for _ in range(n):
            with pytest.raises(ValueError):
                batch.block()

    check(run, N_RUNS // 4)


def test_single_calls():
    def run(n):
        async def main():
            for _ in range(n):
                await Ah.run(give, 1)
                Ah.block(give, 1)

        asyncio.run(main())
        for _ in range(n):
            Ah.queue_background_thread(give, 1).result()

    check(run, N_RUNS)


def test_batches_made_and_dropped():
    freed = []

    def run(n):
        for _ in range(n):
            batch, value = make()
            weakref.finalize(value, count, freed)
            asyncio.run(batch.run())
            asyncio.run(batch.run())

    # A share, two async functions, and the nested batch's two.
    check(run, N_RUNS // 20, callbacks=6)
    settle()
    assert sum(freed) == N_RUNS // 20 + max(100, N_RUNS // 200)


def test_started_runs():
    freed = []

    def run(n):
        for _ in range(n):
            batch, value = make()
            weakref.finalize(value, count, freed)
            future = Ah.start(batch)
            future.wait()
            future.get_results()
            batch = value = future = None

    check(run, N_RUNS // 20, callbacks=6)
    settle()
    assert sum(freed) == N_RUNS // 20 + max(100, N_RUNS // 200)


def test_no_cycles():
    """What is dropped goes at once, without the garbage collector."""
    settle()
    gc.disable()
    try:
        for way in (
            lambda batch: batch.block(),
            lambda batch: Ah.queue_background_thread(batch.block).result(),
        ):
            value = Value()
            ref = weakref.ref(value)
            batch = Ah.Parallel().schedule(give, value).schedule(Ah.Serial().schedule(give, value))
            way(batch)
            batch = value = None
            assert ref() is None

        # Also with the exception of the run in hand, as soon as that goes.
        value = Value()
        ref = weakref.ref(value)
        batch = Ah.Parallel().schedule(throw, value)
        try:
            batch.block()
        except ValueError:
            pass
        batch = value = None
        assert ref() is None
    finally:
        gc.enable()
