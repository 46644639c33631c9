#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Resets that are killed before each system call that changes something, and put right by the next
# command; a reset that is asked to end there puts everything right itself.
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"
python3 "$(dirname "$0")/../guest/killed.py" "$@"
end_with $?
