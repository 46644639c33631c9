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
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tap import Tap  # noqa: E402
from validate import Schemas  # noqa: E402  (nothing is left in the source tree)


def main() -> int:
    lines = subprocess.run([sys.argv[1]], capture_output=True, check=True,
                           timeout=600).stdout.decode().splitlines()
    schemas, tap = Schemas(Path(sys.argv[2])), Tap()
    cycles = [json.loads(line) for line in lines]
    tap.say(len(cycles) == 3, "a line for each cycle")
    for cycle in cycles:
        problems = schemas.problems(cycle)
        tap.say(not problems, f"cycle {cycle['cycle']} is as described {problems or ''}")
    plain, good, bad = cycles
    tap.say(plain["checks"] == [] and plain["mappings"] == [], "only reset: no checks, no mappings")
    tap.say(all(check["detail"] is None for check in good["checks"]), "what passed needs no words")
    zapped = next(check for check in bad["checks"] if check["id"] == "zapped")
    tap.say(zapped["observed"] == 'a\nb\r"\\ ? </script>' and zapped["expected"] == "{}\n  x",
            "strings come through, but for what is no UTF-8")
    tap.say(bad["reset_errno"] == 25 and bad["reset_errno_name"] == "ENOTTY", "an error of the reset")
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
