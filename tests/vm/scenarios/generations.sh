#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The generations of the CXL interface, each with a client that finds what it needs as the VMMs of
# that generation do: the current one, which is the newest published, generation 2, and none.
set -u
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
# The memory of one client need not be zeroed for the next: tenant.sh is about that.
echo none > /sys/module/cxl_vfio_pci/parameters/scrub
cxlvfio bind -q "$bdf" || exit 1
status=0
for client in current 2 none; do
	echo "# interface $client"
	build/sandbox/tests/vm/client_$client "$bdf" || status=1
done
exit $status
