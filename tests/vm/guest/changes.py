#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run in a guest by scenarios/changes.sh: what does `list --json` say while everything changes?

    changes.py COUNT

One thread binds and unbinds endpoint 0 and another pulls endpoint 1 out and puts it back, over and
over with short pauses of random length, while the list is read COUNT times. Every answer must be one valid document with
exit status 0, and no endpoint in it a mixture of two moments. Prints TAP.
"""
import json
import random
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tap import Tap  # noqa: E402  (nothing is left in the source tree)

PCI = Path("/sys/bus/pci")
DRIVER = "cxl-vfio-pci"


def write(path: Path, text: str) -> None:
    # What fails is tried again in the next round: the other thread may have been faster.
    try:
        path.write_text(text)
    except OSError:
        pass


# Seconds: so that each state is met at its beginning, in its middle and at its end. Longer where a
# list takes long, or none would find anything that holds still.
PAUSE_MAX = 1.5
LISTS_IN_A_PAUSE = 6


class Changer(threading.Thread):
    """Changes something for ever, and counts how often."""

    def __init__(self, host: str, stop: threading.Event, pause_max: float) -> None:
        super().__init__()
        self.host, self.stop, self.pause_max, self.rounds = host, stop, pause_max, 0

    def run(self) -> None:
        while not self.stop.is_set():
            self.change()
            self.rounds += 1

    def pause(self) -> None:
        self.stop.wait(random.uniform(0, self.pause_max))


class Rebinder(Changer):
    def change(self) -> None:
        write(PCI / "devices" / self.host / "driver_override", DRIVER)
        write(PCI / "drivers_probe", self.host)
        self.pause()
        write(PCI / "drivers" / DRIVER / "unbind", self.host)
        self.pause()


class Puller(Changer):
    def change(self) -> None:
        write(PCI / "devices" / self.host / "remove", "1")
        self.pause()
        write(PCI / "rescan", "1")
        self.pause()


def mixtures(endpoint: dict) -> list:
    """What cannot be true at one moment, unless the endpoint says that it kept changing."""
    if any(finding["id"] == "changing" for finding in endpoint["findings"]):
        return []
    ours = endpoint["driver"] == DRIVER
    expected = {
        "the driver's view": (endpoint["cxl_vfio"] is not None, ours),
        "its state attribute": ((endpoint["cxl_vfio"] or {}).get("state") is not None, ours),
        "a memdev": (endpoint["memdev"] is not None, ours),
        "an endpoint port": (endpoint["endpoint"] is not None, ours),
        "a region": (endpoint["region"] is not None, ours),
        "a committed region": ([region["decode_state"] for region in endpoint["regions"]],
                               ["commit"] if ours else []),
        "a VFIO group": (endpoint["vfio"]["group"] is not None, ours),
        "a window": (endpoint["size"], 256 << 20),
        "the state": (endpoint["state"], "ready" if ours else "no_driver"),
    }
    return [f"{endpoint['host']}: {what}: {got}, wanted {wanted}"
            for what, (got, wanted) in expected.items() if got != wanted]


def ask() -> tuple:
    """Problems, and what was seen."""
    result = subprocess.run(["cxlvfio", "list", "--json"], capture_output=True, text=True,
                            timeout=600)
    problems = [f"exit status {result.returncode}"] if result.returncode else []
    # A machine that is busy may not get an answer of libcxl in its two seconds: a warning, no more.
    said = re.sub(r"cxlvfio: warning: ask libcxl: .* took longer than .*\n( +hint: .*\n)?", "",
                  result.stderr)
    if said:
        problems.append(f"stderr: {said}")
    try:
        document = json.loads(result.stdout)
    except json.JSONDecodeError as error:
        return problems + [f"not one document: {error}"], {}
    problems += [f"{entry}" for entry in document["errors"]]
    for endpoint in document["endpoints"]:
        problems += mixtures(endpoint)
    return problems, {endpoint["host"]: endpoint for endpoint in document["endpoints"]}


def main() -> int:
    count = int(sys.argv[1])
    tap = Tap()
    begun = time.monotonic()
    hosts = sorted(ask()[1])
    pause_max = max(PAUSE_MAX, LISTS_IN_A_PAUSE * (time.monotonic() - begun))
    if len(hosts) != 2:
        tap.say(False, "the machine has two endpoints", f"it has {hosts}")
        return tap.finish()
    stop = threading.Event()
    changers = [Rebinder(hosts[0], stop, pause_max), Puller(hosts[1], stop, pause_max)]
    for changer in changers:
        changer.start()
    problems, drivers, presences, changing = [], set(), set(), 0
    for number in range(count):
        found, endpoints = ask()
        problems += [f"answer {number}: {problem}" for problem in found]
        drivers.add(endpoints.get(hosts[0], {}).get("driver"))
        presences.add(hosts[1] in endpoints)
        changing += sum(finding["id"] == "changing" for endpoint in endpoints.values()
                        for finding in endpoint["findings"])
    stop.set()
    for changer in changers:
        changer.join()

    print(f"# {changers[0].rounds} binds, {changers[1].rounds} removals, {changing} changing, "
          f"pauses of {pause_max:.1f} s at most")
    tap.say(not problems, f"{count} lists: every one valid, none torn", *problems[:20])
    tap.say(drivers == {None, DRIVER}, "with and without a driver were both seen", drivers)
    tap.say(presences == {False, True}, "there and gone were both seen", presences)
    tap.say(changing <= count // 10, "few endpoints never held still", f"{changing} of {count} did")
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
