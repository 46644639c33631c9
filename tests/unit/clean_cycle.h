/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cycle in which everything went as it must, for tests that take one thing away from it. */
#ifndef CXLVFIO_TESTS_CLEAN_CYCLE_H
#define CXLVFIO_TESTS_CLEAN_CYCLE_H

#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "core/proof/verify.h"
#include "cxl_regs.h"
#include "unit.h"

#define PAGES		65536ull
#define FAULTS		128ull
#define EXPRESS		0x40
#define DVSEC		0x100
#define ERRORS		0x180
#define CONTROL		((CXL_HDM_DECODER(0) + CXL_HDM_DECODER_CONTROL) / 4)

static inline void put(struct cxv_observation *observation, size_t offset, size_t width,
		       uint32_t value)
{
	for (size_t i = 0; i < width; i++)
		observation->config[offset + i] = value >> (8 * i);
}

static inline void put_both(struct cxv_cycle *cycle, size_t offset, size_t width, uint32_t value)
{
	put(&cycle->before, offset, width, value);
	put(&cycle->after, offset, width, value);
}

static inline void make_config(struct cxv_cycle *cycle)
{
	cycle->before.config_size = cycle->after.config_size = CXV_CONFIG_SIZE;
	cycle->before.config_live = cycle->after.config_live = true;
	put_both(cycle, PCI_VENDOR_ID, 4, 0xe2e21e98);
	put_both(cycle, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	put_both(cycle, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	put_both(cycle, PCI_BASE_ADDRESS_0, 4, 0xc0000004);
	put_both(cycle, PCI_CAPABILITY_LIST, 1, EXPRESS);
	put_both(cycle, EXPRESS, 2, PCI_CAP_ID_EXP);
	put_both(cycle, EXPRESS + PCI_EXP_DEVCTL, 2, 0x2810);
	put_both(cycle, DVSEC, 4, 0x00010023);
	put_both(cycle, DVSEC + CXL_DVSEC_HEADER1, 4, 0x03c31e98);
	put_both(cycle, DVSEC + CXL_DVSEC_HEADER2, 2, CXL_DVSEC_ID_DEVICE);
	put_both(cycle, DVSEC + CXL_DEVICE_CAPABILITY, 2,
		 cxl_field_prepare(CXL_DEVICE_CAPABILITY_HDM_COUNT, 1));
	put_both(cycle, DVSEC + CXL_DEVICE_CONTROL, 2, CXL_DEVICE_CONTROL_MEM_ENABLE);
	put_both(cycle, DVSEC + CXL_DEVICE_RANGE(0) + CXL_DEVICE_RANGE_SIZE_LOW, 4, 0x10000003);
}

static inline void make_mapping(struct cxv_mapping_result *mapping)
{
	mapping->populate = (struct cxv_pass) { .made = true, .pages = PAGES, .faults = FAULTS };
	mapping->before = (struct cxv_pass) { .made = true, .pages = PAGES, .retained = PAGES };
	mapping->after = (struct cxv_pass) {
		.made = true, .pages = PAGES, .faults = FAULTS, .retained = PAGES,
	};
	mapping->page_size = mapping->page_size_after = PAGE_2M;
	mapping->expected_faults = FAULTS;
}

static inline void make_driver(struct cxv_driver_account *driver, uint64_t count)
{
	*driver = (struct cxv_driver_account) {
		.present = true, .state = "active", .verdict = "ok", .last_path = "reset",
		.generation = count,
		.zap_count = count, .reactivate_count = count,
	};
}

#define MS	1000000ull

/* Through for 5 ms, refused for 110 ms, through again. */
static inline void make_way(struct cxv_watch_way *way)
{
	for (uint64_t at = 1; at <= 120; at++)
		cxv_watch_note(way, at * MS, at * MS + 10, at > 5 && at <= 115 ?
			       CXV_ACCESS_REFUSED : CXV_ACCESS_PASSED);
}

static inline void make_access(struct cxv_cycle *cycle)
{
	cycle->watch.made = true;
	make_way(&cycle->watch.mapping);
	make_way(&cycle->watch.file);
	cycle->reset_duration = 120 * MS;
	cycle->media = (struct cxv_media) {
		.known = true, .ranges = 1, .range_low = { 0x10000003 },
	};
	cycle->watch.both = true;
	make_way(&cycle->watch.bar_mapping);
	make_way(&cycle->watch.bar_file);
	for (unsigned int i = 0; i < CXV_WINDOW_VIEWS; i++)
		cycle->io_before[i] = cycle->io_after[i] = (struct cxv_read_write) {
			.made = true, .writes = true, .transfers = 50,
		};
	cycle->dma_buf.made = cycle->watch.dma = true;
	make_way(&cycle->watch.dma_buf);
	cycle->memory_type.write_back = true;
}

/* As region 9 and BAR 4, as the driver says. */
static inline void make_views(struct cxv_views *views)
{
	static const uint32_t indices[] = { [CXV_WINDOW_REGION] = 9, [CXV_WINDOW_BAR] = 4 };

	*views = (struct cxv_views) {
		.told = true, .bar_known = true, .bar = 4, .window = PAGES * CXV_PAGE_4K,
	};
	for (unsigned int i = 0; i < CXV_WINDOW_VIEWS; i++)
		views->views[i] = (struct cxv_shown_view) {
			.offered = true, .shown = true, .index = indices[i],
			.size = PAGES * CXV_PAGE_4K, .bytes = PAGES * CXV_PAGE_4K,
		};
}

/* A cycle in which everything went as it must, in both views. */
static inline struct cxv_cycle *clean_cycle(void)
{
	struct cxv_cycle *cycle = calloc(1, sizeof(*cycle));

	assert_non_null(cycle);
	cycle->number = 1;
	cycle->verify = true;
	cycle->counting_works = true;
	cycle->readiness = CXV_READY;
	strcpy(cycle->method_during, "flr");
	cycle->method_word = "flr";
	cycle->witness = (struct cxv_witness) { .known = true, .written = 77, .before = 77 };
	make_config(cycle);
	make_access(cycle);
	make_views(&cycle->views);
	for (unsigned int i = 0; i < CXV_MAPPING_COUNT; i++)
		make_mapping(&cycle->mappings[i]);
	make_driver(&cycle->before.driver, 4);
	make_driver(&cycle->after.driver, 5);
	cycle->before.hdm_count = cycle->after.hdm_count = cxl_hdm_length(1) / 4;
	cycle->before.hdm[CONTROL] = cycle->after.hdm[CONTROL] = 0x600;
	assert_false(cxv_attributes_add(&cycle->before.aer, "aer_dev_fatal", "A 0\nTOTAL 0"));
	assert_false(cxv_attributes_add(&cycle->after.aer, "aer_dev_fatal", "A 0\nTOTAL 0"));
	assert_false(cxv_attributes_add(&cycle->before.decoders, "decoder2.0/size", "0x10000000"));
	assert_false(cxv_attributes_add(&cycle->after.decoders, "decoder2.0/size", "0x10000000"));
	return cycle;
}

static inline void end(struct cxv_cycle *cycle)
{
	cxv_cycle_clear(cycle);
	free(cycle);
}

/* Judge, and demand VERDICT of CHECK and of the cycle, and WORD in the detail. */
static inline void demand(struct cxv_cycle *cycle, enum cxv_check_id check,
			 enum cxv_verdict verdict, const char *word)
{
	cxv_verify_cycle(cycle);
	assert_string_equal(cxv_verdict_name(cycle->checks[check].verdict),
			    cxv_verdict_name(verdict));
	if (!strstr(cycle->checks[check].detail, word))
		fail_msg("'%s' is not in '%s'", word, cycle->checks[check].detail);
}

static inline void demand_failure(struct cxv_cycle *cycle, enum cxv_check_id check,
				  const char *word)
{
	demand(cycle, check, CXV_FAIL, word);
	assert_int_equal(cycle->verdict, CXV_FAIL);
	end(cycle);
}

#endif
