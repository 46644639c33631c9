/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The function's reset_method attribute: changed for the time of a reset, put back after it, also
 * by the next run after one that was killed.
 */
#ifndef CXLVFIO_SYS_PROOF_RESET_METHOD_H
#define CXLVFIO_SYS_PROOF_RESET_METHOD_H

#include <stdbool.h>

#include "core/base/errors.h"
#include "sys/base/kept_file.h"

struct cxv_reset_method {
	char bdf[16];
	char *saved;		/* as it was; NULL: not changed */
};

/* The attribute as it is, words separated by spaces. *METHODS is the caller's to free. */
int cxv_reset_method_read(const struct cxv_host *host, const char *bdf, char **methods);
/* The same file, to be read often. 0 or -ENOMEM. */
int cxv_reset_method_file(const char *bdf, struct cxv_kept_file *file);
/* The same as it will be once what a killed run left is put back. */
int cxv_reset_method_pending(const struct cxv_host *host, const char *bdf, char **methods);
/*
 * Put back what a killed run left: 1 where there was something, with *METHODS (to free) the value
 * that was restored; 0 where there was not; -errno.
 */
int cxv_reset_method_recover(const struct cxv_host *host, const char *bdf, char **methods);
/*
 * The same for a command that has BDF's lock: a warning says that it was done. 0, or -errno with an
 * error kept where the command is one that resets (MUST), and with a warning where it is not.
 */
int cxv_reset_method_put_back(const struct cxv_host *host, const char *bdf, const char *operation,
			      bool must, struct cxv_errors *errors);
/*
 * Save, the first time that METHOD, which begins empty, is used for it, and set. The saved value is
 * on disk before the attribute changes.
 */
int cxv_reset_method_set(const struct cxv_host *host, const char *bdf, const char *name,
			 struct cxv_reset_method *method);
/* Undo cxv_reset_method_set(); nothing where it was not called or changed nothing. */
int cxv_reset_method_restore(const struct cxv_host *host, struct cxv_reset_method *method);

#endif
