#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every library that the command loads when it needs it is named in its ELF notes. Prints TAP.

    dlopen.py COMMAND
"""
import ctypes
import json
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tap import Tap  # noqa: E402  (nothing is left in the source tree)

HEADER = "<III4s"
TYPE = 0x407c0c0a


def read_section(command: str) -> bytes:
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run(["objcopy", "-O", "binary", "--only-section=.note.dlopen", command,
                        file.name], check=True)
        return Path(file.name).read_bytes()


def notes(section: bytes) -> list:
    """The JSON of each note of this kind."""
    found, at = [], 0
    while at + struct.calcsize(HEADER) <= len(section):
        name_size, size, kind, name = struct.unpack_from(HEADER, section, at)
        at += struct.calcsize(HEADER)
        if (name_size, kind, name) != (4, TYPE, b"FDO\0"):
            raise ValueError(f"at {at}: {name_size} {kind:#x} {name!r}")
        found.append(json.loads(section[at:at + size].rstrip(b"\0")))
        at += (size + 3) // 4 * 4
    return found


def can_be_loaded(name: str) -> bool:
    try:
        return ctypes.CDLL(name) is not None
    except OSError:
        return False


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    tap = Tap()
    found = notes(read_section(sys.argv[1]))
    named = sorted(name for note in found for one in note for name in one["soname"])
    loaded = {name.decode() for name in
              re.findall(rb"\0(lib[a-z0-9]+\.so\.[0-9]+)\0", Path(sys.argv[1]).read_bytes())}
    linked = set(re.findall(r"NEEDED +(\S+)", subprocess.run(
        ["objdump", "-p", sys.argv[1]], check=True, capture_output=True, text=True).stdout))
    tap.say(named != [] and named == sorted(loaded - linked), "the notes name what is loaded",
            f"notes {named}, in the command {sorted(loaded - linked)}")
    for name in named:
        tap.say(can_be_loaded(name), f"{name} can be loaded")
    tap.say(all(one["priority"] in ("required", "recommended", "suggested")
                  and one["feature"] and one["description"] for note in found for one in note),
              "each says what for", found)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
