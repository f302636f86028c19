# SPDX-License-Identifier: LGPL-2.1-or-later

"""Prints where the overrides for PyGObject go below a prefix, which is the argument."""

import pathlib
import sys
import sysconfig

prefix = pathlib.Path(sys.argv[1])
local = prefix / "local"

# Where this Python looks for modules below the prefix. Debian's has a folder of its own for
# /usr/local, and one for /usr that does not name the version.
for entry in map(pathlib.Path, sys.path):
    if entry.name in ("dist-packages", "site-packages"):
        if prefix in entry.parents and local not in entry.parents:
            break
else:
    scheme = "deb_system" if "deb_system" in sysconfig.get_scheme_names() else "posix_prefix"
    base = {"base": str(prefix), "platbase": str(prefix)}
    entry = pathlib.Path(sysconfig.get_path("purelib", scheme, vars=base))

print(entry / "gi" / "overrides")
