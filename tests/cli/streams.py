#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the command prints must not depend on where it prints it, and a full disk is an error. TAP.

    streams.py COMMAND
"""
import json
import os
import pty
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tap import Tap  # noqa: E402  (nothing is left in the source tree)

HERE = Path(__file__).parent
COMMANDS = [["list"], ["list", "--json"], ["list", "-u"], ["show", "mem0"],
            ["show", "mem0", "--json"], ["--help"], ["version", "--json"]]


class Stand(Tap):
    def __init__(self, command: str, root: Path) -> None:
        self.command, self.root = command, root
        super().__init__()

    def run(self, arguments: list, **options) -> subprocess.CompletedProcess:
        return subprocess.run([self.command, "--sysroot", str(self.root), *arguments],
                              stdin=subprocess.DEVNULL, timeout=600, **options)

    def stdout(self, arguments: list, **variables) -> bytes:
        result = self.run(arguments, capture_output=True, env={**os.environ, **variables})
        return result.stdout

    def on_terminal(self, arguments: list, answer: bytes = b"", **variables) -> bytes:
        """Everything that a terminal shows, stdout and stderr, where somebody types ANSWER."""
        ours, theirs = pty.openpty()
        os.write(ours, answer)
        process = subprocess.Popen([self.command, "--sysroot", str(self.root), *arguments],
                                   stdin=theirs, stdout=theirs, stderr=theirs,
                                   env={**os.environ, "TERM": "xterm", **variables,
                                        "COLUMNS": "40"})
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 65536):
                shown += chunk
        except OSError:  # EIO: the last one has closed it
            pass
        process.wait(timeout=600)
        os.close(ours)
        return shown.replace(b"\r\n", b"\n")


def check_command(stand: Stand, arguments: list) -> None:
    name = " ".join(arguments)
    plain = stand.stdout(arguments)
    stand.say(bool(plain), f"{name}: prints something")
    for variables in ({"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}, {"LC_ALL": "tr_TR.UTF-8"},
                      {"COLUMNS": "20", "TERM": "xterm"}):
        stand.same(f"{name}: the same with {variables}", plain, stand.stdout(arguments, **variables))
    stand.same(f"{name}: the same with -vv", plain, stand.stdout([*arguments, "-vv"]))
    stand.same(f"{name}: the same on a terminal", plain, stand.on_terminal(arguments, NO_COLOR="1"))
    for terminal in ("dumb", ""):
        stand.same(f"{name}: no colour where TERM is '{terminal}'", plain,
                   stand.on_terminal(arguments, TERM=terminal))
    stand.same(f"{name}: the same on a terminal with --no-color", plain,
               stand.on_terminal([*arguments, "--no-color"]))
    with open("/dev/full", "wb") as full:
        result = stand.run(arguments, stdout=full, stderr=subprocess.PIPE)
    stand.say(result.returncode == 1 and b"ENOSPC" in result.stderr,
              f"{name}: a full disk is an error")
    # The shell closes its stdout before it runs the command.
    script = 'exec "$0" "$@" >&-'
    closed = subprocess.run(["sh", "-c", script, stand.command, "--sysroot", str(stand.root),
                             *arguments], stderr=subprocess.PIPE, timeout=600)
    stand.say(closed.returncode == 1 and b"EBADF" in closed.stderr,
              f"{name}: a closed stdout is an error")


def check_pipes(stand: Stand) -> None:
    """What should be a file is a pipe that nobody writes to: it is not waited for."""
    for name in "config", "resource0":
        for file in stand.root.glob(f"sys/devices/pci*/*/*/{name}"):
            content = file.read_bytes()
            file.unlink()
            os.mkfifo(file)
            result = stand.run(["list", "--json", "--all"], capture_output=True)
            stand.say(result.returncode == 0 and bool(json.loads(result.stdout)["endpoints"]),
                      f"a pipe as {name} of {file.parent.name}")
            file.unlink()
            file.write_bytes(content)


def check_stdin(stand: Stand, dumps: Path) -> None:
    """"-" is what a pipe brings: the same as the file, and nothing is no dump."""
    for name in "endpoint.txt", "image.bin":
        file = dumps / name
        wanted = stand.run(["show", "--json", "--config-file", file], capture_output=True)
        got = subprocess.run([stand.command, "--sysroot", stand.root, "show", "--json",
                              "--config-file", "-"], input=file.read_bytes(), capture_output=True,
                             check=False, timeout=600)
        stand.say(got.returncode == wanted.returncode == 0 and
                  got.stdout.replace(b'"-"', str(file).encode()) ==
                  wanted.stdout.replace(b'"-"', str(file).encode()),
                  f"--config-file - < {name}: as the file", got, wanted)
    nothing = stand.run(["show", "--config-file", "-"], capture_output=True)
    stand.say(nothing.returncode == 1 and b"it is empty" in nothing.stderr,
              "--config-file - < /dev/null: it is empty", nothing)


def check_consent(stand: Stand) -> None:
    """Only a plain yes resets what is beyond the function; a fixture then cannot be opened."""
    reset = ["reset", "--method", "bus", "mem0"]
    for answer, goes_on in ((b"y\n", True), (b"Y\n", True), (b"n\n", False), (b"\n", False),
                            (b"yn\n", False), (b"\x04", False)):
        shown = stand.on_terminal(reset, answer).decode()
        stand.say("0000:0d:00.0 driver cxl-vfio-pci" in shown and "[y/N]" in shown,
                  f"{answer}: asked, with what is reset")
        stand.say(goes_on == ("cannot be opened with VFIO" in shown) and
                  goes_on != ("add --yes" in shown), f"{answer}: {'goes on' if goes_on else 'no'}")
    shown = stand.on_terminal([*reset, "--yes"]).decode()
    stand.say("[y/N]" not in shown and "cannot be opened" in shown, "--yes: not asked")
    shown = stand.on_terminal(["reset", "mem0"]).decode()
    stand.say("[y/N]" not in shown and "cannot be opened" in shown, "an FLR: not asked")


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "root"
        subprocess.run([sys.executable, HERE / "make-fixture.py", "states", root], check=True)
        stand = Stand(os.path.abspath(sys.argv[1]), root)
        for arguments in COMMANDS:
            check_command(stand, arguments)
        colored = stand.on_terminal(["list"])
        stand.say(b"\033[" in colored, "list: the state has a colour on a terminal")
        plain = stand.on_terminal(["list", "--json"])
        stand.say(b"\033[" not in plain, "list --json: no colour on a terminal")
        trace = stand.run(["list", "--json", "-vv"], capture_output=True)
        stand.say(b"open /sys/bus/pci/devices" in trace.stderr, "-vv says what is read")
        json.loads(trace.stdout)
        check_pipes(stand)
        dumps = Path(directory) / "dumps"
        subprocess.run([sys.executable, HERE / "make-fixture.py", "dumps", dumps], check=True)
        check_stdin(stand, dumps / "dumps")
        stand.root = Path(directory) / "ready"
        subprocess.run([sys.executable, HERE / "make-fixture.py", "ready", stand.root], check=True)
        check_consent(stand)
    return stand.finish()


if __name__ == "__main__":
    sys.exit(main())
