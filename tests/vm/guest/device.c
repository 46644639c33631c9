// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "device.h"

const char *bdf;
int device;
struct region memory, window_bar, component, config;

static unsigned int count;
static unsigned int failures;
#define FAILURES_MAX	5

/* What was observed since the last check: the newest NOTES. Of each thread its own. */
#define NOTES		12
#define NOTE_LENGTH	200
static __thread char notes[NOTES][NOTE_LENGTH];
static __thread unsigned int noted;
/* The first that did not hold, and what was observed right before: later notes may be many. */
static __thread char first_false[2 * NOTE_LENGTH];

static void note_arguments(const char *format, va_list arguments)
{
	int saved = errno;

	vsnprintf(notes[noted++ % NOTES], NOTE_LENGTH, format, arguments);
	errno = saved;
}

void note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	note_arguments(format, arguments);
	va_end(arguments);
}

void tell(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	note_arguments(format, arguments);
	va_end(arguments);
	printf("# %s\n", last_note());
}

const char *last_note(void)
{
	return noted ? notes[(noted - 1) % NOTES] : "";
}

static ssize_t read_attribute(const char *name, char *value, size_t size);

/* What the driver says of the endpoint, in one line. */
static void print_driver(void)
{
	static const char *const names[] = {
		"state", "verdict", "generation", "zap_count", "reactivate_count", "refuse_count",
		"last_path",
	};
	char value[256];
	size_t i;

	printf("# the driver:");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (read_attribute(names[i], value, sizeof(value)) < 0)
			printf(" %s: %s;", names[i], strerror(errno));
		else
			printf(" %s=%s;", names[i], value);
	putchar('\n');
}

void check_at(bool good, const char *what, const char *condition, const char *file, int line)
{
	int error = errno;
	unsigned int i;

	printf("%sok %u - %s\n", good ? "" : "not ", ++count, what);
	if (!good) {
		printf("# %s:%d: it is not so that %s\n", file, line, condition);
		printf("# errno is %d (%s), of this or an earlier call\n", error,
		       strerror(error));
		if (first_false[0])
			printf("# %s\n", first_false);
		for (i = noted > NOTES ? noted - NOTES : 0; i < noted; i++)
			printf("# %s\n", notes[i % NOTES]);
		print_driver();
	}
	fflush(stdout);
	noted = 0;
	first_false[0] = '\0';
	failures += !good;
	/* Each may have waited for what does not come. */
	if (failures == FAILURES_MAX) {
		printf("Bail out! %u checks failed, the rest is not tried\n", failures);
		exit(1);
	}
}

bool holds_at(bool good, const char *condition, const char *file, int line)
{
	if (!good && !first_false[0])
		snprintf(first_false, sizeof(first_false),
			 "%s:%d: first it is not so that %s; errno %d; right before: %s", file,
			 line, condition, errno, last_note());
	return good;
}

void bail(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

int finish(void)
{
	printf("1..%u\n", count);
	return failures > 0;
}

/* Touching that survives SIGBUS. */

static __thread sigjmp_buf bus_error;

static void on_bus_error(int signal)
{
	(void)signal;
	siglongjmp(bus_error, 1);
}

void catch_bus_errors(void)
{
	struct sigaction action = { .sa_handler = on_bus_error };

	sigaction(SIGBUS, &action, NULL);
}

int touch(volatile uint64_t *word, uint64_t *value)
{
	if (sigsetjmp(bus_error, 1)) {
		note("SIGBUS at the touch of %p", (void *)word);
		return 0;
	}
	*value = *word;
	return 1;
}

int store(volatile uint64_t *word, uint64_t value)
{
	if (sigsetjmp(bus_error, 1)) {
		note("SIGBUS at the store to %p", (void *)word);
		return 0;
	}
	*word = value;
	return 1;
}

bool shows(const char *place, uint64_t expected)
{
	uint64_t value;

	if (!touch((uint64_t *)place, &value))
		return false;
	if (value != expected)
		note("at %p is %#llx, not %#llx", (const void *)place, (unsigned long long)value,
		     (unsigned long long)expected);
	return value == expected;
}

long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt;
}

/*
 * Whenever it moves a thread to another CPU, the kernel writes to the thread's rseq area. The first
 * such write after a fork copies the page: a fault that must not come while faults are counted.
 */
static void own_rseq_area(void)
{
	char *thread = __builtin_thread_pointer();

	if (__rseq_size)
		((volatile struct rseq *)(thread + __rseq_offset))->rseq_cs = 0;
}

long touch_all(char *map, uint64_t size)
{
	uint64_t offset, value;
	long before, taken;

	own_rseq_area();
	before = faults();
	for (offset = 0; offset < size; offset += PAGE)
		if (!touch((uint64_t *)(map + offset), &value)) {
			note("it is at %#llx of a mapping of %#llx bytes",
			     (unsigned long long)offset, (unsigned long long)size);
			return -1;
		}
	taken = faults() - before;
	note("touching %#llx bytes takes %ld faults", (unsigned long long)size, taken);
	return taken;
}

static int container = -1, group = -1;

void open_group(void)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		bail(path);
	target[length] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(target, '/') + 1);
	container = open("/dev/vfio/vfio", O_RDWR);
	group = open(path, O_RDWR);
	if (container < 0 || group < 0 || ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		bail(path);
}

int get_device(void)
{
	int descriptor = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf);

	return descriptor < 0 ? -errno : descriptor;
}

int group_descriptor(void)
{
	return group;
}

int try_open_device(void)
{
	open_group();
	return get_device();
}

int open_device(void)
{
	int descriptor = try_open_device();

	if (descriptor < 0) {
		errno = -descriptor;
		bail("VFIO_GROUP_GET_DEVICE_FD");
	}
	return descriptor;
}

void close_device(void)
{
	close(device);
	close(group);
	close(container);
	device = group = container = -1;
}

static bool region_type(const struct vfio_region_info *info, uint32_t *subtype)
{
	const struct vfio_region_info_cap_type *type;
	uint32_t at = info->cap_offset;
	int hops;

	for (hops = 0; at && hops < 8; hops++) {
		type = (const void *)((const char *)info + at);
		if (type->header.id == VFIO_REGION_INFO_CAP_TYPE &&
		    type->type == CXL_VFIO_REGION_TYPE) {
			*subtype = type->subtype;
			return true;
		}
		at = type->header.next;
	}
	return false;
}

/* Which BAR shows the window, or a number that no region has. */
static uint32_t window_bar_index(void)
{
	char view[16], bar[16];

	attribute("view", view, sizeof(view));
	attribute("view_bar", bar, sizeof(bar));
	if (!strcmp(view, CXL_VFIO_VIEW_REGION) || !strcmp(bar, CXL_VFIO_VIEW_BAR_NONE))
		return UINT32_MAX;
	return strtoul(bar, NULL, 10);
}

void find_regions(uint32_t regions)
{
	union {
		struct vfio_region_info info;
		char room[1024];
	} buffer;
	struct region *region;
	uint32_t index, subtype;
	uint32_t bar = window_bar_index();
	const char *view = getenv("VIEW");

	for (index = 0; index < regions; index++) {
		memset(&buffer, 0, sizeof(buffer));
		buffer.info.argsz = sizeof(buffer);
		buffer.info.index = index;
		if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &buffer.info))
			continue;
		region = NULL;
		if (index == VFIO_PCI_CONFIG_REGION_INDEX)
			region = &config;
		else if (index == bar)
			region = &window_bar;
		else if (region_type(&buffer.info, &subtype))
			region = subtype == CXL_VFIO_REGION_SUBTYPE_MEMORY ? &memory : &component;
		if (region)
			*region = (struct region) { index, buffer.info.flags, buffer.info.offset,
						    buffer.info.size };
	}
	if (view && !strcmp(view, "bar")) {
		memory = window_bar;
		/* It may be larger than the window. */
		memory.size = attribute_number("window_size");
	}
}

void open_regions(void)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	device = open_device();
	if (ioctl(device, VFIO_DEVICE_GET_INFO, &info))
		bail("VFIO_DEVICE_GET_INFO");
	find_regions(info.num_regions);
}

char *map_view(const struct region *view, uint64_t offset, uint64_t size)
{
	uint64_t room = size + HUGE;
	char *place = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (place == MAP_FAILED)
		bail("mmap");
	place = (char *)(((uintptr_t)place + HUGE - 1) & ~(HUGE - 1));
	return mmap(place, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, device,
		    view->offset + offset);
}

char *map_window(uint64_t offset, uint64_t size)
{
	return map_view(&memory, offset, size);
}

static void note_transfer(const char *what, size_t size, uint64_t offset, ssize_t result)
{
	note("%s of %zu bytes at %#llx: %zd%s%s", what, size, (unsigned long long)offset, result,
	     result < 0 ? ", " : "", result < 0 ? strerror(errno) : "");
}

ssize_t device_read(void *buffer, size_t size, uint64_t offset)
{
	ssize_t result = pread(device, buffer, size, (off_t)offset);

	note_transfer("read(2)", size, offset, result);
	return result;
}

ssize_t device_write(const void *buffer, size_t size, uint64_t offset)
{
	ssize_t result = pwrite(device, buffer, size, (off_t)offset);

	note_transfer("write(2)", size, offset, result);
	return result;
}

int device_ioctl(unsigned long request, void *argument)
{
	int result = ioctl(device, request, argument);

	note("ioctl(2) %#lx: %d%s%s", request, result, result < 0 ? ", " : "",
	     result < 0 ? strerror(errno) : "");
	return result;
}

static uint32_t read_config(uint64_t offset, size_t size)
{
	uint32_t value = 0;

	if (pread(device, &value, size, config.offset + offset) != (ssize_t)size)
		bail("config read");
	return value;
}

uint32_t hardware_read(uint64_t offset)
{
	int file = open(device_path("config"), O_RDONLY);
	uint32_t value;

	if (file < 0 || pread(file, &value, sizeof(value), offset) != sizeof(value))
		bail(device_path("config"));
	close(file);
	note("the hardware has %#x at %#llx", value, (unsigned long long)offset);
	return value;
}

uint32_t config_read(uint64_t offset, size_t size)
{
	uint32_t value = read_config(offset, size);

	note("%zu bytes of configuration space at %#llx: %#x", size, (unsigned long long)offset,
	     value);
	return value;
}

ssize_t config_write(uint64_t offset, uint32_t value, size_t size)
{
	ssize_t result = pwrite(device, &value, size, config.offset + offset);

	note("%#x to %zu bytes of configuration space at %#llx: %zd%s%s", value, size,
	     (unsigned long long)offset, result, result < 0 ? ", " : "",
	     result < 0 ? strerror(errno) : "");
	return result;
}

/* Without its newline, and without a note; -1 and errno. */
static ssize_t read_attribute(const char *name, char *value, size_t size)
{
	char path[PATH_MAX];
	ssize_t length;
	int file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/" CXL_VFIO_SYSFS_GROUP "/%s", bdf,
		 name);
	file = open(path, O_RDONLY);
	if (file < 0)
		return -1;
	length = read(file, value, size - 1);
	close(file);
	if (length < 0)
		return -1;
	value[length] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return length;
}

void attribute(const char *name, char *value, size_t size)
{
	if (read_attribute(name, value, size) < 0)
		bail(name);
}

bool attribute_is(const char *name, const char *expected)
{
	char value[256];

	attribute(name, value, sizeof(value));
	if (strcmp(value, expected))
		note("%s is '%s', not '%s'", name, value, expected);
	return !strcmp(value, expected);
}

bool wait_attribute(const char *name, const char *value)
{
	char now[256];
	int tries;

	for (tries = 0; tries < 100 * PATIENCE; tries++) {
		attribute(name, now, sizeof(now));
		if (!strcmp(now, value))
			return true;
		usleep(10000);
	}
	note("waited %d s for %s to be '%s'", PATIENCE, name, value);
	return attribute_is(name, value);
}

uint64_t attribute_number(const char *name)
{
	char value[64];

	attribute(name, value, sizeof(value));
	note("%s is %s", name, value);
	return strtoull(value, NULL, 0);
}

uint32_t find_capability(uint32_t id)
{
	uint32_t at = read_config(PCI_CAPABILITY_LIST, 1);
	int hops;

	for (hops = 0; at && hops < 48; hops++) {
		if (read_config(at, 1) == id)
			return at;
		at = read_config(at + 1, 1);
	}
	return 0;
}

uint64_t find_dvsec(uint32_t id)
{
	uint64_t at = PCI_CFG_SPACE_SIZE;
	int hops;

	for (hops = 0; at && hops < 64; hops++) {
		uint32_t header = read_config(at, 4);

		if (PCI_EXT_CAP_ID(header) == PCI_EXT_CAP_ID_DVSEC &&
		    (read_config(at + 4, 4) & 0xffff) == CXL_VENDOR_ID &&
		    read_config(at + 8, 2) == id)
			return at;
		at = PCI_EXT_CAP_NEXT(header);
	}
	bail("no CXL device DVSEC");
	return 0;
}

const char *device_path(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, name);
	return path;
}

int write_file(const char *path, const char *text)
{
	int file = open(path, O_WRONLY), ret = 0;

	if (file < 0 || write(file, text, strlen(text)) < 0)
		ret = -errno;
	if (file >= 0)
		close(file);
	note("'%s' to %s: %s", text, path, ret ? strerror(-ret) : "done");
	return ret;
}

void clear_trace(void)
{
	/* A write does not: it is for the opening that asks for an empty file. */
	int file = open(TRACING "trace", O_WRONLY | O_TRUNC);

	if (file < 0)
		bail("the kernel's trace");
	close(file);
}

void endpointctl(const char *line)
{
	char command[160];

	snprintf(command, sizeof(command), "endpointctl 0 %s > /tmp/endpointctl", line);
	if (system(command))
		bail(command);
	note("the device server does: %s", line);
}

uint64_t resets_seen(const char *kind)
{
	char answer[1024] = "", name[32], *place;
	int file;

	endpointctl("counts");
	file = open("/tmp/endpointctl", O_RDONLY);
	if (file < 0 || read(file, answer, sizeof(answer) - 1) < 0)
		bail("/tmp/endpointctl");
	close(file);
	snprintf(name, sizeof(name), "\"%s\":", kind);
	place = strstr(answer, name);
	if (!place)
		bail(answer);
	note("the device saw %s %llu times", kind, strtoull(place + strlen(name), NULL, 10));
	return strtoull(place + strlen(name), NULL, 10);
}

/* The CXL core finishes an unbind later, and would release the next driver of the function. */
static void finish_unbind(void)
{
	write_file("/sys/bus/cxl/flush", "1");
}

bool bind_driver(void)
{
	finish_unbind();
	write_file("/sys/bus/pci/drivers_probe", bdf);
	return !access(device_path("driver"), F_OK);
}

int unbind_driver(void)
{
	int ret = 0;

	if (!access(device_path("driver"), F_OK))
		ret = write_file(device_path("driver/unbind"), bdf);
	finish_unbind();
	return ret;
}

void tag(char *map)
{
	uint64_t offset;

	for (offset = 0; offset < memory.size; offset += PAGE)
		*(uint64_t *)(map + offset) = offset;
}

bool tags_kept(char *map)
{
	uint64_t offset;

	for (offset = 0; offset < memory.size; offset += PAGE)
		if (!shows(map + offset, offset)) {
			note("that is the page at %#llx of the window", (unsigned long long)offset);
			return false;
		}
	return true;
}

void expect_reactivated(char *map, const char *path)
{
	char what[160];
	long taken = touch_all(map, memory.size);

	tell("%s: %ld faults, %lu expected", path, taken, memory.size / HUGE);
	snprintf(what, sizeof(what), "%s: zapped, every huge page faults again", path);
	check(taken == (long)(memory.size / HUGE), what);
	snprintf(what, sizeof(what), "%s: the old mapping shows the same bytes", path);
	check(tags_kept(map), what);
	snprintf(what, sizeof(what), "%s: state is active", path);
	check(attribute_is("state", CXL_VFIO_STATE_ACTIVE), what);
}
