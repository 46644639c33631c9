#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A machine that is switched off in each step of its first contact with an endpoint, and boots again:
# what is recorded on its disk says which step it did not survive. What is to be seen in each boot is
# in guest/ladder.sh. Prints TAP; needs root and takes some minutes.
set -u

here=$(cd "$(dirname "$0")" && pwd)
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT
failed=0

for boot in 1 2 3 4 5 6; do
	"$here/run" --share "$kept" --timeout 900 -- tests/vm/guest/ladder.sh $boot \
		> "$kept/out" 2> "$kept/err"
	status=$?
	touch "$kept/$boot.tap"
	sed "s|^\(not \)\{0,1\}ok [0-9]* *-* *|&ladder: boot $boot: |" "$kept/$boot.tap"
	grep -q '^1\.\.' "$kept/$boot.tap" && ! grep -q '^not ok' "$kept/$boot.tap" && continue
	failed=1
	grep -q '^not ok ' "$kept/$boot.tap" ||
		echo "not ok ladder: boot $boot: did not come to its end, status $status"
	sed 's/^/# /' "$kept/out" "$kept/err"
done
exit $failed
