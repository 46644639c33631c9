/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */
/*
 * The user-space interface of cxl_vfio_pci beyond linux/vfio.h, and the names of its sysfs
 * attributes. The numbers are provisional: no kernel release has assigned them, so recognise the
 * driver by its name or by cxl_vfio/abi_version, and regions by type and subtype, never by index.
 */
#ifndef CXL_VFIO_H
#define CXL_VFIO_H

/* Name of the PCI driver and of the module. */
#define CXL_VFIO_DRIVER_NAME			"cxl-vfio-pci"
#define CXL_VFIO_MODULE_NAME			"cxl_vfio_pci"

/*
 * vfio_device_info.flags: a CXL Type-2 device with an HDM window. Always with
 * VFIO_DEVICE_FLAGS_PCI, and with _RESET unless the function has no reset method (sysfs
 * reset_method is empty).
 */
#ifndef VFIO_DEVICE_FLAGS_CXL
#define VFIO_DEVICE_FLAGS_CXL			(1 << 9)
#endif

/*
 * What a user of the device is shown of the window: attribute view, and the module's parameter of
 * the same name for devices bound later. Both views lead to the same bytes through the same gate.
 */
#define CXL_VFIO_VIEW_REGION			"region"	/* a region of the type below */
#define CXL_VFIO_VIEW_BAR			"bar"	/* a 64-bit BAR that the hardware lacks */
#define CXL_VFIO_VIEW_BOTH			"both"	/* the default, if a pair is free */
/* view_bar: the index of that BAR, 0 to 4, or this where the function has no free pair */
#define CXL_VFIO_VIEW_BAR_NONE			"none"

/*
 * The generation of the CXL interface: attribute interface, and the module's parameter of the same
 * name. "current": what this header says. "2": VFIO_DEVICE_FLAGS_CXL with the device capability
 * below, and component registers from the CXL.cache and CXL.mem capability array on. "none":
 * neither the flag nor regions of CXL, a plain PCI function; then the window is shown as a BAR.
 */
#define CXL_VFIO_INTERFACE_CURRENT		"current"	/* the default */
#define CXL_VFIO_INTERFACE_2			"2"
#define CXL_VFIO_INTERFACE_NONE			"none"

/* Region type: VFIO_REGION_TYPE_PCI_VENDOR_TYPE with the CXL consortium's vendor id. */
#define CXL_VFIO_REGION_TYPE			(0x80000000u | 0x1e98u)
/* The HDM window: read, write, mmap (write-back). Offset 0 is the base of decoder 0. */
#define CXL_VFIO_REGION_SUBTYPE_MEMORY		1
/*
 * The component registers: the HDM decoder capability at offset 0, 0x10 + 0x20 * decoders bytes,
 * accessed by whole dwords, clipped at the end. Reads are live, writes are absorbed; while the gate
 * is shut for a reset, or memory space is off, the first register can be read, the rest is EIO.
 * Under interface "2" the capability array is at offset 0 and leads to the decoders, which are the
 * user's own: he programs them, and nothing of it reaches the hardware.
 */
#define CXL_VFIO_REGION_SUBTYPE_COMPONENT	2

/* Capability of the component register region: where the block is in its BAR. */
#define CXL_VFIO_REGION_INFO_CAP_COMPONENT	6
#define CXL_VFIO_REGION_INFO_CAP_COMPONENT_VERSION	1

/* Follows struct vfio_info_cap_header. */
struct cxl_vfio_region_info_component {
	unsigned int bar;		/* BAR index, 0 to 5 */
	unsigned int reserved;		/* 0 */
	unsigned long long offset;	/* byte offset of the HDM decoder capability in the BAR */
};

/* Interface "2" only: a capability of vfio_device_info. */
#define CXL_VFIO_DEVICE_INFO_CAP		6
#define CXL_VFIO_DEVICE_INFO_CAP_VERSION	1

/* vfio_device_info_cap.flags */
#define CXL_VFIO_DEVICE_INFO_COMMITTED		(1 << 0)	/* by the host's firmware */
#define CXL_VFIO_DEVICE_INFO_CACHE		(1 << 1)	/* the device has CXL.cache */

/* Follows struct vfio_info_cap_header. */
struct cxl_vfio_device_info {
	unsigned char bar;		/* that holds the component registers, 0 to 5 */
	unsigned char reserved[3];	/* 0 */
	unsigned int flags;
	unsigned long long offset;	/* of the capability array in the BAR */
	unsigned int memory_region;	/* index */
	unsigned int component_region;	/* index; offset 0 is the capability array */
};

/*
 * Attributes in the directory CXL_VFIO_SYSFS_GROUP of the PCI device, all but scrub_policy, view
 * and interface read-only; documented in kernel-driver/ABI. They exist while the driver is bound.
 */
#define CXL_VFIO_SYSFS_GROUP			"cxl_vfio"
#define CXL_VFIO_ABI_VERSION			1	/* abi_version */

/* state */
#define CXL_VFIO_STATE_ACTIVE			"active"	/* faults and fd I/O go through */
/* not open, in a reset or error recovery, memory space off, or not in D0 */
#define CXL_VFIO_STATE_CLOSED			"closed"
/* media not ready yet, or the last user's bytes are being zeroed: accesses wait */
#define CXL_VFIO_STATE_PENDING			"pending"
#define CXL_VFIO_STATE_REFUSED			"refused"	/* verdict says why */

/* verdict: of the sentences, the one that programs may look for */
#define CXL_VFIO_VERDICT_NOT_OPEN		"not open"

/* scrub_policy, and the module's parameter scrub: what becomes of the memory between two users */
#define CXL_VFIO_SCRUB_POLICY_NONE		"none"
#define CXL_VFIO_SCRUB_POLICY_ZERO		"zero"	/* no byte is left; the default */

/* scrub_result: the last time a user left */
#define CXL_VFIO_SCRUB_RESULT_NONE		"none"	/* no user left yet, or policy none */
#define CXL_VFIO_SCRUB_RESULT_DONE		"done"
#define CXL_VFIO_SCRUB_RESULT_OWED		"owed"	/* not possible yet: nobody gets access */

/* reset_result: of the function at the last open, close or VFIO_DEVICE_RESET */
#define CXL_VFIO_RESET_RESULT_NONE		"none"	/* none yet, or the kernel has no method */
#define CXL_VFIO_RESET_RESULT_DONE		"done"
#define CXL_VFIO_RESET_RESULT_FAILED		"failed"

/* Keys of the PCI device's change uevents; their values are those of the attributes. */
#define CXL_VFIO_UEVENT_STATE			"CXL_VFIO_STATE"
#define CXL_VFIO_UEVENT_VERDICT			"CXL_VFIO_VERDICT"
#define CXL_VFIO_UEVENT_SCRUB			"CXL_VFIO_SCRUB"

#endif /* CXL_VFIO_H */
