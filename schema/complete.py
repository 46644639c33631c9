#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Print a schema with "required" in every object: all of its properties, for no key ever disappears.

    complete.py SCHEMA.json
"""
import json
import sys


def complete(node) -> None:
    if isinstance(node, list):
        for item in node:
            complete(item)
    elif isinstance(node, dict):
        if isinstance(node.get("properties"), dict) and "type" in node:
            node.setdefault("required", list(node["properties"]))
        for value in node.values():
            complete(value)


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    complete(schema)
    json.dump(schema, sys.stdout, indent=2, ensure_ascii=False)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
