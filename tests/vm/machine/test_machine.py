# SPDX-License-Identifier: GPL-2.0-or-later
"""What needs no machine to be tested: addresses and tables, streams, kernel reports."""

import os
import struct
import unittest

import initramfs
import relay
import topology
from console import Console
from standstill import Standstill

MIB = topology.MIB
GIB = topology.GIB

REPORTS = [
    "WARNING: mm/memory.c:123 at foo+0x12/0x34, CPU#1: cat/77",
    "WARNING: possible circular locking dependency detected",
    "WARNING: suspicious RCU usage",
    "BUG: KASAN: slab-use-after-free in foo+0x1/0x2",
    "BUG: kernel NULL pointer dereference, address: 0000000000000000",
    "BUG: sleeping function called from invalid context at kernel/locking/mutex.c:5",
    "watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [cat:77]",
    "kernel BUG at mm/memory.c:1!",
    "Oops: general protection fault, probably for non-canonical address 0x1: 0000 [#1] SMP",
    "UBSAN: array-index-out-of-bounds in drivers/x.c:1:2",
    "INFO: task cxlvfio:99 blocked for more than 122 seconds.",
    "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
    "rcu: INFO: rcu_preempt self-detected stall on CPU",
    "unreferenced object 0xffff888107b40580 (size 32):",
    "ODEBUG: free active (active state 0) object: 1 object type: timer_list hint: foo",
    "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00007f00",
]
HARMLESS = [
    "cxl_vfio_pci: loading out-of-tree module taints kernel.",
    "rcu: Hierarchical RCU implementation.",
    "DEBUG: nothing", "HAVE_WARNING",
    "Warning: unable to open an initial console.",
    "kmemleak: Kernel memory leak detector initialized (mem pool available: 15000)",
    "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
    "kmemleak: Linux itself kept 3 tables of mapped dma-bufs",
    "INFO: lockdep statistics",
    "cxl-vfio-pci 0000:0d:00.0: refused: decoder 0 is not committed",
]


class TopologyTest(unittest.TestCase):
    def test_windows_are_aligned_and_apart(self) -> None:
        for count in range(5):
            for bridges in range(1, max(1, count) + 1):
                for size in (256 * MIB, 768 * MIB, GIB, 3 * GIB):
                    for lay_out in (topology.pc_layout, topology.virt_layout):
                        self.verify(
                            topology.build(count, bridges, size, lay_out=lay_out), size
                        )

    def verify(self, machine: topology.Topology, size: int) -> None:
        end = topology.RAM_HIGH_BASE
        offset = 0
        for endpoint in machine.endpoints:
            self.assertGreaterEqual(endpoint.base, end)
            self.assertEqual(endpoint.base % min(GIB, 1 << (size - 1).bit_length()), 0)
            end = endpoint.base + size
            self.assertGreaterEqual(endpoint.memory_offset, offset)
            offset = endpoint.memory_offset + size
            self.assertLessEqual(offset, machine.layout.file_size)
        for bridge in machine.bridges:
            self.assertGreaterEqual(bridge.registers, end)
            ports = [endpoint.port for endpoint in machine.below(bridge)]
            self.assertEqual(ports, list(range(len(ports))))

    def test_cedt(self) -> None:
        machine = topology.build(4, 2, GIB)
        table = topology.cedt(machine)
        self.assertEqual(sum(table) & 0xFF, 0)
        self.assertEqual(struct.unpack_from("<I", table, 4)[0], len(table))
        offset, windows = 36, []
        while offset < len(table):
            kind, length = struct.unpack_from("<BxH", table, offset)
            if kind == topology.CEDT_CFMWS:
                base, size = struct.unpack_from("<QQ", table, offset + 8)
                windows.append((base, size, struct.unpack_from("<I", table, offset + 36)[0]))
            offset += length
        self.assertEqual(offset, len(table))
        expected = [(e.base, e.size, e.bridge.bus) for e in machine.endpoints]
        self.assertEqual(windows, expected)


class OutputTest(unittest.TestCase):
    def passed_on(self, chunks: list[bytes]) -> tuple[bytes, bool]:
        reader, writer = os.pipe()
        output = relay.Output(writer, b"<mark>")
        for chunk in chunks:
            output.feed(chunk)
        os.close(writer)
        with open(reader, "rb") as result:
            return result.read(), output.ended

    def test_mark_cut_anywhere(self) -> None:
        stream = b"\0a<ma<mark>late"
        for cut in range(len(stream) + 1):
            self.assertEqual(self.passed_on([stream[:cut], stream[cut:]]), (b"\0a<ma", True))
        self.assertEqual(self.passed_on([bytes([c]) for c in stream]), (b"\0a<ma", True))

    def test_no_mark(self) -> None:
        self.assertEqual(self.passed_on([b"abc", b"<mar", b"k"]), (b"abc", False))
        self.assertEqual(self.passed_on([b"abc<mar", b"x"]), (b"abc<marx", False))


class StandstillTest(unittest.TestCase):
    def stands_still(self, *looks: tuple[float, int, float]) -> bool:
        standstill = Standstill(60, 0)
        return [standstill.look(*look) for look in looks][-1]

    def test_nothing_at_all(self) -> None:
        self.assertTrue(self.stands_still((1, 0, 0), (60, 0, 0.4)))
        self.assertFalse(self.stands_still((1, 0, 0), (59, 0, 0.4)))

    def test_lines_of_the_console(self) -> None:
        self.assertFalse(self.stands_still((50, 9, 0), (109, 9, 0)))
        self.assertTrue(self.stands_still((50, 9, 0), (110, 9, 0)))

    def test_processor_time(self) -> None:
        self.assertFalse(self.stands_still(*((n, 0, n / 5) for n in range(299))))
        self.assertTrue(self.stands_still(*((n, 0, n / 20) for n in range(61))))

    def test_silence(self) -> None:
        self.assertFalse(self.stands_still(*((n, n // 250, n) for n in range(600))))
        self.assertTrue(self.stands_still(*((n, 0, n) for n in range(301))))


class ConsoleTest(unittest.TestCase):
    def test_reports(self) -> None:
        for line in REPORTS:
            console = Console()
            console.feed(f"[    1.000000] fine\n[    2.5] {line}\n[ 2.6] more\n".encode())
            self.assertEqual(console.report()[0], f"[    2.5] {line}")

    def test_harmless(self) -> None:
        for line in HARMLESS:
            console = Console()
            console.feed(f"[    2.5] {line}\n".encode())
            self.assertEqual(console.report(), [], line)

    def test_taint_without_report(self) -> None:
        console = Console()
        console.feed(b"[    2.5] vm: taint 12800\n")
        self.assertEqual(console.report(), ["kernel tainted by a warning"])
        console = Console()
        console.feed(b"[    2.5] vm: taint 12288\n")
        self.assertEqual(console.report(), [])

    def test_stages(self) -> None:
        console = Console()
        console.feed(b"[ 1.5] vm: sta")
        console.feed(b"ge drivers\r\n[    2.5][  T77] vm: stop no such module\r\n")
        self.assertEqual((console.stage, console.stop_reason), ("drivers", "no such module"))

    def test_patch_race(self) -> None:
        begin = b"[ 0.0] Linux version 7.3.4\n"
        oops = b"[ 4.7] Oops: int3: 0000 [#1] SMP NOPTI\n"
        for text, expected in ((begin + oops, True), (begin, False),
                               (begin + oops.replace(b"int3", b"0002"), False),
                               (begin + b"[ 2.0] vm: stage drivers\n" + oops, False)):
            console = Console()
            console.feed(text)
            self.assertEqual(console.patch_race(), expected, text)
            self.assertEqual(bool(console.report()), b"Oops" in text)


class ArchiveTest(unittest.TestCase):
    def test_parents_come_first(self) -> None:
        archive = initramfs.Archive()
        archive.file("a/b/c", b"xyz")
        data = archive.finish()
        names = [data.find(name) for name in (b"a\0", b"a/b\0", b"a/b/c\0", b"TRAILER!!!\0")]
        self.assertEqual(names, sorted(names))
        self.assertGreater(names[0], 0)
        self.assertEqual(len(data) % 4, 0)


if __name__ == "__main__":
    unittest.main()
