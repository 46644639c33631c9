#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Used by tests/vm/catalogue: write what scenarios/wrong.sh found into the manual's page.

    catalogue_table.py FOUND PAGE

FOUND has a line of JSON for each behaviour. Only what is between the table's first row and the next
heading of PAGE is replaced.
"""
import json
import sys
from pathlib import Path

HEADING = "|[ side\n:[ behaviour\n:[ what is wrong\n:[ found by\n:[ what it said\n"


def escape(text: str) -> str:
    return "".join("\\" + c if c in "\\_*#[]|:<>~`" else c for c in text)


def how(row: dict) -> str:
    """The command that it takes, where it is not the plain one."""
    words = [escape(" ".join(row["arguments"]))] if row["arguments"] else []
    if row["fault"]:
        words.append("with fault " + escape(row["fault"]))
    return f" ({', '.join(words)})" if words else ""


def cells(row: dict) -> str:
    said = escape(row["said"]) if row["said"] else "-"
    return "".join((f"|  {row['side']}\n", f":  {row['name']}\n",
                    f":  {escape(row['text'])}{how(row)}\n",
                    f":  {row['check'] or '-'}\n".replace("_", "\\_"), f":  {said}\n"))


def main() -> int:
    found = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
    page = Path(sys.argv[2])
    before, _, rest = page.read_text().partition(HEADING)
    _, _, after = rest.partition("\n# ")
    order = sorted(found, key=lambda row: row["side"] == "device")
    table = "".join(map(cells, order))
    page.write_text(f"{before}{HEADING}{table}\n# {after}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
