// SPDX-License-Identifier: LGPL-2.1-or-later

// What is scheduled in a batch, as JavaScript knows it, and copies of batches for single runs.

/* exported STATE, getState, isForWorkers, newTwin, reach, scheduleNatively */

const {GObject} = imports.gi;
const {raw} = imports.overrides._ah.raw;
const {placeholder} = imports.overrides._ah.slots;

// A property of wrappers, since those without one may be replaced by others at any time.
var STATE = Symbol('asynchelp: what was scheduled');

/** What was scheduled in a batch: jobs in order, and whether C can run all of it as it is. */
function getState(batch) {
    batch[STATE] ??= {jobs: [], isNative: true};
    return batch[STATE];
}

/**
 * Appends to what C sees of a batch.
 *
 * A batch inside is not for C to hold either: it and what it reaches would keep each other alive.
 */
function scheduleNatively(batch, job) {
    raw.schedule.call(batch, job.batch ? placeholder : job.native ?? placeholder);
}

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

/** Whether a job has nothing in it that belongs to this thread. */
function isForWorkers(job) {
    if (job.batch) {
        return [...reach(job.batch)].every(batch =>
            batch[STATE]?.jobs.every(each => each.batch || isForWorkers(each)) ?? true);
    }
    return job.native !== null && !job.hasHome;
}
