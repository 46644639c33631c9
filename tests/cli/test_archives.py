#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The archives in fixtures/ hold what make-fixture.py makes. Prints TAP."""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
import archives  # noqa: E402  (nothing is left in the source tree)
import run  # noqa: E402

HERE = Path(__file__).parent
SIZE_MAX = 500_000


def main() -> int:
    fixtures = run.load_fixtures()
    failed = False
    print(f"1..{len(archives.ARCHIVES) + 1}")
    for number, (name, scenario) in enumerate(archives.ARCHIVES.items(), 1):
        file = HERE / "fixtures" / f"{name}.tar.zst"
        same = file.exists() and archives.unpack(file) == archives.make_tar(fixtures, scenario)
        print(f"{'ok' if same else 'not ok'} {number} - {file.name} is up to date", flush=True)
        if not same:
            print("# tests/cli/run.py --update refreshes it")
        failed = failed or not same
    wrong = [file.name for file in (HERE / "fixtures").iterdir()
             if file.name.removesuffix(".tar.zst") not in archives.ARCHIVES
             or file.stat().st_size > SIZE_MAX]
    print(f"{'not ok' if wrong else 'ok'} {number + 1} - no other archive, none too large")
    for name in wrong:
        print(f"# {name}")
    return failed or bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
