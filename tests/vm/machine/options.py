# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of tests/vm/run; their description for people is in that script."""

import argparse
import os
import re
import shlex
import sys
from pathlib import Path
from typing import NoReturn

from topology import VIRT_WINDOW_MAXIMUM, WINDOW_GRANULARITY

ENDPOINTS_MAXIMUM = 4
PROCESSORS_MAXIMUM = 8
EXIT_USAGE = 2
SUFFIXES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class Parser(argparse.ArgumentParser):
    def __init__(self, **options) -> None:
        self.valued: set[str] = set()   # options that take a value
        super().__init__(**options)

    def add_argument(self, *names, **options) -> argparse.Action:
        action = super().add_argument(*names, **options)
        if action.nargs != 0:
            self.valued.update(action.option_strings)
        return action

    def error(self, message: str) -> NoReturn:
        print(f"vm: {message}: see tests/vm/run --help", file=sys.stderr)
        sys.exit(EXIT_USAGE)


def hdm_size(text: str) -> int:
    match = re.fullmatch(r"(0[xX][0-9a-fA-F]+|[0-9]+)([KMG]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"'{text}' is no size: use 256M or 1G")
    size = int(match[1], 0) * SUFFIXES[match[2]]
    if size == 0 or size % WINDOW_GRANULARITY or size > 64 << 30:
        raise argparse.ArgumentTypeError(f"'{text}' is not a multiple of 256M up to 64G")
    return size


def numbers(text: str) -> list[int]:
    try:
        return [int(word, 0) for word in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no list of numbers: 0x1000,0x1001")


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 24 * 3600:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds up to a day")
    return value


def words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}': {error}") from error


def host_path(text: str) -> Path:
    """Names are the caller's, who stands outside of the sandbox: the host's files are at /host."""
    return Path(os.path.normpath(Path("/host" + text if text.startswith("/") else
                                      os.path.join(os.environ["HOST_DIRECTORY"], text))))


def shown(path: Path | str) -> str:
    """A path below /host as the caller knows it."""
    return str(path).removeprefix("/host")


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--endpoints", type=int, default=1)
    parser.add_argument("--host-bridges", type=int, default=1)
    parser.add_argument("--hdm-size", type=hdm_size, default=WINDOW_GRANULARITY)
    parser.add_argument("--processors", type=int, default=2)
    parser.add_argument("--emulator", type=words, action="extend", default=[])
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--kernel", choices=("distro", "debug"), default="distro")
    parser.add_argument("--arm64", type=host_path)
    parser.add_argument("--pages", choices=("4K", "16K", "64K"), default="4K")
    parser.add_argument("--guest-kernel", action="store_true")
    parser.add_argument("--leaks", action="store_true")
    parser.add_argument("--append", action="append", default=[])
    parser.add_argument("--qemu", type=words, action="extend", default=[])
    parser.add_argument("--prepare", default="")
    parser.add_argument("--no-driver", action="store_true")
    parser.add_argument("--driver-flags", type=words, action="extend", default=[])
    parser.add_argument("--udev", action="store_true")
    parser.add_argument("--systemd", action="store_true")
    parser.add_argument("--neighbour", default="")
    parser.add_argument("--expander", action="store_true")
    parser.add_argument("--serials", type=numbers, default=[])
    parser.add_argument("--share", type=host_path)
    parser.add_argument("--dmesg", type=host_path)
    parser.add_argument("--keep-log", action="store_true")
    parser.add_argument("--timeout", type=seconds)
    parser.add_argument("--standstill", type=seconds, default=60)
    parser.add_argument("-v", "--verbose", action="store_true")
    words_of_options, command = split_arguments(parser, arguments)
    options = parser.parse_args(words_of_options)
    options.command = command
    verify(parser, options)
    return options


def split_arguments(parser: Parser, arguments: list[str]) -> tuple[list[str], list[str]]:
    """Options and COMMAND. A value may begin with a dash, as those of --emulator do: argparse
    takes such only if joined to its option."""
    rest = list(arguments)
    found = []
    while rest and rest[0].startswith("-") and rest[0] != "--":
        word = rest.pop(0)
        if word in parser.valued and rest:
            word += "=" + rest.pop(0)
        found.append(word)
    return found, rest[1:] if rest[:1] == ["--"] else rest


def verify(parser: Parser, options: argparse.Namespace) -> None:
    if not options.command:
        parser.error("no COMMAND to run")
    if not 0 <= options.endpoints <= ENDPOINTS_MAXIMUM:
        parser.error(f"--endpoints {options.endpoints}: there can be 0 to {ENDPOINTS_MAXIMUM}")
    if not 1 <= options.host_bridges <= max(1, options.endpoints):
        parser.error(f"--host-bridges {options.host_bridges}: there can be 1 to --endpoints")
    if not 1 <= options.processors <= PROCESSORS_MAXIMUM:
        parser.error(f"--processors {options.processors}: there can be 1 to {PROCESSORS_MAXIMUM}")
    if len(options.serials) > options.endpoints:
        parser.error("--serials has more numbers than there are endpoints")
    if (options.neighbour or options.expander) and not options.endpoints:
        parser.error("--neighbour and --expander need an endpoint")
    if options.leaks and options.kernel != "debug":
        parser.error("--leaks needs --kernel debug")
    if options.arm64 and not (options.arm64 / "usr/bin/busybox").is_file():
        parser.error(f"--arm64 {shown(options.arm64)}: no such root: see tests/arm64/root")
    if options.arm64 and (options.kernel == "debug" or options.guest_kernel or options.systemd):
        parser.error("--arm64 has no --kernel debug, no --guest-kernel and no --systemd")
    if options.arm64 and options.hdm_size > VIRT_WINDOW_MAXIMUM:
        parser.error("--arm64 has windows of at most 4G")
    if options.pages != "4K" and not options.arm64:
        parser.error("--pages needs --arm64")
    if options.prepare and (options.arm64 or options.driver_flags):
        parser.error("--prepare excludes --arm64 and --driver-flags")
    if options.share and not options.share.is_dir():
        parser.error(f"--share {shown(options.share)}: no such directory")
    if options.dmesg and not options.dmesg.parent.is_dir():
        parser.error(f"--dmesg {shown(options.dmesg)}: no such directory")
