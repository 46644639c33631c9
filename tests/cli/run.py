#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the command on fixtures and compare what it prints with expected/. Prints TAP.

    run.py [--update] COMMAND SCHEMAS [CASE...]

COMMAND is the built cxlvfio, SCHEMAS the directory of the built schemas. The cases stand in the
files *.cases, one a line: NAME SCENARIO STATUS ARGUMENT... A scenario is one of make-fixture.py;
"nobody:SCENARIO" runs the command without privileges, "-" without --sysroot; in an ARGUMENT @ROOT@
is the scenario's directory and @FIXTURES@ that of the archives. Every document of a case with
--json is validated against the schema of its command. --update writes
expected/NAME.out and .err from what was printed, and the archives in fixtures/; read the difference
before it is committed.
"""
import argparse
import importlib.util
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
import archives  # noqa: E402
import validate  # noqa: E402  (nothing is left in the source tree)

HERE = Path(__file__).parent
FIXTURES = str(HERE / "fixtures")
NOBODY = 65534


def load_fixtures():
    spec = importlib.util.spec_from_file_location("fixture", HERE / "make-fixture.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["fixture"] = module
    spec.loader.exec_module(module)
    return module


def read_cases() -> list:
    cases = []
    for file in sorted(HERE.glob("*.cases")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                name, scenario, status, *arguments = shlex.split(line)
                cases.append((name, scenario, int(status), arguments))
    return cases


class Runner:
    def __init__(self, command: str, schemas: str, update: bool) -> None:
        self.command, self.update = command, update
        self.schemas = validate.Schemas(Path(schemas))
        self.fixtures = load_fixtures()
        self.version = (HERE.parent.parent / "VERSION").read_text(encoding="utf-8").strip()

    def run(self, scenario: str, arguments: list, root: Path) -> tuple:
        command = [self.command]
        user, _, scenario = scenario.rpartition(":")
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        if scenario != "-":
            self.fixtures.make(scenario, root)
            command += ["--sysroot", str(root)]
        arguments = [argument.replace("@ROOT@", str(root)).replace("@FIXTURES@", FIXTURES)
                     for argument in arguments]
        result = subprocess.run(command + arguments, capture_output=True, timeout=60, env=environment,
                                user=NOBODY if user else None, group=NOBODY if user else None,
                                extra_groups=[] if user else None, stdin=subprocess.DEVNULL)
        return result.returncode, *(self.neutral(stream, root)
                                    for stream in (result.stdout, result.stderr))

    def neutral(self, stream: bytes, root: Path) -> str:
        text = stream.decode("utf-8", errors="backslashreplace")
        text = text.replace(FIXTURES, "@FIXTURES@")
        return text.replace(str(root), "@ROOT@").replace(self.version, "@VERSION@")

    def compare(self, name: str, suffix: str, got: str) -> list:
        file = HERE / "expected" / f"{name}.{suffix}"
        if self.update:
            file.parent.mkdir(exist_ok=True)
            file.unlink(missing_ok=True)
            if got:
                file.write_text(got, encoding="utf-8")
            return []
        wanted = file.read_text(encoding="utf-8") if file.exists() else ""
        if got == wanted:
            return []
        return [f"{file.name} differs:"] + validate.difference(wanted, got)

    def check_document(self, name: str, arguments: list, text: str) -> list:
        try:
            document = json.loads(text)
        except json.JSONDecodeError as error:
            return [f"stdout is not one JSON document: {error}"]
        return self.schemas.problems(document)

    def check(self, name: str, scenario: str, status: int, arguments: list) -> list:
        with tempfile.TemporaryDirectory() as directory:
            os.chmod(directory, 0o755)
            got, out, err = self.run(scenario, arguments, Path(directory) / "root")
        problems = [] if got == status else [f"exit status {got}, expected {status}"]
        problems += self.compare(name, "out", out) + self.compare(name, "err", err)
        if "--json" in arguments:
            problems += self.check_document(name, arguments, out)
        return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("command")
    parser.add_argument("schemas")
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    if arguments.update:
        archives.write(load_fixtures(), HERE / "fixtures")
    runner = Runner(os.path.abspath(arguments.command), arguments.schemas, arguments.update)
    cases = [case for case in read_cases() if not arguments.cases or case[0] in arguments.cases]
    failed = not cases
    print(f"1..{len(cases)}")
    for number, case in enumerate(cases, 1):
        if case[1].startswith("nobody:") and os.geteuid() != 0:
            print(f"ok {number} - {case[0]} # SKIP needs root to give privileges up")
            continue
        problems = runner.check(*case)
        print(f"{'not ok' if problems else 'ok'} {number} - {case[0]}")
        for problem in problems:
            print(f"# {problem}")
        failed = failed or bool(problems)
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
