# SPDX-License-Identifier: LGPL-2.1-or-later
"""The version stands in meson.build alone; NEWS begins with it."""

import re

import common

version = re.search(r"^  version: '([0-9.]+)',$", common.text("meson.build"), re.MULTILINE).group(1)
pattern = re.compile(rf"(?<![0-9.]){re.escape(version)}(?![0-9.]*[0-9])")

for path in common.files():
    if str(path) in ("meson.build", "NEWS") or path.suffix in (".png", ".po"):
        continue
    common.checked()
    for number, line in enumerate(common.text(path).splitlines(), 1):
        if pattern.search(line):
            common.problem(f"{path}:{number}", f"{version} belongs into meson.build alone")

first = common.text("NEWS").split("\n", 1)[0]
if first != f"asynchelp {version}":
    common.problem("NEWS", f"begins with “{first}” instead of “asynchelp {version}”")

common.verdict("version")
