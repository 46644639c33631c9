// SPDX-License-Identifier: GPL-2.0-or-later
/* Error codes, exit statuses, and which of several errors decides. */
#include <errno.h>
#include <string.h>

#include "core/base/errors.h"
#include "unit.h"

static void test_codes(void **state)
{
	static const struct {
		enum cxv_code code;
		const char *name;
		enum cxv_exit exit;
	} cases[] = {
		{ CXV_FAILED, "FAILED", CXV_EXIT_FAILED },
		{ CXV_USAGE, "USAGE", CXV_EXIT_USAGE },
		{ CXV_NO_SUCH_TARGET, "NO_SUCH_TARGET", CXV_EXIT_NO_TARGET },
		{ CXV_NOT_TYPE2, "NOT_TYPE2", CXV_EXIT_UNSUPPORTED },
		{ CXV_PERMISSION_DENIED, "PERMISSION_DENIED", CXV_EXIT_PERMISSION },
		{ CXV_DEVICE_BUSY, "DEVICE_BUSY", CXV_EXIT_BUSY },
		{ CXV_UNSUPPORTED, "UNSUPPORTED", CXV_EXIT_UNSUPPORTED },
		{ CXV_NO_IOMMU, "NO_IOMMU", CXV_EXIT_UNSUPPORTED },
		{ CXV_NO_MODULE, "NO_MODULE", CXV_EXIT_UNSUPPORTED },
		{ CXV_BIND_REFUSED, "BIND_REFUSED", CXV_EXIT_FAILED },
		{ CXV_VERIFICATION_FAILED, "VERIFICATION_FAILED", CXV_EXIT_VERIFICATION },
		{ CXV_TIMEOUT, "TIMEOUT", CXV_EXIT_TIMEOUT },
		{ CXV_DEVICE_LOST, "DEVICE_LOST", CXV_EXIT_LOST },
		{ CXV_OUT_OF_MEMORY, "OUT_OF_MEMORY", CXV_EXIT_FAILED },
		{ CXV_CONFLICT, "CONFLICT", CXV_EXIT_BUSY },
		{ CXV_BAD_DEFINITION, "BAD_DEFINITION", CXV_EXIT_FAILED },
		{ CXV_NOT_SURVIVED, "NOT_SURVIVED", CXV_EXIT_BUSY },
	};

	assert_int_equal(ARRAY_SIZE(cases), CXV_CODE_COUNT);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(cases[i].code, i);
		assert_string_equal(cxv_code_name(cases[i].code), cases[i].name);
		assert_int_equal(cxv_code_exit(cases[i].code), cases[i].exit);
	}
	assert_string_equal(cxv_code_name(CXV_CODE_COUNT), "FAILED");
	assert_int_equal(cxv_code_exit(CXV_CODE_COUNT), CXV_EXIT_FAILED);
}

static void test_errnos(void **state)
{
	static const struct {
		int error;
		enum cxv_code code;
	} cases[] = {
		{ EACCES, CXV_PERMISSION_DENIED }, { -EPERM, CXV_PERMISSION_DENIED },
		{ EBUSY, CXV_DEVICE_BUSY }, { -EAGAIN, CXV_DEVICE_BUSY },
		{ ENODEV, CXV_DEVICE_LOST }, { -ENXIO, CXV_DEVICE_LOST },
		{ EOPNOTSUPP, CXV_UNSUPPORTED }, { -ENOTTY, CXV_UNSUPPORTED },
		{ ETIMEDOUT, CXV_TIMEOUT }, { -ENOMEM, CXV_OUT_OF_MEMORY },
		{ EIO, CXV_FAILED }, { ENOENT, CXV_FAILED }, { 0, CXV_FAILED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(cxv_code_of_errno(cases[i].error), cases[i].code);
}

static void test_keeps_copies(void **state)
{
	struct cxv_errors errors = { 0 };
	char target[] = "mem0";

	assert_int_equal(cxv_error(&errors, CXV_DEVICE_BUSY, EBUSY,
				   (struct cxv_place) { .operation = "bind", .target = target,
							.path = "/dev/vfio/6", .hint = "wait" },
				   "%s has it", "qemu"), -EBUSY);
	strcpy(target, "gone");
	assert_int_equal(errors.error_count, 1);
	assert_int_equal(errors.errors[0].error, EBUSY);
	assert_string_equal(errors.errors[0].target, "mem0");
	assert_string_equal(errors.errors[0].text, "qemu has it");
	assert_string_equal(errors.errors[0].hint, "wait");
	cxv_errors_clear(&errors);
	assert_int_equal(errors.error_count, 0);
}

static void test_returned_errno(void **state)
{
	struct cxv_errors errors = { 0 };

	assert_int_equal(cxv_error(&errors, CXV_FAILED, -EIO, (struct cxv_place) { 0 }, "a"), -EIO);
	assert_int_equal(cxv_error(&errors, CXV_USAGE, 0, (struct cxv_place) { 0 }, "b"), -EIO);
	assert_int_equal(errors.errors[0].error, EIO);
	assert_int_equal(errors.errors[1].error, 0);
	assert_null(errors.errors[1].target);
	cxv_errors_clear(&errors);
}

static void test_worst_decides(void **state)
{
	static const enum cxv_code order[] = {
		CXV_USAGE, CXV_NO_SUCH_TARGET, CXV_NO_IOMMU, CXV_PERMISSION_DENIED,
		CXV_DEVICE_BUSY, CXV_FAILED, CXV_TIMEOUT, CXV_VERIFICATION_FAILED, CXV_DEVICE_LOST,
	};
	struct cxv_errors errors = { 0 };

	assert_int_equal(cxv_errors_exit(&errors), CXV_EXIT_DONE);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		cxv_error(&errors, order[i], 0, (struct cxv_place) { 0 }, "x");
		assert_int_equal(cxv_errors_exit(&errors), cxv_code_exit(order[i]));
	}
	cxv_error(&errors, CXV_USAGE, 0, (struct cxv_place) { 0 }, "x");
	assert_int_equal(cxv_errors_exit(&errors), CXV_EXIT_LOST);
	cxv_errors_clear(&errors);
}

/* A code added to the table must be ranked too, or its error would exit 0. */
static void test_every_error_fails(void **state)
{
	for (unsigned int code = 0; code < CXV_CODE_COUNT; code++) {
		struct cxv_errors errors = { 0 };

		cxv_error(&errors, code, 0, (struct cxv_place) { 0 }, "x");
		assert_int_equal(cxv_errors_exit(&errors), cxv_code_exit(code));
		cxv_errors_clear(&errors);
	}
}

static void test_warnings(void **state)
{
	struct cxv_errors errors = { 0 };

	cxv_warning(&errors, CXV_PERMISSION_DENIED, EACCES, (struct cxv_place) { 0 }, "w");
	assert_int_equal(errors.warning_count, 1);
	assert_int_equal(cxv_errors_exit(&errors), CXV_EXIT_DONE);
	cxv_errors_clear(&errors);
}

static void test_targets(void **state)
{
	struct cxv_errors errors = { 0 };

	assert_int_equal(cxv_errors_exit_of_targets(&errors, 0), CXV_EXIT_DONE);
	assert_int_equal(cxv_errors_exit_of_targets(&errors, 2), CXV_EXIT_DONE);
	cxv_error(&errors, CXV_NO_SUCH_TARGET, 0, (struct cxv_place) { 0 }, "x");
	assert_int_equal(cxv_errors_exit_of_targets(&errors, 0), CXV_EXIT_NO_TARGET);
	assert_int_equal(cxv_errors_exit_of_targets(&errors, 1), CXV_EXIT_PARTIAL);
	cxv_errors_clear(&errors);
}

static void test_out_of_memory(void **state)
{
	struct cxv_errors errors = { .out_of_memory = true };

	assert_int_equal(cxv_errors_exit(&errors), CXV_EXIT_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_errnos),
		cmocka_unit_test(test_keeps_copies),
		cmocka_unit_test(test_returned_errno),
		cmocka_unit_test(test_worst_decides),
		cmocka_unit_test(test_every_error_fails),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
