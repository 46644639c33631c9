#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 16 threads and 4 processes access the memory while it is reset, CYCLES times (10); make soak does it
# more often, on the debug kernel.
set -u
# shellcheck source=tests/vm/guest/proof.sh
. "$(dirname "$0")/../guest/proof.sh"

bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
cxlvfio bind -q "$bdf" || exit 1

# Other methods and options than reset has.
proof() {
	status=0
	json=$(cxlvfio verify --json "$@" 2> "$scratch/stderr") || status=$?
}

proof --threads 16 --processes 4 --cycles "${CYCLES:-10}" "$bdf"
check "${CYCLES:-10} cycles under load" [ "$status" = 0 ]
check "the load is a check of its own" verdict load pass
check "everybody accessed the memory in every cycle" holds '[.cycles[].load.accesses >= 20] | all'
# In some resets all of them wait in read(2), which the kernel lets through only after it.
check "and was refused in some reset" holds '[.cycles[].load.refused > 0] | any'
check "nothing was wrong" holds '[.cycles[].load.wrong == 0] | all'
check "faults are accounted for as exactly as ever" holds '[.cycles[].mappings[] |
	.faults_before == 0 and .faults_after == .faults_expected] | all'
check "no check was left undecided" \
	holds '[.checks[] | select(.verdict == "fail" or .verdict == "inconclusive")] == []'
check "what was asked for is told" holds '.resets[0] | .threads == 16 and .processes == 4'
check "the tags are gone again" holds '.resets[0].memory_restored'
check "the document is what its schema says" valid
echo "# $(printf '%s' "$json" | jq -c '[.cycles[].load | [.accesses, .refused]]')"
check "no process is left" none_left

proof --threads 4 --processes 2 --methods flr:config,bus,flr:sysfs,hot --cycles 8 --yes "$bdf"
check "by every method" [ "$status" = 0 ]
check "also where the memory may hold anything" verdict load pass
proof --threads 4 --processes 2 --read-only --sample 16 --cycles 3 "$bdf"
check "without a write" [ "$status" = 0 ]
check "what was there is there" verdict load pass
proof --cycles 1 "$bdf"
check "without a load there is no such check" holds '[.checks[] | select(.id == "load")] == [] and
	.cycles[0].load == null'

# Somebody else resets it between two cycles: nobody here is to blame.
status=0
cxlvfio verify --ndjson --sample 16 --threads 4 --processes 2 --interval 10000 --cycles 3 "$bdf" \
	2> "$scratch/stderr" | while read -r line; do
	case $line in
	*'"type": "cycle"'*'"cycle": 3'*) ;;
	*'"type": "cycle"'*) echo 1 > "/sys/bus/pci/devices/$bdf/reset" ;;
	*) printf '%s\n' "$line" > "$scratch/document" ;;
	esac
done
json=$(cat "$scratch/document")
check "resets of others in the pause" holds '.errors == []'
check "no word and no refusal of theirs is held against the driver" verdict load pass

# Shut when it is opened, and the first reset opens it: what it holds then nobody knows.
endpointctl 0 fault media-never-ready@1x1 > "$scratch/answer" || cat "$scratch/answer"
proof --sample 16 --threads 2 --processes 1 --cycles 2 "$bdf"
endpointctl 0 clear all > "$scratch/answer"
check "a window that the first reset opens" verdict load pass

status=0
json=$(prlimit --as=1500000000 cxlvfio verify --json --threads 256 "$bdf" 2> "$scratch/stderr") ||
	status=$?
check "no room for so many threads is no busy device" [ "$status" = 1 ]
check "it says what to do" says "fewer --threads"

# The memory changes behind the back of everybody.
endpointctl 0 fault content-corrupted@2 > "$scratch/answer" || cat "$scratch/answer"
proof --threads 4 --processes 2 --cycles 3 "$bdf"
endpointctl 0 clear all > "$scratch/answer"
check "a wrong word is seen" [ "$status" = 7 ]
check "and said" verdict load fail
check "where, and by how many" holds '.checks[] | select(.id == "load") |
	.detail | test("word that cannot have been there, first 0x[0-9a-f]+ at window offset 0x")'

# has_children COUNT: of the run.
# shellcheck disable=SC2317  # called by wait_for
has_children() {
	[ "$(pgrep -c -P "$run")" -ge "$1" ]
}

# A process that dies is a failure, not a silence; one that is killed leaves nobody behind.
cxlvfio verify --json --processes 3 --threads 2 --cycles 1000 "$bdf" > "$scratch/document" \
	2> "$scratch/stderr" &
run=$!
# A child of the proof's own beside the three.
wait_for has_children 4
wait_for_resets "$bdf" 4
kill -KILL "$(pgrep -P $run | tail -n 1)"
status=0
wait_for_resets "$bdf" 4
kill -TERM $run
wait $run || status=$?
json=$(cat "$scratch/document")
check "a process dies: SIGTERM ends the run" [ "$status" = 143 ]
check "which failed" holds '.resets[0].verdict == "fail"'
check "and says so" holds '.checks[] | select(.id == "load") | .detail | test("1 of 3 processes ended")'
cxlvfio verify --processes 3 --threads 2 --cycles 1000 "$bdf" > "$scratch/document" 2>&1 &
run=$!
wait_for has_children 4
wait_for_resets "$bdf" 4
kill -KILL $run
wait $run
check "a killed run leaves no process" wait_for none_left
proof --threads 2 --cycles 2 "$bdf"
check "and the device as good as before" [ "$status" = 0 ]
finish
