# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel modules for fixtures: files that modinfo(8) can read, and what sysfs and DKMS say of them."""
import struct

NAME = "cxl_vfio_pci"
HASH_SHA512, PKEY_RSA, IDENTIFIED_BY_NAME = 6, 1, 1
MAGIC = b"~Module signature appended~\n"


def elf(info: dict) -> bytes:
    """A relocatable object that has .modinfo only. A value that is a list is several pairs."""
    pairs = [(key, each) for key, value in info.items()
             for each in (value if isinstance(value, list) else [value])]
    modinfo = b"".join(key.encode() + b"=" + (each if isinstance(each, bytes) else each.encode())
                       + b"\0" for key, each in pairs)
    names = b"\0.modinfo\0.shstrtab\0"
    header = 64
    end = header + len(modinfo) + len(names)
    table = (end + 7) & ~7

    def section(name: int, kind: int, flags: int, offset: int, size: int) -> bytes:
        return struct.pack("<IIQQQQIIQQ", name, kind, flags, 0, offset, size, 0, 0, 1, 0)

    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    return (ident + struct.pack("<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, table, 0, header, 0, 0, 64, 3, 2)
            + modinfo + names + bytes(table - end) + bytes(64)
            + section(1, 1, 2, header, len(modinfo))
            + section(10, 3, 0, header + len(modinfo), len(names)))


def sign(module: bytes, signer: str, key: bytes) -> bytes:
    """MODULE with a signature whose signer is named in plain text."""
    signature = b"\x01" * 32
    return (module + signer.encode() + key + signature
            + struct.pack(">BBBBB3xI", PKEY_RSA, HASH_SHA512, IDENTIFIED_BY_NAME, len(signer),
                          len(key), len(signature)) + MAGIC)


def information(kernel: str, **changes) -> dict:
    return {"version": "5.0.1", "srcversion": "0123456789ABCDEF0123456",
            "depends": "vfio-pci-core,cxl_core", "softdep": ["pre: cxl_acpi", "pre: cxl_port"],
            "name": NAME, "vermagic": f"{kernel} SMP preempt mod_unload ", **changes}


def install(root, kernel: str, content: bytes, place: str = "updates/dkms", index: bool = True,
            suffix: str = "") -> None:
    file = f"{place}/{NAME}.ko{suffix}"
    root.write(f"lib/modules/{kernel}/{file}", content)
    others = "kernel/drivers/cxl/core/cxl_core.ko:\n"
    line = f"{file}: kernel/drivers/cxl/core/cxl_core.ko\n" if index else ""
    root.write(f"lib/modules/{kernel}/modules.dep", others + line)


def load(root, **changes) -> None:
    """The module in the kernel."""
    root.attributes(f"sys/module/{NAME}", **{
        "initstate": "live", "version": "5.0.1", "srcversion": "0123456789ABCDEF0123456",
        "taint": "OE", "refcnt": 0, "coresize": 94208, **changes})
    root.attributes(f"sys/module/{NAME}/parameters", scrub="zero", disable_idle_d3="N",
                    view="both", interface="current")
    root.attributes("proc/sys/kernel", tainted=12288)
    (root.top / "sys/bus/pci/drivers/cxl-vfio-pci").mkdir(parents=True, exist_ok=True)


def give(root, function) -> None:
    """The driver's own link to a device that it has."""
    root.link(f"sys/bus/pci/drivers/cxl-vfio-pci/{function.address}", function.path)


def dkms(root, version: str, *kernels: str, installed: str = "") -> None:
    top = f"var/lib/dkms/{NAME}"
    (root.top / "usr/src" / f"{NAME}-{version}").mkdir(parents=True)
    root.link(f"{top}/{version}/source", f"usr/src/{NAME}-{version}")
    (root.top / top / version / "build").mkdir()
    (root.top / top / "original_module").mkdir(exist_ok=True)
    for kernel in kernels:
        root.write(f"{top}/{version}/{kernel}/x86_64/module/{NAME}.ko", b"")
    if installed:
        root.link(f"{top}/kernel-{installed}-x86_64", f"{top}/{version}/{installed}/x86_64")
