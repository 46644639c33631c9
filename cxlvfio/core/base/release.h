/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The release of a kernel. */
#ifndef CXLVFIO_CORE_BASE_RELEASE_H
#define CXLVFIO_CORE_BASE_RELEASE_H

/* "7.3.4-1-amd64" is at least MAJOR.MINOR. -1: it is no release. */
int cxv_release_is_at_least(const char *release, unsigned int major, unsigned int minor);

#endif
