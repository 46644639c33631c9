# SPDX-License-Identifier: GPL-2.0-or-later
"""TAP of the tests in Python: behind each line that is not ok stands what was observed."""
import linecache
import sys
import traceback
from types import FrameType

# A document may be long, and what a command printed too.
LENGTH_MAX = 1500


def values(frame: FrameType) -> list[str]:
    """The variables of a function, which are what its test saw."""
    return [f"  {name} = {repr(value)[:LENGTH_MAX]}" for name, value in frame.f_locals.items()
            if not callable(value) and name not in ("self", "stand", "tap")]


def explain() -> list[str]:
    """In an except clause: where it happened, and the variables of the innermost function there."""
    trace = sys.exc_info()[2]
    while trace and trace.tb_next and "/tests/" in trace.tb_next.tb_frame.f_code.co_filename:
        trace = trace.tb_next
    return traceback.format_exc().splitlines() + (values(trace.tb_frame) if trace else [])


class Tap:
    def __init__(self) -> None:
        self.number = 0
        self.failed = False

    def say(self, good: bool, text: str, *observed: object) -> None:
        """OBSERVED is told if it is not good; without any the line and variables of the caller."""
        self.number += 1
        self.failed = self.failed or not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {text}")
        if not good:
            for line in self.lines(observed) or self.caller(sys._getframe(1)):
                print(f"# {line}")
        sys.stdout.flush()

    def same(self, text: str, wanted: object, got: object) -> None:
        self.say(wanted == got, text, f"wanted {wanted!r}", f"got    {got!r}")

    @staticmethod
    def lines(observed: tuple) -> list[str]:
        return [line for each in observed for line in str(each).splitlines()]

    @staticmethod
    def caller(frame: FrameType) -> list[str]:
        file, line = frame.f_code.co_filename, frame.f_lineno
        return [f"{file}:{line}: {linecache.getline(file, line).strip()}", *values(frame)]

    def finish(self) -> int:
        """The plan, where it was not printed before, and the exit status."""
        print(f"1..{self.number}")
        return int(self.failed)
