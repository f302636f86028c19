# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the static checks share: walking the tree, and a verdict that cannot be empty."""

import os
import pathlib
import sys

ROOT = pathlib.Path(sys.argv[1]).resolve()
SKIP_FOLDERS = {".git", "_build", "subprojects", "__pycache__"}
SOURCE_SUFFIXES = {".c", ".h", ".py", ".js", ".vala", ".sh", ".build", ".metadata"}
TEMPLATE_SUFFIXES = (".c.in", ".h.in", ".toml.in")

_problems = []
_checked = 0


def files(*folders):
    """All files of the tree, or of these folders of it, as paths relative to its top."""
    found = []
    for start in [ROOT / folder for folder in folders] or [ROOT]:
        here = []
        for folder, below, names in os.walk(start):
            # Not even looked into: what is built there comes and goes. A build directory may have
            # any name, but it always holds this file.
            below[:] = [name for name in below if name not in SKIP_FOLDERS
                        and not pathlib.Path(folder, name, "build.ninja").exists()]
            # In a second work tree, .git is a file.
            here += [pathlib.Path(folder, name).relative_to(ROOT) for name in names
                     if name not in SKIP_FOLDERS]
        found += sorted(path for path in here if (ROOT / path).is_file())
    return found


def is_script(path):
    with open(ROOT / path, "rb") as stream:
        return stream.read(2) == b"#!"


def is_source(path):
    return (path.suffix in SOURCE_SUFFIXES or path.name.endswith(TEMPLATE_SUFFIXES)
            or path.name == "meson_options.txt" or is_script(path))


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def checked():
    global _checked
    _checked += 1


def problem(where, what):
    _problems.append(f"{where}: {what}")


def verdict(what):
    """Ends the program. Having looked at nothing is a failure too."""
    for line in _problems:
        print(line)
    print(f"{what}: {_checked} looked at, {len(_problems)} wrong")
    sys.exit(1 if _problems or not _checked else 0)
