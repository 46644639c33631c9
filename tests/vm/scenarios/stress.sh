#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: --kernel debug --timeout 600
#
# All at once, on the kernel that checks itself: 10,000 resets that need no wait, and some FLRs.
set -u
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
cxlvfio bind -q "$bdf" || exit 1
exec build/sandbox/tests/vm/stress "$bdf" --resets "${RESETS:-10000}" --flrs "${FLRS:-60}" \
	--seed "${SEED:-1}"
