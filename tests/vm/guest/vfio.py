# SPDX-License-Identifier: GPL-2.0-or-later
"""A user of an endpoint in Python, through the group interface of VFIO: open, reset, configure."""
import fcntl
import os
import struct
from pathlib import Path

# linux/vfio.h: _IO(';', 100 + n)
GROUP_SET_CONTAINER, SET_IOMMU, GROUP_GET_DEVICE_FD, DEVICE_RESET = 0x3b68, 0x3b66, 0x3b6a, 0x3b6f
TYPE1V2_IOMMU = 3
CONFIG = 7 << 40                # VFIO_PCI_CONFIG_REGION_INDEX
COMMAND, MEMORY = 4, 2          # linux/pci_regs.h


class Device:
    """Open until close(), or the end of a "with"."""

    def __init__(self, host: str) -> None:
        group = (Path("/sys/bus/pci/devices") / host / "iommu_group").resolve().name
        self.container = os.open("/dev/vfio/vfio", os.O_RDWR)
        self.group = os.open(f"/dev/vfio/{group}", os.O_RDWR)
        fcntl.ioctl(self.group, GROUP_SET_CONTAINER, struct.pack("i", self.container))
        fcntl.ioctl(self.container, SET_IOMMU, TYPE1V2_IOMMU)
        # Of an immutable buffer it would return a copy, and not what the kernel does.
        self.device = fcntl.ioctl(self.group, GROUP_GET_DEVICE_FD, bytearray(host.encode() + b"\0"))

    def reset(self) -> None:
        fcntl.ioctl(self.device, DEVICE_RESET)

    def memory(self, on: bool) -> None:
        command = struct.unpack("<H", os.pread(self.device, 2, CONFIG + COMMAND))[0]
        command = command | MEMORY if on else command & ~MEMORY
        os.pwrite(self.device, struct.pack("<H", command), CONFIG + COMMAND)

    def close(self) -> None:
        for descriptor in (self.device, self.group, self.container):
            os.close(descriptor)

    def __enter__(self) -> "Device":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
