#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Lists 1,000 times while one endpoint is bound and unbound and another pulled out and put back.
#
# vm: --endpoints 2 --host-bridges 2 --timeout 1500
exec python3 tests/vm/guest/changes.py "${1:-1000}"
