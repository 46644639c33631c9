// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/monitor/hints.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/base/format.h"
#include "cxl_vfio.h"
#include "sys/base/deadline.h"
#include "sys/discovery/pci.h"
#include "sys/base/udev.h"
#include "sys/monitor/trace.h"

/* What an end, by a signal or in time, grants whoever reads what is being written. */
#define GRACE_MS	2000

/* A file that is followed: the driver's state, by poll(2), or a node, by inotify(7). */
struct followed {
	char *path;		/* relative to the root */
	int descriptor;		/* -1: a node */
	int watch;		/* of inotify; -1: a state */
	bool wanted;
};

enum source {
	SOURCE_SIGNALS,
	SOURCE_KERNEL,
	SOURCE_UDEV,
	SOURCE_NODES,
	SOURCE_TRACE,
	SOURCE_OUTPUT,
	SOURCE_COUNT		/* behind them: those that are followed */
};

struct cxv_hints {
	const struct cxv_host *host;
	int signals;
	int nodes;		/* inotify */
	struct cxv_monitor *kernel;
	struct cxv_monitor *udev;	/* NULL: none, the kernel is enough */
	struct cxv_trace *trace;	/* NULL: not for this user */
	struct followed *followed;
	size_t count;
	bool grew;		/* since follow_begin */
	struct cxv_deadline grace;	/* of writing; no end: it has not begun */
	int ended;			/* -errno: why it has */
};

static void followed_clear(struct cxv_hints *hints, struct followed *followed)
{
	if (followed->watch >= 0)
		inotify_rm_watch(hints->nodes, followed->watch);
	if (followed->descriptor >= 0)
		close(followed->descriptor);
	free(followed->path);
}

static int open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

int cxv_hints_open(const struct cxv_host *host, struct cxv_hints **hints)
{
	struct cxv_hints *new = calloc(1, sizeof(*new));
	int error;

	if (!new)
		return -ENOMEM;
	new->host = host;
	new->signals = open_signals();
	new->nodes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	error = new->signals < 0 || new->nodes < 0 ? -errno : 0;
	if (!error) {
		new->kernel = cxv_monitor_open(CXV_MONITOR_KERNEL);
		error = new->kernel ? 0 : -(errno ?: EOPNOTSUPP);
	}
	if (error < 0) {
		cxv_hints_close(new);
		return error;
	}
	new->udev = cxv_monitor_open(CXV_MONITOR_UDEV);
	new->trace = cxv_trace_open();
	*hints = new;
	return 0;
}

void cxv_hints_close(struct cxv_hints *hints)
{
	if (!hints)
		return;
	for (size_t i = 0; i < hints->count; i++)
		followed_clear(hints, &hints->followed[i]);
	free(hints->followed);
	cxv_trace_close(hints->trace);
	cxv_monitor_close(hints->udev);
	cxv_monitor_close(hints->kernel);
	if (hints->nodes >= 0)
		close(hints->nodes);
	if (hints->signals >= 0)
		close(hints->signals);
	free(hints);
}

void cxv_hints_follow_begin(struct cxv_hints *hints)
{
	for (size_t i = 0; i < hints->count; i++)
		hints->followed[i].wanted = false;
	hints->grew = false;
	cxv_trace_enable(hints->trace);
}

/*
 * sysfs wakes whoever has read the attribute since it changed. False: it is another driver's, or
 * nobody's, and would wake for ever.
 */
static bool read_state(int descriptor)
{
	char text[64];
	ssize_t length;

	do
		length = pread(descriptor, text, sizeof(text), 0);
	while (length < 0 && errno == EINTR);
	return length >= 0;
}

static int start(struct cxv_hints *hints, struct followed *followed, bool is_node)
{
	_cleanup_free_ char *path = NULL;

	followed->descriptor = followed->watch = -1;
	if (is_node) {
		path = cxv_format("%s/%s", hints->host->root_path, followed->path);
		if (!path)
			return -ENOMEM;
		followed->watch = inotify_add_watch(hints->nodes, path, IN_OPEN | IN_CLOSE |
						    IN_ATTRIB | IN_DELETE_SELF);
		return followed->watch < 0 ? -errno : 0;
	}
	followed->descriptor = cxv_host_open_file(hints->host, O_RDONLY | O_CLOEXEC, "%s",
						  followed->path);
	if (followed->descriptor < 0)
		return followed->descriptor;
	if (read_state(followed->descriptor))
		return 0;
	close(followed->descriptor);
	return -ENODEV;
}

/* It says nothing: others do. */
static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENODEV;
}

/* PATH is taken over. */
static int follow(struct cxv_hints *hints, char *path, bool is_node)
{
	struct followed *new;
	int error;

	if (!path)
		return -ENOMEM;
	for (size_t i = 0; i < hints->count; i++)
		if (!strcmp(hints->followed[i].path, path)) {
			hints->followed[i].wanted = true;
			free(path);
			return 0;
		}
	new = cxv_array_add(hints->followed, hints->count);
	if (!new) {
		free(path);
		return -ENOMEM;
	}
	*new = (struct followed) { .path = path, .wanted = true };
	error = start(hints, new, is_node);
	if (error < 0) {
		hints->count--;
		free(path);
		return is_gone(error) ? 0 : error;
	}
	hints->grew = true;
	return 0;
}

static int follow_node(struct cxv_hints *hints, const char *node)
{
	return node && *node == '/' ? follow(hints, strdup(node + 1), true) : 0;
}

static int follow_state(struct cxv_hints *hints, const struct cxv_endpoint *endpoint)
{
	if (!endpoint->has_driver_view)
		return 0;
	return follow(hints, cxv_format(CXV_PCI_DEVICES "/%s/" CXL_VFIO_SYSFS_GROUP "/state",
					endpoint->host), false);
}

int cxv_hints_follow(struct cxv_hints *hints, const struct cxv_endpoint *endpoint)
{
	/* What of one cannot be followed must not take the others along. */
	int group = follow_node(hints, endpoint->vfio.group_node.value);
	int cdev = follow_node(hints, endpoint->vfio.cdev_node.value);
	int state = follow_state(hints, endpoint);

	return group ?: cdev ?: state;
}

static void drop(struct cxv_hints *hints, size_t index)
{
	followed_clear(hints, &hints->followed[index]);
	hints->followed[index] = hints->followed[--hints->count];
}

int cxv_hints_follow_end(struct cxv_hints *hints)
{
	for (size_t i = hints->count; i-- > 0;)
		if (!hints->followed[i].wanted)
			drop(hints, i);
	return hints->grew;
}

/* A node that is gone takes its watch along. */
static void forget_watch(struct cxv_hints *hints, int watch)
{
	for (size_t i = 0; i < hints->count; i++)
		if (hints->followed[i].watch == watch) {
			hints->followed[i].watch = -1;
			drop(hints, i);
			return;
		}
}

/* 0 or -ENOBUFS. */
static int drain_nodes(struct cxv_hints *hints)
{
	_Alignas(struct inotify_event) char buffer[4096];
	ssize_t length;
	int error = 0;

	while ((length = read(hints->nodes, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < length;) {
			const struct inotify_event *event = (void *)(buffer + at);

			if (event->mask & IN_Q_OVERFLOW)
				error = -ENOBUFS;
			if (event->mask & IN_IGNORED)
				forget_watch(hints, event->wd);
			at += (ssize_t)sizeof(*event) + event->len;
		}
	}
	return error;
}

/* A signal that is ignored, as SIGHUP is under nohup(1), must not wake us again and again. */
static int take_signal(const struct cxv_hints *hints)
{
	struct signalfd_siginfo signal;

	if (cxv_signal_came())
		return -EINTR;
	while (read(hints->signals, &signal, sizeof(signal)) > 0)
		;
	return 0;
}

static void fill(const struct cxv_hints *hints, int output, struct pollfd *files)
{
	files[SOURCE_SIGNALS] = (struct pollfd) { .fd = hints->signals, .events = POLLIN };
	files[SOURCE_KERNEL] = (struct pollfd) {
		.fd = cxv_monitor_descriptor(hints->kernel), .events = POLLIN,
	};
	files[SOURCE_UDEV] = (struct pollfd) {
		.fd = cxv_monitor_descriptor(hints->udev), .events = POLLIN,
	};
	files[SOURCE_NODES] = (struct pollfd) { .fd = hints->nodes, .events = POLLIN };
	files[SOURCE_TRACE] = (struct pollfd) {
		.fd = cxv_trace_descriptor(hints->trace), .events = POLLIN,
	};
	/* Nothing is asked for: the end of a pipe that nobody reads is told in any case. */
	files[SOURCE_OUTPUT] = (struct pollfd) { .fd = output };
	for (size_t i = 0; i < hints->count; i++)
		files[SOURCE_COUNT + i] = (struct pollfd) {
			.fd = hints->followed[i].descriptor, .events = POLLPRI,
		};
}

/* The kernel wakes us for every device, of which most are not ours. */
static void drain(struct cxv_monitor *monitor, const struct pollfd *file, int *seen, int *error)
{
	int events = file->revents ? cxv_monitor_drain(monitor) : 0;

	if (events < 0)
		*error = events;
	else if (events)
		*seen = 1;
}

/* 1: something may have changed; 0: nothing did; or -errno as cxv_hints_wait(). */
static int take(struct cxv_hints *hints, const struct pollfd *files, size_t count)
{
	int seen = 0, error = 0;

	if (files[SOURCE_SIGNALS].revents && take_signal(hints) < 0)
		return -EINTR;
	if (files[SOURCE_OUTPUT].revents & (POLLERR | POLLHUP | POLLNVAL))
		return -EPIPE;
	/* From the last: dropping one moves the last into its place. */
	for (size_t i = count; i-- > 0;)
		if (files[SOURCE_COUNT + i].revents) {
			seen = 1;
			if (!read_state(files[SOURCE_COUNT + i].fd))
				drop(hints, i);
		}
	seen |= files[SOURCE_NODES].revents || files[SOURCE_TRACE].revents;
	drain(hints->kernel, &files[SOURCE_KERNEL], &seen, &error);
	drain(hints->udev, &files[SOURCE_UDEV], &seen, &error);
	if (files[SOURCE_TRACE].revents)
		cxv_trace_drain(hints->trace);
	/* The last: it may drop what is followed. */
	if (files[SOURCE_NODES].revents)
		error = drain_nodes(hints) ?: error;
	return error ?: seen;
}

int cxv_hints_wait(struct cxv_hints *hints, const struct cxv_deadline *deadline, int output)
{
	size_t count = hints->count;
	_cleanup_free_ struct pollfd *files = reallocarray(NULL, SOURCE_COUNT + count,
							   sizeof(*files));

	if (!files)
		return -ENOMEM;
	for (;;) {
		int left = deadline ? cxv_deadline_left(deadline) : -1, ready, seen;

		/* Also where one hint follows the other. */
		if (!left)
			return -ETIMEDOUT;
		fill(hints, output, files);
		ready = poll(files, SOURCE_COUNT + count, left);
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready <= 0)
			continue;
		seen = take(hints, files, count);
		if (seen)
			return seen < 0 ? seen : 0;
	}
}

static void begin_grace(struct cxv_hints *hints, int error)
{
	hints->grace = cxv_deadline_after(GRACE_MS);
	hints->ended = error;
}

/* Until OUTPUT takes PIPE_BUF bytes without making us wait: 1. 0: look again. */
static int wait_for_room(struct cxv_hints *hints, const struct cxv_deadline *deadline, int output)
{
	bool ending = hints->ended;
	const struct cxv_deadline *until = ending ? &hints->grace : deadline;
	struct pollfd files[] = {
		{ .fd = output, .events = POLLOUT },
		{ .fd = ending ? -1 : hints->signals, .events = POLLIN },
	};
	int ready = poll(files, ARRAY_SIZE(files), until ? cxv_deadline_left(until) : -1);

	if (ready < 0)
		return errno == EINTR ? 0 : -errno;
	if (!ready && ending)
		return hints->ended;
	if (!ready)
		begin_grace(hints, -ETIMEDOUT);
	else if (files[1].revents && take_signal(hints) < 0)
		begin_grace(hints, -EINTR);
	return !!files[0].revents;
}

int cxv_hints_write(struct cxv_hints *hints, const struct cxv_deadline *deadline, int output,
		    const char *text, size_t length)
{
	while (length) {
		ssize_t written;
		int ready = wait_for_room(hints, deadline, output);

		if (ready < 0)
			return ready;
		if (!ready)
			continue;
		written = write(output, text, length < PIPE_BUF ? length : PIPE_BUF);
		if (written < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (written > 0) {
			text += written;
			length -= written;
		}
	}
	return 0;
}
