# SPDX-License-Identifier: LGPL-2.1-or-later

"""What newer versions of the C library have: blocking regions, strands, ah_invoke()."""

import contextvars

from gi.overrides import override

from . import kinds
from .interrupts import wait_interruptibly
from .native import Ah
from .plan import current_cancellable

names = []

if hasattr(Ah, "blocking_begin"):

    class blocking:
        """Says "here I block": while a function is in there, another worker takes its place."""

        def __enter__(self):
            Ah.blocking_begin()
            return self

        def __exit__(self, *_error):
            Ah.blocking_end()
            return False

    names.append("blocking")

if hasattr(Ah, "Strand"):

    @override
    class Strand(Ah.Strand):
        """Functions of one strand never run at the same time; "with strand:" waits for its turn."""

        __module__ = "gi.overrides.Ah"

        def enter(self, cancellable=None):
            """Waits for its turn; in the main thread Ctrl-C ends the waiting, too."""
            return wait_interruptibly(
                lambda own: Ah.Strand.enter(self, own), cancellable, undo=self.leave
            )

        def __enter__(self):
            self.enter()
            return self

        def __exit__(self, *_error):
            self.leave()
            return False

    names.append("Strand")

if hasattr(Ah, "invoke"):

    def invoke(context, func, /, *args, **kwargs):
        """Calls a function inside a main context, from any thread, and returns what it returns."""
        kinds.check_called_in_c(func)
        variables = contextvars.copy_context()
        outcome = []

        def call(_cancellable, *_unused):
            try:
                outcome.append((variables.run(func, *args, **kwargs), None))
            except BaseException as error:
                outcome.append((None, error))

        wait_interruptibly(
            lambda cancellable: Ah.invoke(context, call, None, cancellable), current_cancellable()
        )
        value, error = outcome.pop()
        try:
            if error is not None:
                raise error
            return value
        finally:
            del error

    names.append("invoke")
