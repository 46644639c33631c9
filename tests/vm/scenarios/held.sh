#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who has the character device open, which only a kernel with iommufd has: unbind names him, and
# leaves him what he has.
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"
# shellcheck source=tests/vm/guest/proof.sh
. "$(dirname "$0")/../guest/proof.sh"

bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
device=/sys/bus/pci/devices/$bdf
cxlvfio bind -q "$bdf" || exit 1
node=/dev/vfio/devices/$(ls "$device/vfio-dev")
check "the device has a character device" [ -c "$node" ]
sleep 600 3< "$node" &
holder=$!
status=0
cxlvfio unbind "$bdf" > "$scratch/stdout" 2> "$scratch/stderr" || status=$?
check "unbind refuses while it is open" [ "$status" = 5 ]
check "names the program and the node" says "process $holder (sleep) has $node open"
check "and leaves it bound" [ "$(basename "$(readlink "$device/driver")")" = cxl-vfio-pci ]
check "list says who has it" [ "$(cxlvfio list --json | jq -r '.endpoints[0].vfio.opened_by[0].pid')" = $holder ]
kill $holder
wait $holder
status=0
cxlvfio unbind "$bdf" > "$scratch/stdout" 2> "$scratch/stderr" || status=$?
check "closed, it is unbound" [ "$status" = 0 ]
finish
