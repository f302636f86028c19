# SPDX-License-Identifier: LGPL-2.1-or-later

"""What runs when the interpreter exits is waited for, as concurrent.futures does.

A thread that comes into Python while the interpreter goes down hangs or crashes. So, in this order:
background work is waited for; other runs are cancelled; functions of those that are being executed
are waited for; and from then on no function begins any more.
"""

import atexit
import threading

_condition = threading.Condition(threading.Lock())
_n_background = 0
_n_inside = 0
_runs = set()
_finishers = []
_closed = False


def add_background():
    """Counts background work, which the interpreter's exit then waits for."""
    global _n_background
    with _condition:
        if _closed:
            raise RuntimeError("cannot queue background work while the interpreter exits")
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
        _runs.add(run)


def remove_run(run):
    with _condition:
        _runs.discard(run)


def at_exit(finish):
    """Calls @finish at exit, when no function is executed any more."""
    _finishers.append(finish)


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


# Before threads are joined, where that is offered: atexit is too late for those that wait for work.
getattr(threading, "_register_atexit", atexit.register)(_exit)
