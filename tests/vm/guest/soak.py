#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run in a guest by scenarios/soak.sh: many clean cycles in one run of `cxlvfio verify`.

    soak.py METHOD[+load]:CYCLES...

Every cycle must pass. A check may be skipped only if it is in the first cycle, but for the thread
of `closed`, which a busy machine may not run: that is no alarm, and must stay rare. Meanwhile the
command and its child are looked at in /proc: they must not grow.

Looks come at any moment of a cycle, when a file may be open or a thread about. So each half of the
run is its smallest value: what is left behind by cycles raises that, and nothing else does.

Descriptors, threads and mappings must not be more in the second half than in the first, but for one
in a short run, where every look may have met the same open file.
Anonymous memory may be by what a run keeps (core/proof/cycle_run.h): a record of each of the first 1,000
cycles and some histograms. A leak of 16 bytes a cycle is 160 KiB in 10,000. Prints TAP.
"""
import json
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tap import Tap  # noqa: E402  (nothing is left in the source tree)

PARTS = 10
LOOKS = 40                  # in each part
KEPT = 1000                 # cycles of which a record is kept ...
RECORD_KIB = 1              # ... of less than this, the growth of its array included
SLACK_KIB = 96              # histograms, and what malloc keeps between two cycles
BUSY = ("did not get to run", "the machine was busy")
LOAD = ["--threads", "16", "--processes", "4"]


class Process:
    def __init__(self, name: str, pid: int) -> None:
        self.name, self.path = name, Path(f"/proc/{pid}")
        self.parts: list[dict[str, int]] = []

    def look(self, part: int) -> None:
        try:
            self.see(part)
        except (FileNotFoundError, ProcessLookupError, KeyError):
            pass        # its last line is read while it ends, and has no memory any more

    def see(self, part: int) -> None:
        status = dict(line.split(":", 1) for line in (self.path / "status").read_text().splitlines())
        seen = {
            "descriptors": sum(1 for _ in (self.path / "fd").iterdir()),
            "threads": int(status["Threads"]),
            "mappings": len((self.path / "maps").read_text().splitlines()),
            "KiB of anonymous memory": int(status["RssAnon"].split()[0]),
        }
        if part == len(self.parts):
            self.parts.append(seen)
        self.parts[part] = {what: min(self.parts[part][what], seen[what]) for what in seen}


class Lines(Tap):
    def line(self, name: str, problem: str) -> None:
        self.say(not problem, name, problem)


def skipped(cycle: dict) -> set[str]:
    return {check["id"] for check in cycle["checks"] if check["verdict"] == "skip"}


def is_busy(check: dict) -> bool:
    return check["id"] == "closed" and any(words in (check["detail"] or "") for words in BUSY)


def alarm(cycle: dict, first: set[str]) -> str:
    """What is wrong with a cycle; "" where nothing is."""
    wrong = [f"{check['id']}: {check['verdict']}: {check['detail']} ({check['observed']})"
             for check in cycle["checks"]
             if check["verdict"] in ("fail", "inconclusive") or
             (check["verdict"] == "skip" and check["id"] not in first and not is_busy(check))]
    if cycle["verdict"] != "pass" and not wrong:
        wrong = [f"verdict {cycle['verdict']}"]
    took = f"reset {cycle['reset_ns'] / 1e6:.1f} ms"
    return f"cycle {cycle['cycle']}, {took}: {'; '.join(wrong)}" if wrong else ""


def grown(process: Process, done: int) -> list[str]:
    """What became more from the first half to the second. In the last part it may be ending."""
    half = PARTS // 2
    kept = min(KEPT, done) - min(KEPT, done // PARTS)
    found = []
    for what in process.parts[0]:
        before, after = (min(seen[what] for seen in part) for part in
                         (process.parts[1:half], process.parts[half:-1]))
        slack = SLACK_KIB + kept * RECORD_KIB if what.startswith("KiB") else done < KEPT
        if after > before + slack:
            found.append(f"{before} {what} became {after}")
    return found


def child_of(parent: int) -> int:
    """Not every kernel has /proc/PID/task/PID/children."""
    listed = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True)
    return int(listed.stdout.split()[0])


def run(method: str, cycles: int, host: str, tap: Lines) -> None:
    start = time.monotonic()
    name, load, _ = method.partition("+load")
    command = ["cxlvfio", "verify", "--ndjson", "--sample", "8", "--methods", name,
               "--cycles", str(cycles), *(LOAD if load else []), host]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tool:
        processes, alarms, first = [Process("command", tool.pid)], [], set()
        done = busy = 0
        document = {}
        for line in tool.stdout:
            cycle = json.loads(line)
            if cycle.get("type") != "cycle":
                document = cycle
                continue
            if not done:
                processes.append(Process("child", child_of(tool.pid)))
                # The thread gets to run in most cycles, and if not in the first, it may later.
                first = skipped(cycle) - {"closed"}
            problem = alarm(cycle, first)
            if problem:
                alarms.append(problem)
            busy += any(map(is_busy, cycle["checks"]))
            if done % max(1, cycles // (PARTS * LOOKS)) == 0:
                for process in processes:
                    process.look(done * PARTS // cycles)
            done += 1
    seconds = time.monotonic() - start
    print(f"# {method}: {done} cycles in {seconds:.0f} s, {1000 * seconds / max(done, 1):.1f} ms "
          f"each; in {busy} of them the thread of closed did not get to run; skipped in all: "
          f"{', '.join(sorted(first)) or 'nothing'}")
    tap.line(f"{cycles} cycles of {method}: no false alarm", "; ".join(alarms[:5]))
    summary = (document.get("resets") or [{}])[0]
    tap.line(f"{method}: all were made, and all passed",
             "" if tool.returncode == 0 and done == cycles == summary.get("cycles_done") and
             summary["verdicts"]["pass"] == cycles else
             f"exit status {tool.returncode}, {done} lines, {summary.get('verdicts')}, "
             f"{document.get('errors')}")
    tap.line(f"{method}: the thread of closed got to run",
             "" if busy < done else f"not in one of {done} cycles")
    for process in processes:
        print(f"# {process.name}: {process.parts[1:2]} ... {process.parts[-1:]}")
        tap.line(f"{method}: the {process.name} does not grow",
                 "; ".join(grown(process, done)) if len(process.parts) == PARTS else
                 f"seen in {len(process.parts)} parts only")


def main() -> int:
    tap = Lines()
    subprocess.run(["cxlvfio", "bind", "-q", "all"], check=True)
    listed = subprocess.run(["cxlvfio", "list", "--json"], capture_output=True, check=True).stdout
    host = json.loads(listed)["endpoints"][0]["host"]
    methods = Path(f"/sys/bus/pci/devices/{host}/reset_method")
    before = methods.read_text()
    for argument in sys.argv[1:]:
        method, _, cycles = argument.rpartition(":")
        run(method, int(cycles), host, tap)
    tap.line("reset_method is as before", "" if methods.read_text() == before else
             f"it is {methods.read_text()!r}, it was {before!r}")
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
