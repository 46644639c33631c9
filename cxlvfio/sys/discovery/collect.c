// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/collect.h"

#include <errno.h>
#include <string.h>

#include "core/binding/driver.h"
#include "core/discovery/findings.h"
#include "core/discovery/libcxl_compare.h"
#include "cxl_vfio.h"
#include "sys/base/borrowed.h"
#include "sys/base/clock.h"
#include "sys/base/rights.h"
#include "sys/discovery/cxl.h"
#include "sys/discovery/identity.h"
#include "sys/discovery/interrupts.h"
#include "sys/discovery/iomem.h"
#include "sys/discovery/libcxl.h"
#include "sys/discovery/openers.h"
#include "sys/discovery/pci.h"
#include "sys/discovery/pci_names.h"
#include "sys/discovery/topology.h"
#include "sys/proof/ladder.h"

#define TRIES_MAX	8
#define PAUSE_NS	15000000	/* after the second try, then ever longer */
#define QUESTIONS_MAX	5

/* DVSEC 0 says so, be it malformed; without one the memdev or our driver does. */
static bool is_cxl(const struct cxv_cxl_index *index, const struct cxv_endpoint *endpoint)
{
	return cxv_found_by(endpoint) || cxv_cxl_find_memdev(index, endpoint->host);
}

static int keep_error(struct cxv_errors *errors, int error, const char *path, const char *hint)
{
	return cxv_error(errors, cxv_code_of_errno(error), error,
			 (struct cxv_place) { .operation = CXV_DISCOVER, .path = path,
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
	struct cxv_interrupts interrupts;
	bool knows_interrupts, knows_kernel;
	char *old_kernel;		/* the running one, if it lacks what the driver needs */
	struct cxv_question question;
	bool waiting;			/* for the answer to it */
	struct cxv_libcxl *libcxl;	/* NULL: it has not been heard */
	unsigned int questions;		/* how often it was asked */
	uint64_t events;		/* how many the kernel had sent then */
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

/* A witness that says nothing is no error: everything but the comparison is there. */
static void warn_of_libcxl(struct survey *survey)
{
	const struct cxv_libcxl *libcxl = survey->libcxl;

	if (libcxl->state == CXV_LIBCXL_FAILED)
		cxv_warning(survey->errors, cxv_code_of_errno(libcxl->error), libcxl->error,
			    (struct cxv_place) {
				    .operation = "ask libcxl",
				    .path = cxv_libcxl_program,
				    .hint = "nothing else is missing: sysfs has everything",
			    },
			    "libcxl gave no answer: %s", libcxl->reason);
}

/* Devices and drivers that come and go are counted. */
static uint64_t count_events(const struct survey *survey)
{
	const struct cxv_host *host = survey->host;
	uint64_t events = 0;

	cxv_host_read_number(host->live ?: host, &events, "sys/kernel/uevent_seqnum");
	return events;
}

/* What can be read without the answer is read meanwhile. */
static void ask(struct survey *survey)
{
	cxv_libcxl_release(survey->libcxl);
	survey->libcxl = NULL;
	survey->events = count_events(survey);
	survey->questions++;
	survey->waiting = true;
	cxv_libcxl_ask(survey->host, &survey->question);
}

static int hear(struct survey *survey)
{
	int error;

	if (!survey->waiting)
		return 0;
	survey->waiting = false;
	error = cxv_libcxl_answer(survey->host, &survey->question, &survey->libcxl);
	if (!error)
		warn_of_libcxl(survey);
	return error;
}

static void survey_clear(struct survey *survey)
{
	/* An error came before it. */
	if (survey->waiting)
		cxv_libcxl_answer(survey->host, &survey->question, &survey->libcxl);
	forget_port(survey);
	cxv_cxl_index_clear(&survey->index);
	cxv_libcxl_release(survey->libcxl);
	cxv_iomem_clear(&survey->iomem);
	cxv_pci_names_clear(&survey->names);
	cxv_openings_clear(&survey->openings);
	free(survey->interrupts.unmapped);
	free(survey->old_kernel);
}

/* Why libcxl does not show it. */
static void read_node(const struct survey *survey, struct cxv_endpoint *endpoint)
{
	const char *memdev = endpoint->memdev.value;

	if (memdev && survey->libcxl->state == CXV_LIBCXL_ANSWERED &&
	    !cxv_libcxl_memdev(survey->libcxl, endpoint->host))
		endpoint->memdev_node = cxv_host_exists(survey->host, "dev/cxl/%s", memdev);
}

static void use_answer(const struct survey *survey, struct cxv_endpoint *endpoint)
{
	if (survey->libcxl && !endpoint->libcxl)
		endpoint->libcxl = cxv_libcxl_use(survey->libcxl);
}

/* Read with the first endpoint that VFIO may refuse because of it. */
static int read_unmapped(struct survey *survey, struct cxv_endpoint *endpoint)
{
	const char *group = endpoint->vfio.group.value ?: "";
	int error = 0;

	if (!cxv_endpoint_is_type2(endpoint) || !endpoint->iommu_group.known ||
	    cxv_starts_with(group, "noiommu"))
		return 0;
	if (!survey->knows_interrupts)
		error = cxv_interrupts_read(survey->host, &survey->interrupts);
	survey->knows_interrupts = true;
	if (error || survey->interrupts.unsafe || !survey->interrupts.unmapped)
		return error;
	endpoint->unmapped = strdup(survey->interrupts.unmapped);
	return endpoint->unmapped ? 0 : -ENOMEM;
}

/* Where the driver is loaded the kernel has what it needs, whatever its release says. */
static int find_old_kernel(struct survey *survey)
{
	_cleanup_free_ char *release = NULL;
	int error;

	survey->knows_kernel = true;
	if (cxv_host_exists(survey->host, "sys/bus/pci/drivers/" CXL_VFIO_DRIVER_NAME))
		return 0;
	error = cxv_host_read_string(survey->host, &release, "proc/sys/kernel/osrelease");
	if (error || !cxv_driver_needs_newer(release))
		return cxv_fatal(error);
	survey->old_kernel = release;
	release = NULL;
	return 0;
}

static int read_old_kernel(struct survey *survey, struct cxv_endpoint *endpoint)
{
	int error = 0;

	if (!cxv_endpoint_is_type2(endpoint) || cxv_endpoint_is_ours(endpoint))
		return 0;
	if (!survey->knows_kernel)
		error = find_old_kernel(survey);
	if (error || !survey->old_kernel)
		return error;
	endpoint->old_kernel = strdup(survey->old_kernel);
	return endpoint->old_kernel ? 0 : -ENOMEM;
}

static int read_rest(struct survey *survey, struct cxv_endpoint *endpoint)
{
	int error;

	cxv_pci_read(survey->host, endpoint);
	if (!survey->host->brief)
		cxv_pci_read_above(survey->host, endpoint, &survey->port);
	cxv_component_read(survey->host, endpoint);
	error = cxv_cxl_read(survey->host, &survey->index, endpoint);
	endpoint->scrub_noted = cxv_borrowed_noted(survey->host, endpoint->host, CXV_SCRUB_POLICY);
	/* The CXL core knows better where it is. */
	if (!error && endpoint->endpoint.value) {
		free(endpoint->pci_parent);
		endpoint->pci_parent = NULL;
	}
	if (!error && !survey->host->brief)
		error = cxv_pci_names_fill(survey->host, &survey->names, &endpoint->pci);
	if (!error)
		error = cxv_openers_collect(survey->host, &survey->openings, endpoint);
	if (!error)
		error = cxv_endpoint_decide(endpoint);
	if (!error)
		error = cxv_cxl_read_left(survey->host, &survey->index, endpoint);
	if (!error)
		error = cxv_endpoint_set_owners(endpoint, &survey->iomem);
	if (!error && cxv_endpoint_is_type2(endpoint))
		error = cxv_ladder_read(survey->host, &survey->platform, endpoint);
	if (!error)
		error = read_unmapped(survey, endpoint);
	if (!error)
		error = read_old_kernel(survey, endpoint);
	if (!error)
		error = hear(survey);
	if (error < 0)
		return error;
	use_answer(survey, endpoint);
	read_node(survey, endpoint);
	return cxv_findings_make(endpoint);
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
	use_answer(survey, found);
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

/* One function alone needs what is above it only, and so does what is brief. */
static int read_index(struct survey *survey)
{
	int error = cxv_cxl_index_build(survey->host, &survey->index);

	if (error || !survey->visit || survey->host->brief)
		return error;
	return cxv_topology_read(survey->host, &survey->index);
}

static int read_machine(struct survey *survey)
{
	int error = read_index(survey);

	if (error < 0)
		return error;
	cxv_iomem_read(survey->host, &survey->iomem);
	if (cxv_host_exists(survey->host, "sys/class/vfio"))
		error = cxv_openings_read(survey->host, &survey->openings);
	/* Else it is an endpoint's fact that they could not be read. */
	return cxv_fatal(error);
}

static int begin(struct survey *survey)
{
	int error;

	ask(survey);
	error = read_machine(survey);
	return error < 0 ? keep_error(survey->errors, error, "/" CXV_CXL_DEVICES, NULL) : 0;
}

static int refresh_index(struct survey *survey)
{
	forget_port(survey);
	cxv_cxl_index_clear(&survey->index);
	return read_index(survey);
}

/*
 * What the two witnesses say may be of two moments: both look again before a disagreement counts,
 * and again where something came or went since libcxl was asked. A capture looks but once, and
 * files never change.
 */
static bool is_doubtful(const struct survey *survey, const struct cxv_endpoint *endpoint)
{
	const struct cxv_host *host = survey->host;

	if (host->fixture || host->tree || !cxv_libcxl_disagrees(endpoint))
		return false;
	return survey->questions == 1 || (survey->questions < QUESTIONS_MAX &&
					  count_events(survey) != survey->events);
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
		bool doubtful;
		int error;

		cxv_identity_read(survey->host, &survey->index, name, &identity);
		error = read_function(survey, name, whatever, endpoint);
		if (error < 0 || !*endpoint)
			return error;
		before = settled;
		settled = cxv_identity_compare(survey->host, &identity, *endpoint);
		doubtful = is_doubtful(survey, *endpoint);
		if (!doubtful && (settled == CXV_SETTLED ||
				  (settled == CXV_INCOMPLETE && before == CXV_INCOMPLETE)))
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
		if (doubtful)
			ask(survey);
		error = refresh_index(survey);
		if (!error)
			error = hear(survey);
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

/* *ENDPOINT is that of the first CXL function from *NEXT on, NULL: there is none. */
static int find_next(struct survey *survey, char **names, size_t count, size_t *next,
		     struct cxv_endpoint **endpoint)
{
	int error = 0;

	for (*endpoint = NULL; !error && !*endpoint && *next < count; ++*next)
		if (cxv_pci_is_address(names[*next]))
			error = read_settled(survey, names[*next], false, endpoint);
	return error;
}

static bool knows_any(const struct cxv_libcxl *libcxl, char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (cxv_libcxl_memdev(libcxl, names[i]))
			return true;
	return false;
}

/* What is before the first endpoint is passed over without libcxl, which may know it. */
static int find_first(struct survey *survey, char **names, size_t count, size_t *next,
		      struct cxv_endpoint **endpoint)
{
	int error = find_next(survey, names, count, next, endpoint);

	if (!error)
		error = hear(survey);
	if (error || !knows_any(survey->libcxl, names, *next - !!*endpoint))
		return error;
	cxv_endpoint_free(*endpoint);
	survey->hidden = 0;
	*next = 0;
	return find_next(survey, names, count, next, endpoint);
}

static int collect_functions(struct survey *survey, char **names, size_t count)
{
	struct cxv_endpoint *endpoint;
	size_t next = 0;
	int error = find_first(survey, names, count, &next, &endpoint);

	while (!error && endpoint) {
		survey->denied += is_denied(endpoint);
		error = survey->visit(endpoint, survey->argument);
		if (!error)
			error = find_next(survey, names, count, &next, &endpoint);
	}
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
	int error = begin(survey);

	if (error < 0)
		return error;
	error = cxv_host_list(host, &names, &count, CXV_PCI_DEVICES);
	/* A machine without PCI has no endpoints; one without sysfs cannot tell. */
	if (error == -ENOENT && cxv_host_exists(host, "sys/bus"))
		return hear(survey);
	if (error < 0) {
		hear(survey);
		return keep_error(errors, error, "/" CXV_PCI_DEVICES, "is sysfs mounted at /sys?");
	}
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
	struct cxv_endpoint **added = cxv_array_add(inventory->endpoints, inventory->count);

	if (!added) {
		cxv_endpoint_free(endpoint);
		return -ENOMEM;
	}
	*added = endpoint;
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
	inventory->libcxl = survey.libcxl;
	survey.libcxl = NULL;
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
	error = begin(&survey);
	if (error < 0)
		return error;
	error = read_settled(&survey, address, true, endpoint);
	if (error < 0)
		return keep_error(errors, error, "/" CXV_PCI_DEVICES, NULL);
	return *endpoint ? 0 : no_such_function(errors, address);
}
