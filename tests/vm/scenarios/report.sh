#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# reset --report: the document of a run that passes, one that a signal ends, one that fails.
set -u
# shellcheck source=tests/vm/guest/proof.sh
. "$(dirname "$0")/../guest/proof.sh"

cxlvfio bind -q all || exit 1
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
report=$scratch/report.html

# words TEXT: the report says so. It must be well-formed for that.
# shellcheck disable=SC2317  # called by check
words() {
	python3 - "$report" "$1" <<-'END'
		import sys
		import xml.etree.ElementTree as ElementTree
		page = ElementTree.parse(sys.argv[1]).getroot()
		sys.exit(sys.argv[2] not in " ".join(" ".join(page.itertext()).split()))
	END
}

# drawings CLASS COUNT: it has so many.
# shellcheck disable=SC2317  # called by check
drawings() {
	[ "$(grep -c "<svg class=\"$1\"" "$report")" = "$2" ]
}

reset --cycles 3 --report "$report" "$bdf"
check "three cycles are proven" [ "$status" = 0 ]
check "and reported" words "3 cycles: 3 passed, 0 failed, 0 inconclusive, 0 not verified."
check "with the time line of one" drawings timeline 1
check "with five histograms" drawings histogram 5
check "and every phase in it" words "refault inherited"
check "the window is the endpoint's" words \
	"0x$(printf %x "$(cxlvfio list --json | jq '.endpoints[0].resource')") to"
check "it names the kernel" words "Kernel $(uname -r)"
check "and the module" words "srcversion $(cat /sys/module/cxl_vfio_pci/srcversion)"
check "and the command line" words "reset --json --cycles 3 --report $report $bdf"

rm "$report"
cxlvfio reset --cycles 1000 --report "$report" "$bdf" > "$scratch/out" 2>&1 &
run=$!
until grep -q '^cycle' "$scratch/out" || ! kill -0 $run; do sleep 0.1; done
check "nothing is there while it runs" [ ! -e "$report" ]
kill -TERM $run
wait $run
check "a signal ends it" [ $? = 143 ]
check "which the report says" words "then interrupted by a signal"

endpointctl 0 fault decoder-lost@2 > "$scratch/answer"
reset --cycles 2 --report "$report" "$bdf"
check "a decoder that is lost fails" [ "$status" = 7 ]
check "the report says so at once" words "✗ fail cxlvfio reset of $bdf"
check "with the check" words "same_decoders"
check "and the cycle" words "Failed cycles Cycle Verdict"
check "only the report is left" [ "$(find "$scratch" -name '.report*')" = "" ]
endpointctl 0 clear all > "$scratch/answer"
finish
