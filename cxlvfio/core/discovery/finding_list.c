// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/finding_list.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "core/base/format.h"

static const char *const severity_names[] = {
	[CXV_SEVERITY_INFO] = "info",
	[CXV_SEVERITY_WARNING] = "warning",
	[CXV_SEVERITY_ERROR] = "error",
};

const char *cxv_severity_name(enum cxv_severity severity)
{
	return severity_names[severity];
}

int cxv_found(char **message, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	*message = cxv_vformat(format, arguments);
	va_end(arguments);
	return *message ? 1 : -ENOMEM;
}

int cxv_findings_add(struct cxv_findings *findings, const char *id, enum cxv_severity severity,
		     char *message, const char *hint)
{
	struct cxv_finding *added = cxv_array_add(findings->items, findings->count);

	if (!added) {
		free(message);
		return -ENOMEM;
	}
	*added = (struct cxv_finding) { id, severity, message, hint };
	return 0;
}

void cxv_findings_clear(struct cxv_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		free(findings->items[i].message);
	free(findings->items);
	*findings = (struct cxv_findings) { 0 };
}
