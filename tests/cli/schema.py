#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Check the schemas themselves, and their enumerations against the sources. Prints TAP.

    schema.py SCHEMAS SOURCE
"""
import json
import re
import sys
from pathlib import Path

import jsonschema


def undescribed(node, path: str) -> list:
    """Properties without a description; a reference is described where it leads."""
    if isinstance(node, list):
        return [found for item in node for found in undescribed(item, path)]
    if not isinstance(node, dict):
        return []
    found = []
    properties = node.get("properties")
    if isinstance(properties, dict) and "type" in node:
        for key, value in properties.items():
            if not {"description", "$ref", "const"} & set(value):
                found.append(f"{path}{key}")
            found += undescribed(value, f"{path}{key}.")
    for key, value in node.items():
        if key != "properties":
            found += undescribed(value, path)
    return found


def names_in(file: Path, pattern: str) -> set:
    names = set(re.findall(pattern, file.read_text(encoding="utf-8")))
    if not names:
        raise SystemExit(f"schema.py: nothing in {file} looks like {pattern}")
    return names


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    directory, core = Path(sys.argv[1]), Path(sys.argv[2]) / "cxlvfio" / "core"
    schemas = {file.stem: json.loads(file.read_text(encoding="utf-8"))
               for file in sorted(directory.glob("*.json"))}
    results = []
    for name, schema in schemas.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        results.append((f"{name}: every key is described", undescribed(schema, "")))
    codes = set(schemas["envelope"]["$defs"]["message"]["properties"]["code"]["enum"])
    results.append(("the error codes are those of errors.c",
                    codes ^ names_in(core / "base" / "errors.c", r'\] = \{ "([A-Z0-9_]+)"')))
    states = set(schemas["endpoint"]["properties"]["state"]["enum"])
    results.append(("the states are those of state.c",
                    states ^ names_in(core / "discovery" / "state.c", r'\[CXV_STATE_\w+\] = "(\w+)"')))
    finding = schemas["endpoint"]["properties"]["findings"]["items"]["properties"]
    results.append(("the findings are those of findings.c",
                    set(finding["id"]["enum"])
                    ^ names_in(core / "discovery" / "findings.c", r'\t\{ "(\w+)", CXV_SEVERITY')))
    unit = Path(sys.argv[2]) / "tests" / "unit"
    results.append(("every finding has a test",
                    set(finding["id"]["enum"])
                    - names_in(unit / "test_findings.c", r'\t\{ "(\w+)", CXV_SEVERITY')))
    results.append(("as many findings as cxlvfio-metrics(1) says",
                    {str(len(finding["id"]["enum"]))}
                    ^ names_in(Path(sys.argv[2]) / "man/cxlvfio-metrics.1.scd",
                               r"(\d+)\s+kinds\s+of\s+findings")))
    results.append(("the members in an event are the endpoint's",
                    set(schemas["endpoint"]["properties"])
                    ^ set(schemas["monitor"]["$defs"]["members"]["properties"])))
    module = schemas["driver"]["properties"]["modules"]["items"]["properties"]
    driver = set(module["findings"]["items"]["properties"]["id"]["enum"])
    results += [
        ("the driver's findings are those of driver.c",
         driver ^ names_in(core / "binding" / "driver.c", r'\t\{ "(\w+)", CXV_SEVERITY')),
        ("every finding of the driver has a test",
         driver ^ names_in(unit / "test_driver.c", r'\t\{ "(\w+)", CXV_SEVERITY')),
        ("every finding of the driver is in its man page",
         driver ^ names_in(Path(sys.argv[2]) / "man/cxlvfio-driver.1.scd",
                           r"(?m)^\*(\w+)\* \((?:error|warning|info)\)")),
        ("the taints are those of driver.c",
         set(module["taints"]["items"]["enum"])
         ^ names_in(core / "binding" / "driver.c", r"\{ '[A-Z]', \"(\w+)\"")),
    ]
    print(f"1..{len(results)}")
    for number, (text, problems) in enumerate(results, 1):
        print(f"{'not ok' if problems else 'ok'} {number} - {text}")
        for problem in sorted(problems):
            print(f"# {problem}")
    return 1 if any(problems for _, problems in results) else 0


if __name__ == "__main__":
    sys.exit(main())
