// SPDX-License-Identifier: LGPL-2.1-or-later

// How C calls JavaScript: through functions that stay, since each that is handed over anew costs
// GJS some memory for good, and since what C holds keeps everything alive that it reaches.

/* exported Slot, Watch, placeholder */

const {Ah, GLib} = imports.gi;
const {DEFAULT, connect, disconnect, raw} = imports.overrides._ah.raw;

const MAX_FREE_SLOTS = 256;
const freeSlots = [];

/** An async function of C for one job of one run; then for another one. */
var Slot = class Slot {
    constructor(home) {
        this.isKept = home === null;
        this.native = raw.newAsync(task => this.run.call(this, task));
        raw.setHome.call(this.native, home ?? DEFAULT);
    }

    static take(home, run, job, report) {
        const slot = (home === null ? freeSlots.pop() : null) ?? new Slot(home);

        Object.assign(slot, {run, job, report});
        return slot;
    }

    give() {
        this.run = this.job = this.report = null;
        if (this.isKept && freeSlots.length < MAX_FREE_SLOTS)
            freeSlots.push(this);
    }
};

// What C finds in a batch in the place of what only JavaScript knows.
var placeholder = raw.newAsync(task => task.return_error(new GLib.Error(Ah.RunError,
    Ah.RunError.HOME, 'There are JavaScript functions in this batch, or other batches: only ' +
    'JavaScript can run it')));
raw.setHome.call(placeholder, DEFAULT);

/** Those calls of one run that have to be told when it is cancelled. */
var Watch = class Watch {
    constructor(home, cancellable, watches) {
        this.calls = new Set();
        this.home = home;
        this.cancellable = cancellable;
        this.watches = watches;
        // Emitted in a dispatch of the home, as this run's own cancellable is nobody else's.
        this.id = connect.call(cancellable, 'cancelled', () => this.onCancelled());
        watches.set(cancellable, this);
    }

    /** Not inside the signal: the library may be holding the cancellable, and ends the run here. */
    onCancelled() {
        const source = GLib.idle_source_new();

        source.set_priority(GLib.PRIORITY_HIGH);
        source.set_callback(() => {
            for (const call of [...this.calls])
                call();
            return GLib.SOURCE_REMOVE;
        });
        source.attach(this.home ?? DEFAULT);
    }

    remove(call) {
        this.calls.delete(call);
        if (this.calls.size === 0 && this.id !== 0) {
            disconnect.call(this.cancellable, this.id);
            this.id = 0;
            this.watches.delete(this.cancellable);
        }
    }
};
