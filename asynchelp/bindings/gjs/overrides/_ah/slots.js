// SPDX-License-Identifier: LGPL-2.1-or-later

// How C calls JavaScript: through functions that stay, since each that is handed over anew costs
// GJS some memory for good, and since what C holds keeps everything alive that it reaches.

/* exported Place, Slot, Watch, placeholder */

const {Ah, GLib} = imports.gi;
const {DEFAULT, connect, disconnect, raw} = imports.overrides._ah.raw;

const MAX_FREE_SLOTS = 256;

/** A main context, and the slots at home there that are free. */
var Place = class Place {
    /** @context: null for the default one */
    constructor(context) {
        this.context = context;
        this.free = [];
    }

    static ofThread() {
        const context = GLib.MainContext.get_thread_default();

        return context === null ? Place.usual : new Place(context);
    }
};
Place.usual = new Place(null);

/** An async function of C for one job of one run; then for another one. */
var Slot = class Slot {
    constructor(place) {
        this.place = place;
        this.native = raw.newAsync(task => this.run.call(this, task));
        raw.setHome.call(this.native, place.context ?? DEFAULT);
    }

    static take(place, run, job, report) {
        const slot = place.free.pop() ?? new Slot(place);

        Object.assign(slot, {run, job, report});
        return slot;
    }

    give() {
        this.run = this.job = this.report = null;
        if (this.place.free.length < MAX_FREE_SLOTS)
            this.place.free.push(this);
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
