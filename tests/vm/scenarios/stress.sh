#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# All at once, on the kernel that checks itself: 500 FLRs, and some of every other kind.
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
modprobe recovery_test && modprobe importer_test || exit 1
cxlvfio bind -q "$bdf" || exit 1
build/sandbox/tests/vm/stress "$bdf" --resets "${RESETS:-1500}" --flrs "${FLRS:-500}" \
	--hot-resets "${HOT_RESETS:-20}" --seed "${SEED:-1}"
end_with $?
