#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Lint the built man pages, and compare them with the command. Prints TAP.

    man.py COMMAND PAGES

Every command has a page, every page has every option, and the command takes each. All pages, of every section, render without a
warning.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

# scdoc writes a paragraph before every heading and list; that changes nothing on paper.
HARMLESS = "skipping paragraph macro"
SECTIONS = {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"}


def output(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, timeout=600)
    return result.stdout + result.stderr


def lint(page: Path) -> list:
    problems = [line for line in output("mandoc", "-T", "lint", "-W", "warning", str(page))
                .splitlines() if HARMLESS not in line]
    problems += subprocess.run(["man", "--warnings", "-l", "-P", "cat", str(page)], text=True,
                               capture_output=True, timeout=600).stderr.splitlines()
    return problems


def check_content(page: Path, options: list, sections: set) -> list:
    text = re.sub(".\b", "", output("man", "-P", "cat", "-l", str(page)))
    problems = [f"no section {name}" for name in sections
                if not re.search(f"^{name}$", text, re.M)]
    problems += [f"no option --{option['name']}" for option in options
                 if not re.search(rf"--{option['name']}\b", text)]
    if re.search(r"@[A-Z]+@", text):
        problems.append("a placeholder was left")
    # A line of a table that is not a list of its own runs into the next one.
    statuses = re.search(r"^EXIT STATUS\n(.*?)^\S", text, re.M | re.S)
    problems += [f"two exit statuses on one line: {line.strip()}"
                 for line in (statuses.group(1) if statuses else "").splitlines()
                 if re.match(r"\s+\d+ +\S.* \d+ +\S", line)]
    return problems


def check_taken(command: str, name: str, options: list) -> list:
    """The table has them: does the code? Nothing is done, since the root is none."""
    problems = []
    for option in options:
        value = ["1"] if option["argument"] else []
        said = output(command, *name.split(), f"--{option['name']}", *value,
                      "--sysroot", "/nonexistent")
        if "has no option --" in said:
            problems.append(f"--{option['name']} is in the table, but: {said.splitlines()[0]}")
    return problems


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    metadata = json.loads(output(sys.argv[1], "__metadata"))
    pages = [("cxlvfio.1", metadata["options"], SECTIONS)]
    pages += [(f"cxlvfio-{command['name']}.1", command["options"] + metadata["options"], SECTIONS)
              for command in metadata["commands"]]
    # Formats and subjects: no command, and so no options.
    pages += [(page.name, [], {"NAME", "DESCRIPTION", "SEE ALSO"})
              for page in sorted(Path(sys.argv[2]).glob("*.[2-9]"))]
    if {name[-1] for name, _, _ in pages} != {"1", "5", "7"}:
        print("Bail out! there are pages of other sections than 1, 5 and 7")
        return 1
    print(f"1..{len(pages)}")
    failed = False
    for number, (name, options, sections) in enumerate(pages, 1):
        page = Path(sys.argv[2]) / name
        problems = (lint(page) + check_content(page, options, sections) if page.exists()
                    else ["is missing"])
        problems += check_taken(sys.argv[1], name[:-2].partition("cxlvfio-")[2], options)
        failed = failed or bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
        for problem in problems:
            print(f"# {problem}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
