# SPDX-License-Identifier: LGPL-2.1-or-later

"""What gi/overrides/Ah.py is made of. Nothing here is for users: they import Ah.

native.py      the library as introspection offers it
kinds.py       what a callable is: blocking, a coroutine function, a batch, an asynchronous call
gio.py         existing …_async calls
loops.py       idle event loops, and threads with an asyncio loop or a main context
exits.py       waiting for what runs when the interpreter exits
interrupts.py  Ctrl-C while the main thread blocks
plan.py        the native batches that carry out one run at a time of a batch
coroutines.py  coroutine functions of a plan
run.py         one run of a batch
batch.py       methods of batches, functions and futures
calls.py       run, block, to_async, to_blocking, start, queue_background_thread
"""
