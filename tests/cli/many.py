# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenario many:COUNT of make-fixture.py: a machine with COUNT endpoints, as large as life.

Every endpoint sits behind a root port of its own and is bound to cxl-vfio-pci. A root bus has room
for 256 root ports and buses 1 to 255 behind them, so each host bridge has a PCI domain of its own
and 250 endpoints at most; there are four host bridges or more. Functions have every file that
sysfs gives a PCI Express function: "lspci -vv -A linux-sysfs -O sysfs.path=..." shows the tree.
"""
import errno
import os
import re
import struct
from pathlib import Path

PER_BRIDGE = 250
BRIDGES = 4
WINDOW_SIZE = 256 << 20
FIRST_WINDOW = 0x10_0000_0000
# Each host bridge's window begins where its number says.
WINDOW_STRIDE = 0x10_0000_0000
BAR_BASE = 0x80_0000_0000
BAR_SIZE = 0x40000

PORT_CLASS = 0x060400
TYPE2_CLASS = 0x120000

AER_NAMES = {
    "aer_dev_correctable": "RxErr BadTLP BadDLLP Rollover Timeout NonFatalErr CorrIntErr "
                           "HeaderOF TOTAL_ERR_COR",
    "aer_dev_fatal": "Undefined DLP SDES TLP FCP CmpltTO CmpltAbrt UnxCmplt RxOF MalfTLP ECRC "
                     "UnsupReq ACSViol UncorrIntErr BlockedTLP AtomicOpBlocked "
                     "TLPBlockedErr PoisonTLPBlocked DMWrReqBlocked IDECheck MisIDETLP "
                     "PCRC_CHECK TLPXlatBlocked TOTAL_ERR_FATAL",
}
AER_NAMES["aer_dev_nonfatal"] = AER_NAMES["aer_dev_fatal"].replace("FATAL", "NONFATAL")
AER = {name: "".join(f"{word} 0\n" for word in words.split()) for name, words in AER_NAMES.items()}

POWER = {
    "power/control": "on\n", "power/runtime_status": "active\n",
    "power/runtime_active_time": "7261184\n", "power/runtime_suspended_time": "0\n",
    "power/autosuspend_delay_ms": "", "power/wakeup": "disabled\n",
}
# What only lspci and other programs read; not in archives.
UNREAD = {
    "ari_enabled", "broken_parity_status", "consistent_dma_mask_bits", "dma_mask_bits",
    "d3cold_allowed", "enable", "irq", "local_cpulist", "local_cpus", "msi_bus", "remove",
    "rescan", "resource", "modalias", "link/clkpm", "link/l0s_aspm", "link/l1_aspm", "reset",
    "power/control", "power/runtime_active_time", "power/runtime_suspended_time",
    "power/autosuspend_delay_ms", "power/wakeup", "aer_rootport_total_err_cor",
    "aer_rootport_total_err_fatal", "aer_rootport_total_err_nonfatal", "uevent", "type",
    "reserved_regions", "current_link_speed", "current_link_width", "max_link_speed",
    "max_link_width", "dev", "path", "hid", "uid", *AER,
}
UNREAD_OF_PORT = {
    "subsystem_vendor", "subsystem_device", "revision", "driver_override", "reset_method",
    "power_state", "power/runtime_status", "iommu_group", "secondary_bus_number",
    "subordinate_bus_number",
}
PORT_GROUP = re.compile(r"/iommu_groups/1\d{6}\b")
# A file of a function right below its host bridge.
PORT_FILE = re.compile(r"^sys/devices/pci[0-9a-f]{4}:00/[^/]*/(?![0-9a-f]{4}:)(.*)")
# What does not differ from function to function.
FUNCTION = {
    "ari_enabled": "0\n", "broken_parity_status": "0\n", "consistent_dma_mask_bits": "64\n",
    "dma_mask_bits": "64\n", "d3cold_allowed": "1\n", "enable": "1\n", "irq": "0\n",
    "local_cpulist": "0-31\n", "local_cpus": "ffffffff\n", "msi_bus": "1\n", "remove": "",
    "rescan": "", "power_state": "D0\n", "current_link_speed": "32.0 GT/s PCIe\n",
    "current_link_width": "16\n", "max_link_speed": "32.0 GT/s PCIe\n", "max_link_width": "16\n",
    "link/clkpm": "0\n", "link/l0s_aspm": "0\n", "link/l1_aspm": "0\n", **AER, **POWER,
}
PORT = {
    "aer_rootport_total_err_cor": "0\n", "aer_rootport_total_err_fatal": "0\n",
    "aer_rootport_total_err_nonfatal": "0\n", "driver_override": "(null)\n",
    "reset_method": "pm\n", "reset": "",
}


def collecting(fixtures):
    """fixtures.Root that keeps everything until save(), where equal files become one."""

    class CollectingRoot(fixtures.Root):
        def __init__(self, top: Path) -> None:
            self.files, self.links, self.directories = {}, {}, set()
            super().__init__(top)

        def write(self, path: str, content) -> None:
            self.files[path] = content if isinstance(content, bytes) else content.encode()

        def link(self, path: str, target: str) -> None:
            self.links[path] = target
            self.directories.add(target)

        def save(self) -> None:
            top = str(self.top)
            parents = {os.path.dirname(path) for path in (*self.files, *self.links)}
            for directory in sorted(parents | self.directories):
                os.makedirs(f"{top}/{directory}", exist_ok=True)
            for path, target in self.links.items():
                os.symlink(os.path.relpath(target, os.path.dirname(path)), f"{top}/{path}")
            self.save_files(top)

        def save_files(self, top: str) -> None:
            first = {}
            for path, content in self.files.items():
                file = f"{top}/{path}"
                if content in first:
                    try:
                        os.link(first[content], file)
                        continue
                    except OSError as error:
                        # As many links as the file system allows: begin anew.
                        if error.errno != errno.EMLINK:
                            raise
                with open(file, "wb") as stream:
                    stream.write(content)
                first[content] = file

    return CollectingRoot


def port_config(fixtures, number: int, bus: int):
    """A root port: header type 1, PCI Express, AER, and the DVSECs of a CXL port."""
    config = fixtures.Config(0x8086, 0x0DB0, PORT_CLASS)
    image = config.image
    image[0x10:0x40] = bytes(0x30)
    config.put(0x0E, "<B", 1)
    config.put(0x18, "<BBB", 0, bus, bus)
    config.put(0x1C, "<BB", 0xF0, 0x00)
    config.put(0x20, "<HH", 0xFFF0, 0x0000)
    base = BAR_BASE + number * (1 << 20) >> 20
    config.put(0x24, "<HH", (base & 0xFFF) << 4 | 1, (base & 0xFFF) << 4 | 1)
    config.put(0x28, "<II", base >> 12, base >> 12)
    config.put(0x34, "<B", 0x40)
    config.put(0x3E, "<H", 0x0002)
    # root port, slot implemented, 32 GT/s x16
    put_express(config, 4, 1)
    config.put(0x54, "<IHH", (number & 0x1FFF) << 19 | 0x60, 0x03C0, 0x0040)
    add_aer(config)
    config.add_dvsec(3, 0, struct.pack("<HHHHHHI", 0, 1, 0, 0, 0, 0, 0)
                     + bytes(0x28 - 10 - 16))
    config.add_flex_bus_dvsec(0x0027)
    return config


def put_express(config, kind: int, slot: int) -> None:
    config.put(0x40, "<BBH", 0x10, 0, 2 | kind << 4 | slot << 8)
    config.put(0x44, "<IHH", 1 << 28 if kind == 0 else 0x8000, 0x281F, 0x0000)
    config.put(0x4C, "<IHH", 0x00437105, 0x0040, 0x1105 | (0x2000 if kind else 0))
    config.put(0x64, "<IHH", 0x00030C1F, 0x0000, 0x0000)
    config.put(0x6C, "<IHH", 0x0000003E, 0x0005, 0x001F)


def add_aer(config) -> None:
    config.add_extended(0x01, 2, struct.pack("<IIIIII", 0, 0x00400000, 0x00462030, 0, 0x2000,
                                             0x1E0) + bytes(0x48 - 28))


def endpoint_config(fixtures, serial: int, bar: int, window: int):
    config = fixtures.Config(fixtures.VENDOR_CXL, 0xE2E2, TYPE2_CLASS)
    config.put(0x10, "<II", bar & 0xFFFFFFFF | 0xC, bar >> 32)
    put_express(config, 0, 0)
    add_aer(config)
    config.add_serial(serial)
    config.add_device_dvsec(fixtures.TYPE2_CAPABILITY, 0x0007, window, WINDOW_SIZE)
    config.add_flex_bus_dvsec(0x0027)
    config.add_locator_dvsec(0, 0)
    return config


def resources(lines: dict, count: int) -> str:
    """The "resource" file: LINES by index, of COUNT."""
    text = ""
    for index in range(count):
        start, end, flags = lines.get(index, (0, 0, 0))
        text += f"{start:#018x} {end:#018x} {flags:#018x}\n"
    return text


class Machine:
    def __init__(self, fixtures, root, count: int, small: bool) -> None:
        self.fixtures, self.root, self.count, self.small = fixtures, root, count, small
        self.bridges = max(BRIDGES, -(-count // PER_BRIDGE))
        self.iomem = []
        self.next_decoder = 1 + self.bridges

    def files(self, directory: str, values: dict) -> None:
        for name, value in values.items():
            self.root.write(f"{directory}/{name}", value)

    def identity(self, config, address: str, driver: str) -> dict:
        vendor, device, = struct.unpack_from("<HH", config.image, 0)
        class_code = struct.unpack_from("<I", config.image, 8)[0] >> 8
        modalias = (f"pci:v{vendor:08X}d{device:08X}sv{vendor:08X}sd{device:08X}"
                    f"bc{class_code >> 16:02X}sc{class_code >> 8 & 0xFF:02X}"
                    f"i{class_code & 0xFF:02X}")
        return {
            "modalias": modalias + "\n",
            "uevent": f"DRIVER={driver}\nPCI_CLASS={class_code:X}\n"
                      f"PCI_ID={vendor:04X}:{device:04X}\n"
                      f"PCI_SUBSYS_ID={vendor:04X}:{device:04X}\n"
                      f"PCI_SLOT_NAME={address}\nMODALIAS={modalias}\n",
        }

    def add_function(self, address: str, path: str, config, group: int, driver: str,
                     resource: str, node: int):
        function = self.fixtures.Function(self.root, address, config, group, path)
        function.bind(driver)
        self.root.link(f"{path}/subsystem", "sys/bus/pci")
        self.files(path, {**FUNCTION, **self.identity(config, address, driver),
                          "resource": resource, "numa_node": f"{node}\n"})
        return function

    def add_port(self, domain: int, index: int, number: int) -> str:
        address = f"{domain:04x}:00:{index // 8:02x}.{index % 8}"
        path = f"sys/devices/pci{domain:04x}:00/{address}"
        config = port_config(self.fixtures, number, index + 1)
        base = BAR_BASE + number * (1 << 20)
        self.add_function(address, path, config, 1000000 + number, "pcieport",
                          resources({15: (base, base + (1 << 20) - 1, 0x102201)}, 17), domain % 2)
        self.files(path, {**PORT, "secondary_bus_number": f"{index + 1}\n",
                          "subordinate_bus_number": f"{index + 1}\n"})
        self.root.link(f"{path}/pci_bus/{domain:04x}:{index + 1:02x}/device", path)
        return path

    def add_endpoint(self, domain: int, index: int, number: int, port_path: str) -> None:
        fixtures, root = self.fixtures, self.root
        address = f"{domain:04x}:{index + 1:02x}:00.0"
        bar = BAR_BASE + number * (1 << 20)
        window = FIRST_WINDOW + domain * WINDOW_STRIDE + index * WINDOW_SIZE
        config = endpoint_config(fixtures, 0x0123456700000000 + number, bar, window)
        function = self.add_function(address, f"{port_path}/{address}", config, number,
                                     "cxl-vfio-pci",
                                     resources({0: (bar, bar + BAR_SIZE - 1, 0x14220C)}, 13),
                                     domain % 2)
        self.files(function.path, {"driver_override": "cxl-vfio-pci\n", "reset": "",
                                   "reset_method": "flr cxl_bus bus\n"})
        function.add_vfio(number, cdev=True)
        root.write(f"sys/kernel/iommu_groups/{number}/type", "DMA\n")
        root.write(f"sys/kernel/iommu_groups/{number}/reserved_regions",
                   "0x00000000fee00000 0x00000000feefffff msi\n")
        function.add_driver_view(window_base=f"{window:#x}", window_size=f"{WINDOW_SIZE:#x}")
        self.add_cxl(domain, number, function, port_path, window)

    def add_cxl(self, domain: int, number: int, function, port_path: str, window: int) -> None:
        topology = self.topology
        port = f"{topology.root_port}/port{1 + domain}"
        memdev = f"{function.path}/mem{number}"
        decoder = f"decoder{1 + self.bridges + number}.0"
        topology.add_memdev(function, number, uevent=f"MAJOR=251\nMINOR={number}",
                            dev=f"251:{number}")
        endpoint = topology.add_endpoint(memdev, 1 + self.bridges + number, port)
        self.root.attributes(endpoint, devtype="cxl_port", uevent="DEVTYPE=cxl_port\n"
                             "DRIVER=cxl_port\nMODALIAS=cxl:t3")
        topology.add_dport(port, number, port_path)
        topology.add_decoder(endpoint, decoder, f"region{number}", start=f"{window:#x}",
                             size=f"{WINDOW_SIZE:#x}", devtype="cxl_decoder_endpoint")
        topology.add_region(f"region{number}", window, (decoder,),
                            f"{topology.root_port}/decoder0.{domain}")
        end = window + WINDOW_SIZE - 1
        self.iomem.append(f"  {window:x}-{end:x} : region{number}\n"
                          f"    {window:x}-{end:x} : cxl-vfio-pci\n")

    def add_host_bridge(self, domain: int) -> None:
        topology = self.topology
        size = PER_BRIDGE * WINDOW_SIZE
        base = FIRST_WINDOW + domain * WINDOW_STRIDE
        device = f"sys/devices/pci{domain:04x}:00"
        firmware = f"sys/devices/LNXSYSTM:00/LNXSYBUS:00/ACPI0016:{domain:02x}"
        self.files(firmware, {"path": f"\\_SB_.CL{domain:02X}\n", "hid": "ACPI0016\n",
                              "uid": f"{domain}\n"})
        self.root.link(f"{device}/firmware_node", firmware)
        self.root.link(f"{firmware}/physical_node", device)
        self.root.link(f"{topology.root_port}/dport{domain}", device)
        port = topology.add_port(f"port{1 + domain}", topology.root_port, device, device)
        self.root.attributes(port, devtype="cxl_port", uevent="DEVTYPE=cxl_port\n"
                             "DRIVER=cxl_port\nMODALIAS=cxl:t3")
        topology.add_window(f"decoder0.{domain}", base, size, str(domain))
        topology.add_port_decoder(port, "", base, size=size)
        self.iomem.append(f"{base:x}-{base + size - 1:x} : CXL Window {domain}\n")

    def make(self) -> None:
        self.topology = self.fixtures.CxlTopology(self.root, bare=True)
        number = 0
        for domain in range(self.bridges):
            self.add_host_bridge(domain)
            share = (self.count + self.bridges - 1 - domain) // self.bridges
            for index in range(share):
                self.add_endpoint(domain, index, number, self.add_port(domain, index, number))
                number += 1
        self.root.write("proc/iomem", "".join(self.iomem))
        if self.small:
            self.root.files = {path: content for path, content in self.root.files.items()
                               if not is_unread(path)}
            self.root.links = {path: target for path, target in self.root.links.items()
                               if not is_unread(path)}
            self.root.directories = {path for path in self.root.directories
                                     if not PORT_GROUP.search(path)}


def is_unread(path: str) -> bool:
    port = PORT_FILE.match(path)
    if port and (port[1] in UNREAD_OF_PORT or port[1].startswith("pci_bus/")):
        return True
    if "/vfio-dev/" in path:
        return False
    return bool(PORT_GROUP.search(path)) or path.endswith("/subsystem") or \
        any(path.endswith("/" + name) for name in UNREAD)


def make(fixtures, directory: Path, count: int, small: bool = False) -> None:
    root = collecting(fixtures)(directory)
    Machine(fixtures, root, count, small).make()
    root.save()
