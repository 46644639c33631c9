#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Used by tests/vm/catalogue: write what scenarios/wrong*.sh found into the committed catalogue.

    catalogue_table.py FOUND CATALOGUE

FOUND has a line of JSON for each behaviour. CATALOGUE becomes these rows; the manual's page is made
from it, and guest/wrong.py reads it again.
"""
import json
import sys
from pathlib import Path


def main() -> int:
    found = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
    # A scenario of its own tries some of the drivers last.
    found.sort(key=lambda row: row["side"], reverse=True)
    Path(sys.argv[2]).write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
