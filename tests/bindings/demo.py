#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The programs behind ./demo, on good and on bad input.

demo.py DEMO DIGEST-VALA DIGEST.PY DIGEST.JS PYTHON GJS
"""

import contextlib
import hashlib
import os
import pathlib
import pty
import signal
import subprocess
import sys
import tempfile
import time
import traceback

DEMO, VALA, PY, JS, PYTHON, GJS = sys.argv[1:]
LANGUAGES = [[DEMO, "--list"], [PYTHON, PY], [GJS, "-m", JS], [VALA]]
# Nobody reads to its end: so what a test does meanwhile is in time on every machine.
ENDLESS = 1 << 40


def run(*command, **kwargs):
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=60, **kwargs
    )


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="asynchelp-demo-") as name:
        yield pathlib.Path(name)


def fill(path):
    """A tree of files, and among them what is none; returns the files in the demo's order."""
    contents = {
        "a": b"",
        "b.txt": b"one line\n",
        "below/c": bytes(range(256)) * 1000,
        "below/deeper/d": b"d" * (64 * 1024),
        "e with spaces \u00e9": b"e",
    }
    contents.update({f"many/{i:02}": b"%d" % i for i in range(20)})
    for name, data in contents.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    (path / "link").symlink_to(path / "b.txt")
    (path / "below/loop").symlink_to(path)
    (path / "dangling").symlink_to(path / "nowhere")
    os.mkfifo(path / "fifo")
    return sorted((path / name for name in contents), key=os.fsencode)


def digest_of(files):
    """What the demo must print for them: computed without it."""
    total = hashlib.sha256()
    for file in files:
        total.update(hashlib.sha256(file.read_bytes()).hexdigest().encode())
    return total.hexdigest()


def size_of(files):
    return sum(file.stat().st_size for file in files)


def fields(stdout):
    """The table's rows by their first words."""
    rows = {}
    for line in stdout.splitlines():
        name, _, value = line.strip().partition("  ")
        rows[name] = value.strip()
    return rows


# The tests -----------------------------------------------------------------------------------


def test_directory():
    with folder() as path:
        files = fill(path)
        done = run(DEMO, path)
        rows = fields(done.stdout)
        assert done.returncode == 0, done
        assert done.stderr == "", done.stderr
        assert rows["Files"] == str(len(files)), rows
        assert rows["Bytes"].replace(",", "") == str(size_of(files)), rows
        assert rows["Digest"] == digest_of(files), rows
        assert "the same digests" in rows["In parallel"], rows
        assert "the same digests" in rows["In two halves"], rows
        assert "ms" in rows["Main loop"], rows


def test_no_bar_in_a_pipe():
    with folder() as path:
        fill(path)
        done = run(DEMO, path)
        assert not set("\r\033%") & set(done.stdout), repr(done.stdout)


def test_bar_on_a_terminal():
    with folder() as path:
        fill(path)
        ours, theirs = pty.openpty()
        child = subprocess.Popen([DEMO, str(path)], stdout=theirs)
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal's way to say that it is over
            while piece := os.read(ours, 4096):
                shown += piece
        os.close(ours)
        assert child.wait(60) == 0
        assert b"In parallel" in shown and b" %" in shown, shown


def test_empty_directory():
    with folder() as path:
        done = run(DEMO, path)
        rows = fields(done.stdout)
        assert done.returncode == 0, done
        assert rows["Files"] == "0" and rows["Digest"] == digest_of([]), rows


def test_bad_directory():
    with folder() as path:
        (path / "file").write_text("no directory")
        for bad in (path / "nowhere", path / "file"):
            done = run(DEMO, bad)
            assert done.returncode == 1, done
            assert done.stdout == "", done.stdout
            assert len(done.stderr.splitlines()) == 1 and str(bad) in done.stderr, done.stderr


def test_bad_arguments():
    for bad in ([], ["a", "b"], ["--nonsense", "a"]):
        done = run(DEMO, *bad)
        assert done.returncode == 2, done
        assert len(done.stderr.splitlines()) == 1, done.stderr


def wait_until_read(child, file):
    """Until the program has the file open, and so has found all files."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert child.poll() is None, "it ended too early"
        with contextlib.suppress(FileNotFoundError):
            for fd in os.scandir(f"/proc/{child.pid}/fd"):
                with contextlib.suppress(FileNotFoundError):
                    if os.readlink(fd.path) == str(file):
                        return
        time.sleep(0.001)
    raise AssertionError("the file was never read")


def with_endless_file(path):
    """The first in order; holes cost no disk."""
    endless = path / "a-endless"
    with open(endless, "wb") as file:
        file.truncate(ENDLESS)
    return endless


def popen(*command):
    return subprocess.Popen(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test harness may have switched it off for whatever it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def test_vanished():
    with folder() as path:
        first = with_endless_file(path)
        kept = path / "kept"
        kept.write_text("kept")
        vanished = path / "vanished"
        vanished.write_text("vanished")
        child = popen(DEMO, path)
        wait_until_read(child, first)
        vanished.unlink()
        os.truncate(first, 100)
        stdout, stderr = child.communicate(timeout=60)
        rows = fields(stdout)
        assert child.returncode == 0, (child.returncode, stderr)
        assert len(stderr.splitlines()) == 1 and str(vanished) in stderr, stderr
        assert rows["Files"] == "2 (and 1 left out)", rows
        assert rows["Digest"] == digest_of([first, kept]), rows


def test_interrupted():
    with folder() as path:
        endless = with_endless_file(path)
        (path / "list").write_text(f"{endless.as_uri()}\n")
        for command, where in (
            ([DEMO, path], "while warming up: 0 of 2 files read"),
            ([DEMO, "--list", path / "list"], "while reading in parallel: 0 of 1 files read"),
        ):
            child = popen(*command)
            wait_until_read(child, endless)
            child.send_signal(signal.SIGINT)
            stdout, stderr = child.communicate(timeout=60)
            assert child.returncode == 130, (child.returncode, stderr)
            assert stdout == "", stdout
            assert stderr == f"demo: interrupted {where}\n", stderr


def as_nobody():
    """How to run the program so that a file can be closed to it; None where that cannot be."""
    if os.geteuid() != 0:
        return {}
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    try:
        may_run = run(DEMO, "--help", **nobody).returncode == 0
    except PermissionError:
        may_run = False
    return nobody if may_run else None


def test_unreadable():
    nobody = as_nobody()
    if nobody is None:
        return "root reads everything, and nobody else may run the program here"
    with folder() as path:
        fill(path)
        path.chmod(0o755)
        readable = sorted((path / "many").iterdir())
        closed = [path / "many" / "closed-file", path / "many" / "closed-folder"]
        closed[0].write_text("nobody may read this")
        closed[1].mkdir()
        (closed[1] / "inside").write_text("nor this")
        for each in closed:
            each.chmod(0)
        done = run(DEMO, path / "many", **nobody)
        rows = fields(done.stdout)
        closed[1].chmod(0o700)
        assert done.returncode == 0, done
        assert len(done.stderr.splitlines()) == 2, done.stderr
        assert all(str(each) in done.stderr for each in closed), done.stderr
        assert rows["Files"] == f"{len(readable)} (and 1 left out)", rows
        assert rows["Digest"] == digest_of(readable), rows
    return None


def test_languages():
    with folder() as path:
        files = fill(path)
        list_file = path / "list.uris"
        done = run(DEMO, f"--write-list={list_file}", path)
        assert done.returncode == 0, done
        uris = list_file.read_text().split()
        listed = [file for file in files if file.as_uri() in uris]
        assert len(uris) == 10 and len(listed) == 10, uris
        expected = f"{digest_of(listed)} {size_of(listed)}\n"
        for language in LANGUAGES:
            done = run(*language, list_file)
            assert done.returncode == 0, done
            assert done.stdout == expected, (language, done.stdout, done.stderr)


def test_languages_missing_file():
    with folder() as path:
        files = fill(path)[:3]
        list_file = path / "list.uris"
        missing = path / "nowhere"
        uris = [file.as_uri() for file in files]
        list_file.write_text("".join(f"{uri}\n" for uri in [*uris, missing.as_uri()]))
        expected = f"{digest_of(files)} {size_of(files)}\n"
        for language in LANGUAGES:
            done = run(*language, list_file)
            assert done.returncode == 0, done
            assert done.stdout == expected, (language, done.stdout, done.stderr)
            assert str(missing) in done.stderr, (language, done.stderr)


def main():
    tests = [(name[5:], test) for name, test in globals().items() if name.startswith("test_")]
    n_failed = 0

    print(f"1..{len(tests)}")
    for number, (name, test) in enumerate(tests, 1):
        title = name.replace("_", "-")
        try:
            skipped = test()
        except Exception:
            n_failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {title}", flush=True)
        else:
            print(f"ok {number} - {title}{f' # SKIP {skipped}' if skipped else ''}", flush=True)

    return 1 if n_failed else 0


sys.exit(main())
