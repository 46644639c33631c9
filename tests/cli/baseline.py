#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What --baseline takes, and what it refuses before anything is reset. Prints TAP.

    baseline.py COMMAND SCHEMAS

The document is one of a dry run on a fixture, with what a real run would have added.
"""
import copy
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
import validate  # noqa: E402

HERE = Path(__file__).parent
LATENCY = {"count": 200, "min": 90, "mean": 100, "p50": 100, "p99": 140, "max": 2 ** 64 - 1}
TARGET = "0000:0d:00.0"


class Stand(tap.Tap):
    def __init__(self, command: str, schemas: str, directory: Path) -> None:
        self.command, self.directory = os.path.abspath(command), directory
        self.schemas = validate.Schemas(Path(schemas))
        self.root = directory / "root"
        subprocess.run([sys.executable, HERE / "make-fixture.py", "ready", self.root], check=True)
        super().__init__()
        self.good = self.make_document()

    def run(self, *arguments) -> subprocess.CompletedProcess:
        return subprocess.run([self.command, "--sysroot", str(self.root), *map(str, arguments)],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=600)

    def make_document(self) -> dict:
        document = json.loads(self.run("reset", "--dry-run", "--json", TARGET).stdout)
        document["resets"][0].update({
            "dry_run": False, "resource": 5368709120, "size": 268435456, "page_size": 2097152,
            "faults_populate": 128, "cycles_done": 200, "verdict": "pass",
            "sample": {"block_size": 2097152, "blocks": 128, "blocks_total": 128,
                       "undetected_ppm": 0, "confidence_percent": 100},
            "verdicts": {"pass": 200, "skip": 0, "inconclusive": 0, "fail": 0},
            "reset_ns": LATENCY, "closed_ns": LATENCY, "first_refault_ns": LATENCY,
            "refault_ns": LATENCY})
        document["checks"] = [{
            "target": TARGET, "id": "zapped", "claim": "", "verdict": "pass", "cycle": 1,
            "expected": None, "observed": None, "detail": None, "duration_ns": 1,
            "verdicts": document["resets"][0]["verdicts"]}]
        return document

    def refused(self, name: str, file, sentence: str, *options) -> None:
        """A usage error with its own sentence, in text and in a document that is valid."""
        for json_option in ([], ["--json"]):
            result = self.run("reset", *json_option, *options, "--baseline", file, TARGET)
            said = result.stderr.decode()
            self.say(result.returncode == 2 and sentence in said and "opened" not in said,
                     f"{name} {' '.join(json_option)}", result.returncode, said)
        document = json.loads(result.stdout)
        problems = self.schemas.problems(document)
        self.say(not problems and [error["code"] for error in document["errors"]] == ["USAGE"],
                 f"{name}: the document", problems, document["errors"])

    def refused_bytes(self, name: str, content: bytes, sentence: str, *options) -> None:
        file = self.directory / "bad"
        file.write_bytes(content)
        self.refused(name, file, sentence, *options)

    def refused_change(self, name: str, change, sentence: str, *options) -> None:
        document = copy.deepcopy(self.good)
        change(document)
        self.refused_bytes(name, json.dumps(document).encode(), sentence, *options)


def check_files(stand: Stand) -> None:
    text = json.dumps(stand.good).encode()
    stand.refused("no such file", stand.directory / "none", "cannot read it")
    stand.refused("a directory", stand.directory, "it is not a regular file")
    stand.refused("without end", "/dev/zero", "it is not a regular file")
    os.mkfifo(stand.directory / "pipe")
    stand.refused("a pipe without a writer", stand.directory / "pipe", "it is not a regular file")
    with open(stand.directory / "huge", "wb") as huge:
        huge.truncate(65 << 20)
    stand.refused("huge", stand.directory / "huge", "larger than 64 MiB")
    not_json = "it is not a JSON document"
    for name, content in (("empty", b""), ("cut", text[:-1]), ("text", b"reset: pass\n"),
                          ("two documents", text + b"\n" + text), ("a NUL behind", text + b"\0x"),
                          ("not UTF-8", text.replace(b'"pass"', b'"p\xffss"')), ("not UTF-8 at all", b"\xff"),
                          ("deep", b"[" * 100000)):
        stand.refused_bytes(name, content, not_json)
    for name, content in (("an array", b"[]"), ("a number", b"5"), ("no keys", b"{}"),
                          ("list --json", stand.run("list", "--json").stdout)):
        stand.refused_bytes(name, content, "not a document of reset --json or verify --json")


def check_documents(stand: Stand) -> None:
    def change_reset(**keys):
        return lambda document: document["resets"][0].update(keys)

    stand.refused_change("another schema", lambda d: d.update(schema_version="9.0"),
                         "its schema_version is not 1.0")
    stand.refused_change("another target", change_reset(target="0000:0e:00.0"),
                         "it has no resets of this target")
    stand.refused_change("another serial", lambda d: d["endpoints"][0].update(serial=8),
                         "another serial number")
    stand.refused_change("another device", lambda d: d["endpoints"][0]["pci"].update(device=8),
                         "another kind")
    stand.refused_change("nothing verified", change_reset(verify=False), "nothing was verified in it")
    stand.refused_change("no cycle", change_reset(cycles_done=0), "no cycle was made of this target")
    stand.refused_change("another expectation", change_reset(expect="any"), "another --expect")
    stand.refused_change("no expectation", change_reset(expect=None), "another --expect")
    stand.refused_change("written to", lambda d: None, "without --read-only", "--read-only")
    says = "it is not as schema/reset.json says: "
    for key, value in (("methods", {}), ("expect", "nothing"),
                       ("sample", 5), ("size", -1), ("size", "268435456"), ("page_size", 1.5),
                       ("reset_ns", None), ("closed_ns", {}), ("refault_ns", [LATENCY]),
                       ("first_refault_ns", {"count": 1, "p50": -1, "p99": 1})):
        stand.refused_change(f"{key}: {value}", change_reset(**{key: value}),
                             says + key.removesuffix("_ns"))
    for key in ("verify", "faults_populate", "sample", "expect", "methods", "reset_ns"):
        stand.refused_change(f"without {key}", lambda d, k=key: d["resets"][0].pop(k),
                             says + key.removesuffix("_ns"))
    stand.refused_change("an unknown check", lambda d: d["checks"][0].update(id="magic"),
                         says + "checks")
    stand.refused_change("an unknown verdict", lambda d: d["checks"][0].update(verdict="good"),
                         says + "checks")
    stand.refused_change("no checks", lambda d: d.pop("checks"), "not a document of reset --json")
    stand.refused_change("decoders of numbers", lambda d: d["endpoints"][0].update(decoders=[1]),
                         says + "decoders")


def check_good(stand: Stand) -> None:
    """It is read, and then the endpoint of a fixture cannot be opened."""
    file = stand.directory / "good"
    for indent in (None, 2):
        file.write_text(json.dumps(stand.good, indent=indent) + "\n", encoding="utf-8")
        result = stand.run("reset", "--dry-run", "--baseline", file, TARGET)
        stand.say(result.returncode == 0, f"a good one, indented by {indent}", result.stderr)
    other = copy.deepcopy(stand.good)
    other["resets"][0]["methods"] = [{"method": "flr", "via": "sysfs"}]
    file.write_text(json.dumps(other), encoding="utf-8")
    result = stand.run("verify", "--json", "--baseline", file, TARGET)
    document = json.loads(result.stdout)
    problems = stand.schemas.problems(document)
    stand.say(result.returncode == 6 and not document["resets"][0]["baseline"]["compared"] and
              not problems, "one of another path, for a run that never began", result.stderr,
              problems)
    result = stand.run("reset", "--baseline", file, "--no-verify", TARGET)
    stand.say(result.returncode == 2 and
              "cannot be combined with --no-verify" in result.stderr.decode(),
              "--no-verify", result.returncode, result.stderr)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as directory:
        stand = Stand(sys.argv[1], sys.argv[2], Path(directory))
        check_good(stand)
        check_files(stand)
        check_documents(stand)
    return stand.finish()


if __name__ == "__main__":
    sys.exit(main())
