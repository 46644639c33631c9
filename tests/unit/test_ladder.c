// SPDX-License-Identifier: GPL-2.0-or-later
/* What a record of the first contact means, how it changes from step to step, and what is none. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/proof/ladder.h"
#include "unit.h"

#define ENDPOINT	"10de:2e12:1000"
#define HEAD		"cxlvfio ladder 1\nmachine 0a\nendpoint " ENDPOINT "\n"

static const struct cxv_platform here = { "0a", "7.3", "b2" };

static struct cxv_ladder judge(const char *text, const struct cxv_platform *platform, bool alive)
{
	struct cxv_ladder ladder = { 0 };
	struct cxv_ladder_record record;

	assert_int_equal(cxv_ladder_parse(text, &record), 0);
	assert_int_equal(cxv_ladder_judge(&record, platform, ENDPOINT, alive, &ladder), 0);
	return ladder;
}

static void test_meaning(void **state)
{
	static const struct {
		const char *text;
		bool alive;
		enum cxv_ladder_state state;
		enum cxv_rung reached, tried;
	} records[] = {
		{ HEAD, false, CXV_LADDER_UNPROVEN, CXV_RUNG_NONE, CXV_RUNG_NONE },
		{ HEAD "survived page 7.3\n", false, CXV_LADDER_UNPROVEN, CXV_RUNG_PAGE, 0 },
		{ HEAD "survived rest 7.3\n", false, CXV_LADDER_PROVEN, CXV_RUNG_REST, 0 },
		{ HEAD "survived rest 7.2\nsurvived line 7.3\n", false, CXV_LADDER_UNPROVEN,
		  CXV_RUNG_LINE, 0 },
		{ HEAD "survived rest 7.2\n", false, CXV_LADDER_UNPROVEN, CXV_RUNG_NONE, 0 },
		{ HEAD "trying write 7.3 b2 7 8\n", true, CXV_LADDER_RUNNING, 0, CXV_RUNG_WRITE },
		{ HEAD "trying write 7.3 b2 7 8\n", false, CXV_LADDER_INTERRUPTED, 0,
		  CXV_RUNG_WRITE },
		{ HEAD "survived page 7.3\ntrying write 7.3 b1 7 8\n", false,
		  CXV_LADDER_NOT_SURVIVED, CXV_RUNG_PAGE, CXV_RUNG_WRITE },
		/* A process of another boot is nobody's. */
		{ HEAD "trying rest 7.3 b1 7 8\n", true, CXV_LADDER_NOT_SURVIVED, 0,
		  CXV_RUNG_REST },
		/* Whatever kernel it was: the machine is the same. */
		{ HEAD "trying line 7.2 b1 7 8\n", false, CXV_LADDER_NOT_SURVIVED, 0,
		  CXV_RUNG_LINE },
		{ HEAD "crashed page 7.2\n", false, CXV_LADDER_NOT_SURVIVED, 0, CXV_RUNG_PAGE },
		{ HEAD "survived line 7.3\ncrashed page 7.2\n", false, CXV_LADDER_NOT_SURVIVED,
		  CXV_RUNG_LINE, CXV_RUNG_PAGE },
		/* Another kernel has survived it since: that is how things are under that one. */
		{ HEAD "survived page 7.3\ncrashed page 7.2\n", false, CXV_LADDER_UNPROVEN,
		  CXV_RUNG_PAGE, CXV_RUNG_NONE },
		{ HEAD "survived rest 7.3\ncrashed page 7.2\n", false, CXV_LADDER_PROVEN,
		  CXV_RUNG_REST, CXV_RUNG_NONE },
		/* A third one has nothing against it, nor for it. */
		{ HEAD "survived rest 7.4\ncrashed page 7.2\n", false, CXV_LADDER_UNPROVEN,
		  CXV_RUNG_NONE, CXV_RUNG_NONE },
		/* But under its own kernel it stands. */
		{ HEAD "survived rest 7.4\ncrashed page 7.3\n", false, CXV_LADDER_NOT_SURVIVED,
		  CXV_RUNG_NONE, CXV_RUNG_PAGE },
		/* This kernel's own first, then the last one. */
		{ HEAD "crashed page 7.2\ncrashed write 7.3\n", false, CXV_LADDER_NOT_SURVIVED,
		  CXV_RUNG_NONE, CXV_RUNG_WRITE },
		{ HEAD "crashed page 7.2\ncrashed write 7.1\n", false, CXV_LADDER_NOT_SURVIVED,
		  CXV_RUNG_NONE, CXV_RUNG_PAGE },
		{ HEAD "survived page 7.4\ncrashed page 7.2\ncrashed write 7.1\n", false,
		  CXV_LADDER_NOT_SURVIVED, CXV_RUNG_NONE, CXV_RUNG_WRITE },
		{ HEAD "crashed page 7.2\ntrying registers 7.3 b2 7 8\n", false,
		  CXV_LADDER_NOT_SURVIVED, 0, CXV_RUNG_PAGE },
		{ HEAD "crashed page 7.2\ntrying line 7.3 b2 7 8\n", true, CXV_LADDER_RUNNING, 0,
		  CXV_RUNG_LINE },
	};

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		struct cxv_ladder ladder = judge(records[i].text, &here, records[i].alive);

		print_message("%s", records[i].text);
		assert_true(cxv_ladder_is(&ladder, records[i].state));
		assert_int_equal(ladder.reached, records[i].reached);
		assert_int_equal(ladder.tried, records[i].tried);
		cxv_fields_free(&ladder, &cxv_ladder_fields);
	}
}

/* Told, and not trusted. */
static void test_foreign(void **state)
{
	static const struct cxv_platform other = { "0b", "7.3", "b2" };
	struct cxv_ladder ladder = judge(HEAD "survived rest 7.3\n", &other, false);
	char *sentence;

	assert_true(cxv_ladder_is(&ladder, CXV_LADDER_FOREIGN));
	assert_int_equal(ladder.reached, CXV_RUNG_NONE);
	assert_int_equal(cxv_ladder_sentence(&ladder, &sentence), 0);
	assert_non_null(strstr(sentence, "another machine's"));
	free(sentence);
	ladder = judge("cxlvfio ladder 1\nmachine 0a\nendpoint 10de:2e12:1001\n"
		       "survived rest 7.3\n", &here, false);
	assert_true(cxv_ladder_is(&ladder, CXV_LADDER_FOREIGN));
}

/* Where the machine is not known, what another one survived is not taken for its own. */
static void test_unknown_machine(void **state)
{
	static const struct cxv_platform unknown = { CXV_PLATFORM_UNKNOWN, "7.3", "b2" };
	struct cxv_ladder ladder = judge("cxlvfio ladder 1\nmachine -\nendpoint " ENDPOINT "\n"
					 "survived rest 7.3\n", &unknown, false);

	assert_true(cxv_ladder_is(&ladder, CXV_LADDER_UNPROVEN));
	ladder = judge("cxlvfio ladder 1\nmachine -\nendpoint " ENDPOINT "\n"
		       "survived line 7.3\ncrashed page 7.3\n", &unknown, false);
	assert_true(cxv_ladder_is(&ladder, CXV_LADDER_NOT_SURVIVED));
	cxv_fields_free(&ladder, &cxv_ladder_fields);
}

/* Where the boot is not known, nobody can say that the machine went on. */
static void test_unknown_boot(void **state)
{
	static const struct cxv_platform unknown = { "0a", "7.3", CXV_PLATFORM_UNKNOWN };
	struct cxv_ladder ladder = judge(HEAD "trying page 7.3 " CXV_PLATFORM_UNKNOWN " 7 8\n",
					 &unknown, false);

	assert_true(cxv_ladder_is(&ladder, CXV_LADDER_NOT_SURVIVED));
	cxv_fields_free(&ladder, &cxv_ladder_fields);
}

static void test_sentence(void **state)
{
	struct cxv_ladder ladder = judge(HEAD "trying page 7.3 b1 7 8\n", &here, false);
	char *sentence;

	assert_int_equal(cxv_ladder_sentence(&ladder, &sentence), 0);
	assert_non_null(strstr(sentence, "did not survive step \"page\""));
	assert_non_null(strstr(sentence, "under kernel 7.3"));
	free(sentence);
	cxv_fields_free(&ladder, &cxv_ladder_fields);
	ladder = judge(HEAD "survived rest 7.3\n", &here, false);
	assert_int_equal(cxv_ladder_sentence(&ladder, &sentence), 0);
	assert_null(sentence);
}

static void test_damaged(void **state)
{
	static const char *const texts[] = {
		"", "\n", "cxlvfio ladder 1", "cxlvfio ladder 1\n", "cxlvfio ladder 2\nmachine a\n",
		"cxlvfio ladder 1\nmachine 0a\n", "cxlvfio ladder 1\nmachine \nendpoint x\n",
		HEAD "survived\n", HEAD "survived rest\n", HEAD "survived none 7.3\n",
		HEAD "survived rest 7.3", HEAD "survived rest 7.3 x\n", HEAD "survived  rest 7.3\n",
		HEAD "trying rest 7.3 b1 7\n", HEAD "trying rest 7.3 b1 -7 8\n",
		HEAD "trying rest 7.3 b1 7 8 9\n", HEAD "trying rest 7.3 b1 99999999999 8\n",
		HEAD "trying rest 7.3 b1 7 99999999999999999999\n",
		HEAD "trying rest 7.3 b1 7 8\nsurvived rest 7.3\n", HEAD "hello\n",
		HEAD "survived rest 0123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789\n",
		HEAD "survived line 1\nsurvived line 2\nsurvived line 3\nsurvived line 4\n"
		"survived line 5\nsurvived line 6\nsurvived line 7\nsurvived line 8\n"
		"survived line 9\n",
		HEAD "crashed line 1\ncrashed line 2\ncrashed line 3\ncrashed line 4\n"
		"crashed line 5\ncrashed line 6\ncrashed line 7\ncrashed line 8\n"
		"crashed line 9\n",
	};
	struct cxv_ladder_record record;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		print_message("%zu: %s\n", i, texts[i]);
		assert_int_equal(cxv_ladder_parse(texts[i], &record), -EINVAL);
		assert_int_equal(record.count, 0);
		assert_int_equal(record.crash_count, 0);
		assert_int_equal(record.trying.rung, CXV_RUNG_NONE);
	}
}

static void expect_text(const struct cxv_ladder_record *record, const char *expected)
{
	struct cxv_ladder_record again;
	char text[CXV_LADDER_TEXT_MAX];

	cxv_ladder_format(record, text);
	assert_string_equal(text, expected);
	assert_int_equal(cxv_ladder_parse(text, &again), 0);
}

/* A machine that ends on it, tries again with consent, and comes to the end. */
static void test_climb(void **state)
{
	static const struct cxv_platform next = { "0a", "7.3", "b3" };
	struct cxv_ladder_record record;

	assert_int_equal(cxv_ladder_parse(HEAD, &record), 0);
	cxv_ladder_try(&record, &here, CXV_RUNG_REGISTERS, 7, 8);
	expect_text(&record, HEAD "trying registers 7.3 b2 7 8\n");
	cxv_ladder_survive(&record);
	cxv_ladder_try(&record, &here, CXV_RUNG_LINE, 7, 8);
	expect_text(&record, HEAD "survived registers 7.3\ntrying line 7.3 b2 7 8\n");
	/* Another boot: what it did not survive stays, until that was survived. */
	cxv_ladder_try(&record, &next, CXV_RUNG_REGISTERS, 9, 10);
	expect_text(&record, HEAD "survived registers 7.3\ncrashed line 7.3\n"
		    "trying registers 7.3 b3 9 10\n");
	cxv_ladder_leave(&record);
	expect_text(&record, HEAD "survived registers 7.3\ncrashed line 7.3\n");
	cxv_ladder_try(&record, &next, CXV_RUNG_REGISTERS, 9, 10);
	cxv_ladder_survive(&record);
	expect_text(&record, HEAD "survived registers 7.3\ncrashed line 7.3\n");
	cxv_ladder_try(&record, &next, CXV_RUNG_LINE, 9, 10);
	cxv_ladder_survive(&record);
	expect_text(&record, HEAD "survived line 7.3\n");
	/* What was proven once is not taken back by trying less. */
	cxv_ladder_try(&record, &next, CXV_RUNG_REST, 9, 10);
	cxv_ladder_survive(&record);
	cxv_ladder_try(&record, &next, CXV_RUNG_PAGE, 9, 10);
	cxv_ladder_survive(&record);
	expect_text(&record, HEAD "survived rest 7.3\n");
}

/* A crash under one kernel is not made good by what another one survives. */
static void test_crash_of_another_kernel(void **state)
{
	static const struct cxv_platform old = { "0a", "7.2", "b1" }, next = { "0a", "7.2", "b3" };
	struct cxv_ladder_record record;
	struct cxv_ladder ladder = { 0 };

	assert_int_equal(cxv_ladder_parse(HEAD "survived rest 7.1\nsurvived line 7.2\n", &record),
			 0);
	cxv_ladder_try(&record, &old, CXV_RUNG_PAGE, 7, 8);
	/* What the others had survived was before that crash. */
	cxv_ladder_try(&record, &here, CXV_RUNG_REGISTERS, 7, 8);
	expect_text(&record, HEAD "survived line 7.1\nsurvived line 7.2\ncrashed page 7.2\n"
		    "trying registers 7.3 b2 7 8\n");
	cxv_ladder_try(&record, &here, CXV_RUNG_REST, 7, 8);
	cxv_ladder_survive(&record);
	expect_text(&record, HEAD "survived rest 7.3\nsurvived line 7.1\nsurvived line 7.2\n"
		    "crashed page 7.2\n");
	assert_int_equal(cxv_ladder_judge(&record, &next, ENDPOINT, false, &ladder), 0);
	assert_true(cxv_ladder_is(&ladder, CXV_LADDER_NOT_SURVIVED));
	cxv_fields_free(&ladder, &cxv_ladder_fields);
	cxv_ladder_try(&record, &next, CXV_RUNG_PAGE, 9, 10);
	cxv_ladder_survive(&record);
	expect_text(&record, HEAD "survived page 7.2\nsurvived rest 7.3\nsurvived line 7.1\n");
	/* The first step of all: nothing is left of what was survived. */
	cxv_ladder_try(&record, &old, CXV_RUNG_REGISTERS, 7, 8);
	cxv_ladder_try(&record, &here, CXV_RUNG_REGISTERS, 7, 8);
	cxv_ladder_leave(&record);
	expect_text(&record, HEAD "crashed registers 7.2\n");
}

/* The last kernels are remembered; the text never outgrows its room. */
static void test_kernels(void **state)
{
	struct cxv_platform platform = { "0a", "", "b2" };
	char text[CXV_LADDER_TEXT_MAX], last[CXV_LADDER_WORD_MAX];
	struct cxv_ladder_record record, again;

	assert_int_equal(cxv_ladder_parse(HEAD, &record), 0);
	for (int i = 0; i < 3 * CXV_LADDER_KERNELS; i++) {
		snprintf(platform.kernel, sizeof(platform.kernel), "%079d", i);
		cxv_ladder_try(&record, &platform, CXV_RUNG_REST, 7, 8);
		cxv_ladder_survive(&record);
		assert_int_equal(cxv_ladder_reached(&record, &platform), CXV_RUNG_REST);
	}
	assert_int_equal(record.count, CXV_LADDER_KERNELS);
	snprintf(platform.kernel, sizeof(last), "%079d", 2 * CXV_LADDER_KERNELS);
	assert_int_equal(cxv_ladder_reached(&record, &platform), CXV_RUNG_REST);
	snprintf(platform.kernel, sizeof(last), "%079d", 2 * CXV_LADDER_KERNELS - 1);
	assert_int_equal(cxv_ladder_reached(&record, &platform), CXV_RUNG_NONE);
	memcpy(last, platform.kernel, sizeof(last));
	memcpy(record.machine, last, sizeof(last));
	memcpy(record.endpoint, last, sizeof(last));
	record.trying = record.survived[0];
	memcpy(record.crashed, record.survived, sizeof(record.crashed));
	record.crash_count = record.count;
	memcpy(record.boot, last, sizeof(last));
	record.process = INT32_MAX;
	record.started = UINT64_MAX;
	cxv_ladder_format(&record, text);
	assert_int_equal(cxv_ladder_parse(text, &again), 0);
	assert_memory_equal(&record, &again, sizeof(record));
}

static void test_order(void **state)
{
	assert_int_equal(cxv_ladder_next(CXV_RUNG_NONE, CXV_RUNG_REST, true), CXV_RUNG_REGISTERS);
	assert_int_equal(cxv_ladder_next(CXV_RUNG_PAGE, CXV_RUNG_REST, true), CXV_RUNG_WRITE);
	assert_int_equal(cxv_ladder_next(CXV_RUNG_PAGE, CXV_RUNG_REST, false), CXV_RUNG_REST);
	assert_int_equal(cxv_ladder_next(CXV_RUNG_PAGE, CXV_RUNG_WRITE, false), CXV_RUNG_NONE);
	assert_int_equal(cxv_ladder_next(CXV_RUNG_WRITE, CXV_RUNG_WRITE, true), CXV_RUNG_NONE);
	assert_int_equal(cxv_ladder_next(CXV_RUNG_REST, CXV_RUNG_REST, true), CXV_RUNG_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_unknown_machine),
		cmocka_unit_test(test_unknown_boot),
		cmocka_unit_test(test_sentence),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_climb),
		cmocka_unit_test(test_crash_of_another_kernel),
		cmocka_unit_test(test_kernels),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
