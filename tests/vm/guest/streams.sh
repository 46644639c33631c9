#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For tests/vm/test_machine.sh: everything that passes between a command and the outside.
share=/mnt/share

head -c 300000 /dev/urandom > /tmp/data
sha256sum < /tmp/data >&2
sleep 1000 &
readlink /proc/self/fd/0 > $share/stdin
pwd > $share/directory
command -v cxlvfio > $share/command
endpointctl 0 state > $share/state
echo $? > $share/state.status
endpointctl 0 nonsense > $share/nonsense
echo $? > $share/nonsense.status
endpointctl 1 state > $share/missing
echo $? > $share/missing.status
touch /src/x 2> $share/touch
cat /tmp/data
exit 7
