// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/binding/record.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "sys/base/state_file.h"

#define RECORD_SIZE	1024
#define RETRY_MS	50

#define NAME_SIZE	32	/* "0000:0d:00.0.lock" */

static int open_lock(const struct cxv_host *host, const char *target)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "%s.lock", target);
	return cxv_state_file_open(host, name);
}

/* 0, -EBUSY where somebody else has it until the deadline, or -errno. */
static int take_lock(int lock, int kind, const struct cxv_deadline *deadline)
{
	while (flock(lock, kind | LOCK_NB)) {
		if (errno != EWOULDBLOCK)
			return -errno;
		if (!deadline || !cxv_deadline_left(deadline))
			return -EBUSY;
		poll(NULL, 0, RETRY_MS);
	}
	return 0;
}

static pid_t read_owner(int lock)
{
	char text[16] = "";

	if (pread(lock, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	return atoi(text);
}

/* For the message of a process that finds it taken; the lock works without it. */
static void write_owner(int lock)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d\n", getpid());

	if (ftruncate(lock, 0) == 0 && pwrite(lock, text, (size_t)length, 0) < 0)
		return;
}

/* Where several share the lock, no process is named, nor an earlier owner. */
static void clear_owner(int lock)
{
	if (ftruncate(lock, 0))
		return;
}

int cxv_record_lock(const struct cxv_host *host, const char *target,
		    const struct cxv_deadline *deadline, pid_t *owner)
{
	int lock = open_lock(host, target), ret;

	*owner = 0;
	if (lock < 0)
		return lock;
	ret = take_lock(lock, LOCK_EX, deadline);
	if (ret < 0) {
		*owner = read_owner(lock);
		close(lock);
		return ret;
	}
	write_owner(lock);
	return lock;
}

uint32_t cxv_record_worker(const struct cxv_host *host, const char *name)
{
	_cleanup_free_ char *text = NULL, *command = NULL;
	uint64_t process;

	/* A snapshot has no locks. */
	if (host->tree ||
	    cxv_host_read_string(host, &text, CXV_STATE_DIRECTORY "/%s.lock", name) < 0 ||
	    cxv_host_parse_number(text, &process) < 0 || process > INT_MAX ||
	    cxv_host_read_string(host, &command, "proc/%u/comm", (unsigned int)process) < 0)
		return 0;
	return strcmp(command, "cxlvfio") ? 0 : process;
}

void cxv_record_identity(const struct cxv_endpoint *endpoint,
			 char identity[static CXV_RECORD_IDENTITY_SIZE])
{
	snprintf(identity, CXV_RECORD_IDENTITY_SIZE, "%04" PRIx64 ":%04" PRIx64 ":%" PRIx64,
		 endpoint->pci.vendor.value, endpoint->pci.device.value, endpoint->serial.value);
}

/* The value of the line "KEY=VALUE" at *TEXT, which moves on. NULL for any other line. */
static char *take_line(char **text, const char *key)
{
	size_t length = strlen(key);
	char *value = *text + length + 1, *end;

	if (strncmp(*text, key, length) != 0 || (*text)[length] != '=')
		return NULL;
	end = strchr(value, '\n');
	if (!end)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return value;
}

/* A name becomes part of a path. */
static bool is_driver_name(const char *name)
{
	return strlen(name) < CXV_STEP_VALUE_SIZE && !strchr(name, '/') &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int cxv_record_parse(char *text, char *identity, size_t identity_size, struct cxv_binding *binding)
{
	const char *device = take_line(&text, "device");
	const char *driver = device ? take_line(&text, "driver") : NULL;
	const char *driver_override = driver ? take_line(&text, "driver_override") : NULL;

	if (!driver_override || text[0] || strlen(device) >= identity_size ||
	    !is_driver_name(driver) || !is_driver_name(driver_override))
		return -EINVAL;
	snprintf(identity, identity_size, "%s", device);
	snprintf(binding->driver, sizeof(binding->driver), "%s", driver);
	snprintf(binding->driver_override, sizeof(binding->driver_override), "%s",
		 driver_override);
	return 0;
}

int cxv_record_read(const struct cxv_host *host, const char *target, const char *identity,
		    struct cxv_binding *binding)
{
	char text[RECORD_SIZE], found[64];
	ssize_t size = cxv_state_file_read(host, target, text, sizeof(text));
	int ret;

	if (size < 0)
		return size == -EFBIG ? -EINVAL : (int)size;
	ret = cxv_record_parse(text, found, sizeof(found), binding);
	if (ret < 0)
		return ret;
	return strcmp(found, identity) == 0 ? 0 : -ENOENT;
}

int cxv_record_write(const struct cxv_host *host, const char *target, const char *identity,
		     const struct cxv_binding *binding)
{
	char text[RECORD_SIZE];
	int length = snprintf(text, sizeof(text), "device=%s\ndriver=%s\ndriver_override=%s\n",
			      identity, binding->driver, binding->driver_override);

	if (length < 0 || (size_t)length >= sizeof(text))
		return -ENAMETOOLONG;
	return cxv_state_file_write(host, target, text);
}

int cxv_record_remove(const struct cxv_host *host, const char *target)
{
	return cxv_state_file_remove(host, target);
}

int cxv_parameters_lock(const struct cxv_host *host, bool alone,
			const struct cxv_deadline *deadline, pid_t *owner)
{
	int lock = open_lock(host, "parameters"), ret;

	*owner = 0;
	if (lock < 0)
		return lock;
	ret = take_lock(lock, alone ? LOCK_EX : LOCK_SH, deadline);
	if (ret < 0) {
		*owner = read_owner(lock);
		close(lock);
		return ret;
	}
	if (alone)
		write_owner(lock);
	else
		clear_owner(lock);
	return lock;
}

int cxv_parameters_lock_alone(int lock, const struct cxv_deadline *deadline)
{
	int ret = take_lock(lock, LOCK_EX, deadline);

	if (!ret)
		write_owner(lock);
	return ret;
}
