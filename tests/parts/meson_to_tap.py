#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One TAP line for every test in a Meson testlog.json; status 1 if any failed or none ran."""
import json
import sys


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as log:
        results = [json.loads(line) for line in log]
    # SKIP and EXPECTEDFAIL are not success here: nothing is skipped in silence.
    for result in results:
        good = result["result"] == "OK"
        print(f"{'ok' if good else 'not ok'} {result['name']} ({result['duration']:.1f} s)")
    return 0 if results and all(r["result"] == "OK" for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
