# SPDX-License-Identifier: GPL-2.0-or-later
"""The command lines of QEMU and of the device servers."""

import json
import os
from pathlib import Path

from topology import Endpoint, Topology

EMULATOR = "cxl-type2-emulator"
PORTS = ("stdout", "stderr", "status", "control")
ALWAYS = [
    "loglevel=8",
    "panic=-1",
    "printk.devkmsg=on",  # unlimited: stages and taint come this way
    # A guest is not stuck that the host does not run: it gets as long as kernels allow.
    "rcupdate.rcu_cpu_stall_timeout=210",
    "watchdog_thresh=60",
    "sysctl.kernel.hung_task_timeout_secs=1200",
]


def socket_of(directory: Path, name: str) -> Path:
    return directory / f"{name}.sock"


def emulator_command(program: Path, directory: Path, endpoint: Endpoint) -> list[str]:
    return [
        str(program),
        f"--socket={socket_of(directory, f'endpoint{endpoint.index}')}",
        f"--control={socket_of(directory, f'control{endpoint.index}')}",
        f"--memory={directory / 'ram'}",
        f"--memory-offset={endpoint.memory_offset}",
        f"--watch={socket_of(directory, 'watch')}",
        f"--window-base={endpoint.base:#x}",
        f"--window-size={endpoint.size}",
        f"--serial={endpoint.serial:#x}",
    ]


def environment(directory: Path, library: Path) -> dict[str, str]:
    """Of QEMU, so that the device servers see who accesses a window that is not to be accessed."""
    return {
        **os.environ,
        "LD_PRELOAD": str(library),
        "CXL_WINDOW_WATCH_SOCKET": str(socket_of(directory, "watch")),
        "CXL_WINDOW_WATCH_MEMORY": str(directory / "ram"),
    }


def pc_parameters(topology: Topology) -> list[str]:
    return [
        "console=ttyS0",
        # identify_cpu() forgets for a moment that there are 5 levels of page tables: an interrupt
        # then makes KASAN report the direct map as wild memory.
        "no5lvl",
        "intel_iommu=on",
        # The timer check counts ticks while the host may be doing something else for longer.
        "no_timer_check",
        # The windows are RAM that the kernel leaves alone.
        *(f"memmap={endpoint.size:#x}${endpoint.base:#x}" for endpoint in topology.endpoints),
    ]


def virt_parameters(_topology: Topology) -> list[str]:
    return [
        "console=ttyAMA0",
        # The windows are memory in slots, which the kernel leaves alone.
        "acpi_no_memhotplug",
    ]


def device(**properties: object) -> list[str]:
    return ["-device", json.dumps(properties)]


def shared_directory(path: Path, tag: str, writable: bool) -> list[str]:
    access = "" if writable else ",readonly=on"
    return [
        "-fsdev", f"local,id={tag},path={path},security_model=none,multidevs=remap{access}",
        *device(driver="virtio-9p-pci", fsdev=tag, mount_tag=tag),
    ]


def expander() -> list[str]:
    """A Type-3 device below a switch below the first host bridge; its memory is in no window."""
    slot = 16  # what no endpoint has
    return [
        *device(driver="cxl-rp", id="switch", bus="bridge0", port=slot, chassis=1, slot=slot),
        *device(driver="cxl-upstream", id="upstream", bus="switch"),
        *device(driver="cxl-downstream", id="downstream", bus="upstream", port=0, chassis=2,
                slot=slot + 1),
        *device(**{"driver": "cxl-type3", "bus": "downstream", "volatile-memdev": "expander",
                   "sn": 0x77}),
    ]


def topology_devices(directory: Path, topology: Topology, neighbour: str) -> list[str]:
    arguments = []
    for bridge in topology.bridges:
        # Without hdm_for_passthrough a bridge with one root port would have no decoders.
        arguments += device(
            driver="pxb-cxl", id=f"bridge{bridge.index}", bus="pcie.0", bus_nr=bridge.bus,
            hdm_for_passthrough=True,
        )
    for endpoint in topology.endpoints:
        slot = endpoint.index
        arguments += device(
            driver="cxl-rp", id=f"port{slot}", bus=f"bridge{endpoint.bridge.index}",
            port=endpoint.port, chassis=0, slot=slot + 1,
        )
        path = str(socket_of(directory, f"endpoint{slot}"))
        beside = neighbour if slot == 0 else ""
        arguments += device(
            driver="vfio-user-pci", bus=f"port{slot}", socket={"type": "unix", "path": path},
            multifunction=bool(beside),
        )
        if beside:
            arguments += device(driver=beside, bus=f"port{slot}", addr="0.1")
    return arguments


def pc(directory: Path, topology: Topology) -> list[str]:
    ram = f"size={topology.layout.ram_size}B"
    return [
        "qemu-system-x86_64",
        "-machine", "q35,cxl=on,kernel-irqchip=split,memory-backend=ram",
        # The CXL core does not commit a region where it cannot flush CPU caches: on a hypervisor.
        "-cpu", "max,-hypervisor",
        "-m", ram,
        "-object", f"memory-backend-file,id=ram,{ram},mem-path={directory / 'ram'},share=on",
        # An IOMMU group of its own for every endpoint: VFIO needs one.
        *device(driver="intel-iommu", intremap="on", **{"caching-mode": True}),
    ]


def virt(directory: Path, topology: Topology) -> list[str]:
    layout = topology.layout
    slots = layout.file_size - layout.ram_size
    more = f",slots={len(topology.endpoints)},maxmem={layout.file_size}B" if slots else ""
    backend = f"memory-backend-file,mem-path={directory / 'ram'},share=on"
    arguments = [
        "qemu-system-aarch64",
        # The architecture's ACPI needs UEFI.
        "-machine", "virt,cxl=on,gic-version=3,memory-backend=ram",
        "-bios", "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
        "-cpu", "neoverse-n1",
        "-m", f"size={layout.ram_size}B{more}",
        "-object", f"{backend},id=ram,size={layout.ram_size}B",
        # An IOMMU group of its own for every endpoint. The SMMUv3 refuses what vfio-user-pci asks:
        # "requires iommu MAP notifier which is not currently supported".
        *device(driver="virtio-iommu-pci"),
    ]
    for endpoint in topology.endpoints:
        name = f"memory{endpoint.index}"
        where = f"size={endpoint.size}B,offset={endpoint.memory_offset}"
        arguments += ["-object", f"{backend},id={name},{where}"]
        arguments += device(driver="pc-dimm", memdev=name, addr=endpoint.base)
    return arguments


def command(
    machine: list[str],
    directory: Path,
    topology: Topology,
    kernel: Path,
    parameters: list[str],
    exports: list[tuple[Path, str, bool]],
    processors: int,
    neighbour: str = "",
    with_expander: bool = False,
) -> list[str]:
    """MACHINE is what pc() or virt() says; DIRECTORY holds the sockets, the file behind the guest's
    RAM, and its initramfs; NEIGHBOUR is what the first endpoint has beside it."""
    arguments = [
        *machine,
        "-accel", "tcg,thread=multi",
        "-smp", str(processors),
        "-nodefaults", "-display", "none", "-no-reboot",
        "-qmp", f"unix:{socket_of(directory, 'qmp')},server=on,wait=off",
        "-chardev", f"socket,id=console,path={socket_of(directory, 'console')}",
        "-serial", "chardev:console",
        "-kernel", str(kernel),
        "-initrd", str(directory / "initramfs"),
        "-append", " ".join(parameters),
        *device(driver="virtio-serial-pci", id="ports"),
    ]
    for port in PORTS:
        arguments += ["-chardev", f"socket,id={port},path={socket_of(directory, port)}"]
        arguments += device(driver="virtserialport", bus="ports.0", chardev=port, name=port)
    for path, tag, writable in exports:
        arguments += shared_directory(path, tag, writable)
    arguments += topology_devices(directory, topology, neighbour)
    if with_expander:
        arguments += ["-object", "memory-backend-ram,id=expander,size=256M", *expander()]
    return arguments
