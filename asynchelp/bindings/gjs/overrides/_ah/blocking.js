// SPDX-License-Identifier: LGPL-2.1-or-later

// Waiting for runs.

/* exported block, checkCanWait */

const {Ah, GLib} = imports.gi;
const {DEFAULT, raw} = imports.overrides._ah.raw;
const {Run, begin} = imports.overrides._ah.run;
const {Place} = imports.overrides._ah.slots;

/** Whether what settles promises can run inside @context: not where it is running already. */
function drainsPromises(context) {
    let isDrained = false;

    if (GLib.main_depth() > 0)
        return false;

    Promise.resolve().then(() => {
        isDrained = true;
    });
    // Their source goes first.
    for (let i = 0; i < 8 && !isDrained; i++)
        context.iteration(false);
    return isDrained;
}

/** Throws where waiting for a run in here would hang. */
function checkCanWait(run) {
    const context = GLib.MainContext.get_thread_default() ?? DEFAULT;

    if (GLib.main_depth() === 0)
        run.mayWaitForPromises &&= drainsPromises(context);
}

// Contexts to wait in where the usual one is being dispatched, kept with their slots: what is at
// home in a context has to be freed there, and nobody runs one that was given up.
const spare = [];

const MAX_LAST_ITERATIONS = 100;

/** Calls back with a place whose context can be iterated. */
function withPlace(callback) {
    if (GLib.main_depth() === 0) {
        const loop = Ah.IdleEventLoop.enter();
        try {
            return callback(Place.ofThread());
        } finally {
            loop.leave();
        }
    }

    const place = spare.pop() ?? new Place(GLib.MainContext.new());
    place.context.push_thread_default();
    try {
        return callback(place);
    } finally {
        for (let i = 0; i < MAX_LAST_ITERATIONS && place.context.iteration(false); i++)
            ;
        place.context.pop_thread_default();
        spare.push(place);
    }
}

/** Runs, waits, and gives the value. */
function block(job, cancellable) {
    return withPlace(place => blockIn(place, job, cancellable));
}

function blockIn(place, job, cancellable) {
    const context = place.context ?? DEFAULT;
    const run = new Run(job, null, place);

    if (run.hasForeignHome && GLib.main_depth() > 0) {
        run.drop();
        throw new GLib.Error(Ah.RunError, Ah.RunError.HOME, 'There is an Ah.Function whose ' +
            'home cannot be dispatched in here: use run()');
    }
    if (run.needsLoop)
        run.mayWaitForPromises = drainsPromises(context);

    const future = begin(run, cancellable);
    if (run.needsLoop || run.hasForeignHome) {
        while (!raw.getDone.call(future))
            context.iteration(true);
    } else {
        raw.wait.call(future, null);
    }
    run.end();
    return run.take();
}
