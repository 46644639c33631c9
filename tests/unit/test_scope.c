// SPDX-License-Identifier: GPL-2.0-or-later
/* What a reset reaches: refused where it would take something from others. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/proof/scope.h"
#include "unit.h"

struct stand {
	struct cxv_opener opener;
	struct cxv_scope_function functions[2];
	struct cxv_scope scope;
	struct cxv_errors errors;
};

/* The target and another function, which VFIO has in the same group. */
static struct stand *make_stand(void)
{
	struct stand *stand = calloc(1, sizeof(*stand));

	assert_non_null(stand);
	for (size_t i = 0; i < 2; i++) {
		stand->functions[i] = (struct cxv_scope_function) {
			.driver = "vfio-pci", .iommu_group = "6", .vfio = true,
		};
		snprintf(stand->functions[i].host, 16, "0000:0d:00.%zu", i);
	}
	stand->opener = (struct cxv_opener) { .pid = cxv_known(42), .command.value = "qemu" };
	stand->scope = (struct cxv_scope) {
		.reach = CXV_REACH_BUS, .bridge = "0000:0c:00.0",
		.functions = stand->functions, .count = 2,
	};
	return stand;
}

static void demand(struct stand *stand, enum cxv_method method, int error, enum cxv_code code,
		   const char *word)
{
	struct cxv_way ways[] = { { CXV_METHOD_FLR, CXV_VIA_VFIO }, { method, CXV_VIA_VFIO } };
	int ret = cxv_scope_check(&stand->scope, ways, 2, "reset", &stand->errors);

	assert_int_equal(ret, -error);
	assert_int_equal(stand->errors.error_count, error != 0);
	if (error) {
		assert_int_equal(stand->errors.errors[0].code, code);
		if (!strstr(stand->errors.errors[0].text, word))
			fail_msg("'%s' is not in '%s'", word, stand->errors.errors[0].text);
		assert_non_null(stand->errors.errors[0].hint);
	}
	cxv_errors_clear(&stand->errors);
	free(stand);
}

static void test_allowed(void **state)
{
	struct stand *stand = make_stand();

	demand(make_stand(), CXV_METHOD_FLR, 0, 0, NULL);
	demand(make_stand(), CXV_METHOD_HOT, 0, 0, NULL);
	stand->scope.count = 1;
	demand(stand, CXV_METHOD_BUS, 0, 0, NULL);
}

static void test_bus_of_others(void **state)
{
	demand(make_stand(), CXV_METHOD_BUS, EOPNOTSUPP, CXV_UNSUPPORTED, "0000:0d:00.1");
}

static void test_no_bridge(void **state)
{
	struct stand *stand = make_stand();

	stand->scope.bridge[0] = '\0';
	demand(stand, CXV_METHOD_HOT, EOPNOTSUPP, CXV_UNSUPPORTED, "no bridge");
}

static void test_driver_of_host(void **state)
{
	struct stand *stand = make_stand();

	stand->functions[1].vfio = false;
	demand(stand, CXV_METHOD_HOT, EBUSY, CXV_DEVICE_BUSY, "driver vfio-pci uses it");
}

static void test_open(void **state)
{
	struct stand *stand = make_stand();

	stand->functions[1].openers = (struct cxv_openers) { &stand->opener, 1 };
	demand(stand, CXV_METHOD_HOT, EBUSY, CXV_DEVICE_BUSY, "process 42 (qemu)");
}

static void test_no_driver(void **state)
{
	struct stand *stand = make_stand();

	stand->functions[1].vfio = false;
	stand->functions[1].driver = NULL;
	demand(stand, CXV_METHOD_HOT, EOPNOTSUPP, CXV_UNSUPPORTED, "has no VFIO driver");
}

static void test_other_group(void **state)
{
	struct stand *stand = make_stand();

	stand->functions[1].iommu_group = "7";
	demand(stand, CXV_METHOD_HOT, EOPNOTSUPP, CXV_UNSUPPORTED, "group (7)");
	stand = make_stand();
	stand->functions[0].iommu_group = stand->functions[1].iommu_group = NULL;
	demand(stand, CXV_METHOD_HOT, EOPNOTSUPP, CXV_UNSUPPORTED, "group (none)");
}

static void test_masked(void **state)
{
	struct cxv_way way = { CXV_METHOD_HOT, CXV_VIA_VFIO };
	struct stand *stand = make_stand();

	stand->scope.masked = true;
	assert_int_equal(cxv_scope_check(&stand->scope, &way, 1, "reset", &stand->errors), 0);
	assert_int_equal(stand->errors.warning_count, 1);
	way.method = CXV_METHOD_BUS;
	stand->scope.count = 1;
	assert_int_equal(cxv_scope_check(&stand->scope, &way, 1, "reset", &stand->errors), 0);
	assert_int_equal(stand->errors.warning_count, 1);
	cxv_errors_clear(&stand->errors);
	free(stand);
}

static void test_masked_bus(void **state)
{
	struct stand *stand = make_stand();

	stand->scope.masked = true;
	stand->scope.count = 1;
	stand->scope.methods = "flr bus";
	demand(stand, CXV_METHOD_BUS, EOPNOTSUPP, CXV_UNSUPPORTED, "UNMASK_SBR");
	stand = make_stand();
	stand->scope.masked = true;
	stand->scope.count = 1;
	stand->scope.methods = "flr bus cxl_bus";
	demand(stand, CXV_METHOD_BUS, 0, 0, NULL);
}

static void test_words(void **state)
{
	struct cxv_way flr = { CXV_METHOD_FLR, CXV_VIA_VFIO };
	struct cxv_way cxl = { CXV_METHOD_CXL, CXV_VIA_VFIO };
	struct cxv_errors errors = { 0 };

	assert_int_equal(cxv_scope_check_word("0000:0d:00.0", "flr", &flr, "reset", &errors), 0);
	assert_int_equal(errors.warning_count, 0);
	/* Taken, but not without a word. */
	assert_int_equal(cxv_scope_check_word("0000:0d:00.0", "af_flr", &flr, "reset", &errors), 0);
	assert_int_equal(errors.warning_count, 1);
	assert_int_equal(cxv_scope_check_word("0000:0d:00.0", "flr pm", &cxl, "reset", &errors),
			 -EOPNOTSUPP);
	assert_non_null(strstr(errors.errors[0].text, "\"flr pm\""));
	assert_int_equal(cxv_scope_check_word("0000:0d:00.0", "", &flr, "reset", &errors),
			 -EOPNOTSUPP);
	assert_non_null(strstr(errors.errors[1].text, "no reset method is in use"));
	assert_null(strstr(errors.errors[1].hint, "auto"));
	cxv_errors_clear(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_bus_of_others),
		cmocka_unit_test(test_no_bridge),
		cmocka_unit_test(test_driver_of_host),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_no_driver),
		cmocka_unit_test(test_other_group),
		cmocka_unit_test(test_masked),
		cmocka_unit_test(test_masked_bus),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
