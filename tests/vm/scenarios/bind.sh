#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cxlvfio bind and unbind on a real kernel: there and back, refused, in use, killed, at once.
# shellcheck disable=SC2319  # "result $?" means the condition before it
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"

run=$(mktemp -d)
endpoint=$(cxlvfio list --json | jq -r '.endpoints[0].host')
device=/sys/bus/pci/devices/$endpoint
group=$(basename "$(readlink "$device/iommu_group")")

# shellcheck disable=SC2317  # called by result
why() {
	echo "driver '$(driver)', driver_override '$(cat "$device/driver_override")'," \
		"in /run/cxlvfio: $(ls /run/cxlvfio)"
	cat "$run/stdout" "$run/stderr"
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
	rm -f "$run/held"
	python3 - "$run/held" "$endpoint" "$group" "$@" <<'PYTHON' &
import ctypes, fcntl, os, struct, sys, time

held, target, group, seconds, *how = sys.argv[1:]
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
open(held, "w").close()
time.sleep(float(seconds))
PYTHON
	holder=$!
	wait_for test -e "$run/held" && return
	echo "Bail out! $observed"
	exit 1
}

# End the holder and wait until the device is closed, which takes a reset.
release() {
	kill $holder
	wait $holder 2> /dev/null
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
hold 600
status=$(try cxlvfio unbind "$endpoint")
[ "$status" = 5 ] && grep -q "process $holder (python3)" "$run/stderr" &&
	[ "$(driver)" = cxl-vfio-pci ]
result $? "unbind names the program that has it open"
kill $holder
status=$(try cxlvfio unbind --wait 300 "$endpoint")
[ "$status" = 0 ] && is_left_with "" "(null)"
result $? "unbind --wait waits until it has let go"

cxlvfio bind -q "$endpoint"
hold 3
status=$(try cxlvfio unbind --wait 300 "$endpoint")
wait $holder
[ "$status" = 0 ] && is_left_with "" "(null)"
result $? "unbind --wait waits for a program that ends by itself"

cxlvfio bind -q "$endpoint"
hold 600 mapping
status=$(try timeout 300 cxlvfio unbind "$endpoint")
[ "$status" = 5 ] && grep -q "/proc does not show it" "$run/stderr" &&
	[ "$(driver)" = cxl-vfio-pci ] && ! dmesg | grep -q "blocked until device is released"
result $? "unbind refuses, in time, while only a mapping is left"
release
cxlvfio unbind -q "$endpoint"

echo "# who may, and who comes second"
status=$(try setpriv --reuid 65534 --regid 65534 --clear-groups cxlvfio bind "$endpoint")
[ "$status" = 4 ] && is_left_with "" "(null)"
result $? "bind needs privileges"

cxlvfio bind "$endpoint" > "$run/first" 2>&1 &
first=$!
status=$(try cxlvfio bind "$endpoint")
wait $first && [ "$status" = 0 ] && [ "$(driver)" = cxl-vfio-pci ] &&
	[ "$(cat "$run/first" "$run/stdout" | grep -c ": bound to")" = 1 ] &&
	[ "$(cat "$run/first" "$run/stdout" | grep -c ": already bound to")" = 1 ]
result $? "of two binds at once one binds and one finds it bound"
cxlvfio unbind -q "$endpoint"

echo "# the module"
rmmod cxl_vfio_pci
status=$(try cxlvfio bind --no-modprobe "$endpoint")
[ "$status" = 6 ] && is_left_with "" "(null)"
result $? "bind --no-modprobe does not load the module"
status=$(try cxlvfio bind --json "$endpoint")
[ "$status" = 0 ] && [ "$(driver)" = cxl-vfio-pci ] &&
	[ "$(jq -c '[.actions[0].step, .actions[0].result]' "$run/stdout")" = \
		'["load_module","done"]' ]
result $? "bind loads the module"
status=$(try cxlvfio driver status --json)
[ "$status" = 0 ] && [ "$(jq -c '.modules[0] | [.loaded, .findings, .abi_version,
		.uapi_generation, .devices[0].host, .files[0].running, .files[0].fits,
		.srcversion == .files[0].srcversion]' "$run/stdout")" = \
	"[true,[],1,\"typed_regions\",\"$endpoint\",true,true,true]" ]
result $? "driver status knows the module and its device"
cxlvfio unbind -q "$endpoint"
# Of a module that needs it: libkmod passes over the command of one with soft dependencies.
rmmod cxl_vfio_pci vfio_pci_core
echo "install vfio_pci_core touch $run/ran" > /etc/modprobe.d/bind-test.conf
status=$(try cxlvfio bind "$endpoint")
[ "$status" = 6 ] && [ ! -e "$run/ran" ] && is_left_with "" "(null)" &&
	grep -q "install command" "$run/stderr"
result $? "bind runs no install command of modprobe.d"
rm /etc/modprobe.d/bind-test.conf
modprobe cxl_vfio_pci

echo "# what the driver offers"
parameters=/sys/module/cxl_vfio_pci/parameters
defaults=$(cat $parameters/view $parameters/interface)

# The bound endpoint offers view $1 and interface $2, and the module's parameters are as they were.
offers() {
	[ "$(cat "$device/cxl_vfio/view" "$device/cxl_vfio/interface")" = "$(printf '%s\n%s' "$@")" ] &&
		[ "$(cat $parameters/view $parameters/interface)" = "$defaults" ] &&
		[ ! -e /run/cxlvfio/parameters ] && return
	observe "offers '$(cat "$device/cxl_vfio/view" "$device/cxl_vfio/interface")'," \
		"parameters '$(cat $parameters/view $parameters/interface)'"
	return 1
}

status=$(try cxlvfio bind --view bar --interface none "$endpoint")
bar=$(cat "$device/cxl_vfio/view_bar")
[ "$status" = 0 ] && offers bar none && grep -q "view bar, interface none$" "$run/stdout" &&
	[ "$(cxlvfio list -n -o VIEW,INTERFACE)" = "bar$bar none" ]
result $? "bind has the driver offer a BAR alone"
status=$(try cxlvfio bind --json --view region --interface 2 "$endpoint")
[ "$status" = 0 ] && offers region 2 &&
	[ "$(jq -c '.endpoints[0].cxl_vfio.offers' "$run/stdout")" = '["region"]' ]
result $? "bind changes what a bound endpoint offers"
status=$(try cxlvfio bind --interface none "$endpoint")
[ "$status" = 1 ] && offers region 2 && grep -q "region does not go with interface none" "$run/stderr"
result $? "bind tells why region and none do not go together"
hold 600
status=$(try cxlvfio bind --view both "$endpoint")
[ "$status" = 5 ] && offers region 2 && grep -q "process $holder (python3)" "$run/stderr"
result $? "bind names the program that has the endpoint open"
release
hold 600 mapping
status=$(try cxlvfio bind --view both "$endpoint")
[ "$status" = 5 ] && offers region 2 && grep -q "/proc does not show it" "$run/stderr"
result $? "bind changes nothing while a mapping is left"
release
status=$(try cxlvfio unbind --wait 300 "$endpoint")
[ "$status" = 0 ] && is_left_with "" "(null)"
result $? "unbind leaves nothing of it"

# As the udev rule leaves what a definition matches, or a bind that was killed.
for override in cxl-vfio-pci cxl-vfio-pci-held; do
	rmmod cxl_vfio_pci
	echo $override > "$device/driver_override"
	[ $override = cxl-vfio-pci ] || modprobe cxl_vfio_pci
	before=$(driver)
	status=$(try cxlvfio bind --view bar --json "$endpoint")
	[ -z "$before" ] && [ "$status" = 0 ] && offers bar "$(tail -n 1 $parameters/interface)" &&
		[ "$(jq '[.actions[] | select(.step == "set_attribute")] | length' \
			"$run/stdout")" = 0 ]
	result $? "an endpoint marked $override does not get a driver that offers something else"
	cxlvfio unbind -q "$endpoint"
done

points=0
while [ $points -lt 16 ]; do
	strace -qq -o /dev/null -e trace=clone -e inject=clone:signal=KILL:when=$((points + 1)) \
		cxlvfio bind -q --view bar --interface none "$endpoint" > /dev/null 2>&1
	[ $? = 137 ] || break
	points=$((points + 1))
	status=$(try cxlvfio bind "$endpoint")
	if [ "$status" != 0 ] || [ -e /run/cxlvfio/parameters ] ||
		[ "$(cat $parameters/view $parameters/interface)" != "$defaults" ]; then
		break
	fi
	cxlvfio unbind -q "$endpoint"
done
[ $points -gt 4 ] && [ $points -lt 16 ] && offers bar none
result $? "the next bind puts back what one left that was killed at each of $points points"
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
hold 600
status=$(try cxlvfio bind "$endpoint")
[ "$status" = 5 ] && is_left_with vfio-pci vfio-pci
result $? "bind does not take it from a program that has it open"
release

# Kill command $1 at each of its system calls $2 in turn, which are at least $3; it is run again, and
# then undone.
walk() {
	points=0
	while :; do
		[ "$1" = bind ] || cxlvfio bind -q --wait 300 "$endpoint"
		strace -qq -o /dev/null -e trace="$2" \
			-e inject="$2:signal=KILL:when=$((points + 1))" \
			cxlvfio "$1" -q --wait 300 "$endpoint" > "$run/killed" 2>&1
		killed=$?
		again=$(try cxlvfio "$1" --wait 300 "$endpoint")
		[ "$again" = 0 ] && again=$(try cxlvfio unbind --wait 300 "$endpoint")
		[ "$again$killed" = 0137 ] || break
		is_left_with vfio-pci vfio-pci || break
		points=$((points + 1))
	done
	[ "$killed" = 0 ] && [ "$again" = 0 ] && [ $points -ge "$3" ] &&
		is_left_with vfio-pci vfio-pci && return
	observe "killed at $points points: status $killed, then $again; $(cat "$run/killed")"
	return 1
}

# tests/cli/bind.py walks every call; here it is the kernel's part that counts.
echo "# killed before, or while, each of its four writes to the kernel is carried out"
# And while it waits for the end of libcxl's program.
walk bind wait4 5
result $? "bind, killed while it waits for a write, is completed by the next"
walk unbind clone 4
result $? "unbind, killed before a write, is completed by the next"

echo "# the driver refuses"
endpointctl 0 fault decoder-lost > /dev/null
echo 1 > "$device/reset"
endpointctl 0 clear decoder-lost > /dev/null
status=$(try cxlvfio bind "$endpoint")
[ "$status" = 1 ] && grep -q "refused it: HDM decoder 0 is not committed.* everything was put back" \
	"$run/stderr"
result $? "bind tells the driver's reason"
is_left_with vfio-pci vfio-pci
result $? "a refused bind leaves driver and driver_override as they were"
echo "$endpoint" > /sys/bus/pci/drivers/vfio-pci/unbind
echo > "$device/driver_override"
status=$(try cxlvfio bind --json "$endpoint")
[ "$status" = 1 ] && [ "$(jq -r '.errors[0].code' "$run/stdout")" = BIND_REFUSED ] &&
	is_left_with "" "(null)"
result $? "a refused bind leaves none where there was none"

# --force: the registers say already what the driver will say.
echo "# modules that a bind loaded, which the driver then refuses"
rmmod vfio_pci cxl_vfio_pci vfio_pci_core vfio_iommu_type1 vfio
status=$(try cxlvfio bind --force --json "$endpoint")
[ "$status" = 1 ] && [ "$(jq -r '.errors[0].code' "$run/stdout")" = BIND_REFUSED ] &&
	[ "$(jq -c '.actions[0] | [.step, .result]' "$run/stdout")" = '["load_module","done"]' ] &&
	is_left_with "" "(null)" && grep -q '^cxl_vfio_pci ' /proc/modules
result $? "a refused bind leaves loaded what it has loaded, as modprobe does"
points=0
while [ $points -lt 12 ]; do
	rmmod cxl_vfio_pci vfio_pci_core vfio_iommu_type1 vfio 2> /dev/null
	strace -qq -o /dev/null -e trace=clone -e inject=clone:signal=KILL:when=$((points + 1)) \
		cxlvfio bind --force -q "$endpoint" > /dev/null 2>&1
	[ $? = 137 ] || break
	points=$((points + 1))
	status=$(try cxlvfio unbind "$endpoint")
	if [ "$status" != 0 ] || ! is_left_with "" "(null)"; then
		break
	fi
done
[ $points -gt 3 ] && [ $points -lt 12 ] && is_left_with "" "(null)"
result $? "unbind takes back a bind that was killed at each of $points points"

echo "1..$count"
exit $bad
