// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/discovery/holders.h"

#include <ctype.h>
#include <errno.h>
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

		if (other->pid != opening->pid)
			return false;
		if (!strcmp(other->path, opening->path) &&
		    !strcmp(other->device ?: "", opening->device ?: ""))
			return true;
	}
	return false;
}

static void opening_clear(struct cxv_opening *opening)
{
	free(opening->command);
	free(opening->path);
	free(opening->device);
}

/* Takes OPENING's strings over. */
static int add_opening(struct cxv_openings *openings, struct cxv_opening *opening)
{
	struct cxv_opening *bigger;

	bigger = reallocarray(openings->items, openings->count + 1, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	openings->items = bigger;
	bigger[openings->count++] = *opening;
	*opening = (struct cxv_opening) { 0 };
	return 0;
}

static int keep_opening(const struct cxv_host *host, const char *process, const char *descriptor,
			const char *link, struct cxv_openings *openings)
{
	_cleanup_(opening_clear) struct cxv_opening opening = {
		.pid = atoi(process), .path = strdup(link),
	};

	if (!opening.path)
		return -ENOMEM;
	if (!strcmp(link, DEVICE_LINK))
		opening.device = device_of(host, process, descriptor);
	if (is_known(openings, &opening))
		return 0;
	if (cxv_host_read_string(host, &opening.command, "proc/%s/comm", process) < 0)
		opening.command = strdup("?");
	return opening.command ? add_opening(openings, &opening) : -ENOMEM;
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
		return error == -ENOMEM ? error : 0;
	error = cxv_host_list(&inside, &names, &count, ".");
	if (error == -EACCES || error == -EPERM)
		keep_denied(host, directory, error, openings);
	if (!error) {
		error = read_descriptors(host, process, &inside, names, count, openings);
		cxv_names_free(names, count);
	}
	cxv_host_close(&inside);
	return error == -ENOMEM ? error : 0;
}

/* A fixture's processes are another machine's. */
static bool is_other_process(const struct cxv_host *host, const char *name)
{
	return isdigit((unsigned char)name[0]) && strspn(name, "0123456789") == strlen(name) &&
	       (host->fixture || atoi(name) != getpid());
}

/* By process, and its nodes before what has no name: those tell most. */
static int compare_openings(const void *left, const void *right)
{
	const struct cxv_opening *first = left, *second = right;

	if (first->pid != second->pid)
		return first->pid < second->pid ? -1 : 1;
	return strcmp(first->path, second->path);
}

int cxv_openings_read(const struct cxv_host *host, struct cxv_openings *openings)
{
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
		if (is_other_process(host, processes[i]))
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

static bool holds(const struct search *search, const struct cxv_opening *opening)
{
	if (opening->device)
		return !strcmp(opening->device, search->target);
	return !strcmp(opening->path, search->group_node) ||
	       !strcmp(opening->path, search->device_node);
}

/* The next opening from *INDEX on that is SEARCH's, one for each process; NULL: no more. */
static const struct cxv_opening *next_holder(const struct cxv_openings *openings,
					     const struct search *search, size_t *index, int *last)
{
	while (*index < openings->count) {
		const struct cxv_opening *opening = &openings->items[(*index)++];

		if (opening->pid == *last || !holds(search, opening))
			continue;
		*last = opening->pid;
		return opening;
	}
	return NULL;
}

static int add_holder(const struct cxv_opening *opening, struct cxv_holder **holders, size_t *count)
{
	struct cxv_holder *larger = reallocarray(*holders, *count + 1, sizeof(*larger));
	struct cxv_holder *holder;

	if (!larger)
		return -ENOMEM;
	*holders = larger;
	holder = &larger[(*count)++];
	*holder = (struct cxv_holder) { .pid = opening->pid };
	snprintf(holder->command, sizeof(holder->command), "%s", opening->command);
	snprintf(holder->path, sizeof(holder->path), "%s", opening->path);
	return 0;
}

int cxv_holders_among(const struct cxv_openings *openings, const char *target, const char *group,
		      const char *device, struct cxv_holder **holders, size_t *count)
{
	struct search search = make_search(target, group, device);
	const struct cxv_opening *opening;
	struct cxv_holder *found = NULL;
	size_t index = 0, found_count = 0;
	int last = 0, ret = 0;

	while (!ret && (opening = next_holder(openings, &search, &index, &last)))
		ret = add_holder(opening, &found, &found_count);
	if (ret < 0) {
		free(found);
		return ret;
	}
	*holders = found;
	*count = found_count;
	return 0;
}

int cxv_find_holders(const struct cxv_host *host, const char *target, const char *group,
		     const char *device, struct cxv_holder **holders, size_t *count)
{
	_cleanup_(cxv_openings_clear) struct cxv_openings openings = { 0 };
	int ret = cxv_openings_read(host, &openings);

	return ret ? ret : cxv_holders_among(&openings, target, group, device, holders, count);
}

static int add_opener(struct cxv_vfio *vfio, const struct cxv_opening *opening)
{
	struct cxv_opener *bigger, *opener;

	bigger = reallocarray(vfio->opened_by, vfio->opener_count + 1, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	vfio->opened_by = bigger;
	opener = &bigger[vfio->opener_count++];
	*opener = (struct cxv_opener) {
		.pid = cxv_known(opening->pid),
		.command.value = strdup(opening->command),
		.path.value = strdup(opening->path),
	};
	return opener->command.value && opener->path.value ? 0 : -ENOMEM;
}

int cxv_holders_collect(const struct cxv_host *host, struct cxv_openings *openings,
			struct cxv_endpoint *endpoint)
{
	struct cxv_vfio *vfio = &endpoint->vfio;
	const struct cxv_opening *opening;
	struct search search;
	size_t index = 0;
	int last = 0, ret = 0;

	if (!vfio->group.value && !vfio->cdev.value)
		return 0;
	if (!openings->read)
		ret = cxv_openings_read(host, openings);
	if (ret == -ENOMEM)
		return ret;
	vfio->opened_by_error = openings->error;
	search = make_search(endpoint->host, vfio->group.value, vfio->cdev.value);
	for (ret = 0; !ret && (opening = next_holder(openings, &search, &index, &last));)
		ret = add_opener(vfio, opening);
	return ret;
}
