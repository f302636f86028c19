# SPDX-License-Identifier: LGPL-2.1-or-later

"""What runs when the interpreter exits is waited for, as concurrent.futures does; and forks.

A thread that comes into Python while the interpreter goes down hangs or crashes. So, in this order:
when the main thread has ended, background work is waited for, and runs that it has started and
nobody blocks on are cancelled, since nobody serves its loops any more. Threads of the program go on
as long as they like, and everything works for them. When they have ended, the same is done for what
they have left, functions that are being executed are waited for, and from then on none begins.

In a child of os.fork() none of the threads is there.
"""

import atexit
import os
import threading

_condition = threading.Condition(threading.Lock())
_n_background = 0
_n_inside = 0
_runs = {}  # each with the number of the thread that has started it
_finishers = []
_closed = False
_used = False
_forked = False


def check():
    """Raises where nothing can run any more; called before anything is given to a thread."""
    global _used
    if _closed:
        raise closed_error()
    if _forked:
        raise RuntimeError(
            "this is a child of os.fork(), and the library's threads are in its parent: start the "
            "process by multiprocessing's 'spawn' or 'forkserver' instead"
        )
    _used = True


def closed_error():
    return RuntimeError("the interpreter exits, and no function begins any more")


def add_background():
    """Counts background work, which the interpreter's exit then waits for."""
    global _n_background
    check()
    with _condition:
        if _closed:
            raise closed_error()
        _n_background += 1


def remove_background():
    global _n_background
    with _condition:
        _n_background -= 1
        if _n_background == 0:
            _condition.notify_all()


def enter():
    """Whether the calling thread may execute functions; to be followed by leave()."""
    global _n_inside
    with _condition:
        if _closed:
            return False
        _n_inside += 1
        return True


def leave():
    global _n_inside
    with _condition:
        _n_inside -= 1
        if _n_inside == 0 and _closed:
            _condition.notify_all()


def add_run(run):
    """Keeps a run that nobody blocks on until it has ended, and cancels it at exit."""
    with _condition:
        _runs[run] = threading.get_ident()


def remove_run(run):
    with _condition:
        _runs.pop(run, None)


def at_exit(finish):
    """Calls @finish at exit, when no function is executed any more."""
    _finishers.append(finish)


def _main_thread_has_ended():
    main = threading.main_thread().ident
    with _condition:
        while _n_background:
            _condition.wait()
        runs = [run for run, thread in _runs.items() if thread == main]
    for run in runs:
        run.cancel()


def _exit():
    global _closed
    with _condition:
        while _n_background:
            _condition.wait()
        _closed = True
        runs = list(_runs)
    for run in runs:
        run.cancel()
    with _condition:
        while _n_inside:
            _condition.wait()
    for finish in _finishers:
        finish()


def _after_fork():
    global _condition, _n_background, _n_inside, _forked
    # Somebody else may have held it, and nobody is left who would let go of it.
    _condition = threading.Condition(threading.Lock())
    _n_background = _n_inside = 0
    _runs.clear()
    _finishers.clear()
    _forked = _used


# Where that is offered, before threads are joined: some of them may wait for what nobody serves.
getattr(threading, "_register_atexit", lambda _func: None)(_main_thread_has_ended)
atexit.register(_exit)
os.register_at_fork(after_in_child=_after_fork)
