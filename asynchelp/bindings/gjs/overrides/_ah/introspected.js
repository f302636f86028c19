// SPDX-License-Identifier: LGPL-2.1-or-later

// C functions that GJS shows as JavaScript functions: how to tell them, what they are called, and
// how their arguments and results become values and back.

/* exported bind, callAsync, checkAsync, describe, describeNative, fromNative, isIntrospected,
   isPromisified, plain */

const {Ah, Gio, GLib, GObject} = imports.gi;

const Kind = Ah.NativeKind;

// GJS's own toString() of such a function: it throws for all others.
const toText = Object.getPrototypeOf(Gio.File.prototype.load_contents).toString;

// How the text begins: "method Gio.File.load_contents(cancellable) {", and the symbol's comment.
const HEAD = /^\w+ (\w+)\.[\w.]*\(([^)]*)\)/;
const SYMBOL = /\b(\w+)\(\)\s*\*\//;

// What would run sources or callbacks of the program in a worker, or change whose they are.
const BELONGS_TO_LOOP = [
    /^Ah\./,
    /^GLib\.(MainContext|MainLoop|Source|main_|source_|idle_|timeout_)/,
    /^GObject\.(Closure|signal_|Object\.(run_dispose|watch_closure))/,
    /^Gio\.(Application|Task|SimpleAsyncResult)\./,
    /^Gio\.Cancellable\.(cancel|reset|push_current|pop_current)$/,
    /^(Gtk|Clutter|Meta|St|Shell)\.(main|init|test_)/,
    /^G(tk|dk)\.Application\./,
];

// The functions themselves live as long as what has them, so this keeps nothing.
const descriptions = new WeakMap();

/** Whether a function is a C function that introspection describes. */
function isIntrospected(func) {
    if (descriptions.has(func))
        return true;
    // Others can have this text as well, but not the one below.
    if (Object.prototype.toString.call(func) !== '[object GIRepositoryFunction]')
        return false;
    try {
        toText.call(func);
        return true;
    } catch (error) {
        return false;
    }
}

// Gio._promisify() leaves a JavaScript function, which still wants its instance as "this".
const sample = {x_async() {}, x_finish() {}};
Gio._promisify(sample, 'x_async', 'x_finish');
const PROMISIFIED = sample.x_async.toString();
const nameOfPromisified = sample.x_async.name;

function isPromisified(func) {
    return func.name === nameOfPromisified && func.toString() === PROMISIFIED;
}

// The Ah.Native of a function ------------------------------------------------------------------

function lookUp(namespace, symbol) {
    const others = Object.keys(imports.gi).filter(name =>
        name !== namespace && name !== 'versions' && !name.startsWith('__'));
    let missing = null;

    // A function may be shown by another namespace than the one that describes it.
    for (const name of [namespace, ...others]) {
        try {
            return Ah.Native.lookup_symbol(name, symbol);
        } catch (error) {
            if (!error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND))
                throw error;
            missing ??= error;
        }
    }
    throw missing;
}

/** The JavaScript function with a name such as "Gio.File.load_contents_finish". */
function findFunction(name) {
    const [namespace, ...path] = name.split('.');
    const owner = path.slice(0, -1).reduce((object, part) => object[part], imports.gi[namespace]);
    const last = path[path.length - 1];

    return owner.prototype?.[last] ?? owner[last];
}

class Description {
    constructor(native, func = null, parameters = '') {
        this.func = func;
        this.native = native;
        this.name = native.get_name();
        this.isMethod = native.is_method();
        this.isAsync = native.is_async();
        this.nResults = native.get_n_results();
        this.converters = Array.from({length: native.get_n_arguments()},
            (_, i) => getConverter(native.get_argument_kind(i)));
        this.resultKinds = Array.from({length: this.nResults},
            (_, i) => native.get_result_kind(i));

        // Of a function that calls back, girepository's module knows no arguments: GJS does.
        if (this.isAsync && func) {
            this.parameters = parameters.split(',').map(name => name.trim()).slice(0, -1);
            this.finish = native.get_finish_name();
        }
    }

    /** Throws if no worker may call it. */
    check() {
        if (BELONGS_TO_LOOP.some(pattern => pattern.test(this.name))) {
            throw new TypeError(`${this.name} belongs on the main loop, not in a worker: ` +
                'call it directly');
        }
        try {
            this.native.check();
        } catch (error) {
            throw new TypeError(error.message);
        }
        this.check = () => {};
    }
}

function describe(func) {
    let description = descriptions.get(func);

    if (!description) {
        const text = toText.call(func);
        const [, namespace, parameters] = HEAD.exec(text) ?? [];
        const [, symbol] = SYMBOL.exec(text) ?? [];

        if (namespace === undefined || symbol === undefined)
            throw new Error(`this version of GJS describes functions in an unknown way: ${text}`);
        try {
            description = new Description(lookUp(namespace, symbol), func, parameters);
        } catch (error) {
            throw error instanceof GLib.Error ? new TypeError(error.message) : error;
        }
        descriptions.set(func, description);
    }
    return description;
}

const descriptionsByName = new Map();

/** For names that a program looks up itself. */
function describeNative(native) {
    const name = native.get_name();

    if (!descriptionsByName.has(name))
        descriptionsByName.set(name, new Description(native));
    return descriptionsByName.get(name);
}

// From JavaScript to values --------------------------------------------------------------------

const isGType = value =>
    Object.prototype.toString.call(value) === '[object GIRepositoryGType]';

// What GJS says of an object that was disposed of.
const IS_GONE = /^\[object \((DISPOSED|FINALIZED)\)/;

function toList(items) {
    const list = Ah.ValueList.new();

    for (const item of items)
        list.append(toItem(item));
    return list;
}

/** A value of which nothing is known but itself. */
function toItem(value) {
    switch (typeof value) {
    case 'undefined':
        return null;
    case 'function':
        if (value.$gtype)
            return value.$gtype.name;
        throw new TypeError('a JavaScript function cannot go to another thread');
    case 'symbol':
        throw new TypeError('a symbol has no meaning in C');
    case 'object':
        if (value === null)
            return null;
        if (value instanceof Uint8Array)
            return GLib.Bytes.new(value);
        if (Array.isArray(value) || ArrayBuffer.isView(value))
            return toList(value);
        if (isGType(value))
            return value.name;
    }
    return value;
}

/** A value that GJS converts by itself. */
function toScalar(value) {
    switch (typeof value) {
    case 'undefined':
        return null;
    case 'function':
    case 'symbol':
        return toItem(value);
    default:
        return value;
    }
}

function toObject(value) {
    if (value !== null && typeof value === 'object' && IS_GONE.test(String(value)))
        throw new TypeError('the object has been destroyed');
    return toScalar(value);
}

function toNull(value) {
    if (value !== undefined && value !== null)
        throw new TypeError('it would be called back in another thread: it can be null alone');
    return null;
}

const toGType = value => value?.$gtype ? value.$gtype.name : toItem(value);

const toNumbers = value => value instanceof Uint8Array ? toList(value) : toItem(value);

const isTable = value => value !== null && typeof value === 'object' && !Array.isArray(value);

const toTableList = value =>
    isTable(value) ? toList(Object.entries(value).flat()) : toItem(value);

/** What makes a value of an argument; of most kinds without looking twice. */
function getConverter(kind) {
    switch (kind) {
    case Kind.BOOLEAN:
        return Boolean;
    case Kind.NUMBER:
    case Kind.ENUM:
    case Kind.FLAGS:
    case Kind.STRING:
    case Kind.FILENAME:
    case Kind.CANCELLABLE:
    case Kind.VARIANT:
        return toScalar;
    case Kind.OBJECT:
        return toObject;
    case Kind.GTYPE:
        return toGType;
    case Kind.LIST:
        return toNumbers;
    case Kind.TABLE:
        return toTableList;
    case Kind.NULL:
        return toNull;
    default:
        return toItem;
    }
}

function toValues(description, args) {
    const {converters, name, native} = description;
    const n = converters.length;
    const values = new Array(n);
    let i = 0;

    if (args.length !== n) {
        const names = converters.map((_, k) => native.get_argument_name(k)).join(', ');
        throw new TypeError(`${name} takes ${n} argument(s) (${names}), not ${args.length}`);
    }
    try {
        for (; i < n; i++)
            values[i] = converters[i](args[i]);
    } catch (error) {
        throw new TypeError(
            `${name}, argument ${i} “${native.get_argument_name(i)}”: ${error.message}`);
    }
    return values;
}

// Captured before safety.js replaces it by what cannot be used wrongly.
const rawBind = Ah.Native.prototype.bind;

/** An Ah.Function that calls a C function in a worker; @args begin with a method's instance. */
function bind(description, args) {
    description.check();

    const values = toValues(description, args);
    try {
        return rawBind.call(description.native, values, Ah.NativeFlags.NO_HANDLERS);
    } catch (error) {
        // That a value has no type of its own, GJS says without telling which one it was.
        throw new TypeError(error instanceof GLib.Error
            ? error.message
            : `${description.name}: an argument cannot be given to C: ${error.message}`);
    }
}

// From values to JavaScript --------------------------------------------------------------------

/** What a value is of which no kind is known. */
function plain(value) {
    if (value instanceof Ah.Results)
        return value.get_values().map(plain);
    if (value instanceof Ah.ByteArray)
        return value.get_bytes().toArray();
    return value;
}

function toTable(value) {
    const items = plain(value);
    const table = {};

    for (let i = 0; i < items?.length; i += 2)
        table[items[i]] = items[i + 1];
    return items === null ? null : table;
}

const fromKind = (kind, value) => kind === Kind.TABLE ? toTable(value) : plain(value);

/** What a direct call would have returned. */
function fromNative(description, value) {
    const {nResults, resultKinds} = description;

    switch (nResults) {
    case 0:
        return undefined;
    case 1:
        return fromKind(resultKinds[0], value);
    default:
        return value.get_values().map((item, i) => fromKind(resultKinds[i], item));
    }
}

// Functions that call back ---------------------------------------------------------------------

/**
 * Calls a …_async function, @args beginning with a method's instance.
 *
 * @returns whether the call hears of @getCancellable (), and so ends when that is cancelled.
 */
function callAsync(description, args, getCancellable, resolve, reject) {
    const {func, isMethod, parameters} = description;
    const instance = isMethod ? args[0] : null;
    const rest = isMethod ? args.slice(1) : [...args];
    const place = parameters.indexOf('cancellable');
    const hears = place >= 0 && (rest[place] === null || rest[place] === undefined);

    if (hears)
        rest[place] = getCancellable();

    func.call(instance, ...rest, (source, result) => {
        try {
            description.finishFunction ??= findFunction(description.finish);
            resolve(description.finishFunction.call(source ?? instance, result));
        } catch (error) {
            reject(error);
        }
    });
    return hears;
}

function checkAsync(description, args) {
    const {isMethod, name, parameters, finish} = description;
    const expected = isMethod ? ['self', ...parameters] : parameters;

    if (!finish)
        throw new TypeError(`${name} has no function that takes its outcome`);
    if (args.length !== expected.length) {
        throw new TypeError(`${name} takes ${expected.length} argument(s) ` +
            `(${expected.join(', ')}) and no callback, not ${args.length}`);
    }
}
