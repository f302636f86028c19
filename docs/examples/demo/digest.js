#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later

// Prints one digest over the files of a list, and their bytes, as the C program does.
//
// Workers read the files and compute their digests; JavaScript only says what comes after what.

import Ah from 'gi://Ah?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

// So many files are in memory at a time.
const MAX_FILES = 16;

const {load_bytes: loadBytes} = Gio.File.prototype;

/** The SHA-256 of a file, and its size. */
async function digest(file) {
    const cancellable = Ah.current_cancellable();
    const [bytes] = await Ah.run({cancellable}, loadBytes, file, null);
    const hex = await Ah.run({cancellable}, GLib.compute_checksum_for_bytes,
        GLib.ChecksumType.SHA256, bytes);

    return [hex, bytes.get_size()];
}

function show(uris, results) {
    const total = new GLib.Checksum(GLib.ChecksumType.SHA256);
    let nBytes = 0;

    results.forEach((result, i) => {
        if (result instanceof GLib.Error) {
            printerr(`digest.js: left out: ${uris[i]}: ${result.message}`);
            return;
        }
        const [hex, size] = result;
        total.update(new TextEncoder().encode(hex));
        nBytes += size;
    });

    print(total.get_string(), nBytes);
}

async function main(path) {
    const [, contents] = await Ah.run(Gio.File.prototype.load_contents,
        Gio.File.new_for_commandline_arg(path), null);
    const uris = new TextDecoder().decode(contents).split('\n').filter(line => line);
    const batch = Ah.Parallel.map(digest, uris.map(uri => Gio.File.new_for_uri(uri)));

    batch.error_policy = Ah.ErrorPolicy.COLLECT;
    batch.max_concurrency = MAX_FILES;
    show(uris, await batch.run());
}

const loop = new GLib.MainLoop(null, false);
let status = 1;

main(System.programArgs[0]).then(() => {
    status = 0;
}, error => printerr(`digest.js: ${error.message}`)).finally(() => loop.quit());
loop.run();
System.exit(status);
