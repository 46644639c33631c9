#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Print the parts of FILE, which is HTML, SVG or CSS, as functions in C that write them.

    embed.py FILE

A line "<!-- NAME(PARAMETERS) -->", or the same as a comment of CSS, begins a part: the function
NAME(FILE *stream, PARAMETERS) writes what follows. In it @NAME@ is the value of that parameter,
escaped, and @NAME(ARGUMENTS)@ what NAME(stream, ARGUMENTS) writes: a part above, or a function of
the file that includes all this. A backslash at the end of a line joins it with the next one.

The functions are static, so that the compiler tells a part that is not used, as it tells a
parameter without a place, a value that is not given, and one that there is no place for.
"""
import re
import sys
from pathlib import Path

PART = re.compile(r"^(?:<!--|/\*) (\w+)\(([^()]*)\) (?:-->|\*/)\n", re.MULTILINE)
PLACE = re.compile(r"(@\w+(?:\(.*?\))?@)")
PUT = {
    "const char *": "cxv_markup_text(stream, {})",
    "enum cxv_verdict": "cxv_markup_text(stream, cxv_verdict_name({}))",
    "double": 'fprintf(stream, "%.1f", {})',
    "int": 'fprintf(stream, "%d", {})',
    "size_t": 'fprintf(stream, "%zu", {})',
    "uint64_t": 'fprintf(stream, "%" PRIu64, {})',
    "unsigned int": 'fprintf(stream, "%u", {})',
}


def put_text(text: str) -> str:
    # A style's rules for media are the only other use of this character.
    if re.search("@(?!media)", text):
        sys.exit(f"embed.py: no place, but @, in: {text}")
    for character, escape in ("\\", r"\\"), ('"', r"\""), ("\n", r"\n"):
        text = text.replace(character, escape)
    return f'fputs("{text}", stream)'


def put_place(place: str, types: dict[str, str]) -> str:
    name, call, arguments = place.partition("(")
    if call:
        return f"{name}({', '.join(filter(None, ['stream', arguments[:-1]]))})"
    if types.get(name) not in PUT:
        sys.exit(f"embed.py: @{name}@ is no parameter, or of no type that has a text")
    return PUT[types[name]].format(name)


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    parts = PART.split(Path(sys.argv[1]).read_text(encoding="ascii"))[1:]
    for name, parameters, text in zip(parts[::3], parts[1::3], parts[2::3]):
        declared = [" ".join(parameter.split()) for parameter in parameters.split(",") if parameter]
        types = {words[2]: words[1].strip() for words in
                 (re.fullmatch(r"(.*?)(\w+)", parameter) for parameter in declared)}
        print(f"\nstatic void {name}({', '.join(['FILE *stream', *declared])})\n{{")
        for i, piece in enumerate(PLACE.split(text.replace("\\\n", ""))):
            if piece:
                print(f"\t{put_place(piece[1:-1], types) if i % 2 else put_text(piece)};")
        print("}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
