#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The regions of cxl_vfio_pci as a program uses them: bounds, ways down and up, registers that
# cannot be written.
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
cxlvfio bind -q "$bdf" || exit 1
build/sandbox/tests/vm/window_test "$bdf"
end_with $?
