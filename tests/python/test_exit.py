# SPDX-License-Identifier: LGPL-2.1-or-later

"""Nothing hangs when the interpreter exits, and background work is waited for."""

import pytest
from conftest import SANITIZED, run_script

SCRIPTS = {
    "background work is waited for": (
        "import time\n"
        "import os\ndef work():\n    time.sleep(0.2)\n    os.write(1, b'done\\n')\n"
        "Ah.queue_background_thread(work)\n"
        "Ah.queue_background_thread(Ah.Parallel().schedule(work).block)\n",
        "done\ndone\n",
    ),
    "background coroutines, too": (
        "import asyncio\n"
        "import os\nasync def work():\n    await asyncio.sleep(0.2)\n    os.write(1, b'done\\n')\n"
        "Ah.queue_background_thread(work)\n"
        "Ah.queue_background_thread(Ah.Parallel().schedule(work).schedule(work))\n",
        "done\ndone\ndone\n",
    ),
    "and what background work queues": (
        "import time\n"
        "import os\ndef more():\n    os.write(1, b'more\\n')\n"
        "def work():\n    time.sleep(0.1)\n    Ah.queue_background_thread(more)\n"
        "    os.write(1, b'done\\n')\n"
        "Ah.queue_background_thread(work)\n",
        "done\nmore\n",
    ),
    "a started run is cancelled": (
        "import time\n"
        "def work():\n"
        "    while not Ah.current_cancellable().is_cancelled():\n        time.sleep(0.001)\n"
        "    print('cancelled', flush=True)\n"
        "future = Ah.start(Ah.Serial().schedule(work).schedule(print, 'never'))\n"
        "time.sleep(0.1)\n",
        "cancelled\n",
    ),
    "a started run that nobody iterates the context for": (
        "import asyncio, time\n"
        "Ah.start(Ah.Parallel().schedule(asyncio.sleep, 1000).schedule(len, ''))\n"
        "Ah.start(Ah.Parallel().schedule_async(lambda task: task.return_value(1)))\n"
        "time.sleep(0.05)\n",
        "",
    ),
    "a task that was left behind": (
        "import asyncio, time\n"
        "async def main():\n"
        "    asyncio.ensure_future(Ah.Parallel().schedule(asyncio.sleep, 1000).run())\n"
        "    await asyncio.sleep(0.05)\n"
        "asyncio.run(main())\n",
        "",
    ),
    "a loop that was closed under a run": (
        "import asyncio, time\n"
        "loop = asyncio.new_event_loop()\n"
        "coroutine = Ah.Parallel().schedule(time.sleep, 0.2).run()\n"
        "task = loop.create_task(coroutine)\n"
        "loop.run_until_complete(asyncio.sleep(0.01))\n"
        "loop.close()\n"
        "import logging; logging.disable(logging.CRITICAL)\n"
        "del task, coroutine\n",
        "",
    ),
    "blocking in a daemon thread": (
        "import asyncio, threading, time\n"
        "batch = Ah.Parallel().schedule(asyncio.sleep, 1000).schedule(time.sleep, 0.3)\n"
        "def block():\n"
        "    try:\n        batch.block()\n"
        "    except asyncio.CancelledError:\n        pass\n"
        "threading.Thread(target=block, daemon=True).start()\n"
        "time.sleep(0.1)\n",
        "",
    ),
    "sys.exit in the middle": (
        "import sys\nAh.Parallel().schedule(len, '').block()\nsys.exit(0)\n",
        "",
    ),
    "an exception at the end": (
        "try:\n    Ah.Parallel().schedule(int, 'x').block()\n"
        "except ValueError as error:\n    kept = error\n",
        "",
    ),
    "objects that live until the end": (
        "import asyncio\n"
        "batch = Ah.Parallel().schedule(len, '').schedule(asyncio.sleep, 0)\n"
        "batch.block()\nasyncio.run(batch.run())\nfuture = Ah.start(batch)\nfuture.wait()\n"
        "batch.itself = [batch, future]\n",
        "",
    ),
    "threads that go on after the main thread": (
        "import asyncio, threading, time\n"
        "async def later(value):\n    await asyncio.sleep(0.01)\n    return value\n"
        "batch = Ah.Parallel().schedule(len, 'abc').schedule(later, 4).schedule(time.sleep, 0.01)\n"
        "batch.block()\n"
        "asyncio.run(batch.run())\n"
        "def late():\n"
        "    threading.main_thread().join()\n"
        "    assert batch.block() == [3, 4, None]\n"
        "    assert asyncio.run(batch.run()) == [3, 4, None]\n"
        "    assert Ah.start(batch).result() == [3, 4, None]\n"
        "    assert asyncio.run(Ah.run(len, 'ab')) == 2\n"
        "    print(Ah.queue_background_thread(later, 5).result())\n"
        "    Ah.queue_background_thread(print, 'waited for')\n"
        "threading.Thread(target=late).start()\n",
        "5\nwaited for\n",
    ),
    "a thread that waits for what only the main thread would serve": (
        "import asyncio, threading\n"
        "future = Ah.start(asyncio.sleep, 0)\n"
        "def wait():\n"
        "    try:\n        future.result()\n"
        "    except GLib.Error:\n        print('cancelled', flush=True)\n"
        "threading.Thread(target=wait).start()\n",
        "cancelled\n",
    ),
    "at the very end nothing begins, and it is said": (
        "import atexit, asyncio\n"
        "def late():\n"
        "    for policy in Ah.ErrorPolicy.FAIL_FAST, Ah.ErrorPolicy.COLLECT:\n"
        "        batch = Ah.Parallel(error_policy=policy).schedule(len, 'abc')\n"
        "        for way in (batch.block, lambda: asyncio.run(batch.run()),\n"
        "                    lambda: Ah.start(batch),\n"
        "                    lambda: Ah.queue_background_thread(len, '')):\n"
        "            try:\n                print(way())\n"
        "            except RuntimeError as error:\n                assert 'exits' in str(error)\n"
        "    print('late')\n"
        "from gi.overrides._ah import exits\n"
        "atexit.unregister(exits._exit)\n"
        "atexit.register(late)\n"
        "atexit.register(exits._exit)\n",
        "late\n",
    ),
    "a run that goes on in a daemon thread when nothing begins any more": (
        "import threading, time\n"
        "from gi.overrides._ah import exits\n"
        "begun, ended = threading.Event(), threading.Event()\n"
        "outcome = []\n"
        "def first():\n    begun.set()\n    time.sleep(0.2)\n"
        "def block():\n"
        "    try:\n        outcome.append(Ah.Serial().schedule(first).schedule(Ah.Serial()\n"
        "            .schedule(len, '')).block())\n"
        "    except RuntimeError as error:\n        outcome.append(str(error))\n"
        "    ended.set()\n"
        "threading.Thread(target=block, daemon=True).start()\n"
        "begun.wait()\n"
        "exits._exit()\n"
        "ended.wait()\n"
        "assert 'exits' in outcome[0], outcome\n",
        "",
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_exit(name):
    script, output = SCRIPTS[name]
    for _ in range(1 if SANITIZED else 3):
        result = run_script(script)
        assert result.returncode == 0, (result.returncode, result.stderr)
        # Several threads print; what they print is what counts.
        assert sorted(result.stdout.split()) == sorted(output.split()), result
        assert "Traceback" not in result.stderr and "CRITICAL" not in result.stderr, result.stderr
