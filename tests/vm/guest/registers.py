#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare what cxlvfio show says of CXL registers with lspci -vvv, and with itself on dumps.

    registers.py ENDPOINT PORT

ENDPOINT and the PORT above it are PCI addresses; no driver may be bound to ENDPOINT. Prints TAP.
"""
import json
import mmap
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tap import Tap  # noqa: E402  (nothing is left in the source tree)

# Words of lspci's CXLCap: line and so on, and what show calls them.
CAPABILITY = {"Cache": "cache", "IO": "io", "Mem": "mem", "MemHWInit": "mem_hwinit",
              "Viral": "viral_capable"}
CONTROL = {"Cache": "cache_enable", "IO": "io_enable", "Mem": "mem_enable",
           "CacheClean": "cache_clean_eviction", "Viral": "viral_enable"}
# lspci 3.13 takes the other bits of control2, and those of capability3, for masks: left out.
CONTROL2 = {"DisableCaching": "disable_caching", "InitCacheWB&Inval": "initiate_wbi"}
STATUS2 = {"ResetComplete": "rst_complete", "ResetError": "rst_error",
           "PMComplete": "pm_init_complete"}
FLEX_BUS = {
    "FBCap": {"Cache": "cache_capable", "IO": "io_capable", "Mem": "mem_capable",
              "68BFlit": "flit_68b_vh_capable", "MltLogDev": "mld_capable",
              "256BFlit": "flit_256b_capable", "PBRFlit": "pbr_flit_capable"},
    "FBCtl": {"Cache": "cache_enable", "IO": "io_enable", "Mem": "mem_enable",
              "SynHdrByp": "sync_header_bypass_enable", "DrftBuf": "drift_buffer_enable",
              "68BFlit": "flit_68b_vh_enable", "MltLogDev": "mld_enable",
              "RCD": "rcd_training_disable", "Retimer1": "retimer1_present",
              "Retimer2": "retimer2_present", "256BFlit": "flit_256b_enable",
              "PBRFlit": "pbr_flit_enable"},
    "FBSta": {"Cache": "cache", "IO": "io", "Mem": "mem", "SynHdrByp": "sync_header_bypass",
              "DrftBuf": "drift_buffer", "68BFlit": "flit_68b_vh", "MltLogDev": "mld",
              "256BFlit": "flit_256b", "PBRFlit": "pbr_flit"},
    "FBCap2": {"NOPHint": "nop_hint_capable"},
    "FBCtl2": {"NOPHint": "nop_hint_enable"},
}
PORT_CONTROL = {"UnmaskSBR": "unmask_sbr", "UnmaskLinkDisable": "unmask_link_disable",
                "AltMem": "alt_memory_enable", "AltBME": "alt_bme", "ViralEnable": "viral_enable"}
MEDIA = {"volatile": "Volatile", "non_volatile": "Non-volatile", "cdat": "CDAT"}
CLASS = {"memory": "DRAM", "storage": "Storage", "cdat": "CDAT"}
BLOCKS = {"component": "component registers", "bar_virtualization_acl": "BAR virtualization",
          "device": "CXL device registers", "cpmu": "CPMU registers"}
# Keys of an endpoint that come from configuration space and nothing else.
CONFIG_KEYS = ["host", "cxl_type", "serial", "serial_hex", "cxl_caps", "cxl_control", "cxl_status",
               "cxl_ranges", "flex_bus", "register_blocks"]
PCI_KEYS = ["vendor", "device", "subsystem_vendor", "subsystem_device", "class", "revision",
            "memory_enabled"]


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def show(*arguments: str) -> list:
    return json.loads(output("cxlvfio", "show", "--json", "--quiet", *arguments))["endpoints"]


def lspci_lines(address: str) -> dict:
    """Label to text; lspci has two lines AlternateBus:, the second of which is memory."""
    lines = {}
    for line in output("lspci", "-vvv", "-s", address).splitlines():
        label, colon, text = line.strip().partition(":")
        if colon:
            lines.setdefault(label, []).append(text.strip())
        elif re.match(r"Valid[+-]", line.strip()):
            lines.setdefault("Range", []).append(line.strip())
    return lines


def flags(text: str, words: dict) -> dict:
    """"Cache+ IO-" as {"cache": True, "io": False}; a word that lspci lost is a KeyError."""
    found = {word: sign == "+" for word, sign in re.findall(r"(\S+)([+-])(?:\s|$)", text)}
    return {key: found[word] for word, key in words.items()}


def picked(facts: dict, words: dict) -> dict:
    return {key: facts[key] for key in words.values()}


def check_device(tap: Tap, endpoint: dict, lspci: dict) -> None:
    caps, control = endpoint["cxl_caps"], endpoint["cxl_control"]
    text = lspci["CXLCap"][0]
    tap.same("CXLCap", flags(text, CAPABILITY), picked(caps, CAPABILITY))
    tap.same("HDMCount", int(re.search(r"HDMCount (\d+)", text)[1]), caps["hdm_count"])
    text = lspci["CXLCtl"][0]
    tap.same("CXLCtl", flags(text, CONTROL), picked(control, CONTROL))
    coverage = int(re.search(r"CacheSFCov (\d+)", text)[1])
    tap.same("CacheSFCov", 2 ** (coverage + 15) if coverage else 0, control["cache_sf_coverage"])
    granularity = int(re.search(r"CacheSFGran (\d+)", text)[1])
    tap.same("CacheSFGran", 64 << granularity, control["cache_sf_granularity"])
    tap.same("CXLSta", flags(lspci["CXLSta"][0], {"Viral": "viral"}),
             {"viral": endpoint["cxl_status"]["viral"]})
    tap.same("CXLCtl2", flags(lspci["CXLCtl2"][0], CONTROL2), picked(control, CONTROL2))
    tap.same("CXLSta2", flags(lspci["CXLSta2"][0], STATUS2),
             picked(endpoint["cxl_status"], STATUS2))
    tap.same("CXLCap2", int(re.search(r"Cache Size: (\w+)", lspci["CXLCap2"][0])[1], 16),
             caps["cache_size"])


def check_ranges(tap: Tap, endpoint: dict, lspci: dict) -> None:
    for number, facts in enumerate(endpoint["cxl_ranges"], 1):
        base, end = facts["base"], facts["base"] + facts["size"] - 1
        tap.same(f"Range{number}", lspci[f"Range{number}"][0],
                 f"{base:016x}-{end:016x} [size={facts['size']:#x}]")
        sign = {True: "+", False: "-"}
        tap.same(f"Range{number}, second line", lspci["Range"][number - 1],
                 f"Valid{sign[facts['info_valid']]} Active{sign[facts['active']]} "
                 f"Type={MEDIA[facts['media_type']]} Class={CLASS[facts['memory_class']]} "
                 f"interleave={facts['desired_interleave']} timeout={facts['active_timeout_s']}s")


def check_flex_bus(tap: Tap, what: str, facts: dict, lspci: dict) -> None:
    for label, words in FLEX_BUS.items():
        tap.same(f"{what}: {label}", flags(lspci[label][0], words), picked(facts, words))
    tap.same(f"{what}: FBModTS", int(lspci["FBModTS"][0].split()[-1], 16),
             facts["received_modified_ts"])
    tap.same(f"{what}: FBSta2", int(lspci["FBSta2"][0].split()[-1], 16), facts["nop_hint_info"])


def check_blocks(tap: Tap, endpoint: dict, lspci: dict) -> None:
    wanted = [texts[0] for label, texts in lspci.items() if re.fullmatch(r"Block\d+", label)]
    tap.same("register blocks", wanted,
             [f"BIR: bar{block['bar']}, ID: {BLOCKS[block['name']]}, offset: {block['offset']:016x}"
              for block in endpoint["register_blocks"]])


def check_port(tap: Tap, endpoint: dict, address: str, lspci: dict) -> None:
    port = endpoint["upstream_port"]
    facts = port["port_extension"]
    tap.same("port", (address, "pcieport"), (port["host"], port["driver"]))
    tap.same("CXLPortCtl", flags(lspci["CXLPortCtl"][0], PORT_CONTROL),
             picked(facts, PORT_CONTROL))
    tap.same("alternate bus and memory", lspci["AlternateBus"],
             [f"{facts['alt_bus_base']:02x}-{facts['alt_bus_limit']:02x}",
              f"{facts['raw_alt_memory_base']:04x}-{facts['raw_alt_memory_limit']:04x}"])
    check_flex_bus(tap, "port", port["flex_bus"], lspci)


def check_component(tap: Tap, endpoint: dict, address: str) -> None:
    """Against the registers themselves, in the BAR."""
    block = endpoint["register_blocks"][0]
    path = Path(f"/sys/bus/pci/devices/{address}/resource{block['bar']}")
    with path.open("rb") as file:
        image = mmap.mmap(file.fileno(), 0x1000, prot=mmap.PROT_READ,
                          offset=block["offset"] + 0x1000)

    def register(offset: int) -> int:
        return struct.unpack("<I", image[offset:offset + 4])[0]

    entries = [register(4 + 4 * i) for i in range(register(0) >> 24)]
    tap.same("component capabilities",
             [(entry & 0xFFFF, entry >> 16 & 0xF, entry >> 20) for entry in entries],
             [(capability["id"], capability["version"], capability["offset"])
              for capability in endpoint["component_capabilities"]])
    offsets = {capability["name"]: capability["offset"]
               for capability in endpoint["component_capabilities"]}
    keys = ["uncorrectable_status", "uncorrectable_mask", "uncorrectable_severity",
            "correctable_status", "correctable_mask", "control"]
    tap.same("RAS", [register(offsets["ras"] + 4 * i) for i in range(6)],
             [endpoint["ras"][key] for key in keys])
    hdm = offsets["hdm_decoder"]
    tap.same("HDM capability and control", [register(hdm), register(hdm + 4)],
             [endpoint["hdm"]["raw_capability"], endpoint["hdm"]["raw_global_control"]])
    tap.same("HDM decoders",
             [(register(hdm + 0x20 * n + 0x14) << 32 | register(hdm + 0x20 * n + 0x10),
               register(hdm + 0x20 * n + 0x20))
              for n in range(endpoint["hdm"]["decoder_count"])],
             [(decoder["resource"], decoder["raw_control"])
              for decoder in endpoint["hdm_decoders"]])


def check_dump(tap: Tap, what: str, endpoint: dict, dumped: dict, keys: list) -> None:
    tap.same(f"{what}: registers", {key: endpoint[key] for key in keys},
             {key: dumped[key] for key in keys})
    tap.same(f"{what}: PCI ids", {key: endpoint["pci"][key] for key in PCI_KEYS},
             {key: dumped["pci"][key] for key in PCI_KEYS})


def check_dumps(tap: Tap, endpoint: dict, address: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        dump = Path(directory) / "dump"
        dump.write_text(output("lspci", "-xxxx", "-s", address))
        check_dump(tap, "lspci -xxxx", endpoint, show("--config-file", str(dump))[0], CONFIG_KEYS)
        dump.write_text(output("lspci", "-D", "-vvv", "-xxxx"))
        (dumped,) = [one for one in show("--config-file", str(dump)) if one["host"] == address]
        check_dump(tap, "lspci -vvv -xxxx of the machine", endpoint, dumped, CONFIG_KEYS)
        for key in ("host", "flex_bus", "port_extension"):
            tap.same(f"port in the dump: {key}", endpoint["upstream_port"][key],
                     dumped["upstream_port"][key])
        dump.write_bytes(Path(f"/sys/bus/pci/devices/{address}/config").read_bytes())
        check_dump(tap, "image", endpoint, show("--config-file", str(dump))[0], CONFIG_KEYS[1:])


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    address, port = sys.argv[1:]
    tap = Tap()
    (endpoint,) = show(address)
    lspci = lspci_lines(address)
    check_device(tap, endpoint, lspci)
    check_ranges(tap, endpoint, lspci)
    check_flex_bus(tap, "endpoint", endpoint["flex_bus"], lspci)
    check_blocks(tap, endpoint, lspci)
    check_port(tap, endpoint, port, lspci_lines(port))
    check_component(tap, endpoint, address)
    check_dumps(tap, endpoint, address)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
