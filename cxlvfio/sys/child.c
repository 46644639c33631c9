// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

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
