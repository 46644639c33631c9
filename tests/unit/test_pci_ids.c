// SPDX-License-Identifier: GPL-2.0-or-later
/* Names from a pci.ids file: what lspci finds in it, and files of any content. */
#include <errno.h>
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

/* Those of the last find(). */
static struct cxv_pci_ids found;

static struct cxv_pci_ids find(struct cxv_pci_ids_key key)
{
	struct cxv_pci_ids_bytes bytes = { file, sizeof(file) - 1 };

	cxv_pci_ids_clear(&found);
	assert_int_equal(cxv_pci_ids_find(&key, cxv_pci_ids_take, &bytes, &found), 0);
	return found;
}

static int forget(void **state)
{
	cxv_pci_ids_clear(&found);
	return 0;
}

static void assert_name(const char *name, const char *expected)
{
	if (!expected) {
		assert_null(name);
		return;
	}
	assert_non_null(name);
	assert_string_equal(name, expected);
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

static bool same(const char *one, const char *other)
{
	return one && other ? !strcmp(one, other) : one == other;
}

static bool same_names(const struct cxv_pci_ids *one, const struct cxv_pci_ids *other)
{
	return same(one->vendor, other->vendor) && same(one->device, other->device) &&
	       same(one->subsystem_vendor, other->subsystem_vendor) &&
	       same(one->subsystem, other->subsystem) && same(one->class, other->class) &&
	       same(one->prog_if, other->prog_if);
}

struct slow {
	struct cxv_pci_ids_bytes bytes;
	size_t most;
};

static ssize_t take_few(void *argument, char *buffer, size_t size)
{
	struct slow *slow = argument;

	return cxv_pci_ids_take(&slow->bytes, buffer, size < slow->most ? size : slow->most);
}

/* Wherever the pieces end. */
static void test_pieces(void **state)
{
	static const struct cxv_pci_ids_key key = { 0x10de, 0x2e12, 0x1e98, 0x0001, 0x120001 };
	struct cxv_pci_ids whole = find(key);

	for (size_t most = 1; most < sizeof(file); most++) {
		struct slow slow = { { file, sizeof(file) - 1 }, most };
		struct cxv_pci_ids names;

		assert_int_equal(cxv_pci_ids_find(&key, take_few, &slow, &names), 0);
		assert_true(same_names(&names, &whole));
		cxv_pci_ids_clear(&names);
	}
}

static ssize_t take_and_fail(void *argument, char *buffer, size_t size)
{
	ssize_t got = cxv_pci_ids_take(argument, buffer, size);

	return got ?: -EIO;
}

/* Names that were found before it are the caller's to clear. */
static void test_unreadable(void **state)
{
	static const struct cxv_pci_ids_key key = { .vendor = 0x10de };
	struct cxv_pci_ids_bytes bytes = { file, sizeof(file) - 1 };
	struct cxv_pci_ids names;

	assert_int_equal(cxv_pci_ids_find(&key, take_and_fail, &bytes, &names), -EIO);
	assert_name(names.vendor, "First Vendor");
	cxv_pci_ids_clear(&names);
}

/* Longer than any piece: it ends the file, and nothing of it is a line. */
static void test_long_line(void **state)
{
	static const struct cxv_pci_ids_key key = { .vendor = 0x10de, .subsystem_vendor = 0x1e98 };
	static char bytes[1 << 20];
	struct cxv_pci_ids_bytes all = { bytes, sizeof(bytes) };
	struct cxv_pci_ids names;

	memset(bytes, '1', sizeof(bytes));
	memcpy(bytes, "10de  Before\n10de ", 18);
	memcpy(bytes + sizeof(bytes) - 14, "\n1e98  Behind\n", 14);
	assert_int_equal(cxv_pci_ids_find(&key, cxv_pci_ids_take, &all, &names), 0);
	assert_name(names.vendor, "Before");
	assert_name(names.subsystem_vendor, NULL);
	cxv_pci_ids_clear(&names);
}

static void find_in(const char *bytes, size_t size)
{
	static const struct cxv_pci_ids_key key = { 0x10de, 0x2e12, 0x10de, 0x16d1, 0x120001 };
	struct cxv_pci_ids_bytes all = { bytes, size };
	struct slow slow = { { bytes, size }, 7 };
	struct cxv_pci_ids names, others;

	assert_int_equal(cxv_pci_ids_find(&key, cxv_pci_ids_take, &all, &names), 0);
	assert_int_equal(cxv_pci_ids_find(&key, take_few, &slow, &others), 0);
	assert_true(same_names(&names, &others));
	cxv_pci_ids_clear(&names);
	cxv_pci_ids_clear(&others);
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
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
