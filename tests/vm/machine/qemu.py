# SPDX-License-Identifier: GPL-2.0-or-later
"""The command lines of QEMU and of the device servers."""

import json
import os
from pathlib import Path

from topology import Endpoint, Topology

EMULATOR = "cxl-type2-emulator"
PORTS = ("stdout", "stderr", "status", "control")
ALWAYS = [
    "console=ttyS0",
    "loglevel=8",
    "panic=-1",
    "printk.devkmsg=on",  # unlimited: stages and taint come this way
    # identify_cpu() forgets for a moment that there are 5 levels of page tables: an interrupt then
    # makes KASAN report the direct map as wild memory.
    "no5lvl",
    "intel_iommu=on",
    # The timer check counts ticks while the host may be doing something else for longer.
    "no_timer_check",
    # Nor is a guest stuck that the host does not run: it gets as long as kernels allow.
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


def command(
    directory: Path,
    topology: Topology,
    kernel: Path,
    parameters: list[str],
    exports: list[tuple[Path, str, bool]],
    neighbour: str = "",
    with_expander: bool = False,
) -> list[str]:
    """DIRECTORY holds the sockets, the file behind the guest's RAM, and its initramfs; NEIGHBOUR is
    what the first endpoint has beside it."""
    ram = directory / "ram"
    arguments = [
        "qemu-system-x86_64",
        "-machine", "q35,cxl=on,kernel-irqchip=split,memory-backend=ram",
        "-accel", "tcg,thread=multi",
        # The CXL core does not commit a region where it cannot flush CPU caches: on a hypervisor.
        "-cpu", "max,-hypervisor",
        "-smp", "2",
        "-m", f"size={topology.ram_size}B",
        "-object", f"memory-backend-file,id=ram,size={topology.ram_size}B,mem-path={ram},share=on",
        "-nodefaults", "-display", "none", "-no-reboot",
        "-qmp", f"unix:{socket_of(directory, 'qmp')},server=on,wait=off",
        "-chardev", f"socket,id=console,path={socket_of(directory, 'console')}",
        "-serial", "chardev:console",
        "-kernel", str(kernel),
        "-initrd", str(directory / "initramfs"),
        "-append", " ".join(parameters),
        # An IOMMU group of its own for every endpoint: VFIO needs one.
        *device(driver="intel-iommu", intremap="on", **{"caching-mode": True}),
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
