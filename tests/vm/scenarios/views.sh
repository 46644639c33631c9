#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The window as a BAR beside the region, what can be chosen, the DVSEC of a user's own, dma-bufs.
set -u
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
modprobe recovery_test && modprobe importer_test || exit 1
cxlvfio bind -q "$bdf" || exit 1
exec build/sandbox/tests/vm/views_test "$bdf"
