#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For scenarios that source it: the registers of the only endpoint while no driver has it. Sets
# bdf, and registers to the physical address of the HDM decoder capability.
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')

# get OFFSET, put OFFSET VALUE: one dword of the HDM decoder registers; offsets of cxl_regs.h.
get() {
	busybox devmem $((registers + $1)) 32
}

put() {
	busybox devmem $((registers + $1)) 32 $(($2))
}

# Memory space on, and where the capability (id 5) is in the block at the begin of BAR 0.
find_registers() {
	setpci -s "$bdf" COMMAND=0x2:0x2
	block=$(cut -d ' ' -f 1 "/sys/bus/pci/devices/$bdf/resource" | head -n 1)
	array=$((block + 0x1000))
	entry=1
	while [ $entry -le 16 ]; do
		value=$(busybox devmem $((array + 4 * entry)) 32)
		if [ $((value & 0xffff)) = 5 ]; then
			registers=$((array + (value >> 20)))
			return
		fi
		entry=$((entry + 1))
	done
	echo "Bail out! no HDM decoder capability in BAR 0 of $bdf"
	exit 1
}

# commit N BASE SIZE, uncommit N: as firmware would.
commit() {
	decoder=$((0x10 + 0x20 * $1))
	put $decoder "$2 & 0xffffffff"
	put $decoder+0x04 "$2 >> 32"
	put $decoder+0x08 "$3 & 0xffffffff"
	put $decoder+0x0c "$3 >> 32"
	put $decoder+0x10 0x200
	[ $(($(get $decoder+0x10) & 0xc00)) = $((0x400)) ] || {
		echo "Bail out! decoder $1 does not commit $2 + $3"
		exit 1
	}
}

uncommit() {
	put "0x20 + 0x20 * $1" 0
}
