#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Print a page's scdoc source with the lists of what the proof finds.

    catalogue.py CATALOGUE.json PAGE.scd

The lines "@DRIVERS@" and "@DEVICES@" become the rows of CATALOGUE of that side. A page without one
of them is an error.
"""
import json
import sys
from pathlib import Path

SIDES = {"driver": "\n@DRIVERS@\n", "device": "\n@DEVICES@\n"}


def escape(text: str) -> str:
    return "".join("\\" + c if c in "\\_*#[]|<>~`" else c for c in text)


def how(row: dict) -> str:
    """The arguments and the fault that it takes, where it takes any."""
    words = [escape(" ".join(row["arguments"]))] if row["arguments"] else []
    if row["fault"]:
        words.append("with fault " + escape(row["fault"]))
    return f" ({', '.join(words)})" if words else ""


def entry(row: dict) -> str:
    if row["check"]:
        found = f"*{escape(row['check'])}*: {escape(row['said'])}"
    else:
        found = "No check fails."
    return f"*{row['name']}*: {escape(row['text'])}{how(row)}\n\t{found}\n"


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    rows = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    page = Path(sys.argv[2])
    source = page.read_text(encoding="utf-8")
    for side, line in SIDES.items():
        if line not in source:
            print(f"catalogue.py: {page}: no line {line.strip()}", file=sys.stderr)
            return 1
        source = source.replace(line, "\n" + "".join(entry(row) for row in rows
                                                     if row["side"] == side))
    sys.stdout.write(source)
    return 0


if __name__ == "__main__":
    sys.exit(main())
