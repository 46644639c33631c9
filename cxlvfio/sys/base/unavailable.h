/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a file that could not be read on its machine stands in an archive and in a directory for
 * --sysroot: as a link to "/.unavailable/EACCES".
 */
#ifndef CXLVFIO_SYS_BASE_UNAVAILABLE_H
#define CXLVFIO_SYS_BASE_UNAVAILABLE_H

#define CXV_UNAVAILABLE		"/.unavailable/"

/* The errno that a link to TARGET stands for, 0: it is an ordinary link. */
int cxv_unavailable_errno(const char *target);

#endif
