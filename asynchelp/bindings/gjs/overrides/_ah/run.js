// SPDX-License-Identifier: LGPL-2.1-or-later

// One run of a function or a batch.
//
// C cannot hold a JavaScript value, and a function that C holds keeps everything alive that it
// reaches. So a batch in C has a placeholder where a JavaScript function is scheduled, and each run
// is one of a twin of the batch, with slots in the places of the placeholders. Values and errors
// of JavaScript stay in arrays of the run; what travels through C are their indices.

/* exported Run, RUN, STATE, begin, beginInBackground, block, callNative, checkCanWait, countActive, failedIndex, getState,
   isForWorkers, launch, raw, result, scheduleNatively, toPlainGError */

const {Ah, Gio, GLib, GObject} = imports.gi;
const Introspected = imports.overrides._ah.introspected;

// What the library is called by in here; safety.js and batch.js replace what programs see.
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

// One wrapper, since those of contexts cannot be compared.
const DEFAULT = GLib.MainContext.default();

const DOMAIN = GLib.quark_from_string('asynchelp-js-error');

const connect = GObject.Object.prototype.connect;
const disconnect = GObject.Object.prototype.disconnect;

// A property of wrappers, since those without one may be replaced by others at any time.
var STATE = Symbol('asynchelp: what was scheduled');
var RUN = Symbol('asynchelp: the run');

/** What was scheduled in a batch: jobs in order, and whether any of them is JavaScript's. */
function getState(batch) {
    batch[STATE] ??= {jobs: [], isNative: true};
    return batch[STATE];
}

// The error of a function, and which function it was.
const failedIndices = new WeakMap();

function failedIndex(error) {
    return failedIndices.get(error) ?? null;
}

function noteFailedIndex(error, index) {
    if (index >= 0 && error !== null && ['object', 'function'].includes(typeof error))
        failedIndices.set(error, index);
    return error;
}

function textOf(error) {
    try {
        return String(error?.message ?? error);
    } catch (e) {
        return 'an error without a text';
    }
}

const newCancelled = () =>
    new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED, 'Operation was cancelled');

// Slots ----------------------------------------------------------------------------------------

const MAX_FREE_SLOTS = 256;
const freeSlots = [];

/** An async function of C for one job of one run; then for another one. */
class Slot {
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
}

// Nobody but this file runs what has JavaScript functions in it.
const placeholder = raw.newAsync(task => task.return_error(new GLib.Error(Ah.RunError,
    Ah.RunError.HOME, 'This is a JavaScript function: only JavaScript can run its batch')));
raw.setHome.call(placeholder, DEFAULT);

/** Appends to what C sees of a batch. */
function scheduleNatively(batch, job) {
    raw.schedule.call(batch, job.native ?? placeholder);
}

/** Whether a job has nothing in it that belongs to this thread. */
function isForWorkers(job) {
    if (job.batch) {
        return [...reach(job.batch)].every(batch =>
            batch[STATE]?.jobs.every(each => each.batch || isForWorkers(each)) ?? true);
    }
    return job.native !== null && !job.hasHome;
}

/** A GError that says what was thrown. */
function toPlainGError(error) {
    return error instanceof GLib.Error
        ? error
        : new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.FAILED, textOf(error));
}

/** Those calls of one run that have to be told when it is cancelled. */
class Watch {
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
}

// Twins ----------------------------------------------------------------------------------------

const propertyNames = new Map();

/** The properties that a program may have set. */
function getPropertyNames(batch) {
    const type = batch.constructor.$gtype.name;

    if (!propertyNames.has(type)) {
        propertyNames.set(type, GObject.Object.list_properties.call(batch.constructor)
            .filter(spec => (spec.flags & GObject.ParamFlags.WRITABLE) !== 0)
            .map(spec => spec.name.replaceAll('-', '_'))
            .filter(name => name !== 'home'));
    }
    return propertyNames.get(type);
}

function newTwin(batch) {
    const twin = new batch.constructor();

    for (const name of getPropertyNames(batch)) {
        const value = batch[name];
        if (value !== twin[name])
            twin[name] = value;
    }
    return twin;
}

/** The batch itself and all batches inside, each once. */
function reach(batch) {
    const found = new Set([batch]);

    // A set may grow while it is walked through.
    for (const each of found) {
        for (const job of each[STATE]?.jobs ?? []) {
            if (job.batch)
                found.add(job.batch);
        }
    }
    return found;
}

// Runs -----------------------------------------------------------------------------------------

const active = new Set();

/** How many runs have not ended; for tests. */
function countActive() {
    return active.size;
}

var Run = class Run {
    /** @report: called with (index, value, isError) as each function of a batch ends */
    constructor(job, report = null) {
        this.job = job;
        this.home = GLib.MainContext.get_thread_default(); // null: the default one
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
        const slot = Slot.take(this.home, this, job, report);

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
            twins.set(each, newTwin(each));
        for (const each of batches)
            this.fillTwin(each, twins, each === batch ? report : null);
        return twins.get(batch);
    }

    fillTwin(batch, twins, report) {
        const jobs = batch[STATE]?.jobs ?? [];
        const twin = twins.get(batch);

        if (raw.getNFunctions.call(batch) !== jobs.length) {
            throw new TypeError('a batch with functions that C scheduled cannot be run together ' +
                'with JavaScript functions');
        }
        jobs.forEach((job, index) => {
            let native = twins.get(job.batch) ?? job.native;

            if (report)
                native = this.takeSlot(job.native ? new InnerJob(job, batch) : job, {report, index});
            else if (native === null)
                native = this.takeSlot(job);
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
            const ends = job.start(value => end(value, false), error => end(error, true),
                getCancellable);

            if (isEnded || ends)
                return;
            if (!this.mayWaitForPromises) {
                end(new TypeError('a promise cannot be waited for in here, since what settles it ' +
                    'would never run: use “await” with run()'), true);
            } else if (getCancellable().is_cancelled()) {
                cancel();
            } else {
                watch = this.watches.get(cancellable) ??
                    new Watch(this.home, cancellable, this.watches);
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
        return true;
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

// Blocking -------------------------------------------------------------------------------------

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
            throw new GLib.Error(Ah.RunError, Ah.RunError.HOME, 'An Ah.Function with a home is in ' +
                'there, whose home cannot be dispatched in here: use run()');
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
