#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the examples of the man pages and of the README, as they are printed. Prints TAP.

    examples.py [--update] COMMAND PAGES SOURCE

PAGES is the directory of the built man pages, SOURCE that of the sources. What each example of
cxlvfio-list(1) prints is compared with expected/example-list.out; --update writes that, and the
dump in share/examples. Of the other pages every command that changes nothing is run, on a fixture,
and what reads the document of one that does: it must end well and print something. Of two pages that
have no such commands it is enough that a fixture refuses them for another reason than their usage. Of
the README what is to be tried is run on this machine; who runs its other commands is looked up.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

sys.dont_write_bytecode = True
import run  # noqa: E402  (nothing is left in the source tree)
import validate  # noqa: E402

EXPECTED = run.EXAMPLES
QUESTIONS = 10
LIST = "cxlvfio-list.1"
# Page: the scenario in which its examples have something to say.
PAGES = {
    "cxlvfio.1": "topology",
    "cxlvfio-bind.1": "empty",
    "cxlvfio-doctor.1": "plain",
    "cxlvfio-driver.1": "driver_update",
    "cxlvfio-faq.7": "ready",
    "cxlvfio-json.5": "ready",
    "cxlvfio-metrics.1": "states",
    "cxlvfio-monitor.1": "states",
    "cxlvfio-persist.1": "ready",
    "cxlvfio-reset.1": "empty",
    "cxlvfio-show.1": "ready",
    "cxlvfio-snapshot.1": "ready",
    "cxlvfio-vm.7": "ready",
}
# What these do changes something, so a fixture refuses it; but it knows the options.
CHANGING = ("cxlvfio-unbind.1", "cxlvfio-verify.1")
USAGE = 2
# Each block of commands of the README, by its section and the words that the paragraph before it
# begins with: who runs it, and the words there that do. tests/check is "make check" itself.
RUNNERS = {
    ("Get it", "Debian 13"): ("tests/package/installed", 'readme_block "Debian 13"'),
    ("Get it", "Fedora"): ("tests/package/checks", "readme_block Fedora"),
    ("Get it", "Arch"): ("tests/package/checks", "readme_block Arch"),
    ("Try it on your machine", ""): ("tests/cli/examples.py", '"Try it on your machine"'),
    ("See the whole of it, without hardware", ""): ("tests/parts/demo", "make demo"),
    ("How it is proven", ""): ("README.md", "user space"),  # a picture
    ("Install", ""): ("tests/install/checks", '"## Install"'),
}
READING = {"doctor", "driver", "list", "metrics", "monitor", "show", "snapshot", "version"}
# A problem, a warning; the time was over: what these say without having failed.
ANSWERS = {"doctor": (0, 7, 64), "monitor": (0, 8)}
# Not for long, and not into this system.
INSTEAD = {"--timeout 60": "--timeout 1", "/var/lib/prometheus/node-exporter/": "",
           "cat /sys/": "cat root/sys/"}
# Where the README has it from, and where that is in the sources: share/meson.build installs it so.
INSTALLED = {
    "/usr/share/cxlvfio/examples/machine.tar.zst": "tests/cli/fixtures/type3-neighbour.tar.zst",
    "/usr/share/cxlvfio/examples/": "share/examples/",
}
DEFINITION = """\
[match]
vendor = 0x1e98
device = 0xe2e2
serial = 0x77
[bind]
driver = cxl-vfio-pci
"""


class Result(NamedTuple):
    output: str
    status: int


def examples(page: Path) -> list:
    """(sentence, command) of the section EXAMPLES, or of all where there is none."""
    text = subprocess.run(["man", "-P", "cat", "-l", str(page)], stdout=subprocess.PIPE, text=True,
                          check=True, env={**os.environ, "MANWIDTH": "200"}, timeout=600).stdout
    text = re.sub(".\b", "", text)
    section = re.search(r"^EXAMPLES\n(.*?)^\S", text, re.M | re.S)
    found = []
    for paragraph in re.split(r"\n\s*\n", (section.group(1) if section else text).strip("\n")):
        lines = paragraph.splitlines()
        # Commands are indented deeper than the name of the page.
        if re.match(r" {8,}cxlvfio ", lines[0]):
            found[-1][1] = "\n".join(lines)
        else:
            found.append([" ".join(line.strip() for line in lines), None])
    return found


def block(readme: Path, heading: str) -> list:
    """The commands of a section of the README: its indented lines, without comments."""
    section = re.search(rf"^## {heading}\n(.*?)^## ", readme.read_text(encoding="utf-8"),
                        re.M | re.S).group(1)
    return [line.split(" # ")[0].strip() for line in section.splitlines()
            if line.startswith("    ")]


def blocks(readme: Path) -> list:
    """(section, paragraph before it, lines) of each block of the README, indented or fenced."""
    found, section, paragraph = [], "", ""
    fenced = inside = ended = False
    for line in readme.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section, paragraph, inside = line[3:], "", False
        elif line.startswith("```"):
            fenced, inside = not fenced, False
        elif fenced or line.startswith("    "):
            if not inside:
                found.append((section, paragraph, []))
            found[-1][2].append(line.strip())
            inside = True
        elif line:
            paragraph = line if ended else f"{paragraph} {line}"
            inside = False
        ended = not line
    return found


def subcommand(command: str) -> str:
    return command.split()[1]


def is_run(command: str) -> bool:
    """It changes nothing, or what is to be looked at is how its document is read."""
    return "jq" in command or all(
        subcommand(line) in READING or "--dry-run" in line or "persist list" in line
        for line in command.splitlines() if line.lstrip().startswith("cxlvfio"))


class Stand:
    def __init__(self, command: str, top: Path) -> None:
        self.command, self.top = os.path.abspath(command), top
        self.fixtures = run.load_fixtures()
        self.results = []

    def say(self, text: str, problems: list) -> None:
        self.results.append((text, problems))

    def wrapper(self, scenario: str | None) -> Path:
        """A directory with a cxlvfio that looks at SCENARIO, or at this machine."""
        directory = self.top / (scenario or "machine")
        if directory.exists():
            return directory / "bin"
        (directory / "bin").mkdir(parents=True)
        where = ""
        if scenario:
            root = self.fixtures.Root(directory / "root")
            self.fixtures.SCENARIOS[scenario](root)
            # Somebody uses an endpoint, and a definition waits for another one.
            self.fixtures.add_process(root, 4711, "qemu", {7: ("/dev/vfio/6", None)})
            root.write("etc/cxlvfio.d/absent.conf", DEFINITION)
            where = f"--sysroot '{directory}/root'"
        script = directory / "bin/cxlvfio"
        script.write_text(f"""#!/bin/sh
where="{where}"
once=
[ "$1" != monitor ] || once=--once
for argument; do
	case $argument in
	--from | --sysroot) where= ;;
	--once | --timeout) once= ;;
	esac
done
eval "exec '{self.command}' $where" '"$@"' $once
""", encoding="utf-8")
        script.chmod(0o755)
        return directory / "bin"

    def execute(self, command: str, scenario: str | None, shell: tuple = ()) -> Result:
        path = self.wrapper(scenario)
        for text, other in INSTEAD.items():
            command = command.replace(text, other)
        result = subprocess.run(["bash", *shell, "-c", command], capture_output=True, text=True,
                                cwd=path.parent, timeout=600, check=False,
                                env={**os.environ, "PATH": f"{path}:{os.environ['PATH']}",
                                     "LC_ALL": "C.UTF-8"})
        return Result(result.stdout + result.stderr, result.returncode)


def check_list(stand: Stand, pages: Path, update: bool) -> None:
    printed = []
    for sentence, command in examples(pages / LIST):
        result = (stand.execute(command, "topology", ("-o", "pipefail")) if command
                  else Result("", 1))
        printed.append((sentence, result.output + (f"status {result.status}\n" if result.status
                                                   else "")))
    document = "".join(f"# {sentence}\n{text}" for sentence, text in printed)
    if update:
        EXPECTED.write_text(document, encoding="utf-8")
    wanted = EXPECTED.read_text(encoding="utf-8") if EXPECTED.exists() else ""
    for sentence, text in printed:
        stand.say(sentence, [] if text and "status" not in text
                  else ["it prints nothing, or fails"])
    stand.say("they print what is expected", validate.difference(wanted, document))
    stand.say("they answer ten questions",
              [] if sum(sentence.endswith("?") for sentence, _ in printed) >= QUESTIONS
              else ["there are fewer"])


def check_page(stand: Stand, pages: Path, name: str, scenario: str) -> int:
    """How many examples were run."""
    count = 0
    for _, command in examples(pages / name):
        if not command or not is_run(command):
            continue
        lines = [line.strip() for line in command.splitlines()]
        count += 1
        # Files do not change: what waits for that looks at this machine.
        result = stand.execute(command, None if "--timeout" in command else scenario)
        # A pipe ends as jq does; of nothing that failed nothing need be there.
        answers = (0,) if "|" in command else ANSWERS.get(subcommand(lines[-1]), (0,))
        nothing = not result.output.strip() or set(result.output.split()) == {"null"}
        silent = "--textfile" in command or "--timeout" in command or scenario == "empty"
        good = result.status in answers and (not nothing or silent)
        stand.say(f"{name}: {' '.join(lines)}", [] if good
                  else [f"status {result.status}", *result.output.splitlines()[:20]])
    return count


def check_changing(stand: Stand, pages: Path, name: str) -> None:
    commands = [line.strip() for _, command in examples(pages / name) if command
                for line in command.splitlines()]
    stand.say(f"{name}: examples", [] if commands else ["there are none"])
    for command in commands:
        result = stand.execute(command, "empty")
        stand.say(f"{name}: {command}", [] if result.status not in (0, USAGE) and result.output
                  else [f"status {result.status}", *result.output.splitlines()[:20]])


def check_dump(stand: Stand, source: Path, update: bool) -> None:
    stand.wrapper("dumps")
    made = (stand.top / "dumps/root/dumps/endpoint.txt").read_text(encoding="utf-8")
    shipped = source / "share/examples/accelerator.txt"
    if update:
        shipped.write_text(made, encoding="utf-8")
    stand.say("the dump that is installed is that of the fixtures",
              validate.difference(made, shipped.read_text(encoding="utf-8")))


def check_readme(stand: Stand, source: Path) -> None:
    commands = block(source / "README.md", "Try it on your machine")
    stand.say("README: five commands", [] if len(commands) == 5 else commands)
    seen = set()
    for section, paragraph, lines in blocks(source / "README.md"):
        runner = next((key for key in RUNNERS
                       if key[0] == section and paragraph.startswith(key[1])), None)
        file, words = RUNNERS.get(runner, ("", ""))
        stand.say(f"README: {section}: {lines[0]} ... is run", [] if runner and words in
                  (source / file).read_text(encoding="utf-8")
                  else [f"nobody runs it: say who does in RUNNERS of {Path(__file__).name}",
                        f"{file} lacks {words!r}" if runner else f"after: {paragraph[:60]}"])
        seen.add(runner)
    stand.say("README: what is said to be run is there", sorted(map(str, set(RUNNERS) - seen)))
    for command in commands:
        for installed, file in INSTALLED.items():
            command = command.replace(installed, f"{source.absolute()}/{file}")
        result = stand.execute(command, None)
        answers = ANSWERS.get(subcommand(command), (0,))
        stand.say(f"README: {command}", [] if result.status in answers and result.output
                  else [f"status {result.status}", *result.output.splitlines()[:20]])


def main() -> int:
    arguments = [argument for argument in sys.argv[1:] if argument != "--update"]
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    pages = Path(arguments[1])
    with tempfile.TemporaryDirectory() as directory:
        stand = Stand(arguments[0], Path(directory))
        check_list(stand, pages, "--update" in sys.argv)
        for name, scenario in PAGES.items():
            if not check_page(stand, pages, name, scenario):
                stand.say(f"{name}: examples", ["none was run"])
        for name in CHANGING:
            check_changing(stand, pages, name)
        check_dump(stand, Path(arguments[2]), "--update" in sys.argv)
        check_readme(stand, Path(arguments[2]))
    print(f"1..{len(stand.results)}")
    for number, (text, problems) in enumerate(stand.results, 1):
        print(f"{'not ok' if problems else 'ok'} {number} - {text}")
        for problem in problems:
            print(f"# {problem}")
    return 1 if any(problems for _, problems in stand.results) else 0


if __name__ == "__main__":
    sys.exit(main())
