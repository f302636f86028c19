// SPDX-License-Identifier: LGPL-2.1-or-later

// What the override for GJS refuses, and what it leaves behind.

/* exported refusals */

const {Ah, Gio, GLib, GObject, Odd} = imports.gi;
const System = imports.system;
const {everything} = imports['javascript-cases'];
const {
    MISSING, THIS_FILE, assert, assertEqual, assertTypeError, countInHeap, later, load, loadAsync,
    nActive, never, rejected, thrown, until,
} = imports['javascript-support'];

var refusals = {
    async badInput() {
        const batch = new Ah.Parallel();
        const JSThing = GObject.registerClass(class JSThing extends Odd.Thing {});
        const listened = Odd.Thing.new(1);
        const disposed = Odd.Thing.new(1);
        listened.connect('announced', () => {});
        disposed.run_dispose();

        for (const [words, ...args] of [
            ['undefined', Gio.File.prototype.no_such_function],
            ['instead of null', null],
            ['instead of 5', 5],
            ['is a class', Gio.File],
            ['takes 2 argument', load, THIS_FILE],
            ['takes 1 argument', GLib.usleep],
            ['takes 1 argument', GLib.usleep, 1, 2],
            ['microseconds', GLib.usleep, 'text'],
            ['microseconds', GLib.usleep, 1.5],
            ['microseconds', GLib.usleep, -1],
            ['microseconds', GLib.usleep, {}],
            ['microseconds', GLib.usleep, () => 1],
            ['microseconds', GLib.usleep, Symbol('x')],
            ['Gio.File was expected', load, listened, null],
            ['argument 0', load, null, null],
            ['argument 1', load, THIS_FILE, {}],
            ['null alone', Gio.File.prototype.copy, THIS_FILE, MISSING, 0, null, () => {}],
            ['main loop', GLib.idle_add, 0],
            ['main loop', Gio.Cancellable.prototype.cancel, new Gio.Cancellable()],
            ['main loop', GLib.MainContext.prototype.iteration, GLib.MainContext.default(), false],
            ['“func”', Odd.call, 1],
            ['written in JavaScript', Odd.Thing.prototype.get_number, new JSThing()],
            ['signal handlers', Odd.Thing.prototype.get_number, listened],
            ['destroyed', Odd.Thing.prototype.get_number, disposed],
            ['and no callback', loadAsync, THIS_FILE],
            ['and no callback', loadAsync, THIS_FILE, null, () => {}],
            ['takes no arguments', new Ah.Serial(), 1, 2],
            ['takes no arguments', new Ah.Serial(), new Gio.Cancellable()],
            ['no option', {speed: 1}, () => 1],
            ['no option', {cancellable: null}, () => 1],
            ['a batch was expected', Ah.Batch.prototype.run, 5],
        ])
            assertTypeError(thrown(() => batch.schedule(...args)), words);
        assertEqual(batch.n_functions, 0);

        assertTypeError(thrown(() => batch.run({})), 'Gio.Cancellable');
        assertTypeError(thrown(() => Ah.run()), 'expected');
        assertTypeError(thrown(() => Ah.run({cancellable: {}}, () => 1)), 'Gio.Cancellable');
        assertTypeError(thrown(() => Ah.run(batch, 1)), 'Gio.Cancellable');
        assertTypeError(thrown(() => Ah.run({speed: 1}, () => 1)), 'no option');
        assertTypeError(thrown(() => Ah.to_async(3)), 'expected');
        assertTypeError(thrown(() => Ah.to_async(GLib.idle_add)), 'main loop');
        assert(thrown(() => Ah.current_cancellable()).message.includes('being run'));
        assertTypeError(thrown(() => Ah.Function.new_native('GLib.usleep', [])), 'takes 1');
        assert(thrown(() => Ah.Function.new_native('Odd.nowhere', []))
            .matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND));
    },

    async nothingLeavesItsThread() {
        const batch = new Ah.Parallel();
        const called = [];
        const f = () => called.push(1);

        for (const carry of [() => batch.schedule_blocking(f), () => Ah.Function.new_blocking(f),
            () => new Ah.Function(), () => Ah.Function.new_async(5)])
            assertTypeError(thrown(carry), '');
        if (Ah.invoke)
            assertTypeError(thrown(() => Ah.invoke(null, f)), 'one thread');

        const func = Ah.Function.new_async(task => task.return_value(1));
        assert(func.home !== null);
        func.home = GLib.MainContext.default();
        for (const home of [null, GLib.MainContext.new()]) {
            assertTypeError(thrown(() => {
                func.home = home;
            }), 'belongs');
            assertTypeError(thrown(() => func.set_home(home)), 'belongs');
        }
        GLib.test_expect_message('Ah', GLib.LogLevelFlags.LEVEL_CRITICAL, '*home*');
        func.set_property('home', GLib.MainContext.new());
        GLib.test_assert_expected_messages_internal('Ah', 'javascript-refusals.js', 0, 'home');
        assert(func.home !== null, 'it should still have its home');
        assertTypeError(thrown(() => Ah.queue_background_thread(func)), 'background');

        // Connected since it was scheduled.
        const thing = Odd.Thing.new(1);
        const late = new Ah.Parallel().schedule(Odd.Thing.prototype.get_number, thing);
        const id = thing.connect('announced', f);
        assert((await rejected(late.run())).message.includes('signal handlers'));
        thing.disconnect(id);
        assertEqual(await late.run(), [1]);

        // C that runs what has JavaScript functions in it finds no JavaScript there.
        batch.schedule(f);
        const {schedule} = imports.overrides._ah.raw.raw;
        const shell = new Ah.Parallel();
        schedule.call(shell, batch);
        assert((await rejected(Ah.run(shell))).matches(Ah.RunError, Ah.RunError.HOME));
        assertEqual(called, []);
    },

    /** Functions that reach their own batch, which C has as well: neither may keep the other. */
    async droppedBatchesAreFreed() {
        async function makeAndDrop(i) {
            const outer = new Ah.Serial();
            const inner = new Ah.Parallel().schedule(GLib.usleep, 0);

            inner.schedule(function watchedInBatch() {
                return [i, inner, outer];
            });
            outer.schedule(inner).schedule(outer.n_functions ? inner : () => outer);
            if (i % 2)
                await outer.run();
            if (i % 3)
                outer.start().cancel();
        }

        for (let i = 0; i < 100; i++)
            await makeAndDrop(i);
        await until(() => nActive() === 0, 'runs are left');

        let left = Infinity;
        for (let i = 0; i < 100 && left > 10; i++) {
            System.gc();
            await later();
            left = countInHeap('watchedInBatch');
        }
        // The function's own name, and what the stack may hold of the last ones.
        assert(left > 0, 'the heap should list the function that the others are made from');
        assert(left <= 10, `${left} functions are left`);
    },

    async nothingIsLeft() {
        const cancellable = new Gio.Cancellable();
        const [batch] = everything();

        await until(() => nActive() === 0, `${nActive()} runs are left`);
        const promises = [batch.run(cancellable), Ah.run({cancellable}, never),
            Ah.run({cancellable}, load, THIS_FILE, null)];
        batch.schedule(never);
        Ah.start(batch, cancellable);
        cancellable.cancel();
        await Promise.allSettled(promises);
        await until(() => nActive() === 0, `${nActive()} runs are left`);
    },

    /** A batch of which JavaScript does not know what is in it. */
    async batchOfC() {
        const {schedule} = imports.overrides._ah.raw.raw;
        const foreign = new Ah.Serial();

        schedule.call(foreign, Ah.Function.new_native('GLib.path_get_basename', ['/a']));
        assertEqual(await foreign.run(), ['a']);
        assertEqual(await new Ah.Parallel().schedule(foreign).schedule(() => 1).run(), [['a'], 1]);
        assertEqual(await new Ah.Parallel().schedule(foreign.run).run(), [['a']]);
        foreign.schedule(() => 1);
        assertTypeError(await rejected((async () => foreign.run())()), 'C scheduled');
    },
};
