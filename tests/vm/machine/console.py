# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's console: how far the machine came, and what the kernel complained about."""

import re

# One pattern a family, as the kernel starts its reports.
REPORT = re.compile(
    rb"\bWARNING: "  # WARN, lockdep, suspicious RCU usage
    rb"|\bBUG: |\bkernel BUG at "  # KASAN, bad page, sleeping in atomic context, lockups
    rb"|\bOops: |\bInternal error: |general protection fault|Unable to handle kernel"
    rb"|\bUBSAN: "
    rb"|\bINFO: (task|rcu|possible|suspicious|trying to register)"  # hung tasks, lockdep
    rb"|\brcu: .*detected .*stall|self-detected stall"
    rb"|\bODEBUG: |\blist_(add|del) corruption"
    rb"|unreferenced object 0x"  # of kmemleak, as guest/start prints them
    rb"|\bKernel panic - "
)
REPORT_BEGINS = b"[ cut here ]"
REPORT_ENDS = re.compile(rb"---\[ end (trace|Kernel panic)")
REPORT_LINES = 80

# The kernel patches its own code behind a trap. With two processors QEMU's translation may execute
# the trap after the patch is done and nobody expects it: no kernel does that on a real machine.
PATCH_RACE = re.compile(rb"\bOops: int3: ")
TIMESTAMP = re.compile(rb"^\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?")

# Bits of /proc/sys/kernel/tainted: oops, bad page, WARN, soft lockup. In case no pattern matched.
TAINT = {7: "an oops", 5: "a bad page", 9: "a warning", 14: "a soft lockup"}


class Console:
    """Takes the console as it comes and keeps all of it."""

    def __init__(self) -> None:
        self.log = bytearray()
        self.partial = b""
        self.stage = "QEMU started"
        self.stop_reason = ""
        self.taint: int | None = None  # known once the guest has told

    def feed(self, data: bytes) -> None:
        self.log += data
        *lines, self.partial = (self.partial + data).split(b"\n")
        for line in lines:
            self._mark(TIMESTAMP.sub(b"", line.strip()))

    def _mark(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        if text.startswith("vm: stage "):
            self.stage = text.removeprefix("vm: stage ")
        elif text.startswith("vm: stop ") and not self.stop_reason:
            self.stop_reason = text.removeprefix("vm: stop ")
        elif taint := re.fullmatch(r"vm: taint (\d+)", text):
            self.taint = int(taint[1])
        elif text.startswith("Linux version ") and self.stage == "QEMU started":
            self.stage = "kernel"
        elif text.startswith("Run /init"):
            self.stage = "initramfs"

    def report(self) -> list[str]:
        """The first problem that the kernel reported, as it printed it; nothing if all is well."""
        lines = bytes(self.log).split(b"\n")
        for number, line in enumerate(lines):
            if REPORT.search(line):
                return self._excerpt(lines, number)
        names = [name for bit, name in TAINT.items() if (self.taint or 0) & 1 << bit]
        return [f"kernel tainted by {' and '.join(names)}"] if names else []

    def patch_race(self) -> bool:
        """The machine fell into QEMU's race before anything of the project's was in it."""
        return self.stage == "kernel" and bool(PATCH_RACE.search(self.log))

    @staticmethod
    def _excerpt(lines: list[bytes], first: int) -> list[str]:
        if first and REPORT_BEGINS in lines[first - 1]:
            first -= 1
        excerpt = []
        for line in lines[first : first + REPORT_LINES]:
            excerpt.append(line.decode(errors="replace").rstrip())
            if REPORT_ENDS.search(line):
                break
        return excerpt

    def tail(self, count: int) -> list[str]:
        return bytes(self.log).decode(errors="replace").splitlines()[-count:]
