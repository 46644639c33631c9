#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# shellcheck disable=SC2034  # bad is the status of who sources it
#
# For scenarios that source it: numbered TAP lines. They define why(), which prints what explains a
# failure, and end with "1..$count" and status $bad.
count=0
bad=0
observed=

# observe TEXT: what is told if the next result is bad.
observe() {
	observed="$observed$1
"
}

# result STATUS WHAT: 0 is good.
result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		bad=1
		echo "not ok $count - $2"
		{
			echo "the condition ends with $1, status is '${status-}'"
			printf '%s' "$observed"
			why
		} 2>&1 | sed 's/^/# /'
	fi
	observed=
}

# Up to five minutes for a command to succeed.
wait_for() {
	turns=3000
	while ! "$@"; do
		turns=$((turns - 1))
		if [ $turns = 0 ]; then
			observe "not within 5 minutes: $*"
			return 1
		fi
		sleep 0.1
	done
}

# not_accessed: no device server saw its window accessed while it did not decode, or while memory
# space was off.
not_accessed() {
	number=0
	while counts=$(endpointctl $number counts); do
		observe "endpoint $number: $counts"
		printf '%s' "$counts" | jq -e '.watched and .accesses_undecoded == 0 and
			.accesses_memory_off == 0' > /dev/null || return
		number=$((number + 1))
	done
	[ $number != 0 ]
}

# end_with STATUS: the last line and the end of a scenario whose other lines a program printed, with
# numbers.
end_with() {
	if not_accessed; then
		echo "ok - nobody accessed a window that did not decode, or with memory space off"
		exit "$1"
	fi
	echo "not ok - nobody accessed a window that did not decode, or with memory space off"
	printf '%s' "$observed" | sed 's/^/# /'
	exit 1
}
