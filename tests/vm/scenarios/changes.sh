#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Lists LISTS times (200) while one endpoint is bound and unbound and another pulled out and put back.
#
exec python3 tests/vm/guest/changes.py "${LISTS:-200}"
