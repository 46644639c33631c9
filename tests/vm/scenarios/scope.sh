#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An endpoint that shares its bus with another function: which resets would reach that, too, who
# has it, and what the kernel makes of it.
set -u
# shellcheck source=tests/vm/guest/proof.sh
. "$(dirname "$0")/../guest/proof.sh"

bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
other=${bdf%.0}.1
devices=/sys/bus/pci/devices
methods=$devices/$bdf/reset_method
saved=$(cat "$methods")
group=$(basename "$(readlink "$devices/$bdf/iommu_group")")

# shellcheck disable=SC2317  # called by check
reaches_both() {
	holds ".resets[0].scope | .reach == \"bus\" and .bridge != null and
		([.functions[] | [.host, .driver]] == [[\"$bdf\", $1], [\"$other\", $2]])"
}

check "the other function is there, in the same IOMMU group" \
	[ "$(basename "$(readlink "$devices/$other/iommu_group")")" = "$group" ]
reset --method hot --yes "$bdf"
check "a hot reset of what another driver has: busy" [ "$status" = 5 ]
check "it is named with its driver" says "$other would be reset too, and driver virtio-pci uses it"
check "in the document, too" reaches_both null '"virtio-pci"'
check "which is what its schema says" valid
reset --method bus --yes "$bdf"
check "a bus reset of two functions: unsupported" [ "$status" = 6 ]
check "and the other one is named" says "has $other (driver virtio-pci)"
reset --method hot --dry-run "$bdf"
check "a dry run says the same" [ "$status" = 5 ]
reset --method flr "$bdf"
check "no VFIO driver: unsupported" [ "$status" = 6 ]

echo "$other" > $devices/"$other"/driver/unbind
cxlvfio bind -q "$bdf" || exit 1
reset --method hot --yes "$bdf"
check "a hot reset of what nobody has: unsupported" [ "$status" = 6 ]
check "since VFIO has it not" says "and has no VFIO driver"
check "in the document, too" reaches_both '"cxl-vfio-pci"' null
reset --cycles 2 "$bdf"
check "an FLR reaches the function alone" [ "$status" = 0 ]

modprobe vfio-pci
echo vfio-pci > $devices/"$other"/driver_override
echo "$other" > /sys/bus/pci/drivers_probe
check "the other function goes to vfio-pci" \
	[ "$(basename "$(readlink "$devices/$other/driver")")" = vfio-pci ]
reset --method hot "$bdf" < /dev/null
check "a hot reset of both needs --yes" [ "$status" = 2 ]
check "and shows the other one" says "$other driver vfio-pci, IOMMU group $group"
check "and its end" says "reaches beyond the function"
reset --method bus --yes "$bdf"
check "a bus reset stays unsupported" [ "$status" = 6 ]

python3 -c '
import fcntl, os, struct, sys, time
VFIO = ord(";") << 8
container = os.open("/dev/vfio/vfio", os.O_RDWR)
group = os.open("/dev/vfio/" + sys.argv[1], os.O_RDWR)
fcntl.ioctl(group, VFIO | 104, struct.pack("i", container))
fcntl.ioctl(container, VFIO | 102, 1)
device = fcntl.ioctl(group, VFIO | 106, bytearray(sys.argv[2].encode() + b"\0"))
open(sys.argv[3], "w").close()
time.sleep(3000)' "$group" "$other" "$scratch/held" &
holder=$!
wait_for test -e "$scratch/held"
reset --method hot --yes "$bdf"
check "a hot reset of what a program has open: busy" [ "$status" = 5 ]
check "and the program is named" says "process $holder (python3) has it open"
check "in the document, too" holds ".resets[0].scope.functions[1].opened_by[0].pid == $holder"
kill $holder
wait $holder 2> "$scratch/answer"

reset --method hot --yes --cycles 2 "$bdf"
check "of two functions that VFIO has: verified" [ "$status" = 0 ]
check "both are shown" reaches_both '"cxl-vfio-pci"' '"vfio-pci"'
check "and seen in the device by its register" verdict real_flr pass
check "reset_method is as before" [ "$(cat "$methods")" = "$saved" ]
reset --cycles 2 "$bdf"
check "the device is as good as before" [ "$status" = 0 ]
finish
