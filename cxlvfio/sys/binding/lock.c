// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/binding/lock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "sys/base/rights.h"
#include "sys/base/state_file.h"

#define RETRY_MS	50

#define NAME_SIZE	32	/* "0000:0d:00.0.lock" */

static int open_lock(const struct cxv_host *host, const char *name)
{
	char file[NAME_SIZE];

	snprintf(file, sizeof(file), "%s.lock", name);
	return cxv_state_file_open(host, file);
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

/* A descriptor, or -errno with *OWNER. */
static int lock_file(const struct cxv_host *host, const char *name, int kind,
		     const struct cxv_deadline *deadline, pid_t *owner)
{
	int lock = open_lock(host, name), ret;

	*owner = 0;
	if (lock < 0)
		return lock;
	ret = take_lock(lock, kind, deadline);
	if (ret < 0) {
		*owner = read_owner(lock);
		close(lock);
		return ret;
	}
	if (kind == LOCK_EX)
		write_owner(lock);
	else
		clear_owner(lock);
	return lock;
}

int cxv_lock(const struct cxv_host *host, const char *name, const struct cxv_deadline *deadline,
	     pid_t *owner)
{
	return lock_file(host, name, LOCK_EX, deadline, owner);
}

int cxv_parameters_lock(const struct cxv_host *host, bool alone,
			const struct cxv_deadline *deadline, pid_t *owner)
{
	return lock_file(host, "parameters", alone ? LOCK_EX : LOCK_SH, deadline, owner);
}

int cxv_parameters_lock_alone(int lock, const struct cxv_deadline *deadline)
{
	int ret = take_lock(lock, LOCK_EX, deadline);

	if (!ret)
		write_owner(lock);
	return ret;
}

uint32_t cxv_lock_owner(const struct cxv_host *host, const char *name)
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

int cxv_lock_fail(const struct cxv_host *host, struct cxv_errors *errors, struct cxv_place place,
		  int lock, pid_t owner, const char *doing, const char *name)
{
	char who[32] = "";

	if (lock == -EBUSY) {
		if (owner)
			snprintf(who, sizeof(who), " (process %d)", (int)owner);
		place.hint = place.hint ?: "wait until it has ended, or give it time with --wait";
		return cxv_error(errors, CXV_DEVICE_BUSY, EBUSY, place, "another cxlvfio%s %s", who,
				 doing);
	}
	if (lock == -ENOTRECOVERABLE)
		place.hint = "it must belong to root, and nobody else may write to it: remove it";
	if (!place.hint)
		place.hint = cxv_rights_hint(host, lock);
	return cxv_error(errors, cxv_code_of_errno(lock), lock, place, "cannot take the lock of %s",
			 name);
}
