#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: --emulator --locked --endpoints 4 --timeout 300
# vm: --emulator --locked --endpoints 4 --kernel debug --timeout 900
#
# Devices that do not come back from a reset as they should: every one is found, by the check
# that names it. A fault strikes at the second reset after it is armed: the first is the open's.
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

strike 0 reset-ignored
check "an ignored reset is found" [ "$status" = 7 ]
check "by the register that it did not clear" verdict real_flr fail
check "and by nothing else" holds '[.checks[] | select(.verdict == "fail")] | length == 1'
heal 0

strike 0 content-corrupted@2
check "changed memory is found" [ "$status" = 7 ]
check "by its tags" verdict same_memory fail
check "and by nothing else" holds '[.checks[] | select(.verdict == "fail")] | length == 1'
heal 0
strike 0 content-corrupted@2 --expect any
check "changed memory is no failure where any is expected" [ "$status" = 0 ]
heal 0

strike 0 media-ready-after=700@2
check "late media is waited for" [ "$status" = 0 ]
check "as long as it takes" holds '.cycles[0] | .reset_ns + .ready_ns > 700000000'
heal 0

strike 0 decoder-lost@2
check "a lost locked decoder is found" [ "$status" = 7 ]
check "the message names it" says "decoder 0 not committed: commit error"
check "the window is not reactivated" verdict reactivated fail
check "its registers tell" verdict same_decoders fail
check "the mappings were zapped all the same" verdict zapped pass
check "every page raised SIGBUS, none gave data" holds '.cycles[0].mappings[] |
	select(.name == "whole") | .sigbus == .pages and .content.retained == 0 and
	.content.all_ones == 0 and .content.other == 0'
check "the driver says refused" [ "$(cat "/sys/bus/pci/devices/$(endpoint 0)/cxl_vfio/refuse_count")" -gt 0 ]
strike 0 reset-ignored
check "a window that is shut already proves nothing" [ "$status" = 1 ]
check "and accuses nobody" holds '[.checks[] | select(.verdict == "fail")] | length <= 1'

strike 1 base-changed@2
check "a moved decoder is found" [ "$status" = 7 ]
check "by name" says "decoder 0 changed its base"

strike 2 media-never-ready@2
check "media that never comes back is found" [ "$status" = 7 ]
check "by name" says "media not ready"

strike 3 all-ones@2 --timeout 5
check "a device that reads all ones is lost" [ "$status" = 9 ]
check "the document has its cycle" holds '.cycles[0].lost and .errors[0].code == "DEVICE_LOST"'
finish
