#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Print a C file that defines NAME, which HEADER declares, as the text of FILE without its first
line, the licence.

    embed.py FILE NAME HEADER
"""
import sys
from pathlib import Path


def main() -> int:
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    file, name, header = sys.argv[1:]
    print(f'#include "{header}"\n\nconst char {name}[] =')
    for line in Path(file).read_text(encoding="ascii").splitlines()[1:]:
        text = line.replace("\\", "\\\\").replace('"', '\\"')
        print(f'\t"{text}\\n"')
    print("\t;")
    return 0


if __name__ == "__main__":
    sys.exit(main())
