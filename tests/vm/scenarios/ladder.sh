#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The first contact with an endpoint: from the least to the most, each step on record before it is
# tried; killed in each of them; records that are damaged, foreign, or cannot be written. What a
# machine does not survive is tests/vm/test_ladder.sh's.
set -u
# shellcheck source=tests/vm/guest/proof.sh
. "$(dirname "$0")/../guest/proof.sh"

# What a bind announces, and the first contact puts off, is the default.
echo zero > "${scrub:?}"
end_at=/src/build/sandbox/tests/vm/end_at
# Of x86-64: one for each file that is written. The first is the record of "registers", the second
# the note of the scrub that is put off, then comes a record for each step.
fchmod=91
kept=/var/lib/cxlvfio
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
policy=/sys/bus/pci/devices/$bdf/cxl_vfio/scrub_policy

# ladder KEY: what list says of it.
ladder() {
	cxlvfio list --json 2> "$scratch/list" | jq -r ".endpoints[0].ladder.$1"
}

# finding ID: whether list has it.
# shellcheck disable=SC2317  # called by check
finding() {
	cxlvfio list --json 2> "$scratch/list" |
		jq -e --arg id "$1" '.endpoints[0].findings | map(.id) | index($id)' > "$scratch/found"
}

# doctor CHECK: its result.
doctor() {
	cxlvfio doctor --json --check "$1" 2> "$scratch/list" | jq -r '.checks[0].result'
}

# verify ARGUMENT...: $status and $scratch/stderr of it, $scratch/stdout.
verify() {
	status=0
	cxlvfio verify "$@" > "$scratch/stdout" 2> "$scratch/stderr" || status=$?
}

check "nothing is recorded of a machine that was just installed" [ ! -e "$kept" ]
check "which is unproven" [ "$(ladder state) $(ladder survived)" = "unproven null" ]

cxlvfio bind "$bdf" > "$scratch/stdout" 2> "$scratch/stderr"
check "a bind reads registers" [ "$(ladder survived)" = registers ]
check "and announces what its close will write" says "writes the whole window"
check "and what leaves that out" says "scrub=none"
check "its record is for everybody to read" [ "$(stat -c %a:%A "$kept"/ladder-*)" = 644:-rw-r--r-- ]

# Before the Nth file is on disk the step of the record before it was tried, and nothing says how it
# ended. Each time the next command says so, and begins again.
number=2
for step in registers line page write rest; do
	number=$((number + 1))
	"$end_at" 9 $fchmod $number cxlvfio verify --prove "$bdf" > "$scratch/stdout" 2>&1
	observe "it ended with $?; the record: $(cat "$kept"/ladder-*)"
	check "killed in step $step: list says so" \
		[ "$(ladder state) $(ladder step)" = "interrupted $step" ]
	check "with a finding" finding ladder_interrupted
	check "doctor warns" [ "$(doctor first_contact)" = warning ]
	# It is ordered again once the rest is on record.
	case $step in
	registers | line | page | write)
		check "the scrub that was put off is on record" \
			[ "$(cat "/run/cxlvfio/$bdf.scrub_policy")" = zero ]
		check "so doctor says" [ "$(doctor interrupted_reset)" = warning ]
		;;
	esac
	cxlvfio bind "$bdf" > "$scratch/stdout" 2> "$scratch/stderr"
	check "bind says so" says "step \"$step\""
	check "and puts the scrub back" [ "$(cat "$policy")" = zero ]
	check "of which nothing is left" [ ! -e "/run/cxlvfio/$bdf.scrub_policy" ]
done

# Another run is just in that step: no crash, and no second run.
cxlvfio verify --cycles 100 "$bdf" > "$scratch/out" 2>&1 &
run=$!
until [ "$(ladder state)" != interrupted ] || ! kill -0 $run; do sleep 0.1; done
wait_for grep -q '^cycle' "$scratch/out"
check "a run that lives is no crash" [ "$(ladder state) $(ladder step)" = "running rest" ]
verify "$bdf"
check "and keeps others out" [ "$status" = 5 ]
kill -TERM $run
wait $run
check "it ends when asked" [ $? = 143 ]
check "and all is proven" [ "$(ladder state) $(ladder survived)" = "proven rest" ]

# Proven: one small file is read, and not written. Notes in /run are another matter.
strace -f -e trace=openat,renameat -o "$scratch/trace" cxlvfio reset --sample 8 "$bdf" \
	> "$scratch/stdout" 2>&1
observe "$(grep -E 'var/lib|rename' "$scratch/trace")"
check "proven, the record is read" [ "$(grep -c 'var/lib/cxlvfio' "$scratch/trace")" = 1 ]
check "and not written" [ "$(grep -c 'renameat.*ladder-' "$scratch/trace")" = 0 ]
check "doctor is content" [ "$(doctor first_contact)" = ok ]
cxlvfio bind "$bdf" > "$scratch/stdout" 2> "$scratch/stderr"
check "bind has nothing to announce" [ ! -s "$scratch/stderr" ]
# The serial number, which tells an endpoint, is where configuration space is not for users: so they
# cannot tell what was survived, and nobody claims to.
user() {
	status=0
	setpriv --reuid=65534 --clear-groups cxlvfio "$@" \
		> "$scratch/stdout" 2> "$scratch/stderr" || status=$?
}
user list --json
observe "$(jq -c '.endpoints[0] | .serial, .unavailable, .ladder' "$scratch/stdout")"
check "to a user it is not known, and he sees why" \
	[ "$(jq -r '.endpoints[0].ladder.unavailable.state' "$scratch/stdout")" = EACCES ]
chown -R 65534 /dev/vfio
user reset --method auto --sample 8 "$bdf"
check "a user who may open the device: refused" [ "$status" = 4 ]
check "since he cannot tell what was survived" says "has survived a contact with it before cannot be read"
user reset --method auto --sample 8 --yes "$bdf"
check "with consent he goes on" [ "$status" = 0 ]
check "and what is proven is not called unproven" [ "$(grep -c unproven "$scratch/stderr")" = 0 ]
chown -R root /dev/vfio

# Nobody's word but ours.
record=$(echo "$kept"/ladder-*)
cp "$record" "$scratch/record"
sed -i 's/^machine .*/machine another/' "$record"
check "a record of another machine is told" finding ladder_record
check "and not trusted" [ "$(ladder state) $(ladder survived)" = "foreign null" ]
echo rubbish > "$record"
check "so is one that is damaged" [ "$(ladder state) $(ladder survived)" = "damaged null" ]
rm "$record" && mkdir "$record"
check "one that cannot be read is told" finding ladder_record
status=0
cxlvfio reset --method auto --dry-run "$bdf" > "$scratch/stdout" 2> "$scratch/stderr" || status=$?
check "a dry run refuses it as the run does" [ "$status" = 1 ]
check "and says what cannot be read" says "has survived a contact with it before cannot be read"
rmdir "$record" && echo rubbish > "$record"
verify --prove "$bdf"
check "--prove makes a new one" [ "$status $(ladder state)" = "0 proven" ]
check "and says which steps there are" grep -q "survived *write *writing one page" "$scratch/stdout"
sed 's/^survived.*/survived rest 6.1.0-other/' "$scratch/record" > "$record"
check "another kernel proves nothing for this one" [ "$(ladder state) $(ladder survived)" = "unproven null" ]
verify --prove "$bdf"
check "nor is it forgotten" grep -q '^survived rest 6.1.0-other' "$record"

# A machine that stopped: here a record of another boot. The same by machines that do stop:
# tests/vm/test_ladder.sh.
sed "s/^survived.*/trying page $(uname -r) another-boot 1 1/" "$scratch/record" > "$record"
check "what the machine did not survive is told" \
	[ "$(ladder state) $(ladder step)" = "not_survived page" ]
reset --sample 8 "$bdf"
check "reset refuses" [ "$status" = 5 ]
check "and says how to go on" says "verify --prove --yes"
reset --dry-run "$bdf"
check "so says a dry run" [ "$status" = 5 ]
reset --sample 8 --read-only --yes "$bdf"
check "without writing, with consent: it goes on" [ "$status" = 0 ]
check "which survives the page" [ "$(ladder state) $(ladder survived)" = "unproven page" ]
check "and forgets it" [ "$(grep -c crashed "$record")" = 0 ]
sed 's/^survived.*/trying page 6.1.0-other another-boot 1 1/' "$scratch/record" > "$record"
reset --sample 8 "$bdf"
check "a crash under another kernel: refused" [ "$status" = 5 ]
verify --prove --yes "$bdf"
check "proven under this one" [ "$status $(ladder state)" = "0 proven" ]
check "it is kept for its own" grep -q '^crashed page 6.1.0-other' "$record"

# Where nothing can be recorded.
mount -t tmpfs -o ro,mode=755 none "$kept"
reset --sample 8 "$bdf"
check "a read-only /var/lib: refused" [ "$status" = 4 ]
check "with the way out" says "without a record: --yes"
check "and the policy is as it was" [ "$(cat "$policy")" = zero ]
reset --sample 8 --yes "$bdf"
check "with consent it goes on" [ "$status" = 0 ]
check "and says what is missing" says "stays unproven"
umount "$kept"

# A reset that leaves the memory alone proves nothing of it.
rm "$record"
echo none > "$policy"
reset --no-verify "$bdf"
check "without a proof, nothing zeroed: registers alone" [ "$status $(ladder survived)" = "0 registers" ]
echo zero > "$policy"
reset --no-verify "$bdf"
check "zeroed at the close: all of it" [ "$status $(ladder state)" = "0 proven" ]

# Reading is not writing, and a part is not all: only what was written as a whole is proven.
rm "$record"
echo none > "$policy"
reset --sample 8 "$bdf"
check "a sample was written, nothing zeroed: not the rest" \
	[ "$status $(ladder state) $(ladder survived)" = "0 unproven write" ]
echo zero > "$policy"
cxlvfio bind "$bdf" > "$scratch/stdout" 2> "$scratch/stderr"
check "so the scrub that is ordered then is announced" says "writes the whole window"
echo none > "$policy"
# Each record, and its name, is on disk before the first access of its step.
strace -f -y -e trace=fsync,renameat,openat,pread64 -o "$scratch/trace" \
	cxlvfio verify --prove "$bdf" > "$scratch/stdout" 2> "$scratch/stderr"
check "without the scrub --prove writes all of it" [ "$(ladder state)" = proven ]
check "and puts back what was there" [ "$(grep -c "put back" "$scratch/stderr")" = 0 ]
order=$(awk '/fsync\(.*\/\.ladder-.*\.new>/ { written = 1 }
	/renameat\(.*"ladder-/ { records++; late += !written; written = 0; named = 1 }
	/fsync\([0-9]+<\/var\/lib\/cxlvfio>/ { named = 0 }
	/\[vfio-device\]|"\/dev\/vfio\// { accesses++; late += named }
	END { print records, late + 0, (accesses > 5) }' "$scratch/trace")
observe "records, those late, whether there were accesses: $order"
check "each step is on disk before it is tried" [ "$order" = "6 0 1" ]

# Hardware that decodes and does not answer: nothing more is tried, not even the scrub at the close.
line() {
	status=0
	strace -y -o "$scratch/trace" -e trace=pread64 "$@" > "$scratch/stdout" 2> "$scratch/stderr" || status=$?
}
rm "$record"
line cxlvfio reset --sample 8 "$bdf"
number=$(grep pread64 "$scratch/trace" | grep -n 'vfio-device.*, 64, ' | head -n 1 | cut -d : -f 1)
check "the first line of the window is read" [ "$number" ]
# Zeroed at its last close, so that nothing is due before this one.
echo zero > "$policy"
reset --no-verify "$bdf"
observe "scrub: $(cat "/sys/bus/pci/devices/$bdf/cxl_vfio/scrub_result")"
check "the window was zeroed before" \
	[ "$(cat "/sys/bus/pci/devices/$bdf/cxl_vfio/scrub_result")" = "done" ]
bytes=$(cat "/sys/bus/pci/devices/$bdf/cxl_vfio/scrub_bytes")
rm "$record"
line -e inject=pread64:error=EIO:when="$number" cxlvfio reset --sample 8 "$bdf"
check "it cannot be read: the reset fails" [ "$status" = 1 ]
check "and says in which step" says 'step "line" cannot be made'
check "nothing of the window was written" \
	[ "$(cat "/sys/bus/pci/devices/$bdf/cxl_vfio/scrub_bytes")" = "$bytes" ]
check "the policy is as it was" [ "$(cat "$policy")" = zero ]
check "and it is no crash" [ "$(ladder state) $(ladder survived)" = "unproven registers" ]
line -e inject=pread64:error=EIO:when="$number" cxlvfio reset --sample 8 --yes "$bdf"
check "with consent it goes on" [ "$status" = 0 ]
check "and says so, too" says 'step "line" cannot be made'
check "nobody accessed a window that did not decode, or with memory space off" not_accessed
finish
