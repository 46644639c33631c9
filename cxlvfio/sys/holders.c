// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/holders.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/util.h"

#define HOLDER_MAX	64	/* more names than anyone reads */
#define DEVICE_LINK	"anon_inode:[vfio-device]"

struct search {
	const struct cxv_host *host;
	const char *target;
	char group_node[64];
	char device_node[64];
	struct cxv_holder *holders;
	size_t count;
};

/* Linux 6.17 and newer name the device of a VFIO device descriptor in fdinfo. */
static bool is_device_descriptor(const struct search *search, const char *process,
				 const char *descriptor)
{
	_cleanup_free_ char *info = NULL;
	char *path, *name;

	if (cxv_host_read_string(search->host, &info, "proc/%s/fdinfo/%s", process, descriptor) < 0)
		return false;
	path = strstr(info, "vfio-device-syspath:");
	if (!path)
		return false;
	path[strcspn(path, "\n")] = '\0';
	name = strrchr(path, '/');
	return name && strcmp(name + 1, search->target) == 0;
}

/* Does DESCRIPTOR of PROCESS hold the endpoint? *PATH becomes how to call it. */
static bool holds(const struct search *search, const char *process, const char *descriptor,
		  char **path)
{
	_cleanup_free_ char *link = NULL;
	bool found;

	if (cxv_host_read_link(search->host, &link, "proc/%s/fd/%s", process, descriptor) < 0)
		return false;
	if (strcmp(link, DEVICE_LINK) == 0)
		found = is_device_descriptor(search, process, descriptor);
	else
		found = link[0] && (strcmp(link, search->group_node) == 0 ||
				    strcmp(link, search->device_node) == 0);
	if (found) {
		*path = link;
		link = NULL;
	}
	return found;
}

static int add_holder(struct search *search, const char *process, const char *path)
{
	_cleanup_free_ char *command = NULL;
	struct cxv_holder *larger = reallocarray(search->holders, search->count + 1,
						 sizeof(*larger));
	struct cxv_holder *holder;

	if (!larger)
		return -ENOMEM;
	search->holders = larger;
	holder = &larger[search->count++];
	memset(holder, 0, sizeof(*holder));
	holder->pid = atoi(process);
	snprintf(holder->path, sizeof(holder->path), "%s", path);
	if (cxv_host_read_string(search->host, &command, "proc/%s/comm", process) < 0)
		snprintf(holder->command, sizeof(holder->command), "?");
	else
		snprintf(holder->command, sizeof(holder->command), "%s", command);
	return 0;
}

/* One line for a process, however many descriptors it has. */
static int inspect_process(struct search *search, const char *process)
{
	_cleanup_free_ char *path = NULL;
	char **descriptors;
	size_t count;
	int ret;

	/* Gone meanwhile, a kernel thread, or somebody else's and we are not root. */
	if (cxv_host_list(search->host, &descriptors, &count, "proc/%s/fd", process) < 0)
		return 0;
	for (size_t i = 0; i < count && !path; i++)
		holds(search, process, descriptors[i], &path);
	cxv_names_free(descriptors, count);
	ret = path ? add_holder(search, process, path) : 0;
	return ret;
}

/* A fixture's processes are another machine's. */
static bool is_other_process(const struct cxv_host *host, const char *name)
{
	return isdigit((unsigned char)name[0]) && strspn(name, "0123456789") == strlen(name) &&
	       (host->fixture || atoi(name) != getpid());
}

int cxv_find_holders(const struct cxv_host *host, const char *target, const char *group,
		     const char *device, struct cxv_holder **holders, size_t *count)
{
	struct search search = { .host = host, .target = target };
	char **processes;
	size_t process_count;
	int ret;

	if (group && group[0])
		snprintf(search.group_node, sizeof(search.group_node), "/dev/vfio/%s", group);
	if (device && device[0])
		snprintf(search.device_node, sizeof(search.device_node), "/dev/vfio/devices/%s",
			 device);
	ret = cxv_host_list(host, &processes, &process_count, "proc");
	if (ret < 0)
		return ret;
	for (size_t i = 0; i < process_count && !ret && search.count < HOLDER_MAX; i++)
		if (is_other_process(host, processes[i]))
			ret = inspect_process(&search, processes[i]);
	cxv_names_free(processes, process_count);
	if (ret < 0) {
		free(search.holders);
		return ret;
	}
	*holders = search.holders;
	*count = search.count;
	return 0;
}
