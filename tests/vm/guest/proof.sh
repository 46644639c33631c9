#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For the scenarios of cxlvfio reset, which source it: a run's document and TAP lines about it.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Zeroing the window at each close takes longer than all else here, and as much memory of the host
# as the window has. The policy has its own scenario, tenant.sh.
scrub=/sys/module/cxl_vfio_pci/parameters/scrub
[ ! -e $scrub ] || echo none > $scrub
json=
status=0
# shellcheck source=tests/vm/guest/tap.sh
. /src/tests/vm/guest/tap.sh

# reset ARG...: run it, keep its document in $json and its exit status in $status.
reset() {
	status=0
	json=$(cxlvfio reset --json "$@" 2> "$scratch/stderr") || status=$?
}

# holds FILTER: jq says so of the last document.
holds() {
	printf '%s' "$json" | jq -e "$1" > "$scratch/answer"
}

# The last document is what the schema says that is installed with the command.
valid() {
	printf '%s' "$json" |
		python3 /src/tests/cli/validate.py /usr/local/share/cxlvfio/schema > "$scratch/answer"
}

# verdict CHECK WORD: what the last document says of a check.
verdict() {
	holds "[.checks[] | select(.id == \"$1\") | .verdict] == [\"$2\"]"
}

# says TEXT: the last run did, on stderr.
says() {
	grep -q "$1" "$scratch/stderr"
}

# check NAME COMMAND...: one TAP line, with what the last run said where it fails.
check() {
	name=$1
	shift
	observe "it is not so:$(printf " '%s'" "$@")"
	good=0
	"$@" || good=$?
	result "$good" "$name"
}

# What failed, in the words of the last run; what jq or a command said of it last.
why() {
	[ ! -e "$scratch/stderr" ] || cat "$scratch/stderr"
	[ ! -e "$scratch/answer" ] || head -n 5 "$scratch/answer"
	printf '%s' "$json" | jq -c '.errors[]?, .warnings[]?,
		(.checks[]? | select(.verdict != "pass")),
		(.resets[]? | { verdict, verdicts, cycles_done, scope }), .cycles[]?' |
		cut -c 1-1000
}

# wait_for_resets ENDPOINT COUNT: each raises the generation.
wait_for_resets() {
	generation=/sys/bus/pci/devices/$1/cxl_vfio/generation
	until_then=$(($(cat "$generation") + $2))
	wait_for has_come_to "$generation" $until_then
}

has_come_to() {
	[ "$(cat "$1")" -ge "$2" ]
}

# No process of the command is left.
none_left() {
	! pgrep -x cxlvfio > "$scratch/answer"
}

finish() {
	echo "1..$count"
	exit "$bad"
}
