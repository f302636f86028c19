# SPDX-License-Identifier: LGPL-2.1-or-later
"""From records to the tables of docs/performance.md."""

import json
import re
import sys

# What stands between such marks is written anew each time.
MARK = "<!-- figures: {} -->"
END = "<!-- end of figures -->"

# What a case is about: the first of these that it has.
QUANTITIES = ("all", "p50", "queued")


class Records:
    def __init__(self, lines):
        self.lines = lines

    def of(self, kind, part=None, case=None):
        return [
            line for line in self.lines
            if line["record"] == kind and part in (None, line.get("part"))
            and case in (None, line.get("case"))
        ]

    def cases(self):
        """All pairs of part and case, in the order of measuring."""
        return list(dict.fromkeys((line["part"], line["case"]) for line in self.of("case")))

    def title(self, part, case):
        return self.of("case", part, case)[0]["title"]

    def measures(self, part, case):
        """{who: {quantity: record}}, in the order of measuring."""
        found = {}
        for line in self.of("measure", part, case):
            found.setdefault(line["who"], {})[line["quantity"]] = line
        return found


def read(path):
    with open(path, encoding="utf-8") as stream:
        records = Records([json.loads(line) for line in stream])
    wrong = records.of("wrong")
    if wrong:
        sys.exit("report: wrong results: " + "; ".join(line["what"] for line in wrong))
    if not records.of("measure"):
        sys.exit(f"report: {path} has no measurements")
    return records


def number(value):
    """Three digits that count, and no more."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def name_of(who, measured):
    ours = next(iter(measured.values()))["ours"]
    return f"**{who}**" if ours else who


def spread(record):
    return f"{number(record['low'])} to {number(record['high'])}"


# Tables ----------------------------------------------------------------------------------------


def machine(records):
    line = records.of("machine")[0]
    kernel = re.match(r"[0-9.]+", line["kernel"]).group(0).rstrip(".")
    python = records.of("case", "python")
    rows = [
        ("CPUs that the process may use", str(line["cpus"])),
        ("processor", f"{line['processor']}, {line['architecture']}"),
        ("kernel", f"Linux {kernel}"),
        ("GLib", line["glib"]),
        ("compiler", "gcc " + line["compiler"]),
    ]
    others = [line["used"] for line in records.of("others")]
    if others:
        rows.append(("CPUs that others used meanwhile, on average of each part",
                     f"{number(min(others))} to {number(max(others))}"))
    if python:
        rows.append(("Python", python[0]["version"]))
    return table(["", ""], rows)


def full_case(records, part, case):
    """Every quantity of a case, one line a contender."""
    measures = records.measures(part, case)
    quantities = list(dict.fromkeys(q for who in measures.values() for q in who))
    units = dict.fromkeys(record["unit"] for who in measures.values() for q, record in who.items()
                          if q != "threads")
    # The spread of what the case is about; of the rest the median says enough.
    main = next((q for q in QUANTITIES if q in quantities), None)
    head = [", ".join(units)] + [q if q != "free" else "free it" for q in quantities]
    if main:
        head.append("half of the rounds")
    rows = []
    for who, measured in measures.items():
        row = [name_of(who, measured)]
        row += [number(measured[q]["median"]) if q in measured else "" for q in quantities]
        if main:
            row.append(spread(measured[main]) if measured.get(main, {}).get("n", 0) > 1 else "")
        rows.append(row)
    return f"{records.title(part, case)}:\n\n" + table(head, rows)


def part_tables(records, *parts):
    return "\n\n".join(
        full_case(records, part, case) for part, case in records.cases() if part in parts
    )


def goals(records):
    rows = []
    for line in records.of("goal"):
        sign = "≤" if line["relation"] == "<=" else "≥"
        rows.append((
            f"{line['part']}, {line['case']}: {line['what']}",
            f"{sign} {number(line['limit'])} {line['unit']}",
            f"{number(line['measured'])} {line['unit']}",
            "yes" if line["met"] else "**missed**",
        ))
    facts = [
        f"* {line['what']}: {number(line['measured'])} {line['unit']}"
        for line in records.of("fact")
    ]
    met = sum(line["met"] for line in records.of("goal"))
    text = f"{met} of {len(rows)} goals were reached.\n\n"
    text += table(["what", "goal", "measured", "reached"], rows)
    if facts:
        text += "\n\nWithout a goal:\n\n" + "\n".join(facts)
    return text


def slower(records):
    """Where a peer beats the first of ours: nobody has to look for it in the tables."""
    rows = []
    for part, case in records.cases():
        measures = records.measures(part, case)
        for quantity in QUANTITIES:
            found = {w: m[quantity] for w, m in measures.items() if quantity in m}
            ours = [m for m in found.values() if m["ours"]]
            if not ours:
                continue
            first = ours[0]
            for who, record in found.items():
                if not record["ours"] and who != "by arithmetic" \
                        and record["median"] < first["median"]:
                    rows.append((
                        records.title(part, case), who,
                        f"{number(record['median'])} {record['unit']}",
                        f"{number(first['median'])} {first['unit']} ({first['who']})",
                        f"{number(first['median'] / record['median'])} ×",
                    ))
            break
    if not rows:
        return "Nowhere, in what was measured."
    return table(["case", "peer", "takes", "ours takes", "ratio"], rows)


TABLES = {
    "machine": machine,
    "goals": goals,
    "slower": slower,
    "jobs": lambda records: part_tables(records, "jobs"),
    "latency": lambda records: part_tables(records, "latency"),
    "growth": lambda records: part_tables(
        records, "sleeping", "computing", "crowded", "half", "mixed"
    ),
    "memory": lambda records: part_tables(records, "memory"),
    "cancellable": lambda records: part_tables(records, "cancellable"),
    "batches": lambda records: part_tables(records, "batches"),
    "async": lambda records: part_tables(records, "async"),
    "loop-gap": lambda records: part_tables(records, "loop-gap"),
    "native": lambda records: part_tables(records, "native"),
    "python": lambda records: part_tables(records, "python"),
}


def fill(text, records):
    """The page with its tables written anew. All marks must be there: none is forgotten."""
    for name, make in TABLES.items():
        mark = MARK.format(name)
        if text.count(mark) != 1:
            sys.exit(f"report: docs/performance.md must have {mark} once")
        begin = text.index(mark) + len(mark)
        end = text.find(END, begin)
        if end < 0:
            sys.exit(f"report: docs/performance.md has no {END} behind {mark}")
        text = text[:begin] + "\n\n" + make(records) + "\n\n" + text[end:]
    return text


def summary(records):
    found = records.of("goal")
    missed = [line for line in found if not line["met"]]
    lines = [f"report: {len(found) - len(missed)} of {len(found)} goals met"]
    lines += [f"  missed: {line['part']}, {line['case']}: {line['what']}" for line in missed]
    return "\n".join(lines)
