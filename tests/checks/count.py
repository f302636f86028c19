# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints how many tests passed, failed and were skipped, from the logs that "meson test" wrote.

A TAP program counts by its test points. One that failed counts at least one failure, also where
it ended before it could report any.
"""

import json
import re
import sys

POINT = re.compile(r"^(not )?ok\b[^#\n]*(# *(?:SKIP|TODO)\b)?", re.MULTILINE | re.IGNORECASE)

passed = failed = skipped = 0

for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as stream:
        entries = [json.loads(line) for line in stream if line.strip()]
    if not entries:
        failed += 1
    for entry in entries:
        good = entry["result"] in ("OK", "EXPECTEDFAIL")
        points = POINT.findall(entry.get("stdout") or "")
        if entry["result"] == "SKIP" and not points:
            skipped += 1
        elif points:
            n_skipped = sum(1 for _, skip in points if skip)
            n_failed = sum(1 for fail, skip in points if fail and not skip)
            skipped += n_skipped
            passed += len(points) - n_skipped - n_failed
            if not good and entry["result"] != "SKIP":
                failed += max(n_failed, 1)
        elif good:
            passed += 1
        else:
            failed += 1

if len(sys.argv) < 2:
    failed = 1

print(passed, failed, skipped)
