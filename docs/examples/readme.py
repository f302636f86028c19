# SPDX-License-Identifier: LGPL-2.1-or-later

import gi
gi.require_version("Ah", "1")
from gi.repository import Ah, GLib


def count_bytes(cancellable, path):
    """A blocking function: runs in a worker, and returns when its work is done."""
    with open(path, "rb") as stream:
        return len(stream.read())


def alarm_clock(task, text):
    """An async function: starts something on the main context, and ends its task later."""
    timeout = GLib.timeout_source_new(100)
    timeout.set_callback(lambda _: task.return_value(text))
    timeout.attach(task.get_context())


batch = Ah.Parallel()
batch.schedule_blocking(count_bytes, __file__)
batch.schedule_async(alarm_clock, "ring")
print("{} bytes, {}".format(*batch.block(None)))
