// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who has the window. We do, exclusively, from bind to unbind, but for the time of a reset: a CXL
 * reset of the PCI core's takes the memory for itself first and fails where somebody has it, and no
 * other method is tried then. Nobody uses the window meanwhile: the gate is shut, nothing is
 * mapped, and the write-back mapping, which stays, is not touched.
 */
#include <linux/io.h>
#include <linux/mm.h>

#include "cxl_vfio_pci.h"

static int note_owner(struct resource *found, void *owner)
{
	*(struct resource *)owner = *found;
	return 1;
}

static bool find_owner(const struct cxl_vfio_hdm *hdm, struct resource *owner)
{
	return walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_MEM | IORESOURCE_BUSY,
				   hdm->decoder.base, hdm->decoder.base + hdm->decoder.size - 1,
				   owner, note_owner) == 1;
}

/* Who has it: the kernel tells a driver only kind and place, /proc/iomem has the name. */
static void report_owner(const struct cxl_vfio_hdm *hdm)
{
	const char *kind = "another driver";
	struct resource owner = {};

	if (!find_owner(hdm, &owner))
		kind = "an owner that just left";
	else if ((owner.flags & IORESOURCE_SYSTEM_RAM) == IORESOURCE_SYSTEM_RAM)
		kind = "System RAM";
	else if (region_intersects_soft_reserve(owner.start, resource_size(&owner)) !=
		 REGION_DISJOINT)
		kind = "a driver of Soft Reserved memory (dax)";
	pci_err(hdm->pdev, "refused: the window is taken by %s at %#llx-%#llx, whose name is in /proc/iomem\n",
		kind, (u64)owner.start, (u64)owner.end);
}

/* Before the CXL core is asked: it would only say that it cannot make a region. */
int cxl_vfio_window_check_free(const struct cxl_vfio_hdm *hdm)
{
	struct resource owner;

	/* System RAM is busy too. */
	if (!find_owner(hdm, &owner))
		return 0;
	report_owner(hdm);
	return -EBUSY;
}

/* Once more where nobody has it: an allocation failed, or an owner just left. */
static struct resource *claim(const struct cxl_vfio_hdm *hdm)
{
	struct resource *resource, owner;

	resource = request_mem_region_exclusive(hdm->decoder.base, hdm->decoder.size,
						CXL_VFIO_DRIVER_NAME);
	if (!resource && !find_owner(hdm, &owner))
		resource = request_mem_region_exclusive(hdm->decoder.base, hdm->decoder.size,
							CXL_VFIO_DRIVER_NAME);
	return resource;
}

static void unclaim(struct cxl_vfio_hdm *hdm)
{
	if (hdm->claim.resource)
		release_mem_region(hdm->decoder.base, hdm->decoder.size);
	hdm->claim.resource = NULL;
}

static void release_window(void *data)
{
	unclaim(data);
}

static void unmap_window(void *data)
{
	struct cxl_vfio_hdm *hdm = data;

	memunmap(hdm->memory);
}

/**
 * cxl_vfio_window_own - nobody else may have the window from here on
 * @hdm: the endpoint, with its decoder attached
 *
 * A write-back mapping of all of it must live as long as user mappings can: on x86 it is what makes
 * the memory type of their PTEs write-back.
 *
 * Return: 0, or an error after one line in the log that says why. Undone by devres.
 */
int cxl_vfio_window_own(struct cxl_vfio_hdm *hdm)
{
	struct device *dev = &hdm->pdev->dev;
	int ret;

	mutex_init(&hdm->claim.lock);
	hdm->claim.resource = claim(hdm);
	if (!hdm->claim.resource) {
		report_owner(hdm);
		return -EBUSY;
	}
	ret = devm_add_action_or_reset(dev, release_window, hdm);
	if (ret)
		return ret;

	hdm->memory = memremap(hdm->decoder.base, hdm->decoder.size,
			       cxl_vfio_wrong_type(MEMREMAP_WB));
	if (!hdm->memory) {
		pci_err(hdm->pdev, "refused: the window cannot be mapped write-back\n");
		return -ENOMEM;
	}
	return devm_add_action_or_reset(dev, unmap_window, hdm);
}

/**
 * cxl_vfio_window_yield - a reset begins that may want the window for itself
 * @hdm: the endpoint, with the gate shut
 *
 * Calls nest; each has its cxl_vfio_window_reclaim().
 * Context: may sleep; with or without memory_lock and device_lock.
 */
void cxl_vfio_window_yield(struct cxl_vfio_hdm *hdm)
{
	guard(mutex)(&hdm->claim.lock);
	if (!hdm->claim.yields++)
		unclaim(hdm);
}

/**
 * cxl_vfio_window_reclaim - the reset is over: the window is ours again, or never again
 * @hdm: the endpoint, with the gate still shut
 *
 * Where somebody else has it now, we do not know what he does to it, or to its memory type. That
 * stays so until an unbind, whether he leaves or not.
 * Context: as cxl_vfio_window_yield().
 */
void cxl_vfio_window_reclaim(struct cxl_vfio_hdm *hdm)
{
	guard(mutex)(&hdm->claim.lock);
	if (WARN_ON_ONCE(!hdm->claim.yields) || --hdm->claim.yields || hdm->claim.lost)
		return;
	hdm->claim.resource = claim(hdm);
	if (hdm->claim.resource)
		return;
	hdm->claim.lost = true;
	report_owner(hdm);
}

bool cxl_vfio_window_is_owned(struct cxl_vfio_hdm *hdm)
{
	guard(mutex)(&hdm->claim.lock);
	return hdm->claim.resource;
}
