// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: what the machine is, what it can do and what it cannot, in a line each. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"
#include "core/doctor/checks.h"
#include "core/doctor/doctor.h"

static int add(struct cxv_doctor *doctor, const char *id, const char *format, ...) _printf_(3, 4);

static int add(struct cxv_doctor *doctor, const char *id, const char *format, ...)
{
	struct cxv_doctor_line *line = &doctor->lines[doctor->line_count];
	va_list arguments;

	va_start(arguments, format);
	line->text = cxv_vformat(format, arguments);
	va_end(arguments);
	if (!line->text)
		return -ENOMEM;
	line->id = id;
	doctor->line_count++;
	return 0;
}

/* The first check of TARGET, NULL for the machine, that came to RESULT. */
static const struct cxv_doctor_check *find(const struct cxv_doctor *doctor, const char *target,
					   enum cxv_doctor_result result)
{
	for (size_t i = 0; i < doctor->count; i++) {
		const struct cxv_doctor_check *check = &doctor->checks[i];
		bool about = target ? check->target && !strcmp(check->target, target) :
				      !check->target;

		if (about && check->result == result)
			return check;
	}
	return NULL;
}

/* Of any endpoint, or the machine, which comes first. */
static const struct cxv_doctor_check *find_any(const struct cxv_doctor_facts *facts,
					       const struct cxv_doctor *doctor,
					       enum cxv_doctor_result result)
{
	const struct cxv_doctor_check *check = find(doctor, NULL, result);

	for (size_t i = 0; i < facts->endpoint_count && !check; i++)
		check = find(doctor, facts->endpoints[i].endpoint->host, result);
	return check;
}

/* Whether nothing is known that keeps TARGET from being used, and all was looked at. */
static bool is_usable(const struct cxv_doctor *doctor, const char *target)
{
	return !find(doctor, target, CXV_DOCTOR_PROBLEM) &&
	       !find(doctor, target, CXV_DOCTOR_UNKNOWN);
}

static size_t count_usable(const struct cxv_doctor_facts *facts, const struct cxv_doctor *doctor)
{
	size_t count = 0;

	for (size_t i = 0; i < facts->endpoint_count && is_usable(doctor, NULL); i++)
		count += is_usable(doctor, facts->endpoints[i].endpoint->host);
	return count;
}

static void print_place(const struct cxv_doctor_facts *facts, FILE *stream)
{
	const struct cxv_doctor_place *place = &facts->place;
	bool in_container = cxv_doctor_in_container(facts), in_vm = cxv_doctor_in_vm(facts);

	if (in_container)
		fprintf(stream, "a container (%s)%s", place->container.value,
			in_vm ? " in " : ", ");
	if (in_vm && place->vendor.value)
		fprintf(stream, "a virtual machine (%s), ", place->vendor.value);
	else if (in_vm)
		fputs("a virtual machine, ", stream);
}

/* What its kernel is: an old one is worth knowing before there is any endpoint. */
static void print_kernel(const struct cxv_doctor_facts *facts, FILE *stream)
{
	const char *release = facts->release.value;

	if (release)
		fprintf(stream, "Linux %s%s, ", release, cxv_driver_needs_newer(release) ?
			" (bind needs " CXV_DRIVER_KERNEL ")" : "");
}

static void print_endpoints(const struct cxv_doctor_facts *facts, bool hidden, FILE *stream)
{
	size_t count = facts->endpoint_count;

	if (count)
		fprintf(stream, "%zu CXL Type-2 endpoint%s%s", count, count == 1 ? "" : "s",
			facts->inventory_incomplete ? ", and maybe others that are hidden" : "");
	else
		fputs(hidden ? "CXL endpoints hidden" : "no CXL Type-2 endpoint", stream);
}

static int tell_machine(const struct cxv_doctor_facts *facts, struct cxv_doctor *doctor,
			bool hidden)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return -ENOMEM;
	print_place(facts, stream);
	print_kernel(facts, stream);
	print_endpoints(facts, hidden, stream);
	return fclose(stream) ? -ENOMEM : add(doctor, "machine", "%s", text);
}

static int tell_none(const struct cxv_doctor_facts *facts, struct cxv_doctor *doctor)
{
	const struct cxv_doctor_check *found = cxv_doctor_find(doctor, "endpoint_found");
	const struct cxv_doctor_check *cause = found->follows_from ?
		cxv_doctor_find(doctor, found->follows_from) : NULL;
	int error = add(doctor, "can", "read what others recorded: list, show, doctor --from "
			"FILE; show --config-file FILE");

	if (error)
		return error;
	if (found->result == CXV_DOCTOR_UNKNOWN)
		return add(doctor, "cannot", "tell whether there is an endpoint: %s", found->hint);
	if (cause)
		return add(doctor, "cannot", "find an endpoint: %s", cause->message);
	return add(doctor, "cannot", "bind, reset, verify: there is no endpoint%s",
		   cxv_doctor_in_vm(facts) ?
		   ", and a virtual machine has what its host gives it" : "");
}

static int tell_can(const struct cxv_doctor_facts *facts, struct cxv_doctor *doctor, size_t usable)
{
	size_t count = facts->endpoint_count;
	char all[32];

	snprintf(all, sizeof(all), "all %zu", count);
	if (usable && usable < count)
		return add(doctor, "can", "list and show %s, bind, reset and verify %zu of them",
			   all, usable);
	return add(doctor, "can", usable ? "list, show, bind, reset and verify %s" :
		   "list and show %s, and record it for a bug report: cxlvfio snapshot",
		   count == 1 ? facts->endpoints[0].endpoint->host : all);
}

static int tell_cannot(const struct cxv_doctor_facts *facts, struct cxv_doctor *doctor)
{
	const struct cxv_doctor_check *check = find_any(facts, doctor, CXV_DOCTOR_PROBLEM);
	size_t others = doctor->results[CXV_DOCTOR_PROBLEM] - 1;
	char more[48] = "";

	if (check && others)
		snprintf(more, sizeof(more), "; and %zu other problem%s", others,
			 others == 1 ? "" : "s");
	if (check)
		return add(doctor, "cannot", "bind and use %s: %s: %s%s", check->target ?:
			   facts->endpoint_count == 1 ? "it" : "any", check->id, check->message,
			   more);
	check = find_any(facts, doctor, CXV_DOCTOR_UNKNOWN);
	return check ? add(doctor, "cannot", "tell whether bind will work: %s", check->hint) : 0;
}

int cxv_doctor_summarize(const struct cxv_doctor_facts *facts, struct cxv_doctor *doctor)
{
	bool hidden = cxv_doctor_find(doctor, "endpoint_found")->result == CXV_DOCTOR_UNKNOWN;
	int error = tell_machine(facts, doctor, hidden);

	if (error)
		return error;
	if (!facts->endpoint_count)
		return tell_none(facts, doctor);
	return tell_can(facts, doctor, count_usable(facts, doctor)) ?: tell_cannot(facts, doctor);
}
