/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parameters of our module that say what the driver offers of devices bound later: changed for
 * the time of a bind that chooses, and put back after it, also by the next bind after one that was
 * killed.
 */
#ifndef CXLVFIO_SYS_BINDING_PARAMETERS_H
#define CXLVFIO_SYS_BINDING_PARAMETERS_H

#include "core/base/errors.h"
#include "core/binding/offer.h"
#include "sys/base/deadline.h"
#include "sys/base/host.h"

#define CXV_PARAMETERS_NOTE	"parameters"	/* in /run/cxlvfio */

/* As they are. -ENOENT: the driver has none of them, or is not loaded. */
int cxv_parameters_read(const struct cxv_host *host, struct cxv_offer *offer);
/* What a bound DEVICE ("0000:0d:00.0") offers; -ENOENT: its driver has no choice. */
int cxv_parameters_of_device(const struct cxv_host *host, const char *device,
			     struct cxv_offer *offer);
/* Keep on disk what is to be put back; the caller has the lock of parameters alone. */
int cxv_parameters_note(const struct cxv_host *host, const struct cxv_offer *offer);
/* What is to be put back is. 0 also where there is no note. */
int cxv_parameters_forget(const struct cxv_host *host);
/*
 * Put back what a run that was killed left, with LOCK (cxv_parameters_lock(), of either kind, which
 * is held alone afterwards if there was something). A warning says that it was done. 0, or -errno
 * with an error kept.
 */
int cxv_parameters_put_back(const struct cxv_host *host, int lock,
			    const struct cxv_deadline *deadline, const char *operation,
			    struct cxv_errors *errors);

#endif
