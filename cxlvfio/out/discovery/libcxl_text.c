// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/discovery/libcxl_text.h"

#include <stdio.h>
#include <string.h>

#include "core/discovery/libcxl_compare.h"

void cxv_show_found_by(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	unsigned int by = cxv_found_by(endpoint);
	char text[64] = "";
	size_t length = 0;

	for (size_t i = 0; i < CXV_FOUND_COUNT; i++)
		if (by & 1u << i)
			length += snprintf(text + length, sizeof(text) - length, "%s%s",
					   length ? " " : "", cxv_found_by_names[i]);
	cxv_print_value(to, "found_by", length ? text : NULL, 0);
}

/* libcxl gives no reasons. These are what it drops an object of that kind for. */
static const char *why_missing(const struct cxv_endpoint *endpoint, const char *kind)
{
	if (!strcmp(kind, "memdev"))
		return endpoint->memdev_node ? "missing: libcxl may be too old" :
					       "missing: it has no device node below /dev/cxl";
	if (!strcmp(kind, "region") || !strcmp(kind, "mapping"))
		return "missing: libcxl drops regions whose uuid it cannot read";
	return "missing";
}

struct showing {
	struct cxv_printer *to;
	const struct cxv_endpoint *endpoint;
};

static int show_object(const struct cxv_libcxl_subject *subject, void *argument)
{
	const struct showing *showing = argument;
	const struct cxv_libcxl *libcxl = showing->endpoint->libcxl;
	char heading[300];
	size_t count;
	const struct cxv_record *records = cxv_libcxl_object(libcxl, subject->kind,
							      subject->name, &count);

	if (subject->above)
		return 0;
	snprintf(heading, sizeof(heading), "libcxl %s %s", subject->kind, subject->name);
	cxv_print_heading(showing->to, heading);
	if (!records)
		cxv_print_value(showing->to, "none", why_missing(showing->endpoint,
								 subject->kind), 0);
	for (size_t i = 0; i < count; i++)
		cxv_print_value(showing->to, records[i].key, records[i].value, 0);
	return 0;
}

void cxv_show_libcxl(struct cxv_printer *to, const struct cxv_endpoint *endpoint)
{
	const struct cxv_libcxl *libcxl = endpoint->libcxl;
	struct showing showing = { .to = to, .endpoint = endpoint };

	if (!libcxl) {
		cxv_print_empty(to, "libcxl", 0);
		return;
	}
	cxv_print_heading(to, "libcxl");
	cxv_print_value(to, "state", cxv_libcxl_state_name(libcxl->state), 0);
	if (libcxl->state != CXV_LIBCXL_ANSWERED) {
		cxv_print_value(to, "reason", libcxl->reason, libcxl->error);
		return;
	}
	cxv_print_value(to, "library", libcxl->library, 0);
	if (!endpoint->memdev.value)
		cxv_print_value(to, "none", "it shows nothing: the CXL core has no memdev of it, "
				"which a driver makes", 0);
	else
		cxv_libcxl_each(endpoint, show_object, &showing);
}
