# SPDX-License-Identifier: LGPL-2.1-or-later

"""Ah.Batch and its kinds in Python."""

import threading
from types import FunctionType

from gi.overrides import override
from gi.repository import Gio, GLib

from . import kinds
from .native import Ah, without_success
from .run import News, Run, waiting_here

_lock = threading.Lock()


def _refuse(*_unused):
    raise GLib.Error.new_literal(
        Gio.io_error_quark(),
        "The functions of this batch are Python's: it can be run from Python only",
        Gio.IOErrorEnum.NOT_SUPPORTED,
    )


# What stands in the C object for functions that Python keeps: there are as many, when somebody
# asks; and whoever runs the object from C is told, instead of finding it empty.
_stand_in = Ah.Function.new_blocking(_refuse)
_native_props = next(vars(k)["props"] for k in Ah.Function.__mro__ if "props" in vars(k))


class _Props:
    """batch.props, where n_functions is right."""

    def __get__(self, batch, kind=None):
        if batch is not None:
            batch._sync()
        return _native_props.__get__(batch, kind)


def _check_property(name, value):
    if isinstance(value, float):
        # Else it would be cut off: a timeout of half a second would be none at all.
        raise TypeError(f"{name} is a whole number, and not {value!r}")
    if name in ("error-policy", "error_policy") and isinstance(value, int):
        Ah.ErrorPolicy(value)  # raises what PyGObject would hide in a SystemError


def _attribute(name, doc):
    """A property of the C object as an attribute."""

    def get(batch):
        return Ah.Batch.get_property(batch, name)

    def change(batch, value):
        _check_property(name, value)
        Ah.Batch.set_property(batch, name, value)

    return property(get, change, doc=doc)


@override
class Batch(Ah.Batch):
    """An ordered list of functions, blocking and async mixed, that runs as one.

    Its kinds are Ah.Parallel and Ah.Serial. It can be run any number of times, also at the same
    time, and a batch can be scheduled in another one. Properties can be given as keyword arguments,
    and are attributes: error_policy, timeout (in milliseconds), priority, pool, strand, run_now;
    for Ah.Parallel also max_concurrency.
    """

    __module__ = "gi.overrides.Ah"

    props = _Props()
    error_policy = _attribute("error-policy", "Ah.ErrorPolicy: what a failure means for others.")
    timeout = _attribute("timeout", "After how many milliseconds a run is ended; 0: never.")
    priority = _attribute("priority", "Of callbacks, as in GLib.")
    pool = _attribute("pool", "The Ah.ThreadPool of the blocking functions; None: the default one.")
    strand = _attribute("strand", "The Ah.Strand of the blocking functions, or None.")
    run_now = _attribute("run-now", "Whether a run fails that would have to wait for a thread.")
    _jobs = None
    _plans = ()
    _n_stand_ins = 0

    def __init__(self, **properties):
        for name, value in properties.items():
            _check_property(name, value)
        super().__init__(**properties)

    def _get_jobs(self):
        jobs = self._jobs
        return self._prepare() if jobs is None else jobs

    def _prepare(self):
        """At the first use. What C had scheduled before is a job of its own."""
        with _lock:
            if self._jobs is None:
                self._plans = []
                jobs = []
                if Ah.Batch.get_n_functions(self):
                    jobs.append((kinds.OWN, None, (), {}))
                self._jobs = jobs
        return self._jobs

    def _sync(self):
        """Makes the C object count the functions that Python keeps."""
        jobs = self._get_jobs()
        if jobs and jobs[0][0] == kinds.OWN:
            return
        with _lock:
            while self._n_stand_ins < len(jobs):
                self._n_stand_ins += 1
                Ah.Batch.schedule(self, _stand_in)

    def schedule(self, func, /, *args, **kwargs):
        """Adds a function at the end, with the arguments to call it with; returns the batch.

        It may be a function, a coroutine function, a partial of either, another batch or its run
        or block, an Ah.Function, or an asynchronous call of a library, such as
        Gio.File.load_contents_async, without its cancellable and callback.
        """
        jobs = self._jobs
        if not jobs:
            jobs = self._begin_jobs()
        # As in kinds.is_plain(), and here for speed.
        if (
            type(func) is FunctionType
            and not func.__code__.co_flags & kinds.CO_UNUSUAL
            and not func.__dict__
        ):
            jobs.append((kinds.CALL, func, args, kwargs))
            return self

        job = kinds.describe(func, args, kwargs)
        if job[1] is self:
            raise ValueError("a batch cannot be scheduled inside itself")
        jobs.append(job)
        return self

    def _begin_jobs(self):
        jobs = self._get_jobs()
        if not jobs and not self._n_stand_ins:
            self._n_stand_ins = 1
            Ah.Batch.schedule(self, _stand_in)
        return jobs

    def schedule_blocking(self, func, /, *args):
        """Adds a blocking function that gets the run's Gio.Cancellable before the arguments."""
        kinds.check_called_in_c(func)
        (self._jobs or self._begin_jobs()).append((kinds.CALL_CANCELLABLE, func, args, {}))
        return self

    def schedule_async(self, func, /, *args):
        """Adds an async function as in C: it gets a Gio.Task, and ends it, now or later.

        It is called on a main context: that of Ah.start(), the calling thread's in block(), or one
        in a thread of its own for a coroutine that awaits.
        """
        kinds.check_called_in_c(func)
        (self._jobs or self._begin_jobs()).append((kinds.TASK, func, args, {}))
        return self

    def schedule_shared(self, *_unused):
        """For bindings: what it does, schedule() does in Python."""
        raise TypeError("schedule_shared() is for bindings of languages: use schedule()")

    @classmethod
    def map(cls, func, /, *iterables, **properties):
        """A batch in which @func is scheduled for each item, as in map(); to be run or blocked on.

        Keyword arguments are properties of the batch.
        """
        if not iterables:
            raise TypeError("map() needs something to iterate over: map(f, items)")
        batch = cls(**properties)
        for args in zip(*iterables):
            batch.schedule(func, *args)
        return batch

    async def run(self, cancellable=None):
        """Runs the functions, and gives the list of what they returned, in their order.

        In a task of asyncio, coroutine functions run on its loop. Whoever is cancelled while
        awaiting cancels the run, and waits until nothing of it is running any more.
        """
        return await Run(self, cancellable).wait()

    def block(self, cancellable=None):
        """Runs the functions, waits, and returns the list of what they returned, in their order."""
        return Run(self, cancellable).block()

    def run_async(self, cancellable, callback, *user_data):
        """Runs the functions; callback(batch, result, …) comes on the thread-default context."""
        run = Run(self, cancellable)

        def done(_source, result, *_unused):
            value = error = None
            try:
                value = without_success(Ah.run_finish(result))
            except GLib.Error as raised:
                error = raised
            run._end(value, error)
            result._ah_run = run
            if callback is not None:
                callback(self, result, *user_data)

        Ah.run_async(run.plan.native, run.cancellable, done)

    def run_finish(self, result):
        """The outcome of run_async()."""
        return result._ah_run.take_outcome()

    def get_n_functions(self):
        """How many functions are scheduled."""
        jobs = self._get_jobs()
        if jobs and jobs[0][0] == kinds.OWN:
            return Ah.Batch.get_n_functions(self) + len(jobs) - 1
        return len(jobs)

    def get_property(self, name):
        """The value of a property."""
        self._sync()
        return Ah.Batch.get_property(self, name)

    def __len__(self):
        return self.get_n_functions()

    def __bool__(self):
        # An object, and not only a container: an empty batch is there all the same.
        return True

    async def as_completed(self, cancellable=None):
        """Runs the functions, and gives (index, value) of each, in the order of their ends.

        To be used as "async for index, value in batch.as_completed()". Leaving early cancels the
        run; with "contextlib.aclosing" that is waited for, too.
        """
        news = News(waiting_here())
        run = Run(self, cancellable, news.add)
        if news.waiting is None:
            # Nobody known drives this: then it blocks, and the order is all that is left.
            try:
                results = run.block()
            finally:
                for item in news.take():
                    yield item
            del results
            return

        run.loop = news.waiting.loop
        run.begin(news.end)
        try:
            while not news.ended:
                await news.wait()
                for item in news.take():
                    yield item
        finally:
            await news.wait_for_end(run)
        for item in news.take():
            yield item
        run.take_outcome()


@override
class Parallel(Ah.Parallel):
    """A batch whose functions run at the same time, up to max_concurrency of them (0: no limit)."""

    __module__ = "gi.overrides.Ah"
    max_concurrency = _attribute("max-concurrency", "How many functions run at once; 0: no limit.")


@override
class Serial(Ah.Serial):
    """A batch whose functions run one after the other, in the order of scheduling."""

    __module__ = "gi.overrides.Ah"
