#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later

// The library from GJS as introspection offers it, without an override: async functions only, each
// with the default main context as its home.
//
// raw.js [--runs=N]: N is how often the test for leaks runs its batch.

import Ah from 'gi://Ah?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

if (Ah.failed_index)
    throw new Error('This tests what there is without the override, and the override is loaded.');

Gio._promisify(Gio.File.prototype, 'load_contents_async');

// What is run ---------------------------------------------------------------------------------

/** An async function that lives on the main context. */
function atHome(func) {
    const ahFunction = Ah.Function.new_async(func);
    ahFunction.home = GLib.MainContext.default();
    return ahFunction;
}

const give = value => atHome(task => task.return_value(value));

const giveLater = value => atHome(task => {
    GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
        task.return_value(value);
        return GLib.SOURCE_REMOVE;
    });
});

const givePromised = value => atHome(task => {
    Promise.resolve(value).then(v => task.return_value(v));
});

const fail = message => atHome(task =>
    task.return_error(new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.BUSY, message)));

const VALUES = [1, -2, 2.5, 'three', '', true, null];

/** A batch of async functions, and what it must give. */
function mixed(kind) {
    const batch = kind.new();
    const expected = [];

    for (const value of VALUES) {
        batch.schedule(give(value)).schedule(giveLater(value)).schedule(givePromised(value));
        expected.push(value, value, value);
    }

    return [batch, expected];
}

// How it is run -------------------------------------------------------------------------------

const byBlock = batch => batch.block(null);

function byRunAsync(batch) {
    const loop = new GLib.MainLoop(null, false);
    let outcome = null;

    batch.run_async(null, (source, result) => {
        try {
            outcome = {values: source.run_finish(result)};
        } catch (error) {
            outcome = {error};
        }
        loop.quit();
    });
    assert(outcome === null, 'run_async must not call back before it returns');
    loop.run();

    if (outcome.error)
        throw outcome.error;
    return outcome.values;
}

function byStart(batch) {
    const loop = new GLib.MainLoop(null, false);
    const future = Ah.start(batch, null);

    future.connect('notify::done', () => loop.quit());
    loop.run();
    assert(future.get_done(), 'the future should be done');

    return future.get_results();
}

function byWait(batch) {
    const future = Ah.start(batch, null);

    assert(future.wait(null), 'wait should be TRUE');

    return future.get_results();
}

const WAYS = {byBlock, byRunAsync, byStart, byWait};

const plain = values => values.map(v => v instanceof Ah.Results ? plain(v.get_values()) : v);

// The tests -----------------------------------------------------------------------------------

function assert(condition, message) {
    if (!condition)
        throw new Error(message);
}

function assertEqual(actual, expected) {
    const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];

    assert(a === b, `${a} is not ${b}`);
}

/** The error that a function throws. */
function thrown(func) {
    try {
        func();
    } catch (error) {
        return error;
    }
    throw new Error('an error should have been thrown');
}

function testMixed() {
    for (const way of Object.values(WAYS)) {
        for (const kind of [Ah.Parallel, Ah.Serial]) {
            const [batch, expected] = mixed(kind);

            assertEqual(way(batch), expected);
            // A batch can be run again.
            assertEqual(way(batch), expected);
        }
    }
}

function testEmpty() {
    for (const way of Object.values(WAYS)) {
        for (const kind of [Ah.Parallel, Ah.Serial])
            assertEqual(way(kind.new()), []);
    }
}

function testThrow() {
    for (const way of Object.values(WAYS)) {
        const batch = Ah.Parallel.new();
        batch.schedule(give(1)).schedule(fail('no luck'));

        const error = thrown(() => way(batch));
        assert(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.BUSY), `${error}`);
        assert(error.message.includes('no luck'), error.message);
        assert(error.message.includes('Function 1'), error.message);
    }
}

function testCollect() {
    for (const way of Object.values(WAYS)) {
        const batch = Ah.Parallel.new();
        batch.set_error_policy(Ah.ErrorPolicy.COLLECT);
        batch.schedule(fail('first')).schedule(giveLater(2)).schedule(fail('third'));

        const [first, second, third] = way(batch);
        assert(first instanceof GLib.Error && first.message === 'first', `${first}`);
        assertEqual(second, 2);
        assert(third instanceof GLib.Error && third.message === 'third', `${third}`);
    }
}

function testNested() {
    for (const way of Object.values(WAYS)) {
        const [inner, values] = mixed(Ah.Parallel);
        const middle = Ah.Serial.new();
        const outer = Ah.Parallel.new();

        middle.schedule(give('before')).schedule(inner);
        outer.schedule(middle).schedule(middle).schedule(giveLater('after'));
        assertEqual(plain(way(outer)), [['before', values], ['before', values], 'after']);
    }
}

/** What a real asynchronous call gives, inside a promise's function. */
function testGio() {
    const path = GLib.filename_from_uri(import.meta.url)[0];

    for (const way of Object.values(WAYS)) {
        const batch = Ah.Parallel.new();

        for (let i = 0; i < 10; i++) {
            batch.schedule(atHome(task => {
                Gio.File.new_for_path(path).load_contents_async(task.get_cancellable())
                    .then(([contents]) => task.return_value(contents.length),
                        error => task.return_error(error));
            }));
        }

        const [, contents] = GLib.file_get_contents(path);
        assertEqual(way(batch), Array(10).fill(contents.length));
    }
}

/** Inside a dispatch of the home, nobody can dispatch it: blocking must refuse, not hang. */
function testBlockInDispatch() {
    const loop = new GLib.MainLoop(null, false);
    let error = null;

    GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
        const batch = Ah.Parallel.new();
        batch.schedule(give(1));
        try {
            batch.block(null);
        } catch (e) {
            error = e;
        }
        loop.quit();
        return GLib.SOURCE_REMOVE;
    });
    loop.run();

    assert(error !== null, 'block should have been refused');
    assert(error.matches(Ah.RunError, Ah.RunError.HOME), `${error}`);
}

function testBackground() {
    const future = Ah.queue_background_thread(give(1));

    assert(future.get_done(), 'a function with a home should have been refused at once');
    // Not get_value (): this GJS converts the value that is not there, and loses the error over it.
    const error = thrown(() => future.get_results());
    assert(error.matches(Ah.RunError, Ah.RunError.HOME), `${error}`);
}

function testCancelled() {
    for (const way of [byRunAsyncWith, (batch, cancellable) => batch.block(cancellable)]) {
        const [batch] = mixed(Ah.Parallel);
        const cancellable = new Gio.Cancellable();

        cancellable.cancel();
        const error = thrown(() => way(batch, cancellable));
        assert(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED), `${error}`);
    }
}

function byRunAsyncWith(batch, cancellable) {
    const loop = new GLib.MainLoop(null, false);
    let outcome = null;

    batch.run_async(cancellable, (source, result) => {
        outcome = result;
        loop.quit();
    });
    loop.run();

    return batch.run_finish(outcome);
}

/** A running function hears that it is cancelled, in a dispatch of its home. */
function testCancelRunning() {
    const loop = new GLib.MainLoop(null, false);
    const batch = Ah.Parallel.new();
    const cancellable = new Gio.Cancellable();
    let error = null;

    batch.schedule(atHome(task => {
        task.get_cancellable().connect(() => {
            task.return_error(new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED, 'heard'));
        });
        GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
            cancellable.cancel();
            return GLib.SOURCE_REMOVE;
        });
    }));
    batch.run_async(cancellable, (source, result) => {
        error = thrown(() => source.run_finish(result));
        loop.quit();
    });
    loop.run();

    assert(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED), `${error}`);
}

function testProgress() {
    const loop = new GLib.MainLoop(null, false);
    const [batch, expected] = mixed(Ah.Parallel);
    const fractions = [];

    const future = Ah.start(batch, null);
    future.connect('notify::fraction', f => fractions.push(f.fraction));
    future.connect('notify::done', () => loop.quit());
    loop.run();

    assertEqual(future.n_functions, expected.length);
    assertEqual(future.n_finished, expected.length);
    assertEqual(fractions, [...fractions].sort((a, b) => a - b));
    assertEqual(fractions[fractions.length - 1], 1);
}

// Leaks ---------------------------------------------------------------------------------------

/** How many of the functions that makeEverything () names so have not been freed.
 *
 * This GJS empties no WeakRef and calls no FinalizationRegistry: the heap itself is asked. */
function nFunctionsLeft() {
    const [file, stream] = Gio.File.new_tmp('asynchelp-heap-XXXXXX');
    const context = GLib.MainContext.default();

    // What is handed back to the main context, too.
    System.gc();
    while (context.iteration(false))
        ;
    System.gc();
    System.dumpHeap(file.get_path());

    const [, contents] = file.load_contents(null);
    stream.close(null);
    file.delete(null);

    return new TextDecoder().decode(contents).split('\n')
        .filter(line => line.endsWith(' Function watchedFunction')).length;
}

function bytesResident() {
    const [, contents] = GLib.file_get_contents('/proc/self/statm');

    return Number(new TextDecoder().decode(contents).split(' ')[1]) * 4096;
}

/** A small batch of everything, and what it must give. */
function makeEverything(i) {
    const batch = Ah.Parallel.new();
    const inner = Ah.Serial.new();

    batch.set_error_policy(Ah.ErrorPolicy.COLLECT);
    inner.schedule(give(2.5)).schedule(give(null));
    batch.schedule(atHome(function watchedFunction(task) {
        task.return_value(i);
    }))
        .schedule(giveLater(`text ${i}`))
        .schedule(fail('no luck'))
        .schedule(givePromised(null))
        .schedule(inner);

    return [batch, [i, `text ${i}`, null, [2.5, null]]];
}

function runEverything([batch, expected], way) {
    const results = plain(way(batch));
    const [error] = results.splice(2, 1);

    assert(error instanceof GLib.Error && error.message === 'no luck', `${error}`);
    assertEqual(results, expected);
}

function runOften(n, nextEverything) {
    const ways = Object.values(WAYS);

    for (let i = 0; i < n; i++) {
        runEverything(nextEverything(i), ways[i % ways.length]);
        // The collector runs when it sees fit, and it does not see what an object holds in C.
        if (i % 500 === 0)
            System.gc();
    }
}

function checkGrowth(n, nextEverything) {
    runOften(1000, nextEverything);
    System.gc();
    const before = bytesResident();

    runOften(n, nextEverything);
    System.gc();
    const grown = bytesResident() - before;

    print(`# ${grown} bytes more are resident after ${n} runs`);
    // The JavaScript heap breathes, and girepository 1.74 loses the list of argument types of each
    // callback that is handed over, whatever library is called. A sanitizer keeps freed memory for
    // a while: resident says nothing then.
    if (!(GLib.getenv('LD_PRELOAD') ?? '').includes('asan'))
        assert(grown < 16 * 1024 * 1024 + 200 * n, `${grown} bytes more are resident`);
}

/** One batch, run very often. */
function testLeaksOfABatch(n) {
    const everything = makeEverything(3);

    checkGrowth(n, () => everything);
}

/** A batch made, run and dropped, often. */
function testLeaksOfBatches(n) {
    checkGrowth(n, makeEverything);

    // The function's own name, and what the stack may hold of the last runs.
    const left = nFunctionsLeft();
    print(`# ${left} of ${n + 1000} functions are left`);
    assert(left > 0, 'the heap should list at least the function that the others are made from');
    assert(left <= 8, `${left} functions are left`);
}

const [runs = '2000'] = System.programArgs.filter(a => a.startsWith('--runs='))
    .map(a => a.slice('--runs='.length));

const tests = {
    'mixed': testMixed,
    'empty': testEmpty,
    'throw': testThrow,
    'collect': testCollect,
    'nested': testNested,
    'gio': testGio,
    'block-in-dispatch': testBlockInDispatch,
    'background': testBackground,
    'cancelled': testCancelled,
    'cancel-running': testCancelRunning,
    'progress': testProgress,
    [`no-leaks-in-${runs}-runs-of-a-batch`]: () => testLeaksOfABatch(Number(runs)),
    [`no-leaks-of-${runs / 10}-batches`]: () => testLeaksOfBatches(Number(runs) / 10),
};

let nFailed = 0;

print(`1..${Object.keys(tests).length}`);
Object.entries(tests).forEach(([name, test], i) => {
    try {
        test();
        print(`ok ${i + 1} - ${name}`);
    } catch (error) {
        nFailed++;
        print(`# ${error}\n${error.stack ?? ''}`.trim().replaceAll('\n', '\n# '));
        print(`not ok ${i + 1} - ${name}`);
    }
});
System.exit(nFailed === 0 ? 0 : 1);
