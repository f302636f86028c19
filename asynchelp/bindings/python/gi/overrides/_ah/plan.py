# SPDX-License-Identifier: LGPL-2.1-or-later

"""The native batches that carry out a run of a batch.

A batch of Python keeps its functions in a list. What the C library runs is a plan: native batches
nested like those of Python, in which the plain functions of a batch share their calls. A worker
that has come into Python executes functions for a while, and does not pay for entering at each, nor
for handing the interpreter's lock over to the next worker.

A plan belongs to one run at a time, so runs never mix their results. It is kept for the next one.
"""

import contextlib
import functools
import threading
from itertools import count
from time import perf_counter

from gi.repository import GLib, GObject

from . import exits, gio, kinds
from .coroutines import Coroutines
from .interrupts import Watch
from .native import Ah, cycle_error, to_python

# How long a worker stays in Python (s): others want to be served.
SLICE = 0.001
# Functions that take less than this (s) compute, or nearly so. Several threads at them would only
# wait for the interpreter's lock, and so would the program's own threads, behind all of them: so
# they take turns. Without news for so long (s), the one whose turn it is is waiting itself; who
# finds news looks less often.
QUICK = 0.00006
STALL = 0.005
LONGEST_STALL = 0.05
# How many unused plans a batch keeps.
MAX_SPARE = 4

_current = threading.local()
_turn = threading.Lock()


def current_cancellable():
    """The Gio.Cancellable of the run that the calling thread executes a function of; else None.

    A blocking function that takes long should look at it from time to time, or hand it on.
    """
    return getattr(_current, "cancellable", None)


@contextlib.contextmanager
def executing(cancellable):
    """In there, the calling thread executes a function of a run."""
    outer = current_cancellable()
    _current.cancellable = cancellable
    try:
        yield
    finally:
        _current.cancellable = outer


def is_fatal(error):
    """Whether it ends a run under any policy."""
    return isinstance(error, (KeyboardInterrupt, SystemExit))


def limit_of(batch):
    return 1 if isinstance(batch, Ah.Serial) else batch.get_max_concurrency()


class Share:
    """Plain functions that a native batch executes without knowing them one by one."""

    __slots__ = ("node", "indices", "jobs", "claim", "end", "n_executed", "is_quick")

    def __init__(self, indices):
        self.indices = indices
        self.end = len(indices)
        self.clear()

    def reset(self, node):
        self.node = node
        self.jobs = node.jobs
        self.claim = count().__next__
        self.n_executed = 0  # in slices that are over; only ever an estimate
        self.is_quick = False

    def take_turn(self):
        """Waits as long as others get on with quick functions; whether to give the turn back."""
        patience = STALL
        while True:
            n_executed = self.n_executed
            if _turn.acquire(timeout=patience):
                return True
            if self.n_executed == n_executed:
                return False
            patience = min(2 * patience, LONGEST_STALL)

    def clear(self):
        self.node = self.jobs = self.claim = None

    def drain(self, cancellable, *_unused):
        """Executes functions until none is left, or the slice is over; how many."""
        if not exits.enter():
            self.node.run.refuse(exits.closed_error())
            return 0
        outer = current_cancellable()
        node = self.node
        error = None
        n_executed = 0
        index = 0
        has_turn = False
        begun = 0
        try:
            has_turn = self.is_quick and self.take_turn()
            _current.cancellable = cancellable
            claim, end, indices, jobs = self.claim, self.end, self.indices, self.jobs
            run, results = node.run, node.results
            copy_context, watch = run.context.copy, node.watch
            is_cancelled = cancellable.is_cancelled
            begun = perf_counter()
            until = begun + run.slice

            while not is_cancelled():
                claimed = claim()
                if claimed >= end:
                    break
                index = indices[claimed]
                kind, func, args, kwargs = jobs[index]
                n_executed += 1
                try:
                    if kind == kinds.CALL:
                        value = copy_context().run(func, *args, **kwargs)
                    else:
                        value = copy_context().run(func, cancellable, *args, **kwargs)
                except BaseException as raised:
                    # Without this frame, as a direct call would have it.
                    error = raised.with_traceback(raised.__traceback__.tb_next)
                    if not node.takes(error):
                        break
                    value, error = error, None
                results[index] = value
                if watch is not None:
                    watch(index, value)
                if perf_counter() >= until:
                    break
        except BaseException as raised:
            # A signal's handler, between two functions. PyGObject would lose it.
            error = raised
        finally:
            _current.cancellable = outer
            self.n_executed += n_executed
            self.is_quick = perf_counter() - begun < n_executed * QUICK
            if has_turn:
                _turn.release()
            func = args = kwargs = value = None
            exits.leave()

        if error is None:
            return n_executed
        failure = node.fail(index, error)
        error = None
        raise failure


Watch.catching.add(Share.drain.__code__)


class AsyncJob:
    """One async function: of the C library, or an existing asynchronous call."""

    __slots__ = ("node", "index")

    def __init__(self, index):
        self.index = index
        self.clear()

    def reset(self, node):
        self.node = node

    def clear(self):
        self.node = None

    def begin(self, task, *_unused):
        node, index = self.node, self.index
        kind, func, args, kwargs = node.jobs[index]

        def done(value, error):
            # What a task gives is in the native results, and so is what it fails with.
            if error is not None and (kind == kinds.TASK or not node.takes(error)):
                task.return_error(node.fail(index, error))
                return
            node.set_result(index, value if error is None else error)
            task.return_value(None)

        try:
            context = node.run.context.copy()
            if kind == kinds.GIO:
                context.run(gio.start, func, args, kwargs, task.get_cancellable(), done)
            else:
                context.run(func, task, *args, **kwargs)
        except BaseException as error:
            done(None, error)


class SubRun:
    """A native function whose end is to be seen when it comes, and not with that of the run."""

    __slots__ = ("node", "index", "function", "child")

    def __init__(self, index, function, child):
        self.node = None
        self.index = index
        self.function = function
        self.child = child

    def reset(self, node):
        self.node = node

    def clear(self):
        # Its plan is used once.
        self.node = self.function = self.child = None

    def begin(self, task, *_unused):
        Ah.run_async(self.function, task.get_cancellable(), self._done, task)

    def _done(self, _source, result, task):
        node, index = self.node, self.index
        try:
            success = Ah.run_finish(result)
            value = success[1] if isinstance(success, tuple) else success
            if self.child is not None:
                value = collect(self.child, value)
            else:
                value = to_python(value)
        except GLib.Error as error:
            error = node.run.exception_of(error)
            if not node.takes(error):
                task.return_error(node.fail(index, error))
                return
            value = error
        node.set_result(index, value)
        task.return_value(None)


class Node:
    """One native batch of a plan, for one batch of Python."""

    def __init__(self, batch, parent, index, watched):
        self.batch = batch
        self.parent = parent  # a node, or None; only while a plan is made, and during a run
        self.index = index  # there
        self.watched = watched
        self.jobs = batch._get_jobs()
        self.n = len(self.jobs)
        self.limit = limit_of(batch)
        self.native = (Ah.Serial if isinstance(batch, Ah.Serial) else Ah.Parallel).new()
        self.properties = {}
        # What the native batch calls. It must not lead back to here but during a run: Python's
        # garbage collector does not see what C keeps.
        self.parts = []
        self.natives = []  # (native index, index) of what has its value in the native results
        self.children = []  # (native index, index, node)
        self.has_own = False
        self.run = self.results = self.watch = None

    def build(self):
        """Fills the native batch; returns the nodes of batches inside, which are empty yet."""
        self.n_native = 0
        jobs = self.jobs
        limited = 0 < self.limit < self.n
        plain = (kinds.CALL, kinds.CALL_CANCELLABLE)
        if limited:
            rest = self._build_in_order(jobs, plain)
        else:
            indices = [i for i in range(self.n) if jobs[i][0] in plain]
            if indices:
                self._add_share(range(self.n) if len(indices) == self.n else indices)
            rest = []
            if len(indices) < self.n:
                coroutines = [i for i in range(self.n) if jobs[i][0] == kinds.COROUTINE]
                if coroutines:
                    self._add_coroutines(coroutines)
                rest = [i for i in range(self.n) if jobs[i][0] not in (*plain, kinds.COROUTINE)]
        for index in rest:
            self._add_other(index)
        return [child for _native_index, _index, child in self.children]

    def _build_in_order(self, jobs, plain):
        """Neighbours share their calls, so that nothing overtakes what is between them."""
        index = 0
        while index < self.n:
            first = index
            while index < self.n and jobs[index][0] in plain:
                index += 1
            if index > first:
                self._add_share(range(first, index))
            elif jobs[index][0] == kinds.COROUTINE:
                self._add_coroutines([index])
                index += 1
            else:
                self._add_other(index)
                index += 1
        return ()

    def _add_share(self, indices):
        share = Share(indices)
        Ah.Batch.schedule_shared(self.native, len(indices), share.drain)
        self.parts.append(share)
        self.n_native += len(indices)

    def _add_coroutines(self, indices):
        group = Coroutines(indices)
        for begin in group.begins:
            Ah.Batch.schedule_async(self.native, begin)
            self.n_native += 1
        self.parts.append(group)

    def _add_other(self, index):
        kind, func, _args, _kwargs = self.jobs[index]
        watched = self.watched
        function = self.batch if kind == kinds.OWN else func
        child = None
        if kind == kinds.BATCH:
            child = Node(func, self, index, False)
            function = child.native
            self.children.append((None if watched else self.n_native, index, child))

        if kind in (kinds.TASK, kinds.GIO):
            job = AsyncJob(index)
            self.parts.append(job)
            if kind == kinds.TASK and watched:
                function = Ah.Function.new_async(job.begin)

        if kind == kinds.GIO or (kind == kinds.TASK and not watched):
            Ah.Batch.schedule_async(self.native, job.begin)
            if kind == kinds.TASK:
                self.natives.append((self.n_native, index))
        elif watched and kind != kinds.OWN:
            sub_run = SubRun(index, function, child)
            self.parts.append(sub_run)
            Ah.Batch.schedule_async(self.native, sub_run.begin)
        else:
            Ah.Batch.schedule(self.native, function)
            if kind != kinds.BATCH:
                self.natives.append((self.n_native, index))
        if kind == kinds.OWN:
            self.has_own = True
        self.n_native += 1

    def is_current(self):
        return self.n == len(self.batch._get_jobs()) and self.limit == limit_of(self.batch)

    def begin(self, run):
        """Makes it ready for a run."""
        self.run = run
        self.results = [None] * self.n
        self.collect = self._copy_properties()
        for part in self.parts:
            part.reset(self)

    def _copy_properties(self):
        """What is set on the batch counts from the next run on. Whether failures are collected."""
        for name, default in _defaults().items():
            if name == "max-concurrency" and isinstance(self.batch, Ah.Serial):
                continue
            value = GObject.Object.get_property(self.batch, name)
            if self.properties.get(name, default) != value:
                GObject.Object.set_property(self.native, name, value)
                self.properties[name] = value
        return self.properties.get("error-policy") == Ah.ErrorPolicy.COLLECT

    def end(self):
        """Lets go of all that belongs to the run, and to its user."""
        self.run = self.results = self.watch = self.parent = None
        for part in self.parts:
            part.clear()

    def takes(self, error):
        """Whether a failure goes into the results."""
        return self.collect and not is_fatal(error)

    def fail(self, index, error):
        """The error by which the C library learns of a function's exception."""
        path = [index]
        node = self
        while node.parent is not None:
            path.append(node.index)
            node = node.parent
        return self.run.add_failure(error, tuple(reversed(path)))

    def set_result(self, index, value):
        self.results[index] = value
        if self.watch is not None:
            self.watch(index, value)

    def needs_values(self):
        """Whether the native results hold something that Python does not know yet."""
        children = [child for number, _index, child in self.children if number is not None]
        return bool(self.natives or (children and self.collect)) or any(
            child.wants_values for child in children
        )


@functools.lru_cache(None)
def _defaults():
    """The properties that a batch hands over to its plan, and what they are by default."""
    return {
        p.name: GObject.Object.get_property(kind.new(), p.name)
        for kind in (Ah.Serial, Ah.Parallel)
        for p in kind.list_properties()
        if p.flags & GObject.ParamFlags.WRITABLE and p.name != "home"
    }


class Plan:
    """The native batches of one run at a time."""

    def __init__(self, batch, watched):
        self.watched = watched
        # Without recursion: batches may be nested deeper than Python recurses.
        self.nodes = []
        self.parents = []  # of each; nodes know them only where it matters, or there were a cycle
        todo = [Node(batch, None, 0, watched)]
        while todo:
            node = todo.pop()
            self._check_cycle(node)
            self.nodes.append(node)
            self.parents.append(node.parent)
            todo.extend(node.build())

    @staticmethod
    def _check_cycle(node):
        outer = node.parent
        while outer is not None:
            if outer.batch is node.batch:
                raise cycle_error()
            outer = outer.parent

    @property
    def native(self):
        return self.nodes[0].native

    def has_coroutines(self):
        return any(isinstance(part, Coroutines) for node in self.nodes for part in node.parts)

    @classmethod
    def take(cls, batch, run, watch=None):
        """A plan that is ready for @run."""
        plan = None
        while plan is None and batch._plans and watch is None:
            try:
                plan = batch._plans.pop()
            except IndexError:
                break
            plan.nodes[0].batch = batch
            if not all(node.is_current() for node in plan.nodes):
                plan = None
        if plan is None:
            plan = cls(batch, watch is not None)
        for node, parent in zip(plan.nodes, plan.parents):
            node.parent = parent
            node.begin(run)
        plan.nodes[0].watch = watch
        return plan

    def release(self):
        """Ends the use of it, and keeps it for the batch's next run."""
        batch = self.nodes[0].batch
        for node in self.nodes:
            node.end()
        # The batch keeps the plan, so the plan must not keep the batch.
        self.nodes[0].batch = None
        if not self.watched and len(batch._plans) < MAX_SPARE:
            batch._plans.append(self)


def collect(top, value):
    """The results of @top, a node, whose native results are @value."""
    nodes = [top]
    for node in nodes:
        # Those without a native index were collected when they ended.
        nodes.extend(child for number, _index, child in node.children if number is not None)
    for node in reversed(nodes):
        node.wants_values = node.needs_values()
        node.values = None

    top.values = value
    for node in nodes:
        node_values = None
        if node.wants_values and node.values is not None:
            node_values = node.values.get_values()
        _fill(node, node_values)
        node.values = None
    return top.results


def _fill(node, values):
    results = node.results
    if values is not None:
        for native_index, index in node.natives:
            results[index] = node.run.value_of(values[native_index])
    for native_index, index, child in node.children:
        if native_index is None:
            continue  # it was seen when it ended
        value = values[native_index] if values is not None else None
        if isinstance(value, GLib.Error):
            results[index] = node.run.exception_of(value)
        else:
            child.values = value
            results[index] = child.results
    if node.has_own:
        results[:1] = results[0]
