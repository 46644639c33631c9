// SPDX-License-Identifier: GPL-2.0-or-later
/* Libraries that are loaded when they are needed: all functions, or none and why. */
#include <errno.h>
#include <math.h>

#include "sys/base/library.h"
#include "unit.h"

static void *first, *last;

static const struct cxv_function functions[] = {
	{ "floor", &first },
	{ "ceil", &last },
};

static void test_missing(void **state)
{
	static const struct cxv_function strange[] = {
		{ "no_such_function", &first },
		{ "ceil", &last },
	};

	assert_int_equal(cxv_library_load("libno-such-library.so.0", functions, 2), -ELIBACC);
	assert_null(last);
	/* It must not look loaded afterwards. */
	assert_int_equal(cxv_library_load("libm.so.6", strange, 2), -ELIBBAD);
	assert_int_equal(cxv_library_load("libm.so.6", strange, 2), -ELIBBAD);
}

static void test_loaded(void **state)
{
	__typeof__(floor) *round_down;

	assert_int_equal(cxv_library_load("libm.so.6", functions, 2), 0);
	assert_non_null(last);
	round_down = (__typeof__(floor) *)first;
	assert_true(round_down(1.5) == 1.0);
	/* Not looked for again. */
	assert_int_equal(cxv_library_load("libno-such-library.so.0", functions, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
