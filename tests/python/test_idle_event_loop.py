# SPDX-License-Identifier: LGPL-2.1-or-later

"""idle_event_loop: loops that nobody runs, wherever the caller stands."""

import asyncio
import subprocess
import sys
import threading

import pytest

from gi.repository import Ah, GLib


async def give(value):
    await asyncio.sleep(0)
    return value


def in_thread(func):
    outcome = []

    def work():
        try:
            outcome.append((func(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


def current_loop():
    """That of the thread, without making one."""
    return getattr(asyncio.get_event_loop_policy()._local, "_loop", None)


def test_without_any_loop():
    def work():
        assert current_loop() is None
        with Ah.idle_event_loop() as loop:
            inside = asyncio.get_event_loop()
            assert not inside.is_running() and not inside.is_closed()
            assert loop.run_until_complete(give(1)) == 1
            assert inside.run_until_complete(give(2)) == 2
        assert inside.is_closed()
        assert current_loop() is None
        with pytest.raises(RuntimeError):
            asyncio.get_event_loop()

    in_thread(work)


def test_an_idle_loop_stays_in_place():
    def work():
        own = asyncio.new_event_loop()
        asyncio.set_event_loop(own)
        with Ah.idle_event_loop() as loop:
            assert asyncio.get_event_loop() is own is loop.loop
            assert loop.run_until_complete(give(1)) == 1
        assert asyncio.get_event_loop() is own
        assert not own.is_closed()
        own.close()
        with Ah.idle_event_loop() as loop:
            assert asyncio.get_event_loop() is not own
        assert current_loop() is own

    in_thread(work)


def test_inside_a_running_loop():
    async def main():
        running = asyncio.get_running_loop()
        task = asyncio.current_task()
        with Ah.idle_event_loop() as loop:
            inside = asyncio.get_event_loop()
            assert inside is not running and not inside.is_running()
            with pytest.raises(RuntimeError):
                asyncio.get_running_loop()
            assert loop.run_until_complete(give(1)) == 1
            # Once more inside.
            with Ah.idle_event_loop() as inner:
                assert inner.run_until_complete(give(2)) == 2
            assert asyncio.get_event_loop() is inside
        assert asyncio.get_running_loop() is asyncio.get_event_loop() is running
        assert asyncio.current_task() is task
        assert inside.is_closed()
        await asyncio.sleep(0)

    asyncio.run(main())


def test_restored_after_an_exception():
    async def main():
        running = asyncio.get_running_loop()
        with pytest.raises(ZeroDivisionError):
            with Ah.idle_event_loop() as loop:
                loop.run_until_complete(asyncio.sleep(0))
                raise ZeroDivisionError
        assert asyncio.get_running_loop() is running
        await asyncio.sleep(0)

    asyncio.run(main())
    context = GLib.MainContext.get_thread_default()
    with pytest.raises(ZeroDivisionError):
        with Ah.idle_event_loop():
            raise ZeroDivisionError
    assert GLib.MainContext.get_thread_default() == context


def test_context():
    def work():
        assert GLib.MainContext.get_thread_default() is None
        with Ah.idle_event_loop() as loop:
            assert loop.context == GLib.MainContext.get_thread_default()
            called = []
            source = GLib.idle_source_new()
            source.set_callback(lambda *_: called.append(1))
            source.attach(loop.context)
            while not called:
                loop.context.iteration(True)
        assert loop.context is None
        assert GLib.MainContext.get_thread_default() is None

    in_thread(work)


def test_what_is_left_is_ended():
    ended = []

    async def forever():
        try:
            await asyncio.sleep(1000)
        finally:
            ended.append(1)

    async def begin():
        asyncio.ensure_future(forever())
        await asyncio.sleep(0)

    Ah.block(begin)
    assert ended == [1]


def test_awaitables():
    class Awaitable:
        def __await__(self):
            yield from asyncio.sleep(0).__await__()
            return 3

    with Ah.idle_event_loop() as loop:
        assert loop.run_until_complete(Awaitable()) == 3
        assert loop.run_until_complete(asyncio.ensure_future(give(4), loop=loop.loop)) == 4
        with pytest.raises(TypeError):
            loop.run_until_complete(5)


def test_the_main_thread_can_still_get_a_loop():
    script = """
import asyncio, warnings, gi
gi.require_version("Ah", "1")
from gi.repository import Ah
warnings.simplefilter("ignore")
async def give(): return 1
def ask():
    try:
        return asyncio.get_event_loop()
    except RuntimeError:
        return None
with Ah.idle_event_loop() as loop:
    loop.run_until_complete(give())
after = ask()
assert Ah.block(give) == 1
print(after is not None and not after.is_closed())
"""
    plain = "import asyncio, warnings; warnings.simplefilter('ignore'); asyncio.get_event_loop()"
    usual = subprocess.run([sys.executable, "-c", plain], stderr=subprocess.PIPE)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    # As it would be without us, which depends on the version of Python.
    assert result.stdout.strip() == str(usual.returncode == 0), result.stderr
