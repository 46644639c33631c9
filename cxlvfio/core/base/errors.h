/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What went wrong, kept as data until a printer says it: the same sentence goes to stderr and into
 * the "errors" and "warnings" arrays of the JSON envelope, and the code decides the exit status.
 */
#ifndef CXLVFIO_CORE_BASE_ERRORS_H
#define CXLVFIO_CORE_BASE_ERRORS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/util.h"

/* Exit statuses of the command; cxlvfio(1) documents them. */
enum cxv_exit {
	CXV_EXIT_DONE = 0,		/* done, or already so */
	CXV_EXIT_FAILED = 1,
	CXV_EXIT_USAGE = 2,
	CXV_EXIT_NO_TARGET = 3,
	CXV_EXIT_PERMISSION = 4,
	CXV_EXIT_BUSY = 5,
	CXV_EXIT_UNSUPPORTED = 6,
	CXV_EXIT_VERIFICATION = 7,	/* ran, but verification failed */
	CXV_EXIT_TIMEOUT = 8,
	CXV_EXIT_LOST = 9,		/* device lost: reads return all ones or it is gone */
	CXV_EXIT_PARTIAL = 64,		/* some targets succeeded, some did not */
};

/* errors[].code in JSON: a contract. errors.c holds the names and exit statuses. */
enum cxv_code {
	CXV_FAILED,
	CXV_USAGE,
	CXV_NO_SUCH_TARGET,
	CXV_NOT_TYPE2,			/* the target exists but is no CXL Type-2 endpoint */
	CXV_PERMISSION_DENIED,
	CXV_DEVICE_BUSY,
	CXV_UNSUPPORTED,
	CXV_NO_IOMMU,
	CXV_NO_MODULE,
	CXV_BIND_REFUSED,		/* by the driver; message has its reason */
	CXV_VERIFICATION_FAILED,
	CXV_TIMEOUT,
	CXV_DEVICE_LOST,
	CXV_OUT_OF_MEMORY,
	CXV_CONFLICT,			/* another definition wants another driver */
	CXV_BAD_DEFINITION,		/* a file of definitions that is not understood */
	CXV_NOT_SURVIVED,		/* the machine did not survive what it would do again */
	CXV_CODE_COUNT
};

/* One error or warning. All strings are owned by the errors; NULL where they do not apply. */
struct cxv_message {
	enum cxv_code code;
	int error;		/* positive errno value, 0 when no system call is behind it */
	char *operation;	/* "bind", "read config space" */
	char *target;		/* the BDF, or what the user named */
	char *path;
	char *text;		/* the sentence, without operation, target and errno */
	char *hint;		/* the next step */
};

struct cxv_errors {
	struct cxv_message *errors;
	size_t error_count;
	struct cxv_message *warnings;
	size_t warning_count;
	bool out_of_memory;	/* a message could not be kept: said by the printers */
};

/* Where a message belongs; fields may be NULL. */
struct cxv_place {
	const char *operation;
	const char *target;
	const char *path;
	const char *hint;
};

/*
 * Keep an error. ERROR is an errno value, positive or negative or 0. Returns -ERROR, or -EIO where
 * it is 0, so that "return cxv_error(...)" reads well. Copies every string.
 */
int cxv_error(struct cxv_errors *errors, enum cxv_code code, int error, struct cxv_place place,
	      const char *format, ...) _printf_(5, 6);
/* Keep a warning: as cxv_error(), but the exit status stays. */
void cxv_warning(struct cxv_errors *errors, enum cxv_code code, int error, struct cxv_place place,
		 const char *format, ...) _printf_(5, 6);
void cxv_errors_clear(struct cxv_errors *errors);

/* The code that fits ERROR (positive or negative): EACCES is CXV_PERMISSION_DENIED and so on. */
enum cxv_code cxv_code_of_errno(int error);
/* "DEVICE_BUSY" */
const char *cxv_code_name(enum cxv_code code);
enum cxv_exit cxv_code_exit(enum cxv_code code);
/* The exit status of the worst error kept, CXV_EXIT_DONE without one. */
enum cxv_exit cxv_errors_exit(const struct cxv_errors *errors);
/* The same for a command on several targets: CXV_EXIT_PARTIAL when SUCCEEDED of them are done. */
enum cxv_exit cxv_errors_exit_of_targets(const struct cxv_errors *errors, size_t succeeded);

#endif
