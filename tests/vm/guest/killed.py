#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run in a guest by scenarios/killed.sh: a reset that is killed leaves nothing that stays wrong.

A run is traced once. Then it is run again for every call in it that changes something, the system,
the device or a process of its own, and ended right before that call: by SIGKILL, after which the
next command has to put things right, or by a signal that asks, after which nothing may be left.
A traced run is slow, a machine may be busy: what depends on time does not count. A run that has
its end before the call it was to be ended at was another run: it is traced again.
Prints TAP.
"""
import fcntl
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tap import Tap  # noqa: E402  (nothing is left in the source tree)

STATE = Path("/run/cxlvfio")
TRACE = Path("/run/killed.trace")
# Counted from the start those that are done have the same number in each run: end_at.c leaves out
# those that say "not yet", and so does done(). An open is between two of these.
CALLS = {  # of x86-64
    "write": 1, "mmap": 9, "munmap": 11, "ioctl": 16, "pwrite64": 18, "sendto": 44,
    "socketpair": 53, "clone": 56, "wait4": 61, "kill": 62, "flock": 73, "ftruncate": 77,
    "unlinkat": 263, "renameat": 264, "memfd_create": 319, "clone3": 435,
}
CALL = re.compile(r"(\d+) +((\w+)\(.*)")
RESUMED = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)")
NOT_YET = re.compile(r".*\) += (-1 (EAGAIN|EBUSY|EINTR) |\? ERESTART)")
# The argument that tells calls apart: a run has many an mmap of a library's and of malloc's.
KINDS = {"ioctl": 1, "mmap": 3, "munmap": 1}    # request, flags, length
NAMED = re.compile(r"(0x[0-9a-f]+|\d+) /\* ([^*]*) \*/")
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
PATIENCE = 300  # seconds for one command, which takes 2 here, and 6 on a busy machine
WAIT = "300"
# The memory may take as long to answer after a reset.
RESET = ["cxlvfio", "reset", "--timeout", "300", "--sample", "8"]
VERIFY = ["cxlvfio", "verify", "--timeout", "300", "--sample", "8", "--yes", "--cycles", "2"]
TRIES = 3       # of a run that ended before its point


class Point(NamedTuple):
    call: str
    kind: int | None    # the argument that KINDS says
    number: int         # of all calls of this kind in the run
    label: str          # what is told of it
    last: bool          # of those with this label, but for the only one

    def __str__(self) -> str:
        length = f" of {self.kind} bytes" if self.call == "munmap" else ""
        return f"{self.call} {self.number} ({self.label}{length})"

    def filter(self) -> str:
        """For end_at."""
        kind = "" if self.kind is None else f":{KINDS[self.call]}={self.kind}"
        return f"{CALLS[self.call]}{kind}"


class Failure(Exception):
    pass


class NotReached(Failure):
    """A run that ended before the call that it was to be ended at."""


# What was run since the point began, and how it ended.
history: list[str] = []


def run(*command: str) -> subprocess.CompletedProcess:
    """A command that must end."""
    told = " ".join(command)
    try:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                               timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{told} does not end within {PATIENCE} s") from error
    history.append(f"{told}: {ended.returncode}")
    history.extend(f"  {line}" for line in ended.stderr.splitlines()[-10:])
    return ended


def output(*command: str) -> str:
    """stdout of a command that must work."""
    ended = run(*command)
    if ended.returncode:
        history.extend(f"  stdout: {line}" for line in ended.stdout.splitlines()[-30:])
        raise Failure(f"{' '.join(command)} ends with {ended.returncode}")
    return ended.stdout


def label_of(line: str) -> str:
    """A call without what differs from run to run; the beginning of it if it did not end."""
    line = line.split("<unfinished")[0].split(" = ")[0]
    line = STRING.sub(lambda match: match[0] if WORD.fullmatch(match[0]) else "", line)
    return " ".join([line.split("(")[0], *WORD.findall(line)])


def is_change(line: str) -> bool:
    return not any(pattern.match(line) for pattern in OTHERS)


def kind_of(line: str, call: str) -> int | None:
    """The value of the argument that tells calls of this name apart."""
    if call not in KINDS:
        return None
    argument = re.match(r"\w+\((?:[^,]+, ){%d}(0x[0-9a-f]+|\d+)" % KINDS[call], line)
    if not argument:
        raise Failure(f"strace writes what is not understood: {line}")
    return int(argument[1], 0)


def first_and_last(points: list[Point]) -> list[Point]:
    """Of those with the same label the first and the last."""
    alike: dict[str, list[Point]] = {}
    for point in points:
        alike.setdefault(point.label, []).append(point)
    ends = {end for group in alike.values() for end in (group[0], group[-1])}
    firsts = {group[0] for group in alike.values()}
    return [point._replace(last=point not in firsts) for point in points if point in ends]


def calls_in(trace: str) -> Iterator[tuple[str, str]]:
    """Each call of the first process as one line, and its name."""
    first = begun = name = ""
    for line in trace.splitlines():
        if (call := CALL.match(line)) and (first or call[1]) == call[1]:
            first, begun, name = call[1], call[2], call[3]
        elif (rest := RESUMED.match(line)) and rest[1] == first:
            begun = begun.split("<unfinished")[0] + rest[2]
        else:
            continue
        if "<unfinished" not in begun:
            yield begun, name
            begun = ""
    if begun:
        yield begun, name


def is_done(line: str, call: str) -> bool:
    """Not one that is made again, as often as that takes time: end_at.c does not count it."""
    return not NOT_YET.match(line) and not (call == "wait4" and line.endswith(" = 0"))


def changes(command: list[str]) -> list[Point]:
    """The calls of a run that change something, without those of its threads and children."""
    # What an earlier run had begun of its proof is one call more, for this run alone.
    for begun in STATE.glob(".proof-*"):
        begun.unlink()
    output("strace", "-f", "--seccomp-bpf", "-qq", "-s", "48", "-X", "verbose", "-o", str(TRACE),
           "-e", f"trace={','.join(CALLS)}", *command)
    points = []
    counts: Counter = Counter()
    for line, call in calls_in(TRACE.read_text()):
        if not is_done(line, call):
            continue
        kind = kind_of(line, call)
        counts[call, kind] += 1
        line = NAMED.sub(r"\2", line)
        if (points or "VFIO_GROUP" in line) and is_change(line):
            points.append(Point(call, kind, counts[call, kind], label_of(line), False))
    return first_and_last(points)


class Walk:
    def __init__(self) -> None:
        self.host = json.loads(output("cxlvfio", "list", "--json"))["endpoints"][0]["host"]
        self.methods = Path(f"/sys/bus/pci/devices/{self.host}/reset_method")
        # Zeroing at each close takes longer than all else here.
        Path("/sys/module/cxl_vfio_pci/parameters/scrub").write_text("none")
        output("cxlvfio", "bind", "-q", self.host)
        # Else the run that is traced has more calls, for the records of it.
        output("cxlvfio", "verify", "--prove", self.host)
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
        """What is in /run/cxlvfio, but for locks, and for what the last proof came to, which the
        next one replaces as it does what a killed one had begun to write of it."""
        return sorted(name for name in os.listdir(STATE)
                      if not name.endswith(".lock") and not name.lstrip(".").startswith("proof-"))

    def bind(self) -> None:
        output("cxlvfio", "bind", "--wait", WAIT, self.host)

    def rebind(self) -> None:
        output("cxlvfio", "unbind", "--wait", WAIT, self.host)
        output("cxlvfio", "bind", "--wait", WAIT, self.host)

    def reset(self) -> None:
        output(*RESET, self.host)

    def verify(self) -> None:
        output(*VERIFY, "--methods", "bus,flr", self.host)

    def apply(self) -> None:
        output("cxlvfio", "persist", "apply", "all")

    def doctor(self) -> str:
        document = run("cxlvfio", "doctor", "--json", "--check", "interrupted_reset").stdout
        return json.loads(document)["checks"][0]["result"]

    @staticmethod
    def processes() -> str:
        return subprocess.run(["pgrep", "-a", "-x", "cxlvfio"], capture_output=True,
                              text=True).stdout.strip()

    def wait_for_processes(self) -> None:
        end = time.monotonic() + PATIENCE
        while left := self.processes():
            if time.monotonic() > end:
                raise Failure(f"left after {PATIENCE} s: {left}")
            time.sleep(0.05)

    def check_lock(self) -> None:
        with open(STATE / f"{self.host}.lock") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Failure(f"the lock is held, by nobody; in it: {lock.read()!r}") from error

    def check_clean(self, who: str) -> None:
        if (methods := self.methods.read_text()) != self.saved:
            raise Failure(f"{who} leaves reset_method {methods!r}, it was {self.saved!r}")
        if (state := self.state()) != self.records:
            raise Failure(f"{who} leaves {state} in {STATE}, there was {self.records}")

    def end_at(self, point: Point, name: str, command: list[str]) -> None:
        """The run, ended by a signal of this name at the point."""
        number = signal.Signals[f"SIG{name}"]
        ended = run(END_AT, str(number.value), point.filter(), str(point.number), *command)
        self.wait_for_processes()
        if ended.returncode == 0:
            raise NotReached(f"the run ends with 0, without SIG{name}: it has fewer such calls")
        if ended.returncode != -number:
            history.extend(f"  stdout: {line}" for line in ended.stdout.splitlines()[-30:])
            raise Failure(f"the run ends with {ended.returncode}, not by SIG{name}")
        self.check_lock()

    def killed_at(self, point: Point, command: list[str]) -> None:
        self.end_at(point, "KILL", command)
        left = f"{self.host}.reset_method" in self.state()
        self.pending += left
        if left and (word := self.doctor()) != "warning":
            raise Failure(f"doctor says {word!r} of a reset that was interrupted, not 'warning'")
        if not left and (methods := self.methods.read_text()) != self.saved:
            raise Failure(f"reset_method is {methods!r}, it was {self.saved!r}, and nothing says "
                          f"so: {self.state()} in {STATE}")
        following = self.next[self.turn % len(self.next)]
        self.turn += 1
        following()
        self.check_clean(f"{following.__name__} after it")
        if left and (word := self.doctor()) != "ok":
            raise Failure(f"doctor says {word!r} of what was put right, not 'ok'")

    def asked_at(self, point: Point, name: str, command: list[str]) -> None:
        self.end_at(point, name, command)
        self.check_clean(f"SIG{name}")


def find_again(point: Point, command: list[str]) -> Point:
    """The point in another run: the call of the same label, the first or the last of them."""
    points = changes(command)
    for other in points:
        if (other.label, other.last) == (point.label, point.last):
            return other
    raise Failure("a run that was traced again has no such call, but "
                  + ", ".join(map(str, points)))


def reach(point: Point, command: list[str], end: Callable[[Point], None]) -> None:
    """End the run at the point, which may have another number in a run that went otherwise."""
    for _ in range(TRIES - 1):
        try:
            return end(point)
        except NotReached as failure:
            print(f"# {point}: {failure}: traced again", flush=True)
            point = find_again(point, command)
            history.append(f"traced again, it is {point}")
    return end(point)


def walk(tap: Tap, what: str, command: list[str], points: list[Point],
         end: Callable[[Point], None]) -> None:
    start = time.monotonic()
    observed = [] if points else [f"{' '.join(command)} has no such call"]
    for point in points:
        began = time.monotonic()
        history.clear()
        try:
            reach(point, command, end)
        except Failure as failure:
            observed += [f"{point}: {failure}", *(f"  {line}" for line in history)]
        print(f"# {time.monotonic() - began:.1f} s {point}", flush=True)
    tap.say(not observed,
            f"{what} at {len(points)} points is put right ({time.monotonic() - start:.0f} s)",
            *observed)


def main() -> int:
    tap = Tap()
    machine = Walk()
    reset = [*RESET, "--method", "bus", "--yes", machine.host]
    turns = [*VERIFY, "--methods", "flr,bus", machine.host]
    points = changes(reset)
    walk(tap, "a bus reset killed", reset, points, lambda point: machine.killed_at(point, reset))
    points = [point for point in changes(turns) if point.call in ("write", "renameat", "unlinkat")
              or "VFIO_DEVICE_RESET" in point.label]
    walk(tap, "a proof of two methods killed", turns, points,
         lambda point: machine.killed_at(point, turns))
    tap.say(machine.pending > 5, f"{machine.pending} of them had reset_method to put back",
            "that is not more than 5: too few points were killed while it was changed")
    # Which then ends after its cycle, with everything put back.
    points = [point for point in changes(reset)
              if point.call in ("renameat", "clone", "clone3", "unlinkat", "wait4")
              or "VFIO_DEVICE_RESET" in point.label]
    names = itertools.cycle(["TERM", "INT", "HUP"])
    walk(tap, "a reset that is asked to end", reset, points,
         lambda point: machine.asked_at(point, next(names), reset))
    return tap.finish()


try:
    sys.exit(main())
except Failure as failure:
    for line in history:
        print(f"# {line}")
    print(f"Bail out! {failure}")
    sys.exit(1)
