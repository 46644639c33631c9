#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Resets that want the window for themselves. On the debug kernel with cxl_reset.enabled=1 each is
# the CXL reset of the PCI core's, and there are RESETS of them under stress; on others it is an FLR.
set -u
# shellcheck source=tests/vm/guest/proof.sh
. "$(dirname "$0")/../guest/proof.sh"

bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
modprobe recovery_test && modprobe importer_test || exit 1
echo zero > "$scrub"
cxlvfio bind -q "$bdf" || exit 1

# program NAME ARG...: its TAP lines become one of ours, and what failed is told.
program() {
	name=$1
	shift
	good=0
	"build/sandbox/tests/vm/$name" "$@" > "$scratch/answer" 2>&1 || good=$?
	grep -v '^ok' "$scratch/answer" | sed 's/^\([^#]\)/# \1/'
	grep -q '^1\.\.' "$scratch/answer" || good=1
	result $good "$name: all of $(grep -c '^ok' "$scratch/answer") checks"
}

program cxl_reset_test "$bdf"
echo none > "/sys/bus/pci/devices/$bdf/cxl_vfio/scrub_policy"
if grep -qw cxl_reset.enabled=1 /proc/cmdline; then
	reset --method cxl --cycles 3 --yes "$bdf"
	check "reset --method cxl is verified" [ "$status" = 0 ]
	check "by the kernel's word for it" holds '[.cycles[].reset_method] == ["cxl_reset", "cxl_reset",
		"cxl_reset"]'
	check "and seen in the device by its register" verdict real_flr pass
	status=0
	json=$(cxlvfio verify --json --methods flr,cxl --cycles 4 --yes "$bdf" 2> "$scratch/stderr") ||
		status=$?
	check "verify --methods flr,cxl is verified" [ "$status" = 0 ]
	check "in turns" holds '[.cycles[].reset_method] == ["flr", "cxl_reset", "flr", "cxl_reset"]'
	reset --cycles 2 --method auto --yes "$bdf"
	check "what comes first is the CXL reset" holds '.cycles[1].reset_method == null and
		.resets[0].cycles_done == 2'
	program stress "$bdf" --resets 50 --flrs "${RESETS:-30}" --hot-resets 2
fi
check "nobody accessed a window that did not decode, or with memory space off" not_accessed
finish
