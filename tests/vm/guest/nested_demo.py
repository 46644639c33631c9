#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run by demo.sh: what a guest sees of the endpoint's memory, before and after its FLR.

The guest is booted at once, beside all else that is shown, and gets the endpoint by hot plug when a
line comes on stdin: its boot takes longest.
"""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from nested import PAGES, ROOT_PORT, Endpoint, Guest  # noqa: E402  (nothing is left in the tree)

TAG = 0xc0ffee


def look(guest: Guest, size: int, what: str) -> bool:
    """Every page is as it was written."""
    first, last = (guest.ask("read", offset)[0] for offset in (0, size - PAGES))
    wrong = guest.wrong(TAG, PAGES)
    print(f"guest: {what} first page {first}, last page {last}; "
          f"not as written: {'; '.join(wrong) or 'none'}", flush=True)
    return not wrong


def main() -> int:
    guest = Guest(*ROOT_PORT)
    guest.wait_ready()
    sys.stdin.readline()
    endpoint = Endpoint()
    size = endpoint.window_size()
    device = f"vfio-pci,host={endpoint.host},bus=rp"
    print(f"\n$ qemu-system-x86_64 ... {' '.join(ROOT_PORT)}")
    print(f"(qemu) device_add {device}", flush=True)
    guest.plug(device)
    name, index = guest.wait_mapped(endpoint.sizes())
    print(f"guest: {name} has {size >> 20} MiB of memory in BAR {index}")
    guest.ask("write", TAG, PAGES)
    look(guest, size, f"wrote {size // PAGES} pages:")
    print(f"guest: echo 1 > /sys/bus/pci/devices/{name}/reset", flush=True)
    before = endpoint.counts()
    guest.ask("set", "reset", 1)
    after = endpoint.counts()
    good = look(guest, size, "read them again:   ")
    print(f"driver: zapped {after['zap'] - before['zap']} times, reactivated "
          f"{after['reactivate'] - before['reactivate']} times, now {endpoint.get('state')}")
    guest.kill()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
