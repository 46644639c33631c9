#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is wrong from the boot on, cxlvfio doctor names. What a run is to find follows from its own
# kernel parameters.
# shellcheck disable=SC2319  # "result $?" means the condition before it
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"

run=$(mktemp -d)

# shellcheck disable=SC2317  # called by result
why() {
	cat "$run/document" "$run/stderr"
}

# said ID RESULT
said() {
	[ "$(jq -r --arg id "$1" '.checks[] | select(.id == $id) | .result' "$run/document" |
		head -n 1)" = "$2" ]
	result $? "$1: $2"
}

cxlvfio doctor --json > "$run/document" 2> "$run/stderr"
status=$?
case $(cat /proc/cmdline) in
*intel_iommu=off*)
	said cmdline_iommu problem
	# Its consequences are no problems of their own.
	said iommu_groups skipped
	said no_iommu_group skipped
	;;
*module_blacklist=*)
	said module_blacklist problem
	said cmdline_pci warning
	;;
*intremap=off*)
	said interrupt_remapping problem
	cxlvfio bind -q all
	cxlvfio reset all > "$run/stderr" 2>&1
	[ $? = 6 ] && grep -q "no interrupt remapping" "$run/stderr"
	result $? "a reset is unsupported, and says why"
	;;
*nosoftreserve*)
	said cmdline_memory warning
	;;
*)
	endpointctl 0 state > "$run/stderr" 2>&1
	# The fault strikes with a reset.
	echo 1 > "/sys/bus/pci/devices/$(cxlvfio list --json | jq -r '.endpoints[0].host')/reset"
	cxlvfio doctor --json > "$run/document" 2>> "$run/stderr"
	status=$?
	said not_committed problem
	;;
esac
[ $status = 7 ] || [ $status = 64 ]
result $? "the exit status tells it"

echo "1..$count"
exit $bad
