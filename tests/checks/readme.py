# SPDX-License-Identifier: LGPL-2.1-or-later
"""The code in README.md is that of the files in docs/examples, which tests run."""

import re

import common

LANGUAGES = {"c": "c", "python": "py", "js": "js", "vala": "vala"}


def body(name):
    """The file without its licence header and the empty lines after it."""
    text = common.text(name)
    header = r"\A(#!.*\n)?(/\*.*?\*/|(#|//) SPDX.*?$)\n+"
    return re.sub(header, "", text, flags=re.DOTALL | re.MULTILINE).strip("\n")


readme = common.text("README.md")
for language, suffix in LANGUAGES.items():
    common.checked()
    name = f"docs/examples/readme.{suffix}"
    blocks = re.findall(rf"^```{language}\n(.*?)\n```$", readme, re.DOTALL | re.MULTILINE)
    if len(blocks) != 1:
        common.problem("README.md", f"{len(blocks)} blocks of {language} instead of one")
    elif blocks[0].strip("\n") != body(name):
        common.problem("README.md", f"the {language} example differs from {name}")

common.verdict("README")
