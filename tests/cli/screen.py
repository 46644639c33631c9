#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What cxlvfio show prints of every fixture fits one screen, and answers. Prints TAP.

    screen.py COMMAND

Of every scenario of make-fixture.py and every archive in fixtures/ each endpoint has at most 40
lines of 100 columns, with sizes in units and in bytes, and the lines that an operator looks for.
"""
import re
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import run  # noqa: E402  (nothing is left in the source tree)
from tap import Tap  # noqa: E402

LINES, COLUMNS = 40, 100
ANSWERS = ("next", "findings", "window", "driver", "vfio", "reset", "errors")
FAILING = {"hidden": 4, "container": 4, "bare": 1}  # scenarios in which nothing can be looked at


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else
               0 if unicodedata.combining(character) else 1 for character in line)


def check(screen: str) -> list:
    """What is wrong with one endpoint's screen."""
    lines = screen.splitlines()
    problems = [f"{len(lines)} lines"] if len(lines) > LINES else []
    problems += [f"{columns(line)} columns: {line}" for line in lines if columns(line) > COLUMNS]
    labels = re.findall(r"^  ([a-z]+)", screen, re.MULTILINE)
    problems += [f"no {answer}:\n{screen}" for answer in ANSWERS if answer not in labels]
    problems += [f"{label} twice" for label in labels if labels.count(label) > 1]
    return problems


def show(command: str, source: list, status: int) -> tuple:
    """Screens, problems."""
    screens, problems = [], []
    for more in ([], ["--bytes"]):
        result = subprocess.run([command, "show", "all", *source, *more], capture_output=True,
                                check=False, timeout=600)
        if result.returncode != status:
            problems.append(f"exit status {result.returncode}: {result.stderr!r}")
        text = result.stdout.decode()
        screens += [screen for screen in text.split("\n\n") if screen]
    for screen in screens:
        problems += check(screen)
    return screens, problems


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    command = str(Path(sys.argv[1]).resolve())
    fixtures = run.load_fixtures()
    tap = Tap()
    total = 0
    with tempfile.TemporaryDirectory() as directory:
        sources = {archive.name: ["--from", str(archive)]
                   for archive in sorted((run.HERE / "fixtures").glob("*.tar.zst"))}
        for name in fixtures.SCENARIOS:
            root = Path(directory) / name
            fixtures.make(name, root, small=True)
            sources[name] = ["--sysroot", str(root)]
        for name, source in sources.items():
            screens, problems = show(command, source, FAILING.get(name, 0))
            total += len(screens)
            tap.say(not problems, f"{name}: each of {len(screens)} screens fits and answers",
                    *problems[:5])
    tap.say(total > 100, "there were screens to look at", total)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
