#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: --kernel debug --leaks --timeout 900
#
# Every allocation fails once, on the kernel that looks for leaks afterwards. STRIDE=1 in the
# environment leaves none of bind's and unbind's out, which takes five minutes longer.
set -u
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
echo cxl-vfio-pci > "/sys/bus/pci/devices/$bdf/driver_override"
exec build/sandbox/tests/vm/inject_test "$bdf" "${STRIDE:-4}"
