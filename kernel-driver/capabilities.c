// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is what configuration space says of itself fit for the kernel's own code? In Linux 7.3 the CXL
 * core and vfio-pci-core take lengths and places from it that they do not check: a length past the
 * end makes vfio-pci-core write past its map (vfio_ecap_init()), two DVSECs that point at each
 * other make pci_find_dvsec_capability() run for ever, a register block in a BAR that is too small
 * makes the CXL core read past it (cxl_probe_component_regs()). So everything is looked at before
 * they are called. A device that answers otherwise a moment later is out of reach from here.
 */
#include <linux/bitfield.h>
#include <linux/bitmap.h>

#include "cxl_vfio_pci.h"

/* All ones past the end of configuration space, where a capability close to the end leads us. */
static u32 read_dword(struct pci_dev *pdev, unsigned int at)
{
	u32 value;

	PCI_SET_ERROR_RESPONSE(&value);
	if (at + sizeof(value) <= pdev->cfg_size)
		pci_read_config_dword(pdev, at, &value);
	return value;
}

static unsigned int virtual_channel_length(struct pci_dev *pdev, unsigned int at)
{
	u32 arbitration = read_dword(pdev, at + PCI_VC_PORT_CAP2);
	unsigned int count = 1 + (read_dword(pdev, at + PCI_VC_PORT_CAP1) & PCI_VC_CAP1_EVCC);
	unsigned int length = PCI_CAP_VC_BASE_SIZEOF + count * PCI_CAP_VC_PER_VC_SIZEOF;

	/* A table of up to 128 phases of half a byte, in units of 16 bytes. */
	if (arbitration & (PCI_VC_CAP2_32_PHASE | PCI_VC_CAP2_64_PHASE | PCI_VC_CAP2_128_PHASE))
		length = round_up(length, 16) + 64;
	return length;
}

static unsigned int acs_length(struct pci_dev *pdev, unsigned int at)
{
	u32 value = read_dword(pdev, at + PCI_ACS_CAP);
	unsigned int bits = value >> 8 & 0xff;

	if (!(value & PCI_ACS_EC))
		return 8;
	return 8 + (bits ? round_up(bits, 32) : 256) / 8;
}

static unsigned int tph_length(struct pci_dev *pdev, unsigned int at)
{
	u32 value = read_dword(pdev, at + PCI_TPH_CAP);

	if ((value & PCI_TPH_CAP_LOC_MASK) != PCI_TPH_LOC_CAP)
		return PCI_TPH_BASE_SIZEOF;
	return PCI_TPH_BASE_SIZEOF + 2 * (1 + FIELD_GET(PCI_TPH_CAP_ST_MASK, value));
}

/* At least what vfio-pci-core takes for the length; 0 for those that it leaves out. */
static unsigned int extended_length(struct pci_dev *pdev, unsigned int id, unsigned int at)
{
	switch (id) {
	case PCI_EXT_CAP_ID_VNDR:
		return PCI_VNDR_HEADER_LEN(read_dword(pdev, at + PCI_VNDR_HEADER));
	case PCI_EXT_CAP_ID_DVSEC:
		return PCI_DVSEC_HEADER1_LEN(read_dword(pdev, at + PCI_DVSEC_HEADER1));
	case PCI_EXT_CAP_ID_VC:
	case PCI_EXT_CAP_ID_VC9:
	case PCI_EXT_CAP_ID_MFVC:
		return virtual_channel_length(pdev, at);
	case PCI_EXT_CAP_ID_ACS:
		return acs_length(pdev, at);
	case PCI_EXT_CAP_ID_TPH:
		return tph_length(pdev, at);
	case PCI_EXT_CAP_ID_REBAR:
		return 4 + 8 * FIELD_GET(PCI_REBAR_CTRL_NBAR_MASK,
					 read_dword(pdev, at + PCI_REBAR_CTRL));
	case PCI_EXT_CAP_ID_DPA:
		return PCI_DPA_BASE_SIZEOF + 1 +
		       (read_dword(pdev, at + PCI_DPA_CAP) & PCI_DPA_CAP_SUBSTATE_MASK);
	case PCI_EXT_CAP_ID_ERR:
		return PCI_ERR_ROOT_COMMAND;
	case PCI_EXT_CAP_ID_SRIOV:
		return PCI_EXT_CAP_SRIOV_SIZEOF;
	case PCI_EXT_CAP_ID_MCAST:
		return PCI_EXT_CAP_MCAST_ENDPOINT_SIZEOF;
	case PCI_EXT_CAP_ID_DSN:
		return PCI_EXT_CAP_DSN_SIZEOF;
	case PCI_EXT_CAP_ID_PWR:
		return PCI_EXT_CAP_PWR_SIZEOF;
	case PCI_EXT_CAP_ID_PRI:
		return PCI_EXT_CAP_PRI_SIZEOF;
	case PCI_EXT_CAP_ID_ARI:
	case PCI_EXT_CAP_ID_ATS:
	case PCI_EXT_CAP_ID_LTR:
		return 8;
	default:
		return 0;
	}
}

/*
 * vfio-pci-core finds where a capability begins by looking back for another one's bytes, and then
 * its permission table by the distance: two of a kind side by side would read past that table.
 * These have none.
 */
static bool may_be_several(unsigned int id)
{
	return id == PCI_EXT_CAP_ID_VNDR || id == PCI_EXT_CAP_ID_DVSEC;
}

static int check_extended(struct pci_dev *pdev, unsigned int at, u32 header, unsigned long *kinds)
{
	unsigned int id = PCI_EXT_CAP_ID(header);
	unsigned int length = extended_length(pdev, id, at);

	if (at + max(length, 4u) > pdev->cfg_size) {
		dev_err_ratelimited(&pdev->dev, "refused: extended capability %#x at %#x says that it ends at %#x, behind configuration space\n",
				    id, at, at + length);
		return -ENXIO;
	}
	if (length && !may_be_several(id) && __test_and_set_bit(id, kinds)) {
		dev_err_ratelimited(&pdev->dev, "refused: a second extended capability %#x, at %#x\n",
				    id, at);
		return -ENXIO;
	}
	return 0;
}

/* The standard list: vfio-pci-core bounds its walk, but takes places and kinds as they come. */
static int check_standard(struct pci_dev *pdev)
{
	unsigned int tries = (PCI_CFG_SPACE_SIZE - PCI_STD_HEADER_SIZEOF) / PCI_CAP_SIZEOF;
	DECLARE_BITMAP(kinds, PCI_CAP_ID_MAX + 1) = {};
	u16 status, header;
	u8 at, id;

	pci_read_config_word(pdev, PCI_STATUS, &status);
	if (!(status & PCI_STATUS_CAP_LIST))
		return 0;
	pci_read_config_byte(pdev, PCI_CAPABILITY_LIST, &at);
	for (; at && tries--; at = header >> 8) {
		if (at < PCI_STD_HEADER_SIZEOF || !IS_ALIGNED(at, sizeof(u32))) {
			dev_err_ratelimited(&pdev->dev, "refused: a capability at %#x, where none can be\n",
					    at);
			return -ENXIO;
		}
		pci_read_config_word(pdev, at, &header);
		id = header & 0xff;
		if (!id || id > PCI_CAP_ID_MAX || id == PCI_CAP_ID_VNDR || id == PCI_CAP_ID_HT)
			continue;
		if (__test_and_set_bit(id, kinds)) {
			dev_err_ratelimited(&pdev->dev, "refused: a second capability %#x, at %#x\n",
					    id, at);
			return -ENXIO;
		}
	}
	return 0;
}

/**
 * cxl_vfio_check_capabilities - does every extended capability end, and the list of them?
 * @pdev: the PCI function
 *
 * The standard ones are looked at, too. Asked at bind and before every open, which makes
 * vfio-pci-core read the lists anew.
 *
 * Return: 0, or -ENXIO after one line in the log.
 */
int cxl_vfio_check_capabilities(struct pci_dev *pdev)
{
	DECLARE_BITMAP(seen, CXL_VFIO_MAX_CAPABILITIES) = {};
	DECLARE_BITMAP(kinds, PCI_EXT_CAP_ID_MAX + 1) = {};
	unsigned int at = PCI_CFG_SPACE_SIZE;
	u32 header;
	int ret;

	if (pdev->cfg_size < PCI_CFG_SPACE_EXP_SIZE) {
		dev_err_ratelimited(&pdev->dev, "refused: no extended capability can be reached: configuration space ends at %#x\n",
				    pdev->cfg_size);
		return -ENXIO;
	}
	ret = check_standard(pdev);
	if (ret)
		return ret;
	while (at >= PCI_CFG_SPACE_SIZE) {
		if (__test_and_set_bit(at / sizeof(u32), seen)) {
			dev_err_ratelimited(&pdev->dev, "refused: the list of extended capabilities loops back to the extended capability at %#x\n",
					    at);
			return -ENXIO;
		}
		header = read_dword(pdev, at);
		if (PCI_POSSIBLE_ERROR(header)) {
			dev_err_ratelimited(&pdev->dev, "refused: the extended capability at %#x reads all ones\n",
					    at);
			return -ENXIO;
		}
		ret = check_extended(pdev, at, header, kinds);
		if (ret)
			return ret;
		at = PCI_EXT_CAP_NEXT(header);
	}
	return 0;
}

/* Is there a whole block of component registers where entry @low, @high of the locator says? */
static int check_component_entry(struct pci_dev *pdev, u32 low, u32 high)
{
	unsigned int bar = FIELD_GET(CXL_REGISTER_LOCATOR_BIR, low);
	u64 offset = (u64)high << 32 | (low & CXL_REGISTER_LOCATOR_OFFSET_LOW);
	u64 length = bar < PCI_STD_NUM_BARS && pci_resource_flags(pdev, bar) & IORESOURCE_MEM ?
		     pci_resource_len(pdev, bar) : 0;

	if (length >= CXL_COMPONENT_BLOCK_SIZE && offset <= length - CXL_COMPONENT_BLOCK_SIZE)
		return 0;
	pci_err(pdev, "refused: the register locator places component registers at %#llx in BAR %u, which has %#llx bytes of memory\n",
		offset, bar, length);
	return -ENXIO;
}

/**
 * cxl_vfio_check_register_locator - are the component registers in a BAR, all of them?
 * @pdev: the PCI function, after cxl_vfio_check_capabilities()
 *
 * Return: 0, also without a register locator, which the CXL core makes out itself; or -ENXIO after
 * one line in the log.
 */
int cxl_vfio_check_register_locator(struct pci_dev *pdev)
{
	u16 locator = pci_find_dvsec_capability(pdev, CXL_VENDOR_ID, CXL_DVSEC_ID_REGISTER_LOCATOR);
	unsigned int length, entry;
	u32 low, high;
	int ret = 0;

	if (!locator)
		return 0;
	length = PCI_DVSEC_HEADER1_LEN(read_dword(pdev, locator + PCI_DVSEC_HEADER1));
	/* The CXL core divides what is left after the header, as an unsigned number. */
	if (length < CXL_REGISTER_LOCATOR_ENTRY(1)) {
		pci_err(pdev, "refused: a register locator of %u bytes has no entry\n", length);
		return -ENXIO;
	}
	for (entry = 0; !ret && CXL_REGISTER_LOCATOR_ENTRY(entry + 1) <= length; entry++) {
		low = read_dword(pdev, locator + CXL_REGISTER_LOCATOR_ENTRY(entry));
		high = read_dword(pdev, locator + CXL_REGISTER_LOCATOR_ENTRY(entry) +
				  CXL_REGISTER_LOCATOR_HIGH);
		if (FIELD_GET(CXL_REGISTER_LOCATOR_BLOCK_ID, low) == CXL_REGISTER_BLOCK_COMPONENT)
			ret = check_component_entry(pdev, low, high);
	}
	return ret;
}
