#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a container hides, what may only be read, a device that was taken out, and a virtual function,
# which reads all ones where its vendor would be: no fault of the machine, and never a success. The
# machine has an igb below a root port of its own.
# shellcheck disable=SC2319  # "result $?" means the condition before it
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"

run=$(mktemp -d)
endpoint=$(cxlvfio list --json | jq -r '.endpoints[0].host')
devices=/sys/bus/pci/devices

# shellcheck disable=SC2317  # called by result
why() {
	cat "$run/stdout" "$run/stderr"
}

# The exit status of the command, its output kept.
try() {
	"$@" > "$run/stdout" 2> "$run/stderr"
	echo $?
}

# ends STATUS WHAT [TEXT]: as status is, and with TEXT in what was said.
ends() {
	[ "$status" = "$1" ] && { [ -z "${3-}" ] || cat "$run/stdout" "$run/stderr" | grep -q -e "$3"; }
	result $? "$2: status $1${3:+, \"$3\"}"
}

# says_not TEXT WHAT
says_not() {
	! cat "$run/stdout" "$run/stderr" | grep -q -e "$1"
	result $? "$2: not a word of \"$1\""
}

echo "# a plan is what a run does"
status=$(try cxlvfio reset --dry-run "$endpoint")
ends 6 "a dry run of a reset, unbound" "no driver is bound to it"
status=$(try cxlvfio reset "$endpoint")
ends 6 "and the reset" "no driver is bound to it"

echo "# in a container"
status=$(try unshare -m sh -c 'mount -t tmpfs none /sys/firmware && cxlvfio doctor')
[ "$status" = 0 ] || [ "$status" = 64 ]
result $? "doctor without /sys/firmware finds no problem"
says_not "in firmware's setup" "doctor without /sys/firmware"
status=$(try unshare -m sh -c 'mount -o remount,bind,ro /sys && cxlvfio bind all')
ends 4 "bind with /sys read-only" "read-only"
says_not "run it as root" "bind with /sys read-only"
status=$(try unshare -m sh -c 'mount -t tmpfs -o ro none /run && cxlvfio bind all')
ends 4 "bind with /run read-only" "read-only"
says_not "run it as root" "bind with /run read-only"
for command in "bind all" "verify all" "list"; do
	# shellcheck disable=SC2086  # words
	status=$(try unshare -U -r cxlvfio $command)
	[ "$status" != 0 ] && grep -q CAP_SYS_ADMIN "$run/stderr"
	result $? "$command, as root of a user namespace, fails and names CAP_SYS_ADMIN"
	says_not "run it as root" "$command, as root of a user namespace"
done

echo "# from vfio-pci, which took it by its ids, and back"
modprobe vfio-pci
echo "$(cat "$devices/$endpoint/vendor") $(cat "$devices/$endpoint/device")" |
	sed 's/0x//g' > /sys/bus/pci/drivers/vfio-pci/new_id
status=$(try cxlvfio list -n -o DRIVER)
ends 0 "new_id" "^vfio-pci$"
status=$(try cxlvfio bind "$endpoint")
ends 0 "bind" "bound to cxl-vfio-pci"
status=$(try cxlvfio unbind "$endpoint")
ends 0 "unbind"
status=$(try cxlvfio list -n -o DRIVER)
ends 0 "which gives it back" "^vfio-pci$"

echo "# taken out, and put back"
cxlvfio bind -q "$endpoint"
echo 1 > "$devices/$endpoint/remove"
status=$(try cxlvfio verify all)
ends 3 "verify of all when none is there" "no CXL Type-2 endpoint"
status=$(try cxlvfio verify "$endpoint")
ends 3 "verify of what was taken out"
status=$(try cxlvfio list)
ends 0 "list" "no CXL Type-2 endpoint"
echo 1 > /sys/bus/pci/rescan
wait_for test -e "$devices/$endpoint"
status=$(try cxlvfio bind all)
ends 0 "bind of what came again"
status=$(try cxlvfio reset --verify "$endpoint")
ends 0 "and its reset" "1 of 1 cycles pass"

echo "# its dump says what it says itself"
lspci -s "$endpoint" -xxxx > "$run/dump"
facts='.endpoints[0] | {cxl_caps, cxl_control, cxl_ranges, flex_bus, register_blocks, serial_hex}'
[ "$(cxlvfio show --config-file "$run/dump" --json | jq -S "$facts")" = \
	"$(cxlvfio show "$endpoint" --json | jq -S "$facts")" ]
result $? "show --config-file of lspci -xxxx"

echo "# a virtual function"
modprobe igb
physical=$(basename "$(echo $devices/*/sriov_numvfs | xargs -n 1 dirname | head -n 1)")
echo 1 > "$devices/$physical/sriov_numvfs"
virtual=$(basename "$(readlink "$devices/$physical/virtfn0")")
wait_for test -e "$devices/$virtual/config"
for function in "$physical" "$virtual"; do
	for command in show doctor bind; do
		status=$(try cxlvfio $command "$function")
		ends 6 "$command $function" "is not a CXL Type-2 endpoint"
	done
done
lspci -s "$virtual" -xxxx > "$run/dump"
status=$(try cxlvfio show --config-file "$run/dump")
ends 0 "its dump"
says_not "all ones" "its dump"

echo "1..$count"
exit $bad
