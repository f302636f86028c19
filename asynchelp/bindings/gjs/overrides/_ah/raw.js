// SPDX-License-Identifier: LGPL-2.1-or-later

// What the library is called by in these files: batch.js, calls.js and safety.js replace what
// programs see. So this is imported before they do.

/* exported DEFAULT, connect, disconnect, isSameContext, raw */

const {Ah, GLib, GObject} = imports.gi;

var raw = {
    start: Ah.start,
    queueBackgroundThread: Ah.queue_background_thread,
    toBlocking: Ah.to_blocking,
    runAsync: Ah.run_async,
    runFinishValues: Ah.run_finish_values,
    newAsync: Ah.Function.new_async,
    setHome: Ah.Function.prototype.set_home,
    schedule: Ah.Batch.prototype.schedule,
    getNFunctions: Ah.Batch.prototype.get_n_functions,
    cancel: Ah.Future.prototype.cancel,
    wait: Ah.Future.prototype.wait,
    getDone: Ah.Future.prototype.get_done,
    getValues: Ah.Future.prototype.get_values,
    getResults: Ah.Future.prototype.get_results,
    getFailedIndex: Ah.Future.prototype.get_failed_index,
};

// Of all objects: some have methods of their own with these names.
var {connect, disconnect} = GObject.Object.prototype;

// The wrappers of contexts are many for each.
var DEFAULT = GLib.MainContext.default();

function isSameContext(one, other) {
    const address = context => /native@\w+/.exec(String(context))[0];

    return address(one) === address(other);
}
