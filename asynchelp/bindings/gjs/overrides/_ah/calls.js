// SPDX-License-Identifier: LGPL-2.1-or-later

// The functions of the namespace.

/* exported install */

const {Ah, GLib} = imports.gi;
const {define} = imports.overrides._ah.batch;
const Blocking = imports.overrides._ah.blocking;
const Errors = imports.overrides._ah.errors;
const Introspected = imports.overrides._ah.introspected;
const Jobs = imports.overrides._ah.jobs;
const {raw} = imports.overrides._ah.raw;
const Runs = imports.overrides._ah.run;
const Twins = imports.overrides._ah.twins;

const AsyncFunction = (async () => {}).constructor;

function start(...all) {
    const [options, func, args] = Jobs.takeOptions(all);

    return Runs.begin(new Runs.Run(Jobs.jobOf(func, args, options)), options.cancellable);
}

/** A job as a promise. What is wrong with it is an exception, as it is with a direct call. */
function run(job, cancellable) {
    if (job.native && !job.batch)
        return Runs.callNative(job, cancellable);

    const theRun = new Runs.Run(job);

    Runs.launch(theRun, cancellable);
    return Runs.result(theRun);
}

/** Only what is known not to need promises before it is called. */
function blockOn(job, cancellable) {
    if (job.func instanceof AsyncFunction && GLib.main_depth() > 0) {
        throw new TypeError('an async function cannot be waited for in here, since what settles ' +
            'its promise would never run: use “await Ah.run()”');
    }
    return Blocking.block(job, cancellable);
}

function toAsync(func) {
    if (func instanceof Ah.Function || func instanceof AsyncFunction)
        return func;
    // Refused here, and not where it is called.
    if (typeof func !== 'function' || func.$gtype)
        Jobs.jobOf(func, []);
    if (Introspected.isIntrospected(func)) {
        const description = Introspected.describe(func);
        if (!description.isAsync)
            description.check();
        return function (...args) {
            const all = description.isMethod ? [this, ...args] : args;
            return run(Jobs.jobOfIntrospected(description, all, null), null);
        };
    }
    return function (...args) {
        return run(Jobs.jobOf(func, args, {}, this ?? null), null);
    };
}

function toBlocking(func) {
    if (func instanceof Ah.Function)
        return raw.toBlocking(func);
    if (typeof func !== 'function' || func.$gtype)
        Jobs.jobOf(func, []);
    if (Introspected.isIntrospected(func)) {
        const description = Introspected.describe(func);
        if (!description.isAsync)
            return func;
        return function (...args) {
            const all = description.isMethod ? [this, ...args] : args;
            return blockOn(Jobs.jobOfIntrospected(description, all, null), null);
        };
    }
    if (!(func instanceof AsyncFunction) && !Introspected.isPromisified(func))
        return func;
    return function (...args) {
        return blockOn(Jobs.jobOf(func, args, {}, this ?? null), null);
    };
}

function queueBackgroundThread(...all) {
    const [options, func, args] = Jobs.takeOptions(all);
    const job = Jobs.jobOf(func, args, options);

    if (options.cancellable)
        throw new TypeError('what runs in the background is cancelled by its future');
    if (!Twins.isForWorkers(job)) {
        throw new TypeError('a JavaScript function cannot run in a background thread, nor can ' +
            'what calls one back: use Ah.run()');
    }
    return Runs.beginInBackground(new Runs.Run(job));
}

function idleEventLoop(callback) {
    if (typeof callback !== 'function' || callback instanceof AsyncFunction) {
        throw new TypeError('idle_event_loop() takes a function that has done its work when it ' +
            'returns');
    }

    const loop = Ah.IdleEventLoop.enter();
    try {
        const value = callback(loop.get_context());
        if (typeof value?.then === 'function')
            throw new TypeError('the loop is left now, and what settles promises never ran in it');
        return value;
    } finally {
        loop.leave();
    }
}

function install() {
    define(Ah, {
        start,
        run(...all) {
            const [options, func, args] = Jobs.takeOptions(all);
            return run(Jobs.jobOf(func, args, options), options.cancellable);
        },
        block(...all) {
            const [options, func, args] = Jobs.takeOptions(all);
            return blockOn(Jobs.jobOf(func, args, options), options.cancellable);
        },
        run_async(func, cancellable, callback) {
            const future = start({cancellable}, func);
            const end = () => callback?.(null, future);
            future[Runs.RUN].whenEnded(end, end);
        },
        run_finish(future) {
            return future[Runs.RUN].take();
        },
        to_async: toAsync,
        to_blocking: toBlocking,
        queue_background_thread: queueBackgroundThread,
        idle_event_loop: idleEventLoop,
        current_cancellable: Jobs.currentCancellable,
        failed_index: Errors.failedIndex,
    });
}
