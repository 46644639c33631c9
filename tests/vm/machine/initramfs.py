# SPDX-License-Identifier: GPL-2.0-or-later
"""The initramfs of the guest, made anew for every run: it takes a fraction of a second."""

import lzma
import subprocess
from pathlib import Path

MODULES = ["virtio_console", "9pnet_virtio", "9p", "overlay"]
S_IFREG = 0o100000
S_IFDIR = 0o040000


class Archive:
    """A cpio archive in the newc format, the only one that the kernel takes."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.inode = 0
        self.directories: set[str] = set()

    def _entry(self, name: str, mode: int, content: bytes) -> None:
        path = name.encode() + b"\0"
        self.inode += 1
        fields = [self.inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0]
        self.data += b"070701" + b"".join(b"%08x" % field for field in fields) + path
        self._pad()
        self.data += content
        self._pad()

    def _pad(self) -> None:
        self.data += bytes(-len(self.data) % 4)

    def directory(self, name: str) -> None:
        if name in ("", ".") or name in self.directories:
            return
        self.directory(str(Path(name).parent))
        self.directories.add(name)
        self._entry(name, S_IFDIR | 0o755, b"")

    def file(self, name: str, content: bytes, mode: int = 0o644) -> None:
        self.directory(str(Path(name).parent))
        self._entry(name, S_IFREG | mode, content)

    def finish(self) -> bytes:
        self._entry("TRAILER!!!", 0, b"")
        return bytes(self.data)


def module_files(release: str, names: list[str]) -> list[Path]:
    """Files to insert, in order, for NAMES; nothing for what is built in."""
    files: list[Path] = []
    for name in names:
        command = ["modprobe", "--set-version", release, "--show-depends", name]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for line in output.splitlines():
            words = line.split()
            if words[0] == "insmod" and Path(words[1]) not in files:
                files.append(Path(words[1]))
    return files


def build(
    cedt: bytes, init: bytes, busybox: Path, drivers: list[str], files: dict[str, bytes],
    release: str,
) -> bytes:
    """The CEDT's archive comes first and uncompressed: the kernel reads it before anything else.
    DRIVERS are those of the machine that have to be there before others."""
    tables = Archive()
    tables.file("kernel/firmware/acpi/cedt.aml", cedt)

    root = Archive()
    for name in ("proc", "sys", "dev", "lower", "upper", "root"):
        root.directory(name)
    root.file("bin/busybox", busybox.read_bytes(), 0o755)
    root.file("init", init, 0o755)
    modules = module_files(release, drivers + MODULES)
    for number, module in enumerate(modules):
        content = module.read_bytes()
        if module.suffix == ".xz":
            content = lzma.decompress(content)
        root.file(f"modules/{number:02}-{module.name.split('.')[0]}.ko", content)
    for name, content in files.items():
        root.file(name, content)
    return tables.finish() + root.finish()
