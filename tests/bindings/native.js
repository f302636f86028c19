#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later

// Introspected C functions from GJS, without an override. What a worker gives has to be what a
// direct call gives.

import Ah from 'gi://Ah?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Odd from 'gi://Odd?version=1.0';
import System from 'system';

if (Ah.failed_index)
    throw new Error('This tests what there is without the override, and the override is loaded.');

const THROWS = Symbol('throws');

/** Arrays and Uint8Array have no GValue of their own. */
function value(argument) {
    if (argument === undefined)
        return null;
    if (argument instanceof Uint8Array)
        return GLib.Bytes.new(argument);
    if (Array.isArray(argument)) {
        const list = Ah.ValueList.new();
        argument.forEach(item => list.append(value(item)));
        return list;
    }
    return argument;
}

const bind = (name, ...args) =>
    Ah.Native.lookup(name).bind(args.map(value), Ah.NativeFlags.NO_HANDLERS);

function plain(result) {
    if (result instanceof Ah.Results)
        return result.get_values().map(plain);
    if (result instanceof Ah.ByteArray)
        return result.get_bytes().toArray();
    return result;
}

/** In workers, in the order of the functions. */
function run(...functions) {
    const batch = Ah.Parallel.new();
    functions.forEach(f => batch.schedule(f));
    const future = Ah.start(batch, null);
    future.wait(null);
    return future.get_results().map(plain);
}

function show(v) {
    if (v === THROWS)
        return 'an error';
    if (v instanceof Uint8Array)
        return `Uint8Array(${[...v]})`;
    if (v instanceof GLib.Bytes)
        return `Bytes(${[...v.toArray()]})`;
    if (v instanceof GLib.Variant)
        return v.print(true);
    if (v instanceof Odd.Thing)
        return `Thing(${v.get_number()})`;
    if (v instanceof Odd.Box)
        return `Box(${v.get_number()})`;
    if (v instanceof GLib.Error)
        return `Error(${v.message})`;
    if (Array.isArray(v))
        return `[${v.map(show)}]`;
    // The override knows which functions give nothing at all; without it, that is null.
    return v === null || v === undefined ? 'nothing' : `${typeof v} ${v}`;
}

function assert(condition, message) {
    if (!condition)
        throw new Error(message);
}

function outcome(func) {
    try {
        return func();
    } catch (error) {
        return THROWS;
    }
}

function same(name, ...args) {
    const [, ...path] = name.split('.');
    const direct = path.reduce((object, part) => object[part], Odd);
    const expected = outcome(() => direct(...args));
    const actual = outcome(() => run(bind(name, ...args))[0]);

    assert(actual === expected || show(actual) === show(expected),
        `${name}: ${show(actual)} instead of ${show(expected)}`);
}

function testValues() {
    same('Odd.echo_boolean', true);
    same('Odd.echo_int8', -128);
    same('Odd.echo_int8', 128);
    same('Odd.echo_uint16', 65535);
    same('Odd.echo_int32', -(2 ** 31));
    same('Odd.echo_uint32', 2 ** 32 - 1);
    same('Odd.echo_int64', 2 ** 40);
    same('Odd.echo_uint64', 2 ** 52);
    same('Odd.echo_float', 0.5);
    same('Odd.echo_double', 0.1);
    same('Odd.echo_unichar', 'ß');
    same('Odd.echo_colour', Odd.Colour.GREEN);
    same('Odd.echo_colour', 1);
    same('Odd.echo_tastes', Odd.Tastes.SWEET | Odd.Tastes.SOUR);
    same('Odd.nothing');
    same('Odd.out_three');
    same('Odd.out_mixed', 3, 10);
    same('Odd.skipped');
    same('Odd.string_none', 'ß');
    same('Odd.string_nullable', null);
    same('Odd.string_none', null);
    same('Odd.filename', '/tmp/x');
    assert(run(bind('Odd.echo_gtype', 'GFile'))[0] === Gio.File.$gtype, 'a type');
}

function testArrays() {
    same('Odd.bytes_reverse', Uint8Array.of(1, 2, 3));
    same('Odd.bytes_reverse', new Uint8Array());
    same('Odd.bytes_first', Uint8Array.of(7));
    same('Odd.bytes_static');
    same('Odd.bytes_none');
    same('Odd.bytes_array', Uint8Array.of(1, 2));
    same('Odd.ints_sum', [1, 2]);
    same('Odd.ints_range', 3);
    same('Odd.ints_range', 0);
    same('Odd.ints_until_zero', [1, 2]);
    same('Odd.ints_out_fixed');
    same('Odd.doubles_full', [1, 2.5]);
    same('Odd.strv_full', ['a', 'b']);
    same('Odd.strv_none', null);
    same('Odd.strv_none', []);
    same('Odd.strings_length', ['a', 'b']);
    same('Odd.pairs', ['ab'], [2]);
    same('Odd.colours', [5, 0]);
    same('Odd.things_full', 2);
    same('Odd.list_none', ['a', 'b']);
    same('Odd.list_none', []);
    same('Odd.garray', [1, 2]);
    same('Odd.list_of_strv');
    same('Odd.list_of_boxes');

    // Not compared: a direct call frees the array twice in this GJS.
    const [doubled] = run(bind('Odd.ints_double', [1, 2]));
    assert(`${doubled}` === '1,2,1,2', `${doubled}`);

    const bytes = GLib.Bytes.new(Uint8Array.of(1));
    const [result] = run(bind('Odd.bytes_bytes', bytes));
    assert(result instanceof GLib.Bytes, 'GBytes remain GBytes');
}

function testBoxed() {
    const box = Odd.Box.new(4);

    same('Odd.boxed_full', box);
    same('Odd.boxed_none', box);
    same('Odd.boxed_none', null);
    same('Odd.boxed_out', 3);
    same('Odd.variant_floating', 3);
    same('Odd.variant_full', GLib.Variant.new_string('v'));
    same('Odd.error_make', 'message');
    same('Odd.value_out');
    same('Odd.value_full');
}

function testObjects() {
    const thing = Odd.Thing.new(3);

    assert(run(bind('Odd.Thing.get_number', thing))[0] === 3, 'a method');
    assert(run(bind('Odd.Thing.get_self', thing))[0] === thing, 'the same object');
    assert(run(bind('Odd.Thing.eat', thing, thing))[0] === thing, 'the same object, full');
    same('Odd.slist_things', [thing, thing]);
    same('Odd.things_sum', [thing, thing]);
}

const Custom = GObject.registerClass(class Custom extends Odd.Thing {});

function thrown(func) {
    try {
        func();
    } catch (error) {
        return error;
    }
    throw new Error('an error should have been thrown');
}

function testRefused() {
    const listened = Odd.Thing.new(1);
    const id = listened.connect('announced', () => {});

    for (const [words, ...args] of [
        ['no function', 'Odd.none'],
        ['“func”', 'Odd.call', 1],
        ['takes 1 argument', 'Odd.echo_int8'],
        ['is no number', 'Odd.echo_int8', 300],
        ['instead of null', 'Odd.string_none', undefined],
        ['written in JavaScript', 'Odd.Thing.get_number', new Custom()],
        ['has signal handlers', 'Odd.Thing.get_number', listened],
        ['belongs to one thread', 'Odd.value_show', {}],
    ]) {
        const error = thrown(() => bind(...args));
        assert(error.message.includes(words), `${error.message}, not: ${words}`);
    }

    listened.disconnect(id);
    assert(run(bind('Odd.Thing.get_number', listened))[0] === 1, 'without handlers');
}

function testFiles() {
    const file = Gio.File.new_for_path(GLib.filename_from_uri(import.meta.url)[0]);
    const expected = file.load_contents(null);
    const missing = Gio.File.new_for_path('/nonexistent');

    assert(show(run(bind('Gio.File.load_contents', file, null))[0]) === show(expected), 'contents');
    const error = thrown(() => run(bind('Gio.File.load_contents', missing, null)));
    assert(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND), `${error}`);
}

/** Garbage collection while workers have references: none may cross back to JavaScript there. */
function testTorture() {
    const n = Number(System.programArgs.find(a => a.startsWith('--runs='))?.slice(7) ?? 2000);

    for (let i = 0; i < n / 100; i++) {
        const batch = Ah.Parallel.new();
        for (let k = 0; k < 100; k++) {
            const thing = Odd.Thing.new(k);
            thing.expando = {k};
            batch.schedule(bind('Odd.Thing.eat', thing, k % 2 ? thing : null));
        }
        const future = Ah.start(batch, null);
        System.gc();
        if (i % 3 === 0)
            continue;
        future.wait(null);
        const results = future.get_results();
        results.forEach((thing, k) =>
            assert(k % 2 ? thing.get_number() === k && thing.expando.k === k : thing === null,
                `result ${k}`));
        if (i % 5 === 0)
            Ah.queue_background_thread(bind('Odd.Thing.get_number', Odd.Thing.new(i)));
    }

    const context = GLib.MainContext.default();
    for (let round = 0; Odd.count_live() > 200 && round < 10000; round++) {
        System.gc();
        while (context.iteration(false))
            ;
        GLib.usleep(1000);
    }
    print(`# ${Odd.count_live()} things are left`);
    assert(Odd.count_live() <= 200, `${Odd.count_live()} things are left`);
}

const tests = {testValues, testArrays, testBoxed, testObjects, testRefused, testFiles, testTorture};
let nFailed = 0;

print(`1..${Object.keys(tests).length}`);
Object.entries(tests).forEach(([name, test], i) => {
    try {
        test();
        print(`ok ${i + 1} - ${name}`);
    } catch (error) {
        nFailed++;
        print(`# ${error}\n${error.stack ?? ''}`.trim().replaceAll('\n', '\n# '));
        print(`not ok ${i + 1} - ${name}`);
    }
});
System.exit(nFailed === 0 ? 0 : 1);
