#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prometheus and node_exporter, on loopback, read what cxlvfio metrics writes; an alert fires.
cxlvfio bind -q all && ip link set lo up || exit 1
exec python3 tests/vm/guest/metrics.py
