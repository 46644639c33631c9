# SPDX-License-Identifier: GPL-2.0-or-later
"""What is different in a text that is another one but for some lines: expected/NAME.out.diff.

As "diff -U0" prints it, without the names of files: the numbers of the lines that change, what they
are in the other text and what they are in this one. There is one text only that it leads to.
"""
import difflib
import re

HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@\n")


def make(other: str, text: str) -> str:
    lines = difflib.unified_diff(other.splitlines(keepends=True), text.splitlines(keepends=True),
                                 n=0)
    return "".join(list(lines)[2:])


def apply(changes: str, other: str) -> str:
    """The text that CHANGES make of OTHER; a ValueError when they are not about OTHER."""
    old, new, done = other.splitlines(keepends=True), [], 0
    for line in changes.splitlines(keepends=True):
        if line.startswith("+"):
            new.append(line[1:])
        elif line.startswith("-") and old[done : done + 1] == [line[1:]]:
            done += 1
        elif hunk := HUNK.fullmatch(line):
            start, count = int(hunk[1]), int(hunk[2] or 1)
            # Of lines that are only added the number is that of the line before them.
            start -= 1 if count else 0
            new += old[done:start]
            done = start
        else:
            raise ValueError(f"line {done + 1} is not that of {line.rstrip()!r}")
    return "".join(new + old[done:])
