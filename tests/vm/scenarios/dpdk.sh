#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A user-space driver that is packaged: DPDK opens the endpoint and maps the window's BAR.
set -u
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
cxlvfio bind -q "$bdf" || exit 1
LD_LIBRARY_PATH=/mnt/share/usr/lib/x86_64-linux-gnu exec /mnt/share/dpdk_test "$bdf"
