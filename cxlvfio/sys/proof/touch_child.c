// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/touch_child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/base/child.h"

struct request {
	uint64_t seed;
	uint64_t page_size;
	bool as_found;
};

/* What the child inherits. */
struct inheritance {
	const struct cxv_mapping *mapping;
	uint64_t *originals;		/* NULL: none */
	size_t size;			/* of these, in bytes */
};

/* Never returns: until the parent closes its end or dies. */
static void serve(int socket, const struct inheritance *inheritance)
{
	struct request request;
	struct cxv_pass pass;

	while (recv(socket, &request, sizeof(request), 0) == sizeof(request)) {
		struct cxv_touch touch = {
			.seed = request.seed, .page_size = request.page_size,
			.as_found = request.as_found,
			.originals = request.as_found ? inheritance->originals : NULL,
		};

		cxv_touch_read(inheritance->mapping, &touch, &pass);
		if (send(socket, &pass, sizeof(pass), MSG_NOSIGNAL) != sizeof(pass))
			break;
	}
	_exit(0);
}

/* A fork leaves shared pages to be mapped at the first access: not while faults are counted. */
static void map_originals(const struct inheritance *inheritance)
{
	size_t i;

	for (i = 0; i < inheritance->size / sizeof(uint64_t); i += CXV_PAGE_4K / sizeof(uint64_t))
		(void)((volatile uint64_t *)inheritance->originals)[i];
}

static void run_child(int socket, pid_t parent, const struct inheritance *inheritance)
{
	bool counting_works;

	cxv_child_enter(parent);
	/* The first writes of a new process copy its pages: that must not count. */
	if (cxv_touch_begin(&counting_works) < 0 || !counting_works)
		_exit(1);
	map_originals(inheritance);
	serve(socket, inheritance);
}

int cxv_touch_child_start(const struct cxv_mapping *mapping, uint64_t *originals, size_t size,
			  struct cxv_touch_child *child)
{
	struct inheritance inheritance = { mapping, originals, originals ? size : 0 };
	pid_t parent = getpid();
	int sockets[2];

	*child = (struct cxv_touch_child) { .socket = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	child->pid = fork();
	if (child->pid < 0) {
		int error = errno;

		child->pid = 0;
		close(sockets[0]);
		close(sockets[1]);
		return -error;
	}
	if (!child->pid) {
		close(sockets[0]);
		run_child(sockets[1], parent, &inheritance);
	}
	close(sockets[1]);
	child->socket = sockets[0];
	return 0;
}

int cxv_touch_child_read(const struct cxv_touch_child *child, const struct cxv_touch *touch,
			 int timeout, struct cxv_pass *pass)
{
	struct request request = {
		.seed = touch->seed, .page_size = touch->page_size, .as_found = touch->as_found,
	};
	struct pollfd poll_entry = { .fd = child->socket, .events = POLLIN };
	int ready;

	if (send(child->socket, &request, sizeof(request), MSG_NOSIGNAL) != sizeof(request))
		return -EPIPE;
	ready = poll(&poll_entry, 1, timeout);
	if (ready < 0)
		return -errno;
	if (!ready)
		return -ETIMEDOUT;
	if (recv(child->socket, pass, sizeof(*pass), 0) != sizeof(*pass))
		return -EPIPE;
	return 0;
}

void cxv_touch_child_stop(struct cxv_touch_child *child)
{
	if (!child->pid)
		return;
	close(child->socket);
	cxv_child_end(child->pid);
	*child = (struct cxv_touch_child) { .socket = -1 };
}
