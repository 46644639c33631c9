#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Devices that do not come back from a reset as they should: what is said of them beyond that they
# are found, which wrong.sh shows. A fault strikes at the second reset after it is armed: the first
# is the open's.
set -u
# shellcheck source=tests/vm/guest/proof.sh
. "$(dirname "$0")/../guest/proof.sh"

cxlvfio bind -q all || exit 1

# endpoint N: the address of the endpoint with the N-th device server.
endpoint() {
	cxlvfio list --json | jq -r ".endpoints[] | select(.serial == $((0x1000 + $1))) | .host"
}

# strike N FAULT [OPTION...]: inject it and reset.
strike() {
	number=$1
	endpointctl "$number" fault "$2" > "$scratch/answer" || echo "# fault $2 is refused"
	shift 2
	reset "$@" "$(endpoint "$number")"
}

heal() {
	endpointctl "$1" clear all > "$scratch/answer"
}

strike 0 content-corrupted@2 --expect any
check "changed memory is no failure where any is expected" [ "$status" = 0 ]
heal 0

strike 0 media-ready-after=700@2
check "late media is waited for" [ "$status" = 0 ]
check "as long as it takes" holds '.cycles[0] | .reset_ns + .ready_ns > 700000000'
heal 0

strike 0 decoder-lost@2
check "a lost decoder is found" [ "$status" = 7 ]
check "and named" says "decoder 0 not committed"
check "the window is not reactivated" verdict reactivated fail
check "its registers tell" verdict same_decoders fail
check "the mappings were zapped all the same" verdict zapped pass
check "every page raised SIGBUS, none gave data" holds '.cycles[0].mappings[] |
	select(.name == "whole") | .sigbus == .pages and .content.retained == 0 and
	.content.zero == 0 and .content.all_ones == 0 and .content.other == 0'
check "the driver agrees" verdict driver_counters pass
check "the document is what its schema says" valid
check "the tags that could not be taken back are owned up to" holds '
	(.resets[0].memory_restored | not) and ([.warnings[].message | contains("put back")] | any)'

# Shut from the open on: the reset may repair it, but there was nothing to zap.
reset "$(endpoint 0)"
check "a window that is shut already and stays so" [ "$status" = 7 ]
check "proves no zap" verdict zapped skip
heal 0
reset "$(endpoint 0)"
check "the open's own reset repairs it once it can be" [ "$status" = 0 ]

# The kernel asks for 65 s before it gives up; the device comes back while it is being closed.
strike 0 all-ones-for=90000@3x1 --timeout 10 --cycles 3
check "a device that reads all ones is lost" [ "$status" = 9 ]
check "the document has its cycle, and the one before" holds '
	[.cycles[].lost] == [false, true] and ([.errors[].code] == ["DEVICE_LOST"])'

check "nobody accessed a window that did not decode, or with memory space off" not_accessed
finish
