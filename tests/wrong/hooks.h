/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wrong behaviours of the driver, to show that the proof finds each. Compiled in by
 * CXL_VFIO_TEST_WRONG=y only, and never shipped: without it the hooks in the driver's sources are
 * constants. Parameter wrong is the name of what is wrong from then on, "none" is right again; the
 * memory types hold from the next bind on. State is the module's: one endpoint at a time.
 */
#ifndef CXL_VFIO_WRONG_H
#define CXL_VFIO_WRONG_H

#define CXL_VFIO_WRONG_BEHAVIOURS(entry)			\
	entry(NONE, "none")					\
	entry(NO_ZAP, "no-zap")					\
	entry(ZAP_HALF, "zap-half")				\
	entry(ZAP_SHIFTED, "zap-shifted")			\
	entry(ZAP_FORGETS_2M, "zap-forgets-2m")			\
	entry(ZAP_FORGETS_4K, "zap-forgets-4k")			\
	entry(ZAP_OWN_PROCESS, "zap-own-process")		\
	entry(ZAP_ONCE, "zap-once")				\
	entry(ZAP_LATE, "zap-late")				\
	entry(GATE_LEFT_OPEN, "gate-left-open")			\
	entry(NEVER_REOPENED, "never-reopened")			\
	entry(REFUSED_FOR_NOTHING, "refused-for-nothing")	\
	entry(REOPENED_BLINDLY, "reopened-blindly")		\
	entry(REOPENED_EARLY, "reopened-early")			\
	entry(REOPENED_LATE, "reopened-late")			\
	entry(WRONG_PFN, "wrong-pfn")				\
	entry(WRONG_PFN_LATER, "wrong-pfn-later")		\
	entry(OFFSET_IGNORED, "offset-ignored")			\
	entry(OFFSET_IGNORED_LATER, "offset-ignored-later")	\
	entry(SMALL_LATER, "small-later")			\
	entry(FIRST_TOUCH_FAILS, "first-touch-fails")		\
	entry(GENERATION_STALE, "generation-stale")		\
	entry(GENERATION_TWICE, "generation-twice")		\
	entry(ZAP_COUNTED_TWICE, "zap-counted-twice")		\
	entry(ZAP_NOT_COUNTED, "zap-not-counted")		\
	entry(REACTIVATION_NOT_COUNTED, "reactivation-not-counted")	\
	entry(SAYS_ACTIVE, "says-active")			\
	entry(SAYS_CLOSED, "says-closed")			\
	entry(CONFIG_FLR_UNNOTICED, "config-flr-unnoticed")	\
	entry(SYSFS_RESET_UNNOTICED, "sysfs-reset-unnoticed")	\
	entry(RESET_SWALLOWED, "reset-swallowed")		\
	entry(SCRUBS, "scrubs")					\
	entry(WRITE_COMBINED, "write-combined")			\
	entry(WRITE_THROUGH, "write-through")			\
	entry(READ_ZERO, "read-zero")				\
	entry(READ_STALE, "read-stale")				\
	entry(READ_ALIGNED, "read-aligned")			\
	entry(READ_WHILE_SHUT, "read-while-shut")		\
	entry(READ_SELDOM_WRONG, "read-seldom-wrong")		\
	entry(WRITE_SWALLOWED, "write-swallowed")		\
	entry(WRITE_TOO_LONG, "write-too-long")			\
	entry(CONTROL_LOST, "control-lost")			\
	entry(COMMAND_LOST, "command-lost")			\
	entry(REGISTERS_STALE, "registers-stale")		\
	entry(WARNS, "warns")					\
	entry(MEMORY_OFF_UNNOTICED, "memory-off-unnoticed")	\
	entry(MEMORY_OFF_LATE, "memory-off-late")		\
	entry(MEMORY_ON_UNNOTICED, "memory-on-unnoticed")	\
	entry(BAR_NOT_ZAPPED, "bar-not-zapped")			\
	entry(ONLY_BAR_ZAPPED, "only-bar-zapped")		\
	entry(BAR_WRONG_PFN, "bar-wrong-pfn")			\
	entry(BAR_OFFSET_IGNORED, "bar-offset-ignored")		\
	entry(DMA_BUF_NOT_REVOKED, "dma-buf-not-revoked")

enum cxl_vfio_wrong_behaviour {
#define CXL_VFIO_WRONG_ENUM(id, name) CXL_VFIO_WRONG_##id,
	CXL_VFIO_WRONG_BEHAVIOURS(CXL_VFIO_WRONG_ENUM)
};

extern enum cxl_vfio_wrong_behaviour cxl_vfio_wrong_now;

#define cxl_vfio_wrong(id)	(cxl_vfio_wrong_now == CXL_VFIO_WRONG_##id)

/* As kernel-driver/wrong.h has them. */
bool cxl_vfio_wrong_zap(struct cxl_vfio_device *device);
bool cxl_vfio_wrong_view(struct cxl_vfio_device *device, unsigned int index);
enum cxl_vfio_verdict cxl_vfio_wrong_verdict(struct cxl_vfio_device *device,
					     enum cxl_vfio_verdict verdict);
enum cxl_vfio_state cxl_vfio_wrong_state(enum cxl_vfio_state state);
vm_fault_t cxl_vfio_wrong_fault(unsigned long page, unsigned int order);
unsigned long cxl_vfio_wrong_page(const struct vm_area_struct *vma, unsigned long page,
				  unsigned int order);
bool cxl_vfio_wrong_copy(struct cxl_vfio_device *device, void *buffer, u64 offset, size_t length,
			 bool write);
unsigned long cxl_vfio_wrong_type(unsigned long flags);
u32 cxl_vfio_wrong_register(u64 offset, u32 value);
void cxl_vfio_wrong_config_write(bool begins);
bool cxl_vfio_wrong_unnoticed(struct cxl_vfio_device *device);
bool cxl_vfio_wrong_swallowed(unsigned int cmd);
bool cxl_vfio_wrong_dmabuf(void);
bool cxl_vfio_wrong_touches(bool touches);

#endif
