// SPDX-License-Identifier: GPL-2.0-only
/*
 * Imports a dma-buf as a peer would that can follow when it moves: attaches with
 * invalidate_mappings, maps, and gives the mapping back as soon as it is told to; or, when it was
 * told to be late, has DMA under way then, ends that with "release", and gives the mapping back.
 * Test machines only.
 *
 *	A process writes "attach FD 0000:0d:00.0", "map" (EALREADY where it is mapped), "late",
 *	"release" or "detach", and reads "attached=1 mapped=0 invalidated=3 busy=0
 *	address=0x140000000", the last for DMA, of the last mapping.
 */
#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

static DEFINE_MUTEX(lock);
static struct pci_dev *peer;
static struct dma_buf *dmabuf;
static struct dma_buf_attachment *attachment;
static struct sg_table *table;		/* under the reservation lock */
static unsigned int invalidated;
static u64 address;
static bool late;
static struct dma_fence *busy;		/* the DMA that is under way */

static const char *fence_name(struct dma_fence *fence)
{
	return "importer_test";
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_name,
	.get_timeline_name = fence_name,
};

/* Whoever invalidates waits for the fences of the reservation before anything else is done. */
static void add_fence(void)
{
	static DEFINE_SPINLOCK(fence_lock);
	struct dma_fence *fence;

	if (dma_resv_reserve_fences(dmabuf->resv, 1))
		return;
	fence = kzalloc_obj(*fence);
	if (!fence)
		return;
	dma_fence_init(fence, &fence_ops, &fence_lock, dma_fence_context_alloc(1), 1);
	dma_resv_add_fence(dmabuf->resv, fence, DMA_RESV_USAGE_BOOKKEEP);
	WRITE_ONCE(busy, fence);
}

static void invalidate(struct dma_buf_attachment *attach)
{
	invalidated++;
	if (late && table) {
		late = false;
		add_fence();
		return;
	}
	if (table)
		dma_buf_unmap_attachment(attach, table, DMA_BIDIRECTIONAL);
	table = NULL;
}

static const struct dma_buf_attach_ops importer_ops = {
	.allow_peer2peer = true,
	.invalidate_mappings = invalidate,
};

static int map(void)
{
	struct sg_table *mapped;
	int ret = 0;

	if (!attachment)
		return -ENOTCONN;
	dma_resv_lock(dmabuf->resv, NULL);
	if (table) {
		ret = -EALREADY;
	} else {
		mapped = dma_buf_map_attachment(attachment, DMA_BIDIRECTIONAL);
		if (IS_ERR(mapped))
			ret = PTR_ERR(mapped);
		else
			table = mapped;
		if (!ret)
			address = sg_dma_address(mapped->sgl);
	}
	dma_resv_unlock(dmabuf->resv);
	return ret;
}

static void unmap(void)
{
	dma_resv_lock(dmabuf->resv, NULL);
	if (table)
		dma_buf_unmap_attachment(attachment, table, DMA_BIDIRECTIONAL);
	table = NULL;
	dma_resv_unlock(dmabuf->resv);
}

/* First the DMA ends: who waits for it holds the reservation lock. */
static int release(void)
{
	struct dma_fence *fence = READ_ONCE(busy);

	if (!fence)
		return -ENOENT;
	dma_fence_signal(fence);
	dma_fence_put(fence);
	WRITE_ONCE(busy, NULL);
	unmap();
	return 0;
}

static void detach(void)
{
	if (!attachment)
		return;
	release();
	unmap();
	dma_buf_detach(dmabuf, attachment);
	attachment = NULL;
	dma_buf_put(dmabuf);
	pci_dev_put(peer);
}

static int attach(int fd, struct pci_dev *pdev)
{
	struct dma_buf_attachment *made;
	struct dma_buf *buffer;

	if (attachment)
		return -EISCONN;
	buffer = dma_buf_get(fd);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer);
	made = dma_buf_dynamic_attach(buffer, &pdev->dev, &importer_ops, NULL);
	if (IS_ERR(made)) {
		dma_buf_put(buffer);
		return PTR_ERR(made);
	}
	dmabuf = buffer;
	peer = pci_dev_get(pdev);
	attachment = made;
	invalidated = 0;
	late = false;
	return 0;
}

static int set_command(const char *value, const struct kernel_param *parameter)
{
	unsigned int domain, bus, slot, function;
	struct pci_dev *pdev;
	int fd, ret;

	guard(mutex)(&lock);
	if (sysfs_streq(value, "map"))
		return map();
	if (sysfs_streq(value, "release"))
		return release();
	if (sysfs_streq(value, "late")) {
		late = true;
		return 0;
	}
	if (sysfs_streq(value, "detach")) {
		detach();
		return 0;
	}
	if (sscanf(value, "attach %d %x:%x:%x.%x", &fd, &domain, &bus, &slot, &function) != 5)
		return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!pdev)
		return -ENODEV;
	ret = attach(fd, pdev);
	pci_dev_put(pdev);
	return ret;
}

static int get_state(char *buffer, const struct kernel_param *parameter)
{
	guard(mutex)(&lock);
	return sysfs_emit(buffer, "attached=%d mapped=%d invalidated=%u busy=%d address=%#llx\n",
			  !!attachment, READ_ONCE(table) != NULL, READ_ONCE(invalidated),
			  READ_ONCE(busy) != NULL, READ_ONCE(address));
}

static const struct kernel_param_ops command_ops = { .set = set_command, .get = get_state };
module_param_cb(command, &command_ops, NULL, 0600);

static int __init importer_test_init(void)
{
	return 0;
}
module_init(importer_test_init);

static void __exit importer_test_exit(void)
{
	detach();
}
module_exit(importer_test_exit);

MODULE_DESCRIPTION("Imports a dma-buf, for tests");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("DMA_BUF");
