#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Print a page's scdoc source with its options and exit statuses from the command's own tables.

    expand.py METADATA PAGE.scd

A line "@OPTIONS@" becomes the options of the command that the page is called after, "@ACTIONS@" its
actions, "@COMMANDS@" the list of commands, "@FINDINGS@" that of findings, "@CHECKS@" that of checks, and
"@INCLUDE FILE@" what stands in FILE beside the page. A page of a command that does not exist, or
without its options or actions, is an error.
"""
import json
import re
import sys
from pathlib import Path


def escape(text: str) -> str:
    for character in "\\_*<>":
        text = text.replace(character, "\\" + character)
    return text


def format_option(option: dict) -> str:
    names = [f"*-{option['letter']}*"] if option["letter"] else []
    names.append(f"*--{option['name']}*")
    term = ", ".join(names)
    if option["argument"]:
        term += f" _{escape(option['argument'])}_"
    return f"{term}\n\t{escape(option['help'][0].upper() + option['help'][1:])}.\n"


def format_options(command: dict, options: list, is_command: bool) -> str:
    text = "\n".join(format_option(option) for option in command["options"])
    if not is_command:
        return text
    # The common ones are described once, in cxlvfio(1).
    common = ", ".join(f"*--{option['name']}*" for option in options)
    return text + ("\n" if text else "") + f"{common}\n\tSee *cxlvfio*(1).\n"


def format_commands(commands: list) -> str:
    return "\n".join(f"*cxlvfio-{command['name']}*(1)\n\t{escape(command['summary'])}\n"
                     for command in commands)


def format_actions(actions: list) -> str:
    return "\n".join(f"*{action['name']}*" +
                     (f" _{escape(action['operands'])}_" if action["operands"] else "") +
                     f"\n\t{escape(action['summary'][0].upper() + action['summary'][1:])}.\n"
                     for action in actions)


def format_findings(findings: list) -> str:
    return "\n".join(f"*{escape(finding['id'])}* ({finding['severity']})\n"
                     f"\t{escape(finding['meaning'])}. Next step: {escape(finding['hint'])}.\n"
                     for finding in findings)


def format_checks(checks: list) -> str:
    return "\n".join(f"*{escape(check['id'])}* ({check['group']})\n"
                     f"\t{escape(check['about'])}. Next step: {escape(check['hint'])}.\n"
                     for check in checks)


def include(page: Path) -> str:
    """The page, with what it shares with others, but not their comments."""
    def part(match: re.Match) -> str:
        text = (page.parent / match[1]).read_text(encoding="utf-8")
        return re.sub("^; .*\n", "", text, flags=re.M)
    return re.sub("^@INCLUDE (.*)@\n", part, page.read_text(encoding="utf-8"), flags=re.M)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    metadata = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    page = Path(sys.argv[2])
    name = page.name.removesuffix(".1.scd").removeprefix("cxlvfio").removeprefix("-")
    commands = {command["name"]: command for command in metadata["commands"]}
    command = commands[name] if name else metadata
    source = include(page)
    if "\n@OPTIONS@\n" not in source:
        print(f"expand.py: {page}: no line @OPTIONS@", file=sys.stderr)
        return 1
    actions = command.get("actions", [])
    if actions and "\n@ACTIONS@\n" not in source:
        print(f"expand.py: {page}: no line @ACTIONS@", file=sys.stderr)
        return 1
    source = source.replace("\n@ACTIONS@\n", "\n" + format_actions(actions))
    source = source.replace("\n@OPTIONS@\n",
                            "\n" + format_options(command, metadata["options"], bool(name)))
    source = source.replace("\n@FINDINGS@\n", "\n" + format_findings(metadata["findings"]))
    source = source.replace("\n@CHECKS@\n", "\n" + format_checks(metadata["checks"]))
    sys.stdout.write(source.replace("\n@COMMANDS@\n", "\n" + format_commands(metadata["commands"])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
