// SPDX-License-Identifier: LGPL-2.1-or-later

// What the override for GJS does. javascript.js and javascript-legacy.js run these tests.

/* exported atTop, everything, inLoop */

const {Ah, Gio, GLib, GObject, Odd} = imports.gi;
const {
    MISSING, THIS_FILE, assert, assertEqual, assertTypeError, isCancelled, later, load, loadAsync,
    nActive, never, rejected, show, thrown, until,
} = imports['javascript-support'];

/** A batch with one of each kind, and what it gives. */
function everything() {
    const object = {a: [undefined]};
    const array = [1, , object];
    const func = () => {};
    const [, contents, etag] = THIS_FILE.load_contents(null);
    const inner = new Ah.Serial().schedule((a, b) => [a, b], object, array)
        .schedule(GLib.get_prgname);
    const batch = new Ah.Parallel()
        .schedule(load, THIS_FILE, null)
        .schedule(() => object)
        .schedule(async () => {
            await later();
            return array;
        })
        .schedule(() => later(func))
        .schedule(() => undefined)
        .schedule(GLib.usleep, 0)
        .schedule(loadAsync, THIS_FILE, null)
        .schedule(inner)
        .schedule(inner.run)
        .schedule(Ah.Batch.prototype.run, inner)
        .schedule(Ah.Function.new_native('GLib.get_prgname'));

    function check(results) {
        assertEqual(results.length, 11);
        assert(results[0][1] instanceof Uint8Array && results[0][1].length === contents.length);
        assertEqual(results[0], [true, contents, etag]);
        assert(results[1] === object && results[2] === array && results[3] === func, 'identity');
        assert(results[4] === undefined && results[5] === undefined, 'undefined');
        assertEqual(results[6], [true, contents, etag]);
        for (const i of [7, 8, 9]) {
            assert(results[i][0][0] === object && results[i][0][1] === array, 'nested');
            assertEqual(results[i][1], GLib.get_prgname());
        }
        assertEqual(results[10], GLib.get_prgname());
    }

    return [batch, check];
}

// Where no main loop runs ----------------------------------------------------------------------

var atTop = {
    block() {
        const [batch, check] = everything();

        check(batch.block());
        check(batch.block(new Gio.Cancellable()));
        check(Ah.block(batch));
        assertEqual(new Ah.Parallel().block(), []);
    },

    blockOnFunctions() {
        assertEqual(Ah.block(load, THIS_FILE, null), THIS_FILE.load_contents(null));
        assertEqual(Ah.block(loadAsync, THIS_FILE, null), THIS_FILE.load_contents(null));
        assertEqual(Ah.block(async a => {
            await later();
            return a;
        }, 3), 3);
        assertEqual(Ah.block(a => a, 3), 3);
        assert(Ah.block(() => undefined) === undefined);
        assertEqual(Ah.to_blocking(async a => a)(3), 3);
        assertEqual(Ah.to_blocking(loadAsync).call(THIS_FILE, null), THIS_FILE.load_contents(null));
        assert(Ah.to_blocking(load) === load);
    },

    blockFails() {
        const mine = new RangeError('mine');
        const error = thrown(() => new Ah.Serial().schedule(() => 1).schedule(() => {
            throw mine;
        }).block());

        assert(error === mine);
        assertEqual(Ah.failed_index(error), 1);
        assert(thrown(() => Ah.block(async () => {
            throw mine;
        })) === mine);
        assert(thrown(() => Ah.block(load, MISSING, null))
            .matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND));
    },

    blockIsCancelled() {
        const cancellable = new Gio.Cancellable();

        cancellable.cancel();
        for (const f of [() => Ah.block({cancellable}, never), () => Ah.block({cancellable}, load,
            THIS_FILE, null), () => everything()[0].block(cancellable)])
            assert(isCancelled(thrown(f)));

        const soon = new Gio.Cancellable();
        GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
            soon.cancel();
            return GLib.SOURCE_REMOVE;
        });
        assert(isCancelled(thrown(() => Ah.block({cancellable: soon}, never))));
    },

    futureWaits() {
        const [batch, check] = everything();
        const future = Ah.start(batch);

        assert(future.wait() && future.get_done());
        check(future.get_results());
        assert(future.get_results() === future.get_results());
    },
};

// Where one runs -------------------------------------------------------------------------------

var inLoop = {
    async run() {
        const [batch, check] = everything();

        check(await batch.run());
        check(await batch.run(new Gio.Cancellable()));
        check(await Ah.run(batch));
        check(await Ah.run({cancellable: new Gio.Cancellable()}, batch.run));
        assertEqual(await new Ah.Parallel().run(), []);
    },

    async runAtTheSameTime() {
        let n = 0;
        const batch = new Ah.Parallel().schedule(() => n++).schedule(async () => {
            const mine = n++;
            await later();
            return mine;
        }).schedule(GLib.usleep, 10);
        const all = (await Promise.all(Array.from({length: 20}, () => batch.run()))).flat();

        assertEqual(all.filter(x => x !== undefined).sort((a, b) => a - b), [...Array(40).keys()]);
    },

    async functions() {
        assertEqual(await Ah.run((a, b) => a + b, 1, 2), 3);
        assertEqual(await Ah.run(async a => a, [1]), [1]);
        assertEqual(await Ah.run(load, THIS_FILE, null), THIS_FILE.load_contents(null));
        assertEqual(await Ah.run(loadAsync, THIS_FILE, null), THIS_FILE.load_contents(null));
        assertEqual(await Ah.run(Ah.Function.new_native('GLib.path_get_basename', ['/a/b'])), 'b');
        assertEqual(await Ah.run(Gio.File.new_for_path, '/a').then(f => f.get_path()), '/a');
        assertEqual(await Ah.run(Ah.Function.new_async(task => task.return_value(7))), 7);
    },

    async toAsync() {
        const callLoad = Ah.to_async(load);
        const f = async () => {};

        assertEqual(await callLoad.call(THIS_FILE, null), THIS_FILE.load_contents(null));
        assertEqual(await Ah.to_async(GLib.path_get_basename)('/a/b'), 'b');
        assertEqual(await Ah.to_async(loadAsync).call(THIS_FILE, null),
            THIS_FILE.load_contents(null));
        assertEqual(await Ah.to_async(function (a) {
            return [this.x, a];
        }).call({x: 1}, 2), [1, 2]);
        assert(Ah.to_async(f) === f);
        const basename = Ah.to_async(path => GLib.path_get_basename(path));
        assertEqual(await Promise.all(['/a/b', '/c'].map(basename)), ['b', 'c']);
    },

    async values() {
        const bytes = Uint8Array.of(1, 2, 3);
        const thing = Odd.Thing.new(5);
        const same = async (func, ...args) =>
            assertEqual(await Ah.run(func, ...args), func(...args));

        await same(Odd.echo_int64, 2 ** 40);
        await same(Odd.echo_boolean, 'truthy');
        await same(Odd.echo_unichar, 'ß');
        await same(Odd.out_three);
        await same(Odd.skipped);
        await same(Odd.bytes_reverse, bytes);
        await same(Odd.ints_sum, [3, 4]);
        await same(Odd.strv_full, ['a', 'b']);
        await same(Odd.strv_none, null);
        await same(GLib.uri_parse_params, 'a=1&b=2', -1, '&', GLib.UriParamsFlags.NONE);
        await same(GLib.base64_encode, bytes);
        await same(GLib.compute_checksum_for_bytes, GLib.ChecksumType.MD5, GLib.Bytes.new(bytes));
        assert((await Ah.run(Odd.bytes_reverse, bytes)) instanceof Uint8Array);
        assert((await Ah.run(GLib.Bytes.prototype.new_from_bytes, GLib.Bytes.new(bytes), 1, 2))
            instanceof GLib.Bytes);
        assert(await Ah.run(Odd.nothing) === undefined);
        assert(await Ah.run(Odd.Thing.prototype.get_self, thing) === thing);
        assert((await Ah.run(Odd.echo_gtype, Gio.File)) === Gio.File.$gtype);
        assert((await Ah.run(Odd.echo_gtype, GObject.TYPE_INT)) === GObject.TYPE_INT);
        assert((await Ah.run(Odd.error_make, 'value')) instanceof GLib.Error);
    },

    async rejections() {
        const mine = {not: 'an Error'};
        const batch = new Ah.Parallel().schedule(GLib.get_prgname).schedule(async () => {
            await later();
            throw mine;
        });

        assert(await rejected(batch.run()) === mine);
        assertEqual(Ah.failed_index(mine), 1);
        const outer = new Ah.Serial().schedule(() => 0).schedule(() => 0).schedule(batch);
        assert(await rejected(outer.run()) === mine);
        assertEqual(Ah.failed_index(mine), 2);
        assert(await rejected(Ah.run(() => Promise.reject(mine))) === mine);
        assert(await rejected(Ah.run(() => {
            throw undefined;
        })) === undefined);
        assertEqual(Ah.failed_index({}), null);
        for (const odd of ['a\0b', '\ud800', Symbol('s'), new Error('a\0b'), null, 5n,
            Object.create(null), {get message() {
                throw new Error('no message');
            }}])
            assert(await rejected(Ah.Serial.map(x => Promise.reject(x), [odd]).run()) === odd);

        const io = await rejected(new Ah.Parallel().schedule(load, MISSING, null).run());
        assert(io.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND), `${io}`);
        assertEqual(Ah.failed_index(io), 0);
        assert((await rejected(Ah.run(loadAsync, MISSING, null)))
            .matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND));
    },

    async collect() {
        const mine = new Error('mine');
        const results = await new Ah.Parallel({error_policy: Ah.ErrorPolicy.COLLECT})
            .schedule(() => {
                throw mine;
            })
            .schedule(load, MISSING, null)
            .schedule(() => 3)
            .schedule(new Ah.Serial().schedule(() => {
                throw mine;
            }))
            .run();

        assert(results[0] === mine && results[2] === 3 && results[3] === mine);
        assert(results[1].matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND));
        assertEqual(Ah.failed_index(results[1]), 1);
    },

    async properties() {
        let nRunning = 0, most = 0;
        const batch = new Ah.Parallel({max_concurrency: 2});

        for (let i = 0; i < 10; i++) {
            batch.schedule(async () => {
                most = Math.max(most, ++nRunning);
                await later();
                nRunning--;
            });
        }
        await batch.run();
        assertEqual(most, 2);
        assertEqual(batch.n_functions, 10);

        const timed = new Ah.Parallel({timeout: 10}).schedule(never);
        assert((await rejected(timed.run())).matches(Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT));
    },

    async cancel() {
        for (const f of [never, () => later().then(never), async () => {
            await never();
        }]) {
            const cancellable = new Gio.Cancellable();
            const promise = Ah.run({cancellable}, f);

            await later();
            cancellable.cancel();
            assert(isCancelled(await rejected(promise)));
        }

        // What hears of it may take its time to end.
        const cancellable = new Gio.Cancellable();
        let heard = false;
        const promise = new Ah.Parallel().schedule(GLib.usleep, 1000).schedule(async () => {
            const mine = Ah.current_cancellable();
            await until(() => mine.is_cancelled(), 'the function was not told');
            heard = true;
        }).run(cancellable);
        await later();
        cancellable.cancel();
        assert(isCancelled(await rejected(promise)));
        await until(() => heard, 'the function did not hear of it');
    },

    async cancelBefore() {
        const cancellable = new Gio.Cancellable();
        let n = 0;

        cancellable.cancel();
        const batch = new Ah.Parallel().schedule(() => n++).schedule(load, THIS_FILE, null);
        for (const promise of [batch.run(cancellable), Ah.run({cancellable}, () => n++),
            Ah.run({cancellable}, load, THIS_FILE, null)])
            assert(isCancelled(await rejected(promise)));
        assertEqual(n, 0);
    },

    async lateOutcomeIsSwallowed() {
        const cancellable = new Gio.Cancellable();
        let settle = null;
        const promise = Ah.run({cancellable}, () => new Promise((_, reject) => {
            settle = reject;
        }));

        await until(() => settle !== null, 'it should have started');
        cancellable.cancel();
        assert(isCancelled(await rejected(promise)));
        settle(new Error('nobody hears this'));
        await later();
    },

    async failFastCancelsOthers() {
        const mine = new Error('mine');
        const error = await rejected(new Ah.Parallel().schedule(never).schedule(async () => {
            await later();
            throw mine;
        }).schedule(never).run());

        assert(error === mine);
        assertEqual(Ah.failed_index(error), 1);
    },

    async asCompleted() {
        const order = [];
        let release = null;
        const batch = new Ah.Parallel()
            .schedule(() => new Promise(resolve => {
                release = resolve;
            }))
            .schedule(GLib.path_get_basename, '/a/b')
            .schedule(new Ah.Serial().schedule(() => 1).schedule(GLib.path_get_basename, '/c'));

        for await (const [index, value] of batch) {
            order.push(index);
            assertEqual(value, ['released', 'b', [1, 'c']][index]);
            if (order.length === 2)
                release('released');
        }
        assertEqual(order.length, 3);
        assertEqual(order[2], 0);
    },

    async asCompletedFails() {
        const mine = new Error('mine');
        const seen = [];
        const fail = () => {
            throw mine;
        };
        const make = error_policy => new Ah.Serial({error_policy})
            .schedule(() => 1).schedule(fail).schedule(() => 3);

        assert(await rejected((async () => {
            for await (const item of make(Ah.ErrorPolicy.FAIL_FAST))
                seen.push(item);
        })()) === mine);
        assertEqual(seen, [[0, 1]]);
        for await (const item of make(Ah.ErrorPolicy.COLLECT).as_completed())
            seen.push(item);
        assert(seen.length === 4 && seen[2][1] === mine && seen[3][1] === 3, show(seen));
    },

    async asCompletedInAPool() {
        const pool = Ah.ThreadPool.new(1);
        const batch = new Ah.Parallel({pool})
            .schedule(GLib.path_get_basename, '/a').schedule(() => 1);
        const seen = [];

        for await (const [index, value] of batch)
            seen[index] = value;
        assertEqual(seen, ['a', 1]);
        assertEqual(pool.get_n_threads(), 1);
        assertEqual(await batch.run(), ['a', 1]);
    },

    async asCompletedLeft() {
        const batch = new Ah.Parallel().schedule(never).schedule(() => 1)
            .schedule(GLib.usleep, 1000);
        const before = nActive();

        for await (const [index] of batch) {
            if (index === 1)
                break;
        }
        assertEqual(nActive(), before);
    },

    async map() {
        assertEqual(await Ah.Parallel.map(GLib.path_get_basename, ['/a', '/b']).run(), ['a', 'b']);
        assertEqual(await Ah.Serial.map((a, b) => a + b, new Set([1, 2]), 10).run(), [11, 12]);
        const files = [THIS_FILE, THIS_FILE];
        assertEqual((await Ah.Parallel.map(load, files, null).run()).length, 2);
        assert(isCancelled(await rejected((() => {
            const cancellable = new Gio.Cancellable();
            cancellable.cancel();
            return Ah.Parallel.map(load, files, null).run(cancellable);
        })())));
    },

    async future() {
        const [batch, check] = everything();
        const future = Ah.start(batch);
        let fraction = 0;

        future.connect('notify::fraction', () => {
            fraction = future.fraction;
        });
        assertEqual(future.n_functions, 11);
        assert(thrown(() => future.get_results())
            .matches(Gio.IOErrorEnum, Gio.IOErrorEnum.PENDING));
        check(await future.result());
        check(await future.result());
        check(future.get_value());
        assertEqual(fraction, 1);
        const single = Ah.start(GLib.path_get_basename, '/a/b');
        assertEqual(await single.result(), 'b');
        assertEqual(single.get_value(), 'b');
        assert(thrown(() => single.get_results())
            .matches(Gio.IOErrorEnum, Gio.IOErrorEnum.INVALID_ARGUMENT));
        assertEqual(await batch.start().result().then(r => r.length), 11);

        const stopped = Ah.start(never);
        stopped.cancel();
        assert(isCancelled(await rejected(stopped.result())));
        assert(isCancelled(thrown(() => stopped.get_value())));
        const failed = Ah.start(load, MISSING, null);
        const error = await rejected(failed.result());
        assert(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND));
        assert(!error.message.includes('Function'), error.message);
    },

    async background() {
        const future = Ah.queue_background_thread(load, THIS_FILE, null);
        const batch = new Ah.Serial().schedule(GLib.path_get_basename, '/a/b').schedule(
            new Ah.Parallel().schedule(GLib.usleep, 10));

        assertEqual(await future.result(), THIS_FILE.load_contents(null));
        assertEqual(await Ah.queue_background_thread(batch).result(), ['b', [undefined]]);
        for (const f of [[() => 1], [async () => 1], [loadAsync, THIS_FILE, null],
            [new Ah.Parallel().schedule(() => 1)], [new Ah.Parallel().schedule(new Ah.Serial()
                .schedule(() => 1))], [Ah.Function.new_async(() => {})]])
            assertTypeError(thrown(() => Ah.queue_background_thread(...f)), 'background thread');
    },

    async idleEventLoop() {
        const value = Ah.idle_event_loop(context => {
            const source = GLib.idle_source_new();
            let isCalled = false;

            source.set_callback(() => {
                isCalled = true;
                return GLib.SOURCE_REMOVE;
            });
            source.attach(context);
            while (!isCalled)
                context.iteration(true);
            return 5;
        });

        assertEqual(value, 5);
        assertTypeError(thrown(() => Ah.idle_event_loop(async () => {})), 'when it returns');
        assertTypeError(thrown(() => Ah.idle_event_loop(() => later())), 'settles promises');
        assertEqual(thrown(() => Ah.idle_event_loop(() => {
            throw new RangeError('mine');
        })).message, 'mine');
    },

    /** Inside a dispatch: what needs no promise works, and the rest says so. */
    async blockInDispatch() {
        await later();
        assert(GLib.main_depth() > 0, 'this should be a dispatch');
        const object = {};

        assertEqual(Ah.block(load, THIS_FILE, null), THIS_FILE.load_contents(null));
        assertEqual(Ah.block(loadAsync, THIS_FILE, null), THIS_FILE.load_contents(null));
        assertEqual(Ah.block(loadAsync, THIS_FILE, new Gio.Cancellable()),
            THIS_FILE.load_contents(null));
        assert(Ah.block(() => object) === object);
        const results = new Ah.Parallel().schedule(() => object).schedule(load, THIS_FILE, null)
            .schedule(loadAsync, THIS_FILE, null)
            .schedule(() => new Ah.Serial().schedule(() => 1).block()).block();
        assert(results[0] === object && results[1].length === 3 && results[2].length === 3);
        assertEqual(results[3], [1]);
        // Nested, and not called.
        assertEqual(new Ah.Serial().schedule(new Ah.Serial().schedule(() => 1).run).block(), [[1]]);
        let isCalled = false;
        assertTypeError(thrown(() => Ah.block(async () => {
            isCalled = true;
        })), 'settles');
        assert(!isCalled, 'it should not have been called');
        assertTypeError(thrown(() => Ah.block(() => later())), 'promise');
        assertTypeError(thrown(() => new Ah.Parallel().schedule(() => later()).block()), 'promise');
        assert(thrown(() => Ah.block(Ah.Function.new_async(task => task.return_value(1))))
            .matches(Ah.RunError, Ah.RunError.HOME));
        assert(thrown(() => Ah.start(() => later()).wait())
            .matches(Gio.IOErrorEnum, Gio.IOErrorEnum.WOULD_BLOCK));
    },

    async deepNesting() {
        let batch = new Ah.Serial().schedule(() => 'deep');

        for (let i = 0; i < 1000; i++)
            batch = (i % 2 ? new Ah.Parallel() : new Ah.Serial()).schedule(batch);
        let results = await batch.run();
        for (let i = 0; i < 1000; i++)
            [results] = results;
        assertEqual(results, ['deep']);
    },

    async cycle() {
        const outer = new Ah.Serial(), inner = new Ah.Serial().schedule(() => 1);

        outer.schedule(inner);
        inner.schedule(outer);
        assert((await rejected(outer.run())).matches(Ah.RunError, Ah.RunError.CYCLE));
    },

    async promisified() {
        // As Gio._promisify () leaves it on a class.
        class Loader {
            load_async(cancellable, callback) {
                return THIS_FILE.load_contents_async(cancellable, (_, result) =>
                    callback(this, result));
            }

            load_finish(result) {
                return THIS_FILE.load_contents_finish(result);
            }
        }
        Gio._promisify(Loader.prototype, 'load_async', 'load_finish');
        assertEqual((await Ah.run(Loader.prototype.load_async, new Loader(), null)).length, 2);
    },

    async nativeApi() {
        const [batch, check] = everything();

        check(await new Promise((resolve, reject) => batch.run_async(null, (source, result) => {
            try {
                resolve(source.run_finish(result));
            } catch (error) {
                reject(error);
            }
        })));
        assertEqual(await new Promise(resolve => Ah.run_async(
            Ah.Function.new_native('GLib.path_get_basename', ['/a/b']), null,
            (_, result) => resolve(Ah.run_finish(result)))), 'b');
    },
};
