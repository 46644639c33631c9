#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every field of the CXL registers as show, lspci -vvv, the BAR and a dump tell it.
set -eu

endpoint=$(cxlvfio list --json | jq -r '.endpoints[0].host')
port=$(basename "$(dirname "$(readlink "/sys/bus/pci/devices/$endpoint")")")

# Some bits that are not what they are after a reset: what is always 0 would compare well.
write() {
	setpci -s "$1" "$2"
}
dvsec() {
	lspci -vvv -s "$1" | sed -n "s/.*Capabilities: \[\(...\) .*Vendor=1e98 ID=000$2 .*/\1/p"
}
device=$((0x$(dvsec "$endpoint" 0)))
extension=$((0x$(dvsec "$port" 3)))
write "$endpoint" "$(printf %x.w=4007 $((device + 0x0c)))"	# viral enable
write "$endpoint" "$(printf %x.w=1 $((device + 0x10)))"	# disable caching
write "$port" "$(printf %x.w=3 $((extension + 0x0c)))"	# unmask SBR, link disable
write "$port" "$(printf %x.w=2f21 $((extension + 0x0e)))"	# alternate buses

exec python3 -B "$(dirname "$0")/../guest/registers.py" "$endpoint" "$port"
