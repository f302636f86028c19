# SPDX-License-Identifier: LGPL-2.1-or-later
"""From records to one SVG: a point for each contender, the lower the better, on scales of powers
of ten."""

import html
import math

WIDTH = 1000
COLUMNS = 2
GAP = 28
ROW = 21
LABEL = 188
VALUE = 62
TITLE = 46
AXIS = 26
OURS = "#0b6e4f"
PEER = "#8a8f98"
IDEAL = "#c77d0a"
INK = "#22262b"
GRID = "#e3e6ea"
FONT = "font-family=\"Cantarell, 'DejaVu Sans', Helvetica, Arial, sans-serif\""

# (title, part, case, quantity, what the points say)
PANELS = (
    ("An empty function", "jobs", "empty", "run", "ns a job, one run"),
    ("A function of 1 µs", "jobs", "1us", "run", "ns a job, one run"),
    ("A function of 10 µs", "jobs", "10us", "run", "ns a job, one run"),
    ("One function to a thread and back", "latency", "loop-one-cpu", "p50",
     "µs, p50, all threads on one CPU"),
    ("1,000 functions that sleep 100 ms", "sleeping", "growth", "all", "seconds"),
    ("400 functions: 2 ms of CPU, 50 ms of waiting", "mixed", "growth", "all", "seconds"),
    ("10 empty functions a batch, 8 threads at once", "batches", "small", "all", "µs a batch"),
    ("20,000 Python functions", "python", "python", "all", "ns a job"),
)


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def text(x, y, content, size=12, anchor="start", color=INK, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{color}" font-weight="{weight}" {FONT}>{html.escape(content)}</text>')


def points_of(records, part, case, quantity):
    found = []
    for who, measured in records.measures(part, case).items():
        record = measured.get(quantity)
        if record and record["median"] > 0:
            found.append(record)
    return sorted(found, key=lambda record: record["median"])


def color_of(record):
    if record["ours"]:
        return OURS
    return IDEAL if record["who"] == "by arithmetic" else PEER


class Scale:
    """Powers of ten, from the one below the least value to the one above the greatest; at least
    two of them, so that small differences look small."""

    def __init__(self, values, left, right):
        # The least one must not stand on the axis.
        self.low = math.floor(math.log10(min(values) * 0.9))
        self.high = math.ceil(math.log10(max(values)))
        self.high = max(self.high, self.low + 2)
        self.left, self.right = left, right

    def __call__(self, value):
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.left + part * (self.right - self.left)

    def ticks(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def panel_height(points):
    return TITLE + ROW * len(points) + AXIS


def panel(points, title, unit, x, y, width):
    parts = [text(x, y + 16, title, 15, weight="bold"), text(x, y + 33, unit, 11, color=PEER)]
    left, right = x + LABEL, x + width - VALUE
    top, bottom = y + TITLE, y + TITLE + ROW * len(points)
    scale = Scale([record["median"] for record in points], left, right)
    for tick in scale.ticks():
        at = scale(tick)
        parts.append(f'<line x1="{at:.1f}" y1="{top}" x2="{at:.1f}" y2="{bottom}" '
                     f'stroke="{GRID}"/>')
        written = f"{tick:,.0f}" if tick >= 1 else f"{tick:g}"
        parts.append(text(at, bottom + 15, written, 10, "middle", PEER))
    for i, record in enumerate(points):
        middle = top + ROW * (i + 0.5)
        color = color_of(record)
        weight = "bold" if record["ours"] else "normal"
        at = scale(record["median"])
        parts.append(text(left - 10, middle + 4, record["who"], 11.5, "end",
                          INK, weight))
        parts.append(f'<line x1="{left:.1f}" y1="{middle:.1f}" x2="{at:.1f}" y2="{middle:.1f}" '
                     f'stroke="{color}" stroke-width="2" opacity="0.45"/>')
        parts.append(f'<circle cx="{at:.1f}" cy="{middle:.1f}" r="5" fill="{color}"/>')
        parts.append(text(right + VALUE, middle + 4, number(record["median"]), 11.5, "end",
                          INK, weight))
    return "\n".join(parts)


def draw(records):
    """The whole picture. What was not measured is left out."""
    panels = [(points_of(records, part, case, quantity), title, unit)
              for title, part, case, quantity, unit in PANELS]
    panels = [one for one in panels if one[0]]
    width = (WIDTH - GAP * (COLUMNS + 1)) / COLUMNS
    parts, y = [], GAP
    parts.append(text(GAP, y + 14, "asynchelp", 13, color=OURS, weight="bold"))
    parts.append(text(GAP + 82, y + 14, "and others at the same work: medians, on scales of powers "
                      "of ten; further left is better", 13))
    y += 40
    for first in range(0, len(panels), COLUMNS):
        row = panels[first:first + COLUMNS]
        for column, (points, title, unit) in enumerate(row):
            parts.append(panel(points, title, unit, GAP + column * (width + GAP), y, width))
        y += max(panel_height(points) for points, _, _ in row) + GAP
    # No white is left to who shows it on a dark page.
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y:.0f}" '
            f'viewBox="0 0 {WIDTH} {y:.0f}">\n'
            "<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->\n"
            "<!-- Written by tests/bench/report. -->\n"
            f'<rect width="{WIDTH}" height="{y:.0f}" fill="white"/>\n'
            + "\n".join(parts) + "\n</svg>\n")
