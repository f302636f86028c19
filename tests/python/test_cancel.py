# SPDX-License-Identifier: LGPL-2.1-or-later

"""Cancelling: by a task of asyncio, by a Gio.Cancellable, by Ctrl-C, by a timeout."""

import asyncio
import contextlib
import os
import signal
import threading
import time

import pytest
from conftest import PATIENCE, run_script, wait_until

from gi.repository import Ah, Gio, GLib


class Gate:
    """Functions that last until they are let go, or their run is cancelled."""

    def __init__(self):
        self.begun = threading.Semaphore(0)
        self.go = threading.Event()
        self.ended = []

    def blocking(self):
        self.begun.release()
        cancellable = Ah.current_cancellable()
        while not self.go.is_set() and not cancellable.is_cancelled():
            time.sleep(0.001)
        self.ended.append("blocking")

    def deaf(self):
        self.begun.release()
        assert self.go.wait(PATIENCE)
        self.ended.append("deaf")

    async def coroutine(self):
        self.begun.release()
        try:
            await asyncio.sleep(PATIENCE)
        finally:
            self.ended.append("coroutine")

    async def wait_begun(self, n):
        while n:
            if self.begun.acquire(blocking=False):
                n -= 1
            else:
                await asyncio.sleep(0.001)


def test_task_is_cancelled(kind):
    async def main():
        gate = Gate()
        inner = Ah.Parallel().schedule(gate.blocking).schedule(gate.coroutine)
        batch = kind().schedule(inner).schedule(gate.ended.append, "never")
        if kind is Ah.Parallel:
            batch = kind().schedule(inner).schedule(gate.blocking)
        n = 3 if kind is Ah.Parallel else 2
        task = asyncio.create_task(batch.run())
        await gate.wait_begun(n)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # All of it is over when the exception arrives.
        assert len(gate.ended) == n and "never" not in gate.ended

    asyncio.run(main())


def test_cancelled_waits_for_those_that_do_not_listen():
    async def main():
        gate = Gate()
        task = asyncio.create_task(Ah.Parallel().schedule(gate.deaf).run())
        await gate.wait_begun(1)
        task.cancel()
        await asyncio.sleep(0.01)
        # Twice changes nothing.
        task.cancel()
        await asyncio.sleep(0.01)
        assert not task.done()
        gate.go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert gate.ended == ["deaf"]

    asyncio.run(main())


def test_a_single_function_is_waited_for_too():
    async def main():
        gate = Gate()
        task = asyncio.create_task(Ah.run(gate.blocking))
        await gate.wait_begun(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert gate.ended == ["blocking"]

    asyncio.run(main())


def test_timeouts_of_asyncio():
    async def main():
        gate = Gate()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(
                Ah.Parallel().schedule(gate.coroutine).schedule(gate.blocking).run(), 0.05
            )
        # It may have been cancelled before either had begun.
        assert len(gate.ended) <= 2
        n_ended = len(gate.ended)
        await asyncio.sleep(0.01)
        assert len(gate.ended) == n_ended

    asyncio.run(main())


def test_leaving_as_completed_early():
    async def main():
        gate = Gate()
        batch = Ah.Parallel().schedule(len, "").schedule(gate.blocking).schedule(gate.coroutine)
        async with contextlib.aclosing(batch.as_completed()) as items:
            async for index, value in items:
                assert (index, value) == (0, 0)
                await gate.wait_begun(2)
                break
        assert sorted(gate.ended) == ["blocking", "coroutine"]

    asyncio.run(main())


def cancelled_after(cancellable, gate, n=1):
    def work():
        for _ in range(n):
            assert gate.begun.acquire(timeout=PATIENCE)
        cancellable.cancel()
        cancellable.cancel()

    threading.Thread(target=work).start()


@pytest.mark.parametrize("how", ["block", "run", "as_completed", "run_async", "start"])
def test_cancellable(how):
    gate = Gate()
    cancellable = Gio.Cancellable()
    batch = Ah.Parallel().schedule(gate.blocking).schedule(gate.coroutine)
    cancelled_after(cancellable, gate, 2)
    with pytest.raises(GLib.Error) as raised:
        if how == "block":
            batch.block(cancellable)
        elif how == "run":
            asyncio.run(batch.run(cancellable))
        elif how == "start":
            future = Ah.start(batch, cancellable)
            future.wait()
            future.get_results()
        elif how == "as_completed":

            async def main():
                return [item async for item in batch.as_completed(cancellable)]

            asyncio.run(main())
        else:
            outcome = []
            batch.run_async(cancellable, lambda _batch, result: outcome.append(result))
            while not outcome:
                GLib.MainContext.default().iteration(True)
            batch.run_finish(outcome[0])
    assert raised.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)
    assert sorted(gate.ended) == ["blocking", "coroutine"]


def test_cancelled_before_the_start():
    cancellable = Gio.Cancellable()
    cancellable.cancel()
    called = []
    batch = Ah.Parallel().schedule(called.append, 1)
    with pytest.raises(GLib.Error) as raised:
        batch.block(cancellable)
    assert raised.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)
    assert called == []


def test_nothing_begins_after_cancelling(kind):
    """Also what would share the call with the function that cancels."""
    cancellable = Gio.Cancellable()
    called = []
    batch = Ah.Serial().schedule(cancellable.cancel)
    for _ in range(1000):
        batch.schedule(called.append, 1)
    if kind is Ah.Parallel:
        batch = Ah.Parallel(max_concurrency=1).schedule(batch)
    with pytest.raises(GLib.Error):
        batch.block(cancellable)
    assert called == []


def test_the_callers_cancellable_is_left_alone():
    cancellable = Gio.Cancellable()
    with pytest.raises(ValueError):
        Ah.Parallel().schedule(int, "x").block(cancellable)
    assert not cancellable.is_cancelled()


def test_cancel_a_future():
    gate = Gate()
    future = Ah.start(Ah.Parallel().schedule(gate.blocking).schedule(gate.coroutine))
    wait_until(lambda: gate.begun.acquire(blocking=False) or _iterate(), "the start")
    future.cancel()
    future.cancel()
    future.wait()
    with pytest.raises(GLib.Error) as raised:
        future.get_results()
    assert raised.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)


def _iterate():
    GLib.MainContext.default().iteration(False)
    return False


def test_timeout_of_a_batch(kind):
    gate = Gate()
    begun = time.monotonic()
    batch = kind(timeout=50).schedule(gate.blocking).schedule(gate.coroutine)
    for way in (batch.block, lambda: asyncio.run(batch.run())):
        with pytest.raises(GLib.Error) as raised:
            way()
        assert raised.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT)
    assert time.monotonic() - begun >= 0.1


def test_current_cancellable():
    assert Ah.current_cancellable() is None
    first, second = Ah.Parallel().schedule(Ah.current_cancellable).schedule(len, "").block()
    assert isinstance(first, Gio.Cancellable) and second == 0
    assert Ah.current_cancellable() is None
    assert isinstance(asyncio.run(Ah.run(Ah.current_cancellable)), Gio.Cancellable)


# Ctrl-C. In programs of their own, since it goes to the main thread.

INTERRUPT = """
import asyncio, os, signal, sys, threading, time

begun = threading.Semaphore(0)
ended = []
loop = None

def listening():
    begun.release()
    try:
        while not Ah.current_cancellable().is_cancelled():
            time.sleep(0.001)
    finally:
        ended.append("listening")

async def coroutine():
    global loop
    loop = asyncio.get_running_loop()
    begun.release()
    try:
        await asyncio.sleep(1000)
    finally:
        ended.append("coroutine")

def interrupt(n):
    def work():
        for _ in range(n):
            begun.acquire()
        os.kill(os.getpid(), signal.SIGINT)
        if loop is not None:
            # asyncio misses a signal that comes just before it waits.
            time.sleep(0.1)
            try:
                loop.call_soon_threadsafe(int)
            except RuntimeError:
                pass
    threading.Thread(target=work).start()

def expect(n, call, *args):
    del ended[:]
    interrupt(n)
    try:
        call(*args)
    except KeyboardInterrupt:
        pass
    else:
        raise AssertionError("no KeyboardInterrupt")
    assert len(ended) == n, ended
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.set_wakeup_fd(-1) == -1
"""


@pytest.mark.parametrize(
    "script",
    [
        "expect(1, Ah.Serial().schedule(listening).block)",
        "expect(2, Ah.Parallel().schedule(listening).schedule(listening).block)",
        "expect(2, Ah.Parallel().schedule(coroutine).schedule(coroutine).block)",
        "expect(2, Ah.Parallel().schedule(coroutine).schedule(listening).block)",
        "expect(1, Ah.block, coroutine)",
        "async def main():\n    await Ah.Parallel().schedule(coroutine).run()\n"
        "expect(1, lambda: asyncio.run(main()))",
        # Inside a running loop, whose own handler would only cancel the task that blocks.
        "async def main():\n    Ah.Parallel().schedule(coroutine).schedule(listening).block()\n"
        "expect(2, asyncio.run, main())",
        # Inside a function of another run.
        "inner = Ah.Parallel().schedule(coroutine).schedule(listening)\n"
        "expect(2, Ah.Parallel().schedule(lambda: inner.block()).block)",
        # And the next run knows nothing of it.
        "for _ in range(5):\n"
        "    expect(1, Ah.Parallel().schedule(listening).block)\n"
        "    assert Ah.Parallel().schedule(time.sleep, 0.01).block() == [None]",
    ],
)
def test_ctrl_c(script):
    result = run_script(INTERRUPT + script + "\nprint('fine')")
    assert result.stdout == "fine\n", result.stderr
    assert result.stderr == ""


@pytest.mark.parametrize(
    "call",
    [
        "future.wait",
        "future.result",
        "strand.enter",
        "lambda: strand.__enter__()",
        "lambda: Ah.invoke(context, print, 'never')",
    ],
)
def test_ctrl_c_while_waiting_in_other_ways(call):
    """Ends the wait, and only that."""
    script = f"""
import os, signal, threading, time

strand = Ah.Strand()
context = GLib.MainContext.new()
held, go = threading.Event(), threading.Event()

def hold():
    with strand:
        assert context.acquire()
        held.set()
        go.wait()
        context.release()

def interrupt():
    # It interrupts whatever the main thread does then, but is meant for the wait.
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)

holder = threading.Thread(target=hold)
holder.start()
held.wait()
future = Ah.start(go.wait)
for _ in range(3):
    threading.Thread(target=interrupt).start()
    try:
        ({call})()
    except KeyboardInterrupt:
        pass
    else:
        raise AssertionError("no KeyboardInterrupt")
    assert not future.get_done() and not strand.is_inside()
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
assert signal.set_wakeup_fd(-1) == -1
go.set()
holder.join()
with strand:
    print(future.result())
"""
    result = run_script(script)
    assert result.stdout == "True\n", result.stderr
    assert result.stderr == ""


def test_a_wait_still_has_its_cancellable():
    """In the main thread, which waits with one of its own."""
    strand = Ah.Strand()
    held, go = threading.Event(), threading.Event()

    def hold():
        with strand:
            held.set()
            go.wait(PATIENCE)

    future = Ah.start(hold)
    assert held.wait(PATIENCE)
    for when in ("before", "meanwhile"):
        for wait in (strand.enter, future.wait):
            cancellable = Gio.Cancellable()
            if when == "before":
                cancellable.cancel()
            else:
                threading.Timer(0.01, cancellable.cancel).start()
            with pytest.raises(GLib.Error) as raised:
                wait(cancellable)
            assert raised.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)
    go.set()
    assert future.wait()


def test_ctrl_c_with_a_handler_of_ones_own():
    """It is called when the run has ended, and decides itself what that means."""
    script = """
import os, signal
seen = []
signal.signal(signal.SIGINT, lambda *_: seen.append(1))
result = Ah.Parallel().schedule(os.kill, os.getpid(), signal.SIGINT).schedule(len, "").block()
print(result, seen)
"""
    result = run_script(script)
    assert result.stdout == "[None, 0] [1]\n", result.stderr


def test_wakeup_fd_of_the_program():
    """Who wants to hear of signals still does."""
    script = """
import os, signal, socket, time
signal.signal(signal.SIGUSR1, lambda *_: None)
ours, theirs = socket.socketpair()
theirs.setblocking(False)
signal.set_wakeup_fd(theirs.fileno())
def kill():
    os.kill(os.getpid(), signal.SIGUSR1)
assert Ah.Parallel().schedule(kill).schedule(time.sleep, 0.05).block() == [None, None]
ours.settimeout(30)
assert ours.recv(10) == bytes([signal.SIGUSR1])
assert signal.set_wakeup_fd(-1) == theirs.fileno()
print("fine")
"""
    result = run_script(script)
    assert result.stdout == "fine\n", result.stderr


def test_signals_do_not_reach_blocks_of_other_threads():
    gate = Gate()
    handler = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=Ah.Parallel().schedule(gate.deaf).block)
    thread.start()
    assert gate.begun.acquire(timeout=PATIENCE)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(PATIENCE)
    gate.go.set()
    thread.join()
    assert signal.getsignal(signal.SIGINT) is handler
