#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask the real bash, zsh and fish what they complete, and compare with the command. Prints TAP.

    completions.py COMMAND COMPLETIONS

COMMAND is the built cxlvfio, COMPLETIONS the directory of the built completions. Each command's
options must be offered exactly as its tables have them; targets come from a fixture.
"""
import json
import os
import pty
import select
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
SHELLS = ("bash", "zsh", "fish")

BASH = r"""
. /usr/share/bash-completion/bash_completion
. "$1"
while IFS= read -r line; do
	COMP_LINE=$line COMP_POINT=${#line}
	# As readline breaks words: at blanks, and at "=" and ":" which are words of their own.
	eval "set -- $(printf '%s' "$line" | sed 's/\([=:]\)/ \1 /g')"
	COMP_WORDS=("$@")
	[[ $line == *[\ =:] && $line != *[=:] ]] && COMP_WORDS+=("")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_cxlvfio
	printf '%s\n' "${COMPREPLY[@]}" "--end--"
done
"""

FISH = r"""
source $argv[1]
while read -l line
	complete -C "$line" | string replace -r '\t.*' ''
	echo -- --end--
end
"""

# compadd with -O, -A or -D asks only; the others add what is shown.
ZSH = r"""
PS1= PS2= RPS1=
fpath=({directory} $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {{
	if [[ ${{argv[1,(i)(-|--)]}} == *-[OAD]* ]]; then
		builtin compadd "$@"
		return
	fi
	local -a cxlvfio_hits
	builtin compadd -A cxlvfio_hits "$@"
	(( $#cxlvfio_hits )) && print -rl -- $cxlvfio_hits >> {capture}
	builtin compadd "$@"
}}
capture-word() {{
	zle list-choices
	print -r -- --end-- >> {capture}
}}
zle -N capture-word
bindkey '^I' capture-word
setopt no_list_beep
print -r -- --end-- >> {capture}
"""


def piped(arguments: list, lines: list, environment: dict) -> list:
    result = subprocess.run(arguments, input="".join(f"{line}\n" for line in lines), text=True,
                            capture_output=True, env=environment, timeout=600)
    parts = result.stdout.split("--end--\n")[:-1]
    if len(parts) != len(lines):
        raise RuntimeError(f"{arguments[0]}: {len(parts)} answers to {len(lines)} lines: "
                           f"{result.stderr.strip()}")
    return [set(part.split("\n")) - {""} for part in parts]


def ask_bash(completions: Path, lines: list, environment: dict, work: Path) -> list:
    return piped(["bash", "--norc", "-c", BASH, "bash", str(completions / "cxlvfio")], lines,
                 environment)


def ask_fish(completions: Path, lines: list, environment: dict, work: Path) -> list:
    return piped(["fish", "--no-config", "-c", FISH, str(completions / "cxlvfio.fish")],
                 lines, environment)


class Zsh:
    """An interactive zsh on a pseudo-terminal: its completion works in the line editor only."""

    def __init__(self, completions: Path, environment: dict, work: Path) -> None:
        self.capture = work / "capture"
        setup = work / "setup.zsh"
        setup.write_text(ZSH.format(directory=shlex.quote(str(completions)),
                                    capture=shlex.quote(str(self.capture))))
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**environment, "TERM": "vt100"})
        self.send(f". {shlex.quote(str(setup))}\n")
        self.answer()

    def send(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def answer(self) -> set:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            # The terminal must be drained, or the shell would wait for it.
            if select.select([self.terminal], [], [], 0.02)[0]:
                os.read(self.terminal, 65536)
            text = self.capture.read_text() if self.capture.exists() else ""
            if text.endswith("--end--\n"):
                self.capture.unlink()
                return set(text.split("\n")) - {"", "--end--"}
        raise RuntimeError("zsh: no answer within 300 s")

    def ask(self, line: str) -> set:
        self.send(line + "\t")
        answer = self.answer()
        self.send("\x15")
        return answer

    def close(self) -> None:
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


def ask_zsh(completions: Path, lines: list, environment: dict, work: Path) -> list:
    shell = Zsh(completions, environment, work)
    try:
        return [shell.ask(line) for line in lines]
    finally:
        shell.close()


def make_environment(command: str, work: Path) -> dict:
    """cxlvfio in PATH that reads a fixture."""
    root = work / "root"
    subprocess.run([sys.executable, HERE / "make-fixture.py", "states", root], check=True)
    tools = work / "bin"
    tools.mkdir()
    wrapper = tools / "cxlvfio"
    wrapper.write_text(f"#!/bin/sh\nexec {shlex.quote(command)} --sysroot {shlex.quote(str(root))}"
                       ' "$@"\n')
    wrapper.chmod(0o755)
    return {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(work),
            "XDG_CONFIG_HOME": str(work), "XDG_DATA_HOME": str(work), "LC_ALL": "C.UTF-8"}


def long_options(metadata: dict, command: dict) -> set:
    return {f"--{option['name']}" for option in command["options"] + metadata["options"]}


def make_cases(metadata: dict) -> list:
    """(line, words that must be all that is offered)."""
    commands = {command["name"] for command in metadata["commands"]}
    (show,) = (command for command in metadata["commands"] if command["name"] == "show")
    (words,) = (option["words"] for option in show["options"] if option["name"] == "section")
    sections = set(words.split())
    cases = [
        ("cxlvfio ", commands),
        ("cxlvfio sh", {"show"}),
        ("cxlvfio --json sh", {"show"}),
        ("cxlvfio help ver", {"verify", "version"}),
        ("cxlvfio show -s ", sections),
        ("cxlvfio show --section=v", {"vfio"}),
        ("cxlvfio show -s cxl,v", {"vfio"}),
        ("cxlvfio reset --method ", {"flr", "cxl", "bus", "hot", "auto", "memory"}),
        ("cxlvfio list -o VFIO-", {"VFIO-GROUP", "VFIO-CDEV"}),
        ("cxlvfio list --output HOST,REG", {"REGION"}),
        ("cxlvfio show mem", {"mem0", "mem1", "mem2"}),
        ("cxlvfio bind 0000:14", {"0000:14:00.0"}),
        ("cxlvfio unbind mem0 al", {"all"}),
        ("cxlvfio list mem", set()),
        ("cxlvfio driver ", {"status"}),
        ("cxlvfio persist ", {"add", "remove", "list", "apply"}),
        ("cxlvfio persist --dry-run re", {"remove"}),
        ("cxlvfio persist add mem", {"mem0", "mem1", "mem2"}),
        ("cxlvfio persist --wait 5 apply 0000:14", {"0000:14:00.0"}),
        ("cxlvfio persist list mem", set()),
    ]
    for command in metadata["commands"]:
        cases.append((f"cxlvfio {command['name']} --", long_options(metadata, command)))
    return cases


def normalize(shell: str, line: str, words: set) -> set:
    """What the shell offers, without what is spelt differently from shell to shell."""
    last = line.split(" ")[-1]
    words = {word.rstrip(" ") for word in words}
    if "=" in last:
        words = {word.split("=")[-1] for word in words}
    elif last.startswith("-"):
        words = {word.rstrip("=") for word in words if word.startswith("--")}
    if "," in last:
        words = {word.split(",")[-1] for word in words}
    if shell == "bash" and ":" in last:
        before = last.rpartition(":")[0] + ":"
        words = {before + word for word in words}
    return words


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    command, completions = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
    metadata = json.loads(subprocess.run([command, "__metadata"], check=True,
                                         capture_output=True).stdout)
    cases = make_cases(metadata)
    print(f"1..{len(SHELLS) * len(cases)}")
    number, failed = 0, False
    for shell, ask in (("bash", ask_bash), ("zsh", ask_zsh), ("fish", ask_fish)):
        with tempfile.TemporaryDirectory() as directory:
            work = Path(directory)
            answers = ask(completions, [line for line, _ in cases], make_environment(command, work),
                          work)
        for (line, wanted), answer in zip(cases, answers):
            number += 1
            got = normalize(shell, line, answer)
            good = got == wanted
            failed = failed or not good
            print(f"{'ok' if good else 'not ok'} {number} - {shell}: {line!r}")
            if not good:
                print(f"# missing: {sorted(wanted - got)}")
                print(f"# surplus: {sorted(got - wanted)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
