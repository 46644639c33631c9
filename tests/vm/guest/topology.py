#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run in the guest by tests/vm/test_machine.sh: is the topology the one that was asked for?

argv: endpoints, host bridges, size of each HDM window. Prints TAP; binds every endpoint, because
the CXL core looks at host bridge decoders only when there is an endpoint to attach.
"""

import json
import re
import struct
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tap import Tap  # noqa: E402  (nothing is left in the source tree)

DEVICES = Path("/sys/bus/pci/devices")
DRIVER = "cxl-vfio-pci"
CLASS = "0x120000"
CHBS, CFMWS = 0, 1


tap = Tap()


def check(condition: bool, name: str, *details: object) -> None:
    tap.say(condition, f"topology: {name}", *details)


def records(table: bytes, kind: int) -> list[bytes]:
    found, offset = [], 36
    while offset < len(table):
        this, length = struct.unpack_from("<BxH", table, offset)
        if this == kind:
            found.append(table[offset : offset + length])
        offset += length
    return found


def register_blocks(table: bytes) -> dict[int, int]:
    """Address of the component registers by the host bridge's uid."""
    return {
        struct.unpack_from("<I", record, 4)[0]: struct.unpack_from("<Q", record, 16)[0]
        for record in records(table, CHBS)
    }


def qemu_table() -> bytes:
    subprocess.run(["modprobe", "qemu_fw_cfg"], check=True)
    tables = Path("/sys/firmware/qemu_fw_cfg/by_name/etc/acpi/tables/raw").read_bytes()
    start = tables.index(b"CEDT")
    return tables[start : start + struct.unpack_from("<I", tables, start + 4)[0]]


def endpoints() -> list[Path]:
    return [path for path in DEVICES.iterdir() if (path / "class").read_text().strip() == CLASS]


def bind(device: Path) -> bool:
    (device / "driver_override").write_text(DRIVER)
    Path("/sys/bus/pci/drivers_probe").write_text(device.name)
    return (device / "driver").exists()


def find(tree: object, key: str) -> list[dict]:
    """Every object with KEY in the output of cxl list, however deep."""
    found = []
    if isinstance(tree, dict):
        found += [tree] if key in tree else []
        tree = list(tree.values())
    if isinstance(tree, list):
        for value in tree:
            found += find(value, key)
    return found


def main() -> None:
    count, bridges, size = (int(argument) for argument in sys.argv[1:])
    table = Path("/sys/firmware/acpi/tables/CEDT").read_bytes()
    ours, theirs = register_blocks(table), register_blocks(qemu_table())
    check(ours == theirs, "host bridge registers are where QEMU has them", ours, theirs)

    devices = endpoints()
    check(len(devices) == count, f"{count} endpoints", devices)
    bound = [device.name for device in devices if bind(device)]
    check(len(bound) == count, "every endpoint binds", bound)

    listed = subprocess.run(["cxl", "list", "-vvv"], check=True, capture_output=True, text=True)
    tree = json.loads(listed.stdout)
    decoders = {d["decoder"]: d for d in find(tree, "decoder") if "resource" in d}
    roots = [d for name, d in decoders.items() if name.startswith("decoder0.")]
    windows = sorted(struct.unpack_from("<QQ", record, 8) for record in records(table, CFMWS))
    check(
        sorted((d["resource"], d["size"]) for d in roots) == windows
        and [window[1] for window in windows] == [size] * count,
        "a root decoder for every window", roots, windows,
    )
    ports = [p for p in find(tree, "port") if p.get("depth") == 1]
    committed = sorted(port.get("decoders_committed", 0) for port in ports)
    expected = sorted(len(range(i, count, bridges)) for i in range(bridges))
    check(committed == expected, "host bridge decoders are committed", committed, expected)
    memdevs = [d for d in find(tree, "endpoint") if d.get("decoders_committed") == 1]
    check(len(memdevs) == count, "endpoint decoders are committed", memdevs)
    regions = {r["region"]: r for r in find(tree, "region") if "decode_state" in r}
    placed = sorted((r["resource"], r["size"]) for r in regions.values())
    check(placed == windows, "a region fills every window", placed, windows)
    groups = {(device / "iommu_group").resolve() for device in devices}
    check(len(groups) == count, "an IOMMU group for every endpoint", groups)
    iomem = Path("/proc/iomem").read_text()
    owned = re.findall(r"^ +[0-9a-f]+-[0-9a-f]+ : cxl-vfio-pci$", iomem, re.MULTILINE)
    check(len(owned) == count, "the driver owns every window", iomem)


main()
