# SPDX-License-Identifier: GPL-2.0-or-later
"""What Linux does when somebody writes to a driver's files, done to a fixture.

A thread looks at the files of /sys/bus/pci that a kernel reacts to, every few milliseconds: what is
found in one is taken out and acted upon. How it acts can be changed while it runs.
"""
import shutil
import threading
import time
from pathlib import Path

OURS = "cxl-vfio-pci"
PARAMETERS = {"view": "both", "interface": "current"}
LOOK_SECONDS = 0.005


class FakeKernel(threading.Thread):
    def __init__(self, root: Path) -> None:
        super().__init__(daemon=True)
        self.root = root
        self.pci = root / "sys/bus/pci"
        self.refused: set = set()       # drivers whose probe fails
        self.delay = 0.0                # seconds until a driver has a device
        self.nodes = True               # VFIO makes device nodes
        self.links = True               # a driver that takes a device is linked to it
        self.vanish: set = set()        # devices that are gone when they are probed
        self.unload: set = set()        # drivers that are gone when they are to probe
        self.words: dict = {}           # driver: what it says when it refuses a device
        self.stubborn: dict = {}        # driver: what it says and keeps the device at an unbind
        self.view_bar = "4"             # the BAR that shows a window; "none": no pair is free
        self.has_views = True           # our driver is not one from before there was a choice
        self.looks = 0                  # rounds in which nothing was found to do
        self.done = threading.Event()
        (self.pci / "drivers_probe").touch()
        self.flush = root / "sys/bus/cxl/flush"
        self.flush.parent.mkdir(parents=True, exist_ok=True)
        self.flush.touch()

    def __enter__(self) -> "FakeKernel":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.join()

    def add_driver(self, name: str) -> None:
        directory = self.pci / "drivers" / name
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "bind").touch()
        (directory / "unbind").touch()
        if name == OURS:
            parameters = self.root / "sys/module/cxl_vfio_pci/parameters"
            parameters.mkdir(parents=True, exist_ok=True)
            for parameter, value in PARAMETERS.items():
                (parameters / parameter).write_text(f"{value}\n")

    def device(self, target: str) -> Path:
        return (self.pci / "devices" / target).resolve()

    def driver_of(self, target: str) -> str:
        link = self.device(target) / "driver"
        try:
            return link.readlink().name
        except FileNotFoundError:
            return ""

    def parameters(self) -> dict:
        directory = self.root / "sys/module/cxl_vfio_pci/parameters"
        return {file.name: file.read_text().strip() for file in sorted(directory.iterdir())} \
            if directory.is_dir() else {}

    def offer_of(self, target: str) -> dict:
        """What our driver says of a device that it has."""
        return {name: (self.device(target) / "cxl_vfio" / name).read_text().strip()
                for name in PARAMETERS}

    def make_old(self) -> None:
        """Our driver becomes one from before there was a choice."""
        self.has_views = False
        shutil.rmtree(self.root / "sys/module/cxl_vfio_pci/parameters")

    def override_of(self, target: str) -> str:
        text = (self.device(target) / "driver_override").read_text().strip()
        return "" if text == "(null)" else text

    def group_of(self, target: str) -> str:
        return (self.device(target) / "iommu_group").readlink().name

    def say(self, priority: int, message: str) -> None:
        """A record of /dev/kmsg, and a line of details as the kernel has them."""
        log = self.root / "dev/kmsg"
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{priority},1,1,-;{message}\n SUBSYSTEM=pci\n")

    def attach(self, target: str, driver: str) -> None:
        if driver in self.unload:
            shutil.rmtree(self.pci / "drivers" / driver)
        if driver in self.words:
            self.say(3, f"{driver} {target}: refused: {self.words[driver]}")
            self.say(3, f"{driver} {target}: probe with driver {driver} failed with error -6")
        if driver in self.refused | set(self.words) or not (self.pci / "drivers" / driver).is_dir():
            return
        time.sleep(self.delay)
        device = self.device(target)
        if driver == OURS:
            self.make_vfio(device, target)
        if self.links or driver != OURS:
            (device / "driver").symlink_to(self.pci / "drivers" / driver)

    def make_vfio(self, device: Path, target: str) -> None:
        attributes = device / "cxl_vfio"
        attributes.mkdir()
        (attributes / "state").write_text("closed\n")
        if self.has_views:
            offer = self.parameters()
            if self.view_bar == "none":
                offer["view"] = "region"
            for name, value in {**offer, "view_bar": self.view_bar}.items():
                (attributes / name).write_text(f"{value}\n")
        if not self.nodes:
            return
        group = self.group_of(target)
        (device / "vfio-dev/vfio0").mkdir(parents=True)
        for path in (f"sys/class/vfio/{group}/dev", f"dev/vfio/{group}"):
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text("240:0\n")

    def detach(self, target: str) -> None:
        device = self.device(target)
        if self.driver_of(target) == OURS:
            group = self.group_of(target)
            for path in (device / "cxl_vfio", device / "vfio-dev",
                         self.root / f"sys/class/vfio/{group}"):
                shutil.rmtree(path, ignore_errors=True)
            (self.root / f"dev/vfio/{group}").unlink(missing_ok=True)
        (device / "driver").unlink(missing_ok=True)

    def remove(self, target: str) -> None:
        self.detach(target)
        (self.pci / "devices" / target).unlink()

    def unbind(self, target: str, driver: str) -> None:
        if driver in self.stubborn:
            self.say(5, f"{driver} {target}: {self.stubborn[driver]}")
        elif self.driver_of(target) == driver:
            self.detach(target)

    def probe(self, target: str) -> None:
        if target in self.vanish:
            self.remove(target)
        else:
            driver = self.override_of(target)
            if driver and not self.driver_of(target):
                self.attach(target, driver)

    @staticmethod
    def take(file: Path) -> str:
        """What was written to FILE since the last look; a driver may go at any moment."""
        try:
            text = file.read_text()
        except (FileNotFoundError, NotADirectoryError):
            return ""
        if text:
            file.write_text("")
        return text.strip()

    def look(self) -> bool:
        """Whether there was anything to do."""
        target = busy = self.take(self.pci / "drivers_probe")
        if target:
            self.probe(target)
        for directory in (self.pci / "drivers").glob("*"):
            target = self.take(directory / "unbind")
            busy += target
            if target:
                self.unbind(target, directory.name)
            target = self.take(directory / "bind")
            busy += target
            if target and not self.driver_of(target):
                self.attach(target, directory.name)
        busy += self.take(self.flush)
        for file in (self.root / "sys/bus/cxl/devices").glob("*/delete_region"):
            region = self.take(file)
            busy += region
            if region:
                shutil.rmtree(file.parent / region)
                (self.root / "sys/bus/cxl/devices" / region).unlink()
        for device in (self.pci / "devices").iterdir():
            if self.take(device / "remove"):
                self.remove(device.name)
        return bool(busy)

    def run(self) -> None:
        while not self.done.is_set():
            self.looks += not self.look()
            time.sleep(LOOK_SECONDS)

    def settle(self) -> None:
        """Wait until all is done that was written before: a real kernel does it at once."""
        until = self.looks + 2
        while self.looks < until and self.is_alive():
            time.sleep(LOOK_SECONDS)
