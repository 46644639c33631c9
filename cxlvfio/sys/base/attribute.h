/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes of one sysfs directory as facts; what cannot be read keeps its errno. */
#ifndef CXLVFIO_SYS_BASE_ATTRIBUTE_H
#define CXLVFIO_SYS_BASE_ATTRIBUTE_H

#include "core/discovery/endpoint.h"
#include "sys/base/host.h"

/*
 * A directory of many attributes, walked to once: give HOST and PATH to the functions below.
 * Begin with zeroes, and close in any case.
 */
struct cxv_directory {
	const struct cxv_host *host;
	const char *path;
	struct cxv_host inside;
	char outside[320];	/* "sys/bus/cxl/devices/" and a name */
};

void cxv_directory_open(const struct cxv_host *host, struct cxv_directory *directory,
			const char *format, ...) __attribute__((format(printf, 3, 4)));
void cxv_directory_close(struct cxv_directory *directory);

struct cxv_text cxv_attribute_text(const struct cxv_host *host, const char *directory,
				   const char *name);
struct cxv_number cxv_attribute_number(const struct cxv_host *host, const char *directory,
				       const char *name);
/* The number in a text, as the kernel prints it. */
struct cxv_number cxv_attribute_parse(const struct cxv_text *text);
/* A link that need not be there: ENOENT is none. */
struct cxv_text cxv_attribute_link(const struct cxv_host *host, const char *directory,
				   const char *name);
/* An empty attribute says that there is none. */
struct cxv_text cxv_attribute_text_or_none(const struct cxv_host *host, const char *directory,
					   const char *name);
/* "enabled" with a driver bound, else "disabled": the words of cxl-list(1). */
struct cxv_text cxv_attribute_bound(const struct cxv_host *host, const char *directory);
/* An attribute that says -1 for none, and need not be there. */
struct cxv_number cxv_attribute_node(const struct cxv_host *host, const char *directory,
				     const char *name);
/* The words of an attribute; one that need not be there. */
struct cxv_names cxv_attribute_words(const struct cxv_host *host, const char *directory,
				     const char *name);
/* A copy of VALUE. */
struct cxv_text cxv_text_of(const char *value);
/* "none" instead of "ENOENT is the reason". */
void cxv_text_optional(struct cxv_text *text);
void cxv_number_optional(struct cxv_number *number);

#endif
