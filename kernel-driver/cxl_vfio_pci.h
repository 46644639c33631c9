/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cxl_vfio_pci: VFIO variant driver for CXL Type-2 endpoints.
 *
 * Lock order (each may be taken while the ones before it are held, never the other way round):
 *
 *   fault : mmap_lock(R) -> memory_lock(R) -> gate.lock(R) -> page table lock
 *   fd I/O: memory_lock(R) -> gate.lock(R), no user access and no allocation inside
 *   reset : [memory_lock(W)] -> device_lock -> gate.lock(W), dropped again before i_mmap_rwsem
 *   asking: [memory_lock(W)] -> [device_lock] -> gate.asking -> gate.lock
 *
 * gate.lock is a leaf. It is never held across a reset or a wait, and reset callbacks run with or
 * without memory_lock, so nothing reached from them takes or asserts memory_lock. gate.asking is
 * held while the hardware is read and repaired, which takes no lock that sleeps.
 */
#ifndef CXL_VFIO_PCI_H
#define CXL_VFIO_PCI_H

#include <linux/ioport.h>
#include <linux/memory-failure.h>
#include <linux/pci.h>
#include <linux/range.h>
#include <linux/rwsem.h>
#include <linux/vfio_pci_core.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#error "cxl_vfio_pci needs Linux 7.3: older CXL cores cannot attach a region for a Type-2 driver"
#endif
#ifdef VFIO_DEVICE_FLAGS_CXL
#error "this kernel defines VFIO's CXL interface itself: use its driver, not cxl_vfio_pci"
#endif

#include <cxl/cxl.h>
#include <cxl/pci.h>

#include "cxl_regs.h"
#include "cxl_vfio.h"

/* Why the memory is or is not accessible. gate.c says each in words. */
enum cxl_vfio_verdict {
	CXL_VFIO_OK,
	CXL_VFIO_NOT_OPEN,
	CXL_VFIO_IN_RESET,
	CXL_VFIO_FROZEN,		/* PCI error recovery under way, or failed */
	CXL_VFIO_MEMORY_SPACE_OFF,	/* PCI_COMMAND_MEMORY clear: the user's own doing */
	CXL_VFIO_POWER_STATE,		/* not in D0: the user's own doing */
	CXL_VFIO_NO_ANSWER,		/* configuration space reads all ones */
	CXL_VFIO_MEDIA_NOT_READY,	/* DVSEC range not valid or not active */
	CXL_VFIO_MEM_ENABLE_OFF,	/* DVSEC Mem_Enable clear and not settable */
	CXL_VFIO_RANGE_CHANGED,		/* DVSEC range size differs */
	CXL_VFIO_REGISTERS_LOST,	/* component registers read all ones */
	CXL_VFIO_HDM_DISABLED,		/* HDM decoder global enable clear */
	CXL_VFIO_NOT_COMMITTED,
	CXL_VFIO_LOCKED_UNCOMMITTED,	/* lock-on-commit set, not committed: cannot be repaired */
	CXL_VFIO_COMMIT_ERROR,
	CXL_VFIO_BASE_CHANGED,
	CXL_VFIO_SIZE_CHANGED,
	CXL_VFIO_CONTROL_CHANGED,	/* interleave or target type */
	CXL_VFIO_VERDICT_COUNT
};

/* What last closed or opened the gate. */
enum cxl_vfio_path {
	CXL_VFIO_PATH_NONE,
	CXL_VFIO_PATH_OPEN,
	CXL_VFIO_PATH_CLOSE,
	CXL_VFIO_PATH_RESET,
	CXL_VFIO_PATH_CONFIG_WRITE,
	CXL_VFIO_PATH_ERROR,
	CXL_VFIO_PATH_COUNT
};

enum cxl_vfio_state {
	CXL_VFIO_CLOSED,
	CXL_VFIO_ACTIVE,
	CXL_VFIO_PENDING,
	CXL_VFIO_REFUSED,
};

/* The PCI channel, as the error recovery of the PCI core tells it. */
enum cxl_vfio_channel {
	CXL_VFIO_RUNNING,
	CXL_VFIO_RECOVERING,	/* until resume: a bus reset without reset_prepare may come */
	CXL_VFIO_FAILED,	/* until the next reset */
};

/* One HDM decoder as its registers say. */
struct cxl_vfio_decoder {
	u64 base;
	u64 size;
	u64 skip;
	u32 control;
};

/* The CXL core's view, with a life of its own: devm_cxl_dev_state_create() wants @cxlds first. */
struct cxl_vfio_endpoint {
	struct cxl_dev_state cxlds;
};

/* What the hardware said at bind, and how to ask it again. Fixed from bind to unbind. */
struct cxl_vfio_hdm {
	struct pci_dev *pdev;
	u16 dvsec;			/* offset of the CXL device DVSEC */
	u16 dvsec_length;
	void __iomem *registers;	/* the HDM decoder capability, uncached */
	resource_size_t registers_start;
	unsigned int decoder_count;
	struct cxl_vfio_decoder decoder;	/* decoder 0, committed */
	u32 range_size_low;		/* DVSEC range 1 without its status bits */
	u32 range_size_high;
	unsigned int ready_timeout_ms;	/* media readiness after a reset */
	struct resource *resource;	/* exclusive reservation of the window */
	void *memory;			/* write-back mapping of the whole window */
};

/*
 * The gate: user access to the window goes through only while it is open. A fault holds @lock for
 * reading around check and insert; whoever shuts the gate writes @state under @lock, drops it, and
 * then unmaps, so that when gate_shut() returns no PTE exists and none can appear.
 */
struct cxl_vfio_gate {
	struct rw_semaphore lock;
	enum cxl_vfio_state state;
	enum cxl_vfio_verdict verdict;
	unsigned int holds;		/* reasons in progress that keep the gate shut */
	bool open;			/* the VFIO device is open */
	enum cxl_vfio_channel channel;
	enum cxl_vfio_verdict refusal;	/* CXL_VFIO_OK, or why refused until a reset or an open */
	unsigned long deadline;		/* jiffies: pending becomes refused */
	struct mutex asking;		/* somebody reads or repairs the hardware */
	struct delayed_work poll;	/* asks the hardware again while pending */
	wait_queue_head_t wait;		/* state left pending */
	/* For the operator, written under @lock. */
	u64 generation;			/* times the gate was shut */
	u64 zaps;
	u64 reactivations;
	u64 refusals;
	enum cxl_vfio_path last_path;
};

struct cxl_vfio_device {
	struct vfio_pci_core_device core;	/* vfio_alloc_device() wants it first */
	struct cxl_vfio_hdm *hdm;	/* devm, outlives every open file */
	struct cxl_vfio_gate gate;
	unsigned int memory_index;	/* region indices, valid while open */
	struct pfn_address_space poison;
	bool poison_registered;
};

static inline struct cxl_vfio_device *to_cxl_vfio(struct vfio_device *vdev)
{
	return container_of(vdev, struct cxl_vfio_device, core.vdev);
}

static inline u64 cxl_vfio_window_size(const struct cxl_vfio_hdm *hdm)
{
	return hdm->decoder.size;
}

/* hdm.c: the hardware */
struct cxl_vfio_hdm *cxl_vfio_hdm_attach(struct pci_dev *pdev);
enum cxl_vfio_verdict cxl_vfio_hdm_check(const struct cxl_vfio_hdm *hdm, bool repair);

/* gate.c: who may touch the window */
void cxl_vfio_gate_init(struct cxl_vfio_device *device);
void cxl_vfio_gate_open_device(struct cxl_vfio_device *device);
void cxl_vfio_gate_close_device(struct cxl_vfio_device *device);
void cxl_vfio_gate_shut(struct cxl_vfio_device *device, enum cxl_vfio_path path);
void cxl_vfio_gate_release(struct cxl_vfio_device *device, enum cxl_vfio_path path);
void cxl_vfio_gate_freeze(struct cxl_vfio_device *device, enum cxl_vfio_channel channel);
void cxl_vfio_gate_thaw(struct cxl_vfio_device *device);
bool cxl_vfio_gate_is_active(struct cxl_vfio_device *device);
bool cxl_vfio_gate_may_ask(const struct cxl_vfio_gate *gate);
int cxl_vfio_gate_wait(struct cxl_vfio_device *device);
const char *cxl_vfio_state_name(enum cxl_vfio_state state);
const char *cxl_vfio_verdict_name(enum cxl_vfio_verdict verdict);
const char *cxl_vfio_path_name(enum cxl_vfio_path path);

/* memory.c and component.c: the two regions */
int cxl_vfio_memory_register(struct cxl_vfio_device *device);
void cxl_vfio_memory_register_poison(struct cxl_vfio_device *device);
void cxl_vfio_memory_unregister_poison(struct cxl_vfio_device *device);
int cxl_vfio_component_register(struct cxl_vfio_device *device);

/* config.c: configuration space writes that touch the window */
ssize_t cxl_vfio_write(struct vfio_device *core_vdev, const char __user *buf, size_t count,
		       loff_t *ppos);

/* sysfs.c */
extern const struct attribute_group *cxl_vfio_groups[];

#endif
