/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything about one endpoint as text: the JSON object's keys and values, in sections. */
#ifndef CXLVFIO_OUT_DISCOVERY_SHOW_TEXT_H
#define CXLVFIO_OUT_DISCOVERY_SHOW_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/discovery/endpoint.h"

/* One bit a section, in the order in which they are printed. */
#define CXV_SECTIONS_ALL	(~0u)

/* The names of all sections, one space between them. */
extern const char cxv_section_names[];

/* "pci,vfio" as bits. -EINVAL: BAD points at the word in LIST that is no section. */
int cxv_sections_parse(const char *list, unsigned int *sections, const char **bad);
/* 0 or -ENOMEM. */
int cxv_show_print(const struct cxv_endpoint *endpoint, unsigned int sections, bool human,
		   FILE *stream);

#endif
