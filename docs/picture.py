#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Draw the text of a terminal as an SVG, the same to the byte for the same text.

    docs/picture.py TEXT SVG

docs/demo.txt is what "make demo" printed, shortened by hand; docs/demo.svg is the README's picture
of it, and tests/cli/picture.py finds one that is not of that text.
"""
import re
import sys
import xml.sax.saxutils as saxutils
from pathlib import Path

# Of a monospaced font of 12 pixels, with some room: fonts differ.
ADVANCE, LINE, MARGIN = 7.3, 17, 16
STYLE = ("rect{fill:#161b22}"
         "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
         "fill:#adbac7;white-space:pre}"
         ".command{fill:#f0f6fc;font-weight:bold}.pass{fill:#57ab5a}")
PASS = re.compile(r"\bpass\b")


def draw_line(line: str, number: int) -> str:
    text = saxutils.escape(line)
    if line.startswith(("$ ", "(qemu) ")):
        kind = ' class="command"'
    else:
        kind = ""
        text = PASS.sub('<tspan class="pass">pass</tspan>', text)
    return (f'<text x="{MARGIN}" y="{MARGIN + LINE * number + 12}"{kind} xml:space="preserve">'
            f"{text}</text>")


def draw(text: str) -> str:
    lines = text.splitlines()
    width = round(2 * MARGIN + ADVANCE * max(map(len, lines), default=0))
    height = 2 * MARGIN + LINE * len(lines)
    commands = "; ".join(line[2:] for line in lines if line.startswith("$ "))
    return "\n".join([
        "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->",
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">',
        "<title>A terminal</title>",
        f"<desc>{saxutils.escape(commands)}</desc>",
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" rx="8"/>',
        *(draw_line(line, number) for number, line in enumerate(lines) if line),
        "</svg>", ""])


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    Path(sys.argv[2]).write_text(draw(text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
