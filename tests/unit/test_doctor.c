// SPDX-License-Identifier: GPL-2.0-or-later
/* What doctor takes out of texts, the CEDT, and the table of checks. */
#include <string.h>

#include "core/base/parameters.h"
#include "core/base/release.h"
#include "core/base/util.h"
#include "core/discovery/findings.h"
#include "core/doctor/checks.h"
#include "core/doctor/doctor.h"
#include "core/doctor/parse.h"
#include "core/doctor/takers.h"
#include "unit.h"

static void test_release(void **state)
{
	assert_int_equal(cxv_release_is_at_least("7.3.4-amd64", 7, 3), 1);
	assert_int_equal(cxv_release_is_at_least("7.3", 7, 3), 1);
	assert_int_equal(cxv_release_is_at_least("7.10.0", 7, 3), 1);
	assert_int_equal(cxv_release_is_at_least("8.0-rc1", 7, 3), 1);
	assert_int_equal(cxv_release_is_at_least("7.2.99", 7, 3), 0);
	assert_int_equal(cxv_release_is_at_least("6.12", 7, 3), 0);
	assert_int_equal(cxv_release_is_at_least("7", 7, 3), -1);
	assert_int_equal(cxv_release_is_at_least("", 7, 3), -1);
	assert_int_equal(cxv_release_is_at_least("linux 7.3", 7, 3), -1);
}

static void test_config(void **state)
{
	static const char config[] = "# CONFIG_CXL_PCI is not set\nCONFIG_CXL_BUS=y\n"
				     "CONFIG_CXL_BUS_X=n\nCONFIG_VFIO=m\nCONFIG_LAST=y";

	assert_int_equal(cxv_config_option(config, "CXL_BUS"), 'y');
	assert_int_equal(cxv_config_option(config, "CXL_BUS_X"), 'n');
	assert_int_equal(cxv_config_option(config, "VFIO"), 'm');
	assert_int_equal(cxv_config_option(config, "CXL_PCI"), 'n');
	assert_int_equal(cxv_config_option(config, "LAST"), 'y');
	assert_int_equal(cxv_config_option(config, "CXL"), 'n');
	assert_int_equal(cxv_config_option("", "CXL"), 'n');
}

static void test_parameters(void **state)
{
	static const char line[] = " a=\"b intel_iommu=off\" intel_iommu=on,off  pci=noaer x\n";
	const char *text = line, *parameter;
	char *found;

	assert_int_equal(cxv_next_parameter(&text, &parameter), 21);
	assert_int_equal(cxv_next_parameter(&text, &parameter), 18);
	assert_true(cxv_parameter_has(line, "intel_iommu", "off"));
	assert_false(cxv_parameter_has(line, "iommu", "off"));
	assert_false(cxv_parameter_has(line, "intel_iommu", "of"));
	assert_false(cxv_parameter_has("intel_iommu=off intel_iommu=on", "intel_iommu", "off"));
	assert_true(cxv_parameter_has("intel-iommu=off", "intel_iommu", "off"));
	assert_false(cxv_parameter_has("", "intel_iommu", "off"));
	assert_false(cxv_parameter_has("pci pci= =", "pci", "off"));
	found = cxv_parameter_with(line, "pci", "noaer");
	assert_string_equal(found, "pci=noaer");
	free(found);
	assert_null(cxv_parameter_with("a=\"unterminated pci=noaer", "pci", "noaer"));
}

/* As the kernel's next_arg() takes quotes. */
static void test_quotes(void **state)
{
	static const char line[] = "\"a.b=c d\" e=\"off,x\" \"\" \"f\"";
	const char *text = line, *parameter, *value;
	size_t length = cxv_next_parameter(&text, &parameter);

	assert_int_equal(length, 7);
	assert_memory_equal(parameter, "a.b=c d", 7);
	length = cxv_next_parameter(&text, &parameter);
	value = cxv_parameter_value(parameter, length, "e");
	assert_non_null(value);
	assert_int_equal(cxv_parameter_unquote(parameter, length, &value), 5);
	assert_memory_equal(value, "off,x", 5);
	assert_true(cxv_parameter_has(line, "e", "off"));
	assert_true(cxv_parameter_is_yes("x.y=\"Y\"", "x.y"));
	assert_true(cxv_parameter_is_yes("x.y", "x.y"));
	assert_true(cxv_parameter_is_yes("x.y=0 x.y=on", "x.y"));
	assert_false(cxv_parameter_is_yes("x.y=1 x.y=off", "x.y"));
	assert_false(cxv_parameter_is_yes("", "x.y"));
}

/* drivers/iommu/irq_remapping.c: in order, each word by how it begins. */
static void test_intremap(void **state)
{
	static const struct {
		const char *line;
		const char *text;	/* NULL: remapped */
	} cases[] = {
		{ "", NULL }, { "intremap", NULL }, { "intremap=nosid", NULL },
		{ "intremap=off", "intremap=off" }, { "intremap=off,on", NULL },
		{ "intremap=on,off", "intremap=on,off" }, { "intremap=OFF", NULL },
		{ "intremap=off intremap=nosid", "intremap=off" },
		{ "intremap=off intremap=on", NULL }, { "nointremap intremap=on", NULL },
		{ "intremap=on nointremap", "nointremap" }, { "intremap=offx", "intremap=offx" },
		{ "\"intremap=off\"", "intremap=off" },
		{ "intremap=\"off\"", "intremap=\"off\"" },
		{ "intremap=off -- x", "intremap=off" }, { "x -- intremap=off", NULL },
		{ "xintremap=off", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = NULL;
		size_t length = 0;
		bool unmapped = cxv_parameter_unmaps(cases[i].line, &text, &length);

		if (unmapped != !!cases[i].text ||
		    (unmapped && (length != strlen(cases[i].text) ||
				  strncmp(text, cases[i].text, length))))
			fail_msg("%s: %d '%.*s'", cases[i].line, unmapped, (int)length, text);
	}
}

static const struct cxv_device_ids device = { 0x1e98, 0xe2e2, 0x1e98, 0xe2e3, 0x120000 };

/* drivers/pci/pci-driver.c, pci_match_one_device(). */
static void test_ids(void **state)
{
	static const struct {
		const char *ids;
		const char *item;	/* NULL: none */
	} cases[] = {
		{ "1e98:e2e2", "1e98:e2e2" }, { "10de:1234,1E98:E2E2,", "1E98:E2E2" },
		{ "0x1e98:0xe2e2", "0x1e98:0xe2e2" }, { "1e98:ffffffff", "1e98:ffffffff" },
		{ "1e98:e2e2:1e98:e2e3", "1e98:e2e2:1e98:e2e3" },
		{ "1e98:e2e2:1e98:e2e4", NULL }, { "1e98:e2e2:dead:beef", NULL },
		{ "ffffffff:ffffffff:ffffffff:ffffffff:120000:ff0000",
		  "ffffffff:ffffffff:ffffffff:ffffffff:120000:ff0000" },
		{ "ffffffff:ffffffff:ffffffff:ffffffff:030000:ff0000", NULL },
		{ "1e98", NULL }, { "1e98:e2e3", NULL }, { "", NULL }, { ",,", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *item = "";
		size_t length = cxv_ids_find(cases[i].ids, strlen(cases[i].ids), &device, &item);

		if (length != strlen(cases[i].item ?: "") ||
		    strncmp(item, cases[i].item ?: "", length))
			fail_msg("%s: '%.*s'", cases[i].ids, (int)length, item);
	}
}

static void test_udev_rules(void **state)
{
	static const char devpath[] = "/devices/pci0000:0c/0000:0c:00.0/0000:0d:00.0";
	static const struct {
		const char *line;
		enum cxv_takes takes;
	} cases[] = {
		{ "KERNEL==\"0000:0d:00.0\", ATTR{driver_override}=\"vfio-pci\"", CXV_TAKES },
		{ "ACTION==\"add\", KERNELS==\"0000:0d:*\", ATTR{driver_override}=\"x\"",
		  CXV_TAKES },
		{ "ACTION==\"add\", SUBSYSTEM==\"pci\", ATTR{vendor}==\"0x1e98\", "
		  "ATTR{device}==\"0xe2e2\", RUN+=\"/bin/sh -c 'echo vfio-pci > "
		  "/sys%p/driver_override'\"", CXV_TAKES },
		{ "ATTRS{vendor}==\"0x10de|0x1e98\", ATTR{driver_override}=\"x\"", CXV_TAKES },
		{ "KERNEL==\"0000:0e:00.0\", ATTR{driver_override}=\"vfio-pci\"", CXV_TAKES_NOT },
		{ "ATTR{vendor}==\"0x1e98\", ATTR{device}!=\"0xe2e2\", "
		  "ATTR{driver_override}=\"x\"", CXV_TAKES_NOT },
		{ "SUBSYSTEM==\"pci\", ATTR{driver_override}=\"$env{X}\"", CXV_TAKES_PERHAPS },
		{ "KERNEL==\"0000:0d:00.0\", ATTR{driver_override}=\"cxl-vfio-pci\"",
		  CXV_TAKES_NOT },
		{ "# KERNEL==\"0000:0d:00.0\", ATTR{driver_override}=\"x\"", CXV_TAKES_NOT },
		{ "ENV{PCI_ID}==\"1E98:E2E2\", ATTR{driver_override}=\"x\"", CXV_TAKES },
		{ "ENV{PCI_ID}==\"1E98:E2E3\", ATTR{driver_override}=\"x\"", CXV_TAKES_NOT },
		{ "ENV{PCI_SLOT_NAME}==\"0000:0d:00.0\", ATTR{driver_override}=\"x\"", CXV_TAKES },
		{ "ENV{MODALIAS}==\"pci:v00001E98d0000E2E2*\", ATTR{driver_override}=\"x\"",
		  CXV_TAKES },
		{ "DEVPATH==\"*/0000:0d:00.0\", ATTR{driver_override}=\"x\"", CXV_TAKES },
		{ "DEVPATH==\"*/0000:0e:00.0\", ATTR{driver_override}=\"x\"", CXV_TAKES_NOT },
		{ "DEVPATH==\"*/pci0000:0c/*\", ATTR{driver_override}=\"x\"", CXV_TAKES },
		{ "DEVPATH==\"*/pci0000:0b/*\", ATTR{driver_override}=\"x\"", CXV_TAKES_NOT },
		{ "KERNELS==\"0000:0c:00.0\", ATTR{driver_override}=\"x\"", CXV_TAKES },
		{ "KERNELS==\"pci0000:0c\", ATTR{driver_override}=\"x\"", CXV_TAKES },
		{ "KERNELS==\"0000:0b:00.0\", ATTR{driver_override}=\"x\"", CXV_TAKES_NOT },
		{ "KERNELS==\"devices\", ATTR{driver_override}=\"x\"", CXV_TAKES_NOT },
		{ "KERNELS!=\"0000:0d:00.0\", ATTR{driver_override}=\"x\"", CXV_TAKES_PERHAPS },
		{ "KERNEL==\"0000:0c:00.0\", ATTR{driver_override}=\"x\"", CXV_TAKES_NOT },
		{ "PROGRAM==\"/sbin/mine %k\", ATTR{driver_override}=\"x\"", CXV_TAKES_PERHAPS },
		{ "SUBSYSTEM==\"net\", PROGRAM==\"x\", ATTR{driver_override}=\"x\"",
		  CXV_TAKES_NOT },
		{ "ENV{CXLVFIO_OVERRIDE}==\"?*\", ATTR{driver_override}=\"$env{CXLVFIO_OVERRIDE}\"",
		  CXV_TAKES_NOT },
		{ "SUBSYSTEM!=\"pci\", ATTR{driver_override}=\"x\"", CXV_TAKES_NOT },
		{ "ACTION==\"add\", RUN+=\"/sbin/driverctl set-override 0000:0d:00.0 vfio-pci\"",
		  CXV_TAKES },
		{ "ACTION==\"add\", RUN+=\"/sbin/driverctl set-override 0000:0e:00.0 vfio-pci\"",
		  CXV_TAKES_NOT },
		{ "KERNEL==\"0000:0d:00.0\", ATTR{driver_override", CXV_TAKES },
		{ "KERNEL==\"0000:0d:00.0", CXV_TAKES_NOT },
		{ "driver_override", CXV_TAKES_NOT }, { "", CXV_TAKES_NOT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (cxv_udev_rule_takes(cases[i].line, strlen(cases[i].line), "0000:0d:00.0",
					devpath, &device) != cases[i].takes)
			fail_msg("%s", cases[i].line);
}

static void test_memmap(void **state)
{
	const char *text = "memmap=exactmap memmap=1M$0x1000,2G@4G xmemmap=1G@0 memmap=5 "
			   "memmap=0x10#16";
	struct cxv_memmap memmap;

	assert_true(cxv_next_memmap(&text, &memmap));
	assert_int_equal(memmap.kind, '$');
	assert_true(memmap.base == 0x1000 && memmap.size == 1 << 20);
	assert_true(cxv_next_memmap(&text, &memmap));
	assert_int_equal(memmap.kind, '@');
	assert_true(memmap.base == 4ull << 30 && memmap.size == 2ull << 30);
	assert_true(cxv_next_memmap(&text, &memmap));
	assert_int_equal(memmap.kind, '#');
	assert_true(memmap.base == 16 && memmap.size == 16);
	assert_false(cxv_next_memmap(&text, &memmap));
}

static void test_process(void **state)
{
	uint64_t bytes;
	const char *word;

	assert_true(cxv_limits_locked_memory("x\nMax locked memory     8388608   1 bytes\n",
					     &bytes));
	assert_true(bytes == 8388608);
	assert_true(cxv_limits_locked_memory("Max locked memory unlimited", &bytes));
	assert_true(bytes == UINT64_MAX);
	assert_false(cxv_limits_locked_memory("Max locked memory", &bytes));
	assert_false(cxv_limits_locked_memory("", &bytes));
	assert_int_equal(cxv_status_has_capability("a\nCapEff:\t0000000000004000\n", 14), 1);
	assert_int_equal(cxv_status_has_capability("a\nCapEff:\t0000000000003fff\n", 14), 0);
	assert_int_equal(cxv_status_has_capability("a\nCapEff:", 14), -1);
	assert_int_equal(cxv_status_has_capability("", 14), -1);
	assert_int_equal(cxv_lockdown_word("none [integrity] x", &word), 9);
	assert_memory_equal(word, "integrity", 9);
	assert_int_equal(cxv_lockdown_word("none ]integrity[", &word), 0);
	assert_int_equal(cxv_lockdown_word("", &word), 0);
}

static void test_place(void **state)
{
	static const char environment[] = "xcontainer=a\0container=docker\0container=b";

	assert_true(cxv_cpuinfo_has("flags\t\t: fpu hypervisor\n", "hypervisor"));
	assert_true(cxv_cpuinfo_has("a : b\nflags : hypervisor fpu\n", "hypervisor"));
	assert_true(cxv_cpuinfo_has("flags:hypervisor", "hypervisor"));
	assert_false(cxv_cpuinfo_has("flags : hypervisors no_hypervisor\n", "hypervisor"));
	assert_false(cxv_cpuinfo_has("flags : fpu\nbugs : hypervisor\n", "hypervisor"));
	assert_false(cxv_cpuinfo_has("flags hypervisor\n: hypervisor\n", "hypervisor"));
	assert_false(cxv_cpuinfo_has("Features : fp asimd\n", "hypervisor"));
	assert_false(cxv_cpuinfo_has("flags", "hypervisor"));
	assert_false(cxv_cpuinfo_has("", "hypervisor"));
	assert_string_equal(cxv_environment_value(environment, sizeof(environment) - 1,
						  "container"), "docker");
	assert_null(cxv_environment_value("container", 9, "container"));
	assert_null(cxv_environment_value("", 0, "container"));
}

static bool is_line(const char *line, const char *command, const char *name)
{
	return cxv_modprobe_line_is(line, strlen(line), command, name);
}

static void test_modprobe(void **state)
{
	assert_true(is_line("blacklist cxl_acpi", "blacklist", "cxl_acpi"));
	assert_true(is_line("\tblacklist  cxl-acpi # x", "blacklist", "cxl_acpi"));
	assert_true(is_line("install vfio /bin/false", "install", "vfio"));
	assert_true(is_line("install cxl-* /bin/false", "install", "cxl_mem"));
	assert_true(is_line("install vfio_pci_c?re /bin/false", "install", "vfio_pci_core"));
	assert_false(is_line("install cxl_? /bin/false", "install", "cxl_mem"));
	assert_false(is_line("blacklist cxl_*", "blacklist", "cxl_mem"));
	assert_false(is_line("#blacklist cxl_acpi", "blacklist", "cxl_acpi"));
	assert_false(is_line("blacklist cxl_acpi2", "blacklist", "cxl_acpi"));
	assert_false(is_line("blacklistcxl_acpi", "blacklist", "cxl_acpi"));
	assert_false(is_line("blacklist", "blacklist", "cxl_acpi"));
	assert_false(is_line("", "blacklist", "cxl_acpi"));
	/* The line ends before its name does. */
	assert_false(cxv_modprobe_line_is("blacklist cxl_acpi", 17, "blacklist", "cxl_acpi"));
}

static void test_libcxl(void **state)
{
	assert_int_equal(cxv_ndctl_release("libcxl.so.1.0.8"), 81);
	assert_int_equal(cxv_ndctl_release("libcxl.so.1.0.5"), 78);
	assert_int_equal(cxv_ndctl_release("libcxl.so.1.0.12"), 85);
	assert_int_equal(cxv_ndctl_release("libcxl.so.1.0.8x"), 0);
	assert_int_equal(cxv_ndctl_release("libcxl.so.2.0.8"), 0);
	assert_int_equal(cxv_ndctl_release(""), 0);
}

/* A table with one host bridge and one window of two ways; the caller breaks it. */
static size_t make_cedt(uint8_t table[static 112])
{
	static const uint8_t window[] = {
		1, 0, 44, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 1, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 1, 0,
		0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 12, 0, 0, 0, 13, 0, 0, 0,
	};
	uint8_t sum = 0;

	memset(table, 0, 112);
	memcpy(table, "CEDT", 4);
	table[4] = 112;
	table[38] = 32;
	table[40] = 12;
	memcpy(table + 68, window, sizeof(window));
	for (size_t i = 0; i < 112; i++)
		sum += table[i];
	table[9] = -sum;
	return 112;
}

static void test_cedt(void **state)
{
	struct cxv_cedt cedt;
	uint8_t table[112];
	size_t size = make_cedt(table);

	assert_int_equal(cxv_cedt_parse(table, size, &cedt), 0);
	assert_null(cedt.damage);
	assert_int_equal(cedt.bridge_count, 1);
	assert_int_equal(cedt.window_count, 1);
	assert_int_equal(cedt.windows[0].ways, 2);
	assert_int_equal(cedt.windows[0].targets[1], 13);
	assert_non_null(cxv_cedt_find_bridge(&cedt, 12));
	assert_null(cxv_cedt_find_bridge(&cedt, 13));
	assert_true(cxv_cedt_window_is_aligned(&cedt.windows[0]));
	assert_non_null(cxv_cedt_find(&cedt, 0x140000000, 0x20000000));
	assert_non_null(cxv_cedt_find(&cedt, 0x150000000, 0x10000000));
	assert_null(cxv_cedt_find(&cedt, 0x150000000, 0x10000001));
	assert_null(cxv_cedt_find(&cedt, 0x150000000, UINT64_MAX));
	assert_null(cxv_cedt_find(&cedt, 0x13fffffff, 1));
	cedt.windows[0].size = 0x10000000;
	assert_false(cxv_cedt_window_is_aligned(&cedt.windows[0]));
	cxv_cedt_clear(&cedt);
}

static void test_cedt_damage(void **state)
{
	struct cxv_cedt cedt;
	uint8_t table[112];

	for (size_t size = 0; size < 112; size++) {
		make_cedt(table);
		assert_int_equal(cxv_cedt_parse(table, size, &cedt), 0);
		assert_non_null(cedt.damage);
		cxv_cedt_clear(&cedt);
	}
	for (size_t at = 0; at < 112; at++) {
		make_cedt(table);
		table[at] ^= 0x55;
		assert_int_equal(cxv_cedt_parse(table, sizeof(table), &cedt), 0);
		assert_non_null(cedt.damage);
		cxv_cedt_clear(&cedt);
	}
}

static void test_table(void **state)
{
	for (size_t i = 0; i < cxv_doctor_kind_count; i++) {
		const struct cxv_doctor_kind *kind = &cxv_doctor_kinds[i];

		assert_true(!kind->machine != !kind->endpoint);
		assert_true(cxv_doctor_is_id(kind->id, strlen(kind->id)));
		assert_false(cxv_doctor_is_id(kind->id, strlen(kind->id) - 1));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(kind->id, cxv_doctor_kinds[j].id);
		for (size_t j = 0; j < cxv_finding_kind_count; j++)
			assert_string_not_equal(kind->id, cxv_finding_kinds[j].id);
		for (size_t j = 0; j < cxv_driver_finding_count; j++)
			assert_string_not_equal(kind->id, cxv_driver_findings[j].id);
	}
}

/* On a live machine the kernel itself says how large its pages are, whatever can be read. */
static void test_page_size(void **state)
{
	static const struct {
		uint64_t page_size;
		char *config;
		enum cxv_doctor_result result;
	} cases[] = {
		{ 0x1000, NULL, CXV_DOCTOR_OK },
		{ 0x10000, NULL, CXV_DOCTOR_INFO },
		{ 0x1000, "CONFIG_PAGE_SIZE_64KB=y\n", CXV_DOCTOR_OK },
		{ 0, "CONFIG_PAGE_SIZE_64KB=y\n", CXV_DOCTOR_INFO },
		{ 0, "CONFIG_PAGE_SIZE_4KB=y\n", CXV_DOCTOR_OK },
		{ 0, NULL, CXV_DOCTOR_SKIPPED },
		{ 0x2000, NULL, CXV_DOCTOR_SKIPPED },
	};
	struct cxv_endpoint endpoint = {
		.resource = cxv_known(4 * PAGE_1G), .size = cxv_known(PAGE_1G / 4),
	};
	const struct cxv_doctor_endpoint one = { .endpoint = &endpoint };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cxv_doctor_facts facts = {
			.page_size = cases[i].page_size, .config.value = cases[i].config,
		};
		struct cxv_doctor_check check = { 0 };

		assert_int_equal(cxv_doctor_window_alignment(&facts, &one, &check), 0);
		assert_int_equal(check.result, cases[i].result);
		free(check.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_intremap),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_udev_rules),
		cmocka_unit_test(test_memmap),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_modprobe),
		cmocka_unit_test(test_libcxl),
		cmocka_unit_test(test_cedt),
		cmocka_unit_test(test_cedt_damage),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_page_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
