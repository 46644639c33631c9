#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The device server's count of accesses to a window that nobody may access, which other scenarios
# want to be 0: it counts. By /dev/mem, which asks nobody, and by a driver that is wrong.
set -u
# shellcheck source=tests/vm/guest/proof.sh
. "$(dirname "$0")/../guest/proof.sh"
# shellcheck source=tests/vm/guest/decoder.sh
. "$(dirname "$0")/../guest/decoder.sh"

# access read|write PAGES: of the window, from its beginning.
access() {
	python3 - "$@" << 'EOF'
import mmap, os, sys
pages = int(sys.argv[2])
memory = os.open("/dev/mem", os.O_RDWR | os.O_SYNC)
window = mmap.mmap(memory, pages * 4096, offset=0x140000000)
for page in range(pages):
    if sys.argv[1] == "read":
        window[page * 4096]
    else:
        window[page * 4096] = 1
EOF
}

# counted NAME: what the device server has now.
counted() {
	endpointctl 0 counts | jq ".$1"
}

# counts NAME NUMBER, at_least NAME NUMBER: it has so many more than $before.
# shellcheck disable=SC2317  # check() calls them
counts() {
	now=$(counted "$1")
	observe "$1: $before before, $now now"
	[ $((now - before)) = "$2" ]
}

# shellcheck disable=SC2317
at_least() {
	now=$(counted "$1")
	observe "$1: $before before, $now now"
	[ $((now - before)) -ge "$2" ]
}

find_registers
endpointctl 0 reset-counts > /dev/null
access read 8
access write 8
check "accesses while it decodes are not counted" not_accessed

before=0
setpci -s "$bdf" COMMAND=0:2
access read 3
check "reads with memory space off are, a page each" counts accesses_memory_off 3
access read 3
check "and again once the count was looked at" counts accesses_memory_off 6
setpci -s "$bdf" COMMAND=2:2
setpci -s "$bdf" COMMAND=0:2
access write 2
check "and so are writes" counts accesses_memory_off 8
setpci -s "$bdf" COMMAND=2:2
access read 8
check "on again, no more" counts accesses_memory_off 8

uncommit 0
access read 4
check "without a decoder" counts accesses_undecoded 4
commit 0 0x140000000 0x10000000
access write 8
check "committed again, no more" counts accesses_undecoded 4

# A driver that lets a read through while it should not, with memory space off.
cxlvfio bind -q "$bdf" || exit 1
before=$(counted accesses_memory_off)
status=0
cxlvfio reset -q "$bdf" > "$scratch/right" 2>&1 || status=$?
observe "it ended with $status: $(cat "$scratch/right")"
check "a reset by the right driver works" [ "$status" = 0 ]
check "and accesses nothing" counts accesses_memory_off 0
echo memory-off-unnoticed > /sys/module/cxl_vfio_pci/parameters/wrong
cxlvfio verify -q --method memory --timeout 5 "$bdf" > "$scratch/wrong" 2>&1
echo none > /sys/module/cxl_vfio_pci/parameters/wrong
check "a driver that does not notice memory space off: many" at_least accesses_memory_off 1
before=$(counted accesses_memory_off)
status=0
cxlvfio verify -q --method memory --timeout 5 "$bdf" > "$scratch/right" 2>&1 || status=$?
observe "it ended with $status: $(cat "$scratch/right")"
check "a verify by the right driver works" [ "$status" = 0 ]
check "and accesses nothing" counts accesses_memory_off 0
finish
