#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# shellcheck disable=SC2034  # bad is the status of who sources it
#
# For scenarios that source it: numbered TAP lines. They define why(), which prints what explains a
# failure, and end with "1..$count" and status $bad.
count=0
bad=0

# result STATUS WHAT: 0 is good.
result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		bad=1
		echo "not ok $count - $2"
		why 2> /dev/null | sed 's/^/# /'
	fi
}
