// SPDX-License-Identifier: LGPL-2.1-or-later

// Waiting for runs.

/* exported block, checkCanWait */

const {Ah, GLib} = imports.gi;
const {DEFAULT, raw} = imports.overrides._ah.raw;
const {Run, begin} = imports.overrides._ah.run;

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

/** Runs, waits, and gives the value. */
function block(job, cancellable) {
    const loop = Ah.IdleEventLoop.enter();

    try {
        const run = new Run(job);

        if (run.hasForeignHome && GLib.main_depth() > 0) {
            run.drop();
            throw new GLib.Error(Ah.RunError, Ah.RunError.HOME, 'There is an Ah.Function whose ' +
                'home cannot be dispatched in here: use run()');
        }

        const context = loop.get_context();
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
    } finally {
        loop.leave();
    }
}
