#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The endpoint in a guest of an unmodified QEMU, as a person would hand it over: its memory as a BAR,
# what the guest, the monitor and the endpoint do to it, and what the next guest finds. INTERFACE is
# group, or iommufd, which the debug kernel has; STEPS are some of what is done, instead of all.
exec python3 "$(dirname "$0")/../guest/nested_test.py"
