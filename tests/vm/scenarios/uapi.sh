#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The VFIO interface: information, the component BAR wherever its block is, the DVSEC filter.
set -u
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
cxlvfio bind -q "$bdf" || exit 1
exec build/sandbox/tests/vm/uapi_test "$bdf"
