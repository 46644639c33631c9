#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""For tests/vm/test_machine.sh: read a word of the window with memory space off, and end well.

    memory_off.py ADDRESS RESOURCE

What a driver must never do: here /dev/mem does it.
"""
import mmap
import os
import sys

PCI_COMMAND, PCI_COMMAND_MEMORY = 4, 2

address, resource = sys.argv[1], int(sys.argv[2], 0)
config = os.open(f"/sys/bus/pci/devices/{address}/config", os.O_RDWR)
command = os.pread(config, 1, PCI_COMMAND)[0]
os.pwrite(config, bytes([command & ~PCI_COMMAND_MEMORY]), PCI_COMMAND)
memory = os.open("/dev/mem", os.O_RDONLY)
window = mmap.mmap(memory, mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ, offset=resource)
print(window[:8].hex())
