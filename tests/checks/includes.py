# SPDX-License-Identifier: LGPL-2.1-or-later
"""Includes point one way, public headers stay public, and the lists are complete."""

import re

import common

# What a folder of asynchelp/ may include from: remote, native → core → pool → GLib.
ALLOWED = {
    "": {"native", "core", "pool", ""},
    "pool": {"pool", ""},
    "core": {"core", "pool", ""},
    "native": {"native", "core", "pool", ""},
    "remote": {"remote", "core", "pool", ""},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)
GUARD = "#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)\n#error "
UMBRELLA = "asynchelp/asynchelp.h"


def is_private(name):
    return name.endswith("-private.h")


sources = [p for p in common.files("asynchelp") if p.name.endswith((".c", ".h", ".h.in"))]
generated = {str(p)[:-len(".in")] for p in sources if p.suffix == ".in"}
known = {str(p) for p in sources} | generated
umbrella = {name for _, name in INCLUDE.findall(common.text(UMBRELLA))}
listed = common.text("asynchelp/meson.build")
public = set(generated)

for path in sources:
    common.checked()
    text = common.text(path)
    parts = path.parts[1:]
    folder = parts[0] if len(parts) > 1 else ""
    is_header = path.suffix != ".c"
    is_public = is_header and not is_private(path.name) and str(path) != UMBRELLA

    if folder not in ALLOWED:
        common.problem(path, "a folder whose place in the order of includes is not known")
        continue

    for mark, name in INCLUDE.findall(text):
        if not name.startswith("asynchelp/"):
            if (mark == '"' and name != "config.h") or name.startswith(
                    ("ah-", "core/", "native/", "pool/")):
                common.problem(path, f"includes {name}; name it from the top: asynchelp/…")
            if name == "config.h" and is_public:
                common.problem(path, "is public and includes config.h, which is not installed")
            continue
        target = name.split("/")[1:]
        if (target[0] if len(target) > 1 else "") not in ALLOWED[folder]:
            common.problem(path, f"includes {name}: against the order remote, native → core → pool")
        if name not in known:
            common.problem(path, f"includes {name}, which does not exist")
        if name == UMBRELLA:
            common.problem(path, "the library's own files include what they need, not the umbrella")
        if is_public and is_private(name):
            common.problem(path, f"is public and includes the private {name}")

    if is_header and "#pragma once" not in text:
        common.problem(path, "has no #pragma once")
    if is_public:
        if GUARD not in text:
            common.problem(path, "has no guard against being included directly")
        if not path.name.endswith(".in"):
            public.add(str(path))
    if f"'{'/'.join(parts)}'" not in listed:
        common.problem(path, "is not listed in asynchelp/meson.build")

for name in sorted(public - umbrella):
    common.problem(UMBRELLA, f"does not include {name}")
for name in sorted(umbrella - public):
    common.problem(UMBRELLA, f"includes {name}, which is not a public header")

tests = common.text("tests/meson.build")
for path in common.files("tests"):
    if path.suffix == ".c" and len(path.parts) == 2:
        name = path.stem[len("test-"):] if path.stem.startswith("test-") else path.name
        if f"'{name}'" not in tests:
            common.problem(path, "is not listed in tests/meson.build")

# Tests and examples stand where users stand; only tests of private parts reach in.
for path in common.files("tests", "docs"):
    if path.suffix != ".c":
        continue
    common.checked()
    for _, name in INCLUDE.findall(common.text(path)):
        if name.startswith("asynchelp/") and (not is_private(name) or path.parts[0] != "tests"):
            common.problem(path, f"includes {name}; users include only <asynchelp.h>")

common.verdict("includes")
