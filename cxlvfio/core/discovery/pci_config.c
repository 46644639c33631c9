// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/pci_config.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "cxl_regs.h"

/* Each capability takes at least a dword of what is behind the header. */
#define CAPABILITIES_MAX	((PCI_CFG_SPACE_SIZE - PCI_STD_HEADER_SIZEOF) / 4)

static void decode_ids(const uint8_t *image, struct cxv_pci *pci)
{
	uint32_t class = cxv_dword_at(image, PCI_CLASS_REVISION);

	/* A virtual function has none of its own: both read all ones. */
	if (cxv_dword_at(image, PCI_VENDOR_ID) != UINT32_MAX) {
		pci->vendor = cxv_known(cxv_word_at(image, PCI_VENDOR_ID));
		pci->device = cxv_known(cxv_word_at(image, PCI_DEVICE_ID));
	}
	pci->class = cxv_known(class >> 8);
	pci->revision = cxv_known(class & 0xff);
	/* Bridges have other registers there. */
	if ((image[PCI_HEADER_TYPE] & PCI_HEADER_TYPE_MASK) != PCI_HEADER_TYPE_NORMAL)
		return;
	pci->subsystem_vendor = cxv_known(cxv_word_at(image, PCI_SUBSYSTEM_VENDOR_ID));
	pci->subsystem_device = cxv_known(cxv_word_at(image, PCI_SUBSYSTEM_ID));
}

/* Offset of the capability ID, 0: it is not in the image. */
static size_t find_capability(const uint8_t *image, size_t size, unsigned int id)
{
	size_t offset;

	if (size < PCI_CFG_SPACE_SIZE || !(cxv_word_at(image, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	offset = image[PCI_CAPABILITY_LIST] & ~3u;
	for (unsigned int i = 0; i < CAPABILITIES_MAX && offset >= PCI_STD_HEADER_SIZEOF; i++) {
		if (image[offset + PCI_CAP_LIST_ID] == id)
			return offset;
		offset = image[offset + PCI_CAP_LIST_NEXT] & ~3u;
	}
	return 0;
}

/* Offset of the PCI Express capability with its second link registers, 0: not in the image. */
static size_t find_express(const uint8_t *image, size_t size)
{
	size_t offset = find_capability(image, size, PCI_CAP_ID_EXP);

	return offset + PCI_EXP_LNKSTA2 <= PCI_CFG_SPACE_SIZE ? offset : 0;
}

/* Speeds by their number in the link registers; drivers/pci/probe.c pci_speed_string(). */
static struct cxv_text speed_text(unsigned int speed)
{
	static const char *const names[] = {
		"Unknown", "2.5 GT/s PCIe", "5.0 GT/s PCIe", "8.0 GT/s PCIe", "16.0 GT/s PCIe",
		"32.0 GT/s PCIe", "64.0 GT/s PCIe",
	};
	struct cxv_text text = { .value = strdup(names[speed < ARRAY_SIZE(names) ? speed : 0]) };

	if (!text.value)
		text.error = ENOMEM;
	return text;
}

/* The fastest of the supported ones, which devices before PCI Express 3.0 do not list. */
static unsigned int fastest(const uint8_t *express)
{
	bool has_list = (cxv_word_at(express, PCI_EXP_FLAGS) & PCI_EXP_FLAGS_VERS) > 1;
	uint32_t list = has_list ? cxv_dword_at(express, PCI_EXP_LNKCAP2) : 0;
	unsigned int speeds = list >> 1 & 0x3f, speed = 0;

	if (!list)
		return cxv_dword_at(express, PCI_EXP_LNKCAP) & PCI_EXP_LNKCAP_SLS;
	while (speeds >> speed)
		speed++;
	return speed;
}

/* Those inside a root complex have no link of their own; the kernel does not read theirs. */
static bool has_link(const uint8_t *express)
{
	unsigned int type = cxl_field(cxv_word_at(express, PCI_EXP_FLAGS), PCI_EXP_FLAGS_TYPE);

	return type != PCI_EXP_TYPE_RC_END && type != PCI_EXP_TYPE_RC_EC;
}

static void decode_link(const uint8_t *express, struct cxv_pci *pci)
{
	unsigned int status = cxv_word_at(express, PCI_EXP_LNKSTA);
	uint32_t capability = cxv_dword_at(express, PCI_EXP_LNKCAP);

	pci->current_link_speed = speed_text(status & PCI_EXP_LNKSTA_CLS);
	pci->current_link_width = cxv_known((status & PCI_EXP_LNKSTA_NLW) >>
					    PCI_EXP_LNKSTA_NLW_SHIFT);
	pci->max_link_speed = speed_text(fastest(express));
	pci->max_link_width = cxv_known((capability & PCI_EXP_LNKCAP_MLW) >> 4);
}

/* By the PCI Express capability at EXPRESS, 0: none; or by that of Advanced Features. */
static void decode_flr(const uint8_t *image, size_t size, size_t express, struct cxv_pci *pci)
{
	const unsigned int both = PCI_AF_CAP_TP | PCI_AF_CAP_FLR;
	size_t features = find_capability(image, size, PCI_CAP_ID_AF);
	bool flr = features && features + PCI_AF_CAP < PCI_CFG_SPACE_SIZE &&
		   (image[features + PCI_AF_CAP] & both) == both;

	if (express)
		flr = flr || cxv_dword_at(image, express + PCI_EXP_DEVCAP) & PCI_EXP_DEVCAP_FLR;
	if (express || features)
		pci->flr_capable = cxv_known(flr);
}

void cxv_pci_config_decode(const uint8_t *image, size_t size, struct cxv_pci *pci)
{
	size_t express;

	if (size < PCI_STD_HEADER_SIZEOF || cxv_config_is_lost(image, size))
		return;
	decode_ids(image, pci);
	express = find_express(image, size);
	decode_flr(image, size, express, pci);
	if (express && has_link(image + express))
		decode_link(image + express, pci);
}

int cxv_pci_power_decode(const uint8_t *image, size_t size, struct cxv_text *state)
{
	/* As the kernel's attribute has them. */
	static const char *const names[] = { "D0", "D1", "D2", "D3hot" };
	size_t offset = find_capability(image, size, PCI_CAP_ID_PM);

	if (!offset || offset + PCI_PM_CTRL + 2 > PCI_CFG_SPACE_SIZE)
		return 0;
	state->value = strdup(names[cxv_word_at(image, offset + PCI_PM_CTRL) &
				    PCI_PM_CTRL_STATE_MASK]);
	return state->value ? 0 : -ENOMEM;
}
