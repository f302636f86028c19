# SPDX-License-Identifier: LGPL-2.1-or-later

"""Batches: one contract for both kinds, in every way to run them."""

import asyncio
import functools
import threading

import pytest
from conftest import PATIENCE, wait_until

from gi.repository import Ah, Gio, GObject


def give(value):
    return value


async def give_later(value):
    await asyncio.sleep(0.001)
    return value


def give_cancellable(cancellable, value):
    assert isinstance(cancellable, Gio.Cancellable)
    return value


def give_by_task(task, value):
    task.return_value(value)


VALUES = [
    None,
    True,
    0,
    -1,
    2**31,
    2**64,
    10**100,
    2.5,
    "text",
    "",
    b"bytes",
    (1, 2),
    (),
    [1, [2]],
    {"a": 1},
    ValueError("as a value"),
    object(),
    Ah,
    Gio.Cancellable(),
]


def test_results_are_the_objects_themselves(kind, way):
    for func in (give, give_later):
        batch = kind.map(func, VALUES)
        results = way(batch)
        assert type(results) is list
        assert len(results) == len(VALUES)
        assert all(result is value for result, value in zip(results, VALUES))


def test_a_mix_stands_in_order(kind, way):
    batch = kind()
    expected = []
    for i in range(20):
        batch.schedule(give, i).schedule(give_later, i).schedule(functools.partial(give, i))
        batch.schedule(functools.partial(give_later, value=i)).schedule(give, value=i)
        expected += [i] * 5
    assert way(batch) == expected
    # And again.
    assert way(batch) == expected


def test_all_that_can_be_scheduled(kind, way):
    inner = Ah.Serial().schedule(give, "in").schedule(give_later, "side")
    empty = Ah.Parallel()
    native = Ah.Function.new_blocking(give_cancellable, "native")
    batch = (
        kind()
        .schedule(give, 1)
        .schedule(give_later, 2)
        .schedule(lambda: 3)
        .schedule("four".upper)
        .schedule(inner)
        .schedule(inner.run)
        .schedule(inner.block)
        .schedule(functools.partial(inner.run))
        .schedule(empty)
        .schedule(native)
        .schedule(Ah.to_async(native))
        .schedule_blocking(give_cancellable, 5)
        .schedule_async(give_by_task, 6)
        .schedule(Ah.Function.new_async(give_by_task, 7))
    )
    nested = ["in", "side"]
    expected = [1, 2, 3, "FOUR", nested, nested, nested, nested, [], "native", "native", 5, 6, 7]
    assert len(batch) == len(expected)
    assert way(batch) == expected


def test_empty(kind, way):
    batch = kind()
    assert len(batch) == 0
    assert batch
    assert way(batch) == []


def test_many(kind, way):
    n = 3000
    assert way(kind.map(give, range(n))) == list(range(n))
    assert way(kind.map(give_later, range(100))) == list(range(100))


def test_each_function_once(kind, way):
    n = 3000
    counts = [0] * n

    def count(i):
        counts[i] += 1

    way(kind.map(count, range(n)))
    assert counts == [1] * n


def test_serial_runs_one_after_the_other(way):
    log = []

    def blocking(i):
        log.append(("begin", i))
        log.append(("end", i))

    async def coroutine(i):
        log.append(("begin", i))
        await asyncio.sleep(0.002)
        log.append(("end", i))

    batch = Ah.Serial()
    for i in range(0, 30, 3):
        batch.schedule(blocking, i).schedule(coroutine, i + 1)
        batch.schedule(Ah.Parallel().schedule(blocking, i + 2))
    way(batch)
    assert log == [(word, i) for i in range(30) for word in ("begin", "end")]


def test_max_concurrency(way):
    lock = threading.Lock()
    state = {"now": 0, "most": 0}

    def begin():
        with lock:
            state["now"] += 1
            state["most"] = max(state["most"], state["now"])

    def end():
        with lock:
            state["now"] -= 1

    def blocking():
        begin()
        threading.Event().wait(0.002)
        end()

    async def coroutine():
        begin()
        await asyncio.sleep(0.002)
        end()

    batch = Ah.Parallel(max_concurrency=3)
    for _ in range(20):
        batch.schedule(blocking).schedule(coroutine)
    way(batch)
    assert 1 <= state["most"] <= 3


def test_parallel_functions_may_wait_for_each_other(way):
    """Also for those that were scheduled behind them."""
    n = 40
    events = [threading.Event() for _ in range(n)]

    def wait(i):
        return events[i].wait(PATIENCE)

    batch = Ah.Parallel.map(wait, range(n))
    for event in events:
        batch.schedule(event.set)
    assert way(batch)[:n] == [True] * n


def test_parallel_runs_do_not_mix():
    batch = Ah.Parallel()
    for _ in range(50):
        batch.schedule(threading.Event().is_set).schedule(give_later, 1)
    marks = iter(range(10**6))
    batch.schedule(lambda: next(marks))
    futures = [Ah.queue_background_thread(batch) for _ in range(20)]
    results = [future.result(PATIENCE) for future in futures]
    assert all(result[:-1] == [False, 1] * 50 for result in results)
    assert sorted(result[-1] for result in results) == list(range(20))


def test_what_is_scheduled_during_a_run_belongs_to_later_ones(kind):
    batch = kind()
    batch.schedule(lambda: len(batch.schedule(give, "late")))
    assert batch.block() == [2]
    assert batch.block() == [3, "late"]


def test_properties():
    pool = Ah.ThreadPool.get_default()
    batch = Ah.Parallel(
        max_concurrency=4, error_policy=Ah.ErrorPolicy.COLLECT, timeout=60000, priority=5, pool=pool
    )
    assert batch.props.max_concurrency == 4
    assert batch.get_property("error-policy") == Ah.ErrorPolicy.COLLECT
    assert batch.get_timeout() == 60000
    assert batch.get_priority() == 5
    assert batch.get_pool() is pool
    batch.schedule(give, 1).schedule(give, 2)
    assert batch.block() == [1, 2]
    assert len(batch) == batch.get_n_functions() == 2
    assert batch.props.n_functions == batch.get_property("n-functions") == 2
    with pytest.raises(TypeError):
        Ah.Serial(max_concurrency=4)


def test_properties_are_attributes():
    pool, strand = Ah.ThreadPool.new(2), Ah.Strand()
    batch = Ah.Parallel().schedule(divmod, 1, 0).schedule(give, 2)
    values = {
        "max_concurrency": 4,
        "error_policy": Ah.ErrorPolicy.COLLECT,
        "timeout": 60000,
        "priority": 5,
        "pool": pool,
        "strand": strand,
        "run_now": True,
    }
    for name, value in values.items():
        setattr(batch, name, value)
        assert getattr(batch, name) == getattr(batch.props, name) == value
        assert getattr(batch, f"get_{name}")() == value
    batch.run_now, batch.strand = False, None
    assert batch.block()[1] == 2
    batch.error_policy = Ah.ErrorPolicy.FAIL_FAST
    with pytest.raises(ZeroDivisionError):
        batch.block()


@pytest.mark.parametrize(
    "name, value, error",
    [
        ("timeout", 0.5, TypeError),
        ("max_concurrency", 1.0, TypeError),
        ("max_concurrency", -1, (TypeError, OverflowError)),
        ("max_concurrency", "x", TypeError),
        ("error_policy", 5, ValueError),
        ("pool", 5, TypeError),
    ],
)
def test_wrong_properties(name, value, error):
    """None is taken for something else; a timeout of 0.5 would be cut off to none at all."""
    with pytest.raises(error, match=name if isinstance(value, float) else None):
        Ah.Parallel(**{name: value})
    batch = Ah.Parallel()
    before = getattr(batch, name)
    with pytest.raises(error):
        setattr(batch, name, value)
    assert getattr(batch, name) == before


def test_types():
    for kind in (Ah.Parallel, Ah.Serial):
        for batch in (kind(), kind.new()):
            assert isinstance(batch, kind)
            assert isinstance(batch, Ah.Batch)
            assert isinstance(batch, Ah.Function)
            assert isinstance(batch, GObject.Object)
            assert batch.schedule(give, 1) is batch
            assert batch.block() == [1]


def test_map():
    batch = Ah.Parallel.map(pow, [2, 3], [4, 5], max_concurrency=1)
    assert isinstance(batch, Ah.Parallel)
    assert batch.block() == [16, 243]
    assert asyncio.run(batch.run()) == [16, 243]
    assert Ah.Serial.map(pow, [], []).block() == []
    with pytest.raises(TypeError, match="iterate"):
        Ah.Serial.map(pow)


def test_nested_very_deep(way):
    if way.__name__ == "by_as_completed":
        depth = 50
    else:
        depth = 1000
    batch = Ah.Parallel().schedule(give, "bottom").schedule(give, 1)
    for i in range(depth):
        batch = (Ah.Serial, Ah.Parallel)[i % 2]().schedule(batch)
    results = way(batch)
    for _ in range(depth):
        (results,) = results
    assert results == ["bottom", 1]


def test_block_inside_functions_deep():
    """Each level holds a thread, so not as deep; and no level waits for ever."""

    def down(level):
        if level == 0:
            return 0
        return Ah.Parallel().schedule(down, level - 1).block()[0] + 1

    assert Ah.Parallel().schedule(down, 60).block() == [60]


def test_block_inside_coroutine_functions(way):
    async def inner():
        return asyncio.get_running_loop()

    async def outer():
        here = asyncio.get_running_loop()
        (there,) = Ah.Parallel().schedule(inner).block()
        assert there is not here
        return Ah.block(give_later, 1)

    assert way(Ah.Parallel().schedule(outer).schedule(outer)) == [1, 1]


def test_shared_by_a_run_is_the_loop_of_coroutines(kind, way):
    """What belongs to a loop can be shared by the coroutine functions of a run."""

    async def loop():
        await asyncio.sleep(0)
        return asyncio.get_running_loop()

    inner = Ah.Serial().schedule(loop).schedule(loop)
    first, second, (third, fourth) = way(kind().schedule(loop).schedule(loop).schedule(inner))
    assert first is second is third is fourth


def test_foreign_code_is_told():
    """A batch of Python's functions that C runs would be empty, and says so instead."""
    from gi.overrides._ah.native import Ah as native

    batch = Ah.Parallel().schedule(give, 1)
    with pytest.raises(Exception, match="can be run from Python only"):
        native.block(batch, None)


def test_batches_made_in_c():
    """They have functions already, which come first."""
    from gi.overrides._ah.native import Ah as native

    batch = native.Parallel.new()
    native.Batch.schedule_blocking(batch, lambda _cancellable: "from C")
    batch.schedule(give, "from Python")
    assert len(batch) == 2
    assert batch.block() == ["from C", "from Python"]


def test_freed(kind, way):
    import weakref

    from conftest import settle

    class Value:
        pass

    freed = []
    batch = kind()
    func = functools.partial(give, Value())
    weakref.finalize(func.args[0], freed.append, "value")
    batch.schedule(func).schedule(functools.partial(give_later, func.args[0]))
    del func
    way(batch)
    batch.weak_ref(lambda: freed.append("batch"))
    del batch

    def all_freed():
        settle()
        return sorted(freed) == ["batch", "value"]

    wait_until(all_freed, "freeing")
