#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the examples of cxlvfio-list(1), as they are printed, on a fixture. Prints TAP.

    examples.py [--update] COMMAND PAGES

PAGES is the directory of the built man pages. What each example prints is compared with
expected/example-list.out; --update writes that.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
import run  # noqa: E402  (nothing is left in the source tree)
import validate  # noqa: E402

EXPECTED = run.EXAMPLES
SCENARIO = "topology"
QUESTIONS = 10


def examples(page: Path) -> list:
    """(sentence, command) of the section EXAMPLES. Commands are indented deeper."""
    text = subprocess.run(["man", "-P", "cat", "-l", str(page)], stdout=subprocess.PIPE, text=True,
                          check=True, env={**os.environ, "MANWIDTH": "200"}, timeout=600).stdout
    text = re.sub(".\b", "", text)
    section = re.search(r"^EXAMPLES\n(.*?)^\S", text, re.M | re.S).group(1)
    found = []
    for block in re.split(r"\n\s*\n", section.strip("\n")):
        lines = block.splitlines()
        if lines[0].lstrip().startswith("cxlvfio"):
            found[-1][1] = "\n".join(lines)
        else:
            found.append([" ".join(line.strip() for line in lines), None])
    return found


def execute(command: str, wrapper: Path) -> str:
    result = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True,
                            env={**os.environ, "PATH": f"{wrapper}:{os.environ['PATH']}",
                                 "LC_ALL": "C.UTF-8"}, timeout=600)
    return result.stdout + result.stderr + (f"status {result.returncode}\n"
                                            if result.returncode else "")


def main() -> int:
    arguments = [argument for argument in sys.argv[1:] if argument != "--update"]
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    fixtures = run.load_fixtures()
    printed = []
    with tempfile.TemporaryDirectory() as directory:
        root, wrapper = Path(directory) / "root", Path(directory) / "bin"
        fixtures.SCENARIOS[SCENARIO](fixtures.Root(root))
        wrapper.mkdir()
        script = wrapper / "cxlvfio"
        script.write_text(f'#!/bin/sh\nexec {os.path.abspath(arguments[0])} --sysroot {root} "$@"\n',
                          encoding="utf-8")
        script.chmod(0o755)
        for sentence, command in examples(Path(arguments[1]) / "cxlvfio-list.1"):
            printed.append((sentence, execute(command, wrapper) if command else ""))
    document = "".join(f"# {sentence}\n{text}" for sentence, text in printed)
    if "--update" in sys.argv:
        EXPECTED.write_text(document, encoding="utf-8")
    wanted = EXPECTED.read_text(encoding="utf-8") if EXPECTED.exists() else ""
    results = [(sentence, [] if text and "status" not in text else ["it prints nothing, or fails"])
               for sentence, text in printed]
    results.append(("they print what is expected", validate.difference(wanted, document)))
    results.append(("they answer ten questions",
                    [] if sum(sentence.endswith("?") for sentence, _ in printed) >= QUESTIONS
                    else ["there are fewer"]))
    print(f"1..{len(results)}")
    for number, (text, problems) in enumerate(results, 1):
        print(f"{'not ok' if problems else 'ok'} {number} - {text}")
        for problem in problems:
            print(f"# {problem}")
    return 1 if any(problems for _, problems in results) else 0


if __name__ == "__main__":
    sys.exit(main())
