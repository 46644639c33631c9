#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run by tests/demo in the machine: what an operator sees, from an unknown machine to a proven reset,
# what it looks like when the hardware fails, and what a guest sees in the end. Ends with the first
# command that goes wrong.
set -eu

show() {
	printf '\n$ %s\n' "$*"
	"$@"
}

# A step that must end with the given status.
fails() {
	expected=$1
	shift
	printf '\n$ %s\n' "$*"
	status=0
	"$@" || status=$?
	echo "(exit status $status)"
	[ $status = "$expected" ]
}

say() {
	printf '\n# %s\n' "$*"
}

# The guest boots meanwhile; it goes on when it gets a line.
run=$(mktemp -d)
mkfifo "$run/go"
python3 tests/vm/guest/nested_demo.py < "$run/go" &
guest=$!
exec 3> "$run/go"

target=$(cxlvfio list --json | jq -r '.endpoints[0].host')

say "Which Type-2 endpoints are there, and what state are they in?"
show cxlvfio list
say "Hand it to VFIO. First only the plan, then for real."
show cxlvfio bind --dry-run "$target"
show cxlvfio bind "$target"
show cxlvfio show "$target"
say "Reset it by FLR, twice, and prove that the mappings went away and came back."
show cxlvfio reset --verify --cycles 2 "$target"
say "The same for a script."
printf '\n$ cxlvfio reset --verify --json %s | jq -c ...\n' "$target"
cxlvfio reset --verify --json "$target" | jq -c '.cycles[0].checks[] | [.id, .verdict]'
# @2: opening the device resets it, too.
say "Now the device loses its decoder in a reset: no data, a reason, and exit status 7."
endpointctl 0 fault decoder-lost@2 > /dev/null
fails 7 cxlvfio reset --verify "$target"
endpointctl 0 clear decoder-lost > /dev/null
endpointctl 0 firmware > /dev/null
say "Repaired, it goes to a virtual machine that has been booting meanwhile: QEMU as it is, the memory is" \
	"a BAR. Its guest resets it."
echo go >&3
wait $guest
