/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every child process of ours does first, and how it ends. */
#ifndef CXLVFIO_SYS_BASE_CHILD_H
#define CXLVFIO_SYS_BASE_CHILD_H

#include <sys/types.h>

struct cxv_deadline;

/* Die with PARENT, also where SIGKILL ends it, and leave signals of the terminal to it. */
void cxv_child_enter(pid_t parent);
/* Up to CHILD's end: 0 and its wait(2) *STATUS (NULL: not wanted), -ETIMEDOUT, or -errno. */
int cxv_child_wait(pid_t child, const struct cxv_deadline *deadline, int *status);
/* SIGKILL, and wait for 5 seconds: one that hangs in a fault of the memory is left alone. */
void cxv_child_end(pid_t child);

#endif
