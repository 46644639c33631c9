#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What one boot of tests/vm/test_persist.sh has to see: persist.sh BOOT. Without a definition udev
# loads rival_test for the endpoint, which takes it.
# shellcheck disable=SC2319  # "result $?" means the condition before it
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/tap.sh"

name=1e98-e2e2-1000.conf

# shellcheck disable=SC2317  # called by result
why() {
	for address in $device $other; do
		echo "$address: driver '$(driver "$address")', unit $(unit "$address")"
	done
	cxlvfio persist list
	cxlvfio list
	cat /tmp/output
	systemctl --no-pager status 'cxlvfio@*'
	journalctl --no-pager -n 20 -u systemd-udevd
	dmesg | grep -E 'rival_test|cxl-vfio|cxl_vfio' | tail -n 10
}

# The address of the endpoint whose serial number is $1.
address() {
	cxlvfio list --json | jq -r ".endpoints[] | select(.serial == $(($1))) | .host"
}

driver() { # ADDRESS
	readlink "/sys/bus/pci/devices/$1/driver" | sed 's|.*/||'
}

has_driver() { # ADDRESS DRIVER
	for _ in $(seq 600); do
		[ "$(driver "$1")" != "$2" ] || return 0
		sleep 0.5
	done
	observe "$1 has driver '$(driver "$1")' after 5 minutes, not '$2'"
	return 1
}

# What the unit of ADDRESS came to, once it has ended.
unit() { # ADDRESS
	for _ in $(seq 600); do
		state=$(systemctl show -P ActiveState "cxlvfio@$1.service")
		[ "$state" = activating ] || break
		sleep 0.5
	done
	echo "$state"
}

rival_had() { # ADDRESS
	dmesg | grep -q "$1: rival_test has it"
}

# UNIT, without what an ordinary boot has started before it.
start_alone() {
	mkdir -p "/run/systemd/system/$1.d"
	printf '[Unit]\nDefaultDependencies=no\n' > "/run/systemd/system/$1.d/alone.conf"
	systemctl daemon-reload && systemctl start "$1" > /tmp/output 2>&1
}

# Until COMMAND... says yes, at most 5 minutes.
within() {
	for _ in $(seq 600); do
		! "$@" > /tmp/output 2>&1 || return 0
		sleep 0.5
	done
	return 1
}

# What the unit that follows the events left in the journal, read as its first lines say.
# shellcheck disable=SC2317  # called by within
followed() { # JQ
	eval "$(sed -n 's/^# JSON: //p' share/examples/cxlvfio-journal.service)" | jq -se "$1"
}

# shellcheck disable=SC2317  # called by within
logged() { # ADDRESS
	journalctl -t cxlvfio -o cat | grep "memory of $1 refused: ."
}

# How long it took is not the same in two runs.
page() {
	"$@" | grep -v '^cxlvfio_scrape_duration_seconds '
}

# A user of ADDRESS finds its memory refused.
refuse() {
	endpointctl 0 fault decoder-lost > /dev/null
	python3 -B -c '
import sys, time
sys.path.insert(0, "tests/vm/guest")
from vfio import Device
with Device(sys.argv[1]) as device:
    device.reset()
    time.sleep(10)
' "$1"
}

# What programs are told, where systemd and udev start who listens.
check_listeners() { # ADDRESS
	node=/var/lib/prometheus/node-exporter
	mkdir -p $node
	start_alone cxlvfio-metrics.service && page cat $node/cxlvfio.prom > /tmp/of-unit &&
		page cxlvfio metrics | cmp - /tmp/of-unit > /tmp/output 2>&1 &&
		grep -q '^cxlvfio_scrape_success 1$' /tmp/of-unit
	result $? "the unit of the metrics, with few rights, writes what root sees"
	cp share/examples/cxlvfio-journal.service /run/systemd/system
	start_alone cxlvfio-journal.service && within followed '.[0].event == "snapshot"'
	result $? "the unit of the examples follows the events into the journal"
	mkdir -p /run/udev/rules.d
	cp share/examples/90-cxlvfio-refused.rules /run/udev/rules.d
	udevadm control --reload
	refuse "$1" && within logged "$1"
	result $? "the udev rule of the examples acts on a refused gate, and has the reason"
	within followed 'any(.after.cxl_vfio.state? == "refused")'
	result $? "which is in the journal, too"
	systemctl stop cxlvfio-journal.service
	endpointctl 0 clear all > /dev/null
	endpointctl 0 firmware > /dev/null
}

state() {
	cxlvfio persist list --json | jq -r '.definitions[].state'
}

# What the driver offers of ADDRESS.
offer() {
	tr '\n' ' ' < "/sys/bus/pci/devices/$1/cxl_vfio/view"
	cat "/sys/bus/pci/devices/$1/cxl_vfio/interface"
}

device=$(address 0x1000)
other=$(address 0x2000)
case $1 in
add)
	has_driver "$device" rival_test
	result $? "without a definition another driver takes the endpoint"
	[ "$(unit "$device")" = inactive ]
	result $? "and no unit is started"
	cxlvfio persist add --view bar --interface none "$device" > /tmp/output 2>&1 &&
		[ "$(state)" = not_bound ]
	result $? "a definition is added"
	systemctl start "cxlvfio@$device.service" > /tmp/output 2>&1 &&
		[ "$(driver "$device")" = cxl-vfio-pci ] && [ "$(state)" = bound ]
	result $? "the unit takes it over from the driver that has it"
	[ "$(offer "$device")" = "bar none" ]
	result $? "it offers what the definition says"
	check_listeners "$device"
	cxlvfio unbind "$device" > /tmp/output 2>&1 && [ "$(driver "$device")" = rival_test ] &&
		[ "$(state)" = not_bound ]
	result $? "unbind gives it back, and leaves the definition"
	[ -z "$other" ] && [ -s /etc/cxlvfio.d/$name ]
	result $? "the file is named after the device"
	;;
again)
	[ "$(unit "$device")" = active ]
	result $? "after a reboot the unit has run"
	[ "$(driver "$device")" = cxl-vfio-pci ] && [ "$(state)" = bound ]
	result $? "the endpoint is bound again"
	[ "$(offer "$device")" = "bar none" ] &&
		[ "$(cat /sys/module/cxl_vfio_pci/parameters/interface)" = current ] &&
		[ "$(cat "/sys/bus/pci/devices/$device/driver_override")" = cxl-vfio-pci ]
	result $? "it offers what the definition says, and the module's parameters are its own"
	[ -d /sys/module/rival_test ] && ! rival_had "$device"
	result $? "the other driver was loaded, and never had it"
	[ "$(udevadm info -q property --property=CXLVFIO_DEFINITION --value \
		"/sys/bus/pci/devices/$device")" = /etc/cxlvfio.d/$name ]
	result $? "udev tells which definition it was"
	[ "$(journalctl -o cat -u systemd-udevd | grep -c cxlvfio)" = 0 ]
	result $? "udev complains of nothing"
	cxlvfio persist apply > /tmp/output 2>&1 && grep -q already /tmp/output
	result $? "apply finds it done"
	cxlvfio unbind "$device" > /tmp/output 2>&1 && udevadm settle && sleep 2 &&
		[ -z "$(driver "$device")" ] && [ "$(state)" = not_bound ]
	result $? "unbind is not undone by the events that it makes"
	echo 1 > "/sys/bus/pci/devices/$device/remove"
	for _ in $(seq 600); do
		[ "$(unit "$device")" != inactive ] || break
		sleep 0.5
	done
	echo 1 > /sys/bus/pci/rescan
	has_driver "$device" cxl-vfio-pci && [ "$(unit "$device")" = active ]
	result $? "a device that went and came again is bound again"
	[ "$(offer "$device")" = "bar none" ]
	result $? "and offers the same"
	;;
moved)
	[ "$(unit "$device")" = active ] && [ "$(driver "$device")" = cxl-vfio-pci ]
	result $? "in another slot it is bound again"
	# Whether the other driver had it before is not said here: the endpoint beside it, without a
	# definition, loads that driver, which may take both before udev comes to this one.
	has_driver "$other" rival_test && [ "$(cat "/sys/bus/pci/devices/$other/driver_override")" = "(null)" ]
	result $? "another device in its slot goes to its own driver"
	[ "$(unit "$other")" = inactive ]
	result $? "and no unit is started for it"
	cxlvfio persist apply > /tmp/output 2>&1 && [ "$(driver "$other")" = rival_test ]
	result $? "apply leaves it alone"
	[ "$other" = 0000:0d:00.0 ] && [ "$device" != "$other" ] && [ "$(state)" = bound ]
	result $? "the list says bound, at the new place"
	cxlvfio persist remove $name > /tmp/output 2>&1 && [ ! -e /etc/cxlvfio.d/$name ] &&
		[ "$(driver "$device")" = cxl-vfio-pci ]
	result $? "the definition is removed, and the binding stays"
	;;
removed)
	has_driver "$device" rival_test && [ "$(unit "$device")" = inactive ]
	result $? "without its definition it is bound no more"
	! [ -d /sys/module/cxl_vfio_pci ]
	result $? "and the driver is not even loaded"
	;;
esac
echo "1..$count"
exit "$bad"
