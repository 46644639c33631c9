#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A kernel that loads signed modules only, as under Secure Boot, and a driver without a signature:
# every command says so, and what to do. The debug kernel has the key that it trusts beside its
# modules: once the driver is signed with that, it is loaded and proven.
# Needs --no-driver --append module.sig_enforce=1.
# shellcheck disable=SC2319  # "result $?" means the condition before it
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"

# shellcheck disable=SC2317  # called by result
why() {
	cat /tmp/output
	dmesg | grep -i 'module' | tail -n 5
}

grep -q Y /sys/module/module/parameters/sig_enforce
result $? "the kernel loads signed modules only"
device=$(cxlvfio list --json | jq -r '.endpoints[0].host')
cxlvfio driver status --json > /tmp/output 2>&1
[ "$(jq -r '.modules[0].findings[] | select(.id == "signature_missing") | .severity' \
	/tmp/output)" = error ]
result $? "driver status knows before anything is loaded"
cxlvfio doctor "$device" > /tmp/output 2>&1
grep -q signature_missing /tmp/output && grep -q "mokutil --import" /tmp/output
result $? "so does doctor, which names the next step"
status=0
cxlvfio bind "$device" > /tmp/output 2>&1 || status=$?
[ $status != 0 ] && grep -q "cannot load the module" /tmp/output &&
	grep -q "mokutil --import /var/lib/dkms/mok.pub" /tmp/output
result $? "bind is refused, with the reason and the next step"
[ ! -e /sys/module/cxl_vfio_pci ] &&
	[ "$(cat "/sys/bus/pci/devices/$device/driver_override")" = "(null)" ]
result $? "and nothing is left of it"

signing=/lib/modules/$(uname -r)/signing
if [ -d "$signing" ]; then
	file=$(modinfo -F filename cxl_vfio_pci)
	"$signing/sign-file" sha256 "$signing/signing_key.pem" "$signing/signing_key.x509" "$file" \
		> /tmp/output 2>&1
	result $? "the driver is signed with a key that the kernel trusts"
	cxlvfio driver status --json > /tmp/output 2>&1
	[ "$(jq -c '.modules[0] | [.findings[].id | select(startswith("signature"))]' \
		/tmp/output)" = "[]" ]
	result $? "driver status finds nothing wrong with its signature"
	cxlvfio bind "$device" > /tmp/output 2>&1 && [ -e /sys/module/cxl_vfio_pci ]
	result $? "bind loads it"
	cxlvfio reset --verify "$device" > /tmp/output 2>&1
	result $? "and its reset is proven"
fi

echo "1..$count"
exit "$bad"
