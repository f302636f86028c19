// SPDX-License-Identifier: LGPL-2.1-or-later

import Ah from 'gi://Ah?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

const loop = new GLib.MainLoop(null, false);

// Blocks, so a worker calls it.
const {load_contents: loadContents} = Gio.File.prototype;

function alarmClock() {
    return new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, 100, () => {
        resolve('ring');
        return GLib.SOURCE_REMOVE;
    }));
}

async function main() {
    const [[, contents], sound] = await new Ah.Parallel()
        .schedule(loadContents, Gio.File.new_for_uri(import.meta.url), null)
        .schedule(alarmClock)
        .run();

    print(`${contents.length} bytes, ${sound}`);
}

main().catch(logError).finally(() => loop.quit());
loop.run();
