#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run in the guest by tests/vm/scenarios/facts.sh: compare every PCI and VFIO fact of the command
with lspci's output, sysfs, and what VFIO's ioctls tell a program of its own. Prints TAP."""

import fcntl
import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

sys.path[:0] = ["/src/tests", "/src/tests/cli"]
sys.dont_write_bytecode = True
import validate  # noqa: E402  (nothing is left in the source tree)
from tap import Tap  # noqa: E402

DEVICES = Path("/sys/bus/pci/devices")
SCHEMAS = validate.Schemas(Path("/usr/local/share/cxlvfio/schema"))
COMPONENT_CAPABILITY = 6
TYPE_CAPABILITY, SPARSE_CAPABILITY = 2, 1
CXL_TYPE = 0x80001E98
FLAGS = ["reset", "pci", "platform", "amba", "ccw", "ap", "fsl_mc", "caps", "cdx", "cxl"]
REGION_FLAGS = ["read", "write", "mmap", "caps"]
REGION_NAMES = ["bar0", "bar1", "bar2", "bar3", "bar4", "bar5", "rom", "config", "vga"]

# linux/vfio.h: _IO(';', 100 + N)
SET_IOMMU, SET_CONTAINER, GET_DEVICE_FD, GET_INFO, GET_REGION_INFO = (
    0x3B64 + number for number in (2, 4, 6, 7, 8))
TYPE1V2_IOMMU = 3

tap = Tap()
check = tap.say


def compare(what: str, got: dict, expected: dict) -> None:
    different = [f"{key}: {got[key]!r}, expected {value!r}" for key, value in expected.items()
                 if got[key] != value]
    check(not different, what, *different)


def run(*command: str, status: int = 0) -> str:
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != status:
        check(False, f"{' '.join(command)}: status {result.returncode}, expected {status}",
              result.stderr)
    return result.stdout


def document(*arguments: str, status: int = 0) -> dict:
    answer = json.loads(run("cxlvfio", "--json", *arguments, status=status))
    problems = SCHEMAS.problems(answer)
    if problems:
        check(False, f"{arguments}: the document is valid", *problems)
    return answer


def endpoint(*arguments: str, status: int = 0) -> dict:
    return document("show", *arguments, status=status)["endpoints"][0]


def attribute(bdf: str, name: str):
    file = DEVICES / bdf / name
    return file.read_text().strip() if file.exists() else None


# --- lspci ---

UNKNOWN = {"Vendor", "Device", "Class", "Unknown vendor"}


def name_and_id(text: str) -> tuple:
    name, number = re.fullmatch(r"(.*) \[([0-9a-f]{4})\]", text).groups()
    return None if name in UNKNOWN else name, int(number, 16)


class Lspci:
    """Both of its views of every function, as text: it takes long to start on an emulated CPU."""

    def __init__(self) -> None:
        self.machine, self.verbose = {}, {}
        for text in run("lspci", "-D", "-vmm", "-nn", "-k").strip().split("\n\n"):
            said = dict(line.split(":\t", 1) for line in text.splitlines())
            self.machine[said["Slot"]] = said
        for text in run("lspci", "-D", "-vvv", "-nn", "-k").strip().split("\n\n"):
            self.verbose[text.split()[0]] = text


def lspci_machine(said: dict) -> dict:
    facts = {}
    for key, word in (("vendor", "Vendor"), ("device", "Device"), ("subsystem_vendor", "SVendor")):
        facts[f"{key}_name"], facts[key] = name_and_id(said[word])
    facts["subsystem_name"], facts["subsystem_device"] = name_and_id(said["SDevice"])
    facts["class_name"], class_code = name_and_id(said["Class"])
    facts["class"] = class_code << 8 | int(said.get("ProgIf", "0"), 16)
    facts["revision"] = int(said.get("Rev", "0"), 16)
    return facts


def lspci_outer(text: str) -> dict:
    """What lspci says that is in no object of its own."""

    def first(pattern: str):
        found = re.search(pattern, text, re.MULTILINE)
        return found.group(1) if found else None

    group = first(r"^\tIOMMU group: (\d+)$")
    node = first(r"^\tNUMA node: (\d+)$")
    serial = first(r"Device Serial Number ([0-9a-f-]+)$")
    return {
        "driver": first(r"^\tKernel driver in use: (.*)$"),
        "iommu_group": int(group) if group else None,
        "numa_node": int(node) if node else None,
        "serial": int(serial.replace("-", ""), 16) if serial else None,
    }


def lspci_rest(text: str) -> tuple:
    speed, width = re.search(r"LnkSta:\tSpeed ([\d.]+)GT/s.*?, Width x(\d+)", text).groups()
    top_speed, top_width = re.search(r"LnkCap:\t.*Speed ([\d.]+)GT/s, Width x(\d+)", text).groups()
    prog_if = re.search(r"\(prog-if [0-9a-f]+ \[(.*?)\]\)", text)
    facts = {
        "memory_enabled": "Mem+" in re.search(r"Control: .*", text).group(),
        "current_link_speed": f"{float(speed)} GT/s PCIe", "current_link_width": int(width),
        "max_link_speed": f"{float(top_speed)} GT/s PCIe", "max_link_width": int(top_width),
        "prog_if_name": prog_if.group(1) if prog_if else None,
    }
    units = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    bars = []
    for number, place, width, fetch, size, unit in re.findall(
            r"^\tRegion (\d): Memory at ([0-9a-f]+) \((\d+)-bit, ([a-z-]+)\).* \[size=(\d+)(\w?)\]$",
            text, re.MULTILINE):
        bars.append({"index": int(number), "resource": int(place, 16), "width": int(width),
                     "prefetchable": fetch == "prefetchable", "size": int(size) * units[unit],
                     "type": "memory", "name": f"bar{number}", "unavailable": {}})
    return facts, bars


def check_pci(got: dict, lspci: Lspci, when: str) -> None:
    bdf = got["host"]
    facts, bars = lspci_rest(lspci.verbose[bdf])
    compare(f"{bdf} {when}: ids and names are lspci's", got["pci"],
            lspci_machine(lspci.machine[bdf]))
    compare(f"{bdf} {when}: link and command register are lspci's", got["pci"], facts)
    check(bars and got["bars"] == bars, f"{bdf} {when}: the BARs are lspci's", got["bars"], bars)
    compare(f"{bdf} {when}: driver, group, node and serial are lspci's", got,
            lspci_outer(lspci.verbose[bdf]))
    compare(f"{bdf} {when}: the same from sysfs", got["pci"], {
        **{name: int(attribute(bdf, name), 16) for name in (
            "vendor", "device", "subsystem_vendor", "subsystem_device", "class", "revision")},
        "current_link_speed": attribute(bdf, "current_link_speed"),
        "current_link_width": int(attribute(bdf, "current_link_width")),
        "max_link_speed": attribute(bdf, "max_link_speed"),
        "max_link_width": int(attribute(bdf, "max_link_width")),
        "power_state": attribute(bdf, "power_state"),
        "runtime_status": attribute(bdf, "power/runtime_status"),
    })
    check_resources(got, when)
    check_counters(got, when)
    check_group(got, when)


def check_resources(got: dict, when: str) -> None:
    lines = attribute(got["host"], "resource").splitlines()
    expected = []
    for index, line in enumerate(lines[:7]):
        first, last, flags = (int(word, 16) for word in line.split())
        if flags:
            expected.append((index, first, last - first + 1))
    found = [(bar["index"], bar["resource"], bar["size"]) for bar in got["bars"]]
    check(found == expected, f"{got['host']} {when}: the BARs are those of sysfs", found, expected)


def check_counters(got: dict, when: str) -> None:
    expected = {"counters": []}
    for severity in ("correctable", "nonfatal", "fatal"):
        for line in attribute(got["host"], f"aer_dev_{severity}").splitlines():
            name, value = line.rsplit(" ", 1)
            if name.startswith("TOTAL_"):
                expected[severity] = int(value)
            elif int(value):
                expected["counters"].append(
                    {"severity": severity, "name": name, "count": int(value)})
    compare(f"{got['host']} {when}: error counters are those of sysfs", got["aer"], expected)


def check_group(got: dict, when: str) -> None:
    group = DEVICES / got["host"] / "iommu_group"
    members = sorted(path.name for path in (group / "devices").iterdir())
    peers = []
    for name in members:
        link = DEVICES / name / "driver"
        if name != got["host"]:
            peers.append({"unavailable": {}, "host": name,
                          "driver": link.resolve().name if link.exists() else None})
    compare(f"{got['host']} {when}: the IOMMU group is that of sysfs", got, {
        "iommu_group": int(group.resolve().name), "iommu_group_members": members,
        "iommu_group_type": (group / "type").read_text().strip(), "iommu_group_peers": peers,
    })


# --- VFIO, by its ioctls alone ---

class Device:
    """An endpoint that this process has open through its group."""

    def __init__(self, bdf: str, group: int) -> None:
        self.container = os.open("/dev/vfio/vfio", os.O_RDWR)
        self.group = os.open(f"/dev/vfio/{group}", os.O_RDWR)
        fcntl.ioctl(self.group, SET_CONTAINER, struct.pack("i", self.container))
        fcntl.ioctl(self.container, SET_IOMMU, TYPE1V2_IOMMU)
        self.device = fcntl.ioctl(self.group, GET_DEVICE_FD, bytearray(bdf.encode() + b"\0"), True)

    def keep_device_only(self) -> None:
        os.close(self.group)
        os.close(self.container)
        self.group = self.container = -1

    def close(self) -> None:
        for descriptor in (self.device, self.group, self.container):
            if descriptor >= 0:
                os.close(descriptor)

    def info(self) -> tuple:
        info = bytearray(struct.pack("IIIII", 20, 0, 0, 0, 0))
        fcntl.ioctl(self.device, GET_INFO, info, True)
        _, flags, regions, _, _ = struct.unpack("IIIII", info)
        return flags, regions

    def region(self, index: int):
        info = bytearray(4096)
        struct.pack_into("III", info, 0, len(info), 0, index)
        try:
            fcntl.ioctl(self.device, GET_REGION_INFO, info, True)
        except OSError:
            return None
        _, flags, _, chain, size, offset = struct.unpack_from("IIIIQQ", info)
        if not size:
            return None
        region = {"index": index, "size": size, "offset": offset, "type": None, "subtype": None,
                  "flags": words(flags, REGION_FLAGS), "capabilities": []}
        at = chain if flags & 8 else 0
        while at:
            at = self.capability(info, at, region)
        region["name"] = region_name(region)
        return region

    @staticmethod
    def capability(info: bytearray, at: int, region: dict) -> int:
        number, version, following = struct.unpack_from("HHI", info, at)
        capability = {"id": number, "version": version, "type": None, "subtype": None,
                      "bar": None, "offset": None, "areas": [],
                      "name": {1: "sparse_mmap", 2: "type", 3: "msix_mappable",
                               COMPONENT_CAPABILITY: "component"}.get(number)}
        if number == TYPE_CAPABILITY:
            region["type"], region["subtype"] = struct.unpack_from("II", info, at + 8)
            capability["type"], capability["subtype"] = region["type"], region["subtype"]
        elif number == SPARSE_CAPABILITY:
            (areas,) = struct.unpack_from("I", info, at + 8)
            for area in range(areas):
                offset, size = struct.unpack_from("QQ", info, at + 16 + 16 * area)
                capability["areas"].append({"offset": offset, "size": size})
        elif number == COMPONENT_CAPABILITY:
            capability["bar"], _, capability["offset"] = struct.unpack_from("IIQ", info, at + 8)
        region["capabilities"].append(capability)
        return following


def words(flags: int, names: list) -> list:
    return [name for bit, name in enumerate(names) if flags & 1 << bit]


def region_name(region: dict):
    if region["type"] == CXL_TYPE:
        return {1: "cxl_memory", 2: "cxl_component"}[region["subtype"]]
    return REGION_NAMES[region["index"]] if region["index"] < len(REGION_NAMES) else None


def told_by_ioctls(device: Device) -> dict:
    flags, count_of_regions = device.info()
    regions = [device.region(index) for index in range(count_of_regions)]
    return {"flags": words(flags, FLAGS), "regions": [region for region in regions if region]}


def decoders(got: dict) -> list:
    return [(d["index"], d["resource"], d["size"], d["committed"], d["target_type"])
            for d in got["hdm_decoders"]]


def opened(path: str) -> list:
    return [{"unavailable": {}, "pid": os.getpid(),
             "command": Path("/proc/self/comm").read_text().strip(), "path": path}]


def check_vfio(before: dict, lspci: Lspci) -> None:
    """BEFORE: what was known of the endpoint while no driver had it."""
    bdf = before["host"]
    got = endpoint(bdf)
    group = f"/dev/vfio/{got['iommu_group']}"
    closed = {"opened_by": [], "flags": [], "regions": [],
              "unavailable": {"flags": "ENODATA", "regions": "ENODATA"}}
    compare(f"{bdf} bound: nobody has it open, and nothing of it is asked", got["vfio"], closed)
    check(got["hdm_decoders"] == [] and got["unavailable"]["hdm_decoders"] == "EBUSY",
          f"{bdf} bound: the driver's registers are left alone", got["unavailable"])
    generation = got["cxl_vfio"]["generation"]
    check(endpoint(bdf)["cxl_vfio"]["generation"] == generation,
          f"{bdf} bound: show itself resets nothing", generation)

    device = Device(bdf, got["iommu_group"])
    expected = told_by_ioctls(device)
    compare(f"{bdf} held: the holder is named", endpoint(bdf)["vfio"], {"opened_by": opened(group)})
    listed = {one["host"]: one["vfio"]["opened_by"] for one in document("list")["endpoints"]}
    check(listed.pop(bdf) == opened(group) and not any(listed.values()),
          f"{bdf} held: list knows it too, and of no other", listed)
    refused = document("show", "--open", bdf, status=5)
    check(refused["endpoints"][0]["vfio"]["unavailable"] == {"flags": "EBUSY", "regions": "EBUSY"}
          and f"(pid {os.getpid()}) has {group} open" in refused["errors"][0]["message"],
          f"{bdf} held: --open is refused, and says by whom", refused["errors"])
    text = run("cxlvfio", "show", "-s", "vfio", bdf)
    check(re.search(rf"opened_by 0\n +pid +{os.getpid()}\n", text) is not None,
          f"{bdf} held: the text names it", text)
    check_unprivileged(bdf, lspci)
    device.keep_device_only()
    compare(f"{bdf} held by its device descriptor alone: the same", endpoint(bdf)["vfio"],
            {"opened_by": opened("anon_inode:[vfio-device]")})
    device.close()

    got = endpoint("--open", bdf)
    compare(f"{bdf} opened: flags and regions are what the ioctls tell", got["vfio"],
            {**expected, "unavailable": {}, "opened_by": []})
    check({region["name"] for region in got["vfio"]["regions"]} >
          {"bar0", "config", "cxl_memory", "cxl_component"},
          f"{bdf} opened: the CXL regions are among them")
    check(got["hdm"]["source"] == "vfio" and "hdm_decoders" not in got["unavailable"] and
          decoders(got) == decoders(before) != [],
          f"{bdf} opened: the decoders through it are those of the BAR before", decoders(got))
    check(endpoint(bdf)["cxl_vfio"]["generation"] > generation,
          f"{bdf} opened: which did reset it")
    text = run("cxlvfio", "show", "--open", "--bytes", "-s", "vfio", bdf)
    shown = list(zip(re.findall(r"^ +name +(.*)$", text, re.MULTILINE),
                     re.findall(r"^ +size +(\d+)$", text, re.MULTILINE)))
    check(shown == [(region["name"], str(region["size"])) for region in expected["regions"]],
          f"{bdf} opened: the text has every region", text)


def check_unprivileged(bdf: str, lspci: Lspci) -> None:
    text = run("su", "-s", "/bin/sh", "nobody", "-c", f"cxlvfio show --json {bdf}")
    got = json.loads(text)["endpoints"][0]
    compare(f"{bdf} held: others' processes are not for everyone, which is said", got["vfio"],
            {"opened_by": [], "unavailable": {"opened_by": "EACCES", "flags": "ENODATA",
                                              "regions": "ENODATA"}})
    facts, bars = lspci_rest(lspci.verbose[bdf])
    compare(f"{bdf} held: ids and link are for everyone", got["pci"],
            {**lspci_machine(lspci.machine[bdf]), **facts})
    check(got["bars"] == bars, f"{bdf} held: so are the BARs", got["bars"])


def main() -> int:
    before = document("list")["endpoints"]
    check(len(before) == len([path for path in DEVICES.iterdir()
                              if (path / "class").read_text().strip() == "0x120000"]) > 0,
          "every endpoint is listed", [one["host"] for one in before])
    lspci = Lspci()
    for one in before:
        check_pci(one, lspci, "without a driver")
    refused = document("show", "--open", before[0]["host"], status=6)
    check("no driver is bound" in refused["errors"][0]["message"],
          "--open of an endpoint without a driver says so", refused["errors"])
    run("cxlvfio", "bind", "-q", "all")
    lspci = Lspci()
    for one in document("list")["endpoints"]:
        check_pci(one, lspci, "bound")
    for one in before:
        check_vfio(one, lspci)
    return tap.finish()


sys.exit(main())
