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
 * An importer that pins, as iommufd does, has lost the mapping for good and maps anew. One that
 * gives its mapping back later than it is told to must not write meanwhile, but may still read, in
 * vain: on the ways down that are ours alone nobody waits for that, as the core does.
 */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cxl_vfio_pci.h"
#include "trace.h"

/* Added to a physical address: more bits than a bus or an IOMMU has. */
#define NOWHERE		BIT_ULL(63)

/* Two pointers into one object of the core's are closer, and its objects are larger. */
#define SAME_OBJECT	96

/* A dma-buf of the window. Holds a reference: nobody tells us when the last user is gone. */
struct exported {
	struct list_head node;
	struct dma_buf *dmabuf;
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

static bool is_shut(const struct exported *exported)
{
	return exported->dmabuf->ops == &shut_ops;
}

static void open_one(struct exported *exported)
{
	struct dma_buf *dmabuf = exported->dmabuf;

	dma_resv_lock(dmabuf->resv, NULL);
	WRITE_ONCE(dmabuf->ops, core_ops);
	dma_resv_unlock(dmabuf->resv);
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
		if (active != is_shut(exported))
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
	if (is_shut(exported))
		open_one(exported);
	list_del(&exported->node);
	dma_buf_put(exported->dmabuf);
	kfree(exported);
}

/* Those that nobody else holds: nobody can get at them any more. */
static void sweep(struct cxl_vfio_dmabufs *dmabufs)
{
	struct exported *exported, *next;

	lockdep_assert_held(&dmabufs->lock);
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
	*provider = &device->dmabufs.provider;
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

/* In the same object of the core's as what get_dmabuf_phys() was shown of it. */
static bool is_exported(struct cxl_vfio_dmabufs *dmabufs, const void *node)
{
	return abs(node - dmabufs->exported) < SAME_OBJECT && !is_known(dmabufs, node);
}

/*
 * Somebody exchanged the descriptor: what was exported then is out of our reach, but in the core's
 * list. The core revokes all that are in it when the device goes to low power, and one that left
 * the list meanwhile stays revoked. At the close it is in the list again, for the core to let go of
 * it.
 */
static void disown(struct cxl_vfio_device *device)
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
			if (is_exported(dmabufs, node))
				list_move_tail(node, &dmabufs->disowned);
		}
	}
	vfio_pci_core_ioctl_feature(&core->vdev, VFIO_DEVICE_FEATURE_SET |
				    VFIO_DEVICE_FEATURE_LOW_POWER_EXIT, NULL, 0);
	pm_runtime_put_noidle(&core->pdev->dev);
}

/*
 * From here on the dma-buf follows the gate. Whoever guessed the descriptor may have mapped it
 * already, and the gate may have been shut, and opened again, since @generation: late, but for
 * good.
 */
static int remember(struct cxl_vfio_device *device, struct exported *exported, int fd,
		    u64 generation)
{
	struct cxl_vfio_dmabufs *dmabufs = &device->dmabufs;

	exported->dmabuf = get_exported(dmabufs, fd);
	if (!exported->dmabuf) {
		kfree(exported);
		disown(device);
		return -ESTALE;
	}
	scoped_guard(mutex, &dmabufs->lock) {
		sweep(dmabufs);
		core_ops = exported->dmabuf->ops;
		list_add_tail(&exported->node, &dmabufs->list);
		if (!cxl_vfio_gate_is_unchanged(device, generation))
			shut_one(exported);
	}
	cxl_vfio_dmabuf_follow_gate(device);
	return fd;
}

static u64 gate_generation(struct cxl_vfio_device *device)
{
	guard(rwsem_read)(&device->gate.lock);
	return device->gate.generation;
}

/* The core's mapping of a BAR, as it was. */
struct loan {
	int bar;
	void __iomem *before;
};

/*
 * The core exports BARs that it has mapped. That of the window it could not map, since the hardware
 * has none; nor that of the component registers, where the CXL core owns a part. It asks for no
 * more than whether there is a mapping.
 */
static struct loan lend(struct cxl_vfio_device *device, int bar)
{
	struct loan loan = { .bar = bar, .before = device->core.barmap[bar] };

	if (cxl_vfio_is_window_bar(device, VFIO_PCI_INDEX_TO_OFFSET(bar)))
		device->core.barmap[bar] = (void __iomem __force *)device->hdm->memory;
	else if (cxl_vfio_is_bar(device, VFIO_PCI_INDEX_TO_OFFSET(bar)))
		device->core.barmap[bar] = device->hdm->bar_memory;
	return loan;
}

static void take_back(struct cxl_vfio_device *device, const struct loan *loan)
{
	device->core.barmap[loan->bar] = loan->before;
}

static int export(struct cxl_vfio_device *device, u32 index, u32 flags, void __user *arg,
		  size_t argsz)
{
	struct cxl_vfio_dmabufs *dmabufs = &device->dmabufs;
	struct exported *exported = kzalloc(sizeof(*exported), GFP_KERNEL);
	u64 generation = gate_generation(device);
	struct loan loan;
	int ret;

	if (!exported)
		return -ENOMEM;
	guard(mutex)(&dmabufs->export);
	dmabufs->exported = NULL;
	loan = lend(device, index);
	ret = vfio_pci_core_ioctl_feature(&device->core.vdev, flags, arg, argsz);
	take_back(device, &loan);
	/* The index may have changed under us: what was exported counts. */
	if (ret >= 0 && dmabufs->exported)
		return remember(device, exported, ret, generation);
	kfree(exported);
	return ret;
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
 * not accessible; -ESTALE when the descriptor was exchanged while it was made; else as
 * vfio_pci_core_ioctl_feature().
 */
int cxl_vfio_dmabuf_feature(struct cxl_vfio_device *device, u32 flags, void __user *arg,
			    size_t argsz)
{
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

	return export(device, index, flags, arg, argsz);
}

void cxl_vfio_dmabuf_init(struct cxl_vfio_device *device)
{
	mutex_init(&device->dmabufs.lock);
	INIT_LIST_HEAD(&device->dmabufs.list);
	INIT_LIST_HEAD(&device->dmabufs.disowned);
	/*
	 * Linux has no provider for memory that is no BAR, and asks no driver about an importer's
	 * way to it. Peers below the same switch are given addresses of the bus, where this memory
	 * has none: such at which nothing answers, instead of others' memory of the same number.
	 */
	device->dmabufs.provider = (struct p2pdma_provider) {
		.owner = &device->core.pdev->dev,
		.bus_offset = NOWHERE,
	};
}

/* Before the core closes the device: its list is whole again. */
void cxl_vfio_dmabuf_close(struct cxl_vfio_device *device)
{
	cxl_vfio_dmabuf_follow_gate(device);
	guard(rwsem_write)(&device->core.memory_lock);
	list_splice_init(&device->dmabufs.disowned, &device->core.dmabufs);
}
