#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For checks and install, which source it: building for arm64 with what is in $root, the sandbox's
# name of tests/arm64/root.
# shellcheck disable=SC2154  # root is set by who sources it

# As an arm64 machine would find them where they are; Debian's cross compiler has its own elsewhere.
enter_root() {
	mkdir -p /usr/lib/aarch64-linux-gnu
	mount --bind "$root/usr/lib/aarch64-linux-gnu" /usr/lib/aarch64-linux-gnu
	# Not by way of $root, where not every user may go.
	[ -e /usr/lib/ld-linux-aarch64.so.1 ] || ln -s aarch64-linux-gnu/ld-linux-aarch64.so.1 /usr/lib/
}

# configure DIRECTORY OPTION...: anew with another root, of which nothing that was built is true.
configure() {
	sed "s|@ROOT@|$root|" tests/arm64/meson.ini.in > /tmp/meson.ini
	if ! cmp -s /tmp/meson.ini "$1.ini"; then
		rm -rf "$1"
		mkdir -p "$(dirname "$1")"
		cp /tmp/meson.ini "$1.ini"
	fi
	[ -f "$1/build.ninja" ] || meson setup --cross-file "$1.ini" -Dwerror=true "$@"
}

# build_driver KDIR OBJECTS [VARIABLE=VALUE...]
build_driver() {
	kernel=$1
	objects=$2
	shift 2
	make -s -C kernel-driver KDIR="$kernel" MO="$objects" ARCH=arm64 \
		CROSS_COMPILE=aarch64-linux-gnu- W=1 KCFLAGS=-Werror "$@"
}
