#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later

// What sha256sum prints for the files of a folder, computed on all CPUs.
//
// checksums.js FOLDER

import Ah from 'gi://Ah?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

const {load_bytes: loadBytes, enumerate_children: enumerateChildren} = Gio.File.prototype;

/** The regular files of a folder. */
async function listFiles(folder) {
    // A worker opens the folder and another one may read it: the main loop only waits.
    const children = await Ah.run(enumerateChildren, folder, 'standard::name,standard::type',
        Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS, null);
    const nextFile = Ah.to_async(Gio.FileEnumerator.prototype.next_file);
    const files = [];

    for (let info = await nextFile.call(children, null); info !== null;
        info = await nextFile.call(children, null)) {
        if (info.get_file_type() === Gio.FileType.REGULAR)
            files.push(children.get_child(info));
    }
    return files.sort((a, b) => a.get_path() < b.get_path() ? -1 : 1);
}

async function checksum(file) {
    const cancellable = Ah.current_cancellable();
    const [bytes] = await Ah.run({cancellable}, loadBytes, file, null);

    return Ah.run({cancellable}, GLib.compute_checksum_for_bytes, GLib.ChecksumType.SHA256, bytes);
}

async function main(path) {
    const files = await listFiles(Gio.File.new_for_path(path));
    // So many are in memory at a time.
    const batch = Ah.Parallel.map(checksum, files);

    batch.max_concurrency = 16;
    const digests = await batch.run();
    digests.forEach((digest, i) => print(`${digest}  ${files[i].get_path()}`));
}

const loop = new GLib.MainLoop(null, false);
let status = 0;

main(System.programArgs[0] ?? '.').catch(error => {
    printerr(`checksums.js: ${error.message}`);
    status = 1;
}).finally(() => loop.quit());
loop.run();
System.exit(status);
