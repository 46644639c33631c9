// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space: writes that may stop the window from decoding shut the gate first, and none
 * reaches a DVSEC of CXL, which the core would pass through raw. The registers of the window's BAR
 * exist here only; dvsec.c has the CXL device DVSEC.
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

static bool touches_power_state(const struct pci_dev *pdev, u64 offset, size_t count)
{
	return power_state_byte(pdev) && overlaps(offset, count, power_state_byte(pdev), 1);
}

static bool touches_decoding(const struct pci_dev *pdev, u64 offset, size_t count)
{
	return overlaps(offset, count, PCI_COMMAND, 1) || touches_power_state(pdev, offset, count);
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
	if (overlaps(offset, count, PCI_COMMAND, 1) &&
	    !(new_byte(buf, offset, PCI_COMMAND) & PCI_COMMAND_MEMORY))
		return true;
	return touches_power_state(pdev, offset, count) &&
	       new_byte(buf, offset, power_state_byte(pdev)) & PCI_PM_CTRL_STATE_MASK;
}

static bool decodes(const struct cxl_vfio_device *device)
{
	u16 command;

	pci_read_config_word(device->core.pdev, PCI_COMMAND, &command);
	return command & PCI_COMMAND_MEMORY && device->core.pdev->current_state == PCI_D0;
}

/* Who answers for a piece of configuration space. */
enum owner {
	OWNER_CORE,
	OWNER_WINDOW_BAR,	/* the registers of the window's BAR */
	OWNER_DEVICE_DVSEC,
	OWNER_DVSEC,		/* another DVSEC of CXL: read from the core, not written */
};

static u64 window_bar_start(const struct cxl_vfio_device *device)
{
	return PCI_BASE_ADDRESS_0 + sizeof(u32) * device->hdm->view_bar;
}

/* How many of the @count bytes from @offset are all in [@start, @end), with @inside, or all out. */
static size_t cut(u64 offset, size_t count, u64 start, u64 end, bool *inside)
{
	*inside = offset >= start && offset < end;
	if (*inside)
		return min_t(u64, offset + count, end) - offset;
	return offset < start ? min_t(u64, offset + count, start) - offset : count;
}

/* Bytes from @offset that are all of one owner, at most @count. */
static size_t piece(const struct cxl_vfio_device *device, u64 offset, size_t count,
		    enum owner *owner)
{
	const struct cxl_vfio_hdm *hdm = device->hdm;
	unsigned int i;
	bool inside;

	*owner = OWNER_CORE;
	if (cxl_vfio_offers_bar(device)) {
		count = cut(offset, count, window_bar_start(device),
			    window_bar_start(device) + sizeof(u64), &inside);
		if (inside) {
			*owner = OWNER_WINDOW_BAR;
			return count;
		}
	}
	for (i = 0; i < hdm->absorbed_count; i++) {
		count = cut(offset, count, hdm->absorbed[i].start, hdm->absorbed[i].end, &inside);
		if (inside) {
			*owner = hdm->absorbed[i].start == hdm->dvsec ? OWNER_DEVICE_DVSEC :
									OWNER_DVSEC;
			return count;
		}
	}
	return count;
}

static ssize_t read_window_bar(struct cxl_vfio_device *device, char __user *buf, size_t length,
			       loff_t *ppos)
{
	unsigned int at = (*ppos & VFIO_PCI_OFFSET_MASK) - window_bar_start(device);
	__le64 registers;

	scoped_guard(mutex, &device->shadow.lock)
		registers = cpu_to_le64(cxl_vfio_window_bar_registers(device));
	if (copy_to_user(buf, (u8 *)&registers + at, length))
		return -EFAULT;
	*ppos += length;
	return length;
}

static ssize_t write_window_bar(struct cxl_vfio_device *device, const char __user *buf,
				size_t length, loff_t *ppos)
{
	unsigned int at = (*ppos & VFIO_PCI_OFFSET_MASK) - window_bar_start(device);
	u8 bytes[sizeof(u64)];
	__le64 address;

	if (copy_from_user(bytes, buf, length))
		return -EFAULT;
	scoped_guard(mutex, &device->shadow.lock) {
		address = cpu_to_le64(device->shadow.bar);
		memcpy((u8 *)&address + at, bytes, length);
		device->shadow.bar = le64_to_cpu(address);
	}
	*ppos += length;
	return length;
}

/* The core's answer, and over it what dvsec.c says. */
static ssize_t read_device_dvsec(struct cxl_vfio_device *device, char __user *buf, size_t length,
				 loff_t *ppos)
{
	unsigned int at = (*ppos & VFIO_PCI_OFFSET_MASK) - device->hdm->dvsec;
	ssize_t ret = vfio_pci_core_read(&device->core.vdev, buf, length, ppos);
	ssize_t i;
	u8 value;

	for (i = 0; i < ret; i++) {
		if (get_user(value, (u8 __user *)buf + i) ||
		    put_user(cxl_vfio_dvsec_read(device, at + i, value), (u8 __user *)buf + i))
			return -EFAULT;
	}
	return ret;
}

static ssize_t write_device_dvsec(struct cxl_vfio_device *device, const char __user *buf,
				  size_t length, loff_t *ppos)
{
	unsigned int at = (*ppos & VFIO_PCI_OFFSET_MASK) - device->hdm->dvsec;
	bool reset = false;
	size_t i;
	u8 value;

	for (i = 0; i < length; i++) {
		if (get_user(value, (const u8 __user *)buf + i))
			return -EFAULT;
		reset |= cxl_vfio_dvsec_write(device, at + i, value);
	}
	if (reset)
		cxl_vfio_dvsec_reset(device);
	*ppos += length;
	return length;
}

static ssize_t read_piece(struct cxl_vfio_device *device, char __user *buf, size_t length,
			  loff_t *ppos, enum owner owner)
{
	switch (owner) {
	case OWNER_WINDOW_BAR:
		return read_window_bar(device, buf, length, ppos);
	case OWNER_DEVICE_DVSEC:
		return read_device_dvsec(device, buf, length, ppos);
	default:
		return vfio_pci_core_read(&device->core.vdev, buf, length, ppos);
	}
}

static ssize_t write_piece(struct cxl_vfio_device *device, const char __user *buf, size_t length,
			   loff_t *ppos, enum owner owner)
{
	switch (owner) {
	case OWNER_WINDOW_BAR:
		return write_window_bar(device, buf, length, ppos);
	case OWNER_DEVICE_DVSEC:
		return write_device_dvsec(device, buf, length, ppos);
	case OWNER_DVSEC:
		*ppos += length;
		return length;
	default:
		return vfio_pci_core_write(&device->core.vdev, buf, length, ppos);
	}
}

static ssize_t config_rw(struct cxl_vfio_device *device, char __user *buf, size_t count,
			 loff_t *ppos, bool write)
{
	enum owner owner;
	size_t done = 0, length;
	ssize_t ret;

	while (done < count) {
		length = piece(device, *ppos & VFIO_PCI_OFFSET_MASK, count - done, &owner);
		ret = write ? write_piece(device, buf + done, length, ppos, owner) :
			      read_piece(device, buf + done, length, ppos, owner);
		if (ret <= 0)
			return done ?: ret;
		done += ret;
	}
	return done;
}

ssize_t cxl_vfio_config_read(struct cxl_vfio_device *device, char __user *buf, size_t count,
			     loff_t *ppos)
{
	return config_rw(device, buf, count, ppos, false);
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
	/*
	 * The core reads the user's buffer once more, and the user may change it in between: any
	 * write here may be one to D3hot, where nothing may be mapped. Nobody does it often.
	 */
	else if (touches && touches_power_state(pdev, offset, count))
		cxl_vfio_gate_shut_active(device, CXL_VFIO_PATH_CONFIG_WRITE);
	else if (touches && !cxl_vfio_gate_is_active(device))
		cxl_vfio_gate_hold(device);
	else
		gated = false;
	cxl_vfio_wrong_config_write(true);
	ret = config_rw(device, (char __user *)buf, count, ppos, true);
	cxl_vfio_wrong_config_write(false);
	/*
	 * The buffer may have changed under us: late, but the gate must say the truth. CXL.mem
	 * answers whatever the memory space bit is.
	 */
	if (touches && !decodes(device) && cxl_vfio_gate_is_active(device)) {
		cxl_vfio_gate_shut(device, CXL_VFIO_PATH_CONFIG_WRITE);
		cxl_vfio_gate_release(device, CXL_VFIO_PATH_CONFIG_WRITE);
	}
	if (gated)
		cxl_vfio_gate_release(device, CXL_VFIO_PATH_CONFIG_WRITE);
	return ret;
}
