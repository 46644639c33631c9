// SPDX-License-Identifier: GPL-2.0-only
/*
 * The HDM decoder and the CXL device DVSEC: attach the firmware-committed window through the CXL
 * core, own it, and compare the hardware with what it said then.
 */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/mm.h>

#include "cxl_vfio_pci.h"

/* CXL 3.1 8.2.4.20.12 allows 10 ms from COMMIT to COMMITTED; the CXL core grants 20. */
#define COMMIT_TIMEOUT_US	(20 * USEC_PER_MSEC)
#define COMMIT_POLL_US		500

/* Range info becomes valid within 1 s of a reset (CXL 3.1 8.1.3.8.2). */
#define INFO_VALID_TIMEOUT_MS	1000
#define READY_POLL_MS		20

/* Control bits that bind-time and present value must share. */
#define CONTROL_IDENTITY	(CXL_HDM_DECODER_GRANULARITY | CXL_HDM_DECODER_WAYS | \
				 CXL_HDM_DECODER_HOST_ONLY)

static u32 read_register(const struct cxl_vfio_hdm *hdm, unsigned int offset)
{
	return ioread32(hdm->registers + offset);
}

static struct cxl_vfio_decoder read_decoder(const struct cxl_vfio_hdm *hdm, unsigned int n)
{
	unsigned int at = CXL_HDM_DECODER(n);
	u32 base_low = read_register(hdm, at + CXL_HDM_DECODER_BASE_LOW);
	u32 base_high = read_register(hdm, at + CXL_HDM_DECODER_BASE_HIGH);
	u32 size_low = read_register(hdm, at + CXL_HDM_DECODER_SIZE_LOW);
	u32 size_high = read_register(hdm, at + CXL_HDM_DECODER_SIZE_HIGH);
	u32 skip_low = read_register(hdm, at + CXL_HDM_DECODER_SKIP_LOW);
	u32 skip_high = read_register(hdm, at + CXL_HDM_DECODER_SKIP_HIGH);

	return (struct cxl_vfio_decoder) {
		.base = (u64)base_high << 32 | (base_low & CXL_HDM_DECODER_LOW_MASK),
		.size = (u64)size_high << 32 | (size_low & CXL_HDM_DECODER_LOW_MASK),
		.skip = (u64)skip_high << 32 | (skip_low & CXL_HDM_DECODER_LOW_MASK),
		.control = read_register(hdm, at + CXL_HDM_DECODER_CONTROL),
	};
}

/* COMMITTED is read-only status, so the only wait is for it or for the error bit. */
static bool wait_committed(const struct cxl_vfio_hdm *hdm)
{
	unsigned int waited;
	u32 control;

	for (waited = 0; waited <= COMMIT_TIMEOUT_US; waited += COMMIT_POLL_US) {
		control = read_register(hdm, CXL_HDM_DECODER(0) + CXL_HDM_DECODER_CONTROL);
		if (control & (CXL_HDM_DECODER_COMMITTED | CXL_HDM_DECODER_ERROR))
			return control & CXL_HDM_DECODER_COMMITTED;
		usleep_range(COMMIT_POLL_US, 2 * COMMIT_POLL_US);
	}
	return false;
}

/* Program decoder 0 as it was at bind. Only for an uncommitted decoder that is not locked. */
static enum cxl_vfio_verdict reprogram(const struct cxl_vfio_hdm *hdm)
{
	void __iomem *decoder = hdm->registers + CXL_HDM_DECODER(0);
	u32 control = hdm->decoder.control &
		      (CONTROL_IDENTITY | CXL_HDM_DECODER_LOCK_ON_COMMIT);

	/* COMMIT must go from 0 to 1 to start a commit, also after a failed one. */
	iowrite32(control & ~CXL_HDM_DECODER_LOCK_ON_COMMIT, decoder + CXL_HDM_DECODER_CONTROL);
	iowrite32(upper_32_bits(hdm->decoder.base), decoder + CXL_HDM_DECODER_BASE_HIGH);
	iowrite32(lower_32_bits(hdm->decoder.base), decoder + CXL_HDM_DECODER_BASE_LOW);
	iowrite32(upper_32_bits(hdm->decoder.size), decoder + CXL_HDM_DECODER_SIZE_HIGH);
	iowrite32(lower_32_bits(hdm->decoder.size), decoder + CXL_HDM_DECODER_SIZE_LOW);
	iowrite32(upper_32_bits(hdm->decoder.skip), decoder + CXL_HDM_DECODER_SKIP_HIGH);
	iowrite32(lower_32_bits(hdm->decoder.skip), decoder + CXL_HDM_DECODER_SKIP_LOW);
	iowrite32(control | CXL_HDM_DECODER_COMMIT, decoder + CXL_HDM_DECODER_CONTROL);
	if (wait_committed(hdm))
		return CXL_VFIO_OK;
	if (read_register(hdm, CXL_HDM_DECODER(0) + CXL_HDM_DECODER_CONTROL) &
	    CXL_HDM_DECODER_ERROR)
		return CXL_VFIO_COMMIT_ERROR;
	return CXL_VFIO_NOT_COMMITTED;
}

static enum cxl_vfio_verdict compare_decoder(const struct cxl_vfio_hdm *hdm)
{
	struct cxl_vfio_decoder now = read_decoder(hdm, 0);

	if (now.control == ~0u)
		return CXL_VFIO_REGISTERS_LOST;
	if (!(now.control & CXL_HDM_DECODER_COMMITTED)) {
		if (now.control & CXL_HDM_DECODER_LOCK_ON_COMMIT)
			return CXL_VFIO_LOCKED_UNCOMMITTED;
		return CXL_VFIO_NOT_COMMITTED;
	}
	if (now.control & CXL_HDM_DECODER_ERROR)
		return CXL_VFIO_COMMIT_ERROR;
	if (now.base != hdm->decoder.base)
		return CXL_VFIO_BASE_CHANGED;
	if (now.size != hdm->decoder.size)
		return CXL_VFIO_SIZE_CHANGED;
	if (now.skip != hdm->decoder.skip ||
	    (now.control ^ hdm->decoder.control) & CONTROL_IDENTITY)
		return CXL_VFIO_CONTROL_CHANGED;
	return CXL_VFIO_OK;
}

/* Configuration space first: it answers while memory space does not. */
static enum cxl_vfio_verdict check_dvsec(const struct cxl_vfio_hdm *hdm, bool repair)
{
	struct pci_dev *pdev = hdm->pdev;
	u16 range = hdm->dvsec + CXL_DEVICE_RANGE(0);
	u32 id, size_low, size_high;
	u16 control, lock;

	pci_read_config_dword(pdev, PCI_VENDOR_ID, &id);
	pci_read_config_dword(pdev, range + CXL_DEVICE_RANGE_SIZE_LOW, &size_low);
	if (PCI_POSSIBLE_ERROR(id) || PCI_POSSIBLE_ERROR(size_low))
		return CXL_VFIO_NO_ANSWER;

	pci_read_config_word(pdev, hdm->dvsec + CXL_DEVICE_CONTROL, &control);
	if (!(control & CXL_DEVICE_CONTROL_MEM_ENABLE) && repair) {
		pci_read_config_word(pdev, hdm->dvsec + CXL_DEVICE_LOCK, &lock);
		if (!(lock & CXL_DEVICE_LOCK_CONFIG_LOCK))
			pci_write_config_word(pdev, hdm->dvsec + CXL_DEVICE_CONTROL,
					      control | CXL_DEVICE_CONTROL_MEM_ENABLE);
		pci_read_config_word(pdev, hdm->dvsec + CXL_DEVICE_CONTROL, &control);
	}
	if (!(control & CXL_DEVICE_CONTROL_MEM_ENABLE))
		return CXL_VFIO_MEM_ENABLE_OFF;

	if (!(size_low & CXL_DEVICE_RANGE_INFO_VALID) || !(size_low & CXL_DEVICE_RANGE_ACTIVE))
		return CXL_VFIO_MEDIA_NOT_READY;
	pci_read_config_dword(pdev, range + CXL_DEVICE_RANGE_SIZE_HIGH, &size_high);
	if ((size_low & CXL_DEVICE_RANGE_SIZE_LOW_MASK) != hdm->range_size_low ||
	    size_high != hdm->range_size_high)
		return CXL_VFIO_RANGE_CHANGED;
	return CXL_VFIO_OK;
}

/**
 * cxl_vfio_hdm_check - does the hardware still decode the window as it did at bind?
 * @hdm: the endpoint
 * @repair: restore what a reset may take and software may give back: Mem_Enable where the
 *	configuration is not locked, the global decoder enable, an uncommitted unlocked decoder
 *
 * Never assumes that a reset kept or cleared anything. Sleeps. Takes no lock of ours: the caller
 * decides whether the answer still counts.
 *
 * Return: CXL_VFIO_OK, CXL_VFIO_NO_ANSWER or CXL_VFIO_MEDIA_NOT_READY (both may pass), or why not.
 */
enum cxl_vfio_verdict cxl_vfio_hdm_check(const struct cxl_vfio_hdm *hdm, bool repair)
{
	enum cxl_vfio_verdict verdict;
	u16 command;
	u32 global;

	pci_read_config_word(hdm->pdev, PCI_COMMAND, &command);
	if (PCI_POSSIBLE_ERROR(command))
		return CXL_VFIO_NO_ANSWER;
	if (hdm->pdev->current_state != PCI_D0)
		return CXL_VFIO_POWER_STATE;
	if (!(command & PCI_COMMAND_MEMORY))
		return CXL_VFIO_MEMORY_SPACE_OFF;

	verdict = check_dvsec(hdm, repair);
	if (verdict)
		return verdict;

	global = read_register(hdm, CXL_HDM_GLOBAL_CONTROL);
	if (global == ~0u)
		return CXL_VFIO_REGISTERS_LOST;
	if (!(global & CXL_HDM_GLOBAL_CONTROL_ENABLE) && repair) {
		iowrite32(global | CXL_HDM_GLOBAL_CONTROL_ENABLE,
			  hdm->registers + CXL_HDM_GLOBAL_CONTROL);
		global = read_register(hdm, CXL_HDM_GLOBAL_CONTROL);
	}
	if (!(global & CXL_HDM_GLOBAL_CONTROL_ENABLE))
		return CXL_VFIO_HDM_DISABLED;

	verdict = compare_decoder(hdm);
	if (verdict == CXL_VFIO_NOT_COMMITTED && repair) {
		verdict = reprogram(hdm);
		if (!verdict)
			verdict = compare_decoder(hdm);
	}
	return verdict;
}

/* Registers and ranges at bind. Every refusal says what is missing. @room: bytes mapped. */
static int take_snapshot(struct cxl_vfio_hdm *hdm, unsigned long room)
{
	struct pci_dev *pdev = hdm->pdev;
	u16 range = hdm->dvsec + CXL_DEVICE_RANGE(0);
	unsigned int i;

	hdm->decoder_count = cxl_hdm_decoder_count(read_register(hdm, CXL_HDM_CAPABILITY));
	if (!hdm->decoder_count || cxl_hdm_length(hdm->decoder_count) > room) {
		pci_err(pdev, "refused: HDM decoder registers do not answer, or do not fit their block\n");
		return -ENODEV;
	}
	hdm->decoder = read_decoder(hdm, 0);
	if (hdm->decoder.control == ~0u) {
		pci_err(pdev, "refused: HDM decoder registers do not answer\n");
		return -ENODEV;
	}
	/* Without it the CXL core emulates decoders from DVSEC ranges: nothing to compare with. */
	if (!(read_register(hdm, CXL_HDM_GLOBAL_CONTROL) & CXL_HDM_GLOBAL_CONTROL_ENABLE)) {
		pci_err(pdev, "refused: HDM decoders are not enabled (firmware left DVSEC ranges)\n");
		return -ENXIO;
	}
	if (!(hdm->decoder.control & CXL_HDM_DECODER_COMMITTED) ||
	    hdm->decoder.control & CXL_HDM_DECODER_ERROR) {
		pci_err(pdev, "refused: HDM decoder 0 is not committed by firmware\n");
		return -ENXIO;
	}
	if (FIELD_GET(CXL_HDM_DECODER_WAYS, hdm->decoder.control)) {
		pci_err(pdev, "refused: HDM decoder 0 is interleaved\n");
		return -EOPNOTSUPP;
	}
	if (!hdm->decoder.size || hdm->decoder.base + hdm->decoder.size < hdm->decoder.base) {
		pci_err(pdev, "refused: HDM decoder 0 has an impossible base and size\n");
		return -ENXIO;
	}
	if (hdm->decoder.size > VFIO_PCI_INDEX_TO_OFFSET(1)) {
		pci_err(pdev, "refused: window of %#llx bytes exceeds VFIO's 1 TiB per region\n",
			hdm->decoder.size);
		return -EFBIG;
	}
	for (i = 1; i < hdm->decoder_count; i++) {
		if (read_decoder(hdm, i).control & CXL_HDM_DECODER_COMMITTED) {
			pci_err(pdev, "refused: HDM decoder %u is committed too, one is supported\n",
				i);
			return -EOPNOTSUPP;
		}
	}

	pci_read_config_dword(pdev, range + CXL_DEVICE_RANGE_SIZE_LOW, &hdm->range_size_low);
	pci_read_config_dword(pdev, range + CXL_DEVICE_RANGE_SIZE_HIGH, &hdm->range_size_high);
	if (PCI_POSSIBLE_ERROR(hdm->range_size_low)) {
		pci_err(pdev, "refused: configuration space does not answer\n");
		return -ENODEV;
	}
	hdm->range_size_low &= CXL_DEVICE_RANGE_SIZE_LOW_MASK;
	return 0;
}

static u32 read_range_status(const struct cxl_vfio_hdm *hdm)
{
	u32 size_low;

	pci_read_config_dword(hdm->pdev, hdm->dvsec + CXL_DEVICE_RANGE(0) +
			      CXL_DEVICE_RANGE_SIZE_LOW, &size_low);
	return PCI_POSSIBLE_ERROR(size_low) ? 0 : size_low;
}

/* Until all of @bits are set in range 1, or @timeout_ms. */
static int wait_range(const struct cxl_vfio_hdm *hdm, u32 bits, unsigned int timeout_ms)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(timeout_ms);

	while ((read_range_status(hdm) & bits) != bits) {
		if (time_after(jiffies, deadline)) {
			pci_err(hdm->pdev, "refused: media not ready after %u ms\n", timeout_ms);
			return -ETIMEDOUT;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		msleep(READY_POLL_MS);
	}
	return 0;
}

/*
 * The CXL core takes our word for it that the media is ready, so wait before giving it. How long
 * the media may take, 4^n s, is itself known only when the information is valid; codes above 4 are
 * reserved and taken as 4.
 */
static int wait_media_ready(struct cxl_vfio_hdm *hdm)
{
	unsigned int active_ms;
	int ret;

	ret = wait_range(hdm, CXL_DEVICE_RANGE_INFO_VALID, INFO_VALID_TIMEOUT_MS);
	if (ret)
		return ret;
	active_ms = MSEC_PER_SEC << (2 * min(FIELD_GET(CXL_DEVICE_RANGE_ACTIVE_TIMEOUT,
						       read_range_status(hdm)), 4u));
	hdm->ready_timeout_ms = INFO_VALID_TIMEOUT_MS + active_ms;
	return wait_range(hdm, CXL_DEVICE_RANGE_INFO_VALID | CXL_DEVICE_RANGE_ACTIVE, active_ms);
}

static int find_dvsec(struct cxl_vfio_hdm *hdm)
{
	struct pci_dev *pdev = hdm->pdev;
	u16 capability, control;
	u32 header;

	hdm->dvsec = pci_find_dvsec_capability(pdev, CXL_VENDOR_ID, CXL_DVSEC_ID_DEVICE);
	if (!pcie_is_cxl(pdev) || !hdm->dvsec) {
		pci_err(pdev, "refused: not a CXL device, or its link runs as plain PCIe\n");
		return -ENODEV;
	}
	pci_read_config_dword(pdev, hdm->dvsec + CXL_DVSEC_HEADER1, &header);
	hdm->dvsec_length = FIELD_GET(CXL_DVSEC_HEADER1_LENGTH, header);
	pci_read_config_word(pdev, hdm->dvsec + CXL_DEVICE_CAPABILITY, &capability);
	pci_read_config_word(pdev, hdm->dvsec + CXL_DEVICE_CONTROL, &control);
	if (PCI_POSSIBLE_ERROR(header) || PCI_POSSIBLE_ERROR(capability) ||
	    PCI_POSSIBLE_ERROR(control) || hdm->dvsec + hdm->dvsec_length > pdev->cfg_size) {
		pci_err(pdev, "refused: configuration space does not answer sensibly\n");
		return -ENODEV;
	}
	if (hdm->dvsec_length < CXL_DEVICE_CAPABILITY3 ||
	    !(capability & CXL_DEVICE_CAPABILITY_MEM) ||
	    !FIELD_GET(CXL_DEVICE_CAPABILITY_HDM_COUNT, capability)) {
		pci_err(pdev, "refused: the CXL device has no host-managed device memory\n");
		return -ENODEV;
	}
	if (!(capability & CXL_DEVICE_CAPABILITY_CACHE)) {
		pci_err(pdev, "refused: a CXL Type-3 device, Type-2 has CXL.cache\n");
		return -ENODEV;
	}
	if (!(control & CXL_DEVICE_CONTROL_MEM_ENABLE)) {
		pci_err(pdev, "refused: CXL.mem is not enabled by firmware\n");
		return -ENXIO;
	}
	return 0;
}

/* Attach the committed region through the CXL core and check that it is our decoder's. */
static int attach_region(struct cxl_vfio_hdm *hdm, struct cxl_vfio_endpoint *endpoint)
{
	struct range window = { .start = 0, .end = -1 };
	struct cxl_memdev *memdev;
	int ret;

	endpoint->cxlds.media_ready = true;
	ret = cxl_set_capacity(&endpoint->cxlds, hdm->decoder.size);
	if (ret) {
		pci_err(hdm->pdev, "refused: the CXL core rejects %#llx bytes of memory: %d\n",
			hdm->decoder.size, ret);
		return ret;
	}
	memdev = devm_cxl_probe_mem(&endpoint->cxlds, &window);
	if (IS_ERR_OR_NULL(memdev)) {
		ret = memdev ? PTR_ERR(memdev) : -ENXIO;
		pci_err(hdm->pdev, "refused: no committed CXL region for decoder 0 (%pe): is cxl_acpi loaded and the host bridge's decoder committed?\n",
			ERR_PTR(ret));
		return ret;
	}
	if (window.start != hdm->decoder.base || range_len(&window) != hdm->decoder.size) {
		pci_err(hdm->pdev, "refused: the CXL region %pra is not decoder 0's window\n",
			&window);
		return -ENXIO;
	}
	return 0;
}

static void release_window(void *data)
{
	struct cxl_vfio_hdm *hdm = data;

	release_mem_region(hdm->decoder.base, hdm->decoder.size);
}

static void unmap_window(void *data)
{
	struct cxl_vfio_hdm *hdm = data;

	memunmap(hdm->memory);
}

/*
 * Nobody else may map the window, and a write-back mapping of all of it must live as long as user
 * mappings can: on x86 it is what makes the memory type of their PTEs write-back.
 */
static int own_window(struct cxl_vfio_hdm *hdm)
{
	struct device *dev = &hdm->pdev->dev;
	int ret;

	if (region_intersects(hdm->decoder.base, hdm->decoder.size, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT) {
		pci_err(hdm->pdev, "refused: the window is in use as System RAM\n");
		return -EBUSY;
	}
	hdm->resource = request_mem_region_exclusive(hdm->decoder.base, hdm->decoder.size,
						     CXL_VFIO_DRIVER_NAME);
	if (!hdm->resource) {
		pci_err(hdm->pdev, "refused: the window is claimed by another owner, see /proc/iomem\n");
		return -EBUSY;
	}
	ret = devm_add_action_or_reset(dev, release_window, hdm);
	if (ret)
		return ret;

	hdm->memory = memremap(hdm->decoder.base, hdm->decoder.size, MEMREMAP_WB);
	if (!hdm->memory) {
		pci_err(hdm->pdev, "refused: the window cannot be mapped write-back\n");
		return -ENOMEM;
	}
	return devm_add_action_or_reset(dev, unmap_window, hdm);
}

/**
 * cxl_vfio_hdm_attach - take the endpoint's window over
 * @pdev: the PCI function, enabled, in D0
 *
 * Everything is device-managed and undone in reverse after the driver's remove() or failed probe().
 *
 * Return: the window and its registers, or an ERR_PTR() after one line in the log that says why.
 */
struct cxl_vfio_hdm *cxl_vfio_hdm_attach(struct pci_dev *pdev)
{
	struct cxl_component_reg_map *map;
	struct cxl_vfio_endpoint *endpoint;
	struct cxl_vfio_hdm *hdm;
	int ret;

	hdm = devm_kzalloc(&pdev->dev, sizeof(*hdm), GFP_KERNEL);
	if (!hdm)
		return ERR_PTR(-ENOMEM);
	hdm->pdev = pdev;
	ret = find_dvsec(hdm);
	if (ret)
		return ERR_PTR(ret);

	endpoint = devm_cxl_dev_state_create(&pdev->dev, CXL_DEVTYPE_DEVMEM, pci_get_dsn(pdev),
					     hdm->dvsec, struct cxl_vfio_endpoint, cxlds, false);
	if (!endpoint)
		return ERR_PTR(-ENOMEM);
	ret = cxl_pci_setup_regs(pdev, CXL_REGLOC_RBI_COMPONENT, &endpoint->cxlds.reg_map);
	map = &endpoint->cxlds.reg_map.component_map;
	if (ret == -EPROBE_DEFER)
		return ERR_PTR(ret);
	if (ret || !map->hdm_decoder.valid) {
		pci_err(pdev, "refused: no HDM decoder capability in the component registers\n");
		return ERR_PTR(ret ?: -ENODEV);
	}

	/* The CXL core requests this block for itself: ours is a second view, not an owner. */
	hdm->registers_start = endpoint->cxlds.reg_map.resource + map->hdm_decoder.offset;
	hdm->registers = devm_ioremap(&pdev->dev, hdm->registers_start, map->hdm_decoder.size);
	if (!hdm->registers)
		return ERR_PTR(-ENOMEM);

	ret = wait_media_ready(hdm);
	if (!ret)
		ret = take_snapshot(hdm, map->hdm_decoder.size);
	if (!ret)
		ret = attach_region(hdm, endpoint);
	if (!ret)
		ret = own_window(hdm);
	return ret ? ERR_PTR(ret) : hdm;
}
