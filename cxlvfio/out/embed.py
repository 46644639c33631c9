#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Print a C file that defines NAME, which HEADER declares, as the text of FILE without its first
line, the licence. Where lines "<!-- part: PART -->" divide the file, each part is NAME_PART.

    embed.py FILE NAME HEADER
"""
import re
import sys
from pathlib import Path


def literal(line: str) -> str:
    text = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'\t"{text}\\n"'


def main() -> int:
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    file, name, header = sys.argv[1:]
    parts: dict[str, list[str]] = {}
    part = name
    for line in Path(file).read_text(encoding="ascii").splitlines()[1:]:
        begins = re.fullmatch(r"<!-- part: (\w+) -->", line)
        if begins:
            part = f"{name}_{begins[1]}"
        else:
            parts.setdefault(part, []).append(line)
    print(f'#include "{header}"')
    for part, lines in parts.items():
        print(f"\nconst char {part}[] =")
        print("\n".join(map(literal, lines)))
        print("\t;")
    return 0


if __name__ == "__main__":
    sys.exit(main())
