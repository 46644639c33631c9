#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The README's pictures: well-formed, small, and of what is beside them. Prints TAP.

    picture.py SOURCE
"""
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tap import Tap  # noqa: E402  (nothing is left in the source tree)

NAMESPACE = "{http://www.w3.org/2000/svg}"
SIZE_MAX = 40 << 10
HOSTILE = "$ echo '<&>\"'\n\n \t\u20ac pass, bypass\n"


def draw(source: Path, text: Path, svg: Path) -> bytes:
    subprocess.run([sys.executable, source / "docs/picture.py", text, svg], check=True,
                   timeout=600)
    return svg.read_bytes()


def lines(svg: bytes) -> list:
    root = ElementTree.fromstring(svg)
    return ["".join(element.itertext()) for element in root.iter(f"{NAMESPACE}text")]


def check_report(tap: Tap, source: Path, drawn: bytes) -> None:
    shipped = (source / "docs/report.svg").read_bytes()
    tap.say(drawn == shipped, "docs/report.svg is of docs/report.html: docs/picture.py draws it anew")
    tap.say(len(shipped) < SIZE_MAX, "it is small", len(shipped))
    page = ElementTree.parse(source / "docs/report.html").getroot()
    passed = [row.find(".//b").text for row in page.findall(".//tr[@class='pass']") if row.find(".//b")
              is not None]
    told = lines(shipped)
    tap.same("it has every check that passed", passed,
             list(dict.fromkeys(name for name in told if name in passed)))
    tap.say(" ".join(page.find(".//h1").itertext()).split() == told[0].split(), "and the verdict",
            told[0])
    tap.say(b"var(" not in shipped, "its colours are known to whatever draws it")


def main() -> int:
    source, tap = Path(sys.argv[1]), Tap()
    text, shipped = source / "docs/demo.txt", (source / "docs/demo.svg").read_bytes()
    with tempfile.TemporaryDirectory() as directory:
        drawn = draw(source, text, Path(directory) / "demo.svg")
        report = draw(source, source / "docs/report.html", Path(directory) / "report.svg")
        other = Path(directory) / "text"
        other.write_text(HOSTILE, encoding="utf-8")
        hostile = draw(source, other, Path(directory) / "other.svg")
    tap.say(drawn == shipped, "docs/demo.svg is of docs/demo.txt: docs/picture.py draws it anew")
    tap.same("it has every line", [line for line in text.read_text(encoding="utf-8").splitlines()
                                   if line], lines(shipped))
    tap.say(len(shipped) < SIZE_MAX, "it is small", len(shipped))
    tap.same("any text is drawn as it is", [line for line in HOSTILE.splitlines() if line],
             lines(hostile))
    check_report(tap, source, report)
    readme = (source / "README.md").read_text(encoding="utf-8")
    tap.say("(docs/demo.svg)" in readme and "(docs/report.svg)" in readme, "the README shows both")
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
