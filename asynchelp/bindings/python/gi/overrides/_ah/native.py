# SPDX-License-Identifier: LGPL-2.1-or-later

"""The library as introspection offers it, and what its values and errors become in Python."""

import functools

from gi.module import get_introspection_module
from gi.repository import Gio, GLib, GObject

Ah = get_introspection_module("Ah")

# The domain of errors that stand for a Python exception on their way through C. The code is the
# exception's number in its run.
PYTHON_ERROR = "ah-python-error-quark"


def cancelled_error():
    """What a run that was cancelled ends with."""
    return GLib.Error.new_literal(
        Gio.io_error_quark(), "The run was cancelled", Gio.IOErrorEnum.CANCELLED
    )


@functools.lru_cache(None)
def _cycle():
    """A batch inside itself."""
    outer, inner = Ah.Serial.new(), Ah.Serial.new()
    Ah.Batch.schedule(outer, inner)
    Ah.Batch.schedule(inner, outer)
    return outer


def cycle_error():
    """What the library says of a batch inside itself, in the user's language."""
    try:
        Ah.block(_cycle(), None)
    except GLib.Error as error:
        return error.with_traceback(None)
    raise AssertionError("a batch inside itself ran")


def without_success(value):
    """The out value of a call that returns TRUE, which some versions of PyGObject leave in."""
    if isinstance(value, tuple):
        _success, value = value
    return value


def to_python(value):
    """Results of a native batch as a list; any other value is what it is."""
    # A loop, since batches may be nested deeper than Python recurses.
    top = [value]
    todo = [(top, 0)]
    while todo:
        place, index = todo.pop()
        item = place[index]
        if isinstance(item, Ah.Results):
            place[index] = values = list(item.get_values())
            todo.extend((values, i) for i, v in enumerate(values) if isinstance(v, Ah.Results))
    return top[0]


def to_value(value):
    """A GValue that holds any Python object as it is."""
    return GObject.Value(GObject.TYPE_PYOBJECT, value)
