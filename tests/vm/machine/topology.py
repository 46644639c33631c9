# SPDX-License-Identifier: GPL-2.0-or-later
"""Where everything of a requested topology lies, and the firmware table that says so.

A vfio-user device cannot sit behind QEMU's own CXL windows, so HDM is guest RAM above 4 GiB that
the kernel is told to leave alone and that the CEDT declares to be CXL fixed memory windows.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

MIB = 1 << 20
GIB = 1 << 30

WINDOW_GRANULARITY = 256 * MIB  # of a CXL fixed window and of an HDM decoder
RAM_LOW = 2 * GIB  # q35 puts so much below 4 GiB once there is more than it could put there
RAM_HIGH_BASE = 4 * GIB
RAM_HIGH_ORDINARY = 1 * GIB  # less, and q35 would put everything below 4 GiB

VIRT_RAM = 3 * GIB  # from 1 GiB on
VIRT_SLOTS = 4 * GIB  # right above it
VIRT_WINDOW_MAXIMUM = VIRT_SLOTS  # as aligned as it is big
VIRT_REGISTERS = 256 * GIB + 64 * MIB  # above whatever a small machine could have, and the GIC's

CHBS_SIZE = 0x10000  # component registers of one host bridge
FIRST_BUS = 0x0C
BUSES_PER_BRIDGE = 0x40

CEDT_CHBS = 0
CEDT_CFMWS = 1
CHBS_CXL_2 = 1
# Device-coherent and host-only memory, volatile and persistent: what QEMU's own windows allow.
CFMWS_RESTRICTIONS = 0x0F


@dataclass(frozen=True)
class Layout:
    """Where a machine has what endpoints need."""

    windows: int  # address of the first
    windows_offset: int  # of it in the file behind the guest's memory
    ram_size: int  # as QEMU's -m has it
    file_size: int
    registers: int  # the block of the host bridge that was made last


@dataclass(frozen=True)
class HostBridge:
    """A pxb-cxl; its uid is its bus number, in ACPI as on its first bus."""

    index: int
    bus: int
    registers: int


@dataclass(frozen=True)
class Endpoint:
    index: int
    bridge: HostBridge
    port: int  # number of its root port, unique in its host bridge
    base: int
    size: int
    serial: int
    memory_offset: int  # of its memory in the file behind the guest's


@dataclass(frozen=True)
class Topology:
    bridges: list[HostBridge]
    endpoints: list[Endpoint]
    layout: Layout

    def below(self, bridge: HostBridge) -> list[Endpoint]:
        return [endpoint for endpoint in self.endpoints if endpoint.bridge is bridge]


def align_up(value: int, alignment: int) -> int:
    return (value + alignment - 1) // alignment * alignment


def pc_layout(count: int, stride: int) -> Layout:
    """Of QEMU's "q35": the windows are the end of its RAM, and the register blocks right above."""
    windows = align_up(RAM_HIGH_BASE + RAM_HIGH_ORDINARY, stride)
    end = windows + count * stride
    size = RAM_LOW + end - RAM_HIGH_BASE
    return Layout(windows, RAM_LOW + windows - RAM_HIGH_BASE, size, size, end)


def virt_layout(count: int, stride: int) -> Layout:
    """Of QEMU's "virt" for arm64, where a kernel cannot be told to leave a part of its RAM alone:
    the windows are memory in slots, which firmware does not use."""
    return Layout(VIRT_SLOTS, VIRT_RAM, VIRT_RAM, VIRT_RAM + count * stride, VIRT_REGISTERS)


def build(
    endpoint_count: int,
    bridge_count: int,
    hdm_size: int,
    serials: list[int] | None = None,
    lay_out: Callable[[int, int], Layout] = pc_layout,
) -> Topology:
    """SERIALS are those of the first endpoints; the others have numbers of their own."""
    numbers = dict(enumerate(serials or []))
    # As aligned as it is big, so that the largest page size can map it.
    stride = 1 << (hdm_size - 1).bit_length()
    layout = lay_out(endpoint_count, stride)
    bridges = [
        HostBridge(
            index=i,
            bus=FIRST_BUS + i * BUSES_PER_BRIDGE,
            # The bridge that was made last comes first.
            registers=layout.registers + (bridge_count - 1 - i) * CHBS_SIZE,
        )
        for i in range(bridge_count)
    ]
    endpoints = [
        Endpoint(
            index=i,
            bridge=bridges[i % bridge_count],
            port=i // bridge_count,
            base=layout.windows + i * stride,
            size=hdm_size,
            serial=numbers.get(i, 0x1000 + i),
            memory_offset=layout.windows_offset + i * stride,
        )
        for i in range(endpoint_count)
    ]
    return Topology(bridges, endpoints, layout)


def cedt(topology: Topology) -> bytes:
    """The CXL early discovery table (CXL 3.1, 9.18.1), to replace QEMU's."""
    body = b""
    for bridge in topology.bridges:
        body += struct.pack(
            "<BxHII4xQQ", CEDT_CHBS, 0x20, bridge.bus, CHBS_CXL_2, bridge.registers, CHBS_SIZE
        )
    for endpoint in topology.endpoints:
        body += struct.pack(
            "<BxH4xQQBB2xIHHI",
            CEDT_CFMWS, 0x28, endpoint.base, endpoint.size,
            0, 0, 0,  # one way, modulo arithmetic, 256 bytes
            CFMWS_RESTRICTIONS, 0, endpoint.bridge.bus,
        )
    # The kernel replaces a table by one of the same names and a higher OEM revision; QEMU's is 1.
    header = struct.pack(
        "<4sIBB6s8sI4sI",
        b"CEDT", 36 + len(body), 1, 0, b"BOCHS ", b"BXPC    ", 2, b"CXLV", 1,
    )
    table = bytearray(header + body)
    table[9] = -sum(table) & 0xFF
    return bytes(table)


def guest_configuration(topology: Topology) -> str:
    """What the guest's init programs as firmware would: one line a bridge, one a decoder."""
    lines = []
    for bridge in topology.bridges:
        lines.append(f"bridge {bridge.registers:#x}")
        for decoder, endpoint in enumerate(topology.below(bridge)):
            lines.append(
                f"decoder {decoder} {endpoint.base:#x} {endpoint.size:#x} {endpoint.port}"
            )
    return "".join(line + "\n" for line in lines)
