#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later

// Runs the examples of docs/javascript.md, and the programs in docs/examples/javascript.
//
// javascript-page.js DOCS

import Ah from 'gi://Ah?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

const [docs] = System.programArgs;
const AsyncFunction = (async () => {}).constructor;

const read = file => new TextDecoder().decode(file.load_contents(null)[1]);

const page = Gio.File.new_for_path(`${docs}/javascript.md`);
const text = read(page);
const examples = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(match => ({
    line: text.slice(0, match.index).split('\n').length + 1,
    code: match[1],
}));

const files = ['javascript.md', 'overview.md', 'threading.md'].map(name =>
    Gio.File.new_for_path(`${docs}/${name}`));
const later = value => new Promise(resolve => GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
    resolve(value);
    return GLib.SOURCE_REMOVE;
}));

/** What an example prints, or throws. */
async function runExample(code) {
    const printed = [];
    const names = ['Ah', 'Gio', 'GLib', 'file', 'files', 'later', 'print'];
    const values = [Ah, Gio, GLib, page, files, later, (...words) => printed.push(words.join(' '))];

    await new AsyncFunction(...names, code)(...values);
    return printed;
}

async function capture(...command) {
    const child = Gio.Subprocess.new(command,
        Gio.SubprocessFlags.STDOUT_PIPE | Gio.SubprocessFlags.STDERR_PIPE);
    const [, stdout, stderr] = await Ah.run(Gio.Subprocess.prototype.communicate_utf8, child, null,
        null);

    return {stdout, stderr, status: child.get_exit_status()};
}

function assertSame(actual, expected) {
    if (actual !== expected)
        throw new Error(`“${actual}” instead of “${expected}”`);
}

async function testChecksums() {
    const folder = GLib.Dir.make_tmp('asynchelp-examples-XXXXXX');
    const paths = ['a', 'b c', 'd'].map(name => `${folder}/${name}`);

    paths.forEach((path, i) => GLib.file_set_contents(path, 'x'.repeat(100000 * i)));
    const {stdout, stderr, status} = await capture('gjs', '-m',
        `${docs}/examples/javascript/checksums.js`, folder);
    const expected = await capture('sha256sum', ...paths);
    paths.forEach(path => GLib.unlink(path));
    GLib.rmdir(folder);
    assertSame(stderr, '');
    assertSame(stdout, expected.stdout);
    assertSame(status, 0);

    const missing = await capture('gjs', '-m', `${docs}/examples/javascript/checksums.js`, folder);
    assertSame(missing.status, 1);
    assertSame(missing.stdout, '');
}

async function testSizes() {
    const {stdout, stderr} = await capture('gjs', `${docs}/examples/javascript/sizes.js`,
        page.get_path(), '/nonexistent');

    assertSame(stdout, `${page.load_contents(null)[1].length} ${page.get_path()}\n`);
    assertSame(stderr.startsWith('/nonexistent: '), true);
}

/** Ah.d.ts names what there is. */
function testTypes() {
    const types = read(Gio.File.new_for_path(`${docs}/../asynchelp/bindings/gjs/types/Ah.d.ts`));
    const namespace = /^    namespace Ah \{\n(.*?)^    \}/ms.exec(types)[1];
    let nNames = 0;

    function check(owner, name, where) {
        nNames++;
        // Properties of GObject are looked for on an object, and not on the prototype.
        if (!(name in owner))
            throw new Error(`there is no ${where}.${name}`);
    }

    for (const [, name] of namespace.matchAll(/^        (?:function|const|class|enum) (\w+)/gm))
        check(Ah, name, 'Ah');
    for (const [, name, body] of namespace
        .matchAll(/^        (?:abstract )?class (\w+).*?\{\n(.*?)^        \}/gms)) {
        for (const [, isStatic, member] of body.matchAll(
            /^            (static )?(?:readonly )?'?(\w+)'?[(:<]/gm)) {
            if (member !== 'constructor')
                check(isStatic ? Ah[name] : Ah[name].prototype, member, name);
        }
    }
    if (nNames < 60)
        throw new Error(`${nNames} names were found`);
}

const tests = {checksums: testChecksums, sizes: testSizes, types: testTypes};
for (const {line, code} of examples) {
    // What stands above each of them.
    if (!code.startsWith('import '))
        tests[`example in line ${line}`] = () => runExample(code);
}

const loop = new GLib.MainLoop(null, false);
let nFailed = 0;

(async () => {
    let number = 0;

    print(`1..${Object.keys(tests).length}`);
    for (const [name, test] of Object.entries(tests)) {
        number++;
        try {
            const printed = await test();
            (printed ?? []).forEach(line => print(`# ${line}`));
            print(`ok ${number} - ${name}`);
        } catch (error) {
            nFailed++;
            print(`# ${error}\n${error.stack ?? ''}`.trim().replaceAll('\n', '\n# '));
            print(`not ok ${number} - ${name}`);
        }
    }
    if (number < 10) {
        nFailed++;
        print('# hardly any examples were found');
    }
    loop.quit();
})();
loop.run();
System.exit(nFailed === 0 ? 0 : 1);
