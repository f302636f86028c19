// SPDX-License-Identifier: LGPL-2.1-or-later

// The override by the old way to import.

imports.gi.versions.Ah = '1';
imports.gi.versions.Odd = '1.0';

const path = imports.gi.GLib.path_get_dirname(imports.system.programPath);
imports.searchPath.unshift(path);

const {atTop, inLoop} = imports['javascript-cases'];
const {refusals} = imports['javascript-refusals'];
imports['javascript-support'].main(atTop, {...inLoop, ...refusals});
