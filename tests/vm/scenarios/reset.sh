#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Clean resets: every path and both VFIO interfaces, ten cycles of every page, and everything put
# back whatever ends the run.
set -u
# shellcheck source=tests/vm/guest/proof.sh
. "$(dirname "$0")/../guest/proof.sh"

bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
methods=/sys/bus/pci/devices/$bdf/reset_method
saved=$(cat "$methods")
cxlvfio bind -q "$bdf" || exit 1

reset --cycles 10 "$bdf"
check "10 cycles are verified" [ "$status" = 0 ]
check "all 10 were made and passed" \
	holds '.resets[0] | .cycles_done == 10 and .verdicts.pass == 10 and .verdict == "pass"'
check "256 MiB are populated by exactly 128 faults" \
	holds '.resets[0] | .faults_populate == 128 and .page_size == 2097152'
check "every reset took all of them away" \
	holds '[.cycles[].mappings[] | select(.name == "whole") | .faults_before == 0 and
		.faults_after == 128] | length == 10 and all'
check "the mapping at 2 MiB shows what the whole one wrote there" \
	holds '[.cycles[].mappings[] | select(.name == "offset") | .content.retained == .pages] |
		length == 10 and all'
check "both views of the window are offered, and are there" holds '.resets[0].views | length == 2 and
	all(.offered and .problem == null and .window_size == 268435456)'
check "through the BAR it takes the same faults, and shows the same" \
	holds '[.cycles[].mappings[] | select(.name == "bar_whole") | .view == "bar" and
		.faults_before == 0 and .faults_after == 128 and .content.retained == .pages] |
		length == 10 and all'
check "read and write agree in each, and each is watched during the reset" \
	holds '[.cycles[].views[] | .transfers > 50 and .transfers_wrong == 0 and .accesses > 0] |
		length == 20 and all'
# Where the machine is busy, the watching thread may not get to run in one of the cycles.
check "no check was left undecided" holds '[.checks[] | .verdict == "pass" or
	((.id == "closed" or .id == "dma_buf") and .verdict == "skip")] | length == 23 and all'
if [ -c /dev/iommu ]; then
	check "a dma-buf is revoked, and can be had again" verdict dma_buf pass
else
	check "no iommufd: that is said of the dma-buf" holds '.checks[] | select(.id == "dma_buf") |
		.verdict == "skip" and (.detail | test("iommufd"))'
fi
check "the tags are gone again" holds '.resets[0].memory_restored'
check "reset_method is as before" [ "$(cat "$methods")" = "$saved" ]
check "the document is what its schema says" valid

for via in config sysfs; do
	reset --sample 16 --via $via --cycles 2 "$bdf"
	check "resets via $via are verified" [ "$status" = 0 ]
	check "and seen in the device by its register" verdict real_flr pass
done
reset --no-verify "$bdf"
check "a reset without a proof" [ "$status" = 0 ]
check "claims nothing" holds '.checks == [] and .cycles[0].mappings == [] and
	.resets[0].verdict == "skip"'

reset --sample 16 --interface group "$bdf"
check "through the group" [ "$status" = 0 ]
check "which is named" holds '.resets[0].interface == "group"'
reset --sample 16 --interface cdev "$bdf"
if [ -d /dev/vfio/devices ]; then
	check "through the device's own node" [ "$status" = 0 ]
	check "which is named" holds '.resets[0].interface == "cdev"'
else
	check "no node of its own: unsupported" [ "$status" = 6 ]
fi

# One view only, of a plain PCI function at last: all of the proof is about what there is.
one_view() {
	reset --sample 16 --cycles 2 "$bdf"
	check "only as $1: resets are verified" [ "$status" = 0 ]
	check "every mapping is through it" holds "[.cycles[].mappings[].view == \"$1\"] |
		length == 8 and all"
	check "the other is neither offered nor there" holds ".resets[0].views[] |
		select(.name != \"$1\") | .offered == false and .index == null"
	check "which is no failure" verdict views pass
	check "and nothing is claimed of a second view" verdict bar_mapping skip
	check "the document is what its schema says" valid
}

attributes=/sys/bus/pci/devices/$bdf/cxl_vfio
echo region > "$attributes/view"
one_view region
echo bar > "$attributes/view"
one_view bar
echo none > "$attributes/interface"
one_view bar
reset --sample 16 --method memory "$bdf"
check "a BAR of a plain function goes with memory space, too" [ "$status" = 0 ]
check "and nobody gets through meanwhile" verdict closed pass
echo both > "$attributes/view"
echo 2 > "$attributes/interface"
reset --sample 16 "$bdf"
check "generation 2 of the interface: resets are verified" [ "$status" = 0 ]
check "and the decoders are found behind the array of capabilities" holds '.checks[] |
	select(.id == "same_decoders") | .verdict == "pass" and (.observed | test(" 0 HDM") | not)'
echo current > "$attributes/interface"

# Another run has it.
cxlvfio reset --sample 16 --cycles 1000 "$bdf" > "$scratch/first" 2>&1 &
first=$!
until grep -q '^cycle' "$scratch/first" || ! kill -0 $first; do sleep 0.1; done
reset --sample 16 "$bdf"
check "a second run finds it busy" [ "$status" = 5 ]
check "and says who has it" says "pid $first"
kill -TERM $first
ended=0
wait $first || ended=$?
check "SIGTERM ends a run" [ $ended = 143 ]
check "after a whole cycle, with its summary" grep -q "interrupted" "$scratch/first"
check "with reset_method put back" [ "$(cat "$methods")" = "$saved" ]

# Killed outright: the next run puts reset_method back.
cxlvfio reset --sample 16 --cycles 1000 "$bdf" > "$scratch/killed" 2>&1 &
killed=$!
until grep -q '^cycle' "$scratch/killed" || ! kill -0 $killed; do sleep 0.1; done
kill -KILL $killed
wait $killed
check "a killed run leaves reset_method changed" [ "$(cat "$methods")" = flr ]
reset --sample 16 "$bdf"
check "the next run works" [ "$status" = 0 ]
check "and puts reset_method back" [ "$(cat "$methods")" = "$saved" ]
check "and says so" holds '[.warnings[].message | contains("was killed")] | any'
check "nothing is left in /run" [ ! -e "/run/cxlvfio/$bdf.reset_method" ]

# What cannot be done.
echo cxl_bus > "$methods"
reset --sample 16 "$bdf"
check "FLR switched off by the operator: unsupported" [ "$status" = 6 ]
check "and not switched on behind his back" [ "$(cat "$methods")" = cxl_bus ]
echo "$saved" > "$methods"
status=0
json=$(setpriv --reuid=65534 --clear-groups cxlvfio reset --json "$bdf" 2> "$scratch/stderr") ||
	status=$?
check "without permission" [ "$status" = 4 ]
cxlvfio unbind -q "$bdf"
reset --sample 16 "$bdf"
check "not bound: unsupported" [ "$status" = 6 ]
check "and the next step is named" says "cxlvfio bind $bdf"

# A VFIO driver that knows nothing of HDM can reset it, but nothing can be proven.
modprobe vfio-pci
echo vfio-pci > "/sys/bus/pci/devices/$bdf/driver_override"
echo "$bdf" > /sys/bus/pci/drivers_probe
reset --sample 16 "$bdf"
check "plain vfio-pci: unsupported" [ "$status" = 6 ]
check "since it offers no memory" says "no HDM memory"
reset --no-verify "$bdf"
check "without a proof it works" [ "$status" = 0 ]
finish
