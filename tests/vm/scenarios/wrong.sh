#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Drivers that are wrong in one way each: all are found, each by the check that names it, which is
# what cxlvfio-verify-catalogue(7) says; the right one is not accused.
exec python3 "$(dirname "$0")/../guest/wrong.py" driver "$@"
