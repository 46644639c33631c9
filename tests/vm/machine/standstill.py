# SPDX-License-Identifier: GPL-2.0-or-later
"""Notice a boot that stands still, however busy the host is."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# Of a boot that gets on. What QEMU needs to wait for one that does not is a hundredth of it.
BUSY = 1.0


def processor_seconds(process: int) -> float:
    """What the process has used of processors so far, all its threads together."""
    # The name may have blanks and parentheses in it; see proc_pid_stat(5).
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Standstill:
    """No more on the console and less than a second of a processor, for LIMIT seconds."""

    def __init__(self, limit: float, now: float) -> None:
        self.limit = limit
        self._moved(now, 0, 0.0)

    def _moved(self, now: float, console: int, processor: float) -> None:
        self.since, self.console, self.processor = now, console, processor

    def look(self, now: float, console: int, processor: float) -> bool:
        """CONSOLE is how much has come from there, PROCESSOR the seconds used, both so far."""
        if console != self.console or processor - self.processor >= BUSY:
            self._moved(now, console, processor)
        return now - self.since >= self.limit
