// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/libcxl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/format.h"
#include "libcxl_status.h"
#include "sys/base/child.h"
#include "sys/base/deadline.h"

/* Where it is installed: nothing that a user says changes what root starts. */
const char cxv_libcxl_program[] = CXLVFIO_LIBCXL_PROGRAM;

#define PATIENCE_MS	2000
/* 1,000 endpoints have 2 MiB. */
#define ANSWER_MAX	((size_t)16 << 20)
#define CHUNK		((size_t)64 << 10)

/* Files of another machine: what is running here knows nothing of it. */
static bool is_elsewhere(const struct cxv_host *host)
{
	return host->fixture || (host->tree && !host->live);
}

static bool is_asked(const struct cxv_host *host)
{
	return host->libcxl != CXV_LIBCXL_NOTHING && !is_elsewhere(host) &&
	       cxv_host_exists(host, "sys/bus/cxl");
}

/*
 * The caller's environment is not the program's: it may be root's. None of our descriptors but the
 * pipe, and signals as they are by default, however this process has them.
 */
static int spawn(const struct cxv_host *host, int output, pid_t *child)
{
	char *const arguments[] = {
		"cxlvfio-libcxl", host->libcxl == CXV_LIBCXL_ALL ? "all" : "memdevs", NULL,
	};
	char *const environment[] = { "LC_ALL=C", NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	error = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0) ?:
		posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO) ?:
		posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY,
						 0) ?:
		posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1) ?:
		posix_spawnattr_setsigmask(&attributes, &none) ?:
		posix_spawnattr_setsigdefault(&attributes, &all) ?:
		posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF) ?:
		posix_spawn(child, cxv_libcxl_program, &files, &attributes, arguments,
			    environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return -error;
}

void cxv_libcxl_ask(const struct cxv_host *host, struct cxv_question *question)
{
	int ends[2];

	*question = (struct cxv_question) {
		.output = -1,
		.deadline = cxv_deadline_after(PATIENCE_MS),
	};
	if (!is_asked(host))
		return;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		question->error = -errno;
		return;
	}
	/* So that it need not wait for us to read. Less will do. */
	fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
	question->error = spawn(host, ends[1], &question->child);
	close(ends[1]);
	if (question->error) {
		question->child = 0;
		close(ends[0]);
		return;
	}
	question->output = ends[0];
}

/* Up to the end of the answer. 0 or -errno; -ETIMEDOUT: it takes too long. */
static int read_answer(int output, const struct cxv_deadline *deadline, char **text,
		       size_t *length)
{
	size_t room = 0;

	for (*length = 0; *length <= ANSWER_MAX;) {
		struct pollfd event = { .fd = output, .events = POLLIN };
		ssize_t got;

		if (room - *length < CHUNK) {
			char *bigger = realloc(*text, room = 2 * room + CHUNK);

			if (!bigger)
				return -ENOMEM;
			*text = bigger;
		}
		got = poll(&event, 1, cxv_deadline_left(deadline));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -ETIMEDOUT;
		got = read(output, *text + *length, room - *length);
		if (got <= 0)
			return got ? -errno : 0;
		*length += got;
	}
	return -EFBIG;
}

_printf_(3, 4)
static int fail(struct cxv_libcxl **libcxl, int error, const char *format, ...)
{
	_cleanup_free_ char *reason = NULL;
	va_list arguments;

	va_start(arguments, format);
	reason = cxv_vformat(format, arguments);
	va_end(arguments);
	if (!reason)
		return -ENOMEM;
	*libcxl = cxv_libcxl_silent(CXV_LIBCXL_FAILED, error, reason);
	return *libcxl ? 0 : -ENOMEM;
}

static int fail_to_start(struct cxv_libcxl **libcxl, int error)
{
	if (error == -ENOENT)
		return fail(libcxl, error, "%s is not installed", cxv_libcxl_program);
	return fail(libcxl, error, "%s cannot be started", cxv_libcxl_program);
}

static int fail_to_answer(struct cxv_libcxl **libcxl, int error)
{
	if (error == -ETIMEDOUT)
		return fail(libcxl, error, "it took longer than %d seconds", PATIENCE_MS / 1000);
	if (error == -EFBIG)
		return fail(libcxl, error, "its answer is longer than %zu bytes", ANSWER_MAX);
	return fail(libcxl, error, "its answer cannot be read");
}

static int fail_by_status(struct cxv_libcxl **libcxl, int status)
{
	if (WIFSIGNALED(status))
		return fail(libcxl, 0, "it was ended by signal %d (%s)", WTERMSIG(status),
			    sigdescr_np(WTERMSIG(status)) ?: "unknown");
	switch (WEXITSTATUS(status)) {
	case CXV_LIBCXL_EXIT_NOT_SEALED:
		return fail(libcxl, 0, "cxlvfio-libcxl could not give up write access, so it "
			    "did not ask libcxl");
	case CXV_LIBCXL_EXIT_NOT_LOADED:
		return fail(libcxl, 0, "the library is not there, or older than ndctl 79");
	default:
		return fail(libcxl, 0, "it ended with status %d", WEXITSTATUS(status));
	}
}

/* A copy with lines and tabs, which redaction understands and a person can read. */
static int keep(const struct cxv_host *host, const struct cxv_libcxl *libcxl, const char *text,
		size_t length)
{
	_cleanup_free_ char *lines = malloc(length + 1);
	size_t strings = 0;

	if (!lines)
		return -ENOMEM;
	for (size_t i = 0; i < length; i++)
		lines[i] = text[i] ? text[i] : ++strings % 4 ? '\t' : '\n';
	return cxv_host_keep(host, libcxl->state == CXV_LIBCXL_ANSWERED ? 0 :
			     -(libcxl->error ?: EIO), lines, length, "%s", CXV_LIBCXL_ANSWER);
}

static int take_answer(const struct cxv_host *host, char *text, size_t length,
		       struct cxv_libcxl **libcxl)
{
	_cleanup_free_ char *copy = NULL;

	if (host->live) {
		copy = malloc(length + 1);
		if (!copy) {
			free(text);
			return -ENOMEM;
		}
		memcpy(copy, text ?: "", length);
	}
	*libcxl = cxv_libcxl_of_answer(text, length);
	if (!*libcxl)
		return -ENOMEM;
	return copy ? keep(host, *libcxl, copy, length) : 0;
}

static int hear(const struct cxv_host *host, struct cxv_question *question,
		struct cxv_libcxl **libcxl)
{
	char *text = NULL;
	size_t length;
	int status, error;

	error = read_answer(question->output, &question->deadline, &text, &length);
	close(question->output);
	if (!error)
		error = cxv_child_wait(question->child, &question->deadline, &status);
	if (error)
		cxv_child_end(question->child);
	if (!error && WIFEXITED(status) && WEXITSTATUS(status) == CXV_LIBCXL_EXIT_DONE)
		return take_answer(host, text, length, libcxl);
	free(text);
	if (error == -ENOMEM)
		return error;
	return error ? fail_to_answer(libcxl, error) : fail_by_status(libcxl, status);
}

static int silent(struct cxv_libcxl **libcxl, int error, const char *reason)
{
	*libcxl = cxv_libcxl_silent(CXV_LIBCXL_NOT_ASKED, error, reason);
	return *libcxl ? 0 : -ENOMEM;
}

/* What a snapshot kept. */
static int recall(const struct cxv_host *host, struct cxv_libcxl **libcxl)
{
	char *text = NULL;
	size_t length;
	int error = cxv_host_read_file(host, &text, &length, ANSWER_MAX, CXV_LIBCXL_ANSWER);

	if (error == -ENOMEM)
		return error;
	if (error < 0)
		return silent(libcxl, error == -ENOENT || error == -ENODATA ? 0 : error,
			      "these are files, without an answer of libcxl");
	*libcxl = cxv_libcxl_of_answer(text, length);
	if (!*libcxl)
		return -ENOMEM;
	/* As the same command had it on the machine itself. */
	(*libcxl)->memdevs_only |= host->libcxl == CXV_LIBCXL_MEMDEVS;
	return 0;
}

int cxv_libcxl_answer(const struct cxv_host *host, struct cxv_question *question,
		      struct cxv_libcxl **libcxl)
{
	*libcxl = NULL;
	if (question->error)
		return fail_to_start(libcxl, question->error);
	if (question->child)
		return hear(host, question, libcxl);
	if (host->libcxl == CXV_LIBCXL_NOTHING)
		return silent(libcxl, 0, "this command does not need it");
	return is_elsewhere(host) ? recall(host, libcxl) :
				    silent(libcxl, 0, "this kernel has no CXL bus");
}
