#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What one boot of tests/vm/test_ladder.sh has to see, and where it ends: ladder.sh BOOT, from 1 on.
# In the step of this number of the first contact the machine is switched off; the next boot says so.
# What is printed goes to the host before that.
# shellcheck disable=SC2319  # "result $?" means the condition before it
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/tap.sh"

boot=$1
steps="registers line page write rest"
fchmod=91	# of x86-64: one for each file that is written; see scenarios/ladder.sh
exec > "/mnt/share/$boot.tap" 2>&1
mkdir -p /mnt/share/lib /var/lib/cxlvfio
mount --bind /mnt/share/lib /var/lib/cxlvfio || exit 1
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')

# shellcheck disable=SC2317  # called by result
why() {
	cat /tmp/stderr
	cat /var/lib/cxlvfio/ladder-*
	cat /proc/sys/kernel/random/boot_id
}

step() { # NUMBER
	echo "$steps" | cut -d ' ' -f "$1"
}

ladder() {
	cxlvfio list --json 2> /tmp/list | jq -r ".endpoints[0].ladder.$1"
}

# try COMMAND...: $status and /tmp/stderr of it.
try() {
	status=0
	"$@" > /tmp/stdout 2> /tmp/stderr || status=$?
}

if [ "$boot" -gt 1 ]; then
	last=$(step $((boot - 1)))
	state="$(ladder state) $(ladder step)"
	observe "list says $state"
	[ "$state" = "not_survived $last" ]
	result $? "list: the machine did not survive $last"
	try cxlvfio list
	grep -q "did not survive step \"$last\"" /tmp/stdout /tmp/stderr
	result $? "list says so to people"
	try cxlvfio doctor --check first_contact
	[ $status = 7 ] && grep -q "did not survive step \"$last\"" /tmp/stdout
	result $? "so does doctor"
	try cxlvfio bind "$bdf"
	if [ "$last" = registers ]; then
		[ $status = 5 ]
		result $? "bind, which reads registers, refuses"
		try cxlvfio bind --force "$bdf"
	fi
	[ $status = 0 ] && grep -q "did not survive step \"$last\"" /tmp/stderr
	result $? "bind says so"
	try cxlvfio reset "$bdf"
	[ $status = 5 ] && grep -q "did not survive step \"$last\"" /tmp/stderr
	result $? "reset refuses, and says so"
	try cxlvfio verify "$bdf"
	[ $status = 5 ]
	result $? "so does verify"
else
	try cxlvfio bind "$bdf"
	result $status "the first bind"
fi
if [ -n "$(step "$boot")" ]; then
	echo "1..$count"
	sync
	/src/build/sandbox/tests/vm/end_at 9 $fchmod $((boot + 2)) \
		cxlvfio verify --prove --yes "$bdf"
	echo o > /proc/sysrq-trigger
	sleep 1000
fi
try cxlvfio verify --prove --yes "$bdf"
[ $status = 0 ] && [ "$(ladder state)" = proven ]
result $? "with consent it is proven at last"
try cxlvfio reset --sample 8 "$bdf"
result $status "and a reset asks for nothing"
echo "1..$count"
exit "$bad"
