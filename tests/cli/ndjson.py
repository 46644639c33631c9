#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every line of --ndjson is one object that schema/cycle.json describes. TAP.

    ndjson.py PRINTER SCHEMAS
"""
import json
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from validate import Schemas  # noqa: E402  (nothing is left in the source tree)


def main() -> int:
    lines = subprocess.run([sys.argv[1]], capture_output=True, check=True,
                           timeout=60).stdout.decode().splitlines()
    schemas, failed, number = Schemas(Path(sys.argv[2])), False, 0

    def say(good: bool, text: str) -> None:
        nonlocal failed, number
        number += 1
        failed = failed or not good
        print(f"{'ok' if good else 'not ok'} {number} - {text}")

    cycles = [json.loads(line) for line in lines]
    say(len(cycles) == 3, "a line for each cycle")
    for cycle in cycles:
        problems = schemas.problems(cycle)
        say(not problems, f"cycle {cycle['cycle']} is as described {problems or ''}")
    plain, good, bad = cycles
    say(plain["checks"] == [] and plain["mappings"] == [], "only reset: no checks, no mappings")
    say(all(check["detail"] is None for check in good["checks"]), "what passed needs no words")
    zapped = next(check for check in bad["checks"] if check["id"] == "zapped")
    say(zapped["observed"] == 'a\nb\r"\\ ? </script>' and zapped["expected"] == "{}\n  x",
        "strings come through, but for what is no UTF-8")
    say(bad["reset_errno"] == 25 and bad["reset_errno_name"] == "ENOTTY", "an error of the reset")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
