#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Python's own ways to run functions in threads, beside the library called from Python.

peer-python.py [--smoke] [--json FILE]

Without PyGObject or the library's typelib, only Python's own ways are measured.
"""

import argparse
import asyncio
import concurrent.futures
import json
import os
import platform
import signal
import statistics
import sys
import time

try:
    import gi

    gi.require_version("Ah", "1")
    from gi.repository import Ah
except (ImportError, ValueError):
    Ah = None

# Whatever hangs ends the program; a benchmark must not hang who runs it.
LIMIT_SECONDS = 240


def give(value):
    return value


def give_blocking(_cancellable, value):
    return value


def by_executor(executor, n):
    return list(executor.map(give, range(n)))


def by_submit(executor, n):
    futures = [executor.submit(give, i) for i in range(n)]
    return [future.result() for future in futures]


def by_to_thread(_executor, n):
    async def gather():
        return await asyncio.gather(*(asyncio.to_thread(give, i) for i in range(n)))

    return asyncio.run(gather())


def by_batch(_executor, n):
    batch = Ah.Parallel.new()
    for i in range(n):
        batch.schedule_blocking(give_blocking, i)
    return list(batch.block(None))


def by_override(_executor, n):
    batch = Ah.Parallel()
    for i in range(n):
        batch.schedule(give, i)
    return list(batch.block())


def has_override():
    """Whether batches take plain Python functions."""
    try:
        return by_override(None, 2) == [0, 1]
    except TypeError:
        return False


def contenders(smoke):
    n = 200 if smoke else 20000
    found = []
    if Ah is not None:
        found.append(("asynchelp, by introspection", True, by_batch, n))
        if has_override():
            found[0] = ("asynchelp", True, by_override, n)
    found += [
        ("ThreadPoolExecutor.map", False, by_executor, n),
        ("ThreadPoolExecutor.submit", False, by_submit, n),
        ("asyncio.to_thread", False, by_to_thread, n // 10),
    ]
    return found


def measure(found, executor, rounds):
    """Nanoseconds a function: the contenders take turns, and a first round counts for nobody."""
    times = {name: [] for name, *_ in found}
    for number in range(-1, rounds):
        for place in range(len(found)):
            name, _, run, n = found[(place + number) % len(found)]
            start = time.perf_counter_ns()
            values = run(executor, n)
            taken = time.perf_counter_ns() - start
            if values != list(range(n)):
                sys.exit(f"{name}: wrong results")
            if number >= 0:
                times[name].append(taken / n)
    return times


def busy_seconds():
    """CPU time that the whole machine has spent, and that this process has spent of it."""
    with open("/proc/stat", encoding="ascii") as stream:
        user, nice, system, _, _, irq, soft_irq, steal = map(int, stream.readline().split()[1:9])
    own = os.times()
    ticks = user + nice + system + irq + soft_irq + steal
    return ticks / os.sysconf("SC_CLK_TCK"), own.user + own.system


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="tiny sizes: only shows that it works")
    parser.add_argument("--json", help="file to add what was measured to")
    arguments = parser.parse_args()

    signal.alarm(LIMIT_SECONDS)
    n_cpus = len(os.sched_getaffinity(0))
    found = contenders(arguments.smoke)
    title = f"{found[0][3]} Python functions that return their argument"
    began, (all_before, own_before) = time.monotonic(), busy_seconds()
    with concurrent.futures.ThreadPoolExecutor(n_cpus) as executor:
        times = measure(found, executor, 1 if arguments.smoke else 5)
    all_after, own_after = busy_seconds()
    others = max(0, (all_after - all_before) - (own_after - own_before))
    others /= time.monotonic() - began

    print(f"Python {platform.python_version()}\n{title}\n  {'ns a job':<36} {'all':>10}")
    records = [{"record": "case", "title": title, "version": platform.python_version()}]
    for name, ours, *_ in found:
        samples = times[name]
        median = statistics.median(samples)
        low, _, high = statistics.quantiles(samples) if len(samples) > 1 else samples * 3
        print(f"  {name:<36} {median:>10.0f}")
        records.append({
            "record": "measure", "who": name, "ours": ours, "quantity": "all",
            "unit": "ns a job", "median": median, "low": low, "high": high, "n": len(samples),
        })

    print(f"\n  meanwhile, others used {others:.2f} CPUs")
    records.append({"record": "others", "used": others})

    if arguments.json:
        with open(arguments.json, "a", encoding="utf-8") as stream:
            for record in records:
                stream.write(json.dumps({"part": "python", "case": "python", **record}) + "\n")


main()
