/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes of one sysfs directory as facts; what cannot be read keeps its errno. */
#ifndef CXLVFIO_SYS_ATTRIBUTE_H
#define CXLVFIO_SYS_ATTRIBUTE_H

#include "core/endpoint.h"
#include "sys/host.h"

struct cxv_text cxv_attribute_text(const struct cxv_host *host, const char *directory,
				   const char *name);
struct cxv_number cxv_attribute_number(const struct cxv_host *host, const char *directory,
				       const char *name);
/* The number in a text, as the kernel prints it. */
struct cxv_number cxv_attribute_parse(const struct cxv_text *text);
/* A link that need not be there: ENOENT is none. */
struct cxv_text cxv_attribute_link(const struct cxv_host *host, const char *directory,
				   const char *name);
/* The words of an attribute; one that need not be there. */
struct cxv_names cxv_attribute_words(const struct cxv_host *host, const char *directory,
				     const char *name);
/* "none" instead of "ENOENT is the reason". */
void cxv_text_optional(struct cxv_text *text);
void cxv_number_optional(struct cxv_number *number);

#endif
