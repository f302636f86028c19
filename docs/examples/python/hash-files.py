#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Prints the SHA-256 of files as they are ready, under asyncio, and answers a client meanwhile.

hash-files.py FILE…
"""

import asyncio
import hashlib
import sys

import gi

gi.require_version("Ah", "1")
from gi.repository import Ah


def digest(path):
    """A blocking function: runs in a worker."""
    with open(path, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()


async def ask(port, question):
    """A coroutine function: runs on the same loop as main()."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(question.encode() + b"\n")
    answer = await reader.readline()
    writer.close()
    return answer.decode().strip()


async def answer(reader, writer):
    writer.write((await reader.readline()).upper())
    await writer.drain()
    writer.close()


async def main(paths):
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async with server:
        batch = Ah.Parallel.map(digest, paths)
        batch.schedule(ask, port, "how far are you?")
        async for index, value in batch.as_completed():
            print(value, paths[index] if index < len(paths) else "")


asyncio.run(main(sys.argv[1:]))
