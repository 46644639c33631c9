// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: whether what is bound now will be bound after the next boot, too. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/doctor/checks.h"
#include "cxl_vfio.h"

/* 1: there are definitions to look at; else the check is done. */
static int has_definitions(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	const struct cxv_doctor_text *unread = &facts->unread_definitions;

	if (facts->is_snapshot)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "a snapshot has no definitions");
	if (unread->path && unread->error == EACCES)
		return cxv_doctor_unread(check, unread->error, unread->path);
	if (facts->definitions.count || unread->path)
		return 1;
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "there is no definition");
}

/* "/etc/cxlvfio.d/a.conf: line 3: ..." */
static int tell_invalid(const struct cxv_definition *item, struct cxv_doctor_check *check)
{
	char line[40] = "";

	if (item->line.known)
		snprintf(line, sizeof(line), "line %" PRIu64 ": ", item->line.value);
	return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "%s: %s%s", item->file.value, line,
			      item->problem.value);
}

int cxv_doctor_definitions_valid(const struct cxv_doctor_facts *facts,
				 struct cxv_doctor_check *check)
{
	const struct cxv_doctor_text *unread = &facts->unread_definitions;
	int ret = has_definitions(facts, check);

	if (ret <= 0)
		return ret;
	if (unread->path && (cxv_doctor_show_text(check, unread) < 0 ||
			     cxv_doctor_say(check, CXV_DOCTOR_WARNING, "%s: %s", unread->path,
					    unread->value ?: "it cannot be read") < 0))
		return -ENOMEM;
	if (unread->path && (unread->error == ELOOP || unread->error == ENOTDIR))
		check->hint = "no link is followed: see LINKS in cxlvfio-persist(1)";
	for (size_t i = 0; i < facts->definitions.count; i++) {
		const struct cxv_definition *item = &facts->definitions.items[i];

		if (cxv_doctor_show(check, item->file.value, item->problem.value) < 0 ||
		    (item->state == CXV_DEFINITION_INVALID && !check->message &&
		     tell_invalid(item, check) < 0) ||
		    (item->no_driver && !check->message &&
		     cxv_doctor_say(check, CXV_DOCTOR_WARNING, "%s: this kernel has no driver %s "
				    "and no module of that name", item->file.value,
				    item->driver.value) < 0))
			return -ENOMEM;
	}
	return check->message ? 0 : cxv_doctor_say(check, CXV_DOCTOR_OK,
						   "every definition is valid");
}

int cxv_doctor_definitions_agree(const struct cxv_doctor_facts *facts,
				 struct cxv_doctor_check *check)
{
	int ret = has_definitions(facts, check);

	if (ret <= 0)
		return ret;
	for (size_t i = 0; i < facts->definitions.count; i++) {
		const struct cxv_definition *item = &facts->definitions.items[i];
		const struct cxv_findings *findings = &item->findings;

		for (size_t j = 0; j < findings->count; j++) {
			if (!strcmp(findings->items[j].id, CXV_DEFINITION_NO_DRIVER))
				continue;
			if (cxv_doctor_show(check, item->file.value, item->driver.value) < 0 ||
			    (!check->message &&
			     cxv_doctor_say(check, CXV_DOCTOR_WARNING, "%s wants driver %s, and %s",
					    item->file.value, item->driver.value,
					    findings->items[j].message) < 0))
				return -ENOMEM;
		}
	}
	return check->message ? 0 : cxv_doctor_say(check, CXV_DOCTOR_OK,
						   "no two contradict each other");
}

/* Who has the device at HOST. */
static const char *driver_of(const struct cxv_doctor_facts *facts, const char *host)
{
	for (size_t i = 0; i < facts->endpoint_count; i++) {
		const struct cxv_endpoint *endpoint = facts->endpoints[i].endpoint;

		if (!strcmp(endpoint->host, host))
			return endpoint->driver.value ?: endpoint->driver.error ?
			       "a driver that cannot be read" : "no driver";
	}
	return "another driver";
}

static int tell_unbound(const struct cxv_doctor_facts *facts, const struct cxv_definition *item,
			struct cxv_doctor_check *check)
{
	const struct cxv_names *devices = &item->present_at;
	const char *now = driver_of(facts, devices->items[0]);

	if (cxv_doctor_show(check, item->file.value, item->driver.value) < 0)
		return -ENOMEM;
	if (check->message)
		return 0;
	if (!cxv_driver_is_ours(item->driver.value))
		check->hint = "cxlvfio binds only " CXL_VFIO_DRIVER_NAME "; this driver takes the "
			      "device at the next boot, or bind it now with driverctl";
	if (devices->count == 1 && !strcmp(now, item->driver.value))
		return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "%s asks for another view or "
				      "interface than driver %s offers for %s", item->file.value,
				      now, devices->items[0]);
	return cxv_doctor_say(check, CXV_DOCTOR_WARNING, devices->count == 1 ?
			      "%s wants driver %s for %s, which has %s" :
			      "%s wants driver %s for %s, which has %s, and for other devices, not "
			      "all of which have it", item->file.value, item->driver.value,
			      devices->items[0], now);
}

int cxv_doctor_definitions_bound(const struct cxv_doctor_facts *facts,
				 struct cxv_doctor_check *check)
{
	const struct cxv_definitions *definitions = &facts->definitions;
	int ret = has_definitions(facts, check);
	int hidden = 0;

	if (ret <= 0)
		return ret;
	for (size_t i = 0; i < definitions->count; i++) {
		const struct cxv_definition *item = &definitions->items[i];

		if (!item->automatic.value)
			continue;
		if (item->state == CXV_DEFINITION_NOT_BOUND && tell_unbound(facts, item, check) < 0)
			return -ENOMEM;
		if (item->state == CXV_DEFINITION_UNKNOWN)
			hidden = item->present_at.error;
		if (item->state == CXV_DEFINITION_ABSENT && facts->inventory_incomplete)
			hidden = EACCES;
	}
	if (check->message)
		return 0;
	if (hidden)
		return cxv_doctor_unread(check, hidden, "the devices' serial numbers");
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "every such endpoint is bound");
}
