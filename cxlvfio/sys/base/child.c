// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/util.h"
#include "sys/base/deadline.h"

#define PATIENCE_MS	5000

void cxv_child_enter(pid_t parent)
{
	/* A ^C on the terminal is the parent's to act on: it still needs an answer. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before that. */
	if (getppid() != parent)
		_exit(1);
}

int cxv_child_wait(pid_t child, const struct cxv_deadline *deadline, int *status)
{
	_cleanup_close_ int process = pidfd_open(child, 0);
	struct pollfd event = { .fd = process, .events = POLLIN };
	int ended;

	if (process < 0)
		return -errno;
	do
		ended = poll(&event, 1, cxv_deadline_left(deadline));
	while (ended < 0 && errno == EINTR);
	if (ended <= 0)
		return ended ? -errno : -ETIMEDOUT;
	return waitpid(child, status, 0) < 0 ? -errno : 0;
}

void cxv_child_end(pid_t child)
{
	struct cxv_deadline deadline = cxv_deadline_after(PATIENCE_MS);

	kill(child, SIGKILL);
	cxv_child_wait(child, &deadline, NULL);
}
