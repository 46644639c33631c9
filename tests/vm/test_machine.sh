#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What tests/vm/run promises, seen from outside. Prints TAP; needs root and takes some minutes.
# Two machines run at a time: they must not notice each other.
set -u

here=$(cd "$(dirname "$0")" && pwd)
run=$here/run
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cxlvfio
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

# check NAME CONDITION...: CONDITION is a command.
check() {
	name=$1
	shift
	if "$@"; then
		echo "ok machine: $name"
	else
		echo "not ok machine: $name"
		failed=1
		printf '# it is not so:'
		printf " '%s'" "$@" | tr '\n' ' '
		printf '\n# status %s\n' "$(cat "$case.status" 2> /dev/null)"
		for file in out err; do
			[ ! -s "$case.$file" ] || tail -n 15 "$case.$file" | sed "s/^/# $file: /"
		done
	fi
}

# start CASE ARGUMENT...: run in the background; its output goes to CASE.out and CASE.err. Where
# no other limit is asked for it has ten times what a busy machine needs.
start() {
	case=$1
	shift
	(
		"$run" --timeout 1200 "$@" > "$case.out" 2> "$case.err"
		echo $? > "$case.status"
	) &
}

# shellcheck disable=SC2317  # used through check
status_is() {
	[ "$(cat "$case.status")" = "$1" ]
}

# shellcheck disable=SC2317
has() {
	grep -q -e "$2" "$1"
}

# At once: what needs no machine.
case=unit
"$here/sandbox" python3 -B tests/vm/machine/test_machine.py > unit.out 2> unit.err
check "addresses, tables, streams and kernel reports" [ $? = 0 ]

for arguments in "--endpoints 5 -- true" "--endpoints 2 --host-bridges 3 -- true" "--bogus -- true" \
	"--processors 0 -- true" \
	"--hdm-size 100M -- true" "--hdm-size huge -- true" "--share /nonexistent -- true" \
	"--emulator '\"' -- true" "--leaks -- true" "--endpoints 1"; do
	start usage
	wait
	eval "start usage $arguments"
	wait
	check "usage error, exit 2 and one line: $arguments" \
		eval 'status_is 2 && [ ! -s usage.out ] && [ "$(grep -c "^vm: " usage.err)" = 1 ]'
done

# Everything that passes between a command and the outside, and a topology beside it.
mkdir share
start streams --share share --dmesg kernel.log -- tests/vm/guest/streams.sh
start topology --endpoints 4 --host-bridges 2 -- tests/vm/guest/topology.py 4 2 268435456
wait
case=streams
check "exit status of the command" status_is 7
check "binary stdout, and nothing else there" \
	[ "$(sha256sum < streams.out)" = "$(grep -v '^vm: ' streams.err)" ]
check "stderr, and at most a line on what is done" \
	eval '[ "$(grep -vc "^vm: " streams.err)" = 1 ] && [ "$(grep -c "^vm: " streams.err)" -le 2 ]'
check "stdin is /dev/null" has share/stdin '^/dev/null$'
check "the command runs in the project" has share/directory '^/src$'
check "the working tree's cxlvfio comes first" has share/command '^/usr/local/'
check "the project is read-only" has share/touch 'Read-only'
check "the kernel log is written" has kernel.log 'Linux version'
check "endpointctl passes on an answer" \
	eval 'has share/state "\"decoders\"" && has share/state.status "^0$"'
check "endpointctl passes on an error" \
	eval 'has share/nonsense "\"error\"" && has share/nonsense.status "^1$"'
check "endpointctl knows which endpoints there are" \
	eval 'has share/missing "no endpoint 1" && has share/missing.status "^1$"'
grep -E '^(not )?ok|^#' topology.out
case=topology
check "4 endpoints below 2 host bridges" \
	eval 'status_is 0 && has topology.out "^ok" && ! has topology.out "^not ok"'

# A kernel module that does nothing but warn: the command succeeds, the run must not.
mkdir share/warn
cat > share/warn/warn.c << 'SOURCE'
#include <linux/module.h>
static int __init warn_init(void) { WARN_ON(1); return 0; }
module_init(warn_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Warns");
SOURCE
echo 'obj-m := warn.o' > share/warn/Kbuild
# shellcheck disable=SC2016
"$here/sandbox" sh -c 'cd "$HOST_DIRECTORY/share/warn" &&
	make -C /lib/modules/*/build M="$PWD"' > build.out 2>&1
start warn --no-driver --endpoints 0 --share share -- insmod /mnt/share/warn/warn.ko
start large --hdm-size 1G --endpoints 2 -- tests/vm/guest/topology.py 2 1 1073741824
wait
start off_limits --dmesg off_limits.log -- sh -c 'tests/vm/guest/memory_off.py $(cxlvfio list --json |
	jq -r ".endpoints[0] | .host, .resource")'
wait
case=off_limits
check "an access with memory space off fails the run with 70" status_is 70
check "and says so" has off_limits.err "accessed with memory space off"
check "its console log is where it was asked for, and nowhere else" \
	eval 'has off_limits.err "console log: .*/off_limits.log$" &&
		has off_limits.log "Linux version" && ! grep -q last-console off_limits.err'
case=warn
check "a kernel warning fails the run with 70" status_is 70
check "the kernel's report is printed" eval 'has warn.err warn_init && has warn.err "Call Trace"'
check "the console log is kept" has warn.err "last-console.log"
grep -E '^(not )?ok|^#' large.out
case=large
check "2 endpoints of 1 GiB below 1 host bridge" \
	eval 'status_is 0 && has large.out "^ok" && ! has large.out "^not ok"'

# Machines that do not come up.
start noinit --append rdinit=/nonexistent -- true
start noserver --emulator --nonsense -- true
wait
case=noinit
check "a kernel that panics is 71" status_is 71
check "it says that it was the kernel" has noinit.err "stage 'kernel'"
case=noserver
check "a device server that does not start is 71" status_is 71
check "it says why" has noserver.err "nonsense"

start panic --no-driver --endpoints 0 -- sh -c 'echo c > /proc/sysrq-trigger'
start off --endpoints 0 -- sh -c 'echo o > /proc/sysrq-trigger; sleep 100'
wait
case=panic
check "a kernel that panics under the command is 70" status_is 70
check "the panic is printed" has panic.err "Kernel panic"
case=off
check "a command that ends the machine is 71" status_is 71

start nodriver --append module_blacklist=cxl_mem -- true
start timeout --timeout 5 -- sleep 10000
wait
case=nodriver
check "a driver that cannot be loaded is 71" status_is 71
check "it says which" has nodriver.err "stage 'drivers'.*cxl_mem"
case=timeout
check "a command that takes too long is 124" status_is 124
check "its boot was not part of that" has timeout.err "within 5 s"

# A processor that is stopped from the start: no line on the console, and no time.
start standstill --standstill 5 --qemu -S --endpoints 0 -- true
wait
case=standstill
check "a machine that stands still is 71" status_is 71
check "after it was booted once more, and not twice" \
	[ "$(grep -c "booting once more" standstill.err)$(grep -c "booting Linux" standstill.err)" = 12 ]
check "it says what was missing" has standstill.err "next to no processor time for 5 s at stage 'QEMU started'"

# interrupt SIGNAL CASE: in a session of its own, as from a terminal; prints the exit status.
interrupt() {
	env --default-signal=INT setsid "$run" --timeout 1200 -- \
		sh -c 'echo started; sleep 10000' > "$2.out" 2> "$2.err" &
	session=$!
	while ! has "$2.out" started && kill -0 $session 2> /dev/null; do
		sleep 0.2
	done
	before=$(pgrep -c -s $session)
	kill -"$1" -$session
	wait $session
	echo $? > "$2.status"
	left=$(pgrep -c -s $session)
}

mounts=$(wc -l < /proc/self/mountinfo)
case=int
interrupt INT int
check "^C ends it with 130" status_is 130
check "the machine was running" [ "$before" -ge 3 ]
check "^C leaves no process" [ "$left" = 0 ]
case=term
interrupt TERM term
check "TERM ends it with 143" status_is 143
check "TERM leaves no process" [ "$left" = 0 ]
check "no mount is left" [ "$(wc -l < /proc/self/mountinfo)" = "$mounts" ]
check "nothing is left where roots are mounted" [ -z "$(ls -A "$cache/mnt")" ]
check "no file is left in the project" \
	[ -z "$(find "$here" -name __pycache__ -o -newer "$work/share" -type f)" ]

start debug --kernel debug -- sh -c 'ls /dev/iommu; uname -r'
wait
case=debug
check "the debug kernel boots, with iommufd and no report" \
	eval 'status_is 0 && has debug.out "-debug$"'

# A module that loses what it allocates.
cat > share/warn/warn.c << 'SOURCE'
#include <linux/module.h>
#include <linux/slab.h>
static int __init leak_init(void)
{
	for (int i = 0; i < 10; i++) {
		char *lost = kmalloc(1234, GFP_KERNEL);
		if (lost)
			WRITE_ONCE(*lost, 1);	/* or the compiler would drop both */
	}
	return 0;
}
module_init(leak_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Leaks");
SOURCE
# shellcheck disable=SC2016
"$here/sandbox" sh -c 'cd "$HOST_DIRECTORY/share/warn" &&
	make -C "$(/src/tests/vm/debug-kernel)/build" M="$PWD" clean modules' > build.out 2>&1
start leak --kernel debug --leaks --no-driver --endpoints 0 --share share -- \
	insmod /mnt/share/warn/warn.ko
wait
case=leak
check "a leak fails the run with 70" status_is 70
check "the leak is printed" has leak.err "unreferenced object 0x"

exit $failed
