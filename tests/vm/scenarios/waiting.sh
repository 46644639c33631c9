#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Media that takes seconds after a reset: who comes meanwhile waits, and can be killed.
set -u
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
cxlvfio bind -q "$bdf" || exit 1
exec build/sandbox/tests/vm/waiting_test "$bdf"
