#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A scrub under way: its progress, who ends it, its share of the CPUs, poisoned lines.
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
modprobe machine_check_test || exit 1
cxlvfio bind -q "$bdf" || exit 1
build/sandbox/tests/vm/scrub_test "$bdf"
end_with $?
