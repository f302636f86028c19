# SPDX-License-Identifier: LGPL-2.1-or-later

"""asynchelp in Python: any mix of blocking and async functions, in parallel or in series.

"from gi.repository import Ah" finds this. See docs/python.md.
"""

# The order counts: a class derives from what stands for its parent when it is made.
from ._ah.function import Function
from ._ah.batch import Batch, Parallel, Serial
from ._ah.future import Future
from ._ah import optional
from ._ah.calls import block, queue_background_thread, run, start, to_async, to_blocking
from ._ah.loops import idle_event_loop
from ._ah.plan import current_cancellable
from ._ah.run import failed_index, failed_path

__all__ = [
    "Batch",
    "Function",
    "Future",
    "Parallel",
    "Serial",
    "block",
    "current_cancellable",
    "failed_index",
    "failed_path",
    "idle_event_loop",
    "queue_background_thread",
    "run",
    "start",
    "to_async",
    "to_blocking",
    *optional.names,
]

for name in optional.names:
    globals()[name] = getattr(optional, name)
