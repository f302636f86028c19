# SPDX-License-Identifier: LGPL-2.1-or-later

"""queue_background_thread, start, and pools that are full."""

import asyncio
import concurrent.futures
import contextvars
import threading
import time
import traceback

import pytest
from conftest import PATIENCE, wait_until

from gi.repository import Ah, Gio, GLib

variable = contextvars.ContextVar("variable", default="nothing")


async def later(value):
    await asyncio.sleep(0.001)
    return value


def throw(error):
    raise error


def test_futures_are_those_of_concurrent_futures():
    future = Ah.queue_background_thread(pow, 2, 10)
    assert isinstance(future, concurrent.futures.Future)
    assert future.result(PATIENCE) == 1024
    assert future.done() and not future.running() and not future.cancelled()
    called = []
    future.add_done_callback(called.append)
    assert called == [future]


def test_kinds():
    batch = Ah.Parallel().schedule(len, "").schedule(later, 1)
    cases = [
        (later, (3,), 3),
        (batch, (), [0, 1]),
        (batch.run, (), [0, 1]),
        (batch.block, (), [0, 1]),
        (Ah.Function.new_blocking(lambda _cancellable: 4), (), 4),
        (threading.get_ident, (), None),
    ]
    for func, args, expected in cases:
        value = Ah.queue_background_thread(func, *args).result(PATIENCE)
        if func is threading.get_ident:
            assert value != threading.get_ident()
        else:
            assert value == expected
    file = Gio.File.new_for_path(__file__)
    value = Ah.queue_background_thread(file.load_contents_async).result(PATIENCE)
    assert b"queue_background_thread" in value[1]
    assert Ah.queue_background_thread(dict, a=1).result(PATIENCE) == {"a": 1}


@pytest.mark.parametrize(
    "error", [ValueError(), SystemExit(), KeyboardInterrupt(), StopIteration()]
)
def test_exceptions(error):
    for func in (throw, Ah.Parallel().schedule(throw, error).block):
        args = (error,) if func is throw else ()
        future = Ah.queue_background_thread(func, *args)
        assert future.exception(PATIENCE) is error


def test_waiting_for_many():
    futures = [Ah.queue_background_thread(pow, i, 2) for i in range(1000)]
    done, pending = concurrent.futures.wait(futures, PATIENCE)
    assert len(done) == 1000 and not pending
    assert [future.result() for future in futures] == [i * i for i in range(1000)]
    assert len(list(concurrent.futures.as_completed(futures, PATIENCE))) == 1000


def test_with_asyncio():
    async def main():
        return await asyncio.wrap_future(Ah.queue_background_thread(later, 5))

    assert asyncio.run(main()) == 5


def test_context_variables():
    variable.set("mine")
    assert Ah.queue_background_thread(variable.get).result(PATIENCE) == "mine"


def fill(pool, gate):
    """Functions that occupy all threads of @pool, on their way."""
    begun = threading.Semaphore(0)

    def occupy():
        begun.release()
        assert gate.wait(PATIENCE)

    batch = Ah.Parallel(pool=pool)
    n = pool.get_max_threads()
    for _ in range(n):
        batch.schedule(occupy)
    future = Ah.start(batch)
    for _ in range(n):
        assert begun.acquire(timeout=PATIENCE)
    return future


def test_full_pool_queues():
    """What is started waits for its turn; whoever blocks does not."""
    pool = Ah.ThreadPool.new(2)
    gate = threading.Event()
    filling = fill(pool, gate)
    called = []

    waiting = [Ah.start(Ah.Parallel(pool=pool).schedule(called.append, i)) for i in range(20)]
    assert not any(future.get_done() for future in waiting)
    # Whoever blocks works too.
    assert Ah.Parallel(pool=pool).schedule(len, "abc").schedule(len, "ab").block() == [3, 2]
    assert called == []
    # Coroutine functions need no worker.
    assert Ah.Parallel(pool=pool).schedule(later, 1).schedule(later, 2).block() == [1, 2]
    assert called == []
    gate.set()
    filling.wait()
    for future in waiting:
        future.wait()
    assert sorted(called) == list(range(20))


def test_full_pool_in_asyncio():
    async def main():
        pool = Ah.ThreadPool.new(2)
        gate = threading.Event()
        filling = fill(pool, gate)
        task = asyncio.create_task(Ah.Parallel(pool=pool).schedule(len, "abc").run())
        assert await Ah.Parallel(pool=pool).schedule(later, 2).run() == [2]
        assert not task.done()
        gate.set()
        assert await task == [3]
        await filling

    asyncio.run(main())


def test_full_pool_of_functions_that_block():
    """As many as there are threads, and each blocks on more."""
    pool = Ah.ThreadPool.new(2)

    def inner(i):
        return Ah.Parallel(pool=pool).schedule(pow, i, 2).schedule(later, i).block()

    batch = Ah.Parallel.map(inner, range(30), pool=pool)
    expected = [[i * i, i] for i in range(30)]
    assert batch.block() == expected
    assert asyncio.run(batch.run()) == expected


def test_more_than_the_pool_has():
    default = Ah.ThreadPool.get_default()
    gate = threading.Event()
    n = 200
    futures = [Ah.queue_background_thread(gate.wait, PATIENCE) for _ in range(n)]
    wait_until(lambda: default.get_n_threads() >= 2, "the pool's threads")
    more = [Ah.queue_background_thread(len, "a") for _ in range(n)]
    gate.set()
    assert [future.result(PATIENCE) for future in futures] == [True] * n
    assert [future.result(PATIENCE) for future in more] == [1] * n


def test_cancelling_what_is_queued():
    gate = threading.Event()
    ran = []

    def run():
        ran.append(1)

    occupied = [Ah.queue_background_thread(gate.wait, PATIENCE) for _ in range(4)]
    futures = [Ah.queue_background_thread(run) for _ in range(50)]
    cancelled = [f for f in futures if f.cancel()]
    gate.set()
    for f in futures:
        if f in cancelled:
            assert f.cancelled()
            with pytest.raises(concurrent.futures.CancelledError):
                f.result()
        else:
            f.result(PATIENCE)
    assert len(ran) == len(futures) - len(cancelled)
    for f in occupied:
        f.result(PATIENCE)
        assert not f.cancel()


def test_start_and_progress():
    loop = GLib.MainLoop()
    fractions = []
    gates = [threading.Event() for _ in range(4)]
    future = Ah.start(Ah.Parallel.map(lambda gate: gate.wait(PATIENCE), gates, max_concurrency=1))

    def show(future, _pspec):
        fractions.append(future.get_fraction())
        assert threading.current_thread() is threading.main_thread()
        n_finished = round(fractions[-1] * 4)
        if n_finished < 4:
            gates[n_finished].set()

    future.connect("notify::fraction", show)
    future.connect("notify::done", lambda *_: loop.quit())
    gates[0].set()
    loop.run()
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0 and len(fractions) >= 4
    assert future.get_n_functions() == future.get_n_finished() == 4
    assert future.get_results() == [True] * 4
    assert future.get_results() == [True] * 4
    assert future.get_failed_index() == -1


def test_start_of_one_function():
    future = Ah.start(pow, 2, 3)
    assert future.result() == 8
    assert future.get_value() == 8
    future = Ah.start(later, "x")
    assert future.result() == "x"
    error = ValueError()
    future = Ah.start(throw, error)
    future.wait()
    for _ in range(2):
        with pytest.raises(ValueError) as raised:
            future.get_value()
        assert raised.value is error
    assert future.get_failed_index() == 0


def test_start_is_not_done_yet():
    gate = threading.Event()
    future = Ah.start(gate.wait, PATIENCE)
    with pytest.raises(GLib.Error, match="has not ended yet"):
        future.get_value()
    assert future.get_failed_index() == -1
    gate.set()
    assert future.result() is True


def test_awaiting_a_future_of_elsewhere():
    future = Ah.start(pow, 2, 3)

    async def main():
        assert await future == 8
        inner = Ah.start(later, 1)
        assert await inner == 1
        assert await inner == 1
        return await asyncio.gather(*(Ah.start(later, i) for i in range(20)))

    assert asyncio.run(main()) == list(range(20))


def test_a_failed_future_is_asked_again():
    """Its traceback stays as long as it was."""
    future = Ah.start(throw, ValueError())
    lengths = set()

    def note(error):
        lengths.add(len(traceback.extract_tb(error.__traceback__)))

    for _ in range(5):
        try:
            future.result()
        except ValueError as error:
            note(error)
    assert len(lengths) == 1
    lengths.clear()

    async def main():
        for _ in range(5):
            try:
                await future
            except ValueError as error:
                note(error)

    asyncio.run(main())
    assert len(lengths) == 1


def test_cancelled_while_awaiting_a_future_of_elsewhere():
    """Ends the wait and not the run, as for one that was started in the loop."""
    gate = threading.Event()
    future = Ah.start(gate.wait, PATIENCE)

    async def main():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(future, 0.01)
        assert not future.get_done()
        gate.set()
        assert await future is True

    asyncio.run(main())


def test_waiting_for_what_ones_own_loop_has_to_do():
    """Is refused: it would last for ever."""

    async def main():
        future = Ah.start(later, 1)
        for call in (future.wait, future.result):
            with pytest.raises(GLib.Error, match="await the future") as raised:
                call()
            assert raised.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.WOULD_BLOCK)
        nested = Ah.start(Ah.Parallel().schedule(Ah.Serial().schedule(later, 1)))
        with pytest.raises(GLib.Error, match="await the future"):
            nested.wait()
        assert [await future, await nested, future.result()] == [1, [[1]], 1]
        # Nothing of this one needs the loop.
        assert Ah.start(time.sleep, 0.01).result() is None

    asyncio.run(main())


def test_start_in_a_bare_thread():
    """Nobody iterates a context for it, and it ends all the same."""
    outcome = []

    def work():
        outcome.append(Ah.start(later, 5).result())
        outcome.append(Ah.start(Ah.Parallel().schedule(later, 1).schedule(pow, 2, 3)).result())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(PATIENCE)
    assert outcome == [5, [1, 8]]


def test_start_in_a_thread_beside_a_main_loop():
    """That loop is the thread's, as GLib has it."""
    loop = GLib.MainLoop()
    seen = []

    def work():
        future = Ah.start(later, 5)

        def done(*_unused):
            seen.append(threading.current_thread() is threading.main_thread())
            loop.quit()

        def watch():
            if future.get_done():
                done()
            else:
                future.connect("notify::done", done)

        # In the loop's thread, so that nothing is missed.
        Ah.invoke(None, watch)
        seen.append(future)

    def begin():
        thread.start()
        return GLib.SOURCE_REMOVE

    thread = threading.Thread(target=work)
    GLib.idle_add(begin)
    loop.run()
    thread.join(PATIENCE)
    assert True in seen and any(isinstance(s, Ah.Future) and s.result() == 5 for s in seen)
