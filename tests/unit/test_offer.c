// SPDX-License-Identifier: GPL-2.0-or-later
/* Views and generations: their words, the note of them, and what they come to. */
#include <errno.h>
#include <string.h>

#include "core/binding/offer.h"
#include "core/discovery/endpoint.h"
#include "unit.h"

static struct cxv_offer offer_of(const char *view, const char *interface)
{
	struct cxv_offer offer = { 0 };

	if (*view)
		assert_int_equal(cxv_offer_set(&offer, CXV_OFFER_VIEW, view), 0);
	if (*interface)
		assert_int_equal(cxv_offer_set(&offer, CXV_OFFER_INTERFACE, interface), 0);
	return offer;
}

static void test_words(void **state)
{
	static const char *const bad[] = {
		"", "re", "regions", "region bar", "bar ", " bar", "none", "Bar", "2",
	};
	struct cxv_offer offer = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(cxv_offer_set(&offer, CXV_OFFER_VIEW, bad[i]), -EINVAL);
	assert_int_equal(cxv_offer_set(&offer, CXV_OFFER_INTERFACE, "1"), -EINVAL);
	assert_int_equal(cxv_offer_set(&offer, CXV_OFFER_INTERFACE, "both"), -EINVAL);
	assert_true(cxv_offer_is_empty(&offer));
	assert_int_equal(cxv_offer_part_of("view"), CXV_OFFER_VIEW);
	assert_int_equal(cxv_offer_part_of("interface"), CXV_OFFER_INTERFACE);
	assert_int_equal(cxv_offer_part_of("wait"), CXV_OFFER_PARTS);
}

static void test_met(void **state)
{
	struct cxv_offer now = offer_of("both", "current"), wanted = offer_of("", "");

	assert_true(cxv_offer_is_met(&wanted, &now));
	wanted = offer_of("both", "");
	assert_true(cxv_offer_is_met(&wanted, &now));
	wanted = offer_of("both", "2");
	assert_false(cxv_offer_is_met(&wanted, &now));
	wanted = offer_of("region", "none");
	assert_non_null(cxv_offer_problem(&wanted));
	wanted = offer_of("bar", "2");
	assert_non_null(cxv_offer_problem(&wanted));
	wanted = offer_of("region", "");
	assert_null(cxv_offer_problem(&wanted));
	wanted = offer_of("both", "none");
	assert_null(cxv_offer_problem(&wanted));
}

static void test_note(void **state)
{
	static const char *const bad[] = {
		"", " ", "view", "view=", "view=x", "view=bar view=bar", "mode=bar",
		"view=bar,none", "interface=view=bar", "view=bar\n",
		"view=bar interface=current                                                       ",
	};
	struct cxv_offer offer, read;
	char text[CXV_OFFER_TEXT_SIZE];

	offer = offer_of("both", "current");
	cxv_offer_format(&offer, text);
	assert_string_equal(text, "view=both interface=current");
	assert_int_equal(cxv_offer_parse(text, &read), 0);
	assert_memory_equal(&offer, &read, sizeof(offer));
	offer = offer_of("region", "2");
	cxv_offer_format(&offer, text);
	assert_string_equal(text, "view=region interface=2");
	offer = offer_of("", "none");
	cxv_offer_format(&offer, text);
	assert_string_equal(text, "interface=none");
	assert_int_equal(cxv_offer_parse(text, &read), 0);
	assert_string_equal(read.words[CXV_OFFER_VIEW], "");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(cxv_offer_parse(bad[i], &read), -EINVAL);
}

/* What the driver's attributes come to. */
static void test_views(void **state)
{
	static const struct {
		char *view, *view_bar, *interface;
		bool region, bar;
	} cases[] = {
		{ "both", "4", "current", true, true },
		{ "both", "2", "2", true, true },
		{ "both", "2", "none", false, true },
		{ "bar", "0", "current", false, true },
		{ "bar", "0", "none", false, true },
		{ "region", "4", "current", true, false },
		{ "region", "none", "2", true, false },
		{ "both", "none", "current", true, false },
		{ NULL, NULL, NULL, true, false },
	};
	struct cxv_driver_view driver = { .interface.error = EIO };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cxv_driver_view each = {
			.view.value = cases[i].view,
			.view_bar.value = cases[i].view_bar,
			.interface.value = cases[i].interface,
		};
		struct cxv_offered_views views = cxv_offered_views(&each);

		assert_int_equal(views.error, 0);
		assert_int_equal(views.region, cases[i].region);
		assert_int_equal(views.bar, cases[i].bar);
	}
	assert_int_equal(cxv_offered_views(&driver).error, EIO);
	driver = (struct cxv_driver_view) { .view.value = (char[]){ "window" } };
	assert_int_equal(cxv_offered_views(&driver).error, EILSEQ);
	assert_false(cxv_offered_views(&driver).region || cxv_offered_views(&driver).bar);
	driver = (struct cxv_driver_view) { 0 };
	driver.interface.error = EIO;
	assert_int_equal(cxv_offered_views(&driver).error, EIO);
	assert_false(cxv_offered_views(&driver).region || cxv_offered_views(&driver).bar);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_met),
		cmocka_unit_test(test_note),
		cmocka_unit_test(test_views),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
