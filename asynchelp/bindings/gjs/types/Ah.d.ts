// SPDX-License-Identifier: LGPL-2.1-or-later

// Types of asynchelp in GJS, for completion and checking. They refer to those of
// @girs/glib-2.0, @girs/gobject-2.0 and @girs/gio-2.0.

declare module 'gi://Ah?version=1' {
    import GLib from 'gi://GLib?version=2.0';
    import GObject from 'gi://GObject?version=2.0';
    import Gio from 'gi://Gio?version=2.0';

    /** What a function of any kind gives when it is run. */
    type Outcome<R> = Awaited<R>;

    /** Given before the function. */
    interface Options {
        /** Ends the run with Gio.IOErrorEnum.CANCELLED. */
        cancellable?: Gio.Cancellable | null;
        /** What errors call the function. */
        name?: string;
    }

    /** A batch, without its arguments, or a function with them. */
    type AnyFunction<A extends unknown[] = any[], R = any> = (...args: A) => R;

    namespace Ah {
        const MAJOR_VERSION: number;
        const MINOR_VERSION: number;
        const MICRO_VERSION: number;
        const VERSION_S: string;

        enum ErrorPolicy {
            /** The first error ends the run. */
            FAIL_FAST,
            /** Everything runs; errors stand among the results. */
            COLLECT,
        }

        enum RunError {
            DROPPED,
            WRONG_RETURN,
            CYCLE,
            HOME,
            NO_THREAD,
        }

        /** Something that C can run. In JavaScript, functions are scheduled as they are. */
        class Function extends GObject.Object {
            /** A C function by its name, such as "Gio.File.load_contents", with its arguments. */
            static new_native(name: string, args?: unknown[]): Function;
            static new_native_symbol(namespace: string, symbol: string, args?: unknown[]): Function;
            /** A function that ends a Gio.Task, now or later. */
            static new_async(func: (task: Gio.Task) => void): Function;

            readonly name: string | null;
            readonly home: GLib.MainContext | null;
            get_name(): string | null;
            set_name(name: string | null): void;
            get_home(): GLib.MainContext | null;
            is_async(): boolean;
        }

        interface BatchProperties {
            error_policy?: ErrorPolicy;
            /** In milliseconds; 0 for none. */
            timeout?: number;
            /** Of callbacks, as in GLib. */
            priority?: number;
            pool?: ThreadPool | null;
        }

        interface ParallelProperties extends BatchProperties {
            /** How many functions run at the same time; 0 for no limit. */
            max_concurrency?: number;
        }

        /** An ordered list of functions. */
        abstract class Batch extends Function implements AsyncIterable<[number, any]> {
            error_policy: ErrorPolicy;
            timeout: number;
            priority: number;
            pool: ThreadPool | null;
            readonly n_functions: number;

            /**
             * Appends a function. The instance of a method is the first argument.
             *
             * @throws TypeError if a worker cannot call it, or if an argument does not fit
             */
            schedule(batch: Batch | Function): this;
            schedule<A extends unknown[], R>(func: (this: void, ...args: A) => R, ...args: A): this;
            schedule<T, A extends unknown[], R>(method: (this: T, ...args: A) => R, self: T,
                ...args: A): this;
            schedule(func: AnyFunction, ...args: unknown[]): this;
            schedule(options: Options, func: AnyFunction | Batch | Function,
                ...args: unknown[]): this;

            /** Runs the functions, and gives their values in the order of scheduling. */
            readonly run: (cancellable?: Gio.Cancellable | null) => Promise<any[]>;
            /** Runs the functions and waits. */
            block(cancellable?: Gio.Cancellable | null): any[];
            /** Runs the functions, and gives something to follow the run by. */
            start(cancellable?: Gio.Cancellable | null): Future<any[]>;
            /** Runs the functions, and gives index and value of each as it ends. */
            as_completed(cancellable?: Gio.Cancellable | null):
                AsyncGenerator<[number, any], void, void>;
            [Symbol.asyncIterator](): AsyncGenerator<[number, any], void, void>;

            get_n_functions(): number;
        }

        /** A batch whose functions run at the same time. */
        class Parallel extends Batch {
            constructor(properties?: ParallelProperties);
            static 'new'(): Parallel;
            /** A batch in which the function is scheduled for each item, followed by the rest. */
            static map<T>(func: AnyFunction, items: Iterable<T>, ...rest: unknown[]): Parallel;

            max_concurrency: number;
        }

        /** A batch whose functions run one after the other. */
        class Serial extends Batch {
            constructor(properties?: BatchProperties);
            static 'new'(): Serial;
            static map<T>(func: AnyFunction, items: Iterable<T>, ...rest: unknown[]): Serial;
        }

        /** A started run. Dropping it cancels nothing. */
        class Future<R = any> extends GObject.Object {
            readonly done: boolean;
            readonly n_functions: number;
            readonly n_finished: number;
            /** From 0 to 1. */
            readonly fraction: number;
            /** Of the function whose error ended the run, or -1. */
            readonly failed_index: number;

            /** The outcome, as a promise. */
            result(): Promise<R>;
            /** Ends the run with Gio.IOErrorEnum.CANCELLED. */
            cancel(): void;
            /** Waits for the end of the run; the cancellable ends the wait alone. */
            wait(cancellable?: Gio.Cancellable | null): boolean;
            wait_async(cancellable: Gio.Cancellable | null,
                callback: Gio.AsyncReadyCallback<this> | null): void;
            wait_finish(result: Gio.AsyncResult): boolean;
            /** The outcome of a run that has ended. */
            get_value(): R;
            get_results(): any[];
            get_done(): boolean;
            get_n_functions(): number;
            get_n_finished(): number;
            get_fraction(): number;
            get_failed_index(): number;
        }

        /** The threads. */
        class ThreadPool extends GObject.Object {
            static get_default(): ThreadPool;
            static 'new'(max_threads: number): ThreadPool;

            max_threads: number;
            get_max_threads(): number;
            set_max_threads(max_threads: number): void;
            get_n_threads(): number;
            get_n_running(): number;
            get_n_queued(): number;
            would_queue(): boolean;
        }

        /**
         * Runs a function of any kind.
         *
         * A C function that blocks runs in a worker, everything else on the main loop.
         */
        function run(batch: Batch | Function, cancellable?: Gio.Cancellable | null): Promise<any>;
        function run<A extends unknown[], R>(func: (this: void, ...args: A) => R, ...args: A):
            Promise<Outcome<R>>;
        function run<T, A extends unknown[], R>(method: (this: T, ...args: A) => R, self: T,
            ...args: A): Promise<Outcome<R>>;
        function run<R = any>(options: Options, func: AnyFunction<any[], R> | Batch | Function,
            ...args: unknown[]): Promise<Outcome<R>>;

        /** Runs a function of any kind and waits; for a promise only outside of callbacks. */
        function block(batch: Batch | Function, cancellable?: Gio.Cancellable | null): any;
        function block<A extends unknown[], R>(func: (this: void, ...args: A) => R, ...args: A):
            Outcome<R>;
        function block<T, A extends unknown[], R>(method: (this: T, ...args: A) => R, self: T,
            ...args: A): Outcome<R>;
        function block<R = any>(options: Options, func: AnyFunction<any[], R> | Batch | Function,
            ...args: unknown[]): Outcome<R>;

        /** Starts a function of any kind. */
        function start(batch: Batch | Function, cancellable?: Gio.Cancellable | null): Future;
        function start<R = any>(func: AnyFunction<any[], R>, ...args: unknown[]):
            Future<Outcome<R>>;
        function start<R = any>(options: Options, func: AnyFunction<any[], R> | Batch | Function,
            ...args: unknown[]): Future<Outcome<R>>;

        /** Runs C functions wholly in a worker, which needs no main loop. */
        function queue_background_thread(batch: Batch | Function): Future;
        function queue_background_thread<R = any>(func: AnyFunction<any[], R>, ...args: unknown[]):
            Future<Outcome<R>>;

        /** A function that is called like the given one, and gives a promise. */
        function to_async<T, A extends unknown[], R>(func: (this: T, ...args: A) => R):
            (this: T, ...args: A) => Promise<Outcome<R>>;
        function to_async<F extends Function>(func: F): F;

        /** A function that is called like the given one, and waits for its promise. */
        function to_blocking<T, A extends unknown[], R>(func: (this: T, ...args: A) => R):
            (this: T, ...args: A) => Outcome<R>;
        function to_blocking<F extends Function>(func: F): Function;

        /** Calls back with a main context that is safe to iterate, and leaves it afterwards. */
        function idle_event_loop<R>(callback: (context: GLib.MainContext) => R): R;

        /** In a function that is being run, before its first await: the cancellable of its run. */
        function current_cancellable(): Gio.Cancellable;

        /** Which function of a batch an error was thrown by; null if that is unknown. */
        function failed_index(error: unknown): number | null;
    }

    export default Ah;
}
