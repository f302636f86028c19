#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Measures the library from Python beside what Python offers for the same job, in one process.

bench-python.py [--smoke]

Contenders take turns, and the ratios of their medians count. A missed goal is printed and changes
nothing else: only a wrong result fails. --smoke: tiny sizes, to see that it works.
"""

import asyncio
import concurrent.futures
import statistics
import sys
import time

import gi

gi.require_version("Ah", "1")
from gi.repository import Ah, GLib

SMOKE = "--smoke" in sys.argv[1:]
N = 200 if SMOKE else 20000
ROUNDS = 2 if SMOKE else 7
N_SLEEPERS = 20 if SMOKE else 1000

n_wrong = 0


def goal(what, measured, limit, unit):
    print(f"  {'PASS' if measured <= limit else 'MISS'}  {what:52} {measured:9.3f} {unit}"
          f"  (goal <= {limit:g})")


def expect(what, condition):
    global n_wrong
    if not condition:
        n_wrong += 1
        print(f"  WRONG {what}")


def trivial(i):
    return i


def measure(contenders, n):
    """The median time of each contender (s), who take turns."""
    times = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, contender in contenders.items():
            before = time.perf_counter()
            results = contender()
            times[name].append(time.perf_counter() - before)
            expect(f"results of {name}", results == list(range(n)))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"    {name:45} {median / n * 1e6:9.2f} µs a function")
    return medians


def fork_join():
    print(f"\n{N} trivial functions, scheduled and blocked on")
    items = range(N)

    def ours():
        batch = Ah.Parallel()
        for i in items:
            batch.schedule(trivial, i)
        return batch.block()

    with concurrent.futures.ThreadPoolExecutor() as executor:

        def submit():
            futures = [executor.submit(trivial, i) for i in items]
            return [future.result() for future in futures]

        times = measure(
            {
                "Ah.Parallel": ours,
                "ThreadPoolExecutor.map": lambda: list(executor.map(trivial, items)),
                "ThreadPoolExecutor.submit": submit,
            },
            N,
        )
    mine = times.pop("Ah.Parallel")
    for name, peer in times.items():
        goal(f"Ah.Parallel / {name}", mine / peer, 0.4, "")


def under_asyncio():
    print(f"\n{N} trivial functions, scheduled and awaited under asyncio")
    items = range(N)

    async def ours():
        return await Ah.Parallel.map(trivial, items).run()

    async def to_thread():
        return await asyncio.gather(*(asyncio.to_thread(trivial, i) for i in items))

    times = measure(
        {
            "Ah.Parallel": lambda: asyncio.run(ours()),
            "asyncio.gather(asyncio.to_thread)": lambda: asyncio.run(to_thread()),
        },
        N,
    )
    mine, peer = times.values()
    goal("Ah.Parallel / gather(to_thread)", mine / peer, 0.12, "")


def coroutines():
    n = N // 10
    print(f"\n{n} coroutine functions under asyncio")

    async def coroutine(i):
        await asyncio.sleep(0)
        return i

    async def ours():
        return await Ah.Parallel.map(coroutine, range(n)).run()

    async def gather():
        return await asyncio.gather(*(coroutine(i) for i in range(n)))

    measure(
        {
            "Ah.Parallel": lambda: asyncio.run(ours()),
            "asyncio.gather": lambda: asyncio.run(gather()),
        },
        n,
    )


def sleepers():
    print(f"\n{N_SLEEPERS} functions that sleep 0.1 s")
    batch = Ah.Parallel.map(time.sleep, [0.1] * N_SLEEPERS)
    before = time.perf_counter()
    results = batch.block()
    taken = time.perf_counter() - before
    expect("results of sleepers", results == [None] * N_SLEEPERS)
    goal("all of them", taken, 0.4, "s")


def loop_gap():
    """How long a GLib main loop, and one of asyncio, stand still while functions run."""
    print("\nthe longest time that a loop stands still while functions run")
    seconds = 0.1 if SMOKE else 2

    def busy(_i):
        sum(range(100))

    def glib():
        loop = GLib.MainLoop()
        gaps = []
        last = [time.perf_counter()]

        def tick():
            now = time.perf_counter()
            gaps.append(now - last[0])
            last[0] = now
            return GLib.SOURCE_CONTINUE

        end = time.perf_counter() + seconds

        def again(*_unused):
            if time.perf_counter() >= end:
                loop.quit()
                return
            future = Ah.start(Ah.Parallel().schedule(batch.block))
            future.connect("notify::done", again)

        batch = Ah.Parallel.map(busy, range(N))
        source = GLib.timeout_add(1, tick)
        again()
        last[0] = time.perf_counter()
        loop.run()
        GLib.source_remove(source)
        return gaps

    async def under_asyncio(call):
        gaps = []
        end = time.perf_counter() + seconds
        batch = Ah.Parallel.map(busy, range(N))

        async def tick():
            last = time.perf_counter()
            while True:
                await asyncio.sleep(0.001)
                now = time.perf_counter()
                gaps.append(now - last)
                last = now

        ticking = asyncio.create_task(tick())
        while time.perf_counter() < end:
            await call(batch)
        ticking.cancel()
        return gaps

    async def with_to_thread(_batch):
        await asyncio.gather(*(asyncio.to_thread(busy, i) for i in range(N)))

    async def with_ours(batch):
        await batch.run()

    def show(name, gaps, limit=None):
        gaps = sorted(gaps)
        longest = gaps[-1] * 1e3
        usual = gaps[int(len(gaps) * 0.99)] * 1e3
        print(f"    {name:45} {longest:9.2f} ms, 99 of 100 below {usual:.2f} ms")
        if limit:
            goal(name, usual, limit, "ms")

    show("a GLib main loop", glib(), 10)
    show("asyncio, await batch.run()", asyncio.run(under_asyncio(with_ours)), 10)
    show("asyncio, gather(to_thread)", asyncio.run(under_asyncio(with_to_thread)))


def single():
    n = 20 if SMOKE else 2000
    print(f"\none trivial function at a time, {n} of them")

    async def ours():
        return [await Ah.run(trivial, i) for i in range(n)]

    async def to_thread():
        return [await asyncio.to_thread(trivial, i) for i in range(n)]

    measure(
        {
            "await Ah.run": lambda: asyncio.run(ours()),
            "await asyncio.to_thread": lambda: asyncio.run(to_thread()),
        },
        n,
    )


for part in (fork_join, under_asyncio, coroutines, sleepers, loop_gap, single):
    part()
sys.exit(1 if n_wrong else 0)
