#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For installed, prepare and ../vm/guest/package.sh, which source it: what packages leave behind.

# What apt, dpkg, dkms and systemd keep for themselves changes with every package.
kept_by_others='^$|^/(proc|sys|dev|run|tmp|src|host|mnt)(/|$)'
kept_by_others="$kept_by_others|^/var/(lib/dpkg|lib/apt|lib/systemd|cache|log|tmp)(/|$)"
kept_by_others="$kept_by_others|^(/usr)?/lib/modules/[^/]*/modules\\."
kept_by_others="$kept_by_others|^/var/lib/dkms/(mok\\.|dkms_dbversion)"

# files ROOT: what is in it, without what others keep.
files() {
	find "$1" -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /host -o -path /src \) \
		-prune -o ! -type c -print | sed "s|^${1%/}||" | grep -vE "$kept_by_others" | sort
}
