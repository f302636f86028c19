# SPDX-License-Identifier: LGPL-2.1-or-later
"""Size and white space of every source and text file."""

import common

MAX_LINES = 800
MAX_COLUMNS = 100
TEXT_SUFFIXES = {".md", ".po", ".in"}
# One URL or one marked-up sentence has no good place to break.
LONG_LINES = {".md", ".po", ".metadata"}

for path in common.files():
    if not common.is_source(path) and path.suffix not in TEXT_SUFFIXES:
        continue
    common.checked()
    text = common.text(path)
    lines = text.split("\n")
    if len(lines) > MAX_LINES + 1:
        common.problem(path, f"{len(lines) - 1} lines; {MAX_LINES} are the limit")
    if text and (not text.endswith("\n") or text.endswith("\n\n")):
        common.problem(path, "must end with exactly one newline")
    for number, line in enumerate(lines, 1):
        where = f"{path}:{number}"
        if line != line.rstrip():
            common.problem(where, "trailing white space")
        if "\t" in line:
            common.problem(where, "tab")
        if len(line) > MAX_COLUMNS and path.suffix not in LONG_LINES:
            common.problem(where, f"{len(line)} columns; {MAX_COLUMNS} are the limit")

common.verdict("lines")
