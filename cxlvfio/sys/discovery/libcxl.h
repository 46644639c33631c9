/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking libcxl, in a program of its own (libcxl/main.c) that can neither write nor take longer
 * than two seconds nor end this one. Of files of another machine only the answer that a snapshot
 * kept can be had.
 */
#ifndef CXLVFIO_SYS_DISCOVERY_LIBCXL_H
#define CXLVFIO_SYS_DISCOVERY_LIBCXL_H

#include <sys/types.h>

#include "core/discovery/libcxl.h"
#include "sys/base/deadline.h"
#include "sys/base/host.h"

/* Where a snapshot keeps the answer: a line a record, with tabs. */
#define CXV_LIBCXL_ANSWER	"libcxl.records"

extern const char cxv_libcxl_program[];	/* its path */

/* A question that is being answered while this program does something else. */
struct cxv_question {
	pid_t child;		/* 0: nobody was started */
	int output;
	int error;		/* -errno of starting it */
	struct cxv_deadline deadline;	/* two seconds after its start */
};

/* Every one is ended by cxv_libcxl_answer(), in any case. */
void cxv_libcxl_ask(const struct cxv_host *host, struct cxv_question *question);
/* *LIBCXL has one user. What went wrong is its reason. 0 or -ENOMEM, also -EFBIG in a capture. */
int cxv_libcxl_answer(const struct cxv_host *host, struct cxv_question *question,
		      struct cxv_libcxl **libcxl);

#endif
