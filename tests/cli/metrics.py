#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of cxlvfio metrics, as those read it who it is for. TAP.

    metrics.py COMMAND SHARE

promtool checks every page and every alert of SHARE. A text file is replaced as a whole or not at
all: on a full disk, when the run is killed, where another one writes, where it is somebody's device.
Strings from the machine may be anything.
"""
import fcntl
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import junk  # noqa: E402
from tap import Tap  # noqa: E402  (nothing is left in the source tree)

HERE = Path(__file__).parent
SAMPLE = re.compile(r'^(?P<name>[a-z0-9_]+)(?P<labels>\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\})?'
                    r' (?P<value>[0-9.]+)$')
# Of OpenMetrics: what ends the name of a family's samples.
SUFFIXES = {"gauge": "", "counter": "_total", "info": "_info", "stateset": ""}
KILLS = 40
NOBODY = 65534
# What an attribute says that has no number.
OTHER_WORDS = {
    "target_type": ["expander"],
    "reset_method": ["bus"],
    "reset_result": ["failed"],
    "scrub_result": ["owed"],
    "state": ["refused", "pending"],
}
# Each of them is made of other files.
DAMAGES = {
    "kernel_driver_mismatch", "no_flr", "no_region", "refused", "refused_before", "region_left",
    "region_not_committed", "reset_failed", "scrub_owed", "window_cut", "wrong_target_type",
}
ALL_STATES = "unknown ready bound gated refused not_committed no_driver not_visible lost"
MANY = 64


def fixture(root: Path, name: str) -> Path:
    if (root / name).exists():
        return root / name
    subprocess.run([sys.executable, "-B", str(HERE / "make-fixture.py"), name, str(root / name)],
                   check=True)
    return root / name


class Stand(Tap):
    def __init__(self, command: str, share: Path, root: Path) -> None:
        super().__init__()
        self.command, self.share, self.root = command, share, root

    def run(self, sysroot: Path, *arguments: str, **options) -> subprocess.CompletedProcess:
        return subprocess.run([self.command, "--sysroot", str(sysroot), "metrics", *arguments],
                              capture_output=True, timeout=600, **options)

    def promtool(self, *arguments: str, page: bytes | None = None) -> subprocess.CompletedProcess:
        return subprocess.run(["promtool", *arguments], input=page, capture_output=True,
                              timeout=600)


def steady(page: bytes) -> bytes:
    """Without what a machine that is busy makes longer."""
    return re.sub(rb"\ncxlvfio_scrape_duration_seconds [0-9.]+", b"", page)


def samples(page: str) -> list:
    """(name, labels, value) of every line; a line that is none fails the test."""
    found = []
    # Not splitlines(), which knows more ends of lines than the format.
    for line in page.rstrip("\n").split("\n"):
        if line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        if not match:
            raise ValueError(f"no sample: {line!r}")
        pairs = re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', match["labels"] or "")
        labels = dict(pairs)
        if len(pairs) != len(labels):
            raise ValueError(f"a label twice: {line!r}")
        found.append((match["name"], labels, float(match["value"])))
    return found


def openmetrics_problems(page: str) -> list:
    """What a strict reader of OpenMetrics 1.0 would not take."""
    if not page.endswith("\n# EOF\n") or page.count("# EOF\n") != 1:
        return ["it does not end with the one # EOF"]
    problems, families, series = [], {}, set()
    name, words = "", {}
    for line in page.split("\n")[:-2]:
        if line.startswith("# "):
            _, word, of, text = (line + " ").split(" ", 3)
            if of != name:
                name, words = of, {}
                problems += [f"{of} comes twice"] * (of in families)
                families[of] = words
            problems += [f"a second {word}: {line}"] * (word in words)
            words[word] = text.strip()
            continue
        kind, unit = words.get("TYPE"), words.get("UNIT")
        ((sample, labels, value),) = samples(line)
        key = (sample, tuple(sorted(labels.items())))
        good = (kind in SUFFIXES and sample == name + SUFFIXES[kind] and "HELP" in words
                and key not in series and (unit is None or name.endswith(f"_{unit}"))
                and not name.endswith(("_total", "_info")))
        if kind == "info":
            good = good and value == 1 and unit is None
        if kind == "stateset":
            good = good and value in (0, 1) and name in labels and unit is None
        problems += [line] * (not good)
        series.add(key)
    return problems


def check_pages(stand: Stand) -> None:
    for name in ("restricted", "states", "facts_hostile", "malformed", "topology", "empty"):
        root = fixture(stand.root, name)
        result = stand.run(root)
        checked = stand.promtool("check", "metrics", page=result.stdout)
        stand.say(result.returncode == 0 and checked.returncode == 0,
                  f"{name}: promtool takes the page", result.stderr.decode(), checked.stderr.decode(),
                  checked.stdout.decode(), result.stdout.decode(errors="replace"))
        stand.say(stand.run(root).stdout == result.stdout, f"{name}: again the same bytes")
        listed = json.loads(subprocess.run([stand.command, "--sysroot", str(root), "list", "--json"],
                                           capture_output=True, check=True).stdout)["endpoints"]
        found = samples(result.stdout.decode())
        states = {labels["host"]: labels["cxlvfio_endpoint_state"] for sample, labels, value in found
                  if sample == "cxlvfio_endpoint_state" and value == 1}
        stand.same(f"{name}: the states are those of the list",
                   {endpoint["host"]: endpoint["state"] for endpoint in listed}, states)
        sizes = {labels["host"]: value for sample, labels, value in found
                 if sample == "cxlvfio_window_bytes"}
        stand.same(f"{name}: and so are the sizes",
                   {each["host"]: each["size"] for each in listed if each["size"] is not None}, sizes)
        opened = stand.run(root, "--format", "openmetrics").stdout.decode()
        stand.say(samples(opened) == found, f"{name}: OpenMetrics has the same samples")
        stand.same(f"{name}: and keeps to its rules", [], openmetrics_problems(opened))


def found_by_page(page: str) -> tuple:
    """(states, findings and how many, AER's sums) that a page has."""
    found = samples(page)
    return ({labels["host"]: labels["cxlvfio_endpoint_state"] for name, labels, value in found
             if name == "cxlvfio_endpoint_state" and value == 1},
            sorted((labels["host"], labels["id"], labels["severity"], int(value))
                   for name, labels, value in found if name == "cxlvfio_findings"),
            sorted((labels["host"], labels["severity"], int(value))
                   for name, labels, value in found if name == "cxlvfio_aer_errors_total"))


def found_by_list(endpoints: list) -> tuple:
    """The same of a document, for which everything is read."""
    findings = Counter((each["host"], finding["id"], finding["severity"])
                       for each in endpoints for finding in each["findings"])
    return ({each["host"]: each["state"] for each in endpoints},
            sorted((*finding, count) for finding, count in findings.items()),
            sorted((each["host"], severity, each["aer"][severity]) for each in endpoints
                   for severity in ("correctable", "nonfatal", "fatal")
                   if each["aer"][severity] is not None))


def said(command: list) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=600).stdout


def looks(stand: Stand, root: Path) -> tuple:
    """What is found there by a whole look and by the brief one of a page: the same is to be found."""
    command = [stand.command, "--sysroot", str(root)]
    return (found_by_list(json.loads(said([*command, "list", "--json"]))["endpoints"]),
            found_by_page(said([*command, "metrics"])))


def tables(stand: Stand, root: Path) -> tuple:
    """The same of the table. Every endpoint passes the filter, before which everything is read."""
    command = [stand.command, "--sysroot", str(root), "list"]
    return said([*command, "--state", ALL_STATES]), said(command)


def other_contents(file: Path) -> list:
    """What an attribute could say as well."""
    try:
        text = file.read_text().strip()
    except (OSError, ValueError):
        return []
    if re.fullmatch("0x[0-9a-f]+|[0-9]+", text):
        return ["0", hex(int(text, 0) + 4096)]
    return [*OTHER_WORDS.get(file.name, []), ""]


def damages(root: Path) -> list:
    """[(file, content), ...] of each damage to attributes of the machine."""
    single = [[(file, content)] for file in sorted((root / "sys/devices").rglob("*"))
              if file.is_file() and not file.is_symlink() and file.stat().st_size < 4096
              for content in other_contents(file)]
    devices = root / "sys/bus/cxl/devices"
    return [*single, [(devices / "decoder2.0/region", ""), (devices / "region0/target0", "")]]


def check_brief(stand: Stand) -> None:
    """What the page and the table do not show is not read, but what findings are made of is."""
    listed = subprocess.run([sys.executable, "-B", str(HERE / "make-fixture.py"), "--list"],
                            capture_output=True, check=True, text=True).stdout
    for name in (line.split("\t")[0] for line in listed.splitlines()):
        root = fixture(stand.root, name)
        stand.same(f"{name}: the page is that of a whole look", *looks(stand, root))
        stand.same(f"{name}: the table is that of a whole look", *tables(stand, root))
    different, seen = [], set()
    root = fixture(stand.root, "ready")
    for damage in damages(root):
        before = [(file, file.read_text()) for file, _ in damage]
        for file, content in damage:
            file.write_text(f"{content}\n")
        whole, brief = looks(stand, root)
        seen |= {finding for _, finding, _, _ in whole[1]}
        different += [(damage, whole, brief)] * (whole != brief)
        for file, content in before:
            file.write_text(content)
    stand.same("whatever an attribute says, the page is, too", [], different)
    stand.same("that had these findings", DAMAGES, DAMAGES & seen)


def check_many(stand: Stand) -> None:
    root = fixture(stand.root, f"many:{MANY}")
    listed = json.loads(subprocess.run([stand.command, "--sysroot", str(root), "list", "--json"],
                                       capture_output=True, check=True).stdout)["endpoints"]
    first = stand.run(root)
    stand.same(f"{MANY} endpoints: in the order of the list", [each["host"] for each in listed],
               [labels["host"] for name, labels, _ in samples(first.stdout.decode())
                if name == "cxlvfio_endpoint_info"])
    stand.say(len(listed) == MANY and steady(first.stdout) == steady(stand.run(root).stdout),
              f"{MANY} endpoints: again the same bytes", len(listed))


def check_success(stand: Stand) -> None:
    """It is what the warnings say."""
    seen = set()
    for name in ("ready", "restricted", "unreadable", "private", "driver_private"):
        result = stand.run(fixture(stand.root, name))
        success = b"\ncxlvfio_scrape_success 1\n" in result.stdout
        seen.add(success)
        stand.say(result.returncode == 0 and success == (not result.stderr),
                  f"{name}: {'everything' if success else 'not everything'} was read, and it says so",
                  result.stderr.decode(), result.stdout.decode())
    stand.same("both were seen", {True, False}, seen)


def check_missing(stand: Stand) -> None:
    """What feeds a family and cannot be read is no success; that there is none is one."""
    root = fixture(stand.root, "states")
    device = next((root / "sys/bus/pci/devices").glob("*/cxl_vfio/scrub_result")).parents[1].resolve()
    module = root / "sys/module/cxl_vfio_pci"
    module.mkdir(parents=True, exist_ok=True)
    (module / "initstate").write_text("live\n")
    # Without them there is no capability.
    (device / "aer_dev_correctable").write_text("TOTAL_ERR_COR 0\n")
    (device / "aer_dev_nonfatal").write_text("TOTAL_ERR_NONFATAL 0\n")
    for name, error, success in (
            ("cxl_vfio/state", "EIO", 0), ("cxl_vfio/scrub_result", "EIO", 0),
            ("cxl_vfio/verdict", "EACCES", 0), ("cxl_vfio/zap_count", "EIO", 0),
            ("cxl_vfio/machine_check_count", "EIO", 0), ("aer_dev_fatal", "EIO", 0),
            ("reset_method", "EIO", 0), ("config", "EIO", 0),
            (str(module / "version"), "EIO", 0), ("cxl_vfio/repair_count", "ENOENT", 1),
            ("aer_dev_correctable", "ENOENT", 1)):
        file = device / name
        before = file.read_bytes() if file.exists() else None
        file.unlink(missing_ok=True)
        if error != "ENOENT":
            file.symlink_to(f"/.unavailable/{error}")
        result = stand.run(root)
        what = f"{file.name} of {file.parent.name}" if name[0] == "/" else name
        stand.say(result.returncode == 0 and
                  f"\ncxlvfio_scrape_success {success}\n".encode() in result.stdout and
                  (f"({error})".encode() in result.stderr) == (not success),
                  f"{what}, {error}: {'no ' if not success else ''}success", result.stderr)
        file.unlink(missing_ok=True)
        if before is not None:
            file.write_bytes(before)
    # A kernel that is locked down shows registers to nobody.
    unbound = fixture(stand.root, "unbound")
    registers = next((unbound / "sys/devices").glob("**/resource0"))
    for error, success in (("EPERM", 1), ("EIO", 0)):
        registers.unlink()
        registers.symlink_to(f"/.unavailable/{error}")
        result = stand.run(unbound)
        stand.say(f"\ncxlvfio_scrape_success {success}\n".encode() in result.stdout,
                  f"registers, {error}: {'no ' if not success else ''}success", result.stderr)
    # Somebody else's descriptors are not for a user: nobody has it open, or somebody.
    stand.root.chmod(0o755)
    descriptors = root / "proc/4711/fd"
    descriptors.mkdir(parents=True)
    (root / "proc/4711/comm").write_text("other\n")
    for mode, success in ((0o755, 1), (0o700, 0)):
        descriptors.chmod(mode)
        result = stand.run(root, user=NOBODY, group=NOBODY, extra_groups=[])
        stand.say(result.returncode == 0 and (b"vfio.opened_by" in result.stderr) == (not success)
                  and f"\ncxlvfio_scrape_success {success}\n".encode() in result.stdout,
                  f"processes that a user may {'' if success else 'not '}see", result.stderr)
    shutil.rmtree(root / "proc/4711")
    shutil.rmtree(module)
    for file in device.glob("aer_dev_*"):
        file.unlink()


def check_junk(stand: Stand) -> None:
    broken = []
    for root in junk.machines(fixture(stand.root, "states"), stand.root):
        for form in ("prometheus", "openmetrics"):
            result = stand.run(root, "--format", form)
            try:
                page = result.stdout.decode()
                good = result.returncode == 0 and bool(samples(page))
                good = good and (form == "prometheus" or not openmetrics_problems(page))
            except ValueError as error:     # also of what is no UTF-8
                good, result = False, (error, result)
            # A program that takes long to start.
            if form == "prometheus" and good and root.name.endswith("0"):
                good = stand.promtool("check", "metrics", page=result.stdout).returncode == 0
            broken += [(root.name, form, result)] * (not good)
    stand.say(not broken, f"{junk.ROUNDS} machines with anything in their strings have a page", *broken[:2])


def check_full_stdout(stand: Stand) -> None:
    with open("/dev/full", "wb") as full:
        result = subprocess.run([stand.command, "--sysroot", str(fixture(stand.root, "states")),
                                 "metrics"], stdout=full, stderr=subprocess.PIPE, timeout=600)
    stand.say(result.returncode == 1 and b"(ENOSPC)" in result.stderr,
              "where stdout takes nothing the message says why", result)


def families(page: bytes) -> set:
    return set(re.findall(rb"# TYPE (\w+)", page))


def check_families(stand: Stand) -> None:
    full = stand.run(fixture(stand.root, "states")).stdout
    empty = stand.run(fixture(stand.root, "empty")).stdout
    stand.same("a machine without endpoints has every family", families(full), families(empty))
    broken = stand.root / "broken"
    broken.mkdir()
    result = stand.run(broken)
    stand.say(result.returncode == 1 and families(result.stdout) == families(full) and
              b"\ncxlvfio_scrape_success 0\n" in result.stdout,
              "a machine that cannot be read has every family, no success, and status 1",
              result.returncode, result.stderr.decode(), result.stdout.decode())


def check_alerts(stand: Stand) -> None:
    rules = stand.share / "prometheus" / "cxlvfio.rules.yml"
    checked = stand.promtool("check", "rules", "--lint=all", "--lint-fatal", str(rules))
    stand.say(checked.returncode == 0, "promtool takes the alerts", checked.stdout.decode(),
              checked.stderr.decode())
    tested = stand.promtool("test", "rules", str(HERE / "prometheus.rules.test.yml"))
    stand.say(tested.returncode == 0, "each alert fires when it must, and not before",
              tested.stdout.decode(), tested.stderr.decode())
    names = set(re.findall(r"alert: (\w+)", rules.read_text()))
    proven = set(re.findall(r"alertname: (\w+)", (HERE / "prometheus.rules.test.yml").read_text()))
    stand.same("every alert has a test", names, proven)
    # Every metric that an alert or the dashboard asks for is one of the page's.
    page = stand.run(fixture(stand.root, "states")).stdout
    dashboard = (stand.share / "prometheus" / "cxlvfio-dashboard.json").read_text()
    json.loads(dashboard)
    asked = set(re.findall(r"cxlvfio_[a-z0-9_]+(?=[\[{ )=\"]|$)", rules.read_text() + dashboard))
    labels = {"cxlvfio_gate_state", "cxlvfio_proof_verdict", "cxlvfio_endpoint_state"}
    stand.say(asked - labels <= {name.decode() for name in families(page)},
              "alerts and dashboard ask for what there is",
              sorted(asked - {name.decode() for name in families(page)}))
    expressions = [target["expr"] for panel in json.loads(dashboard)["panels"]
                   for target in panel["targets"]]
    file = stand.root / "dashboard.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": [
        {"record": f"panel:{number}", "expr": text} for number, text in enumerate(expressions)]}]}))
    checked = stand.promtool("check", "rules", str(file))
    stand.say(bool(expressions) and checked.returncode == 0,
              f"promtool takes the {len(expressions)} expressions of the dashboard",
              checked.stdout.decode(), checked.stderr.decode())


def check_textfile(stand: Stand) -> None:
    root = fixture(stand.root, "states")
    directory = stand.root / "textfile"
    directory.mkdir()
    file = directory / "cxlvfio.prom"
    os.umask(0o077)
    result = stand.run(root, "--textfile", str(file))
    stand.say(result.returncode == 0 and not result.stdout and file.read_bytes() ==
              stand.run(root).stdout and file.stat().st_mode & 0o777 == 0o644 and
              [each.name for each in directory.iterdir()] == [file.name],
              "a text file is the page, everybody may read it, and there is nothing else",
              result, oct(file.stat().st_mode), list(directory.iterdir()))
    os.umask(0o022)
    (stand.root / "link.prom").symlink_to(file)
    os.mkfifo(stand.root / "pipe.prom")
    for target, plain in ((str(directory), False), ("/dev/null", False),
                          (str(stand.root / "link.prom"), False),
                          (str(stand.root / "pipe.prom"), False), (f"{directory}/no/such", True),
                          (f"{directory}/x.prom/", False)):
        result = stand.run(root, "--textfile", target)
        stand.say(result.returncode == 1 and target.encode() in result.stderr and
                  (b"as it was before" in result.stderr) == os.path.exists(target) and
                  (b"hint: only a plain file" in result.stderr) == (not plain),
                  f"{target.replace(str(stand.root), '')} is not replaced", result)
    for name, warned in (("page.txt", True), ("x.prom", False), (".prom.new", True)):
        result = stand.run(root, "--textfile", str(directory / name))
        stand.say(result.returncode == 0 and (b"end with .prom" in result.stderr) == warned and
                  b"_success 1\n" in (directory / name).read_bytes(),
                  f"{name} is written, with{'' if warned else 'out'} a word", result)
        (directory / name).unlink()
    log = stand.root / "trace"
    subprocess.run(["strace", "-qq", "-y", "-o", log, "--trace=fsync,renameat", stand.command,
                    "--sysroot", str(root), "metrics", "--textfile", str(file)], check=True,
                   env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}, timeout=600)
    calls = [line for line in log.read_text().splitlines() if str(directory) in line]
    stand.say([line.split("(")[0] for line in calls] == ["fsync", "renameat", "fsync"] and
              ".new>" in calls[0] and f"{directory}>" in calls[2],
              "the page is on the disk before its name, and then the name", calls)
    stand.say(Path("/dev/null").is_char_device(), "and the device is still there")
    held = os.open(directory, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    result = stand.run(root, "--textfile", str(file))
    stand.say(result.returncode == 5, "where another run writes it ends with 5", result)
    os.close(held)


def check_full_disk(stand: Stand) -> None:
    root = fixture(stand.root, "states")
    small = stand.root / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "none", str(small)], check=True)
    try:
        file = small / "cxlvfio.prom"
        stand.run(root, "--textfile", str(file), check=True)
        before = file.read_bytes()
        with open(small / "filler", "wb", buffering=0) as filler:
            try:
                while filler.write(b"x" * 512):
                    pass
            except OSError:
                pass
        result = stand.run(root, "--textfile", str(file))
        stand.say(result.returncode == 1 and b"No space left" in result.stderr and
                  file.read_bytes() == before and len(list(small.iterdir())) == 2,
                  "on a full disk the old page stays, and nothing else", result,
                  list(small.iterdir()))
    finally:
        subprocess.run(["umount", str(small)], check=True)


def check_kill(stand: Stand) -> None:
    root = fixture(stand.root, "states")
    directory = stand.root / "killed"
    directory.mkdir()
    file = directory / "cxlvfio.prom"
    page = stand.run(root).stdout
    torn = []
    chance = random.Random(1)
    start = time.monotonic()
    stand.run(root, "--textfile", str(file), check=True)
    takes = time.monotonic() - start
    for _ in range(KILLS):
        process = subprocess.Popen([stand.command, "--sysroot", str(root), "metrics", "--textfile",
                                    str(file)], stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, takes))
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=600)
        if file.read_bytes() != page:
            torn.append(file.read_bytes())
    stand.run(root, "--textfile", str(file), check=True)
    stand.say(not torn and [each.name for each in directory.iterdir()] == [file.name],
              f"{KILLS} runs that were killed: the page is whole, and nothing is left", torn,
              list(directory.iterdir()))


def check_proof(stand: Stand) -> None:
    root = fixture(stand.root, "states")
    page = samples(stand.run(root).stdout.decode())
    info = next(labels for name, labels, _ in page if name == "cxlvfio_endpoint_info")
    host, serial = info["host"], info["serial"]
    proofs = root / "run" / "cxlvfio"
    proofs.mkdir(parents=True, mode=0o755, exist_ok=True)
    record = (f"cxlvfio-proof 1\ntime 1790000000\nverdict fail\ncycles 20\np99_ns 104211000\n"
              f"serial {serial}\n")
    (proofs / f"proof-{host}").write_text(record)
    found = {(name, labels.get("cxlvfio_proof_verdict")): value
             for name, labels, value in samples(stand.run(root).stdout.decode())
             if name.startswith("cxlvfio_proof") and labels["host"] == host}
    stand.same("the last proof is on the page", {
        ("cxlvfio_proof_timestamp_seconds", None): 1790000000,
        ("cxlvfio_proof_verdict", "pass"): 0, ("cxlvfio_proof_verdict", "skip"): 0,
        ("cxlvfio_proof_verdict", "inconclusive"): 0, ("cxlvfio_proof_verdict", "fail"): 1,
        ("cxlvfio_proof_cycles", None): 20,
        ("cxlvfio_proof_reset_p99_seconds", None): 0.104211}, found)
    for what, text, success in (("another endpoint's", record.replace(serial, "0x77"), 1),
                                ("a damaged one", record[:30], 0)):
        (proofs / f"proof-{host}").write_text(text)
        result = stand.run(root)
        stand.say(result.returncode == 0 and b"cxlvfio_proof_cycles{" not in result.stdout and
                  f"\ncxlvfio_scrape_success {success}\n".encode() in result.stdout,
                  f"{what} is not, which is {'' if success else 'no '}success", result)
    (proofs / f"proof-{host}").unlink()


def check_snapshot(stand: Stand) -> None:
    result = subprocess.run([stand.command, "metrics", "--from",
                             str(HERE / "fixtures" / "switch.tar.zst")], capture_output=True,
                            timeout=600)
    stand.say(result.returncode == 0 and b"proof" not in result.stderr and
              b"\ncxlvfio_endpoint_info{" in result.stdout, "a snapshot has a page, and no proof",
              result)


def check_usage(stand: Stand) -> None:
    root = fixture(stand.root, "empty")
    for arguments in (["--json"], ["--format", "xml"], ["mem0"], ["--textfile", ""],
                      ["--textfile", "-"],
                      ["--textfile", "x.prom", "--format", "openmetrics"]):
        result = subprocess.run([stand.command, "--sysroot", str(root), "metrics", *arguments],
                                capture_output=True, timeout=600, cwd=stand.root)
        stand.say(result.returncode == 2 and result.stderr.startswith(b"cxlvfio"),
                  f"metrics {' '.join(arguments)}: an error", result)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as root:
        stand = Stand(str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]), Path(root))
        for check in (check_pages, check_brief, check_many, check_success, check_missing,
                      check_families, check_alerts, check_textfile, check_full_disk, check_full_stdout, check_kill,
                      check_proof, check_snapshot, check_usage, check_junk):
            check(stand)
        return stand.finish()


if __name__ == "__main__":
    sys.exit(main())
