# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every page of docs/ is listed, and links between pages lead somewhere."""

import re

import common

pages = {p.name for p in common.files("docs") if p.suffix == ".md" and len(p.parts) == 2}
config = common.text("docs/asynchelp.toml.in")
contents = re.search(r"content_files = \[(.*?)\]", config, re.DOTALL).group(1)
listed = set(re.findall(r'"([^"]+\.md)"', contents))

for name in sorted(pages | listed):
    common.checked()
    if name not in listed:
        common.problem(f"docs/{name}", "is not listed in docs/asynchelp.toml.in")
    if name not in pages:
        common.problem("docs/asynchelp.toml.in", f"lists {name}, which does not exist")

texts = [*(f"docs/{name}" for name in sorted(pages)), "README.md", "CONTRIBUTING.md"]
for name in texts:
    common.checked()
    folder = (common.ROOT / name).parent
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", common.text(name)):
        if "://" in target:
            continue
        # In the pages links name the finished page; README is read in the tree.
        if name.startswith("docs/") and target.endswith(".html"):
            target = target[:-len("html")] + "md"
        if not (folder / target).exists():
            common.problem(name, f"links to {target}, which does not exist")

common.verdict("pages")
