#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run in a guest by scenarios/uevents.sh: what does the driver tell programs, and what not?

Its events come from the kernel itself, over netlink; sysfs has what must be in them. Prints TAP.
"""
import json
import select
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]
from tap import Tap  # noqa: E402  (nothing is left in the source tree)
from vfio import Device  # noqa: E402

NETLINK_KOBJECT_UEVENT, KERNEL_GROUP = 15, 1
KEYS = ("CXL_VFIO_STATE", "CXL_VFIO_VERDICT", "CXL_VFIO_SCRUB")
# A tenth of a second and one of rest, on a machine that is busy.
PATIENCE = 120
RESETS = 20
CHANGES = 1000
# Of the memory's 16 pieces each takes so much longer: tests/vm/module/slow_scrub_test.c.
SLOW = Path("/sys/module/slow_scrub_test/parameters/ms")
SLOW_MS = 500


class Events:
    """The driver's change events of one device."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_KOBJECT_UEVENT)
        self.socket.bind((0, KERNEL_GROUP))

    def next(self, seconds: float) -> dict | None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                words = self.socket.recv(65536).split(b"\0")
            except TimeoutError:
                return None
            event = dict(word.decode(errors="replace").split("=", 1) for word in words if b"=" in word)
            if event.get("PCI_SLOT_NAME") == self.host and KEYS[0] in event:
                return event
        return None

    def wait_for(self, **wanted: str) -> tuple[dict | None, list]:
        """The event that has WANTED, and those before it."""
        others = []
        while event := self.next(PATIENCE):
            if all(event.get(f"CXL_VFIO_{key.upper()}") == value for key, value in wanted.items()):
                return event, others
            others.append(told(event))
        return None, others

    def all(self, seconds: float) -> list:
        found = []
        while event := self.next(seconds):
            found.append(event)
        return found


def told(event: dict) -> tuple:
    return tuple(event.get(key) for key in KEYS)


class Stand(Tap):
    def __init__(self) -> None:
        super().__init__()
        listed = subprocess.run(["cxlvfio", "list", "--json"], capture_output=True, check=True)
        self.host = json.loads(listed.stdout)["endpoints"][0]["host"]
        self.group = Path("/sys/bus/pci/devices") / self.host / "cxl_vfio"
        self.events = Events(self.host)

    def attribute(self, name: str) -> str:
        return (self.group / name).read_text().strip()

    def sysfs(self) -> tuple:
        return tuple(self.attribute(name) for name in ("state", "verdict", "scrub_result"))

    def expect(self, what: str, **wanted: str) -> None:
        event, others = self.events.wait_for(**wanted)
        self.say(bool(event) and told(event) == self.sysfs(), what,
                 f"event {event and told(event)}, sysfs {self.sysfs()}, others {others}")

    def emulator(self, *words: str) -> None:
        subprocess.run(["tests/vm/guest/endpointctl", "0", *words], check=True,
                       stdout=subprocess.DEVNULL)


def check_resets(stand: Stand, device: Device) -> None:
    before = int(stand.attribute("generation"))
    for _ in range(RESETS):
        device.reset()
    found = stand.events.all(3)
    stand.say(not found and int(stand.attribute("generation")) >= before + RESETS,
              f"{RESETS} resets are no event, and the counter has them",
              f"{list(map(told, found))}, generation {before} to {stand.attribute('generation')}")


def check_poll(stand: Stand, device: Device) -> None:
    """poll(2) on the attribute, which a refused gate wakes, and then has it."""
    with open(stand.group / "state", "rb", buffering=0) as state:
        state.read()
        waiting = select.poll()
        waiting.register(state, select.POLLPRI)
        stand.say(not waiting.poll(500), "nothing changed: poll waits")
        stand.emulator("fault", "decoder-lost")
        device.reset()
        woken = waiting.poll(PATIENCE * 1000)
        state.seek(0)
        now = state.read().decode().strip()
        stand.say(bool(woken) and now == "refused", "a refused gate wakes poll", woken, now)
        stand.say(not waiting.poll(500), "once read, it waits again")
    stand.expect("and is told with its verdict", state="refused")
    stand.emulator("clear", "all")
    # Firmware's commit, which the fault took away.
    stand.emulator("firmware")
    device.reset()
    stand.expect("a reset that makes it good again is told", state="active")


def check_storm(stand: Stand, device: Device) -> None:
    """As often as configuration space can be written: a few events, and the last state."""
    before = int(stand.attribute("generation"))
    start = time.monotonic()
    for number in range(CHANGES):
        device.memory(number % 2 == 1)
    seconds = time.monotonic() - start
    device.memory(False)
    found = stand.events.all(3)
    print(f"# {CHANGES / seconds:.0f} changes a second, {len(found)} events in {seconds:.1f} s")
    stand.say(len(found) <= min(seconds + 3, CHANGES / 4) and bool(found) and
              told(found[-1]) == stand.sysfs() and told(found[-1])[0] == "closed",
              f"a state that changes {CHANGES} times is told a few times, and the last one always",
              f"{seconds} s: {list(map(told, found))}; sysfs {stand.sysfs()}")
    stand.say(int(stand.attribute("generation")) >= before + CHANGES // 2, "it did change",
              f"generation {before} to {stand.attribute('generation')}")
    device.memory(True)
    stand.expect("memory space on again is told", state="active")


def check_pending(stand: Stand, device: Device) -> None:
    stand.emulator("fault", "media-ready-after=5000")
    thread = threading.Thread(target=device.reset)
    thread.start()
    event, others = stand.events.wait_for(state="pending")
    stand.say(bool(event) and told(event)[1] == "media not ready",
              "media that takes its time is told", event, others)
    stand.expect("and that it is ready", state="active")
    thread.join()
    stand.emulator("clear", "all")


def check_owed(stand: Stand, device: Device) -> None:
    """The decoder is lost while the device is closed: nobody can zero the memory."""
    # The next reset is the close's.
    stand.emulator("fault", "decoder-lost")
    device.close()
    stand.expect("a scrub that is owed is told", state="closed", scrub="owed")
    stand.emulator("clear", "all")
    stand.emulator("firmware")
    stand.events.all(2)
    SLOW.write_text(str(SLOW_MS))
    with open(stand.group / "state", "rb", buffering=0) as state:
        state.read()
        waiting = select.poll()
        waiting.register(state, select.POLLPRI)
        with Device(stand.host):
            event, others = stand.events.wait_for(state="pending", scrub="owed")
            # Long before it is done, which wakes whoever waits in any case.
            woken = waiting.poll(SLOW_MS)
            state.seek(0)
            now = state.read().decode().strip()
            SLOW.write_text("0")
            stand.say(bool(event) and bool(woken) and now == "pending",
                      "a scrub that takes long is told, and wakes poll while it lasts", event, others,
                      woken, now)
            stand.expect("and when it is done", state="active", scrub="done")


def check_frozen(stand: Stand) -> None:
    """An error that recovery gave up: frozen until a reset, whatever the hardware says."""
    with Device(stand.host) as device:
        stand.expect("open again", state="active")
        (Path("/sys/module/recovery_test/parameters/play")).write_text(f"{stand.host} failed")
        event, others = stand.events.wait_for(state="closed")
        stand.say(bool(event) and "error recovery" in told(event)[1],
                  "error recovery that failed is told", event, others)
        device.reset()
        stand.expect("and the reset that ends it", state="active")


def main() -> int:
    stand = Stand()
    stand.say(not stand.events.all(2), "nobody has it open: nothing is told")
    device = Device(stand.host)
    stand.expect("an open is told", state="active", verdict="ok")
    check_resets(stand, device)
    check_poll(stand, device)
    check_storm(stand, device)
    check_pending(stand, device)
    check_owed(stand, device)
    stand.expect("a close is told", state="closed", verdict="not open")
    check_frozen(stand)
    return stand.finish()


if __name__ == "__main__":
    sys.exit(main())
