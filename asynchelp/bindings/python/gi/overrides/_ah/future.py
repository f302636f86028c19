# SPDX-License-Identifier: LGPL-2.1-or-later

"""Ah.Future in Python: what Ah.start() gives."""

import asyncio

from gi.overrides import override
from gi.repository import Gio, GLib

from . import exits
from .background import Single
from .interrupts import wait_interruptibly
from .native import Ah, to_python, without_success
from .plan import current_cancellable
from .run import failed_index, waiting_here


@override
class Future(Ah.Future):
    """A started run: it can be followed, cancelled, waited for and awaited."""

    __module__ = "gi.overrides.Ah"

    _ah_run = None
    _ah_single = False
    _ah_traceback = None
    _ah_notifies = False  # whatever the one who waits does

    def _outcome(self):
        self._ah_run.settle(self)
        results, error = self._ah_run.outcome
        if error is None:
            return results
        if self._ah_traceback is None:
            # Else it would become longer each time.
            self._ah_traceback = (error.__traceback__,)
        try:
            raise error.with_traceback(*self._ah_traceback)
        finally:
            del error

    def get_value(self):
        """What the function returned, or the list of a batch; raises what it raised."""
        if self._ah_run is None or not self.get_done():
            return to_python(without_success(Ah.Future.get_value(self)))
        results = self._outcome()
        return results[0] if self._ah_single else results

    def get_results(self):
        """The list of what the functions of a batch returned."""
        if self._ah_run is None or not self.get_done():
            return [to_python(value) for value in Ah.Future.get_results(self)]
        return self._outcome()

    def get_failed_index(self):
        """The index of the function that failed first, or -1."""
        if self._ah_run is None:
            return Ah.Future.get_failed_index(self)
        if not self.get_done():
            return -1
        self._ah_run.settle(self)
        index = failed_index(self._ah_run.outcome[1])
        return -1 if index is None else index

    def wait(self, cancellable=None):
        """Waits until the run has ended; @cancellable ends only the waiting, and so does Ctrl-C."""
        if self.get_done():
            return True
        exits.check()
        if self._ah_run is not None and self._ah_run.needs(asyncio._get_running_loop()):
            raise GLib.Error.new_literal(
                Gio.io_error_quark(),
                "Waiting would stop the asyncio loop that the run needs: await the future instead",
                Gio.IOErrorEnum.WOULD_BLOCK,
            )
        return wait_interruptibly(lambda own: Ah.Future.wait(self, own), cancellable)

    def result(self):
        """Waits, and returns the value, or raises what the function raised."""
        self.wait()
        return self.get_value()

    def __await__(self):
        return self._wait_here().__await__()

    def _wait_in_worker(self):
        # Who is cancelled while awaiting ends this wait, and not the run.
        return Ah.Future.wait(self, current_cancellable())

    async def _wait_here(self):
        if not self.get_done():
            waiting = waiting_here()
            if waiting is None:
                self.wait()
            elif not self._ah_notifies:
                # Its context may be one that nobody iterates now.
                single = Single(self._wait_in_worker, (), {}, waiting.wake)
                await waiting.wait(single)
                single.take_outcome()
            else:
                handler = self.connect("notify::done", lambda *_unused: waiting.wake())
                try:
                    if not self.get_done():
                        await waiting.event.wait()
                finally:
                    self.disconnect(handler)
        return self.get_value()
