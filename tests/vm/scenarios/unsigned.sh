#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A kernel that loads signed modules only, as under Secure Boot, and a driver without a signature, then
# one that nobody knows the signer of: every command says so, and what to do. The debug kernel has the
# key that it trusts beside its modules: once the driver is signed with that, it is loaded and proven.
# Needs --no-driver, and --append module.sig_enforce=1, for which the kernel refuses with EKEYREJECTED,
# or LOCKDOWN=integrity, for which it does with EPERM: only now, as the machine sets its host bridges up
# with /dev/mem.
# shellcheck disable=SC2319  # "result $?" means the condition before it
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"

# shellcheck disable=SC2317  # called by result
why() {
	cat /tmp/output
	dmesg | grep -i 'module' | tail -n 5
}

# Of the findings of the driver those about signatures, with their severities.
findings() {
	cxlvfio driver status --json > /tmp/output 2>&1
	jq -r '.modules[0].findings[] | select(.id | startswith("signature")) |
		"\(.id) \(.severity)"' /tmp/output
}

# Bind ends well or badly; where badly, with what to do, and nothing is left of it.
refused() {
	status=0
	# Loading takes long where the machine has little of a processor.
	cxlvfio bind --wait 120 "$device" > /tmp/output 2>&1 || status=$?
	[ $status != 0 ] && grep -q "cannot load the module" /tmp/output &&
		grep -q "mokutil --import /var/lib/dkms/mok.pub" /tmp/output
	result $? "$1: bind is refused, with the reason and the next step"
	[ ! -e /sys/module/cxl_vfio_pci ] &&
		[ "$(cat "/sys/bus/pci/devices/$device/driver_override")" = "(null)" ]
	result $? "$1: and nothing is left of it"
}

# By a key that is made here.
sign_unknown() {
	set -- "$signing/sign-file" /usr/lib/linux-kbuild-*/scripts/sign-file
	[ -x "$1" ] || shift
	openssl req -new -x509 -newkey rsa:2048 -nodes -days 1 -subj "/CN=Nobody knows/" \
		-outform DER -keyout /tmp/key -out /tmp/certificate &&
		cp "$file" /tmp/unsigned.ko &&
		"$1" sha256 /tmp/key /tmp/certificate "$file"
}

if [ "${LOCKDOWN-}" ]; then
	mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
	echo "$LOCKDOWN" > /sys/kernel/security/lockdown
fi
grep -q Y /sys/module/module/parameters/sig_enforce ||
	grep -qF '[integrity]' /sys/kernel/security/lockdown
result $? "the kernel loads signed modules only"
device=$(cxlvfio list --json | jq -r '.endpoints[0].host')
file=$(modinfo -F filename cxl_vfio_pci)
signing=/lib/modules/$(uname -r)/signing
[ "$(findings)" = "signature_missing error" ]
result $? "driver status knows before anything is loaded"
cxlvfio doctor "$device" > /tmp/output 2>&1
grep -q signature_missing /tmp/output && grep -q "mokutil --import" /tmp/output
result $? "so does doctor, which names the next step"
refused "without a signature"

sign_unknown > /tmp/output 2>&1
result $? "the driver is signed with a key that the kernel does not know"
[ "$(findings)" = "signature_untested info" ] && grep -q "Nobody knows" /tmp/output
result $? "driver status names the signer, and promises nothing"
refused "with a signature of nobody knows whom"

case $(uname -r) in
*-debug)
	cp /tmp/unsigned.ko "$file"
	"$signing/sign-file" sha256 "$signing/signing_key.pem" "$signing/signing_key.x509" "$file" \
		> /tmp/output 2>&1
	result $? "the driver is signed with a key that the kernel trusts"
	[ "$(findings)" = "signature_untested info" ]
	result $? "driver status says the same, as it knows no keys"
	cxlvfio bind "$device" > /tmp/output 2>&1 && [ -e /sys/module/cxl_vfio_pci ]
	result $? "bind loads it"
	[ "$(findings)" = "" ]
	result $? "and driver status finds nothing about it any more"
	cxlvfio reset --verify "$device" > /tmp/output 2>&1
	result $? "and its reset is proven"
	;;
esac

echo "1..$count"
exit "$bad"
