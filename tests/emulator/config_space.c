// SPDX-License-Identifier: GPL-2.0-or-later
/* PCI and PCI Express configuration space; the CXL capabilities in it are in dvsec.c. */
#include <linux/pci_regs.h>

#include "config_space.h"
#include "cxl_emulated_endpoint.h"
#include "cxl_regs.h"
#include "endpoint.h"
#include "util.h"

/* Link: 32 GT/s (code 5), 16 lanes, all speeds below supported. */
#define LINK_SPEED_32GT		5u
#define LINK_WIDTH_16		(16u << 4)
#define LINK_ASPM_OPTIONAL	(1u << 22)
#define LINK_SPEEDS_2_5_TO_32	0x3eu

#define COMMAND_WRITABLE	(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | \
				 PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)
#define STATUS_ERRORS		(PCI_STATUS_PARITY | PCI_STATUS_SIG_TARGET_ABORT | \
				 PCI_STATUS_REC_TARGET_ABORT | PCI_STATUS_REC_MASTER_ABORT | \
				 PCI_STATUS_SIG_SYSTEM_ERROR | PCI_STATUS_DETECTED_PARITY)
#define DEVICE_CONTROL_INITIAL	(PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN | \
				 PCI_EXP_DEVCTL_READRQ_512B)
#define DEVICE_CONTROL_WRITABLE	0x7eff	/* all but phantom functions, and FLR, which reads 0 */
#define DEVICE_CONTROL2_WRITABLE 0x001f	/* completion timeout */
#define LINK_CONTROL_WRITABLE	0x01fb
#define AER_UNCORRECTABLE	0x007fff30u	/* all errors of an endpoint */
#define AER_UNCORRECTABLE_SEVERITY 0x00462030u	/* the defaults of the PCIe specification */
#define AER_CORRECTABLE		0x0000f1c1u
#define AER_CORRECTABLE_MASK	0x0000e000u	/* advisory, internal, header log overflow */

static const struct register_definition header_registers[] = {
	{ PCI_COMMAND, 2, .writable = COMMAND_WRITABLE },
	{ PCI_STATUS, 2, .initial = PCI_STATUS_CAP_LIST, .write_one_clears = STATUS_ERRORS },
	{ PCI_CLASS_REVISION, 4, .initial = CXL_EMULATED_CLASS << 8 },
	{ PCI_CACHE_LINE_SIZE, 1, .writable = 0xff },
	{ PCI_BASE_ADDRESS_0, 4, .initial = PCI_BASE_ADDRESS_MEM_TYPE_64 },
	{ PCI_BASE_ADDRESS_1, 4, .writable = UINT32_MAX },
	{ PCI_BASE_ADDRESS_2, 4, .initial = PCI_BASE_ADDRESS_MEM_TYPE_64,
	  .writable = ~(CXL_EMULATED_DEVICE_BAR_SIZE - 1u) },
	{ PCI_BASE_ADDRESS_3, 4, .writable = UINT32_MAX },
	{ PCI_CAPABILITY_LIST, 1, .initial = CAPABILITY_EXPRESS },
	{ PCI_INTERRUPT_LINE, 1, .writable = 0xff },
};

static const struct register_definition mirror_registers[] = {
	{ PCI_BASE_ADDRESS_4, 4, .initial = PCI_BASE_ADDRESS_MEM_TYPE_64,
	  .writable = ~(CXL_EMULATED_DEVICE_BAR_SIZE - 1u) },
	{ PCI_BASE_ADDRESS_5, 4, .writable = UINT32_MAX },
};

static const struct register_definition express_registers[] = {
	{ CAPABILITY_EXPRESS, 2, .initial = PCI_CAP_ID_EXP | CAPABILITY_POWER << 8 },
	{ CAPABILITY_EXPRESS + PCI_EXP_FLAGS, 2, .initial = 2 | PCI_EXP_TYPE_ENDPOINT << 4 },
	{ CAPABILITY_EXPRESS + PCI_EXP_DEVCAP, 4,
	  .initial = PCI_EXP_DEVCAP_FLR | PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_EXT_TAG | 1 },
	{ CAPABILITY_EXPRESS + PCI_EXP_DEVCTL, 2, .initial = DEVICE_CONTROL_INITIAL,
	  .writable = DEVICE_CONTROL_WRITABLE, .kept_by_flr = PCI_EXP_DEVCTL_PAYLOAD },
	{ CAPABILITY_EXPRESS + PCI_EXP_DEVSTA, 2,
	  .write_one_clears = PCI_EXP_DEVSTA_CED | PCI_EXP_DEVSTA_NFED | PCI_EXP_DEVSTA_FED |
			      PCI_EXP_DEVSTA_URD },
	{ CAPABILITY_EXPRESS + PCI_EXP_LNKCAP, 4,
	  .initial = LINK_SPEED_32GT | LINK_WIDTH_16 | LINK_ASPM_OPTIONAL },
	{ CAPABILITY_EXPRESS + PCI_EXP_LNKCTL, 2, .writable = LINK_CONTROL_WRITABLE,
	  .kept_by_flr = LINK_CONTROL_WRITABLE },
	{ CAPABILITY_EXPRESS + PCI_EXP_LNKSTA, 2, .initial = LINK_SPEED_32GT | LINK_WIDTH_16 },
	{ CAPABILITY_EXPRESS + PCI_EXP_DEVCAP2, 4, .initial = PCI_EXP_DEVCAP2_COMP_TMOUT_DIS | 1 },
	{ CAPABILITY_EXPRESS + PCI_EXP_DEVCTL2, 2, .writable = DEVICE_CONTROL2_WRITABLE },
	{ CAPABILITY_EXPRESS + PCI_EXP_LNKCAP2, 4, .initial = LINK_SPEEDS_2_5_TO_32 },
	{ CAPABILITY_EXPRESS + PCI_EXP_LNKCTL2, 2, .initial = LINK_SPEED_32GT,
	  .writable = PCI_EXP_LNKCTL2_TLS, .sticky = PCI_EXP_LNKCTL2_TLS },
};

static const struct register_definition power_registers[] = {
	{ CAPABILITY_POWER, 1, .initial = PCI_CAP_ID_PM },
	{ CAPABILITY_POWER + PCI_PM_PMC, 2, .initial = 3 },
	{ CAPABILITY_POWER + PCI_PM_CTRL, 2, .initial = PCI_PM_CTRL_NO_SOFT_RESET,
	  .writable = PCI_PM_CTRL_STATE_MASK },
};

static const struct register_definition error_registers[] = {
	{ CAPABILITY_ERRORS, 4, .initial = PCI_EXT_CAP_ID_ERR | 2u << 16 },
	{ CAPABILITY_ERRORS + PCI_ERR_UNCOR_STATUS, 4, .write_one_clears = AER_UNCORRECTABLE,
	  .sticky = UINT32_MAX },
	{ CAPABILITY_ERRORS + PCI_ERR_UNCOR_MASK, 4, .writable = AER_UNCORRECTABLE,
	  .sticky = UINT32_MAX },
	{ CAPABILITY_ERRORS + PCI_ERR_UNCOR_SEVER, 4, .initial = AER_UNCORRECTABLE_SEVERITY,
	  .writable = AER_UNCORRECTABLE, .sticky = UINT32_MAX },
	{ CAPABILITY_ERRORS + PCI_ERR_COR_STATUS, 4, .write_one_clears = AER_CORRECTABLE,
	  .sticky = UINT32_MAX },
	{ CAPABILITY_ERRORS + PCI_ERR_COR_MASK, 4, .initial = AER_CORRECTABLE_MASK,
	  .writable = AER_CORRECTABLE, .sticky = UINT32_MAX },
};

static void define_advanced_features(struct endpoint *endpoint, uint32_t next)
{
	const struct register_definition registers[] = {
		{ CAPABILITY_ADVANCED_FEATURES, 4,
		  .initial = PCI_CAP_ID_AF | next << 8 | PCI_CAP_AF_SIZEOF << 16 |
		  (uint32_t)(PCI_AF_CAP_TP | PCI_AF_CAP_FLR) << 24 },
	};

	registers_define(endpoint->config, registers, ARRAY_SIZE(registers));
}

/* The table and the pending bits are in the component BAR, in pages beside the block. */
static void define_msix(struct endpoint *endpoint)
{
	uint32_t table = component_block_offset(endpoint) ? 0 : CXL_COMPONENT_BLOCK_SIZE;
	const struct register_definition registers[] = {
		{ CAPABILITY_MSIX, 2, .initial = PCI_CAP_ID_MSIX },
		{ CAPABILITY_MSIX + PCI_MSIX_FLAGS, 2,
		  .initial = endpoint->options.msix_vectors - 1,
		  .writable = PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL },
		{ CAPABILITY_MSIX + PCI_MSIX_TABLE, 4, .initial = table |
		  CXL_EMULATED_COMPONENT_BAR },
		{ CAPABILITY_MSIX + PCI_MSIX_PBA, 4, .initial = (table + 0x1000) |
		  CXL_EMULATED_COMPONENT_BAR },
	};

	registers_define(endpoint->config, registers, ARRAY_SIZE(registers));
}

/* From the last of the list to the first, each with the next one's place. */
static void define_optional_capabilities(struct endpoint *endpoint)
{
	uint32_t next = 0;

	if (endpoint->options.msix_vectors) {
		define_msix(endpoint);
		next = CAPABILITY_MSIX;
	}
	if (endpoint->options.advanced_features) {
		define_advanced_features(endpoint, next);
		next = CAPABILITY_ADVANCED_FEATURES;
	}
	const struct register_definition link[] = {
		{ CAPABILITY_POWER + PCI_CAP_LIST_NEXT, 1, .initial = next },
	};
	registers_define(endpoint->config, link, ARRAY_SIZE(link));
}

void config_space_define(struct endpoint *endpoint)
{
	const struct endpoint_options *options = &endpoint->options;
	const struct register_definition identity_registers[] = {
		{ PCI_VENDOR_ID, 2, .initial = options->vendor },
		{ PCI_DEVICE_ID, 2, .initial = options->device },
		{ PCI_SUBSYSTEM_VENDOR_ID, 2, .initial = options->vendor },
		{ PCI_SUBSYSTEM_ID, 2, .initial = options->device },
		{ CAPABILITY_SERIAL, 4,
		  .initial = PCI_EXT_CAP_ID_DSN | 1u << 16 | CAPABILITY_CXL_DEVICE << 20 },
		{ CAPABILITY_SERIAL + 4, 4, .initial = (uint32_t)options->serial },
		{ CAPABILITY_SERIAL + 8, 4, .initial = (uint32_t)(options->serial >> 32) },
	};
	const uint32_t bar_mask = ~(component_bar_size(endpoint) - 1u);
	const struct register_definition bar_registers[] = {
		{ PCI_BASE_ADDRESS_0, 4, .writable = bar_mask },
	};
	struct register_word *config = endpoint->config;

	registers_define(config, bar_registers, ARRAY_SIZE(bar_registers));
	if (options->mirror)
		registers_define(config, mirror_registers, ARRAY_SIZE(mirror_registers));
	define_optional_capabilities(endpoint);
	registers_define(config, header_registers, ARRAY_SIZE(header_registers));
	registers_define(config, express_registers, ARRAY_SIZE(express_registers));
	registers_define(config, power_registers, ARRAY_SIZE(power_registers));
	registers_define(config, error_registers, ARRAY_SIZE(error_registers));
	registers_define(config, identity_registers, ARRAY_SIZE(identity_registers));
	dvsec_define(endpoint);
}

void config_space_reset(struct endpoint *endpoint, enum reset_kind kind)
{
	struct register_word *word;
	uint32_t kept;

	for (word = endpoint->config; word < endpoint->config + CONFIG_SPACE_SIZE / 4; word++) {
		kept = word->sticky;
		if (kind != RESET_VFIO)
			kept |= word->kept_by_flr;
		register_reset(word, kept);
	}
}

void config_space_write_word(struct endpoint *endpoint, uint32_t offset, uint32_t value,
			     uint32_t bytes)
{
	if (dvsec_owns(offset)) {
		dvsec_write_word(endpoint, offset, value, bytes);
		return;
	}
	register_write(&endpoint->config[offset / 4], value, bytes, false);
	if (offset == CAPABILITY_EXPRESS + PCI_EXP_DEVCTL &&
	    value & bytes & PCI_EXP_DEVCTL_BCR_FLR)
		endpoint_reset(endpoint, RESET_FLR);
	if (endpoint->options.advanced_features &&
	    offset == CAPABILITY_ADVANCED_FEATURES + PCI_AF_CTRL &&
	    value & bytes & PCI_AF_CTRL_FLR)
		endpoint_reset(endpoint, RESET_FLR);
}

void config_space_stick(struct endpoint *endpoint, uint32_t offset, uint32_t bits)
{
	struct register_word *word = &endpoint->config[offset / 4];
	size_t i;

	bits <<= 8 * (offset % 4);
	word->writable &= ~bits;
	word->value ^= bits;
	for (i = 0; !bits && i < ARRAY_SIZE(express_registers); i++) {
		if (express_registers[i].offset == offset)
			word->writable |= express_registers[i].writable << 8 * (offset % 4);
	}
}

void config_space_log_error(struct endpoint *endpoint, uint32_t bits)
{
	struct register_word *status =
		&endpoint->config[(CAPABILITY_ERRORS + PCI_ERR_COR_STATUS) / 4];

	status->value = bits;
	status->write_one_clears = AER_CORRECTABLE & ~bits;
}

uint32_t config_space_command(const struct endpoint *endpoint)
{
	return registers_get(endpoint->config, PCI_COMMAND, 2);
}

uint32_t config_space_power_state(const struct endpoint *endpoint)
{
	return registers_get(endpoint->config, CAPABILITY_POWER + PCI_PM_CTRL, 2) &
	       PCI_PM_CTRL_STATE_MASK;
}
