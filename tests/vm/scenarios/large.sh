#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A window that is larger than the machine's memory: a sample of it is proven in bounded time and
# memory, with pages of 1 GiB; and a run that writes nothing.
set -u
# shellcheck source=tests/vm/guest/proof.sh
. "$(dirname "$0")/../guest/proof.sh"

cxlvfio bind -q all || exit 1
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')

reset --sample 64 --cycles 3 "$bdf"
check "64 blocks of 64 GiB are proven" [ "$status" = 0 ]
check "what was touched is said, and what it is worth" \
	holds '.resets[0].sample | .blocks == 64 and .blocks_total == 32768 and
		.undetected_ppm == 75086 and .confidence_percent == 99'
check "every page of them" \
	holds '[.cycles[].mappings[] | select(.name == "whole") | .pages == 64 * 512] | all'
check "with pages of 1 GiB, exactly" \
	holds '.resets[0].page_size == 1073741824 and ([.cycles[].mappings[] |
		select(.name == "whole") | .faults_before == 0 and .faults_after == .faults_expected and
		.faults_after > 40 and .faults_after <= 64] | all)'
check "no check was left undecided" holds '[.checks[] | .verdict == "pass" or
	.id == "dma_buf"] | all'
check "the tags are gone again" holds '.resets[0].memory_restored'
check "the document is what its schema says" valid

# A limit on the address space that is smaller than the window.
status=0
json=$(prlimit --as=1073741824 cxlvfio reset --json --sample 64 "$bdf" 2> "$scratch/stderr") ||
	status=$?
check "no room for the window: failed" [ "$status" = 1 ]
check "which is said, with the next step" says "ulimit -v"

# Memory that is bounded whatever the window has.
peak=$(python3 -c 'import os, sys
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ,
                      file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
print(os.wait4(pid, 0)[2].ru_maxrss)' cxlvfio reset -q --sample 64 "$bdf" 2> "$scratch/stderr")
echo "# $peak KiB at most"
check "in less than 64 MiB" [ "$peak" -lt 65536 ]

reset --read-only --sample 64 --cycles 2 "$bdf"
check "nothing written: the mappings are proven" [ "$status" = 0 ]
check "but of a window full of zeros no content" verdict same_memory skip
check "and no register was written" verdict real_flr skip

# What a killed run leaves behind tells pages apart.
cxlvfio reset --sample 64 --cycles 1000 "$bdf" > "$scratch/killed" 2>&1 &
killed=$!
until grep -q '^cycle' "$scratch/killed" || ! kill -0 $killed; do sleep 0.1; done
kill -KILL $killed
wait $killed
reset --read-only --sample 64 --cycles 2 "$bdf"
check "words that differ" [ "$status" = 0 ]
check "must come back" verdict same_memory pass
check "in every mapping" verdict offset_mapping pass
finish
