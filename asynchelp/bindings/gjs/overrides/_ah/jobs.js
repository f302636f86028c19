// SPDX-License-Identifier: LGPL-2.1-or-later

// What can be scheduled, and what becomes of it: a job. A job has
//   native      an Ah.Function or Ah.Batch that C can run as it is, or null
//   start       for what runs on the main loop: (resolve, reject, getCancellable) => what it waits
//               for, if it has not ended: one of the strings of Waits
//   convert     what its value in C is in JavaScript
//   batch       where it is one

/* exported Waits, addRun, checkBatch, checkCancellable, currentCancellable, jobOf,
   jobOfIntrospected, runOfAny, takeOptions */

const {Ah, Gio} = imports.gi;
const Introspected = imports.overrides._ah.introspected;

var Waits = {
    PROMISE: 'promise', // which needs what settles promises
    CALLBACK: 'callback', // which comes on any main context
    END: 'end', // which comes soon after the cancellable is cancelled
};

// The `run` of a batch, taken without calling it, is the batch.
const runs = new WeakMap();

function addRun(run, batch) {
    runs.set(run, batch);
    return run;
}

/** The run () of no batch in particular: what Ah.Batch.prototype.run is. */
function runOfAny(cancellable = null) {
    return this.run(cancellable);
}

const isThenable = value => value !== null && value !== undefined &&
    typeof value.then === 'function';

// Whose function is being called just now.
let current = null;

/** The cancellable of the run that the function being called belongs to. */
function currentCancellable() {
    if (current === null) {
        throw new Error('current_cancellable() is for functions that are being run: ' +
            'call it before the first await');
    }
    return current();
}

class JSJob {
    constructor(func, self, args) {
        this.native = null;
        this.func = func;
        this.self = self;
        this.args = args;
    }

    start(resolve, reject, getCancellable) {
        const outer = current;
        let value;

        current = getCancellable;
        try {
            value = this.func.apply(this.self, this.args);
        } finally {
            current = outer;
        }

        if (isThenable(value))
            value.then(resolve, reject);
        else
            resolve(value);
        return Waits.PROMISE;
    }
}

/** A …_async function of C. */
class CallbackJob {
    constructor(description, args) {
        Introspected.checkAsync(description, args);
        this.native = null;
        this.description = description;
        this.args = args;
    }

    start(resolve, reject, getCancellable) {
        const hears = Introspected.callAsync(this.description, this.args, getCancellable, resolve,
            reject);

        return hears ? Waits.END : Waits.CALLBACK;
    }
}

class NativeJob {
    constructor(description, args, name) {
        this.native = Introspected.bind(description, args);
        this.description = description;
        if (name)
            this.native.set_name(name);
    }

    convert(value) {
        return Introspected.fromNative(this.description, value);
    }
}

function refuseArguments(what, args) {
    if (args.length > 0)
        throw new TypeError(`${what} takes no arguments of its own`);
}

class FunctionJob {
    constructor(native, args) {
        refuseArguments('an Ah.Function', args);
        this.native = native;
        // Made in JavaScript, or belonging to it.
        this.hasHome = native.get_home() !== null;
    }

    convert(value) {
        return Introspected.plain(value);
    }
}

class BatchJob {
    constructor(batch, args) {
        refuseArguments('a batch', args);
        this.native = batch;
        this.batch = batch;
    }
}

function describeThing(thing) {
    if (thing === null || typeof thing !== 'object')
        return String(thing);
    return thing.constructor?.name ?? 'an object';
}

function checkBatch(thing) {
    if (!(thing instanceof Ah.Batch))
        throw new TypeError(`a batch was expected instead of ${describeThing(thing)}`);
    return thing;
}

function jobOfIntrospected(description, args, name) {
    return description.isAsync
        ? new CallbackJob(description, args)
        : new NativeJob(description, args, name);
}

/** @self is the `this` of a JavaScript function. */
function jobOf(func, args, options = {}, self = undefined) {
    if (func instanceof Ah.Batch)
        return new BatchJob(func, args);
    if (func instanceof Ah.Function)
        return new FunctionJob(func, args);
    if (typeof func !== 'function') {
        throw new TypeError('a function, a batch or an Ah.Function was expected instead of ' +
            describeThing(func));
    }
    if (runs.has(func))
        return new BatchJob(runs.get(func), args);
    if (func === runOfAny)
        return new BatchJob(checkBatch(args[0]), args.slice(1));
    if (Introspected.isIntrospected(func))
        return jobOfIntrospected(Introspected.describe(func), args, options.name);
    if (func.$gtype) {
        throw new TypeError(`${func.$gtype.name} is a class: schedule its constructor, ` +
            'such as “new”');
    }
    // Gio._promisify () was here.
    if (self === undefined && Introspected.isPromisified(func))
        return new JSJob(func, args[0], args.slice(1));
    return new JSJob(func, self, args);
}

// Options: a plain object before the function --------------------------------------------------

function isOptions(value) {
    return value !== null && typeof value === 'object' &&
        Object.getPrototypeOf(value) === Object.prototype;
}

function checkCancellable(cancellable) {
    if (cancellable !== null && !(cancellable instanceof Gio.Cancellable)) {
        throw new TypeError(
            `a Gio.Cancellable was expected instead of ${describeThing(cancellable)}`);
    }
    return cancellable;
}

/** [options, function, arguments] of what was given to run () and its kind, or to schedule (). */
function takeOptions(all, mayCancel = true) {
    const options = isOptions(all[0]) ? all[0] : {};
    const [func, ...args] = options === all[0] ? all.slice(1) : all;
    const known = mayCancel ? ['cancellable', 'name'] : ['name'];

    for (const key of Object.keys(options)) {
        if (!known.includes(key))
            throw new TypeError(`there is no option “${key}” here, only ${known.join(' and ')}`);
    }
    // What takes no arguments takes the cancellable as its own run () does.
    let cancellable = checkCancellable(options.cancellable ?? null);
    if (mayCancel && (func instanceof Ah.Function || runs.has(func)) && args.length === 1)
        cancellable = checkCancellable(args.pop() ?? null);

    return [{...options, cancellable}, func, args];
}
