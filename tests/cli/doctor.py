#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""doctor on a healthy fixture in which one precondition at a time is broken. Prints TAP.

    doctor.py COMMAND SCHEMAS

Each breakage must change the result of exactly the checks that it names, and every check of the
program's own table must be broken by one of them. Findings are those of list and driver status.
"""
import json
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import run  # noqa: E402
import tap  # noqa: E402
import validate  # noqa: E402  (nothing is left in the source tree)

FIXTURES = run.load_fixtures()
TARGET = "0000:0d:00.0"
FUNCTION = f"{FIXTURES.BUS_DEVICES}/0000:0c:00.0/{TARGET}"
CEDT = "sys/firmware/acpi/tables/CEDT"
CONFIG = f"boot/config-{FIXTURES.KERNEL}"
LADDER = "var/lib/cxlvfio/ladder-1e98:e2e2:123456789abcdef"
CMDLINE = "root=/dev/vda1 intel_iommu=on "
MODULE = f"lib/modules/{FIXTURES.KERNEL}/updates/dkms/{FIXTURES.modules.NAME}.ko"
NOBODY = 65534
# What depends on the CEDT.
OF_DRIVER = ("vermagic_mismatch", "signature_missing", "not_for_running_kernel", "not_installed",
             "loaded_is_not_installed", "not_indexed", "dkms_not_installed", "not_live",
             "not_registered", "forced_load", "unknown_interface", "signature_untested")
# What an endpoint that the driver has not got does not answer.
OF_BOUND = {"vmm": "skipped", "vfio_access": "skipped"}
OF_CEDT = ("cedt_windows", "cedt_bridges", "kernel_windows", "window_in_cedt")


def write(path: str, content):
    return lambda root: root.write(path, content)


def remove(*paths: str):
    def change(root) -> None:
        for path in paths:
            file = root.top / path
            shutil.rmtree(file) if file.is_dir() and not file.is_symlink() else file.unlink()
    return change


def unavailable(path: str):
    return lambda root: root.unavailable(path, "EACCES")


def both(*changes):
    def change(root) -> None:
        for each in changes:
            each(root)
    return change


def without(option: str):
    return write(CONFIG, "\n".join(line for line in FIXTURES.KERNEL_CONFIG.splitlines()
                                   if option not in line))


def patch(path: str, offset: int, data: bytes):
    def change(root) -> None:
        content = bytearray((root.top / path).read_bytes())
        content[offset:offset + len(data)] = data
        root.write(path, bytes(content))
    return change


def parameter(text: str):
    return write("proc/cmdline", CMDLINE + text + "\n")


def table(*windows: tuple, bridges: tuple = (12,)):
    return write(CEDT, FIXTURES.cedt(list(windows), bridges))


def damaged(root) -> None:
    content = bytearray((root.top / CEDT).read_bytes())
    content[-1] ^= 1
    root.write(CEDT, bytes(content))


def endless(root) -> None:
    content = bytearray((root.top / CEDT).read_bytes())
    content[38:40] = b"\0\0"
    content[9] = 0
    content[9] = -sum(content) & 0xFF
    root.write(CEDT, bytes(content))


def move(base: int, size: int = 0):
    """The window of driver, decoder and region, and the CEDT that goes with it."""
    def change(root) -> None:
        size_text = f"{size or FIXTURES.WINDOW_SIZE:#x}\n"
        cxl = "sys/devices/platform/ACPI0017:00/root0"
        root.write(f"{FUNCTION}/cxl_vfio/window_base", f"{base:#x}\n")
        root.write(f"{FUNCTION}/cxl_vfio/window_size", size_text)
        decoder = f"{cxl}/port1/endpoint2/decoder2.0"
        root.write(f"{decoder}/start", f"{base:#x}\n")
        root.write(f"{decoder}/size", size_text)
        root.write(f"{cxl}/decoder0.0/region0/resource", f"{base:#x}\n")
        root.write(f"{cxl}/decoder0.0/region0/size", size_text)
    return change


RECORD = "device=1e98:e2e2:123456789abcdef\ndriver=\ndriver_override=\n"
W, S, A = FIXTURES.WINDOW, FIXTURES.WINDOW_SIZE, FIXTURES.ANY_MEMORY
UNBOUND = remove(f"{FUNCTION}/driver", f"{FUNCTION}/vfio-dev", f"{FUNCTION}/cxl_vfio")



def uncommitted(root) -> None:
    root.write(f"{FUNCTION}/resource0", FIXTURES.component_registers([(0, 0, 0)]))


def switched_off(root) -> None:
    """Decoders, all together; the component block's HDM capability is at 0x1100."""
    image = bytearray(FIXTURES.component_registers([(W, S, FIXTURES.COMMITTED)]))
    image[0x1104:0x1108] = bytes(4)
    root.write(f"{FUNCTION}/resource0", bytes(image))


def second_decoder(root) -> None:
    root.write(f"{FUNCTION}/resource0", FIXTURES.component_registers(
        [(W, S, FIXTURES.COMMITTED)] * 2))


def opened(root) -> None:
    FIXTURES.add_process(root, 4711, "qemu", {7: ("/dev/vfio/6", None)})


def neighbour(root) -> None:
    peer = FIXTURES.Function(root, TARGET[:-1] + "1", FIXTURES.Config(0x8086, 0x2918, 0x060100),
                             group=6)
    peer.bind("lpc_ich")


def definition(driver: str = "cxl-vfio-pci", serial: str = "0x123456789abcdef",
               more: str = "") -> str:
    return (f"[match]\nvendor = 0x1e98\ndevice = 0xe2e2\nserial = {serial}\n"
            f"[bind]\ndriver = {driver}\n{more}")


def writable(path: str):
    return lambda root: (root.top / path).chmod(0o777)


# What is broken, how, and which checks say what then.
BREAKAGES = [
    ("an old kernel", both(write("proc/sys/kernel/osrelease", "7.2.9-test\n"),
                           write("boot/config-7.2.9-test", FIXTURES.KERNEL_CONFIG),
                           lambda root: FIXTURES.modules.install(
                               root, "7.2.9-test", FIXTURES.modules.elf(
                                   FIXTURES.modules.information("7.2.9-test")))),
     {"kernel_release": "problem"}),
    ("a newer kernel", both(write("proc/sys/kernel/osrelease", "10.0-rc1\n"),
                            write("boot/config-10.0-rc1", FIXTURES.KERNEL_CONFIG),
                            lambda root: FIXTURES.modules.install(
                                root, "10.0-rc1", FIXTURES.modules.elf(
                                    FIXTURES.modules.information("10.0-rc1")))), {}),
    ("a kernel without CXL_REGION", without("CXL_REGION"), {"config_cxl": "problem"}),
    ("a kernel without VFIO_PCI_CORE", without("VFIO_PCI_CORE"), {"config_vfio": "problem"}),
    ("a kernel without VFIO_CONTAINER", without("VFIO_CONTAINER"), {"config_vfio": "problem"}),
    ("a kernel with iommufd instead", both(
        without("VFIO_CONTAINER"), lambda root: root.write(
            CONFIG, (root.top / CONFIG).read_text() +
            "\nCONFIG_IOMMUFD=m\nCONFIG_VFIO_DEVICE_CDEV=y\n")), {}),
    ("a kernel without an IOMMU's driver", without("INTEL_IOMMU"), {"config_iommu": "problem"}),
    ("an old kernel without CXL", both(
        write("proc/sys/kernel/osrelease", "6.1.0\n"), remove("sys/module/cxl_mem", "sys/module/cxl_acpi"),
        write("boot/config-6.1.0", "CONFIG_VFIO=m\n")),
     {"kernel_release": "problem", "config_cxl": "skipped", "config_vfio": "skipped",
      "config_iommu": "skipped", "cxl_modules": "skipped", "kernel_windows": "skipped",
      "driver_file": "skipped", "first_contact": "info"}),
    ("a container without the host's modules", lambda root: shutil.rmtree(root.top / "lib/modules"),
     {"driver_file": "skipped"}),
    ("no kernel configuration", remove(CONFIG),
     {"config_cxl": "skipped", "config_vfio": "skipped", "config_iommu": "skipped",
      "window_alignment": "skipped"}),
    ("a kernel configuration of any bytes", write(CONFIG, bytes(range(1, 256)) * 64),
     {"config_cxl": "problem", "config_vfio": "problem", "config_iommu": "problem"}),
    ("a damaged /proc/config.gz beside it", write("proc/config.gz", b"\x1f\x8b" + bytes(50)), {}),
    ("intel_iommu=off", parameter("intel_iommu=sm_on,off"), {"cmdline_iommu": "problem"}),
    ("amd_iommu=off", parameter("amd_iommu=off"), {"cmdline_iommu": "problem"}),
    ("intel_iommu=off, and then on", write("proc/cmdline", "intel_iommu=off intel_iommu=on\n"), {}),
    ("efi=nosoftreserve", parameter("efi=debug,nosoftreserve"), {"cmdline_memory": "warning"}),
    ("memmap= of RAM", parameter("memmap=1M$0x1000,4G@4G"), {"cmdline_memory": "problem"}),
    ("memmap= that reserves", parameter("memmap=1G$5G memmap=1G@64G"), {}),
    ("pci=nommconf", parameter("pci=nommconf"), {"cmdline_pci": "problem"}),
    ("pci=noaer", parameter("pci=realloc,noaer"), {"cmdline_pci": "warning"}),
    ("a lockdown that nobody understands", write(
        "sys/kernel/security/lockdown", "none integrity confidentiality\n"),
     {"lockdown": "unknown", **dict.fromkeys(OF_DRIVER, "unknown")}),
    ("lockdown", write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n"),
     {"lockdown": "info", "signature_missing": "problem"}),
    ("no table of an IOMMU", remove("sys/firmware/acpi/tables/DMAR"),
     {"iommu_tables": "skipped"}),
    ("firmware's tables hidden", lambda root: shutil.rmtree(root.top / "sys/firmware/acpi"),
     {"iommu_tables": "skipped", "cedt": "skipped", **dict.fromkeys(OF_CEDT, "skipped")}),
    ("no table of an IOMMU, and none in use", both(
        remove("sys/firmware/acpi/tables/DMAR"), remove("sys/kernel/iommu_groups",
                                                       f"{FUNCTION}/iommu_group")),
     {"iommu_tables": "problem", "iommu_groups": "skipped", "no_iommu_group": "skipped",
      "interrupt_remapping": "skipped", "not_visible": "problem", "vfio_access": "skipped"}),
    ("intremap=off", parameter("intremap=off"),
     {"interrupt_remapping": "problem", "interrupts_unmapped": "skipped"}),
    ("intremap=nosid,off", parameter("intremap=nosid,off"),
     {"interrupt_remapping": "problem", "interrupts_unmapped": "skipped"}),
    ("intremap=off, which the kernel does not do", both(parameter("intremap=off"), write(
        "proc/interrupts", "  2:  1  IR-IO-APIC  2-edge  timer\n")), {}),
    ("an IO-APIC, but MSI that are remapped", write(
        "proc/interrupts", "  2:  1  IO-APIC  2-edge  timer\n 25: 1 IR-PCI-MSI-0000:00:1f.0 x\n"),
     {}),
    ("VFIO that will do without remapping", parameter(
        "intremap=off vfio_iommu_type1.allow_unsafe_interrupts=1"),
     {"interrupt_remapping": "warning"}),
    ("modprobe.d that says so", both(parameter("intremap=off"), write(
        "etc/modprobe.d/vfio.conf", "options vfio_iommu_type1 allow_unsafe_interrupts=1\n")),
     {"interrupt_remapping": "warning"}),
    ("intremap=off, and then on", parameter("intremap=off intremap=on"), {}),
    ("nointremap", parameter("nointremap"),
     {"interrupt_remapping": "problem", "interrupts_unmapped": "skipped"}),
    ("a platform that remaps no interrupts", write(
        "proc/interrupts", "      CPU0\n  2:  1  IO-APIC  2-edge  timer\n"),
     {"interrupt_remapping": "problem", "interrupts_unmapped": "skipped"}),
    ("one that does", write("proc/interrupts", "      CPU0\n  2:  1  IR-IO-APIC  2-edge  timer\n"
                            "  9:  1  IR-IO-APIC  9-fasteoi  acpi\n"), {}),
    ("a machine without an IO-APIC", write("proc/interrupts", "  9:  1  GICv3  25 Level  vgic\n"),
     {}),
    ("VFIO without remapping", both(parameter("intremap=off"), write(
        "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y\n")),
     {"interrupt_remapping": "warning"}),
    ("iommufd without remapping", both(parameter("intremap=off"), write(
        "sys/module/iommufd/parameters/allow_unsafe_interrupts", "Y\n")),
     {"interrupt_remapping": "warning"}),
    ("VFIO that could do without", write(
        "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y\n"), {}),
    ("groups that a container hides", lambda root: shutil.rmtree(
        root.top / "sys/kernel/iommu_groups"), {"iommu_groups": "skipped"}),
    ("a range that firmware wants mapped 1:1", write(
        "sys/kernel/iommu_groups/6/reserved_regions",
        "0x000000007b800000 0x000000007b9fffff direct\n"
        "0x00000000fee00000 0x00000000feefffff msi\n"), {"direct_mapping": "problem"}),
    ("one that may be relaxed", write(
        "sys/kernel/iommu_groups/6/reserved_regions",
        "0x000000007b800000 0x000000007b9fffff direct-relaxable\n"), {}),
    ("vfio-pci.ids=", parameter("vfio-pci.ids=10de:1234,1e98:e2e2"), {"taken_first": "warning"}),
    ("vfio_pci.ids= with a subsystem", parameter("vfio_pci.ids=1E98:E2E2:1e98:e2e2"),
     {"taken_first": "warning"}),
    ("vfio-pci.ids= of others", parameter("vfio-pci.ids=1e98:e2e,e2e2:1e98, xvfio-pci.ids=1e98:e2e2"),
     {}),
    ("a continued line of options", write(
        "etc/modprobe.d/vfio.conf", "options vfio-pci disable_vga=1 \\\n  \"ids=1e98:e2e2\"\n"),
     {"taken_first": "warning"}),
    ("an install line with ids", write(
        "etc/modprobe.d/vfio.conf", "install vfio-pci modprobe -i vfio-pci ids=1e98:e2e2\n"),
     {"taken_first": "warning"}),
    ("ids of another subsystem", parameter("vfio-pci.ids=1e98:e2e2:dead:beef"), {}),
    ("a udev rule", write("etc/udev/rules.d/90-vfio.rules", f'KERNEL=="{TARGET}", \\\n'
                          'ATTR{driver_override}="vfio-pci"\n'), {"taken_first": "warning"}),
    ("a udev rule that another file hides", both(
        write("usr/lib/udev/rules.d/90-vfio.rules",
              f'KERNEL=="{TARGET}", ATTR{{driver_override}}="vfio-pci"\n'),
        write("etc/udev/rules.d/90-vfio.rules", "")), {}),
    ("a udev rule that is not understood", write(
        "etc/udev/rules.d/90-vfio.rules",
        'SUBSYSTEM=="pci", PROGRAM=="/sbin/mine %k", ATTR{driver_override}="vfio-pci"\n'),
     {"taken_first": "warning"}),
    ("driverctl in a udev rule", write(
        "etc/udev/rules.d/90-vfio.rules",
        f'ACTION=="add", RUN+="/usr/sbin/driverctl set-override {TARGET} vfio-pci"\n'),
     {"taken_first": "warning"}),
    ("an install line that writes driver_override", write(
        "etc/modprobe.d/vfio.conf", "install vfio-pci echo vfio-pci > "
        f"/sys/bus/pci/devices/{TARGET}/driver_override; modprobe -i vfio-pci\n"),
     {"taken_first": "warning"}),
    ("an install line of another device", write(
        "etc/modprobe.d/vfio.conf", "install vfio-pci echo vfio-pci > "
        "/sys/bus/pci/devices/0000:99:00.0/driver_override; modprobe -i vfio-pci\n"), {}),
    ("pci-stub.ids=", parameter("pci-stub.ids=1e98:e2e2"), {"taken_first": "warning"}),
    ("options vfio-pci ids=", write("etc/modprobe.d/vfio.conf",
                                    "options vfio-pci disable_vga=1 ids=1e98:e2e2\n"),
     {"taken_first": "warning"}),
    ("options of others", write("etc/modprobe.d/vfio.conf", "# options vfio-pci ids=1e98:e2e2\n"
                                "options vfio-pci ids=10de:1e98\noptions x ids=1e98:e2e2\n"), {}),
    ("no IOMMU groups", remove("sys/kernel/iommu_groups", f"{FUNCTION}/iommu_group"),
     {"iommu_groups": "problem", "no_iommu_group": "skipped", "not_visible": "problem",
      "interrupt_remapping": "skipped", "vfio_access": "skipped"}),
    ("VFIO without an IOMMU", write("sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
                                    "Y\n"), {"noiommu_mode": "warning"}),
    ("cxl_acpi not loaded", remove("sys/module/cxl_acpi"),
     {"cxl_modules": "problem", "kernel_windows": "skipped"}),
    ("a decoder that is not committed", both(UNBOUND, remove(f"{FUNCTION}/driver_override"),
                                             uncommitted),
     {"not_committed": "problem", "hdm_kernel_mismatch": "problem", **OF_BOUND,
      "ras_errors": "warning"}),
    ("decoders that are switched off", both(UNBOUND, remove(f"{FUNCTION}/driver_override"),
                                            switched_off),
     {"not_committed": "problem", "emulated_decoders": "warning", **OF_BOUND,
      "ras_errors": "warning"}),
    ("a second decoder with a size", both(UNBOUND, remove(f"{FUNCTION}/driver_override"),
                                          second_decoder),
     {"second_decoder": "problem", **OF_BOUND, "ras_errors": "warning"}),
    ("two windows side by side", table((W, S // 2, A, 12), (W + S // 2, S // 2, A, 12)),
     {"cedt_windows": "warning", "window_in_cedt": "problem", "kernel_windows": "problem"}),
    ("an endpoint that vfio-pci has", both(
        remove(f"{FUNCTION}/driver", f"{FUNCTION}/cxl_vfio", f"{FUNCTION}/driver_override"),
        lambda root: root.link(f"{FUNCTION}/driver", "sys/bus/pci/drivers/vfio-pci")),
     {"vmm": "skipped"}),
    ("an endpoint that vfio-pci has, and a process has open", both(
        remove(f"{FUNCTION}/driver", f"{FUNCTION}/cxl_vfio", f"{FUNCTION}/driver_override"),
        lambda root: root.link(f"{FUNCTION}/driver", "sys/bus/pci/drivers/vfio-pci"), opened),
     {"in_use": "problem", "vmm": "skipped"}),
    ("an endpoint that a process has open", opened, {}),
    ("a first contact that nobody has tried", remove(LADDER), {"first_contact": "info"}),
    ("one that the machine did not survive", lambda root: FIXTURES.add_ladder(
        root, f"trying page 7.3.4-test {FIXTURES.BEFORE} 42 4242"),
     {"first_contact": "problem", "not_survived": "problem"}),
    ("one in which a run was killed", lambda root: FIXTURES.add_ladder(
        root, f"trying page 7.3.4-test {FIXTURES.BOOT} 42 4242"),
     {"first_contact": "warning", "ladder_interrupted": "warning"}),
    ("a damaged record of it", write(LADDER, "rubbish"),
     {"first_contact": "warning", "ladder_record": "warning"}),
    ("a record that cannot be read", unavailable(LADDER), {"first_contact": "unknown"}),
    ("a record that is a directory", both(remove(LADDER), write(f"{LADDER}/x", "")),
     {"first_contact": "unknown", "ladder_record": "warning"}),
    ("a scrub that a killed first contact put off",
     write(f"run/cxlvfio/{TARGET}.scrub_policy", "zero"),
     {"interrupted_reset": "warning", "scrub_off": "warning"}),
    ("one that somebody has ordered again", both(
        write(f"run/cxlvfio/{TARGET}.scrub_policy", "zero"),
        write(f"{FUNCTION}/cxl_vfio/scrub_policy", "zero\n")), {"interrupted_reset": "warning"}),
    ("a neighbour with a driver of the host", neighbour, {"shared_group": "problem"}),
    ("cxl_mem neither loaded nor installed",
     remove("sys/module/cxl_mem", f"{FUNCTION}/mem0/driver", "sys/bus/cxl/drivers/cxl_mem"),
     {"cxl_modules": "problem"}),
    ("vfio_pci_core neither loaded nor installed", remove("sys/module/vfio_pci_core"),
     {"vfio_modules": "problem"}),
    ("a blacklist", write("etc/modprobe.d/cxl.conf", "# blacklist cxl_mem\nblacklist cxl-acpi\n"),
     {"module_blacklist": "warning"}),
    ("a blacklist that another file hides", both(
        write("usr/lib/modprobe.d/cxl.conf", "blacklist cxl_acpi\n"),
        write("etc/modprobe.d/cxl.conf", "")), {}),
    ("an install command for many", write("usr/lib/modprobe.d/x.conf", "install cxl_* true\n"),
     {"module_blacklist": "problem"}),
    ("an install command", write("usr/lib/modprobe.d/x.conf", "install vfio /bin/false\n"),
     {"module_blacklist": "problem"}),
    ("modprobe.blacklist=", parameter("modprobe.blacklist=snd,cxl_port"),
     {"module_blacklist": "warning"}),
    ("module_blacklist=", parameter("module_blacklist=cxl_vfio_pci"),
     {"module_blacklist": "problem"}),
    ("a modprobe.d that cannot be read", unavailable("etc/modprobe.d/other.conf"),
     {"module_blacklist": "unknown", "taken_first": "unknown"}),
    ("no CEDT, and no window of the kernel's", both(remove(CEDT), remove("sys/bus/cxl/devices/root0")),
     {"cedt": "problem", "no_region": "warning", **dict.fromkeys(OF_CEDT, "skipped")}),
    ("no CEDT", remove(CEDT), {"cedt": "skipped", **dict.fromkeys(OF_CEDT, "skipped")}),
    ("a CEDT for root alone", unavailable(CEDT),
     {"cedt": "unknown", **dict.fromkeys(OF_CEDT, "unknown")}),
    ("a CEDT with a wrong checksum", damaged,
     {"cedt": "problem", "cedt_bridges": "warning"}),
    ("a CEDT whose structures do not end", endless,
     {"cedt": "problem", "cedt_windows": "problem", "window_in_cedt": "skipped"}),
    ("an empty CEDT", write(CEDT, b""),
     {"cedt": "problem", "cedt_windows": "problem", "window_in_cedt": "skipped"}),
    ("a CEDT of anything", write(CEDT, b"CEDT" + b"\xff" * 5000),
     {"cedt": "problem", "cedt_windows": "problem", "window_in_cedt": "skipped"}),
    ("a window for expanders only", table((W, S, 0x06, 12)),
     {"cedt_windows": "problem", "window_in_cedt": "skipped"}),
    ("a window that is not aligned", table((W, S, A, 12), (W + 2 * S + 4096, S, A, 12)),
     {"cedt_windows": "warning", "kernel_windows": "problem"}),
    ("a window without its host bridge", table((W, S, A, 12), bridges=(13,)),
     {"cedt_bridges": "warning"}),
    ("a window that the kernel does not have", table((W, S, A, 12), (W + 8 * S, S, A, 12)),
     {"kernel_windows": "problem"}),
    ("memory in no window", table((W + S, S, A, 12)),
     {"window_in_cedt": "problem", "kernel_windows": "problem"}),
    ("no way to open a device", remove("dev/vfio/vfio"),
     {"vfio_interface": "problem", "vfio_access": "warning"}),
    ("little memory to lock", both(
        write("proc/self/status", "Name:\tcxlvfio\nCapEff:\t0000000000000000\n")),
     {"memory_lock": "warning"}),
    ("enough memory to lock", both(
        write("proc/self/status", "Name:\tcxlvfio\nCapEff:\t0000000000000000\n"),
        write("proc/self/limits", "\nMax locked memory   unlimited  unlimited  bytes\n")), {}),
    ("a loaded module whose file is gone", remove(MODULE), {"driver_file": "warning"}),
    ("a module that modules.dep has and nobody else", remove(
        MODULE, "sys/module/cxl_vfio_pci"),
     {"driver_file": "problem"}),
    ("an old libcxl", both(remove("usr/lib/x86_64-linux-gnu/libcxl.so.1"), lambda root: (
        root.top / "usr/lib/x86_64-linux-gnu/libcxl.so.1").symlink_to("libcxl.so.1.0.5")),
     {"libcxl_version": "warning"}),
    ("no libcxl", remove("usr/lib/x86_64-linux-gnu/libcxl.so.1"), {}),
    ("the record of a bound endpoint", write(f"run/cxlvfio/{TARGET}", RECORD), {}),
    ("the record of an unbound one", both(UNBOUND, write(f"run/cxlvfio/{TARGET}", RECORD), write(
        f"{FUNCTION}/driver_override", "(null)\n")),
     {"interrupted_bind": "warning", **OF_BOUND, "ras_errors": "warning"}),
    ("a record of another device", write(f"run/cxlvfio/{TARGET}",
                                         RECORD.replace("e2e2", "abcd")),
     {"interrupted_bind": "warning"}),
    ("a record of a device that is gone", write("run/cxlvfio/0000:77:00.0", RECORD),
     {"interrupted_bind": "warning"}),
    ("locks and other files", both(
        write(f"run/cxlvfio/{TARGET}.lock", ""), write("run/cxlvfio/parameters.lock", ""),
        write("run/cxlvfio/readme", ""), write(f"run/cxlvfio/{TARGET}.new", "")), {}),
    ("a damaged record", write(f"run/cxlvfio/{TARGET}", "\xff\n" * 9999),
     {"interrupted_bind": "warning"}),
    ("a damaged record behind one that is in order", both(
        write(f"run/cxlvfio/{TARGET}", RECORD), write("run/cxlvfio/0000:0e:00.0", "?")),
     {"interrupted_bind": "warning"}),
    ("a definition of a bound endpoint", write("etc/cxlvfio.d/a.conf", definition()), {}),
    ("a definition of an absent device", write("etc/cxlvfio.d/a.conf",
                                               definition(serial="0x77")), {}),
    ("a definition of an unbound endpoint", both(UNBOUND, remove(f"{FUNCTION}/driver_override"),
                                                 write("run/cxlvfio.d/a.conf", definition())),
     {"definitions_bound": "warning", **OF_BOUND, "ras_errors": "warning"}),
    ("a manual definition of one", both(UNBOUND, remove(f"{FUNCTION}/driver_override"),
                                        write("etc/cxlvfio.d/a.conf",
                                              definition(more="auto = no\n"))),
     {**OF_BOUND, "ras_errors": "warning"}),
    ("a definition that is masked", both(write("usr/lib/cxlvfio.d/a.conf", definition("nvidia")),
                                         write("etc/cxlvfio.d/a.conf", "")), {}),
    ("a definition of another driver", both(
        write("usr/lib/cxlvfio.d/a.conf", definition("nvidia")),
        lambda root: (root.top / "sys/bus/pci/drivers/nvidia").mkdir()),
     {"definitions_bound": "warning"}),
    ("a definition of a driver that is not there", write(
        "usr/lib/cxlvfio.d/a.conf", definition("nvidia")),
     {"definitions_valid": "warning", "definitions_bound": "skipped"}),
    ("two definitions that disagree", both(write("etc/cxlvfio.d/a.conf", definition()),
                                           write("etc/cxlvfio.d/b.conf", definition("vfio-pci")),
                                           lambda root: (root.top / "sys/bus/pci/drivers/vfio-pci"
                                                         ).mkdir()),
     {"definitions_agree": "warning"}),
    ("a definition and driverctl", both(write("etc/cxlvfio.d/a.conf", definition()),
                                        write(f"etc/driverctl.d/pci-{TARGET}", "nvidia\n")),
     {"definitions_agree": "warning", "driverctl": "warning"}),
    ("a definition of any bytes", write("etc/cxlvfio.d/a.conf", bytes(range(256))),
     {"definitions_valid": "warning"}),
    ("a definition that everybody may change", both(
        write("etc/cxlvfio.d/a.conf", definition()), writable("etc/cxlvfio.d/a.conf")),
     {"definitions_valid": "warning"}),
    ("definitions in a directory that everybody may change", both(
        write("etc/cxlvfio.d/a.conf", definition()), writable("etc/cxlvfio.d")),
     {"definitions_valid": "warning"}),
    ("definitions behind a link", lambda root: root.link("run/cxlvfio.d", "etc"),
     {"definitions_valid": "warning"}),
    ("a definition that was not written to its end", write("etc/cxlvfio.d/.a.conf.new", "[ma"),
     {"interrupted_persist": "warning"}),
    ("no reset method", write(f"{FUNCTION}/reset_method", "\n"),
     {"reset_method": "warning", "no_flr": "warning"}),
    ("no attribute for a reset method", remove(f"{FUNCTION}/reset_method"),
     {"reset_method": "warning", "no_flr": "warning"}),
    ("a reset method that cannot be read", unavailable(f"{FUNCTION}/reset_method"),
     {"reset_method": "unknown"}),
    ("a CXL reset in front of the FLR", write(f"{FUNCTION}/reset_method", "cxl_reset flr\n"),
     {"reset_method": "info"}),
    ("a reset that failed", write(f"{FUNCTION}/cxl_vfio/reset_result", "failed\n"),
     {"reset_method": "warning", "reset_failed": "warning"}),
    ("a reset method that was not put back", write(f"run/cxlvfio/{TARGET}.reset_method", "flr"),
     {"interrupted_reset": "warning"}),
    ("driver_override without the driver", UNBOUND,
     {"override_unbound": "warning", **OF_BOUND, "ras_errors": "warning"}),
    ("driver_override that holds it until persist apply", both(UNBOUND, write(
        f"{FUNCTION}/driver_override", "cxl-vfio-pci-held\n")),
     {"override_unbound": "warning", **OF_BOUND, "ras_errors": "warning"}),
    ("parameters that were not put back", write("run/cxlvfio/parameters", "view=both\n"),
     {"interrupted_offer": "warning"}),
    ("a view that cannot be read", unavailable(f"{FUNCTION}/cxl_vfio/view"), {"vmm": "unknown"}),
    ("a definition of another view", write("etc/cxlvfio.d/a.conf", definition(more="view = bar\n")),
     {"definitions_bound": "warning"}),
    ("a definition of this view", write("etc/cxlvfio.d/a.conf", definition(more="view = both\n")),
     {}),
    ("driver_override of somebody else", write(f"{FUNCTION}/driver_override", "vfio-pci\n"),
     {"override_foreign": "warning"}),
    ("driverctl", write(f"etc/driverctl.d/pci-{TARGET}", "nvidia\n"), {"driverctl": "warning"}),
    ("driverctl of our driver", write(f"etc/driverctl.d/pci-{TARGET}", "cxl-vfio-pci\n"), {}),
    ("D3cold", write(f"{FUNCTION}/power_state", "D3cold\n"), {"power": "problem"}),
    ("D3cold of a device that sleeps", both(
        write(f"{FUNCTION}/power_state", "D3cold\n"),
        write(f"{FUNCTION}/power/runtime_status", "suspended\n")), {}),
    ("a failed wake-up", write(f"{FUNCTION}/power/runtime_status", "error\n"),
     {"power": "problem"}),
    ("a link that is down", patch(f"{FUNCTION}/config", 0x52, b"\x05\x00"),
     {"link": "problem", "narrow_link": "info"}),
    ("no endpoint", remove(f"sys/bus/pci/devices/{TARGET}"),
     {"endpoint_found": "problem"}),
    ("no endpoint, nor what one would need", both(
        remove(f"sys/bus/pci/devices/{TARGET}", CEDT, "sys/bus/cxl/devices/root0", "lib/modules",
               "sys/module/cxl_vfio_pci", "sys/bus/pci/drivers/cxl-vfio-pci",
               "sys/module/cxl_acpi", "dev/vfio/vfio"),
        without("CXL_REGION"), parameter("intel_iommu=off pci=noaer")),
     {"endpoint_found": "problem", **dict.fromkeys(
         ("cedt", *OF_CEDT[:-1], "driver_file", "not_installed", "cxl_modules", "vfio_interface", "config_cxl",
          "cmdline_iommu", "cmdline_pci"), "skipped")}),
    ("no endpoint, and a parameter that hides them", both(
        remove(f"sys/bus/pci/devices/{TARGET}"), parameter("pci=nommconf")),
     {"endpoint_found": "skipped", "cmdline_pci": "problem"}),
    ("a container of docker", write(".dockerenv", ""), {"environment": "info"}),
    ("one of podman", write("run/.containerenv", 'image="secret"\n'), {"environment": "info"}),
    ("one of Kubernetes", write("run/secrets/kubernetes.io/serviceaccount/token", "secret"),
     {}),
    ("one of Kubernetes, behind /var/run", both(
        write("run/secrets/kubernetes.io/serviceaccount/token", "secret"),
        lambda root: root.link("var/run", "run")), {"environment": "info"}),
    ("one that systemd tells of", write("run/systemd/container", "lxc\n"),
     {"environment": "info"}),
    ("one whose first process tells of it", write(
        "proc/1/environ", b"TOKEN=secret\0container=systemd-nspawn\0A=B\0"),
     {"environment": "info"}),
    ("a first process that tells of none", write("proc/1/environ", b"mycontainer=secret\0"), {}),
    ("a virtual machine", both(
        write("proc/cpuinfo", "flags\t\t: fpu hypervisor\n"),
        write("sys/class/dmi/id/sys_vendor", "QEMU\n")), {"environment": "warning"}),
    ("a virtual machine without that flag", write("sys/class/dmi/id/sys_vendor", "QEMU\n"), {}),
    ("a container without nodes", both(write(".dockerenv", ""), remove("dev/vfio/vfio")),
     {"environment": "info", "vfio_interface": "problem", "vfio_access": "warning"}),
]


class Stand(tap.Tap):
    def __init__(self, command: str, schemas: str) -> None:
        self.command, self.schemas = command, validate.Schemas(Path(schemas))
        super().__init__()
        self.broken = set()
        self.healthy: dict = {}     # the results of every test's machine before it is broken

    def run(self, top: Path, *arguments: str, user: int | None = None, source: str = "--sysroot"):
        return subprocess.run([self.command, "doctor", *arguments, source, str(top)],
                              capture_output=True, text=True, timeout=600, user=user, group=user,
                              extra_groups=None if user is None else [],
                              env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)

    def checks(self, top: Path, *arguments: str, **options) -> tuple:
        """Status, and the checks of the document."""
        result = self.run(top, "--json", *arguments, **options)
        document = json.loads(result.stdout)
        problems = self.schemas.problems(document)
        assert not problems, "\n".join(problems)
        return result.returncode, document["checks"]

    def test(self, text: str, function) -> None:
        try:
            with tempfile.TemporaryDirectory() as directory:
                os.chmod(directory, 0o755)
                root = FIXTURES.Root(Path(directory) / "root")
                FIXTURES.SCENARIOS["healthy"](root)
                function(root)
            self.say(True, text)
        except Exception:  # pylint: disable=broad-except
            self.say(False, text, *tap.explain())


def results(checks: list) -> dict:
    return {check["id"]: check["result"] for check in checks}


def status_of(checks: list) -> int:
    found = set(results(checks).values())
    return 7 if "problem" in found else 64 if found & {"warning", "unknown"} else 0


def check_breakage(stand: Stand, root, change, expected: dict) -> None:
    old = stand.healthy = stand.healthy or results(stand.checks(root.top)[1])
    change(root)
    status, after = stand.checks(root.top)
    new = results(after)
    changed = {id: result for id, result in new.items() if old[id] != result}
    assert changed == expected, f"{changed}, wanted {expected}"
    assert status == status_of(after), status
    stand.broken |= set(expected)
    for check in after:
        assert (check["hint"] is not None) == (check["result"] in ("unknown", "warning",
                                                                   "problem")), check
        assert check["message"] and "(null)" not in check["message"], check
    text = stand.run(root.top)
    assert text.returncode == status and not text.stderr, text.stderr
    for id, result in expected.items():
        if result in ("warning", "problem"):
            assert f"{result:8} {id}: " in text.stdout, text.stdout
    # From a snapshot too, but for what it does not have.
    if (root.top / "sys/bus/pci/devices" / TARGET).exists():
        file = root.top / "../snapshot.tar.zst"
        subprocess.run([stand.command, "snapshot", "-q", "-o", file, "--sysroot", root.top],
                       check=True)
        kept = results(stand.checks(file, source="--from")[1])
        differ = {id: (result, kept[id]) for id, result in new.items()
                  if kept[id] not in (result, "skipped")}
        assert not differ, differ
        packed = subprocess.run(["zstd", "-dc", file], capture_output=True, check=True).stdout
        assert b"secret" not in packed.replace(b"run/secrets", b""), "it tells a secret"


def check_healthy(stand: Stand, root) -> None:
    status, checks = stand.checks(root.top)
    # Nothing fits every VMM: who can use it is always told.
    bad = {id: result for id, result in results(checks).items() if result != "ok"}
    assert status == 0 and bad == {"vmm": "info"}, bad
    result = stand.run(root.top)
    assert result.stdout.endswith(f"{len(checks)} checks: {len(checks) - 1} ok, 1 info\n"), \
        result.stdout
    assert "\n\nendpoint\n  info     vmm" in result.stdout, result.stdout
    result = stand.run(root.top, "--all")
    assert all(f"{check['result']:8} {check['id']}: " in result.stdout for check in checks)


def summary(stand: Stand, top: Path, *arguments: str, **options) -> dict:
    """What the document says, which is how the text begins; at most three lines."""
    result = stand.run(top, *arguments, **options)
    document = json.loads(stand.run(top, "--json", *arguments, **options).stdout)
    lines = [f"{line['id'] + ':':8} {line['text']}" for line in document["summary"]]
    assert 1 < len(lines) <= 3, lines
    assert result.stdout.splitlines()[:len(lines) + 1] == [*lines, ""], result.stdout
    return {line["id"]: line["text"] for line in document["summary"]}


def check_summary(stand: Stand, root) -> None:
    said = summary(stand, root.top)
    assert said == {"machine": "Linux 7.3.4-test, 1 CXL Type-2 endpoint",
                    "can": f"list, show, bind, reset and verify {TARGET}"}, said
    assert json.loads(stand.run(root.top, "--json", "--check", "cedt").stdout)["summary"] == []
    assert stand.run(root.top, "--check", "cedt").stdout.startswith("1 check: 1 ok")
    # A problem of the endpoint, then one of the machine, which comes first.
    write(f"{FUNCTION}/power_state", "D3cold\n")(root)
    said = summary(stand, root.top)
    assert said["can"].startswith("list and show 0000"), said
    assert said["cannot"] == f"bind and use {TARGET}: power: it is in D3cold", said
    parameter("intremap=off")(root)
    said = summary(stand, root.top)
    assert said["cannot"].startswith("bind and use it: interrupt_remapping: "), said
    assert said["cannot"].endswith("; and 1 other problem"), said


def check_summary_of_many(stand: Stand, root) -> None:
    """One of two is well."""
    other = FIXTURES.add_type2(root, 1)
    write(f"{other.path}/power_state", "D3cold\n")(root)
    said = summary(stand, root.top)
    assert said["can"] == "list and show all 2, bind, reset and verify 1 of them", said
    assert said["cannot"].startswith("bind and use 0000:0e:00.0: "), said


def check_summary_of_nobody(stand: Stand, root) -> None:
    """Who may not look is told so, and nothing else: it may be that nothing else matters."""
    for path in (root.top / "sys/bus/pci/devices").iterdir():
        (path / "config").chmod(0o600)
        (path / "driver").unlink(missing_ok=True)
    shutil.rmtree(root.top / "sys/bus/cxl")
    parameter("intel_iommu=off")(root)
    said = summary(stand, root.top, user=NOBODY)
    assert said["machine"].endswith(", CXL endpoints hidden"), said
    assert said["cannot"] == "tell whether there is an endpoint: run it as root", said
    status, checks = stand.checks(root.top, user=NOBODY)
    assert status == 64 and "problem" not in results(checks).values(), results(checks)


# Scenario: what the machine is called.
PLACES = {
    "plain": "Linux 6.1.0-28-amd64 (bind needs 7.3), no CXL Type-2 endpoint",
    "cloud": ("a virtual machine (Amazon EC2), Linux 6.1.0-28-amd64 (bind needs 7.3), "
              "no CXL Type-2 endpoint"),
    "container": ("a container (docker) in a virtual machine (Amazon EC2), "
                  "Linux 6.1.0-28-amd64 (bind needs 7.3), CXL endpoints hidden"),
}
# Vendor and product by DMI where the processor has no flag: is it a virtual machine?
NAMES = [("QEMU", "QEMU Virtual Machine", True), ("Amazon EC2", "m6g.large", True),
         ("Amazon EC2", "m6g.metal", False), ("Amazon EC2", "c7i.metal-24xl", False),
         ("Microsoft Corporation", "Virtual Machine", True),
         ("Microsoft Corporation", "Surface", False),
         ("Google", "Google Compute Engine", True), ("Google", "Kevin", False),
         ("VMware, Inc.", "VMware20,1", True), ("QEMU", "KVM Virtual Machine", True),
         ("Oracle Corporation", "ORACLE SERVER X9-2", False),
         ("innotek GmbH", "VirtualBox", True), ("Red Hat", "KVM", True),
         ("OpenStack Foundation", "OpenStack Nova", True),
         ("Alibaba Cloud", "Alibaba Cloud ECS", True),
         ("Xen", "HVM domU", True), ("Apple Inc.", "Apple Virtualization Generic Platform", True),
         ("Ampere Computing", "Mt. Jade", False), ("", "", False)]


def check_places(stand: Stand, _root) -> None:
    """In a container, in a cloud, on Debian 12: one problem or one question, and no false advice."""
    for name, machine in PLACES.items():
        with tempfile.TemporaryDirectory() as directory:
            os.chmod(directory, 0o755)
            top = Path(directory) / "root"
            FIXTURES.make(name, top)
            said = summary(stand, top)
            assert said["machine"] == machine, said
            assert said["can"].startswith("read what others recorded: "), said
            status, checks = stand.checks(top)
            bad = [check for check in checks if check["hint"]]
            assert len(bad) == 1 and bad[0]["id"] == "endpoint_found", bad
            assert status == (64 if name == "container" else 7), status
            assert "firmware" not in bad[0]["hint"] or name == "plain", bad
            file = Path(directory) / "snapshot.tar.zst"
            subprocess.run([stand.command, "snapshot", "-q", "-o", file, "--sysroot", top],
                           check=False)
            assert summary(stand, file, source="--from")["machine"] == machine, name


def check_names(stand: Stand, root) -> None:
    for vendor, product, is_vm in NAMES:
        root.attributes("sys/class/dmi/id", sys_vendor=vendor, product_name=product)
        said = summary(stand, root.top)["machine"]
        assert said.startswith("a virtual machine") == is_vm, (vendor, product, said)


def check_hidden(stand: Stand, root) -> None:
    """A container without any PCI function does not know whether there is an endpoint."""
    write(".dockerenv", "")(root)
    shutil.rmtree(root.top / "sys/bus/pci/devices")
    shutil.rmtree(root.top / "sys/bus/cxl")
    status, checks = stand.checks(root.top)
    assert status == 64 and results(checks)["endpoint_found"] == "unknown", results(checks)
    assert "lspci" in summary(stand, root.top)["cannot"]


def check_old_snapshot(stand: Stand, _root) -> None:
    """What a release before doctor did not keep is not known, and not missing."""
    file = Path(__file__).parent / "fixtures" / "driver-gone.tar.zst"
    status, checks = stand.checks(file, source="--from")
    unknown = {check["id"]: check["hint"] for check in checks if check["result"] == "unknown"}
    assert status == 64 and "problem" not in results(checks).values(), results(checks)
    assert {"cedt", "iommu_tables", "cxl_modules", "cmdline_iommu", "driverctl", "config_cxl",
            "libcxl_version", "module_blacklist"} <= set(unknown), unknown
    assert all(hint.startswith("make a new snapshot") for hint in unknown.values()), unknown


def check_packed(stand: Stand, root) -> None:
    """A signature behind a compressed module is told apart from damage, and from what is fine."""
    plain = (root.top / MODULE).read_bytes()
    signed = FIXTURES.modules.sign(plain, "Site key", bytes(20))
    (root.top / MODULE).unlink()
    for name, content, result, hint in (
            ("signed before", lzma.compress(signed), "ok", None),
            ("signed after", lzma.compress(plain) + signed[len(plain):], "unknown",
             "it was signed after"),
            ("cut off", lzma.compress(plain)[:-40], "unknown", "look at it by hand"),
            ("empty", b"", "unknown", "look at it by hand"),
            ("packed from a pipe", b"\x28\xb5\x2f\xfd\x04\x58\x09\x00\x00ELF\x3d\xa4\x5e\x10",
             "unknown", "it was compressed from a pipe")):
        suffix = ".zst" if content.startswith(b"\x28") else ".xz"
        FIXTURES.modules.install(root, FIXTURES.KERNEL, content, suffix=suffix)
        (check,) = stand.checks(root.top, "--check", "driver_file")[1]
        assert check["result"] == result, (name, check)
        assert (check["hint"] or "").startswith(hint or ""), (name, check)


def check_leftovers(stand: Stand, root) -> None:
    """One that is being worked on does not hide another one, and every file is named."""
    for name in (TARGET + ".reset_method", "0000:0e:00.0.reset_method"):
        root.write(f"run/cxlvfio/{name}", "flr")
    root.write(f"run/cxlvfio/{TARGET}.lock", "4711\n")
    root.write("proc/4711/comm", "cxlvfio\n")
    (check,) = stand.checks(root.top, "--check", "interrupted_reset")[1]
    assert check["result"] == "warning" and "0000:0e:00.0" in check["message"], check
    assert len(check["evidence"]) == 2, check
    (root.top / "run/cxlvfio/0000:0e:00.0.reset_method").unlink()
    (check,) = stand.checks(root.top, "--check", "interrupted_reset")[1]
    assert check["result"] == "skipped" and "process 4711" in check["message"], check
    root.write(f"run/cxlvfio/{TARGET}.lock", f"{4711 + (1 << 32)}\n")
    (check,) = stand.checks(root.top, "--check", "interrupted_reset")[1]
    assert check["result"] == "warning", check


def check_nothing(stand: Stand, root) -> None:
    """Where no check can be made nothing is well."""
    remove(f"sys/bus/pci/devices/{TARGET}")(root)
    status, checks = stand.checks(root.top, "--check", "power,link")
    assert status == 3 and not checks, (status, checks)
    result = stand.run(root.top, "--check", "power")
    assert result.returncode == 3 and not result.stdout and "there are none" in result.stderr, result


def check_all_broken(stand: Stand, _root) -> None:
    metadata = json.loads(subprocess.run([stand.command, "__metadata"], check=True,
                                         capture_output=True).stdout)
    table_ids = {check["id"] for check in metadata["checks"]}
    assert len(table_ids) == len(metadata["checks"])
    assert table_ids - stand.broken == set(), f"no test breaks {table_ids - stand.broken}"


def check_findings(stand: Stand, _root) -> None:
    """What list and driver status find of every scenario is what doctor says."""
    severities = {"error": "problem", "warning": "warning", "info": "info"}
    # By bind: what show only warns of.
    refused = ("not_committed", "mem_disabled", "no_iommu_group", "shared_group", "direct_mapping",
               "interrupts_unmapped")
    seen = set()
    for name in ("states", "refused", "overlap", "facts", "unbound", "driver", "driver_update",
                 "driver_elsewhere", "driver_hostile", "uncommitted", "two_decoders"):
        if name not in FIXTURES.SCENARIOS:
            continue
        with tempfile.TemporaryDirectory() as directory:
            top = Path(directory) / "root"
            FIXTURES.make(name, top)
            document = json.loads(stand.run(top, "--json").stdout)
            found = {(check["target"], check["id"], check["result"]) for check in
                     document["checks"] if check["group"] in ("finding", "driver")
                     and check["result"] in severities.values()}
            wanted = {(endpoint["host"], finding["id"], "problem" if finding["id"] in refused
                       else severities[finding["severity"]])
                      for endpoint in document["endpoints"] for finding in endpoint["findings"]}
            driver = json.loads(subprocess.run(
                [stand.command, "driver", "status", "--json", "--sysroot", top],
                capture_output=True, check=False).stdout)["modules"][0]
            there = driver["loaded"] or driver["builtin"] or any(
                file["running"] for file in driver["files"])
            wanted |= {(None, finding["id"], severities[finding["severity"]] if there
                        else "problem") for finding in driver["findings"]}
            assert found == wanted, f"{name}: {found ^ wanted}"
            seen |= {id for _, id, _ in found}
    assert len(seen) > 10, seen


def check_selection(stand: Stand, root) -> None:
    _, checks = stand.checks(root.top, "--check", "power,cedt,rival_owner,not_installed")
    assert {check["id"] for check in checks} == {"power", "cedt", "rival_owner", "not_installed"}
    for bad in ("nope", " , ", "", "power,nope", "Power"):
        result = stand.run(root.top, "--check", bad)
        assert result.returncode == 2 and "unknown check" in result.stderr, result
    assert stand.run(root.top, "--all", "--json").returncode == 2
    assert stand.run(root.top, "--from", "x").returncode == 2


def check_targets(stand: Stand, root) -> None:
    _, checks = stand.checks(root.top, "mem0")
    assert {check["target"] for check in checks} == {None, TARGET}
    result = stand.run(root.top, "0000:77:00.0")
    assert result.returncode == 3 and not result.stdout, result
    result = stand.run(root.top, "mem0", "0000:77:00.0")
    assert result.returncode == 3 and "checks:" in result.stdout, result
    assert stand.run(root.top, "0000:0c:00.0").returncode == 6


# Attributes: what stock VMMs, those of generation 2 and the newest clients can do with it.
OFFERS = {
    ("both", "4", "current"): ("as BAR 4", "--interface 2)", "newest interface can use it"),
    ("both", "2", "2"): ("as BAR 2", "generation 2 can use it", "--interface current)"),
    ("bar", "4", "current"): ("as BAR 4", "(cxlvfio bind --view both --interface 2)",
                              "no region (cxlvfio bind --view both)"),
    ("bar", "4", "none"): ("as BAR 4", "a plain PCI function", "--view both --interface current)"),
    ("region", "4", "current"): ("none of its memory (cxlvfio bind --view both)",
                                 "refuse to start (cxlvfio bind --interface 2)",
                                 "newest interface can use it"),
    ("region", "none", "2"): ("no pair of BARs", "generation 2 can use it",
                              "(cxlvfio bind --interface current)"),
}


def check_vmm(stand: Stand, root) -> None:
    for (view, view_bar, interface), words in OFFERS.items():
        root.attributes(f"{FUNCTION}/cxl_vfio", view=view, view_bar=view_bar, interface=interface)
        status, (check,) = stand.checks(root.top, "--check", "vmm")
        assert status == 0 and check["result"] == "info", check
        assert all(word in check["message"] for word in words), (words, check["message"])
        assert [each["value"] for each in check["evidence"]] == [view, view_bar, interface], check
    # Component registers that are in no BAR: no bind changes that.
    config = root.top / FUNCTION / "config"
    before = config.read_bytes()
    config.write_bytes(bytes(FIXTURES.type2_config(0x0123456789ABCDEF, locator=False).image))
    for interface, words in (("current", "refuse to start (not possible: its component"),
                             ("none", "a plain PCI function (more is not possible")):
        root.attributes(f"{FUNCTION}/cxl_vfio", view="both", view_bar="4", interface=interface)
        _, (check,) = stand.checks(root.top, "--check", "vmm")
        assert words in check["message"] and "--interface 2" not in check["message"], check
    config.write_bytes(before)
    remove(*(f"{FUNCTION}/cxl_vfio/{name}" for name in ("view", "view_bar", "interface")))(root)
    _, (check,) = stand.checks(root.top, "--check", "vmm")
    assert check["message"].count("install this release's driver") == 2, check


def check_failed_reset(stand: Stand, root) -> None:
    """What failed may have been another method than the one that is first now."""
    write(f"{FUNCTION}/cxl_vfio/reset_result", "failed\n")(root)
    _, (check,) = stand.checks(root.top, "--check", "reset_method")
    assert check["message"].startswith("the last reset failed; the kernel now tries flr "
                                       "first"), check


def check_nobody(stand: Stand, root) -> None:
    for path in (CEDT, f"{FUNCTION}/config", "dev/vfio/6"):
        (root.top / path).chmod(0o600)
    status, checks = stand.checks(root.top, user=NOBODY)
    found = results(checks)
    assert status == 64 and found["cedt"] == found["readable"] == found["rival_owner"] == \
        "unknown" and found["vfio_access"] == "warning", (status, found)
    stand.broken |= {"readable"}
    text = stand.run(root.top, user=NOBODY).stdout
    assert text.count("next: run it as root\n") == 1, text
    (root.top / "dev/vfio/6").chmod(0o666)
    (root.top / "dev/vfio/vfio").chmod(0o666)
    found = results(stand.checks(root.top, user=NOBODY)[1])
    assert found["vfio_access"] == "ok", found


def check_alignment(stand: Stand, root) -> None:
    move(W + 4096)(root)
    _, checks = stand.checks(root.top, "--check", "window_alignment")
    assert results(checks) == {"window_alignment": "warning"}, checks
    move(W + S, 1 << 30)(root)
    _, checks = stand.checks(root.top, "--check", "window_alignment")
    assert results(checks) == {"window_alignment": "info"}, checks
    move(W, 1 << 30)(root)
    _, checks = stand.checks(root.top, "--check", "window_alignment")
    assert results(checks) == {"window_alignment": "ok"} and "1 GiB" in checks[0]["message"]
    # Of arm64, where nothing larger than what a table of the PMD maps is a page.
    for option, expected, size in (("PAGE_SIZE_16KB", "ok", "32 MiB"),
                                   ("PAGE_SIZE_64KB", "ok", "512 MiB")):
        write(CONFIG, FIXTURES.KERNEL_CONFIG + f"CONFIG_{option}=y\n")(root)
        _, (check,) = stand.checks(root.top, "--check", "window_alignment")
        assert check["result"] == expected and size in check["message"], check
    # Smaller than a large page, which nobody can mend; larger, with ends that are not aligned.
    for base, size, result, text in (
            (W, 256 << 20, "info", "smaller than a large page, 512 MiB: pages of 64 KiB"),
            (0x150000000, 96 << 30, "warning", "at the ends pages of 64 KiB")):
        move(base, size)(root)
        _, (check,) = stand.checks(root.top, "--check", "window_alignment")
        assert check["result"] == result and text in check["message"], check
        assert bool(check["hint"]) == (result == "warning"), check
    # Whose configuration cannot be read, that has pages of any size.
    (root.top / CONFIG).unlink()
    _, (check,) = stand.checks(root.top, "--check", "window_alignment")
    assert check["result"] == "skipped" and "not known" in check["message"], check
    stand.broken |= {"window_alignment"}


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    stand = Stand(sys.argv[1], sys.argv[2])
    stand.test("nothing is wrong with a healthy machine",
               lambda root: check_healthy(stand, root))
    for text, change, expected in BREAKAGES:
        stand.test(f"{text}: {', '.join(expected) or 'nothing'}",
                   lambda root, change=change, expected=expected:
                   check_breakage(stand, root, change, expected))
    for text, function in (
            ("nobody", check_nobody), ("alignment", check_alignment),
            ("VMMs", check_vmm), ("a reset that failed", check_failed_reset),
            ("--check", check_selection), ("nothing to check", check_nothing),
            ("several leftovers", check_leftovers),
            ("the first lines", check_summary),
            ("the first lines about two endpoints", check_summary_of_many),
            ("the first lines for nobody", check_summary_of_nobody),
            ("the first lines without CXL", check_places),
            ("names of virtual machines", check_names),
            ("a container that sees nothing", check_hidden),
            ("packed modules", check_packed), ("an old snapshot", check_old_snapshot),
            ("targets", check_targets),
            ("findings are checks", check_findings),
            ("every check of the table is broken by a test", check_all_broken)):
        stand.test(text, lambda root, function=function: function(stand, root))
    return stand.finish()


if __name__ == "__main__":
    sys.exit(main())
