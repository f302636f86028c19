// SPDX-License-Identifier: LGPL-2.1-or-later

// What could carry a JavaScript function to another thread, or release one there: it ends the
// process, so it is refused, or made safe.

/* exported install */

const {Ah, GLib} = imports.gi;
const {define} = imports.overrides._ah.batch;
const Errors = imports.overrides._ah.errors;
const Introspected = imports.overrides._ah.introspected;
const {isSameContext, raw} = imports.overrides._ah.raw;

function refuse(what, instead) {
    return () => {
        throw new TypeError(`${what} would call a JavaScript function in another thread, and ` +
            `JavaScript has one thread: ${instead}`);
    };
}

/** An async function that ends a Gio.Task itself, as in C; at home in this thread. */
function newAsync(func) {
    if (typeof func !== 'function')
        throw new TypeError('a function was expected, which gets a Gio.Task');

    const native = raw.newAsync(task => {
        try {
            func(task);
        } catch (error) {
            task.return_error(Errors.toPlainGError(error));
        }
    });
    raw.setHome.call(native, GLib.MainContext.ref_thread_default());
    // What is scheduled cannot be changed any more, so the home stays.
    raw.schedule.call(new Ah.Serial(), native);
    return native;
}

function install() {
    const {_init: init, set_home: setHome, get_home: getHome} = Ah.Function.prototype;

    define(Ah.Function, {
        new_async: newAsync,
        new_blocking: refuse('Function.new_blocking()', 'use schedule() or Ah.run()'),
        new_native(name, args = []) {
            return Introspected.bind(Introspected.describeNative(Ah.Native.lookup(name)), args);
        },
        new_native_symbol(namespace, symbol, args = []) {
            return Introspected.bind(
                Introspected.describeNative(Ah.Native.lookup_symbol(namespace, symbol)), args);
        },
    });
    define(Ah.Native.prototype, {
        bind(args = []) {
            return Introspected.bind(Introspected.describeNative(this), args);
        },
    });

    define(Ah.Function.prototype, {
        set_home(home) {
            const old = getHome.call(this);

            if (old === null)
                setHome.call(this, home);
            else if (home === null || !isSameContext(old, home))
                throw new TypeError('a JavaScript function belongs where it was made: see home');
        },
        _init(...args) {
            if (!(this instanceof Ah.Batch))
                throw new TypeError('an Ah.Function is made by one of Ah.Function.new_…()');
            init.apply(this, args);
        },
    });
    Object.defineProperty(Ah.Function.prototype, 'home', {
        configurable: true,
        get() {
            return getHome.call(this);
        },
        set(home) {
            this.set_home(home);
        },
    });

    define(Ah.Batch.prototype, {
        schedule_blocking: refuse('schedule_blocking()', 'use schedule()'),
        schedule_async(func) {
            return this.schedule(newAsync(func));
        },
    });
    // Of newer versions of the library.
    if (Ah.Batch.prototype.schedule_shared) {
        define(Ah.Batch.prototype,
            {schedule_shared: refuse('schedule_shared()', 'use schedule()')});
    }
    if (Ah.invoke) {
        define(Ah, {
            invoke: refuse('Ah.invoke()', 'call the function, or queue it by GLib.idle_add()'),
        });
    }
}
