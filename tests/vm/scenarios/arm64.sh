#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An endpoint on arm64: found, bound, proven in 20 resets with the pages of that kernel, which PAGES
# names (4096), and given back. For tests/vm/run --arm64.
set -u
# shellcheck source=tests/vm/guest/proof.sh
. "$(dirname "$0")/../guest/proof.sh"

PAGES=${PAGES-4096}
# A table of page table entries, each of 8 bytes, fills a page.
pmd=$((PAGES * PAGES / 8))
check "this is arm64" [ "$(uname -m)" = aarch64 ]
check "with pages of $PAGES bytes" [ "$(getconf PAGESIZE 2> /dev/null)" = "$PAGES" ]

bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
check "the endpoint is found" [ -n "$bdf" ]
json=$(cxlvfio doctor --json 2> "$scratch/stderr")
check "doctor sees nothing in the way of a bind" holds '[.checks[] | select(.result == "problem")] == []'
status=0
cxlvfio bind -q "$bdf" 2> "$scratch/stderr" || status=$?
check "it is bound" [ "$status" = 0 ]
json=$(cxlvfio list --json)
check "and usable" holds '.endpoints[0].state == "ready"'

json=$(cxlvfio verify --json --cycles 20 "$bdf" 2> "$scratch/stderr") || status=$?
check "20 resets are proven" [ "$status" = 0 ]
check "with large pages of $pmd bytes where they fit" holds "
	.resets[0].page_size == (if .resets[0].size >= $pmd then $pmd else $PAGES end)"
check "faults are accounted for exactly" holds '[.cycles[].mappings[] | .faults_before == 0 and
	.faults_after == .faults_expected] | all'
check "no check was left undecided" holds '[.checks[] | select(.verdict == "fail" or
	.verdict == "inconclusive")] == []'
reset --verify --cycles 3 "$bdf"
check "reset proves its own" [ "$status" = 0 ]

status=0
cxlvfio unbind -q "$bdf" 2> "$scratch/stderr" || status=$?
check "it is given back" [ "$status" = 0 ]
json=$(cxlvfio list --json)
check "and has no driver" holds '.endpoints[0].driver == null'
check "nobody accessed a window that does not decode" not_accessed
finish
