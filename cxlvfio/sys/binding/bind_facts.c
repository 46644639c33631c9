// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/binding/bind_facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/pci_address.h"
#include "core/base/util.h"
#include "cxl_vfio.h"
#include "sys/base/state_file.h"
#include "sys/binding/modules.h"
#include "sys/binding/parameters.h"
#include "sys/binding/record.h"
#include "sys/discovery/openers.h"

#define DEVICE	CXV_PCI_DEVICES "/%s"

static int copy_name(char *to, size_t size, const char *from)
{
	if (strlen(from) >= size)
		return -ENAMETOOLONG;
	memcpy(to, from, strlen(from) + 1);
	return 0;
}

/* The name that a link ends in, "" without a link. */
static int read_link_name(const struct cxv_host *host, const char *directory, const char *link,
			  char *name, size_t size)
{
	_cleanup_free_ char *text = NULL;
	int ret = cxv_host_read_link_name(host, &text, "%s/%s", directory, link);

	name[0] = '\0';
	if (ret == -ENOENT)
		return 0;
	return ret < 0 ? ret : copy_name(name, size, text);
}

int cxv_bound_driver(const struct cxv_host *host, const char *target,
		     char driver[static CXV_STEP_VALUE_SIZE])
{
	char directory[64];
	int ret;

	snprintf(directory, sizeof(directory), DEVICE, target);
	ret = read_link_name(host, directory, "driver", driver, CXV_STEP_VALUE_SIZE);
	if (!ret && !driver[0] && !cxv_host_exists(host, "%s", directory))
		return -ENODEV;
	return ret;
}

static int read_override(struct cxv_bind_survey *survey, const struct cxv_endpoint *endpoint,
			 struct cxv_bind_facts *facts)
{
	_cleanup_free_ char *text = NULL;
	int ret = cxv_host_read_string(survey->host, &text, DEVICE "/driver_override",
				       facts->target);

	(void)endpoint;
	if (ret < 0)
		return ret;
	/* The kernel prints a null pointer where none is set. */
	return copy_name(facts->now.driver_override, sizeof(facts->now.driver_override),
			 strcmp(text, "(null)") == 0 ? "" : text);
}

static bool is_selected(const struct cxv_bind_survey *survey, const char *target)
{
	for (size_t i = 0; i < survey->target_count; i++)
		if (!strcmp(survey->targets[i]->host, target))
			return true;
	return false;
}

static int read_member(const struct cxv_bind_survey *survey, const char *name,
		       struct cxv_bind_facts *facts)
{
	struct cxv_group_member *member = &facts->members[facts->member_count];
	char directory[128];
	int ret;

	snprintf(member->target, sizeof(member->target), "%.15s", name);
	member->selected = is_selected(survey, name);
	/* Of 64 that are bound together each would read all others' drivers, for nothing. */
	if (member->selected) {
		facts->member_count++;
		return 0;
	}
	snprintf(directory, sizeof(directory), DEVICE "/iommu_group/devices/%.32s", facts->target,
		 name);
	ret = read_link_name(survey->host, directory, "driver", member->driver,
			     sizeof(member->driver));
	facts->member_count += !ret;
	return ret;
}

static int read_members(struct cxv_bind_survey *survey, const struct cxv_endpoint *endpoint,
			struct cxv_bind_facts *facts)
{
	char **names;
	size_t count;
	int ret;

	(void)endpoint;
	if (!facts->iommu_group[0])
		return 0;
	ret = cxv_host_list(survey->host, &names, &count, DEVICE "/iommu_group/devices",
			    facts->target);
	if (ret < 0)
		return ret;
	facts->members = calloc(count ? count : 1, sizeof(*facts->members));
	ret = facts->members ? 0 : -ENOMEM;
	for (size_t i = 0; i < count && !ret; i++)
		if (strcmp(names[i], facts->target) != 0)
			ret = read_member(survey, names[i], facts);
	cxv_names_free(names, count);
	return ret;
}

int cxv_vfio_device_name(const struct cxv_host *host, const char *target, char *name, size_t size)
{
	char **names;
	size_t count;
	int ret = cxv_host_list(host, &names, &count, DEVICE "/vfio-dev", target);

	name[0] = '\0';
	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	if (count)
		ret = copy_name(name, size, names[0]);
	cxv_names_free(names, count);
	return ret;
}

static int refresh_openings(struct cxv_bind_survey *survey)
{
	cxv_openings_clear(&survey->openings);
	return cxv_openings_read(survey->host, &survey->openings);
}

/*
 * Only VFIO drivers have users whom an unbind would wait for. All processes are looked at once for
 * all targets: who came later keeps the group open, which the unbind finds out; and who is said to
 * have it open is looked for again.
 */
static int read_openers(struct cxv_bind_survey *survey, const struct cxv_endpoint *endpoint,
			struct cxv_bind_facts *facts)
{
	bool fresh = !survey->openings.read;
	char device[32];
	int ret;

	(void)endpoint;
	if (!cxv_driver_is_vfio(facts->now.driver))
		return 0;
	ret = cxv_vfio_device_name(survey->host, facts->target, device, sizeof(device));
	if (!ret && fresh)
		ret = refresh_openings(survey);
	if (!ret)
		ret = cxv_openers_among(&survey->openings, facts->target, facts->iommu_group,
					device, &facts->openers);
	if (ret || fresh || !facts->openers.count)
		return ret;
	cxv_openers_clear(&facts->openers);
	ret = refresh_openings(survey);
	return ret ? ret : cxv_openers_among(&survey->openings, facts->target, facts->iommu_group,
					     device, &facts->openers);
}

int cxv_window_users_find(const struct cxv_iomem *iomem, uint64_t first, uint64_t last,
			  struct cxv_window_user **users, size_t *count)
{
	size_t found = cxv_iomem_overlapping(iomem, first, last, NULL, 0);
	_cleanup_free_ const struct cxv_iomem_entry **owners = calloc(found + 1, sizeof(*owners));

	*users = calloc(found + 1, sizeof(**users));
	if (!owners || !*users)
		return -ENOMEM;
	cxv_iomem_overlapping(iomem, first, last, owners, found);
	for (size_t i = 0; i < found; i++) {
		struct cxv_window_user *user = &(*users)[*count];

		if (!cxv_iomem_is_in_use(owners[i]->name))
			continue;
		user->first = owners[i]->first;
		user->last = owners[i]->last;
		snprintf(user->name, sizeof(user->name), "%s", owners[i]->name);
		++*count;
	}
	return 0;
}

/* As it was when the endpoints were read: of what came since, the driver keeps away itself. */
static int read_window_users(struct cxv_bind_survey *survey, const struct cxv_endpoint *endpoint,
			     struct cxv_bind_facts *facts)
{
	const struct cxv_iomem *iomem = survey->iomem;
	uint64_t first = endpoint->resource.value, size = endpoint->size.value;

	if (!endpoint->resource.known || !endpoint->size.known || !size)
		return 0;
	if (iomem->error || iomem->truncated)
		return iomem->error == ENOENT ? 0 : -cxv_iomem_error(iomem);
	return cxv_window_users_find(iomem, first, cxv_last(first, size), &facts->window_users,
				     &facts->window_user_count);
}

/* What is installed does not change while one command runs; what is loaded does. */
static int find_module(struct cxv_bind_survey *survey)
{
	int ret;

	if (survey->module_read)
		return 0;
	ret = cxv_module_find(survey->host, CXL_VFIO_MODULE_NAME, &survey->module);
	survey->module_read = !ret;
	return ret;
}

static int read_module(struct cxv_bind_survey *survey, const struct cxv_endpoint *endpoint,
		       struct cxv_bind_facts *facts)
{
	const struct cxv_module *module = &survey->module;
	int ret;

	(void)endpoint;
	if (cxv_host_exists(survey->host, "sys/bus/pci/drivers/" CXL_VFIO_DRIVER_NAME)) {
		facts->module = CXV_MODULE_LOADED;
		return 0;
	}
	ret = find_module(survey);
	if (ret < 0)
		return ret;
	memcpy(facts->kernel, module->kernel, sizeof(facts->kernel));
	memcpy(facts->module_path, module->path, sizeof(facts->module_path));
	if (!module->path[0])
		facts->module = CXV_MODULE_MISSING;
	else
		facts->module = module->fits ? CXV_MODULE_AVAILABLE : CXV_MODULE_OTHER_KERNEL;
	if (facts->module != CXV_MODULE_AVAILABLE)
		return 0;
	/* A fixture shows another machine; what is loaded here does not matter there. */
	if (survey->host->fixture)
		return copy_name(facts->missing_modules, sizeof(facts->missing_modules),
				 CXL_VFIO_MODULE_NAME);
	return cxv_module_missing(CXL_VFIO_MODULE_NAME, facts->missing_modules,
				  sizeof(facts->missing_modules));
}

/* One that is not loaded yet has nothing to say. */
static int read_offer(struct cxv_bind_survey *survey, const struct cxv_endpoint *endpoint,
		      struct cxv_bind_facts *facts)
{
	const bool bound = cxv_driver_is_ours(facts->now.driver);
	_cleanup_free_ char *bar = NULL;
	struct cxv_offer defaults;
	int ret;

	(void)endpoint;
	if (bound)
		ret = cxv_parameters_of_device(survey->host, facts->target, &facts->offer);
	else if (facts->module == CXV_MODULE_LOADED)
		ret = cxv_parameters_read(survey->host, &defaults);
	else
		return 0;
	/* Words of another release are ignored. */
	facts->without_views = ret == -ENOENT || ret == -EPROTO;
	if (facts->without_views || ret || !bound)
		return facts->without_views ? 0 : ret;
	ret = cxv_host_read_string(survey->host, &bar, DEVICE "/" CXL_VFIO_SYSFS_GROUP "/view_bar",
				   facts->target);
	facts->without_bar = !ret && !strcmp(bar, CXL_VFIO_VIEW_BAR_NONE);
	return ret;
}

/* Tells this device from another one that is put into its slot later. */
static int read_identity(struct cxv_bind_survey *survey, const struct cxv_endpoint *endpoint,
			 struct cxv_bind_facts *facts)
{
	const char *reason = endpoint->state_reason.value;

	(void)survey;
	facts->state = endpoint->state;
	snprintf(facts->state_reason, sizeof(facts->state_reason), "%s", reason ? reason : "");
	cxv_record_identity(endpoint, facts->identity);
	return copy_name(facts->target, sizeof(facts->target), endpoint->host);
}

static int read_left(struct cxv_bind_survey *survey, const struct cxv_endpoint *endpoint,
		     struct cxv_bind_facts *facts)
{
	const char *region = endpoint->left_region.value, *window = endpoint->left_window.value;

	(void)survey;
	if (!region || !window)
		return 0;
	return copy_name(facts->left_region, sizeof(facts->left_region), region) ?:
	       copy_name(facts->left_window, sizeof(facts->left_window), window);
}

static int read_driver(struct cxv_bind_survey *survey, const struct cxv_endpoint *endpoint,
		       struct cxv_bind_facts *facts)
{
	return cxv_bound_driver(survey->host, endpoint->host, facts->now.driver);
}

static int read_group(struct cxv_bind_survey *survey, const struct cxv_endpoint *endpoint,
		      struct cxv_bind_facts *facts)
{
	char directory[64];

	snprintf(facts->direct_range, sizeof(facts->direct_range), "%s",
		 endpoint->direct_range.value ?: "");
	snprintf(directory, sizeof(directory), DEVICE, endpoint->host);
	return read_link_name(survey->host, directory, "iommu_group", facts->iommu_group,
			      sizeof(facts->iommu_group));
}

static int read_record(struct cxv_bind_survey *survey, const struct cxv_endpoint *endpoint,
		       struct cxv_bind_facts *facts)
{
	int ret = cxv_record_read(survey->host, endpoint->host, facts->identity, &facts->record);

	facts->remembered = !ret;
	facts->record_damaged = ret == -EINVAL;
	return ret == -ENOENT || ret == -EINVAL ? 0 : ret;
}

static const struct {
	const char *what;
	int (*read)(struct cxv_bind_survey *survey, const struct cxv_endpoint *endpoint,
		    struct cxv_bind_facts *facts);
} readers[] = {
	{ "its address", read_identity },
	{ "its driver", read_driver },
	{ "its driver_override", read_override },
	{ "what a failed bind left", read_left },
	{ "its IOMMU group", read_group },
	{ "the others of its IOMMU group", read_members },
	{ "who has it open", read_openers },
	{ "/proc/iomem", read_window_users },
	{ "which modules are installed", read_module },
	{ "what it offers", read_offer },
	{ "what it was before an earlier bind", read_record },
};

static int explain(const struct cxv_host *host, const char *operation, const char *target,
		   const char *what, int error, struct cxv_errors *errors)
{
	struct cxv_place place = { .operation = operation, .target = target };

	/* It may go between two of its files. */
	if (error == -ENODEV || !cxv_host_exists(host, DEVICE, target)) {
		place.hint = "see the kernel log, then: cxlvfio list";
		return cxv_error(errors, CXV_DEVICE_LOST, ENODEV, place, "the device is gone");
	}
	return cxv_error(errors, cxv_code_of_errno(error), error, place, "cannot read %s", what);
}

static void warn_of_record(const char *operation, const char *target, struct cxv_errors *errors)
{
	char path[64];
	struct cxv_place place = {
		.operation = operation,
		.target = target,
		.path = path,
		.hint = "remove it",
	};

	snprintf(path, sizeof(path), "/" CXV_STATE_DIRECTORY "/%s", target);
	cxv_warning(errors, CXV_FAILED, EINVAL, place,
		    "the record of an earlier bind is damaged: it is ignored");
}

void cxv_bind_survey_clear(struct cxv_bind_survey *survey)
{
	cxv_openings_clear(&survey->openings);
}

int cxv_bind_facts_read(struct cxv_bind_survey *survey, const char *operation,
			const struct cxv_endpoint *endpoint, struct cxv_errors *errors,
			struct cxv_bind_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		int ret = readers[i].read(survey, endpoint, facts);

		/* What this one would have said is not known, so nothing can be decided. */
		if (ret < 0)
			return explain(survey->host, operation, endpoint->host, readers[i].what,
				       ret, errors);
	}
	if (facts->record_damaged)
		warn_of_record(operation, endpoint->host, errors);
	return 0;
}
