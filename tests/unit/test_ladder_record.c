// SPDX-License-Identifier: GPL-2.0-or-later
/* The record of a first contact in a file system: where it is, who may change it, what is read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/util.h"
#include "sys/base/state_file.h"
#include "sys/proof/ladder.h"
#include "unit.h"

#define NAME	"ladder-10de:2e12:1000"
#define FILE_	"var/lib/cxlvfio/" NAME
#define HEAD	"cxlvfio ladder 1\nmachine 0a\nendpoint 10de:2e12:1000\n"

/* What was done for the record, in this order: "sync NAME" and "rename". */
static char done[512];

static void note(const char *what, const char *name)
{
	size_t length = strlen(done);

	snprintf(done + length, sizeof(done) - length, "%s%s%s\n", what, *name ? " " : "", name);
}

/* In front of the C library's. */
int fsync(int file)
{
	char link[32], path[256] = "";
	const char *name;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	assert_true(readlink(link, path, sizeof(path) - 1) > 0);
	name = strrchr(path, '/');
	note("sync", name ? name + 1 : path);
	return syscall(SYS_fsync, file);
}

int renameat(int from, const char *old, int to, const char *new)
{
	note("rename", "");
	return syscall(SYS_renameat2, from, old, to, new, 0);
}

static char top[] = "/tmp/ladder-XXXXXX";
static struct cxv_host host;

static void put(const char *path, const char *text)
{
	_cleanup_free_ char *whole = NULL;
	FILE *file;

	assert_true(asprintf(&whole, "%s/%s", top, path) > 0);
	for (char *slash = strchr(whole + 5, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(!mkdir(whole, 0755) || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(whole, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int set_up(void **state)
{
	strcpy(top + sizeof(top) - 7, "XXXXXX");
	assert_non_null(mkdtemp(top));
	put("etc/machine-id", "0a\n");
	put("proc/sys/kernel/osrelease", "7.3\n");
	put("proc/sys/kernel/random/boot_id", "b2\n");
	put("var/lib/x", "");
	return cxv_host_open(&host, top);
}

static int tear_down(void **state)
{
	_cleanup_free_ char *command = NULL;

	cxv_host_close(&host);
	assert_true(asprintf(&command, "rm -r %s", top) > 0);
	return system(command);
}

/* What list says of the endpoint with this SERIAL, or of the one in this slot. */
static struct cxv_ladder read_ladder(struct cxv_number serial)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");
	struct cxv_platform platform = { 0 };
	struct cxv_ladder ladder;

	assert_non_null(endpoint);
	endpoint->pci.vendor = cxv_known(0x10de);
	endpoint->pci.device = cxv_known(0x2e12);
	endpoint->serial = serial;
	assert_int_equal(cxv_ladder_read(&host, &platform, endpoint), 0);
	ladder = endpoint->ladder;
	endpoint->ladder = (struct cxv_ladder) { 0 };
	cxv_endpoint_free(endpoint);
	return ladder;
}

static void expect(enum cxv_ladder_state state)
{
	struct cxv_ladder ladder = read_ladder(cxv_known(0x1000));

	print_message("%s, wanted: %s\n", ladder.state.value, cxv_ladder_state_name(state));
	assert_true(cxv_ladder_is(&ladder, state));
	cxv_fields_free(&ladder, &cxv_ladder_fields);
}

static void test_write(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct stat status;
	mode_t mask = umask(077);

	assert_int_equal(cxv_lasting_file_write(&host, NAME, "one\n"), 0);
	assert_int_equal(cxv_lasting_file_write(&host, NAME, HEAD "survived rest 7.3\n"), 0);
	umask(mask);
	assert_int_equal(cxv_host_read_string(&host, &text, FILE_), 0);
	assert_string_equal(text, HEAD "survived rest 7.3");
	assert_int_equal(fstatat(host.root, FILE_, &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
	assert_int_equal(fstatat(host.root, "var/lib/cxlvfio", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0755);
	assert_false(cxv_host_exists(&host, "var/lib/cxlvfio/." NAME ".new"));
	expect(CXV_LADDER_PROVEN);
}

/* However the machine ends: the text, then its name, and the directory when that was made. */
static void test_on_disk(void **state)
{
	done[0] = '\0';
	assert_int_equal(cxv_lasting_file_write(&host, NAME, HEAD), 0);
	assert_string_equal(done, "sync lib\nsync ." NAME ".new\nrename\nsync cxlvfio\n");
}

/* Others could change it under our hands, or there is no place for it. */
static void test_refused(void **state)
{
	assert_int_equal(mkdirat(host.root, "var/lib/cxlvfio", 0755), 0);
	assert_int_equal(fchmodat(host.root, "var/lib/cxlvfio", 0777, 0), 0);
	assert_int_equal(cxv_lasting_file_write(&host, NAME, "one\n"), -ENOTRECOVERABLE);
	assert_int_equal(unlinkat(host.root, "var/lib/cxlvfio", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(host.root, "var/lib/x", 0), 0);
	assert_int_equal(unlinkat(host.root, "var/lib", AT_REMOVEDIR), 0);
	assert_int_equal(cxv_lasting_file_write(&host, NAME, "one\n"), -ENOENT);
}

/* It is the process that began then, not another one with its number. */
static void test_process(void **state)
{
	put(FILE_, HEAD "trying line 7.3 b2 42 4242\n");
	expect(CXV_LADDER_INTERRUPTED);
	put("proc/42/stat", "42 (a) b 1 (c)) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 0\n");
	expect(CXV_LADDER_RUNNING);
	put("proc/42/stat", "42 (a) b 1 (c)) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4243 0\n");
	expect(CXV_LADDER_INTERRUPTED);
	put("proc/42/stat", "42 (a) S");
	expect(CXV_LADDER_INTERRUPTED);
	/* No process began at 0, nor does one that is gone. */
	put(FILE_, HEAD "trying line 7.3 b2 43 0\n");
	expect(CXV_LADDER_INTERRUPTED);
	put("proc/sys/kernel/random/boot_id", "b3\n");
	expect(CXV_LADDER_NOT_SURVIVED);
	/* A disk of a machine that does not run. */
	put("proc/sys/kernel/random/boot_id", "");
	expect(CXV_LADDER_NOT_SURVIVED);
}

static void test_damaged(void **state)
{
	char large[CXV_LADDER_TEXT_MAX + 1];

	expect(CXV_LADDER_UNPROVEN);
	put(FILE_, "");
	expect(CXV_LADDER_DAMAGED);
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	put(FILE_, large);
	expect(CXV_LADDER_DAMAGED);
	put(FILE_, HEAD "survived rest 7.3\n");
	expect(CXV_LADDER_PROVEN);
	put("etc/machine-id", "0b\n");
	expect(CXV_LADDER_FOREIGN);
}

static void test_no_serial(void **state)
{
	static const struct cxv_number none[] = { { .known = true }, { .error = ENOENT } };
	struct cxv_ladder ladder;

	put("var/lib/cxlvfio/ladder-10de:2e12@0000:0d:00.0",
	    "cxlvfio ladder 1\nmachine 0a\nendpoint 10de:2e12@0000:0d:00.0\nsurvived rest 7.3\n");
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		ladder = read_ladder(none[i]);
		assert_true(cxv_ladder_is(&ladder, CXV_LADDER_PROVEN));
		assert_true(cxv_ladder_by_slot(&ladder));
	}
	/* Hidden, it says nothing of either. */
	ladder = read_ladder(cxv_unknown(EACCES));
	assert_null(ladder.state.value);
	assert_int_equal(ladder.state.error, EACCES);
}

/* Files of another machine: nothing is touched there, so there is nothing to record. */
static void test_fixture(void **state)
{
	struct cxv_endpoint *endpoint = cxv_endpoint_new("0000:0d:00.0");
	struct cxv_climb climb;

	endpoint->serial = cxv_known(0x1000);
	assert_int_equal(cxv_climb_begin(&host, endpoint, true, &climb), 0);
	assert_int_equal(cxv_climb_try(&climb, CXV_RUNG_LINE), 0);
	assert_int_equal(cxv_climb_end(&climb, true), 0);
	assert_false(cxv_host_exists(&host, "var/lib/cxlvfio"));
	cxv_endpoint_free(endpoint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_on_disk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_process, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_serial, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fixture, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
