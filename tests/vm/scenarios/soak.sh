#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A right device and a right driver are never accused: FLRS resets, MEMORIES cycles of memory space,
# and LOADS of these with 16 threads and 4 processes, each proven, and neither the command nor the
# kernel keeps anything of them. make soak runs 2,000, 100,000 and 10,000; everywhere else a share of
# it that takes two minutes.
set -u

# Everything takes several times as long with KASAN and lockdep.
if [ -e /sys/kernel/debug/kmemleak ]; then
	flrs=40 memories=100 loads=20
else
	flrs=100 memories=700 loads=60
fi
# Zeroing the window at each close is not what this is about.
echo none > /sys/module/cxl_vfio_pci/parameters/scrub
exec python3 "$(dirname "$0")/../guest/soak.py" "flr:${FLRS:-$flrs}" \
	"memory:${MEMORIES:-$memories}" "memory+load:${LOADS:-$loads}"
