# SPDX-License-Identifier: GPL-2.0-or-later
"""Anything where a machine has strings: what metrics.py and monitor.py print must not break by it."""
import os
import random
import shutil
from pathlib import Path

SEED = 17
ROUNDS = 24
# What ends a line, a label, a string or a terminal's patience, and UTF-8 cut in two.
PIECES = (b'"', b"\\", b"\n", b"\r", b"\0", b"\t", b"\x1b[31m", b"\x7f", b"\xc3", b"\xa4", b"\xff\xfe",
          b"\xe2\x80\xa8", b"\xc2\x85", b"{host=", b'"} 1', b",", b"}", b"# EOF\n", b" ", b"a", b"%s",
          "ä".encode())
FILES = ("sys/devices/**/cxl_vfio/*", "sys/devices/**/driver_override", "sys/devices/**/reset_method",
         "sys/devices/**/power_state", "sys/module/*/*version", "sys/kernel/iommu_groups/*/type",
         "proc/sys/kernel/osrelease", "usr/share/**/pci.ids", "run/cxlvfio/proof-*")
LINKS = ("sys/devices/**/driver",)
RECORD = "cxlvfio-proof 1\ntime 1790000000\nverdict pass\ncycles 20\np99_ns 104211000\nserial 0x1000\n"


def junk(chance: random.Random) -> bytes:
    return b"".join(chance.choice(PIECES) for _ in range(chance.randrange(1, 30)))


def mutated(chance: random.Random, content: bytes) -> bytes:
    """Junk alone, or somewhere in what was there."""
    start = chance.randrange(len(content) + 1)
    end = chance.randrange(start, len(content) + 1)
    return chance.choice((b"", content[:start])) + junk(chance) + chance.choice((b"", content[end:]))


def found(root: Path, patterns: tuple) -> list:
    return sorted(path for pattern in patterns for path in root.glob(pattern))


def machines(fixture: Path, work: Path):
    """ROUNDS copies of FIXTURE, one after the other, each with other strings in some places."""
    print(f"# seed {SEED}", flush=True)
    chance = random.Random(SEED)
    for number in range(ROUNDS):
        root = work / f"junk{number}"
        shutil.copytree(fixture, root, symlinks=True)
        proofs = root / "run/cxlvfio"
        proofs.mkdir(parents=True, exist_ok=True)
        for device in (root / "sys/bus/pci/devices").iterdir():
            (proofs / f"proof-{device.name}").write_text(RECORD)
        for file in found(root, FILES):
            if file.is_file() and not file.is_symlink() and chance.random() < 0.3:
                content = mutated(chance, file.read_bytes())
                file.unlink()
                file.write_bytes(content)
        for link in found(root, LINKS):
            if link.is_symlink() and chance.random() < 0.3:
                name = junk(chance).replace(b"/", b"").replace(b"\0", b"")
                link.unlink()
                os.symlink(b"../../bus/pci/drivers/" + (name or b"?"), bytes(link))
        yield root
        shutil.rmtree(root)
