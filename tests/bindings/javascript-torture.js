// SPDX-License-Identifier: LGPL-2.1-or-later

// Runs of every kind while garbage is collected at any moment, runs are cancelled, and what was
// started is dropped: the values are right, nothing is left, and memory stays flat.
//
// javascript-torture.js [--runs=N] [--seed=N]

const {Ah, Gio, GLib, Odd} = imports.gi;
const System = imports.system;

// A critical of anybody, of GObject about a reference for instance, ends the program.
GLib.log_set_always_fatal(GLib.LogLevelFlags.LEVEL_CRITICAL | GLib.LogLevelFlags.LEVEL_WARNING |
    GLib.LogLevelFlags.LEVEL_ERROR);

function option(name, value) {
    const prefix = `--${name}=`;
    const given = ARGV.find(arg => arg.startsWith(prefix));

    return given ? Number(given.slice(prefix.length)) : value;
}

const N_RUNS = option('runs', 4000);
const SEED = option('seed', GLib.random_int());
const RUNS_A_ROUND = 4;
const AT_ONCE = 10;

let state = SEED >>> 0;

function chance(probability) {
    // The generator of Numerical Recipes; its low bits are the bad ones.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 < probability;
}

const file = Gio.File.new_for_path(System.programPath);
const [, contents] = file.load_contents(null);
const callLoad = Ah.to_async(Gio.File.prototype.load_contents);
const counts = {ended: 0, cancelled: 0, failed: 0, dropped: 0, collected: 0};

const isCancelled = error => error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED) ?? false;

const tick = () => new Promise(resolve => GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
    resolve();
    return GLib.SOURCE_REMOVE;
}));

function collect() {
    counts.collected++;
    System.gc();
}

function assert(condition, message) {
    if (!condition)
        throw new Error(message);
}

/** Some runs of one batch and one function, and what they have to give. */
async function oneRound(i) {
    const cancellable = new Gio.Cancellable();
    const thing = Odd.Thing.new(i);
    const key = {i};
    const inner = new Ah.Serial().schedule(GLib.get_prgname).schedule(() => i);
    const batch = (chance(0.5) ? new Ah.Parallel() : new Ah.Serial())
        .schedule(Odd.Thing.prototype.eat, thing, thing)
        .schedule(() => key)
        .schedule(async () => {
            await (chance(0.5) ? null : tick());
            return key;
        })
        .schedule(Gio.File.prototype.load_contents, file, null)
        .schedule(Gio.File.prototype.load_contents_async, file, null)
        .schedule(inner);
    const hangs = chance(0.1);
    const fails = chance(0.1);

    thing.mark = key;
    if (hangs)
        batch.schedule(() => new Promise(() => {}));
    if (fails) {
        batch.schedule(() => {
            throw key;
        });
    }

    function check([eaten, same, later, loaded, loadedAsync, nested]) {
        assert(eaten === thing && eaten.mark === key, 'an object of C');
        assert(same === key && later === key, 'values of JavaScript');
        assert(loaded[1].length === contents.length && loadedAsync[1].length === contents.length,
            'bytes');
        assert(nested[1] === i, 'a nested batch');
    }

    const follow = async (promise, onValue) => {
        try {
            onValue(await promise);
            counts.ended++;
        } catch (error) {
            if (error === key && fails)
                counts.failed++;
            else if (isCancelled(error))
                counts.cancelled++;
            else
                throw error;
        }
    };

    const promises = [
        follow(batch.run(cancellable), check),
        follow(Ah.run({cancellable}, Odd.Thing.prototype.get_self, thing),
            value => assert(value === thing, 'the object itself')),
        follow(callLoad.call(file, cancellable), value => assert(value[0], 'a call')),
    ];
    // Nobody has the future.
    Ah.start(batch, cancellable);
    counts.dropped++;
    if (chance(0.1))
        collect();
    if (hangs || chance(0.1)) {
        if (chance(0.5))
            await tick();
        cancellable.cancel();
    }
    if (chance(0.1))
        collect();
    await Promise.all(promises);
    if (chance(0.5))
        assert(new Ah.Serial().schedule(() => key).block()[0] === key, 'a value blocked on');
    if (chance(0.02)) {
        for await (const [index] of batch.as_completed()) {
            if (index >= 1)
                break;
        }
    }
}

function bytesResident() {
    const [, statm] = GLib.file_get_contents('/proc/self/statm');

    return Number(new TextDecoder().decode(statm).split(' ')[1]) * 4096;
}

async function rounds(n) {
    for (let i = 0; i < n; i += AT_ONCE)
        await Promise.all(Array.from({length: AT_ONCE}, (_, k) => oneRound(i + k)));
}

async function settle() {
    for (let i = 0; i < 10000; i++) {
        collect();
        await tick();
        if (imports.overrides._ah.run.countActive() === 0 && Odd.count_live() <= 50)
            return;
    }
}

async function torture() {
    const n = Math.ceil(N_RUNS / RUNS_A_ROUND);

    await rounds(Math.ceil(n / 4));
    await settle();
    const before = bytesResident();
    await rounds(n);
    await settle();
    const grown = bytesResident() - before;
    const nActive = imports.overrides._ah.run.countActive();

    print(`# ${n * RUNS_A_ROUND} runs and a quarter before; ${JSON.stringify(counts)}`);
    print(`# ${grown} bytes more are resident`);
    print(`# ${nActive} runs and ${Odd.count_live()} things are left`);
    assert(nActive === 0, 'runs are left');
    assert(Odd.count_live() <= 50, 'objects are left');
    // The heap of JavaScript breathes, and GJS 1.74 loses a little of each callback. A sanitizer
    // keeps what was freed for a while.
    if (!(GLib.getenv('LD_PRELOAD') ?? '').includes('asan'))
        assert(grown < 24 * 1024 * 1024 + 200 * N_RUNS, 'memory grows');
}

const loop = new GLib.MainLoop(null, false);
let status = 1;

print(`1..1\n# seed ${SEED}`);
torture().then(() => {
    print('ok 1 - torture');
    status = 0;
}, error => {
    print(`# ${error}\n${error.stack ?? ''}`.trim().replaceAll('\n', '\n# '));
    print('not ok 1 - torture');
}).finally(() => loop.quit());
loop.run();
System.exit(status);
