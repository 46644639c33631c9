#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The README's picture: well-formed, small, and of the text beside it. Prints TAP.

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


def main() -> int:
    source, tap = Path(sys.argv[1]), Tap()
    text, shipped = source / "docs/demo.txt", (source / "docs/demo.svg").read_bytes()
    with tempfile.TemporaryDirectory() as directory:
        drawn = draw(source, text, Path(directory) / "demo.svg")
        other = Path(directory) / "text"
        other.write_text(HOSTILE, encoding="utf-8")
        hostile = draw(source, other, Path(directory) / "other.svg")
    tap.say(drawn == shipped, "docs/demo.svg is of docs/demo.txt: docs/picture.py draws it anew")
    tap.same("it has every line", [line for line in text.read_text(encoding="utf-8").splitlines()
                                   if line], lines(shipped))
    tap.say(len(shipped) < SIZE_MAX, "it is small", len(shipped))
    tap.same("any text is drawn as it is", [line for line in HOSTILE.splitlines() if line],
             lines(hostile))
    tap.say("docs/demo.svg" in (source / "README.md").read_text(encoding="utf-8"),
            "the README shows it")
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
