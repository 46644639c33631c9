#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: --driver-flags CXL_VFIO_TEST_NO_ZAP=y
#
# A driver that forgets to zap and says that it did not: the proof must not believe it.
set -u
# shellcheck source=tests/vm/guest/proof.sh
. "$(dirname "$0")/../guest/proof.sh"

cxlvfio bind -q all || exit 1
reset all
check "a driver without the zap fails" [ "$status" = 7 ]
check "in the check that says so" verdict zapped fail
check "with 0 faults" holds '.cycles[0].mappings[] | select(.name == "whole") |
	.faults_after == 0 and .faults_expected == 128 and .faults_missing == 128'
check "in every mapping" holds '[.checks[] | select(.id | endswith("_mapping")) |
	.verdict == "fail"] | all'
check "although the driver counted a zap" verdict driver_counters pass
check "the message names stale mappings" says stale
finish
