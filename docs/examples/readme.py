# SPDX-License-Identifier: LGPL-2.1-or-later

import asyncio

import gi
gi.require_version("Ah", "1")
from gi.repository import Ah


def count_bytes(path):
    """A blocking function: runs in a worker, and returns when its work is done."""
    with open(path, "rb") as stream:
        return len(stream.read())


async def alarm_clock(text):
    """A coroutine function: runs on an asyncio loop."""
    await asyncio.sleep(0.1)
    return text


batch = Ah.Parallel()
batch.schedule(count_bytes, __file__)
batch.schedule(alarm_clock, "ring")
print("{} bytes, {}".format(*batch.block()))
