# SPDX-License-Identifier: LGPL-2.1-or-later

"""Whatever the caller is inside of: asyncio, trio, GLib, a bare thread, or nothing."""

import asyncio
import contextvars
import sys
import threading
import time

import pytest
from conftest import PATIENCE, wait_until

from gi.repository import Ah, Gio, GLib

variable = contextvars.ContextVar("variable", default="nothing")


def blocking(value=None):
    return threading.get_ident(), value


async def coroutine(value=None):
    await asyncio.sleep(0.001)
    return threading.get_ident(), value


def test_coroutine_functions_run_on_the_running_loop():
    async def here():
        return asyncio.get_running_loop()

    async def main():
        batch = Ah.Parallel().schedule(here).schedule(blocking)
        nested = Ah.Serial().schedule(batch).schedule(here)
        ((loop, (thread, _none)), also) = await nested.run()
        assert loop is also is asyncio.get_running_loop()
        assert thread != threading.get_ident()
        assert await Ah.run(here) is loop

    asyncio.run(main())


def test_elsewhere_they_run_on_a_loop_in_a_thread():
    results = Ah.Parallel().schedule(coroutine).schedule(blocking).block()
    assert results[0][0] != threading.get_ident()
    # One coroutine function alone runs here.
    assert Ah.block(coroutine)[0] == threading.get_ident()


def test_asyncio_goes_on_meanwhile():
    async def main():
        gate = threading.Event()
        task = asyncio.create_task(Ah.Parallel().schedule(gate.wait, PATIENCE).run())
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert not task.done()
        gate.set()
        assert await task == [True]

    asyncio.run(main())


def test_many_runs_at_once():
    """More than there can be threads: a run that is awaited holds none."""

    async def main():
        event = asyncio.Event()
        batch = Ah.Parallel().schedule(event.wait)
        tasks = [asyncio.create_task(batch.run()) for _ in range(1500)]
        await asyncio.sleep(0.01)
        event.set()
        assert await asyncio.gather(*tasks) == [[True]] * 1500

    asyncio.run(main())


def test_streams():
    async def serve(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()

    async def ask(port, text):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(text.encode() + b"\n")
        answer = await reader.readline()
        writer.close()
        return answer.decode().strip()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            batch = Ah.Parallel.map(ask, [port] * 10, [f"text {i}" for i in range(10)])
            expected = [f"TEXT {i}" for i in range(10)]
            assert await batch.run() == expected
            # The server is on this loop, and the others are on one of their own.
            assert await Ah.run(batch.block) == expected
            assert await Ah.run(Ah.to_async(batch.block)) == expected

    asyncio.run(main())


def test_context_variables():
    def read():
        return variable.get()

    async def read_later():
        await asyncio.sleep(0)
        return variable.get()

    def change(value):
        seen = variable.get()
        variable.set(value)
        return seen

    async def change_later(value):
        seen = variable.get()
        variable.set(value)
        await asyncio.sleep(0)
        assert variable.get() == value
        return seen

    batch = Ah.Parallel()
    for i in range(50):
        batch.schedule(change, i).schedule(change_later, i).schedule(read).schedule(read_later)
    batch.schedule(Ah.Serial().schedule(read))
    variable.set("mine")
    expected = ["mine"] * 200 + [["mine"]]
    assert batch.block() == expected
    assert variable.get() == "mine"

    async def main():
        variable.set("the task's")
        results = await batch.run()
        assert variable.get() == "the task's"
        assert await Ah.run(read) == "the task's"
        return results

    assert asyncio.run(main()) == ["the task's"] * 200 + [["the task's"]]


def test_without_a_loop_in_a_thread():
    outcome = []

    def work():
        outcome.append(Ah.Parallel().schedule(coroutine, 1).schedule(blocking, 2).block())
        outcome.append(asyncio.run(Ah.Parallel().schedule(coroutine, 1).run()))
        outcome.append(Ah.block(coroutine, 3))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    first, second, third = outcome
    assert [value for _thread, value in first] == [1, 2]
    assert [value for _thread, value in second] == [1]
    assert third == (thread.ident, 3)


def test_in_a_dispatch_of_glib():
    loop = GLib.MainLoop()
    ticks = []
    outcome = []

    def tick():
        ticks.append(1)
        return GLib.SOURCE_CONTINUE

    def work():
        n_ticks = len(ticks)
        outcome.append(Ah.Parallel().schedule(coroutine, 1).schedule(blocking, 2).block())
        outcome.append(asyncio.run(Ah.Parallel().schedule(coroutine, 1).run()))
        # Nothing of the loop that is being dispatched was dispatched once more.
        assert len(ticks) == n_ticks
        loop.quit()
        return GLib.SOURCE_REMOVE

    source = GLib.timeout_add(1, tick)
    GLib.timeout_add(20, work)
    loop.run()
    GLib.source_remove(source)
    assert [value for _thread, value in outcome[0]] == [1, 2]
    assert len(outcome) == 2


def test_a_main_loop_goes_on_while_a_run_is_started():
    loop = GLib.MainLoop()
    gate = threading.Event()
    ticks = []

    def tick():
        ticks.append(1)
        if len(ticks) == 10:
            gate.set()
        return GLib.SOURCE_CONTINUE

    future = Ah.start(Ah.Parallel().schedule(gate.wait, PATIENCE).schedule(coroutine, 1))
    future.connect("notify::done", lambda *_: loop.quit())
    source = GLib.timeout_add(1, tick)
    loop.run()
    GLib.source_remove(source)
    assert future.get_results()[0] is True


def test_async_functions_run_where_the_library_says():
    """Those that get a task: in the thread that blocks."""
    seen = []

    def begin(task):
        seen.append((threading.get_ident(), GLib.MainContext.get_thread_default()))
        task.return_value(None)

    Ah.Parallel().schedule_async(begin).block()
    assert seen[0][0] == threading.get_ident()


def test_gi_events():
    events = pytest.importorskip("gi.events")
    policy = asyncio.get_event_loop_policy()
    asyncio.set_event_loop_policy(events.GLibEventLoopPolicy())
    try:
        loop = asyncio.get_event_loop_policy().get_event_loop()
        batch = Ah.Parallel().schedule(coroutine, 1).schedule(blocking, 2)
        results = loop.run_until_complete(batch.run())
        assert [value for _thread, value in results] == [1, 2]
        assert results[0][0] == threading.get_ident()
        assert loop.run_until_complete(Ah.start(later_value(3))._wait_here()) == 3
    finally:
        asyncio.set_event_loop_policy(policy)


def later_value(value):
    def give():
        return value

    return give


def test_trio():
    trio = pytest.importorskip("trio")

    async def main():
        assert await Ah.run(blocking, 1) != (threading.get_ident(), 1)
        batch = Ah.Parallel().schedule(coroutine, 1).schedule(blocking, 2)
        results = await batch.run()
        assert [value for _thread, value in results] == [1, 2]
        with pytest.raises(ZeroDivisionError):
            await Ah.Serial().schedule(divmod, 1, 0).run()
        assert await Ah.start(len, "abc") == 3
        items = [item async for item in Ah.Parallel.map(len, ["", "a"]).as_completed()]
        assert sorted(items) == [(0, 0), (1, 1)]

        # A coroutine function of trio's own is awaited where it is.
        async def own():
            await trio.sleep(0)
            return "trio"

        assert await Ah.run(own) == "trio"
        # And the loop goes on meanwhile.
        gate = threading.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Ah.Parallel().schedule(gate.wait, PATIENCE).run)
            await trio.sleep(0.001)
            gate.set()

    trio.run(main)


def test_trio_cancels():
    trio = pytest.importorskip("trio")
    ended = []

    def listening():
        cancellable = Ah.current_cancellable()
        while not cancellable.is_cancelled():
            time.sleep(0.001)
        ended.append(1)

    async def main():
        with trio.move_on_after(0.05) as scope:
            await Ah.Parallel().schedule(listening).schedule(asyncio.sleep, PATIENCE).run()
        assert scope.cancelled_caught
        assert ended == [1]
        with trio.move_on_after(0.05) as scope:
            await Ah.run(listening)
        assert scope.cancelled_caught
        assert ended == [1, 1]

    trio.run(main)


def test_by_hand():
    """Without anybody to yield to, a coroutine blocks, and is done at the first step."""

    async def main():
        first = await Ah.run(blocking, 1)
        second = await Ah.Parallel().schedule(coroutine, 2).run()
        third = await Ah.start(blocking, 3)
        items = [item async for item in Ah.Parallel.map(len, ["", "a"]).as_completed()]
        return first, second, third, items

    with pytest.raises(StopIteration) as stop:
        main().send(None)
    (_thread, first), ((_thread, second),), (_thread, third), items = stop.value.value
    assert (first, second, third) == (1, 2, 3)
    assert sorted(items) == [(0, 0), (1, 1)]


def test_a_coroutine_that_is_dropped():
    """It never began, or it was closed: nothing goes on, and nothing waits."""

    async def main():
        begun, ended = threading.Event(), threading.Event()

        def listening():
            begun.set()
            cancellable = Ah.current_cancellable()
            while not cancellable.is_cancelled():
                time.sleep(0.001)
            ended.set()

        coroutine = Ah.Parallel().schedule(listening).run()
        # One step, and then it is closed.
        future = coroutine.send(None)
        assert begun.wait(PATIENCE)
        future.cancel()
        coroutine.close()
        await asyncio.get_running_loop().run_in_executor(None, ended.wait, PATIENCE)
        assert ended.is_set()

    asyncio.run(main())


def test_as_completed():
    async def main():
        gates = [threading.Event() for _ in range(3)]
        inner = Ah.Serial().schedule(len, "abc").schedule(coroutine, 5)

        def task(task):
            task.return_value("task")

        batch = Ah.Parallel.map(lambda gate: gate.wait(PATIENCE), gates)
        batch.schedule(coroutine, 1).schedule(inner).schedule_async(task)
        batch.schedule(Gio.File.new_for_path(__file__).load_contents_async)
        seen = []
        async for index, value in batch.as_completed():
            seen.append(index)
            if index == 4:
                assert value[0] == 3
            if index == 5:
                assert value == "task"
            if len(seen) == 4:
                gates[2].set()
            elif index == 2:
                gates[0].set()
            elif index == 0:
                gates[1].set()
        assert sorted(seen[:4]) == [3, 4, 5, 6]
        assert seen[4:] == [2, 0, 1]

    asyncio.run(main())


def test_as_completed_with_errors():
    async def main():
        batch = Ah.Parallel(error_policy=Ah.ErrorPolicy.COLLECT).schedule(int, "x").schedule(int)
        items = dict([item async for item in batch.as_completed()])
        assert isinstance(items[0], ValueError) and items[1] == 0
        with pytest.raises(ValueError):
            async for _index, _value in Ah.Serial().schedule(int, "x").as_completed():
                raise AssertionError("nothing has ended well")

    asyncio.run(main())


def test_no_thread_is_left():
    """Loops in threads end with their runs."""
    for _ in range(20):
        Ah.Parallel().schedule(coroutine).schedule(coroutine).block()

    def loop_threads():
        return [t for t in threading.enumerate() if t.name == "ah-asyncio"]

    wait_until(lambda: not loop_threads(), "the end of the threads")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.Runner")
def test_two_loops_in_turn():
    with asyncio.Runner() as runner:
        batch = Ah.Parallel().schedule(coroutine, 1)
        for _ in range(3):
            assert runner.run(batch.run())[0][1] == 1
    assert batch.block()[0][1] == 1
