// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/binding/definitions.h"
#include "core/base/format.h"
#include "sys/binding/lock.h"
#include "sys/doctor/doctor.h"

/* What a definition is judged by: the endpoints, and what driverctl(8) sets for each. */
struct machine {
	struct cxv_endpoint **endpoints;
	char **driverctl;
	size_t count;
};

static void machine_clear(struct machine *machine)
{
	free(machine->endpoints);
	cxv_names_free(machine->driverctl, machine->count);
}

static int read_machine(const struct cxv_host *host, const struct cxv_inventory *inventory,
			struct machine *machine)
{
	machine->endpoints = calloc(inventory->count + 1, sizeof(*machine->endpoints));
	machine->driverctl = calloc(inventory->count + 1, sizeof(*machine->driverctl));
	if (!machine->endpoints || !machine->driverctl)
		return -ENOMEM;
	for (size_t i = 0; i < inventory->count; i++) {
		struct cxv_endpoint *endpoint = inventory->endpoints[i];

		if (!cxv_endpoint_is_type2(endpoint) && endpoint->cxl_type.known)
			continue;
		machine->endpoints[machine->count] = endpoint;
		/* That a file of driverctl cannot be read a check of the endpoint says. */
		if (cxv_driverctl_read(host, endpoint->host,
				       &machine->driverctl[machine->count++]) == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

static int keep_error(const struct cxv_errors *errors, struct cxv_doctor_text *unread)
{
	const struct cxv_message *message = errors->errors;

	if (!errors->error_count)
		return errors->out_of_memory ? -ENOMEM : 0;
	unread->error = message->error;
	unread->path = strdup(message->path ?: "/etc/cxlvfio.d");
	unread->value = strdup(message->text ?: "it cannot be read");
	return unread->path && unread->value ? 0 : -ENOMEM;
}

static int read_all(const struct cxv_host *host, const struct cxv_inventory *inventory,
		    struct cxv_doctor_facts *facts)
{
	_cleanup_(cxv_errors_clear) struct cxv_errors errors = { 0 };
	_cleanup_(machine_clear) struct machine machine = { 0 };
	int error = cxv_definitions_read(host, &errors, &facts->definitions);

	if (error != -ENOMEM)
		error = keep_error(&errors, &facts->unread_definitions);
	if (error < 0 || !facts->definitions.count)
		return error;
	cxv_definitions_look_for_drivers(host, &facts->definitions);
	return read_machine(host, inventory, &machine) ?:
	       cxv_definitions_decide(&facts->definitions, machine.endpoints, machine.driverctl,
				      machine.count);
}

/* That the directory cannot be read has been found out already. */
static int read_leftovers(const struct cxv_host *host, struct cxv_doctor_facts *facts)
{
	const char *directory = cxv_definition_directory(CXV_DEFINITION_ETC);
	char **names;
	size_t count;
	int error = cxv_host_list(host, &names, &count, "%s", directory);

	if (error < 0)
		return cxv_fatal(error);
	for (size_t i = 0; i < count && !error; i++) {
		struct cxv_doctor_leftover *one;

		if (!cxv_definition_is_unfinished(names[i]))
			continue;
		one = cxv_doctor_add_leftover(facts, CXV_DOCTOR_OF_PERSIST, strdup(names[i]),
					      cxv_format("/%s/%s", directory, names[i]));
		if (one)
			one->worker = cxv_lock_owner(host, "persist");
		else
			error = -ENOMEM;
	}
	cxv_names_free(names, count);
	return error;
}

/* A snapshot has none: they are read from their directories alone, link by link. */
int cxv_doctor_read_definitions(const struct cxv_host *host, const struct cxv_inventory *inventory,
				struct cxv_doctor_facts *facts)
{
	return host->tree ? 0 : read_all(host, inventory, facts) ?: read_leftovers(host, facts);
}
