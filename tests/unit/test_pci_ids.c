// SPDX-License-Identifier: GPL-2.0-or-later
/* Names from a pci.ids file: what lspci finds in it, and files of any content. */
#include <string.h>

#include "core/base/util.h"
#include "core/discovery/pci_ids.h"
#include "unit.h"

static const char file[] =
	"# comment\n"
	"\n"
	"10de  First Vendor \r\n"
	"\t2e12  First Device\t \n"
	"\t\t10de 16d1  First Board\n"
	"\t\t1e98 0001  Other Board\n"
	"\t2e13  Second Device\n"
	"10de  Said again\n"
	"1e98  Second Vendor\n"
	"\t2e12  Not the first's\n"
	"\tgggg  Malformed\n"
	"\t\t10de 16d1  Nobody's board\n"
	"S 1e98\n"
	"\t0002  Generic Board\n"
	"X 10de\n"
	"\t2e12  Of a block that is not known\n"
	"C 12  Processing accelerators\n"
	"\t00  Accelerator\n"
	"\t\t01  Interface one\n"
	"\t01  Other accelerator\n"
	"C 05  Memory controller\n"
	"\t02  CXL\n"
	"\t\t10  CXL Memory Device\n"
	"ffff  Without an end";

static struct cxv_pci_ids find(struct cxv_pci_ids_key key)
{
	struct cxv_pci_ids names;

	cxv_pci_ids_find(file, sizeof(file) - 1, &key, &names);
	return names;
}

static void assert_name(struct cxv_pci_name name, const char *expected)
{
	if (!expected) {
		assert_null(name.text);
		return;
	}
	assert_non_null(name.text);
	assert_int_equal(name.length, strlen(expected));
	assert_memory_equal(name.text, expected, name.length);
}

static void test_all(void **state)
{
	struct cxv_pci_ids names = find((struct cxv_pci_ids_key) {
		0x10de, 0x2e12, 0x1e98, 0x0001, 0x120001,
	});

	assert_name(names.vendor, "First Vendor");
	assert_name(names.device, "First Device");
	assert_name(names.subsystem_vendor, "Second Vendor");
	assert_name(names.subsystem, "Other Board");
	assert_name(names.class, "Accelerator");
	assert_name(names.prog_if, "Interface one");
}

/* A device of the same number, a board of the same ids below another device: not theirs. */
static void test_belongs(void **state)
{
	struct cxv_pci_ids names = find((struct cxv_pci_ids_key) {
		0x1e98, 0x2e12, 0x10de, 0x16d1, 0x050210,
	});

	assert_name(names.vendor, "Second Vendor");
	assert_name(names.device, "Not the first's");
	assert_name(names.subsystem_vendor, "First Vendor");
	assert_name(names.subsystem, NULL);
	assert_name(names.class, "CXL");
	assert_name(names.prog_if, "CXL Memory Device");
}

static void test_subsystem(void **state)
{
	/* Of no device in particular. */
	assert_name(find((struct cxv_pci_ids_key) {
		0x10de, 0x2e13, 0x1e98, 0x0002, 0,
	}).subsystem, "Generic Board");
	/* Without a board of its own the device's name. */
	assert_name(find((struct cxv_pci_ids_key) {
		0x10de, 0x2e13, 0x10de, 0x2e13, 0,
	}).subsystem, "Second Device");
}

static void test_unknown(void **state)
{
	struct cxv_pci_ids names = find((struct cxv_pci_ids_key) {
		0x8086, 0x2e12, 0x8086, 0x16d1, 0x123456,
	});

	assert_name(names.vendor, NULL);
	assert_name(names.device, NULL);
	assert_name(names.subsystem_vendor, NULL);
	assert_name(names.subsystem, NULL);
	/* lspci too falls back to the base class. */
	assert_name(names.class, "Processing accelerators");
	assert_name(names.prog_if, NULL);
	assert_name(find((struct cxv_pci_ids_key) { .class = 0x770000 }).class, NULL);
	assert_name(find((struct cxv_pci_ids_key) { .vendor = 0xffff }).vendor, "Without an end");
}

/* A name is in the file that was given, nowhere else. */
static void assert_inside(const char *bytes, size_t size, struct cxv_pci_name name)
{
	if (name.text)
		assert_true(name.text >= bytes && name.length > 0 &&
			    name.length <= size - (name.text - bytes));
}

static void find_in(const char *bytes, size_t size)
{
	static const struct cxv_pci_ids_key key = { 0x10de, 0x2e12, 0x10de, 0x16d1, 0x120001 };
	/* Of exactly that size: a byte too far is one that the sanitizer sees. */
	char *copy = malloc(size ?: 1);
	struct cxv_pci_ids names;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	cxv_pci_ids_find(copy, size, &key, &names);
	assert_inside(copy, size, names.vendor);
	assert_inside(copy, size, names.device);
	assert_inside(copy, size, names.subsystem_vendor);
	assert_inside(copy, size, names.subsystem);
	assert_inside(copy, size, names.class);
	assert_inside(copy, size, names.prog_if);
	free(copy);
}

static void test_hostile(void **state)
{
	char bytes[sizeof(file)];
	unsigned int seed = 1;

	for (size_t size = 0; size < sizeof(file); size++)
		find_in(file, size);
	for (unsigned int round = 0; round < 20000; round++) {
		memcpy(bytes, file, sizeof(file));
		for (unsigned int i = 0; i < 1 + round % 8; i++) {
			static const char odd[] = "\t\n #CS0\xff\0\r";

			seed = seed * 1103515245 + 12345;
			bytes[(seed >> 8) % sizeof(file)] = odd[(seed >> 20) % sizeof(odd)];
		}
		find_in(bytes, sizeof(file) - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_belongs),
		cmocka_unit_test(test_subsystem),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
