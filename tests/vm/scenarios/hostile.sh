#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# SEEDS (20) devices whose registers lie. The machine itself fails on any report of the kernel's checkers.
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
echo cxl-vfio-pci > "/sys/bus/pci/devices/$bdf/driver_override"
seeds=${SEEDS:-20}
# Zeroing 256 MiB at every close takes as long as all else: one device in ten goes through it.
scrubbed=$((seeds / 10))
parameter=/sys/module/cxl_vfio_pci/parameters/scrub
echo none > $parameter
build/sandbox/tests/vm/hostile_test "$bdf" 0 $((seeds - scrubbed)) || exit 1
echo zero > $parameter
build/sandbox/tests/vm/hostile_test "$bdf" $((seeds - scrubbed)) $scrubbed || exit 1
# A refused bind says why, each time: those of the CXL core's own are its.
dmesg | grep -c "refused: " | sed 's/^/# lines that say why: /'
end_with 0
