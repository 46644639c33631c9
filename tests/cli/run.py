#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the command on fixtures and compare what it prints with expected/. Prints TAP.

    run.py [--update] COMMAND SCHEMAS [CASE...]

COMMAND is the built cxlvfio, SCHEMAS the directory of the built schemas. The cases stand in the
files *.cases, one a line; a line that is indented continues the one before:

    NAME SCENARIO STATUS [out=OTHER] [err=OTHER] ARGUMENT...

A scenario is one of make-fixture.py; "nobody:SCENARIO" runs the command without privileges, "-"
without --sysroot. In an ARGUMENT "@ROOT@" is the scenario's directory and "@FIXTURES@" that of the
archives. No case may change the scenario's directory, which others read too. Every document of a
case with --json is validated against the schema of its command.

expected/NAME.out is what a case prints on stdout, expected/NAME.err what it prints on stderr;
without the file that is nothing. With out=OTHER the case prints on stdout what the case OTHER
prints, which is run too: the same, or the same but for expected/NAME.out.diff (see changes.py).
err=OTHER says that of stderr. Where OTHER prints what it should not, NAME fails as well. Of a case
with out=- nothing is expected: it is there for others to be compared with.

--update writes these files from what was printed, removes those that no case needs, and writes the
archives in fixtures/; read the difference before it is committed.
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
from typing import NamedTuple

sys.dont_write_bytecode = True
import archives  # noqa: E402
import changes  # noqa: E402
import validate  # noqa: E402  (nothing is left in the source tree)

HERE = Path(__file__).parent
EXPECTED = HERE / "expected"
# What is no other case's: only there to be compared with.
NOTHING = "-"
LINES_MAX = 30000
EXAMPLES = EXPECTED / "example-list.out"  # of examples.py
STREAMS = ("out", "err")
NOBODY = 65534


class Case(NamedTuple):
    name: str
    scenario: str
    status: int
    others: dict  # stream: name of the case with which it is compared
    arguments: list

    def file(self, stream: str) -> Path:
        return EXPECTED / f"{self.name}.{stream}{'.diff' if stream in self.others else ''}"


def load_fixtures():
    spec = importlib.util.spec_from_file_location("fixture", HERE / "make-fixture.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["fixture"] = module
    spec.loader.exec_module(module)
    return module


def parse_case(line: str) -> Case:
    name, scenario, status, *arguments = shlex.split(line)
    others = {}
    while arguments and arguments[0].startswith(("out=", "err=")):
        stream, _, other = arguments.pop(0).partition("=")
        others[stream] = other
    return Case(name, scenario, int(status), others, arguments)


def check_others(cases: dict) -> None:
    """From other to other each case comes to one with an expected file of its own."""
    for case in cases.values():
        for stream in STREAMS:
            names = [case.name]
            while (other := cases[names[-1]].others.get(stream)) and other != NOTHING:
                if other not in cases or other in names:
                    raise SystemExit(f"run.py: {names[-1]}: {stream}={other} leads nowhere")
                names.append(other)


def read_cases() -> dict:
    """Name to case."""
    cases = {}
    for file in sorted(HERE.glob("*.cases")):
        for line in file.read_text(encoding="utf-8").replace("\n    ", " ").splitlines():
            if line and not line.startswith("#"):
                case = parse_case(line)
                if case.name in cases:
                    raise SystemExit(f"run.py: there are two cases {case.name}")
                cases[case.name] = case
    check_others(cases)
    return cases


def unneeded_files(cases: dict) -> list:
    """What stands in expected/ for no case, or says that nothing is printed or different."""
    needed = {case.file(stream) for case in cases.values() for stream in STREAMS} | {EXAMPLES}
    return [file for file in sorted(EXPECTED.iterdir())
            if file not in needed or not file.stat().st_size]


class Scenarios:
    """The directories of the scenarios, each made when a case needs it first."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.fixtures = load_fixtures()
        self.made = {}

    def root(self, scenario: str) -> Path:
        root = self.directory / scenario
        if scenario not in self.made:
            self.fixtures.make(scenario, root)
            self.made[scenario] = self.state(root)
        return root

    def state(self, root: Path) -> dict:
        """Of everything but run/, where the command leaves its locks."""
        found = {path: path.lstat() for path in root.rglob("*")
                 if path.relative_to(root).parts[0] != "run"}
        return {path: (status.st_mode, status.st_size, status.st_mtime_ns)
                for path, status in found.items()}

    def changed(self) -> list:
        return [scenario for scenario, state in self.made.items()
                if self.state(self.directory / scenario) != state]


class Runner:
    def __init__(self, command: str, schemas: str, cases: dict, scenarios: Scenarios) -> None:
        self.command, self.cases, self.scenarios = command, cases, scenarios
        self.schemas = validate.Schemas(Path(schemas))
        self.version = (HERE.parent.parent / "VERSION").read_text(encoding="utf-8").strip()
        self.printed = {}

    def run(self, case: Case) -> dict:
        """The exit status, and what was printed on each stream; a case is run once."""
        if case.name not in self.printed:
            self.printed[case.name] = self.execute(case)
        return self.printed[case.name]

    def execute(self, case: Case) -> dict:
        command = [self.command]
        scenario = case.scenario.removeprefix("nobody:")
        user = scenario != case.scenario
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        places = {"@FIXTURES@": str(HERE / "fixtures")}
        if scenario != "-":
            places["@ROOT@"] = str(self.scenarios.root(scenario))
            command += ["--sysroot", places["@ROOT@"]]
        for argument in case.arguments:
            for name, path in places.items():
                argument = argument.replace(name, path)
            command.append(argument)
        result = subprocess.run(command, capture_output=True, timeout=600, env=environment,
                                user=NOBODY if user else None, group=NOBODY if user else None,
                                extra_groups=[] if user else None, stdin=subprocess.DEVNULL)
        return {"status": result.returncode, "out": self.neutral(result.stdout, places),
                "err": self.neutral(result.stderr, places)}

    def neutral(self, stream: bytes, places: dict) -> str:
        text = stream.decode("utf-8", errors="backslashreplace")
        for name, path in places.items():
            text = text.replace(path, name)
        return text.replace(self.version, "@VERSION@")

    def other_text(self, case: Case, stream: str) -> str:
        return self.run(self.cases[case.others[stream]])[stream]

    def update(self, case: Case, stream: str) -> None:
        text = self.run(case)[stream]
        if case.others.get(stream) == NOTHING:
            text = ""
        elif stream in case.others:
            text = changes.make(self.other_text(case, stream), text)
        case.file(stream).write_text(text, encoding="utf-8")

    def wanted(self, case: Case, stream: str) -> str:
        file = case.file(stream)
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        return changes.apply(text, self.other_text(case, stream)) if stream in case.others else text

    def compare(self, case: Case, stream: str) -> list:
        other = case.others.get(stream)
        if other == NOTHING:
            return []
        if other and self.compare(self.cases[other], stream):
            return [f"std{stream}: {other}, with which it is compared, prints what it should not"]
        try:
            wanted = self.wanted(case, stream)
        except ValueError as error:
            return [f"{case.file(stream).name} is not about what {other} prints: {error}"]
        got = self.run(case)[stream]
        if got == wanted:
            return []
        return [f"std{stream} differs:"] + validate.difference(wanted, got)

    def check_document(self, text: str) -> list:
        try:
            document = json.loads(text)
        except json.JSONDecodeError as error:
            return [f"stdout is not one JSON document: {error}"]
        return self.schemas.problems(document)

    def check(self, case: Case) -> list:
        got = self.run(case)
        problems = []
        if got["status"] != case.status:
            problems.append(f"exit status {got['status']}, expected {case.status}")
        for stream in STREAMS:
            problems += self.compare(case, stream)
        if "--json" in case.arguments:
            problems += self.check_document(got["out"])
        return problems


def report(number: int, name: str, problems: list) -> bool:
    """Print one result of TAP. Returns whether there are problems."""
    print(f"{'not ok' if problems else 'ok'} {number} - {name}")
    for problem in problems:
        print(f"# {problem}")
    sys.stdout.flush()
    return bool(problems)


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
    cases = read_cases()
    chosen = [cases[name] for name in cases if not arguments.cases or name in arguments.cases]
    failed = not chosen
    print(f"1..{len(chosen) + 3}")
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        scenarios = Scenarios(Path(directory))
        runner = Runner(os.path.abspath(arguments.command), arguments.schemas, cases, scenarios)
        for number, case in enumerate(chosen, 1):
            if case.scenario.startswith("nobody:") and os.geteuid() != 0:
                print(f"ok {number} - {case.name} # SKIP needs root to give privileges up")
                continue
            if arguments.update:
                for stream in STREAMS:
                    runner.update(case, stream)
            failed |= report(number, case.name, runner.check(case))
        failed |= report(len(chosen) + 1, "no case changes its scenario", scenarios.changed())
    if arguments.update:
        for file in unneeded_files(cases):
            file.unlink()
    failed |= report(len(chosen) + 2, "every file in expected/ is needed",
                     [file.name for file in unneeded_files(cases)])
    lines = sum(file.read_bytes().count(b"\n") for file in EXPECTED.iterdir())
    failed |= report(len(chosen) + 3, f"expected/ has at most {LINES_MAX} lines",
                     [] if lines <= LINES_MAX else
                     [f"{lines}: compare cases with each other instead (out=OTHER)"])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
