#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every mapping and every allocation fails once, or of these every EVERY-th, on the kernel that looks
# for leaks afterwards.
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
device=/sys/bus/pci/devices/$bdf
echo cxl-vfio-pci > "$device/driver_override"

# refused WHY: there was a bind that said so and kept nothing.
refused() {
	[ ! -e "$device/driver" ] && dmesg | grep -q "refused: .*$1" &&
		! grep -q cxl-vfio-pci /proc/iomem
}

# The driver maps the decoder registers, the BAR that they are in, and the window.
call=0
for why in "registers at .* cannot be mapped" "BAR 0 .* cannot be mapped" \
	"window cannot be mapped write-back"; do
	call=$((call + 1))
	modprobe remap_test call=$call || exit 1
	dmesg -C
	if ! echo "$bdf" > /sys/bus/pci/drivers/cxl-vfio-pci/bind 2> /dev/null &&
		refused "$why"; then
		echo "ok - mapping $call fails: refused: $why"
	else
		echo "not ok - mapping $call fails: refused: $why"
		echo "# driver: $(readlink "$device/driver"); /proc/iomem: $(grep cxl-vfio /proc/iomem)"
		dmesg | tail -n 5 | sed 's/^/# /'
	fi
	rmmod remap_test
done
build/sandbox/tests/vm/inject_test "$bdf" "${EVERY:-1}"
end_with $?
