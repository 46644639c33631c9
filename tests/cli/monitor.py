#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""cxlvfio monitor where nothing happens: its first state, its options, its ends, its rest. TAP.

    monitor.py COMMAND SCHEMAS SHARE

On fixtures it prints what there is; on this machine, which has no endpoint, it waits. What it says
of changes is for tests/unit/test_changes.c and tests/vm/scenarios/monitor.sh. The examples of SHARE
are run too.
"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jsonschema

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import junk  # noqa: E402
import validate  # noqa: E402
from tap import Tap  # noqa: E402  (nothing is left in the source tree)

HERE = Path(__file__).parent
SCENARIOS = ("states", "topology", "facts_hostile", "malformed", "empty")
IDLE_SECONDS = 3
TRIES_MAX = 20
MEMORY_MAX = 5 << 10            # KiB


class Stand(Tap):
    def __init__(self, command: str, schemas: Path, share: Path, root: Path) -> None:
        super().__init__()
        self.command, self.share, self.root = command, share, root
        every = validate.Schemas(schemas)
        self.kinds = every.by_name["monitor.json"]["properties"]["event"]["enum"]
        self.validator = jsonschema.Draft202012Validator(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "monitor.json"},
            registry=every.registry)

    def run(self, *arguments: str, sysroot: Path | None = None,
            **options) -> subprocess.CompletedProcess:
        where = ["--sysroot", str(sysroot)] if sysroot else []
        return subprocess.run([self.command, *where, "monitor", *arguments], capture_output=True,
                              timeout=600, **options)

    def start(self, *arguments: str, **options) -> subprocess.Popen:
        """One that waits: its table's headings are out."""
        # A shell may have started us with SIGINT ignored, as it does in the background.
        options.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        process = subprocess.Popen([self.command, "monitor", *arguments], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, **options)
        if "--json" not in arguments:
            process.stdout.readline()
        return process


def fixture(root: Path, name: str) -> Path:
    if (root / name).exists():
        return root / name
    subprocess.run([sys.executable, "-B", str(HERE / "make-fixture.py"), name, str(root / name)],
                   check=True)
    return root / name


def listed(stand: Stand, root: Path, *arguments: str) -> list:
    result = subprocess.run([stand.command, "--sysroot", str(root), "list", "--json", *arguments],
                            capture_output=True, check=True, timeout=600)
    return json.loads(result.stdout)["endpoints"]


def check_first_state(stand: Stand) -> None:
    for name in SCENARIOS:
        root = fixture(stand.root, name)
        result = stand.run("--once", "--json", sysroot=root)
        events = [json.loads(line) for line in result.stdout.splitlines()]
        problems = [error.message for event in events for error in stand.validator.iter_errors(event)]
        stand.say(result.returncode == 0 and not problems, f"{name}: each line is of the schema",
                  problems, result.stderr)
        wanted = listed(stand, root)
        stand.same(f"{name}: and together they are the list", wanted,
                   [event["after"] for event in events if event["host"]])
        # Where there is none, one that says so.
        count = len(wanted) or 1
        stand.same(f"{name}: numbered, and each knows how many follow",
                   [(i + 1, "snapshot", count - i - 1) for i in range(count)],
                   [(event["sequence"], event["event"], event["remaining"]) for event in events])
        table = stand.run("--once", sysroot=root).stdout.decode()
        stand.say(table.startswith("TIME") and table.count("\n") == count + 1 and
                  not re.search("[\x00-\x09\x0b-\x1f\x7f]", table),
                  f"{name}: the table has a line for each", table)
    root = stand.root / "states"
    for filters in (["--state", "no_driver"], ["--driver", "cxl-vfio-pci"], ["--all"]):
        events = stand.run("--once", "--json", *filters, sysroot=root).stdout.splitlines()
        stand.same(f"{' '.join(filters)}: as in the list", listed(stand, root, *filters),
                   [json.loads(line)["after"] for line in events])


def check_hidden(stand: Stand) -> None:
    """Where there may be endpoints that are not seen it ends as list does, and says so."""
    for name, status, hidden in (("hidden", 4, True), ("container", 4, True),
                                 ("unprivileged", 0, True), ("empty", 0, False)):
        root = fixture(stand.root, name)
        for arguments in ([], ["--all"]):
            result = stand.run("--once", "--json", *arguments, sysroot=root)
            like = subprocess.run([stand.command, "--sysroot", str(root), "list", "--json",
                                   *arguments], capture_output=True, timeout=600)
            events = [json.loads(line) for line in result.stdout.splitlines()]
            stand.say(result.returncode == like.returncode == status and
                      result.stderr == like.stderr.replace(b"list:", b"monitor:"),
                      f"{name} {' '.join(arguments)}: the status and the words of list",
                      result.stderr.decode(), like.stderr.decode())
            stand.same(f"{name}: each snapshot says whether there may be more",
                       {hidden}, {event["hidden"] for event in events})


def check_usage(stand: Stand) -> None:
    root = stand.root / "states"
    for arguments in ([], ["--count", "3"], ["--once", "--count", "1"], ["--once", "--timeout", "1"],
                      ["--once", "mem0"], ["--count", "0"], ["--once", "--state", "gone"]):
        for json_too in ([], ["--json"]):
            result = stand.run(*arguments, *json_too, sysroot=root)
            stand.say(result.returncode == 2 and not result.stdout and result.stderr,
                      f"monitor {' '.join(arguments + json_too)}: a usage error", result)


def check_ends(stand: Stand) -> None:
    result = stand.run("--json", "--timeout", "1")
    lines = result.stdout.splitlines()
    stand.say(result.returncode == 0 and len(lines) == 1 and json.loads(lines[0])["host"] is None,
              "--timeout ends it", result)
    result = stand.run("--timeout", "4294968")
    stand.say(result.returncode == 2, "one that is no number of milliseconds any more is refused",
              result)
    result = stand.run("--json", "--timeout", "1", "--count", "1")
    stand.say(result.returncode == 8 and b"0 of 1" in result.stderr,
              "--count that is not reached in time fails", result)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        process = stand.start()
        process.send_signal(number)
        out, errors = process.communicate(timeout=600)
        stand.say(process.returncode == -number and out.count("\n") <= 1 and not errors,
                  f"{number.name} ends it", process.returncode, out, errors)
    process = stand.start()
    process.stdout.close()
    status = process.wait(timeout=600)
    stand.say(status == -signal.SIGPIPE and not process.stderr.read(),
              "it ends with its reader, though nothing happens", status)
    ours, theirs = socket.socketpair()
    process = subprocess.Popen([stand.command, "monitor"], stdout=theirs, stderr=subprocess.PIPE)
    theirs.close()
    ours.recv(1)
    ours.close()
    stand.say(process.wait(timeout=600) == -signal.SIGPIPE, "and where it is a socket's")
    process = stand.start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    alive = process.poll() is None
    process.terminate()
    process.communicate(timeout=600)
    stand.say(alive, "a signal that is ignored, as under nohup, does not")


def check_slow(stand: Stand) -> None:
    """A pipe that is full, and that nobody reads: the end comes all the same, two seconds later."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    for arguments, status in ((["--timeout", "1"], 0), (["--timeout", "1", "--count", "1"], 8)):
        start = time.monotonic()
        process = subprocess.Popen([stand.command, "monitor", "--json", *arguments], stdout=writer,
                                   stderr=subprocess.PIPE)
        try:
            _, errors = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            _, errors = process.communicate()
        took = time.monotonic() - start
        stand.say(process.returncode == status and took > 2.9 and bool(errors) == bool(status),
                  f"{' '.join(arguments)} ends it while nobody reads", process.returncode, took,
                  errors)
    os.close(reader)
    os.close(writer)


def check_write_errors(stand: Stand) -> None:
    """One line that names stdout and what is the matter with it."""
    root = ["--sysroot", str(fixture(stand.root, "many:64"))]
    closed, ignored = (lambda: os.close(1)), (lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN))
    for what, where, arguments, error, prepare in (
            ("full", [], ["--json", "--timeout", "5"], "ENOSPC", None),
            ("full", [], ["--timeout", "5"], "ENOSPC", None),
            ("full", root, ["--once", "--json"], "ENOSPC", None),
            ("closed", [], ["--json", "--timeout", "5"], "EBADF", closed),
            ("closed", root, ["--once", "--json"], "EBADF", closed),
            ("nobody's", [], ["--json", "--timeout", "5"], "EPIPE", ignored),
            ("nobody's", root, ["--once", "--json"], "EPIPE", ignored)):
        reader, writer = os.pipe()
        os.close(reader)
        with open("/dev/full", "wb") as full:
            result = subprocess.run([stand.command, *where, "monitor", *arguments],
                                    stdout=full if what == "full" else writer, text=True,
                                    stderr=subprocess.PIPE, preexec_fn=prepare,
                                    restore_signals=not prepare, timeout=60)
        os.close(writer)
        stand.say(result.returncode == 1 and result.stderr.count("\n") == 1 and
                  "write to stdout" in result.stderr and f"({error})" in result.stderr,
                  f"monitor {' '.join(arguments)}: a stdout that is {what}: {error}", result)


def check_rest(stand: Stand) -> None:
    trace = stand.root / "trace"
    process = subprocess.Popen(["strace", "-o", str(trace), "-ttt", stand.command, "monitor"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    # This machine may do something: the kernel tells of every device, and most are not ours.
    for _ in range(TRIES_MAX):
        before = trace.read_text()
        time.sleep(IDLE_SECONDS)
        after = trace.read_text()
        if before == after:
            break
    memory = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{children[0]}/status").read_text()).group(1))
    os.kill(int(children[0]), signal.SIGTERM)
    process.communicate(timeout=600)
    stand.say(before == after, "while nothing happens it makes no system call",
              after[len(before):])
    stand.say(memory < MEMORY_MAX or sanitized(stand.command), "and takes less than 5 MiB",
              f"{memory} KiB")


def check_junk(stand: Stand) -> None:
    broken = []
    for root in junk.machines(stand.root / "states", stand.root):
        result = stand.run("--once", "--json", sysroot=root)
        try:
            events = [json.loads(line) for line in result.stdout.decode().split("\n")[:-1]]
            problems = [error.message[:300] for event in events
                        for error in stand.validator.iter_errors(event)]
        except ValueError as error:     # also of what is no UTF-8
            events, problems = [], [error]
        table = stand.run("--once", sysroot=root).stdout.decode(errors="replace")
        hosts = len(list((root / "sys/bus/pci/devices").iterdir()))
        good = (result.returncode == 0 and not problems and 0 < len(events) <= hosts and
                table.count("\n") == len(events) + 1 and
                not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffd]", table))
        broken += [(root.name, problems, result, table)] * (not good)
    stand.say(not broken, f"{junk.ROUNDS} machines with anything in their strings: whole lines, of the "
              "schema", *broken[:2])


def sanitized(command: str) -> bool:
    return b"__asan_init" in Path(command).read_bytes()


def check_examples(stand: Stand) -> None:
    examples = stand.share / "examples"
    endpoint = listed(stand, stand.root / "states")[0]
    finding = {"id": "x", "severity": "warning", "message": "m", "hint": None}
    unknown = []
    events = [{"event": kind, "host": endpoint["host"], "message": "m", "before": endpoint,
               "after": None if kind == "gone" else endpoint, "finding": finding}
              for kind in stand.kinds]
    events.append({"event": "snapshot", "host": None, "before": None, "after": None})
    for event in events:
        result = subprocess.run(["jq", "-r", "-f", str(examples / "events.jq")],
                                input=json.dumps(event).encode(), capture_output=True, timeout=600)
        if (result.returncode or result.stdout.rstrip().endswith(b"?") or not result.stdout or
                b"null" in result.stdout):
            unknown.append((event["event"], result))
    stand.say(not unknown, "events.jq has a line for every kind of event", unknown)
    for name, command in (("90-cxlvfio-refused.rules", ["udevadm", "verify"]),
                          ("cxlvfio-journal.service", ["systemd-analyze", "verify", "--man=no"])):
        copy = stand.root / name
        copy.write_text((examples / name).read_text().replace("ExecStart=cxlvfio",
                                                              f"ExecStart={Path(stand.command).resolve()}"))
        result = subprocess.run([*command, str(copy)], capture_output=True, timeout=600)
        stand.say(result.returncode == 0, f"{name} is valid", result.stdout.decode(),
                  result.stderr.decode())


def main() -> int:
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as root:
        stand = Stand(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(root))
        for check in (check_first_state, check_hidden, check_usage, check_ends, check_slow,
                      check_write_errors, check_rest, check_junk, check_examples):
            check(stand)
        return stand.finish()


if __name__ == "__main__":
    sys.exit(main())
