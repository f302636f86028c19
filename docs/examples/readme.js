// SPDX-License-Identifier: LGPL-2.1-or-later

import Ah from 'gi://Ah?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

const loop = new GLib.MainLoop(null, false);

// JavaScript has one thread: every function gets a home, and is called there and nowhere else.
function atHome(start) {
    const f = Ah.Function.new_async(start);
    f.home = GLib.MainContext.default();
    return f;
}

function countBytes(task) {
    const file = Gio.File.new_for_uri(import.meta.url);
    file.load_contents_async(task.get_cancellable(), (_, result) => {
        const [, contents] = file.load_contents_finish(result);
        task.return_value(contents.length);
    });
}

function alarmClock(task) {
    GLib.timeout_add(GLib.PRIORITY_DEFAULT, 100, () => {
        task.return_value('ring');
        return GLib.SOURCE_REMOVE;
    });
}

const batch = new Ah.Parallel();
batch.schedule(atHome(countBytes)).schedule(atHome(alarmClock));
batch.run_async(null, (_, result) => {
    const [length, sound] = batch.run_finish(result);
    print(`${length} bytes, ${sound}`);
    loop.quit();
});
loop.run();
