// SPDX-License-Identifier: GPL-2.0-or-later
/* The texts that bind and unbind read: records, kernel log records, /proc/iomem. */
#include <errno.h>
#include <string.h>

#include "core/base/util.h"
#include "sys/base/kernel_log.h"
#include "sys/binding/bind_facts.h"
#include "sys/binding/record.h"
#include "unit.h"

static int parse_record(const char *text, char *identity, struct cxv_binding *binding)
{
	char copy[1024];

	memset(binding, 0, sizeof(*binding));
	strcpy(copy, text);
	return cxv_record_parse(copy, identity, 64, binding);
}

static void record_is_read(void **state)
{
	struct cxv_binding binding;
	char identity[64];

	(void)state;
	assert_int_equal(parse_record("device=10de:2e12:1000\ndriver=accelerator\n"
				      "driver_override=a b\n", identity, &binding), 0);
	assert_string_equal(identity, "10de:2e12:1000");
	assert_string_equal(binding.driver, "accelerator");
	assert_string_equal(binding.driver_override, "a b");
	assert_int_equal(parse_record("device=\ndriver=\ndriver_override=\n", identity, &binding),
			 0);
	assert_string_equal(binding.driver, "");
}

static void damaged_record_is_refused(void **state)
{
	static const char *const damaged[] = {
		"", "\n", "device", "device=1", "device=1\n", "device=1\ndriver=a\n",
		"device=1\ndriver=a\ndriver_override=b",	/* cut short */
		"device=1\ndriver=a\ndriver_override=b\nmore=1\n",
		"driver=a\ndevice=1\ndriver_override=b\n",
		"device=1\ndriver=../../../etc\ndriver_override=b\n",
		"device=1\ndriver=..\ndriver_override=b\n",
		"device=1\ndriver=a\ndriver_override=x/y\n",
		"device=0123456789012345678901234567890123456789012345678901234567890123\n"
		"driver=a\ndriver_override=b\n",
	};
	struct cxv_binding binding;
	char identity[64], longest[600];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++)
		assert_int_equal(parse_record(damaged[i], identity, &binding), -EINVAL);
	strcpy(longest, "device=1\ndriver=");
	memset(longest + strlen(longest), 'd', CXV_STEP_VALUE_SIZE);
	strcpy(longest + 16 + CXV_STEP_VALUE_SIZE, "\ndriver_override=\n");
	assert_int_equal(parse_record(longest, identity, &binding), -EINVAL);
}

static const struct cxv_kernel_speaker probing = {
	.driver = "cxl-vfio-pci", .target = "0000:0d:00.0",
};

static struct cxv_kernel_verdict read_log_of(const struct cxv_kernel_speaker *speaker,
					     const char *const *records, size_t count)
{
	struct cxv_kernel_verdict verdict = { 0 };

	for (size_t i = 0; i < count; i++) {
		char copy[1024];

		strcpy(copy, records[i]);
		cxv_kernel_log_record(copy, speaker, &verdict);
	}
	return verdict;
}

static struct cxv_kernel_verdict read_log(const char *const *records, size_t count)
{
	return read_log_of(&probing, records, count);
}

static void refusal_is_found_in_the_log(void **state)
{
	static const char *const records[] = {
		"6,800,100,-;cxl-vfio-pci 0000:0d:00.0: enabling device (0000 -> 0002)\n",
		"3,801,101,-;cxl-vfio-pci 0000:0e:00.0: refused: another endpoint\n",
		"3,802,102,-;cxl-vfio-pci 0000:0d:00.0: refused: decoder 0 is not committed\n"
		" SUBSYSTEM=pci\n DEVICE=+pci:0000:0d:00.0\n",
		"3,803,103,-;cxl-vfio-pci 0000:0d:00.0: probe with driver cxl-vfio-pci failed with "
		"error -6\n",
		"4,804,104,-;cxl-vfio-pci 0000:0d:00.0: something later\n",
	};
	struct cxv_kernel_verdict verdict = read_log(records, 2);

	(void)state;
	assert_false(verdict.refused);
	assert_string_equal(verdict.reason, "");
	verdict = read_log(records, 3);
	assert_true(verdict.refused);
	assert_string_equal(verdict.reason, "decoder 0 is not committed");
	assert_int_equal(verdict.error, 0);
	verdict = read_log(records, ARRAY_SIZE(records));
	assert_int_equal(verdict.error, 6);
	assert_string_equal(verdict.reason, "decoder 0 is not committed");
}

static void other_records_are_no_refusal(void **state)
{
	static const char *const records[] = {
		"", ";", "garbage", "3;", "x,1,1,-;cxl-vfio-pci 0000:0d:00.0: refused: no number",
		"3,1,1,-;cxl-vfio-pci", "3,1,1,-;cxl-vfio-pci 0000:0d:00.0",
		"3,1,1,-;vfio-pci 0000:0d:00.0: refused: another driver",
		"3,1,1,-;cxl-vfio-pci 0000:0d:00.01: refused: a longer name",
		"4,1,1,-;cxl-vfio-pci 0000:0d:00.0: BAR 0: can't reserve",
	};
	struct cxv_kernel_verdict verdict = read_log(records, ARRAY_SIZE(records));

	(void)state;
	assert_false(verdict.refused);
	/* A warning alone is no refusal, but it is told when the driver does not come. */
	assert_string_equal(verdict.reason, "BAR 0: can't reserve");
}

/* An unbind: whatever is said about the device counts, the last most. */
static void words_about_a_device_are_found(void **state)
{
	static const char *const records[] = {
		"5,1,1,-;accelerator 0000:0d:00.0: still in use",
		"4,2,2,-;pci 0000:0d:00.0: cannot be left",
		"6,3,3,-;accelerator 0000:0d:00.0: chatter",
		"4,4,4,-;accelerator 0000:0e:00.0: another one",
		"4,5,5,-; 0000:0d:00.0: nobody", "4,6,6,-;0000:0d:00.0: nobody",
	};
	const struct cxv_kernel_speaker anybody = { .target = "0000:0d:00.0" };
	struct cxv_kernel_verdict verdict = read_log_of(&anybody, records, 1);

	(void)state;
	assert_string_equal(verdict.reason, "still in use");
	verdict = read_log_of(&anybody, records, ARRAY_SIZE(records));
	assert_string_equal(verdict.reason, "cannot be left");
	assert_false(verdict.refused);
}

static void words_of_a_module_are_found(void **state)
{
	static const char *const records[] = {
		"3,1,1,-;cxl_vfio_pci: disagrees about version of symbol vfio_pci_core_mmap",
		"3,2,2,-;cxl_vfio: Unknown symbol of another", "3,3,3,-;vfio: Unknown symbol x",
		"6,4,4,-;cxl_vfio_pci: loading out-of-tree module taints kernel.",
	};
	static const char *const refused[] = {
		"5,1,1,-;Lockdown: cxlvfio: unsigned module loading is restricted; see man "
		"kernel_lockdown.7", };
	const struct cxv_kernel_speaker modules = { .modules = "cxl_core vfio cxl_vfio_pci" };
	struct cxv_kernel_verdict verdict = read_log_of(&modules, records, 2);

	(void)state;
	assert_string_equal(verdict.reason,
			    "cxl_vfio_pci: disagrees about version of symbol vfio_pci_core_mmap");
	verdict = read_log_of(&modules, records, ARRAY_SIZE(records));
	assert_string_equal(verdict.reason, "vfio: Unknown symbol x");
	verdict = read_log_of(&modules, refused, 1);
	assert_non_null(strstr(verdict.reason, "unsigned module loading is restricted"));
}

static int find_users(const char *text, uint64_t first, uint64_t last,
		      struct cxv_window_user **users, size_t *count)
{
	_cleanup_(cxv_iomem_clear) struct cxv_iomem iomem;

	assert_int_equal(cxv_iomem_parse(strdup(text), strlen(text), &iomem), 0);
	return cxv_window_users_find(&iomem, first, last, users, count);
}

static void users_of_the_window_are_found(void **state)
{
	char text[] =
		"00001000-0009fbff : System RAM\n"
		"140000000-14fffffff : CXL Window 0\n"
		"  140000000-14fffffff : region0\n"
		"    140000000-147ffffff : dax0.0\n"
		"      140000000-147ffffff : System RAM (kmem)\n"
		"150000000-17fffffff : System RAM\n"
		"nonsense\n";
	struct cxv_window_user *users = NULL;
	size_t count = 0;

	(void)state;
	assert_int_equal(find_users(text, 0x140000000, 0x14fffffff, &users, &count),
			 0);
	assert_int_equal(count, 2);
	assert_string_equal(users[0].name, "dax0.0");
	assert_string_equal(users[1].name, "System RAM (kmem)");
	assert_int_equal(users[1].first, 0x140000000);
	assert_int_equal(users[1].last, 0x147ffffff);
	free(users);
}

/* What an unprivileged reader is shown. */
static void hidden_addresses_are_nobodys(void **state)
{
	char text[] = "00000000-00000000 : System RAM\n";
	struct cxv_window_user *users = NULL;
	size_t count = 0;

	(void)state;
	assert_int_equal(find_users(text, 0x140000000, 0x14fffffff, &users, &count),
			 0);
	assert_int_equal(count, 0);
	free(users);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_is_read),
		cmocka_unit_test(damaged_record_is_refused),
		cmocka_unit_test(refusal_is_found_in_the_log),
		cmocka_unit_test(other_records_are_no_refusal),
		cmocka_unit_test(words_about_a_device_are_found),
		cmocka_unit_test(words_of_a_module_are_found),
		cmocka_unit_test(users_of_the_window_are_found),
		cmocka_unit_test(hidden_addresses_are_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
