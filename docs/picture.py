#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Draw the text of a terminal, or a report's beginning, as an SVG: the same to the byte each time.

    docs/picture.py TEXT SVG
    docs/picture.py REPORT.html SVG

docs/demo.txt is what "make demo" printed, shortened by hand; docs/report.html is what
"cxlvfio reset --report" wrote in the same machine. Their SVGs are the README's pictures of them, and
tests/cli/picture.py finds one that is of something else.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree
import xml.sax.saxutils as saxutils
from pathlib import Path

# Of a monospaced font of 12 pixels, with some room: fonts differ.
ADVANCE, LINE, MARGIN = 7.3, 17, 16
STYLE = (".back{fill:#161b22}"
         "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
         "fill:#adbac7;white-space:pre}"
         ".command{fill:#f0f6fc;font-weight:bold}.pass{fill:#57ab5a}")
REPORT_WIDTH, REPORT_LINE = 792, 18
REPORT_STYLE = (".back{fill:var(--back);stroke:var(--line)}svg .pass{fill:var(--pass);font-weight:600}"
                "svg .title{font-size:15px;font-weight:600}")
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


def frame(width: int, height: int, title: str, description: str, style: str, body: list) -> str:
    return "\n".join([
        "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->",
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">',
        f"<title>{title}</title>",
        f"<desc>{saxutils.escape(description)}</desc>",
        f"<style>{style}</style>",
        f'<rect class="back" width="{width}" height="{height}" rx="8"/>',
        *body,
        "</svg>", ""])


def draw_text(text: str) -> str:
    lines = text.splitlines()
    return frame(round(2 * MARGIN + ADVANCE * max(map(len, lines), default=0)),
                 2 * MARGIN + LINE * len(lines), "A terminal",
                 "; ".join(line[2:] for line in lines if line.startswith("$ ")), STYLE,
                 [draw_line(line, number) for number, line in enumerate(lines) if line])


def report_style(css: str) -> str:
    """Its rules for drawings, with the colours of paper: not everything that draws knows var()."""
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", css.partition("@media")[0]))
    rules = re.findall(r"^((?:svg [.t]|\.(?:grid|prepare|shade)|rect\.)[^{]*)\{([^}]*)\}", css, re.M)
    of_drawings = "".join(f"{selector.strip()}{{{' '.join(body.split())}}}"
                          for selector, body in rules)
    return re.sub(r"var\(--([a-z-]+)\)", lambda match: colours[match[1]], of_drawings + REPORT_STYLE)


def words(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def draw_report(page: str) -> str:
    """What it says first: verdict, figures, a line for each check that applied, and the time line."""
    root = ElementTree.fromstring(page)
    head = root.find(".//header")
    body, y = [], MARGIN

    def say(x: int, text: str, kind: str, at: int = 0) -> None:
        body.append(f'<text x="{x}" y="{at or y}" class="{kind}">{saxutils.escape(text)}</text>')

    for line in head:
        y += REPORT_LINE
        say(MARGIN, words(line), "title pass" if line.tag == "h1" else line.get("class", ""))
    y += 2 * REPORT_LINE
    for number, tile in enumerate(root.find(".//dl[@class='tiles']")):
        name, value = tile.find("dt"), tile.find("dd")
        say(MARGIN + 190 * number, words(name), "dim")
        for below, text, kind in ((1, value.text, "title"), (2, words(value.find("span")), "dim")):
            say(MARGIN + 190 * number, text, kind, y + REPORT_LINE * below)
    y += 3 * REPORT_LINE
    for row in root.findall(".//table[@class='checks']/tbody/tr[@class='pass']"):
        y += REPORT_LINE
        verdict, check, _evidence, cycles, _duration = row
        say(MARGIN, words(verdict), "pass")
        say(MARGIN + 60, words(check.find("b")), "figure")
        say(MARGIN + 210, words(check.find("p")), "")
        say(REPORT_WIDTH - MARGIN, words(cycles).partition(",")[0], "dim right")
    y += 2 * REPORT_LINE
    drawing = root.find(".//svg[@class='timeline']")
    say(MARGIN, "The phases of one cycle; shaded: no access to the memory can have gone through", "dim")
    y += REPORT_LINE
    width, height = (int(value) for value in drawing.get("viewBox").split()[2:])
    drawing.attrib.update({"x": str(MARGIN), "y": str(y), "width": str(width), "height": str(height)})
    body.append(ElementTree.tostring(drawing, encoding="unicode").rstrip())
    return frame(REPORT_WIDTH, y + height + MARGIN, "A report", words(head),
                 report_style(root.find(".//style").text), body)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    draw = draw_report if sys.argv[1].endswith(".html") else draw_text
    Path(sys.argv[2]).write_text(draw(text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
