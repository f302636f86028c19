# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each public header compiles by itself, and refuses to be included by users directly.

Arguments: the source tree, the build tree, and the compiler's command.
"""

import pathlib
import subprocess
import sys

import common

build = pathlib.Path(sys.argv[2])
compiler = sys.argv[3:]
flags = subprocess.run(["pkg-config", "--cflags", "gio-2.0"], check=True, capture_output=True,
                       text=True).stdout.split()
flags += [f"-I{top}{below}" for top in (common.ROOT, build) for below in ("", "/asynchelp")]
flags += ["-fsyntax-only", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-x", "c", "-"]


def compiles(name, *defines):
    run = subprocess.run([*compiler, *defines, *flags], input=f"#include <{name}>\n",
                         capture_output=True, text=True)
    return run.returncode == 0, run.stderr


headers = [p for p in common.files("asynchelp")
           if p.suffix == ".h" and not p.name.endswith("-private.h") and p.name != "asynchelp.h"]

generated = [f"asynchelp/{path.name}" for path in (build / "asynchelp").glob("*.h")]

for name in [*map(str, headers), *sorted(generated)]:
    common.checked()
    good, message = compiles(name, "-DAH_COMPILATION")
    if not good:
        common.problem(name, f"does not compile by itself:\n{message}")
    good, message = compiles(name)
    if good or "Only <asynchelp.h> can be included directly." not in message:
        common.problem(name, "can be included directly")

for standard in ("gnu99", "gnu11", "gnu17"):
    common.checked()
    good, message = compiles("asynchelp.h", f"-std={standard}")
    if not good:
        common.problem("asynchelp.h", f"does not compile as {standard}:\n{message}")

common.verdict("headers")
