#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Write first inputs for every harness, from the fixtures of tests/cli: they cannot go stale.

    seeds.py DIRECTORY [STAMP]      DIRECTORY/HARNESS/NAME, then the empty file STAMP

A harness without a function here begins with files of its own in tests/fuzz/seeds/HARNESS, or with
nothing.
"""
import hashlib
import importlib.util
import os
import shutil
import struct
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
VFIO_CAP_SPARSE, VFIO_CAP_TYPE, VFIO_CAP_COMPONENT = 1, 2, 6
CXL_TYPE = 0x80001E98


def load_fixtures():
    spec = importlib.util.spec_from_file_location("fixture", HERE.parent / "cli/make-fixture.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["fixture"] = module
    spec.loader.exec_module(module)
    return module


def config(roots: list) -> list:
    """Whole images, and what is left of them without privileges and on a conventional bus."""
    images = [file.read_bytes() for root in roots for file in root.glob("sys/devices/**/config")]
    return [image[:size] for image in images for size in (64, 256, 1024, 4096)]


def registers(roots: list) -> list:
    images = [file.read_bytes() for root in roots
              for file in root.glob("sys/devices/**/resource0")]
    return [struct.pack("<H", 0x100) + image[0x1000:end] for image in images
            for end in (0x1100, 0x1200, 0x2000)]


def region_info(_roots: list) -> list:
    """The memory and the component region, one in pieces, one without capabilities, and a chain that loops."""
    def info(flags: int, first: int, body: bytes) -> bytes:
        return struct.pack("<IIIIQQ", 32 + len(body), flags, 9, first, 1 << 28, 9 << 40) + body

    kind = struct.pack("<HHIII", VFIO_CAP_TYPE, 1, 48, CXL_TYPE, 2)
    component = struct.pack("<HHIIIQ", VFIO_CAP_COMPONENT, 1, 0, 0, 0, 0x1000)
    sparse = struct.pack("<HHIII", VFIO_CAP_SPARSE, 1, 0, 2, 0) + struct.pack(
        "<QQQQ", 0, 0x1000, 0x10000, 0x30000)
    return [info(7, 0, b""), info(0xF, 32, sparse), info(0xF, 32, kind + component),
            info(0xF, 32, kind.replace(b"\x30\0\0\0", b"\x20\0\0\0")),
            info(0xF, 32, kind + component)[:-8]]


def config_dump(roots: list) -> list:
    return [file.read_bytes() for root in roots for file in root.glob("dumps/*")]


def iomem(roots: list) -> list:
    return [struct.pack("<QQ", 0x140000000, 0x15FFFFFFF) + file.read_bytes()
            for root in roots for file in root.glob("proc/iomem")]


def libcxl(_roots: list) -> list:
    """As the program says it and as a file keeps it; without an end, and with two."""
    facts = ("memdev", "mem0", "host", "0000:0d:00.0", "library", "libcxl", "file", "/libcxl.so.1",
             "region", "region0", "size", "4096", "region", "region0", "type", "ram")
    end = ("end", "", "all", "")
    answers = [facts + end, end, facts, facts + end + end, end + facts]
    strings = ["".join(f"{word}\0" for word in answer).encode() for answer in answers]
    lines = "".join(word + ("\n" if place % 4 == 3 else "\t")
                    for place, word in enumerate(facts + end)).encode()
    return strings + [lines, lines[:-1], strings[0][:-1]]


def cedt(roots: list) -> list:
    """A range and a table; one cut short, and one with a structure that does not end."""
    tables = [file.read_bytes() for root in roots
              for file in root.glob("sys/firmware/acpi/tables/CEDT")]
    return [struct.pack("<QQ", 0x140000000, 0x10000000) + table
            for each in tables for table in (each, each[:-8], each[:38] + b"\0\0" + each[40:])]


def pci_ids(roots: list) -> list:
    return [struct.pack("<HHHHHH", 0x1E98, 0xE2E2, 0x10DE, 1, 0, 0x12) + file.read_bytes()
            for root in roots for file in root.glob("usr/share/**/pci.ids")]


def binding(roots: list) -> list:
    """The byte says which file: see binding.c."""
    device, driver = "0000:0d:00.0", "cxl-vfio-pci"
    texts = [(0, "device=1e98:e2e2:123\ndriver=accelerator\ndriver_override=\n"),
             (0, "device=1e98:e2e2:0\ndriver=../x\ndriver_override=a/b\n"),
             (1, f"5,812,9,-;vfio-pci {device}: No device request channel registered\n"),
             (2, "3,1,2,-;cxl_vfio_pci: Unknown symbol vfio_pci_core_mmap (err -22)\n SUBSYSTEM=x"),
             (2, "5,1,2,-;Lockdown: cxlvfio: unsigned module loading is restricted\n"),
             (6, "view=both interface=current"), (6, "interface=2 view=../x"),
             (3, f"3,1,2,-;{driver} {device}: refused: HDM decoder 0 is not committed\n"),
             (3, f"3,1,2,-;{driver} {device}: probe with driver {driver} failed with error -6\n")]
    inputs = [bytes([kind]) + text.encode() for kind, text in texts]
    inputs += [b"\4" + file.read_bytes() for root in roots for file in root.glob("proc/iomem")]
    # Some are for root's eyes only, and packages are built by others.
    return inputs + [b"\5" + file.read_bytes() for root in roots
                     for file in root.glob("sys/module/*/parameters/*")
                     if not file.is_symlink() and os.access(file, os.R_OK)]


def persist(_roots: list) -> list:
    """A definition of each kind, then with a line too much, too long, or twice."""
    match = "[match]\nvendor = 0x1e98\ndevice = 0xe2e2\n"
    bind = "\n[bind]\ndriver = cxl-vfio-pci\nauto = yes\n"
    files = ["", match + "serial = 0x1000\n" + bind, match + "address = 0000:0d:00.0\n" + bind,
             "# by hand\n; too\n" + match + bind, match + "serial: 0x1\n" + bind + "auto = no\n",
             match + "serial=0x1 ; one\n" + bind + "[other]\n", match + "# " + "x" * 200]
    name = b"1e98-e2e2-1000.conf"
    return [bytes([len(name)]) + name + file.encode() for file in files]


def told(_roots: list) -> list:
    """Two endpoints, a client of each, and the driver's version; then with what must be escaped."""
    endpoint = ("cxl-vfio-pci", "active", "ok", "done", "reset", "both", "current", "mem0", "A device",
                "", "cxl-vfio-pci", "qemu", "/dev/vfio/6")
    other = ("vfio-pci", "refused", "decoder 0 not committed", "owed") + endpoint[4:]
    strings = endpoint + other + ("0.1.0", "ABC")
    hostile = ('a"b', "c\\d", "e\nf", "\x1b[31m", "\r", '"} 1\n# EOF\n', "ä", "\x7f")
    mixed = [hostile[place % len(hostile)] + word for place, word in enumerate(strings)]
    inputs = ["\0".join(words).encode() for words in (strings, mixed, hostile)]
    # UTF-8 cut in two.
    return inputs + [each.replace(b"\xa4", b"") for each in inputs] + [b"\xff\0\xc3" * 20, b""]


def planted(_roots: list) -> list:
    return [b"CX"]


HARNESSES = {function.__name__: function for function in (
    binding, cedt, config, config_dump, iomem, libcxl, pci_ids, persist, region_info, registers,
    told, planted)}


def write(directory: Path, inputs: list) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for content in inputs:
        (directory / hashlib.sha1(content).hexdigest()).write_bytes(content)


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    target = Path(sys.argv[1])
    shutil.rmtree(target, ignore_errors=True)
    fixtures = load_fixtures()
    with tempfile.TemporaryDirectory() as top:
        roots = [Path(top) / name for name in fixtures.SCENARIOS]
        for root in roots:
            fixtures.make(root.name, root)
        fixtures.make("many:4", Path(top) / "many")
        for name, inputs in HARNESSES.items():
            write(target / name, inputs([*roots, Path(top) / "many"]))
    for directory in (HERE / "seeds").glob("*"):
        write(target / directory.name, [file.read_bytes() for file in directory.iterdir()])
    if len(sys.argv) == 3:
        Path(sys.argv[2]).touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
