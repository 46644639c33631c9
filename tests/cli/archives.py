# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures as the archives that cxlvfio --from reads: make-fixture.py --archive DIRECTORY.

They are the same to the byte whenever and wherever they are made: sorted, of nobody, from 1970. A
file that could not be read is a link to "/.unavailable/ERRNO", as in what cxlvfio snapshot writes.
"""
import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

# The archive's name and the scenario that it holds.
ARCHIVES = {
    "committed": "unbound",
    "locked": "locked",
    "uncommitted": "uncommitted",
    "two-decoders": "two_decoders",
    "switch": "topology",
    "restricted": "restricted",
    "type3-neighbour": "states",
    "no-memdev": "no_memdev",
    "unreadable": "unreadable",
    "driver-gone": "driver_gone",
    "many": "many:1000",
}


def describe(root: Path, path: Path) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(str(path.relative_to(root)))
    entry.mtime, entry.uid, entry.gid, entry.mode = 0, 0, 0, 0o644
    if path.is_symlink():
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, str(path.readlink()), 0o777
    elif path.is_dir():
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    else:
        entry.size = path.stat().st_size
    return entry


def walk(directory: Path) -> list:
    """Everything below DIRECTORY, each parent before what is in it, links not followed."""
    paths = []
    for path in sorted(directory.iterdir()):
        paths.append(path)
        if path.is_dir() and not path.is_symlink():
            paths += walk(path)
    return paths


def pack(root: Path) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in walk(root):
            entry = describe(root, path)
            archive.addfile(entry, io.BytesIO(path.read_bytes()) if entry.isreg() else None)
    return output.getvalue()


def make_tar(fixtures, scenario: str) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "root"
        fixtures.make(scenario, root, small=True)
        return pack(root)


def unpack(file: Path) -> bytes:
    return subprocess.run(["zstd", "-qdc", "--long=27", file], check=True,
                          capture_output=True).stdout


def write(fixtures, directory: Path) -> list:
    """Write every archive whose content changed, and return their names: compressors differ."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, scenario in ARCHIVES.items():
        file = directory / f"{name}.tar.zst"
        content = make_tar(fixtures, scenario)
        if file.exists() and unpack(file) == content:
            continue
        subprocess.run(["zstd", "-q", "-19", "--long=27", "-f", "-o", file], input=content,
                       check=True)
        written.append(name)
    return written
