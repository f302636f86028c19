# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the static checks share: walking the tree, and a verdict that cannot be empty."""

import pathlib
import sys

ROOT = pathlib.Path(sys.argv[1]).resolve()
SKIP_FOLDERS = {".git", "_build", "subprojects", "__pycache__"}
SOURCE_SUFFIXES = {".c", ".h", ".py", ".pyi", ".js", ".vala", ".sh", ".build", ".metadata"}
TEMPLATE_SUFFIXES = (".c.in", ".h.in", ".toml.in")

_problems = []
_checked = 0


def files(*folders):
    """All files of the tree, or of these folders of it, as paths relative to its top."""
    found = []
    for start in [ROOT / folder for folder in folders] or [ROOT]:
        for path in sorted(start.rglob("*")):
            relative = path.relative_to(ROOT)
            if path.is_file() and not SKIP_FOLDERS.intersection(relative.parts):
                # A build directory may have any name, but it always holds this file.
                if not any((p / "build.ninja").exists() for p in path.parents if p != ROOT):
                    found.append(relative)
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
