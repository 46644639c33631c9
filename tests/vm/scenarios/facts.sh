#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What list and show say of PCI and VFIO is what lspci, sysfs and another user of VFIO say: without
# a driver, bound, held by a process, opened.
set -u
exec python3 "$(dirname "$0")/../guest/facts.py"
