#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The HTML of reset --report: well-formed, self-contained, there whatever becomes of a run. TAP.

    report.py COMMAND SAMPLE

SAMPLE is the built test-report-html, which writes the report of a made-up run into a file.
"""
import os
import stat
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

sys.dont_write_bytecode = True
import svg  # noqa: E402  (nothing is left in the source tree)

VOID = {"meta", "br"}
ELEMENTS = {"html", "head", "meta", "title", "style", "body", "main", "header", "section", "h1",
            "h2", "h3", "p", "span", "b", "br", "dl", "dt", "dd", "div", "table", "thead", "tbody",
            "tr", "th", "td", "figure", "figcaption", "pre", "svg", "g", "rect", "line", "text"}
ATTRIBUTES = {"lang", "charset", "name", "content", "class", "role", "aria-label", "viewBox", "x",
              "y", "x1", "x2", "y1", "y2", "width", "height"}
# A character of the figures' font is about as wide; they are 12 units high.
CHARACTER = 6.6


class Walker(HTMLParser):
    """HTML as a browser reads it: whatever is open must be closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.wrong = [], []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.open.append(tag)
        if tag in VOID:
            self.wrong.append(f"<{tag}> is not closed")

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        if tag not in VOID and "svg" not in self.open:
            self.wrong.append(f"<{tag}/>: HTML does not close it here")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")


class Stand(svg.Stand):
    def reset(self, scenario: str, *arguments) -> subprocess.CompletedProcess:
        return subprocess.run([self.command, "--sysroot", str(self.root(scenario)), "reset",
                               *map(str, arguments)], capture_output=True, text=True, timeout=600,
                              stdin=subprocess.DEVNULL, check=False)


def check_document(stand: Stand, name: str, text: str) -> ElementTree.Element:
    walker = Walker()
    walker.feed(text)
    walker.close()
    stand.say(not walker.wrong and not walker.open,
              f"{name}: everything is closed {(walker.wrong + walker.open)[:3] or ''}")
    page = ElementTree.fromstring(text)
    names = {element.tag for element in page.iter()}
    attributes = {name for element in page.iter() for name in element.attrib}
    unknown = names - ELEMENTS | attributes - ATTRIBUTES
    stand.say(not unknown, f"{name}: nothing that runs or refers {unknown or ''}")
    style = page.findtext("head/style")
    stand.say("http" not in text.replace("http-equiv", "") and "url(" not in style and
              "@import" not in style, f"{name}: nothing from elsewhere")
    stand.say(all(f"@media {words}" in style for words in (
        "screen and (prefers-color-scheme:dark)", "(max-width:700px)", "print")),
        f"{name}: for light, dark and narrow screens, and for paper")
    classes = {word for element in page.iter() for word in element.get("class", "").split()}
    unknown = {word for word in classes if f".{word}" not in style}
    stand.say(unknown <= {"pass", "figcaption", "histogram"},
              f"{name}: every class has a style {unknown or ''}")
    return page


def check_drawings(stand: Stand, page: ElementTree.Element) -> None:
    outside = []
    for drawing in page.iter("svg"):
        width, height = map(float, drawing.get("viewBox").split()[2:])
        for element in drawing.iter():
            numbers = {name: float(element.get(name, 0)) for name in
                       ("x", "y", "x1", "x2", "y1", "y2", "width", "height")}
            left, right = numbers["x"], numbers["x"] + numbers["width"]
            if element.tag == "text":
                length = CHARACTER * len(element.text)
                words = element.get("class").split()
                left -= length if "right" in words else length / 2 if "middle" in words else 0
                right = left + length
            if element is not drawing and (
                    left < 0 or right > width or max(numbers["x1"], numbers["x2"]) > width or
                    min(numbers.values()) < 0 or numbers["y"] + numbers["height"] > height):
                outside.append(ElementTree.tostring(element))
    stand.say(not outside, f"nothing is outside of the drawings {outside[:2] or ''}")
    stand.say(all(drawing.get("role") == "img" and drawing.get("aria-label")
                  for drawing in page.iter("svg")), "who cannot see the drawings hears of them",
              [drawing.attrib for drawing in page.iter("svg")])


def check_sample(stand: Stand, program: str) -> None:
    texts = []
    for name in ("one.html", "two.html"):
        subprocess.run([program, str(stand.top / name)], check=True, timeout=600)
        texts.append((stand.top / name).read_text(encoding="utf-8"))
    stand.say(texts[0] == texts[1], "the same run makes the same report")
    page = check_document(stand, "a run that fails", texts[0])
    drawings = [drawing.get("class") for drawing in page.iter("svg")]
    stand.say(drawings == ["timeline"] + 5 * ["histogram"], "a timeline and five histograms")
    check_drawings(stand, page)
    heads = ["".join(head.itertext()) for head in page.iter() if head.tag in ("h2", "h3")]
    wanted = ["Errors and warnings", "0000:0d:00.0 \u2717 fail", "Endpoint", "Window", "Method",
              "Checks", "Cycle 7 of 20 \u2717 fail", "How long it took", "Failed cycles",
              "Environment", "How to reproduce"]
    stand.say(heads == wanted, f"the parts in their order {heads if heads != wanted else ''}")


def check_run(stand: Stand, scenario: str, target: str) -> None:
    """Nothing can be opened in a fixture: the report says so."""
    file = stand.top / f"{scenario}.html"
    result = stand.reset(scenario, "--report", file, target)
    text = file.read_text(encoding="utf-8") if file.exists() else "<html/>"
    page = check_document(stand, scenario, text) if file.exists() else None
    words = " ".join("".join(page.itertext()).split()) if page is not None else ""
    stand.say(result.returncode == 6 and "not opened" in words and "No cycle was made." in words and
              f"exit status {result.returncode}" in words,
              f"{scenario}: a run that came to nothing")
    error = result.stderr.splitlines()[0].removeprefix("cxlvfio: ")
    stand.say(error in words, f"{scenario}: the report has what was said of it")
    stand.say(f"reset --report {file} {target}" in words, f"{scenario}: and how to do it again")


def check_refusals(stand: Stand) -> None:
    directory = stand.top / "files"
    directory.mkdir()
    link = directory / "link.html"
    link.symlink_to(directory / "elsewhere.html")
    os.mkfifo(directory / "fifo")
    before = sorted(os.listdir(directory))
    cases = [("no directory", [directory / "no" / "x.html"], "(ENOENT)"),
             ("a directory", [directory], "(EISDIR)"),
             ("a link", [link], "only a regular file"),
             ("a pipe", [directory / "fifo"], "(EEXIST)"),
             ("no name", [""], "needs the name"),
             ("--dry-run", [directory / "x.html", "--dry-run"], "--dry-run finds nothing")]
    for name, arguments, words in cases:
        result = stand.reset("ready", "0d:00.0", "--report", *arguments)
        stand.say(result.returncode == 2 and words in result.stderr, f"{name}: refused at once")
    stand.same("and nothing is left behind", before, sorted(os.listdir(directory)))
    result = stand.reset("ready", "mem77", "--report", directory / "none.html")
    stand.say(result.returncode == 3 and not (directory / "none.html").exists(),
              "no report without a target", result, os.listdir(directory))


def check_replaced(stand: Stand) -> None:
    file = stand.top / "old.html"
    file.write_text("old " * 100000, encoding="utf-8")
    file.chmod(0o604)
    before = file.stat().st_ino
    stand.reset("ready", "--report", file, "0d:00.0")
    stand.say(file.stat().st_ino != before and stat.S_IMODE(file.stat().st_mode) == 0o604 and
              "old old" not in file.read_text(encoding="utf-8") and
              not list(stand.top.glob(".old.html*")), "an old report is replaced as a whole",
              f"inode {before} before, now {file.stat()}", os.listdir(stand.top),
              file.read_text(encoding="utf-8")[:200])
    file.write_text("old", encoding="utf-8")
    command = f'ulimit -f 1; trap "" XFSZ; exec "{stand.command}" --sysroot ' \
              f'"{stand.root("ready")}" reset --report "{file}" 0d:00.0'
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=600,
                            check=False)
    stand.say("(EFBIG)" in result.stderr and result.returncode != 0 and
              file.read_text(encoding="utf-8") == "old" and not list(stand.top.glob(".old.html*")),
              "a full disk is an error, and the old one stays", result, os.listdir(stand.top),
              file.read_text(encoding="utf-8")[:200])


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        stand = Stand(os.path.abspath(sys.argv[1]), Path(directory))
        check_sample(stand, os.path.abspath(sys.argv[2]))
        check_run(stand, "ready", "0d:00.0")
        check_run(stand, "map_hostile", "all")
        check_refusals(stand)
        check_replaced(stand)
    return stand.finish()


if __name__ == "__main__":
    sys.exit(main())
