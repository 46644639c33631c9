#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Print the completions of one shell from the tables of the command.

    generate.py METADATA bash|zsh|fish
"""
import json
import shlex
import sys

HEADER = "# SPDX-License-Identifier: GPL-2.0-or-later\n# Made from the option tables of cxlvfio.\n"
METADATA_VERSION = 1


def option_names(option: dict) -> list:
    letter = [f"-{option['letter']}"] if option["letter"] else []
    return letter + [f"--{option['name']}"]


def bash_value(kind: str, words: str) -> str:
    """The bash statement that completes a value."""
    return {
        "target": "_cxlvfio_targets",
        "file": "_filedir",
        "directory": "_filedir -d",
        "columns": "_cxlvfio_list \"$(cxlvfio list --list-columns 2>/dev/null | cut -d' ' -f1)\"",
        "words": f"_cxlvfio_list {shlex.quote(words or '')}",
        "command": "COMPREPLY=($(compgen -W \"$commands\" -- \"$cur\"))",
        "nothing": ":",
    }[kind]


def words_of(options: list) -> str:
    return " ".join(name for option in options for name in option_names(option))


def with_argument(options: list) -> str:
    return " | ".join(name for option in options if option["argument"]
                      for name in option_names(option))


BASH = HEADER + r"""# Needs bash-completion(7).

_cxlvfio_targets()
{
	COMPREPLY=($(compgen -W "$(cxlvfio __targets 2>/dev/null | cut -f1)" -- "$cur"))
	# A PCI address has colons, at which bash breaks words.
	__ltrim_colon_completions "$cur"
}

# One of the words in $1, or the next one after a comma.
_cxlvfio_list()
{
	local last=${cur##*[,+]}
	local before=${cur%%"$last"}

	COMPREPLY=($(compgen -P "$before" -W "$1" -- "$last"))
}

_cxlvfio()
{
	local cur prev words cword command= action= options= i
	local commands=%(commands)s

	_get_comp_words_by_ref -n := cur prev words cword
	if [[ $cur == --*=* ]]; then
		prev=${cur%%%%=*}
		cur=${cur#*=}
	fi
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		%(global_arguments)s)
			((i++))
			;;
		-*) ;;
		*)
			command=${words[i]}
			break
			;;
		esac
	done
	for ((i++; i < cword; i++)); do
		case $command,${words[i]} in
		%(command_arguments)s)
			((i++))
			;;
		*,-*) ;;
		*)
			action=${words[i]}
			break
			;;
		esac
	done

	case $command,$prev in
%(value_cases)s	esac
	if [[ $cur == -* ]]; then
		case $command in
%(option_cases)s		esac
		COMPREPLY=($(compgen -W "$options %(global_options)s" -- "$cur"))
		return
	fi
	case $command,$action in
	,) COMPREPLY=($(compgen -W "$commands" -- "$cur")) ;;
%(operand_cases)s	esac
}

complete -F _cxlvfio cxlvfio
"""


def bash_operands(command: dict) -> str:
    name = command["name"]
    if not command["actions"]:
        return f"\t{name},*) {bash_value(command['complete'], None)} ;;\n"
    names = " ".join(action["name"] for action in command["actions"])
    return (f"\t{name},) COMPREPLY=($(compgen -W {shlex.quote(names)} -- \"$cur\")) ;;\n" +
            "".join(f"\t{name},{action['name']}) {bash_value(action['complete'], None)} ;;\n"
                    for action in command["actions"]))


def bash(metadata: dict) -> str:
    commands = metadata["commands"]
    value_cases = ""
    for command in commands + [{"name": "*", "options": metadata["options"]}]:
        for option in command["options"]:
            if option["argument"]:
                patterns = " | ".join(f"{command['name']},{name}" for name in option_names(option))
                value_cases += (f"\t{patterns})\n\t\t"
                                f"{bash_value(option['complete'], option['words'])}\n"
                                "\t\treturn\n\t\t;;\n")
    option_cases = "".join(
        f"\t\t{command['name']}) options='{words_of(command['options'])}' ;;\n"
        for command in commands)
    operand_cases = "".join(bash_operands(command) for command in commands)
    command_arguments = " | ".join(
        f"{command['name'] if command else '*'},{name}"
        for command in [*commands, None]
        for option in (command or metadata)["options"] if option["argument"]
        for name in option_names(option))
    return BASH % {
        "commands": shlex.quote(" ".join(command["name"] for command in commands)),
        "global_arguments": with_argument(metadata["options"]),
        "global_options": words_of(metadata["options"]),
        "command_arguments": command_arguments,
        "value_cases": value_cases,
        "option_cases": option_cases,
        "operand_cases": operand_cases,
    }


def zsh_text(text: str) -> str:
    """TEXT inside a specification of _arguments or _describe in single quotes."""
    for character in "\\:[]":
        text = text.replace(character, "\\" + character)
    return text.replace("'", "'\\''")


def zsh_action(kind: str, words: str) -> str:
    return {
        "target": "_cxlvfio_targets",
        "file": "_files",
        "directory": "_files -/",
        "columns": "_cxlvfio_columns",
        "words": f"_values -s , value {words}",
        "command": "_cxlvfio_commands",
        "nothing": "",
    }[kind]


def zsh_option(option: dict) -> str:
    names = option_names(option)
    text = f"[{zsh_text(option['help'])}]"
    if option["argument"]:
        names[-1] += "="
        if len(names) > 1:
            names[0] += "+"
        text += f":{option['argument']}:{zsh_action(option['complete'], option['words'])}"
    if len(names) == 1:
        return f"'{names[0]}{text}'"
    exclusive = " ".join(option_names(option))
    return f"'({exclusive})'{{{','.join(names)}}}'{text}'"


ZSH = "#compdef cxlvfio\n" + HEADER + r"""
_cxlvfio_targets()
{
	local -a names descriptions
	local name description

	cxlvfio __targets 2>/dev/null | while IFS=$'\t' read -r name description; do
		names+=("$name")
		descriptions+=("$name -- $description")
	done
	compadd -l -d descriptions -a names
}

_cxlvfio_columns()
{
	_values -s , column $(cxlvfio list --list-columns 2>/dev/null | cut -d' ' -f1)
}

_cxlvfio_commands()
{
	local -a commands=(
%(commands)s	)

	_describe command commands
}

_cxlvfio()
{
	local curcontext=$curcontext state line
	local -a global=(
%(global)s	)

	_arguments -C -s $global '1:command:_cxlvfio_commands' '*::argument:->arguments'
	[[ $state == arguments ]] || return
	case $words[1] in
%(cases)s	esac
}

_cxlvfio "$@"
"""


def zsh_actions(actions: list) -> str:
    """What completes the states that _arguments leaves for a command with actions."""
    if not actions:
        return ""
    cases = "".join(f"\t\toperand,{action['name']}) {zsh_action(action['complete'], None)} ;;\n"
                    for action in actions if action["operands"])
    names = " ".join(f"'{action['name']}:{zsh_text(action['summary'])}'" for action in actions)
    return (f"\t\tlocal -a actions=({names})\n"
            "\t\tcase $state,$line[1] in\n"
            "\t\taction,*) _describe action actions ;;\n"
            f"{cases}\t\tesac\n")


def zsh(metadata: dict) -> str:
    cases = ""
    for command in metadata["commands"]:
        lines = [zsh_option(option) for option in command["options"]]
        if command["actions"]:
            lines += ["'1:action:->action'", "'*:operand:->operand'"]
        elif command["operands"]:
            repeat = "*" if command["operands"].endswith("...") else "1"
            lines.append(f"'{repeat}:operand:{zsh_action(command['complete'], None)}'")
        arguments = "".join(f" \\\n\t\t\t{line}" for line in lines)
        cases += (f"\t{command['name']})\n\t\t_arguments -s $global{arguments}\n"
                  f"{zsh_actions(command['actions'])}\t\t;;\n")
    return ZSH % {
        "commands": "".join(f"\t\t'{command['name']}:{zsh_text(command['summary'])}'\n"
                            for command in metadata["commands"]),
        "global": "".join(f"\t\t{zsh_option(option)}\n" for option in metadata["options"]),
        "cases": cases,
    }


def fish_quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_arguments(kind: str, words: str) -> str:
    """What follows "complete -c cxlvfio" to complete an option's value or an operand."""
    values = {
        "target": "(cxlvfio __targets 2>/dev/null)",
        # After a comma, __fish_append completes the next one of a list.
        "columns": "(__fish_append , (cxlvfio list --list-columns 2>/dev/null | "
                   "string replace -r ' +' \\t))",
        "directory": "(__fish_complete_directories)",
        "words": f"(__fish_append , {words})",
        "command": "(__cxlvfio_commands)",
        "nothing": "",
    }
    if kind == "file":
        return " -F"
    return f" -f -a {fish_quote(values[kind])}" if values[kind] else " -f"


def fish_option(option: dict, condition: str) -> str:
    line = "complete -c cxlvfio" + condition
    if option["letter"]:
        line += f" -s {option['letter']}"
    line += f" -l {option['name']} -d {fish_quote(option['help'])}"
    if option["argument"]:
        line += " -r" + fish_arguments(option["complete"], option["words"])
    return line + "\n"


FISH = HEADER + r"""
set -g __cxlvfio_command_names %(names)s

# The command on the command line: the first word that is one.
function __cxlvfio_command
	for word in (commandline -opc)[2..-1]
		if contains -- $word $__cxlvfio_command_names
			echo $word
			return 0
		end
	end
	return 1
end

function __cxlvfio_using
	test (__cxlvfio_command; or echo none) = $argv[1]
end

# The first of the words in $argv that is on the command line.
function __cxlvfio_action
	for word in (commandline -opc)[2..-1]
		if contains -- $word $argv
			echo $word
			return 0
		end
	end
	return 1
end

function __cxlvfio_commands
%(commands)send

complete -c cxlvfio -f
complete -c cxlvfio -n 'not __cxlvfio_command >/dev/null' -a '(__cxlvfio_commands)'
"""


def fish_actions(command: dict) -> str:
    names = " ".join(action["name"] for action in command["actions"])
    text = ""
    for action in command["actions"]:
        using = f"__cxlvfio_using {command['name']}; and "
        text += (f"complete -c cxlvfio -n '{using}not __cxlvfio_action {names} >/dev/null' "
                 f"-a {action['name']} -d {fish_quote(action['summary'])}\n")
        if action["operands"]:
            text += (f"complete -c cxlvfio -n '{using}"
                     f"test (__cxlvfio_action {names}; or echo none) = {action['name']}'"
                     f"{fish_arguments(action['complete'], None)}\n")
    return text


def fish(metadata: dict) -> str:
    commands = metadata["commands"]
    text = FISH % {
        "names": " ".join(command["name"] for command in commands),
        "commands": "".join(f"\tprintf '%s\\t%s\\n' {command['name']} "
                            f"{fish_quote(command['summary'])}\n" for command in commands),
    }
    text += "".join(fish_option(option, "") for option in metadata["options"])
    for command in commands:
        condition = f" -n '__cxlvfio_using {command['name']}'"
        text += "".join(fish_option(option, condition) for option in command["options"])
        if command["operands"] and not command["actions"]:
            text += f"complete -c cxlvfio{condition}{fish_arguments(command['complete'], None)}\n"
        text += fish_actions(command)
    return text


def main() -> int:
    shells = {"bash": bash, "zsh": zsh, "fish": fish}
    if len(sys.argv) != 3 or sys.argv[2] not in shells:
        print(__doc__, file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        metadata = json.load(file)
    if metadata["metadata_version"] != METADATA_VERSION:
        print(f"generate.py: metadata version {metadata['metadata_version']} is not "
              f"{METADATA_VERSION}", file=sys.stderr)
        return 1
    sys.stdout.write(shells[sys.argv[2]](metadata))
    return 0


if __name__ == "__main__":
    sys.exit(main())
