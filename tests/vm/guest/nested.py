# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest inside the machine: an unmodified QEMU that has the endpoint, as a person would start it.

In it runs the kernel of tests/vm/guest-kernel with one process, guest/nested_init.c, which does
what it is asked for over a serial port.
"""
import json
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "machine"))
from initramfs import Archive  # noqa: E402  (nothing is left in the source tree)

KERNEL = "/boot/guest-vmlinux"
INIT = "/src/build/sandbox/tests/vm/nested_init"
# No calibration and no check that takes emulated time.
PARAMETERS = "console=ttyS0 quiet panic=-1 no_timer_check lpj=1000000"
MEMORY = "64M"
ALL = 16                # strides of write and check: everything ...
PAGES = 4096            # ... or the begin of each page
COUNTERS = {"zap": "zap_count", "reactivate": "reactivate_count", "refuse": "refuse_count",
            "generation": "generation"}
# What a person would type before the endpoint's own -device.
ROOT_PORT = ("-device", "pcie-root-port,id=rp,pref64-reserve=1G")
TURN = 1.0              # seconds between two looks at a QEMU that starts
LIMIT = 1200.0          # seconds for anything: it hangs, or the machine is very busy


class Ended(Exception):
    """QEMU is gone."""


class Failed(Exception):
    """What was asked for is not possible; says why."""


def initramfs() -> bytes:
    archive = Archive()
    archive.file("init", Path(INIT).read_bytes(), 0o755)
    return archive.finish()


class Lines:
    """A connection of QEMU's to us, as lines."""

    def __init__(self, path: Path) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.listener.settimeout(TURN)
        self.connection: socket.socket | None = None
        self.buffer = b""

    def accept(self, qemu: subprocess.Popen) -> None:
        while not self.connection:
            try:
                self.connection, _ = self.listener.accept()
            except TimeoutError as error:
                if qemu.poll() is not None:
                    raise Ended from error
        self.connection.settimeout(LIMIT)

    def send(self, line: str) -> None:
        try:
            self.connection.sendall(line.encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Ended from error

    def receive(self) -> str:
        while b"\n" not in self.buffer:
            try:
                data = self.connection.recv(65536)
            except ConnectionResetError as error:
                raise Ended from error
            if not data:
                raise Ended
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode(errors="replace").strip()


class Endpoint:
    """The machine's only one, as the machine sees it."""

    def __init__(self) -> None:
        listed = subprocess.run(["cxlvfio", "list", "--json"], capture_output=True, check=True)
        self.host = json.loads(listed.stdout)["endpoints"][0]["host"]
        self.attributes = Path("/sys/bus/pci/devices") / self.host / "cxl_vfio"

    def get(self, name: str) -> str:
        return (self.attributes / name).read_text().strip()

    def window_size(self) -> int:
        return int(self.get("window_size"), 0)

    def sizes(self) -> tuple[int, int]:
        """Of the BAR that shows the window, and of the window."""
        window = self.window_size()
        return 1 << (window - 1).bit_length(), window

    def counts(self) -> dict[str, int]:
        return {name: int(self.get(attribute)) for name, attribute in COUNTERS.items()}

    @staticmethod
    def control(*words: str) -> None:
        """A line to the device itself."""
        subprocess.run(["endpointctl", "0", *words], check=True, stdout=subprocess.PIPE)


class Guest:
    def __init__(self, *devices: str) -> None:
        """DEVICES are QEMU's options for what it has besides processor and memory."""
        self.directory = Path(tempfile.mkdtemp(prefix="guest-", dir="/run"))
        (self.directory / "initramfs").write_bytes(initramfs())
        self.port = Lines(self.directory / "port")
        self.monitor = Lines(self.directory / "monitor")
        self.log = self.directory / "qemu.log"
        self.console = self.directory / "console.log"
        self.events: list[str] = []
        self.devices = devices
        with open(self.log, "wb") as log:
            self.qemu = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log,
                                         stderr=log)
        self.port.accept(self.qemu)
        self.monitor.accept(self.qemu)
        self.monitor.receive()
        self.command_monitor("qmp_capabilities")

    def command(self) -> list[str]:
        return [
            "qemu-system-x86_64", "-M", "q35", "-m", MEMORY, "-nodefaults", "-display", "none",
            # Its kernel has no ACPI: slots are those of PCI Express.
            "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
            "-kernel", KERNEL, "-initrd", str(self.directory / "initramfs"),
            "-append", PARAMETERS,
            "-serial", f"file:{self.console}",
            "-serial", f"unix:{self.directory / 'port'}",
            "-qmp", f"unix:{self.directory / 'monitor'}",
            *self.devices,
        ]

    def said(self) -> str:
        """Every message of QEMU's."""
        return self.log.read_text(errors="replace")

    def wait_ready(self) -> None:
        while self.port.receive() != "ready":
            pass

    def ask(self, *words: object) -> list[str]:
        self.port.send(" ".join(map(str, words)))
        return self.answer()

    def answer(self) -> list[str]:
        verdict, *words = self.port.receive().split()
        if verdict != "ok":
            raise Failed(" ".join(words))
        return words

    def map(self, sizes: tuple[int, int]) -> tuple[str, str]:
        """The guest's name of the function that has a BAR of this size, the first of Endpoint's
        sizes(), and its index; mapped."""
        name, index = self.ask("find", *sizes)
        self.ask("set", "enable", 1)
        self.ask("map")
        return name, index

    def plug(self, device: str) -> None:
        """DEVICE as for QEMU's -device; the guest takes it in when it is told that it is there."""
        driver, *options = device.split(",")
        self.command_monitor("device_add", driver=driver,
                             **dict(option.split("=", 1) for option in options))

    def wait_mapped(self, sizes: tuple[int, int]) -> tuple[str, str]:
        """As map(), once the guest has taken in what was plugged."""
        end = time.monotonic() + LIMIT
        while True:
            try:
                return self.map(sizes)
            except Failed:
                if time.monotonic() > end:
                    raise
            time.sleep(TURN / 5)

    def wrong(self, tag: int, stride: int) -> list[str]:
        """What the guest reads that is not the words of the tag; empty if all are."""
        return self.blocks(self.ask("check", tag, stride))

    @staticmethod
    def blocks(answer: list[str]) -> list[str]:
        count, first, got = answer
        return [] if count == "0" else [f"{count} blocks of 4 KiB, the first at {first}: {got}"]

    def command_monitor(self, name: str, **arguments: object) -> None:
        self.monitor.send(json.dumps({"execute": name, "arguments": arguments}))
        while True:
            message = json.loads(self.monitor.receive())
            if "error" in message:
                raise Failed(f"{name}: {message['error']['desc']}")
            if "return" in message:
                return
            self.events.append(message["event"])

    def wait_event(self, name: str) -> None:
        while name not in self.events:
            self.events.append(json.loads(self.monitor.receive()).get("event"))
        self.events.remove(name)

    def wait_end(self) -> int:
        """QEMU's exit status; negative if a signal ended it."""
        return self.qemu.wait(LIMIT)

    def kill(self) -> None:
        self.qemu.kill()
        self.qemu.wait()
