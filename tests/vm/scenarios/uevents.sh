#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the driver tells programs of its gate: uevents and poll(2) on its state.
modprobe recovery_test && cxlvfio bind -q all && modprobe slow_scrub_test || exit 1
exec python3 tests/vm/guest/uevents.py
