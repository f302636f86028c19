# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the tests of the Python override share."""

import asyncio
import faulthandler
import gc
import os
import pathlib
import subprocess
import sys
import threading
import time

import pytest

import gi

gi.require_version("Ah", "1")
from gi.repository import Ah, GLib

ROOT = pathlib.Path(__file__).resolve().parents[2]
# No test waits longer than this for something that should happen at once (s).
PATIENCE = 60
# A sanitizer makes all slower, and its allocator keeps what was freed.
SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")


@pytest.fixture(autouse=True)
def no_test_hangs():
    """Ends the process, and says where it stood, if a test takes much too long."""
    faulthandler.dump_traceback_later(5 * PATIENCE, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def wait_until(condition, what="the condition"):
    """Waits until @condition() holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} did not come true"
        time.sleep(0.001)


def settle():
    """Lets garbage go, and what others hand back to the main context."""
    for _ in range(3):
        gc.collect()
        while GLib.MainContext.default().iteration(False):
            pass


def run_script(text, *args, **kwargs):
    """Runs a program of its own; returns what subprocess.run() does."""
    head = "import gi\ngi.require_version('Ah', '1')\nfrom gi.repository import Ah, Gio, GLib\n"
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", head + text, *args],
        capture_output=True,
        text=True,
        timeout=PATIENCE * (4 if SANITIZED else 1),
        **kwargs,
    )


# The ways to run a batch: each takes it, and returns the list of results.


def by_block(batch):
    return batch.block()


def by_asyncio(batch):
    return asyncio.run(batch.run())


def by_hand(batch):
    coroutine = batch.run()
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("a coroutine that nobody known drives must not yield")


def by_background(batch):
    return Ah.queue_background_thread(batch).result(PATIENCE)


def by_start(batch):
    future = Ah.start(batch)
    future.wait()
    assert future.get_done()
    return future.get_results()


def by_start_in_asyncio(batch):
    async def main():
        return await Ah.start(batch)

    return asyncio.run(main())


def by_thread(batch):
    outcome = []

    def work():
        try:
            outcome.append((batch.block(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


def by_block_in_asyncio(batch):
    async def main():
        outer = asyncio.get_running_loop()
        try:
            return batch.block()
        finally:
            assert asyncio.get_running_loop() is outer
            await asyncio.sleep(0)

    return asyncio.run(main())


def by_block_in_glib(batch):
    """In a dispatch of the default main context."""
    outcome = []
    loop = GLib.MainLoop()

    def work():
        try:
            outcome.append((batch.block(), None))
        except BaseException as error:
            outcome.append((None, error))
        loop.quit()
        return GLib.SOURCE_REMOVE

    GLib.idle_add(work)
    loop.run()
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


def by_run_async(batch):
    outcome = []
    loop = GLib.MainLoop()

    def done(source, result):
        assert source is batch
        try:
            outcome.append((batch.run_finish(result), None))
        except BaseException as error:
            outcome.append((None, error))
        loop.quit()

    batch.run_async(None, done)
    loop.run()
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


def by_trio(batch):
    trio = pytest.importorskip("trio")
    return trio.run(batch.run)


def by_as_completed(batch):
    async def main():
        return [item async for item in batch.as_completed()]

    items = asyncio.run(main())
    assert sorted(index for index, _value in items) == list(range(len(batch)))
    return [value for _index, value in sorted(items, key=lambda item: item[0])]


WAYS = [
    by_block,
    by_asyncio,
    by_hand,
    by_background,
    by_start,
    by_start_in_asyncio,
    by_thread,
    by_block_in_asyncio,
    by_block_in_glib,
    by_run_async,
    by_trio,
    by_as_completed,
]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def way(request):
    return request.param


@pytest.fixture(params=[Ah.Parallel, Ah.Serial], ids=["parallel", "serial"])
def kind(request):
    return request.param
