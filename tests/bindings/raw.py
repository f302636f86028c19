#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The library from PyGObject as introspection offers it, without an override.

raw.py [--runs N]: N is how often the test for leaks runs its batch.
"""

import argparse
import ctypes
import gc
import os
import sys
import threading
import traceback
import weakref

# So PyGObject finds no override, wherever one is installed.
sys.modules["gi.overrides.Ah"] = None

import gi

gi.require_version("Ah", "1")
from gi.repository import Ah, Gio, GLib

assert Ah.Parallel.__module__ == "gi.repository.Ah", "an override was loaded"

MAIN_THREAD = threading.get_ident()


# What is run ---------------------------------------------------------------------------------


def give(_cancellable, value):
    return value


def throw(_cancellable, message):
    raise GLib.Error(message, "g-io-error-quark", Gio.IOErrorEnum.BUSY)


def give_async(task, value):
    task.return_value(value)


def give_later(task, value):
    def fire():
        task.return_value(value)
        return GLib.SOURCE_REMOVE

    source = GLib.Idle()
    source.set_callback(lambda *_: fire())
    source.attach(task.get_context())


def throw_async(task, message):
    task.return_error(GLib.Error(message, "g-io-error-quark", Gio.IOErrorEnum.BUSY))


VALUES = [1, -2, 2.5, "three", "", True, None]


def mixed(kind=Ah.Parallel):
    """A batch of blocking and async functions, and what it must give."""
    batch = kind.new()
    expected = []
    for value in VALUES:
        batch.schedule_blocking(give, value)
        batch.schedule_async(give_async, value)
        batch.schedule_async(give_later, value)
        expected += [value] * 3
    return batch, expected


# How it is run -------------------------------------------------------------------------------


def by_block(batch):
    return batch.block(None)


def by_run_async(batch):
    outcome = []

    def done(source, result):
        assert threading.get_ident() == MAIN_THREAD
        try:
            outcome.append(source.run_finish(result))
        except GLib.Error as error:
            outcome.append(error)

    batch.run_async(None, done)
    assert not outcome, "run_async must not call back before it returns"
    while not outcome:
        GLib.MainContext.default().iteration(True)

    if isinstance(outcome[0], GLib.Error):
        raise outcome[0]
    return outcome[0]


def by_start(batch):
    future = Ah.start(batch, None)
    assert future.wait(None)
    assert future.get_done()
    return future.get_results()


def by_background(batch):
    future = Ah.queue_background_thread(batch)
    assert future.wait(None)
    return future.get_results()


WAYS = [by_block, by_run_async, by_start, by_background]


def plain(values):
    """Nested results as nested lists."""
    return [plain(v.get_values()) if isinstance(v, Ah.Results) else v for v in values]


def expect_equal(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"
    types = [[type(v) for v in values] for values in (actual, expected)]
    assert types[0] == types[1], f"{types[0]} is not {types[1]}"


# The tests -----------------------------------------------------------------------------------


def test_mixed():
    for kind in (Ah.Parallel, Ah.Serial):
        for way in WAYS:
            batch, expected = mixed(kind)
            expect_equal(way(batch), expected)
            # A batch can be run again.
            expect_equal(way(batch), expected)


def test_empty():
    for kind in (Ah.Parallel, Ah.Serial):
        for way in WAYS:
            assert way(kind.new()) == []


def test_throw():
    for thrower, schedule in (
        (throw, Ah.Batch.schedule_blocking),
        (throw_async, Ah.Batch.schedule_async),
    ):
        for way in WAYS:
            batch = Ah.Parallel.new()
            batch.schedule_blocking(give, 1)
            schedule(batch, thrower, "no luck")
            try:
                way(batch)
            except GLib.Error as error:
                assert error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.BUSY), error
                assert "no luck" in error.message, error.message
                assert "Function 1" in error.message, error.message
            else:
                raise AssertionError(f"{way.__name__} should have raised an error")


def test_collect():
    for way in WAYS:
        batch = Ah.Parallel.new()
        batch.set_error_policy(Ah.ErrorPolicy.COLLECT)
        batch.schedule_blocking(throw, "first")
        batch.schedule_blocking(give, 2)
        batch.schedule_async(throw_async, "third")
        first, second, third = way(batch)
        assert isinstance(first, GLib.Error) and first.message == "first", first
        assert second == 2
        assert isinstance(third, GLib.Error) and third.message == "third", third


def test_nested():
    for way in WAYS:
        inner, inner_values = mixed(Ah.Parallel)
        middle = Ah.Serial.new()
        middle.schedule_blocking(give, "before").schedule(inner)
        outer = Ah.Parallel.new()
        outer.schedule(middle).schedule(middle).schedule_async(give_later, "after")
        expected = ["before", inner_values]
        assert plain(way(outer)) == [expected, expected, "after"]


def test_single():
    function = Ah.Function.new_blocking(give, "one")
    assert not function.is_async()
    value = Ah.block(function, None)
    # One out value: without the TRUE, or behind it, as the version of PyGObject has it.
    assert value in ("one", (True, "one")), value

    future = Ah.start(Ah.to_async(function), None)
    assert future.wait(None)
    assert future.get_value() in ("one", (True, "one"))


def test_threads():
    """Blocking functions leave the main loop alone; async ones and callbacks stay with it."""
    seen = {}

    def blocking(_cancellable):
        seen["blocking"] = threading.get_ident()

    def in_context(task):
        seen["async"] = threading.get_ident()
        task.return_value(None)

    batch = Ah.Parallel.new()
    batch.schedule_blocking(blocking)
    batch.schedule_async(in_context)
    expect_equal(by_run_async(batch), [None, None])
    assert seen["blocking"] != MAIN_THREAD
    assert seen["async"] == MAIN_THREAD


def test_strand():
    """Functions take turns, except inside a region; one is refused where it is already."""
    strand = Ah.Strand.new()
    inside = []

    def function(_cancellable):
        assert strand.is_inside() and not inside
        inside.append(1)
        inside.clear()
        Ah.blocking_begin()
        assert not strand.is_inside()
        Ah.blocking_end()
        return strand.is_inside()

    batch = Ah.Parallel.new()
    batch.props.strand = strand
    for _ in range(20):
        batch.schedule_blocking(function)
    for way in WAYS[:3]:
        expect_equal(way(batch), [True] * 20)
    assert strand.enter(None)
    strand.leave()


def test_invoke():
    """A piece of a blocking function runs on the main loop, or in a thread that blocks."""

    def is_main(_cancellable, *_data):
        return threading.get_ident() == MAIN_THREAD

    def function(cancellable):
        return Ah.invoke(None, is_main, None, cancellable)[1]

    batch = Ah.Parallel.new()
    for _ in range(5):
        batch.schedule_blocking(function)
    for way in WAYS[:3]:
        expect_equal(way(batch), [True] * 5)


def test_cancelled():
    for way in (lambda batch, c: batch.block(c), lambda batch, c: wait_for(Ah.start(batch, c))):
        batch, _expected = mixed()
        cancellable = Gio.Cancellable()
        cancellable.cancel()
        try:
            way(batch, cancellable)
        except GLib.Error as error:
            assert error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED), error
        else:
            raise AssertionError("cancelled before the start, and run all the same")


def wait_for(future):
    future.wait(None)
    return future.get_results()


def test_progress():
    loop = GLib.MainLoop()
    batch, expected = mixed()
    fractions = []

    future = Ah.start(batch, None)
    future.connect("notify::fraction", lambda f, _: fractions.append(f.get_fraction()))
    future.connect("notify::done", lambda *_: loop.quit())
    loop.run()

    assert future.get_n_functions() == len(expected)
    assert future.get_n_finished() == len(expected)
    assert future.get_failed_index() == -1
    assert fractions == sorted(fractions) and fractions[-1] == 1.0, fractions


class Give:
    """A function that can be watched."""

    def __init__(self, value):
        self.value = value

    def __call__(self, _cancellable):
        return self.value


def test_freed():
    for way in WAYS:
        n_freed = [0]
        batch = Ah.Parallel.new()
        n = 20
        for i in range(n):
            function = Give(i)
            weakref.finalize(function, lambda: n_freed.__setitem__(0, n_freed[0] + 1))
            batch.schedule_blocking(function)
        del function
        assert way(batch) == list(range(n))
        assert n_freed[0] == 0, "freed while the batch can still be run"

        batch_freed = []
        batch.weak_ref(lambda freed=batch_freed: freed.append(True))
        del batch
        settle(lambda: batch_freed and n_freed[0] == n)
        assert batch_freed and n_freed[0] == n, f"{way.__name__}: {n_freed[0]} of {n} freed"


def settle(is_settled):
    """Lets garbage go, and what workers hand back to the main context; gives up in the end."""
    for _ in range(200):
        gc.collect()
        while GLib.MainContext.default().iteration(False):
            pass
        if is_settled():
            return
        GLib.usleep(10000)


# Leaks ---------------------------------------------------------------------------------------


class Mallinfo2(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
        )
    ]


def bytes_allocated():
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = Mallinfo2
    info = libc.mallinfo2()
    return info.uordblks + info.hblkhd


def bytes_resident():
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")


class Census:
    """What there is, after garbage has gone."""

    def __init__(self):
        settle(lambda: True)
        self.objects = len(gc.get_objects())
        self.allocated = bytes_allocated()
        self.resident = bytes_resident()

    def __str__(self):
        return f"{self.objects} objects, {self.allocated} bytes allocated, {self.resident} resident"


# What PyGObject 3.42 and girepository 1.74 lose by themselves, whatever library is called, as the
# allocator counts it: a GValue for each value that a callback returns through an argument that its
# caller allocates, and the list of argument types of each callback that is handed over.
LOST_BY_VALUE = 32
LOST_BY_CALLBACK = 48


class Books:
    """Growth between two censuses, without what is known to be lost."""

    def __init__(self, n_runs):
        self.n_runs = n_runs
        self.before = Census()

    def check(self, values, callbacks):
        """Fails on growth beyond what so many values and callbacks, a run, explain."""
        after = Census()
        print(f"# before {self.n_runs} runs: {self.before}")
        print(f"# after:  {after}")

        assert after.objects - self.before.objects < 100, "Python objects are left"

        # Threads come and go meanwhile, each with some memory of its own: so a bound, and not 0.
        lost = int(self.n_runs * (values * LOST_BY_VALUE + callbacks * LOST_BY_CALLBACK))
        left = after.allocated - self.before.allocated - lost
        print(f"# {left} bytes left, beyond {lost} that are lost in any case")
        assert left < 512 * 1024, f"{left} bytes are left"

        # What is lost lies scattered, and keeps more pages than it fills. A sanitizer keeps freed
        # memory for a while: resident says nothing then.
        if "asan" not in os.environ.get("LD_PRELOAD", ""):
            grown = after.resident - self.before.resident
            assert grown < 2 * lost + 8 * 1024 * 1024, f"{grown} bytes more are resident"


class Everything:
    """A small batch of everything."""

    N_CALLBACKS = 9  # those that are handed over to make it
    N_VALUES = 3  # those that blocking functions return

    def __init__(self, i):
        inner = Ah.Serial.new()
        inner.schedule_blocking(give, 2.5).schedule_async(give_async, None)
        batch = Ah.Parallel.new()
        batch.set_error_policy(Ah.ErrorPolicy.COLLECT)
        batch.schedule_blocking(Give(i))
        batch.schedule_blocking(give, "text" * 10)
        batch.schedule_blocking(throw, "no luck")
        batch.schedule_blocking(give, None)
        batch.schedule_async(give_async, i)
        batch.schedule_async(give_later, f"text {i}")
        batch.schedule_async(throw_async, "no luck")
        batch.schedule(inner)
        self.batches = [batch, inner]
        self.expected = [i, "text" * 10, None, i, f"text {i}", [2.5, None]]

    def run(self, way):
        """Hands over a callback to wait in a main loop, and another one by_run_async."""
        results = plain(way(self.batches[0]))
        errors = [results.pop(6), results.pop(2)]
        assert all(isinstance(e, GLib.Error) and e.message == "no luck" for e in errors), errors
        assert results == self.expected, results


def test_leaks_of_a_batch(n_runs):
    """One batch, run very often."""
    everything = Everything(3)

    def run(n):
        for i in range(n):
            everything.run(WAYS[i % len(WAYS)])

    run(1000)
    books = Books(n_runs)
    run(n_runs)
    books.check(Everything.N_VALUES, 1 + 1 / len(WAYS))


def test_leaks_of_batches(n_runs):
    """A batch made, run and dropped, often."""
    n_warm_up = 400
    finalized = [0]

    def run(n):
        for i in range(n):
            everything = Everything(i)
            everything.run(WAYS[i % len(WAYS)])
            for batch in everything.batches:
                batch.weak_ref(lambda: finalized.__setitem__(0, finalized[0] + 1))

    run(n_warm_up)
    books = Books(n_runs)
    run(n_runs)
    books.check(Everything.N_VALUES, Everything.N_CALLBACKS + 1 + 1 / len(WAYS))

    settle(lambda: finalized[0] == 2 * (n_warm_up + n_runs))
    assert finalized[0] == 2 * (n_warm_up + n_runs), f"{finalized[0]} batches finalized"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=2000)
    n_runs = parser.parse_args().runs

    tests = [
        ("mixed", test_mixed),
        ("empty", test_empty),
        ("throw", test_throw),
        ("collect", test_collect),
        ("nested", test_nested),
        ("single", test_single),
        ("threads", test_threads),
        ("strand", test_strand),
        ("invoke", test_invoke),
        ("cancelled", test_cancelled),
        ("progress", test_progress),
        ("freed", test_freed),
        (f"no-leaks-in-{n_runs}-runs-of-a-batch", lambda: test_leaks_of_a_batch(n_runs)),
        (f"no-leaks-of-{n_runs // 10}-batches", lambda: test_leaks_of_batches(n_runs // 10)),
    ]

    print(f"1..{len(tests)}")
    n_failed = 0
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
        except Exception:
            n_failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {name}", flush=True)
        else:
            print(f"ok {number} - {name}", flush=True)

    return 1 if n_failed else 0


sys.exit(main())
