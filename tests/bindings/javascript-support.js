// SPDX-License-Identifier: LGPL-2.1-or-later

// What the tests of the override for GJS have in common.

/* exported MISSING, THIS_FILE, assert, assertEqual, assertTypeError, countInHeap, isCancelled,
   later, load, loadAsync, main, nActive, never, rejected, show, thrown, until */

const {Gio, GLib} = imports.gi;
const System = imports.system;

var THIS_FILE = Gio.File.new_for_commandline_arg(new Error().fileName);
var MISSING = Gio.File.new_for_path('/nonexistent/asynchelp');
var {load_contents: load, load_contents_async: loadAsync} = Gio.File.prototype;

function assert(condition, message = 'that does not hold') {
    if (!condition)
        throw new Error(message);
}

function show(value) {
    if (Array.isArray(value))
        return `[${value.map(show)}]`;
    if (value instanceof Uint8Array)
        return `Uint8Array(${value.length})`;
    return value === null || typeof value !== 'object' ? `${typeof value} ${String(value)}`
        : JSON.stringify(value);
}

function assertEqual(actual, expected) {
    assert(show(actual) === show(expected), `${show(actual)} is not ${show(expected)}`);
}

function thrown(func) {
    try {
        func();
    } catch (error) {
        return error;
    }
    throw new Error('an error should have been thrown');
}

async function rejected(promise) {
    try {
        await promise;
    } catch (error) {
        return error;
    }
    throw new Error('the promise should have been rejected');
}

function assertTypeError(error, words) {
    assert(error instanceof TypeError && error.message.includes(words), `${error}, not: ${words}`);
}

var isCancelled = error => error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED) ?? false;

var later = (value = undefined) => new Promise(resolve => {
    GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
        resolve(value);
        return GLib.SOURCE_REMOVE;
    });
});

var never = () => new Promise(() => {});

/** Waits for a condition, but not for ever. */
async function until(condition, what) {
    for (let i = 0; i < 30000 && !condition(); i++) {
        await new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, 1, () => {
            resolve();
            return GLib.SOURCE_REMOVE;
        }));
    }
    assert(condition(), what);
}

/** This GJS empties no WeakRef while a promise runs: the heap itself is asked. */
function countInHeap(name) {
    const [file, stream] = Gio.File.new_tmp('asynchelp-heap-XXXXXX');

    System.dumpHeap(file.get_path());
    const [, contents] = file.load_contents(null);
    stream.close(null);
    file.delete(null);

    return new TextDecoder().decode(contents).split('\n')
        .filter(line => line.endsWith(` Function ${name}`)).length;
}

var nActive = () => imports.overrides._ah.run.countActive();

// Running them ---------------------------------------------------------------------------------

function report(number, name, error) {
    if (error) {
        print(`# ${error}\n${error.stack ?? ''}`.trim().replaceAll('\n', '\n# '));
        print(`not ok ${number} - ${name}`);
    } else {
        print(`ok ${number} - ${name}`);
    }
}

/** Those of @atTop where no main loop runs, those of @inLoop where one does. */
function main(atTop, inLoop) {
    const loop = new GLib.MainLoop(null, false);
    let number = 0, nFailed = 0;

    const end = (name, error = null) => {
        report(++number, name, error);
        nFailed += error ? 1 : 0;
    };

    // A task that is ended twice, a promise that nobody hears of: each says so in the log.
    GLib.log_set_always_fatal(GLib.LogLevelFlags.LEVEL_CRITICAL |
        GLib.LogLevelFlags.LEVEL_WARNING | GLib.LogLevelFlags.LEVEL_ERROR);

    print(`1..${Object.keys(atTop).length + Object.keys(inLoop).length}`);
    for (const [name, test] of Object.entries(atTop)) {
        try {
            test();
            end(name);
        } catch (error) {
            end(name, error ?? new Error('undefined'));
        }
    }

    (async () => {
        for (const [name, test] of Object.entries(inLoop)) {
            try {
                await test();
                end(name);
            } catch (error) {
                end(name, error ?? new Error('undefined'));
            }
        }
        loop.quit();
    })();
    loop.run();
    System.exit(nFailed === 0 ? 0 : 1);
}
