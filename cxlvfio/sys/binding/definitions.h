/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of definitions: /etc/cxlvfio.d, /run/cxlvfio.d and /usr/lib/cxlvfio.d, as systemd(1)
 * has its own. No link is followed, but one to /dev/null masks as an empty file does. Files are
 * written whole or not at all: only a name that ends in ".conf" is read, and it gets it last.
 */
#ifndef CXLVFIO_SYS_BINDING_DEFINITIONS_H
#define CXLVFIO_SYS_BINDING_DEFINITIONS_H

#include "core/base/errors.h"
#include "core/binding/definition.h"
#include "sys/base/deadline.h"
#include "sys/base/host.h"

/* "etc/cxlvfio.d" */
const char *cxv_definition_directory(enum cxv_definition_source source);

/*
 * Every definition; a file that cannot be read or is not understood is one that says why. 0, or
 * -errno: a directory cannot be read, with the error kept, or no memory. Clear in any case.
 */
int cxv_definitions_read(const struct cxv_host *host, struct cxv_errors *errors,
			 struct cxv_definitions *definitions);
/*
 * Find out which of them want a driver that this kernel neither has nor has a module of. Where no
 * modules are to be seen that is not known of any.
 */
void cxv_definitions_look_for_drivers(const struct cxv_host *host,
				      struct cxv_definitions *definitions);
/* Whether SOURCE has a file NAME, of whatever kind. */
bool cxv_definition_exists(const struct cxv_host *host, enum cxv_definition_source source,
			   const char *name);

/* Writers take turns, as cxv_lock() says. */
int cxv_definitions_lock(const struct cxv_host *host, const struct cxv_deadline *deadline,
			 pid_t *owner);
/* NAME is one that a writer has until it is done. */
bool cxv_definition_is_unfinished(const char *name);
/* With the lock. Remove what writers that were killed left in /etc. 0 or -errno. */
int cxv_definitions_clean(const struct cxv_host *host);
/* /etc/cxlvfio.d/NAME is TEXT, also after a power failure. 0 or -errno. */
int cxv_definition_write(const struct cxv_host *host, const char *name, const char *text);
/* There is no NAME any more in SOURCE; 0 also where there was none. */
int cxv_definition_remove(const struct cxv_host *host, enum cxv_definition_source source,
			  const char *name);

/* The driver that driverctl(8) sets for ADDRESS at every boot; *DRIVER is NULL without one. */
int cxv_driverctl_read(const struct cxv_host *host, const char *address, char **driver);

#endif
