#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# shellcheck disable=SC2154  # here is set by who sources it
#
# For debug-kernel and guest-kernel, which source it: a kernel that is built once and kept in the
# cache, keyed by the sandbox's linux-source package, NAME-build, NAME.config and NAME.patch, where
# there is one.

# The comment at the begin of the script says how it is called.
usage() {
	sed -n '4,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'
}

# kernel_once NAME TIME [--ready]: print the directory, which NAME-build makes in about TIME.
kernel_once() {
	name=$1
	time=$2
	case ${3-} in
	-h | --help)
		usage
		exit 0
		;;
	'' | --ready) ;;
	*)
		echo "$name: unexpected argument $3: see --help" >&2
		exit 2
		;;
	esac
	[ -n "${CXLVFIO_CACHE-}" ] || exec "$here/sandbox" "tests/vm/$name" ${3+"$3"}

	package=$(dpkg-query -W -f '${Package}=${Version} ' 'linux-source-*')
	[ -n "$package" ] ||
		die "the sandbox has no linux-source package: see tests/vm/sandbox.packages"
	ready=${3-}
	set -- "$here/$name-build" "$here/$name.config"
	[ ! -e "$here/$name.patch" ] || set -- "$@" "$here/$name.patch"
	key=$(echo "$package" | cat - "$@" | sha256sum | cut -c 1-12)
	kernel=$CXLVFIO_CACHE/$name-$key
	if [ "$ready" = --ready ]; then
		[ -d "$kernel" ]
		exit
	fi
	[ -d "$kernel" ] || (
		flock 9
		[ ! -d "$kernel" ] || exit 0
		log=$kernel.log
		echo "$name: building ${kernel#/host} once, about $time; log: ${log#/host}" >&2
		"$here/$name-build" "$kernel.partial" > "$log" 2>&1 || {
			tail -n 20 "$log" >&2
			die "the build failed: see ${log#/host}"
		}
		mv "$kernel.partial" "$kernel"
	) 9> "$kernel.lock"
	echo "$kernel"
}

die() {
	echo "$name: $*" >&2
	exit 71
}
