#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The SVG of show --svg: well-formed, says what the text says, and replaces files as a whole. TAP.

    svg.py COMMAND
"""
import os
import re
import stat
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import run  # noqa: E402  (nothing is left in the source tree)
from tap import Tap  # noqa: E402

NAMESPACE = "{http://www.w3.org/2000/svg}"
SCENARIOS = ["map", "owners", "ready", "states", "unbound", "malformed", "map_hostile", "map_hidden",
             "empty"]
ELEMENTS = {"svg", "title", "desc", "style", "rect", "text", "line", "g"}
INTERVAL = re.compile(r"^(\w+) +(0x[0-9a-f]+)-(0x[0-9a-f]+) +(\d+[KMGTPE]?) ", re.MULTILINE)


class Stand(Tap):
    def __init__(self, command: str, top: Path) -> None:
        self.command, self.top = command, top
        super().__init__()
        self.fixtures = run.load_fixtures()

    def root(self, scenario: str) -> Path:
        root = self.top / scenario
        if not root.exists():
            self.fixtures.SCENARIOS[scenario](self.fixtures.Root(root))
        return root

    def show(self, scenario: str, *arguments, **options) -> subprocess.CompletedProcess:
        return subprocess.run([self.command, "--sysroot", str(self.root(scenario)), "show",
                               *map(str, arguments)], capture_output=True, text=True, timeout=600,
                              stdin=subprocess.DEVNULL, check=False, **options)


def check_safe(stand: Stand, scenario: str, svg: ElementTree.Element) -> None:
    """Nothing that runs, nothing from elsewhere."""
    names = {element.tag.removeprefix(NAMESPACE) for element in svg.iter()}
    stand.say(names <= ELEMENTS, f"{scenario}: only drawings {names - ELEMENTS or ''}")
    attributes = {name for element in svg.iter() for name in element.attrib}
    style = svg.findtext(f"{NAMESPACE}style")
    bad = [name for name in attributes if "href" in name or name.startswith("on")]
    stand.say(not bad and "url(" not in style and "@import" not in style,
              f"{scenario}: needs nothing else")
    stand.say(svg[0].tag == f"{NAMESPACE}title" and svg[1].tag == f"{NAMESPACE}desc" and
              "prefers-color-scheme:dark" in style, f"{scenario}: for everybody's eyes",
              [element.tag for element in svg][:2], style)


def check_inside(stand: Stand, scenario: str, svg: ElementTree.Element) -> None:
    width, height = float(svg.get("width")), float(svg.get("height"))
    outside = []
    for element in svg.iter():
        x, y = float(element.get("x", 0)), float(element.get("y", 0))
        right = x + float(element.get("width", 0))
        bottom = y + float(element.get("height", 0))
        if element.tag == f"{NAMESPACE}text" and "head" not in element.get("class", ""):
            right = x + 7.25 * len(element.text or "")
        if x < 0 or y < 0 or right > width or bottom > height:
            outside.append(ElementTree.tostring(element))
    stand.say(not outside, f"{scenario}: nothing is outside of the picture {outside[:1] or ''}")
    boxes = [element for element in svg.iter(f"{NAMESPACE}rect") if element.get("class")]
    heights = [float(box.get("height")) for box in boxes]
    stand.say(all(height >= 12 for height in heights), f"{scenario}: no interval vanishes", heights)


def check_scenario(stand: Stand, scenario: str) -> None:
    file = stand.top / f"{scenario}.svg"
    result = stand.show(scenario, "all", "--svg", file)
    # Lost endpoints and the like are in other tests.
    stand.say(result.returncode == 0 and not result.stdout, f"{scenario}: drawn, nothing on stdout")
    svg = ElementTree.parse(file).getroot()
    check_safe(stand, scenario, svg)
    check_inside(stand, scenario, svg)
    text = stand.show(scenario, "all", "--map").stdout
    wanted = [(lane, f"{first}-{last}", size) for lane, first, last, size in INTERVAL.findall(text)]
    texts = [element.text for element in svg.findall(f"{NAMESPACE}text")]
    listed = [tuple(texts[i:i + 3]) for i in range(len(texts) - 2)
              if (texts[i + 1] or "").startswith("0x") and "-" in texts[i + 1]]
    stand.say(listed == wanted, f"{scenario}: the same {len(wanted)} intervals as the text")
    drawn = list(svg.iter(f"{NAMESPACE}g"))
    stand.same(f"{scenario}: each is drawn once", len(wanted), len(drawn))


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def check_files(stand: Stand) -> None:
    directory = stand.top / "files"
    directory.mkdir()
    file = directory / "map.svg"
    umask = os.umask(0o027)
    stand.show("ready", "mem0", "--svg", file)
    os.umask(umask)
    stand.same("a new file has the mode that umask gives", "0o640", oct(mode_of(file)))
    file.write_text("old " * 10000, encoding="utf-8")
    file.chmod(0o604)
    before = file.stat().st_ino
    stand.show("ready", "mem0", "--svg", file)
    stand.say(ElementTree.parse(file).getroot().tag == f"{NAMESPACE}svg" and
              file.stat().st_ino != before, "an old file is replaced by another one",
              f"inode {before} before, now {file.stat()}")
    stand.same("the new one has the mode of the old one", "0o604", oct(mode_of(file)))
    link = directory / "link.svg"
    link.symlink_to(file)
    content = file.read_bytes()
    result = stand.show("map", "all", "--svg", link)
    stand.say(result.returncode == 1 and link.is_symlink() and file.read_bytes() == content and
              "only a regular file" in result.stderr, "a link is neither followed nor replaced")
    os.mkfifo(directory / "fifo")
    result = stand.show("map", "all", "--svg", directory / "fifo")
    stand.say(result.returncode == 1 and stat.S_ISFIFO((directory / "fifo").stat().st_mode),
              "a FIFO is not waited for")
    result = stand.show("ready", "mem0", "mem77", "--svg", directory / "partly.svg")
    stand.say(result.returncode == 64 and (directory / "partly.svg").exists(),
              "what there is of the targets is drawn", result, os.listdir(directory))
    result = stand.show("ready", "mem77", "--svg", directory / "none.svg")
    stand.say(result.returncode == 3 and not (directory / "none.svg").exists(),
              "no file without a target", result, os.listdir(directory))
    stand.same("nothing is left behind", ["fifo", "link.svg", "map.svg", "partly.svg"],
               sorted(os.listdir(directory)))


def check_full_disk(stand: Stand) -> None:
    """RLIMIT_FSIZE is as good as a full disk: the old file stays."""
    file = stand.top / "full.svg"
    file.write_text("old", encoding="utf-8")
    command = f'ulimit -f 1; trap "" XFSZ; exec "{stand.command}" --sysroot ' \
              f'"{stand.root("map")}" show all --svg "{file}"'
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=600,
                            check=False)
    stand.say(result.returncode == 1 and "(EFBIG)" in result.stderr and str(file) in result.stderr,
              "a disk that is full is an error")
    stand.say(file.read_text(encoding="utf-8") == "old" and
              not list(stand.top.glob("full.svg.*")), "and the old file is as it was",
              file.read_text(encoding="utf-8"), os.listdir(stand.top))


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        stand = Stand(os.path.abspath(sys.argv[1]), Path(directory))
        for scenario in SCENARIOS:
            check_scenario(stand, scenario)
        check_files(stand)
        check_full_disk(stand)
    return stand.finish()


if __name__ == "__main__":
    sys.exit(main())
