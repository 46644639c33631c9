#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Configuration spaces that lie, one lie at a time: before the bind, and between bind and open, when
# the driver asks again. Refused, without a hang, with one line that says why, or taken as harmless;
# and nothing of it stays once the lies are over.
#
#	config.sh [WORDS]	all lies, or those with WORDS in their name; on the debug kernel,
#				which needs 5 s for each, those that only it would notice
#
# shellcheck disable=SC2046,SC2086  # a lie is words: offset and value of each dword
# shellcheck disable=SC2317  # functions that are called by a name in a variable
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"

# What the driver says of each kind of lie.
endless="the list of extended capabilities loops back to"
too_long="extended capability .* says that it ends at .*, behind configuration space"
twice="a second extended capability"
twice_standard="a second capability"
nowhere="a capability at .*, where none can be"
all_ones="extended capability at .* reads all ones"
misplaced="the register locator places component registers at .* in BAR"
no_entry="register locator of .* has no entry"
no_registers="no HDM decoder capability in the component registers"

only=
case $(uname -r) in
*-debug) only="past the end" ;;
esac
only=${1-$only}
run=$(mktemp -d)
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
device=/sys/bus/pci/devices/$bdf
liar=$(modinfo -n config_test)
modprobe cxl_vfio_pci scrub=none || exit 1
echo cxl-vfio-pci > "$device/driver_override"

why() {
	cat "$run/output"
	dmesg | tail -n 20
}

# The status of a command that may hang in the kernel, where nothing could end it: after LONGEST
# seconds it is left behind and all is over. An open takes 3 of them on the debug kernel.
LONGEST=120
in_time() {
	(
		sleep $LONGEST
		echo "not ok - $name: takes more than $LONGEST s: $*"
		why | sed 's/^/# /'
		echo "Bail out! it hangs"
		kill -KILL $$
	) &
	watchdog=$!
	"$@" > "$run/output" 2>&1 &
	wait $!
	status=$?
	kill $watchdog
	observe "$*: $status"
	return $status
}

bind() {
	# What the last unbind left to be done would release this driver again.
	echo 1 > /sys/bus/cxl/flush
	echo "$bdf" > /sys/bus/pci/drivers_probe
	[ -e "$device/driver" ]
}

unbind() {
	echo "$bdf" > "$device/driver/unbind"
	echo 1 > /sys/bus/cxl/flush
}

# Status 3 when the driver refuses.
open_once() {
	build/sandbox/tests/vm/open_test "$bdf"
}

# tell OFFSET VALUE ...: the lie, until tell_truth.
tell() {
	offsets=
	values=
	while [ $# -gt 0 ]; do
		offsets=$offsets,$1
		values=$values,$2
		shift 2
	done
	insmod "$liar" device="$bdf" offset="${offsets#,}" value="${values#,}" && return
	echo "Bail out! $name: cannot be told"
	exit 1
}

tell_truth() {
	rmmod config_test
}

# One line, from the driver.
says() {
	dmesg > "$run/dmesg"
	[ "$(grep -c refused "$run/dmesg")" = 1 ] &&
		grep -q "cxl-vfio-pci $bdf: refused: .*$1" "$run/dmesg"
}

# What is done with a lie: NAME PATTERN OFFSET VALUE ...

# begin NAME: whether this one is asked for.
begin() {
	name=$1
	case $name in
	*"$only"*) dmesg -C ;;
	*) return 1 ;;
	esac
	# The driver says the same thing at most 10 times in 5 s.
	sleep 0.6 &
	pace=$!
}

finish() {
	tell_truth
	wait $pace
}

refused_at_bind() {
	begin "$1" || return
	pattern=$2
	shift 2
	tell "$@"
	! in_time bind && says "$pattern"
	result $? "at bind, $name: refused"
	finish
}

refused_at_open() {
	begin "$1" || return
	pattern=$2
	shift 2
	tell "$@"
	in_time open_once
	[ $? = 3 ] && says "$pattern"
	result $? "at open, $name: refused"
	finish
}

# The driver found the registers at bind: whatever an open makes of it, it ends.
opened_or_not() {
	begin "$1" || return
	shift 2
	tell "$@"
	in_time open_once
	case $? in
	0 | 3) result 0 "at open, $name: no harm" ;;
	*) result 1 "at open, $name: no harm" ;;
	esac
	finish
}

bound_all_the_same() {
	begin "$1" || return
	shift 2
	tell "$@"
	in_time bind
	result $? "at bind, $name: bound"
	finish
	in_time unbind
}

opened_all_the_same() {
	begin "$1" || return
	shift 2
	tell "$@"
	in_time open_once
	result $? "at open, $name: opened"
	finish
}

# The words of lies.

word() {
	echo $((0x$(setpci -s "$bdf" "$(printf %x "$1").L")))
}

# capability AT ID NEXT [DWORD...]: an extended capability; its dwords from the second on.
capability() {
	at=$1
	echo "$at $(($2 | 1 << 16 | $3 << 20))"
	shift 3
	while [ $# -gt 0 ]; do
		at=$((at + 4))
		echo "$at $(($1))"
		shift
	done
}

# foreign AT NEXT LENGTH: a DVSEC of somebody else.
foreign() {
	capability "$1" 0x23 "$2" "0x1234 | $3 << 20" 5
}

# goes_on AT: the list does not end.
goes_on() {
	echo "$last $(((last_header & 0xfffff) | $1 << 20))"
}

# appended AT ID [DWORD...]: one more, the last.
appended() {
	goes_on "$1"
	at=$1
	id=$2
	shift 2
	capability "$at" "$id" 0 "$@"
}

# place BIR OFFSET: where the component registers are said to be, a multiple of 64 KiB.
place() {
	echo "$entry $(($1 | 1 << 8 | ($2 & 0xffff0000)))"
	echo "$((entry + 4)) $(($2 >> 32 & 0xffffffff))"
}

# locator_length BYTES
locator_length() {
	echo "$((locator + 4)) $(((locator_header1 & 0xfffff) | $1 << 20))"
}

ones() {
	for at in "$@"; do
		echo "$at 0xffffffff"
	done
}

# The lies, as arguments of $1.

lists_without_an_end() {
	$1 "two DVSECs that point at each other" "$endless" $(goes_on $spare) \
		$(foreign $spare $other 0x10) $(foreign $other $spare 0x10)
	$1 "a DVSEC that points at itself" "$endless" $(goes_on $spare) \
		$(foreign $spare $spare 0x10)
	$1 "a loop without a DVSEC" "$endless" $(goes_on $spare) \
		$(capability $spare 0x18 $other) $(capability $other 0x0f $spare)
	$1 "a loop of capabilities without an id" "$endless" $(goes_on $spare) \
		$(capability $spare 0 $other) $(capability $other 0 $spare)
	$1 "a loop with the CXL DVSEC in it" "$endless" $(goes_on $cxl_device)
	$1 "a loop of the whole list" "$endless" $(goes_on 0x100)
	$1 "a loop by a pointer between two dwords" "$endless" $(goes_on 0x102)
	$1 "two of a kind" "$twice" $(goes_on $spare) $(capability $spare 0x18 $other) \
		$(capability $other 0x18 0)
}

# Lengths that vfio-pci takes as they are, where there is not so much room.
lengths_past_the_end() {
	$1 "a DVSEC of 4095 bytes" "$too_long" $(goes_on $spare) $(foreign $spare 0 0xfff)
	$1 "a DVSEC that ends past the end" "$too_long" $(goes_on 0xff0) $(foreign 0xff0 0 0x14)
	$1 "a DVSEC whose length is past the end" "$too_long" $(appended 0xffc 0x23)
	$1 "a vendor's capability of 4095 bytes" "$too_long" \
		$(appended $spare 0x0b "1 | 0xfff << 20")
	$1 "error reporting past the end" "$too_long" $(appended 0xff0 0x01)
	$1 "I/O virtualization past the end" "$too_long" $(appended 0xfe0 0x10)
	$1 "multicast past the end" "$too_long" $(appended 0xfe0 0x12)
	$1 "page requests past the end" "$too_long" $(appended 0xff4 0x13)
	$1 "processing hints with a large table" "$too_long" \
		$(appended $spare 0x17 "1 << 9 | 0x7ff << 16")
	$1 "access control of 256 egress bits" "$too_long" $(appended 0xfe0 0x0d 0x20)
	for id in 0x02 0x08 0x09; do
		$1 "many virtual channels (id $id)" "$too_long" $(appended 0xf80 $id 7 8)
	done
	$1 "many resizable BARs" "$too_long" $(appended 0xfe0 0x15 0 "7 << 5")
	$1 "many power states" "$too_long" $(appended 0xfe0 0x16 0x1f)
}

silence() {
	$1 "every header reads as ones" "$all_ones" $(ones $headers 0xffc)
	$1 "the first header reads as ones" "$all_ones" $(ones 0x100)
	$1 "the last header reads as ones" "$all_ones" $(ones $last)
	$1 "all from 0x100 on reads as ones" "$all_ones" $(ones $(seq 256 4 4092))
}

misplaced_registers() {
	$1 "registers in BAR 7" "$misplaced" $(place 7 0)
	$1 "registers in BAR 6" "$misplaced" $(place 6 0)
	$1 "registers in a BAR that is not there" "$misplaced" $(place $absent 0)
	$1 "registers in a BAR that is too small" "$misplaced" $(place $small 0)
	[ -z "$ports" ] || $1 "registers in a BAR of I/O ports" "$misplaced" $(place $ports 0)
	$1 "registers behind their BAR" "$misplaced" $(place $component $component_size)
	$1 "registers far behind their BAR" "$misplaced" $(place $component 0x7fffffff00000000)
	$1 "registers at an offset that wraps" "$misplaced" $(place $component 0xffffffffffff0000)
	$1 "a locator without an entry" "$no_entry" $(locator_length 12)
	$1 "a locator of half an entry" "$no_entry" $(locator_length 16)
	$1 "a locator that ends before it begins" "$no_entry" $(locator_length 4)
	$1 "a locator with an empty entry" "$no_registers" $entry 0
	$1 "no locator" "$no_registers" $before_locator \
		$(((before_locator_header & 0xfffff) | locator_next << 20))
}

# Two of a kind side by side would have vfio-pci read past a table, too.
standard_capabilities() {
	power_header=$(word $power)
	$1 "a second power management beside the first" "$twice_standard" \
		$power $(((power_header & 0xffff00ff) | (power + 8) << 8)) \
		$((power + 8)) $((power_header & 0xffff00ff))
	$1 "a capability in the header" "$nowhere" $power $(((power_header & 0xffff00ff) | 0x1000))
	$1 "a capability between two dwords" "$nowhere" \
		$power $(((power_header & 0xffff00ff) | (power + 9) << 8))
}

# What just fits, or leads nowhere; nothing is said of it.
oddities() {
	$1 "a DVSEC of somebody else" "" $(goes_on $spare) $(foreign $spare 0 0x10)
	$1 "a DVSEC up to the end" "" $(goes_on 0xff0) $(foreign 0xff0 0 0x10)
	$1 "multicast up to the end" "" $(appended 0xfd0 0x12)
	$1 "a capability that nobody knows" "" $(appended $spare 0x7ff0)
	$1 "a list that goes on below 0x100" "" $(goes_on 0x40)
	$1 "a list that goes on between two dwords" "" $(goes_on $((spare + 2))) \
		$(foreign $spare 0 0x10)
}

# The truth.

# Where the list ends, and what of CXL is in it.
read_list() {
	at=$((0x100))
	headers=
	highest=0
	last=
	while [ $at != 0 ]; do
		header=$(word $at)
		headers="$headers $at"
		[ $at -lt $highest ] || highest=$at
		if [ $((header & 0xffff)) = $((0x23)) ] &&
			[ $(($(word $((at + 4))) & 0xffff)) = $((0x1e98)) ]; then
			case $(($(word $((at + 8))) & 0xffff)) in
			0) cxl_device=$at ;;
			8)
				locator=$at
				locator_next=$((header >> 20))
				before_locator=$last
				before_locator_header=$last_header
				;;
			esac
		fi
		last=$at
		last_header=$header
		at=$((header >> 20 & 0xffc))
	done
	# Room for what is not there.
	spare=$(((highest + 0x1ff) & ~0xff))
	other=$((spare + 0x40))
}

# The locator's entry for the component registers.
find_entry() {
	locator_header1=$(word $((locator + 4)))
	entry=$((locator + 12))
	while [ $entry -lt $((locator + (locator_header1 >> 20))) ]; do
		[ $(($(word $entry) >> 8 & 0xff)) != 1 ] || return
		entry=$((entry + 8))
	done
	echo "Bail out! no component registers"
	exit 1
}

# Of the six BARs one that is not there, one that has no room for the component registers, one of
# I/O ports, and the size of the one that has the registers.
find_bars() {
	component=$(($(word $entry) & 7))
	ports=
	bar=0
	while [ $bar -lt 6 ] && read -r start end flags; do
		size=$((end - start + 1))
		if [ $((flags)) = 0 ]; then
			absent=$bar
		elif [ $((flags & 0x100)) != 0 ]; then
			ports=$bar
		elif [ $size -lt 65536 ]; then
			small=$bar
		fi
		[ $bar != $component ] || component_size=$size
		bar=$((bar + 1))
	done < "$device/resource"
}

# can DO RESULT
can() {
	name=$2
	in_time $1
	result $? "the truth: $name"
}

# The first capability of power management.
find_power() {
	power=$(($(word 0x34) & 0xfc))
	while [ $(($(word $power) & 0xff)) != 1 ]; do
		power=$(($(word $power) >> 8 & 0xfc))
		[ $power != 0 ] || {
			echo "Bail out! no power management"
			exit 1
		}
	done
}

setpci -s "$bdf" COMMAND=0x2:0x2
find_power
read_list
find_entry
find_bars
echo "# capabilities at$(printf ' %#x' $headers), room at $(printf %#x $spare); BAR $component of" \
	"$component_size bytes has the registers, $absent is absent, $small is small"
# The first bind makes ports in the CXL core, which stay.
can bind "bound"
can open_once "opened"
in_time unbind

for lies in lists_without_an_end lengths_past_the_end silence misplaced_registers \
	standard_capabilities; do
	$lies refused_at_bind
	can bind "bound after it"
	in_time unbind
done
oddities bound_all_the_same

can bind "bound again"
for lies in lists_without_an_end lengths_past_the_end silence standard_capabilities; do
	$lies refused_at_open
	can open_once "opened after it"
done
misplaced_registers opened_or_not
oddities opened_all_the_same
can open_once "opened after it"
in_time unbind

echo "1..$count"
exit $bad
