# SPDX-License-Identifier: LGPL-2.1-or-later

"""The type stubs: they say what is there, and a checker makes something of them."""

import ast
import inspect
import re
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT

from gi.repository import Ah

STUB = ROOT / "asynchelp" / "bindings" / "python" / "gi-stubs" / "repository" / "Ah.pyi"
TYPED = ROOT / "tests" / "python" / "typed.py"
# Of versions of the C library that may not be there.
OPTIONAL = {"blocking", "Strand", "invoke"}
# The class of what "with idle_event_loop()" gives is called like the C structure.
NOT_COMPARED = {"IdleEventLoop"}

tree = ast.parse(STUB.read_text())
classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def methods(node):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {m.name: m for m in node.body if isinstance(m, kinds)}


def test_all_that_the_override_offers_is_there():
    offered = set(sys.modules["gi.overrides.Ah"].__all__)
    assert offered <= set(classes) | set(functions)
    assert {"run", "block", "Parallel"} <= offered


def test_all_that_is_there_is_offered():
    names = set(classes) | set(functions)
    missing = {n for n in names if not n.startswith("_") and not hasattr(Ah, n)}
    assert missing <= OPTIONAL


@pytest.mark.parametrize("name", sorted(set(classes) - NOT_COMPARED))
def test_methods(name):
    if name.startswith("_") or not hasattr(Ah, name):
        pytest.skip("of the stubs alone, or of another version")
    real = getattr(Ah, name)
    for method in methods(classes[name]):
        assert hasattr(real, method), f"{name}.{method}"
    # What an override adds is in the stub of its class.
    for method, value in vars(real).items():
        if not method.startswith("_") and callable(getattr(real, method)) and (
            inspect.isfunction(value) or isinstance(value, (classmethod, staticmethod))
        ):
            known = methods(classes[name]) | methods(classes["Batch"])
            if method != "schedule_shared":
                assert method in known, f"{name}.{method} is not in the stub"


def test_everything_is_documented():
    for name in sys.modules["gi.overrides.Ah"].__all__:
        value = getattr(Ah, name)
        assert inspect.getdoc(value), name
        if inspect.isclass(value):
            for method, member in vars(value).items():
                if not method.startswith("_") and inspect.isfunction(member):
                    assert member.__doc__, f"{name}.{method}"


def test_checker(tmp_path):
    if shutil.which("mypy") is None:
        pytest.skip("no mypy")
    package = tmp_path / "gi" / "repository"
    package.mkdir(parents=True)
    (tmp_path / "gi" / "__init__.pyi").touch()
    # Of the other libraries nothing is needed but that they exist.
    (package / "__init__.pyi").write_text(
        "from typing import Any\n"
        "class GObject:\n    class Object: ...\n"
        "class GLib:\n    class MainContext: ...\n"
        "class Gio:\n    class Cancellable: ...\n    class AsyncResult: ...\n"
    )
    shutil.copy(STUB, package / "Ah.pyi")
    command = ["mypy", "--strict", "--python-version=3.11", f"--cache-dir={tmp_path}/cache"]
    result = subprocess.run(
        [*command, str(TYPED)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"MYPYPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    assert not re.search(r"Ah\.pyi:\d+: error", result.stdout), result.stdout

    said = {}
    for number, kind, text in re.findall(r"typed\.py:(\d+): (\w+): (.*)", result.stdout):
        said.setdefault(int(number), []).append((kind, text))
    for number, line in enumerate(TYPED.read_text().splitlines(), 1):
        expected = line.partition("  # ")[2]
        messages = said.pop(number, [])
        if expected == "error":
            assert any(kind == "error" for kind, _text in messages), f"{line}: no error"
        elif expected:
            kind, text = messages[0]
            assert kind == "note", (line, messages)
            revealed = re.search('"(.*)"', text).group(1)
            short = re.sub(r"\b(builtins|gi\.repository)\.", "", revealed)
            assert short == expected, f"{line}: {text}"
        else:
            assert not messages, (line, messages)
    assert not said
