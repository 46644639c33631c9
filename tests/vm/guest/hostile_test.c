// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device whose registers lie, in a way that a seed decides: damaged before the bind on even
 * seeds, while it is open on odd ones. The bind or the gate may refuse, or not; nothing may crash,
 * hang or stay broken once the device tells the truth again. Runs in the guest as root, with the
 * endpoint unbound and driver_override set; TAP on stdout.
 *
 *	hostile_test BDF FIRST COUNT
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "device.h"

#define SCRIBBLES	100
#define LONGEST		600	/* seconds for one seed, which takes 3 here */

static unsigned long seed;
static char trouble[256];
static unsigned int bound, refused, not_opened, active, shut, bus_errors, odd;

static void too_long(int signal)
{
	static const char text[] = "Bail out! a seed took too long\n";

	(void)signal;
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) > 0)
		printf("# seed %lu\n", seed);
	_exit(1);
}

static void damage(void)
{
	char command[64];

	snprintf(command, sizeof(command), "damage %lu", seed);
	endpointctl(command);
}

/* With the endpoint open and telling the truth: what is wrong with it stands in TROUBLE. */
static bool is_well(char *map)
{
	char verdict[128];
	uint64_t value;

	if (wait_attribute("state", CXL_VFIO_STATE_ACTIVE) && touch((uint64_t *)map, &value))
		return true;
	attribute("verdict", verdict, sizeof(verdict));
	snprintf(trouble, sizeof(trouble), "open, but %s", verdict);
	return false;
}

static bool bind_well(void)
{
	if (bind_driver())
		return true;
	snprintf(trouble, sizeof(trouble), "bind refused");
	return false;
}

/* Data, SIGBUS or an error: whatever it is, it comes. */
static void poke(char *map)
{
	uint32_t dword;
	uint64_t value, offset;

	for (offset = 0; offset < memory.size; offset += 31 * HUGE)
		bus_errors += !touch((uint64_t *)(map + offset), &value);
	odd += !holds(device_read(&value, 8, memory.offset) >= 0 || errno == EIO);
	for (offset = 0; offset < component.size; offset += 4)
		odd += !holds(device_read(&dword, 4, component.offset + offset) >= 0 ||
			      errno == EIO);
	for (offset = 0; offset < PCI_CFG_SPACE_EXP_SIZE; offset += 64)
		odd += !holds(device_read(&dword, 4, config.offset + offset) == 4);
}

/* Configuration space as nobody means it: pieces of every width, anywhere, with any value. */
static void scribble(void)
{
	unsigned char bytes[16];
	unsigned int i, width, at;
	ssize_t done;

	for (i = 0; i < SCRIBBLES; i++) {
		width = 1 + random() % sizeof(bytes);
		at = random() % (PCI_CFG_SPACE_EXP_SIZE - width + 1);
		if (random() % 2) {
			done = device_read(bytes, width, config.offset + at);
		} else {
			memset(bytes, (int)random(), sizeof(bytes));
			done = device_write(bytes, width, config.offset + at);
		}
		odd += !holds(done == (ssize_t)width);
	}
}

static void cycle(char *map)
{
	uint32_t power = find_capability(PCI_CAP_ID_PM) + PCI_PM_CTRL;
	uint32_t command = config_read(PCI_COMMAND, 2) | PCI_COMMAND_MEMORY;

	config_write(PCI_COMMAND, command & ~PCI_COMMAND_MEMORY, 2);
	config_write(PCI_COMMAND, command, 2);
	poke(map);
	scribble();
	config_write(power, 3, 2);
	config_write(power, 0, 2);
	poke(map);
	device_ioctl(VFIO_DEVICE_RESET, NULL);
	config_write(PCI_COMMAND, command, 2);
	poke(map);
	active += attribute_is("state", CXL_VFIO_STATE_ACTIVE);
}

static char *open_window(void)
{
	char *map;

	open_regions();
	map = map_window(0, memory.size);
	if (map == MAP_FAILED)
		bail("mmap of the window");
	return map;
}

static void close_window(char *map)
{
	munmap(map, memory.size);
	close_device();
}

static void damaged_at_bind(void)
{
	char *map;

	damage();
	if (!bind_driver()) {
		refused++;
		endpointctl("damage off");
		return;
	}
	bound++;
	/* The open itself may fail on what it reads. */
	device = try_open_device();
	if (device < 0) {
		not_opened++;
		close_device();
	} else {
		close_device();
		map = open_window();
		poke(map);
		cycle(map);
		close_window(map);
	}
	endpointctl("damage off");
	unbind_driver();
}

/* Returns whether it works as before once the device tells the truth. */
static bool damaged_while_open(void)
{
	uint64_t value;
	bool good;
	char *map;

	if (!bind_well())
		return false;
	map = open_window();
	touch_all(map, HUGE);
	damage();
	cycle(map);
	shut += !touch((uint64_t *)map, &value);
	endpointctl("damage off");
	good = !device_ioctl(VFIO_DEVICE_RESET, NULL);
	config_write(PCI_COMMAND, config_read(PCI_COMMAND, 2) | PCI_COMMAND_MEMORY, 2);
	if (!good)
		snprintf(trouble, sizeof(trouble), "reset: %s", strerror(errno));
	good = good && is_well(map);
	close_window(map);
	unbind_driver();
	return good;
}

/*
 * What a user scribbles on a truthful device reaches nothing of its CXL DVSEC, nor of the locator's
 * first entry, whatever widths and offsets.
 */
static bool scribbles_in_vain(void)
{
	const uint64_t dvsecs[] = { find_dvsec(CXL_DVSEC_ID_DEVICE),
				    find_dvsec(CXL_DVSEC_ID_REGISTER_LOCATOR) };
	const uint64_t lengths[] = { CXL_DEVICE_DVSEC_LENGTH, CXL_REGISTER_LOCATOR_ENTRY(1) };
	uint32_t before[2][CXL_DEVICE_DVSEC_LENGTH / 4], now;
	uint64_t at;
	int i;

	for (i = 0; i < 2; i++)
		for (at = 0; at < lengths[i]; at += 4)
			before[i][at / 4] = hardware_read(dvsecs[i] + at);
	scribble();
	for (i = 0; i < 2; i++)
		for (at = 0; at < lengths[i]; at += 4) {
			now = hardware_read(dvsecs[i] + at);
			if (now == before[i][at / 4])
				continue;
			snprintf(trouble, sizeof(trouble), "scribbled: %#llx was %#x, is %#x",
				 (unsigned long long)(dvsecs[i] + at), before[i][at / 4], now);
			return false;
		}
	return true;
}

/* Between two seeds: a truthful device must bind and work. */
static bool works(void)
{
	bool good;
	char *map;

	if (!bind_well())
		return false;
	map = open_window();
	good = is_well(map) && scribbles_in_vain();
	close_window(map);
	unbind_driver();
	return good;
}

static unsigned long uptime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (unsigned long)now.tv_sec;
}

int main(int argc, char **argv)
{
	unsigned long first, count, broken = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: hostile_test BDF FIRST COUNT\n");
		return 2;
	}
	bdf = argv[1];
	first = strtoul(argv[2], NULL, 0);
	count = strtoul(argv[3], NULL, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	catch_bus_errors();
	signal(SIGALRM, too_long);
	for (seed = first; seed < first + count; seed++) {
		bool good = true;

		alarm(LONGEST);
		srandom(seed);
		if (seed % 2)
			good = damaged_while_open();
		else
			damaged_at_bind();
		if (seed % 10 == 0)
			good = works();
		if (!good) {
			tell("seed %lu: does not work again: %s", seed, trouble);
			broken++;
		}
		if (seed % 20 == 19)
			tell("%lu s after the boot: %lu seeds", uptime(), seed + 1 - first);
	}
	alarm(0);
	tell("%lu seeds: %u bound, %u refused at bind, %u at open, %u active after a cycle, "
	     "%u shut while open, %u SIGBUS, %u odd errors",
	     count, bound, refused, not_opened, active, shut, bus_errors, odd);
	check(!odd, "every access gave data, SIGBUS or EIO");
	note("%lu seeds did not, the last because: %s", broken, trouble);
	check(!broken, "after every damage the truthful device works again");
	/* A few may all be harmless. */
	note("%u refused at bind, %u shut while open", refused, shut);
	if (count >= 20)
		check(refused > count / 20 && shut > count / 50,
		      "damage was noticed, at bind and while open");
	return finish();
}
