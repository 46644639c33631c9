// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/collect.h"

#include <errno.h>
#include <string.h>

#include "core/discovery/findings.h"
#include "cxl_vfio.h"
#include "sys/base/clock.h"
#include "sys/base/identity.h"
#include "sys/base/rights.h"
#include "sys/discovery/cxl.h"
#include "sys/discovery/iomem.h"
#include "sys/discovery/openers.h"
#include "sys/discovery/pci.h"
#include "sys/discovery/pci_names.h"
#include "sys/discovery/topology.h"
#include "sys/proof/ladder.h"

#define TRIES_MAX	8
#define PAUSE_NS	15000000	/* after the second try, then ever longer */

/* DVSEC 0 says so, be it malformed; without one the kernel's memdev or our driver does. */
static bool is_cxl(const struct cxv_cxl_index *index, const struct cxv_endpoint *endpoint)
{
	return !endpoint->dvsec.device_error || endpoint->dvsec.device_error == EBADMSG ||
	       cxv_cxl_find_memdev(index, endpoint->host) ||
	       cxv_endpoint_is_ours(endpoint);
}

static int keep_error(struct cxv_errors *errors, int error, const char *path, const char *hint)
{
	return cxv_error(errors, cxv_code_of_errno(error), error,
			 (struct cxv_place) { .operation = "discover endpoints", .path = path,
					      .hint = hint }, "cannot read");
}

/* What is read once and concerns every endpoint. */
struct survey {
	const struct cxv_host *host;
	struct cxv_errors *errors;
	struct cxv_cxl_index index;
	struct cxv_iomem iomem;
	struct cxv_pci_names names;
	struct cxv_openings openings;
	struct cxv_platform platform;
	struct cxv_upstream_port *port;	/* above the last endpoint: the next may be below it, too */
	size_t hidden;			/* functions whose DVSECs this user may not read */
	size_t denied;			/* endpoints of which this user may not read everything */
	int (*visit)(struct cxv_endpoint *endpoint, void *argument);
	void *argument;
};

static void forget_port(struct survey *survey)
{
	cxv_upstream_port_free(survey->port);
	survey->port = NULL;
}

static void survey_clear(struct survey *survey)
{
	forget_port(survey);
	cxv_cxl_index_clear(&survey->index);
	cxv_iomem_clear(&survey->iomem);
	cxv_pci_names_clear(&survey->names);
	cxv_openings_clear(&survey->openings);
}

static int read_rest(struct survey *survey, struct cxv_endpoint *endpoint)
{
	int error;

	cxv_pci_read(survey->host, endpoint);
	cxv_pci_read_above(survey->host, endpoint, &survey->port);
	cxv_component_read(survey->host, endpoint);
	error = cxv_cxl_read(survey->host, &survey->index, endpoint);
	/* The CXL core knows better where it is. */
	if (!error && endpoint->endpoint.value) {
		free(endpoint->pci_parent);
		endpoint->pci_parent = NULL;
	}
	if (!error)
		error = cxv_pci_names_fill(survey->host, &survey->names, &endpoint->pci);
	if (!error)
		error = cxv_openers_collect(survey->host, &survey->openings, endpoint);
	if (!error)
		error = cxv_endpoint_decide(endpoint);
	if (!error)
		error = cxv_endpoint_set_owners(endpoint, &survey->iomem);
	if (!error && cxv_endpoint_is_type2(endpoint))
		error = cxv_ladder_read(survey->host, &survey->platform, endpoint);
	return error ? error : cxv_findings_make(endpoint);
}

static void endpoint_free(struct cxv_endpoint **endpoint)
{
	cxv_endpoint_free(*endpoint);
}

/* WHATEVER: also what is no CXL function. 0 with *ENDPOINT NULL: it is none, or gone. */
static int read_function(struct survey *survey, const char *name, bool whatever,
			 struct cxv_endpoint **endpoint)
{
	_cleanup_(endpoint_free) struct cxv_endpoint *found = cxv_endpoint_new(name);
	int error;

	*endpoint = NULL;
	if (!found)
		return -ENOMEM;
	cxv_pci_read_config(survey->host, found);
	/* With all of it read and no DVSEC there, our driver would not have bound. */
	if (found->dvsec.device_error && found->dvsec.device_error != ENOENT)
		cxv_pci_read_driver(survey->host, found);
	if (!whatever && !is_cxl(&survey->index, found)) {
		survey->hidden += found->dvsec.device_error == EACCES;
		return 0;
	}
	error = read_rest(survey, found);
	if (error < 0)
		return error;
	*endpoint = found;
	found = NULL;
	return 0;
}

/* One function alone needs what is above it only. */
static int read_index(struct survey *survey)
{
	int error = cxv_cxl_index_build(survey->host, &survey->index);

	return error || !survey->visit ? error : cxv_topology_read(survey->host, &survey->index);
}

static int build_index(struct survey *survey)
{
	int error = read_index(survey);

	if (error < 0)
		return keep_error(survey->errors, error, "/" CXV_CXL_DEVICES, NULL);
	cxv_iomem_read(survey->host, &survey->iomem);
	return 0;
}

static int refresh_index(struct survey *survey)
{
	forget_port(survey);
	cxv_cxl_index_clear(&survey->index);
	return read_index(survey);
}

/*
 * An endpoint is many files, and a driver may come or go between two of them: what was read counts
 * when nothing has changed meanwhile, and what is missing when it is missing from two indexes. A
 * bind takes a tenth of a second, so there are pauses. An endpoint that never holds still is shown
 * as it was read last, with a finding.
 */
static int read_settled(struct survey *survey, const char *name, bool whatever,
			struct cxv_endpoint **endpoint)
{
	enum cxv_settled settled = CXV_CHANGED, before;

	for (unsigned int tries = 1;; tries++) {
		struct cxv_identity identity;
		int error;

		cxv_identity_read(survey->host, &survey->index, name, &identity);
		error = read_function(survey, name, whatever, endpoint);
		if (error < 0 || !*endpoint)
			return error;
		before = settled;
		settled = cxv_identity_compare(survey->host, &identity, *endpoint);
		if (settled == CXV_SETTLED ||
		    (settled == CXV_INCOMPLETE && before == CXV_INCOMPLETE))
			return 0;
		(*endpoint)->changing = settled != CXV_GONE && tries == TRIES_MAX;
		if ((*endpoint)->changing)
			return cxv_findings_make(*endpoint);
		cxv_endpoint_free(*endpoint);
		*endpoint = NULL;
		if (settled == CXV_GONE)
			return 0;
		if (tries > 1)
			cxv_clock_sleep(PAUSE_NS * tries);
		error = refresh_index(survey);
		if (error < 0)
			return error;
	}
}

/* The kernel keeps registers and physical addresses from users. */
static bool is_denied(const struct cxv_endpoint *endpoint)
{
	if (endpoint->dvsec.device_error == EACCES || endpoint->hdm.error == EACCES ||
	    endpoint->driver_view.window_base.error == EACCES)
		return true;
	for (size_t i = 0; i < endpoint->decoder_count; i++)
		if (endpoint->decoders[i].resource.error == EACCES)
			return true;
	return false;
}

static int collect_function(struct survey *survey, const char *name)
{
	struct cxv_endpoint *endpoint;
	int error = read_settled(survey, name, false, &endpoint);

	if (error || !endpoint)
		return error;
	survey->denied += is_denied(endpoint);
	return survey->visit(endpoint, survey->argument);
}

static int collect_functions(struct survey *survey, char **names, size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		if (cxv_pci_is_address(names[i]))
			error = collect_function(survey, names[i]);
	return error;
}

static void warn_hidden(const struct survey *survey)
{
	cxv_warning(survey->errors, CXV_PERMISSION_DENIED, EACCES,
		    (struct cxv_place) {
			    .operation = "discover endpoints",
			    .path = "/" CXV_PCI_DEVICES "/*/config",
			    .hint = cxv_rights_hint(survey->host, EACCES),
		    },
		    "the CXL capabilities of %zu PCI functions are hidden from this user: "
		    "endpoints among them without a memdev or the %s driver are not listed",
		    survey->hidden, CXL_VFIO_DRIVER_NAME);
}

static void warn_denied(const struct survey *survey)
{
	cxv_warning(survey->errors, CXV_PERMISSION_DENIED, EACCES,
		    (struct cxv_place) {
			    .operation = "read endpoints",
			    .hint = cxv_rights_hint(survey->host, EACCES),
		    },
		    "this user may not read everything of %zu endpoint%s", survey->denied,
		    survey->denied == 1 ? "" : "s");
}

/* One sentence, however much is missing: JSON names each fact under "unavailable". */
static void warn_of_privilege(const struct survey *survey)
{
	if (survey->hidden)
		warn_hidden(survey);
	else if (survey->denied)
		warn_denied(survey);
}

static int walk(struct survey *survey)
{
	const struct cxv_host *host = survey->host;
	struct cxv_errors *errors = survey->errors;
	char **names;
	size_t count;
	int error = build_index(survey);

	if (error < 0)
		return error;
	error = cxv_host_list(host, &names, &count, CXV_PCI_DEVICES);
	/* A machine without PCI has no endpoints; one without sysfs cannot tell. */
	if (error == -ENOENT && cxv_host_exists(host, "sys/bus"))
		return 0;
	if (error < 0)
		return keep_error(errors, error, "/" CXV_PCI_DEVICES, "is sysfs mounted at /sys?");
	error = collect_functions(survey, names, count);
	cxv_names_free(names, count);
	if (error < 0)
		return keep_error(errors, error, "/" CXV_PCI_DEVICES, NULL);
	warn_of_privilege(survey);
	return 0;
}

static struct cxv_topology *topology_of(const struct survey *survey)
{
	return survey->index.topology ? cxv_topology_use(survey->index.topology) : NULL;
}

int cxv_collect_each(const struct cxv_host *host, struct cxv_errors *errors,
		     int (*visit)(struct cxv_endpoint *endpoint, void *argument), void *argument,
		     struct cxv_topology **topology)
{
	_cleanup_(survey_clear) struct survey survey = {
		.host = host, .errors = errors, .visit = visit, .argument = argument,
	};

	int error = walk(&survey);

	*topology = topology_of(&survey);
	return error;
}

static int add(struct cxv_endpoint *endpoint, void *argument)
{
	struct cxv_inventory *inventory = argument;
	struct cxv_endpoint **bigger;

	bigger = reallocarray(inventory->endpoints, inventory->count + 1, sizeof(*bigger));
	if (!bigger) {
		cxv_endpoint_free(endpoint);
		return -ENOMEM;
	}
	inventory->endpoints = bigger;
	inventory->endpoints[inventory->count++] = endpoint;
	return 0;
}

int cxv_collect(const struct cxv_host *host, struct cxv_errors *errors,
		struct cxv_inventory *inventory)
{
	_cleanup_(survey_clear) struct survey survey = {
		.host = host, .errors = errors, .visit = add, .argument = inventory,
	};
	int error;

	*inventory = (struct cxv_inventory) { 0 };
	error = walk(&survey);
	inventory->topology = topology_of(&survey);
	inventory->hidden = survey.hidden;
	inventory->iomem = survey.iomem;
	survey.iomem = (struct cxv_iomem) { 0 };
	return error;
}

static int no_such_function(struct cxv_errors *errors, const char *address)
{
	return cxv_error(errors, CXV_NO_SUCH_TARGET, 0,
			 (struct cxv_place) { .operation = "read", .target = address,
					      .path = "/" CXV_PCI_DEVICES },
			 "there is no such PCI function");
}

int cxv_collect_one(const struct cxv_host *host, struct cxv_errors *errors, const char *address,
		    struct cxv_endpoint **endpoint)
{
	_cleanup_(survey_clear) struct survey survey = { .host = host, .errors = errors };
	int error;

	if (!cxv_pci_is_address(address) ||
	    !cxv_host_exists(host, CXV_PCI_DEVICES "/%s", address))
		return no_such_function(errors, address);
	error = build_index(&survey);
	if (error < 0)
		return error;
	error = read_settled(&survey, address, true, endpoint);
	if (error < 0)
		return keep_error(errors, error, "/" CXV_PCI_DEVICES, NULL);
	return *endpoint ? 0 : no_such_function(errors, address);
}
