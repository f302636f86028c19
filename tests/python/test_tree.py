# SPDX-License-Identifier: LGPL-2.1-or-later

"""The tree of three levels: who sleeps longer ends later, whatever it is and wherever it is."""

import asyncio
import threading
import time

import pytest

from gi.repository import Ah

lock = threading.Lock()


class Sleepers:
    def __init__(self, unit):
        self.unit = unit
        self.ended = []

    def blocking(self, units):
        time.sleep(units * self.unit)
        with lock:
            self.ended.append(units)
        return units

    async def coroutine(self, units):
        await asyncio.sleep(units * self.unit)
        with lock:
            self.ended.append(units)
        return units


def tree(sleepers):
    """Two serials of parallels, in a parallel; and what ends when."""

    def parallel(*units):
        batch = Ah.Parallel()
        for i, n in enumerate(units):
            batch.schedule((sleepers.blocking, sleepers.coroutine)[i % 2], n)
        return batch

    # 1 and 3, and then at 3 begin 1 and 2: they end at 4 and 5.
    first = Ah.Serial().schedule(parallel(1, 3).run).schedule(parallel(1, 2).block)
    # 2, and then at 2 begins 5: it ends at 7.
    second = Ah.Serial().schedule(parallel(2).block).schedule(parallel(5).run)
    batch = Ah.Parallel().schedule(first.block).schedule(second.run)
    return batch, [1, 2, 3, 1, 2, 5], [[[1, 3], [1, 2]], [[2], [5]]]


@pytest.mark.parametrize("how", ["block", "run", "run and block inside coroutines"])
def test_order(how):
    # On a busy machine a sleep may end late, so the units grow until they are long enough.
    for unit in (0.03, 0.1, 0.5, 1.5):
        sleepers = Sleepers(unit)
        batch, order, expected = tree(sleepers)
        begun = time.monotonic()
        if how == "block":
            results = batch.block()
        elif how == "run":
            results = asyncio.run(batch.run())
        else:

            async def main():
                return await Ah.run(Ah.to_async(batch.block))

            results = asyncio.run(main())
        assert results == expected
        assert time.monotonic() - begun >= 7 * unit
        assert sorted(sleepers.ended) == sorted(order)
        if sleepers.ended == order:
            return
    raise AssertionError(f"{sleepers.ended} instead of {order}")
