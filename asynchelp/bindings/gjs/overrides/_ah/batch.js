// SPDX-License-Identifier: LGPL-2.1-or-later

// Ah.Batch, Ah.Parallel, Ah.Serial and Ah.Future as JavaScript has them.

/* exported define, install */

const {Ah} = imports.gi;
const Blocking = imports.overrides._ah.blocking;
const Introspected = imports.overrides._ah.introspected;
const Jobs = imports.overrides._ah.jobs;
const {raw} = imports.overrides._ah.raw;
const Runs = imports.overrides._ah.run;
const Twins = imports.overrides._ah.twins;

const {RUN} = Runs;

const jobOfBatch = batch => Jobs.jobOf(Jobs.checkBatch(batch), []);

function schedule(...all) {
    const [options, func, args] = Jobs.takeOptions(all, false);
    const job = Jobs.jobOf(func, args, options);
    const state = Twins.getState(Jobs.checkBatch(this));

    state.jobs.push(job);
    state.isNative &&= job.native !== null && !job.batch;
    Twins.scheduleNatively(this, job);
    return this;
}

function start(batch, cancellable, report) {
    return Runs.begin(new Runs.Run(jobOfBatch(batch), report), Jobs.checkCancellable(cancellable));
}

function runAsync(cancellable, callback) {
    const future = start(this, cancellable);
    const end = () => callback?.(this, future);

    future[RUN].whenEnded(end, end);
}

async function* asCompleted(cancellable = null) {
    const ended = [];
    let wake = null;

    const future = start(this, cancellable, (index, value, isError) => {
        // An error that ends the run is thrown when it has ended.
        if (!isError || this.error_policy === Ah.ErrorPolicy.COLLECT)
            ended.push([index, value]);
        wake?.();
    });
    const end = () => wake?.();
    future[RUN].whenEnded(end, end);

    try {
        for (;;) {
            while (ended.length > 0)
                yield ended.shift();
            if (raw.getDone.call(future))
                break;
            await new Promise(resolve => {
                wake = resolve;
            });
        }
        // What ended last may have been told of only now.
        await Runs.result(future[RUN]);
        yield* ended;
    } finally {
        raw.cancel.call(future);
        await Runs.result(future[RUN]).catch(() => {});
    }
}

function map(func, items, ...rest) {
    const batch = new this();

    for (const item of items)
        batch.schedule(func, item, ...rest);
    return batch;
}

function define(object, methods) {
    for (const name of Reflect.ownKeys(methods)) {
        // What GJS has found already can be written, but not defined again.
        if (Object.prototype.hasOwnProperty.call(object, name)) {
            object[name] = methods[name];
        } else {
            Object.defineProperty(object, name,
                {value: methods[name], configurable: true, enumerable: false, writable: true});
        }
    }
}

/** Waits for a run that may need what settles promises. */
function wait(cancellable = null) {
    const run = this[RUN];

    if (run?.needsLoop && !raw.getDone.call(this))
        Blocking.checkCanWait(run);
    return raw.wait.call(this, cancellable);
}

function install() {
    define(Ah.Batch.prototype, {
        schedule,
        block(cancellable = null) {
            return Blocking.block(jobOfBatch(this), Jobs.checkCancellable(cancellable));
        },
        start(cancellable = null) {
            return start(this, cancellable);
        },
        run_async: runAsync,
        run_finish(future) {
            return future[RUN].take();
        },
        as_completed: asCompleted,
        [Symbol.asyncIterator]() {
            return this.as_completed();
        },
    });

    // Each batch has one of its own, so that it can be handed over without the batch.
    const prototypes = [Ah.Batch, Ah.Parallel, Ah.Serial].map(type => type.prototype);
    Object.defineProperty(Ah.Batch.prototype, 'run', {
        configurable: true,
        get() {
            if (prototypes.includes(this))
                return Jobs.runOfAny;

            const state = Twins.getState(Jobs.checkBatch(this));
            state.run ??= Jobs.addRun(
                (cancellable = null) => Runs.result(start(this, cancellable)[RUN]), this);
            return state.run;
        },
    });

    define(Ah.Parallel, {map});
    define(Ah.Serial, {map});

    define(Ah.Future.prototype, {
        result() {
            return Runs.result(this[RUN]);
        },
        get_results() {
            return this[RUN]?.job.batch
                ? this[RUN].take()
                : raw.getResults.call(this).map(Introspected.plain);
        },
        get_value() {
            return this[RUN] ? this[RUN].take() : Introspected.plain(raw.getValues.call(this)[0]);
        },
        wait,
    });
}
