// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/base/kernel_record.h"

#include <stdio.h>
#include <string.h>

#define PRIORITY_WARNING	4
#define MODULE			"cxl_vfio_pci"

void cxv_kernel_record_count(const char *record, const char *target,
			     struct cxv_kernel_words *words)
{
	const char *message = strchr(record, ';');
	unsigned int priority;

	/* Above 7 is a facility: not the kernel's own words, but what a program wrote there. */
	if (!message || sscanf(record, "%u,", &priority) != 1 || priority > PRIORITY_WARNING)
		return;
	message++;
	if (!strstr(message, target) && !strstr(message, MODULE))
		return;
	if (!words->warnings++)
		snprintf(words->first, sizeof(words->first), "%.*s", (int)strcspn(message, "\n"),
			 message);
}
