#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A function that uses its BARs itself, with --emulator --mirror: the window is shown as a region
# only, which the driver and the command say.
set -u
. tests/vm/guest/tap.sh
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
group=/sys/bus/pci/devices/$bdf/cxl_vfio

# shellcheck disable=SC2317  # called by result
why() {
	grep . "$group/view" "$group/view_bar" "$group/interface"
	dmesg | grep "$bdf" | tail -n 5
	tail -n 20 err
}

# refused ATTRIBUTE VALUE REASON: the shell's own echo has one reason for all errors.
refused() {
	/usr/bin/echo "$2" 2> err > "$group/$1" && return 1
	grep -q "$3" err
}

cd "$(mktemp -d)" || exit 1
true > err
cxlvfio bind -q "$bdf" 2> err
result $? "it is bound with the defaults"
[ "$(cat "$group/view") $(cat "$group/view_bar")" = "region none" ]
result $? "which give way to the region"
dmesg | grep -q "no two BARs in a row are free"
result $? "and the log says why"
refused view bar "Operation not supported"
result $? "view bar is not supported"
refused view both "Operation not supported"
result $? "nor both"
refused interface none "Invalid argument"
result $? "interface none would leave nothing"
cxlvfio unbind -q "$bdf"
cxlvfio bind --view bar "$bdf" 2> err
status=$?
[ $status = 6 ]
result $? "bind --view bar says that it is not supported"
grep -q "BAR" err
result $? "and that it is for want of BARs"
cxlvfio bind -q --interface 2 "$bdf" 2> err && [ "$(cat "$group/interface")" = 2 ]
result $? "interface 2 needs no such pair"
cxlvfio bind -q --interface current "$bdf" 2> err
result $? "and the current one is given back"
cxlvfio unbind -q "$bdf"
parameters=/sys/module/cxl_vfio_pci/parameters
echo bar > $parameters/view && echo none > $parameters/interface && cxlvfio bind -q "$bdf" 2> err &&
	[ "$(cat "$group/view") $(cat "$group/interface")" = "region current" ]
result $? "parameters that are not possible give way to the region, with its interface"
echo both > $parameters/view && echo current > $parameters/interface
/src/build/sandbox/tests/vm/window_test "$bdf" > err
result $? "the region works"
echo "1..$count"
exit $bad
