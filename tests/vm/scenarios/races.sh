#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two changes of one endpoint at once, ROUNDS times (80): two binds, bind and unbind, bind and the removal
# of the device, bind and the removal of the module.
set -u
# shellcheck source=tests/vm/guest/tap.sh
. "$(dirname "$0")/../guest/tap.sh"
python3 tests/vm/guest/races.py "${ROUNDS:-80}"
end_with $?
