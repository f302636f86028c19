# SPDX-License-Identifier: LGPL-2.1-or-later

"""The examples of the documentation run, and print what they must; so does its code."""

import hashlib
import re
import subprocess
import sys

import pytest
from conftest import PATIENCE, ROOT, run_script

EXAMPLES = ROOT / "docs" / "examples" / "python"


def run(name, *args):
    result = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *map(str, args)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert result.returncode == 0, result.stderr
    return result


@pytest.fixture
def folder(tmp_path):
    for i in range(5):
        (tmp_path / f"folder {i}").mkdir()
        for j in range(20):
            (tmp_path / f"folder {i}" / f"file {j}").write_text("word " * (i + j))
    return tmp_path


def test_read_files(folder):
    result = run("read-files.py", folder)
    n_words = sum(i + j for i in range(5) for j in range(20))
    assert result.stdout == f"100 files, {n_words} words\n"
    assert "100%" in result.stderr


def test_hash_files(folder):
    paths = sorted(folder.glob("*/*"))
    result = run("hash-files.py", *paths)
    expected = {f"{hashlib.sha256(p.read_bytes()).hexdigest()} {p}" for p in paths}
    expected.add("HOW FAR ARE YOU? ")
    assert set(result.stdout.splitlines()) == expected


def blocks():
    page = (ROOT / "docs" / "python.md").read_text()
    return re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


# What the pieces of code on the page take for granted.
SETTING = """
import asyncio, concurrent.futures, contextlib, functools, os, sys, tempfile, threading, time
folder = tempfile.mkdtemp()
for i in range(3):
    with open(os.path.join(folder, f"file-{i}"), "w") as stream:
        stream.write("x" * i)
paths = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
path = paths[0]

def count_bytes(path):
    with open(path, "rb") as stream:
        return len(stream.read())

async def fetch(number):
    await asyncio.sleep(0.001)
    return number

def wrap(text):
    return "async def piece():\\n" + "".join(f"    {line}\\n" for line in text.splitlines())
"""


def test_the_page_has_code():
    assert len(blocks()) >= 10


@pytest.mark.parametrize("number", range(len(blocks())))
def test_page(number):
    """Each piece of code runs; what is printed stands behind it in a comment."""
    code = blocks()[number]
    script = f"{SETTING}\ncode = {code!r}\n" + (
        "try:\n"
        "    compile(code, 'page', 'exec')\n"
        "except SyntaxError:\n"
        "    # A piece of a coroutine function.\n"
        "    exec(wrap(code))\n"
        "    asyncio.run(piece())\n"
        "else:\n"
        "    exec(code, globals())\n"
    )
    result = run_script(script)
    assert result.returncode == 0, (code, result.stderr)
    expected = re.findall(r"print\(.*\)  # (.*)$", code, re.MULTILINE)
    assert result.stdout.splitlines() == expected, code
