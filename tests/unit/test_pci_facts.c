// SPDX-License-Identifier: GPL-2.0-or-later
/* BARs, error counters, ids and link of a PCI function, from good and from hostile input. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "core/discovery/aer.h"
#include "core/discovery/bars.h"
#include "core/discovery/pci_config.h"
#include "unit.h"

#define NO_BAR	"0x0000000000000000 0x0000000000000000 0x0000000000000000\n"

static void test_bars(void **state)
{
	static const char text[] =
		"0x00000000fe800000 0x00000000fe83ffff 0x0000000000140204\n"
		NO_BAR
		"0x0000004000000000 0x0000004fffffffff 0x000000000014220c\n"
		NO_BAR
		"0x000000000000c000 0x000000000000c01f 0x0000000000040101\n"
		"0x0000000000000000 0x0000000000000fff 0x0000000020040200\n"
		"0x00000000fea00000 0x00000000fea0ffff 0x0000000000046200\n"
		/* virtual functions and windows: not the function's own */
		"0x0000000000001000 0x0000000000000000 0x0000000000000200\n";
	struct cxv_bars bars;

	assert_int_equal(cxv_bars_parse(text, &bars), 0);
	assert_int_equal(bars.count, 5);
	assert_int_equal(bars.items[0].index.value, 0);
	assert_true(bars.items[0].resource.known && bars.items[0].resource.value == 0xfe800000);
	assert_int_equal(bars.items[0].size.value, 0x40000);
	assert_int_equal(bars.items[0].width.value, 64);
	assert_int_equal(bars.items[0].prefetchable.value, 0);
	assert_string_equal(bars.items[0].type, "memory");
	assert_string_equal(bars.items[1].name, "bar2");
	assert_true(bars.items[1].size.value == 0x1000000000);
	assert_int_equal(bars.items[1].prefetchable.value, 1);
	assert_string_equal(bars.items[2].type, "io");
	assert_int_equal(bars.items[2].width.value, 32);
	/* It has a size but no place. */
	assert_false(bars.items[3].resource.known);
	assert_int_equal(bars.items[3].resource.error, ENXIO);
	assert_int_equal(bars.items[3].size.value, 0x1000);
	assert_int_equal(bars.items[4].index.value, CXV_BAR_ROM);
	assert_string_equal(bars.items[4].name, "rom");
	cxv_bars_clear(&bars);
}

static void test_bad_bars(void **state)
{
	static const char *const texts[] = {
		"", "\n", "0x0", NO_BAR, NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR,
		"0 0 0\n" NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR,
		"0x2000 0xfff 0x200\n" NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR,
		"0x0 0xffffffffffffffff 0x200\n" NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR,
		"0x0 0x10000000000000000 0x200\n" NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR,
		"0x0 0xfff 0x1\n" NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR,
		"0x 0xfff 0x200\n" NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR,
		NO_BAR NO_BAR "0x0  0xfff 0x200\n" NO_BAR NO_BAR NO_BAR NO_BAR,
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct cxv_bars bars;

		assert_int_equal(cxv_bars_parse(texts[i], &bars), -EINVAL);
		assert_int_equal(bars.error, EINVAL);
		assert_null(bars.items);
		assert_int_equal(bars.count, 0);
	}
}

static void test_aer(void **state)
{
	struct cxv_aer aer = { 0 };

	assert_int_equal(cxv_aer_parse("RxErr 0\nBadTLP 12\nTimeout 3\nTOTAL_ERR_COR 15\n",
				       CXV_AER_CORRECTABLE, &aer), 0);
	assert_int_equal(cxv_aer_parse("PoisonTLP 0\nTOTAL_ERR_NONFATAL 0", CXV_AER_NONFATAL, &aer),
			 0);
	assert_int_equal(cxv_aer_parse("_bit[31] 18446744073709551615\nTOTAL_ERR_FATAL 1\n",
				       CXV_AER_FATAL, &aer), 0);
	assert_int_equal(aer.correctable.value, 15);
	assert_true(aer.nonfatal.known && !aer.nonfatal.value);
	assert_int_equal(aer.fatal.value, 1);
	assert_int_equal(aer.counter_count, 3);
	assert_string_equal(aer.counters[0].name, "BadTLP");
	assert_int_equal(aer.counters[0].count, 12);
	assert_int_equal(aer.counters[0].severity, CXV_AER_CORRECTABLE);
	assert_string_equal(aer.counters[2].name, "_bit[31]");
	assert_true(aer.counters[2].count == UINT64_MAX);
	assert_string_equal(cxv_aer_severity_name(aer.counters[2].severity), "fatal");
	cxv_aer_clear(&aer);
}

static void test_bad_aer(void **state)
{
	static const char *const texts[] = {
		"", "\n", "BadTLP 1\n", "BadTLP\nTOTAL_ERR_COR 1\n", " 1\nTOTAL_ERR_COR 1\n",
		"TOTAL_ERR_COR -1\n", "BadTLP 1\nTOTAL_ERR_COR 1x\n", "BadTLP  1\nTOTAL_ERR_COR 1",
		"TOTAL_ERR_COR 18446744073709551616\n", "TOTAL_ERR_COR 1\n\n",
	};
	struct cxv_aer aer = { 0 };
	char endless[4096] = "";

	assert_int_equal(cxv_aer_parse("DLP 1\nTOTAL_ERR_FATAL 1\n", CXV_AER_FATAL, &aer), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(cxv_aer_parse(texts[i], CXV_AER_CORRECTABLE, &aer), -EINVAL);
		assert_false(aer.correctable.known);
		assert_int_equal(aer.correctable.error, EINVAL);
		/* What is known of another severity stays. */
		assert_int_equal(aer.counter_count, 1);
		assert_string_equal(aer.counters[0].name, "DLP");
	}
	for (unsigned int i = 0; i < 200; i++)
		strcat(endless, "Receiver 1\n");
	strcat(endless, "TOTAL_ERR_COR 200\n");
	assert_int_equal(cxv_aer_parse(endless, CXV_AER_CORRECTABLE, &aer), -EINVAL);
	assert_int_equal(aer.counter_count, 1);
	cxv_aer_clear(&aer);
}

static void put16(uint8_t *image, size_t offset, uint16_t value)
{
	image[offset] = value;
	image[offset + 1] = value >> 8;
}

/* A function with its PCI Express capability at 0x60, behind another one. */
static void make_config(uint8_t image[static PCI_CFG_SPACE_SIZE])
{
	memset(image, 0, PCI_CFG_SPACE_SIZE);
	put16(image, PCI_VENDOR_ID, 0x1e98);
	put16(image, PCI_DEVICE_ID, 0xe2e2);
	put16(image, PCI_STATUS, PCI_STATUS_CAP_LIST);
	image[PCI_REVISION_ID] = 0x05;
	image[PCI_CLASS_PROG] = 0x10;
	put16(image, PCI_CLASS_DEVICE, 0x1200);
	put16(image, PCI_SUBSYSTEM_VENDOR_ID, 0x10de);
	put16(image, PCI_SUBSYSTEM_ID, 0x0042);
	image[PCI_CAPABILITY_LIST] = 0x40;
	image[0x40] = PCI_CAP_ID_PM;
	image[0x41] = 0x60;
	image[0x60] = PCI_CAP_ID_EXP;
	put16(image, 0x60 + PCI_EXP_FLAGS, 2);
	put16(image, 0x60 + PCI_EXP_LNKCAP, 16 << 4 | 5);
	put16(image, 0x60 + PCI_EXP_LNKSTA, 8 << 4 | 4);
	put16(image, 0x60 + PCI_EXP_LNKCAP2, 0x3e);
}

static void clear_pci(struct cxv_pci *pci)
{
	cxv_fields_free(pci, &cxv_pci_fields);
	*pci = (struct cxv_pci) { 0 };
}

static void test_config(void **state)
{
	uint8_t image[PCI_CFG_SPACE_SIZE];
	struct cxv_pci pci = { 0 };

	make_config(image);
	cxv_pci_config_decode(image, sizeof(image), &pci);
	assert_int_equal(pci.vendor.value, 0x1e98);
	assert_int_equal(pci.device.value, 0xe2e2);
	assert_int_equal(pci.class.value, 0x120010);
	assert_int_equal(pci.revision.value, 5);
	assert_int_equal(pci.subsystem_vendor.value, 0x10de);
	assert_int_equal(pci.subsystem_device.value, 0x42);
	assert_string_equal(pci.current_link_speed.value, "16.0 GT/s PCIe");
	assert_int_equal(pci.current_link_width.value, 8);
	assert_string_equal(pci.max_link_speed.value, "32.0 GT/s PCIe");
	assert_int_equal(pci.max_link_width.value, 16);
	clear_pci(&pci);

	/* Before version 2 of the capability there is no list of speeds. */
	put16(image, 0x60 + PCI_EXP_FLAGS, 1);
	put16(image, 0x60 + PCI_EXP_LNKCAP, 1 << 4 | 2);
	cxv_pci_config_decode(image, sizeof(image), &pci);
	assert_string_equal(pci.max_link_speed.value, "5.0 GT/s PCIe");
	clear_pci(&pci);

	put16(image, 0x60 + PCI_EXP_LNKSTA, 15);
	put16(image, 0x60 + PCI_EXP_LNKCAP, 15);
	cxv_pci_config_decode(image, sizeof(image), &pci);
	assert_string_equal(pci.current_link_speed.value, "Unknown");
	assert_string_equal(pci.max_link_speed.value, "Unknown");
	clear_pci(&pci);

	/* Nor of those that leave it empty. */
	put16(image, 0x60 + PCI_EXP_FLAGS, 2);
	put16(image, 0x60 + PCI_EXP_LNKCAP, 16 << 4 | 5);
	put16(image, 0x60 + PCI_EXP_LNKCAP2, 0);
	cxv_pci_config_decode(image, sizeof(image), &pci);
	assert_string_equal(pci.max_link_speed.value, "32.0 GT/s PCIe");
	clear_pci(&pci);

	/* Inside a root complex there is no link. */
	put16(image, 0x60 + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_RC_END << 4);
	cxv_pci_config_decode(image, sizeof(image), &pci);
	assert_true(pci.vendor.known);
	assert_false(pci.current_link_width.known);
	clear_pci(&pci);
}

/* Of PCI Express, or of conventional PCI's Advanced Features, which need both bits. */
static void test_flr(void **state)
{
	static const struct {
		unsigned int express, features;
		bool flr;
	} cases[] = {
		{ 0, 0, false }, { PCI_EXP_DEVCAP_FLR, 0, true },
		{ 0, PCI_AF_CAP_TP | PCI_AF_CAP_FLR, true }, { 0, PCI_AF_CAP_FLR, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t image[PCI_CFG_SPACE_SIZE];
		struct cxv_pci pci = { 0 };

		make_config(image);
		image[0x60 + PCI_EXP_DEVCAP + 3] = cases[i].express >> 24;
		image[0x61] = 0xa0;
		image[0xa0] = PCI_CAP_ID_AF;
		image[0xa0 + PCI_AF_CAP] = cases[i].features;
		cxv_pci_config_decode(image, sizeof(image), &pci);
		assert_true(pci.flr_capable.known);
		assert_int_equal(pci.flr_capable.value, cases[i].flr);
		clear_pci(&pci);
	}
}

static void test_hidden_config(void **state)
{
	uint8_t image[PCI_CFG_SPACE_SIZE];
	struct cxv_pci pci = { 0 };

	make_config(image);
	/* What an unprivileged user sees. */
	cxv_pci_config_decode(image, 64, &pci);
	assert_true(pci.subsystem_device.known);
	assert_false(pci.current_link_width.known);
	assert_null(pci.current_link_speed.value);
	clear_pci(&pci);
	cxv_pci_config_decode(image, 63, &pci);
	assert_false(pci.vendor.known);
	/* A virtual function has no ids of its own, and all else. */
	put16(image, PCI_VENDOR_ID, 0xffff);
	put16(image, PCI_DEVICE_ID, 0xffff);
	cxv_pci_config_decode(image, sizeof(image), &pci);
	assert_false(pci.vendor.known);
	assert_false(pci.device.known);
	assert_true(pci.class.known);
	clear_pci(&pci);
	put16(image, PCI_DEVICE_ID, 0x1234);
	cxv_pci_config_decode(image, sizeof(image), &pci);
	assert_int_equal(pci.vendor.value, 0xffff);
	assert_int_equal(pci.device.value, 0x1234);
	clear_pci(&pci);
	/* A device that is gone has nothing. */
	memset(image, 0xff, sizeof(image));
	cxv_pci_config_decode(image, sizeof(image), &pci);
	assert_false(pci.class.known);
	/* A bridge has something else where subsystem ids are. */
	make_config(image);
	image[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE | 0x80;
	cxv_pci_config_decode(image, 64, &pci);
	assert_true(pci.vendor.known);
	assert_false(pci.subsystem_vendor.known);
	clear_pci(&pci);
}

static void test_hostile_config(void **state)
{
	struct cxv_pci pci = { 0 };
	uint8_t image[PCI_CFG_SPACE_SIZE];
	unsigned int seed = 1;

	/* A list that comes back to itself, and a capability that does not fit. */
	make_config(image);
	image[0x60] = PCI_CAP_ID_PM;
	image[0x61] = 0x40;
	cxv_pci_config_decode(image, sizeof(image), &pci);
	assert_false(pci.current_link_width.known);
	clear_pci(&pci);
	make_config(image);
	image[0x41] = 0xfc;
	image[0xfc] = PCI_CAP_ID_EXP;
	cxv_pci_config_decode(image, sizeof(image), &pci);
	assert_false(pci.current_link_width.known);
	clear_pci(&pci);
	for (unsigned int round = 0; round < 20000; round++) {
		size_t size = round % (sizeof(image) + 1);
		uint8_t *copy = malloc(size ?: 1);

		assert_non_null(copy);
		for (size_t i = 0; i < size; i++) {
			seed = seed * 1103515245 + 12345;
			copy[i] = seed >> 16;
		}
		cxv_pci_config_decode(copy, size, &pci);
		clear_pci(&pci);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bars),
		cmocka_unit_test(test_bad_bars),
		cmocka_unit_test(test_aer),
		cmocka_unit_test(test_bad_aer),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_flr),
		cmocka_unit_test(test_hidden_config),
		cmocka_unit_test(test_hostile_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
