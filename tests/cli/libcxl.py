#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What libcxl says of a fixture that stands at /sys, and what cxlvfio makes of that. Prints TAP.

    libcxl.py COMMAND ASKED PROGRAM SCHEMAS

COMMAND is cxlvfio, ASKED the program that it asks libcxl with, as it was built, and PROGRAM where
COMMAND looks for it. Each run has a mount namespace of its own: the fixture is at /sys, device nodes
of memdevs are in /dev/cxl, and some program is at PROGRAM. Both versions of libcxl answer that the
sandbox has.
"""
import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import run  # noqa: E402
import tap  # noqa: E402
import validate  # noqa: E402  (nothing is left in the source tree)

FLUSH = "sys/bus/cxl/flush"
ENDPOINT = "0000:0d:00.0"
BEHIND = "0000:0e:00.0"
MEMDEV = "sys/bus/cxl/devices/mem0"
# The programs that hang do it for longer than this.
LONG = 900
# A busy machine may take longer than the command's patience for an answer that comes at once.
ATTEMPTS = 20
SLOW = "longer than 2 seconds"
# Of the program: what ends it, what is told of that, and whether COMMAND finds it at all.
SILENCES = {
    "is not installed": (None, "is not installed"),
    "is no program": ("", "cannot be started"),
    "hangs": ("exec sleep 1000", SLOW),
    "closes its output and hangs": ("exec sleep 1000 > /dev/null", SLOW),
    "crashes": ("kill -SEGV $$", "signal 11"),
    "fails": ("exit 1", "status 1"),
    "finds no library, or one that is too old": ("exit 127", "older than ndctl 79"),
    "could write": ("exit 3", "could not give up write access"),
    "says nothing": ("exit 0", "not complete"),
    "stops in the middle": (r"printf 'memdev\000mem0\000host\0000000:0d:00.0\000'", "not complete"),
    "says anything": ("head -c 100000 /dev/urandom", "not complete"),
    "never ends to talk": ("exec yes", "longer than 16777216 bytes"),
}

# Where it is built with sanitizers: a search for leaks is a trace itself, and fails under another.
STRACE = ("strace", "-f", "-y", "-E", "ASAN_OPTIONS=detect_leaks=0")


class Machine:
    """A fixture, and what else is there when COMMAND runs on it."""

    def __init__(self, top: Path, program: Path) -> None:
        self.top, self.program = top, program
        self.pending = False
        (top / "proc/iomem").touch()
        (top / "dev").mkdir(exist_ok=True)
        (top / FLUSH).write_text("")
        (top / FLUSH).chmod(0o200)

    def hidden(self) -> Path:
        """The directory that stands in for whatever is at PROGRAM: one that is there."""
        place = self.program.parent
        while not place.is_dir():
            place = place.parent
        assert place not in (Path("/"), Path("/usr")), f"{place} is needed for other things"
        return place

    def script(self, content: str | None) -> str:
        lines = [
            "set -e",
            f"mount --rbind {self.top}/sys /sys",
            "mount -t tmpfs dev /dev",
            "mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9",
            f"cp -r {self.top}/dev/. /dev/",
            f"mount --bind {self.top}/proc/iomem /proc/iomem",
            "mount -t tmpfs run /run && mkdir -p /run/udev",
            f"mount -t tmpfs program {self.hidden()}",
            f"mkdir -p {self.program.parent}",
        ]
        if self.pending:
            lines.append(": > /run/udev/queue")
        if content is not None:
            lines += [f"cat > {self.program}.new <<'END'", content, "END",
                      f"chmod 755 {self.program}.new && mv {self.program}.new {self.program}"]
        return "\n".join(lines) + "\n"

    def run(self, content: str | None, *command) -> subprocess.CompletedProcess:
        """COMMAND where PROGRAM is a shell script of CONTENT; None: nothing."""
        script = self.script(content) + "exec " + shlex.join(map(str, command))
        return subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True,
                              text=True, timeout=600, stdin=subprocess.DEVNULL, check=False,
                              env={**os.environ, "NO_COLOR": "1"})


class Stand(tap.Tap):
    def __init__(self, command: str, asked: str, program: str, schemas: str, work: Path) -> None:
        super().__init__()
        self.command, self.asked, self.program = command, asked, Path(program)
        self.schemas = validate.Schemas(Path(schemas))
        self.work, self.count = work, 0
        self.fixtures = run.load_fixtures()

    def machine(self, scenario: str) -> Machine:
        self.count += 1
        top = self.work / f"machine{self.count}"
        self.fixtures.make(scenario, top)
        return Machine(top, self.program)

    def become_real(self, libraries: str = "") -> str:
        """The shell's line that ends as the program that was built, with the libraries of that
        directory."""
        variable = f"LD_LIBRARY_PATH={libraries} " if libraries else ""
        # Where it is sealed the sanitizers cannot read /proc, in which they look for threads.
        return f"{variable}ASAN_OPTIONS=detect_leaks=0 exec {self.asked} \"$@\""

    def real(self, libraries: str = "") -> str:
        return f"#!/bin/sh\n{self.become_real(libraries)}"

    def patiently(self, machine: Machine, content: str | None, *command):
        """The run that was not too slow for an answer."""
        for _ in range(ATTEMPTS):
            result = machine.run(content, *command)
            if SLOW not in result.stdout + result.stderr or "exec sleep" in (content or ""):
                break
        return result

    def document(self, machine: Machine, content: str | None, *arguments) -> dict:
        result = self.patiently(machine, content, self.command, *arguments, "--json")
        document = json.loads(result.stdout)
        problems = self.schemas.problems(document)
        assert not problems, problems
        document["status"] = result.returncode
        # Of the machine that the tests run on, whose /proc is read.
        for endpoint in document["endpoints"]:
            endpoint["findings"] = [finding for finding in endpoint["findings"]
                                    if finding["id"] != "interrupts_unmapped"]
        return document


def versions() -> dict:
    """Directory of its libraries by the name of a version; "" is the system's."""
    found = {"the system's libcxl": ""}
    for directory in glob.glob("/opt/cxl-*/usr/lib/*"):
        if glob.glob(f"{directory}/libcxl.so.1"):
            found[Path(directory).parts[2]] = directory
    return found


def finding_ids(endpoint: dict) -> set:
    return {finding["id"] for finding in endpoint["findings"]}


def without_libcxl(document: dict) -> list:
    """The endpoints but for what libcxl adds."""
    endpoints = []
    for endpoint in document["endpoints"]:
        copy = {key: value for key, value in endpoint.items() if key != "libcxl"}
        copy["found_by"] = [word for word in copy["found_by"] if word != "libcxl"]
        copy["findings"] = [finding for finding in copy["findings"]
                            if "libcxl" not in finding["id"] and
                            finding["id"] != "sysfs_misses_memdev"]
        endpoints.append(copy)
    return endpoints


def test_agreement(stand: Stand, version: str, libraries: str) -> None:
    """What both know is the same of every object, and libcxl knows all of them."""
    for scenario in ("ready", "topology", "states", "restricted", "many:8"):
        machine = stand.machine(scenario)
        document = stand.document(machine, stand.real(libraries), "show", "all")
        wrong = [finding for endpoint in document["endpoints"] for finding in endpoint["findings"]
                 if "libcxl" in finding["id"] or finding["id"] == "sysfs_misses_memdev"]
        stand.say(not wrong and not document["warnings"], f"{version}, {scenario}: they agree",
                  wrong, document["warnings"])
        missing = []
        for endpoint in document["endpoints"]:
            found = {(item["kind"], item["name"]) for item in endpoint["libcxl"]["objects"]}
            wanted = {("decoder", item["decoder"]) for item in endpoint["decoders"]}
            wanted |= {("region", item["region"]) for item in endpoint["regions"]}
            wanted |= {(kind, endpoint[kind]) for kind in ("memdev", "endpoint")
                       if endpoint[kind]}
            missing += sorted(wanted - found)
            if ("libcxl" in endpoint["found_by"]) != bool(endpoint["memdev"]):
                missing.append(f"{endpoint['host']}: found by {endpoint['found_by']}")
        stand.say(not missing, f"{version}, {scenario}: libcxl has every object", *missing)


def opened_elsewhere(calls: list) -> list:
    """What was opened outside of /sys once it was sealed."""
    sealed = [number for number, line in enumerate(calls) if "landlock_restrict_self" in line]
    assert len(sealed) == 1, sealed
    return [line for line in calls[sealed[0]:]
            if re.search(r" open(at2?)?\(", line) and " = -1 E" not in line and
            '"/sys/' not in line]


def test_reading_only(stand: Stand, version: str, libraries: str) -> None:
    """With a queue of udev that is never empty: no write to flush, no waiting; /sys alone is read."""
    machine = stand.machine("many:8")
    machine.pending = True
    log = stand.work / "calls"
    variable = [f"LD_LIBRARY_PATH={libraries}"] if libraries else []
    begin = time.monotonic()
    result = machine.run(None, *STRACE, "-o", log, "env", *variable, stand.asked,
                         "all")
    taken = time.monotonic() - begin
    calls = log.read_text().splitlines()
    opened = [line for line in calls if "/flush" in line and "open" in line]
    written = [line for line in calls if "write" in line and "/flush" in line]
    waited = [line for line in calls if "inotify" in line or "nanosleep" in line]
    stand.say(result.returncode == 0 and opened and not written and not waited and
              all("= -1 E" in line for line in opened),
              f"{version}, udev busy: it neither writes to flush nor waits",
              f"status {result.returncode}, {taken:.1f} s", *opened[:5], *written[:5], *waited[:5])
    elsewhere = opened_elsewhere(calls)
    stand.say(any('"/sys/' in line for line in calls) and not elsewhere,
              f"{version}: it reads nothing but /sys", *elsewhere[:5])


def test_seals(stand: Stand) -> None:
    """Landlock keeps it from writing; without it, another user; with neither it asks nothing."""
    machine = stand.machine("ready")
    flush = machine.top / FLUSH
    log = stand.work / "seals"
    no_landlock = "--inject=landlock_create_ruleset:error=ENOSYS"
    for name, mode, injections, status, told in (
            ("Landlock", 0o200, [], 0, True),
            ("no Landlock, so another user", 0o200, [no_landlock], 0, True),
            ("neither", 0o200, [no_landlock, "--inject=setresuid:error=EPERM"], 3, False),
            ("another user, who may write too", 0o222, [no_landlock], 3, False)):
        flush.chmod(mode)
        result = machine.run(None, *STRACE, "-o", log, *injections, stand.asked,
                             "all")
        users = [line for line in log.read_text().splitlines() if "setresuid" in line]
        written = [line for line in log.read_text().splitlines()
                   if "write(" in line and "/flush" in line]
        stand.say(result.returncode == status and ("mem0" in result.stdout) == told and
                  not written and bool(users) == bool(injections),
                  f"{name}: {'it asks' if told else 'it asks nothing'}",
                  f"status {result.returncode}", *users, *written, result.stdout[:200])


def test_silence(stand: Stand) -> None:
    """Whatever becomes of the program, only warnings and what it says are different."""
    machine = stand.machine("states")
    whole = stand.document(machine, stand.real(), "list", "--all")
    for name, (content, reason) in SILENCES.items():
        text = content if not content else f"#!/bin/sh\n{content}"
        begin = time.monotonic()
        document = stand.document(machine, text, "list", "--all")
        taken = time.monotonic() - begin
        said = [warning["message"] for warning in document["warnings"]
                if warning["op"] == "ask libcxl"]
        stand.say(document["status"] == whole["status"] and
                  without_libcxl(document) == without_libcxl(whole) and len(said) == 1 and
                  reason in said[0] and taken < LONG,
                  f"a program that {name}: a warning, and the same endpoints",
                  f"status {document['status']}, {taken:.1f} s", *said)


def test_no_node(stand: Stand) -> None:
    """libcxl shows a memdev only with its device node."""
    machine = stand.machine("ready")
    shutil.rmtree(machine.top / "dev/cxl")
    endpoint = stand.document(machine, stand.real(), "list")["endpoints"][0]
    messages = [finding["message"] for finding in endpoint["findings"]
                if finding["id"] == "libcxl_misses_memdev"]
    stand.say(len(messages) == 1 and "no device node /dev/cxl/mem0" in messages[0] and
              endpoint["found_by"] == ["sysfs", "dvsec", "driver"],
              "no device node: libcxl misses the memdev, and the finding says why",
              endpoint["found_by"], endpoint["findings"])
    text = stand.patiently(machine, stand.real(), stand.command, "show", "mem0", "-s",
                           "libcxl").stdout
    stand.say("no device node" in text, "show says so in its section", text)


def records(*facts: tuple) -> str:
    """A program that answers with these facts."""
    words = "".join(f"{word}\\000" for fact in (*facts, ("end", "", "all", "")) for word in fact)
    return f"#!/bin/sh\nprintf '{words}'"


def test_findings(stand: Stand) -> None:
    memdev = ("memdev", "mem0", "memdev", "mem0"), ("memdev", "mem0", "host", ENDPOINT)
    machine = stand.machine("ready")
    answer = records(*memdev, ("decoder", "decoder2.0", "size", "4096"),
                     ("decoder", "decoder2.0", "mode", "ram"))
    endpoint = stand.document(machine, answer, "show", "mem0")["endpoints"][0]
    messages = [finding["message"] for finding in endpoint["findings"]]
    stand.same("another value: object, key and both values are said",
               ["libcxl says that size of decoder2.0 is 4096, sysfs says 268435456"], messages)
    machine = stand.machine("unbound")
    endpoint = stand.document(machine, records(*memdev), "list")["endpoints"][0]
    stand.say("sysfs_misses_memdev" in finding_ids(endpoint) and
              endpoint["found_by"] == ["libcxl", "dvsec"],
              "a memdev that sysfs does not have", endpoint["found_by"], endpoint["findings"])
    machine = stand.machine("unbound")
    function = machine.top / "sys/bus/pci/devices" / ENDPOINT
    (function / "config").write_bytes((function / "config").read_bytes()[:64])
    document = stand.document(machine, records(*memdev), "list", "--all")
    stand.same("a function that libcxl alone knows is listed", [[ENDPOINT, ["libcxl"]]],
               [[each["host"], each["found_by"]] for each in document["endpoints"]])
    other = stand.machine("unbound").top / "sys/bus/pci/devices" / ENDPOINT
    shutil.copytree(other, function.with_name(BEHIND), symlinks=True)
    document = stand.document(machine, records(*memdev), "list", "--all")
    stand.same("and stays before one that has been read until it answered",
               [[ENDPOINT, ["libcxl"]], [BEHIND, ["dvsec"]]],
               [[each["host"], each["found_by"]] for each in document["endpoints"]])


def test_second_look(stand: Stand) -> None:
    """A disagreement that is gone when both look again is none."""
    machine = stand.machine("ready")
    seen = stand.work / "seen"
    late = f"#!/bin/sh\n[ -e {seen} ] && {stand.become_real()}\n: > {seen}\n" + \
        records().split("\n", 1)[1]
    endpoint = stand.document(machine, late, "list")["endpoints"][0]
    stand.say(seen.exists() and not finding_ids(endpoint) and "libcxl" in endpoint["found_by"],
              "what is gone at the second look is no finding", endpoint["findings"])


def test_not_asked(stand: Stand) -> None:
    """Files are another machine's; a snapshot has the answer, and needs no library."""
    machine = stand.machine("ready")
    shutil.rmtree(machine.top / "dev/cxl")
    document = stand.document(machine, stand.real(), "list", "--sysroot", machine.top)
    stand.same("--sysroot: not asked", "not_asked", document["endpoints"][0]["libcxl"]["state"])
    kept = stand.work / "kept.tar.zst"
    result = stand.patiently(machine, stand.real(), stand.command, "snapshot", "-f", "-o", kept)
    stand.say(result.returncode == 0, "a snapshot is made", result.stderr)
    live = stand.document(machine, stand.real(), "show", "mem0")["endpoints"][0]
    again = stand.document(machine, None, "show", "mem0", "--from", kept)["endpoints"][0]
    stand.same("--from compares with the answer that was kept", live["libcxl"], again["libcxl"])
    stand.same("and finds the same", finding_ids(live), finding_ids(again))
    stand.say("libcxl_misses_memdev" in finding_ids(again), "which is not nothing")
    whole = stand.machine("ready")
    kept = stand.work / "whole.tar.zst"
    stand.patiently(whole, stand.real(), stand.command, "snapshot", "-f", "-o", kept)
    for command in ("list",), ("show", "all"):
        stand.same(f"{command[0]} prints of a snapshot what it does of the machine",
                   stand.document(whole, stand.real(), *command)["endpoints"],
                   stand.document(whole, None, *command, "--from", kept)["endpoints"])


def test_boot(stand: Stand) -> None:
    """What udev's rule and boot start does not ask."""
    machine = stand.machine("ready")
    asked = stand.work / "asked"
    for command in (["persist", "apply"], ["__persist-match", ENDPOINT], ["unbind", "-n", "mem0"]):
        machine.run(f"#!/bin/sh\n: > {asked}", stand.command, *command)
        stand.say(not asked.exists(), f"{' '.join(command)}: it is not asked")
        asked.unlink(missing_ok=True)
    machine.run(f"#!/bin/sh\n: > {asked}", stand.command, "list")
    stand.say(asked.exists(), "list: it is")


def test_doctor(stand: Stand, version: str, libraries: str) -> None:
    document = stand.document(stand.machine("ready"), stand.real(libraries), "doctor", "-c",
                              "libcxl_version")
    check = document["checks"][0]
    stand.say(check["result"] == "ok" and "was loaded" in check["message"] and
              (not libraries or libraries in check["evidence"][0]["path"]),
              f"{version}: doctor names the file that was loaded", check)


def main() -> int:
    if len(sys.argv) != 5:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as work:
        stand = Stand(*sys.argv[1:], Path(work))
        for version, libraries in versions().items():
            test_agreement(stand, version, libraries)
            test_reading_only(stand, version, libraries)
            test_doctor(stand, version, libraries)
        stand.same("there are two versions", 2, len(versions()))
        test_seals(stand)
        test_silence(stand)
        test_no_node(stand)
        test_findings(stand)
        test_second_look(stand)
        test_not_asked(stand)
        test_boot(stand)
    return stand.finish()


if __name__ == "__main__":
    sys.exit(main())
