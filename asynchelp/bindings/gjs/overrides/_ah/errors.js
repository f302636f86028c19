// SPDX-License-Identifier: LGPL-2.1-or-later

// Errors, and which function they are of.

/* exported failedIndex, newCancelled, noteFailedIndex, textOf, toPlainGError */

const {Gio, GLib} = imports.gi;

const failedIndices = new WeakMap();

function failedIndex(error) {
    return failedIndices.get(error) ?? null;
}

function noteFailedIndex(error, index) {
    if (index >= 0 && error !== null && ['object', 'function'].includes(typeof error))
        failedIndices.set(error, index);
    return error;
}

function textOf(error) {
    try {
        return String(error?.message ?? error);
    } catch (e) {
        return 'an error without a text';
    }
}

function newCancelled() {
    return new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED, 'Operation was cancelled');
}

/** A GError that says what was thrown. */
function toPlainGError(error) {
    return error instanceof GLib.Error
        ? error
        : new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.FAILED, textOf(error));
}
