#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Everything that cxl list prints is in cxlvfio list --json: same name, same type, same value. And
# so are the attributes in sysfs that it comes from.
set -eu
cxlvfio --quiet bind all > /dev/null
exec python3 "$(dirname "$0")/../guest/parity.py"
