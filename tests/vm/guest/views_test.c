// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The window as a BAR beside the region: its registers, its bounds, the same bytes by either, every
 * way down for both, the choice of what is offered, the CXL device DVSEC of a user's own, and
 * dma-bufs. Runs in the guest with the endpoint bound, which must have the AF capability; TAP on
 * stdout. What a single view promises is window_test's and the others', with VIEW=bar and without.
 *
 *	views_test BDF
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "device.h"
#include "dmabuf.h"
#include "resets.h"

#define FLAGS (PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH)

/* Offset of the BAR's two registers. */
static uint64_t registers;

static int set_attribute(const char *name, const char *value)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), CXL_VFIO_SYSFS_GROUP "/%s", name);
	ret = write_file(device_path(path), value);
	note("'%s' written to %s: %s", value, name, ret ? strerror(-ret) : "done");
	return ret;
}

static uint64_t bar_size(void)
{
	uint64_t size = 1;

	while (size < memory.size)
		size <<= 1;
	return size;
}

static void test_info(void)
{
	struct {
		struct vfio_region_info info;
		struct vfio_region_info_cap_sparse_mmap sparse;
		struct vfio_region_sparse_mmap_area area;
	} room = { .info = { .argsz = sizeof(room), .index = window_bar.index } };
	bool whole = bar_size() == memory.size;

	check(!device_ioctl(VFIO_DEVICE_GET_REGION_INFO, &room.info) &&
	      room.info.size == bar_size() && (room.info.flags & 7) == 7,
	      "the BAR is a power of two of bytes: read, write, mmap");
	check(room.info.offset == (uint64_t)window_bar.index << 40, "it is where BARs are");
	if (whole)
		check(!(room.info.flags & VFIO_REGION_INFO_FLAG_CAPS), "all of it can be mapped");
	else
		check(room.info.flags & VFIO_REGION_INFO_FLAG_CAPS &&
		      room.sparse.header.id == VFIO_REGION_INFO_CAP_SPARSE_MMAP &&
		      room.sparse.nr_areas == 1 && !room.area.offset &&
		      room.area.size == memory.size,
		      "what can be mapped of it is the window");
}

static void test_behind_window(void)
{
	uint64_t ones = ~0ull, value = 0;
	unsigned char wide[32];
	void *map;

	check(device_read(&value, 8, window_bar.offset + window_bar.size) < 0 && errno == EINVAL &&
	      device_write(&value, 8, window_bar.offset + window_bar.size) < 0 && errno == EINVAL,
	      "nothing is read or written behind the BAR");
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, device, window_bar.offset + memory.size);
	check(map == MAP_FAILED && errno == EINVAL, "nothing is mapped behind the window");
	map = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, device, window_bar.offset);
	check(map == MAP_FAILED && errno == EINVAL, "the BAR has no private mapping");
	if (window_bar.size == memory.size) {
		check(device_read(wide, 32, window_bar.offset + memory.size - 16) == 16,
		      "a read across the end is cut off");
		return;
	}
	check(device_read(&value, 8, window_bar.offset + memory.size) == 8 && value == ones,
	      "behind the window the BAR reads all ones");
	value = 0;
	check(device_write(&value, 8, window_bar.offset + window_bar.size - 8) == 8 &&
	      device_read(&value, 8, window_bar.offset + window_bar.size - 8) == 8 &&
	      value == ones, "and absorbs writes");
	check(device_read(wide, 32, window_bar.offset + memory.size - 16) == 32 &&
	      !memcmp(wide + 16, &ones, 8) && !memcmp(wide + 24, &ones, 8),
	      "a read across the window's end is half memory, half ones");
}

/* BAR registers as a user programs them: both dwords, every width, at every offset. */
static void test_registers(void)
{
	uint64_t size = window_bar.size, address = 0x123456789abcdef0ull & ~(size - 1), value;
	unsigned char bytes[8], expected[8];
	bool good = true;
	unsigned int at, width;

	check(config_read(registers, 4) == FLAGS && !config_read(registers + 4, 4),
	      "the BAR's registers: 64 bits, prefetchable, no address yet");
	config_write(registers, ~0u, 4);
	config_write(registers + 4, ~0u, 4);
	value = config_read(registers, 4) | (uint64_t)config_read(registers + 4, 4) << 32;
	check(value == (~(size - 1) | FLAGS), "all ones read back as its size");
	check(config_write(registers, (uint32_t)address, 4) == 4 &&
	      config_write(registers + 4, address >> 32, 4) == 4 &&
	      config_read(registers, 4) == ((uint32_t)address | FLAGS) &&
	      config_read(registers + 4, 4) == address >> 32, "an address is kept");
	memcpy(expected, &(uint64_t){ address | FLAGS }, 8);
	for (at = 0; at < 8; at++)
		for (width = 1; at + width <= 8; width++)
			good &= holds(device_read(bytes, width, config.offset + registers + at) ==
				      (ssize_t)width) &&
				holds(!memcmp(bytes, expected + at, width));
	check(good, "it reads alike by 1 to 8 bytes at every offset");
	good = true;
	for (at = 0; at < 8; at++) {
		bytes[at] = ~expected[at];
		good &= holds(device_write(bytes + at, 1, config.offset + registers + at) == 1);
	}
	value = ~(address | FLAGS);
	good &= holds(device_read(bytes, 8, config.offset + registers) == 8);
	memcpy(expected, &(uint64_t){ (value & ~(size - 1)) | FLAGS }, 8);
	check(good && !memcmp(bytes, expected, 8), "bytes can be written one by one");
}

/* Pieces that reach over the BAR's registers on both sides. */
static void test_registers_spanning(void)
{
	unsigned char whole[PCI_STD_HEADER_SIZEOF], piece[PCI_STD_HEADER_SIZEOF];
	uint32_t address = 0xc0000000u & ~(uint32_t)(window_bar.size - 1);
	unsigned int at, width;
	bool good = true;

	config_write(registers, address, 4);
	config_write(registers + 4, 0x2, 4);
	for (at = 0; at < sizeof(whole); at++)
		whole[at] = config_read(at, 1);
	for (at = 0; at < sizeof(whole); at++)
		for (width = 1; at + width <= sizeof(whole); width++)
			good &= holds(device_read(piece, width, config.offset + at) ==
				      (ssize_t)width) &&
				holds(!memcmp(piece, whole + at, width));
	check(good, "a read of the header is the same in whatever pieces");
	/* Up to BIST and the BAR before, both harmless, and the address again. */
	check(device_write(whole + registers - 4, 12, config.offset + registers - 4) == 12 &&
	      config_read(registers, 4) == (address | FLAGS) && config_read(registers + 4, 4) == 2,
	      "a write may reach over them");
}

static void test_registers_stay(void)
{
	uint32_t before = config_read(registers, 4), above = config_read(registers + 4, 4);

	check(!device_ioctl(VFIO_DEVICE_RESET, NULL) && config_read(registers, 4) == before &&
	      config_read(registers + 4, 4) == above,
	      "a reset leaves the address, as VFIO leaves those of other BARs");
	check(!hardware_read(registers) && !hardware_read(registers + 4),
	      "the hardware has no such BAR");
	close_device();
	open_regions();
	check(config_read(registers, 4) == FLAGS && !config_read(registers + 4, 4),
	      "the next user finds none");
}

static void test_ioeventfd(void)
{
	struct vfio_device_ioeventfd ioeventfd = {
		.argsz = sizeof(ioeventfd),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.offset = window_bar.offset,
		.fd = eventfd(0, 0),
	};

	check(device_ioctl(VFIO_DEVICE_IOEVENTFD, &ioeventfd) < 0 && errno == EOPNOTSUPP,
	      "no ioeventfd in the window");
	close(ioeventfd.fd);
}

static void test_same_bytes(char *region, char *bar)
{
	uint64_t value, offset;
	bool good = true;

	tag(region);
	for (offset = 0; offset < memory.size; offset += 16 * PAGE)
		good &= shows(bar + offset, offset);
	check(good && shows(bar + memory.size - PAGE, memory.size - PAGE),
	      "the BAR shows what the region has");
	store((uint64_t *)(bar + 3 * PAGE), 77);
	check(shows(region + 3 * PAGE, 77), "and the other way round");
	check(device_read(&value, 8, window_bar.offset + 3 * PAGE) == 8 && value == 77 &&
	      device_read(&value, 8, memory.offset + 3 * PAGE) == 8 && value == 77,
	      "read(2) agrees by either");
	value = 3 * PAGE;
	check(device_write(&value, 8, window_bar.offset + 3 * PAGE) == 8 &&
	      shows(region + 3 * PAGE, value), "write(2) through the BAR shows in the region");
}

static int set_memory_space(bool on)
{
	uint32_t command = config_read(PCI_COMMAND, 2) & ~PCI_COMMAND_MEMORY;

	return config_write(PCI_COMMAND, command | (on ? PCI_COMMAND_MEMORY : 0), 2) == 2 ? 0 : -1;
}

static int set_power(uint32_t state)
{
	return config_write(find_capability(PCI_CAP_ID_PM) + PCI_PM_CTRL, state, 2) == 2 ? 0 : -1;
}

static int memory_off_on(void)
{
	return set_memory_space(false) ?: set_memory_space(true);
}

static int to_d3hot_and_back(void)
{
	/* A function without No_Soft_Reset forgets its configuration; VFIO gives it back. */
	return set_power(3) ?: set_power(0);
}

static int recover(void)
{
	return play("fatal");
}

static int recover_nonfatal(void)
{
	return play("nonfatal");
}

/* The device's lock is taken by resets of another process, so that ours fails, as it may. */
static int fail_to_reset(void)
{
	pid_t child = fork();
	int tries, ret = 0;

	if (child < 0)
		bail("fork");
	while (!child)
		reset_sysfs();
	for (tries = 0; tries < 1000 && ret != -EAGAIN; tries++)
		ret = reset_vfio();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	note("reset %d: %s", tries, strerror(-ret));
	return ret == -EAGAIN ? 0 : -EBUSY;
}

static const struct way {
	const char *name;
	int (*go)(void);
} ways[] = {
	{ "VFIO_DEVICE_RESET", reset_vfio },
	{ "FLR by configuration write", reset_config },
	{ "FLR of the AF capability", reset_af },
	{ "INIT_CXL_RST of a guest", reset_cxl },
	{ "sysfs reset", reset_sysfs },
	{ "hot reset", reset_hot },
	{ "memory space off and on", memory_off_on },
	{ "D3hot and back", to_d3hot_and_back },
	{ "error recovery", recover },
	{ "recovery of a nonfatal error", recover_nonfatal },
	{ "a reset that fails", fail_to_reset },
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

static void test_way(const struct way *way, char *region, char *bar)
{
	long expected = memory.size / HUGE, by_region, by_bar;
	char what[120];

	touch_all(region, memory.size);
	touch_all(bar, memory.size);
	snprintf(what, sizeof(what), "%s with both views mapped", way->name);
	check(!way->go() && wait_attribute("state", CXL_VFIO_STATE_ACTIVE), what);
	by_bar = touch_all(bar, memory.size);
	by_region = touch_all(region, memory.size);
	note("%ld faults by the BAR, %ld by the region, %ld expected of each", by_bar, by_region,
	     expected);
	snprintf(what, sizeof(what), "%s: both were zapped, and fault in again", way->name);
	check(by_bar == expected && by_region == expected && tags_kept(bar) && tags_kept(region),
	      what);
}

static void test_closed(char *region, char *bar)
{
	uint64_t value;

	set_memory_space(false);
	check(!touch((uint64_t *)bar, &value) && !touch((uint64_t *)region, &value) &&
	      device_read(&value, 8, window_bar.offset) < 0 && errno == EIO &&
	      device_write(&value, 8, window_bar.offset) < 0 && errno == EIO,
	      "memory space off: neither view can be touched, read or written");
	set_memory_space(true);
	check(touch((uint64_t *)bar, &value) && touch((uint64_t *)region, &value),
	      "memory space on: both are back");
}

/* The choice: what words mean, what a device offers then, and that it stays while it is open. */
static void test_choice(void)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	check(set_attribute("view", CXL_VFIO_VIEW_BAR) == -EBUSY &&
	      set_attribute("interface", CXL_VFIO_INTERFACE_NONE) == -EBUSY &&
	      attribute_is("view", CXL_VFIO_VIEW_BOTH), "the choice is fixed while it is open");
	close_device();
	check(set_attribute("view", "window") == -EINVAL &&
	      set_attribute("interface", "3") == -EINVAL, "unknown words are refused");

	check(!set_attribute("view", CXL_VFIO_VIEW_BAR), "the BAR alone can be chosen");
	check(set_attribute("interface", CXL_VFIO_INTERFACE_2) == -EINVAL,
	      "interface 2 needs the region");
	memory.size = window_bar.size = component.size = 0;
	open_regions();
	check(!memory.size && window_bar.size && component.size, "then there is no region of it");
	close_device();
	check(!set_attribute("interface", CXL_VFIO_INTERFACE_NONE), "and no interface of CXL");
	check(set_attribute("view", CXL_VFIO_VIEW_REGION) == -EINVAL, "or there would be nothing");
	memory.size = window_bar.size = component.size = 0;
	open_regions();
	check(!memory.size && window_bar.size && !component.size &&
	      !device_ioctl(VFIO_DEVICE_GET_INFO, &info) && !(info.flags & VFIO_DEVICE_FLAGS_CXL) &&
	      info.num_regions == VFIO_PCI_NUM_REGIONS, "then it is a plain PCI function");
	close_device();

	check(!set_attribute("interface", CXL_VFIO_INTERFACE_CURRENT) &&
	      !set_attribute("view", CXL_VFIO_VIEW_REGION), "the region alone can be chosen");
	memory.size = window_bar.size = component.size = 0;
	open_regions();
	check(memory.size && !window_bar.size && !config_read(registers, 4),
	      "then there is no BAR of it, nor registers");
	config_write(registers, ~0u, 4);
	check(!config_read(registers, 4), "which cannot be written either");
	close_device();
	check(!set_attribute("view", CXL_VFIO_VIEW_BOTH), "both can be chosen again");
	open_regions();
}

/* The DVSEC's shadow. */

static uint64_t dvsec;

static void test_shadow(void)
{
	uint32_t control = config_read(dvsec + CXL_DEVICE_CONTROL, 2);
	uint32_t hardware = hardware_read(dvsec + CXL_DEVICE_CONTROL);

	config_write(dvsec + CXL_DEVICE_CONTROL, control ^ CXL_DEVICE_CONTROL_MEM_ENABLE, 2);
	check(config_read(dvsec + CXL_DEVICE_CONTROL, 2) ==
	      (control ^ CXL_DEVICE_CONTROL_MEM_ENABLE), "CONTROL reads back what was written");
	check(hardware_read(dvsec + CXL_DEVICE_CONTROL) == hardware &&
	      attribute_is("state", CXL_VFIO_STATE_ACTIVE), "the hardware does not see it");
	config_write(dvsec + CXL_DEVICE_CONTROL2, CXL_DEVICE_CONTROL2_DISABLE_CACHING |
		     CXL_DEVICE_CONTROL2_INITIATE_WBI, 2);
	check(config_read(dvsec + CXL_DEVICE_CONTROL2, 2) == CXL_DEVICE_CONTROL2_DISABLE_CACHING &&
	      config_read(dvsec + CXL_DEVICE_STATUS2, 2) & CXL_DEVICE_STATUS2_CACHE_INVALID,
	      "the write-back of caches is answered, and its doorbell reads 0");
	config_write(dvsec + CXL_DEVICE_CONTROL2, 0, 2);
	check(!(config_read(dvsec + CXL_DEVICE_STATUS2, 2) & CXL_DEVICE_STATUS2_CACHE_INVALID),
	      "until caching is enabled again");
	check(!(config_read(dvsec + CXL_DEVICE_CAPABILITY, 2) &
		CXL_DEVICE_CAPABILITY_RESET_MEM_CLEAR), "no reset is said to clear memory");
	config_write(dvsec + CXL_DEVICE_LOCK, CXL_DEVICE_LOCK_CONFIG_LOCK, 2);
	config_write(dvsec + CXL_DEVICE_CONTROL, control, 2);
	config_write(dvsec + CXL_DEVICE_LOCK, 0, 2);
	check(config_read(dvsec + CXL_DEVICE_CONTROL, 2) ==
	      (control ^ CXL_DEVICE_CONTROL_MEM_ENABLE) &&
	      config_read(dvsec + CXL_DEVICE_LOCK, 2) == CXL_DEVICE_LOCK_CONFIG_LOCK,
	      "the lock keeps CONTROL as it is, and stays");
	close_device();
	open_regions();
	check(config_read(dvsec + CXL_DEVICE_CONTROL, 2) == control &&
	      !(config_read(dvsec + CXL_DEVICE_LOCK, 2) & CXL_DEVICE_LOCK_CONFIG_LOCK),
	      "nothing of it outlives the open");
}

/* Decoders as firmware leaves them, and a reset that finds them. */
static void repair(void)
{
	endpointctl("clear all");
	endpointctl("firmware");
	check(!device_ioctl(VFIO_DEVICE_RESET, NULL) &&
	      wait_attribute("state", CXL_VFIO_STATE_ACTIVE), "the decoder is given back");
}

static uint32_t ask_for_reset(void)
{
	config_write(dvsec + CXL_DEVICE_CONTROL2, CXL_DEVICE_CONTROL2_INITIATE_RESET, 2);
	/* The upper half is STATUS2. */
	return config_read(dvsec + CXL_DEVICE_CONTROL2, 4) >> 16;
}

static void test_cxl_reset(char *region, char *bar)
{
	uint64_t generation, resets = resets_seen("flr");
	uint32_t status;

	tag(region);
	touch_all(bar, memory.size);
	generation = attribute_number("generation");
	status = ask_for_reset();
	check(status & CXL_DEVICE_STATUS2_RESET_COMPLETE &&
	      !(status & CXL_DEVICE_STATUS2_RESET_ERROR),
	      "a CXL reset that is asked for completes");
	check(resets_seen("flr") == resets + 1 && attribute_number("generation") > generation,
	      "the function was reset with the gate shut");
	check(!config_read(dvsec + CXL_DEVICE_CONTROL2, 2), "its doorbell reads 0");
	check(touch_all(bar, memory.size) == (long)(memory.size / HUGE) && tags_kept(bar),
	      "the mapping was zapped and works again");
	endpointctl("fault decoder-lost");
	status = ask_for_reset();
	check(status & CXL_DEVICE_STATUS2_RESET_ERROR &&
	      !(status & CXL_DEVICE_STATUS2_RESET_COMPLETE),
	      "one that loses the decoder for good is an error");
	repair();
	check(ask_for_reset() & CXL_DEVICE_STATUS2_RESET_COMPLETE, "the next one completes again");
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* A reset of another process has the device's lock: state closed. */
static pid_t begin_reset(void)
{
	pid_t child = fork();

	if (child < 0)
		bail("fork");
	if (!child)
		_exit(reset_sysfs() ? 1 : 0);
	while (!waitpid(child, NULL, WNOHANG))
		if (!attribute_is("state", CXL_VFIO_STATE_ACTIVE))
			return child;
	return -1;
}

/* A vCPU's thread gets signals all the time: they must not end the wait for the lock. */
static void test_signals(void)
{
	const struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	uint32_t status = 0;
	int tries;

	signal(SIGALRM, on_alarm);
	/* On a busy machine the other reset may be over too soon, or take all of the time. */
	for (tries = 0; tries < 10 && !(status & CXL_DEVICE_STATUS2_RESET_COMPLETE); tries++) {
		pid_t child = begin_reset();

		if (child < 0)
			continue;
		setitimer(ITIMER_REAL, &often, NULL);
		status = ask_for_reset();
		setitimer(ITIMER_REAL, &never, NULL);
		waitpid(child, NULL, 0);
	}
	note("STATUS2 is %#x after %d tries", status, tries);
	check(status & CXL_DEVICE_STATUS2_RESET_COMPLETE,
	      "it waits for a reset of somebody else, whatever signals come");
}

/*
 * The core reads the user's buffer after the driver did: a write of D0 may be one of D3hot by then,
 * and takes the mappings away like one.
 */
static void test_power_state(char *region, char *bar)
{
	uint64_t generation;

	touch_all(region, memory.size);
	touch_all(bar, memory.size);
	generation = attribute_number("generation");
	check(!set_power(0) && attribute_number("generation") == generation + 1 &&
	      wait_attribute("state", CXL_VFIO_STATE_ACTIVE),
	      "a write of the power state that it has shuts the gate for a moment");
	check(touch_all(region, memory.size) == (long)(memory.size / HUGE) &&
	      touch_all(bar, memory.size) == (long)(memory.size / HUGE),
	      "and takes the mappings of both views");
}

/* dma-bufs. */

#define IOVA	0x100000000ull

static int iommufd = -1;
static uint32_t ioas;

static int ioas_map(int fd, uint64_t length)
{
	struct iommu_ioas_map_file map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = ioas,
		.fd = fd,
		.length = length,
		.iova = IOVA,
	};
	int ret = ioctl(iommufd, IOMMU_IOAS_MAP_FILE, &map) ? -errno : 0;

	note("IOMMU_IOAS_MAP_FILE: %s", ret ? strerror(-ret) : "done");
	return ret;
}

static int ioas_unmap(uint64_t length)
{
	struct iommu_ioas_unmap unmap = { .size = sizeof(unmap), .ioas_id = ioas, .iova = IOVA,
					  .length = length };

	return ioctl(iommufd, IOMMU_IOAS_UNMAP, &unmap) ? -errno : 0;
}

static bool open_iommufd(void)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	iommufd = open("/dev/iommu", O_RDWR);
	if (iommufd < 0)
		return false;
	if (ioctl(iommufd, IOMMU_IOAS_ALLOC, &alloc))
		bail("IOMMU_IOAS_ALLOC");
	ioas = alloc.out_ioas_id;
	return true;
}

/* Now, or before. */
static bool peer_maps(void)
{
	int ret = importer("map");

	return (!ret || ret == -EALREADY) && importer_is("attached=1 mapped=1");
}

static void test_way_dmabuf(const struct way *way, int fd)
{
	char what[120];

	snprintf(what, sizeof(what), "%s: a peer's mapping is taken", way->name);
	check(peer_maps() && !way->go() && wait_attribute("state", CXL_VFIO_STATE_ACTIVE) &&
	      importer_is("attached=1 mapped=0"), what);
	snprintf(what, sizeof(what), "%s: and can be made again", way->name);
	check(!importer("map") && importer_is("attached=1 mapped=1"), what);
	if (iommufd < 0)
		return;
	snprintf(what, sizeof(what), "%s: iommufd maps it anew", way->name);
	check(!ioas_unmap(memory.size) && !ioas_map(fd, memory.size), what);
}

/*
 * The peer of these tests is the endpoint itself, to which no host bridge leads: it is given an
 * address of the bus. As a number that must not be the window's, where others of the bus may be.
 */
static void test_bus_address(void)
{
	uint64_t base = attribute_number("window_base");
	char state[120], *address;

	check(peer_maps(), "a peer of the same bus maps it");
	importer_state(state, sizeof(state));
	address = strstr(state, "address=");
	note("the importer says: %s", state);
	check(address && strtoull(address + strlen("address="), NULL, 0) == (base | 1ull << 63),
	      "and is given an address that leads nowhere");
}

/* One that is late: the peer's DMA goes on for a while after it was told to end. */
struct late {
	const struct way *way;
	atomic_bool done;
	int ret;
};

static void *go_late(void *argument)
{
	struct late *late = argument;

	late->ret = late->way->go();
	atomic_store(&late->done, true);
	return NULL;
}

static bool is_busy(void)
{
	char state[80] = "";

	importer_state(state, sizeof(state));
	return strstr(state, "busy=1");
}

/* Nothing is reset under DMA: it waits for the peer, however long he takes. */
static void test_late(const struct way *way)
{
	uint64_t before = attribute_number("reactivate_count");
	struct late late = { .way = way };
	char what[160];
	pthread_t thread;
	int i;

	if (!peer_maps() || importer("late") || pthread_create(&thread, NULL, go_late, &late))
		bail("a peer that is late");
	while (!is_busy() && !atomic_load(&late.done))
		usleep(10000);
	for (i = 0; i < 20 && !atomic_load(&late.done); i++)
		usleep(10000);
	snprintf(what, sizeof(what), "%s: waits for a peer's DMA that is under way", way->name);
	check(!atomic_load(&late.done) && attribute_number("reactivate_count") == before, what);
	importer("release");
	pthread_join(thread, NULL);
	snprintf(what, sizeof(what), "%s: goes on when it has ended, and the mapping is back",
		 way->name);
	check(!late.ret && wait_attribute("state", CXL_VFIO_STATE_ACTIVE) &&
	      importer_is("attached=1 mapped=0") && !importer("map"), what);
}

/* As long as the gate is shut nobody maps it, whoever shut it. */
static void test_dmabuf_refused(int fd)
{
	endpointctl("fault decoder-lost");
	check(!reset_sysfs() && wait_attribute("state", CXL_VFIO_STATE_REFUSED) &&
	      importer_is("attached=1 mapped=0") && importer("map") == -ENODEV,
	      "a refused window: a peer has no mapping and gets none");
	check(export_dmabuf(window_bar.index, 0, PAGE) == -EIO, "nor is another dma-buf exported");
	if (iommufd >= 0)
		check(!ioas_unmap(memory.size) && ioas_map(fd, memory.size) < 0,
		      "nor does iommufd map it");
	/* The core revokes and gives back around its own resets, which is not for it to decide. */
	device_ioctl(VFIO_DEVICE_RESET, NULL);
	check(attribute_is("state", CXL_VFIO_STATE_REFUSED) && importer("map") == -ENODEV,
	      "nor after another reset that is refused");
	repair();
	check(!importer("map") && importer_is("attached=1 mapped=1"),
	      "a peer maps it when it is back");
}

/* The number that the next descriptor gets, over and over replaced by another dma-buf. */
struct exchange {
	atomic_bool stop;
	int other, number;
};

static void *exchange_descriptor(void *argument)
{
	struct exchange *exchange = argument;

	while (!atomic_load(&exchange->stop)) {
		dup2(exchange->other, exchange->number);
		close(exchange->number);
	}
	return NULL;
}

/* A descriptor that another thread exchanges while it is made. */
static void test_exchanged(void)
{
	struct exchange exchange = { .other = export_dmabuf(window_bar.index, 0, PAGE) };
	unsigned int tries, stale = 0;
	pthread_t thread;
	bool good = true;
	int fd;

	exchange.number = dup(exchange.other);
	close(exchange.number);
	pthread_create(&thread, NULL, exchange_descriptor, &exchange);
	for (tries = 0; tries < 20000 && stale < 20; tries++) {
		fd = export_dmabuf(window_bar.index, 0, PAGE);
		good &= holds(fd >= 0 || fd == -ESTALE);
		stale += fd == -ESTALE;
		if (fd >= 0 && fd != exchange.number)
			close(fd);
	}
	atomic_store(&exchange.stop, true);
	pthread_join(thread, NULL);
	close(exchange.other);
	tell("%u of %u descriptors were exchanged in time", stale, tries);
	check(good && stale,
	      "a descriptor that is exchanged while it is made is noticed, or harmless");
	check(!device_ioctl(VFIO_DEVICE_RESET, NULL) &&
	      wait_attribute("state", CXL_VFIO_STATE_ACTIVE), "and the device goes on");
}

/* False: this kernel has none. */
static bool test_dmabuf(void)
{
	char command[64];
	int fd = export_dmabuf(window_bar.index, 0, memory.size);
	size_t i;

	if (fd == -ENOTTY) {
		tell("this kernel exports no dma-bufs");
		return false;
	}
	check(fd >= 0, "the window is exported through the BAR");
	check(export_dmabuf(memory.index, 0, PAGE) == -EOPNOTSUPP, "and through the region not");
	check(export_dmabuf(window_bar.index, PAGE, memory.size) == -EINVAL,
	      "nothing behind the window is exported");
	snprintf(command, sizeof(command), "attach %d %s", fd, bdf);
	check(!importer(command), "a peer attaches");
	test_bus_address();
	if (open_iommufd())
		check(!ioas_map(fd, memory.size), "iommufd maps it");
	else
		tell("no iommufd: %s", strerror(errno));
	for (i = 0; i < WAYS; i++)
		test_way_dmabuf(&ways[i], fd);
	for (i = 0; i < WAYS; i++)
		test_late(&ways[i]);
	test_dmabuf_refused(fd);
	check(!importer("detach"), "the peer detaches");
	close(fd);
	if (iommufd >= 0)
		close(iommufd);
	return true;
}

/* One that outlives the device: nobody reaches the next user's bytes with it. */
static void test_dmabuf_left(void)
{
	char command[64];
	int fd = export_dmabuf(window_bar.index, 0, memory.size);

	snprintf(command, sizeof(command), "attach %d %s", fd, bdf);
	check(fd >= 0 && !importer(command) && !importer("map"), "a peer has a mapping");
	close_device();
	check(importer_is("attached=1 mapped=0") && importer("map") == -ENODEV,
	      "which goes with the last descriptor of the device, for good");
	check(!unbind_driver() && importer("map") == -ENODEV && bind_driver(),
	      "the driver goes and comes while the peer holds the dma-buf");
	open_regions();
	check(importer("map") == -ENODEV, "also when it is open again");
	importer("detach");
	close(fd);
}

int main(int argc, char **argv)
{
	char *region, *bar;
	size_t i;

	if (argc != 2) {
		fprintf(stderr, "usage: views_test BDF\n");
		return 2;
	}
	bdf = argv[1];
	catch_bus_errors();
	open_regions();
	if (!memory.size || !window_bar.size)
		bail("the endpoint does not offer both views");
	registers = PCI_BASE_ADDRESS_0 + 4 * window_bar.index;
	dvsec = find_dvsec(CXL_DVSEC_ID_DEVICE);
	test_info();
	test_behind_window();
	test_registers();
	test_registers_spanning();
	test_registers_stay();
	test_ioeventfd();
	region = map_view(&memory, 0, memory.size);
	bar = map_view(&window_bar, 0, memory.size);
	test_same_bytes(region, bar);
	for (i = 0; i < WAYS; i++)
		test_way(&ways[i], region, bar);
	test_closed(region, bar);
	test_cxl_reset(region, bar);
	test_signals();
	test_power_state(region, bar);
	munmap(region, memory.size);
	munmap(bar, memory.size);
	test_shadow();
	test_choice();
	if (test_dmabuf()) {
		test_exchanged();
		test_dmabuf_left();
	}
	return finish();
}
