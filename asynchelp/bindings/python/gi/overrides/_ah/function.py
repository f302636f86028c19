# SPDX-License-Identifier: LGPL-2.1-or-later

"""Ah.Function in Python."""

from gi.overrides import override
from gi.repository import GLib

from . import kinds
from .native import PYTHON_ERROR, Ah, to_value


@override
class Function(Ah.Function):
    """A function as an object: it can be scheduled in batches, and has a name.

    Python's own functions need none of this: schedule() takes them as they are.
    """

    __module__ = "gi.overrides.Ah"

    @staticmethod
    def new_blocking(func, *args):
        """A blocking function: func(cancellable, *args) gives its value."""
        kinds.check_called_in_c(func)
        function = Ah.Function.new_blocking(_call, func, args)
        function._ah_job = (kinds.CALL_CANCELLABLE, func, args, {})
        return function

    @staticmethod
    def new_async(func, *args):
        """An async function: func(task, *args) starts it, and the task ends it later."""
        kinds.check_called_in_c(func)
        function = Ah.Function.new_async(_begin, func, args)
        function._ah_job = (kinds.TASK, func, args, {})
        return function


# For whoever runs it from C, where an exception cannot stay the same object.


def _call(cancellable, func, args):
    try:
        value = func(cancellable, *args)
    except GLib.Error:
        raise
    except BaseException as error:
        failure = _as_error(error)
    else:
        return None if value is None else to_value(value)
    raise failure


def _begin(task, func, args):
    try:
        func(task, *args)
    except GLib.Error as error:
        task.return_error(error)
    except BaseException as error:
        task.return_error(_as_error(error))


def _as_error(error):
    return GLib.Error(f"{type(error).__name__}: {error}", PYTHON_ERROR, 0)
