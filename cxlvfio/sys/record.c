// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/record.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "core/util.h"

#define RECORD_SIZE	1024
#define RETRY_MS	50

static int open_below(int parent, const char *name, bool make)
{
	int directory;

	if (make && mkdirat(parent, name, 0755) && errno != EEXIST)
		return -errno;
	directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return directory < 0 ? -errno : directory;
}

/* Neither is ever a link: whoever may place one there is not asked to be trusted. */
static int open_directory(const struct cxv_host *host, bool make)
{
	_cleanup_close_ int run = open_below(host->root, "run", make);

	return run < 0 ? run : open_below(run, "cxlvfio", make);
}

static int open_lock(const struct cxv_host *host, const char *target)
{
	_cleanup_close_ int directory = open_directory(host, true);
	char name[32];
	int lock;

	if (directory < 0)
		return directory;
	snprintf(name, sizeof(name), "%s.lock", target);
	lock = openat(directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	return lock < 0 ? -errno : lock;
}

static pid_t read_owner(int lock)
{
	char text[16] = "";

	if (pread(lock, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	return atoi(text);
}

/* For the message of whoever finds it taken; without it the lock is as good. */
static void write_owner(int lock)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d\n", getpid());

	if (ftruncate(lock, 0) == 0 && pwrite(lock, text, (size_t)length, 0) < 0)
		return;
}

int cxv_record_lock(const struct cxv_host *host, const char *target,
		    const struct cxv_deadline *deadline, pid_t *owner)
{
	int lock = open_lock(host, target);

	*owner = 0;
	if (lock < 0)
		return lock;
	while (flock(lock, LOCK_EX | LOCK_NB)) {
		int error = errno;

		if (error != EWOULDBLOCK || !cxv_deadline_left(deadline)) {
			*owner = read_owner(lock);
			close(lock);
			return error == EWOULDBLOCK ? -EBUSY : -error;
		}
		poll(NULL, 0, RETRY_MS);
	}
	write_owner(lock);
	return lock;
}

/* The value of the line "KEY=VALUE" at *TEXT, which moves to the next one. NULL for another line. */
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
	_cleanup_close_ int directory = open_directory(host, false), file = -1;
	char text[RECORD_SIZE], found[64];
	ssize_t size;
	int ret;

	if (directory < 0)
		return directory;
	file = openat(directory, target, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return -errno;
	size = read(file, text, sizeof(text) - 1);
	if (size < 0)
		return -errno;
	text[size] = '\0';
	ret = cxv_record_parse(text, found, sizeof(found), binding);
	if (ret < 0)
		return ret;
	return strcmp(found, identity) == 0 ? 0 : -ENOENT;
}

static int write_whole(int directory, const char *name, const char *text)
{
	_cleanup_close_ int file = -1;
	ssize_t written;

	/* Left by a run that was killed here; the lock is ours, so nobody is writing it. */
	if (unlinkat(directory, name, 0) && errno != ENOENT)
		return -errno;
	file = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (file < 0)
		return -errno;
	written = write(file, text, strlen(text));
	if (written < 0)
		return -errno;
	return (size_t)written == strlen(text) ? 0 : -ENOSPC;
}

int cxv_record_write(const struct cxv_host *host, const char *target, const char *identity,
		     const struct cxv_binding *binding)
{
	_cleanup_close_ int directory = open_directory(host, true);
	char text[RECORD_SIZE], name[32];
	int length, ret;

	if (directory < 0)
		return directory;
	length = snprintf(text, sizeof(text), "device=%s\ndriver=%s\ndriver_override=%s\n",
			  identity, binding->driver, binding->driver_override);
	if (length < 0 || (size_t)length >= sizeof(text))
		return -ENAMETOOLONG;
	snprintf(name, sizeof(name), ".%s.new", target);
	ret = write_whole(directory, name, text);
	if (!ret && renameat(directory, name, directory, target))
		ret = -errno;
	if (ret < 0)
		unlinkat(directory, name, 0);
	return ret;
}

int cxv_record_remove(const struct cxv_host *host, const char *target)
{
	_cleanup_close_ int directory = open_directory(host, false);

	if (directory == -ENOENT)
		return 0;
	if (directory < 0)
		return directory;
	return unlinkat(directory, target, 0) && errno != ENOENT ? -errno : 0;
}
