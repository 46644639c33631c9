#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots: what list and show print from one is what they print of the tree it is of. Prints TAP.

    snapshot.py COMMAND SCHEMAS
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import run  # noqa: E402
import tap  # noqa: E402
import validate  # noqa: E402  (nothing is left in the source tree)

NOBODY = 65534
READERS = [["list"], ["list", "--all", "-o", "+SERIAL"], ["list", "--json", "--all"],
           ["show", "all"], ["show", "all", "--json"], ["show", "0000:00:1f.0"],
           ["show", "0000:35:00.0", "--json"], ["show", "0000:77:00.0"], ["show", "mem0"]]
SERIALS = ["123456789abcdef", "123456789abcdf0", "81985529216486895",
           "01-23-45-67-89-ab-cd-ef"]
HOSTNAME = "wintermute"


def describe_machine(root) -> None:
    """What a machine has besides its endpoints."""
    root.write("proc/sys/kernel/hostname", f"{HOSTNAME}\n")
    root.write("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=UUID=feed-beef intel_iommu=on quiet\n")
    root.write("proc/version", "Linux version 7.3.4-test (joe@forge) (gcc) #1\n")
    root.write("proc/iomem", "140000000-14fffffff : CXL Window 0\n")
    root.write("proc/modules", "cxl_core 1 0 - Live 0x0\n")
    root.attributes("sys/module/cxl_core", srcversion="ABC", parameters__debug="Y")
    root.attributes("sys/module/snd", srcversion="SND")
    root.write("dev/kmsg", f"4,1,1000000,-;{HOSTNAME} cxl_pci: serial 0x0123456789abcdef\n"
                           "6,2,2000000,-;Kernel command line: root=UUID=feed-beef cxl\n"
                           "6,3,3000000,-;usb: nothing of interest\n")
    root.write("usr/share/misc/pci.ids", "1e98  CXL Consortium\n\te2e2  Test endpoint\n"
                                         "abcd  Nobody\n\t0001  Nothing\n")
    path = "sys/devices/pci0000:0c/0000:0c:00.0/0000:0d:00.0"
    root.write(f"{path}/serial_number", "01-23-45-67-89-ab-cd-ef\n")
    root.write(f"{path}/mem0/serial", "0x123456789abcdef\n")
    root.write(f"{path}/mem0/secret", "trigger\n")
    (root.top / path / "mem0/secret").chmod(0o200)
    root.write(f"{path}/rom", "not to be read\n")
    for process, target in (("11", "/dev/vfio/6"), ("12", "/home/joe/private")):
        root.write(f"proc/{process}/comm", f"process{process}\n")
        root.write(f"proc/{process}/fd/.keep", "")
        (root.top / f"proc/{process}/fd/3").symlink_to(target)


class Stand(tap.Tap):
    def __init__(self, command: str, schemas: str, work: Path) -> None:
        self.command, self.work = command, work
        self.schemas = validate.Schemas(Path(schemas))
        self.fixtures = run.load_fixtures()
        super().__init__()
        self.known: dict = {}
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
                            "SOURCE_DATE_EPOCH": "1000000000"}

    def run(self, *arguments, nobody: bool = False, **options) -> subprocess.CompletedProcess:
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if nobody else {}
        return subprocess.run([self.command, *map(str, arguments)], capture_output=True,
                              text=True, errors="backslashreplace", timeout=600, cwd=self.work,
                              stdin=subprocess.DEVNULL, **user,
                              **{"env": self.environment, **options})

    def read(self, file: Path, *reader) -> subprocess.CompletedProcess:
        """What READER prints from a snapshot, which stays the same."""
        if (file, reader) not in self.known:
            self.known[file, reader] = self.run(*reader, "--from", file)
        return self.known[file, reader]

    def say(self, problems, text: str) -> None:
        """PROBLEMS: a list, or whether it is good."""
        good = problems if isinstance(problems, bool) else not problems
        observed = [] if isinstance(problems, bool) else problems
        super().say(good, text, *(observed or self.caller(sys._getframe(1))))

    def make(self, scenario: str, name: str, more=None) -> Path:
        root = self.fixtures.Root(self.work / name)
        self.fixtures.SCENARIOS[scenario](root)
        if more:
            more(root)
        return root.top

    def documents(self, *results) -> list:
        problems = []
        for result in results:
            problems += self.schemas.problems(json.loads(result.stdout))
        return problems


def without_source(text: str) -> str:
    """A document's host says where it was read from."""
    return re.sub(r'"(sysroot|snapshot|redacted)": [^\n]*', "", text)


def unwrapped(text: str) -> str:
    """Lines of a screen that go on below are one."""
    return re.sub(r"\n {12}(?=\S)", " ", text)


def same(stand: Stand, root: Path, file: Path, nobody: bool = False) -> list:
    problems = []
    # Leaks of what is read from a tree are looked for by run.py, and it takes longer than the rest.
    quick = {**stand.environment, "ASAN_OPTIONS": "detect_leaks=0"}
    for reader in READERS:
        wanted = stand.run("--sysroot", root, *reader, nobody=nobody, env=quick)
        got = stand.read(file, *reader)
        if got.returncode != wanted.returncode:
            problems.append(f"{' '.join(reader)}: status {got.returncode} and not "
                            f"{wanted.returncode}")
        for stream in ("stdout", "stderr"):
            left, right = (without_source(getattr(result, stream)) for result in (wanted, got))
            # What a user can do about it: he could read more, a recording cannot.
            if nobody:
                left = unwrapped(left).replace(
                    "run it as root",
                    "whoever recorded it was not allowed to read it: record it anew, as root")
                right = unwrapped(right)
            if left != right:
                problems += [f"{' '.join(reader)}: {stream} differs:",
                             *validate.difference(left, right)]
        if "--json" in reader:
            problems += stand.documents(got)
    return problems


def listing(file: Path) -> str:
    tar = subprocess.run(["zstd", "-dc", file], capture_output=True, check=True).stdout
    return subprocess.run(["tar", "-tv"], input=tar, capture_output=True,
                          check=True).stdout.decode() + tar.decode("latin-1")


def check_scenarios(stand: Stand) -> None:
    for scenario in stand.fixtures.SCENARIOS:
        if scenario == "bare":
            continue
        root, file = stand.make(scenario, scenario), stand.work / f"{scenario}.tar.zst"
        result = stand.run("--sysroot", root, "snapshot", "-o", file)
        # Where all may be hidden both end with 4.
        wanted = stand.run("--sysroot", root, "list").returncode
        stand.say([] if result.returncode == wanted else [result.stderr], f"{scenario}: a snapshot")
        stand.say(same(stand, root, file), f"{scenario}: list and show print the same from it")
        unpacked = stand.work / f"{scenario}.unpacked"
        unpacked.mkdir()
        subprocess.run(["tar", "xf", file, "-C", unpacked], check=True)
        stand.say(same(stand, unpacked, file), f"{scenario}: also from where it was unpacked")
        again = stand.work / f"{scenario}.again.tar.zst"
        stand.run("--sysroot", root, "snapshot", "-o", again)
        stand.say([] if again.read_bytes() == file.read_bytes() else
                  validate.difference(listing(file), listing(again)) or ["the compression differs"],
                  f"{scenario}: the same to the byte")


def check_hand_made(stand: Stand) -> None:
    """Any archive of a tree will do, of any compression."""
    root = stand.make("two_decoders", "hand")
    for option, suffix in (("--zstd", "tar.zst"), ("--gzip", "tar.gz"), ("--xz", "tar.xz"),
                           ("--format=pax", "pax.tar"), ("--format=ustar", "ustar.tar")):
        file = stand.work / f"hand.{suffix}"
        subprocess.run(["tar", option, "-cf", file, "-C", root, "."], check=True)
        stand.say(same(stand, root, file), f"list and show read {file.name}, made by tar")
    document = json.loads(stand.run("list", "--json", "--from", file).stdout)
    stand.say(document["host"]["redacted"] is None and document["host"]["snapshot"] == str(file)
              and document["host"]["sysroot"] is None, "the document says where it is from")


def check_nobody(stand: Stand) -> None:
    if os.geteuid() != 0:
        return
    root, file = stand.make("private", "nobody"), stand.work / "open" / "nobody.tar.zst"
    file.parent.mkdir()
    file.parent.chmod(0o777)
    result = stand.run("--sysroot", root, "snapshot", "-o", file, "--json", nobody=True)
    document = json.loads(result.stdout)
    stand.say(stand.documents(result), "without privileges: a document")
    stand.say(result.returncode == 0 and document["snapshots"][0]["unreadable"] == 2 and
              result.stderr.count("it lacks 2 files") == 1,
              "without privileges: it says once how much is missing")
    stand.say(same(stand, root, file, nobody=True), "without privileges: the same from it")


def contents(stand: Stand, file: Path) -> dict:
    directory = stand.work / f"{file.name}.contents"
    directory.mkdir()
    subprocess.run(["tar", "xf", file, "-C", directory], check=True)
    found = {}
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        if path.is_symlink():
            found[name] = os.readlink(path).encode()
        elif path.is_file():
            found[name] = path.read_bytes()
    return found


def check_contents(stand: Stand) -> None:
    root = stand.make("states", "contents", describe_machine)
    file = stand.work / "contents.tar.zst"
    stand.run("--sysroot", root, "snapshot", "-o", file)
    found = contents(stand, file)
    path = "sys/devices/pci0000:0c/0000:0c:00.0/0000:0d:00.0"
    for name in ("proc/iomem", "proc/cmdline", "sys/module/cxl_core/parameters/debug",
                 "sys/module/cxl_core/srcversion", f"{path}/mem0/serial", f"{path}/uevent"):
        real = root / name
        stand.say(found.get(name) == (real.read_bytes() if real.exists()
                                      else b"/.unavailable/ENOENT"), f"contents: {name}")
    stand.say(len(found[f"{path}/config"]) == 4096, "contents: the whole configuration space")
    stand.say(f"{path}/rom" not in found and f"{path}/resource0" not in found and
              f"{path}/mem0/secret" not in found and "sys/module/snd/srcversion" not in found,
              "contents: nothing that must not be read")
    stand.say(b"process12" not in b"".join(found.values()) and
              not any(b"/home/joe" in value for value in found.values()),
              "contents: no other process")
    stand.say(found["kernel.log"].count(b"\n") == 2 and b"usb" not in found["kernel.log"],
              "contents: the kernel log's lines of interest")
    stand.say(found["usr/share/misc/pci.ids"] ==
              b"1e98  CXL Consortium\n\te2e2  Test endpoint\n"
              b"\t\t1e98 e2e2  Test endpoint\n", "contents: the names that occur")
    facts = json.loads(found["snapshot.json"])
    stand.say(facts["format_version"] == 1 and facts["time"] == "2001-09-09T01:46:40Z" and
              facts["kernel"] == "7.3.4-test" and facts["redacted"] is False,
              "contents: what the snapshot says of itself")
    stand.say(any(serial.encode() in value for value in found.values() for serial in SERIALS)
              and any(HOSTNAME.encode() in value for value in found.values()),
              "contents: serial numbers and the host's name, unless they are redacted")


def check_redaction(stand: Stand) -> None:
    root, file = stand.work / "contents", stand.work / "redacted.tar.zst"
    result = stand.run("--sysroot", root, "snapshot", "-o", file, "--redact", "--json")
    stand.say(stand.documents(result), "redacted: a document")
    found = contents(stand, file)
    binary = [(0x0123456789ABCDEF + index).to_bytes(8, "little") for index in range(9)]
    secrets = [*(serial.encode() for serial in SERIALS), HOSTNAME.encode(), b"feed-beef",
               b"joe@forge", b"quiet", *binary]
    problems = [f"{name} has {secret!r}" for name, value in found.items() for secret in secrets
                if secret.lower() in value.lower()]
    problems += [f"the name {name} tells" for name in found
                 if HOSTNAME in name or any(serial in name for serial in SERIALS)]
    stand.say(problems, "redacted: no serial number, no name, no command line")
    document = json.loads(stand.run("list", "--json", "--all", "--from", file).stdout)
    plain = json.loads(stand.run("list", "--json", "--all", "--sysroot", root).stdout)
    stand.say(document["host"]["redacted"] is True, "redacted: the document says so")
    before = [endpoint["serial"] for endpoint in plain["endpoints"]]
    after = [endpoint["serial"] for endpoint in document["endpoints"]]
    known = [serial for serial in after if serial is not None]
    stand.say([(left is None) == (right is None) for left, right in zip(before, after)] ==
              [True] * len(after) and sorted(known) == list(range(1, len(known) + 1)),
              "redacted: as many serial numbers as before, counted from 1")
    for machine in (document, plain):
        for endpoint in machine["endpoints"]:
            for holder in (endpoint, endpoint["memdev_info"] or {}):
                holder["serial"] = holder["serial_hex"] = None
    stand.say(document["endpoints"] == plain["endpoints"], "redacted: all else is the same")


def check_special(stand: Stand) -> None:
    """--force in a directory of device nodes would be the end of one."""
    directory = stand.work / "special"
    directory.mkdir()
    os.mkfifo(directory / "fifo")
    (directory / "link").symlink_to("nothing")
    for name in "fifo", "link":
        file = directory / name
        before = file.lstat().st_ino
        refused = stand.run("--sysroot", stand.work / "ready", "snapshot", "-f", "-o", file)
        stand.say(refused.returncode == 1 and "regular file" in refused.stderr
                  and file.lstat().st_ino == before and len(list(directory.iterdir())) == 2,
                  f"--force does not replace a {name}")


def check_file(stand: Stand) -> None:
    root, file = stand.work / "ready", stand.work / "place" / "file.tar.zst"
    file.parent.mkdir()
    names = lambda: sorted(path.name for path in file.parent.iterdir())  # noqa: E731
    first = stand.run("--sysroot", root, "snapshot", "-o", file)
    stand.say(first.returncode == 0 and file.stat().st_mode & 0o777 == 0o600 and
              names() == [file.name], "the file is for its owner only, and alone")
    before = file.read_bytes()
    again = stand.run("--sysroot", stand.work / "states", "snapshot", "-o", file, "--json")
    stand.say(again.returncode == 1 and "--force" in again.stderr and file.read_bytes() == before
              and json.loads(again.stdout)["snapshots"] == [], "a file is not replaced")
    stand.say(stand.documents(again), "and a document says so")
    forced = stand.run("--sysroot", stand.work / "states", "snapshot", "-f", "-o", file)
    stand.say(forced.returncode == 0 and file.read_bytes() != before and names() == [file.name],
              "--force replaces it")
    check_special(stand)
    missing = stand.run("--sysroot", root, "snapshot", "-o", file.parent / "no" / "file")
    stand.say(missing.returncode == 1 and missing.stderr.count("\n") <= 2 and
              "ENOENT" in missing.stderr, "a directory that does not exist is an error")
    if os.geteuid() == 0:
        denied = stand.run("--sysroot", root, "snapshot", "-o", file.parent / "x", nobody=True)
        stand.say(denied.returncode == 4 and "EACCES" in denied.stderr,
                  "a directory that may not be written to is an error")
    (file.parent / "link").symlink_to("nowhere")
    link = stand.run("--sysroot", root, "snapshot", "-o", file.parent / "link")
    stand.say(link.returncode == 1 and not (file.parent / "nowhere").exists(),
              "a dangling link is not written through")
    small = stand.run("--sysroot", stand.work / "states", "snapshot", "-o", file.parent / "small",
                      preexec_fn=lambda: limit_file_size(1024))
    stand.say(small.returncode == 1 and "EFBIG" in small.stderr and
              names() == [file.name, "link"], "what could not be written whole is not there")
    bare = stand.run("--sysroot", stand.make("bare", "bare"), "snapshot", "-o",
                     file.parent / "bare")
    stand.say(bare.returncode == 1 and names() == [file.name, "link"],
              "no file of a machine without sysfs")


def limit_file_size(size: int) -> None:
    import resource
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def check_interrupted(stand: Stand) -> None:
    """Ended while it collects: the log is a pipe that nobody writes to."""
    root = stand.make("ready", "ended-early")
    (root / "dev/kmsg").unlink(missing_ok=True)
    place = stand.work / "interrupted.place"
    place.mkdir()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # strace stops it where the file is about to be written.
        script = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e",
                  f"inject=fsync:signal={number.name}:when=1", stand.command, "--sysroot", root,
                  "snapshot", "-o", place / "file"]
        result = subprocess.run(script, capture_output=True, text=True, timeout=600,
                                env={**stand.environment, "ASAN_OPTIONS": "detect_leaks=0"})
        left = sorted(path.name for path in place.iterdir())
        stand.say([] if left in ([], ["file"]) else [f"status {result.returncode}: {left}"],
                  f"{number.name} while it writes leaves no temporary file")
        if left:
            (place / "file").unlink()


def check_usage(stand: Stand) -> None:
    file = stand.work / "ready.tar.zst"
    for arguments in (["snapshot"], ["snapshot", "-o", "-"], ["snapshot", "-o", ""],
                      ["snapshot", "-o", "x", "mem0"], ["list", "--from"],
                      ["list", "--sysroot", stand.work / "ready", "--from", file],
                      ["show", "all", "--from", file, "--sysroot", stand.work / "ready"],
                      ["bind", "--from", file, "all"]):
        result = stand.run("--json", *arguments)
        stand.say([] if result.returncode == 2 else [f"status {result.returncode}"],
                  f"a usage error: {' '.join(map(str, arguments)).replace(str(stand.work), '')}")
        stand.say(stand.documents(result), "and a document")


def check_bad_files(stand: Stand) -> None:
    good = (stand.work / "states.tar.zst").read_bytes()
    (stand.work / "text").write_text("this is no archive\n")
    (stand.work / "nothing").write_bytes(b"")
    (stand.work / "cut").write_bytes(good[:len(good) // 2])
    (stand.work / "short").write_bytes(good[:-1])
    (stand.work / "newer").mkdir()
    (stand.work / "newer/snapshot.json").write_text('{"format_version": 2}')
    subprocess.run(["tar", "-cf", stand.work / "newer.tar", "-C", stand.work / "newer", "."],
                   check=True)
    (stand.work / "denied").write_bytes(good)
    (stand.work / "denied").chmod(0)
    cases = [("missing", 1, "ENOENT"), ("text", 1, "not an archive, or it is damaged"),
             ("nothing", 1, "not an archive, or it is damaged"), ("cut", 1, "not an archive, or it is damaged"),
             ("short", 1, "not an archive, or it is damaged"), ("newer.tar", 6, "version 2"),
             ("place", 1, "EISDIR")]
    if os.geteuid() == 0:
        cases.append(("denied", 4, "EACCES"))
    for name, status, words in cases:
        for reader in (["list"], ["show", "all"], ["list", "--json"]):
            result = stand.run(*reader, "--from", stand.work / name, nobody=name == "denied")
            errors = [line for line in result.stderr.splitlines() if not line.startswith("  hint")]
            problems = []
            if result.returncode != status:
                problems.append(f"status {result.returncode} and not {status}")
            if len(errors) != 1 or words not in errors[0]:
                problems += errors
            if "--json" in reader:
                document = json.loads(result.stdout)
                problems += stand.documents(result)
                if document["endpoints"] or not document["host"]["snapshot"] or (
                        document["host"]["kernel"] and status == 1):
                    problems.append("the document is of something else")
            elif result.stdout:
                problems.append(f"it prints {result.stdout}")
            stand.say(problems, f"{name}: {' '.join(reader)} says what is wrong with it")


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        stand = Stand(os.path.abspath(sys.argv[1]), sys.argv[2], Path(directory))
        check_scenarios(stand)
        check_hand_made(stand)
        check_nobody(stand)
        check_contents(stand)
        check_redaction(stand)
        check_file(stand)
        check_interrupted(stand)
        check_usage(stand)
        check_bad_files(stand)
    return stand.finish()


if __name__ == "__main__":
    sys.exit(main())
