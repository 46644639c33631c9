#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cxlvfio persist over four boots with systemd: a definition is added, is true after a reboot, goes
# with the device to another slot and not to another device, and is gone when it was removed. The
# first boot also has who else is started by systemd and udev: the unit of the metrics, and the
# examples. What is to be seen in each is in guest/persist.sh. Prints TAP; needs root and takes some
# minutes.
set -u

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# What outlives a boot. The alias makes udev load the other driver for the endpoint.
kept=$work/kept
mkdir -p "$kept/etc/cxlvfio.d" "$kept/etc/modprobe.d"
echo "alias pci:v00001E98d0000E2E2sv*sd*bc*sc*i* rival_test" > "$kept/etc/modprobe.d/rival.conf"

# start NAME SHARE OPTION...: a boot, in the background.
start() {
	name=$1
	share=$2
	shift 2
	(
		"$here/run" --systemd --no-driver --share "$share" --timeout 1800 \
			--append modprobe.blacklist=ahci "$@" -- \
			tests/vm/guest/persist.sh "$name" > "$work/$name.out" 2> "$work/$name.err"
		echo $? > "$work/$name.status"
	) &
}

# A machine that ends badly without a "not ok" has failed too.
report() { # NAME
	status=$(cat "$work/$1.status")
	sed "s|^\(not \)\{0,1\}ok [0-9]* *-* *|&persist: $1: |" "$work/$1.out"
	[ "$status" != 0 ] || ! grep -q '^not ok ' "$work/$1.out" || status=1
	[ "$status" != 0 ] || return 0
	failed=1
	grep -q '^not ok ' "$work/$1.out" || {
		echo "not ok persist: $1: ended with status $status"
		tail -n 30 "$work/$1.out" | sed 's/^/# | /'
	}
	echo "# ended with status $status, on stderr:"
	sed 's/^/# /' "$work/$1.err"
}

start add "$kept" --serials 0x1000
wait
report add
# Two machines at a time, of which one has a copy.
cp -r "$kept" "$work/copy"
start again "$work/copy" --serials 0x1000
start moved "$kept" --endpoints 2 --serials 0x2000,0x1000
wait
report again
report moved
start removed "$kept" --serials 0x1000
wait
report removed
exit $failed
