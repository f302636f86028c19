# SPDX-License-Identifier: LGPL-2.1-or-later

"""What a type checker must infer: the test compares it with the comments. Never executed."""

from gi.repository import Ah


def blocking(a: int, b: str = "") -> float:
    return 0.5


async def coroutine(a: int) -> bytes:
    return b""


async def main() -> None:
    batch = Ah.Parallel(max_concurrency=4).schedule(blocking, 1).schedule(coroutine, a=1)
    reveal_type(batch)  # Ah.Parallel
    reveal_type(batch.schedule(Ah.Serial()))  # Ah.Parallel
    reveal_type(batch.block())  # list[Any]
    reveal_type(await batch.run())  # list[Any]
    reveal_type(Ah.Parallel.map(blocking, [1, 2]).block())  # list[float]
    reveal_type(await Ah.Serial.map(coroutine, [1, 2]).run())  # list[bytes]
    reveal_type(Ah.block(blocking, 1))  # float
    reveal_type(Ah.block(coroutine, 1))  # bytes
    reveal_type(Ah.block(batch))  # list[Any]
    reveal_type(await Ah.run(blocking, 1, b="x"))  # float
    reveal_type(await Ah.run(coroutine, 1))  # bytes
    reveal_type(await Ah.to_async(blocking)(1))  # float
    reveal_type(Ah.to_blocking(coroutine)(1))  # bytes
    reveal_type(Ah.queue_background_thread(coroutine, 1).result())  # bytes
    reveal_type(await Ah.start(blocking, 1))  # float
    async for index, value in batch.as_completed():
        reveal_type(index)  # int
    with Ah.idle_event_loop() as loop:
        reveal_type(loop.run_until_complete(coroutine(1)))  # bytes

    batch.schedule(blocking, "1")  # error
    batch.schedule(blocking)  # error
    Ah.block(coroutine, b=1)  # error
    Ah.Serial(max_concurrency=1)  # error
    Ah.Parallel(max_concurency=1)  # error
