#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: --timeout 900
# vm: --endpoints 4 --host-bridges 2 --emulator '--vendor 0x10de --device 0x2342' --timeout 600
#
# What list and show say of PCI and VFIO is what lspci, sysfs and another user of VFIO say: without
# a driver, bound, held by a process, opened.
set -u
exec python3 "$(dirname "$0")/../guest/facts.py"
