// SPDX-License-Identifier: GPL-2.0-or-later
/* Definitions: what a file says, which device it means, and where two disagree. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/binding/definition.h"
#include "unit.h"

#define MATCH	"[match]\nvendor = 0x1e98\ndevice = 0xe2e2\n"
#define SERIAL	MATCH "serial = 0x1000\n"
#define BIND	"[bind]\ndriver = cxl-vfio-pci\n"

static struct cxv_definition parsed(const char *text)
{
	struct cxv_definition definition = { 0 };

	assert_int_equal(cxv_definition_parse(text, strlen(text), &definition), 0);
	return definition;
}

static struct cxv_endpoint *endpoint(const char *address, uint64_t serial)
{
	struct cxv_endpoint *made = cxv_endpoint_new(address);

	assert_non_null(made);
	made->pci.vendor = cxv_known(0x1e98);
	made->pci.device = cxv_known(0xe2e2);
	made->serial = serial ? cxv_known(serial) : cxv_unknown(ENOENT);
	return made;
}

static void test_parse(void **state)
{
	struct cxv_definition definition = parsed(SERIAL "address = 0000:0d:00.0\n" BIND
						  "auto = no\n");

	assert_null(definition.problem.value);
	assert_int_equal(definition.vendor.value, 0x1e98);
	assert_int_equal(definition.device.value, 0xe2e2);
	assert_int_equal(definition.serial.value, 0x1000);
	assert_string_equal(definition.address.value, "0000:0d:00.0");
	assert_string_equal(definition.driver.value, "cxl-vfio-pci");
	assert_true(definition.automatic.known && !definition.automatic.value);
	cxv_definition_clear(&definition);

	definition = parsed("");
	assert_true(definition.masked);
	assert_null(definition.problem.value);
	cxv_definition_clear(&definition);
}

static void assert_bad(const char *text, size_t size, uint64_t line)
{
	struct cxv_definition definition = { 0 };

	assert_int_equal(cxv_definition_parse(text, size, &definition), 0);
	assert_non_null(definition.problem.value);
	assert_int_equal(definition.line.value, line);
	assert_null(definition.driver.value);
	assert_null(definition.address.value);
	assert_null(definition.view.value);
	assert_null(definition.interface.value);
	assert_false(definition.vendor.known || definition.serial.known ||
		     definition.automatic.known);
	cxv_definition_clear(&definition);
}

static void test_bad(void **state)
{
	static const struct {
		const char *text;
		uint64_t line;
	} bad[] = {
		{ SERIAL BIND "driver = vfio-pci\n", 7 }, { SERIAL BIND "color = red\n", 7 },
		{ SERIAL BIND "  continued\n", 7 }, { SERIAL BIND "[match] x\n", 7 },
		{ "serial = 0x1\n", 1 }, { SERIAL "driver = x\n", 5 }, { MATCH BIND, 0 },
		{ SERIAL, 0 }, { MATCH "serial = 4096x\n" BIND, 4 },
		{ MATCH "serial = 0x0\n" BIND, 4 },
		{ SERIAL "address = 0d:00.8\n" BIND, 5 }, { SERIAL BIND "auto = 1\n", 7 },
		{ SERIAL BIND "view = bars\n", 7 }, { SERIAL BIND "interface = 1\n", 7 },
		{ SERIAL BIND "view = bar\nview = bar\n", 8 },
		{ SERIAL "view = bar\n" BIND, 5 },
		{ SERIAL BIND "view = region\ninterface = none\n", 0 },
		{ SERIAL BIND "interface = 2\nview = bar\n", 0 },
		{ SERIAL "[bind]\ndriver = vfio-pci\nview = bar\n", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_bad(bad[i].text, strlen(bad[i].text), bad[i].line);
	assert_bad(SERIAL BIND "\0", sizeof(SERIAL BIND), 7);
	assert_bad("[match]\n\0", 9, 2);
}

/* A name that no driver has, and one that somebody's may be. */
static void test_drivers(void **state)
{
	static const char *const refused[] = {
		"cxl_vfio_pci", "cxl-vifo-pci", "xclvfio-pci", "cxl-vfiopci", "CXL-VFIO-PCI",
		"cxl-vfio-pci-held", "cxl-vfio-pci.ko", "vfio-pci.ko.xz", "vfio_pci", "vfio-pci_",
		"vfi-pc", "pci_stub", "pcistub", "uio-pci-generic", "mlx5-vfio-pci",
		"nvgrace-gpu-vfio-pci",
	};
	static const char *const taken[] = {
		"cxl-vfio-pci", "vfio-pci", "pci-stub", "uio_pci_generic", "mlx5_vfio_pci",
		"nvgrace_gpu_vfio_pci", "my-vfio-pci", "nvidia", "nvme", "cxl_pci", "foo",
	};
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		snprintf(text, sizeof(text), SERIAL "[bind]\ndriver = %s\n", refused[i]);
		assert_bad(text, strlen(text), 6);
	}
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		struct cxv_definition definition;

		snprintf(text, sizeof(text), SERIAL "[bind]\ndriver = %s\n", taken[i]);
		definition = parsed(text);
		assert_string_equal(definition.driver.value ?: taken[i], taken[i]);
		assert_null(definition.problem.value);
		cxv_definition_clear(&definition);
	}
}

/* What is almost right is told what it should be. */
static void test_hints(void **state)
{
	static const struct {
		const char *text, *problem;
	} cases[] = {
		{ "[match]\nVendor = 0x1e98\n", "did you mean vendor, in [match]?" },
		{ "[bind]\nvendor = 0x1e98\n", "did you mean vendor, in [match]?" },
		{ MATCH "serial = 0x1 # mine\n" BIND, "a comment needs a line of its own" },
	};
	struct cxv_definition bare = parsed(MATCH "serial = 0123456789abcdef\n" BIND);

	assert_true(bare.serial.known && bare.serial.value == 0x123456789abcdef);
	cxv_definition_clear(&bare);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cxv_definition definition = parsed(cases[i].text);

		assert_non_null(definition.problem.value);
		assert_non_null(strstr(definition.problem.value, cases[i].problem));
		cxv_definition_clear(&definition);
	}
}

/* It is written as it is read, and a device that offers something else is not as defined. */
static void test_offer(void **state)
{
	struct cxv_definition definition = parsed(SERIAL BIND "view = bar\ninterface = none\n");
	struct cxv_definitions definitions = { &definition, 1 };
	struct cxv_endpoint *bound = endpoint("0000:0d:00.0", 0x1000);
	struct cxv_offer offer = cxv_definition_offer(&definition);
	char *driverctl[1] = { NULL }, *text = cxv_definition_format(&definition);

	assert_string_equal(offer.words[CXV_OFFER_VIEW], "bar");
	assert_string_equal(offer.words[CXV_OFFER_INTERFACE], "none");
	assert_non_null(strstr(text, "view = bar\ninterface = none\n"));
	free(text);

	bound->driver.value = strdup("cxl-vfio-pci");
	assert_int_equal(cxv_definitions_decide(&definitions, &bound, driverctl, 1), 0);
	assert_int_equal(definition.state, CXV_DEFINITION_NOT_BOUND);
	bound->driver_view.view.value = strdup("bar");
	bound->driver_view.interface.value = strdup("current");
	assert_int_equal(cxv_definitions_decide(&definitions, &bound, driverctl, 1), 0);
	assert_int_equal(definition.state, CXV_DEFINITION_NOT_BOUND);
	strcpy(bound->driver_view.interface.value, "none");
	assert_int_equal(cxv_definitions_decide(&definitions, &bound, driverctl, 1), 0);
	assert_int_equal(definition.state, CXV_DEFINITION_BOUND);
	cxv_definition_clear(&definition);
	cxv_endpoint_free(bound);
}

static void test_names(void **state)
{
	assert_true(cxv_definition_is_name("1e98-e2e2-1000.conf"));
	assert_true(cxv_definition_is_name("1e98-e2e2-at-0000:0d:00.0.conf"));
	assert_false(cxv_definition_is_name(".conf"));
	assert_false(cxv_definition_is_name("..conf"));
	assert_false(cxv_definition_is_name("../x.conf"));
	assert_false(cxv_definition_is_name("-n.conf"));
	assert_false(cxv_definition_is_name("x"));
	assert_false(cxv_definition_is_name("a b.conf"));
	assert_false(cxv_definition_is_name(""));
}

static void test_matches(void **state)
{
	struct cxv_definition by_serial = parsed(SERIAL BIND);
	struct cxv_definition by_address = parsed(MATCH "address = 0000:0d:00.0\n" BIND);
	struct cxv_definition both = parsed(SERIAL "address = 0000:0d:00.0\n" BIND);
	struct cxv_endpoint *here = endpoint("0000:0d:00.0", 0x1000);
	struct cxv_endpoint *moved = endpoint("0000:0e:00.0", 0x1000);
	struct cxv_endpoint *other = endpoint("0000:0d:00.0", 0x1001);
	struct cxv_endpoint *nameless = endpoint("0000:0d:00.0", 0);
	struct cxv_endpoint *elsewhere = endpoint("0000:0e:00.0", 0);

	assert_int_equal(cxv_definition_matches(&by_serial, here), 1);
	assert_int_equal(cxv_definition_matches(&by_serial, moved), 1);
	assert_int_equal(cxv_definition_matches(&by_serial, other), 0);
	assert_int_equal(cxv_definition_matches(&by_serial, nameless), 0);
	assert_int_equal(cxv_definition_matches(&both, here), 1);
	assert_int_equal(cxv_definition_matches(&both, moved), 0);
	assert_int_equal(cxv_definition_matches(&both, other), 0);
	assert_int_equal(cxv_definition_matches(&by_address, here), 0);
	assert_int_equal(cxv_definition_matches(&by_address, nameless), 1);
	assert_int_equal(cxv_definition_matches(&by_address, elsewhere), 0);

	/* What cannot be read is not taken for none. */
	nameless->serial = cxv_unknown(EACCES);
	assert_int_equal(cxv_definition_matches(&by_address, nameless), -EACCES);
	assert_int_equal(cxv_definition_matches(&by_serial, nameless), -EACCES);
	here->pci.device = cxv_known(0xe2e3);
	assert_int_equal(cxv_definition_matches(&by_serial, here), 0);

	cxv_definition_clear(&by_serial);
	cxv_definition_clear(&by_address);
	cxv_definition_clear(&both);
	cxv_endpoint_free(here);
	cxv_endpoint_free(moved);
	cxv_endpoint_free(other);
	cxv_endpoint_free(nameless);
	cxv_endpoint_free(elsewhere);
}

static void test_made(void **state)
{
	struct cxv_endpoint *here = endpoint("0000:0d:00.0", 0x1000);
	struct cxv_definition definition, again;
	char *text;

	assert_int_equal(cxv_definition_of(here, "cxl-vfio-pci", true, false, &definition), 0);
	assert_string_equal(definition.name.value, "1e98-e2e2-1000.conf");
	text = cxv_definition_format(&definition);
	assert_non_null(text);
	again = parsed(text);
	assert_int_equal(cxv_definition_matches(&again, here), 1);
	free(text);
	cxv_definition_clear(&again);
	cxv_definition_clear(&definition);

	here->serial = cxv_known(UINT64_MAX);
	assert_int_equal(cxv_definition_of(here, "cxl-vfio-pci", true, false, &definition),
			 -ENODATA);
	assert_int_equal(cxv_definition_of(here, "cxl-vfio-pci", true, true, &definition), 0);
	assert_string_equal(definition.name.value, "1e98-e2e2-at-0000:0d:00.0.conf");
	assert_false(definition.serial.known);
	cxv_definition_clear(&definition);
	here->serial = cxv_unknown(EACCES);
	assert_int_equal(cxv_definition_of(here, "cxl-vfio-pci", true, true, &definition),
			 -EACCES);
	cxv_endpoint_free(here);
}

static struct cxv_definition named(const char *file, const char *text)
{
	struct cxv_definition definition = parsed(text);

	definition.name.value = strdup(file);
	definition.file.value = strdup(file);
	return definition;
}

static void test_decide(void **state)
{
	struct cxv_definition items[] = {
		named("a.conf", SERIAL BIND "auto = no\n"), named("b.conf", SERIAL BIND),
		named("c.conf", SERIAL "[bind]\ndriver = vfio-pci\n"),
		named("d.conf", MATCH "serial = 0x99\n" BIND), named("e.conf", "nonsense\n"),
		named("f.conf", ""),
	};
	struct cxv_definitions all = { items, ARRAY_SIZE(items) }, two = { items, 2 };
	struct cxv_endpoint *endpoints[] = { endpoint("0000:0d:00.0", 0x1000) };
	char *driverctl[] = { NULL };
	const struct cxv_definition *rival;

	assert_int_equal(cxv_definitions_decide(&all, endpoints, driverctl, 1), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(items[i].state, CXV_DEFINITION_CONFLICTING);
	assert_int_equal(items[3].state, CXV_DEFINITION_ABSENT);
	assert_int_equal(items[4].state, CXV_DEFINITION_INVALID);
	assert_int_equal(items[5].state, CXV_DEFINITION_MASKED);
	assert_string_equal(items[2].findings.items[0].id, "definition_conflict");
	assert_ptr_equal(cxv_definitions_find(&all, endpoints[0], &rival), &items[1]);
	assert_ptr_equal(rival, &items[2]);

	assert_int_equal(cxv_definitions_decide(&two, endpoints, driverctl, 1), 0);
	assert_int_equal(items[0].state, CXV_DEFINITION_NOT_BOUND);
	assert_int_equal(items[0].findings.count, 0);
	assert_ptr_equal(cxv_definitions_find(&two, endpoints[0], &rival), &items[1]);
	assert_null(rival);
	endpoints[0]->driver.value = strdup("cxl-vfio-pci");
	driverctl[0] = (char *)"cxl-vfio-pci";
	assert_int_equal(cxv_definitions_decide(&two, endpoints, driverctl, 1), 0);
	assert_int_equal(items[1].state, CXV_DEFINITION_BOUND);
	driverctl[0] = (char *)"vfio-pci";
	assert_int_equal(cxv_definitions_decide(&two, endpoints, driverctl, 1), 0);
	assert_int_equal(items[1].state, CXV_DEFINITION_CONFLICTING);
	assert_string_equal(items[1].findings.items[0].id, "driverctl_conflict");
	for (size_t i = 0; i < ARRAY_SIZE(items); i++)
		cxv_definition_clear(&items[i]);
	cxv_endpoint_free(endpoints[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_drivers),
		cmocka_unit_test(test_hints),
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_decide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
