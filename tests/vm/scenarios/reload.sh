#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The module is loaded and unloaded LOADS times (12), and refuses the endpoint each time: at its registers,
# at the window's owner, and after the CXL core has made its devices. The kernel looks for leaks.
set -u
# shellcheck source=tests/vm/guest/decoder.sh
. "$(dirname "$0")/../guest/decoder.sh"

echo cxl-vfio-pci > "/sys/bus/pci/devices/$bdf/driver_override"
find_registers
loads=$((${LOADS:-12} / 3))

# reload COUNT WHY
reload() {
	dmesg -C
	round=0
	bound=0
	while [ $round -lt "$1" ]; do
		modprobe cxl_vfio_pci || exit 1
		[ ! -e "/sys/bus/pci/devices/$bdf/driver" ] || bound=$((bound + 1))
		rmmod cxl_vfio_pci || exit 1
		round=$((round + 1))
	done
	refused=$(dmesg | grep -c "cxl-vfio-pci $bdf: refused: .*$2")
	if [ $bound = 0 ] && [ "$refused" = "$1" ]; then
		echo "ok - loaded, refused and unloaded $1 times: $2"
	else
		echo "not ok - of $1 loads $bound bound the endpoint and $refused said: $2"
		echo "# the last lines of the kernel's log:"
		dmesg | tail -n 5 | sed 's/^/# /'
	fi
}

modprobe owner_test start=0x140000000 size=0x1000 || exit 1
reload $loads "the window is taken"
rmmod owner_test

endpointctl 0 fault base-changed=0x1000000000 > /tmp/answer || exit 1
echo 1 > "/sys/bus/pci/devices/$bdf/reset"
find_registers
reload $loads "no committed CXL region"
uncommit 0
reload $loads "decoder 0 is not committed"

endpointctl 0 clear all > /tmp/answer
commit 0 0x140000000 0x10000000
modprobe cxl_vfio_pci || exit 1
if [ -e "/sys/bus/pci/devices/$bdf/driver" ]; then
	echo "ok - and then it is bound"
else
	echo "not ok - and then it is bound"
	dmesg | tail -n 5 | sed 's/^/# /'
fi
rmmod cxl_vfio_pci
echo 1..4
