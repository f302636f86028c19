# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages are marked, files with messages are listed, translations are complete."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import common

if not all(map(shutil.which, ("xgettext", "msgmerge", "msgfmt", "msgattrib"))):
    print("gettext's tools are not there")
    sys.exit(77)

MARK = re.compile(r"\b(N?_|g_dngettext) \(")
MARKED = re.compile(r'\b(N?_|g_dngettext) \((GETTEXT_PACKAGE|[\s,]|"(?:[^"\\]|\\.)*")+')
REPORTERS = re.compile(
    r"\b(g_set_error|g_set_error_literal|g_error_new|g_error_new_literal|g_prefix_error"
    r"|g_task_return_new_error|g_task_return_new_error_literal) \(")
MESSAGE = re.compile(r'"(?:[^"\\]|\\.)*"')


def arguments(text, start):
    """What stands between the parenthesis that ends at start and its partner."""
    depth, at = 1, start
    while depth:
        at += {"(": 1, ")": 1}.get(text[at], 0) or 1
        depth += {"(": 1, ")": -1}.get(text[at - 1], 0)
    return text[start:at - 1]


def run(*command):
    return subprocess.run(command, cwd=common.ROOT, check=True, capture_output=True,
                          text=True).stdout


def listed(name):
    return [line for line in common.text(name).split("\n") if line and not line.startswith("#")]


with_messages = set()
for path in common.files("asynchelp"):
    if path.suffix != ".c":
        continue
    common.checked()
    text = common.text(path)
    if MARK.search(text):
        with_messages.add(str(path))
    for match in REPORTERS.finditer(text):
        given = arguments(text, match.end())
        # The library has no such errors of its own: only what lets a test refuse threads does.
        if "G_THREAD_ERROR" in given:
            continue
        rest = MARKED.sub("", given)
        for message in MESSAGE.findall(rest):
            if re.search(r"[A-Za-z]", re.sub(r"%[-0-9]*[a-z]+", "", message)):
                line = text.count("\n", 0, match.start()) + 1
                common.problem(f"{path}:{line}", f"{message} is not marked for translation")

potfiles = listed("po/POTFILES.in")
if potfiles != sorted(with_messages):
    common.problem("po/POTFILES.in", f"is {potfiles}, should be {sorted(with_messages)}")

with tempfile.TemporaryDirectory() as folder:
    pot = pathlib.Path(folder, "messages.pot")
    if with_messages:
        run("xgettext", "--from-code=UTF-8", "--keyword=_", "--keyword=N_",
            "--keyword=g_dngettext:2,3", "-o", pot, *sorted(with_messages))
    for language in listed("po/LINGUAS"):
        common.checked()
        name = f"po/{language}.po"
        merged = pathlib.Path(folder, f"{language}.po")
        try:
            run("msgfmt", "--check", "-o", "/dev/null", name)
            if with_messages:
                run("msgmerge", "--quiet", "--no-fuzzy-matching", "-o", merged, name, pot)
                for kind in ("untranslated", "only-fuzzy", "only-obsolete"):
                    # Without a match the whole output is empty, header and all.
                    entries = run("msgattrib", f"--{kind}", merged)
                    if "\nmsgid" in entries or "\n#~ msgid" in entries:
                        common.problem(name, f"{kind}:\n{entries}")
        except subprocess.CalledProcessError as error:
            common.problem(name, error.stderr)

common.verdict("translations")
