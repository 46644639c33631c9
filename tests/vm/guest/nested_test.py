#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run in the machine by scenarios/guest.sh: the endpoint's memory in a guest of an unmodified QEMU.

    INTERFACE=group|iommufd [STEPS=NAME,...] nested_test.py

Two guests: one starts with the endpoint, and is killed; what it wrote must not be in the other, which
boots meanwhile, gets the endpoint by hot plug, loses it and gets it back, reboots, and ends when it
touches memory that is gone. All the while the driver's counters must tell what the guest did and
saw, and nobody may see a wrong byte.
STEPS are the functions to run, instead of all; those from killed on are the other guest's. Prints
TAP.
"""
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
# Nothing is left in the source tree.
from nested import ALL, PAGES, ROOT_PORT, Ended, Endpoint, Failed, Guest  # noqa: E402
from tap import Tap, explain  # noqa: E402

# What QEMU's guest reads where nothing answers.
NOTHING = ("0", "0xffffffffffffffff")
# The iommufd of Linux 7.3 takes dma-bufs of one range, and the BAR with the decoders has two, of
# pages around theirs: the first is this one. The window's is not among these.
REGISTERS = re.compile(r"vfio_container_dma_map\(\w+, \w+, 0x1000, \w+\) = -95 \(")
NO_PEERS = "PCI peer-to-peer transactions on BARs are not supported."
COMMAND, COMMAND_MEMORY = 0x04, 0x2
CAPABILITIES, POWER_MANAGEMENT, POWER_CONTROL = 0x34, 0x01, 0x04
D0, D3HOT = 0, 3
TURN, TURNS = 0.2, 1500         # of a guest that waits for its memory


class Run:
    """The endpoint, what has it, and the lines about both."""

    def __init__(self, tap: Tap, interface: str) -> None:
        self.tap, self.interface = tap, interface
        self.endpoint = Endpoint()
        self.guest: Guest | None = None
        self.next: Guest | None = None
        self.options: tuple = ()
        self.device = f"vfio-pci,host={self.endpoint.host},id=endpoint"
        if interface == "iommufd":
            self.options = ("-object", "iommufd,id=i")
            self.device += ",iommufd=i"

    # --- what is done

    def start(self, with_next: bool) -> None:
        """A guest that has the endpoint; and the next one, which boots meanwhile."""
        self.guest = Guest(*self.options, "-device", self.device)
        if with_next:
            self.next = Guest(*self.options, *ROOT_PORT)
        self.guest.wait_ready()

    def end(self) -> None:
        """Nobody has the endpoint any more."""
        for guest in (self.guest, self.next):
            if guest:
                guest.kill()

    def plug(self) -> None:
        self.guest.plug(f"{self.device},bus=rp")
        self.guest.wait_mapped(self.endpoint.sizes())

    def map(self) -> str:
        """The guest finds the endpoint and maps its memory: the index of the BAR."""
        return self.guest.map(self.endpoint.sizes())[1]

    def config(self, offset: int, size: int, value: int | None = None) -> int:
        words = [value] if value is not None else []
        return int(self.guest.ask("config", offset, size, *words)[0], 0)

    def power_control(self) -> int:
        """Where the guest finds it."""
        at = self.config(CAPABILITIES, 1)
        while at and self.config(at, 1) != POWER_MANAGEMENT:
            at = self.config(at + 1, 1)
        return at + POWER_CONTROL

    # --- what is said of it

    def words(self, text: str, tag: int, stride: int = PAGES) -> None:
        wrong = self.guest.wrong(tag, stride)
        self.tap.say(not wrong, text, *wrong, *self.background())

    def unseen(self, text: str) -> None:
        """Of words that are not nothing themselves."""
        got = self.guest.ask("read", 0)[0]
        self.tap.say(got in NOTHING, text, f"it reads {got}", *self.background())

    def read_nothing(self, text: str, offset: int) -> None:
        self.tap.same(text, ["0xffffffffffffffff"], self.guest.ask("read", offset))

    def state(self, text: str, wanted: str) -> None:
        got = self.endpoint.get("state")
        self.tap.say(got == wanted, text, f"state is {got!r}, not {wanted!r}", *self.background())

    def changed(self, text: str, before: dict[str, int], **wanted: int | None) -> None:
        """The counters that must have grown by so much, at least once where that is None; every
        zap is a generation, and what is not named has not changed."""
        grown = {name: value - before[name] for name, value in self.endpoint.counts().items()}
        wanted = {"zap": 0, "reactivate": 0, "refuse": 0} | wanted
        wrong = [f"{name} grew by {grown[name]}, wanted {'some' if by is None else by}"
                 for name, by in wanted.items() if (grown[name] < 1 if by is None else
                                                    grown[name] != by)]
        if grown["generation"] != grown["zap"]:
            wrong.append(f"generation grew by {grown['generation']}, zap by {grown['zap']}")
        self.tap.say(not wrong, text, *wrong, *self.background())

    def background(self) -> list[str]:
        return [f"driver: {self.endpoint.get('state')}, {self.endpoint.get('verdict')}, "
                f"{self.endpoint.counts()}",
                *(f"qemu: {line}" for line in self.guest.said().splitlines()),
                *(f"console: {line}" for line in self.guest.console.read_text(
                    errors="replace").splitlines()[-10:])]

    def silent(self, text: str) -> None:
        said = self.guest.said().splitlines()
        if self.interface == "iommufd" and len(said) == 2 and REGISTERS.search(said[0]) and \
                said[1].endswith(NO_PEERS):
            said = []
        self.tap.say(not said, text, *said)


def whole_window(run: Run) -> None:
    tap, wanted = run.tap, run.endpoint.get("view_bar")
    tap.same("the guest finds the window as the BAR that the driver says", wanted, run.map())
    before = run.endpoint.counts()
    run.guest.ask("write", 1, ALL)
    run.words("the guest reads back what it wrote over the whole window", 1, ALL)
    run.changed("which zaps nothing", before)
    bar, window = run.endpoint.sizes()
    if bar != window:
        run.read_nothing("behind the window the BAR reads as ones", window)
        run.read_nothing("up to its end", bar - 8)
    run.silent("QEMU says nothing of a BAR that cannot be mapped, nor of anything else")


def flr(run: Run) -> None:
    before = run.endpoint.counts()
    run.guest.ask("set", "reset", 1)
    run.changed("an FLR by the guest zaps and reactivates", before, zap=None, reactivate=None)
    run.state("after it the window is active", "active")
    run.words("after it the guest reads what it wrote over the whole window", 1, ALL)
    run.silent("and QEMU has nothing to say of it")


def memory_enable(run: Run) -> None:
    before = run.endpoint.counts()
    command = run.config(COMMAND, 2)
    run.config(COMMAND, 2, command & ~COMMAND_MEMORY)
    run.state("memory space off in the guest closes the window", "closed")
    run.unseen("then the guest reads nothing of it")
    run.config(COMMAND, 2, command)
    run.changed("off and on again is one zap and one reactivation", before, zap=1, reactivate=1)
    run.words("and what it wrote is there", 1)
    run.silent("memory space off and on: QEMU says nothing")


def power(run: Run) -> None:
    before = run.endpoint.counts()
    at = run.power_control()
    run.config(at, 2, D3HOT)
    run.state("D3hot in the guest closes the window", "closed")
    run.unseen("then the guest reads nothing of it")
    run.config(at, 2, D0)
    run.changed("D3hot and back is one zap and one reactivation", before, zap=1, reactivate=1)
    run.words("and what it wrote is there", 1)
    run.silent("D3hot and back: QEMU says nothing")


def decoder_lost_and_back(run: Run) -> None:
    before = run.endpoint.counts()
    run.endpoint.control("fault", "decoder-lost")
    run.guest.ask("set", "reset", 1)
    run.state("a decoder that an FLR of the guest's loses: the window is refused", "refused")
    run.changed("which is counted", before, zap=None, refuse=1)
    run.endpoint.control("clear", "decoder-lost")
    run.endpoint.control("firmware")
    before = run.endpoint.counts()
    run.guest.ask("set", "reset", 1)
    run.changed("once the decoder is back, so is the window with the guest's next FLR", before,
                zap=None, reactivate=None)
    run.words("and what it wrote is there", 1)


def media_late(run: Run) -> None:
    """The guest waits when it reads, or earlier: with a group QEMU maps the BAR for DMA, too, when
    the guest turns memory space on, as it does at the end of a reset."""
    run.endpoint.control("fault", "media-never-ready")
    run.guest.port.send("set reset 1")
    run.guest.port.send(f"check 1 {PAGES}")
    for _ in range(TURNS):
        if run.endpoint.get("state") == "pending":
            break
        time.sleep(TURN)
    run.state("media that is late after an FLR of the guest's: the window is pending", "pending")
    run.endpoint.control("clear", "media-never-ready")
    run.guest.answer()
    wrong = run.guest.blocks(run.guest.answer())
    run.tap.say(not wrong, "who reads it waits: nothing is wrong", *wrong, *run.background())


def killed(run: Run) -> None:
    run.map()
    run.guest.ask("write", 3, PAGES)
    run.guest.kill()
    run.guest = run.next
    run.guest.wait_ready()
    run.plug()
    run.words("QEMU is killed: the next guest, plugged in by the monitor, finds zeros", 0, ALL)
    whole_window(run)
    flr(run)


def plug(run: Run) -> None:
    run.guest.ask("unmap")
    run.guest.command_monitor("device_del", id="endpoint")
    run.guest.wait_event("DEVICE_DELETED")
    try:
        found = run.guest.ask("find", *run.endpoint.sizes())
    except Failed as failure:
        found = [str(failure)]
    run.tap.same("the monitor unplugs it: the guest has it no more", ["No such device"],
                 [" ".join(found)])
    run.state("and the window is closed", "closed")
    run.plug()
    run.words("plugged again: who has it now finds zeros", 0)


def reboot(run: Run) -> None:
    run.guest.ask("write", 2, PAGES)
    run.guest.ask("reboot")
    run.guest.wait_ready()
    run.map()
    run.state("the guest reboots: the window is active", "active")
    run.words("and has what the guest wrote before", 2)


def decoder_gone(run: Run) -> None:
    run.endpoint.control("fault", "decoder-lost")
    run.guest.ask("set", "reset", 1)
    try:
        seen = run.guest.ask("read", 0)
    except Ended:
        seen = [f"QEMU ended: {run.guest.wait_end()}"]
    run.tap.same("who reads what is refused gets a bus error in QEMU, not a byte",
                 [f"QEMU ended: {-signal.SIGBUS}"], seen)
    run.endpoint.control("clear", "decoder-lost")
    run.endpoint.control("firmware")
    proof = subprocess.run(["cxlvfio", "reset", "--verify", run.endpoint.host],
                           capture_output=True, text=True)
    run.tap.say(proof.returncode == 0, "after all that the endpoint is as good as before",
                proof.stdout, proof.stderr)


# Some on the root complex, where the first guest has it, others below a root port.
STEPS = [whole_window, flr, memory_enable, decoder_lost_and_back, media_late, killed, power, plug,
         reboot, decoder_gone]


def chosen_steps() -> list:
    names = os.environ.get("STEPS")
    by_name = {step.__name__: step for step in STEPS}
    return [by_name[name] for name in names.split(",")] if names else STEPS


def go(run: Run, step) -> bool:
    """Whether there is a guest to go on with."""
    begun = time.monotonic()
    try:
        step(run)
    except (Ended, Failed, TimeoutError) as error:
        run.tap.say(False, step.__name__, *explain(), *run.background())
        return not isinstance(error, Ended) and step != killed
    print(f"# {time.monotonic() - begun:.1f} s {step.__name__}", flush=True)
    return True


def main() -> int:
    subprocess.run(["cxlvfio", "bind", "-q", "all"], check=True)
    run = Run(Tap(), os.environ.get("INTERFACE", "group"))
    steps = chosen_steps()
    begun = time.monotonic()
    try:
        run.start(with_next=killed in steps)
        print(f"# {time.monotonic() - begun:.1f} s until the guest is up", flush=True)
        all(go(run, step) for step in steps)
    finally:
        run.end()
    for line in run.guest.said().splitlines():
        print(f"# qemu: {line}")
    return run.tap.finish()


if __name__ == "__main__":
    sys.exit(main())
