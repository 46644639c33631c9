// SPDX-License-Identifier: GPL-2.0-or-later
/* What contradicts what: a sound endpoint has no finding, each damage has its own. */
#include <errno.h>
#include <string.h>

#include "core/discovery/findings.h"
#include "cxl_vfio.h"
#include "unit.h"

#define BASE	0x140000000ull
#define SIZE	0x10000000ull

static void set(struct cxv_text *text, const char *value)
{
	free(text->value);
	*text = (struct cxv_text) { .value = strdup(value) };
	assert_non_null(text->value);
}

static void add_hdm(struct cxv_endpoint *endpoint)
{
	endpoint->hdm.enabled = cxv_known(1);
	endpoint->hdm.decoders = calloc(1, sizeof(*endpoint->hdm.decoders));
	assert_non_null(endpoint->hdm.decoders);
	endpoint->hdm.count = 1;
	endpoint->hdm.decoders[0] = (struct cxv_hdm_decoder) {
		.index = cxv_known(0), .resource = cxv_known(BASE), .size = cxv_known(SIZE),
		.interleave_ways = cxv_known(1), .committed = cxv_known(1), .error = cxv_known(0),
		.lock_on_commit = cxv_known(0), .target_type.value = "accelerator",
	};
}

static void add_kernel_view(struct cxv_endpoint *endpoint)
{
	set(&endpoint->memdev, "mem0");
	endpoint->decoders = calloc(1, sizeof(*endpoint->decoders));
	endpoint->regions = calloc(1, sizeof(*endpoint->regions));
	assert_non_null(endpoint->decoders);
	assert_non_null(endpoint->regions);
	endpoint->decoder_count = endpoint->region_count = 1;
	set(&endpoint->decoders[0].decoder, "decoder2.0");
	set(&endpoint->decoders[0].target_type, "accelerator");
	endpoint->decoders[0].resource = cxv_known(BASE);
	endpoint->decoders[0].size = cxv_known(SIZE);
	set(&endpoint->regions[0].region, "region0");
	set(&endpoint->regions[0].decode_state, "commit");
	endpoint->regions[0].resource = cxv_known(BASE);
	endpoint->regions[0].size = cxv_known(SIZE);
}

static void add_driver_view(struct cxv_endpoint *endpoint)
{
	set(&endpoint->driver, CXL_VFIO_DRIVER_NAME);
	endpoint->has_driver_view = true;
	set(&endpoint->driver_view.state, CXL_VFIO_STATE_CLOSED);
	set(&endpoint->driver_view.verdict, "not open");
	set(&endpoint->driver_view.scrub_result, CXL_VFIO_SCRUB_RESULT_DONE);
	set(&endpoint->driver_view.reset_result, CXL_VFIO_RESET_RESULT_DONE);
	endpoint->driver_view.refuse_count = cxv_known(0);
	endpoint->driver_view.window_base = cxv_known(BASE);
	endpoint->driver_view.window_size = cxv_known(SIZE);
	set(&endpoint->vfio.group_node, "/dev/vfio/6");
}

static void set_owner(struct cxv_owner *owner, const char *name, uint64_t base, uint64_t size)
{
	set(&owner->name, name);
	owner->resource = cxv_known(base);
	owner->size = cxv_known(size);
}

static void add_owners(struct cxv_endpoint *endpoint)
{
	endpoint->owners = calloc(4, sizeof(*endpoint->owners));
	assert_non_null(endpoint->owners);
	endpoint->owner_count = 4;
	set_owner(&endpoint->owners[0], "Soft Reserved", BASE - SIZE, 4 * SIZE);
	set_owner(&endpoint->owners[1], "CXL Window 0", BASE, 2 * SIZE);
	set_owner(&endpoint->owners[2], "region0", BASE, SIZE);
	set_owner(&endpoint->owners[3], CXL_VFIO_DRIVER_NAME, BASE, SIZE);
}

static void add_peer(struct cxv_endpoint *endpoint, const char *driver)
{
	endpoint->iommu_group_peers = calloc(1, sizeof(*endpoint->iommu_group_peers));
	assert_non_null(endpoint->iommu_group_peers);
	endpoint->peer_count = 1;
	set(&endpoint->iommu_group_peers[0].host, "0000:0c:00.0");
	set(&endpoint->iommu_group_peers[0].driver, driver);
}

static void set_link(struct cxv_endpoint *endpoint, const char *speed, unsigned int width)
{
	set(&endpoint->pci.max_link_speed, "64.0 GT/s PCIe");
	set(&endpoint->pci.current_link_speed, speed);
	endpoint->pci.max_link_width = cxv_known(16);
	endpoint->pci.current_link_width = cxv_known(width);
}

/* What libcxl says: RECORDS has a line a fact. */
static void answer(struct cxv_endpoint *endpoint, const char *records)
{
	char *text = strdup(records);

	assert_non_null(text);
	cxv_libcxl_release(endpoint->libcxl);
	endpoint->libcxl = cxv_libcxl_of_answer(text, strlen(text));
	assert_non_null(endpoint->libcxl);
	assert_int_equal(endpoint->libcxl->state, CXV_LIBCXL_ANSWERED);
}

/* Every witness has spoken, and they agree. */
static struct cxv_endpoint *sound(void)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");
	struct cxv_range *range;

	assert_non_null(endpoint);
	endpoint->dvsec.caps.cache = endpoint->dvsec.caps.mem = cxv_known(1);
	endpoint->dvsec.control.mem_enable = cxv_known(1);
	endpoint->dvsec.range_count = 1;
	range = &endpoint->dvsec.ranges[0];
	range->base = cxv_known(BASE);
	range->size = cxv_known(SIZE);
	range->info_valid = range->active = cxv_known(1);
	endpoint->iommu_group = cxv_known(6);
	endpoint->reset_methods.items = calloc(1, sizeof(char *));
	assert_non_null(endpoint->reset_methods.items);
	endpoint->reset_methods.items[0] = strdup("flr");
	endpoint->reset_methods.count = 1;
	add_owners(endpoint);
	add_hdm(endpoint);
	add_kernel_view(endpoint);
	add_driver_view(endpoint);
	add_peer(endpoint, "pcieport");
	answer(endpoint, "memdev\tmem0\thost\t0000:0d:00.0\n"
			 "decoder\tdecoder2.0\tsize\t268435456\n"
			 "decoder\tdecoder2.0\tmode\tram\nend\t\tall\t\n");
	set_link(endpoint, "64.0 GT/s PCIe", 16);
	endpoint->aer.correctable = cxv_known(7);
	endpoint->aer.nonfatal = endpoint->aer.fatal = cxv_known(0);
	return endpoint;
}

static void decide(struct cxv_endpoint *endpoint)
{
	assert_int_equal(cxv_endpoint_decide(endpoint), 0);
	assert_int_equal(cxv_findings_make(endpoint), 0);
}

static const struct cxv_finding *find(const struct cxv_endpoint *endpoint, const char *id)
{
	for (size_t i = 0; i < endpoint->findings.count; i++)
		if (!strcmp(endpoint->findings.items[i].id, id))
			return &endpoint->findings.items[i];
	return NULL;
}

static void test_sound(void **state)
{
	struct cxv_endpoint *endpoint = sound();

	decide(endpoint);
	assert_int_equal(endpoint->state, CXV_STATE_READY);
	assert_int_equal(endpoint->findings.count, 0);
	cxv_endpoint_free(endpoint);
}

/* What could not be read contradicts nothing. */
static void test_unreadable(void **state)
{
	struct cxv_endpoint *endpoint = sound();

	cxv_hdm_clear(&endpoint->hdm);
	endpoint->hdm.error = EBUSY;
	endpoint->dvsec.control.mem_enable = cxv_unknown(EACCES);
	endpoint->dvsec.ranges[0].base = cxv_unknown(EACCES);
	endpoint->decoders[0].resource = cxv_unknown(EACCES);
	endpoint->driver_view.window_base = cxv_unknown(EACCES);
	endpoint->iommu_group = cxv_unknown(EACCES);
	endpoint->reset_methods.error = EACCES;
	endpoint->owner_error = EACCES;
	decide(endpoint);
	assert_int_equal(endpoint->findings.count, 0);
	cxv_endpoint_free(endpoint);
}

/* A sentence has no value that was not read: not 0 in place of one. */
static void test_unknown_base(void **state)
{
	static const char *const ids[] = { "hdm_kernel_mismatch", "kernel_driver_mismatch" };
	struct cxv_endpoint *endpoint = sound();

	endpoint->decoders[0].resource = cxv_unknown(EACCES);
	endpoint->decoders[0].size = cxv_known(2 * SIZE);
	endpoint->driver_view.window_base = cxv_unknown(EACCES);
	endpoint->driver_view.window_size = cxv_known(2 * SIZE);
	decide(endpoint);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		const struct cxv_finding *finding = find(endpoint, ids[i]);

		assert_non_null(finding);
		assert_non_null(strstr(finding->message, "512M at an unknown address"));
		assert_null(strstr(finding->message, "0x0"));
	}
	cxv_endpoint_free(endpoint);
}

static void damage_lost(struct cxv_endpoint *endpoint)
{
	endpoint->dvsec.device_error = ENODEV;
}

static void damage_libcxl_memdev(struct cxv_endpoint *endpoint)
{
	answer(endpoint, "memdev\tmem7\thost\t0000:77:00.0\nend\t\tmemdevs\t\n");
}

static void damage_sysfs_memdev(struct cxv_endpoint *endpoint)
{
	free(endpoint->memdev.value);
	endpoint->memdev.value = NULL;
	answer(endpoint, "memdev\tmem0\thost\t0000:0d:00.0\nend\t\tmemdevs\t\n");
}

static void damage_libcxl_value(struct cxv_endpoint *endpoint)
{
	answer(endpoint, "memdev\tmem0\thost\t0000:0d:00.0\n"
			 "decoder\tdecoder2.0\tsize\t4096\nend\t\tall\t\n");
}

static void damage_changing(struct cxv_endpoint *endpoint)
{
	endpoint->changing = true;
}

static void damage_malformed(struct cxv_endpoint *endpoint)
{
	endpoint->dvsec.device_error = EILSEQ;
}

static void damage_mem_disabled(struct cxv_endpoint *endpoint)
{
	endpoint->dvsec.control.mem_enable = cxv_known(0);
}

static void damage_range_not_active(struct cxv_endpoint *endpoint)
{
	endpoint->dvsec.ranges[0].active = cxv_known(0);
}

static void damage_decoder_error(struct cxv_endpoint *endpoint)
{
	endpoint->hdm.decoders[0].error = cxv_known(1);
}

static void damage_not_committed(struct cxv_endpoint *endpoint)
{
	endpoint->hdm.decoders[0].committed = cxv_known(0);
	endpoint->decoder_count = 0;
	cxv_fields_free(&endpoint->decoders[0], &cxv_decoder_fields);
}

static void damage_reset_failed(struct cxv_endpoint *endpoint)
{
	set(&endpoint->driver_view.reset_result, CXL_VFIO_RESET_RESULT_FAILED);
}

/* Of another target type, interleaved and nowhere: none of that matters. */
static void damage_empty_decoder(struct cxv_endpoint *endpoint)
{
	struct cxv_hdm_decoder *decoders = reallocarray(endpoint->hdm.decoders, 2,
							sizeof(*decoders));

	assert_non_null(decoders);
	endpoint->hdm.decoders = decoders;
	endpoint->hdm.count = 2;
	decoders[1] = (struct cxv_hdm_decoder) {
		.index = cxv_known(1), .resource = cxv_known(0), .size = cxv_known(0),
		.interleave_ways = cxv_known(2), .committed = cxv_known(1), .error = cxv_known(0),
		.lock_on_commit = cxv_known(1), .target_type.value = "expander",
	};
}

/* It is the only one. */
static void damage_only_empty(struct cxv_endpoint *endpoint)
{
	damage_not_committed(endpoint);
	endpoint->hdm.decoders[0].committed = cxv_known(1);
	endpoint->hdm.decoders[0].size = cxv_known(0);
}

static void damage_locked_uncommitted(struct cxv_endpoint *endpoint)
{
	damage_not_committed(endpoint);
	endpoint->hdm.decoders[0].lock_on_commit = cxv_known(1);
}

static void damage_wrong_target_type(struct cxv_endpoint *endpoint)
{
	endpoint->hdm.decoders[0].target_type.value = "expander";
}

static void damage_wrong_kernel_target_type(struct cxv_endpoint *endpoint)
{
	set(&endpoint->decoders[0].target_type, "expander");
}

static void damage_interleaved(struct cxv_endpoint *endpoint)
{
	endpoint->hdm.decoders[0].interleave_ways = cxv_known(2);
}

static void damage_range(struct cxv_endpoint *endpoint)
{
	endpoint->dvsec.ranges[0].size = cxv_known(2 * SIZE);
}

static void damage_kernel_base(struct cxv_endpoint *endpoint)
{
	endpoint->decoders[0].resource = cxv_known(BASE + SIZE);
}

static void damage_kernel_committed(struct cxv_endpoint *endpoint)
{
	endpoint->hdm.decoders[0].committed = cxv_known(0);
}

static void damage_kernel_nothing(struct cxv_endpoint *endpoint)
{
	endpoint->decoders[0].size = cxv_known(0);
}

static void damage_no_region(struct cxv_endpoint *endpoint)
{
	endpoint->region_count = 0;
	cxv_fields_free(&endpoint->regions[0], &cxv_region_fields);
}

/* A driver has the BAR: the kernel's decoder is compared with the range. */
static void damage_range_unseen(struct cxv_endpoint *endpoint)
{
	cxv_hdm_clear(&endpoint->hdm);
	endpoint->hdm.error = EBUSY;
	damage_range(endpoint);
}

static void damage_window_without_region(struct cxv_endpoint *endpoint)
{
	damage_no_region(endpoint);
	endpoint->driver_view.window_base = cxv_known(BASE + SIZE);
}

static void damage_thief(struct cxv_endpoint *endpoint)
{
	set(&endpoint->owners[3].name, "region0 thief");
}

static void damage_window(struct cxv_endpoint *endpoint)
{
	endpoint->driver_view.window_size = cxv_known(SIZE / 2);
}

static void damage_no_hdm(struct cxv_endpoint *endpoint)
{
	cxv_hdm_clear(&endpoint->hdm);
	endpoint->hdm.error = ENOENT;
}

static void damage_hdm_off(struct cxv_endpoint *endpoint)
{
	endpoint->hdm.enabled = cxv_known(0);
}

static void damage_region_reset(struct cxv_endpoint *endpoint)
{
	set(&endpoint->regions[0].decode_state, "reset");
}

static void damage_refused(struct cxv_endpoint *endpoint)
{
	set(&endpoint->driver_view.state, CXL_VFIO_STATE_REFUSED);
	endpoint->driver_view.refuse_count = cxv_known(1);
}

static void damage_refused_before(struct cxv_endpoint *endpoint)
{
	endpoint->driver_view.refuse_count = cxv_known(1);
}

static void damage_scrub(struct cxv_endpoint *endpoint)
{
	set(&endpoint->driver_view.scrub_result, CXL_VFIO_SCRUB_RESULT_OWED);
}

static void damage_no_group(struct cxv_endpoint *endpoint)
{
	endpoint->iommu_group = (struct cxv_number) { 0 };
}

static void damage_no_flr(struct cxv_endpoint *endpoint)
{
	memcpy(endpoint->reset_methods.items[0], "bus", sizeof("bus"));
}

static void damage_no_node(struct cxv_endpoint *endpoint)
{
	free(endpoint->vfio.group_node.value);
	endpoint->vfio.group_node.value = NULL;
}

static void damage_no_window(struct cxv_endpoint *endpoint)
{
	endpoint->hdm.decoders[0].outside = true;
}

static void damage_cut(struct cxv_endpoint *endpoint)
{
	endpoint->hdm.decoders[0].cut = true;
}

/* The region has what there is of the window, and that is no contradiction of its own. */
static void damage_hole(struct cxv_endpoint *endpoint)
{
	endpoint->root_decoder.resource = cxv_known(BASE);
	endpoint->root_decoder.size = endpoint->regions[0].size = cxv_known(SIZE / 2);
}

/* The window begins behind the decoder. */
static void damage_late(struct cxv_endpoint *endpoint)
{
	damage_hole(endpoint);
	endpoint->root_decoder.resource = endpoint->regions[0].resource =
		cxv_known(BASE + SIZE / 2);
}

static void damage_second_decoder(struct cxv_endpoint *endpoint)
{
	damage_empty_decoder(endpoint);
	endpoint->hdm.decoders[1].size = cxv_known(SIZE);
	endpoint->hdm.decoders[1].interleave_ways = cxv_known(1);
	endpoint->hdm.decoders[1].target_type.value = "accelerator";
}

static void damage_rival(struct cxv_endpoint *endpoint)
{
	set(&endpoint->owners[3].name, "dax0.0");
}

static void damage_system_ram(struct cxv_endpoint *endpoint)
{
	set(&endpoint->owners[0].name, "System RAM");
}

static void damage_group(struct cxv_endpoint *endpoint)
{
	set(&endpoint->iommu_group_peers[0].driver, "nvme");
}

static void damage_aer(struct cxv_endpoint *endpoint)
{
	endpoint->aer.nonfatal = cxv_known(1);
}

static void damage_ras(struct cxv_endpoint *endpoint)
{
	endpoint->ras.uncorrectable_status = cxv_known(0x4);
}

static void damage_no_memdev(struct cxv_endpoint *endpoint)
{
	free(endpoint->memdev.value);
	endpoint->memdev.value = NULL;
	endpoint->region_count = 0;
	cxv_fields_free(&endpoint->regions[0], &cxv_region_fields);
}

static void damage_link_width(struct cxv_endpoint *endpoint)
{
	set_link(endpoint, "64.0 GT/s PCIe", 8);
}

static void damage_link_speed(struct cxv_endpoint *endpoint)
{
	set_link(endpoint, "32.0 GT/s PCIe", 16);
}

static void set_ladder(struct cxv_endpoint *endpoint, enum cxv_ladder_state state)
{
	endpoint->ladder.state.value = cxv_ladder_state_name(state);
	endpoint->ladder.tried = CXV_RUNG_PAGE;
	endpoint->ladder.step.value = cxv_rung_name(CXV_RUNG_PAGE);
	set(&endpoint->ladder.kernel, "7.3");
}

static void damage_left(struct cxv_endpoint *endpoint)
{
	set(&endpoint->left_region, "region0");
	set(&endpoint->left_window, "decoder0.0");
}

static void damage_scrub_off(struct cxv_endpoint *endpoint)
{
	endpoint->scrub_noted = true;
	set(&endpoint->driver_view.scrub_policy, CXL_VFIO_SCRUB_POLICY_NONE);
}

static void damage_direct(struct cxv_endpoint *endpoint)
{
	endpoint->direct_range.value = strdup("0x7b800000-0x7b9fffff");
	assert_non_null(endpoint->direct_range.value);
}

static void damage_interrupts(struct cxv_endpoint *endpoint)
{
	endpoint->unmapped = strdup("intremap=off");
	assert_non_null(endpoint->unmapped);
}

static void damage_not_survived(struct cxv_endpoint *endpoint)
{
	set_ladder(endpoint, CXV_LADDER_NOT_SURVIVED);
}

static void damage_ladder_interrupted(struct cxv_endpoint *endpoint)
{
	set_ladder(endpoint, CXV_LADDER_INTERRUPTED);
}

static void damage_ladder(struct cxv_endpoint *endpoint)
{
	endpoint->ladder.state.value = cxv_ladder_state_name(CXV_LADDER_DAMAGED);
}

static void damage_ladder_foreign(struct cxv_endpoint *endpoint)
{
	endpoint->ladder.state.value = cxv_ladder_state_name(CXV_LADDER_FOREIGN);
}

static const struct {
	const char *id;
	enum cxv_severity severity;
	void (*damage)(struct cxv_endpoint *endpoint);
} damages[] = {
	{ "lost", CXV_SEVERITY_ERROR, damage_lost },
	{ "changing", CXV_SEVERITY_WARNING, damage_changing },
	{ "libcxl_misses_memdev", CXV_SEVERITY_WARNING, damage_libcxl_memdev },
	{ "sysfs_misses_memdev", CXV_SEVERITY_WARNING, damage_sysfs_memdev },
	{ "libcxl_differs", CXV_SEVERITY_WARNING, damage_libcxl_value },
	{ "malformed_capabilities", CXV_SEVERITY_ERROR, damage_malformed },
	{ "mem_disabled", CXV_SEVERITY_WARNING, damage_mem_disabled },
	{ "range_not_active", CXV_SEVERITY_WARNING, damage_range_not_active },
	{ "decoder_error", CXV_SEVERITY_ERROR, damage_decoder_error },
	{ "not_committed", CXV_SEVERITY_WARNING, damage_not_committed },
	{ "not_committed", CXV_SEVERITY_WARNING, damage_only_empty },
	{ "empty_decoder", CXV_SEVERITY_INFO, damage_empty_decoder },
	{ "locked_uncommitted", CXV_SEVERITY_ERROR, damage_locked_uncommitted },
	{ "wrong_target_type", CXV_SEVERITY_ERROR, damage_wrong_target_type },
	{ "wrong_target_type", CXV_SEVERITY_ERROR, damage_wrong_kernel_target_type },
	{ "interleaved", CXV_SEVERITY_ERROR, damage_interleaved },
	{ "hdm_range_mismatch", CXV_SEVERITY_WARNING, damage_range },
	{ "hdm_kernel_mismatch", CXV_SEVERITY_ERROR, damage_kernel_base },
	{ "hdm_kernel_mismatch", CXV_SEVERITY_ERROR, damage_kernel_committed },
	{ "hdm_kernel_mismatch", CXV_SEVERITY_ERROR, damage_kernel_nothing },
	{ "kernel_driver_mismatch", CXV_SEVERITY_ERROR, damage_window },
	{ "kernel_driver_mismatch", CXV_SEVERITY_ERROR, damage_window_without_region },
	{ "hdm_range_mismatch", CXV_SEVERITY_WARNING, damage_range_unseen },
	{ "rival_owner", CXV_SEVERITY_ERROR, damage_thief },
	{ "emulated_decoders", CXV_SEVERITY_WARNING, damage_no_hdm },
	{ "emulated_decoders", CXV_SEVERITY_WARNING, damage_hdm_off },
	{ "no_region", CXV_SEVERITY_WARNING, damage_no_region },
	{ "region_not_committed", CXV_SEVERITY_ERROR, damage_region_reset },
	{ "refused", CXV_SEVERITY_ERROR, damage_refused },
	{ "refused_before", CXV_SEVERITY_WARNING, damage_refused_before },
	{ "region_left", CXV_SEVERITY_WARNING, damage_left },
	{ "scrub_owed", CXV_SEVERITY_WARNING, damage_scrub },
	{ "scrub_off", CXV_SEVERITY_WARNING, damage_scrub_off },
	{ "no_iommu_group", CXV_SEVERITY_WARNING, damage_no_group },
	{ "no_flr", CXV_SEVERITY_WARNING, damage_no_flr },
	{ "reset_failed", CXV_SEVERITY_WARNING, damage_reset_failed },
	{ "not_visible", CXV_SEVERITY_ERROR, damage_no_node },
	{ "committed_without_window", CXV_SEVERITY_ERROR, damage_no_window },
	{ "window_cut", CXV_SEVERITY_ERROR, damage_cut },
	{ "window_cut", CXV_SEVERITY_ERROR, damage_hole },
	{ "window_cut", CXV_SEVERITY_ERROR, damage_late },
	{ "second_decoder", CXV_SEVERITY_ERROR, damage_second_decoder },
	{ "rival_owner", CXV_SEVERITY_ERROR, damage_rival },
	{ "rival_owner", CXV_SEVERITY_ERROR, damage_system_ram },
	{ "shared_group", CXV_SEVERITY_WARNING, damage_group },
	{ "direct_mapping", CXV_SEVERITY_WARNING, damage_direct },
	{ "interrupts_unmapped", CXV_SEVERITY_WARNING, damage_interrupts },
	{ "aer_errors", CXV_SEVERITY_WARNING, damage_aer },
	{ "ras_errors", CXV_SEVERITY_WARNING, damage_ras },
	{ "no_region", CXV_SEVERITY_WARNING, damage_no_memdev },
	{ "not_survived", CXV_SEVERITY_ERROR, damage_not_survived },
	{ "ladder_interrupted", CXV_SEVERITY_WARNING, damage_ladder_interrupted },
	{ "ladder_record", CXV_SEVERITY_WARNING, damage_ladder },
	{ "ladder_record", CXV_SEVERITY_WARNING, damage_ladder_foreign },
	{ "narrow_link", CXV_SEVERITY_INFO, damage_link_width },
	{ "narrow_link", CXV_SEVERITY_INFO, damage_link_speed },
};

static void test_damages(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		struct cxv_endpoint *endpoint = sound();
		const struct cxv_finding *finding;

		damages[i].damage(endpoint);
		decide(endpoint);
		finding = find(endpoint, damages[i].id);
		if (!finding)
			fail_msg("%s is not found", damages[i].id);
		assert_int_equal(finding->severity, damages[i].severity);
		assert_true(*finding->message && *finding->hint);
		cxv_endpoint_free(endpoint);
	}
}

/* Beside one that decodes it contradicts nothing else. */
static void test_empty_decoder(void **state)
{
	struct cxv_endpoint *endpoint = sound();

	damage_empty_decoder(endpoint);
	decide(endpoint);
	assert_int_equal(endpoint->findings.count, 1);
	assert_string_equal(endpoint->findings.items[0].id, "empty_decoder");
	assert_non_null(strstr(endpoint->findings.items[0].message,
			       "HDM decoder 1 is committed and locked with zero size"));
	cxv_endpoint_free(endpoint);
}

/* Firmware need not program the base of a range where decoders count. */
static void no_base(struct cxv_endpoint *endpoint)
{
	endpoint->dvsec.ranges[0].base = cxv_known(0);
	endpoint->dvsec.ranges[0].size = cxv_known(2 * SIZE);
}

/* The first decoder of two: it decodes nothing, whatever else it says. */
static void burnt(struct cxv_endpoint *endpoint)
{
	struct cxv_hdm_decoder *decoders = calloc(2, sizeof(*decoders));

	assert_non_null(decoders);
	decoders[1] = endpoint->hdm.decoders[0];
	decoders[0] = decoders[1];
	decoders[1].index = cxv_known(1);
	decoders[0].resource = decoders[0].size = cxv_known(0);
	decoders[0].interleave_ways = cxv_known(2);
	decoders[0].target_type.value = "expander";
	free(endpoint->hdm.decoders);
	endpoint->hdm.decoders = decoders;
	endpoint->hdm.count = 2;
	set(&endpoint->decoders[0].decoder, "decoder2.1");
}

static void test_harmless(void **state)
{
	static const struct {
		void (*apply)(struct cxv_endpoint *endpoint);
		size_t count;
		const char *only;	/* what is found: that it is there */
	} oddities[] = { { no_base, 0, NULL }, { burnt, 1, "not_committed" } };

	for (size_t i = 0; i < ARRAY_SIZE(oddities); i++) {
		struct cxv_endpoint *endpoint = sound();

		oddities[i].apply(endpoint);
		decide(endpoint);
		assert_int_equal(endpoint->findings.count, oddities[i].count);
		if (oddities[i].only)
			assert_string_equal(endpoint->findings.items[0].id, oddities[i].only);
		cxv_endpoint_free(endpoint);
	}
}

/* An operator's own choice, a policy that is back already, and a run that is on it now. */
static void test_scrub_not_off(void **state)
{
	for (unsigned int i = 0; i < 3; i++) {
		struct cxv_endpoint *endpoint = sound();

		damage_scrub_off(endpoint);
		if (i == 0)
			endpoint->scrub_noted = false;
		else if (i == 1)
			set(&endpoint->driver_view.scrub_policy, CXL_VFIO_SCRUB_POLICY_ZERO);
		else
			endpoint->ladder.state.value = cxv_ladder_state_name(CXV_LADDER_RUNNING);
		decide(endpoint);
		assert_int_equal(endpoint->findings.count, 0);
		cxv_endpoint_free(endpoint);
	}
}

/* What failed may have been another method: nobody blames the one that is first now. */
static void test_reset_failed(void **state)
{
	struct cxv_endpoint *endpoint = sound();

	damage_reset_failed(endpoint);
	decide(endpoint);
	assert_non_null(strstr(endpoint->findings.items[0].message,
			       "VFIO_DEVICE_RESET: the kernel now tries flr first"));
	cxv_endpoint_free(endpoint);
}

/* A hole is one finding, not two, on either side. */
static void test_hole(void **state)
{
	void (*const holes[])(struct cxv_endpoint *) = { damage_hole, damage_late };

	for (size_t i = 0; i < ARRAY_SIZE(holes); i++) {
		struct cxv_endpoint *endpoint = sound();

		holes[i](endpoint);
		decide(endpoint);
		assert_int_equal(endpoint->findings.count, 1);
		cxv_endpoint_free(endpoint);
	}
}

/* The table shows the first as the worst one. */
static void test_order(void **state)
{
	struct cxv_endpoint *endpoint = sound();

	damage_no_flr(endpoint);
	damage_scrub(endpoint);
	damage_interleaved(endpoint);
	decide(endpoint);
	assert_int_equal(endpoint->findings.count, 3);
	for (size_t i = 1; i < endpoint->findings.count; i++)
		assert_true(endpoint->findings.items[i - 1].severity >=
			    endpoint->findings.items[i].severity);
	cxv_endpoint_free(endpoint);
}

/* A memory expander is another tool's. */
static void test_other_types(void **state)
{
	struct cxv_endpoint *endpoint = sound();

	endpoint->dvsec.caps.cache = cxv_known(0);
	damage_no_flr(endpoint);
	decide(endpoint);
	assert_int_equal(endpoint->findings.count, 0);
	cxv_endpoint_free(endpoint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_unknown_base),
		cmocka_unit_test(test_damages),
		cmocka_unit_test(test_empty_decoder),
		cmocka_unit_test(test_harmless),
		cmocka_unit_test(test_scrub_not_off),
		cmocka_unit_test(test_reset_failed),
		cmocka_unit_test(test_hole),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_other_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
