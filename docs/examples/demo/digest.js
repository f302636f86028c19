#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later

// Prints one digest over the files of a list, and their bytes, as the C program does.
//
// The library is used as introspection offers it. JavaScript runs in one thread only, so both
// functions of a file are async ones, and their home is the context that this thread runs:
// they are called, cancelled and freed nowhere else.

import Ah from 'gi://Ah?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';

Gio._promisify(Gio.File.prototype, 'read_async');
Gio._promisify(Gio.File.prototype, 'query_info_async');
Gio._promisify(Gio.InputStream.prototype, 'read_bytes_async');
Gio._promisify(Gio.InputStream.prototype, 'close_async');

const PRIORITY = GLib.PRIORITY_DEFAULT;

/** The SHA-256 of a file. */
async function read(file, cancellable) {
    const checksum = new GLib.Checksum(GLib.ChecksumType.SHA256);
    const stream = await file.read_async(PRIORITY, cancellable);

    for (;;) {
        const piece = await stream.read_bytes_async(64 * 1024, PRIORITY, cancellable);
        if (piece.get_size() === 0)
            break;
        checksum.update(piece.toArray());
    }
    await stream.close_async(PRIORITY, null);

    return checksum.get_string();
}

/** The size of a file. */
async function query(file, cancellable) {
    const info = await file.query_info_async(Gio.FILE_ATTRIBUTE_STANDARD_SIZE,
        Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS, PRIORITY, cancellable);

    return info.get_size();
}

/** A promise's function as one that a batch can run, which ends the task that it is given. */
function asyncFunction(func, file, type) {
    const end = (task, promise) => promise.then(result => {
        const value = new GObject.Value();
        value.init(type);
        if (type === GObject.TYPE_STRING)
            value.set_string(result);
        else
            value.set_uint64(result);
        task.return_value(value);
    }, error => task.return_error(error));

    const ahFunction = Ah.Function.new_async(task => {
        end(task, func(file, task.get_cancellable()));
    });
    ahFunction.home = GLib.MainContext.default();

    return ahFunction;
}

function show(uris, values) {
    const total = new GLib.Checksum(GLib.ChecksumType.SHA256);
    let nBytes = 0;

    uris.forEach((uri, i) => {
        const [digest, size] = values.slice(2 * i, 2 * i + 2);
        const error = [digest, size].find(value => value instanceof GLib.Error);

        if (error) {
            printerr(`digest.js: left out: ${uri}: ${error.message}`);
            return;
        }
        total.update(new TextEncoder().encode(digest));
        nBytes += size;
    });

    print(total.get_string(), nBytes);
}

const [, contents] = GLib.file_get_contents(System.programArgs[0]);
const uris = new TextDecoder().decode(contents).split('\n').filter(line => line);

const batch = Ah.Parallel.new();
batch.set_error_policy(Ah.ErrorPolicy.COLLECT);
for (const uri of uris) {
    const file = Gio.File.new_for_uri(uri);

    batch.schedule(asyncFunction(read, file, GObject.TYPE_STRING));
    batch.schedule(asyncFunction(query, file, GObject.TYPE_UINT64));
}

const loop = new GLib.MainLoop(null, false);
let status = 1;

batch.run_async(null, (_batch, result) => {
    try {
        show(uris, batch.run_finish(result));
        status = 0;
    } catch (error) {
        printerr(`digest.js: ${error.message}`);
    }
    loop.quit();
});
loop.run();
System.exit(status);
