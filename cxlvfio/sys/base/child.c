// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/base/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/base/clock.h"

#define PATIENCE_NS	5000000000ull
#define PAUSE_NS	1000000

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

void cxv_child_end(pid_t child)
{
	uint64_t end = cxv_clock_now() + PATIENCE_NS;

	kill(child, SIGKILL);
	while (!waitpid(child, NULL, WNOHANG) && cxv_clock_now() < end)
		cxv_clock_sleep(PAUSE_NS);
}
