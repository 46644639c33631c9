// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/openers.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/base/util.h"

#define NODE_PREFIX	"/dev/vfio/"
#define DEVICE_LINK	"anon_inode:[vfio-device]"
#define NODE_MAX	64

/* Linux 6.17 and newer name the device of a VFIO device descriptor in fdinfo. */
static char *device_of(const struct cxv_host *host, const char *process, const char *descriptor)
{
	_cleanup_free_ char *info = NULL;
	char *path, *name;

	if (cxv_host_read_string(host, &info, "proc/%s/fdinfo/%s", process, descriptor) < 0)
		return NULL;
	path = strstr(info, "vfio-device-syspath:");
	if (!path)
		return NULL;
	path[strcspn(path, "\n")] = '\0';
	name = strrchr(path, '/');
	return name ? strdup(name + 1) : NULL;
}

static bool is_known(const struct cxv_openings *openings, const struct cxv_opening *opening)
{
	for (size_t i = openings->count; i > 0; i--) {
		const struct cxv_opening *other = &openings->items[i - 1];

		if (other->by.pid.value != opening->by.pid.value)
			return false;
		if (!strcmp(other->by.path.value, opening->by.path.value) &&
		    !strcmp(other->device ?: "", opening->device ?: ""))
			return true;
	}
	return false;
}

static void opening_clear(struct cxv_opening *opening)
{
	cxv_fields_free(&opening->by, &cxv_opener_fields);
	free(opening->device);
}

/* Takes OPENING's strings over. */
static int add_opening(struct cxv_openings *openings, struct cxv_opening *opening)
{
	struct cxv_opening *added = cxv_array_add(openings->items, openings->count);

	if (!added)
		return -ENOMEM;
	*added = *opening;
	*opening = (struct cxv_opening) { 0 };
	return 0;
}

static int keep_opening(const struct cxv_host *host, const char *process, const char *descriptor,
			const char *link, struct cxv_openings *openings)
{
	_cleanup_(opening_clear) struct cxv_opening opening = {
		.by = { .pid = cxv_known(atoi(process)), .path.value = strdup(link) },
	};

	if (!opening.by.path.value)
		return -ENOMEM;
	if (!strcmp(link, DEVICE_LINK))
		opening.device = device_of(host, process, descriptor);
	if (is_known(openings, &opening))
		return 0;
	if (cxv_host_read_string(host, &opening.by.command.value, "proc/%s/comm", process) < 0)
		opening.by.command.value = strdup("?");
	return opening.by.command.value ? add_opening(openings, &opening) : -ENOMEM;
}

static bool is_vfio(const char *link)
{
	return cxv_starts_with(link, NODE_PREFIX) || !strcmp(link, DEVICE_LINK);
}

/* Whose descriptors are looked at: a capture keeps those of VFIO only, not all of /proc. */
static const struct cxv_host *searched(const struct cxv_host *host)
{
	return host->live ?: host;
}

static int read_descriptors(const struct cxv_host *host, const char *process,
			    const struct cxv_host *inside, char **names, size_t count,
			    struct cxv_openings *openings)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		_cleanup_free_ char *link = NULL;

		if (cxv_host_read_link(inside, &link, "%s", names[i]) < 0 || !is_vfio(link))
			continue;
		if (host->live)
			cxv_host_exists(host, "proc/%s/fd/%s", process, names[i]);
		error = keep_opening(host, process, names[i], link, openings);
	}
	return error;
}

/* Somebody else's, and we are not root: a capture keeps that, too. */
static void keep_denied(const struct cxv_host *host, const char *directory, int error,
			struct cxv_openings *openings)
{
	char **names;
	size_t count;

	openings->error = -error;
	if (host->live && !cxv_host_list(host, &names, &count, "%s", directory))
		cxv_names_free(names, count);
}

static int inspect_process(const struct cxv_host *host, const char *process,
			   struct cxv_openings *openings)
{
	struct cxv_host inside;
	char directory[64], **names;
	size_t count;
	int error;

	snprintf(directory, sizeof(directory), "proc/%.16s/fd", process);
	error = cxv_host_enter(searched(host), &inside, directory);
	/* Gone meanwhile. */
	if (error < 0)
		return cxv_fatal(error);
	error = cxv_host_list(&inside, &names, &count, ".");
	if (error == -EACCES || error == -EPERM)
		keep_denied(host, directory, error, openings);
	if (!error) {
		error = read_descriptors(host, process, &inside, names, count, openings);
		cxv_names_free(names, count);
	}
	cxv_host_close(&inside);
	return cxv_fatal(error);
}

/*
 * It has no program, and no file is its own. There are more of them than of all others on most
 * machines, and to look into each would take as long as everything else.
 */
static bool is_kernel_thread(int proc, const char *process)
{
	char path[32], program[1];

	snprintf(path, sizeof(path), "%.16s/exe", process);
	return proc >= 0 && readlinkat(proc, path, program, sizeof(program)) < 0 &&
	       errno == ENOENT;
}

/* -1: of a fixture, or of a tree, every process is looked into. */
static int open_proc(const struct cxv_host *host)
{
	return host->fixture || host->tree ? -1 :
	       cxv_host_open_file(host, O_PATH | O_DIRECTORY | O_CLOEXEC, "proc");
}

/* A fixture's processes are another machine's. */
static bool is_other_process(const struct cxv_host *host, const char *name)
{
	return isdigit((unsigned char)name[0]) && strspn(name, "0123456789") == strlen(name) &&
	       (host->fixture || atoi(name) != getpid());
}

/* By process; openings with a node before those without. */
static int compare_openings(const void *left, const void *right)
{
	const struct cxv_opening *first = left, *second = right;

	if (first->by.pid.value != second->by.pid.value)
		return first->by.pid.value < second->by.pid.value ? -1 : 1;
	return strcmp(first->by.path.value, second->by.path.value);
}

int cxv_openings_read(const struct cxv_host *host, struct cxv_openings *openings)
{
	_cleanup_close_ int proc = open_proc(searched(host));
	char **processes;
	size_t count;
	int ret;

	*openings = (struct cxv_openings) { .read = true };
	ret = cxv_host_list(searched(host), &processes, &count, "proc");
	if (ret < 0) {
		openings->error = -ret;
		return ret;
	}
	/* /proc mounted with hidepid does not even list the processes of others. */
	if (!host->fixture && !cxv_host_exists(host, "proc/1"))
		openings->error = EACCES;
	for (size_t i = 0; i < count && !ret; i++)
		if (is_other_process(host, processes[i]) &&
		    !is_kernel_thread(proc, processes[i]))
			ret = inspect_process(host, processes[i], openings);
	cxv_names_free(processes, count);
	if (openings->count)
		qsort(openings->items, openings->count, sizeof(*openings->items),
		      compare_openings);
	return ret;
}

void cxv_openings_clear(struct cxv_openings *openings)
{
	for (size_t i = 0; i < openings->count; i++)
		opening_clear(&openings->items[i]);
	free(openings->items);
	*openings = (struct cxv_openings) { 0 };
}

struct search {
	const char *target;
	char group_node[NODE_MAX];
	char device_node[NODE_MAX];
};

static struct search make_search(const char *target, const char *group, const char *device)
{
	struct search search = { .target = target };

	if (group && group[0])
		snprintf(search.group_node, NODE_MAX, NODE_PREFIX "%s", group);
	if (device && device[0])
		snprintf(search.device_node, NODE_MAX, NODE_PREFIX "devices/%s", device);
	return search;
}

static bool has_it_open(const struct search *search, const struct cxv_opening *opening)
{
	const char *path = opening->by.path.value;

	if (opening->device)
		return !strcmp(opening->device, search->target);
	return !strcmp(path, search->group_node) || !strcmp(path, search->device_node);
}

static int add_opener(struct cxv_openers *openers, const struct cxv_opener *opener)
{
	struct cxv_opener *added = cxv_array_add(openers->items, openers->count);

	return added ? cxv_fields_copy(added, opener, sizeof(*opener), &cxv_opener_fields) :
		       -ENOMEM;
}

int cxv_openers_among(const struct cxv_openings *openings, const char *target, const char *group,
		      const char *device, struct cxv_openers *openers)
{
	struct search search = make_search(target, group, device);
	uint64_t last = 0;
	int ret = 0;

	*openers = (struct cxv_openers) { 0 };
	for (size_t i = 0; i < openings->count && !ret; i++) {
		const struct cxv_opening *opening = &openings->items[i];

		/* Each process once: they are sorted by it. */
		if (opening->by.pid.value == last || !has_it_open(&search, opening))
			continue;
		last = opening->by.pid.value;
		ret = add_opener(openers, &opening->by);
	}
	return ret;
}

int cxv_find_openers(const struct cxv_host *host, const char *target, const char *group,
		     const char *device, struct cxv_openers *openers)
{
	_cleanup_(cxv_openings_clear) struct cxv_openings openings = { 0 };
	int ret = cxv_openings_read(host, &openings);

	return ret ? ret : cxv_openers_among(&openings, target, group, device, openers);
}

int cxv_openers_collect(const struct cxv_host *host, struct cxv_openings *openings,
			struct cxv_endpoint *endpoint)
{
	struct cxv_vfio *vfio = &endpoint->vfio;
	int ret = 0;

	if (!vfio->group.value && !vfio->cdev.value)
		return 0;
	if (!openings->read)
		ret = cxv_openings_read(host, openings);
	if (ret == -ENOMEM)
		return ret;
	vfio->opened_by_error = openings->error;
	cxv_openers_clear(&vfio->opened_by);
	return cxv_openers_among(openings, endpoint->host, vfio->group.value, vfio->cdev.value,
				 &vfio->opened_by);
}
