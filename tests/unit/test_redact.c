// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/util.h"
#include "core/discovery/dvsec.h"
#include "core/discovery/endpoint.h"
#include "sys/base/host_operations.h"
#include "sys/snapshot/evidence.h"
#include "sys/snapshot/redact.h"
#include "sys/snapshot/tree.h"
#include "unit.h"

#define FUNCTION	"sys/devices/pci0000:0c/0000:0d:00.0"
#define SERIAL		0x0123456789abcdefULL

static int set_up(void **state)
{
	*state = cxv_tree_new();
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	cxv_tree_free(*state);
	return 0;
}

static void put(struct cxv_tree *tree, const char *path, const char *text)
{
	assert_int_equal(cxv_tree_put(tree, path, text, strlen(text)), 0);
}

static void check(struct cxv_tree *tree, const char *path, const char *expected)
{
	char buffer[512];
	ssize_t size = cxv_tree_read(tree, path, buffer, sizeof(buffer) - 1);

	assert_true(size >= 0);
	buffer[size] = '\0';
	assert_string_equal(buffer, expected);
}

static void put_number(uint8_t *image, size_t offset, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		image[offset + i] = value >> (8 * i);
}

/* A configuration space whose first extended capability is a serial number. */
static void put_config(struct cxv_tree *tree, const char *directory, uint64_t serial)
{
	uint8_t image[CXV_CONFIG_SIZE] = { 0 };
	char path[128];

	put_number(image, 0, 0xe2e21e98, 4);
	put_number(image, 0x08, 0x12000001, 4);
	put_number(image, 0x2c, 0x00010042, 4);
	put_number(image, 0x100, 0x00010003, 4);
	put_number(image, 0x104, serial, 8);
	snprintf(path, sizeof(path), "%s/config", directory);
	assert_int_equal(cxv_tree_put(tree, path, image, sizeof(image)), 0);
}

static void check_serial(struct cxv_tree *tree, const char *directory, uint64_t expected)
{
	uint8_t image[CXV_CONFIG_SIZE];
	uint64_t serial;
	char path[128];

	snprintf(path, sizeof(path), "%s/config", directory);
	assert_int_equal(cxv_tree_read(tree, path, image, sizeof(image)), sizeof(image));
	assert_int_equal(cxv_config_serial(image, sizeof(image), &serial), 0);
	assert_int_equal(serial, expected);
}

/*
 * The record of a first contact is called after the serial number, and found by what replaces it.
 */
static void test_ladder(void **state)
{
	static const char directory[] = "var/lib/cxlvfio";
	struct cxv_tree *tree = *state;
	struct cxv_node *node;

	put_config(tree, FUNCTION, 0x1000);
	put_config(tree, FUNCTION "1", SERIAL);
	put(tree, "etc/machine-id", "0badc0de\n");
	put(tree, "var/lib/cxlvfio/ladder-1e98:e2e2:1000",
	    "cxlvfio ladder 1\nmachine 0badc0de\nendpoint 1e98:e2e2:1000\nsurvived page 7.3\n");
	put(tree, "var/lib/cxlvfio/other", "x\n");
	assert_int_equal(cxv_tree_make(tree, "var/lib/cxlvfio/ladder-1e98:e2e2:123456789abcdef",
				       &node), 0);
	assert_int_equal(cxv_tree_set_unavailable(tree, node, ENOENT), 0);
	assert_int_equal(cxv_redact(tree), 0);
	check(tree, "etc/machine-id", "host\n");
	check(tree, "var/lib/cxlvfio/ladder-1e98:e2e2:1",
	      "cxlvfio ladder 1\nmachine host\nendpoint 1e98:e2e2:1\nsurvived page 7.3\n");
	check(tree, "var/lib/cxlvfio/other", "x\n");
	assert_int_equal(cxv_tree_find(tree, directory, CXV_FIND_NODE, &node), 0);
	assert_null(cxv_tree_child(node, "ladder-1e98:e2e2:1000"));
	assert_null(cxv_tree_child(node, "ladder-1e98:e2e2:123456789abcdef"));
	assert_int_equal(cxv_tree_child(node, "ladder-1e98:e2e2:2")->error, ENOENT);
}

static void test_serials(void **state)
{
	struct cxv_tree *tree = *state;

	put_config(tree, FUNCTION, SERIAL);
	put_config(tree, "sys/devices/pci0000:0c/0000:0e:00.0", SERIAL + 1);
	put(tree, FUNCTION "/mem0/serial", "0x123456789abcdef\n");
	put(tree, FUNCTION "/serial_number", "01-23-45-67-89-ab-cd-ef\n");
	put(tree, "sys/devices/platform/mem9/serial", "0x3333\n");
	put(tree, "sys/devices/platform/mem9/size", "0x3333\n");
	put(tree, "kernel.log",
	    "a 0x0123456789abcdef b 0123456789ABCDEF c 81985529216486895 d "
	    "01-23-45-67-89-ab-cd-ef e 0x123456789abcdf0 f 123456789abcdef,g "
	    "1234567890123456789 01-23-45-67-89-ab-cd-ef-01\n");
	assert_int_equal(cxv_redact(tree), 0);
	check_serial(tree, FUNCTION, 1);
	check_serial(tree, "sys/devices/pci0000:0c/0000:0e:00.0", 2);
	check(tree, FUNCTION "/mem0/serial", "0x1\n");
	check(tree, FUNCTION "/serial_number", "00-00-00-00-00-00-00-01\n");
	check(tree, "sys/devices/platform/mem9/serial", "0x3\n");
	/* Small numbers are too common to be taken for a serial number elsewhere. */
	check(tree, "sys/devices/platform/mem9/size", "0x3333\n");
	check(tree, "kernel.log",
	      "a 0x1 b 0000000000000001 c 1 d 00-00-00-00-00-00-00-01 e 0x2 f 000000000000001,g "
	      "1234567890123456789 00-00-00-00-00-00-00-01-01\n");
}

/* No serial number, and a device that does not answer, stay what they are. */
static void test_no_serials(void **state)
{
	struct cxv_tree *tree = *state;
	char ones[CXV_CONFIG_SIZE], text[CXV_CONFIG_SIZE];

	put_config(tree, FUNCTION, 0);
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(cxv_tree_put(tree, "lost/config", ones, sizeof(ones)), 0);
	assert_int_equal(cxv_tree_put(tree, "short/config", ones, 3), 0);
	assert_int_equal(cxv_tree_put(tree, "empty/config", "", 0), 0);
	put(tree, "text", "0x0 0 0xffffffffffffffff");
	assert_int_equal(cxv_redact(tree), 0);
	check_serial(tree, FUNCTION, 0);
	assert_int_equal(cxv_tree_read(tree, "lost/config", text, sizeof(text)), sizeof(text));
	assert_memory_equal(ones, text, sizeof(text));
	check(tree, "text", "0x0 0 0xffffffffffffffff");
}

static void test_host_name(void **state)
{
	struct cxv_tree *tree = *state;

	put(tree, "proc/sys/kernel/hostname", "node7.example.org\n");
	put(tree, "text", "node7 xnode7 node70 node7-a (node7) node7.example.org node7.\nnode7");
	assert_int_equal(cxv_redact(tree), 0);
	check(tree, "proc/sys/kernel/hostname", "host\n");
	check(tree, "text", "host xnode7 node70 node7-a (host) host host.\nhost");
}

static void test_binary(void **state)
{
	static const char binary[] = "node7\0node7";
	struct cxv_tree *tree = *state;
	char copy[sizeof(binary)];

	put(tree, "proc/sys/kernel/hostname", "node7");
	assert_int_equal(cxv_tree_put(tree, "binary", binary, sizeof(binary)), 0);
	assert_int_equal(cxv_redact(tree), 0);
	assert_int_equal(cxv_tree_read(tree, "binary", copy, sizeof(copy)), sizeof(copy));
	assert_memory_equal(copy, binary, sizeof(copy));
}

static void test_command_line(void **state)
{
	struct cxv_tree *tree = *state;

	put(tree, "proc/cmdline",
	    "BOOT_IMAGE=/boot/secret root=UUID=1234 ro intel_iommu=on pci=noaer "
	    "cxl_core.dyndbg=\"+p; file secret\" ip=10.0.0.1 secret=\"a pci=b\" efi=nosoftreserve "
	    "hugepages=4\n");
	put(tree, "kernel.log",
	    "[    0.000000] Kernel command line: root=UUID=1234 intel_iommu=on\n"
	    "[    0.100000] DMAR: IOMMU enabled\n");
	put(tree, "proc/version", "Linux version 7.3.4 (me@there) (gcc 14) #1 SMP\n");
	assert_int_equal(cxv_redact(tree), 0);
	check(tree, "proc/cmdline",
	      "intel_iommu=on pci=noaer cxl_core.dyndbg=\"+p; file secret\" efi=nosoftreserve "
	      "hugepages=4\n");
	check(tree, "kernel.log", "[    0.100000] DMAR: IOMMU enabled\n");
	check(tree, "proc/version", "Linux version 7.3.4 (builder) (gcc 14) #1 SMP\n");
}

static void test_log_lines(void **state)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");
	struct cxv_inventory inventory = { .endpoints = &endpoint, .count = 1 };
	_cleanup_free_ char *lines = NULL;

	assert_int_equal(cxv_evidence_log_lines(
		"6,1,1234567,-;usb 1-1: new device\n"
		"4,2,2000001,-;cxl_pci 0000:0d:00.0: something\n SUBSYSTEM=pci\n DEVICE=+cxl\n"
		"6,3,3000000,c;pcieport 0000:00:01.0: AER: enabled\n"
		"not a record about cxl\n"
		";cxl\n"
		"30,4,99999000001,-;0000:0d:00.0: alone\n"
		"6,5,4,-;VFIO - User Level meta-driver",
		&inventory, &lines), 0);
	assert_string_equal(lines,
			    "[    2.000001] cxl_pci 0000:0d:00.0: something\n"
			    "[    3.000000] pcieport 0000:00:01.0: AER: enabled\n"
			    "[99999.000001] 0000:0d:00.0: alone\n"
			    "[    0.000004] VFIO - User Level meta-driver\n");
	cxv_endpoint_free(endpoint);
}

/* A storm: the newest lines remain, and whole ones. */
static void test_long_log(void **state)
{
	struct cxv_inventory inventory = { 0 };
	_cleanup_free_ char *records = NULL, *lines = NULL;
	size_t size;
	FILE *stream = open_memstream(&records, &size);

	for (unsigned int i = 0; i < 50000; i++)
		fprintf(stream, "6,%u,%u,-;cxl: message number %u\n", i, i, i);
	fclose(stream);
	assert_int_equal(cxv_evidence_log_lines(records, &inventory, &lines), 0);
	assert_true(strlen(lines) <= 1 << 20);
	assert_true(strlen(lines) > (1 << 20) - 100);
	assert_int_equal(*lines, '[');
	assert_non_null(strstr(lines, "number 49999\n"));
	assert_null(strstr(lines, "number 1\n"));
}

static void test_pci_ids(void **state)
{
	struct cxv_host host = {
		.operations = &cxv_tree_operations, .root = -1, .tree = *state,
	};
	_cleanup_free_ char *excerpt = NULL;
	static const char file[] =
		"#\n# List of PCI ID's\n\n"
		"0042  Subsystem's vendor\n\te2e2  Not this one\n"
		"1e98  CXL\n\t0001  Other device\n\t\t0042 0001  Other subsystem\n"
		"\te2e2  The device\n\t\t0042 0001  The subsystem\n\t\t0042 0002  Another\n"
		"8086  Intel\n\te2e2  Not this one\n"
		"C 01  Storage\n\t00  SCSI\n"
		"C 12  Accelerators\n\t00  Processing\n\t\t01  Interface\n";

	put_config(*state, FUNCTION, SERIAL);
	assert_int_equal(cxv_evidence_pci_ids(file, sizeof(file) - 1, &host, &excerpt), 0);
	assert_string_equal(excerpt,
			    "1e98  CXL\n\te2e2  The device\n\t\t0042 0001  The subsystem\n"
			    "0042  Subsystem's vendor\n"
			    "C 12\n\t00  Processing\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_serials, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ladder, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_serials, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_host_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_binary, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_command_line, set_up, tear_down),
		cmocka_unit_test(test_log_lines),
		cmocka_unit_test(test_long_log),
		cmocka_unit_test_setup_teardown(test_pci_ids, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
