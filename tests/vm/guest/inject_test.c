// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every allocation fails once, slab or page, in everything that a user can make the driver do: the
 * N-th one of each operation, N counting up until the operation has no more. Each failure is undone
 * completely or does not matter. ioremap, memremap and page tables allocate, and so fail too. Runs
 * in the guest, with the debug kernel, as root with driver_override set; TAP on stdout.
 *
 *	inject_test BDF
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "device.h"

#define LIMIT		5000	/* more allocations than any operation has */
#define LONGEST		600	/* seconds for one try */
#define DEPTH		10	/* callers between an allocation and the driver */

struct operation {
	const char *name;
	/* Before each try: what it begins with. */
	void (*prepare)(void);
	/* While an allocation fails: 0 or -errno. */
	int (*run)(void);
	/* After each try: is all undone, or all done? RESULT is what run() returned. */
	bool (*is_well)(int result);
};

static int fail_nth = -1;
static char *map;

/* The NUMBER-th allocation of this thread from here on fails. */
static void arm(unsigned int number)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", number);

	if (pwrite(fail_nth, text, (size_t)length, 0) != length)
		bail("fail-nth");
}

/* Whether it came to that. */
static bool disarm(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) <= 0)
		bail("fail-nth");
	arm(0);
	return atoi(text) == 0;
}

static unsigned int cxl_devices(void)
{
	DIR *directory = opendir("/sys/bus/cxl/devices");
	unsigned int count = 0;

	if (!directory)
		bail("/sys/bus/cxl/devices");
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

/* Nobody owns the window. */
static bool is_free(void)
{
	FILE *file = fopen("/proc/iomem", "r");
	bool found = false;
	char line[256];

	if (!file)
		bail("/proc/iomem");
	while (fgets(line, sizeof(line), file))
		found |= strstr(line, CXL_VFIO_DRIVER_NAME) != NULL;
	fclose(file);
	return !found;
}

static bool is_bound(void)
{
	return !access(device_path("driver"), F_OK);
}

static unsigned int cxl_devices_unbound;

static bool nothing_left(void)
{
	if (is_bound())
		tell("still bound");
	else if (!is_free())
		tell("the window is still requested");
	else if (cxl_devices() != cxl_devices_unbound)
		tell("%u devices of the CXL core", cxl_devices());
	else
		return true;
	return false;
}

static void open_and_map(void)
{
	open_regions();
	map = map_window(0, memory.size);
	if (map == MAP_FAILED)
		bail("mmap of the window");
}

static void unmap_and_close(void)
{
	munmap(map, memory.size);
	close_device();
}

static void prepare_nothing(void)
{
}

static int run_bind(void)
{
	return write_file("/sys/bus/pci/drivers/" CXL_VFIO_DRIVER_NAME "/bind", bdf);
}

static bool bind_is_well(int result)
{
	if (!result != is_bound()) {
		tell("bind: %d, but %sbound", result, is_bound() ? "" : "not ");
		return false;
	}
	if (unbind_driver())
		return false;
	return nothing_left();
}

static void prepare_bound(void)
{
	if (!is_bound() && !bind_driver())
		bail("bind");
}

static int run_unbind(void)
{
	return write_file(device_path("driver/unbind"), bdf);
}

/* An unbind that was not begun is no error. */
static bool unbind_is_well(int result)
{
	if ((result < 0) != is_bound() || unbind_driver())
		return false;
	return nothing_left();
}

static int run_open(void)
{
	device = get_device();
	return device < 0 ? device : 0;
}

static bool open_is_well(int result)
{
	bool good = result ? attribute_is("state", CXL_VFIO_STATE_CLOSED) :
			     wait_attribute("state", CXL_VFIO_STATE_ACTIVE);

	close_device();
	return good;
}

static int run_information(void)
{
	union {
		struct vfio_region_info region;
		struct vfio_irq_info irq;
		char room[1024];
	} buffer;
	struct vfio_device_info info = { .argsz = sizeof(info) };
	uint32_t index;
	int ret = device_ioctl(VFIO_DEVICE_GET_INFO, &info);

	for (index = 0; !ret && index < info.num_regions; index++) {
		memset(&buffer, 0, sizeof(buffer));
		buffer.region.argsz = sizeof(buffer);
		buffer.region.index = index;
		/* There is no VGA region. */
		ret = device_ioctl(VFIO_DEVICE_GET_REGION_INFO, &buffer);
		if (ret && errno == EINVAL)
			ret = 0;
	}
	return ret ? -errno : 0;
}

static bool still_active(int result)
{
	uint64_t value;

	(void)result;
	return wait_attribute("state", CXL_VFIO_STATE_ACTIVE) && touch((uint64_t *)map, &value) &&
	       !value;
}

/* Small pages and huge ones, in a place that has no page tables yet. */
static int run_map(void)
{
	char *again = mmap(NULL, memory.size, PROT_READ | PROT_WRITE, MAP_SHARED, device,
			   memory.offset);
	uint64_t offset, value;
	int ret = 0;

	if (again == MAP_FAILED)
		return -errno;
	/* Out of memory in a fault: the kernel takes it again. */
	for (offset = 0; !ret && offset < memory.size; offset += memory.size / 4 + PAGE)
		ret = touch((uint64_t *)(again + offset), &value) ? 0 : -EFAULT;
	munmap(again, memory.size);
	return ret;
}

static bool map_is_well(int result)
{
	return result != -EFAULT && still_active(result);
}

static int run_read_write(void)
{
	static char buffer[3 * PAGE];

	if (device_read(buffer, sizeof(buffer), memory.offset + 1) != sizeof(buffer) ||
	    device_write(buffer, sizeof(buffer), memory.offset + 1) != sizeof(buffer))
		return -errno;
	return 0;
}

static int run_reset(void)
{
	return device_ioctl(VFIO_DEVICE_RESET, NULL) ? -errno : 0;
}

static int run_memory_space(void)
{
	uint32_t command = config_read(PCI_COMMAND, 2);

	config_write(PCI_COMMAND, command & ~PCI_COMMAND_MEMORY, 2);
	return config_write(PCI_COMMAND, command, 2) == 2 ? 0 : -errno;
}

static void prepare_secret(void)
{
	open_and_map();
	*(uint64_t *)map = 0x5ec2e7;
	munmap(map, memory.size);
}

static int run_close(void)
{
	return close(device) ? -errno : 0;
}

static bool close_is_well(int result)
{
	bool good;

	(void)result;
	device = -1;
	close_device();
	open_and_map();
	good = still_active(0);
	unmap_and_close();
	return good;
}

/* Out loud, since a hang would otherwise be the machine's timeout. */
static void too_long(int signal)
{
	static const char text[] = "Bail out! one try took too long\n";

	(void)signal;
	_exit(write(STDOUT_FILENO, text, sizeof(text) - 1) < 0);
}

/* Of each operation's allocations every EVERY-th fails, and one that is too many. */
static unsigned int every = 1;

static void inject(const struct operation *operation)
{
	unsigned int number, refused = 0, broken = 0;
	bool injected = true;
	char what[160];
	int result;

	for (number = 1; injected && number < LIMIT; number += every) {
		alarm(LONGEST);
		operation->prepare();
		arm(number);
		result = operation->run();
		injected = disarm();
		refused += injected && result < 0;
		if (!operation->is_well(result)) {
			tell("%s: not well after allocation %u failed: %d", operation->name,
			     number, result);
			broken++;
		}
		if (!injected && result)
			tell("%s: fails without a failure: %d", operation->name, result);
		broken += !injected && result;
	}
	alarm(0);
	tell("%s: %u allocations failed, %u of them ended it", operation->name,
	     (number - 1) / every - 1, refused);
	snprintf(what, sizeof(what), "%s: whatever fails, all is undone or all is well",
		 operation->name);
	check(!injected && !broken, what);
}

/* Where the driver's code is: from *START to before *END. */
static void find_driver(unsigned long *start, unsigned long *end)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	unsigned long address;
	char line[512], type;

	*start = ULONG_MAX;
	*end = 0;
	while (file && fgets(line, sizeof(line), file)) {
		if (!strstr(line, "[" CXL_VFIO_MODULE_NAME "]") ||
		    sscanf(line, "%lx %c", &address, &type) != 2 || (type | 0x20) != 't')
			continue;
		*start = address < *start ? address : *start;
		*end = address > *end ? address : *end;
	}
	if (!*end)
		bail("/proc/kallsyms");
	fclose(file);
	/* The last function, whatever its length. */
	*end += PAGE;
}

static void set_fault(const char *kind, const char *attribute, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", kind, attribute);
	if (write_file(path, value))
		bail(path);
}

/*
 * Bind and unbind go through the CXL core's, VFIO's and the driver core's making of devices, which
 * does not survive everywhere: in Linux 7.3 the CXL core keeps an endpoint port that it could not
 * finish, with pointers to a device that is gone (devm_cxl_add_port()), and VFIO warns of a group
 * that it could not name (vfio_create_group()). So there only what happens near the driver's own
 * functions fails: DEPTH callers up. 0: everything, everywhere.
 */
static void set_depth(unsigned int depth)
{
	static const char *const kinds[] = { "failslab", "fail_page_alloc" };
	unsigned long start = 0, end = ULONG_MAX;
	char number[32];
	size_t i;

	if (depth)
		find_driver(&start, &end);
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		snprintf(number, sizeof(number), "%#lx", start);
		set_fault(kinds[i], "require-start", number);
		snprintf(number, sizeof(number), "%#lx", end);
		set_fault(kinds[i], "require-end", number);
		snprintf(number, sizeof(number), "%u", depth ? depth : 32);
		set_fault(kinds[i], "stacktrace-depth", number);
	}
}

static void set_up(void)
{
	set_fault("failslab", "ignore-gfp-wait", "N");
	set_fault("failslab", "verbose", "0");
	set_fault("fail_page_alloc", "ignore-gfp-wait", "N");
	set_fault("fail_page_alloc", "ignore-gfp-highmem", "N");
	set_fault("fail_page_alloc", "min-order", "0");
	set_fault("fail_page_alloc", "verbose", "0");
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	if (fail_nth < 0)
		bail("/proc/thread-self/fail-nth");
	signal(SIGALRM, too_long);
	catch_bus_errors();
}

static void set_scrub(const char *policy)
{
	if (write_file(device_path(CXL_VFIO_SYSFS_GROUP "/scrub_policy"), policy))
		bail("scrub_policy");
}

int main(int argc, char **argv)
{
	static const struct operation bind_it = { "bind", prepare_nothing, run_bind, bind_is_well };
	static const struct operation unbind_it = { "unbind", prepare_bound, run_unbind,
						    unbind_is_well };
	static const struct operation opened[] = {
		{ "information", prepare_nothing, run_information, still_active },
		{ "mmap and faults", prepare_nothing, run_map, map_is_well },
		{ "read and write", prepare_nothing, run_read_write, still_active },
		{ "reset", prepare_nothing, run_reset, still_active },
		{ "memory space", prepare_nothing, run_memory_space, still_active },
	};
	static const struct operation open_it = { "open", open_group, run_open, open_is_well };
	static const struct operation close_it = { "close", prepare_secret, run_close,
						   close_is_well };
	size_t i;

	every = argc == 3 ? (unsigned int)atoi(argv[2]) : 1;
	if (argc < 2 || argc > 3 || !every) {
		fprintf(stderr, "usage: inject_test BDF [EVERY]\n");
		return 2;
	}
	bdf = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	set_up();
	/* The first bind makes ports in the CXL core, which stay. */
	prepare_bound();
	if (unbind_driver())
		bail("unbind");
	cxl_devices_unbound = cxl_devices();
	set_depth(DEPTH);
	inject(&bind_it);
	inject(&unbind_it);
	prepare_bound();
	set_depth(0);
	/* The scrub is for the last one: it takes its time. */
	set_scrub(CXL_VFIO_SCRUB_POLICY_NONE);
	inject(&open_it);
	open_and_map();
	for (i = 0; i < sizeof(opened) / sizeof(*opened); i++)
		inject(&opened[i]);
	unmap_and_close();
	set_scrub(CXL_VFIO_SCRUB_POLICY_ZERO);
	inject(&close_it);
	return finish();
}
