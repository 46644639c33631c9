#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An endpoint goes back to the driver that it had before, and stays with it: the CXL core's work of
# the unbind is over before the next driver comes.
# shellcheck disable=SC2319  # "result $?" means the condition before it
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"

endpoint=$(cxlvfio list --json | jq -r '.endpoints[0].host')
device=/sys/bus/pci/devices/$endpoint
output=$(mktemp)

# shellcheck disable=SC2317  # called by result
why() {
	echo "driver '$(driver)'"
	cat "$output"
	dmesg | tail -n 5
}

driver() {
	basename "$(readlink "$device/driver" 2> /dev/null)" 2> /dev/null
}

# It has it, and has had it all the time: a driver that is released says nothing, so look often.
keeps() { # DRIVER SECONDS
	end=$(($(cut -d . -f 1 /proc/uptime) + $2))
	while [ "$(cut -d . -f 1 /proc/uptime)" -lt "$end" ]; do
		[ "$(driver)" = "$1" ] || return 1
		sleep 0.2
	done
}

modprobe rival_test
[ "$(driver)" = rival_test ]
result $? "another driver has the endpoint"
for round in 1 2 3 4 5 6 7 8; do
	cxlvfio bind "$endpoint" > "$output" 2>&1 && keeps cxl-vfio-pci 1
	result $? "bound, and kept, round $round"
	cxlvfio unbind "$endpoint" > "$output" 2>&1 && [ "$(driver)" = rival_test ] &&
		keeps rival_test 1
	result $? "given back, and kept, round $round"
done
keeps rival_test 60
result $? "the other driver has it a minute later"

echo "1..$count"
exit $bad
