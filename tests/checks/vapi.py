# SPDX-License-Identifier: LGPL-2.1-or-later
"""vapigen made of the metadata what it was meant to.

Arguments: the source tree and the VAPI.
"""

import sys

import common

with open(sys.argv[2], encoding="utf-8") as stream:
    lines = stream.readlines()

for number, line in enumerate(lines, 1):
    where = f"asynchelp-1.vapi:{number}"
    if "Array<" in line or "Cancellable" in line:
        common.checked()
    if "Array<GLib.Value?>" in line:
        common.problem(where, "crashes when a value is read; name type_arguments in the metadata")
    if "GLib.Cancellable " in line:
        common.problem(where, "a cancellable that cannot be null")
    if ".@" in line and "(" in line:
        common.problem(where, "a keyword as a name; rename it in the metadata")

common.verdict("VAPI")
