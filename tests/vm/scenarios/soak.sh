#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: --timeout 600
# vm: --kernel debug --leaks --timeout 1200
#
# A right device and a right driver are never accused: FLRS resets and MEMORIES cycles of memory
# space, each proven, and neither the command nor the kernel keeps anything of them. make soak runs
# 2,000 and 100,000; everywhere else a share of it that takes two minutes.
set -u

# Everything takes several times as long with KASAN and lockdep.
if [ -e /sys/kernel/debug/kmemleak ]; then
	flrs=40 memories=100
else
	flrs=100 memories=800
fi
# Zeroing the window at each close is not what this is about.
echo none > /sys/module/cxl_vfio_pci/parameters/scrub
exec python3 "$(dirname "$0")/../guest/soak.py" "flr:${FLRS:-$flrs}" \
	"memory:${MEMORIES:-$memories}"
