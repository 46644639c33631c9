#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a run says of its latencies, cycle by cycle while it runs, and compared with an earlier one.
set -u
# shellcheck source=tests/vm/guest/proof.sh
. "$(dirname "$0")/../guest/proof.sh"

cxlvfio bind -q all || exit 1
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')

reset --sample 16 --cycles 12 "$bdf"
check "twelve cycles are proven" [ "$status" = 0 ]
check "every latency of every cycle counts" \
	holds '.resets[0] | [.reset_ns, .first_refault_ns, .refault_ns, .closed_ns] |
		all(.count == 12 and .min > 0 and .min <= .p50 and .p50 <= .p99 and .p99 <= .max)'
check "an FLR takes its 100 ms" holds '.resets[0].reset_ns.min >= 100000000'
check "the first page is a part of all of them" \
	holds '[.cycles[].mappings[] | .first_refault_ns > 0 and .first_refault_ns < .refault_ns] | all'
# A reset takes the same everywhere, what is added takes longer on a slow machine.
check "so does what the command adds, which is little of it" holds '.resets[0] |
	.overhead_ns.count == 12 and .overhead_ns.min > 0 and .overhead_ns.p50 < 10 * .reset_ns.p50'
check "the document is what its schema says" valid
printf '%s' "$json" > "$scratch/before"

reset --sample 16 --cycles 12 --baseline "$scratch/before" "$bdf"
check "compared with itself a little later" holds '.resets[0].baseline.compared'
check "the window and its faults are as they were" \
	holds '[.resets[0].baseline.differences[].what] | map(select(. == "page_size" or
		. == "faults_populate" or . == "size" or . == "resource")) == []'
check "and the document is still what its schema says" valid

jq '.resets[0].page_size = 4096' "$scratch/before" > "$scratch/small"
reset --sample 16 --baseline "$scratch/small" "$bdf"
check "another page size fails" [ "$status" = 7 ]
check "and is said" says "page_size: 4096 before, 2097152 now"
check "in JSON, too" holds '[.resets[0].baseline.differences[] | select(.what == "page_size")] ==
	[{ what: "page_size", percentile: null, decoder: null, before: 4096, now: 2097152,
	   failure: true }]'

# refuses FILE SENTENCE: a usage error before anything is reset.
# shellcheck disable=SC2317  # called by check
refuses() {
	reset --sample 16 --baseline "$1" "$bdf"
	[ "$status" = 2 ] && says "$2" && holds '.resets == [] or .resets[0].cycles_done == 0'
}

jq '.resets[0].target = "0000:99:00.0"' "$scratch/before" > "$scratch/other"
head -c 1000 "$scratch/before" > "$scratch/cut"
truncate -s 65M "$scratch/huge"
cxlvfio list --json > "$scratch/list"
jq '.schema_version = "2.0"' "$scratch/before" > "$scratch/later"
check "a baseline of another target is refused" refuses "$scratch/other" "no resets of this target"
check "half a document" refuses "$scratch/cut" "not a JSON document"
check "a huge file" refuses "$scratch/huge" "larger than 64 MiB"
check "another command's document" refuses "$scratch/list" "not a document of reset"
check "another schema" refuses "$scratch/later" "schema_version"
check "no file" refuses "$scratch/none" "cannot read it"

jq '.endpoints[0].serial = 7' "$scratch/before" > "$scratch/device"
check "another device at this address" refuses "$scratch/device" "another serial number"
jq '.resets[0].size = "big"' "$scratch/before" > "$scratch/damaged"
check "a damaged one" refuses "$scratch/damaged" "schema/reset.json says: size"
reset --sample 16 --baseline "$scratch/before" --read-only "$bdf"
check "one of another proof" says "made without --read-only"
jq '.endpoints[0].decoders[0].size = 4096' "$scratch/before" > "$scratch/decoder"
reset --sample 16 --baseline "$scratch/decoder" "$bdf"
check "another decoder is a failure" [ "$status" = 7 ]
check "which names it" holds '[.resets[0].baseline.differences[] | select(.failure) |
	[.what, .decoder, .before]] == [["size", 0, 4096]]'
check "and is as its schema says" valid

# On a terminal, and off it.
python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' \
	cxlvfio reset --sample 16 --cycles 3 --json "$bdf" > "$scratch/shown" < /dev/null
check "progress is shown, with the time that is left" \
	grep -q "cycle 2 of 3, 0:[0-9]*:[0-9]* left" "$scratch/shown"
cxlvfio reset --sample 16 --cycles 3 "$bdf" > "$scratch/shown" 2>&1
check "but not off a terminal" [ "$(grep -c " left" "$scratch/shown")" = 0 ]

status=0
cxlvfio reset --sample 16 --cycles 3 --ndjson "$bdf" > "$scratch/lines" 2> "$scratch/stderr" || status=$?
json=$(tail -n 1 "$scratch/lines")
check "three lines, and the document" [ "$(wc -l < "$scratch/lines")" = 4 ]
check "which has the same cycles" holds '.command == "reset" and (.cycles | length) == 3'
check "and is as its schema says" valid
for line in 1 2 3; do
	json=$(sed -n "${line}p" "$scratch/lines")
	check "line $line is cycle $line" holds ".type == \"cycle\" and .cycle == $line"
	check "and is as its schema says" valid
done

# The reader goes away after the first line: the pipe's end is the run's, not the process's.
json=
{
	cxlvfio reset --sample 16 --cycles 1000 --ndjson "$bdf" 2> "$scratch/stderr"
	echo $? > "$scratch/status"
} | head -n 1 > "$scratch/line"
status=$(cat "$scratch/status")
check "nobody reads it any more: the run ends" [ "$status" = 1 ]
check "and says why" says EPIPE
check "with reset_method put back" [ ! -e "/run/cxlvfio/$bdf.reset_method" ]
reset --sample 16 "$bdf"
check "and the endpoint is usable" [ "$status" = 0 ]
finish
