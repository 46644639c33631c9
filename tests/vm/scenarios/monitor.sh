#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# OPERATIONS (200) on the endpoints, at random, while cxlvfio monitor tells of them.
modprobe cxl_vfio_pci
exec python3 tests/vm/guest/monitor.py "${OPERATIONS:-200}" ${SEED:+"$SEED"}
