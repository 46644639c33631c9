#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run in a guest by scenarios/wrong*.sh: is every wrong behaviour found, by the check that names it?

    wrong.py driver|device [--update] [NAME...]

All of that side that this kernel can have, or these, which it must; with --update whatever the committed catalogue says.

Each behaviour of the driver (tests/wrong) and of the device (tests/emulator/faults.c) is switched
on for one run of `cxlvfio verify`. The run must end as the table says and the check that the table
names must have failed; right again, the same command must pass. Prints TAP. What was found goes to
/mnt/share/found, one line of JSON each, for tests/vm/catalogue; and it must be what the committed
tests/wrong/catalogue.json says, of which the manual's page is made.
"""
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tap import Tap  # noqa: E402  (nothing is left in the source tree)

PARAMETER = Path("/sys/module/cxl_vfio_pci/parameters/wrong")
CATALOGUE = Path("/src/tests/wrong/catalogue.json")
SCENARIOS = Path("/src/tests/vm/scenarios")
FOUND = Path("/mnt/share/found")
FAILED, TIMED_OUT, LOST = 7, 8, 9
# A fault strikes at the second reset after it was armed, and only there: the first is the open's.
STRIKE = "@2x1"


class Case(NamedTuple):
    side: str               # "driver" or "device"
    name: str               # of the parameter, or of the fault
    check: str              # that must name it; "" where it must not fail
    text: str               # what is wrong
    arguments: tuple = ()   # of the command
    status: int = FAILED
    fault: str = ""         # of the device, for a driver that only then is wrong
    bind: bool = False      # it is wrong from the bind on
    needs: str = "/"        # what the kernel must have, where not all do


SYSFS = ("--via", "sysfs")
CONFIG = ("--via", "config")
MEMORY = ("--method", "memory")
# Longer than a reset and its proof take on a machine that is ten times slower.
SOON = ("--timeout", "5")
# What must pass, with every check made, when nothing is wrong; one of them after so many cases.
RIGHT = [(), SYSFS, CONFIG, MEMORY, ("--cycles", "2"), ("--threads", "2", "--processes", "1")]
CLEAN_EVERY = 8
# A busy machine may not let the thread run that watches the window: the check is skipped then.
TRIES = 5


def driver(name: str, check: str, text: str, arguments: tuple = (), **more) -> Case:
    return Case("driver", name, check, text, arguments, **more)


def device(name: str, check: str, text: str, arguments: tuple = (), **more) -> Case:
    return Case("device", name, check, text, arguments, **more)


CASES = [
    driver("no-zap", "zapped", "zaps nothing"),
    driver("zap-half", "zapped", "zaps half of the window"),
    driver("zap-shifted", "zapped", "zaps a range that begins 2 MiB too late"),
    driver("zap-forgets-2m", "zapped", "forgets one page of 2 MiB"),
    driver("zap-forgets-4k", "zapped", "forgets one page of 4 KiB, where all are mapped so"),
    driver("zap-own-process", "inherited_mapping",
           "zaps the mappings of the resetting process only", SYSFS),
    driver("zap-once", "zapped", "zaps at the first reset only", ("--cycles", "2")),
    driver("zap-late", "closed", "zaps after the reset instead of before it"),
    driver("gate-left-open", "closed", "zaps, but lets pages be mapped during the reset", SYSFS),
    driver("never-reopened", "reactivated", "never lets accesses through again", SOON,
           status=TIMED_OUT),
    driver("refused-for-nothing", "reactivated", "refuses although the hardware is as before"),
    driver("reopened-blindly", "same_memory", "opens the window of a decoder that was lost",
           fault="decoder-lost"),
    driver("reopened-early", "readiness", "opens the window before the memory is active",
           fault="media-ready-after=4000"),
    driver("reopened-late", "readiness", "opens the window 8 s after the device was ready"),
    driver("wrong-pfn", "fd_io", "maps the neighbour of every page of 2 MiB"),
    driver("wrong-pfn-later", "same_memory", "does so from the first reset on"),
    driver("offset-ignored", "offset_mapping", "maps from the start whatever the offset of mmap"),
    driver("offset-ignored-later", "offset_mapping", "does so from the first reset on"),
    driver("small-later", "same_page_size", "maps pages of 4 KiB after a reset, 2 MiB before"),
    driver("first-touch-fails", "reactivated", "raises SIGBUS once after a reset"),
    driver("generation-stale", "generation", "does not advance the generation"),
    driver("generation-twice", "generation", "advances the generation twice"),
    driver("zap-counted-twice", "driver_counters", "counts a zap twice"),
    driver("zap-not-counted", "driver_counters", "does not count a zap"),
    driver("reactivation-not-counted", "driver_counters", "does not count a reactivation"),
    driver("says-active", "driver_counters", "says that a window is active that is shut", SOON,
           fault="decoder-lost", status=TIMED_OUT),
    driver("says-closed", "driver_counters", "says that a window is closed that is open"),
    driver("config-flr-unnoticed", "zapped", "overlooks an FLR by configuration write", CONFIG),
    driver("sysfs-reset-unnoticed", "zapped", "overlooks a reset from sysfs", SYSFS),
    driver("reset-swallowed", "real_flr", "reports a reset that it did not make"),
    driver("scrubs", "same_memory", "zeroes the memory that an FLR must leave alone"),
    driver("write-combined", "memory_type", "has the window mapped write-combined", bind=True),
    driver("write-through", "memory_type", "has the window mapped write-through", bind=True),
    driver("read-zero", "fd_io", "gives zeros to read(2)"),
    driver("read-stale", "fd_io", "gives to read(2) what a page held at first"),
    driver("read-aligned", "fd_io", "rounds the offset of read(2) down to 8"),
    driver("read-seldom-wrong", "load", "gives to one of 256 read(2) what another page holds",
           ("--threads", "2")),
    driver("read-while-shut", "closed", "lets read(2) through during the reset", SYSFS),
    driver("write-swallowed", "fd_io", "drops what write(2) writes"),
    driver("write-too-long", "fd_io", "changes a byte behind what write(2) writes"),
    driver("control-lost", "config_restored", "leaves CXL.cache disabled in the DVSEC"),
    driver("command-lost", "config_restored", "leaves memory space disabled"),
    driver("registers-stale", "same_decoders", "shows an image of the decoders, not the registers",
           fault="size-changed"),
    driver("warns", "kernel_log", "warns in the kernel log at every reset"),
    # It would overlook that the opening switches memory space on, too, where it was left off.
    driver("memory-off-unnoticed", "zapped", "overlooks that memory space is switched off",
           (*MEMORY, *SOON), bind=True),
    driver("memory-off-late", "closed", "zaps when memory space is on again, not when it is off",
           MEMORY),
    driver("memory-on-unnoticed", "reactivated", "overlooks that memory space is on again",
           (*MEMORY, *SOON), status=TIMED_OUT),
    # The resets that go through VFIO zap BARs themselves, and revoke their dma-bufs.
    driver("bar-not-zapped", "bar_mapping", "zaps the window's region, but not its BAR", SYSFS),
    driver("only-bar-zapped", "zapped", "zaps the window's BAR, but not its region"),
    driver("bar-wrong-pfn", "bar_mapping", "maps the neighbour of every page, in the BAR only"),
    driver("bar-offset-ignored", "bar_offset_mapping",
           "maps the BAR from the start whatever the offset of mmap"),
    driver("dma-buf-not-revoked", "dma_buf", "lets the window be mapped for DMA during the reset",
           (*SYSFS, "--cycles", "5"), needs="/dev/iommu"),

    device("reset-ignored", "real_flr", "does nothing at a reset and reports success"),
    device("scratch-kept", "real_flr", "keeps a register that an FLR must clear"),
    device("content-corrupted", "same_memory", "changes every byte of its memory"),
    device("content-zeroed", "same_memory", "zeroes its memory"),
    device("content-ones", "same_memory", "fills its memory with ones"),
    device("page-zeroed", "same_memory", "loses one page of 4 KiB"),
    device("byte-changed", "same_memory", "flips one bit of a tagged byte"),
    device("pages-swapped", "same_memory", "exchanges two pages"),
    device("decoder-lost", "same_decoders", "loses its decoder, which cannot be committed again"),
    device("decoder-uncommitted", "", "loses its decoder, which the driver commits again"),
    device("base-changed", "same_decoders", "moves its decoder"),
    device("size-changed", "same_decoders", "changes the size of its decoder"),
    device("interleaved", "same_decoders", "interleaves its decoder"),
    device("skip-changed", "same_decoders", "changes what its decoder skips"),
    device("target-changed", "same_decoders", "changes the target type of its decoder"),
    device("lock-changed", "same_decoders", "changes the lock of its decoder"),
    device("second-decoder", "same_decoders", "commits a second decoder"),
    device("empty-decoder", "same_decoders", "commits and locks a decoder of zero size"),
    device("hdm-disabled", "same_decoders", "disables its decoders"),
    device("commit-error", "same_decoders", "loses its decoder, and committing it fails",
           fault="decoder-uncommitted"),
    device("mem-enable-lost", "config_restored", "disables CXL.mem for good"),
    device("config-locked", "same_decoders", "locks its CXL configuration"),
    device("capability-changed", "same_decoders", "offers other capabilities in the DVSEC"),
    device("range-size-changed", "same_decoders", "changes the size of a DVSEC range"),
    device("range-base-changed", "same_decoders", "changes the base of a DVSEC range"),
    device("viral", "same_decoders", "is in viral state"),
    device("device-control-stuck", "config_restored", "keeps another value in device control"),
    device("link-control-stuck", "config_restored", "keeps another value in link control"),
    device("error-logged", "aer_unchanged", "has errors on its link"),
    device("media-ready-after=700", "", "has active memory late, but within its own time"),
    device("media-ready-after=6000", "readiness", "has active memory later than it may"),
    device("media-never-ready", "readiness", "never has active memory again"),
    # The kernel asks for 65 s before it gives up, and whoever looks at the function waits with it.
    device("all-ones-for=90000", "reactivated", "does not answer for 90 s", SOON, status=LOST),
]


# Checks that this kernel cannot make.
NEEDING = {case.check for case in CASES if not Path(case.needs).exists()}


def can_be(case: Case) -> bool:
    return Path(case.needs).exists()


def key(case: Case) -> str:
    return f"{case.side} {case.name}"


def control(*words: str) -> None:
    subprocess.run(["endpointctl", "0", *words], check=True, stdout=subprocess.DEVNULL)


class Result(NamedTuple):
    status: int
    document: dict
    stderr: str

    def cycle(self, name: str) -> int:
        return next((cycle[name] or 0 for cycle in self.document.get("cycles", [])), 0)

    def verdict(self, check: str) -> str:
        return next((found["verdict"] for found in self.document.get("checks", [])
                     if found["id"] == check), "")

    def failed(self) -> dict:
        return {check["id"]: check for check in self.document.get("checks", [])
                if check["verdict"] == "fail"}


def verify(host: str, arguments: tuple) -> Result:
    run = subprocess.run(["cxlvfio", "verify", "--json", "--sample", "8", *arguments, host],
                         capture_output=True, text=True)
    return Result(run.returncode, json.loads(run.stdout or "{}"), run.stderr)


def arm(case: Case) -> None:
    if case.side == "driver":
        PARAMETER.write_text(case.name)
        if case.fault:
            control("fault", case.fault + STRIKE)
    elif case.fault:
        # Holds from now on, for what happens at the reset.
        control("fault", case.name)
        control("fault", case.fault + STRIKE)
    else:
        control("fault", case.name + STRIKE)


def heal(case: Case) -> None:
    if case.side == "driver":
        PARAMETER.write_text("none")
    control("clear", "all")
    control("firmware")


def rebind(host: str) -> None:
    for command in "unbind", "bind":
        subprocess.run(["cxlvfio", command, "-q", host], check=True)


def judge(case: Case, result: Result) -> str:
    """What is wrong with how it was found; "" where nothing is."""
    failed = result.failed()
    if not case.check:
        return "" if result.status == 0 and not failed else f"accused by {', '.join(failed)}"
    if result.status != case.status:
        return f"exit status {result.status}, not {case.status}"
    if case.check not in failed:
        return f"{case.check} did not fail, but {', '.join(failed) or 'nothing'}"
    return ""


def committed() -> dict[str, dict]:
    """The catalogue, by what key() gives."""
    return {f"{row['side']} {row['name']}": row for row in json.loads(CATALOGUE.read_text())}


def row_of(case: Case) -> dict:
    """What the catalogue has to say of a case, but for what the check said."""
    return {"side": case.side, "name": case.name, "text": case.text,
            "arguments": list(case.arguments), "fault": case.fault, "check": case.check}


def differing(case: Case, rows: dict[str, dict]) -> str:
    """In what the catalogue says other things; "" where in nothing."""
    row = rows.get(key(case), {})
    return ", ".join(f"{word} {row.get(word)!r}" for word, value in row_of(case).items()
                     if row.get(word) != value)


class Lines(Tap):
    def __init__(self) -> None:
        super().__init__()
        self.passed: dict[str, bool] = {}   # checks by what they came to with nothing wrong

    def line(self, name: str, problem: str, result: Result | None = None) -> None:
        observed = [problem]
        for check in result.document.get("checks", []) if result else []:
            if check["verdict"] != "pass":
                observed += [f"{check['id']}: {check['verdict']}: {check['detail']}",
                             f"  observed {check['observed']}, expected {check['expected']}"]
        self.say(not problem, name, *observed, result.stderr if result else "")


def keep(case: Case, result: Result) -> None:
    if not FOUND.parent.is_dir():
        return
    check = result.failed().get(case.check)
    with FOUND.open("a") as found:
        json.dump({**row_of(case), "said": check["detail"] if check else ""}, found)
        found.write("\n")


def run_case(case: Case, host: str, rows: dict[str, dict] | None, tap: Lines) -> None:
    start = time.monotonic()
    for _ in range(TRIES):
        arm(case)
        if case.bind:
            rebind(host)
        result = verify(host, case.arguments)
        if result.verdict(case.check) != "skip":
            break
        heal(case)
    problem = judge(case, result)
    if not problem and rows is not None and differing(case, rows):
        problem = f"{CATALOGUE} says {differing(case, rows)}: run tests/vm/catalogue --update"
    found_by = f"is found by {case.check}" if case.check else "is no failure"
    tap.line(f"{case.side}: {case.name} {found_by}", problem, result)
    took = [f"{name} {result.cycle(name) / 1e6:.0f} ms" for name in ("reset_ns", "ready_ns")]
    print(f"# {time.monotonic() - start:.1f} s, {', '.join(took)}, failed: "
          f"{', '.join(result.failed()) or 'none'}", flush=True)
    keep(case, result)
    heal(case)
    if case.bind:
        rebind(host)


def main() -> int:
    side, *names = sys.argv[1:]
    update = "--update" in names
    names = [name for name in names if name != "--update"]
    asked = [case for case in CASES if case.side == side and (not names or case.name in names)]
    chosen = [case for case in asked if can_be(case)]
    tap, rows = Lines(), None if update else committed()
    subprocess.run(["cxlvfio", "bind", "-q", "all"], check=True)
    listed = subprocess.run(["cxlvfio", "list", "--json"], capture_output=True, check=True).stdout
    host = json.loads(listed)["endpoints"][0]["host"]
    if names:
        tap.line("all that was asked for can be tried here",
                 ", ".join(set(names) - {case.name for case in chosen}))
    for number, case in enumerate(chosen):
        run_case(case, host, rows, tap)
        # A run that is right takes as long as one that is wrong: not after each of them.
        if number % CLEAN_EVERY == CLEAN_EVERY - 1:
            right(host, [RIGHT[number // CLEAN_EVERY % len(RIGHT)]], tap)
    right(host, RIGHT, tap)
    tap.line("every check could be made of what is right",
             ", ".join(name for name, passed in tap.passed.items()
                       if not passed and name not in NEEDING))
    if not names:
        for case in asked:
            if case not in chosen:
                print(f"# {case.name} not tried: it needs {case.needs}, where its own run is")
        compare_tables(side, {case.name.split("=")[0] for case in asked
                              if case in chosen or has_own_run(case)}, rows or {}, tap)
    return tap.finish()


def right(host: str, commands: list[tuple], tap: Lines) -> None:
    for arguments in commands:
        result = verify(host, arguments)
        tap.line(f"right again, nothing is found {' '.join(arguments)}".rstrip(),
                 "" if result.status == 0 else f"exit status {result.status}", result)
        for check in result.document.get("checks", []):
            tap.passed.setdefault(check["id"], False)
            tap.passed[check["id"]] |= check["verdict"] == "pass"


def has_own_run(case: Case) -> bool:
    """Of a scenario that asks for it by name, elsewhere."""
    return any(case.name in script.read_text().split() for script in SCENARIOS.glob("wrong-*.sh"))


def of_cxl_resets() -> set[str]:
    """The faults that strike at a CXL reset alone: that kernel has a program of its own for them."""
    program = Path(__file__).with_name("cxl_reset_test.c").read_text()
    return set(re.findall(r"cxl-reset-[a-z]+|write-back-[a-z]+", program))


def compare_tables(side: str, tried: set[str], rows: dict[str, dict], tap: Lines) -> None:
    # For ever is as for 90 s, but the device cannot be had back.
    missing = (behaviours() if side == "driver" else faults()) - tried - {"all-ones"}
    missing -= of_cxl_resets()
    tap.line(f"everything wrong that the {side} can do was tried", ", ".join(missing))
    stale = {row for row in rows if row.startswith(side)} - {key(case) for case in CASES}
    tap.line("the catalogue has no others", ", ".join(stale))


def faults() -> set[str]:
    answer = subprocess.run(["endpointctl", "0", "faults"], capture_output=True, check=True).stdout
    return {fault["name"] for fault in json.loads(answer)["faults"]}


def behaviours() -> set[str]:
    """The names in tests/wrong/hooks.h, which is what the parameter takes."""
    text = Path("/src/tests/wrong/hooks.h").read_text()
    return set(re.findall(r'entry\(\w+, "([^"]+)"\)', text)) - {"none"}


if __name__ == "__main__":
    sys.exit(main())
