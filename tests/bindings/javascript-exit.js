// SPDX-License-Identifier: LGPL-2.1-or-later

// A program that ends while runs of every kind are pending, ends as it would without them.
//
// javascript-exit.js [WAY]: without a way, itself for every way there is.

const {Ah, Gio, GLib} = imports.gi;
const System = imports.system;

const WAYS = ['at-once', 'after-loop', 'by-exit', 'by-exit-in-loop', 'by-exit-in-function',
    'cancelled'];

function startEverything(cancellable) {
    const file = Gio.File.new_for_path(System.programPath);
    const never = () => new Promise(() => {});
    const batch = new Ah.Parallel().schedule(never).schedule(GLib.usleep, 20000).schedule(() => 1)
        .schedule(Gio.File.prototype.load_contents, file, null)
        .schedule(Gio.File.prototype.load_contents_async, file, null);

    file.mark = {};
    const promises = [
        Ah.run(GLib.usleep, 30000),
        Ah.run({cancellable}, Gio.File.prototype.load_contents, file, null),
        Ah.run({cancellable}, never),
        batch.run(cancellable),
        batch.as_completed(cancellable).next(),
    ];
    Ah.start(batch, cancellable);
    Ah.queue_background_thread(GLib.usleep, 20000);
    Ah.queue_background_thread(Gio.File.prototype.load_contents, file, null);
    promises.forEach(promise => promise.catch(() => {}));
}

function iterate(milliseconds, atEnd = () => {}) {
    const loop = new GLib.MainLoop(null, false);

    GLib.timeout_add(GLib.PRIORITY_DEFAULT, milliseconds, () => {
        atEnd();
        loop.quit();
        return GLib.SOURCE_REMOVE;
    });
    loop.run();
}

function end(way) {
    const cancellable = new Gio.Cancellable();

    startEverything(cancellable);
    switch (way) {
    case 'after-loop':
        iterate(5);
        break;
    case 'by-exit':
        System.exit(0);
        break;
    case 'by-exit-in-loop':
        iterate(5, () => System.exit(0));
        break;
    case 'by-exit-in-function':
        Ah.run(() => System.exit(0));
        iterate(10000);
        break;
    case 'cancelled':
        iterate(5, () => cancellable.cancel());
        break;
    }
}

function testWay(way) {
    const child = Gio.Subprocess.new(['gjs', System.programPath, way],
        Gio.SubprocessFlags.STDERR_PIPE);
    const [, , stderr] = child.communicate_utf8(null, null);

    // The function that exits is torn off in the middle, and GJS says so.
    return child.get_if_exited() && child.get_exit_status() === 0 && stderr.trim() === ''
        ? null : `${child.get_status()}: ${stderr}`;
}

if (ARGV.length > 0) {
    end(ARGV[0]);
} else {
    let nFailed = 0;

    print(`1..${WAYS.length}`);
    WAYS.forEach((way, i) => {
        const problem = testWay(way);
        if (problem !== null) {
            nFailed++;
            print(`# ${problem.replaceAll('\n', '\n# ')}`);
        }
        print(`${problem === null ? 'ok' : 'not ok'} ${i + 1} - ${way}`);
    });
    System.exit(nFailed === 0 ? 0 : 1);
}
