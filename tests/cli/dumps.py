# SPDX-License-Identifier: GPL-2.0-or-later
"""Dumps of configuration space for show --config-file: what lspci writes, images, broken ones."""
import gzip
from pathlib import Path


def lines(image: bytes) -> list:
    return [f"{offset:02x}: {image[offset:offset + 16].hex(' ')}"
            for offset in range(0, len(image), 16)]


def text(address: str, name: str, image: bytes) -> str:
    return "\n".join([f"{address} {name}", *lines(image), "", ""])


def files(endpoint: bytes, port: bytes, plain: bytes) -> dict:
    """Names and contents; the arguments are configuration spaces of 4096 bytes."""
    words = "Processing accelerators: Device 1e98:e2e2 (rev 01)"
    good = text("0d:00.0", words, endpoint)
    # 24 lines hold all of its capabilities; the 21st is in the register locator.
    head = lines(endpoint)[:24]
    return {
        "endpoint.txt": good.replace(words, f"{words}\n\tControl: I/O- Mem+\n\tCapabilities: "
                                     "[100 v1] Device Serial Number 11-22-33-44-55-66-77-88"),
        "machine.txt": text("0c:00.0", "PCI bridge: Intel Corporation", port) + good
                       + text("00:1f.0", "ISA bridge: Intel Corporation", plain)
                       + text("00:1f.3", "SMBus: Intel Corporation", plain[:256]),
        "user.txt": text("0000:0d:00.0", words, endpoint[:64]),
        "plain.txt": text("00:1f.0", "ISA bridge: Intel Corporation", plain),
        "swapped.txt": "\n".join([f"0d:00.0 {words}", *reversed(lines(endpoint))]),
        "crlf.txt": good.replace("\n", "\r\n"),
        "capitals.txt": "\ufeff" + good.replace("0d:00.0", "00000000:0D:00.0"),
        "quoted.txt": "".join(f"> {line}\n" for line in good.splitlines()),
        "indented.txt": "".join(f"    {line}\n" for line in good.splitlines()),
        "packed.txt.gz": gzip.compress(good.encode(), mtime=0)[:4096],
        "utf16.txt": b"\xff\xfe" + good.encode("utf-16-le"),
        "gap.txt": "\n".join([f"0d:00.0 {words}", *head[:20], *head[21:]]),
        "cut.txt": good[:160],
        "cut-line.txt": good[:len(words) + 8 + 53 * 18 + 6],
        "cut-dvsec.txt": "\n".join([f"0d:00.0 {words}", *head[:18], ""]),
        "digit.txt": good.replace("10: 04", "10: 0g", 1),
        "twice.txt": good + "00: 00\n",
        "offset.txt": good + "fff: 00 00\n",
        "words.txt": "this is not a dump\n",
        "image.bin": endpoint,
        "image-256.bin": endpoint[:256],
        "lost.bin": b"\xff" * 4096,
        "short.bin": endpoint[:63],
        "long.bin": endpoint + b"\0",
        "huge.txt": good * 90,
        "empty": b"",
    }


def write(directory: Path, endpoint: bytes, port: bytes, plain: bytes) -> None:
    directory.mkdir()
    for name, content in files(endpoint, port, plain).items():
        (directory / name).write_bytes(content.encode() if isinstance(content, str) else content)
