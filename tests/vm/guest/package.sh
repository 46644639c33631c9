#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For tests/vm/test_package.sh: the machine has booted, with the packages in its root.
# shellcheck disable=SC2317  # functions are called by check
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/package/files.sh
. tests/package/files.sh
version=$(cat VERSION)
export DEBIAN_FRONTEND=noninteractive

why() {
	tail -n 25 /tmp/said
}

check() { # TEXT COMMAND...
	text=$1
	shift
	status=0
	"$@" > /tmp/said 2>&1 || status=$?
	result $status "$text"
}

module_of_dkms() {
	modinfo -F filename cxl_vfio_pci | grep /updates/dkms/ &&
		[ "$(modinfo -F version cxl_vfio_pci)" = "$version" ]
}

command_of_package() {
	command -v cxlvfio | grep -x /usr/bin/cxlvfio
}

nothing_bound() {
	[ ! -e /sys/bus/pci/drivers/cxl-vfio-pci ] && ! ls /etc/systemd/system/*/cxlvfio*
}

bound() {
	cxlvfio bind "$bdf" &&
		readlink "/sys/bus/pci/devices/$bdf/driver" | grep '/cxl-vfio-pci$'
}

nothing_in_the_way() {
	cxlvfio doctor
	case $? in
	0 | 64) return 0 ;;
	esac
	return 1
}

none() {
	[ ! -e /usr/bin/cxlvfio ] && ! modinfo cxl_vfio_pci
}

# left ALLOWED-PATTERN: of what the packages brought, and of what was written since the boot; to look
# at all files takes minutes here.
left() {
	{
		while read -r file; do
			[ ! -e "$file" ] || echo "$file"
		done < /var/tmp/installed
		files /run/vm/disk | comm -13 /var/tmp/before -
	} | grep -vE "$1" > /tmp/left
	cat /tmp/left
	[ ! -s /tmp/left ]
}

check "the module is the one that dkms built for this kernel" module_of_dkms
check "the command is the package's" command_of_package
check "nothing was bound at boot" nothing_bound
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
check "the command finds the endpoint" [ -n "$bdf" ]
check "doctor sees nothing in the way of a bind" nothing_in_the_way
check "the endpoint is bound" bound
check "its resets are proven" cxlvfio verify --cycles 3 "$bdf"
check "it is given back" cxlvfio unbind "$bdf"
check "the module can be unloaded" rmmod cxl_vfio_pci
check "apt-get removes the packages" apt-get remove -y cxlvfio cxl-vfio-pci-dkms
check "no command and no driver is left" none
check "what is left is what was recorded" left '^/var/lib/cxlvfio'
check "apt-get purges them" apt-get purge -y cxlvfio cxl-vfio-pci-dkms
check "nothing is left" left '^$'
echo "1..$count"
exit "$bad"
