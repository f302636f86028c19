# SPDX-License-Identifier: LGPL-2.1-or-later

"""Existing asynchronous calls, such as Gio.File.load_contents_async, as functions.

The cancellable and the callback are the run's; the finish function is found by its name.
"""

import importlib

from gi.repository import GLib


def _parameters(call):
    """The names of those that are for the run: (cancellable, callback, priority), or None each."""
    cancellable = callback = priority = None
    for argument in call.get_arguments():
        name = argument.get_name()
        interface = argument.get_type().get_interface() if hasattr(argument, "get_type") else None
        interface_name = interface.get_name() if interface is not None else ""
        if interface_name == "AsyncReadyCallback":
            callback = name
        elif interface_name == "Cancellable":
            cancellable = name
        elif name == "io_priority":
            priority = name
    return cancellable, callback, priority


def is_async_call(call):
    """Whether it takes a GAsyncReadyCallback."""
    return _parameters(call)[1] is not None


def start(call, args, kwargs, cancellable, done):
    """Makes the call. When it has ended, done(value, None) or done(None, exception)."""
    cancellable_name, callback_name, priority_name = _parameters(call)

    def on_ready(source, result, *_unused):
        try:
            value = _finish_of(call, source)(result)
        except BaseException as error:
            done(None, error)
        else:
            done(value, None)

    kwargs = dict(kwargs)
    kwargs[callback_name] = on_ready
    if cancellable_name is not None and cancellable_name not in kwargs:
        kwargs[cancellable_name] = cancellable
    try:
        call(*args, **kwargs)
    except TypeError:
        # Wrong arguments are found before anything is called. A priority may be left out.
        if priority_name is None or priority_name in kwargs:
            raise
        kwargs[priority_name] = GLib.PRIORITY_DEFAULT
        call(*args, **kwargs)


def _finish_of(call, source):
    name = call.get_name()
    stem = name[: -len("_async")] if name.endswith("_async") else name
    finish = getattr(call, "get_finish_func", lambda: None)()
    finish_name = finish.get_name() if finish is not None else stem + "_finish"

    container = call.get_container()
    if source is not None and (call.is_method() or hasattr(source, finish_name)):
        return getattr(source, finish_name)
    namespace = importlib.import_module("gi.repository." + call.get_namespace())
    if container is not None:
        namespace = getattr(namespace, container.get_name())
    return getattr(namespace, finish_name)
