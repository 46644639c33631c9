// SPDX-License-Identifier: GPL-2.0-or-later
/* What monitor follows of an endpoint, and that it is told what it cannot. Run as root. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/monitor/hints.h"
#include "unit.h"

#define NOBODY	65534

static char directory[] = "/tmp/cxlvfio-test-XXXXXX";
static struct cxv_host host = { .root = -1 };

static void in_root(char path[static PATH_MAX], const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s", directory, name);
}

static void make(const char *name, mode_t mode, bool is_directory)
{
	char path[PATH_MAX];
	int descriptor;

	in_root(path, name);
	if (is_directory) {
		assert_int_equal(mkdir(path, mode), 0);
		return;
	}
	descriptor = open(path, O_CREAT | O_WRONLY, mode);
	assert_true(descriptor >= 0);
	close(descriptor);
}

static int set_up(void **state)
{
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chmod(directory, 0755), 0);
	make("dev", 0755, true);
	make("dev/vfio", 0755, true);
	make("dev/vfio/6", 0600, false);
	make("dev/vfio/7", 0644, false);
	return cxv_host_open(&host, directory);
}

static int tear_down(void **state)
{
	static const char *const names[] = {
		"dev/vfio/6", "dev/vfio/7", "dev/vfio", "dev",
	};
	char path[PATH_MAX];

	cxv_host_close(&host);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		in_root(path, names[i]);
		remove(path);
	}
	return rmdir(directory);
}

static int follow(struct cxv_hints *hints, const char *node)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");
	int error;

	assert_non_null(endpoint);
	assert_int_equal(cxv_text_set(&endpoint->vfio.group_node, node), 0);
	cxv_hints_follow_begin(hints);
	error = cxv_hints_follow(hints, endpoint);
	cxv_hints_follow_end(hints);
	cxv_endpoint_free(endpoint);
	return error;
}

static void test_nodes(void **state)
{
	struct cxv_hints *hints;

	int error;

	/* Who builds a package is no root, and an emulator of programs may not know it. */
	if (geteuid())
		skip();
	error = cxv_hints_open(&host, &hints);
	if (error == -ENOSYS)
		skip();
	assert_int_equal(error, 0);
	assert_int_equal(follow(hints, "/dev/vfio/6"), 0);
	assert_int_equal(seteuid(NOBODY), 0);
	assert_int_equal(follow(hints, "/dev/vfio/7"), 0);
	/* The one that root followed was dropped meanwhile. */
	assert_int_equal(follow(hints, "/dev/vfio/6"), -EACCES);
	/* Gone since it was read: its end is told of by others. */
	assert_int_equal(follow(hints, "/dev/vfio/8"), 0);
	assert_int_equal(seteuid(0), 0);
	cxv_hints_close(hints);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
