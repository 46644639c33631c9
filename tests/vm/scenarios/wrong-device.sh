#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Devices that are wrong in one way each, under the right driver: as wrong.sh.
exec python3 "$(dirname "$0")/../guest/wrong.py" device "$@"
