#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Windows that are somebody else's, or are not as they must be: no bind, one line that says why, and
# nothing left behind. On the second machine firmware marked the window Soft Reserved.
set -u
# shellcheck source=tests/vm/guest/decoder.sh
. "$(dirname "$0")/../guest/decoder.sh"
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"

base=0x140000000
size=0x20000000
modprobe cxl_vfio_pci || exit 1
echo cxl-vfio-pci > "/sys/bus/pci/devices/$bdf/driver_override"

# shellcheck disable=SC2317  # called by result
why() {
	diff /tmp/before /tmp/after
	dmesg | tail -n 5
}

# What a bind could leave behind.
traces() {
	echo /sys/bus/cxl/devices/* "/sys/bus/pci/devices/$bdf"/* /dev/vfio/*
	cat /proc/iomem
}

bind() {
	# What the last unbind left to be done would release this driver again.
	echo 1 > /sys/bus/cxl/flush
	echo "$bdf" > /sys/bus/pci/drivers_probe 2> /dev/null
	[ -e "/sys/bus/pci/devices/$bdf/driver" ]
}

unbind() {
	echo "$bdf" > /sys/bus/pci/drivers/cxl-vfio-pci/unbind
	echo 1 > /sys/bus/cxl/flush
}

# refused WHAT PATTERN
refused() {
	traces > /tmp/before
	dmesg -C
	! bind
	result $? "$1: no bind"
	[ "$(dmesg | grep -c refused)" = 1 ] && dmesg | grep -q "cxl-vfio-pci $bdf: refused: .*$2"
	result $? "$1: one line says so"
	traces > /tmp/after
	cmp -s /tmp/before /tmp/after
	result $? "$1: nothing is left behind"
}

# fault NAME: decoder 0 is so after a reset.
fault() {
	endpointctl 0 fault "$1" > /tmp/answer || exit 1
	echo 1 > "/sys/bus/pci/devices/$bdf/reset"
	endpointctl 0 clear all > /tmp/answer
	find_registers
}

# The first bind makes ports in the CXL core, which stay.
bind || exit 1
unbind
find_registers
if grep -q 0xefffffff /proc/cmdline; then
	modprobe owner_test start=$base size=$size || exit 1
	refused "soft reserved and claimed" "Soft Reserved.* at 0x140000000-0x15fffffff.*/proc/iomem"
	rmmod owner_test
	bind
	result $? "soft reserved, and nobody has it: bound"
	echo "1..$count"
	exit $bad
fi

modprobe owner_test start=0x148000000 size=0x1000 || exit 1
refused "a page of the window is claimed" "another driver at 0x148000000-0x148000fff.*/proc/iomem"
rmmod owner_test

echo offline > /sys/devices/system/memory/auto_online_blocks
modprobe owner_test kind=ram start=$base size=$size || exit 1
refused "System RAM" "System RAM at 0x140000000-0x15fffffff"
rmmod owner_test

fault interleaved
refused "interleaved" "decoder 0 is interleaved"
uncommit 0
refused "not committed" "decoder 0 is not committed by firmware"
commit 0 $base $size

put 4 0
refused "ranges instead of decoders" "HDM decoders are not enabled (firmware left DVSEC ranges)"
put 4 2

fault size-changed=0x20000000000
refused "2 TiB" "0x20000000000 bytes exceeds VFIO's 1 TiB"
uncommit 0
commit 0 $base 0x10000000
commit 1 0x150000000 0x10000000
refused "two decoders" "decoder 1 is committed too"
uncommit 1
uncommit 0
commit 0 $base $size

fault empty-decoder
refused "a second decoder, of zero size" "of Linux 7.3 does not take decoder 1, committed with zero"
endpointctl 0 firmware > /tmp/answer
find_registers

fault base-changed=0x1000000000
refused "no region of the CXL core for it" "no committed CXL region for decoder 0"
uncommit 0
commit 0 $base $size

bind
result $? "all as it must be: bound"
unbind
# Bound again: the last bind left nothing either.
bind
result $? "and again"
echo "1..$count"
exit $bad
