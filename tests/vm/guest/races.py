#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run in a guest by scenarios/races.sh: who wins, and what do the others say?

    races.py ROUNDS [SEED]

In turn two binds of an endpoint start at once, a bind and an unbind, a bind and the removal of the
device, a bind and the removal of the module: one after the other by a random part of the time that
a bind takes. Whatever the outcome, each ends in time with a status that its page promises, and the next
unbind leaves the endpoint as it was in the beginning. Prints TAP.
"""
import collections
import json
import random
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tap import Tap  # noqa: E402  (nothing is left in the source tree)

PCI = Path("/sys/bus/pci")
MODULE = "cxl_vfio_pci"
DRIVER = "cxl-vfio-pci"
# A step has 10 seconds and taking back as much again; emulation is slow, and a machine may be busy.
DEADLINE = 600
DONE, FAILED, NO_TARGET, BUSY, UNSUPPORTED, TIMEOUT, LOST = 0, 1, 3, 5, 6, 8, 9


class Race:
    """One contender is `bind`; start() begins the other."""
    name = ""
    rival_wins = False      # often enough to be seen in any run

    def __init__(self, target: str) -> None:
        self.target = target
        self.device = PCI / "devices" / target
        self.outcomes: collections.Counter = collections.Counter()

    def prepare(self) -> None:
        """Beginning: unbound."""

    def start(self) -> subprocess.Popen:
        raise NotImplementedError

    def judge(self, first: int, second: int) -> list:
        raise NotImplementedError

    def repair(self) -> None:
        """Put back what the other contender took away."""


def command(*arguments: str) -> subprocess.Popen:
    return subprocess.Popen(["cxlvfio", *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def allowed(what: str, status: int, *statuses: int) -> list:
    return [] if status in statuses else [f"{what} ended with {status}"]


class TwoBinds(Race):
    """The other has time to wait, or none."""
    name = "two binds"

    def start(self) -> subprocess.Popen:
        return command("bind", "--wait", random.choice(("0", "10")), self.target)

    def judge(self, first: int, second: int) -> list:
        problems = allowed("bind", first, DONE, BUSY) + allowed("bind", second, DONE, BUSY, TIMEOUT)
        if DONE not in (first, second):
            problems.append("nobody won")
        return problems


class BindAndUnbind(Race):
    name = "bind and unbind"

    def prepare(self) -> None:
        if random.choice((True, False)):
            subprocess.run(["cxlvfio", "bind", "-q", self.target], check=True)

    def start(self) -> subprocess.Popen:
        return command("unbind", self.target)

    def judge(self, first: int, second: int) -> list:
        problems = allowed("bind", first, DONE, BUSY) + allowed("unbind", second, DONE, BUSY)
        problems += [f"half bound: {state}" for state in [self.state()]
                     if state not in (("", "(null)"), (DRIVER, DRIVER))]
        return problems

    def state(self) -> tuple:
        return driver_of(self.device), (self.device / "driver_override").read_text().strip()


class BindAndRemoval(Race):
    """The device is pulled out; it is back when the race is over."""
    name = "bind and removal of the device"
    rival_wins = True

    def start(self) -> subprocess.Popen:
        return subprocess.Popen(["sh", "-c", 'echo 1 > "$1/remove"', "sh", str(self.device)])

    def judge(self, first: int, second: int) -> list:
        return (allowed("bind", first, DONE, NO_TARGET, LOST) + allowed("removal", second, 0) +
                (["the device is still there"] if self.device.exists() else []))

    def repair(self) -> None:
        (PCI / "rescan").write_text("1")
        wait_for(self.device.exists, "the device is back")


class BindAndUnload(Race):
    """The kernel takes the device from a driver that is unloaded while nobody has it open."""
    name = "bind and removal of the module"

    def start(self) -> subprocess.Popen:
        return subprocess.Popen(["rmmod", MODULE], stderr=subprocess.DEVNULL)

    def judge(self, first: int, second: int) -> list:
        problems = allowed("bind", first, DONE, FAILED, BUSY, UNSUPPORTED, TIMEOUT)
        if first != DONE and driver_of(self.device):
            problems.append(f"a bind that failed left {driver_of(self.device)}")
        return problems + allowed("rmmod", second, 0, 1)

    def repair(self) -> None:
        subprocess.run(["modprobe", MODULE], check=True)


def driver_of(device: Path) -> str:
    try:
        return (device / "driver").readlink().name
    except FileNotFoundError:
        return ""


def wait_for(condition, what: str) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {DEADLINE} s: {what}")
        time.sleep(0.02)


def end_of(process: subprocess.Popen) -> tuple:
    output, _ = process.communicate(timeout=DEADLINE)
    return process.returncode, output or ""


def clean_up(race: Race) -> list:
    """One unbind makes everything as it was, and says so; a bind then works as ever."""
    status, output = end_of(command("unbind", race.target))
    left = [race.device / "driver", Path("/run/cxlvfio") / race.target]
    problems = [f"unbind ended with {status}: {output}"] if status else []
    problems += [f"{path} is left" for path in left if path.exists() or path.is_symlink()]
    override = (race.device / "driver_override").read_text().strip()
    return problems + ([f"override {override} is left"] if override != "(null)" else [])


def run_round(race: Race, bind_seconds: float) -> list:
    race.prepare()
    # Neck and neck in half of the rounds; either may be first.
    delay = random.uniform(-0.3, 1.1) * bind_seconds * random.choice((0.1, 1))
    if delay < 0:
        second = race.start()
        time.sleep(-delay)
        first = command("bind", race.target)
    else:
        first = command("bind", race.target)
        time.sleep(delay)
        second = race.start()
    try:
        first_status, first_output = end_of(first)
        second_status, second_output = end_of(second)
    except subprocess.TimeoutExpired as error:
        first.kill()
        second.kill()
        return [f"hangs: {error}"]
    race.outcomes[first_status, second_status] += 1
    problems = race.judge(first_status, second_status)
    race.repair()
    problems += clean_up(race)
    if problems:
        problems += (first_output + second_output).splitlines()
    return problems


def bind_time(target: str) -> float:
    """The shortest of three: the first one is the machine's first, and it may be busy."""
    times = []
    for _ in range(3):
        start = time.monotonic()
        subprocess.run(["cxlvfio", "bind", "-q", target], check=True)
        times.append(time.monotonic() - start)
        subprocess.run(["cxlvfio", "unbind", "-q", target], check=True)
    return min(times)


def main() -> int:
    rounds, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns()
    random.seed(seed)
    listed = subprocess.run(["cxlvfio", "list", "--json"], capture_output=True, check=True)
    target = json.loads(listed.stdout)["endpoints"][0]["host"]
    races = [kind(target) for kind in (TwoBinds, BindAndUnbind, BindAndRemoval, BindAndUnload)]
    problems: dict = {race.name: [] for race in races}
    seconds = bind_time(target)
    print(f"# seed {seed}, a bind takes {seconds:.2f} s")
    for number in range(rounds):
        race = races[number % len(races)]
        found = run_round(race, seconds)
        problems[race.name] += [f"round {number}: {problem}" for problem in found]
    tap = Tap()
    for race in races:
        outcomes = ", ".join(f"{first}/{second} {count} times"
                             for (first, second), count in sorted(race.outcomes.items()))
        print(f"# {race.name}: {outcomes}")
        # A device that was always pulled out too late, or too early, was no rival.
        if race.rival_wins and not any(first for first, _ in race.outcomes):
            problems[race.name].append("the other never won")
        tap.say(not problems[race.name],
                f"{race.name}: one wins, the other is told, nothing is left",
                *problems[race.name][:20])
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
