// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space writes: those that may stop the window from decoding shut the gate first,
 * and none reaches a DVSEC of CXL, which the core would pass through raw.
 * Resets by configuration write come back through reset_prepare and reset_done.
 */
#include <linux/uaccess.h>

#include "cxl_vfio_pci.h"

/* Does [@start, +@length) share a byte with [@other, +@other_length)? */
static bool overlaps(u64 start, u64 length, u64 other, u64 other_length)
{
	return start < other + other_length && other < start + length;
}

/* The bytes that decide whether the function decodes memory at all: bit 0 to 7 of the registers. */
static u64 power_state_byte(const struct pci_dev *pdev)
{
	return pdev->pm_cap ? pdev->pm_cap + PCI_PM_CTRL : 0;
}

static bool touches_decoding(const struct pci_dev *pdev, u64 offset, size_t count)
{
	return overlaps(offset, count, PCI_COMMAND, 1) ||
	       (power_state_byte(pdev) && overlaps(offset, count, power_state_byte(pdev), 1));
}

/* The byte that the user is about to write at @at; unreadable counts as all zero. */
static u8 new_byte(const char __user *buf, u64 offset, u64 at)
{
	u8 value;

	return get_user(value, (const u8 __user *)buf + (at - offset)) ? 0 : value;
}

/*
 * Guests write the command register all the time, to enable bus mastering or mask INTx, while
 * others use the memory: only a write that ends decoding may take it from them.
 */
static bool stops_decoding(const struct pci_dev *pdev, const char __user *buf, u64 offset,
			   size_t count)
{
	u64 power = power_state_byte(pdev);

	if (overlaps(offset, count, PCI_COMMAND, 1) &&
	    !(new_byte(buf, offset, PCI_COMMAND) & PCI_COMMAND_MEMORY))
		return true;
	return power && overlaps(offset, count, power, 1) &&
	       new_byte(buf, offset, power) & PCI_PM_CTRL_STATE_MASK;
}

static bool decodes(const struct cxl_vfio_device *device)
{
	u16 command;

	pci_read_config_word(device->core.pdev, PCI_COMMAND, &command);
	return command & PCI_COMMAND_MEMORY && device->core.pdev->current_state == PCI_D0;
}

/* Bytes from @offset that are all in one DVSEC, with @absorb, or all in none. */
static size_t piece(const struct cxl_vfio_hdm *hdm, u64 offset, size_t count, bool *absorb)
{
	unsigned int i;
	u64 end = offset + count;

	*absorb = false;
	for (i = 0; i < hdm->absorbed_count; i++) {
		if (offset >= hdm->absorbed[i].start && offset < hdm->absorbed[i].end) {
			*absorb = true;
			return min_t(u64, end, hdm->absorbed[i].end) - offset;
		}
		if (offset < hdm->absorbed[i].start)
			end = min_t(u64, end, hdm->absorbed[i].start);
	}
	return end - offset;
}

static ssize_t config_write(struct cxl_vfio_device *device, const char __user *buf, size_t count,
			    loff_t *ppos)
{
	size_t done = 0;

	while (done < count) {
		u64 offset = *ppos & VFIO_PCI_OFFSET_MASK;
		bool absorb;
		size_t length = piece(device->hdm, offset, count - done, &absorb);
		ssize_t ret = length;

		if (absorb)
			*ppos += length;
		else
			ret = vfio_pci_core_write(&device->core.vdev, buf + done, length, ppos);
		if (ret <= 0)
			return done ?: ret;
		done += ret;
	}
	return done;
}

ssize_t cxl_vfio_config_write(struct cxl_vfio_device *device, const char __user *buf, size_t count,
			      loff_t *ppos)
{
	struct pci_dev *pdev = device->core.pdev;
	u64 offset = *ppos & VFIO_PCI_OFFSET_MASK;
	bool touches, gated;
	ssize_t ret;

	/*
	 * Shut before the write: a fault in between must not insert again. While the gate is not
	 * open, the hardware may be asked, with memory space on for it, and will have to be asked
	 * after a write that gives decoding back.
	 */
	touches = cxl_vfio_wrong_touches(touches_decoding(pdev, offset, count));
	gated = touches;
	if (touches && stops_decoding(pdev, buf, offset, count))
		cxl_vfio_gate_shut(device, CXL_VFIO_PATH_CONFIG_WRITE);
	else if (touches && !cxl_vfio_gate_is_active(device))
		cxl_vfio_gate_hold(device);
	else
		gated = false;
	cxl_vfio_wrong_config_write(true);
	ret = config_write(device, buf, count, ppos);
	cxl_vfio_wrong_config_write(false);
	/* The buffer may have changed under us: late, but the gate must say the truth. */
	if (touches && !decodes(device) && cxl_vfio_gate_is_active(device)) {
		cxl_vfio_gate_shut(device, CXL_VFIO_PATH_CONFIG_WRITE);
		cxl_vfio_gate_release(device, CXL_VFIO_PATH_CONFIG_WRITE);
	}
	if (gated)
		cxl_vfio_gate_release(device, CXL_VFIO_PATH_CONFIG_WRITE);
	return ret;
}
