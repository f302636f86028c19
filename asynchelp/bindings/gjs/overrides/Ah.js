// SPDX-License-Identifier: LGPL-2.1-or-later

// asynchelp in JavaScript: C functions in threads, and any mix of functions in parallel or in
// series. GJS calls _init () when Ah is imported. See docs/javascript.md.

/* exported _init */

function _init() {
    // What is captured before it is replaced, is captured when these are imported.
    const {batch, calls, safety} = imports.overrides._ah;

    batch.install();
    calls.install();
    safety.install();
}
