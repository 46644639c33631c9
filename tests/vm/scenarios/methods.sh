#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every method of a reset, in turns and by itself: what it needs, what it reaches, what it says.
set -u
# shellcheck source=tests/vm/guest/proof.sh
. "$(dirname "$0")/../guest/proof.sh"

bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
methods=/sys/bus/pci/devices/$bdf/reset_method
saved=$(cat "$methods")
cxlvfio bind -q "$bdf" || exit 1

reset --method cxl --yes "$bdf"
check "no CXL reset in this kernel: unsupported" [ "$status" = 6 ]
check "and what there is instead" says "$saved"

reset --method bus "$bdf" < /dev/null
check "a bus reset needs --yes" [ "$status" = 2 ]
check "and shows what it would reset" says "everything below"
check "in the document, too" holds '.resets[0].scope.functions[0].host == .resets[0].target and
	.resets[0].scope.reach == "bus" and .cycles == []'
check "which is what its schema says" valid
reset --dry-run --method hot "$bdf"
check "a dry run changes nothing" [ "$status" = 0 ]
check "and makes no cycle" holds '.resets[0].dry_run and .cycles == []'

reset --method bus --yes --cycles 2 "$bdf"
check "bus resets are verified" [ "$status" = 0 ]
check "and seen in the device by its register" verdict real_flr pass
check "by the kernel's word for it" holds '[.cycles[].reset_method == "cxl_bus"] == [true, true]'
check "reset_method is as before" [ "$(cat "$methods")" = "$saved" ]
reset --method hot --yes --cycles 2 "$bdf"
check "hot resets are verified" [ "$status" = 0 ]
check "and seen in the device by its register" verdict real_flr pass
check "a masked one is warned of" holds '[.warnings[].message | contains("UNMASK_SBR")] | any'

# Other methods in the same run.
proof() {
	status=0
	json=$(cxlvfio verify --json "$@" 2> "$scratch/stderr") || status=$?
}

proof --methods flr,flr:config,bus,hot,flr:sysfs,memory,auto --cycles 14 --yes "$bdf"
check "methods take turns" [ "$status" = 0 ]
check "two rounds of seven" holds '[.cycles[] | .method + ":" + .via] == ([
	"flr:vfio", "flr:config", "bus:vfio", "hot:vfio", "flr:sysfs", "memory:config", "auto:vfio"] |
	. + .)'
check "each expects what it leaves" holds '[.cycles[] | .expect == "retained"] ==
	([true, true, false, false, true, true, false] | . + .)'
check "reset_method is as before" [ "$(cat "$methods")" = "$saved" ]
check "the document is what its schema says" valid
echo cxl_bus > "$methods"
proof --method memory --cycles 3 --sample 16 "$bdf"
check "memory space off and on needs no reset" [ "$status" = 0 ]
check "and says so" holds '([.checks[] | select(.verdict == "skip") | .id] -
	["dma_buf"]) == ["real_flr"] and
	[.cycles[] | .reset_method == null and .via == "config"] == [true, true, true]'
check "leaves reset_method alone" [ "$(cat "$methods")" = cxl_bus ]
echo "$saved" > "$methods"
reset --no-verify --method memory "$bdf"
check "also without a proof" [ "$status" = 0 ]
proof --duration 10 --sample 8 "$bdf"
check "a time instead of a number" [ "$status" = 0 ]
check "ends after the cycle in which it is over" holds '.resets[0] | .cycles_requested == null and
	.cycles_done > 1 and .duration_requested_ns == 10000000000'
proof --methods flr,cxl "$bdf"
check "one of several that is not offered" [ "$status" = 2 ]
proof --methods flr,cxl --yes "$bdf"
check "is refused before the first reset" [ "$status" = 6 ]
check "of which there is none" holds '.cycles == []'

# Killed at any moment, also while the kernel resets; killed.sh is before every call. The next
# command that changes something puts things right.
random=1
left=0
seen=0
for round in 1 2 3 4 5 6; do
	random=$(((random * 1103515245 + 12345) % 2147483648))
	cxlvfio reset --method bus --yes --cycles 1000 "$bdf" > "$scratch/killed" 2>&1 &
	killed=$!
	# Half of them are killed for sure while the methods are changed, the others wherever they are.
	[ $((round % 2)) = 0 ] ||
		until grep -q '^cycle' "$scratch/killed" || ! kill -0 $killed; do sleep 0.1; done
	sleep "1.$((random / 65536 % 10))$((random / 256 % 10))"
	kill -KILL "$killed"
	wait "$killed"
	if [ -e "/run/cxlvfio/$bdf.reset_method" ]; then
		left=$((left + 1))
		cxlvfio doctor --json --check interrupted_reset 2> "$scratch/doctor" |
			jq -e '.checks[0].result == "warning"' > "$scratch/answer" && seen=$((seen + 1))
	fi
	case $((round % 3)) in
	0) cxlvfio bind "$bdf" ;;
	1) cxlvfio reset --no-verify "$bdf" ;;
	2) cxlvfio unbind "$bdf" && cxlvfio bind "$bdf" ;;
	esac > "$scratch/next" 2>&1 || break
	[ "$(cat "$methods")" = "$saved" ] || break
	[ ! -e "/run/cxlvfio/$bdf.reset_method" ] || break
done
[ "$round" = 6 ] || sed 's/^/# /' "$scratch/next"
echo "# $left of $round runs were killed between saving and restoring"
check "6 runs killed: reset_method is put back each time" [ "$(cat "$methods")" = "$saved" ]
check "by 6 commands" [ "$round" = 6 ]
check "some had something to put back" [ "$left" -gt 0 ]
check "and doctor saw each" [ "$seen" = "$left" ]
check "nothing is left behind" [ ! -e "/run/cxlvfio/$bdf.reset_method" ]
reset --cycles 2 "$bdf"
check "the device is as good as before" [ "$status" = 0 ]

# What goes wrong, each with its own status, and the cycles that were made.
endpointctl 0 fault media-ready-after=20000@3 > "$scratch/answer"
reset --timeout 8 --cycles 3 "$bdf"
check "memory that takes too long: timeout" [ "$status" = 8 ]
check "and the end of the run, with the cycles until then" holds '.resets[0].cycles_done == 2 and
	([.errors[].code] == ["TIMEOUT"])'
endpointctl 0 clear all > "$scratch/answer"

limited() {
	status=0
	# shellcheck disable=SC3045 # dash has it
	json=$(ulimit -v 250000 && cxlvfio reset --json "$bdf" 2> "$scratch/stderr") || status=$?
}
limited
check "a window larger than the address space" [ "$status" = 1 ]
check "has its sentence" says "cannot map the HDM window"
check "and its code" holds '[.errors[].code] == ["OUT_OF_MEMORY"]'

cxlvfio reset --json --cycles 1000 "$bdf" > "$scratch/document" 2> "$scratch/stderr" &
first=$!
# The open, the first cycle, and into the next.
wait_for_resets "$bdf" 4
echo "$bdf" > /sys/bus/pci/drivers/cxl-vfio-pci/unbind
status=0
wait $first || status=$?
json=$(cat "$scratch/document")
check "the driver is taken away in the middle: busy" [ "$status" = 5 ]
check "which is said" says "somebody is unbinding its driver"
check "the cycles until then are told" holds '.resets[0].cycles_done > 0 and
	(.cycles | length) == .resets[0].cycles_done'
check "reset_method is as before" [ "$(cat "$methods")" = "$saved" ]
finish
