// SPDX-License-Identifier: GPL-2.0-only
/*
 * The HDM decoder and the CXL device DVSEC: attach the firmware-committed window through the CXL
 * core, and compare the hardware with what it said then.
 */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/io.h>

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

/*
 * The first decoder besides decoder 0 that is committed, empty or not; 0: there is none. One with a
 * size would map the device's memory a second time. One of zero size decodes nothing: there is
 * firmware that leaves such.
 */
static unsigned int other_committed_decoder(const struct cxl_vfio_hdm *hdm, bool empty)
{
	unsigned int i;

	for (i = 1; i < hdm->decoder_count; i++) {
		struct cxl_vfio_decoder other = read_decoder(hdm, i);

		if (other.control & CXL_HDM_DECODER_COMMITTED && !other.size == empty)
			return i;
	}
	return 0;
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

static u32 read_range(const struct cxl_vfio_hdm *hdm, unsigned int n, unsigned int part)
{
	u32 value;

	pci_read_config_dword(hdm->pdev, hdm->dvsec + CXL_DEVICE_RANGE(n) + part, &value);
	return value;
}

/*
 * Mem_Enable, and Cache_Enable for the device's own sake, as at bind: a CXL reset takes both. Only
 * a conventional reset undoes Config_Lock, so while it is set nothing can be given back.
 */
static u16 restore_enables(const struct cxl_vfio_hdm *hdm, bool *repaired)
{
	u16 at = hdm->dvsec + CXL_DEVICE_CONTROL;
	u16 control, lock;

	pci_read_config_word(hdm->pdev, at, &control);
	if (!(hdm->control_enables & ~control))
		return control;
	pci_read_config_word(hdm->pdev, hdm->dvsec + CXL_DEVICE_LOCK, &lock);
	if (lock & CXL_DEVICE_LOCK_CONFIG_LOCK)
		return control;
	pci_write_config_word(hdm->pdev, at, control | hdm->control_enables);
	*repaired = true;
	pci_read_config_word(hdm->pdev, at, &control);
	return control;
}

static enum cxl_vfio_verdict check_range(const struct cxl_vfio_hdm *hdm, unsigned int n)
{
	u32 low = read_range(hdm, n, CXL_DEVICE_RANGE_SIZE_LOW);

	if (PCI_POSSIBLE_ERROR(low))
		return CXL_VFIO_NO_ANSWER;
	if (!(low & CXL_DEVICE_RANGE_INFO_VALID) || !(low & CXL_DEVICE_RANGE_ACTIVE))
		return CXL_VFIO_MEDIA_NOT_READY;
	if ((low & CXL_DEVICE_RANGE_SIZE_LOW_MASK) != hdm->range_size_low[n] ||
	    read_range(hdm, n, CXL_DEVICE_RANGE_SIZE_HIGH) != hdm->range_size_high[n])
		return CXL_VFIO_RANGE_CHANGED;
	return CXL_VFIO_OK;
}

/* Configuration space first: it answers while memory space does not. */
static enum cxl_vfio_verdict check_dvsec(const struct cxl_vfio_hdm *hdm, bool *repaired)
{
	enum cxl_vfio_verdict verdict;
	unsigned int i;
	u32 header;
	u16 id;

	pci_read_config_dword(hdm->pdev, hdm->dvsec + CXL_DVSEC_HEADER1, &header);
	pci_read_config_word(hdm->pdev, hdm->dvsec + CXL_DVSEC_HEADER2, &id);
	if (PCI_POSSIBLE_ERROR(header) || PCI_POSSIBLE_ERROR(id))
		return CXL_VFIO_NO_ANSWER;
	if (header != hdm->dvsec_header || id != CXL_DVSEC_ID_DEVICE)
		return CXL_VFIO_DVSEC_CHANGED;
	if (!(restore_enables(hdm, repaired) & CXL_DEVICE_CONTROL_MEM_ENABLE))
		return CXL_VFIO_MEM_ENABLE_OFF;
	for (i = 0; i < hdm->range_count; i++) {
		verdict = check_range(hdm, i);
		if (verdict)
			return verdict;
	}
	return CXL_VFIO_OK;
}

/* Memory space is on. */
static enum cxl_vfio_verdict check_registers(const struct cxl_vfio_hdm *hdm, bool *repaired)
{
	enum cxl_vfio_verdict verdict;
	u32 global;

	global = read_register(hdm, CXL_HDM_GLOBAL_CONTROL);
	if (global == ~0u)
		return CXL_VFIO_REGISTERS_LOST;
	if (!(global & CXL_HDM_GLOBAL_CONTROL_ENABLE)) {
		iowrite32(global | CXL_HDM_GLOBAL_CONTROL_ENABLE,
			  hdm->registers + CXL_HDM_GLOBAL_CONTROL);
		*repaired = true;
		global = read_register(hdm, CXL_HDM_GLOBAL_CONTROL);
	}
	if (!(global & CXL_HDM_GLOBAL_CONTROL_ENABLE))
		return CXL_VFIO_HDM_DISABLED;
	if (other_committed_decoder(hdm, false))
		return CXL_VFIO_OTHER_DECODER;

	verdict = compare_decoder(hdm);
	if (verdict == CXL_VFIO_NOT_COMMITTED) {
		*repaired = true;
		verdict = reprogram(hdm);
		if (!verdict)
			verdict = compare_decoder(hdm);
	}
	return verdict;
}

/**
 * cxl_vfio_hdm_check - does the hardware still decode the window as it did at bind?
 * @hdm: the endpoint
 * @force_memory_space: where the user left memory space off, turn it on for as long as it takes
 * @repaired: set when something that a reset took was given back: the enables where the
 *	configuration is not locked, the global decoder enable, an uncommitted unlocked decoder
 *
 * Never assumes that a reset kept or cleared anything. Sleeps. Takes no lock of ours: the caller
 * decides whether the answer still counts, and keeps others from asking and from writing the
 * command register at the same time.
 *
 * Return: CXL_VFIO_OK; CXL_VFIO_NO_ANSWER, CXL_VFIO_MEDIA_NOT_READY or CXL_VFIO_REGISTERS_LOST,
 * which may pass; or why not.
 */
enum cxl_vfio_verdict cxl_vfio_hdm_check(const struct cxl_vfio_hdm *hdm, bool force_memory_space,
					 bool *repaired)
{
	struct pci_dev *pdev = hdm->pdev;
	enum cxl_vfio_verdict verdict;
	u8 command;

	/* Not the upper byte: an interrupt may mask INTx there at any moment. */
	pci_read_config_byte(pdev, PCI_COMMAND, &command);
	if (PCI_POSSIBLE_ERROR(command))
		return CXL_VFIO_NO_ANSWER;
	if (pdev->current_state != PCI_D0)
		return CXL_VFIO_POWER_STATE;
	if (!(command & PCI_COMMAND_MEMORY) && !force_memory_space)
		return CXL_VFIO_MEMORY_SPACE_OFF;

	verdict = check_dvsec(hdm, repaired);
	if (verdict)
		return verdict;
	if (command & PCI_COMMAND_MEMORY)
		return check_registers(hdm, repaired);

	pci_write_config_byte(pdev, PCI_COMMAND, command | PCI_COMMAND_MEMORY);
	verdict = check_registers(hdm, repaired);
	pci_write_config_byte(pdev, PCI_COMMAND, command);
	return verdict ?: CXL_VFIO_MEMORY_SPACE_OFF;
}

/* Registers and ranges at bind. Every refusal says what is missing. @room: bytes mapped. */
static int take_snapshot(struct cxl_vfio_hdm *hdm, unsigned long room)
{
	struct pci_dev *pdev = hdm->pdev;
	unsigned int i;

	hdm->capability = read_register(hdm, CXL_HDM_CAPABILITY);
	hdm->decoder_count = cxl_hdm_decoder_count(hdm->capability);
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
	i = other_committed_decoder(hdm, false);
	if (i) {
		pci_err(pdev, "refused: HDM decoder %u is committed too, one is supported\n", i);
		return -EOPNOTSUPP;
	}
	for (i = 0; i < hdm->range_count; i++) {
		u32 low = read_range(hdm, i, CXL_DEVICE_RANGE_SIZE_LOW);

		if (PCI_POSSIBLE_ERROR(low)) {
			pci_err(pdev, "refused: configuration space does not answer\n");
			return -ENODEV;
		}
		hdm->range_size_low[i] = low & CXL_DEVICE_RANGE_SIZE_LOW_MASK;
		hdm->range_size_high[i] = read_range(hdm, i, CXL_DEVICE_RANGE_SIZE_HIGH);
	}
	return 0;
}

/* Until all of @bits are set in every range, or @timeout_ms. */
static int wait_ranges(const struct cxl_vfio_hdm *hdm, u32 bits, unsigned int timeout_ms)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(timeout_ms);
	unsigned int i = 0;

	while (i < hdm->range_count) {
		u32 low = read_range(hdm, i, CXL_DEVICE_RANGE_SIZE_LOW);

		if (!PCI_POSSIBLE_ERROR(low) && (low & bits) == bits) {
			i++;
			continue;
		}
		if (time_after(jiffies, deadline)) {
			pci_err(hdm->pdev, "refused: media of range %u not ready after %u ms\n",
				i + 1, timeout_ms);
			return -ETIMEDOUT;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		msleep(READY_POLL_MS);
	}
	return 0;
}

/* How long the media of the slowest range may take: 4^n s; codes above 4 are reserved, as 4. */
static unsigned int active_timeout_ms(const struct cxl_vfio_hdm *hdm)
{
	unsigned int i, code = 0;

	for (i = 0; i < hdm->range_count; i++)
		code = max(code, FIELD_GET(CXL_DEVICE_RANGE_ACTIVE_TIMEOUT,
					   read_range(hdm, i, CXL_DEVICE_RANGE_SIZE_LOW)));
	return MSEC_PER_SEC << (2 * min(code, 4u));
}

/*
 * The CXL core takes our word for it that the media is ready, so wait before giving it. How long
 * that may take is itself known only when the information is valid.
 */
static int wait_media_ready(struct cxl_vfio_hdm *hdm)
{
	unsigned int active_ms;
	int ret;

	ret = wait_ranges(hdm, CXL_DEVICE_RANGE_INFO_VALID, INFO_VALID_TIMEOUT_MS);
	if (ret)
		return ret;
	active_ms = active_timeout_ms(hdm);
	hdm->ready_timeout_ms = INFO_VALID_TIMEOUT_MS + active_ms;
	return wait_ranges(hdm, CXL_DEVICE_RANGE_INFO_VALID | CXL_DEVICE_RANGE_ACTIVE, active_ms);
}

/*
 * Every DVSEC of CXL: what a user writes there would reconfigure the link or the decoders. In the
 * order of their offsets, as config.c wants them; the list of capabilities may have any order. It
 * has an end, but the device may have changed its mind.
 */
static int find_absorbed(struct cxl_vfio_hdm *hdm)
{
	struct pci_dev *pdev = hdm->pdev;
	unsigned int count = 0, tries = CXL_VFIO_MAX_CAPABILITIES, i;
	u16 at = 0;
	u32 header;

	while (tries-- && (at = pci_find_next_ext_capability(pdev, at, PCI_EXT_CAP_ID_DVSEC))) {
		pci_read_config_dword(pdev, at + CXL_DVSEC_HEADER1, &header);
		if (FIELD_GET(CXL_DVSEC_HEADER1_VENDOR, header) != CXL_VENDOR_ID)
			continue;
		if (count == CXL_VFIO_MAX_DVSECS) {
			pci_err(pdev, "refused: more than %u DVSECs of CXL\n", count);
			return -E2BIG;
		}
		for (i = count++; i && hdm->absorbed[i - 1].start > at; i--)
			hdm->absorbed[i] = hdm->absorbed[i - 1];
		hdm->absorbed[i].start = at;
		hdm->absorbed[i].end = min(at + FIELD_GET(CXL_DVSEC_HEADER1_LENGTH, header),
					   (u32)pdev->cfg_size);
	}
	hdm->absorbed_count = count;
	return 0;
}

static int find_dvsec(struct cxl_vfio_hdm *hdm)
{
	struct pci_dev *pdev = hdm->pdev;
	u16 capability, control, length;
	u32 header;
	int i;

	hdm->dvsec = pci_find_dvsec_capability(pdev, CXL_VENDOR_ID, CXL_DVSEC_ID_DEVICE);
	if (!pcie_is_cxl(pdev) || !hdm->dvsec) {
		pci_err(pdev, "refused: not a CXL device, or its link runs as plain PCIe\n");
		return -ENODEV;
	}
	pci_read_config_dword(pdev, hdm->dvsec + CXL_DVSEC_HEADER1, &header);
	length = FIELD_GET(CXL_DVSEC_HEADER1_LENGTH, header);
	pci_read_config_word(pdev, hdm->dvsec + CXL_DEVICE_CAPABILITY, &capability);
	pci_read_config_word(pdev, hdm->dvsec + CXL_DEVICE_CONTROL, &control);
	if (PCI_POSSIBLE_ERROR(header) || PCI_POSSIBLE_ERROR(capability) ||
	    PCI_POSSIBLE_ERROR(control) || hdm->dvsec + length > pdev->cfg_size) {
		pci_err(pdev, "refused: configuration space does not answer sensibly\n");
		return -ENODEV;
	}
	hdm->dvsec_header = header;
	hdm->dvsec_capability = capability;
	/* 3 is reserved. */
	hdm->range_count = FIELD_GET(CXL_DEVICE_CAPABILITY_HDM_COUNT, capability);
	if (length < CXL_DEVICE_CAPABILITY3 || !(capability & CXL_DEVICE_CAPABILITY_MEM) ||
	    !hdm->range_count || hdm->range_count > CXL_VFIO_RANGES) {
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
	/* 10 ms to 100 s; the codes above are reserved. */
	hdm->reset_timeout_ms = 10;
	for (i = 0; i < min(FIELD_GET(CXL_DEVICE_CAPABILITY_RESET_TIMEOUT, capability), 4); i++)
		hdm->reset_timeout_ms *= 10;
	hdm->control_enables = control & (CXL_DEVICE_CONTROL_MEM_ENABLE |
					  CXL_DEVICE_CONTROL_CACHE_ENABLE);
	return find_absorbed(hdm);
}

/* Attach the committed region through the CXL core and check that it is our decoder's. */
static int attach_region(struct cxl_vfio_hdm *hdm, struct cxl_vfio_endpoint *endpoint)
{
	struct range window = { .start = 0, .end = -1 };
	struct cxl_memdev *memdev;
	unsigned int empty;
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
		empty = other_committed_decoder(hdm, true);
		if (empty)
			pci_err(hdm->pdev, "refused: no committed CXL region for decoder 0 (%pe): the CXL core of Linux 7.3 does not take decoder %u, committed with zero size\n",
				ERR_PTR(ret), empty);
		else
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
	ret = cxl_vfio_check_capabilities(pdev);
	if (!ret)
		ret = cxl_vfio_check_register_locator(pdev);
	if (!ret)
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
	/* The CXL core computes the size from a count that it does not check. */
	if (map->hdm_decoder.size > cxl_hdm_length(CXL_HDM_MAX_DECODERS) ||
	    map->hdm_decoder.offset < CXL_COMPONENT_CM_OFFSET + CXL_CM_ENTRY(1) ||
	    map->hdm_decoder.offset > CXL_COMPONENT_BLOCK_SIZE - map->hdm_decoder.size) {
		pci_err(pdev, "refused: HDM decoder capability of %#lx bytes at %#lx does not fit its block\n",
			map->hdm_decoder.size, map->hdm_decoder.offset);
		return ERR_PTR(-ENXIO);
	}

	hdm->array_distance = map->hdm_decoder.offset - CXL_COMPONENT_CM_OFFSET;
	hdm->view_bar = cxl_vfio_window_bar_find(pdev);

	/* The CXL core requests this block for itself: ours is a second view, not an owner. */
	hdm->registers_start = endpoint->cxlds.reg_map.resource + map->hdm_decoder.offset;
	hdm->registers = devm_ioremap(&pdev->dev, hdm->registers_start, map->hdm_decoder.size);
	if (!hdm->registers) {
		pci_err(pdev, "refused: the HDM decoder registers at %pa cannot be mapped\n",
			&hdm->registers_start);
		return ERR_PTR(-ENOMEM);
	}

	ret = wait_media_ready(hdm);
	if (!ret)
		ret = take_snapshot(hdm, map->hdm_decoder.size);
	if (!ret)
		ret = cxl_vfio_bar_attach(hdm);
	if (!ret)
		ret = cxl_vfio_window_check_free(hdm);
	if (!ret)
		ret = attach_region(hdm, endpoint);
	if (!ret)
		ret = cxl_vfio_window_own(hdm);
	return ret ? ERR_PTR(ret) : hdm;
}
