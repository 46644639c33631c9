#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run in a guest by scenarios/killed.sh: a reset that is killed leaves nothing that stays wrong.

A run is traced once. Then it is run again for every call in it that changes something, the system,
the device or a process of its own, and ended right before that call: by SIGKILL, after which the
next command has to put things right, or by a signal that asks, after which nothing may be left.
Prints TAP.
"""
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

STATE = Path("/run/cxlvfio")
TRACE = Path("/run/killed.trace")
# Counted from the start they have the same number in each run. An open is between two of these.
CALLS = {  # of x86-64
    "write": 1, "mmap": 9, "munmap": 11, "ioctl": 16, "pwrite64": 18, "sendto": 44,
    "socketpair": 53, "clone": 56, "wait4": 61, "kill": 62, "flock": 73, "ftruncate": 77,
    "unlinkat": 263, "renameat": 264, "memfd_create": 319, "clone3": 435,
}
CALL = re.compile(r"(\d+) +((\w+)\(.*)")
END_AT = "/src/build/sandbox/tests/vm/end_at"
# What is no change: questions, output, memory of the process's own, and a file of memory.
OTHERS = [
    re.compile(pattern) for pattern in (
        r"ioctl\(\d+, (TC|TIO|VFIO_DEVICE_GET_REGION_INFO|VFIO_DEVICE_GET_INFO)",
        r"ioctl\(\d+, (VFIO_CHECK_EXTENSION|VFIO_GET_API_VERSION)",
        r"write\([12],",
        r"mmap\(.*MAP_(PRIVATE|ANONYMOUS)",
        r"mmap\(NULL, 4096, PROT_READ,",
        # A device's offset, of VFIO, has 13 digits and more; the lock has a process at 0.
        r"pwrite64\((?!.*(, \d{13,}|\"\d+\\n\", \d+, 0)\))",
    )
]
WORD = re.compile(r"\b[A-Z][A-Z0-9_]+\b|\"[\w.: ]+\"")
STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"")
PATIENCE = 60   # seconds until the last process is gone, on a busy machine
WAIT = "30"


class Point(NamedTuple):
    call: str
    number: int     # of all calls of this kind in the run
    label: str      # what is told of it

    def __str__(self) -> str:
        return f"{self.call} {self.number} ({self.label})"


class Failure(Exception):
    pass


def output(*command: str) -> str:
    """stdout of a command that must work, in time."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{' '.join(command)} does not end") from error
    if done.returncode:
        raise Failure(f"{' '.join(command)} ends with {done.returncode}: {done.stderr}")
    return done.stdout


def label_of(line: str) -> str:
    """A call without what differs from run to run; the beginning of it if it did not end."""
    line = line.split("<unfinished")[0].split(" = ")[0]
    line = STRING.sub(lambda match: match[0] if WORD.fullmatch(match[0]) else "", line)
    return " ".join([line.split("(")[0], *WORD.findall(line)])


def is_change(line: str) -> bool:
    return not any(pattern.match(line) for pattern in OTHERS)


def first_and_last(points: list[Point]) -> list[Point]:
    """Of those with the same label the first and the last."""
    alike: dict[str, list[Point]] = {}
    for point in points:
        alike.setdefault(point.label, []).append(point)
    ends = {end for group in alike.values() for end in (group[0], group[-1])}
    return [point for point in points if point in ends]


def changes(command: list[str]) -> list[Point]:
    """The calls of a run that change something, without those of its threads and children."""
    traced = ["strace", "-f", "--seccomp-bpf", "-qq", "-s", "48", "-o", str(TRACE), "-e",
              f"trace={','.join(CALLS)}"]
    output(*traced, *command)
    points = []
    counts: Counter = Counter()
    calls = [match for match in map(CALL.match, TRACE.read_text().splitlines()) if match]
    for process, line, call in (match.groups() for match in calls):
        if process != calls[0][1]:
            continue
        counts[call] += 1
        if (points or "VFIO_GROUP" in line) and is_change(line):
            points.append(Point(call, counts[call], label_of(line)))
    return first_and_last(points)


class Walk:
    def __init__(self) -> None:
        self.host = json.loads(output("cxlvfio", "list", "--json"))["endpoints"][0]["host"]
        self.methods = Path(f"/sys/bus/pci/devices/{self.host}/reset_method")
        # Zeroing at each close takes longer than all else here.
        Path("/sys/module/cxl_vfio_pci/parameters/scrub").write_text("none")
        output("cxlvfio", "bind", "-q", self.host)
        output("cxlvfio", "persist", "add", "-q", "--manual", self.host)
        self.saved = self.methods.read_text()
        self.records = self.state()
        self.turn = 0
        self.pending = 0    # runs that left a record
        self.next = [
            self.bind, self.reset, self.rebind, self.verify, self.apply,
        ]

    @staticmethod
    def state() -> list[str]:
        """What is in /run/cxlvfio, but for locks."""
        return sorted(name for name in os.listdir(STATE) if not name.endswith(".lock"))

    def bind(self) -> None:
        output("cxlvfio", "bind", "--wait", WAIT, self.host)

    def rebind(self) -> None:
        output("cxlvfio", "unbind", "--wait", WAIT, self.host)
        output("cxlvfio", "bind", "--wait", WAIT, self.host)

    def reset(self) -> None:
        output("cxlvfio", "reset", "--sample", "8", self.host)

    def verify(self) -> None:
        output("cxlvfio", "verify", "--methods", "bus,flr", "--yes", "--cycles", "2", "--sample",
               "8", self.host)

    def apply(self) -> None:
        output("cxlvfio", "persist", "apply", "all")

    def doctor(self) -> str:
        document = subprocess.run(
            ["cxlvfio", "doctor", "--json", "--check", "interrupted_reset"],
            capture_output=True, text=True, timeout=120).stdout
        return json.loads(document)["checks"][0]["result"]

    def wait_for_processes(self) -> None:
        end = time.monotonic() + PATIENCE
        while subprocess.run(["pgrep", "-x", "cxlvfio"], capture_output=True).returncode == 0:
            if time.monotonic() > end:
                raise Failure("a process is left")
            time.sleep(0.05)

    def check_lock(self) -> None:
        with open(STATE / f"{self.host}.lock") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Failure("the lock is held, by nobody") from error

    def check_clean(self, who: str) -> None:
        if self.methods.read_text() != self.saved:
            raise Failure(f"{who} leaves reset_method \"{self.methods.read_text().strip()}\"")
        if self.state() != self.records:
            raise Failure(f"{who} leaves {self.state()} in {STATE}")

    def end_at(self, point: Point, name: str, command: list[str]) -> None:
        """The run, ended by a signal of this name at the point."""
        number = signal.Signals[f"SIG{name}"]
        try:
            status = subprocess.run(
                [END_AT, str(number.value), str(CALLS[point.call]), str(point.number), *command],
                stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE).returncode
        except subprocess.TimeoutExpired as error:
            raise Failure("a process is left") from error
        if status != -number:
            raise Failure(f"it ends with {status}")
        self.wait_for_processes()
        self.check_lock()

    def killed_at(self, point: Point, command: list[str]) -> None:
        self.end_at(point, "KILL", command)
        left = f"{self.host}.reset_method" in self.state()
        self.pending += left
        if left and self.doctor() != "warning":
            raise Failure("doctor does not see that a reset was interrupted")
        if not left and self.methods.read_text() != self.saved:
            raise Failure("reset_method is changed, and nothing says so")
        following = self.next[self.turn % len(self.next)]
        self.turn += 1
        following()
        self.check_clean(f"{following.__name__} after it")
        if left and self.doctor() != "ok":
            raise Failure("doctor sees what was put right")

    def asked_at(self, point: Point, name: str, command: list[str]) -> None:
        self.end_at(point, name, command)
        self.check_clean(f"SIG{name}")


class Tap:
    def __init__(self) -> None:
        self.count = self.bad = 0

    def result(self, good: bool, what: str) -> None:
        self.count += 1
        self.bad += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {what}", flush=True)


def walk(tap: Tap, what: str, points: list[Point], end) -> None:
    start = time.monotonic()
    bad = 0
    for point in points:
        began = time.monotonic()
        try:
            end(point)
            print(f"# {time.monotonic() - began:.1f} s {point}", flush=True)
        except Failure as failure:
            bad += 1
            print(f"# {point}: {failure}", flush=True)
    tap.result(bool(points) and not bad,
               f"{what} at {len(points)} points is put right ({time.monotonic() - start:.0f} s)")


def main() -> int:
    tap = Tap()
    machine = Walk()
    reset = ["cxlvfio", "reset", "--method", "bus", "--yes", "--sample", "8", machine.host]
    turns = ["cxlvfio", "verify", "--methods", "flr,bus", "--yes", "--cycles", "2", "--sample",
             "8", machine.host]
    points = changes(reset)
    walk(tap, "a bus reset killed", points, lambda point: machine.killed_at(point, reset))
    points = [point for point in changes(turns) if point.call in ("write", "renameat", "unlinkat")
              or "VFIO_DEVICE_RESET" in point.label]
    walk(tap, "a proof of two methods killed", points,
         lambda point: machine.killed_at(point, turns))
    tap.result(machine.pending > 5, f"{machine.pending} of them had reset_method to put back")
    # Which then ends after its cycle, with everything put back.
    points = [point for point in changes(reset)
              if point.call in ("renameat", "clone", "clone3", "unlinkat", "wait4")
              or "VFIO_DEVICE_RESET" in point.label]
    names = ["TERM", "INT", "HUP"]
    walk(tap, "a reset that is asked to end", points, lambda point: machine.asked_at(
        point, names[points.index(point) % len(names)], reset))
    print(f"1..{tap.count}")
    return int(tap.bad > 0)


sys.exit(main())
