#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make a small root directory with CXL endpoints for cxlvfio --sysroot.

    make-fixture.py SCENARIO DIRECTORY      make one; many:COUNT has COUNT endpoints
    make-fixture.py --list                  the scenarios
    make-fixture.py --archive DIRECTORY     write the archives for --from that changed

Registers and attributes are those that Linux 7.3 shows of the emulated endpoint of tests/emulator.
"""
import os
import shutil
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.dont_write_bytecode = True
import archives  # noqa: E402
import dumps  # noqa: E402
import many  # noqa: E402  (nothing is left in the source tree)
import modules  # noqa: E402

VENDOR_CXL = 0x1E98
WINDOW = 0x140000000
WINDOW_SIZE = 256 << 20
BUS_DEVICES = "sys/devices/pci0000:0c"


class Config:
    """A configuration space of 4096 bytes."""

    def __init__(self, vendor: int, device: int, class_code: int) -> None:
        self.image = bytearray(4096)
        self.next_extended = 0x100
        self.last_extended = None
        self.put(0x00, "<HH", vendor, device)
        self.put(0x04, "<HH", 0x0006, 0x0010)
        self.put(0x08, "<I", class_code << 8 | 0x01)
        self.put(0x10, "<I", 0xFE800004)
        self.put(0x2C, "<HH", vendor, device)
        self.put(0x34, "<B", 0x40)
        # PCI Express endpoint that can FLR
        self.put(0x40, "<BBH", 0x10, 0, 2)
        self.put(0x44, "<I", 1 << 28)

    def put(self, offset: int, form: str, *values: int) -> None:
        struct.pack_into(form, self.image, offset, *values)

    def add_extended(self, capability: int, version: int, body: bytes) -> int:
        """Append an extended capability; BODY is what follows its header."""
        offset = self.next_extended
        self.put(offset, "<I", capability | version << 16)
        self.image[offset + 4 : offset + 4 + len(body)] = body
        if self.last_extended is not None:
            (header,) = struct.unpack_from("<I", self.image, self.last_extended)
            self.put(self.last_extended, "<I", header | offset << 20)
        self.last_extended = offset
        self.next_extended = (offset + 4 + len(body) + 15) & ~15
        return offset

    def add_serial(self, serial: int) -> None:
        self.add_extended(0x03, 1, struct.pack("<Q", serial))

    def add_dvsec(self, dvsec: int, revision: int, body: bytes) -> int:
        length = 10 + len(body)
        header = struct.pack("<IH", VENDOR_CXL | revision << 16 | length << 20, dvsec)
        return self.add_extended(0x23, 1, header + body)

    def add_device_dvsec(self, capability: int, control: int, base: int, size: int) -> None:
        def dwords(value: int, low_bits: int = 0) -> tuple:
            return value >> 32, value & 0xF0000000 | low_bits

        # memory active timeout 4^2 s, active, information valid
        ranges = struct.pack("<IIII", *dwords(size, 0x4003), *dwords(base)) + bytes(16)
        body = struct.pack("<HHHHHHH", capability, control, 0, 0, 0x8000, 0, 0)
        self.add_dvsec(0, 3, body + ranges + bytes(4))

    def add_flex_bus_dvsec(self, status: int) -> None:
        self.add_dvsec(7, 2, struct.pack("<HHH", status, status, status) + bytes(16))

    def add_port_dvsec(self, control: int) -> None:
        """Power management initialized; alternate ranges that are empty; no RCRB."""
        self.add_dvsec(3, 0, struct.pack("<HHBBHHHHIIII", 1, control, 1, 0, 0xFFF0, 0, 0xFFF0, 0,
                                         0, 0, 0, 0))

    def add_locator_dvsec(self, bar: int, offset: int) -> None:
        self.add_dvsec(8, 0, bytes(2) + struct.pack("<II", bar | 1 << 8 | offset, 0))


def component_registers(decoders: list, size: int = 0x40000) -> bytes:
    """A BAR whose first 64 KiB are the component block; DECODERS: (base, size, control)."""
    image = bytearray(size)
    hdm = 0x100
    struct.pack_into("<III", image, 0x1000, 0x02110001, 2 | 2 << 16 | 0x80 << 20,
                     5 | 1 << 16 | hdm << 20)
    # RAS: internal and poison received, data ECC of CXL.mem; poison is a correctable error
    struct.pack_into("<IIIIII", image, 0x1080, 0x4400, 0x1CFFF, 0x1CFFF, 0x02, 0x7F, 0x220A)
    count = 0 if len(decoders) == 1 else len(decoders) // 2
    struct.pack_into("<II", image, 0x1000 + hdm, count, 2)
    for index, (base, length, control) in enumerate(decoders):
        struct.pack_into("<IIIII", image, 0x1000 + hdm + 0x10 + 0x20 * index,
                         base & 0xF0000000, base >> 32, length & 0xF0000000, length >> 32, control)
    return bytes(image)


class Root:
    """The directory, with helpers that make parents."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.write("proc/sys/kernel/osrelease", "7.3.4-test\n")
        (top / "sys/bus/pci/devices").mkdir(parents=True)
        (top / "sys/bus/cxl/devices").mkdir(parents=True)

    def write(self, path: str, content) -> None:
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(content)

    def attributes(self, directory: str, **values) -> None:
        for name, value in values.items():
            self.write(f"{directory}/{name.replace('__', '/')}", f"{value}\n")

    def link(self, path: str, target: str) -> None:
        """PATH becomes a link to TARGET, both below the root, relative as in sysfs."""
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        (self.top / target).mkdir(parents=True, exist_ok=True)
        file.symlink_to(os.path.relpath(self.top / target, file.parent))

    def remove(self, path: str) -> None:
        (self.top / path).unlink()

    def unavailable(self, path: str, error: str) -> None:
        """PATH is there and cannot be read: see cxlvfio-snapshot(1)."""
        (self.top / path).unlink(missing_ok=True)
        (self.top / path).symlink_to(f"/.unavailable/{error}")


class Function:
    """A PCI function."""

    def __init__(self, root: Root, address: str, config: Config, group: int = 6,
                 path: str = "") -> None:
        self.root, self.address, self.config = root, address, config
        self.path = path or f"{BUS_DEVICES}/0000:0c:00.0/{address}"
        vendor, device = struct.unpack_from("<HH", config.image, 0)
        (class_code,) = struct.unpack_from("<I", config.image, 8)
        root.link(f"sys/bus/pci/devices/{address}", self.path)
        root.attributes(
            self.path,
            vendor=f"{vendor:#06x}", device=f"{device:#06x}",
            subsystem_vendor=f"{vendor:#06x}", subsystem_device=f"{device:#06x}",
            revision="0x01", **{"class": f"{class_code >> 8:#08x}"},
            numa_node="-1", driver_override="(null)", power_state="D0",
            power__runtime_status="active", reset_method="flr cxl_bus",
        )
        root.link(f"{self.path}/iommu_group", f"sys/kernel/iommu_groups/{group}")
        root.link(f"sys/kernel/iommu_groups/{group}/devices/{address}", self.path)
        self.group = group
        self.write_config()

    def write_config(self, size: int = 4096) -> None:
        self.root.write(f"{self.path}/config", bytes(self.config.image[:size]))

    def bind(self, driver: str) -> None:
        self.root.link(f"{self.path}/driver", f"sys/bus/pci/drivers/{driver}")

    def add_vfio(self, number: int, cdev: bool = False) -> None:
        name = f"vfio{number}"
        self.root.attributes(f"{self.path}/vfio-dev/{name}", uevent="")
        self.root.write(f"dev/vfio/{self.group}", "")
        self.root.write("dev/vfio/vfio", "")
        if cdev:
            self.root.write("dev/iommu", "")
            self.root.write(f"dev/vfio/devices/{name}", "")

    def add_driver_view(self, older: bool = False, **changes) -> None:
        values = {
            "abi_version": 1, "state": "closed", "verdict": "ok", "generation": 3,
            "zap_count": 1, "reactivate_count": 2, "refuse_count": 0, "last_path": "close",
            "window_base": f"{WINDOW:#x}", "window_size": f"{WINDOW_SIZE:#x}",
            "scrub_policy": "none", "scrub_result": "none",
            "view": "both", "view_bar": 4, "interface": "current", "reset_result": "done",
            "repair_count": 0, "scrub_bytes": 0, "machine_check_count": 0,
        }
        values.update(changes)
        if older:   # from before there was a choice
            for name in ("view", "view_bar", "interface", "reset_result", "repair_count",
                         "scrub_bytes", "machine_check_count"):
                del values[name]
        self.root.attributes(f"{self.path}/cxl_vfio", **values)


class CxlTopology:
    """/sys/bus/cxl of one host bridge with one root decoder, or BARE: of none."""

    def __init__(self, root: Root, restricted: bool = False, bare: bool = False) -> None:
        self.root = root
        self.root_port = "sys/devices/platform/ACPI0017:00/root0"
        self.decoder = f"{self.root_port}/decoder0.0"
        self.host_bridges = 0
        self.decoders = {}
        self.device("root0", self.root_port)
        (root.top / self.root_port).mkdir(parents=True, exist_ok=True)
        (root.top / self.root_port / "uport").symlink_to("../../ACPI0017:00")
        if bare:
            return
        # A restricted host (CXL 1.1) has no port below its root.
        self.parent = self.root_port if restricted else self.add_host_bridge("port1", BUS_DEVICES)
        if restricted:
            self.add_root_dport(BUS_DEVICES)
        self.add_window("decoder0.0", WINDOW, WINDOW_SIZE)

    def device(self, name: str, path: str) -> None:
        self.root.link(f"sys/bus/cxl/devices/{name}", path)

    def add_root_dport(self, device: str) -> None:
        number = int(device.rpartition(":")[2], 16)
        self.root.link(f"{self.root_port}/dport{number}", device)
        self.root.link(f"{device}/firmware_node",
                       f"sys/devices/LNXSYSTM:00/ACPI0016:{self.host_bridges:02x}")
        self.host_bridges += 1

    def add_host_bridge(self, name: str, device: str) -> str:
        """A host bridge with the downstream port 00.0. The path of its port."""
        self.add_root_dport(device)
        path = self.add_port(name, self.root_port, device, device)
        self.add_dport(path, 0, f"{device}/{device[-7:]}:00.0")
        return path

    def add_port(self, name: str, parent: str, device: str, parent_dport: str) -> str:
        path = f"{parent}/{name}"
        self.device(name, path)
        self.root.link(f"{path}/uport", device)
        self.root.link(f"{path}/parent_dport", parent_dport)
        self.root.link(f"{path}/driver", "sys/bus/cxl/drivers/cxl_port")
        self.root.attributes(path, decoders_committed=0)
        return path

    def add_dport(self, port: str, number: int, device: str) -> None:
        self.root.link(f"{port}/dport{number}", device)

    def add_window(self, name: str, base: int, size: int, targets: str = "12") -> str:
        path = f"{self.root_port}/{name}"
        self.device(name, path)
        self.root.attributes(path, start=f"{base:#x}", size=f"{size:#x}", cap_type2=1, cap_type3=1,
                             cap_ram=1, cap_pmem=0, locked=0, qos_class=0, interleave_ways=1,
                             interleave_granularity=256, target_list=targets)
        return path

    def add_memdev(self, function: Function, number: int, **attributes) -> None:
        path = f"{function.path}/mem{number}"
        self.device(f"mem{number}", path)
        self.root.link(f"{path}/driver", "sys/bus/cxl/drivers/cxl_mem")
        self.root.attributes(path, **attributes)
        self.root.write(f"dev/cxl/mem{number}", "")

    def add_endpoint(self, memdev: str, number: int, port: str = "") -> str:
        """An endpoint of MEMDEV below PORT, by default the host bridge's."""
        path = f"{port or self.parent}/endpoint{number}"
        self.device(f"endpoint{number}", path)
        self.root.link(f"{path}/uport", memdev)
        # mem0, its function, and what that hangs from
        self.root.link(f"{path}/parent_dport", str(Path(memdev).parent.parent))
        self.root.link(f"{path}/driver", "sys/bus/cxl/drivers/cxl_port")
        self.root.attributes(path, decoders_committed=1)
        return path

    def add_port_decoder(self, port: str, region: str, base: int, targets: str = "0",
                         size: int = WINDOW_SIZE) -> None:
        """The next decoder of PORT."""
        index = self.decoders[port] = self.decoders.get(port, -1) + 1
        name = f"decoder{port.rpartition('port')[2]}.{index}"
        self.device(name, f"{port}/{name}")
        self.root.attributes(
            f"{port}/{name}", start=f"{base:#x}", size=f"{size:#x}", interleave_ways=1,
            interleave_granularity=256, locked=0, target_list=targets, region=region,
            target_type="accelerator" if size else "expander")
        if size:
            self.root.attributes(port, decoders_committed=index + 1)

    def add_decoder(self, endpoint: str, name: str, region: str = "", **changes) -> None:
        values = {
            "start": f"{WINDOW:#x}", "size": f"{WINDOW_SIZE:#x}", "interleave_ways": 1,
            "interleave_granularity": 256, "locked": 0, "target_type": "accelerator",
            "dpa_resource": "0x0", "dpa_size": f"{WINDOW_SIZE:#x}", "mode": "ram",
            "region": region,
        }
        values.update(changes)
        self.device(name, f"{endpoint}/{name}")
        self.root.attributes(f"{endpoint}/{name}", **values)

    def add_region(self, name: str, base: int = WINDOW, decoders: tuple = (),
                   window: str = "") -> None:
        """A region of these endpoint decoders; by default in the window decoder0.0."""
        path = f"{window or self.decoder}/{name}"
        self.device(name, path)
        self.root.link(f"{path}/driver", "sys/bus/cxl/drivers/cxl_region")
        self.root.attributes(path, resource=f"{base:#x}", size=f"{WINDOW_SIZE:#x}", mode="ram",
                             interleave_ways=max(1, len(decoders)), interleave_granularity=256,
                             commit=1, locked=1, uuid="",
                             **{f"target{i}": decoder for i, decoder in enumerate(decoders)})


# Cache, IO, Mem, HwInit, one HDM range, write-back and invalidate, reset with memory clear
TYPE2_CAPABILITY = 0x09DF
TYPE3_CAPABILITY = 0x001E
COMMITTED = 0x0600


def type2_config(serial: int, base: int = WINDOW, control: int = 0x0007,
                 locator: bool = True) -> Config:
    config = Config(VENDOR_CXL, 0xE2E2, 0x120000)
    config.add_serial(serial)
    config.add_device_dvsec(TYPE2_CAPABILITY, control, base, WINDOW_SIZE)
    config.add_flex_bus_dvsec(0x0027)
    if locator:
        config.add_locator_dvsec(0, 0)
    return config


def port_config() -> Config:
    config = Config(0x8086, 0x7075, 0x060400)
    config.put(0x0E, "<B", 1)
    config.put(0x18, "<BBB", 0x0C, 0x0D, 0x35)
    config.add_port_dvsec(0x0001)
    config.add_flex_bus_dvsec(0x0027)
    return config


def add_port(root: Root) -> None:
    """The root port above every endpoint."""
    if os.path.lexists(root.top / "sys/bus/pci/devices/0000:0c:00.0"):
        return
    config = port_config()
    path = f"{BUS_DEVICES}/0000:0c:00.0"
    root.link("sys/bus/pci/devices/0000:0c:00.0", path)
    root.link(f"{path}/driver", "sys/bus/pci/drivers/pcieport")
    root.write(f"{path}/config", bytes(config.image))


def add_type2(root: Root, number: int = 0, serial: int = 0x0123456789ABCDEF) -> Function:
    base = WINDOW + number * WINDOW_SIZE
    function = Function(root, f"0000:{0x0d + number:02x}:00.0", type2_config(serial + number, base),
                        group=6 + number)
    root.write(f"{function.path}/resource0", component_registers([(base, WINDOW_SIZE, COMMITTED)]))
    add_port(root)
    return function


def bind_ours(root: Root, function: Function, cxl: CxlTopology, number: int = 0, **view) -> None:
    function.bind("cxl-vfio-pci")
    function.add_vfio(number)
    base = WINDOW + number * WINDOW_SIZE
    function.add_driver_view(window_base=f"{base:#x}", **view)
    root.attributes(function.path, driver_override="cxl-vfio-pci")
    cxl.add_memdev(function, number)
    endpoint = cxl.add_endpoint(f"{function.path}/mem{number}", 2 + number)
    cxl.add_decoder(endpoint, f"decoder{2 + number}.0", f"region{number}", start=f"{base:#x}")
    cxl.add_region(f"region{number}", base, (f"decoder{2 + number}.0",))
    cxl.add_port_decoder(cxl.parent, f"region{number}", base)


def add_type3(root: Root, cxl: CxlTopology) -> None:
    config = Config(0x8086, 0x0D93, 0x050210)
    config.add_serial(0x3333)
    config.add_device_dvsec(TYPE3_CAPABILITY, 0x0006, 0x200000000, WINDOW_SIZE)
    function = Function(root, "0000:35:00.0", config, group=20)
    function.bind("cxl_pci")
    cxl.add_memdev(function, 9, ram__size=f"{WINDOW_SIZE:#x}", pmem__size="0x0", serial="0x3333",
                   numa_node=0, firmware_version="1.0", payload_max=512,
                   label_storage_size=0)


def scenario_empty(root: Root) -> None:
    """PCI without any CXL function."""
    Function(root, "0000:00:1f.0", Config(0x8086, 0x2918, 0x060100), group=1)


def scenario_hidden(root: Root) -> None:
    """PCI functions of which a user may read 64 bytes: nobody can tell whether they are CXL."""
    scenario_empty(root)
    config = root.top / f"{BUS_DEVICES}/0000:0c:00.0/0000:00:1f.0/config"
    config.write_bytes(config.read_bytes()[:64])


def scenario_shared_group(root: Root) -> None:
    """An endpoint of our driver whose group has a function of a host driver in it."""
    scenario_ready(root)
    Function(root, "0000:0d:00.1", Config(0x8086, 0x2918, 0x060100), group=6).bind("e1000e")


def scenario_unbound(root: Root) -> None:
    """One committed endpoint without a driver: read from its BAR."""
    add_type2(root)


def scenario_ready(root: Root) -> None:
    """One endpoint bound to our driver."""
    bind_ours(root, add_type2(root), CxlTopology(root))


MACHINE = "0123456789abcdef0123456789abcdef"
BOOT = "b0070000-0000-4000-8000-000000000002"
BEFORE = "b0070000-0000-4000-8000-000000000001"


def add_ladder(root: Root, *lines: str, machine: str = MACHINE,
               name: str = "1e98:e2e2:123456789abcdef", prefix: str = "cxlvfio ladder 1") -> None:
    """What is recorded of the first contact with the first endpoint."""
    root.write("etc/machine-id", f"{MACHINE}\n")
    root.write("proc/sys/kernel/random/boot_id", f"{BOOT}\n")
    root.write(f"var/lib/cxlvfio/ladder-{name}",
               "".join(f"{line}\n" for line in (prefix, f"machine {machine}", f"endpoint {name}",
                                                *lines)))


def scenario_crashed(root: Root) -> None:
    """The machine stopped while it wrote a page of the window, and has booted again."""
    scenario_ready(root)
    add_ladder(root, "survived page 7.3.4-test", f"trying write 7.3.4-test {BEFORE} 42 4242")


def scenario_crashed_bind(root: Root) -> None:
    """It stopped in a bind, under another kernel."""
    add_type2(root)
    add_ladder(root, f"trying registers 7.3.3-old {BEFORE} 42 4242")


def scenario_interrupted(root: Root) -> None:
    """A run was killed in a step; a process that has its number is another one."""
    scenario_ready(root)
    add_ladder(root, f"trying line 7.3.4-test {BOOT} 42 4242")
    root.write("proc/42/stat", "42 (a ) b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4243 0 0\n")


def scenario_scrub_off(root: Root) -> None:
    """It had put the scrub off, which nobody has ordered again."""
    scenario_interrupted(root)
    root.write("run/cxlvfio/0000:0d:00.0.scrub_policy", "zero")


def scenario_climbing(root: Root) -> None:
    """A run is in a step now."""
    scenario_interrupted(root)
    root.write("proc/42/stat", "42 (a ) b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 0 0\n")


def scenario_proven(root: Root) -> None:
    """All of it was survived."""
    scenario_ready(root)
    add_ladder(root, "survived line 7.3.3-old", "survived rest 7.3.4-test")


def scenario_other_kernel(root: Root) -> None:
    """All of it was survived under another kernel, a part under this one."""
    scenario_ready(root)
    add_ladder(root, "survived rest 7.3.3-old", "survived line 7.3.4-test")


def scenario_foreign_ladder(root: Root) -> None:
    """The disk was copied from another machine."""
    scenario_ready(root)
    add_ladder(root, "survived rest 7.3.4-test", machine="fedcba9876543210fedcba9876543210")


def scenario_damaged_ladder(root: Root) -> None:
    """The record is of no use, and hostile."""
    scenario_ready(root)
    add_ladder(root, "survived rest 7.3.4-test", prefix="cxlvfio ladder \x1b[31m")


def scenario_no_serial(root: Root) -> None:
    """An endpoint without a serial number, which is known by its slot."""
    function = add_type2(root)
    config = Config(VENDOR_CXL, 0xE2E2, 0x120000)
    config.add_device_dvsec(TYPE2_CAPABILITY, 0x0007, WINDOW, WINDOW_SIZE)
    config.add_flex_bus_dvsec(0x0027)
    config.add_locator_dvsec(0, 0)
    function.config = config
    function.write_config()
    add_ladder(root, "survived page 7.3.4-test", name="1e98:e2e2@0000:0d:00.0")


def scenario_same_serial(root: Root) -> None:
    """Two endpoints of which a serial number names neither."""
    add_type2(root)
    add_type2(root, 1, serial=0x0123456789ABCDEE)


def scenario_cdev(root: Root) -> None:
    """The same on a kernel with VFIO character devices."""
    scenario_ready(root)
    root.write("dev/vfio/devices/vfio0", "")


def scenario_states(root: Root) -> None:
    """Every state side by side, a Type-3 neighbour and an ordinary function."""
    cxl = CxlTopology(root)
    bind_ours(root, add_type2(root, 0), cxl, 0, state="active", last_path="reset", view="bar",
              view_bar=2, interface="none")
    bind_ours(root, add_type2(root, 1), cxl, 1, state="refused",
              verdict="decoder 0 not committed", view="region", view_bar="none", interface="2")
    bind_ours(root, add_type2(root, 2), cxl, 2, state="pending", verdict="media not ready")
    add_type2(root, 3)
    function = add_type2(root, 4)
    root.write(f"{function.path}/resource0",
               component_registers([(WINDOW + 4 * WINDOW_SIZE, WINDOW_SIZE, 0)]))
    add_type2(root, 5).bind("vfio-pci")
    function = add_type2(root, 6)
    function.bind("cxl-vfio-pci")
    function.add_driver_view()
    function = add_type2(root, 7)
    function.bind("cxl-vfio-pci")
    function.config.image[:] = b"\xff" * 4096
    function.write_config()
    function = add_type2(root, 8)
    function.config.image[:] = b"\xff" * 4096
    function.write_config()
    add_type3(root, cxl)
    scenario_empty(root)


def scenario_unprivileged(root: Root) -> None:
    """What a user without privileges may read: 64 bytes, no addresses, no BARs."""
    scenario_ready(root)
    address = "0000:0d:00.0"
    path = f"{BUS_DEVICES}/0000:0c:00.0/{address}"
    config = (root.top / path / "config").read_bytes()
    root.write(f"{path}/config", config[:64])
    root.unavailable(f"{path}/cxl_vfio/window_base", "EACCES")
    root.unavailable("sys/devices/platform/ACPI0017:00/root0/port1/endpoint2/decoder2.0/start",
                     "EACCES")
    function = Function(root, "0000:00:1f.0", Config(0x8086, 0x2918, 0x060100), group=1)
    function.write_config(64)
    port = root.top / f"{BUS_DEVICES}/0000:0c:00.0/config"
    port.write_bytes(port.read_bytes()[:64])


def scenario_private(root: Root) -> None:
    """The same by file modes, for a test that gives its privileges up."""
    scenario_ready(root)
    path = root.top / BUS_DEVICES / "0000:0c:00.0/0000:0d:00.0"
    (path / "config").write_bytes((path / "config").read_bytes()[:64])
    (path / "cxl_vfio/window_base").chmod(0o400)
    endpoint = root.top / "sys/devices/platform/ACPI0017:00/root0/port1/endpoint2"
    (endpoint / "decoder2.0/start").chmod(0o400)


class Topology:
    """Several host bridges, endpoints and switches; see scenario_topology()."""

    def __init__(self, root: Root) -> None:
        self.root, self.cxl = root, CxlTopology(root)
        shutil.rmtree(root.top / self.cxl.decoder)
        root.remove("sys/bus/cxl/devices/decoder0.0")

    def add_function(self, address: str, above: str, number: int, base: int) -> Function:
        function = Function(self.root, address, type2_config(0x1000 + number, base),
                            group=30 + number, path=f"{above}/{address}")
        function.bind("cxl-vfio-pci")
        function.add_vfio(number)
        function.add_driver_view(window_base=f"{base:#x}")
        self.cxl.add_memdev(function, number)
        return function

    def add_endpoint(self, function: Function, number: int, port: str, *regions: tuple) -> None:
        """REGIONS: (name, base), a decoder each."""
        endpoint = self.cxl.add_endpoint(f"{function.path}/mem{number}", 10 + number, port)
        for index, (region, base) in enumerate(regions):
            self.cxl.add_decoder(endpoint, f"decoder{10 + number}.{index}", region,
                                 start=f"{base:#x}")


def scenario_topology(root: Root) -> None:
    """A switch with two endpoints, two regions in one endpoint, one without a memdev, Type 3."""
    topology = Topology(root)
    cxl, bridge = topology.cxl, topology.cxl.parent
    first = cxl.add_window("decoder0.0", WINDOW, 4 * WINDOW_SIZE)
    cxl.add_window("decoder0.1", WINDOW + 4 * WINDOW_SIZE, WINDOW_SIZE, "76")
    base = [WINDOW + i * WINDOW_SIZE for i in range(4)]
    # A switch below the first host bridge, with the endpoints mem0 and mem1.
    below = f"{BUS_DEVICES}/0000:0c:00.0/0000:0d:00.0"
    switch = cxl.add_port("port3", bridge, below, f"{BUS_DEVICES}/0000:0c:00.0")
    for index in range(2):
        cxl.add_dport(switch, index, f"{below}/0000:0e:0{index}.0")
        function = topology.add_function(f"0000:{0x0f + index:02x}:00.0",
                                         f"{below}/0000:0e:0{index}.0", index, base[index])
        topology.add_endpoint(function, index, switch, (f"region{index}", base[index]))
        cxl.add_region(f"region{index}", base[index], (f"decoder{10 + index}.0",), first)
        cxl.add_port_decoder(switch, f"region{index}", base[index], str(index))
        cxl.add_port_decoder(bridge, f"region{index}", base[index], "0")
    cxl.add_port_decoder(bridge, "", 0, "0", 0)
    # mem2 below the second host bridge, with two decoders in two regions.
    other = "sys/devices/pci0000:4c"
    port = cxl.add_host_bridge("port2", other)
    function = topology.add_function("0000:4d:00.0", f"{other}/0000:4c:00.0", 2, base[3])
    second = WINDOW + 4 * WINDOW_SIZE
    topology.add_endpoint(function, 2, port, ("region2", base[3]), ("region3", second))
    cxl.add_region("region2", base[3], ("decoder12.0",), first)
    cxl.add_region("region3", second, ("decoder12.1",), f"{cxl.root_port}/decoder0.1")
    cxl.add_port_decoder(port, "region2", base[3])
    cxl.add_port_decoder(port, "region3", second)
    # One below the same host bridge that the CXL core does not know, and one in no CXL hierarchy.
    function = Function(root, "0000:4e:00.0", type2_config(0x2000), group=40,
                        path=f"{other}/0000:4c:00.0/0000:4e:00.0")
    root.attributes(function.path, reset_method="bus")
    Function(root, "0000:80:01.0", type2_config(0x2001), group=41,
             path="sys/devices/pci0000:80/0000:80:01.0").bind("vfio-pci")
    Function(root, "0000:80:00.0", Config(0x8086, 0x2918, 0x060100), group=41,
             path="sys/devices/pci0000:80/0000:80:00.0")
    add_type3(root, cxl)


def scenario_restricted(root: Root) -> None:
    """A restricted host (CXL 1.1): the endpoint is integrated, there is no port above it."""
    cxl = CxlTopology(root, restricted=True)
    function = Function(root, "0000:0c:01.0", type2_config(0x1), group=6,
                        path=f"{BUS_DEVICES}/0000:0c:01.0")
    function.bind("cxl-vfio-pci")
    function.add_vfio(0)
    function.add_driver_view(older=True)
    cxl.add_memdev(function, 0)
    endpoint = cxl.add_endpoint(f"{function.path}/mem0", 1)
    cxl.add_decoder(endpoint, "decoder1.0", "region0")
    cxl.add_region("region0", WINDOW, ("decoder1.0",))


def scenario_two_decoders(root: Root) -> None:
    """An endpoint with two HDM decoders, of which the first is committed and locked."""
    function = add_type2(root)
    root.write(f"{function.path}/resource0",
               component_registers([(WINDOW, WINDOW_SIZE, COMMITTED | 0x100), (0, 0, 0x1000)]))


def unavailable(root: Root, path: str, error: str) -> None:
    """The file at PATH could not be read when the machine was looked at."""
    file = root.top / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.symlink_to(f"/.unavailable/{error}")


def scenario_virtual_function(root: Root) -> None:
    """An endpoint with a virtual function, whose ids read all ones, and a function that is lost."""
    add_type2(root)
    config = Config(0xFFFF, 0xFFFF, 0x120000)
    config.put(0x2C, "<HH", VENDOR_CXL, 0xE2E2)
    Function(root, "0000:0d:00.1", config, group=7)
    function = Function(root, "0000:0d:00.2", config, group=8)
    function.config.image[:] = b"\xff" * 4096
    function.write_config()


def scenario_base_unprogrammed(root: Root) -> None:
    """DVSEC ranges without a base: decoders that can be read, and two that a driver has."""
    for number, driver in enumerate(("", "accel", "vfio-pci")):
        function = add_type2(root, number)
        function.config = type2_config(number, 0)
        function.write_config()
        if driver:
            function.bind(driver)
        if driver == "vfio-pci":
            function.add_vfio(number)


def scenario_burnt_decoders(root: Root) -> None:
    """Decoders that firmware commits with size 0: behind, before and instead of one with a size."""
    burnt, host_only_of_two_ways = (0, 0, COMMITTED), (0, 0, COMMITTED | 0x1010)
    for number in range(4):
        base = WINDOW + number * WINDOW_SIZE
        function, sized = add_type2(root, number), (base, WINDOW_SIZE, COMMITTED)
        decoders = [(sized, burnt), (burnt, sized), (burnt, burnt),
                    (host_only_of_two_ways, sized)][number]
        root.write(f"{function.path}/resource0", component_registers(list(decoders)))
        if number == 1:
            cxl = CxlTopology(root)
            cxl.add_memdev(function, 0)
            endpoint = cxl.add_endpoint(f"{function.path}/mem0", 2)
            cxl.add_decoder(endpoint, "decoder2.0", start="0x0", size="0x0", mode="none")
            cxl.add_decoder(endpoint, "decoder2.1", start=f"{base:#x}")


def scenario_refused_decoders(root: Root) -> None:
    """What the driver refuses: decoders that are off, another than decoder 0, more than one."""
    for number in range(5):
        base = WINDOW + number * WINDOW_SIZE
        function, sized = add_type2(root, number), (base, WINDOW_SIZE, COMMITTED)
        decoders = [[sized], [(0, 0, 0), sized], [(base, WINDOW_SIZE, 0x0a00), (0, 0, 0)],
                    [sized, (base + 16 * WINDOW_SIZE, WINDOW_SIZE, COMMITTED)],
                    [(base, WINDOW_SIZE, COMMITTED | 0x10)]][number]
        image = bytearray(component_registers(decoders))
        if number == 0:
            struct.pack_into("<I", image, 0x1104, 0)
        root.write(f"{function.path}/resource0", bytes(image))


def scenario_hole(root: Root) -> None:
    """CXL windows that end before their endpoints' decoders: at a hole, and where one is free."""
    scenario_healthy(root)
    size = WINDOW_SIZE // 4 * 3
    window = "sys/devices/platform/ACPI0017:00/root0/decoder0.0"
    root.attributes(window, size=f"{size:#x}")
    root.attributes(f"{window}/region0", size=f"{size:#x}")
    add_type2(root, 1)
    root.write("proc/iomem", f"""\
{WINDOW:x}-{WINDOW + size - 1:x} : CXL Window 0
  {WINDOW:x}-{WINDOW + size - 1:x} : region0
{WINDOW + WINDOW_SIZE:x}-{WINDOW + WINDOW_SIZE + size - 1:x} : CXL Window 1
""")
    root.write("sys/firmware/acpi/tables/CEDT", cedt(
        [(base, size, ANY_MEMORY, 12) for base in (WINDOW, WINDOW + WINDOW_SIZE)]))


def scenario_locked(root: Root) -> None:
    """Everything locked by firmware: DVSEC, hardware decoder, and what the kernel made of them."""
    function = add_type2(root)
    # CONFIG_LOCK of the device DVSEC, which follows the serial number
    function.config.put(0x110 + 0x14, "<H", 1)
    function.write_config()
    root.write(f"{function.path}/resource0",
               component_registers([(WINDOW, WINDOW_SIZE, COMMITTED | 0x100)]))
    cxl = CxlTopology(root)
    cxl.add_memdev(function, 0)
    endpoint = cxl.add_endpoint(f"{function.path}/mem0", 2)
    cxl.add_decoder(endpoint, "decoder2.0", "region0", locked=1)
    cxl.add_region("region0")


def scenario_uncommitted(root: Root) -> None:
    """Firmware left the decoder alone, and said nothing in the DVSEC ranges."""
    function = add_type2(root)
    config = Config(VENDOR_CXL, 0xE2E2, 0x120000)
    config.add_serial(0x0123456789ABCDEF)
    config.add_device_dvsec(TYPE2_CAPABILITY, 0x0003, 0, 0)
    config.add_flex_bus_dvsec(0x0027)
    config.add_locator_dvsec(0, 0)
    function.config = config
    function.write_config()
    root.write(f"{function.path}/resource0", component_registers([(0, 0, 0)]))


def scenario_no_memdev(root: Root) -> None:
    """An older driver has it, where the CXL core shows no memdev: an older kernel or libcxl."""
    function = add_type2(root)
    function.bind("cxl-vfio-pci")
    function.add_vfio(0)
    function.add_driver_view(older=True)
    CxlTopology(root)


def scenario_unreadable(root: Root) -> None:
    """Every attribute that needs privileges without them, and one that fails."""
    scenario_ready(root)
    path = f"{BUS_DEVICES}/0000:0c:00.0/0000:0d:00.0"
    config = (root.top / path / "config").read_bytes()
    root.write(f"{path}/config", config[:64])
    endpoint = "sys/devices/platform/ACPI0017:00/root0/port1/endpoint2"
    for file in (f"{path}/cxl_vfio/window_base", f"{path}/cxl_vfio/window_size",
                 f"{endpoint}/decoder2.0/start", f"{endpoint}/decoder2.0/dpa_resource",
                 "sys/devices/platform/ACPI0017:00/root0/decoder0.0/start"):
        unavailable(root, file, "EACCES")
    unavailable(root, f"{path}/power_state", "EIO")


def scenario_driver_gone(root: Root) -> None:
    """The driver was unbound while the snapshot was taken: its link is there, its files are not."""
    scenario_ready(root)
    path = f"{BUS_DEVICES}/0000:0c:00.0/0000:0d:00.0"
    for file in sorted((root.top / path / "cxl_vfio").iterdir())[4:]:
        unavailable(root, str(file.relative_to(root.top)), "ENODEV")
    shutil.rmtree(root.top / path / "vfio-dev")
    unavailable(root, f"{path}/vfio-dev", "ENOENT")


def scenario_bare(root: Root) -> None:
    """A directory that is no root of a Linux system."""
    for directory in ("sys", "proc"):
        shutil.rmtree(root.top / directory)


def scenario_malformed(root: Root) -> None:
    """A capability list that loops, one that ends in the middle, and hostile text."""
    function = add_type2(root, 0)
    offset = function.config.last_extended
    (header,) = struct.unpack_from("<I", function.config.image, offset)
    function.config.put(offset, "<I", header | 0x110 << 20)
    function.config.put(offset + 8, "<H", 99)
    function.write_config()
    function = add_type2(root, 1)
    function.config.put(0x110 + 4, "<I", VENDOR_CXL | 3 << 16 | 0xFFF << 20)
    function.write_config()
    function = add_type2(root, 2)
    function.bind('"\\\u009b2J\n<b>')
    function = add_type2(root, 3)
    root.write(f"{function.path}/numa_node", b"\xff\xfe\n")
    root.write(f"{function.path}/driver_override", b"bad\xff\x1b[31m\n")
    root.write(f"{function.path}/resource0", b"short")


IOMEM_LOW = b"""\
00001000-0009fbff : System RAM
000a0000-000fffff : Reserved
00100000-bffdbfff : System RAM
  01000000-022fffff : Kernel code
fe800000-fe9fffff : PCI Bus 0000:0c
100000000-13fffffff : System RAM
"""


def add_far_endpoint(root: Root, cxl: CxlTopology, number: int, window: int, size: int) -> None:
    """An endpoint below a window of its own, which is far away and much larger than its region."""
    function = Function(root, f"0000:{0x0d + number:02x}:00.0",
                        type2_config(0x1000 + number, window), group=6 + number)
    function.bind("cxl-vfio-pci")
    function.add_vfio(number)
    function.add_driver_view(window_base=f"{window:#x}")
    cxl.decoder = f"{cxl.root_port}/decoder0.{number}"
    cxl.device(f"decoder0.{number}", cxl.decoder)
    root.attributes(cxl.decoder, start=f"{window:#x}", size=f"{size:#x}", cap_type2=1, cap_type3=0,
                    cap_ram=1, cap_pmem=0, locked=1, qos_class=0)
    cxl.add_memdev(function, number)
    endpoint = cxl.add_endpoint(f"{function.path}/mem{number}", 2 + number)
    cxl.add_decoder(endpoint, f"decoder{2 + number}.0", f"region{number}", start=f"{window:#x}")
    cxl.add_region(f"region{number}", window)


def scenario_owners(root: Root) -> None:
    """Two endpoints in a window of 1 GiB, and who owns what of it."""
    cxl = CxlTopology(root)
    bind_ours(root, add_type2(root, 0), cxl, 0)
    add_type2(root, 1)
    root.attributes(cxl.decoder, size="0x40000000")
    root.write("proc/iomem", IOMEM_LOW + b"""\
140000000-17fffffff : CXL Window 0
  140000000-14fffffff : region0
    140000000-14fffffff : cxl-vfio-pci
""")


def scenario_map(root: Root) -> None:
    """Windows at 5 GiB and of 16 TiB at 64 TiB, a decoder that disagrees, and rival owners."""
    cxl = CxlTopology(root)
    bind_ours(root, add_type2(root, 0), cxl, 0)
    root.attributes(cxl.decoder, size="0x40000000")
    function = add_type2(root, 1)
    root.write(f"{function.path}/resource0",
               component_registers([(0x150000000, 512 << 20, COMMITTED), (0, 0, 0)]))
    add_far_endpoint(root, cxl, 2, 64 << 40, 16 << 40)
    root.write("proc/iomem", IOMEM_LOW + b"""\
140000000-17fffffff : CXL Window 0
  140000000-14fffffff : region0
    140000000-14fffffff : cxl-vfio-pci
  150000000-15fffffff : dax0.0
    150000000-157ffffff : System RAM (kmem)
400000000000-4fffffffffff : CXL Window 1
  400000000000-40000fffffff : region2
500000000000-7fffffffffff : PCI Bus 0000:80
""")


def scenario_map_hostile(root: Root) -> None:
    """A /proc/iomem of anything: unsorted, overlapping, backwards, and names that attack."""
    scenario_owners(root)
    root.write("proc/iomem", b"""\
      148000000-1ffffffff : </text><script>alert(1)</script>
140000000-17fffffff : CXL Window 0 & "quoted" ]]> <!-- \x1b[31m\xff\xc2\x9b
160000000-15fffffff : backwards
140000000-14fffffff
00000000000140000000-14fffffff : too many digits
144000000-14bffffff : caf\xc3\xa9 \xf0\x9f\x92\xa3
\x00\x00
0-ffffffffffffffff : everything
14f000000-14fffffff : """ + b"long " * 60)


def scenario_map_hidden(root: Root) -> None:
    """What a user without privileges sees of it: nothing has an address."""
    scenario_unprivileged(root)
    root.remove("sys/devices/platform/ACPI0017:00/root0/decoder0.0/start")
    root.remove("sys/devices/platform/ACPI0017:00/root0/decoder0.0/region0/resource")
    root.write("proc/iomem", b"""\
00000000-00000000 : System RAM
00000000-00000000 : CXL Window 0
  00000000-00000000 : region0
""")


NO_BAR = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
AER = {
    "correctable": "RxErr 0\nBadTLP 12\nBadDLLP 0\nRollover 3\nTOTAL_ERR_COR 15\n",
    "nonfatal": "Undefined 0\nCmpltTO 1\nTOTAL_ERR_NONFATAL 1\n",
    "fatal": "Undefined 0\nDLP 0\nTOTAL_ERR_FATAL 0\n",
}
PCI_IDS = """\
# a few lines of the kind
10de  Nvidia of the fixture
\te2e2  Accelerator of somebody else
1e98  Compute Express Link of the fixture
\te2e2  Emulated Type-2 endpoint
\t\t10de 0001  Board of somebody else
C 05  Memory controller
\t02  CXL
C 12  Processing accelerators
\t00  Processing accelerators
\t\t00  Interface zero
"""


def add_process(root: Root, pid: int, command: str, descriptors: dict) -> None:
    """A process; DESCRIPTORS: number to (link, device it belongs to or None)."""
    root.write(f"proc/{pid}/comm", f"{command}\n")
    for number, (link, device) in descriptors.items():
        file = root.top / f"proc/{pid}/fd/{number}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.symlink_to(link)
        if device:
            root.write(f"proc/{pid}/fdinfo/{number}",
                       f"pos:\t0\nvfio-device-syspath: /sys/devices/pci0000:0c/{device}\n")


def add_facts(root: Root, function: Function) -> None:
    """Link, BARs and error counters; a second function in the group."""
    function.config.put(0x40 + 0x0C, "<I", 16 << 4 | 5)
    function.config.put(0x40 + 0x12, "<H", 8 << 4 | 4)
    function.config.put(0x40 + 0x2C, "<I", 0x3E)
    function.write_config()
    root.write(f"{function.path}/resource",
               "0x00000000fe800000 0x00000000fe83ffff 0x0000000000140204\n" + NO_BAR +
               "0x0000004000000000 0x0000004fffffffff 0x000000000014220c\n" + NO_BAR +
               "0x000000000000c000 0x000000000000c01f 0x0000000000040101\n" + NO_BAR +
               "0x0000000000000000 0x000000000000ffff 0x0000000020046200\n" + 10 * NO_BAR)
    root.write(f"sys/kernel/iommu_groups/{function.group}/type", "DMA-FQ\n")
    for severity, content in AER.items():
        root.write(f"{function.path}/aer_dev_{severity}", content)
    peer = Function(root, f"{function.address[:-1]}1", Config(0x8086, 0x2918, 0x060100),
                    group=function.group)
    peer.bind("vfio-pci")


def scenario_facts(root: Root) -> None:
    """An endpoint in use, with all the facts of PCI, beside one of another process."""
    cxl = CxlTopology(root)
    function = add_type2(root)
    bind_ours(root, function, cxl, state="active")
    add_facts(root, function)
    bind_ours(root, add_type2(root, 1), cxl, 1)
    root.write("usr/share/misc/pci.ids", PCI_IDS)
    device = "anon_inode:[vfio-device]"
    add_process(root, 4711, "qemu-system-x86", {
        0: ("/dev/null", None), 20: ("/dev/vfio/vfio", None), 21: ("/dev/vfio/6", None),
        22: (device, "0000:0d:00.0")})
    add_process(root, 4712, "other", {3: ("/dev/vfio/7", None), 4: (device, "0000:0e:00.0")})
    add_process(root, 4713, "third", {5: (device, "0000:0d:00.0"), 6: (device, None)})
    add_process(root, 4714, "none", {7: ("/dev/vfio/66", None), 8: ("socket:[1]", None)})


def scenario_hwdata(root: Root) -> None:
    """pci.ids where Fedora has it."""
    scenario_ready(root)
    root.write("usr/share/hwdata/pci.ids", PCI_IDS)


def scenario_facts_hostile(root: Root) -> None:
    """Attributes and a pci.ids that are not what they should be."""
    function = add_type2(root, 0)
    add_facts(root, function)
    root.write(f"{function.path}/resource", "0x1000 0xfff 0x200\n")
    root.write(f"{function.path}/aer_dev_fatal", "DLP 1\n")
    root.write(f"{function.path}/aer_dev_nonfatal", b"\xff\x1b[31m 7\nTOTAL_ERR_NONFATAL 7\n")
    function = add_type2(root, 1)
    root.write(f"{function.path}/resource", "")
    # A name with controls, one of no valid UTF-8, lines that end too early, no last newline.
    root.write("usr/share/misc/pci.ids", b"1e98  \x1b[31mred\xff\n\te2e\n\te2e2\n\t\t1e98 e2e2\n"
               b"\0\0\0\n\t\t\t\t\nC 12\n\t00  \xc2\x9b31m")


def scenario_dumps(root: Root) -> None:
    """No device, but dumps of configuration space in /dumps."""
    dumps.write(root.top / "dumps", bytes(type2_config(0x1122334455667788).image),
                bytes(port_config().image), bytes(Config(0x8086, 0x2918, 0x060100).image))


def scenario_full_dump(root: Root) -> None:
    """A dump with all that one can tell: an endpoint that sleeps, a bridge, a virtual function."""
    endpoint = type2_config(0x1122334455667788, 0)
    endpoint.put(0x10, "<IIIIII", 0xB000000C, 0x38, 0xFE800000, 0xC001, 0x0000000C, 0)
    endpoint.put(0x30, "<I", 0xFE900001)
    endpoint.put(0x41, "<B", 0x80)
    endpoint.put(0x80, "<BBHH", 0x01, 0, 0x0003, 0x0003)
    # AER: a poisoned TLP, and the bad DLLP that was corrected
    endpoint.add_extended(0x01, 2, struct.pack("<IIIIII", 0x1000, 0, 0, 0x80, 0, 0) + bytes(16))
    bridge = port_config()
    bridge.put(0x10, "<II", 0xFE700000, 0)
    bridge.put(0x44, "<I", 0)
    function = Config(0xFFFF, 0xFFFF, 0x120000)
    function.put(0x10, "<I", 0)
    text = "".join(dumps.text(address, words, bytes(config.image)) for address, words, config in (
        ("0d:00.0", "Processing accelerators", endpoint), ("0c:00.0", "PCI bridge", bridge),
        ("0d:00.1", "Processing accelerators", function)))
    root.write("dumps/full.txt", text)
    root.write("usr/share/misc/pci.ids", PCI_IDS)


KERNEL = "7.3.4-test"


def scenario_driver(root: Root) -> None:
    """The driver's module as it should be: from DKMS, signed, loaded, with two endpoints."""
    cxl = CxlTopology(root)
    for number, state in enumerate(("active", "closed")):
        function = add_type2(root, number)
        bind_ours(root, function, cxl, number, state=state)
        modules.give(root, function)
    content = modules.sign(modules.elf(modules.information(KERNEL)), "DKMS module signing key",
                           bytes(range(20)))
    modules.install(root, KERNEL, content)
    modules.install(root, "7.3.1", modules.elf(modules.information("7.3.1")), "extra")
    modules.load(root, refcnt=2)
    modules.dkms(root, "5.0.1", KERNEL, "7.3.1", installed=KERNEL)
    modules.dkms(root, "5.0.2")
    root.attributes("sys/module/module/parameters", sig_enforce="Y")
    root.attributes("sys/kernel/security", lockdown="none [integrity] confidentiality")


def scenario_driver_update(root: Root) -> None:
    """Another one is loaded than is installed, which is for another kernel, without a signature."""
    modules.install(root, KERNEL, modules.elf(modules.information("7.3.1", srcversion="FFFF")),
                    index=False)
    modules.load(root, taint="OFE", initstate="live")
    (root.top / "sys/bus/pci/drivers/cxl-vfio-pci").rmdir()
    root.attributes("sys/module/module/parameters", sig_enforce="Y")
    modules.dkms(root, "5.0.1")


def scenario_driver_elsewhere(root: Root) -> None:
    """Installed for another kernel, built by DKMS for the running one and not installed."""
    modules.install(root, "7.3.1", modules.elf(modules.information("7.3.1")))
    modules.dkms(root, "5.0.1", KERNEL, "7.3.1", installed="7.3.1")
    root.write("sys/module/module/parameters/sig_enforce", "N\n")


def scenario_driver_builtin(root: Root) -> None:
    """Part of the kernel's image; a device whose driver is of another release."""
    function = add_type2(root)
    bind_ours(root, function, CxlTopology(root), abi_version=7)
    root.write(f"lib/modules/{KERNEL}/modules.builtin",
               "kernel/drivers/vfio/pci/cxl_vfio_pci/cxl_vfio_pci.ko\n")
    modules.give(root, function)
    root.attributes(f"sys/module/{modules.NAME}", version="5.0.1")


def scenario_driver_hostile(root: Root) -> None:
    """Files and attributes of anything: parameters, indexes, modules, states."""
    modules.load(root, taint="\x1b[31m", refcnt="-1", initstate="going")
    parameters = f"sys/module/{modules.NAME}/parameters"
    root.write(f"{parameters}/bytes", bytes(range(256)))
    root.write(f"{parameters}/na\x1bme\n", "x")
    root.unavailable(f"{parameters}/secret", "EACCES")
    root.attributes("sys/kernel/security", lockdown="no brackets")
    root.attributes("sys/module/module/parameters", sig_enforce="perhaps")
    root.attributes("proc/sys/kernel", tainted="0xffffffffffffffff")
    (root.top / "sys/bus/pci/drivers/cxl-vfio-pci/..0000:0d:00.0").mkdir()
    modules.install(root, KERNEL, b"\x7fELF" + b"\xff" * 300)
    root.write("lib/modules/escape/modules.dep", f"../../../../etc/{modules.NAME}.ko:\n")
    os.mkfifo(root.top / "lib/modules/escape/pipe")
    root.write("lib/modules/pipe/modules.dep", f"{modules.NAME}.ko:\n")
    os.mkfifo(root.top / f"lib/modules/pipe/{modules.NAME}.ko")
    root.write("lib/modules/bytes/modules.dep", b"\0\n:\n/\n\xff:")
    modules.install(root, "7.3.1", modules.elf({"vermagic": b"\xff\x1b[31m", "version": "",
                                               "depends": ",,", "softdep": ["", "\xe9"]}))
    modules.install(root, "cut", modules.sign(modules.elf({}), "x", b"")[:-40] + modules.MAGIC)
    root.link(f"var/lib/dkms/{modules.NAME}/../source", "usr/src")
    root.write(f"var/lib/dkms/{modules.NAME}/5.0.1/source", "no link")
    root.write(f"var/lib/dkms/{modules.NAME}/5.0.1/{KERNEL}/x86\x1b/module", "no directory")


def scenario_driver_private(root: Root) -> None:
    """What root alone may read of it, by file modes."""
    scenario_driver(root)
    for file in ("sys/module/module/parameters/sig_enforce", f"lib/modules/{KERNEL}/modules.dep",
                 f"sys/module/{modules.NAME}/parameters/scrub"):
        (root.top / file).chmod(0)
    (root.top / "var/lib/dkms" / modules.NAME).chmod(0)


def cedt(windows: list, bridges: tuple = (12,)) -> bytes:
    """Firmware's table of CXL; WINDOWS: (base, size, restrictions, bridge)."""
    body = b"".join(struct.pack("<BBHIIIQQ", 0, 0, 32, uid, 1, 0, 0xFE000000, 0x10000)
                    for uid in bridges)
    body += b"".join(struct.pack("<BBHIQQBBHIHHI", 1, 0, 40, 0, base, size, 0, 0, 0, 0,
                                 restrictions, 0, bridge)
                     for base, size, restrictions, bridge in windows)
    table = bytearray(struct.pack("<4sIBB6s8sI4sI", b"CEDT", 36 + len(body), 1, 0, b"CXLVFI",
                                  b"FIXTURE ", 1, b"TEST", 1) + body)
    table[9] = -sum(table) & 0xFF
    return bytes(table)


KERNEL_CONFIG = "".join(f"CONFIG_{option}\n" for option in (
    "CXL_BUS=y", "CXL_ACPI=m", "CXL_MEM=m", "CXL_PORT=y", "CXL_REGION=y", "VFIO=m", "VFIO_GROUP=y",
    "VFIO_CONTAINER=y", "VFIO_IOMMU_TYPE1=m", "VFIO_PCI_CORE=m", "INTEL_IOMMU=y"))
# Device-coherent, host-only, volatile, persistent.
ANY_MEMORY = 0x0F


def scenario_healthy(root: Root) -> None:
    """One endpoint bound to our driver, on a machine that has all that it needs."""
    function = add_type2(root)
    bind_ours(root, function, CxlTopology(root))
    modules.give(root, function)
    modules.install(root, KERNEL, modules.elf(modules.information(KERNEL)))
    modules.load(root)
    root.attributes("sys/module/module/parameters", sig_enforce="N")
    for name in ("cxl_core", "cxl_acpi", "cxl_port", "cxl_mem", "vfio", "vfio_pci_core"):
        root.attributes(f"sys/module/{name}", srcversion="ABC")
    root.attributes("sys/module/vfio/parameters", enable_unsafe_noiommu_mode="N")
    root.attributes("sys/kernel/security", lockdown="[none] integrity confidentiality")
    root.write(f"boot/config-{KERNEL}", KERNEL_CONFIG)
    root.write("proc/cmdline", "root=/dev/vda1 intel_iommu=on iommu=pt quiet\n")
    root.write("proc/iomem", "140000000-14fffffff : CXL Window 0\n")
    root.write("proc/self/limits", "Limit Soft Hard Units\nMax locked memory  8388608  8388608  bytes\n")
    root.write("proc/self/status", "Name:\tcxlvfio\nCapEff:\t000001ffffffffff\n")
    root.write("sys/firmware/acpi/tables/CEDT", cedt([(WINDOW, WINDOW_SIZE, ANY_MEMORY, 12)]))
    root.write("sys/firmware/acpi/tables/DMAR", b"")
    root.link("sys/class/iommu/dmar0", "sys/devices/virtual/iommu/dmar0")
    # Link capabilities, status and speeds: 32 GT/s, 16 lanes.
    function.config.put(0x6C, "<I", 0x3E)
    function.config.put(0x4C, "<I", 5 | 16 << 4)
    function.config.put(0x52, "<H", 5 | 16 << 4)
    function.write_config()
    (root.top / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
    (root.top / "usr/lib/x86_64-linux-gnu/libcxl.so.1").symlink_to("libcxl.so.1.0.8")
    root.write("etc/modprobe.d/other.conf", "options snd secret=1\n")
    add_ladder(root, *(f"survived rest {kernel}" for kernel in (KERNEL, "7.2.9-test", "10.0-rc1")))


def scenario_unmapped(root: Root) -> None:
    """The same, but the kernel was told not to remap interrupts: VFIO attaches nothing."""
    scenario_healthy(root)
    root.write("proc/cmdline", "root=/dev/vda1 intel_iommu=on intremap=off quiet\n")


def scenario_direct(root: Root) -> None:
    """The same, but firmware wants a range mapped 1:1: the kernel does not give it to VFIO."""
    scenario_healthy(root)
    root.write("sys/kernel/iommu_groups/6/reserved_regions",
               "0x000000007b800000 0x000000007b9fffff direct\n"
               "0x00000000fee00000 0x00000000feefffff msi\n")


def scenario_no_nodes(root: Root) -> None:
    """The same without VFIO's device nodes, as in a container that was not given them."""
    scenario_healthy(root)
    shutil.rmtree(root.top / "dev/vfio")


OLD_KERNEL = "6.1.0-28-amd64"


def scenario_plain(root: Root) -> None:
    """A machine of today, Debian 12, without CXL."""
    bridge = Function(root, "0000:00:1f.0", Config(0x8086, 0x2918, 0x060100), group=1,
                      path="sys/devices/pci0000:00/0000:00:1f.0")
    bridge.bind("lpc_ich")
    root.write("proc/sys/kernel/osrelease", f"{OLD_KERNEL}\n")
    root.write("proc/cmdline", f"BOOT_IMAGE=/boot/vmlinuz-{OLD_KERNEL} root=/dev/sda1 quiet\n")
    root.write(f"boot/config-{OLD_KERNEL}", "".join(f"CONFIG_{option}\n" for option in (
        "CXL_BUS=m", "CXL_PCI=m", "CXL_ACPI=m", "CXL_MEM=m", "CXL_PORT=m", "CXL_REGION=y",
        "VFIO=m", "VFIO_IOMMU_TYPE1=m", "VFIO_PCI_CORE=m", "INTEL_IOMMU=y")))
    (root.top / f"lib/modules/{OLD_KERNEL}").mkdir(parents=True)
    root.write("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vmx\nbugs\t\t: hypervisor\n")
    root.attributes("sys/class/dmi/id", sys_vendor="ACME", product_name="Server 1")
    root.write("proc/self/limits", "Limit Soft Hard Units\nMax locked memory  8388608  8388608  bytes\n")
    root.write("proc/self/status", "Name:\tcxlvfio\nCapEff:\t000001ffffffffff\n")
    for table in ("DMAR", "DSDT", "FACP"):
        root.write(f"sys/firmware/acpi/tables/{table}", b"")


def scenario_old_kernel(root: Root) -> None:
    """The same with an endpoint, which its kernel cannot attach."""
    scenario_plain(root)
    add_type2(root)


def scenario_cloud(root: Root) -> None:
    """The same, a virtual machine of a cloud."""
    scenario_plain(root)
    root.write("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor lahf_lm\n")
    root.attributes("sys/class/dmi/id", sys_vendor="Amazon EC2", product_name="c5.large")
    root.remove("sys/firmware/acpi/tables/DMAR")
    root.remove("sys/bus/pci/devices/0000:00:1f.0/iommu_group")
    shutil.rmtree(root.top / "sys/kernel/iommu_groups")


def scenario_container(root: Root) -> None:
    """A container in it: what its runtime hides is not there."""
    scenario_cloud(root)
    root.write(".dockerenv", "")
    for directory in ("sys/firmware/acpi", "boot", "lib/modules"):
        shutil.rmtree(root.top / directory)
    config = root.top / "sys/bus/pci/devices/0000:00:1f.0/config"
    config.write_bytes(config.read_bytes()[:64])


SCENARIOS = {name.removeprefix("scenario_"): scenario for name, scenario in list(globals().items())
             if name.startswith("scenario_")}


def make(scenario: str, directory: Path, small: bool = False) -> bool:
    """Whether there is such a SCENARIO. SMALL: of a large one only what cxlvfio reads."""
    name, _, count = scenario.partition(":")
    if name == "many" and count.isdigit():
        many.make(sys.modules[__name__], directory, int(count), small)
    elif scenario in SCENARIOS:
        SCENARIOS[scenario](Root(directory))
    else:
        return False
    return True


def main() -> int:
    if sys.argv[1:] == ["--list"]:
        for name, scenario in SCENARIOS.items():
            print(f"{name}\t{scenario.__doc__.splitlines()[0]}")
        return 0
    if len(sys.argv) == 3 and sys.argv[1] == "--archive":
        for name in archives.write(sys.modules[__name__], Path(sys.argv[2])):
            print(f"{name}: written")
        return 0
    if len(sys.argv) != 3 or not make(sys.argv[1], Path(sys.argv[2])):
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
