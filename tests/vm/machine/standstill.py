# SPDX-License-Identifier: GPL-2.0-or-later
"""Notice a boot that stands still, however busy the host is."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# Of a processor, of a boot that gets on. One that waits for nothing still has its timers: a
# twentieth of it was seen.
BUSY = 0.1
# Whatever it does meanwhile: limits without a line on the console.
SILENT = 5


def processor_seconds(process: int) -> float:
    """What the process has used of processors so far, all its threads together."""
    # The name may have blanks and parentheses in it; see proc_pid_stat(5).
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Standstill:
    """No more on the console and next to no processor time for LIMIT seconds, or nothing on the
    console for several times that."""

    def __init__(self, limit: float, now: float) -> None:
        self.limit = limit
        self.heard, self.console = now, 0
        self.since, self.processor = now, 0.0

    def look(self, now: float, console: int, processor: float) -> bool:
        """CONSOLE is how much has come from there, PROCESSOR the seconds used, both so far."""
        if console != self.console:
            self.heard, self.console = now, console
        if self.heard == now or processor - self.processor >= BUSY * self.limit:
            self.since, self.processor = now, processor
        return now - self.since >= self.limit or now - self.heard >= SILENT * self.limit
