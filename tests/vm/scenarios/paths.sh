#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every way down beside those of window.sh. On the debug kernel lockdep sees each lock order once.
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"
bdf=$(cxlvfio list --json | jq -r '.endpoints[0].host')
modprobe recovery_test || exit 1
case $(uname -r) in
*-debug) ;;
*) modprobe aer_inject || exit 1 ;;
esac
cxlvfio bind -q "$bdf" || exit 1
build/sandbox/tests/vm/paths_test "$bdf"
end_with $?
