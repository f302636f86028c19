// SPDX-License-Identifier: LGPL-2.1-or-later

// How large files are, with progress, in a script without modules and without a main loop.
//
// gjs sizes.js FILE…

imports.gi.versions.Ah = '1';
const {Ah, Gio} = imports.gi;

const files = ARGV.map(path => Gio.File.new_for_commandline_arg(path));
const batch = Ah.Parallel.map(Gio.File.prototype.query_info, files, 'standard::size',
    Gio.FileQueryInfoFlags.NONE, null);

batch.error_policy = Ah.ErrorPolicy.COLLECT;
batch.block().forEach((info, i) => {
    if (info instanceof Gio.FileInfo)
        print(`${info.get_size()} ${ARGV[i]}`);
    else
        printerr(`${ARGV[i]}: ${info.message}`);
});
