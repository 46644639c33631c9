#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cxlvfio doctor finds nothing on this machine, free and bound, and names each thing that is broken
# in it then. What firmware and the boot break: tests/cli/doctor.py, on fixtures.
# shellcheck disable=SC2319  # "result $?" means the condition before it
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"

run=$(mktemp -d)
chmod 755 "$run"
endpoint=$(cxlvfio list --json | jq -r '.endpoints[0].host')
device=/sys/bus/pci/devices/$endpoint
group=$(basename "$(readlink "$device/iommu_group")")

# shellcheck disable=SC2317  # called by result
why() {
	echo "doctor ends with ${text-}, with --json ${status-}; found:"
	cat "$run/found"
	[ ! -e "$run/wanted" ] || sed 's/^/wanted: /' "$run/wanted"
	cat "$run/text" "$run/stderr"
}

# What is not well, one "RESULT ID" a line, in $run/found. On a busy machine libcxl may take longer
# than its two seconds, which doctor tells: it is asked again.
ask() {
	tries=0
	while
		cxlvfio doctor > "$run/text" 2> "$run/stderr"
		text=$?
		cxlvfio doctor --json > "$run/document" 2>> "$run/stderr"
		status=$?
		tries=$((tries + 1))
		[ $tries -lt 20 ] && grep -q "libcxl gave no answer: it took longer" "$run/stderr"
	do
		:
	done
	jq -r '.checks[] | select(.result == ("unknown", "warning", "problem")) |
		"\(.result) \(.id)"' "$run/document" | sort > "$run/found"
}

# is_sound: nothing was found. finds STATUS "RESULT ID"...: exactly these.
is_sound() {
	ask && [ $text = 0 ] && [ $status = 0 ] && [ ! -s "$run/found" ] &&
		grep -q "^[0-9]* checks: [0-9]* ok" "$run/text"
}

finds() {
	wanted=$1
	shift
	ask
	printf '%s\n' "$@" | sort > "$run/wanted"
	for each; do
		grep -q "^  ${each%% *} *${each#* }: " "$run/text" || return
	done
	[ $status = "$wanted" ] && [ $text = "$wanted" ] && cmp -s "$run/found" "$run/wanted"
}

echo "# nothing is wrong"
is_sound
result $? "nothing is found while no driver has the endpoint"
cxlvfio bind -q "$endpoint"
is_sound
result $? "nothing is found while it is bound"
cxlvfio snapshot -q -o "$run/snapshot.tar.zst"
cxlvfio doctor --from "$run/snapshot.tar.zst" > "$run/text" 2> "$run/stderr"
result $? "nor in a snapshot of it"
[ "$(jq '[.checks[] | select(.group == "endpoint" and .target)] | length' "$run/document")" -ge 8 ]
result $? "the endpoint was looked at"

echo "# one thing at a time"
cxlvfio unbind -q "$endpoint"
echo cxl-vfio-pci > "$device/driver_override"
finds 64 "warning override_unbound"
result $? "driver_override of ours without the driver"
echo vfio-pci > "$device/driver_override"
finds 64 "warning override_foreign"
result $? "driver_override of another driver"
echo > "$device/driver_override"

# Killed after the record was written, before the driver is changed.
strace -qq -o /dev/null -e trace=clone -e inject=clone:signal=KILL:when=1 \
	cxlvfio bind -q "$endpoint" > /dev/null 2>&1
finds 64 "warning interrupted_bind"
result $? "a bind that was killed"
cxlvfio bind -q "$endpoint"
is_sound
result $? "which the next one completes"
cxlvfio unbind -q "$endpoint"

echo "flr bus" > "/run/cxlvfio/$endpoint.reset_method"
finds 64 "warning interrupted_reset"
result $? "a reset that was killed"
rm "/run/cxlvfio/$endpoint.reset_method"

mkdir -p /etc/driverctl.d
echo vfio-pci > "/etc/driverctl.d/pci-$endpoint"
finds 64 "warning driverctl"
result $? "driverctl wants it for another driver"
rm "/etc/driverctl.d/pci-$endpoint"

echo "blacklist cxl_acpi" > /etc/modprobe.d/doctor-test.conf
finds 64 "warning module_blacklist"
result $? "a blacklist"
rm /etc/modprobe.d/doctor-test.conf

# depmod(8) takes minutes here.
file=$(modinfo -n cxl_vfio_pci)
index=/lib/modules/$(uname -r)/modules.dep
cp "$index" "$run/index"
mv "$file" "$run/module"
finds 64 "warning driver_file"
result $? "a loaded module whose file is gone"
rmmod cxl_vfio_pci
finds 7 "problem driver_file"
result $? "the same, not loaded"
sed -i "/cxl_vfio_pci.ko/d" "$index"
finds 7 "problem not_installed"
result $? "no module"
cp "$run/index" "$index"
sed "s/vermagic=[0-9]/vermagic=1/" "$run/module" > "$file"
finds 7 "problem vermagic_mismatch"
result $? "a module for another kernel"
mv "$run/module" "$file"
modprobe cxl_vfio_pci

echo "# who asks"
cxlvfio bind -q "$endpoint"
chmod 666 "/dev/vfio/$group"
prlimit --memlock=1048576 setpriv --reuid 65534 --regid 65534 --clear-groups \
	cxlvfio doctor --json --check vfio_access,memory_lock > "$run/text" 2> "$run/stderr"
[ $? = 64 ] && [ "$(jq -c '[.checks[].result]' "$run/text")" = '["warning","ok"]' ]
result $? "little memory to lock, and a node for everybody"
chmod 600 "/dev/vfio/$group"
prlimit --memlock=unlimited setpriv --reuid 65534 --regid 65534 --clear-groups \
	cxlvfio doctor --json --check vfio_access,memory_lock > "$run/text" 2> "$run/stderr"
[ $? = 64 ] && [ "$(jq -c '[.checks[].result]' "$run/text")" = '["ok","warning"]' ]
result $? "enough memory to lock, and a node for root alone"
setpriv --reuid 65534 --regid 65534 --clear-groups cxlvfio doctor > "$run/text" 2> "$run/stderr"
[ $? = 64 ] && [ "$(grep -c "next: run it as root$" "$run/text")" = 1 ]
result $? "nobody is told once how to see more"

echo "# the device"
cxlvfio unbind -q "$endpoint"
endpointctl 0 fault decoder-lost > /dev/null
echo 1 > "$device/reset"
endpointctl 0 clear decoder-lost > /dev/null
ask
grep -q "not_committed$" "$run/found" && [ $status != 0 ]
result $? "a decoder that is not committed"

echo "# the root of CXL"
rmmod cxl_vfio_pci
rmmod cxl_acpi
ask
grep -q "^problem cxl_modules$" "$run/found" && [ $status = 7 ]
result $? "cxl_acpi is not loaded"

echo "1..$count"
exit $bad
