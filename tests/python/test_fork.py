# SPDX-License-Identifier: LGPL-2.1-or-later

"""Children of os.fork(), as multiprocessing makes them: the library's threads are not there."""

import pytest
from conftest import run_script

CHILD = """
import asyncio, multiprocessing, os, signal, sys, threading, time

async def later(value):
    await asyncio.sleep(0.001)
    return value

def in_child(work):
    # What it says, or how it ended.
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=lambda: answers.put(work()))
    child.start()
    child.join(30)
    if child.is_alive():
        child.kill()
        return "hangs"
    return answers.get() if child.exitcode == 0 else child.exitcode

def refused(call):
    try:
        return call()
    except RuntimeError as error:
        return "fork" in str(error)
"""

SCRIPTS = {
    "before it is used": """
batch = Ah.Parallel().schedule(len, "abc").schedule(later, 4)
print(in_child(lambda: [batch.block(), asyncio.run(batch.run()), Ah.start(batch).result()]))
print(batch.block())
""",
    "which does nothing with it": """
gate = threading.Event()
Ah.queue_background_thread(gate.wait)
future = Ah.start(gate.wait)
thread = threading.Thread(target=Ah.Parallel.map(lambda _: gate.wait(), range(3)).block)
thread.start()
print(in_child(lambda: "fine"))
gate.set()
""",
    "which uses it": """
batch = Ah.Parallel().schedule(len, "abc").schedule(later, 4)
batch.block(), asyncio.run(batch.run())
future = Ah.start(later, 4)
calls = [
    batch.block,
    lambda: asyncio.run(batch.run()),
    lambda: asyncio.run(Ah.run(len, "")),
    lambda: Ah.start(len, ""),
    lambda: Ah.queue_background_thread(len, ""),
    future.result,
]
print(in_child(lambda: [refused(call) for call in calls]))
# What needs no thread works.
print(in_child(lambda: [Ah.block(later, 4), Ah.block(len, "ab")]))
# The parent notices nothing.
print(batch.block(), future.result())
""",
    "forked by a function, while the main thread blocks": """
def fork():
    def child():
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert signal.set_wakeup_fd(-1) == -1
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(30)
        except KeyboardInterrupt:
            return "interrupted"
    return in_child(child)
# Whichever thread executes it.
print(Ah.Parallel().schedule(fork).block())
print(Ah.Serial().schedule(later, 1).schedule(fork).block()[1])
""",
}
OUTPUT = {
    "before it is used": "[[3, 4], [3, 4], [3, 4]]\n[3, 4]\n",
    "which does nothing with it": "fine\n",
    "which uses it": "[True, True, True, True, True, True]\n[4, 2]\n[3, 4] 4\n",
    "forked by a function, while the main thread blocks": "['interrupted']\ninterrupted\n",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_child(name):
    result = run_script(CHILD + SCRIPTS[name])
    assert result.stdout == OUTPUT[name], (result.stdout, result.stderr)
    assert result.returncode == 0 and "Traceback" not in result.stderr, result.stderr
