#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The packages of DIRECTORY in the machine: installed in its root, used after it booted with
# systemd, removed and purged. What is to be seen is in guest/package.sh. Prints TAP.
#
#   tests/vm/test_package.sh DIRECTORY
set -u

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
"$here/run" --systemd --prepare "tests/package/prepare $1" --timeout 3000 -- \
	tests/vm/guest/package.sh > "$work/out" 2> "$work/err" || status=$?
sed "s|^\(not \)\{0,1\}ok [0-9]* *-* *|&package: in the machine: |" "$work/out"
[ "$status" != 0 ] || exit 0
grep -q '^not ok ' "$work/out" || {
	echo "not ok package: in the machine: ended with status $status"
	tail -n 30 "$work/out" | sed 's/^/# | /'
}
echo "# ended with status $status, on stderr:"
tail -n 40 "$work/err" | sed 's/^/# /'
exit 1
