# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every check can fail: each is broken once on purpose, in a copy of the tree.

Arguments: the source tree, the build tree, and the compiler's command.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import common

build = pathlib.Path(sys.argv[2])
compiler = sys.argv[3:]
library = build / "asynchelp" / "libasynchelp-1.so.0"
gir = build / "asynchelp" / "Ah-1.gir"
vapi = build / "asynchelp" / "bindings" / "vala" / "vapi" / "asynchelp-1.vapi"
# Each lies in the copy of the tree as well, to be broken there.
made = [path for path in (gir, vapi) if path.exists()]


def append(name, what):
    def change(tree):
        with open(tree / name, "a", encoding="utf-8") as stream:
            stream.write(what)
    return change


def replace(name, old, new):
    def change(tree):
        path = tree / name
        text = path.read_text(encoding="utf-8")
        if not re.search(old, text):
            sys.exit(f"{name} no longer has {old}: this list needs care")
        path.write_text(re.sub(old, new, text, count=1), encoding="utf-8")
    return change


def create(name, what):
    def change(tree):
        (tree / name).write_text(what, encoding="utf-8")
    return change


BATCH_H = "asynchelp/core/ah-batch.h"
BATCH_C = "asynchelp/core/ah-batch.c"
POOL_C = "asynchelp/pool/ah-thread-pool.c"
PRIVATE = "asynchelp/ah-i18n-private.h"
LICENCE = "/*\n * SPDX-License-Identifier: LGPL-2.1-or-later\n */\n"

# The check, what is done to the tree, and what its output must name.
CASES = [
    ("spdx.py", create("tests/new.c", "int x;\n"), "tests/new.c"),
    ("lines.py", append(BATCH_C, "/* x */\n" * 800), "800 are the limit"),
    ("lines.py", append(BATCH_C, "int x; \n"), "trailing"),
    ("lines.py", append(BATCH_C, "\tint x;\n"), "tab"),
    ("lines.py", append(BATCH_C, "/*" + "x" * 100 + "*/\n"), "columns"),
    ("lines.py", append(BATCH_C, "\n"), "newline"),
    ("includes.py", append(POOL_C, "#include <asynchelp/core/ah-run.h>\n"), "against the order"),
    ("includes.py", append(BATCH_H, f"#include <{PRIVATE}>\n"), "private"),
    ("includes.py", append(BATCH_H, '#include "config.h"\n'), "not installed"),
    ("includes.py", append(BATCH_C, '#include "ah-batch.h"\n'), "from the top"),
    ("includes.py", append(BATCH_C, "#include <asynchelp/core/ah-none.h>\n"), "does not exist"),
    ("includes.py", replace("asynchelp/asynchelp.h", r"#include <asynchelp/core/ah-run.h>\n", ""),
     "does not include"),
    ("includes.py", replace(BATCH_H, "#if !defined", "#if defined"), "guard"),
    ("includes.py", replace(BATCH_H, "#pragma once", ""), "pragma"),
    ("includes.py", create("asynchelp/core/ah-new.c", LICENCE), "not listed"),
    ("includes.py", create("tests/new.c", "#include <asynchelp/core/ah-run.h>\n"), "users include"),
    ("includes.py", create("tests/test-new.c", LICENCE), "not listed"),
    ("headers.py", replace(BATCH_H, r"#include <asynchelp/core/ah-function.h>\n", ""),
     "does not compile"),
    ("headers.py", replace(BATCH_H, "&& !defined", "&& defined"), "included directly"),
    ("exports.py", append(BATCH_H, "AH_AVAILABLE_IN_ALL\nvoid ah_none (void);\n"), "ah_none"),
    ("exports.py", replace(BATCH_H, r"AH_AVAILABLE_IN_ALL\nAhBatch ", "AhBatch "), "is exported"),
    ("version.py", append("README.md", "\nVersion VERSION\n"), "README.md"),
    ("version.py", replace("NEWS", "asynchelp .*", "asynchelp 0.0"), "NEWS"),
    ("po.py", replace("po/POTFILES.in", "asynchelp/.*\n", ""), "should be"),
    ("po.py", replace("po/de.po", r'\nmsgid "[A-Z][^"]*', r"\g<0> changed"), "untranslated"),
    ("po.py", replace("po/de.po", r"(\n#:[^\n]*)\n", r"\1\n#, fuzzy\n"), "fuzzy"),
    ("po.py", replace("po/de.po", r'(?s)(msgid "[A-Z].*?)\nmsgstr ', r'\1\nmsgstx '), "po/de.po"),
    ("po.py", append(BATCH_C, 'void x (void) { g_set_error (e, D, 1, "No %s", "y"); }\n'),
     "not marked"),
    ("pages.py", create("docs/new.md", "# New\n"), "not listed"),
    ("pages.py", replace("docs/asynchelp.toml.in", "overview.md", "none.md"), "does not exist"),
    ("pages.py", append("docs/overview.md", "[x](none.html)\n"), "none.md"),
    ("readme.py", append("docs/examples/readme.c", "int x;\n"), "differs"),
    ("readme.py", replace("README.md", "```vala", "```text"), "0 blocks"),
    ("format.sh", append(BATCH_C, "int  x  ;\n"), BATCH_C),
]

if gir in made:
    CASES += [
        ("gir.py", replace("Ah-1.gir", r"<doc [^>]*>[^<]*</doc>", ""), "not documented"),
        ("gir.py", replace("Ah-1.gir", r'(<parameter [^>]*>\s*)<doc [^>]*>[^<]*</doc>', r"\1"),
         "parameter"),
        ("gir.py", replace("Ah-1.gir", r'(<method [^>]*>\s*<doc [^>]*>)', r"\1Two\nlines. "),
         "one line"),
    ]

if vapi in made:
    CASES += [
        ("vapi.py", replace("asynchelp-1.vapi", "Array<GLib.Value>", "Array<GLib.Value?>"),
         "crashes"),
        ("vapi.py", replace("asynchelp-1.vapi", r"Cancellable\? c", "Cancellable c"), "null"),
        ("vapi.py", replace("asynchelp-1.vapi", "Function.from_async", "Function.@async"),
         "keyword"),
    ]

EXTRA = {
    "headers.py": [build, *compiler],
    "exports.py": [library],
    "gir.py": [gir.name],
    "vapi.py": [vapi.name],
}


def run(script, tree):
    here = pathlib.Path(__file__).parent
    command = [sys.executable] if script.endswith(".py") else ["bash"]
    done = subprocess.run([*command, here / script, tree, *EXTRA.get(script, [])], cwd=tree,
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def copy_to(tree):
    for path in common.files():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(common.ROOT / path, tree / path)
    for path in made:
        shutil.copyfile(path, tree / path.name)


version = re.search(r"^  version: '([0-9.]+)',$", common.text("meson.build"), re.MULTILINE).group(1)
scripts = {path.name for path in pathlib.Path(__file__).parent.iterdir()}
scripts -= {"__pycache__", "meson.build", "common.py", "count.py", "broken.py",
            "devenv.sh", "install.sh"}
scripts -= {script for script, path in (("gir.py", gir), ("vapi.py", vapi)) if path not in made}

for script in sorted(scripts - {script for script, _, _ in CASES}):
    common.problem(script, "is never broken here")

with tempfile.TemporaryDirectory() as folder:
    # What a check finds anyway proves nothing.
    sound = pathlib.Path(folder, "sound")
    copy_to(sound)
    known = {script: set(run(script, sound)[1].split("\n")) for script in {c[0] for c in CASES}}

    for number, (script, change, expected) in enumerate(CASES):
        common.checked()
        tree = pathlib.Path(folder, str(number))
        copy_to(tree)
        change(tree)
        if script == "version.py":
            readme = (tree / "README.md").read_text(encoding="utf-8")
            (tree / "README.md").write_text(readme.replace("VERSION", version), encoding="utf-8")
        status, output = run(script, tree)
        if status == 77:
            continue
        found = [line for line in output.split("\n") if line not in known[script]]
        if status != 1 or not any(expected in line for line in found):
            common.problem(f"{script}, case {number}",
                           f"status {status}, without “{expected}”:\n{output}")

common.verdict("broken on purpose")
