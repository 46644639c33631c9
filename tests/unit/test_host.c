// SPDX-License-Identifier: GPL-2.0-or-later
/* Paths: nothing leaves the root, not by name and not by link. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/base/util.h"
#include "sys/base/host.h"
#include "sys/base/kept_file.h"
#include "sys/snapshot/capture.h"
#include "unit.h"

static char directory[] = "/tmp/cxlvfio-test-XXXXXX";
static struct cxv_host host = { .root = -1 };

static void write_file(const char *name, const void *content, size_t size)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void make_link(const char *target, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(symlink(target, path), 0);
}

static void make_directory(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static int set_up(void **state)
{
	assert_non_null(mkdtemp(directory));
	make_directory("sys");
	make_directory("etc");
	write_file("etc/hostname", "inside\n", 7);
	make_link("/etc/hostname", "sys/absolute");
	make_link("../../../../../../etc/hostname", "sys/relative");
	make_link("../etc", "sys/etc");
	return cxv_host_open(&host, directory);
}

static int tear_down(void **state)
{
	_cleanup_free_ char *command = NULL;

	cxv_host_close(&host);
	assert_true(asprintf(&command, "rm -rf '%s'", directory) > 0);
	return system(command);
}

static void check_string(const char *path, const char *expected)
{
	_cleanup_free_ char *value = NULL;

	assert_int_equal(cxv_host_read_string(&host, &value, "%s", path), 0);
	assert_string_equal(value, expected);
}

static void test_links_stay_inside(void **state)
{
	_cleanup_free_ char *name = NULL, *target = NULL;

	assert_true(host.fixture);
	check_string("sys/absolute", "inside");
	check_string("sys/relative", "inside");
	check_string("sys/etc/hostname", "inside");
	assert_int_equal(cxv_host_read_link_name(&host, &name, "sys/relative"), 0);
	assert_string_equal(name, "hostname");
	assert_int_equal(cxv_host_read_link(&host, &target, "sys/etc"), 0);
	assert_string_equal(target, "../etc");
}

static void test_not_a_link(void **state)
{
	char *name = NULL;

	assert_int_equal(cxv_host_read_link_name(&host, &name, "etc/hostname"), -EINVAL);
	assert_int_equal(cxv_host_read_link_name(&host, &name, "etc/nothing"), -ENOENT);
	assert_null(name);
}

/* A file that could not be read where the fixture was made: sys/snapshot/tree.h. */
static void test_unavailable(void **state)
{
	char *value = NULL;

	make_link("/.unavailable/EACCES", "sys/secret");
	make_link("/.unavailable/ENOENT", "sys/absent");
	make_link("/.unavailable/EBOGUS", "sys/ordinary");
	make_link("nowhere", "sys/dangling");
	assert_int_equal(cxv_host_read_string(&host, &value, "sys/secret"), -EACCES);
	assert_int_equal(cxv_host_read_string(&host, &value, "sys/absent"), -ENOENT);
	assert_int_equal(cxv_host_read_string(&host, &value, "sys/ordinary"), -ENOENT);
	assert_int_equal(cxv_host_read_string(&host, &value, "sys/dangling"), -ENOENT);
	assert_int_equal(cxv_host_read_link_name(&host, &value, "sys/secret"), -EACCES);
	assert_null(value);
	assert_true(cxv_host_exists(&host, "sys/secret"));
	assert_false(cxv_host_exists(&host, "sys/absent"));
	assert_false(cxv_host_exists(&host, "sys/dangling"));
}

static void test_names_stay_inside(void **state)
{
	static const char *const bad[] = {
		"", "/etc/hostname", "..", "../etc/hostname", "sys/../../etc/hostname",
		"sys/..", "sys/../etc/hostname",
	};
	char *value = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(cxv_host_read_string(&host, &value, "%s", bad[i]), -EINVAL);
		assert_int_equal(cxv_host_write_string(&host, "x", "%s", bad[i]), -EINVAL);
		assert_int_equal(cxv_host_open_file(&host, O_RDONLY, "%s", bad[i]), -EINVAL);
		assert_false(cxv_host_exists(&host, "%s", bad[i]));
	}
	assert_null(value);
	write_file("sys/..odd", "1\n", 2);
	check_string("sys/..odd", "1");
}

static void test_long_path(void **state)
{
	char path[PATH_MAX + 1];
	char *value = NULL;

	memset(path, 'x', PATH_MAX);
	path[PATH_MAX] = '\0';
	assert_int_equal(cxv_host_read_string(&host, &value, "%s", path), -ENAMETOOLONG);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		int error;
		uint64_t value;
	} cases[] = {
		{ "0\n", 0, 0 },
		{ "256\n", 0, 256 },
		{ "0x1e98\n", 0, 0x1e98 },
		{ "0xffffffffffffffff", 0, UINT64_MAX },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -EINVAL, 0 },
		{ "010\n", 0, 10 },
		{ "", -EINVAL, 0 },
		{ "\n", -EINVAL, 0 },
		{ "-1\n", -EINVAL, 0 },
		{ " 1\n", -EINVAL, 0 },
		{ "+1\n", -EINVAL, 0 },
		{ "1 \n", -EINVAL, 0 },
		{ "1\n2\n", -EINVAL, 0 },
		{ "0x\n", -EINVAL, 0 },
		{ "12abc\n", -EINVAL, 0 },
		{ "ff\n", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = 0;

		write_file("sys/number", cases[i].text, strlen(cases[i].text));
		assert_int_equal(cxv_host_read_number(&host, &value, "sys/number"), cases[i].error);
		if (!cases[i].error)
			assert_int_equal(value, cases[i].value);
	}
}

static void test_strings(void **state)
{
	static char big[64 * 1024];
	char *value = NULL;

	write_file("sys/text", "two\nlines\n", 10);
	check_string("sys/text", "two\nlines");
	write_file("sys/text", "cut\0here\n", 9);
	check_string("sys/text", "cut");
	write_file("sys/text", big, sizeof(big));
	assert_int_equal(cxv_host_read_string(&host, &value, "sys/text"), -EFBIG);
	assert_int_equal(cxv_host_read_string(&host, &value, "sys"), -EISDIR);
}

static void test_whole_files(void **state)
{
	static const size_t sizes[] = { 0, 1, 65534, 65535, 65536, 65537, 131071, 131072, 200000 };
	_cleanup_free_ char *content = malloc(200001);
	char *value = NULL;
	size_t length;

	memset(content, 'x', 200001);
	content[100] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		write_file("whole", content, sizes[i]);
		assert_int_equal(cxv_host_read_file(&host, &value, &length, 200000, "whole"), 0);
		assert_int_equal(length, sizes[i]);
		assert_memory_equal(value, content, length);
		assert_int_equal(value[length], '\0');
		free(value);
	}
	value = NULL;
	write_file("whole", content, 200001);
	assert_int_equal(cxv_host_read_file(&host, &value, &length, 200000, "whole"), -EFBIG);
	assert_int_equal(cxv_host_read_file(&host, &value, &length, 200000, "none"), -ENOENT);
	assert_int_equal(cxv_host_read_file(&host, &value, &length, 200000, "sys"), -EISDIR);
	assert_null(value);
}

static void rename_forever(void)
{
	char one[PATH_MAX], other[PATH_MAX];

	snprintf(one, sizeof(one), "%s/one", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	write_file("one", "", 0);
	while (!rename(one, other) && !rename(other, one))
		;
	_exit(1);
}

/* Links with ".." are followed while anything on the machine is renamed. */
static void test_busy_machine(void **state)
{
	pid_t child = fork();
	int failures = 0;

	if (!child)
		rename_forever();
	assert_true(child > 0);
	while (!cxv_host_exists(&host, "other"))
		;
	for (int i = 0; i < 50000; i++)
		failures += !cxv_host_exists(&host, "sys/etc/hostname");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(failures, 0);
}

static void test_writes(void **state)
{
	write_file("sys/driver_override", "(null)\n", 7);
	assert_int_equal(cxv_host_write_string(&host, "cxl-vfio-pci", "sys/driver_override"), 0);
	check_string("sys/driver_override", "cxl-vfio-pci");
	assert_int_equal(cxv_host_write_string(&host, "x", "sys/nothing"), -ENOENT);
	assert_false(cxv_host_exists(&host, "sys/nothing"));
}

static void test_lists(void **state)
{
	char **names;
	size_t count;

	make_directory("list");
	assert_int_equal(cxv_host_list(&host, &names, &count, "list"), 0);
	assert_int_equal(count, 0);
	cxv_names_free(names, count);
	write_file("list/b", "", 0);
	write_file("list/a", "", 0);
	write_file("list/.hidden", "", 0);
	assert_int_equal(cxv_host_list(&host, &names, &count, "list"), 0);
	assert_int_equal(count, 3);
	assert_string_equal(names[0], ".hidden");
	assert_string_equal(names[1], "a");
	assert_string_equal(names[2], "b");
	cxv_names_free(names, count);
	assert_int_equal(cxv_host_list(&host, &names, &count, "nothing"), -ENOENT);
	assert_int_equal(cxv_host_list(&host, &names, &count, "list/a"), -ENOTDIR);
}

static void test_roots(void **state)
{
	struct cxv_host other = { .root = -1 };

	assert_int_equal(cxv_host_open(&other, "/"), 0);
	assert_false(other.fixture);
	assert_string_equal(other.root_path, "");
	cxv_host_close(&other);
	assert_int_equal(other.root, -1);
	assert_int_equal(cxv_host_open(&other, NULL), 0);
	assert_false(other.fixture);
	cxv_host_close(&other);
	assert_int_equal(cxv_host_open(&other, "/nonexistent"), -ENOENT);
	assert_int_equal(cxv_host_open(&other, "/etc/passwd"), -ENOTDIR);
	assert_int_equal(other.root, -1);
}

/* One directory for many files: the same answers, also through links that lead out of it. */
static void check_entered(const struct cxv_host *inside)
{
	_cleanup_free_ char *name = NULL, *value = NULL;
	uint64_t number;
	char **names;
	size_t count;

	assert_int_equal(cxv_host_read_number(inside, &number, "here"), 0);
	assert_int_equal(number, 7);
	assert_int_equal(cxv_host_read_number(inside, &number, "./below/there"), 0);
	assert_int_equal(number, 8);
	assert_int_equal(cxv_host_read_string(inside, &value, "out/hostname"), 0);
	assert_string_equal(value, "inside");
	assert_int_equal(cxv_host_read_link_name(inside, &name, "out"), 0);
	assert_string_equal(name, "etc");
	assert_int_equal(cxv_host_read_number(inside, &number, "absent"), -ENOENT);
	assert_int_equal(cxv_host_read_number(inside, &number, "secret"), -EACCES);
	assert_true(cxv_host_exists(inside, "below"));
	assert_true(cxv_host_exists(inside, "secret"));
	assert_false(cxv_host_exists(inside, "hostname"));
	assert_int_equal(cxv_host_list(inside, &names, &count, "below"), 0);
	assert_int_equal(count, 1);
	cxv_names_free(names, count);
	assert_int_equal(cxv_host_read_number(inside, &number, "../etc/hostname"), -EINVAL);
}

static void check_trace(const char *operation, const char *path, const char *value, int result)
{
	assert_string_equal(path, "entered/here");
}

static void test_entered(void **state)
{
	struct cxv_host capture, inside, live = { .root = -1 };
	char path[PATH_MAX];
	uint64_t number;

	make_directory("entered");
	make_directory("entered/below");
	write_file("entered/here", "7\n", 2);
	write_file("entered/below/there", "8\n", 2);
	make_link("../etc", "entered/out");
	make_link("/.unavailable/EACCES", "entered/secret");
	assert_int_equal(cxv_host_enter(&host, &inside, "nothing"), -ENOENT);
	assert_int_equal(cxv_host_enter(&host, &inside, "entered/here"), -ENOTDIR);
	assert_int_equal(cxv_host_enter(&host, &inside, "entered"), 0);
	check_entered(&inside);
	inside.trace = check_trace;
	assert_int_equal(cxv_host_read_number(&inside, &number, "here"), 0);
	cxv_host_close(&inside);

	/* Through a tree, and after the tree is all there is. */
	assert_int_equal(cxv_capture_open(&capture, &host), 0);
	assert_int_equal(cxv_host_enter(&capture, &inside, "entered"), 0);
	check_entered(&inside);
	cxv_host_close(&inside);
	cxv_capture_end(&capture);
	assert_int_equal(cxv_host_enter(&capture, &inside, "entered"), 0);
	check_entered(&inside);
	cxv_host_close(&inside);
	cxv_host_close(&capture);

	/* And on the machine itself, where no mark means anything. */
	snprintf(path, sizeof(path), "%s/entered", directory + 1);
	assert_int_equal(cxv_host_open(&live, NULL), 0);
	assert_int_equal(cxv_host_enter(&live, &inside, path), 0);
	assert_int_equal(cxv_host_read_number(&inside, &number, "out/../entered/here"), -EINVAL);
	assert_int_equal(cxv_host_read_number(&inside, &number, "here"), 0);
	assert_true(cxv_host_exists(&inside, "out/hostname"));
	cxv_host_close(&inside);
	cxv_host_close(&live);
}

static unsigned int traced;

static void count_trace(const char *operation, const char *path, const char *value, int result)
{
	traced++;
	assert_string_equal(path, "sys/nothing");
	assert_int_equal(result, -ENOENT);
}

static void test_trace(void **state)
{
	char *value = NULL;

	host.trace = count_trace;
	cxv_host_read_string(&host, &value, "sys/nothing");
	host.trace = NULL;
	assert_int_equal(traced, 1);
}

/* What is kept open is read anew each time, and opened as soon as it is there. */
static void test_kept_file(void **state)
{
	struct cxv_kept_file file;
	char *whole = NULL;
	char text[8] = "before";
	size_t length;

	assert_int_equal(cxv_kept_file_init(&file, "etc/%s", "kept"), 0);
	assert_int_equal(cxv_kept_file_text(&host, &file, text, sizeof(text)), -ENOENT);
	assert_string_equal(text, "");
	write_file("etc/kept", "one\n", 4);
	assert_int_equal(cxv_kept_file_text(&host, &file, text, sizeof(text)), 0);
	assert_string_equal(text, "one");
	write_file("etc/kept", "longer than it", 14);
	assert_int_equal(cxv_kept_file_text(&host, &file, text, sizeof(text)), 0);
	assert_string_equal(text, "longer ");
	assert_int_equal(cxv_kept_file_whole(&host, &file, &whole, &length, 100), 0);
	assert_int_equal(length, 14);
	assert_memory_equal(whole, "longer than it", 14);
	assert_int_equal(cxv_kept_file_read(&host, &file, text, 4, 7), 4);
	assert_memory_equal(text, "than", 4);
	free(whole);
	cxv_kept_file_close(&file);
	/* Twice, as on the way out of a failed beginning. */
	cxv_kept_file_close(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links_stay_inside),
		cmocka_unit_test(test_not_a_link),
		cmocka_unit_test(test_unavailable),
		cmocka_unit_test(test_names_stay_inside),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_whole_files),
		cmocka_unit_test(test_busy_machine),
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_entered),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_kept_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
