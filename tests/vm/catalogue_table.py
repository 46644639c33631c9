#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Used by tests/vm/catalogue: write what scenarios/wrong.sh found into the manual's page.

    catalogue_table.py FOUND PAGE

FOUND has a line of JSON for each behaviour. What the sections of PAGE hold below their headings is
replaced; guest/wrong.py reads it again.
"""
import json
import re
import sys
from pathlib import Path

SECTIONS = {"driver": "WRONG DRIVERS", "device": "WRONG DEVICES"}


def escape(text: str) -> str:
    return "".join("\\" + c if c in "\\_*#[]|<>~`" else c for c in text)


def how(row: dict) -> str:
    """The command that it takes, where it is not the plain one."""
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
    found = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
    page = Path(sys.argv[2])
    text = page.read_text()
    for side, heading in SECTIONS.items():
        entries = "".join(entry(row) for row in found if row["side"] == side)
        text, count = re.subn(rf"(?s)(\n# {heading}\n\n).*?(?=\n# )",
                              lambda match: match[1] + entries, text)
        if count != 1:
            print(f"{page}: no section {heading}", file=sys.stderr)
            return 1
    page.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
