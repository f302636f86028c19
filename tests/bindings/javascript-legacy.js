// SPDX-License-Identifier: LGPL-2.1-or-later

// The override by the old way to import.

imports.gi.versions.Ah = '1';
imports.gi.versions.Odd = '1.0';

const path = imports.gi.GLib.path_get_dirname(imports.system.programPath);
imports.searchPath.unshift(path);
imports['javascript-cases'].main();
