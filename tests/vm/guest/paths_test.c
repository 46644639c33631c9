// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ways down that window_test leaves out: hot reset, a reset that fails, PCI error recovery,
 * reopening, a device that is gone, unbind while open. Runs in the guest as root with the endpoint
 * bound and its device server reachable through endpointctl; TAP on stdout. The last test leaves
 * the endpoint unbound.
 *
 *	paths_test BDF
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "device.h"
#include "resets.h"

/* Seconds that the kernel gives a device to come back from a reset. */
#define KERNEL_WAITS	60

static double seconds_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

/* A process that touches all the time; what it saw is shared. */
struct watch {
	atomic_bool stop;
	atomic_long good;
	atomic_long refused;
	atomic_long wrong;
};

static pid_t start_watch(struct watch *watch, char *map)
{
	uint64_t offset = 0, value;
	pid_t child;

	memset(watch, 0, sizeof(*watch));
	child = fork();
	if (child < 0)
		bail("fork");
	if (child)
		return child;
	while (!watch->stop) {
		offset = (offset + 37 * PAGE) % memory.size;
		if (!touch((uint64_t *)(map + offset), &value))
			watch->refused++;
		else if (value == offset)
			watch->good++;
		else
			watch->wrong++;
	}
	_exit(0);
}

static void end_watch(struct watch *watch, pid_t child, const char *path)
{
	char what[160];

	watch->stop = true;
	waitpid(child, NULL, 0);
	tell("%s: %ld touches good, %ld SIGBUS, %ld wrong", path, watch->good,
	     watch->refused, watch->wrong);
	snprintf(what, sizeof(what), "%s: while it lasts, SIGBUS and never a wrong byte", path);
	check(watch->refused && watch->good && !watch->wrong, what);
}

static struct watch *shared_watch(void)
{
	struct watch *watch = mmap(NULL, sizeof(*watch), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (watch == MAP_FAILED)
		bail("mmap");
	return watch;
}

/* A way down that takes its time, watched by another process. */
static void test_watched(char *map, struct watch *watch, const char *path, int (*go)(void))
{
	char what[160];
	pid_t child = start_watch(watch, map);
	int ret, tries;

	for (tries = 0; !watch->good && tries < 1000 * PATIENCE; tries++)
		usleep(1000);
	ret = go();
	note("%s: %s, after %ld good touches", path, ret ? strerror(-ret) : "done", watch->good);
	snprintf(what, sizeof(what), "%s: is done (%d)", path, ret);
	check(!ret, what);
	usleep(100000);
	end_watch(watch, child, path);
	expect_reactivated(map, path);
}

/* EBUSY: another process is in the window, which VFIO's hot reset does not wait for. */
static int reset_hot_at_last(void)
{
	int tries, ret;

	for (tries = 0; tries < 100 * PATIENCE; tries++) {
		ret = reset_hot();
		if (ret != -EBUSY && ret != -EAGAIN)
			break;
		usleep(10000);
	}
	note("hot reset, after %d tries that were refused: %s", tries, strerror(-ret));
	return ret;
}

/* The layout that drivers/pci/pcie/aer_inject.c reads. */
struct injection {
	uint8_t bus, device, function;
	uint32_t uncorrectable, correctable;
	uint32_t header_log[4];
	uint32_t domain;
};

static int inject(uint32_t uncorrectable)
{
	struct injection injection = { .uncorrectable = uncorrectable };
	uint64_t generation = attribute_number("generation");
	unsigned int domain, bus, slot, function;
	int file, tries, ret = 0;

	if (sscanf(bdf, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return -EINVAL;
	injection.domain = domain;
	injection.bus = (uint8_t)bus;
	injection.device = (uint8_t)slot;
	injection.function = (uint8_t)function;
	file = open("/dev/aer_inject", O_WRONLY);
	if (file < 0)
		return -errno;
	if (write(file, &injection, sizeof(injection)) != sizeof(injection))
		ret = -errno;
	close(file);
	/* Recovery runs in a thread of the port's driver. */
	for (tries = 0; !ret && attribute_number("generation") == generation; tries++) {
		if (tries == 100 * PATIENCE)
			ret = -ETIMEDOUT;
		usleep(10000);
	}
	if (!ret && (!wait_attribute("state", "active") || !attribute_is("last_path", "error")))
		ret = -EIO;
	note("the error is injected, and recovered from: %s", strerror(-ret));
	return ret;
}

/* Malformed TLP: the port resets the link, no reset_prepare and no reset_done come. */
static int error_fatal(void)
{
	return inject(PCI_ERR_UNC_MALF_TLP);
}

static int error_nonfatal(void)
{
	return inject(PCI_ERR_UNC_COMP_TIME);
}

static int event_of(uint32_t index)
{
	struct {
		struct vfio_irq_set set;
		int32_t event;
	} request = {
		.set = { .argsz = sizeof(request), .index = index, .count = 1,
			 .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER },
		.event = eventfd(0, EFD_NONBLOCK),
	};

	if (request.event < 0 || device_ioctl(VFIO_DEVICE_SET_IRQS, &request))
		bail("VFIO_DEVICE_SET_IRQS");
	return request.event;
}

static bool signalled(int event)
{
	struct pollfd poll_event = { .fd = event, .events = POLLIN };
	uint64_t value;

	note("waiting %d s for an eventfd", PATIENCE);
	return holds(poll(&poll_event, 1, 1000 * PATIENCE) == 1) &&
	       holds(read(event, &value, 8) == 8);
}

static void test_errors(char *map, struct watch *watch)
{
	int event = event_of(VFIO_PCI_ERR_IRQ_INDEX);

	test_watched(map, watch, "fatal error", error_fatal);
	check(signalled(event), "fatal error: the user is told");
	touch_all(map, memory.size);
	check(!error_nonfatal(), "nonfatal error: is done");
	expect_reactivated(map, "nonfatal error");
	check(signalled(event), "nonfatal error: the user is told");
	close(event);
}

/* Nobody says that recovery is over, or that it failed: only a reset opens the gate again. */
static void test_unfinished(char *map, const char *what)
{
	uint64_t value;
	char text[160];

	snprintf(text, sizeof(text), "%s recovery: no access afterwards", what);
	check(!play(what) && !touch((uint64_t *)map, &value) &&
	      device_read(&value, 8, memory.offset) < 0 && errno == EIO &&
	      device_read(&value, 4, component.offset + CXL_HDM_GLOBAL_CONTROL) < 0, text);
	snprintf(text, sizeof(text), "%s recovery: state is closed", what);
	check(attribute_is("state", CXL_VFIO_STATE_CLOSED), text);
}

/* The callbacks alone: also those that no injected error brings about. */
static void test_played(char *map)
{
	check(!play("fatal"), "played fatal error");
	expect_reactivated(map, "played fatal error");
	check(!play("nonfatal"), "played nonfatal error");
	expect_reactivated(map, "played nonfatal error");
	test_unfinished(map, "failed");
	check(!reset_vfio(), "a reset after failed recovery");
	expect_reactivated(map, "a reset after failed recovery");
	/* A bus reset without a callback may still come: a reset of the function ends nothing. */
	test_unfinished(map, "abandoned");
	check(!reset_vfio() && attribute_is("state", CXL_VFIO_STATE_CLOSED),
	      "a reset under way to recovery keeps it closed");
	check(reset_cxl() == -EAGAIN &&
	      config_read(find_dvsec(CXL_DVSEC_ID_DEVICE) + CXL_DEVICE_STATUS2, 2) &
	      CXL_DEVICE_STATUS2_RESET_ERROR, "one that a guest asks for ends with an error then");
	check(!play("fatal"), "the next recovery");
	expect_reactivated(map, "the next recovery");
}

static char *read_trace(void)
{
	static char trace[1 << 20];
	int file = open(TRACING "trace", O_RDONLY);
	size_t length = 0;
	ssize_t got;

	if (file < 0)
		bail("trace");
	while (length < sizeof(trace) - 1 &&
	       (got = read(file, trace + length, sizeof(trace) - 1 - length)) > 0)
		length += (size_t)got;
	close(file);
	trace[length] = '\0';
	return trace;
}

/*
 * The device lock is taken by other resets, so ours fails with EAGAIN after the core has already
 * left D3hot for it: without a second look the window would stay closed as "not in D0".
 */
static void test_failed_reset(char *map)
{
	uint32_t power = find_capability(PCI_CAP_ID_PM) + PCI_PM_CTRL;
	int tries, failures = 0;
	struct timespec begun;
	const char *trace;
	pid_t child;

	clear_trace();
	if (write_file(TRACING "events/cxl_vfio/cxl_vfio_gate/enable", "1"))
		bail("tracing");
	child = fork();
	if (child < 0)
		bail("fork");
	while (!child)
		reset_sysfs();
	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (tries = 0; failures < 3 && seconds_since(&begun) < PATIENCE; tries++) {
		config_write(power, 3, 2);
		failures += reset_vfio() == -EAGAIN;
		config_write(power, 0, 2);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	write_file(TRACING "events/cxl_vfio/cxl_vfio_gate/enable", "0");
	tell("%d of %d resets failed with EAGAIN", failures, tries);
	check(failures, "a reset fails while the device lock is taken");
	trace = read_trace();
	note("the trace ends with: %s", trace + (strlen(trace) > 150 ? strlen(trace) - 150 : 0));
	check(strstr(trace, "path=reset_failed") != NULL, "failed reset: decided again");
	/* The last of the others may still be under way. */
	check(wait_attribute("state", CXL_VFIO_STATE_ACTIVE), "failed reset: the window is back");
	check(touch_all(map, memory.size) >= 0 && tags_kept(map),
	      "failed reset: the old mapping shows the same bytes");
}

/* An event of NAME with all of TEXT in its line, and a duration that is not 0. */
static bool traced(const char *name, const char *text)
{
	const char *line, *duration;
	char *end, saved;
	bool found;

	for (line = read_trace(); (line = strstr(line, name)); line++) {
		end = strchrnul(line, '\n');
		saved = *end;
		*end = '\0';
		duration = strstr(line, "duration_ns=");
		found = strstr(line, text) && duration &&
			strtoull(duration + strlen("duration_ns="), NULL, 10);
		*end = saved;
		if (found)
			return true;
		note("an event without '%s' or a duration: %.*s", text, (int)strcspn(line, "\n"),
		     line);
	}
	note("no event of %s with '%s' and a duration", name, text);
	return false;
}

/* One user from open to close: every event, with a duration. */
static void test_tracepoints(void)
{
	char *map, *zero;

	clear_trace();
	if (write_file(TRACING "events/cxl_vfio/enable", "1"))
		bail("tracing");
	open_regions();
	map = map_window(0, HUGE);
	if (map == MAP_FAILED)
		bail("mmap");
	*(uint64_t *)map = 1;
	check(!reset_vfio() && touch_all(map, HUGE) == 1, "traced: touch, reset, touch");
	munmap(map, HUGE);
	close_device();
	write_file(TRACING "events/cxl_vfio/enable", "0");
	check(traced("cxl_vfio_fault:", "order=9 result=NOPAGE"), "tracepoint: fault");
	check(traced("cxl_vfio_zap:", "path=reset generation="), "tracepoint: zap");
	check(traced("cxl_vfio_gate:", "state=closed") &&
	      traced("cxl_vfio_gate:", "state=active verdict=\"ok\" path=reset"),
	      "tracepoint: gate");
	check(traced("cxl_vfio_revalidate:", "verdict=\"ok\" repaired=0"),
	      "tracepoint: revalidate");
	check(traced("cxl_vfio_scrub:", "done=1"), "tracepoint: scrub");
	zero = strstr(read_trace(), "duration_ns=0\n");
	while (zero && zero > read_trace() && zero[-1] != '\n')
		zero--;
	note("without: %.*s", zero ? (int)strcspn(zero, "\n") : 4, zero ? zero : "none");
	check(!zero, "tracepoints: each has its duration");
}

/* Close and open: nothing of the first user's remains, the reset of each open is decided on. */
static char *test_reopen(char *map)
{
	uint64_t generation = attribute_number("generation");

	munmap(map, memory.size);
	close_device();
	check(attribute_is("state", CXL_VFIO_STATE_CLOSED) && attribute_is("verdict", "not open"),
	      "closed: state is closed");
	check(attribute_number("generation") > generation, "closed: the generation tells");
	open_regions();
	map = map_window(0, memory.size);
	if (map == MAP_FAILED)
		bail("mmap");
	check(touch_all(map, memory.size) == (long)(memory.size / HUGE),
	      "opened again: a new mapping works");
	check(attribute_is("state", CXL_VFIO_STATE_ACTIVE), "opened again: state is active");
	return map;
}

/* A child that writes to a sysfs file, which takes until the device is let go. */
static pid_t start_write(const char *path, const char *text)
{
	pid_t child = fork();

	if (child < 0)
		bail("fork");
	if (!child) {
		/* Its copies of descriptors and mappings must not be what is waited for. */
		close_device();
		execl("/bin/sh", "sh", "-c", "echo \"$0\" > \"$1\"", text, path, NULL);
		_exit(127);
	}
	return child;
}

static bool ends(pid_t child, int milliseconds)
{
	int status, waited;

	for (waited = 0; waited <= milliseconds; waited += 10) {
		if (waitpid(child, &status, WNOHANG) == child) {
			note("the write to sysfs ends with %#x", status);
			return WIFEXITED(status) && !WEXITSTATUS(status);
		}
		usleep(10000);
	}
	note("the write to sysfs has not ended in %d ms", milliseconds);
	return false;
}

/* Unbind waits for the user, who is asked to leave. */
static void test_unbind(char *map)
{
	int event = event_of(VFIO_PCI_REQ_IRQ_INDEX);
	pid_t child;

	child = start_write(device_path("driver/unbind"), bdf);
	check(signalled(event), "unbind while open: the user is asked to leave");
	check(!ends(child, 1500) && shows(map, 0),
	      "unbind while open: waits, and the memory stays usable");
	munmap(map, memory.size);
	close_device();
	check(ends(child, 1000 * PATIENCE), "unbind while open: is done once the user left");
	check(access(device_path("driver"), F_OK), "and no driver is bound");
}

/* What was pulled out is not there to be waited for: nothing of it can be reached any more. */
static void test_removal(void)
{
	struct timespec begun;
	uint64_t value;
	double took;
	pid_t child;
	char *map;
	int tries;

	open_regions();
	map = map_window(0, memory.size);
	if (map == MAP_FAILED)
		bail("mmap");
	touch_all(map, memory.size);
	tag(map);
	endpointctl("present off");
	child = start_write(device_path("remove"), "1");
	for (tries = 0; touch((uint64_t *)map, &value) && tries < 100 * PATIENCE; tries++)
		usleep(10000);
	note("after %d s at most", PATIENCE);
	check(!touch((uint64_t *)map, &value), "surprise removal: SIGBUS");
	check(device_read(&value, 8, memory.offset) < 0 && errno == EIO,
	      "surprise removal: read(2) gives EIO");
	check(device_read(&value, 4, component.offset + CXL_HDM_GLOBAL_CONTROL) < 0,
	      "surprise removal: so do the registers");
	munmap(map, memory.size);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	close_device();
	took = seconds_since(&begun);
	tell("surprise removal: close took %.2f s", took);
	check(took < KERNEL_WAITS, "surprise removal: close does not wait for the device");
	check(ends(child, 1000 * PATIENCE), "surprise removal: is done once the user left");
	check(access(device_path("vendor"), F_OK), "and the device is gone");
	endpointctl("present on");
}

/* A reset takes the decoder: programmed again, reported, and caches were not forgotten. */
static void test_repair(char *map)
{
	uint64_t repairs = attribute_number("repair_count");
	char flush[32];

	check(attribute_is("flush_result", "none"), "no repair, no flush");
	endpointctl("fault decoder-uncommitted@1x1");
	check(!device_ioctl(VFIO_DEVICE_RESET, NULL), "repair: the reset is done");
	wait_attribute("state", CXL_VFIO_STATE_ACTIVE);
	check(attribute_number("repair_count") == repairs + 1, "repair: is counted");
	/* Where the CPU says that it is a guest's, it cannot. */
	attribute("flush_result", flush, sizeof(flush));
	tell("flush_result is %s", flush);
	check(!strcmp(flush, "done") || !strcmp(flush, "unsupported"),
	      "repair: a flush is due, and reported");
	endpointctl("clear all");
	expect_reactivated(map, "repair");
}

int main(int argc, char **argv)
{
	struct watch *watch = shared_watch();
	char *map;

	if (argc != 2) {
		fprintf(stderr, "usage: paths_test BDF\n");
		return 2;
	}
	bdf = argv[1];
	catch_bus_errors();
	open_regions();
	map = map_window(0, memory.size);
	if (map == MAP_FAILED)
		bail("mmap of the window");
	touch_all(map, memory.size);
	tag(map);
	test_watched(map, watch, "VFIO_DEVICE_RESET", reset_vfio);
	test_watched(map, watch, "sysfs reset", reset_sysfs);
	test_watched(map, watch, "AF FLR", reset_af);
	check(!reset_hot_at_last(), "hot reset: is done");
	expect_reactivated(map, "hot reset");
	/* The debug kernel has no AER service, and aer_inject a lock order that lockdep rejects. */
	if (!access("/dev/aer_inject", F_OK))
		test_errors(map, watch);
	test_played(map);
	test_failed_reset(map);
	test_repair(map);
	map = test_reopen(map);
	munmap(map, memory.size);
	close_device();

	test_tracepoints();
	/* Of a device that is pulled out no driver can know in time: that does not count. */
	check(!resets_seen("accesses_undecoded") && !resets_seen("accesses_memory_off"),
	      "nobody accessed a window that did not decode");
	test_removal();
	endpointctl("reset-counts");
	if (write_file("/sys/bus/pci/rescan", "1") ||
	    write_file(device_path("driver_override"), CXL_VFIO_DRIVER_NAME) ||
	    write_file("/sys/bus/pci/drivers_probe", bdf) ||
	    access(device_path("driver"), F_OK))
		bail("binding again");
	open_regions();
	map = map_window(0, memory.size);
	if (map == MAP_FAILED)
		bail("mmap of the window");
	touch_all(map, memory.size);
	test_unbind(map);
	return finish();
}
