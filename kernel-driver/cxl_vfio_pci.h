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
 *   close : dev_set->lock -> gate.asking -> gate.lock
 *   DMA   : [memory_lock(W)] -> [device_lock] -> [gate.asking] -> dmabufs.lock -> gate.lock(R),
 *           dropped again before dma_resv
 *   export: dmabufs.export -> memory_lock(W); dmabufs.export -> dmabufs.lock
 *   config: shadow.lock alone
 *   claim : [dev_set->lock] -> [memory_lock(W)] -> [device_lock] -> [gate.asking] -> claim.lock
 *
 * Of the driver's own locks gate.lock is the last; faults allocate page tables under it. It is
 * never held across a reset or a wait, and reset callbacks run with or without memory_lock, so
 * nothing reached from them takes or asserts memory_lock. gate.asking is held while the hardware is
 * read and repaired, and while the window is zeroed, in chunks, by works that take gate.lock(R) and
 * are waited for under it.
 */
#ifndef CXL_VFIO_PCI_H
#define CXL_VFIO_PCI_H

#include <linux/ioport.h>
#include <linux/memory-failure.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/pci-p2pdma.h>
#include <linux/range.h>
#include <linux/rwsem.h>
#include <linux/vfio_pci_core.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

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
	CXL_VFIO_DVSEC_CHANGED,		/* the CXL device DVSEC is not where it was */
	CXL_VFIO_MEDIA_NOT_READY,	/* DVSEC range not valid or not active */
	CXL_VFIO_MEM_ENABLE_OFF,	/* DVSEC Mem_Enable clear and not settable */
	CXL_VFIO_RANGE_CHANGED,		/* the size of a DVSEC range differs */
	CXL_VFIO_REGISTERS_LOST,	/* component registers read all ones */
	CXL_VFIO_HDM_DISABLED,		/* HDM decoder global enable clear */
	CXL_VFIO_NOT_COMMITTED,
	CXL_VFIO_LOCKED_UNCOMMITTED,	/* lock-on-commit set, not committed: cannot be repaired */
	CXL_VFIO_COMMIT_ERROR,
	CXL_VFIO_BASE_CHANGED,
	CXL_VFIO_SIZE_CHANGED,
	CXL_VFIO_CONTROL_CHANGED,	/* interleave or target type */
	CXL_VFIO_OTHER_DECODER,		/* another decoder is committed now */
	CXL_VFIO_SCRUBBING,		/* the last user's bytes are being zeroed */
	CXL_VFIO_WINDOW_TAKEN,		/* somebody else claimed the window during a reset */
	CXL_VFIO_VERDICT_COUNT
};

/* What last closed or opened the gate. */
enum cxl_vfio_path {
	CXL_VFIO_PATH_NONE,
	CXL_VFIO_PATH_OPEN,
	CXL_VFIO_PATH_CLOSE,
	CXL_VFIO_PATH_RESET,
	CXL_VFIO_PATH_RESET_FAILED,
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

enum cxl_vfio_scrub_policy {
	CXL_VFIO_SCRUB_NONE,
	CXL_VFIO_SCRUB_ZERO,
};

enum cxl_vfio_scrub_result {
	CXL_VFIO_SCRUB_NOT_DUE,
	CXL_VFIO_SCRUB_DONE,
	CXL_VFIO_SCRUB_OWED,
};

enum cxl_vfio_flush_result {
	CXL_VFIO_FLUSH_NOT_DUE,
	CXL_VFIO_FLUSHED,
	CXL_VFIO_FLUSH_UNSUPPORTED,
	CXL_VFIO_FLUSH_RESULT_COUNT
};

enum cxl_vfio_reset_result {
	CXL_VFIO_RESET_NONE,
	CXL_VFIO_RESET_DONE,
	CXL_VFIO_RESET_FAILED,
	CXL_VFIO_RESET_RESULT_COUNT
};

/* What a user is shown of the window, and of CXL: see cxl_vfio.h. */
enum cxl_vfio_view {
	CXL_VFIO_VIEW_IS_REGION,
	CXL_VFIO_VIEW_IS_BAR,
	CXL_VFIO_VIEW_IS_BOTH,
	CXL_VFIO_VIEW_COUNT
};

enum cxl_vfio_interface {
	CXL_VFIO_INTERFACE_IS_CURRENT,
	CXL_VFIO_INTERFACE_IS_2,
	CXL_VFIO_INTERFACE_IS_NONE,
	CXL_VFIO_INTERFACE_COUNT
};

/* Extended capabilities: one in each dword, at worst. */
#define CXL_VFIO_MAX_CAPABILITIES	(PCI_CFG_SPACE_EXP_SIZE / sizeof(u32))
#define CXL_VFIO_RANGES		2	/* in the CXL device DVSEC */
#define CXL_VFIO_MAX_DVSECS	8	/* of CXL, in one function: the specification defines 7 */

/* Bytes of configuration space, @end not included. */
struct cxl_vfio_dvsec {
	u16 start;
	u16 end;
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

/* The window is ours alone, but for the time of a reset. */
struct cxl_vfio_claim {
	struct mutex lock;
	struct resource *resource;	/* the exclusive reservation; NULL: not ours */
	unsigned int yields;		/* resets under way */
	bool lost;			/* to somebody else, until the unbind */
};

/*
 * What the hardware said at bind, and how to ask it again. Fixed from bind to unbind, but @claim.
 */
struct cxl_vfio_hdm {
	struct pci_dev *pdev;
	u16 dvsec;			/* offset of the CXL device DVSEC */
	u32 dvsec_header;		/* vendor, revision, length */
	u16 control_enables;		/* Mem_Enable and Cache_Enable at bind */
	unsigned int range_count;
	u32 range_size_low[CXL_VFIO_RANGES];	/* without status bits */
	u32 range_size_high[CXL_VFIO_RANGES];
	unsigned int ready_timeout_ms;	/* media readiness after a reset */
	u16 dvsec_capability;		/* of the device, constant */
	unsigned int reset_timeout_ms;	/* that the DVSEC grants a CXL reset */
	struct cxl_vfio_dvsec absorbed[CXL_VFIO_MAX_DVSECS];	/* writes end here */
	unsigned int absorbed_count;
	void __iomem *registers;	/* the HDM decoder capability, uncached */
	resource_size_t registers_start;
	u32 capability;			/* of the HDM decoders, constant */
	unsigned int decoder_count;
	struct cxl_vfio_decoder decoder;	/* decoder 0, committed */
	int bar;			/* that holds the registers, or -1 */
	u64 bar_offset;			/* of the registers in it */
	void __iomem *bar_memory;	/* all of it, uncached */
	unsigned int array_distance;	/* from the capability array to the registers, or 0 */
	int view_bar;			/* first of a free pair of BARs, or -1 */
	struct cxl_vfio_claim claim;
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
	unsigned int holds;		/* reasons in progress that keep the gate from opening */
	bool open;			/* the VFIO device is open */
	enum cxl_vfio_channel channel;
	enum cxl_vfio_verdict refusal;	/* CXL_VFIO_OK, or why refused until a reset or an open */
	enum cxl_vfio_verdict warned;	/* the last refusal in the log; OK since it worked */
	unsigned long deadline;		/* jiffies: pending becomes refused */
	struct mutex asking;		/* somebody reads or repairs the hardware */
	struct delayed_work poll;	/* asks the hardware again while pending */
	wait_queue_head_t wait;		/* state left pending */
	/* For the operator, written under @lock. */
	u64 generation;			/* times the gate was shut */
	u64 zaps;
	u64 reactivations;
	u64 refusals;
	u64 repairs;			/* decoder or enables were programmed again */
	u64 since;			/* ktime of the last change of @state, nanoseconds */
	enum cxl_vfio_path last_path;
	enum cxl_vfio_flush_result flush;
};

/*
 * The tenant boundary. Written under gate.asking, but for @policy; and under gate.lock by a gate
 * that opens, and by a reset or an open, while which nobody scrubs.
 */
struct cxl_vfio_scrub {
	enum cxl_vfio_scrub_policy policy;
	enum cxl_vfio_scrub_result result;
	bool dirty;			/* the window may hold somebody's bytes */
	bool due;			/* and they are not those of the present user */
	atomic64_t done;		/* of the window, by a scrub that may go on there */
	bool stop;			/* an unbind waits for the scrub under way */
	u64 bytes;			/* zeroed since the bind */
};

/* What the operator's programs know of the gate, by the last uevent. */
struct cxl_vfio_told {
	enum cxl_vfio_state state;
	enum cxl_vfio_verdict verdict;
	enum cxl_vfio_scrub_result scrub;
};

struct cxl_vfio_uevent {
	struct delayed_work work;	/* alone writes what follows */
	struct cxl_vfio_told told;
	unsigned long last;		/* jiffies of the last look */
};

/* What a user wrote to registers that do not exist, or that he must not reach; new at each open. */
struct cxl_vfio_shadow {
	struct mutex lock;
	u64 bar;			/* address in the window's BAR */
	u16 control;			/* of the CXL device DVSEC, as are these */
	u16 control2;
	u16 status2;			/* bits that we answer for */
	u16 config_lock;
	u32 *component;			/* the HDM decoder capability of interface 2 */
};

/* The dma-bufs of the window that somebody may hold, and the gate in front of them. */
struct cxl_vfio_dmabufs {
	struct mutex export;		/* one export at a time; and no ioeventfd meanwhile */
	const void *exported;		/* inside the exporter's object of the one under way */
	struct p2pdma_provider provider;	/* of all of them */
	struct mutex lock;		/* of @list and of what is in it */
	struct list_head list;
	struct list_head disowned;	/* nodes of the core's; under memory_lock */
};

struct cxl_vfio_device {
	struct vfio_pci_core_device core;	/* vfio_alloc_device() wants it first */
	struct cxl_vfio_hdm *hdm;	/* devm, outlives every open file */
	struct cxl_vfio_gate gate;
	struct cxl_vfio_scrub scrub;
	enum cxl_vfio_reset_result reset_result;	/* for the operator */
	struct task_struct *closer;	/* is in the core's close */
	bool not_reset;			/* there: the function, whatever became of its bus */
	struct cxl_vfio_uevent uevent;
	/* The operator's choice: under dev_set->lock, and only while the device is closed. */
	enum cxl_vfio_view view;
	enum cxl_vfio_interface interface;
	struct cxl_vfio_shadow shadow;
	struct cxl_vfio_dmabufs dmabufs;
	unsigned int memory_index;	/* region indices, valid while open where offered */
	unsigned int component_index;
	atomic64_t machine_checks;	/* that reads for a user met and survived, since the bind */
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

/* The page of its region that @address of @vma shows: the part of vm_pgoff that is no index. */
static inline pgoff_t cxl_vfio_region_page(const struct vm_area_struct *vma, unsigned long address)
{
	return (vma->vm_pgoff & ((1UL << (VFIO_PCI_OFFSET_SHIFT - PAGE_SHIFT)) - 1)) +
	       ((address - vma->vm_start) >> PAGE_SHIFT);
}

static inline bool cxl_vfio_offers_region(const struct cxl_vfio_device *device)
{
	return device->view != CXL_VFIO_VIEW_IS_BAR &&
	       device->interface != CXL_VFIO_INTERFACE_IS_NONE;
}

static inline bool cxl_vfio_offers_bar(const struct cxl_vfio_device *device)
{
	return device->view != CXL_VFIO_VIEW_IS_REGION;
}

/* capabilities.c: what configuration space says of itself */
int cxl_vfio_check_capabilities(struct pci_dev *pdev);
int cxl_vfio_check_register_locator(struct pci_dev *pdev);

/* hdm.c: the hardware */
struct cxl_vfio_hdm *cxl_vfio_hdm_attach(struct pci_dev *pdev);
enum cxl_vfio_verdict cxl_vfio_hdm_check(const struct cxl_vfio_hdm *hdm, bool force_memory_space,
					 bool *repaired);

/* window.c: who has the window */
int cxl_vfio_window_check_free(const struct cxl_vfio_hdm *hdm);
int cxl_vfio_window_own(struct cxl_vfio_hdm *hdm);
void cxl_vfio_window_yield(struct cxl_vfio_hdm *hdm);
void cxl_vfio_window_reclaim(struct cxl_vfio_hdm *hdm);
bool cxl_vfio_window_is_owned(struct cxl_vfio_hdm *hdm);

/* main.c: how the last reset that was asked for ended */
void cxl_vfio_note_reset(struct cxl_vfio_device *device, bool works);

/* gate.c: who may touch the window */
void cxl_vfio_gate_init(struct cxl_vfio_device *device);
void cxl_vfio_gate_open_device(struct cxl_vfio_device *device);
void cxl_vfio_gate_close_device(struct cxl_vfio_device *device);
void cxl_vfio_gate_scrub(struct cxl_vfio_device *device, bool was_reset);
void cxl_vfio_gate_shut(struct cxl_vfio_device *device, enum cxl_vfio_path path);
void cxl_vfio_gate_shut_active(struct cxl_vfio_device *device, enum cxl_vfio_path path);
void cxl_vfio_gate_hold(struct cxl_vfio_device *device);
void cxl_vfio_gate_release(struct cxl_vfio_device *device, enum cxl_vfio_path path);
void cxl_vfio_gate_release_after_reset(struct cxl_vfio_device *device);
void cxl_vfio_gate_freeze(struct cxl_vfio_device *device, enum cxl_vfio_channel channel);
void cxl_vfio_gate_thaw(struct cxl_vfio_device *device);
void cxl_vfio_gate_recheck(struct cxl_vfio_device *device);
bool cxl_vfio_gate_is_unchanged(struct cxl_vfio_device *device, u64 generation);
bool cxl_vfio_gate_is_active(struct cxl_vfio_device *device);
bool cxl_vfio_gate_may_ask(const struct cxl_vfio_gate *gate);
int cxl_vfio_gate_wait(struct cxl_vfio_device *device);
bool cxl_vfio_gate_settle(struct cxl_vfio_device *device, unsigned int limit_ms);
const char *cxl_vfio_state_name(enum cxl_vfio_state state);
const char *cxl_vfio_verdict_name(enum cxl_vfio_verdict verdict);
const char *cxl_vfio_path_name(enum cxl_vfio_path path);
const char *cxl_vfio_flush_name(enum cxl_vfio_flush_result result);

/* scrub.c: what is left for the next user */
void cxl_vfio_scrub_init(struct cxl_vfio_scrub *scrub);
void cxl_vfio_scrub_user_came(struct cxl_vfio_scrub *scrub);
void cxl_vfio_scrub_user_left(struct cxl_vfio_scrub *scrub);
void cxl_vfio_scrub_in_use(struct cxl_vfio_scrub *scrub);
bool cxl_vfio_scrub_is_due(const struct cxl_vfio_scrub *scrub);
void cxl_vfio_scrub_from_start(struct cxl_vfio_scrub *scrub);
bool cxl_vfio_scrub_run(struct cxl_vfio_device *device, u64 generation, unsigned int limit_ms);
void cxl_vfio_scrub_stop(struct cxl_vfio_device *device);
int cxl_vfio_scrub_parse(const char *name, enum cxl_vfio_scrub_policy *policy);
const char *cxl_vfio_scrub_policy_name(const struct cxl_vfio_scrub *scrub);
const char *cxl_vfio_scrub_result_name(enum cxl_vfio_scrub_result result);

/* uevent.c: what programs are told */
void cxl_vfio_uevent_init(struct cxl_vfio_device *device);
void cxl_vfio_uevent_changed(struct cxl_vfio_device *device);
void cxl_vfio_uevent_stop(struct cxl_vfio_device *device);

/* views.c: what is offered of the window and of CXL */
void cxl_vfio_views_init(struct cxl_vfio_device *device);
int cxl_vfio_views_set(struct cxl_vfio_device *device, const char *view, const char *interface);
const char *cxl_vfio_view_name(enum cxl_vfio_view view);
const char *cxl_vfio_interface_name(enum cxl_vfio_interface interface);
long cxl_vfio_get_info(struct cxl_vfio_device *device, struct vfio_device_info __user *arg);

/* memory.c and component.c: the two regions */
int cxl_vfio_memory_register(struct cxl_vfio_device *device);
int cxl_vfio_memory_mmap(struct cxl_vfio_device *device, struct vm_area_struct *vma);
ssize_t cxl_vfio_memory_rw(struct cxl_vfio_device *device, char __user *user, size_t count,
			   loff_t *ppos, bool write);
void cxl_vfio_memory_register_poison(struct cxl_vfio_device *device);
void cxl_vfio_memory_unregister_poison(struct cxl_vfio_device *device);
int cxl_vfio_may_split(struct vm_area_struct *vma, unsigned long address);
int cxl_vfio_component_register(struct cxl_vfio_device *device);

/* window_bar.c: the window as a BAR that the hardware lacks */
int cxl_vfio_window_bar_find(struct pci_dev *pdev);
bool cxl_vfio_is_window_bar(const struct cxl_vfio_device *device, u64 position);
u64 cxl_vfio_window_bar_registers(const struct cxl_vfio_device *device);
int cxl_vfio_window_bar_info(struct cxl_vfio_device *device, struct vfio_region_info *info,
			     struct vfio_info_cap *caps);
ssize_t cxl_vfio_window_bar_rw(struct cxl_vfio_device *device, char __user *user, size_t count,
			       loff_t *ppos, bool write);

/* bar.c: the BAR that holds the component registers */
int cxl_vfio_bar_attach(struct cxl_vfio_hdm *hdm);
int cxl_vfio_read_all_ones(char __user *user, size_t count);
bool cxl_vfio_is_bar(const struct cxl_vfio_device *device, u64 position);
int cxl_vfio_bar_info(struct cxl_vfio_device *device, struct vfio_region_info *info,
		      struct vfio_info_cap *caps);
bool cxl_vfio_bar_can_map(const struct cxl_vfio_device *device, u64 start, u64 length);
int cxl_vfio_bar_mmap(struct cxl_vfio_device *device, struct vm_area_struct *vma);
ssize_t cxl_vfio_bar_rw(struct cxl_vfio_device *device, char __user *user, size_t count,
			loff_t *ppos, bool write);

/* dvsec.c: the CXL device DVSEC as a user sees it */
void cxl_vfio_dvsec_open(struct cxl_vfio_device *device);
u8 cxl_vfio_dvsec_read(struct cxl_vfio_device *device, unsigned int offset, u8 hardware);
bool cxl_vfio_dvsec_write(struct cxl_vfio_device *device, unsigned int offset, u8 value);
void cxl_vfio_dvsec_reset(struct cxl_vfio_device *device);

/* dmabuf.c: the window for the DMA of others */
#ifdef CONFIG_VFIO_PCI_DMABUF
void cxl_vfio_dmabuf_init(struct cxl_vfio_device *device);
void cxl_vfio_dmabuf_close(struct cxl_vfio_device *device);
void cxl_vfio_dmabuf_forget(struct cxl_vfio_device *device);
void cxl_vfio_dmabuf_follow_gate(struct cxl_vfio_device *device);
int cxl_vfio_dmabuf_feature(struct cxl_vfio_device *device, u32 flags, void __user *arg,
			    size_t argsz);
extern const struct vfio_pci_device_ops cxl_vfio_pci_ops;
#else
static inline void cxl_vfio_dmabuf_init(struct cxl_vfio_device *device)
{
}

static inline void cxl_vfio_dmabuf_close(struct cxl_vfio_device *device)
{
}

static inline void cxl_vfio_dmabuf_forget(struct cxl_vfio_device *device)
{
}

static inline void cxl_vfio_dmabuf_follow_gate(struct cxl_vfio_device *device)
{
}

static inline int cxl_vfio_dmabuf_feature(struct cxl_vfio_device *device, u32 flags,
					  void __user *arg, size_t argsz)
{
	return vfio_pci_core_ioctl_feature(&device->core.vdev, flags, arg, argsz);
}

static const struct vfio_pci_device_ops cxl_vfio_pci_ops;
#endif

/* config.c: configuration space, where the window is at stake or does not show in hardware */
ssize_t cxl_vfio_config_read(struct cxl_vfio_device *device, char __user *buf, size_t count,
			     loff_t *ppos);
ssize_t cxl_vfio_config_write(struct cxl_vfio_device *device, const char __user *buf, size_t count,
			      loff_t *ppos);

/* sysfs.c */
extern const struct attribute_group *cxl_vfio_groups[];

#include "wrong.h"

#endif
