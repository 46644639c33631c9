// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/util.h"
#include "sys/base/host.h"
#include "sys/snapshot/tree.h"
#include "unit.h"

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

static void put_link(struct cxv_tree *tree, const char *path, const char *target)
{
	struct cxv_node *node;

	assert_int_equal(cxv_tree_make(tree, path, &node), 0);
	assert_int_equal(cxv_tree_set_link(tree, node, target), 0);
}

static void check(struct cxv_tree *tree, const char *path, const char *expected)
{
	char buffer[64];
	ssize_t size = cxv_tree_read(tree, path, buffer, sizeof(buffer));

	assert_int_equal(size, strlen(expected));
	assert_memory_equal(buffer, expected, size);
}

static void check_error(struct cxv_tree *tree, const char *path, int error)
{
	char buffer[64];

	assert_int_equal(cxv_tree_read(tree, path, buffer, sizeof(buffer)), error);
}

static void test_files(void **state)
{
	struct cxv_tree *tree = *state;

	put(tree, "sys/a/b", "one");
	put(tree, "sys/a/empty", "");
	check(tree, "sys/a/b", "one");
	check(tree, "sys//a/./b", "one");
	check(tree, "sys/a/empty", "");
	check_error(tree, "sys/a", -EISDIR);
	check_error(tree, "sys/a/c", -ENOENT);
	check_error(tree, "sys/a/b/c", -ENOTDIR);
	check_error(tree, "nothing", -ENOENT);
	put(tree, "sys/a/b", "another");
	check(tree, "sys/a/b", "another");
	assert_int_equal(tree->entries, 4);
}

static void test_links(void **state)
{
	struct cxv_tree *tree = *state;
	const char *target;

	put(tree, "sys/devices/pci/config", "image");
	put_link(tree, "sys/bus/relative", "../devices/pci");
	put_link(tree, "sys/bus/absolute", "/sys/devices/pci");
	put_link(tree, "sys/bus/outside", "../../../../../sys/devices/pci");
	put_link(tree, "sys/bus/chain", "relative/../pci/config");
	put_link(tree, "sys/bus/dangling", "nowhere");
	check(tree, "sys/bus/relative/config", "image");
	check(tree, "sys/bus/absolute/config", "image");
	check(tree, "sys/bus/outside/config", "image");
	check(tree, "sys/bus/chain", "image");
	check_error(tree, "sys/bus/dangling", -ENOENT);
	assert_int_equal(cxv_tree_read_link(tree, "sys/bus/chain", &target), 0);
	assert_string_equal(target, "relative/../pci/config");
	assert_int_equal(cxv_tree_read_link(tree, "sys/bus/dangling", &target), 0);
	assert_int_equal(cxv_tree_read_link(tree, "sys/bus/chain/x", &target), -ENOTDIR);
	assert_int_equal(cxv_tree_read_link(tree, "sys/devices", &target), -EINVAL);
}

/* A chain of COUNT links that ends at a file. */
static void put_chain(struct cxv_tree *tree, unsigned int count)
{
	char name[16], target[16];

	for (unsigned int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "link%u", i);
		snprintf(target, sizeof(target), i + 1 < count ? "link%u" : "file", i + 1);
		put_link(tree, name, target);
	}
	put(tree, "file", "end");
}

static void test_many_links(void **state)
{
	struct cxv_tree *tree = *state;

	put_chain(tree, 41);
	check(tree, "link1", "end");
	check_error(tree, "link0", -ELOOP);
	put_link(tree, "loop", "loop");
	check_error(tree, "loop", -ELOOP);
	put_link(tree, "longer", "longer/longer");
	check_error(tree, "longer", -ELOOP);
}

static void test_long_names(void **state)
{
	char name[NAME_MAX + 2], path[PATH_MAX + 1], target[PATH_MAX];
	struct cxv_tree *tree = *state;
	struct cxv_node *node;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(cxv_tree_make(tree, name, &node), -ENAMETOOLONG);
	check_error(tree, name, -ENAMETOOLONG);
	memset(path, '/', PATH_MAX);
	path[PATH_MAX] = '\0';
	assert_int_equal(cxv_tree_make(tree, path, &node), -ENAMETOOLONG);
	check_error(tree, path, -ENAMETOOLONG);
	/* The target fits, the target and what is left do not. */
	memset(target, '/', sizeof(target) - 1);
	target[sizeof(target) - 1] = '\0';
	put_link(tree, "root", target);
	check_error(tree, "root/file", -ENAMETOOLONG);
}

static void test_bad_names(void **state)
{
	struct cxv_tree *tree = *state;
	struct cxv_node *node;

	assert_int_equal(cxv_tree_make_child(tree, &tree->root, "..", &node), -EINVAL);
	assert_int_equal(cxv_tree_make_child(tree, &tree->root, ".", &node), -EINVAL);
	assert_int_equal(cxv_tree_make_child(tree, &tree->root, "", &node), -EINVAL);
	assert_int_equal(cxv_tree_make_child(tree, &tree->root, "a/b", &node), -EINVAL);
	assert_int_equal(cxv_tree_make(tree, "a/../b", &node), -EINVAL);
	put(tree, "file", "");
	assert_int_equal(cxv_tree_make(tree, "file/below", &node), -ENOTDIR);
	put_link(tree, "link", "/");
	assert_int_equal(cxv_tree_make(tree, "link/below", &node), -ENOTDIR);
	put(tree, "directory/file", "");
	assert_int_equal(cxv_tree_put(tree, "directory", "", 0), -EISDIR);
}

static void test_unavailable(void **state)
{
	struct cxv_tree *tree = *state;
	const char *target;

	put_link(tree, "denied", "/.unavailable/EACCES");
	put_link(tree, "absent", "/.unavailable/ENOENT");
	put_link(tree, "ordinary", "/.unavailable/EBOGUS");
	check_error(tree, "denied", -EACCES);
	check_error(tree, "denied/below", -EACCES);
	check_error(tree, "absent", -ENOENT);
	check_error(tree, "ordinary", -ENOENT);
	assert_true(cxv_tree_exists(tree, "denied"));
	assert_false(cxv_tree_exists(tree, "absent"));
	assert_int_equal(cxv_tree_read_link(tree, "denied", &target), -EACCES);
	assert_int_equal(cxv_unavailable_errno("/.unavailable/"), 0);
	assert_int_equal(cxv_unavailable_errno("x/.unavailable/EACCES"), 0);
	assert_int_equal(cxv_unavailable_errno("/.unavailable/EIO"), EIO);
}

static void test_partial(void **state)
{
	struct cxv_tree *tree = *state;
	struct cxv_node *node, **children;
	size_t count;

	put(tree, "some/known", "1");
	assert_int_equal(cxv_tree_find(tree, "some", CXV_FIND_NODE, &node), 0);
	node->partial = true;
	check(tree, "some/known", "1");
	check_error(tree, "some/other", -ENODATA);
	assert_int_equal(cxv_tree_list(tree, "some", &children, &count), -ENODATA);
}

static void check_names(struct cxv_tree *tree, const char *path, const char *expected)
{
	struct cxv_node **children;
	char names[64] = "";
	size_t count;

	assert_int_equal(cxv_tree_list(tree, path, &children, &count), 0);
	for (size_t i = 0; i < count; i++) {
		strcat(names, children[i]->name);
		strcat(names, " ");
	}
	free(children);
	assert_string_equal(names, expected);
}

static void test_lists(void **state)
{
	struct cxv_tree *tree = *state;
	struct cxv_node **children, *node;
	size_t count;

	put(tree, "list/b", "");
	put(tree, "list/a", "");
	put(tree, "list/c/d", "");
	put_link(tree, "list/absent", "/.unavailable/ENOENT");
	put_link(tree, "list/denied", "/.unavailable/EACCES");
	check_names(tree, "list", "a b c denied ");
	check_names(tree, "list/c/..", "a b c denied ");
	check_names(tree, "/", "list ");
	assert_int_equal(cxv_tree_list(tree, "list/a", &children, &count), -ENOTDIR);
	assert_int_equal(cxv_tree_list(tree, "list/denied", &children, &count), -EACCES);
	assert_int_equal(cxv_tree_list(tree, "list/x", &children, &count), -ENOENT);
	assert_int_equal(cxv_tree_find(tree, "list/c", CXV_FIND_NODE, &node), 0);
	cxv_tree_remove(tree, node);
	check_names(tree, "list", "a b denied ");
	assert_int_equal(tree->entries, 5);
}

static int collect_path(struct cxv_node *node, void *context)
{
	char path[64];

	assert_int_equal(cxv_tree_path(node, path, sizeof(path)), 0);
	strcat(context, path);
	strcat(context, " ");
	return !strcmp(path, "b");
}

static void test_walk(void **state)
{
	struct cxv_tree *tree = *state;
	struct cxv_node *node;
	char paths[128] = "", small[3];

	put(tree, "b", "");
	put(tree, "a/y", "");
	put(tree, "a/x/z", "");
	put(tree, "c", "");
	assert_int_equal(cxv_tree_walk(&tree->root, collect_path, paths), 1);
	assert_string_equal(paths, "a a/x a/x/z a/y b ");
	assert_int_equal(cxv_tree_find(tree, "a/x", CXV_FIND_NODE, &node), 0);
	assert_int_equal(cxv_tree_path(node, small, sizeof(small)), -ENAMETOOLONG);
}

static void test_limits(void **state)
{
	struct cxv_tree *tree = *state;
	struct cxv_node *node;
	size_t size;

	tree->entries_max = 3;
	tree->file_max = 4;
	put(tree, "one", "1234");
	assert_int_equal(cxv_tree_put(tree, "two", "12345", 5), -EFBIG);
	assert_int_equal(cxv_tree_make(tree, "three", &node), 0);
	assert_int_equal(cxv_tree_make(tree, "four", &node), -EFBIG);
	tree->entries_max = 4;
	size = tree->size;
	tree->size_max = size + 1;
	assert_int_equal(cxv_tree_put(tree, "three", "12", 2), -EFBIG);
	assert_int_equal(cxv_tree_put(tree, "three", "1", 1), 0);
	assert_int_equal(cxv_tree_make(tree, "four", &node), -EFBIG);
	assert_int_equal(cxv_tree_put(tree, "three", "", 0), 0);
	assert_int_equal(tree->size, size);
}

/* What was removed and replaced is not counted for ever. */
static void test_accounting(void **state)
{
	struct cxv_tree *tree = *state;
	size_t size = tree->size;
	struct cxv_node *node;

	put(tree, "a/b/c", "content");
	put(tree, "a/d", "more");
	assert_int_equal(cxv_tree_find(tree, "a", CXV_FIND_NODE, &node), 0);
	cxv_tree_remove(tree, node);
	assert_int_equal(tree->size, size);
	assert_int_equal(tree->entries, 0);
}

static void test_open(void **state)
{
	struct cxv_tree *tree = *state;
	char buffer[8];
	int descriptor;

	put(tree, "file", "content");
	assert_int_equal(cxv_tree_open(tree, "file", O_WRONLY), -EROFS);
	assert_int_equal(cxv_tree_open(tree, "file", O_RDWR), -EROFS);
	assert_int_equal(cxv_tree_open(tree, "nothing", O_RDONLY), -ENOENT);
	descriptor = cxv_tree_open(tree, "file", O_RDONLY);
	assert_true(descriptor >= 0);
	assert_int_equal(pread(descriptor, buffer, sizeof(buffer), 3), 4);
	assert_memory_equal(buffer, "tent", 4);
	assert_int_equal(read(descriptor, buffer, sizeof(buffer)), 7);
	assert_int_equal(write(descriptor, "x", 1), -1);
	assert_int_equal(ftruncate(descriptor, 0), -1);
	close(descriptor);
}

/* The same through the host, which is how everybody reads it. */
static void test_host(void **state)
{
	struct cxv_tree *tree = cxv_tree_new();
	struct cxv_host host = { .root = -1 };
	char *text = NULL, bytes[4];
	uint64_t number;
	char **names;
	size_t count;

	put(tree, "sys/devices/x/size", "0x100\n");
	put(tree, "sys/devices/x/binary", "12345678");
	put_link(tree, "sys/bus/x", "../devices/x");
	put_link(tree, "sys/devices/x/secret", "/.unavailable/EACCES");
	assert_int_equal(cxv_host_open_tree(&host, tree), 0);
	assert_true(host.fixture);
	assert_int_equal(cxv_host_read_number(&host, &number, "sys/bus/x/size"), 0);
	assert_int_equal(number, 0x100);
	assert_int_equal(cxv_host_read_bytes(&host, bytes, sizeof(bytes), "sys/bus/x/binary"), 4);
	assert_int_equal(cxv_host_read_string(&host, &text, "sys/bus/x/secret"), -EACCES);
	assert_int_equal(cxv_host_read_link_name(&host, &text, "sys/bus/x"), 0);
	assert_string_equal(text, "x");
	free(text);
	assert_int_equal(cxv_host_list(&host, &names, &count, "sys/bus/x"), 0);
	assert_int_equal(count, 3);
	assert_string_equal(names[2], "size");
	cxv_names_free(names, count);
	assert_int_equal(cxv_host_list(&host, &names, &count, "sys/nothing"), -ENOENT);
	assert_int_equal(cxv_host_write_string(&host, "1", "sys/bus/x/size"), -EROFS);
	assert_true(cxv_host_exists(&host, "sys/bus/x/secret"));
	assert_false(cxv_host_exists(&host, "sys/bus/y"));
	assert_int_equal(cxv_host_read_string(&host, &text, "../etc/passwd"), -EINVAL);
	cxv_host_close(&host);
}

/* A snapshot has tens of thousands of small files, and readers have room for large ones. */
static void test_no_spare_room(void **state)
{
	struct cxv_tree *tree = *state;
	struct cxv_node *node;
	char *bytes = malloc(65536);

	assert_non_null(bytes);
	memcpy(bytes, "7.3", 3);
	assert_int_equal(cxv_tree_make(tree, "a/b", &node), 0);
	assert_int_equal(cxv_tree_set_file(tree, node, bytes, 3), 0);
	assert_string_equal(node->bytes, "7.3");
	assert_true(malloc_usable_size(node->bytes) < 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_links, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_links, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unavailable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_partial, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lists, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_walk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_accounting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_open, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_spare_room, set_up, tear_down),
		cmocka_unit_test(test_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
