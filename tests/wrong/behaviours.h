/* SPDX-License-Identifier: GPL-2.0-only */
/* What the hooks of hooks.h do: included once, by main.c. */
#ifndef CXL_VFIO_WRONG_BEHAVIOURS_H
#define CXL_VFIO_WRONG_BEHAVIOURS_H

#include <linux/delay.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#define PAGES_2M	(PMD_SIZE >> PAGE_SHIFT)
#define LATE_MS		8000
#define SELDOM		256

static const char *const wrong_names[] = {
#define CXL_VFIO_WRONG_NAME(id, name) [CXL_VFIO_WRONG_##id] = name,
	CXL_VFIO_WRONG_BEHAVIOURS(CXL_VFIO_WRONG_NAME)
};

enum cxl_vfio_wrong_behaviour cxl_vfio_wrong_now;
static unsigned int wrong_zaps;			/* since the parameter was written */
static bool wrong_touched;			/* first-touch-fails did its work since the zap */
static struct task_struct *wrong_config_writer;
static u8 wrong_page[PAGE_SIZE];		/* read-stale: what the page at ... */
static u64 wrong_page_offset = U64_MAX;		/* ... held when it was first read */
static unsigned int wrong_reads;		/* read-seldom-wrong counts them */
static u32 wrong_registers[0x400];
static DECLARE_BITMAP(wrong_registers_known, 0x400);

static int wrong_set(const char *text, const struct kernel_param *parameter)
{
	int now = sysfs_match_string(wrong_names, text);

	if (now < 0)
		return now;
	wrong_zaps = 0;
	wrong_touched = false;
	wrong_page_offset = U64_MAX;
	bitmap_zero(wrong_registers_known, ARRAY_SIZE(wrong_registers));
	WRITE_ONCE(cxl_vfio_wrong_now, now);
	return 0;
}

static int wrong_get(char *buffer, const struct kernel_param *parameter)
{
	return sysfs_emit(buffer, "%s\n", wrong_names[cxl_vfio_wrong_now]);
}

static const struct kernel_param_ops wrong_ops = { .set = wrong_set, .get = wrong_get };
module_param_cb(wrong, &wrong_ops, NULL, 0644);
MODULE_PARM_DESC(wrong, "the wrong behaviour, or none");

static void wrong_unmap(struct cxl_vfio_device *device, u64 start, u64 length)
{
	unmap_mapping_range(device->core.vdev.inode->i_mapping,
			    VFIO_PCI_INDEX_TO_OFFSET(device->memory_index) + start, length, true);
}

static void wrong_unmap_but(struct cxl_vfio_device *device, u64 start, u64 length)
{
	wrong_unmap(device, 0, start);
	wrong_unmap(device, start + length, cxl_vfio_window_size(device->hdm) - start - length);
}

/* For resets from sysfs: with memory_lock held, faults that hold mmap_lock would wait for us. */
static void wrong_unmap_own(struct cxl_vfio_device *device)
{
	unsigned long pages = cxl_vfio_window_size(device->hdm) >> PAGE_SHIFT;
	struct vm_area_struct *vma;

	mmap_read_lock(current->mm);
	VMA_ITERATOR(iterator, current->mm, 0);
	for_each_vma(iterator, vma) {
		if (vma->vm_private_data == device && vma_pages(vma) <= pages)
			zap_special_vma_range(vma, vma->vm_start, vma->vm_end - vma->vm_start);
	}
	mmap_read_unlock(current->mm);
}

/* Under gate->lock for writing, after the gate was shut and that was counted. */
static void wrong_account(struct cxl_vfio_gate *gate)
{
	if (cxl_vfio_wrong(GATE_LEFT_OPEN))
		WRITE_ONCE(gate->state, CXL_VFIO_ACTIVE);
	else if (cxl_vfio_wrong(GENERATION_STALE))
		gate->generation--;
	else if (cxl_vfio_wrong(GENERATION_TWICE))
		gate->generation++;
	else if (cxl_vfio_wrong(ZAP_COUNTED_TWICE))
		gate->zaps++;
	else if (cxl_vfio_wrong(ZAP_NOT_COUNTED))
		gate->zaps--;
}

/* Called without gate.lock, by whoever shut the gate. */
bool cxl_vfio_wrong_zap(struct cxl_vfio_device *device)
{
	u64 size = cxl_vfio_window_size(device->hdm);

	wrong_zaps++;
	wrong_touched = false;
	switch (cxl_vfio_wrong_now) {
	case CXL_VFIO_WRONG_NO_ZAP:
	case CXL_VFIO_WRONG_ZAP_LATE:
		return true;
	case CXL_VFIO_WRONG_ZAP_ONCE:
		return wrong_zaps > 1;
	case CXL_VFIO_WRONG_MEMORY_OFF_LATE:
		return device->gate.last_path == CXL_VFIO_PATH_CONFIG_WRITE;
	case CXL_VFIO_WRONG_ZAP_HALF:
		wrong_unmap(device, 0, size / 2);
		return true;
	case CXL_VFIO_WRONG_ZAP_SHIFTED:
		wrong_unmap(device, PMD_SIZE, size);
		return true;
	case CXL_VFIO_WRONG_ZAP_FORGETS_2M:
		wrong_unmap_but(device, 3 * PMD_SIZE, PMD_SIZE);
		return true;
	case CXL_VFIO_WRONG_ZAP_FORGETS_4K:
		wrong_unmap_but(device, 3 * PMD_SIZE + 5 * PAGE_SIZE, PAGE_SIZE);
		return true;
	case CXL_VFIO_WRONG_ZAP_OWN_PROCESS:
		wrong_unmap_own(device);
		return true;
	default:
		guard(rwsem_write)(&device->gate.lock);
		wrong_account(&device->gate);
		return false;
	}
}

/* By the index of a view; that of the region comes behind those of PCI. */
static bool wrong_is_bar(unsigned int index)
{
	return index < VFIO_PCI_NUM_REGIONS;
}

bool cxl_vfio_wrong_view(struct cxl_vfio_device *device, unsigned int index)
{
	return wrong_is_bar(index) ? cxl_vfio_wrong(BAR_NOT_ZAPPED) :
				     cxl_vfio_wrong(ONLY_BAR_ZAPPED);
}

static void wrong_write_command(struct pci_dev *pdev)
{
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	pci_write_config_word(pdev, PCI_COMMAND, command & ~PCI_COMMAND_MEMORY);
}

static void wrong_write_control(const struct cxl_vfio_hdm *hdm)
{
	u16 control;

	pci_read_config_word(hdm->pdev, hdm->dvsec + CXL_DEVICE_CONTROL, &control);
	pci_write_config_word(hdm->pdev, hdm->dvsec + CXL_DEVICE_CONTROL,
			      control & ~CXL_DEVICE_CONTROL_CACHE_ENABLE);
}

/* After the hardware was asked, before the gate opens; the first time is at the open. */
enum cxl_vfio_verdict cxl_vfio_wrong_verdict(struct cxl_vfio_device *device,
					     enum cxl_vfio_verdict verdict)
{
	if (!wrong_zaps)
		return verdict;
	switch (cxl_vfio_wrong_now) {
	case CXL_VFIO_WRONG_MEMORY_OFF_LATE:
		if (verdict == CXL_VFIO_OK)
			wrong_unmap(device, 0, cxl_vfio_window_size(device->hdm));
		return verdict;
	case CXL_VFIO_WRONG_ZAP_LATE:
		wrong_unmap(device, 0, cxl_vfio_window_size(device->hdm));
		return verdict;
	case CXL_VFIO_WRONG_MEMORY_ON_UNNOTICED:
		return device->gate.last_path == CXL_VFIO_PATH_CONFIG_WRITE ?
		       CXL_VFIO_MEMORY_SPACE_OFF : verdict;
	case CXL_VFIO_WRONG_NEVER_REOPENED:
		return CXL_VFIO_MEMORY_SPACE_OFF;
	case CXL_VFIO_WRONG_REFUSED_FOR_NOTHING:
		return CXL_VFIO_RANGE_CHANGED;
	case CXL_VFIO_WRONG_REOPENED_BLINDLY:
		return CXL_VFIO_OK;
	case CXL_VFIO_WRONG_REOPENED_EARLY:
		return verdict == CXL_VFIO_MEDIA_NOT_READY ? CXL_VFIO_OK : verdict;
	case CXL_VFIO_WRONG_REOPENED_LATE:
		msleep(LATE_MS);
		return verdict;
	case CXL_VFIO_WRONG_REACTIVATION_NOT_COUNTED:
		device->gate.reactivations -= verdict == CXL_VFIO_OK;
		return verdict;
	case CXL_VFIO_WRONG_SCRUBS:
		memset(device->hdm->memory, 0, cxl_vfio_window_size(device->hdm));
		return verdict;
	case CXL_VFIO_WRONG_COMMAND_LOST:
		wrong_write_command(device->core.pdev);
		return verdict;
	case CXL_VFIO_WRONG_CONTROL_LOST:
		wrong_write_control(device->hdm);
		return verdict;
	case CXL_VFIO_WRONG_WARNS:
		pci_warn(device->core.pdev, "something is not as it was\n");
		return verdict;
	default:
		return verdict;
	}
}

enum cxl_vfio_state cxl_vfio_wrong_state(enum cxl_vfio_state state)
{
	if (cxl_vfio_wrong(SAYS_ACTIVE))
		return CXL_VFIO_ACTIVE;
	if (cxl_vfio_wrong(SAYS_CLOSED))
		return CXL_VFIO_CLOSED;
	return state;
}

vm_fault_t cxl_vfio_wrong_fault(unsigned long page, unsigned int order)
{
	bool small = cxl_vfio_wrong(ZAP_FORGETS_4K) ||
		     (cxl_vfio_wrong(SMALL_LATER) && wrong_zaps);

	if (small && order)
		return VM_FAULT_FALLBACK;
	/* Not the first pages: whoever watches the window during the reset does so there. */
	if (cxl_vfio_wrong(FIRST_TOUCH_FAILS) && wrong_zaps && page >= PAGES_2M &&
	    !xchg(&wrong_touched, true))
		return VM_FAULT_SIGBUS;
	return 0;
}

unsigned long cxl_vfio_wrong_page(const struct vm_area_struct *vma, unsigned long page,
				  unsigned int order)
{
	bool offset_ignored = cxl_vfio_wrong(OFFSET_IGNORED) ||
			      (cxl_vfio_wrong(OFFSET_IGNORED_LATER) && wrong_zaps);
	bool wrong_pfn = cxl_vfio_wrong(WRONG_PFN) ||
			 (cxl_vfio_wrong(WRONG_PFN_LATER) && wrong_zaps);

	if (wrong_is_bar(VFIO_PCI_OFFSET_TO_INDEX((u64)vma->vm_pgoff << PAGE_SHIFT))) {
		wrong_pfn |= cxl_vfio_wrong(BAR_WRONG_PFN);
		offset_ignored |= cxl_vfio_wrong(BAR_OFFSET_IGNORED);
	}
	/* The neighbour, and its neighbour is this one: nothing leaves the window. */
	if (wrong_pfn)
		return page ^ PAGES_2M;
	return offset_ignored ? page - cxl_vfio_region_page(vma, vma->vm_start) : page;
}

static bool wrong_may_copy(struct cxl_vfio_device *device)
{
	return cxl_vfio_wrong(READ_WHILE_SHUT) || cxl_vfio_gate_is_active(device);
}

/* What a page held when it was first read; true: this is it. */
static bool wrong_read_stale(void *buffer, const void *memory, u64 offset, size_t length)
{
	u64 start = ALIGN_DOWN(offset, PAGE_SIZE);

	if (offset - start + length > PAGE_SIZE || start < PMD_SIZE)
		return false;
	if (wrong_page_offset == U64_MAX) {
		memcpy(wrong_page, memory + start, PAGE_SIZE);
		wrong_page_offset = start;
	}
	if (wrong_page_offset != start)
		return false;
	memcpy(buffer, wrong_page + (offset - start), length);
	return true;
}

bool cxl_vfio_wrong_copy(struct cxl_vfio_device *device, void *buffer, u64 offset, size_t length,
			 bool write)
{
	void *memory = device->hdm->memory + offset;

	if (!wrong_may_copy(device))
		return false;
	switch (cxl_vfio_wrong_now) {
	case CXL_VFIO_WRONG_READ_ZERO:
		if (!write)
			memset(buffer, 0, length);
		return !write;
	case CXL_VFIO_WRONG_READ_STALE:
		return !write && wrong_read_stale(buffer, device->hdm->memory, offset, length);
	case CXL_VFIO_WRONG_READ_ALIGNED:
		if (!write)
			memcpy(buffer, memory - (offset & 7), length);
		return !write;
	case CXL_VFIO_WRONG_READ_WHILE_SHUT:
		if (!write)
			memcpy(buffer, memory, length);
		return !write;
	case CXL_VFIO_WRONG_READ_SELDOM_WRONG:
		if (write || length != sizeof(u64) || ++wrong_reads % SELDOM)
			return false;
		memcpy(buffer, device->hdm->memory + (offset ^ PAGE_SIZE), length);
		return true;
	case CXL_VFIO_WRONG_WRITE_SWALLOWED:
		return write;
	case CXL_VFIO_WRONG_WRITE_TOO_LONG:
		if (write && offset + length < cxl_vfio_window_size(device->hdm)) {
			memcpy(memory, buffer, length);
			((u8 *)memory)[length] ^= 0xff;
		}
		return write;
	default:
		return false;
	}
}

unsigned long cxl_vfio_wrong_type(unsigned long flags)
{
	if (cxl_vfio_wrong(WRITE_COMBINED))
		return MEMREMAP_WC;
	return cxl_vfio_wrong(WRITE_THROUGH) ? MEMREMAP_WT : flags;
}

u32 cxl_vfio_wrong_register(u64 offset, u32 value)
{
	unsigned int i = offset / sizeof(value);

	if (!cxl_vfio_wrong(REGISTERS_STALE) || i >= ARRAY_SIZE(wrong_registers))
		return value;
	if (!test_and_set_bit(i, wrong_registers_known))
		wrong_registers[i] = value;
	return wrong_registers[i];
}

void cxl_vfio_wrong_config_write(bool begins)
{
	WRITE_ONCE(wrong_config_writer, begins ? current : NULL);
}

bool cxl_vfio_wrong_unnoticed(struct cxl_vfio_device *device)
{
	if (cxl_vfio_wrong(CONFIG_FLR_UNNOTICED))
		return wrong_config_writer == current;
	/* VFIO's own resets hold memory_lock for writing, as do configuration writes. */
	if (!cxl_vfio_wrong(SYSFS_RESET_UNNOTICED) || !device->gate.open ||
	    !down_read_trylock(&device->core.memory_lock))
		return false;
	up_read(&device->core.memory_lock);
	return true;
}

bool cxl_vfio_wrong_swallowed(unsigned int cmd)
{
	return cmd == VFIO_DEVICE_RESET && cxl_vfio_wrong(RESET_SWALLOWED);
}

bool cxl_vfio_wrong_dmabuf(void)
{
	return cxl_vfio_wrong(DMA_BUF_NOT_REVOKED);
}

bool cxl_vfio_wrong_touches(bool touches)
{
	return touches && !cxl_vfio_wrong(MEMORY_OFF_UNNOTICED);
}

#endif
