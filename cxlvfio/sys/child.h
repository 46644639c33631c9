/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every child process of ours does first. */
#ifndef CXLVFIO_SYS_CHILD_H
#define CXLVFIO_SYS_CHILD_H

#include <sys/types.h>

/* Die with PARENT, also where SIGKILL ends it, and leave signals of the terminal to it. */
void cxv_child_enter(pid_t parent);

#endif
