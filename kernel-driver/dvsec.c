// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CXL device DVSEC as a user sees it. Nothing that he writes reaches the hardware: CONTROL,
 * CONTROL2 and LOCK end in a shadow that lives as long as the device is open, everything else is
 * absorbed. The doorbells of CONTROL2 are answered, where the device has them: a CXL reset by the
 * function's own reset, with the gate shut, and a write-back of a cache that is disabled at once,
 * since the host keeps the device's cache coherent.
 *
 * Reads are of the hardware, with the shadow over it. In STATUS2 the outcome of a CXL reset is that
 * of the user's own; the rest is live.
 */
#include <linux/delay.h>
#include <linux/pci.h>
#include <linux/sched/signal.h>

#include "cxl_vfio_pci.h"

/* We answer for these, the hardware for the rest. */
#define STATUS2_SHADOW	(CXL_DEVICE_STATUS2_RESET_COMPLETE | CXL_DEVICE_STATUS2_RESET_ERROR)

#define LOCK_RETRY_MS	10

/* Reads 0 whatever was written. */
#define CONTROL2_DOORBELLS	(CXL_DEVICE_CONTROL2_INITIATE_WBI | \
				 CXL_DEVICE_CONTROL2_INITIATE_RESET)

static u16 hardware_word(struct cxl_vfio_device *device, unsigned int offset)
{
	u16 value;

	pci_read_config_word(device->core.pdev, device->hdm->dvsec + offset, &value);
	/* All ones: somebody resets it just now. */
	return PCI_POSSIBLE_ERROR(value) ? 0 : value;
}

/* A new user, or his VMM's reset of the device: what the last one wrote is gone. */
void cxl_vfio_dvsec_open(struct cxl_vfio_device *device)
{
	struct cxl_vfio_shadow *shadow = &device->shadow;

	guard(mutex)(&shadow->lock);
	/* What a reset has taken the gate gives back before it opens. */
	shadow->control = hardware_word(device, CXL_DEVICE_CONTROL) | device->hdm->control_enables;
	shadow->control2 = hardware_word(device, CXL_DEVICE_CONTROL2) & ~CONTROL2_DOORBELLS;
	shadow->status2 = 0;
	shadow->config_lock = hardware_word(device, CXL_DEVICE_LOCK) &
			      CXL_DEVICE_LOCK_CONFIG_LOCK;
}

/* What the function's own reset cannot do for a user who asks for a CXL reset. */
static u16 hidden_capability(const struct cxl_vfio_device *device)
{
	u16 hidden = CXL_DEVICE_CAPABILITY_RESET_MEM_CLEAR;

	if (!device->core.reset_works)
		hidden |= CXL_DEVICE_CAPABILITY_RESET;
	return hidden;
}

/* Byte @offset of register @value at @reg; those of a neighbour are not asked for. */
static u8 byte_of(u16 value, unsigned int offset, unsigned int reg)
{
	return value >> 8 * (offset - reg);
}

/**
 * cxl_vfio_dvsec_read - a byte of the DVSEC
 * @device: an open device
 * @offset: from the start of the DVSEC
 * @hardware: what the hardware has there
 *
 * Return: what the user sees.
 */
u8 cxl_vfio_dvsec_read(struct cxl_vfio_device *device, unsigned int offset, u8 hardware)
{
	struct cxl_vfio_shadow *shadow = &device->shadow;

	guard(mutex)(&shadow->lock);
	switch (offset) {
	case CXL_DEVICE_CAPABILITY ... CXL_DEVICE_CAPABILITY + 1:
		return hardware & ~byte_of(hidden_capability(device), offset,
					   CXL_DEVICE_CAPABILITY);
	case CXL_DEVICE_CONTROL ... CXL_DEVICE_CONTROL + 1:
		return byte_of(shadow->control, offset, CXL_DEVICE_CONTROL);
	case CXL_DEVICE_CONTROL2 ... CXL_DEVICE_CONTROL2 + 1:
		return byte_of(shadow->control2, offset, CXL_DEVICE_CONTROL2);
	case CXL_DEVICE_STATUS2 ... CXL_DEVICE_STATUS2 + 1:
		return (hardware & ~byte_of(STATUS2_SHADOW, offset, CXL_DEVICE_STATUS2)) |
		       byte_of(shadow->status2, offset, CXL_DEVICE_STATUS2);
	case CXL_DEVICE_LOCK ... CXL_DEVICE_LOCK + 1:
		return byte_of(shadow->config_lock, offset, CXL_DEVICE_LOCK);
	default:
		return hardware;
	}
}

static void set_byte(u16 *value, unsigned int offset, unsigned int reg, u8 byte)
{
	unsigned int shift = 8 * (offset - reg);

	*value = (*value & ~(0xff << shift)) | byte << shift;
}

/* Of the doorbells that the device has. Those that it has not are reserved. */
static u16 doorbells(const struct cxl_vfio_device *device)
{
	u16 capability = device->hdm->dvsec_capability, bells = 0;

	if (capability & CXL_DEVICE_CAPABILITY_WBI)
		bells |= CXL_DEVICE_CONTROL2_INITIATE_WBI;
	if (capability & CXL_DEVICE_CAPABILITY_RESET)
		bells |= CXL_DEVICE_CONTROL2_INITIATE_RESET;
	return bells;
}

/* Returns whether a reset is asked for. */
static bool write_control2(struct cxl_vfio_device *device, unsigned int offset, u8 byte)
{
	struct cxl_vfio_shadow *shadow = &device->shadow;
	u16 value = shadow->control2, rung;

	set_byte(&value, offset, CXL_DEVICE_CONTROL2, byte);
	shadow->control2 = value & ~CONTROL2_DOORBELLS;
	rung = value & doorbells(device);
	/*
	 * Only a device that must not cache can say that it holds nothing, and it says so until it
	 * may again.
	 */
	if (!(value & CXL_DEVICE_CONTROL2_DISABLE_CACHING))
		shadow->status2 &= ~CXL_DEVICE_STATUS2_CACHE_INVALID;
	else if (rung & CXL_DEVICE_CONTROL2_INITIATE_WBI)
		shadow->status2 |= CXL_DEVICE_STATUS2_CACHE_INVALID;
	if (rung & CXL_DEVICE_CONTROL2_INITIATE_RESET)
		shadow->status2 &= ~STATUS2_SHADOW;
	return rung & CXL_DEVICE_CONTROL2_INITIATE_RESET;
}

/**
 * cxl_vfio_dvsec_write - a user writes a byte of the DVSEC
 * @device: an open device
 * @offset: from the start of the DVSEC
 * @byte: the value
 *
 * Return: whether it asks for a CXL reset, which cxl_vfio_dvsec_reset() then does.
 */
bool cxl_vfio_dvsec_write(struct cxl_vfio_device *device, unsigned int offset, u8 byte)
{
	struct cxl_vfio_shadow *shadow = &device->shadow;

	guard(mutex)(&shadow->lock);
	switch (offset) {
	case CXL_DEVICE_CONTROL ... CXL_DEVICE_CONTROL + 1:
		if (!shadow->config_lock)
			set_byte(&shadow->control, offset, CXL_DEVICE_CONTROL, byte);
		return false;
	case CXL_DEVICE_CONTROL2 ... CXL_DEVICE_CONTROL2 + 1:
		return write_control2(device, offset, byte);
	case CXL_DEVICE_LOCK:
		/* Once set it stays. */
		shadow->config_lock |= byte & CXL_DEVICE_LOCK_CONFIG_LOCK;
		return false;
	default:
		return false;
	}
}

/* Somebody else may have the device's lock for a moment: for a guest that would be an error. */
static long reset_patiently(struct cxl_vfio_device *device)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(device->hdm->reset_timeout_ms);
	long ret;

	/* Only the end of the process ends that: a VMM's threads get signals all the time. */
	for (;;) {
		ret = vfio_pci_core_ioctl(&device->core.vdev, VFIO_DEVICE_RESET, 0);
		if (ret != -EAGAIN || fatal_signal_pending(current) ||
		    time_after_eq(jiffies, deadline))
			break;
		msleep(LOCK_RETRY_MS);
	}
	/* Somebody else had the lock: there was none. */
	if (ret != -EAGAIN)
		cxl_vfio_note_reset(device, !ret);
	if (ret)
		cxl_vfio_gate_recheck(device);
	return ret;
}

/**
 * cxl_vfio_dvsec_reset - the reset that a user asked for in CONTROL2
 * @device: an open device
 *
 * The function's reset, as by VFIO_DEVICE_RESET, and then the memory, for which the register's own
 * limit is waited at most: media that needs longer says so in its DVSEC range. When the user's
 * write returns, STATUS2 has the outcome.
 * Context: no locks held.
 */
void cxl_vfio_dvsec_reset(struct cxl_vfio_device *device)
{
	struct cxl_vfio_shadow *shadow = &device->shadow;
	bool works;

	works = !reset_patiently(device);
	if (works)
		works = cxl_vfio_gate_settle(device, device->hdm->reset_timeout_ms);
	/* Who waited may be faster than who opened the gate. */
	cxl_vfio_dmabuf_follow_gate(device);

	guard(mutex)(&shadow->lock);
	shadow->status2 &= ~STATUS2_SHADOW;
	shadow->status2 |= works ? CXL_DEVICE_STATUS2_RESET_COMPLETE :
				   CXL_DEVICE_STATUS2_RESET_ERROR;
}
