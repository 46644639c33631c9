#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A snapshot of a real kernel, free and bound, as root and as nobody: list and show print from it
# what they print of the machine.
# shellcheck disable=SC2319  # "result $?" means the condition before it
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"

run=$(mktemp -d)
chmod 777 "$run"

# shellcheck disable=SC2317  # called by result
why() {
	echo "the machine: status ${live-}, the snapshot: ${kept-}; kept: $(ls "$run")"
	cat "$run/stderr"
	diff "$run/live" "$run/kept" | head -40
}

as() {
	user=$1
	shift
	if [ "$user" = root ]; then
		"$@"
	else
		setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	fi
}

# same USER FILE ARGUMENT...: the machine and the snapshot say the same.
same() {
	user=$1 file=$2
	shift 2
	as "$user" cxlvfio "$@" > "$run/live" 2>> "$run/stderr"
	live=$?
	as "$user" cxlvfio "$@" --from "$file" > "$run/kept" 2>> "$run/stderr"
	kept=$?
	# What differs is where it was read.
	sed -i '/^ *"\(snapshot\|redacted\)": /d' "$run/live" "$run/kept"
	[ $live = $kept ] && cmp -s "$run/live" "$run/kept"
}

check() {
	file=$run/$1-$2.tar.zst
	# Complete as far as it goes, where a user sees none and may not look everywhere.
	expected=0
	[ "$3" != 0 ] || expected=4
	as "$2" cxlvfio snapshot --json -o "$file" > "$run/document" 2> "$run/stderr"
	[ $? = $expected ] && [ "$(jq -r '.snapshots[0].type2_endpoints' "$run/document")" = "$3" ] &&
		[ "$(stat -c %a "$file")" = 600 ]
	result $? "$1, $2: a snapshot"
	same "$2" "$file" list --json
	result $? "$1, $2: list --json is the same from it"
	same "$2" "$file" list --all
	result $? "$1, $2: list is the same from it"
	same "$2" "$file" show all --json
	result $? "$1, $2: show --json is the same from it"
	same "$2" "$file" show all
	result $? "$1, $2: show is the same from it"
}

dmesg > "$run/dmesg"
check free root 2
[ "$(cxlvfio show all --json --from "$run/free-root.tar.zst" |
	jq -c '[.endpoints[].hdm.source]')" = '["resource0","resource0"]' ]
result $? "the decoders come from the registers that were read"
check free nobody "$(as nobody cxlvfio list --json 2> /dev/null | jq '.endpoints | length')"

cxlvfio bind -q all
check bound root 2
check bound nobody 2

group=$(cxlvfio list --json | jq -r '.endpoints[0].vfio.group')
sleep 600 3< "/dev/vfio/$group" &
holder=$!
check held root 2
kill $holder
wait $holder 2> /dev/null

file=$run/bound-root.tar.zst
mkdir "$run/unpacked"
tar xf "$file" -C "$run/unpacked"
cp /proc/iomem "$run/live"
cp "$run/unpacked/proc/iomem" "$run/kept"
grep -q CXL "$run/live" && cmp -s "$run/live" "$run/kept"
result $? "it has /proc/iomem"
grep -q cxl "$run/unpacked/kernel.log"
result $? "it has the kernel log"
[ -s "$run/unpacked/sys/firmware/acpi/tables/CEDT" ]
result $? "it has the CEDT"
[ -s "$run/unpacked/sys/module/cxl_vfio_pci/srcversion" ]
result $? "it says which driver it was"
endpoint=$(cxlvfio list --json | jq -r '.endpoints[0].host')
cmp -s "$run/unpacked/sys/bus/pci/devices/$endpoint/config" \
	"/sys/bus/pci/devices/$endpoint/config"
result $? "it has the configuration space"
[ -z "$(find "$run/unpacked" -name rom -o -name 'resource[0-9]*' -o -name vpd)" ]
result $? "it has nothing that must not be read"

echo wintermute > /proc/sys/kernel/hostname
echo "wintermute: cxl was here" > /dev/kmsg
cxlvfio snapshot -q --redact -o "$run/redacted.tar.zst"
mkdir "$run/redacted"
tar xf "$run/redacted.tar.zst" -C "$run/redacted"
# The emulated serial numbers are small ones, which tests/cli/snapshot.py has not.
grep -ri wintermute "$run/redacted" > "$run/stderr"
grep "host: cxl was here" "$run/redacted/kernel.log" > "$run/live" && [ ! -s "$run/stderr" ]
result $? "redacted: not the host's name"
[ "$(cxlvfio list --json --from "$run/redacted.tar.zst" | jq -c '[.endpoints[].serial]')" = \
	'[1,2]' ]
result $? "redacted: serial numbers are 1 and 2"

dmesg | diff "$run/dmesg" - | grep -e WARN -e BUG: -e "Call Trace" > "$run/stderr"
[ ! -s "$run/stderr" ]
result $? "the kernel has no complaint"

echo "1..$count"
exit $bad
