#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later

// What workers are worth to JavaScript, beside what GJS has without them.
//
//   files    1,000 files read by Ah.to_async (load_contents), beside load_contents_async
//   images   200 images decoded and scaled by workers, beside one after the other
//
// The median of some rounds, each of which does both, with the longest time in which the main loop
// got no turn. What the machine can give just now, as many processes as CPUs show.
//
// bench-javascript.js [--smoke]
// bench-javascript.js --decode FILE…: what one of those processes does

import Ah from 'gi://Ah?version=1';
import GdkPixbuf from 'gi://GdkPixbuf';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

const IS_SMOKE = System.programArgs.includes('--smoke');
const N_ROUNDS = IS_SMOKE ? 1 : 7;
const N_FILES = IS_SMOKE ? 20 : 1000;
const N_IMAGES = IS_SMOKE ? 4 : 200;
const [WIDTH, HEIGHT] = IS_SMOKE ? [64, 48] : [1280, 960];

const milliseconds = since => (GLib.get_monotonic_time() - since) / 1000;

const median = numbers => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

function assert(condition, message) {
    if (!condition)
        throw new Error(message);
}

// The files ------------------------------------------------------------------------------------

let folder = null;

function makeFiles() {
    const contents = new Uint8Array(4096).fill(120);

    return Array.from({length: N_FILES}, (_, i) => {
        const file = folder.get_child(`file-${i}`);
        file.replace_contents(contents, null, false, Gio.FileCreateFlags.NONE, null);
        return file;
    });
}

/** A photograph that never was: slopes with noise on them, another one for each number. */
function makeImage(number) {
    const pixels = new Uint8Array(WIDTH * HEIGHT * 3);
    let noise = number + 1;

    for (let i = 0; i < pixels.length; i++) {
        noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0;
        pixels[i] = ((i >> 5) + (i >> 13) * number + (noise >>> 28)) & 255;
    }
    const pixbuf = GdkPixbuf.Pixbuf.new_from_bytes(GLib.Bytes.new(pixels),
        GdkPixbuf.Colorspace.RGB, false, 8, WIDTH, HEIGHT, WIDTH * 3);
    const file = folder.get_child(`image-${number}.jpeg`);
    pixbuf.savev(file.get_path(), 'jpeg', ['quality'], ['85']);
    return file;
}

function makeImages() {
    const originals = Array.from({length: Math.min(10, N_IMAGES)}, (_, i) => makeImage(i));

    return Array.from({length: N_IMAGES}, (_, i) => {
        if (i < originals.length)
            return originals[i].get_path();
        const copy = folder.get_child(`copy-${i}.jpeg`);
        originals[i % originals.length].copy(copy, Gio.FileCopyFlags.NONE, null, null);
        return copy.get_path();
    });
}

function removeAll() {
    const children = folder.enumerate_children('standard::name', Gio.FileQueryInfoFlags.NONE, null);

    for (let info = children.next_file(null); info !== null; info = children.next_file(null))
        children.get_child(info).delete(null);
    folder.delete(null);
}

// Measuring ------------------------------------------------------------------------------------

/** How long something takes, and how long the main loop was held meanwhile. */
async function measure(work) {
    let last = GLib.get_monotonic_time();
    let gap = 0;

    const look = () => {
        gap = Math.max(gap, milliseconds(last) - 1);
        last = GLib.get_monotonic_time();
        return GLib.SOURCE_CONTINUE;
    };
    const id = GLib.timeout_add(GLib.PRIORITY_HIGH, 1, look);
    await new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, 5, () => {
        resolve();
        return GLib.SOURCE_REMOVE;
    }));
    gap = 0;

    const start = GLib.get_monotonic_time();
    await work();
    const time = milliseconds(start);
    look();
    GLib.source_remove(id);
    System.gc();
    return {time, gap};
}

/** Each way in each round, in turn, so that all of them meet the same weather. */
async function compare(title, ways) {
    const measured = Object.fromEntries(Object.keys(ways).map(name => [name, []]));

    for (let i = 0; i < N_ROUNDS; i++) {
        for (const [name, way] of Object.entries(ways))
            measured[name].push(await measure(way));
    }

    const [peer] = Object.keys(ways);
    print(title);
    for (const [name, rounds] of Object.entries(measured)) {
        const time = median(rounds.map(round => round.time));
        const gap = median(rounds.map(round => round.gap));
        const ratio = median(rounds.map((round, i) => measured[peer][i].time / round.time));
        print(`  ${name.padEnd(44)} ${time.toFixed(1).padStart(8)} ms ${ratio.toFixed(2)} ×, ` +
            `longest gap ${gap.toFixed(1)} ms`);
    }
}

async function compareFiles() {
    const files = makeFiles();
    const load = Ah.to_async(Gio.File.prototype.load_contents);
    const check = results => assert(results.length === N_FILES &&
        results.every(result => result[1].length === 4096), 'wrong contents');
    const loadAsync = file => new Promise((resolve, reject) =>
        file.load_contents_async(null, (_, result) => {
            try {
                resolve(file.load_contents_finish(result));
            } catch (error) {
                reject(error);
            }
        }));

    await compare(`${N_FILES} files`, {
        'Promise.all of load_contents_async': async () =>
            check(await Promise.all(files.map(loadAsync))),
        'Promise.all of Ah.to_async (load_contents)': async () =>
            check(await Promise.all(files.map(file => load.call(file, null)))),
        'Ah.Parallel.map (load_contents)': async () =>
            check(await Ah.Parallel.map(Gio.File.prototype.load_contents, files, null).run()),
    });
}

const decode = GdkPixbuf.Pixbuf.new_from_file_at_scale;

/** The limit, with another program for each CPU. */
async function decodeInProcesses(paths) {
    const n = Math.min(GLib.get_num_processors(), paths.length);
    const communicate = Ah.to_async(Gio.Subprocess.prototype.communicate_utf8);
    const children = Array.from({length: n}, (_, k) => Gio.Subprocess.new(
        ['gjs', '-m', System.programPath, '--decode', ...paths.filter((path, i) => i % n === k)],
        Gio.SubprocessFlags.STDOUT_PIPE));
    const outcomes = await Promise.all(children.map(child => communicate.call(child, null, null)));
    const nDecoded = outcomes.reduce((sum, [, stdout]) => sum + Number(stdout), 0);

    assert(nDecoded === paths.length, `${nDecoded} images were decoded`);
}

async function compareImages() {
    const paths = makeImages();
    const decodeAsync = Ah.to_async(decode);
    const check = pixbufs => assert(pixbufs.length === N_IMAGES &&
        pixbufs.every(pixbuf => pixbuf.get_width() === 32), 'wrong images');

    await compare(`${N_IMAGES} images of ${WIDTH} × ${HEIGHT}`, {
        'one after the other': async () => check(paths.map(path => decode(path, 32, 24, false))),
        'Promise.all of Ah.to_async': async () =>
            check(await Promise.all(paths.map(path => decodeAsync(path, 32, 24, false)))),
        'Ah.Parallel.map': async () =>
            check(await Ah.Parallel.map(decode, paths, 32, 24, false).run()),
        'a process a CPU': () => decodeInProcesses(paths),
    });
}

if (System.programArgs[0] === '--decode') {
    const paths = System.programArgs.slice(1);
    paths.forEach(path => decode(path, 32, 24, false));
    print(paths.length);
    System.exit(0);
}

const loop = new GLib.MainLoop(null, false);
let status = 1;

(async () => {
    const idle = await measure(() => new Promise(resolve =>
        GLib.timeout_add(GLib.PRIORITY_DEFAULT, IS_SMOKE ? 10 : 500, () => {
            resolve();
            return GLib.SOURCE_REMOVE;
        })));

    print(`${GLib.get_num_processors()} processors; longest gap of an idle loop ` +
        `${idle.gap.toFixed(1)} ms`);
    folder = Gio.File.new_for_path(GLib.Dir.make_tmp('asynchelp-bench-XXXXXX'));
    await compareFiles();
    await compareImages();
    status = 0;
})().catch(error => printerr(`${error}\n${error.stack}`)).finally(() => {
    if (folder !== null)
        removeAll();
    loop.quit();
});
loop.run();
System.exit(status);
