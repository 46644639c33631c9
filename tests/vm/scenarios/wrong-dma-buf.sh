#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same as wrong.sh for what only a kernel with iommufd can be wrong in.
exec python3 "$(dirname "$0")/../guest/wrong.py" driver "$@" dma-buf-not-revoked
