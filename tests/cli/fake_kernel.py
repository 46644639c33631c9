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
LOOK_SECONDS = 0.005


class FakeKernel(threading.Thread):
    def __init__(self, root: Path) -> None:
        super().__init__(daemon=True)
        self.root = root
        self.pci = root / "sys/bus/pci"
        self.refused: set = set()       # drivers whose probe fails
        self.delay = 0.0                # seconds until a driver has a device
        self.nodes = True               # VFIO makes device nodes
        self.vanish: set = set()        # devices that are gone when they are probed
        self.done = threading.Event()
        (self.pci / "drivers_probe").touch()

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

    def device(self, target: str) -> Path:
        return (self.pci / "devices" / target).resolve()

    def driver_of(self, target: str) -> str:
        link = self.device(target) / "driver"
        return link.readlink().name if link.is_symlink() else ""

    def override_of(self, target: str) -> str:
        text = (self.device(target) / "driver_override").read_text().strip()
        return "" if text == "(null)" else text

    def group_of(self, target: str) -> str:
        return (self.device(target) / "iommu_group").readlink().name

    def attach(self, target: str, driver: str) -> None:
        if driver in self.refused or not (self.pci / "drivers" / driver).is_dir():
            return
        time.sleep(self.delay)
        device = self.device(target)
        if driver == OURS:
            self.make_vfio(device, target)
        (device / "driver").symlink_to(self.pci / "drivers" / driver)

    def make_vfio(self, device: Path, target: str) -> None:
        attributes = device / "cxl_vfio"
        attributes.mkdir()
        (attributes / "state").write_text("closed\n")
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

    def probe(self, target: str) -> None:
        if target in self.vanish:
            (self.pci / "devices" / target).unlink()
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

    def look(self) -> None:
        target = self.take(self.pci / "drivers_probe")
        if target:
            self.probe(target)
        for directory in (self.pci / "drivers").glob("*"):
            target = self.take(directory / "unbind")
            if target and self.driver_of(target) == directory.name:
                self.detach(target)
            target = self.take(directory / "bind")
            if target and not self.driver_of(target):
                self.attach(target, directory.name)

    def run(self) -> None:
        while not self.done.is_set():
            self.look()
            time.sleep(LOOK_SECONDS)
