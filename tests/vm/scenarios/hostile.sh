#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: --kernel debug --timeout 1500
#
# 200 devices whose registers lie. The machine itself fails on any report of the kernel's checkers.
set -u
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
echo cxl-vfio-pci > "/sys/bus/pci/devices/$bdf/driver_override"
# Zeroing 256 MiB at every close takes as long as all else: the last 20 devices go through it.
parameter=/sys/module/cxl_vfio_pci/parameters/scrub
echo none > $parameter
build/sandbox/tests/vm/hostile_test "$bdf" 0 180 || exit 1
echo zero > $parameter
build/sandbox/tests/vm/hostile_test "$bdf" 180 20 || exit 1
# A refused bind says why, each time: those of the CXL core's own are its.
dmesg | grep -c "refused: " | sed 's/^/# lines that say why: /'
