#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page sizes up to 1 GiB, many mappings, memory type, poison, read and write.
set -u
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
modprobe pte_test || exit 1
mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug || exit 1
cxlvfio bind -q "$bdf" || exit 1
exec build/sandbox/tests/vm/mapping_test "$bdf"
