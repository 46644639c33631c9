#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For checks that source it from the top of the project with $part set, most in a plain Debian root.
log=/tmp/log

# check TEXT COMMAND...: good if COMMAND ends well; what it printed is told if not.
check() {
	text=$1
	shift
	status=0
	"$@" > $log 2>&1 < /dev/null || status=$?
	if [ $status = 0 ]; then
		echo "ok ${part:?}: $text ($(($(date +%s) - began)) s since the beginning)"
	else
		echo "not ok $part: $text"
		echo "# status $status of: $*"
		{ grep -A 9 '^not ok' $log || tail -n 20 $log; } | sed 's/^/# | /'
	fi
	return $status
}

# equal WANTED COMMAND...: what COMMAND prints on its first line.
equal() {
	wanted=$1
	shift
	got=$("$@" | head -n 1)
	[ "$got" = "$wanted" ] || {
		echo "'$got', and not '$wanted'"
		return 1
	}
}

# The block of commands of the README that follows the paragraph which begins with WORDS.
readme_block() { # WORDS
	awk -v words="$1" '
		/^    / { if (inside) { print substr($0, 5); said = 1 }; next }
		said { exit }
		/^$/ { begins = 1; next }
		begins != 0 || NR == 1 { inside = index($0, words) == 1 }
		{ begins = 0 }' README.md
}

stand_in() { # NAME, and the script on stdin
	cat > "/usr/local/sbin/$1"
	chmod 755 "/usr/local/sbin/$1"
}

# "uname -r" is what is in /run/kernel, and "modprobe" finds a module but does not load it.
stand_in_for_kernel() {
	stand_in uname <<- 'SCRIPT'
		#!/bin/sh
		[ "$*" != -r ] || [ ! -s /run/kernel ] || exec cat /run/kernel
		exec /usr/bin/uname "$@"
	SCRIPT
	stand_in modprobe <<- 'SCRIPT'
		#!/bin/sh
		exec /usr/sbin/modprobe --show-depends --set-version "$(uname -r)" "$@"
	SCRIPT
}

# apt asks nothing, and keeps what it has fetched beside the root.
configure_apt() {
	mkdir -p "$CXLVFIO_CACHE/debs/partial"
	cat > /etc/apt/apt.conf.d/99test <<- CONFIGURATION
		APT::Get::Assume-Yes "true";
		Dir::Cache::archives "$CXLVFIO_CACHE/debs";
		APT::Sandbox::User "root";
		Acquire::Retries "3";
		Dpkg::Use-Pty "0";
	CONFIGURATION
	export DEBIAN_FRONTEND=noninteractive
}

began=$(date +%s)
