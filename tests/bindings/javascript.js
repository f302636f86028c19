#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later

// The override by the import of ES modules.

import Ah from 'gi://Ah?version=1';
import GLib from 'gi://GLib';
import 'gi://Odd?version=1.0';

const [path] = GLib.filename_from_uri(import.meta.url);
imports.searchPath.unshift(GLib.path_get_dirname(path));

if (Ah !== imports.gi.Ah)
    throw new Error('there are two of Ah');

const {atTop, inLoop} = imports['javascript-cases'];
const {refusals} = imports['javascript-refusals'];
imports['javascript-support'].main(atTop, {...inLoop, ...refusals});
