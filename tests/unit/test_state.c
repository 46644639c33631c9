// SPDX-License-Identifier: GPL-2.0-or-later
/* What is decided of an endpoint from its facts: type, window, state. */
#include <errno.h>
#include <string.h>

#include "core/discovery/endpoint.h"
#include "cxl_vfio.h"
#include "unit.h"

static struct cxv_endpoint *new_endpoint(void)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");

	assert_non_null(endpoint);
	endpoint->dvsec.caps.cache = endpoint->dvsec.caps.mem = cxv_known(1);
	endpoint->dvsec.control.mem_enable = cxv_known(1);
	return endpoint;
}

static void set(struct cxv_text *text, const char *value)
{
	free(text->value);
	*text = (struct cxv_text) { .value = strdup(value) };
	assert_non_null(text->value);
}

static void bind_ours(struct cxv_endpoint *endpoint, const char *driver_state)
{
	set(&endpoint->driver, CXL_VFIO_DRIVER_NAME);
	endpoint->has_driver_view = true;
	set(&endpoint->driver_view.state, driver_state);
	set(&endpoint->driver_view.verdict, "the verdict");
	set(&endpoint->vfio.group_node, "/dev/vfio/6");
}

static void add_hdm(struct cxv_endpoint *endpoint, size_t count)
{
	endpoint->hdm.decoders = calloc(count, sizeof(*endpoint->hdm.decoders));
	assert_non_null(endpoint->hdm.decoders);
	endpoint->hdm.count = count;
}

/* Decides, compares and frees. */
static void check_state(struct cxv_endpoint *endpoint, enum cxv_state state, const char *reason)
{
	assert_int_equal(cxv_endpoint_decide(endpoint), 0);
	assert_int_equal(endpoint->state, state);
	if (reason)
		assert_string_equal(endpoint->state_reason.value, reason);
	else
		assert_null(endpoint->state_reason.value);
	cxv_endpoint_free(endpoint);
}

/* What the driver's take_snapshot() takes and refuses. */
static void test_decoders(void **state)
{
	enum { COMMITTED = 1, EMPTY = 2, ERROR = 4, TWO_WAYS = 8 };
	static const struct {
		unsigned int first, second;
		bool off;
		enum cxv_state state;
		const char *reason;
	} cases[] = {
		{ COMMITTED, 0, false, CXV_STATE_NO_DRIVER, NULL },
		{ COMMITTED, COMMITTED | EMPTY, false, CXV_STATE_NO_DRIVER, NULL },
		{ COMMITTED, 0, true, CXV_STATE_NOT_COMMITTED,
		  "its HDM decoders are switched off, all together: 1 of 2 committed" },
		{ 0, COMMITTED, false, CXV_STATE_NOT_COMMITTED,
		  "its memory is in HDM decoder 1, but the driver uses decoder 0 only, which is "
		  "not committed" },
		{ COMMITTED | EMPTY, COMMITTED, false, CXV_STATE_NOT_COMMITTED,
		  "its memory is in HDM decoder 1, but the driver uses decoder 0 only, which is "
		  "committed with zero size" },
		{ COMMITTED | EMPTY, COMMITTED | EMPTY, false, CXV_STATE_NOT_COMMITTED,
		  "2 HDM decoders are committed, all with zero size" },
		{ COMMITTED | EMPTY, 0, false, CXV_STATE_NOT_COMMITTED,
		  "1 HDM decoder is committed, with zero size" },
		{ COMMITTED, COMMITTED, false, CXV_STATE_NO_DRIVER,
		  "HDM decoder 1 is committed beside decoder 0: the driver takes one" },
		{ COMMITTED | ERROR, 0, false, CXV_STATE_NO_DRIVER,
		  "HDM decoder 0 says that its commit failed" },
		{ COMMITTED | TWO_WAYS, 0, false, CXV_STATE_NO_DRIVER,
		  "HDM decoder 0 is committed as one of 2 interleaved ways" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cxv_endpoint *endpoint = new_endpoint();

		add_hdm(endpoint, 2);
		endpoint->hdm.enabled = cxv_known(!cases[i].off);
		for (size_t j = 0; j < 2; j++) {
			struct cxv_hdm_decoder *decoder = &endpoint->hdm.decoders[j];
			unsigned int what = j ? cases[i].second : cases[i].first;

			decoder->committed = cxv_known(!!(what & COMMITTED));
			decoder->size = cxv_known(what & COMMITTED && !(what & EMPTY) ? 4096 : 0);
			decoder->error = cxv_known(!!(what & ERROR));
			decoder->interleave_ways = cxv_known(what & TWO_WAYS ? 2 : 1);
		}
		check_state(endpoint, cases[i].state, cases[i].reason);
	}
}

/* With decoders that are on and decode nothing, a range is at no address; without them it is. */
static void test_range_alone(void **state)
{
	for (unsigned int on = 0; on < 2; on++) {
		struct cxv_endpoint *endpoint = new_endpoint();
		struct cxv_range *range = &endpoint->dvsec.ranges[0];

		add_hdm(endpoint, 1);
		endpoint->hdm.enabled = cxv_known(on);
		endpoint->hdm.decoders[0].committed = cxv_known(1);
		endpoint->hdm.decoders[0].size = cxv_known(0);
		endpoint->dvsec.range_count = 1;
		range->info_valid = cxv_known(1);
		range->base = range->size = cxv_known(0x10000000);
		assert_int_equal(cxv_endpoint_decide(endpoint), 0);
		assert_int_equal(endpoint->resource.known, !on);
		assert_int_equal(endpoint->size.value, 0x10000000);
		cxv_endpoint_free(endpoint);
	}
}

static void test_free_states(void **state)
{
	struct cxv_endpoint *endpoint;

	check_state(new_endpoint(), CXV_STATE_NO_DRIVER, NULL);

	endpoint = new_endpoint();
	endpoint->dvsec.control.mem_enable = cxv_known(0);
	check_state(endpoint, CXV_STATE_NOT_COMMITTED,
		    "CXL.mem is not enabled in its control register");

	endpoint = new_endpoint();
	add_hdm(endpoint, 2);
	check_state(endpoint, CXV_STATE_NOT_COMMITTED, "no HDM decoder of 2 is committed");

	/* What cannot be read is not held against it. */
	endpoint = new_endpoint();
	endpoint->dvsec.control.mem_enable = cxv_unknown(EACCES);
	endpoint->hdm.error = EACCES;
	check_state(endpoint, CXV_STATE_NO_DRIVER, NULL);
}

static void test_bound_states(void **state)
{
	static const struct {
		const char *driver_state;
		enum cxv_state state;
		const char *reason;
	} cases[] = {
		{ CXL_VFIO_STATE_ACTIVE, CXV_STATE_READY, NULL },
		{ CXL_VFIO_STATE_CLOSED, CXV_STATE_READY, NULL },
		{ CXL_VFIO_STATE_PENDING, CXV_STATE_GATED, "the verdict" },
		{ CXL_VFIO_STATE_REFUSED, CXV_STATE_REFUSED, "the verdict" },
		{ "surprising", CXV_STATE_UNKNOWN, "the driver's state is 'surprising'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cxv_endpoint *endpoint = new_endpoint();

		bind_ours(endpoint, cases[i].driver_state);
		check_state(endpoint, cases[i].state, cases[i].reason);
	}
}

static void test_other_bound_states(void **state)
{
	struct cxv_endpoint *endpoint = new_endpoint();

	set(&endpoint->driver, "vfio-pci");
	check_state(endpoint, CXV_STATE_BOUND, "to vfio-pci");

	endpoint = new_endpoint();
	bind_ours(endpoint, CXL_VFIO_STATE_ACTIVE);
	free(endpoint->vfio.group_node.value);
	endpoint->vfio.group_node.value = NULL;
	check_state(endpoint, CXV_STATE_NOT_VISIBLE, "VFIO has made no device node for it");

	endpoint = new_endpoint();
	set(&endpoint->driver, CXL_VFIO_DRIVER_NAME);
	endpoint->driver_view.state.error = EACCES;
	check_state(endpoint, CXV_STATE_UNKNOWN, "its state cannot be read: EACCES");

	endpoint = new_endpoint();
	endpoint->driver.error = EIO;
	check_state(endpoint, CXV_STATE_UNKNOWN, "its driver cannot be read: EIO");

	/* Lost comes first, whatever is bound. */
	endpoint = new_endpoint();
	bind_ours(endpoint, CXL_VFIO_STATE_ACTIVE);
	endpoint->dvsec.device_error = ENODEV;
	check_state(endpoint, CXV_STATE_LOST, "configuration space reads all ones");
}

static void check_type(struct cxv_endpoint *endpoint, unsigned int type, const char *source)
{
	assert_int_equal(cxv_endpoint_decide(endpoint), 0);
	assert_int_equal(endpoint->cxl_type.known, type != 0);
	assert_int_equal(endpoint->cxl_type.value, type);
	assert_int_equal(cxv_endpoint_is_type2(endpoint), type == 2);
	if (source)
		assert_string_equal(endpoint->cxl_type_source.value, source);
	else
		assert_null(endpoint->cxl_type_source.value);
	cxv_endpoint_free(endpoint);
}

static void test_types_from_dvsec(void **state)
{
	static const unsigned int types[] = { 0, 1, 3, 2 };

	for (unsigned int protocols = 0; protocols < 4; protocols++) {
		struct cxv_endpoint *endpoint = new_endpoint();

		endpoint->dvsec.caps.cache = cxv_known(protocols & 1);
		endpoint->dvsec.caps.mem = cxv_known(protocols >> 1);
		/* The class says nothing when the capabilities do. */
		endpoint->pci.class = cxv_known(0x050210);
		check_type(endpoint, types[protocols], types[protocols] ? "dvsec" : NULL);
	}
}

static struct cxv_endpoint *hidden_endpoint(void)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");

	assert_non_null(endpoint);
	endpoint->dvsec.device_error = EACCES;
	return endpoint;
}

static void test_types_without_dvsec(void **state)
{
	struct cxv_endpoint *endpoint = hidden_endpoint();

	assert_int_equal(cxv_endpoint_decide(endpoint), 0);
	assert_int_equal(endpoint->cxl_type.error, EACCES);
	cxv_endpoint_free(endpoint);

	endpoint = hidden_endpoint();
	endpoint->pci.class = cxv_known(0x050210);
	check_type(endpoint, 3, "class");

	endpoint = hidden_endpoint();
	set(&endpoint->driver, CXL_VFIO_DRIVER_NAME);
	check_type(endpoint, 2, "driver");

	endpoint = hidden_endpoint();
	endpoint->decoders = calloc(1, sizeof(*endpoint->decoders));
	endpoint->decoder_count = 1;
	set(&endpoint->decoders[0].target_type, "accelerator");
	check_type(endpoint, 2, "decoder");

	endpoint = hidden_endpoint();
	set(&endpoint->memdev, "mem0");
	check_type(endpoint, 2, "memdev");

	endpoint = hidden_endpoint();
	set(&endpoint->memdev, "mem0");
	endpoint->memdev_info.ram_size = cxv_known(0);
	check_type(endpoint, 3, "memdev");

	endpoint = hidden_endpoint();
	endpoint->dvsec.device_error = ENOENT;
	check_type(endpoint, 0, NULL);
}

static void check_window(struct cxv_endpoint *endpoint, uint64_t resource, uint64_t size,
			 const char *source)
{
	assert_int_equal(cxv_endpoint_decide(endpoint), 0);
	assert_int_equal(endpoint->resource.value, resource);
	assert_int_equal(endpoint->size.value, size);
	assert_string_equal(endpoint->resource_source.value, source);
}

/* From the least to the best witness, each added to the ones before. */
static void test_window(void **state)
{
	struct cxv_endpoint *endpoint = new_endpoint();

	endpoint->dvsec.range_count = 1;
	endpoint->dvsec.ranges[0] = (struct cxv_range) {
		.base = cxv_known(1), .size = cxv_known(10), .info_valid = cxv_known(1),
	};
	check_window(endpoint, 1, 10, "dvsec");
	add_hdm(endpoint, 1);
	endpoint->hdm.decoders[0].resource = cxv_known(2);
	endpoint->hdm.decoders[0].size = cxv_known(20);
	check_window(endpoint, 1, 10, "dvsec");
	endpoint->hdm.decoders[0].committed = cxv_known(1);
	check_window(endpoint, 2, 20, "hdm");
	endpoint->decoders = calloc(1, sizeof(*endpoint->decoders));
	endpoint->decoder_count = 1;
	endpoint->decoders[0].resource = cxv_known(3);
	endpoint->decoders[0].size = cxv_known(30);
	check_window(endpoint, 3, 30, "decoder");
	endpoint->regions = calloc(1, sizeof(*endpoint->regions));
	endpoint->region_count = 1;
	endpoint->regions[0].resource = cxv_known(4);
	endpoint->regions[0].size = cxv_known(40);
	check_window(endpoint, 4, 40, "region");
	endpoint->driver_view.window_base = cxv_known(5);
	endpoint->driver_view.window_size = cxv_known(50);
	check_window(endpoint, 5, 50, "driver");
	/* A witness that knows both is better than one that hides the address. */
	endpoint->driver_view.window_base = cxv_unknown(EACCES);
	check_window(endpoint, 4, 40, "region");
	cxv_endpoint_free(endpoint);
}

static void test_window_without_address(void **state)
{
	struct cxv_endpoint *endpoint = new_endpoint();

	endpoint->driver_view.window_base = cxv_unknown(EACCES);
	endpoint->driver_view.window_size = cxv_known(50);
	assert_int_equal(cxv_endpoint_decide(endpoint), 0);
	assert_false(endpoint->resource.known);
	assert_int_equal(endpoint->resource.error, EACCES);
	assert_int_equal(endpoint->size.value, 50);
	cxv_endpoint_free(endpoint);

	endpoint = new_endpoint();
	assert_int_equal(cxv_endpoint_decide(endpoint), 0);
	assert_false(endpoint->size.known);
	assert_null(endpoint->resource_source.value);
	cxv_endpoint_free(endpoint);
}

static void test_names(void **state)
{
	for (unsigned int i = 0; i < CXV_STATE_COUNT; i++)
		assert_non_null(cxv_state_name(i));
	assert_string_equal(cxv_state_name(CXV_STATE_NOT_COMMITTED), "not_committed");
	assert_string_equal(cxv_state_name(CXV_STATE_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_free_states),
		cmocka_unit_test(test_decoders),
		cmocka_unit_test(test_range_alone),
		cmocka_unit_test(test_bound_states),
		cmocka_unit_test(test_other_bound_states),
		cmocka_unit_test(test_types_from_dvsec),
		cmocka_unit_test(test_types_without_dvsec),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_window_without_address),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
