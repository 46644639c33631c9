// SPDX-License-Identifier: GPL-2.0-only
/*
 * The window as a dma-buf: DMA by other devices, through iommufd or an importer of its own. The
 * core exports it, as that of a BAR, and revokes it around the resets and configuration writes that
 * go through it. On our other ways down it does not, and the lock that it revokes under cannot be
 * taken there: a configuration write may hold it and wait for the very reset that we are called
 * from. So the gate stands in front of the dma-bufs themselves: as long as it is not open, their
 * operations are ours, which refuse, and every mapping was invalidated before. Both are done under
 * the reservation lock, under which importers map.
 *
 * An importer that pins, as iommufd does, has lost the mapping for good and maps anew.
 */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pci-p2pdma.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cxl_vfio_pci.h"
#include "trace.h"

/* A dma-buf of the window. Holds a reference: nobody tells us when the last user is gone. */
struct exported {
	struct list_head node;
	struct dma_buf *dmabuf;
	bool shut;
};

/* The core's operations, the same for each of its dma-bufs. */
static const struct dma_buf_ops *core_ops;

static int refuse_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	return -ENODEV;
}

static struct sg_table *refuse_map(struct dma_buf_attachment *attachment,
				   enum dma_data_direction direction)
{
	return ERR_PTR(-ENODEV);
}

/* What was mapped before the gate was shut is given back now. */
static void unmap(struct dma_buf_attachment *attachment, struct sg_table *table,
		  enum dma_data_direction direction)
{
	core_ops->unmap_dma_buf(attachment, table, direction);
}

static void release(struct dma_buf *dmabuf)
{
	core_ops->release(dmabuf);
}

static const struct dma_buf_ops shut_ops = {
	.attach = refuse_attach,
	.map_dma_buf = refuse_map,
	.unmap_dma_buf = unmap,
	.release = release,
};

static void open_one(struct exported *exported)
{
	struct dma_buf *dmabuf = exported->dmabuf;

	dma_resv_lock(dmabuf->resv, NULL);
	WRITE_ONCE(dmabuf->ops, core_ops);
	dma_resv_unlock(dmabuf->resv);
	exported->shut = false;
}

static void shut_one(struct exported *exported)
{
	struct dma_buf *dmabuf = exported->dmabuf;

	dma_resv_lock(dmabuf->resv, NULL);
	WRITE_ONCE(dmabuf->ops, &shut_ops);
	dma_buf_invalidate_mappings(dmabuf);
	/* Until then importers may still write. */
	dma_resv_wait_timeout(dmabuf->resv, DMA_RESV_USAGE_BOOKKEEP, false, MAX_SCHEDULE_TIMEOUT);
	dma_resv_unlock(dmabuf->resv);
	exported->shut = true;
}

/**
 * cxl_vfio_dmabuf_follow_gate - as the gate is now, so are the dma-bufs
 * @device: the device
 *
 * After every change of the gate's state. Whoever comes last sees the last state.
 * Context: with or without memory_lock, device_lock and gate.asking; not with gate.lock.
 */
void cxl_vfio_dmabuf_follow_gate(struct cxl_vfio_device *device)
{
	struct cxl_vfio_dmabufs *dmabufs = &device->dmabufs;
	u64 start = trace_cxl_vfio_dmabuf_enabled() ? ktime_get_ns() : 0;
	struct exported *exported;
	unsigned int count = 0;
	bool active;

	guard(mutex)(&dmabufs->lock);
	if (list_empty(&dmabufs->list) || cxl_vfio_wrong_dmabuf())
		return;
	active = cxl_vfio_gate_is_active(device);
	list_for_each_entry(exported, &dmabufs->list, node) {
		if (active != exported->shut)
			continue;
		if (active)
			open_one(exported);
		else
			shut_one(exported);
		count++;
	}
	if (count)
		trace_cxl_vfio_dmabuf(device->core.pdev, active, count,
				      start ? ktime_get_ns() - start : 0);
}

static void forget_one(struct exported *exported)
{
	/* The module may go before the last user of the dma-buf does. */
	if (exported->shut)
		open_one(exported);
	list_del(&exported->node);
	dma_buf_put(exported->dmabuf);
	kfree(exported);
}

/* Those that nobody else holds: nobody can get at them any more. Under dmabufs.lock. */
static void sweep(struct cxl_vfio_dmabufs *dmabufs)
{
	struct exported *exported, *next;

	list_for_each_entry_safe(exported, next, &dmabufs->list, node) {
		if (file_count(exported->dmabuf->file) == 1)
			forget_one(exported);
	}
}

/* After the core has closed the device and revoked every dma-buf of it for good. */
void cxl_vfio_dmabuf_forget(struct cxl_vfio_device *device)
{
	struct cxl_vfio_dmabufs *dmabufs = &device->dmabufs;
	struct exported *exported, *next;

	guard(mutex)(&dmabufs->lock);
	list_for_each_entry_safe(exported, next, &dmabufs->list, node)
		forget_one(exported);
}

static int get_dmabuf_phys(struct vfio_pci_core_device *core, struct p2pdma_provider **provider,
			   unsigned int region_index, struct phys_vec *phys_vec,
			   struct vfio_region_dma_range *dma_ranges, size_t nr_ranges)
{
	struct cxl_vfio_device *device = container_of(core, struct cxl_vfio_device, core);
	const struct cxl_vfio_hdm *hdm = device->hdm;
	size_t i;

	/* A dma-buf is as good as a mapping: of the BAR with the decoders, what can be mapped. */
	if (cxl_vfio_is_bar(device, VFIO_PCI_INDEX_TO_OFFSET(region_index))) {
		for (i = 0; i < nr_ranges; i++) {
			if (!cxl_vfio_bar_can_map(device, dma_ranges[i].offset,
						  dma_ranges[i].length))
				return -EOPNOTSUPP;
		}
	}
	if (!cxl_vfio_is_window_bar(device, VFIO_PCI_INDEX_TO_OFFSET(region_index)))
		return vfio_pci_core_get_dmabuf_phys(core, provider, region_index, phys_vec,
						     dma_ranges, nr_ranges);
	/*
	 * Linux has no providers for memory that is no BAR; a real BAR stands in. Peers below the
	 * same switch would be given bus addresses, which lead to the host: there is no such thing
	 * as a short way to CXL memory.
	 */
	*provider = hdm->bar < 0 ? NULL : pcim_p2pdma_provider(core->pdev, hdm->bar);
	if (!*provider)
		return -EOPNOTSUPP;
	device->dmabufs.exported = provider;
	return vfio_pci_core_fill_phys_vec(phys_vec, dma_ranges, nr_ranges, hdm->decoder.base,
					   cxl_vfio_window_size(hdm));
}

const struct vfio_pci_device_ops cxl_vfio_pci_ops = {
	.get_dmabuf_phys = get_dmabuf_phys,
};

/* Is @pointer inside the exporter's object of @dmabuf? */
static bool is_inside(const struct dma_buf *dmabuf, const void *pointer)
{
	return pointer >= dmabuf->priv && pointer < dmabuf->priv + ksize(dmabuf->priv);
}

/*
 * Between the core's export and our look at it, another thread can put any descriptor in the place
 * of the new one. It must be a dma-buf of the core's, and the one that get_dmabuf_phys() was asked
 * for.
 */
static struct dma_buf *get_exported(struct cxl_vfio_dmabufs *dmabufs, int fd)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);

	if (IS_ERR(dmabuf))
		return NULL;
	if (!strcmp(dmabuf->exp_name, "vfio_pci_core") && is_inside(dmabuf, dmabufs->exported))
		return dmabuf;
	dma_buf_put(dmabuf);
	return NULL;
}

static bool is_known(struct cxl_vfio_dmabufs *dmabufs, const void *node)
{
	struct exported *exported;

	list_for_each_entry(exported, &dmabufs->list, node) {
		if (is_inside(exported->dmabuf, node))
			return true;
	}
	return false;
}

/*
 * Somebody exchanged the descriptor: what was exported then is out of our reach, but in the core's
 * list. The core revokes all that are in it when the device goes to low power, and those that left
 * the list meanwhile stay revoked.
 */
static void disown_unknown(struct cxl_vfio_device *device)
{
	struct cxl_vfio_dmabufs *dmabufs = &device->dmabufs;
	struct vfio_pci_core_device *core = &device->core;
	struct list_head *node, *next;

	pm_runtime_get_noresume(&core->pdev->dev);
	vfio_pci_core_ioctl_feature(&core->vdev, VFIO_DEVICE_FEATURE_SET |
				    VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, NULL, 0);
	scoped_guard(rwsem_write, &core->memory_lock) {
		guard(mutex)(&dmabufs->lock);
		list_for_each_safe(node, next, &core->dmabufs) {
			if (!is_known(dmabufs, node))
				list_del_init(node);
		}
	}
	vfio_pci_core_ioctl_feature(&core->vdev, VFIO_DEVICE_FEATURE_SET |
				    VFIO_DEVICE_FEATURE_LOW_POWER_EXIT, NULL, 0);
	pm_runtime_put_noidle(&core->pdev->dev);
}

/* From here on the dma-buf follows the gate. */
static int remember(struct cxl_vfio_device *device, int fd)
{
	struct cxl_vfio_dmabufs *dmabufs = &device->dmabufs;
	struct exported *exported = kzalloc(sizeof(*exported), GFP_KERNEL);

	if (exported)
		exported->dmabuf = get_exported(dmabufs, fd);
	if (!exported || !exported->dmabuf) {
		kfree(exported);
		disown_unknown(device);
		return -ESTALE;
	}
	scoped_guard(mutex, &dmabufs->lock) {
		sweep(dmabufs);
		core_ops = exported->dmabuf->ops;
		list_add_tail(&exported->node, &dmabufs->list);
	}
	/* The gate may have been shut meanwhile. */
	cxl_vfio_dmabuf_follow_gate(device);
	return fd;
}

/**
 * cxl_vfio_dmabuf_feature - VFIO_DEVICE_FEATURE_DMA_BUF
 * @device: an open device
 * @flags: of the feature
 * @arg: its user data, a struct vfio_device_feature_dma_buf
 * @argsz: its size
 *
 * Return: a descriptor or 0; -EOPNOTSUPP for what Linux 7.3 cannot export, a region of the device,
 * and for pages of the BAR with the decoders that cannot be mapped either; -EIO while the window is
 * not accessible; -ESTALE when the descriptor was exchanged while it was made; else as vfio_pci_core_ioctl_feature().
 */
int cxl_vfio_dmabuf_feature(struct cxl_vfio_device *device, u32 flags, void __user *arg,
			    size_t argsz)
{
	struct cxl_vfio_dmabufs *dmabufs = &device->dmabufs;
	struct vfio_device_feature_dma_buf __user *request = arg;
	u32 index;
	int ret;

	if (!(flags & VFIO_DEVICE_FEATURE_GET) || flags & VFIO_DEVICE_FEATURE_PROBE ||
	    argsz < sizeof(*request))
		return vfio_pci_core_ioctl_feature(&device->core.vdev, flags, arg, argsz);
	if (get_user(index, &request->region_index))
		return -EFAULT;
	if (index >= VFIO_PCI_ROM_REGION_INDEX)
		return -EOPNOTSUPP;
	if (cxl_vfio_is_window_bar(device, VFIO_PCI_INDEX_TO_OFFSET(index))) {
		ret = cxl_vfio_gate_wait(device);
		if (!ret && !cxl_vfio_gate_is_active(device))
			ret = -EIO;
		if (ret)
			return ret;
	}

	guard(mutex)(&dmabufs->export);
	dmabufs->exported = NULL;
	ret = vfio_pci_core_ioctl_feature(&device->core.vdev, flags, arg, argsz);
	/* The index may have changed under us: what was exported counts. */
	if (ret >= 0 && dmabufs->exported)
		ret = remember(device, ret);
	return ret;
}

void cxl_vfio_dmabuf_init(struct cxl_vfio_device *device)
{
	mutex_init(&device->dmabufs.export);
	mutex_init(&device->dmabufs.lock);
	INIT_LIST_HEAD(&device->dmabufs.list);
}

static void lend(struct cxl_vfio_device *device, int bar, void __iomem *mapping)
{
	if (!IS_ERR(device->core.barmap[bar]))
		return;
	device->core.barmap[bar] = mapping;
	__set_bit(bar, &device->dmabufs.lent);
}

/*
 * The core exports BARs that it has mapped. That of the window it could not map, since the hardware
 * has none; nor that of the component registers, where the CXL core owns a part. They have no other
 * use for it: reads, writes and mappings of these two do not reach the core.
 */
void cxl_vfio_dmabuf_open(struct cxl_vfio_device *device)
{
	const struct cxl_vfio_hdm *hdm = device->hdm;

	if (cxl_vfio_offers_bar(device))
		lend(device, hdm->view_bar, (void __iomem __force *)hdm->memory);
	if (hdm->bar >= 0)
		lend(device, hdm->bar, hdm->bar_memory);
}

/* Before the core unmaps what it has mapped. */
void cxl_vfio_dmabuf_close(struct cxl_vfio_device *device)
{
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		if (__test_and_clear_bit(bar, &device->dmabufs.lent))
			device->core.barmap[bar] = IOMEM_ERR_PTR(-EBUSY);
	}
	cxl_vfio_dmabuf_follow_gate(device);
}
