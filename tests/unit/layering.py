#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Prove that core knows nothing of sys and out, and out nothing of sys. Prints TAP.

    layering.py SOURCE COMPILER...

Compiles one line in each layer with that layer's include path, as cxlvfio/meson.build does it:
the headers that the layer may see must be found, the others must not. Then looks for includes that
go around the path.
"""
import re
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tap import Tap  # noqa: E402  (nothing is left in the source tree)

HEADERS = {"core": "core/base/errors.h", "sys": "sys/base/host.h", "out": "out/base/text.h"}
MAY_SEE = {"core": ["core"], "sys": ["core", "sys"], "out": ["core", "out"]}


def errors(source: Path, compiler: list, layer: str, header: str) -> str:
    """Of the compiler, where a file of the layer includes the header."""
    command = [*compiler, "-fsyntax-only", "-D_GNU_SOURCE", "-x", "c",
               f"-I{source}/cxlvfio/layers/{layer}", f"-I{source}/include", "-"]
    result = subprocess.run(command, input=f'#include "{header}"\n', text=True,
                            capture_output=True, cwd=source / "cxlvfio" / layer)
    return result.stderr or f"status {result.returncode}" if result.returncode else ""


def uses_layer_path(source: Path, layer: str) -> bool:
    """The build gives the library the path that was tested, and no other."""
    text = (source / "cxlvfio" / "meson.build").read_text(encoding="utf-8")
    library = re.search(rf"{layer} = static_library\((.*?)\n\)", text, re.S)
    return (library is not None
            and f"include_directories: {layer}_include," in library.group(1)
            and "implicit_include_directories: false" in library.group(1)
            and f"{layer}_include = [include_directories('layers/{layer}'), include_shared]" in text)


def detours(source: Path, layer: str) -> list:
    found = []
    for file in sorted((source / "cxlvfio" / layer).rglob("*.[ch]")):
        for name in re.findall(r'#\s*include\s*["<]([^">]+)[">]',
                               file.read_text(encoding="utf-8")):
            first = name.split("/")[0]
            if ".." in name or (first in HEADERS and first not in MAY_SEE[layer]) or first == "cmd":
                found.append(f"{file.name} includes {name}")
    return found


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    source, compiler = Path(sys.argv[1]).resolve(), sys.argv[2:]
    tap = Tap()
    for layer in MAY_SEE:
        for other, header in HEADERS.items():
            wanted = other in MAY_SEE[layer]
            text = "can" if wanted else "cannot"
            found = errors(source, compiler, layer, header)
            tap.say((not found) == wanted, f"{layer} {text} include {header}",
                    found or "the compiler finds it")
        tap.say(bool(errors(source, compiler, layer, "cmd/command.h")),
                f"{layer} cannot include cmd/command.h", "the compiler finds it")
        tap.say(uses_layer_path(source, layer), f"{layer} is built with that path",
                f"see {layer}_include and {layer} = static_library() in cxlvfio/meson.build")
        problems = detours(source, layer)
        tap.say(not problems, f"{layer} takes no detour", *problems)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
