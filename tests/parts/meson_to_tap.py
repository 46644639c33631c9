#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One TAP line for every test in a Meson testlog.json; status 1 if any failed or none ran."""
import json
import sys

LINES_MAX = 60


def observed(result: dict) -> list[str]:
    """What a test said that failed: of TAP from the first line that is not ok, else the end."""
    lines = [f"{result['result']}, exit status {result.get('returncode')}"]
    for stream in ("stdout", "stderr"):
        said = result.get(stream, "").splitlines()
        bad = [number for number, line in enumerate(said) if line.startswith("not ok")]
        said = [line for line in said[bad[0]:] if not line.startswith("ok ")][:LINES_MAX] \
            if bad else said[-LINES_MAX:]
        lines += [f"{stream}: {line}" for line in said]
    return lines


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as log:
        results = [json.loads(line) for line in log]
    # SKIP and EXPECTEDFAIL are not success here: nothing is skipped in silence.
    for result in results:
        good = result["result"] == "OK"
        print(f"{'ok' if good else 'not ok'} {result['name']} ({result['duration']:.1f} s)")
        for line in [] if good else observed(result):
            print(f"# {line}")
    if not results:
        print("not ok tests\n# there is none in the log")
    return 0 if results and all(r["result"] == "OK" for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
