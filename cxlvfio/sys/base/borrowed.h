/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An attribute of a function that is changed for a time and put back after it, also by the next run
 * after one that was killed.
 */
#ifndef CXLVFIO_SYS_BASE_BORROWED_H
#define CXLVFIO_SYS_BASE_BORROWED_H

#include <stdbool.h>

#include "core/base/errors.h"
#include "cxl_vfio.h"
#include "sys/base/host.h"

/* Those that are: below the function's directory; what is saved is called after the last part. */
#define CXV_RESET_METHOD	"reset_method"
#define CXV_SCRUB_POLICY	CXL_VFIO_SYSFS_GROUP "/scrub_policy"

/* Begins empty. */
struct cxv_borrowed {
	char bdf[16];
	const char *attribute;	/* one of the above */
	char *saved;		/* as it was; NULL: not changed */
};

/* ATTRIBUTE as it will be once what a killed run left is put back; *VALUE is to free. */
int cxv_borrowed_pending(const struct cxv_host *host, const char *bdf, const char *attribute,
			 char **value);
/* Whether a run has saved it: one that was killed, or one that is on it now. */
bool cxv_borrowed_noted(const struct cxv_host *host, const char *bdf, const char *attribute);
/*
 * For a command that has BDF's lock: put back what a killed run left; a warning says that it was
 * done. 0, or -errno with an error kept where the command is one that resets (MUST), and with a
 * warning where it is not.
 */
int cxv_borrowed_put_back(const struct cxv_host *host, const char *bdf, const char *operation,
			  bool must, struct cxv_errors *errors);
/*
 * Save, the first time that BORROWED is used for ATTRIBUTE, and set. The saved value is in its file
 * before the attribute changes.
 */
int cxv_borrowed_set(const struct cxv_host *host, const char *bdf, const char *attribute,
		     const char *value, struct cxv_borrowed *borrowed);
/* Undo cxv_borrowed_set(); nothing where it was not called or changed nothing. */
int cxv_borrowed_restore(const struct cxv_host *host, struct cxv_borrowed *borrowed);

#endif
