# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library exports what the public headers declare, no more and no less; its soname is right.

Arguments: the source tree and the library.
"""

import pathlib
import re
import subprocess
import sys

import common

library = sys.argv[2]

exported = set()
for line in subprocess.run(["nm", "--dynamic", "--defined-only", library], check=True,
                           capture_output=True, text=True).stdout.splitlines():
    exported.add(line.split()[-1])

headers = [common.ROOT / path for path in common.files("asynchelp")]
# Those that the build makes lie beside the library.
headers += pathlib.Path(library).parent.iterdir()

declared = set()
for path in headers:
    if path.suffix == ".h" and not path.name.endswith("-private.h"):
        text = path.read_text(encoding="utf-8")
        for item in re.split(r"^AH_AVAILABLE_IN_ALL\n", text, flags=re.MULTILINE)[1:]:
            match = re.match(r"G_DECLARE_\w+ \(\w+, (\w+),", item)
            if match:
                declared.add(match.group(1) + "_get_type")
            else:
                declared.add(re.search(r"\b(ah_\w+)\s*\(", item).group(1))

for name in sorted(exported | declared):
    common.checked()
    if name not in declared:
        common.problem(name, "is exported, but no public header declares it")
    if name not in exported:
        common.problem(name, "is declared in a public header, but not exported")

soname = re.search(r"SONAME.*\[(.*)\]", subprocess.run(["readelf", "-d", library], check=True,
                                                       capture_output=True, text=True).stdout)
if not soname or soname.group(1) != "libasynchelp-1.so.0":
    common.problem(library, f"soname {soname.group(1) if soname else 'missing'}")

common.verdict("exports")
