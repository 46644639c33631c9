// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/util.h"
#include "core/discovery/dvsec.h"
#include "sys/snapshot/capture.h"
#include "unit.h"

#define FUNCTION	"sys/devices/pci0000:0c/0000:0d:00.0"

struct stand {
	char directory[64];
	struct cxv_host live, capture;
};

static void write_file(struct stand *stand, const char *name, const void *content, size_t size)
{
	_cleanup_free_ char *command = NULL, *path = NULL;
	int descriptor;

	assert_true(asprintf(&command, "mkdir -p \"$(dirname '%s/%s')\"", stand->directory,
			     name) > 0);
	assert_int_equal(system(command), 0);
	assert_true(asprintf(&path, "%s/%s", stand->directory, name) > 0);
	descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, content, size), size);
	close(descriptor);
}

static void write_text(struct stand *stand, const char *name, const char *text)
{
	write_file(stand, name, text, strlen(text));
}

static void make_link(struct stand *stand, const char *name, const char *target)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", stand->directory, name);
	assert_int_equal(symlink(target, path), 0);
}

static int set_up(void **state)
{
	struct stand *stand = calloc(1, sizeof(*stand));

	strcpy(stand->directory, "/tmp/cxlvfio-capture.XXXXXX");
	assert_non_null(mkdtemp(stand->directory));
	write_text(stand, FUNCTION "/vendor", "0x1e98\n");
	write_text(stand, "sys/bus/pci/devices/.keep", "");
	make_link(stand, "sys/bus/pci/devices/0000:0d:00.0",
		  "../../../devices/pci0000:0c/0000:0d:00.0");
	assert_int_equal(cxv_host_open(&stand->live, stand->directory), 0);
	assert_int_equal(cxv_capture_open(&stand->capture, &stand->live), 0);
	*state = stand;
	return 0;
}

static int tear_down(void **state)
{
	_cleanup_free_ char *command = NULL;
	struct stand *stand = *state;

	cxv_host_close(&stand->capture);
	cxv_host_close(&stand->live);
	assert_true(asprintf(&command, "rm -rf '%s'", stand->directory) > 0);
	free(stand);
	return system(command);
}

static void check_string(const struct cxv_host *host, const char *path, int error,
			 const char *expected)
{
	_cleanup_free_ char *value = NULL;

	assert_int_equal(cxv_host_read_string(host, &value, "%s", path), error);
	if (!error)
		assert_string_equal(value, expected);
}

/* What was read once stays what it was, and nothing else is there. */
static void test_files(void **state)
{
	struct stand *stand = *state;

	write_text(stand, FUNCTION "/other", "never read\n");
	check_string(&stand->capture, "sys/bus/pci/devices/0000:0d:00.0/vendor", 0, "0x1e98");
	check_string(&stand->capture, FUNCTION "/absent", -ENOENT, NULL);
	write_text(stand, FUNCTION "/vendor", "0x8086\n");
	write_text(stand, FUNCTION "/absent", "came later\n");
	check_string(&stand->capture, FUNCTION "/vendor", 0, "0x1e98");
	check_string(&stand->capture, FUNCTION "/absent", -ENOENT, NULL);
	cxv_capture_end(&stand->capture);
	check_string(&stand->capture, "sys/bus/pci/devices/0000:0d:00.0/vendor", 0, "0x1e98");
	check_string(&stand->capture, FUNCTION "/absent", -ENOENT, NULL);
	check_string(&stand->capture, FUNCTION "/other", -ENODATA, NULL);
}

static void test_real_places(void **state)
{
	struct stand *stand = *state;
	struct cxv_node *node;
	char path[PATH_MAX];

	check_string(&stand->capture, "sys/bus/pci/devices/0000:0d:00.0/vendor", 0, "0x1e98");
	assert_int_equal(cxv_tree_find(stand->capture.tree,
				       "sys/bus/pci/devices/0000:0d:00.0/vendor", CXV_FIND_NODE,
				       &node), 0);
	assert_int_equal(cxv_tree_path(node, path, sizeof(path)), 0);
	assert_string_equal(path, FUNCTION "/vendor");
	assert_int_equal(cxv_tree_find(stand->capture.tree, "sys/bus/pci/devices/0000:0d:00.0",
				       CXV_FIND_LINK, &node), 0);
	assert_string_equal(node->bytes, "../../../devices/pci0000:0c/0000:0d:00.0");
}

static void test_errors(void **state)
{
	struct stand *stand = *state;
	char *value = NULL;

	make_link(stand, FUNCTION "/secret", "/.unavailable/EACCES");
	check_string(&stand->capture, FUNCTION "/secret", -EACCES, NULL);
	check_string(&stand->capture, FUNCTION, -EISDIR, NULL);
	check_string(&stand->capture, FUNCTION "/vendor/below", -ENOTDIR, NULL);
	assert_int_equal(cxv_host_read_link(&stand->capture, &value, FUNCTION "/vendor"), -EINVAL);
	assert_int_equal(cxv_host_read_link(&stand->capture, &value, FUNCTION "/driver"), -ENOENT);
	assert_int_equal(cxv_host_write_string(&stand->capture, "1", FUNCTION "/vendor"), -EROFS);
}

/* A list has all names and reads none of them. */
static void test_lists(void **state)
{
	struct stand *stand = *state;
	struct cxv_node *node;
	char **names;
	size_t count;

	write_text(stand, FUNCTION "/rom", "reading this does something\n");
	mkfifo(strcat(strcpy((char[PATH_MAX]) { 0 }, stand->directory), "/" FUNCTION "/pipe"),
	       0600);
	assert_int_equal(cxv_host_list(&stand->capture, &names, &count, FUNCTION), 0);
	assert_int_equal(count, 3);
	assert_string_equal(names[0], "pipe");
	assert_string_equal(names[1], "rom");
	assert_string_equal(names[2], "vendor");
	cxv_names_free(names, count);
	assert_int_equal(cxv_tree_find(stand->capture.tree, FUNCTION "/rom", CXV_FIND_NODE, &node),
			 0);
	assert_true(node->unread);
	check_string(&stand->capture, FUNCTION "/vendor", 0, "0x1e98");
	/* Not opened: that would wait, and of a device do something. */
	check_string(&stand->capture, FUNCTION "/pipe", 0, "");
	cxv_capture_end(&stand->capture);
	check_string(&stand->capture, FUNCTION "/rom", -ENODATA, NULL);
	check_string(&stand->capture, FUNCTION "/absent", -ENOENT, NULL);
	assert_int_equal(cxv_host_list(&stand->capture, &names, &count, "sys/bus/pci"), -ENODATA);
}

static void put_header(uint8_t *image, size_t offset, uint32_t header)
{
	for (size_t i = 0; i < 4; i++)
		image[offset + i] = header >> (8 * i);
}

/* Of a function that is no CXL one not a byte more than discovery takes. */
static void test_config(void **state)
{
	struct stand *stand = *state;
	uint8_t image[CXV_CONFIG_SIZE] = { 0x86, 0x80 }, copy[CXV_CONFIG_SIZE];

	image[CXV_CONFIG_SIZE - 1] = 0x42;
	put_header(image, 0x100, 0x14010001);
	write_file(stand, FUNCTION "/config", image, sizeof(image));
	assert_int_equal(cxv_host_read_bytes(&stand->capture, copy, sizeof(copy),
					     FUNCTION "/config"), 0x144);
	assert_memory_equal(image, copy, 0x144);

	put_header(image, 0x140, 0x00010023);
	put_header(image, 0x144, 0x03c01e98);
	write_file(stand, "sys/devices/pci0000:0c/0000:0e:00.0/config", image, sizeof(image));
	assert_int_equal(cxv_host_read_bytes(&stand->capture, copy, sizeof(copy),
					     "sys/devices/pci0000:0c/0000:0e:00.0/config"),
			 sizeof(image));
	assert_memory_equal(image, copy, sizeof(image));

	/* What a user may read. */
	write_file(stand, "sys/devices/pci0000:0c/0000:0f:00.0/config", image, 64);
	assert_int_equal(cxv_host_read_bytes(&stand->capture, copy, sizeof(copy),
					     "sys/devices/pci0000:0c/0000:0f:00.0/config"), 64);
}

static void test_large_file(void **state)
{
	static char large[(4 << 20) + 1];
	struct stand *stand = *state;
	char byte;

	write_file(stand, "sys/large", large, sizeof(large));
	write_file(stand, "sys/fits", large, sizeof(large) - 2);
	assert_int_equal(cxv_host_read_bytes(&stand->capture, &byte, 1, "sys/large"), -EFBIG);
	assert_int_equal(cxv_host_read_bytes(&stand->capture, &byte, 1, "sys/fits"), 1);
}

static void test_kept(void **state)
{
	struct stand *stand = *state;

	assert_int_equal(cxv_host_keep(&stand->capture, 0, "bytes", 5, "registers/%d", 1), 0);
	assert_int_equal(cxv_host_keep(&stand->capture, -EBUSY, NULL, 0, "registers/%d", 2), 0);
	assert_int_equal(cxv_host_keep(&stand->capture, -ENOMEM, NULL, 0, "x"), -ENOMEM);
	check_string(&stand->capture, "registers/1", 0, "bytes");
	check_string(&stand->capture, "registers/2", -EBUSY, NULL);
}

/* A link that is made anew has another inode, from which a change is told. */
static void test_inodes(void **state)
{
	struct stand *stand = *state;
	uint64_t before = cxv_host_inode(&stand->live, FUNCTION "/vendor");

	assert_int_equal(cxv_host_inode(&stand->capture, FUNCTION "/vendor"), before);
	assert_int_equal(cxv_host_inode(&stand->capture, FUNCTION "/absent"), 0);
	cxv_capture_end(&stand->capture);
	assert_int_equal(cxv_host_inode(&stand->capture, FUNCTION "/vendor"), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_real_places, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lists, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_config, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_inodes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
