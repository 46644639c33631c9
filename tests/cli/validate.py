#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Validate a JSON document of cxlvfio on stdin against the schema of its command.

    validate.py SCHEMAS < DOCUMENT

Stricter than the schemas that are shipped: a key that they do not describe is an error too.
"""
import copy
import difflib
import json
import sys
from pathlib import Path

import jsonschema
import referencing


def difference(wanted: str, got: str) -> list:
    return list(difflib.unified_diff(wanted.splitlines(), got.splitlines(), "expected", "printed",
                                     n=1, lineterm=""))[:60]


def forbid_others(node) -> None:
    """Every object with properties has no others; composed ones count what their parts evaluate."""
    if isinstance(node, list):
        for item in node:
            forbid_others(item)
    elif isinstance(node, dict):
        if isinstance(node.get("properties"), dict) and "type" in node:
            if "additionalProperties" not in node:
                node["unevaluatedProperties"] = False
        for value in node.values():
            forbid_others(value)


class Schemas:
    def __init__(self, directory: Path) -> None:
        self.by_name = {file.name: json.loads(file.read_text(encoding="utf-8"))
                        for file in directory.glob("*.json")}
        if not self.by_name:
            raise SystemExit(f"validate.py: no schemas in {directory}")
        resources = []
        for name, schema in self.by_name.items():
            jsonschema.Draft202012Validator.check_schema(schema)
            strict = copy.deepcopy(schema)
            # The envelope is completed by each command's own keys.
            if name == "envelope.json":
                for part in (strict["properties"], strict["$defs"]):
                    forbid_others(list(part.values()))
            else:
                forbid_others(strict)
            resources.append((name, referencing.Resource.from_contents(strict)))
        self.registry = referencing.Registry().with_resources(resources)

    def problems(self, document) -> list:
        # A line of --ndjson says itself what it is.
        name = f"{document.get('type') or document.get('command')}.json"
        # A document without a command, of a usage error, is the bare envelope.
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema",
                  "$ref": name if name in self.by_name else "envelope.json"}
        validator = jsonschema.Draft202012Validator(schema, registry=self.registry)
        return [f"{'/'.join(map(str, error.absolute_path)) or '(top)'}: {error.message[:300]}"
                for error in validator.iter_errors(document)]


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    problems = Schemas(Path(sys.argv[1])).problems(json.load(sys.stdin))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
