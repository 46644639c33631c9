#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm:
# vm: --kernel debug
#
# cxlvfio bind and unbind on a real kernel: there and back, refused, in use, killed, at once.
set -u

count=0
failed=0
run=$(mktemp -d)
endpoint=$(cxlvfio list --json | jq -r '.endpoints[0].host')
device=/sys/bus/pci/devices/$endpoint
group=$(basename "$(readlink "$device/iommu_group")")

result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		failed=1
		echo "not ok $count - $2"
		sed 's/^/# /' "$run/stdout" "$run/stderr" 2>/dev/null
	fi
}

# The exit status of the command, its output kept.
try() {
	"$@" > "$run/stdout" 2> "$run/stderr"
	echo $?
}

driver() {
	basename "$(readlink "$device/driver" 2>/dev/null)" 2>/dev/null
}

# The endpoint's driver and driver_override, and that nothing is remembered.
is_left_with() {
	[ "$(driver)" = "$1" ] && [ "$(cat "$device/driver_override")" = "$2" ] &&
		[ ! -e "/run/cxlvfio/$endpoint" ]
}

# Have the endpoint open for $1 seconds; with "mapping" by nothing but a mapping of its registers.
hold() {
	python3 - "$endpoint" "$group" "$@" <<'PYTHON' &
import ctypes, fcntl, os, struct, sys, time

target, group, seconds, how = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4:]
VFIO = ord(";") << 8
container = os.open("/dev/vfio/vfio", os.O_RDWR)
group = os.open("/dev/vfio/" + group, os.O_RDWR)
fcntl.ioctl(group, VFIO | 104, struct.pack("i", container))
fcntl.ioctl(container, VFIO | 102, 1)
device = fcntl.ioctl(group, VFIO | 106, bytearray(target.encode() + b"\0"))
if how:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
    assert libc.mmap(None, 4096, 1, 1, device, 2 << 40) != ctypes.c_void_p(-1).value
    for descriptor in (device, group, container):
        os.close(descriptor)
print("held", flush=True)
time.sleep(seconds)
PYTHON
	holder=$!
	sleep 1
}

echo "# there and back, four times"
for round in 1 2 3 4; do
	status=$(try cxlvfio bind "$endpoint")
	[ "$status" = 0 ] && [ "$(driver)" = cxl-vfio-pci ] && [ -c "/dev/vfio/$group" ] &&
		grep -q "^$endpoint: bound to cxl-vfio-pci, /dev/vfio/$group, state closed$" \
			"$run/stdout"
	result $? "bind, round $round"
	status=$(try cxlvfio unbind "$endpoint")
	[ "$status" = 0 ] && is_left_with "" "(null)"
	result $? "unbind, round $round"
done

echo "# already so"
status=$(try cxlvfio unbind "$endpoint")
[ "$status" = 0 ] && grep -q already "$run/stdout"
result $? "unbind of an unbound endpoint is a success"
cxlvfio bind -q all
status=$(try cxlvfio bind --json all)
[ "$status" = 0 ] && [ "$(jq -c '[.actions[].result]' "$run/stdout")" = '["already"]' ] &&
	[ "$(jq -r '.endpoints[0].driver' "$run/stdout")" = cxl-vfio-pci ]
result $? "bind of a bound endpoint is a success"

echo "# a plan changes nothing, and is what a run does"
status=$(try cxlvfio unbind --dry-run --json "$endpoint")
[ "$status" = 0 ] && [ "$(driver)" = cxl-vfio-pci ]
result $? "unbind --dry-run leaves it bound"
jq -c '[.actions[] | [.step, .path]]' "$run/stdout" > "$run/planned"
status=$(try cxlvfio unbind --json "$endpoint")
[ "$status" = 0 ] &&
	[ "$(jq -c '[.actions[] | [.step, .path]]' "$run/stdout")" = "$(cat "$run/planned")" ]
result $? "unbind does what its dry run printed"

echo "# in use"
cxlvfio bind -q "$endpoint"
hold 60
status=$(try cxlvfio unbind "$endpoint")
[ "$status" = 5 ] && grep -q "process $holder (python3)" "$run/stderr" &&
	[ "$(driver)" = cxl-vfio-pci ]
result $? "unbind names the program that has it open"
kill $holder
status=$(try cxlvfio unbind --wait 20 "$endpoint")
[ "$status" = 0 ] && is_left_with "" "(null)"
result $? "unbind --wait waits until it has let go"

cxlvfio bind -q "$endpoint"
hold 3
status=$(try cxlvfio unbind --wait 20 "$endpoint")
wait $holder
[ "$status" = 0 ] && is_left_with "" "(null)"
result $? "unbind --wait waits for a program that ends by itself"

cxlvfio bind -q "$endpoint"
hold 60 mapping
status=$(try timeout 30 cxlvfio unbind "$endpoint")
[ "$status" = 5 ] && grep -q "/proc does not show it" "$run/stderr" &&
	[ "$(driver)" = cxl-vfio-pci ] && ! dmesg | grep -q "blocked until device is released"
result $? "unbind refuses, in time, while only a mapping is left"
kill $holder
wait $holder 2>/dev/null
cxlvfio unbind -q "$endpoint"

echo "# from another driver and back to it"
modprobe vfio-pci
echo vfio-pci > "$device/driver_override"
echo "$endpoint" > /sys/bus/pci/drivers_probe
[ "$(driver)" = vfio-pci ] || echo "Bail out! vfio-pci does not take the endpoint"
status=$(try cxlvfio bind "$endpoint")
[ "$status" = 0 ] && [ "$(driver)" = cxl-vfio-pci ]
result $? "bind takes it from vfio-pci"
status=$(try cxlvfio unbind "$endpoint")
[ "$status" = 0 ] && is_left_with vfio-pci vfio-pci
result $? "unbind gives it back"
hold 60
status=$(try cxlvfio bind "$endpoint")
[ "$status" = 5 ] && is_left_with vfio-pci vfio-pci
result $? "bind does not take it from a program that has it open"
kill $holder
wait $holder 2>/dev/null

echo "# the driver refuses"
endpointctl 0 fault decoder-lost > /dev/null
echo 1 > "$device/reset"
endpointctl 0 clear decoder-lost > /dev/null
status=$(try cxlvfio bind "$endpoint")
[ "$status" = 1 ] && grep -q "refused it: HDM decoder 0 is not committed" "$run/stderr"
result $? "bind tells the driver's reason"
is_left_with vfio-pci vfio-pci
result $? "a refused bind leaves driver and driver_override as they were"
echo "$endpoint" > /sys/bus/pci/drivers/vfio-pci/unbind
echo > "$device/driver_override"
status=$(try cxlvfio bind --json "$endpoint")
[ "$status" = 1 ] && [ "$(jq -r '.errors[0].code' "$run/stdout")" = BIND_REFUSED ] &&
	is_left_with "" "(null)"
result $? "a refused bind leaves none where there was none"

exit $failed
