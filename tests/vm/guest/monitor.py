#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run in a guest by scenarios/monitor.sh: does monitor tell everything that happens?

    monitor.py OPERATIONS [SEED]

Endpoints are bound, unbound, opened, closed, reset, broken, repaired, pulled out and found again,
OPERATIONS times at random, while `cxlvfio monitor --json` runs. Its events, applied to its first
state, must then be what `cxlvfio list --json` says. Then a reader that is too slow. Prints TAP.
"""
import fcntl
import json
import random
import select
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]
from tap import Tap  # noqa: E402  (nothing is left in the source tree)
from vfio import Device  # noqa: E402

PCI = Path("/sys/bus/pci")
DRIVER = "cxl-vfio-pci"
KEYS = {"schema_version", "sequence", "time", "monotonic_ns", "event", "host", "message", "remaining",
        "hidden", "finding", "before", "after"}
# What cxlvfio-monitor(1) says may be older.
COUNTERS = {"generation", "zap_count", "reactivate_count", "refuse_count", "repair_count", "last_path",
            "scrub_bytes"}
# For a reading, on a machine that is busy.
PATIENCE = 300
STORM = 20000
INSTANCES = Path("/sys/kernel/tracing/instances")
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
IDLE_SECONDS = 60
MEMORY_MAX = 5 << 10            # KiB
WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")
# linux/pci_regs.h: PCI_ERR_COR_RCVR
RECEIVER_ERROR = 1


def write(path: Path, text: str) -> None:
    """What cannot be done now is not done: the next operation is another one."""
    try:
        path.write_text(text)
    except OSError:
        pass


def comparable(endpoint: dict) -> dict:
    """Without what may be older; and without libcxl, which may not answer in time when it is busy."""
    driver = endpoint["cxl_vfio"]
    counted = driver and {key: value for key, value in driver.items() if key not in COUNTERS}
    found_by = [name for name in endpoint["found_by"] if name != "libcxl"]
    return {**endpoint, "cxl_vfio": counted, "found_by": found_by, "libcxl": None}


class Endpoint:
    def __init__(self, number: int, host: str) -> None:
        self.number, self.host = number, host
        self.device = PCI / "devices" / host
        self.open: Device | None = None

    def emulator(self, *words: str) -> None:
        subprocess.run(["tests/vm/guest/endpointctl", str(self.number), *words], check=True,
                       stdout=subprocess.DEVNULL)

    def bind(self) -> None:
        write(self.device / "driver_override", DRIVER)
        write(PCI / "drivers_probe", self.host)

    def unbind(self) -> None:
        self.close()
        write(PCI / "drivers" / DRIVER / "unbind", self.host)

    def open_it(self) -> None:
        if self.open or not (self.device / "cxl_vfio").exists():
            return
        try:
            self.open = Device(self.host)
        except OSError:
            pass

    def close(self) -> None:
        if self.open:
            self.open.close()
        self.open = None

    def reset(self) -> None:
        try:
            if self.open:
                self.open.reset()
        except OSError:
            pass

    def break_it(self) -> None:
        self.emulator("fault", "decoder-lost")
        self.reset()

    def repair(self) -> None:
        self.emulator("clear", "all")
        self.emulator("firmware")
        self.reset()

    def pull(self) -> None:
        self.close()
        write(self.device / "remove", "1")

    def put_in(self) -> None:
        write(PCI / "rescan", "1")

    def pull_out(self) -> None:
        self.pull()
        self.put_in()

    def inject_error(self) -> None:
        """As drivers/pci/pcie/aer_inject.c reads it; the kernel counts a correctable error."""
        domain, bus, place = self.host.split(":")
        device, function = place.split(".")
        try:
            Path("/dev/aer_inject").write_bytes(struct.pack(
                "<BBBxII16xI", int(bus, 16), int(device, 16), int(function, 16), 0, RECEIVER_ERROR,
                int(domain, 16)))
        except OSError:
            pass

    def vanish(self) -> None:
        """Pulled out without a word: it reads as ones before the kernel takes it away."""
        self.close()
        self.emulator("present", "off")
        time.sleep(0.2)
        write(self.device / "remove", "1")
        self.emulator("present", "on")
        self.put_in()

    OPERATIONS = (bind, bind, unbind, open_it, open_it, close, reset, break_it, repair, pull_out,
                  vanish, inject_error)


class Monitor:
    """`cxlvfio monitor --json`, read by a thread."""

    def __init__(self, read: bool = True, prefix: tuple = ()) -> None:
        self.process = subprocess.Popen([*prefix, "cxlvfio", "monitor", "--json"],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines: list = []
        self.thread = threading.Thread(target=self.read)
        if read:
            self.thread.start()

    def read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line)

    def wait_for_rest(self, wanted: object) -> bool:
        """Until what it told is WANTED, or it says nothing more."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if applied(self.events()) == wanted:
                return True
            time.sleep(1)
        return False

    def wait_for(self, kind: str, host: str | None) -> bool:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if any((event["event"], event["host"]) == (kind, host) for event in self.events()):
                return True
            time.sleep(0.1)
        return False

    def wait_for_any(self) -> None:
        end = time.monotonic() + PATIENCE
        while not self.lines and time.monotonic() < end:
            time.sleep(0.1)

    def events(self) -> list:
        return [json.loads(line) for line in list(self.lines)]

    def end(self) -> int:
        self.process.terminate()
        status = self.process.wait(timeout=PATIENCE)
        self.thread.join()
        return status


def applied(events: list) -> dict:
    """As cxlvfio-monitor(1) says."""
    endpoints: dict = {}
    for event in events:
        kind, host = event["event"], event["host"]
        if kind == "lost_events":
            endpoints = {}
        elif host is None:
            continue            # the snapshot of no endpoint
        elif kind in ("snapshot", "appeared"):
            endpoints[host] = event["after"]
        elif kind == "gone":
            del endpoints[host]
        else:
            endpoints[host].update(event["after"])
    return {host: comparable(endpoint) for host, endpoint in endpoints.items()}


def listed() -> dict:
    result = subprocess.run(["cxlvfio", "list", "--json"], capture_output=True, check=True,
                            timeout=PATIENCE)
    return {endpoint["host"]: comparable(endpoint)
            for endpoint in json.loads(result.stdout)["endpoints"]}


def difference(wanted: dict, got: dict) -> list:
    found = [f"endpoints {sorted(wanted)}, told {sorted(got)}"]
    for host in sorted(set(wanted) & set(got)):
        found += [f"{host} {key}: {wanted[host].get(key)!r}, told {got[host].get(key)!r}"
                  for key in wanted[host] if wanted[host].get(key) != got[host].get(key)]
    return found


def check_each_kind(tap: Tap, monitor: Monitor, endpoint: Endpoint) -> None:
    """One change at a time, and the next only when it was told: of two at once, as of a device that
    is pulled and found again, nothing is told that is as it was.
    """
    missing = []
    for kind, operation in (
            ("snapshot", endpoint.unbind), ("bound", endpoint.bind), ("opened", endpoint.open_it),
            ("state", endpoint.break_it), ("closed", endpoint.close), ("unbound", endpoint.unbind),
            ("gone", endpoint.pull), ("appeared", endpoint.put_in),
            ("error", endpoint.inject_error)):
        operation()
        if not monitor.wait_for(kind, endpoint.host):
            missing.append(kind)
    endpoint.repair()
    tap.say(not missing, "each kind of change is told", missing, monitor.lines[-3:])


def check_broken_contract(tap: Tap, monitor: Monitor) -> None:
    events = monitor.events()
    tap.say(all(line.endswith(b"\n") for line in monitor.lines), "no line is torn",
            monitor.lines[-1:])
    tap.say(all(set(event) == KEYS for event in events), "each has all keys",
            [event for event in events if set(event) != KEYS][:1])
    tap.same("they are numbered", list(range(1, len(events) + 1)),
             [event["sequence"] for event in events])
    held = [event for event in events if event["before"] and event["after"]]
    tap.say(all(set(event["before"]) == set(event["after"]) for event in held),
            "before and after have the same members")
    # Applied one by one, what was before is what was told last.
    endpoints: dict = {}
    wrong = []
    for event in events:
        known = endpoints.get(event["host"])
        if event["host"] is None:
            continue
        if event["event"] in ("snapshot", "appeared"):
            endpoints[event["host"]] = dict(event["after"])
        elif event["event"] == "gone":
            wrong += [event] * (endpoints.pop(event["host"]) != event["before"])
        else:
            wrong += [event] * any(known[key] != value for key, value in event["before"].items())
            known.update(event["after"])
    tap.say(not wrong, "each event begins where the last one ended", wrong[:1])


def check_nobody(tap: Tap, endpoint: Endpoint) -> None:
    """Who may read sysfs, and no more: an endpoint without a driver is hidden from them."""
    endpoint.bind()
    monitor = Monitor(prefix=NOBODY)
    missing = []
    for kind, operation in (("snapshot", endpoint.bind), ("gone", endpoint.unbind),
                            ("appeared", endpoint.bind)):
        operation()
        if not monitor.wait_for(kind, endpoint.host):
            missing.append(kind)
    tap.say(not missing, "nobody is told of what everybody may read", missing, monitor.lines[-3:])
    monitor.end()


def check_at_rest(tap: Tap) -> None:
    """Where nothing happens the two say the same, word for word: also what comparable() leaves out."""
    for _ in range(10):
        results = [subprocess.run(["cxlvfio", *words, "--json"], capture_output=True, check=True,
                                  timeout=PATIENCE).stdout for words in (("monitor", "--once"), ("list",))]
        told = [json.loads(line)["after"] for line in results[0].splitlines()]
        wanted = json.loads(results[1])["endpoints"]
        # libcxl has two seconds to answer, which this machine may not have.
        if told == wanted and all(endpoint["libcxl"] for endpoint in wanted):
            break
    tap.say(told == wanted and bool(wanted), "at rest monitor and list say the same of everything",
            *difference({each["host"]: each for each in wanted}, {each["host"]: each for each in told}))
    tap.say(all(endpoint["libcxl"] for endpoint in wanted), "with what libcxl says",
            [endpoint["libcxl"] for endpoint in wanted])


def check_idle(tap: Tap, endpoints: list) -> None:
    """Endpoints that are bound, one of them open: nobody wakes it for a minute."""
    for each in endpoints:
        each.bind()
    endpoints[0].open_it()
    monitor = Monitor()
    status = Path(f"/proc/{monitor.process.pid}/status")

    def number(name: str) -> int:
        return int(next(line.split()[1] for line in status.read_text().splitlines()
                        if line.startswith(name)))

    def switches() -> int:
        return number("voluntary_ctxt_switches")

    monitor.wait_for("snapshot", endpoints[-1].host)
    before = -1
    while before != switches():
        before = switches()
        time.sleep(5)
    time.sleep(IDLE_SECONDS)
    after, memory = switches(), number("VmRSS")
    tap.same(f"in {IDLE_SECONDS} s in which nothing happens nothing wakes it", before, after)
    tap.say(endpoints[0].open is not None and memory < MEMORY_MAX,
            f"with endpoints that are bound and open it takes {memory} KiB, less than 5 MiB", memory)
    monitor.end()
    endpoints[0].close()


def check_few_watches(tap: Tap, endpoint: Endpoint) -> None:
    """The kernel gives this user no watch: said once, and the rest is told."""
    endpoint.bind()
    most = WATCHES.read_text()
    WATCHES.write_text("0")
    monitor = Monitor()
    monitor.wait_for("snapshot", endpoint.host)
    endpoint.unbind()
    told = monitor.wait_for("unbound", endpoint.host)
    endpoint.bind()
    told = monitor.wait_for("bound", endpoint.host) and told
    monitor.end()
    WATCHES.write_text(most)
    errors = monitor.process.stderr.read().decode()
    tap.say(told and errors.count("fs.inotify.max_user_watches") == 1 and "ENOSPC" in errors,
            "where the kernel gives it no watch it says so once, and goes on", told, errors)


def check_trace_again(tap: Tap, endpoint: Endpoint) -> None:
    """The CXL core's events are off when it was loaded anew: they are followed again."""
    monitor = Monitor()
    monitor.wait_for_any()
    (instance,) = INSTANCES.iterdir()
    switch = instance / "events/cxl/enable"
    before = switch.read_text().strip()
    switch.write_text("0")
    endpoint.unbind()
    endpoint.bind()
    end = time.monotonic() + PATIENCE
    while switch.read_text().strip() != "1" and time.monotonic() < end:
        time.sleep(0.1)
    tap.same("trace events of the CXL core are followed, and again where they were off",
             ["1", "1"], [before, switch.read_text().strip()])
    monitor.end()


def check_lines(tap: Tap, monitor: Monitor) -> None:
    """events.jq of share/examples, on what really happened."""
    result = subprocess.run(["jq", "-r", "-f", "share/examples/events.jq"],
                            input=b"".join(monitor.lines), capture_output=True, timeout=PATIENCE)
    lines = result.stdout.decode().splitlines()
    tap.say(result.returncode == 0 and len(lines) == len(monitor.lines) and
            not [line for line in lines if line.endswith("?") or "null" in line],
            "events.jq has a line for each", result.stderr.decode(), len(lines), len(monitor.lines),
            [line for line in lines if line.endswith("?") or "null" in line][:3])


def check_left_over(tap: Tap) -> None:
    """What one that was killed left in tracefs, the next one takes away."""
    monitor = Monitor()
    monitor.wait_for_any()
    left = {path.name for path in INSTANCES.iterdir()}
    monitor.process.kill()
    monitor.process.wait()
    monitor.thread.join()
    second = Monitor()
    second.wait_for_any()
    there = {path.name for path in INSTANCES.iterdir()}
    second.end()
    tap.say(len(left) == 1 and len(there) == 1 and not left & there,
            "a monitor that is killed leaves an instance of tracefs until the next one", left, there)
    tap.same("one that ends leaves none", [], [path.name for path in INSTANCES.iterdir()])


def check_slow_reader(tap: Tap, endpoints: list) -> None:
    """Nobody reads while more happens than the kernel keeps for a program."""
    monitor = Monitor(read=False)
    # What fits no page is written while it is read.
    fcntl.fcntl(monitor.process.stdout, fcntl.F_SETPIPE_SZ, 4096)
    # It has begun: what happens from now on is its to tell.
    select.select([monitor.process.stdout], [], [], PATIENCE)
    for number in range(STORM):
        write(endpoints[0].device / "uevent", "change")
        if number % (STORM // 10) == 0:
            endpoints[0].unbind() if number % (STORM // 5) else endpoints[0].bind()
    endpoints[0].bind()
    monitor.thread.start()
    wanted = listed()
    # What it told at first looks as in the end.
    monitor.wait_for("lost_events", None)
    same = monitor.wait_for_rest(wanted)
    events = monitor.events()
    kinds = [event["event"] for event in events]
    after_loss = kinds[kinds.index("lost_events") + 1:] if "lost_events" in kinds else []
    tap.say(after_loss[:len(endpoints)] == ["snapshot"] * len(endpoints),
            "a reader who missed something is told, and then of everything", kinds)
    tap.say(same, "and knows in the end what is so", *difference(wanted, applied(events)))
    monitor.end()


def main() -> int:
    operations = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    print(f"# seed {seed}", flush=True)
    chance = random.Random(seed)
    tap = Tap()
    hosts = sorted(listed())
    endpoints = [Endpoint(number, host) for number, host in enumerate(hosts)]
    monitor = Monitor()
    check_each_kind(tap, monitor, endpoints[0])
    for number in range(operations):
        if number and number % 1000 == 0:
            print(f"# {number} operations", flush=True)
        chance.choice(Endpoint.OPERATIONS)(chance.choice(endpoints))
        # Sometimes at once, sometimes after it was told.
        time.sleep(chance.choice((0, 0, 0.01, 0.3)))
    for each in endpoints:
        each.repair()
        each.pull_out()
    wanted = listed()
    same = monitor.wait_for_rest(wanted)
    events = monitor.events()
    tap.say(same, f"{operations} operations: {len(events)} events make what the list says",
            *difference(wanted, applied(events)))
    status = monitor.end()
    tap.say(status == -15 and not monitor.process.stderr.read(), "SIGTERM ends it, without a word",
            status)
    check_broken_contract(tap, monitor)
    check_lines(tap, monitor)
    check_at_rest(tap)
    check_idle(tap, endpoints)
    check_few_watches(tap, endpoints[0])
    check_trace_again(tap, endpoints[0])
    check_nobody(tap, endpoints[0])
    check_left_over(tap)
    check_slow_reader(tap, endpoints)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
