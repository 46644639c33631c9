#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The tenant boundary: nobody reads what somebody else left.
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
# Bytes from before the bind: the window is no RAM, so root may write it through /dev/mem.
python3 - << 'EOF'
import mmap, os
f = os.open("/dev/mem", os.O_RDWR | os.O_SYNC)
m = mmap.mmap(f, 4096, offset=0x140000000)
m[0:16] = b"left by somebody"
EOF
cxlvfio bind -q "$bdf" || exit 1
build/sandbox/tests/vm/tenant_test "$bdf" || exit 1

# The parameter is the policy of what is bound later.
cxlvfio unbind -q "$bdf"
echo none > /sys/module/cxl_vfio_pci/parameters/scrub
cxlvfio bind -q "$bdf"
policy=$(cat "/sys/bus/pci/devices/$bdf/cxl_vfio/scrub_policy")
if [ "$policy" = none ]; then
	echo "ok - the module's parameter is the policy of the next bind"
else
	echo "not ok - the module's parameter is the policy of the next bind"
	echo "# scrub_policy is '$policy', not 'none'"
	exit 1
fi
end_with 0
