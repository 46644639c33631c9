// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one user leaves in the window and the next one finds. Runs in the guest as root with the
 * endpoint bound and its device server reachable through endpointctl; TAP on stdout.
 *
 *	tenant_test BDF
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "device.h"

/* Until the gate is seen pending. */
#define BINDS	20

/* What a user leaves everywhere. */
#define LEFT	0x5a5a5a5a5a5a5a5a

static char *map;

static void open_window(void)
{
	open_regions();
	map = map_window(0, memory.size);
	if (map == MAP_FAILED)
		bail("mmap of the window");
}

static void close_window(void)
{
	munmap(map, memory.size);
	close_device();
}

/* Every byte of every page: a scrub that forgets a byte must be seen. */
static bool all_zero(void)
{
	uint64_t offset, word;

	for (offset = 0; offset < memory.size; offset += 8) {
		if (!(offset % PAGE) && !touch((uint64_t *)(map + offset), &word))
			return false;
		if (*(uint64_t *)(map + offset)) {
			note("%#llx at %#llx of the window",
			     (unsigned long long)*(uint64_t *)(map + offset),
			     (unsigned long long)offset);
			return false;
		}
	}
	return true;
}

static void leave_bytes(void)
{
	open_window();
	memset(map, 0x5a, memory.size);
}

static void policy(const char *name)
{
	check(!write_file(device_path(CXL_VFIO_SYSFS_GROUP "/scrub_policy"), name) &&
	      attribute_is("scrub_policy", name), name);
}

/* The next user finds nothing; RESULT is what the driver says in between. */
static void expect_clean(const char *how, const char *result)
{
	uint64_t bytes = attribute_number("scrub_bytes");
	char what[160];

	snprintf(what, sizeof(what), "%s: the scrub is %s", how, result);
	check(attribute_is("scrub_result", result), what);
	open_window();
	snprintf(what, sizeof(what), "%s: the next user finds only zeros", how);
	check(all_zero(), what);
	if (!strcmp(result, CXL_VFIO_SCRUB_RESULT_OWED)) {
		snprintf(what, sizeof(what), "%s: zeroed before that user was let in", how);
		note("%llu bytes before, the window has %llu", (unsigned long long)bytes,
		     (unsigned long long)memory.size);
		check(attribute_number("scrub_bytes") == bytes + memory.size &&
		      attribute_is("scrub_result", CXL_VFIO_SCRUB_RESULT_DONE), what);
	}
	close_window();
}

/*
 * A guest that enables bus mastering while the window is being zeroed neither disturbs who waits,
 * nor has the scrub begin anew. Returns how often it was written; a busy machine may have zeroed
 * the window before this process got that far.
 */
static unsigned int write_command_while_pending(void)
{
	uint64_t bytes = attribute_number("scrub_bytes"), value;
	uint32_t command;
	unsigned int writes = 0;
	int status = -1;
	pid_t child;

	open_window();
	command = config_read(PCI_COMMAND, 2);
	child = fork();
	if (child < 0)
		bail("fork");
	if (!child)
		_exit(!touch((uint64_t *)map, &value));
	while (attribute_is("state", CXL_VFIO_STATE_PENDING)) {
		config_write(PCI_COMMAND, command ^ (++writes % 2 ? PCI_COMMAND_MASTER : 0), 2);
		usleep(20000);
	}
	config_write(PCI_COMMAND, command, 2);
	if (waitpid(child, &status, 0) != child)
		bail("waitpid");
	note("the process that touches ends with %#x: 0x100 after SIGBUS", status);
	check(WIFEXITED(status) && !WEXITSTATUS(status),
	      "a touch waits through writes to the command register");
	note("%llu bytes before, the window has %llu", (unsigned long long)bytes,
	     (unsigned long long)memory.size);
	check(attribute_number("scrub_bytes") - bytes == memory.size,
	      "and the scrub goes on where it was");
	check(all_zero(), "the first user after the bind finds only zeros");
	close_window();
	return writes;
}

/* The first scrub after a bind is made up for while the window is open already. */
static void test_command_writes_while_pending(void)
{
	unsigned int tries = 0, writes;

	while (!(writes = write_command_while_pending()) && ++tries < BINDS)
		if (unbind_driver() || !bind_driver())
			bail("unbind and bind");
	note("%u binds without a write while the gate was pending", tries);
	check(writes, "there were writes while it waited");
}

static void test_plain(void)
{
	uint64_t bytes = attribute_number("scrub_bytes");

	leave_bytes();
	close_window();
	note("%llu bytes before, the window has %llu", (unsigned long long)bytes,
	     (unsigned long long)memory.size);
	check(attribute_number("scrub_bytes") == bytes + memory.size,
	      "close: every byte is counted");
	expect_clean("close", CXL_VFIO_SCRUB_RESULT_DONE);
}

/* A reset in the middle is no boundary: the user keeps what it wrote. */
static void test_own_reset(void)
{
	leave_bytes();
	check(!device_ioctl(VFIO_DEVICE_RESET, NULL) && shows(map, LEFT) &&
	      shows(map + memory.size - 8, LEFT),
	      "a user's own reset leaves its bytes");
	config_write(PCI_COMMAND, config_read(PCI_COMMAND, 2) & ~PCI_COMMAND_MEMORY, 2);
	config_write(PCI_COMMAND, config_read(PCI_COMMAND, 2) | PCI_COMMAND_MEMORY, 2);
	check(shows(map, LEFT), "so does memory space, off and on");
	close_window();
	expect_clean("after resets", CXL_VFIO_SCRUB_RESULT_DONE);
}

static void test_memory_space_off(void)
{
	leave_bytes();
	config_write(PCI_COMMAND, config_read(PCI_COMMAND, 2) & ~PCI_COMMAND_MEMORY, 2);
	close_window();
	expect_clean("memory space left off", CXL_VFIO_SCRUB_RESULT_DONE);
}

static void test_power_state(void)
{
	leave_bytes();
	config_write(find_capability(PCI_CAP_ID_PM) + PCI_PM_CTRL, 3, 2);
	close_window();
	expect_clean("D3hot left", CXL_VFIO_SCRUB_RESULT_DONE);
}

static void test_killed(void)
{
	int ready[2], status;
	pid_t child;
	char byte;

	if (pipe(ready))
		bail("pipe");
	child = fork();
	if (child < 0)
		bail("fork");
	if (!child) {
		leave_bytes();
		if (write(ready[1], "r", 1) == 1)
			pause();
		_exit(1);
	}
	if (read(ready[0], &byte, 1) != 1)
		bail("child");
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	wait_attribute("state", CXL_VFIO_STATE_CLOSED);
	expect_clean("a killed user", CXL_VFIO_SCRUB_RESULT_DONE);
}

/* The decoder is lost at the reset that ends the session, and only comes back with the next one. */
static void test_refused(void)
{
	leave_bytes();
	endpointctl("fault decoder-lost@1x1");
	close_window();
	check(attribute_is("scrub_result", CXL_VFIO_SCRUB_RESULT_OWED),
	      "a decoder lost at close: the scrub is owed");
	/* Still lost: nobody gets in. */
	open_window();
	check(attribute_is("state", CXL_VFIO_STATE_REFUSED), "and the gate stays shut");
	close_window();
	check(attribute_is("scrub_result", CXL_VFIO_SCRUB_RESULT_OWED), "and it stays owed");
	endpointctl("clear all");
	expect_clean("a decoder lost at close", CXL_VFIO_SCRUB_RESULT_OWED);
}

/*
 * Who never has access through the CPU has the device's registers all the same. The emulated device
 * has no engine: a byte that changes at the reset of the close is what one has written until then.
 */
static void test_never_opened(void)
{
	endpointctl("fault decoder-lost@1x1");
	open_window();
	check(attribute_is("state", CXL_VFIO_STATE_REFUSED), "a user who never gets access");
	endpointctl("clear all");
	endpointctl("firmware");
	endpointctl("fault byte-changed=0x7008@1x1");
	close_window();
	endpointctl("clear all");
	expect_clean("what his engine wrote", CXL_VFIO_SCRUB_RESULT_DONE);
}

/* Nothing is zeroed, and the policy counts that there is when the next user comes. */
static void test_policy_none(void)
{
	policy(CXL_VFIO_SCRUB_POLICY_NONE);
	leave_bytes();
	close_window();
	check(attribute_is("scrub_result", CXL_VFIO_SCRUB_RESULT_NONE),
	      "policy none: nothing is due");
	open_window();
	check(shows(map, LEFT) && shows(map + memory.size - 8, LEFT),
	      "policy none: the bytes stay");
	close_window();
	policy(CXL_VFIO_SCRUB_POLICY_ZERO);
	open_window();
	check(all_zero(), "policy zero again: the next user finds only zeros");
	close_window();
}

static void test_bad_policy(void)
{
	const char *path = device_path(CXL_VFIO_SYSFS_GROUP "/scrub_policy");

	check(write_file(path, "shred") && write_file(path, "zer") &&
	      write_file(path, "zeroes") && attribute_is("scrub_policy", "zero"),
	      "a policy that does not exist is refused");
	check(write_file("/sys/module/" CXL_VFIO_MODULE_NAME "/parameters/scrub", "shred"),
	      "also as the module's parameter");
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: tenant_test BDF\n");
		return 2;
	}
	bdf = argv[1];
	catch_bus_errors();
	check(attribute_is("scrub_policy", CXL_VFIO_SCRUB_POLICY_ZERO), "the default is zero");
	test_command_writes_while_pending();
	test_plain();
	test_own_reset();
	test_memory_space_off();
	test_power_state();
	test_killed();
	test_refused();
	test_never_opened();
	test_policy_none();
	test_bad_policy();
	return finish();
}
