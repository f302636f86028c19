// SPDX-License-Identifier: LGPL-2.1-or-later

// One run of a function or a batch.
//
// C cannot hold a JavaScript value, and a function that C holds keeps everything alive that it
// reaches. So a batch in C has a placeholder where a JavaScript function or a batch is scheduled,
// and each run is one of a twin of the batch, with slots and twins in the places of placeholders.
// Values and errors of JavaScript stay in arrays of the run; what travels through C are their
// indices.

/* exported RUN, Run, begin, beginInBackground, callNative, countActive, launch, result */

const {Ah, GLib} = imports.gi;
const {newCancelled, noteFailedIndex, textOf} = imports.overrides._ah.errors;
const Introspected = imports.overrides._ah.introspected;
const {Waits} = imports.overrides._ah.jobs;
const {connect, raw} = imports.overrides._ah.raw;
const {Place, Slot, Watch} = imports.overrides._ah.slots;
const {STATE, newTwin, reach} = imports.overrides._ah.twins;

const DOMAIN = GLib.quark_from_string('asynchelp-js-error');

// A property of futures.
var RUN = Symbol('asynchelp: the run');

const active = new Set();

/** How many runs have not ended; for tests. */
function countActive() {
    return active.size;
}

var Run = class Run {
    /** @report: called with (index, value, isError) as each function of a batch ends */
    constructor(job, report = null, place = Place.ofThread()) {
        this.job = job;
        this.place = place;
        this.values = [];
        this.errors = [];
        this.slots = [];
        this.watches = new Map();
        this.needsLoop = false;
        this.hasForeignHome = job.hasHome ?? false;
        this.mayWaitForPromises = true;
        this.reports = report !== null;
        this.hasFailed = false;
        this.outcome = null;
        this.future = null;
        this.task = null; // of a run without a future
        this.waiting = [];
        try {
            this.native = job.batch
                ? this.makeNative(job.batch, report)
                : job.native ?? this.takeSlot(job);
        } catch (error) {
            this.drop();
            throw error;
        }
    }

    takeSlot(job, report = null) {
        const slot = Slot.take(this.place, this, job, report);

        this.slots.push(slot);
        this.needsLoop = true;
        return slot.native;
    }

    // What C runs.
    makeNative(batch, report) {
        const batches = reach(batch);
        let isNative = report === null;

        for (const each of batches) {
            const state = each[STATE];
            isNative &&= !state || state.isNative;
            this.hasForeignHome ||= state?.jobs.some(job => job.hasHome) ?? false;
        }
        if (isNative)
            return batch;

        const twins = new Map();
        for (const each of batches)
            // What C has scheduled is C's.
            twins.set(each, each[STATE]?.jobs.length > 0 ? newTwin(each) : each);
        for (const [each, twin] of twins) {
            if (twin !== each)
                this.fillTwin(each, twins, each === batch ? report : null);
        }
        return twins.get(batch);
    }

    fillTwin(batch, twins, report) {
        const {jobs} = batch[STATE];
        const twin = twins.get(batch);

        if (raw.getNFunctions.call(batch) !== jobs.length) {
            throw new TypeError('a batch with functions that C scheduled cannot be run together ' +
                'with JavaScript functions');
        }
        jobs.forEach((job, index) => {
            let native = twins.get(job.batch) ?? job.native;

            if (report) {
                native = this.takeSlot(job.native ? new InnerJob(job, batch) : job,
                    {report, index});
            } else if (native === null) {
                native = this.takeSlot(job);
            }
            raw.schedule.call(twin, native);
        });
    }

    // Calling ------------------------------------------------------------------------------

    /** Calls what a slot holds, and ends the task with its outcome. */
    call(slot, task) {
        const {job, report} = slot;
        let isEnded = false;
        let cancellable = null;
        let watch = null;

        const getCancellable = () => (cancellable ??= task.get_cancellable());
        const end = (value, isError) => {
            if (isEnded)
                return;
            isEnded = true;
            watch?.remove(cancel);
            report?.report(report.index, value, isError);
            if (isError)
                task.return_error(this.toGError(value));
            else
                task.return_value(this.values.push(value) - 1);
        };
        const cancel = () => end(newCancelled(), true);

        try {
            const waits = job.start(value => end(value, false), error => end(error, true),
                getCancellable);

            if (isEnded || waits === Waits.END)
                return;
            if (waits === Waits.PROMISE && !this.mayWaitForPromises) {
                end(new TypeError('a promise cannot be waited for in here, since what settles it ' +
                    'would never run: use “await” with run()'), true);
            } else if (getCancellable().is_cancelled()) {
                cancel();
            } else {
                watch = this.watches.get(cancellable) ??
                    new Watch(this.place.context, cancellable, this.watches);
                watch.calls.add(cancel);
            }
        } catch (error) {
            end(error, true);
        }
    }

    toGError(error) {
        return new GLib.Error(DOMAIN, this.errors.push(error) - 1, textOf(error));
    }

    // Ending -------------------------------------------------------------------------------

    fromGError(error) {
        return error instanceof GLib.Error && error.domain === DOMAIN
            ? this.errors[error.code]
            : error;
    }

    /** What a value of C is in JavaScript. */
    fromC(job, value) {
        if (!job)
            return Introspected.plain(value);
        return job.native ? job.convert(value) : this.values[value];
    }

    /** The list of what the functions of a batch gave, and those of batches inside it. */
    fromBatch(batch, values) {
        const top = [];
        const todo = [[batch, values, top]];

        // Not by recursion, since batches nest as deep as anyone likes.
        while (todo.length > 0) {
            const [each, items, list] = todo.pop();
            const jobs = each[STATE]?.jobs ?? [];
            const collects = each.error_policy === Ah.ErrorPolicy.COLLECT;

            items.forEach((item, i) => {
                const job = jobs[i];
                if (job?.batch && item instanceof Ah.Results) {
                    list[i] = [];
                    todo.push([job.batch, item.get_values(), list[i]]);
                } else if (item instanceof GLib.Error && collects) {
                    list[i] = noteFailedIndex(this.fromGError(item), i);
                } else {
                    list[i] = this.fromC(job, item);
                }
            });
        }
        return top;
    }

    takeOutcome() {
        // Whoever was told of each value needs no list of them.
        if (this.reports) {
            raw.getResults.call(this.future);
            return undefined;
        }
        if (this.job.batch)
            return this.fromBatch(this.job.batch, raw.getResults.call(this.future));

        const [value] = this.future
            ? raw.getValues.call(this.future)
            : raw.runFinishValues(this.task);
        return this.fromC(this.job, value);
    }

    /** What has ended, ended with. */
    getOutcome() {
        if (this.outcome !== null)
            return this.outcome;
        // Says so, which is no outcome.
        if (this.future && !raw.getDone.call(this.future))
            raw.getValues.call(this.future);

        try {
            this.outcome = {value: this.takeOutcome()};
        } catch (error) {
            this.hasFailed = true;
            this.outcome = {error: noteFailedIndex(this.fromGError(error),
                this.job.batch ? raw.getFailedIndex.call(this.future) : -1)};
        }
        return this.outcome;
    }

    /** The same as a value, or as what is thrown. */
    take() {
        const {error, value} = this.getOutcome();

        if (this.hasFailed)
            throw error;
        return value;
    }

    /** Gives back what a run has that was never started. */
    drop() {
        for (const slot of this.slots.splice(0))
            slot.give();
    }

    /** Nothing of it is running any more. May be called again. */
    end() {
        if (!active.delete(this))
            return;

        this.getOutcome();
        this.drop();
        this.values = this.errors = [];
        for (const callback of this.waiting.splice(0))
            callback();
    }

    /** Calls back when it has ended. */
    whenEnded(resolve, reject) {
        const callback = () => {
            const {error, value} = this.getOutcome();

            if (this.hasFailed)
                reject(error);
            else
                resolve(value);
        };

        if (active.has(this))
            this.waiting.push(callback);
        else
            callback();
    }
};

/** What C runs, but started from JavaScript so that its value is known as soon as it ends. */
class InnerJob {
    constructor(job, outer) {
        this.native = null;
        this.inner = job;
        this.outer = outer;
    }

    start(resolve, reject, getCancellable) {
        const {inner, outer} = this;
        const run = new Run(inner.batch ? inner : wrap(inner, outer));

        launch(run, getCancellable());
        run.whenEnded(resolve, reject);
        return Waits.END;
    }
}

/** What a batch would let its function do, and when. */
function wrap(job, outer) {
    const limits = Object.fromEntries(['pool', 'strand']
        .map(name => [name, outer[name] ?? null])
        .filter(([, value]) => value !== null));

    if (Object.keys(limits).length === 0)
        return job;

    const batch = new Ah.Parallel(limits);
    raw.schedule.call(batch, job.native);
    return {native: batch, convert: results => job.convert(results.get_values()[0])};
}

/** Keeps a run until it has ended. */
function follow(run, future) {
    run.future = future;
    future[RUN] = run;
    active.add(run);
    connect.call(future, 'notify::done', () => run.end());
    return future;
}

/** Starts a run, for those who want its future. */
function begin(run, cancellable) {
    return follow(run, raw.start(run.native, cancellable));
}

/** Starts a run that needs no future. */
function launch(run, cancellable) {
    if (run.job.batch) {
        begin(run, cancellable);
        return;
    }

    active.add(run);
    raw.runAsync(run.native, cancellable, (_, task) => {
        run.task = task;
        run.end();
    });
}

/** The promise of a function of C that is run: nothing of JavaScript is in there, so no run is. */
function callNative(job, cancellable) {
    return new Promise((resolve, reject) => {
        active.add(job);
        raw.runAsync(job.native, cancellable, (_, task) => {
            active.delete(job);
            try {
                resolve(job.convert(raw.runFinishValues(task)[0]));
            } catch (error) {
                reject(error);
            }
        });
    });
}

/** The outcome of a run as a promise. */
function result(run) {
    return new Promise((resolve, reject) => run.whenEnded(resolve, reject));
}

/** Queues a run that needs no loop. */
function beginInBackground(run) {
    return follow(run, raw.queueBackgroundThread(run.native));
}
