// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Resets that want the window for themselves: by every way in which a function is reset, the driver
 * lets go of it and has it again afterwards; who takes it in between is named, and nobody gets
 * access until the next bind. Runs in the guest as root with the endpoint bound, its device server
 * reachable and recovery_test loaded; TAP on stdout.
 *
 *	cxl_reset_test BDF
 *
 * The reset is what the kernel does first: where that is "cxl_reset" (the debug kernel with
 * cxl_reset.enabled=1, on whose command line it must be then), the device is also made to fail it
 * in the ways that it can.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "device.h"
#include "resets.h"

#define CLEAR	"/sys/module/cxl_reset/parameters/clear"
/* A page inside the window. */
#define RIVAL	0x100000ul

static const char *kind;	/* of the resets that the device sees */

/* The last owner in /proc/iomem that is inside the window: the innermost one of its first. */
static const char *owner(void)
{
	unsigned long long base, first, last;
	static char name[64];
	char line[256], text[32];
	FILE *file = fopen("/proc/iomem", "r");

	if (!file)
		bail("/proc/iomem");
	attribute("window_base", text, sizeof(text));
	base = strtoull(text, NULL, 16);
	strcpy(name, "nobody");
	while (fgets(line, sizeof(line), file)) {
		char *colon = strstr(line, " : ");

		if (!colon || sscanf(line, "%llx-%llx", &first, &last) != 2 || first < base ||
		    last >= base + memory.size)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(colon + 3, "\n"), colon + 3);
	}
	fclose(file);
	note("the window is owned by %s", name);
	return name;
}

static bool is_ours(void)
{
	return !strcmp(owner(), CXL_VFIO_DRIVER_NAME);
}

static int run(const char *command)
{
	int status = system(command);

	if (status)
		note("'%s' ends with %#x", command, (unsigned int)status);
	return status;
}

static bool first_method_is(const char *name)
{
	char command[160];

	snprintf(command, sizeof(command), "grep -q '^%s' %s", name, device_path("reset_method"));
	return !run(command);
}

static bool logged(const char *text)
{
	char command[256];

	snprintf(command, sizeof(command), "dmesg | grep -q '%s'", text);
	return !run(command);
}

static char *map_tagged(void)
{
	char *map;

	open_regions();
	wait_attribute("state", CXL_VFIO_STATE_ACTIVE);
	map = map_window(0, memory.size);
	if (map == MAP_FAILED)
		bail("mmap of the window");
	touch_all(map, memory.size);
	tag(map);
	return map;
}

/* Once, of the kind that the device sees, with the same bytes and the window ours afterwards. */
static void test_path(char *map, const char *path, const char *seen, int (*go)(void))
{
	uint64_t before = resets_seen(seen);
	char what[160];
	int ret, tries;

	for (tries = 0; tries < 100 * PATIENCE; tries++) {
		ret = go();
		if (ret != -EAGAIN && ret != -EBUSY)
			break;
		usleep(10000);
	}
	snprintf(what, sizeof(what), "%s: is done (%d)", path, ret);
	check(!ret, what);
	snprintf(what, sizeof(what), "%s: the device sees one reset of kind %s", path, seen);
	check(resets_seen(seen) == before + 1, what);
	snprintf(what, sizeof(what), "%s: the window is the driver's again", path);
	check(is_ours(), what);
	expect_reactivated(map, path);
}

static int play_fatal(void)
{
	return play("fatal");
}

static void test_paths(void)
{
	uint64_t before = resets_seen(kind);
	char *map = map_tagged();

	check(resets_seen(kind) == before + 1 && is_ours(), "open: resets, and has the window");
	test_path(map, "VFIO_DEVICE_RESET", kind, reset_vfio);
	test_path(map, "sysfs", kind, reset_sysfs);
	test_path(map, "configuration write", kind, reset_config);
	test_path(map, "INIT_CXL_RST of a guest", kind, reset_cxl);
	test_path(map, "hot reset", "vfio", reset_hot);
	check(!play_fatal() && is_ours(), "error recovery: the window stays the driver's");
	expect_reactivated(map, "error recovery");
	munmap(map, memory.size);
	before = resets_seen(kind);
	close_device();
	check(resets_seen(kind) == before + 1 && is_ours(), "close: resets, and has the window");
	check(attribute_is("scrub_result", "done"), "close: nothing is owed to the next user");
}

/* A reset that the device does not do: RET, and the memory as it was, or given back. */
static void test_failure(char *map, const char *fault, int expected)
{
	char what[160];
	int ret;

	snprintf(what, sizeof(what), "fault %s", fault);
	endpointctl(what);
	ret = reset_vfio();
	note("VFIO_DEVICE_RESET: %s", strerror(-ret));
	snprintf(what, sizeof(what), "%s: the reset fails so", fault);
	check(ret == expected, what);
	endpointctl("clear all");
	snprintf(what, sizeof(what), "%s: the window is the driver's", fault);
	check(is_ours() && wait_attribute("state", CXL_VFIO_STATE_ACTIVE), what);
	expect_reactivated(map, fault);
}

static void test_guest_failure(void)
{
	uint64_t dvsec = find_dvsec(CXL_DVSEC_ID_DEVICE), before;

	check(!reset_cxl() && attribute_is("reset_result", CXL_VFIO_RESET_RESULT_DONE),
	      "a guest's reset that works is told as the function's");
	before = resets_seen(kind);
	endpointctl("fault cxl-reset-error");
	check(reset_cxl() == -EAGAIN && config_read(dvsec + CXL_DEVICE_STATUS2, 2) &
	      CXL_DEVICE_STATUS2_RESET_ERROR, "a guest is told of the error");
	check(resets_seen(kind) == before + 1, "which is that of a reset that the device saw");
	check(attribute_is("reset_result", CXL_VFIO_RESET_RESULT_FAILED), "so is the operator");
	endpointctl("clear all");
}

static void test_failures(void)
{
	uint64_t repairs = attribute_number("repair_count");
	char *map = map_tagged();

	test_failure(map, "write-back-stuck", -ETIMEDOUT);
	check(attribute_number("repair_count") == repairs, "write-back-stuck: nothing was lost");
	test_failure(map, "cxl-reset-late=600", 0);
	/* Never, as far as the register's limit of a second goes. */
	test_failure(map, "cxl-reset-late=600000", -ETIMEDOUT);
	test_failure(map, "cxl-reset-error", -EIO);
	note("%llu repairs, %llu before", (unsigned long long)attribute_number("repair_count"),
	     (unsigned long long)repairs);
	check(attribute_number("repair_count") > repairs, "what they took, the driver gave back");
	test_guest_failure();
	/* For what comes next it is as if nothing had been. */
	test_path(map, "VFIO_DEVICE_RESET after errors", kind, reset_vfio);
	munmap(map, memory.size);
	close_device();
}

static bool can_be_reset(void)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	if (device_ioctl(VFIO_DEVICE_GET_INFO, &info))
		bail("VFIO_DEVICE_GET_INFO");
	note("flags of the device: %#x", info.flags);
	return info.flags & VFIO_DEVICE_FLAGS_RESET;
}

static bool failure_is_told(void)
{
	return attribute_is("reset_result", CXL_VFIO_RESET_RESULT_FAILED) &&
	       logged("the function.s reset failed");
}

/* The next user: as if nothing had been, and every byte of the one before is gone. */
static void expect_clean_open(const char *what)
{
	uint64_t bytes = attribute_number("scrub_bytes"), offset, kept = 0;
	char *map, line[160];

	open_regions();
	snprintf(line, sizeof(line), "%s: the next open resets", what);
	check(attribute_is("reset_result", CXL_VFIO_RESET_RESULT_DONE) && can_be_reset() &&
	      wait_attribute("state", CXL_VFIO_STATE_ACTIVE), line);
	map = map_window(0, memory.size);
	if (map == MAP_FAILED)
		bail("mmap of the window");
	for (offset = 0; offset < memory.size; offset += PAGE)
		kept += *(uint64_t *)(map + offset) != 0;
	note("%llu pages are not zero", (unsigned long long)kept);
	snprintf(line, sizeof(line), "%s: what was owed is made up for", what);
	check(!kept && attribute_number("scrub_bytes") == bytes + memory.size, line);
	munmap(map, memory.size);
	close_device();
}

/* VFIO opens it all the same, offers no reset, and does none at the close. */
static void test_failure_at_open(void)
{
	char *map = map_tagged();

	munmap(map, memory.size);
	run("dmesg -C");
	close_device();
	endpointctl("fault cxl-reset-error@1x1");
	map = map_tagged();
	check(failure_is_told() && !can_be_reset(), "open: a reset that fails is told");
	/* The emulated reset takes Mem_Enable, the driver gives it back. */
	check(config_read(find_dvsec(CXL_DVSEC_ID_DEVICE) + CXL_DEVICE_CONTROL, 2) &
	      CXL_DEVICE_CONTROL_MEM_ENABLE, "its user is not told that CXL.mem is off");
	munmap(map, memory.size);
	endpointctl("clear all");
	close_device();
	check(attribute_is("reset_result", CXL_VFIO_RESET_RESULT_FAILED) &&
	      attribute_is("scrub_result", CXL_VFIO_SCRUB_RESULT_OWED),
	      "the close makes no other: the scrub is owed");
	expect_clean_open("a reset that failed at open");
}

/* The core tries the bus then, which here works. Behind a real port nobody knows. */
static void test_failure_at_close(void)
{
	char *map = map_tagged();
	uint64_t bus_resets = resets_seen("vfio");

	munmap(map, memory.size);
	run("dmesg -C");
	endpointctl("fault cxl-reset-error@1x1");
	close_device();
	endpointctl("clear all");
	check(failure_is_told(), "close: a reset that fails is told");
	check(resets_seen("vfio") == bus_resets + 1, "the bus is reset instead");
	check(attribute_is("scrub_result", CXL_VFIO_SCRUB_RESULT_OWED),
	      "which does not count: the scrub is owed");
	check(is_ours(), "and the window is the driver's");
	expect_clean_open("a reset that failed at close");
}

static void test_clear(void)
{
	char *map = map_tagged();
	uint64_t offset, kept = 0;

	if (write_file(CLEAR, "1"))
		bail(CLEAR);
	check(!reset_vfio() && wait_attribute("state", CXL_VFIO_STATE_ACTIVE),
	      "a reset that clears the memory");
	write_file(CLEAR, "0");
	for (offset = 0; offset < memory.size; offset += PAGE)
		kept += *(uint64_t *)(map + offset) != 0;
	note("%llu pages are not zero", (unsigned long long)kept);
	check(!kept, "the memory is zero");
	munmap(map, memory.size);
	close_device();
}

static void start_rival(const char *how)
{
	char command[128], text[32];

	attribute("window_base", text, sizeof(text));
	snprintf(command, sizeof(command), "modprobe owner_test kind=%s start=%#llx size=0x1000",
		 how, strtoull(text, NULL, 16) + RIVAL);
	if (run(command) || run("dmesg -C"))
		bail(command);
}

static bool rival_is_named(void)
{
	unsigned long long start;
	char text[128];

	attribute("window_base", text, sizeof(text));
	start = strtoull(text, NULL, 16) + RIVAL;
	snprintf(text, sizeof(text), "taken by another driver at %#llx-%#llx", start,
		 start + 0xfff);
	return logged(text) && !strcmp(owner(), "owner_test");
}

static bool is_refused(void)
{
	return attribute_is("state", CXL_VFIO_STATE_REFUSED) &&
	       attribute_is("verdict", "another driver claimed the window during a reset");
}

/* The rival comes as soon as nobody has the window: with some resets it may not get its moment. */
static void reset_until_taken(int (*go)(void))
{
	int tries, ret = 0;

	for (tries = 0; tries < 20 && strcmp(owner(), "owner_test"); tries++)
		ret = go();
	note("%d resets, the last: %s", tries, strerror(-ret));
}

static void bind_anew(void)
{
	if (unbind_driver() || !bind_driver())
		bail("binding again");
}

static void test_rival(const char *path, int (*go)(void))
{
	char *map = map_tagged(), what[160];
	uint64_t value;

	start_rival("wait");
	reset_until_taken(go);
	snprintf(what, sizeof(what), "%s with a rival: refused", path);
	check(is_refused(), what);
	snprintf(what, sizeof(what), "%s with a rival: the log has the owner's place", path);
	check(rival_is_named(), what);
	snprintf(what, sizeof(what), "%s with a rival: no access", path);
	check(!touch((uint64_t *)map, &value) &&
	      device_read(&value, 8, memory.offset) < 0 && errno == EIO, what);
	run("rmmod owner_test");
	reset_vfio();
	snprintf(what, sizeof(what), "%s: he left, and another reset changes nothing", path);
	check(is_refused(), what);
	munmap(map, memory.size);
	close_device();
	snprintf(what, sizeof(what), "%s: the close owes the scrub", path);
	check(attribute_is("scrub_result", "owed"), what);
	open_regions();
	snprintf(what, sizeof(what), "%s: an open changes nothing either", path);
	check(is_refused(), what);
	close_device();
	bind_anew();
	map = map_tagged();
	snprintf(what, sizeof(what), "%s: bound again", path);
	check(is_ours(), what);
	test_path(map, what, kind, reset_vfio);
	munmap(map, memory.size);
	close_device();
}

static void test_rival_at_close(void)
{
	char *map = map_tagged();

	start_rival("wait");
	munmap(map, memory.size);
	close_device();
	check(rival_is_named(), "close with a rival: the log has the owner's place");
	check(attribute_is("scrub_result", "owed"), "close with a rival: the scrub is owed");
	open_regions();
	check(is_refused(), "close with a rival: the next open is refused");
	close_device();
	run("dmesg -C");
	check(!unbind_driver() && !bind_driver() && logged("taken by another driver at"),
	      "while he has it there is no bind, and the log says why");
	run("rmmod owner_test");
	check(bind_driver(), "bound when he left");
	map = map_tagged();
	check(is_ours() && shows(map, 0), "and usable");
	munmap(map, memory.size);
	close_device();
}

static void test_rival_at_open(void)
{
	start_rival("wait");
	open_regions();
	check(rival_is_named() && is_refused(), "open with a rival: refused, and he is named");
	close_device();
	check(attribute_is("scrub_result", "owed"), "open with a rival: the close owes the scrub");
	run("rmmod owner_test");
	bind_anew();
	munmap(map_tagged(), memory.size);
	check(is_ours(), "open with a rival: bound again");
	close_device();
}

/* Of a reset that never ends only its begin is seen: nobody has the window, nobody gets in. */
static void test_without_done(void)
{
	char *map = map_tagged();
	uint64_t value;

	check(!play("prepare") && strcmp(owner(), CXL_VFIO_DRIVER_NAME),
	      "a reset begins: the window is nobody's");
	check(!touch((uint64_t *)map, &value) && attribute_is("state", CXL_VFIO_STATE_CLOSED),
	      "and closed");
	check(!play("prepare") && !play("done") && strcmp(owner(), CXL_VFIO_DRIVER_NAME) &&
	      !touch((uint64_t *)map, &value), "another one inside it changes nothing");
	start_rival("claim");
	munmap(map, memory.size);
	close_device();
	check(!strcmp(owner(), "owner_test"), "a close leaves the new owner his window");
	check(!unbind_driver(), "an unbind ends it");
	check(!run("grep -q owner_test /proc/iomem"), "and leaves the new owner his window");
	run("rmmod owner_test");
	check(bind_driver(), "bound again");
	map = map_tagged();
	check(is_ours() && shows(map, 0), "and usable");
	munmap(map, memory.size);
	close_device();
}

int main(int argc, char **argv)
{
	bool cxl;

	if (argc != 2) {
		fprintf(stderr, "usage: cxl_reset_test BDF\n");
		return 2;
	}
	bdf = argv[1];
	cxl = !system("grep -qw cxl_reset.enabled=1 /proc/cmdline");
	kind = cxl ? "cxl" : "flr";
	tell("the first method of %s must be a reset of kind %s", bdf, kind);
	check(first_method_is(cxl ? "cxl_reset" : "flr"), "the kernel offers it");
	catch_bus_errors();
	test_paths();
	if (cxl) {
		test_failures();
		test_failure_at_open();
		test_failure_at_close();
		test_clear();
	}
	test_rival("VFIO_DEVICE_RESET", reset_vfio);
	test_rival("sysfs", reset_sysfs);
	test_rival("INIT_CXL_RST of a guest", reset_cxl);
	test_rival("hot reset", reset_hot);
	test_rival_at_open();
	test_rival_at_close();
	test_without_done();
	return finish();
}
