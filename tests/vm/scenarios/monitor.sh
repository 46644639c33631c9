#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# OPERATIONS (200) on the endpoints, at random, while cxlvfio monitor tells of them.
modprobe cxl_vfio_pci && modprobe aer_inject || exit 1
[ -d /sys/kernel/tracing/instances ] || mount -t tracefs tracefs /sys/kernel/tracing || exit 1
exec python3 tests/vm/guest/monitor.py "${OPERATIONS:-200}" ${SEED:+"$SEED"}
