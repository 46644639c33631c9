// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space writes: those that may stop the window from decoding shut the gate first,
 * and none reaches the CXL device DVSEC, whose extended capability the core passes through raw.
 * Resets by configuration write come back through reset_prepare and reset_done.
 */
#include "cxl_vfio_pci.h"

static bool overlaps(u64 start, u64 length, u64 other, u64 other_length)
{
	return start < other + other_length && other < start + length;
}

/* Memory enable and the power state decide whether the function decodes memory at all. */
static bool stops_decoding(const struct pci_dev *pdev, u64 offset, size_t count)
{
	if (overlaps(offset, count, PCI_COMMAND, sizeof(u16)))
		return true;
	return pdev->pm_cap &&
	       overlaps(offset, count, pdev->pm_cap + PCI_PM_CTRL, sizeof(u16));
}

/*
 * Bytes from @offset that lie on one side of the DVSEC's body; @absorb when inside. Its 4-byte
 * extended capability header in front is read-only in the core's own table.
 */
static size_t piece(const struct cxl_vfio_hdm *hdm, u64 offset, size_t count, bool *absorb)
{
	u64 start = hdm->dvsec + CXL_DVSEC_HEADER1;
	u64 end = hdm->dvsec + hdm->dvsec_length;

	*absorb = offset >= start && offset < end;
	if (*absorb)
		return min_t(u64, count, end - offset);
	if (offset < start)
		return min_t(u64, count, start - offset);
	return count;
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

ssize_t cxl_vfio_write(struct vfio_device *core_vdev, const char __user *buf, size_t count,
		       loff_t *ppos)
{
	struct cxl_vfio_device *device = to_cxl_vfio(core_vdev);
	u64 offset = *ppos & VFIO_PCI_OFFSET_MASK;
	ssize_t ret;
	bool gated;

	if (VFIO_PCI_OFFSET_TO_INDEX(*ppos) != VFIO_PCI_CONFIG_REGION_INDEX)
		return vfio_pci_core_write(core_vdev, buf, count, ppos);

	/* Shut before the write: a fault in between must not insert again. */
	gated = stops_decoding(device->core.pdev, offset, count);
	if (gated)
		cxl_vfio_gate_shut(device, CXL_VFIO_PATH_CONFIG_WRITE);
	ret = config_write(device, buf, count, ppos);
	if (gated)
		cxl_vfio_gate_release(device, CXL_VFIO_PATH_CONFIG_WRITE);
	return ret;
}
