// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/snapshot/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/discovery/dvsec.h"
#include "cxl_regs.h"
#include "sys/base/descriptor.h"
#include "sys/base/host_operations.h"
#include "sys/discovery/pci.h"

/* /proc/iomem of a large machine is below it, and nothing that is read as a whole is larger. */
#define FILE_MAX	((size_t)4 << 20)

static int get_path(const struct cxv_node *directory, const char *name,
		    char path[static PATH_MAX])
{
	size_t length;
	int error = cxv_tree_path(directory, path, PATH_MAX);

	if (error < 0 || !name)
		return error;
	length = strlen(path);
	if (snprintf(path + length, PATH_MAX - length, "%s%s", length ? "/" : "", name) >=
	    (int)(PATH_MAX - length))
		return -ENAMETOOLONG;
	return 0;
}

static bool has_cxl_dvsec(const uint8_t *image, size_t size)
{
	static const unsigned int ids[] = {
		CXL_DVSEC_ID_DEVICE, CXL_DVSEC_ID_PORT_EXTENSION,
		CXL_DVSEC_ID_FLEX_BUS_PORT, CXL_DVSEC_ID_REGISTER_LOCATOR,
	};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (cxv_dvsec_find(image, size, ids[i], 0) >= 0)
			return true;
	return false;
}

/*
 * Configuration space: of CXL functions all of it. Of others only the headers of capabilities, as
 * discovery does: some devices do not bear to be read where nothing is.
 */
static int read_config(int descriptor, char **bytes, size_t *size)
{
	/* Room for the NUL that a tree puts behind what it keeps. */
	uint8_t *image = malloc(CXV_CONFIG_SIZE + 1);
	ssize_t got;

	if (!image)
		return -ENOMEM;
	*bytes = (char *)image;
	got = cxv_pci_read_image(descriptor, false, image);
	if (got > 0 && has_cxl_dvsec(image, got))
		got = cxv_pci_read_image(descriptor, true, image);
	*size = got < 0 ? 0 : got;
	return got < 0 ? got : 0;
}

static int read_content(const struct cxv_host *live, const char *path, char **bytes, size_t *size)
{
	const char *name = strrchr(path, '/');
	bool is_config = name && !strcmp(name, "/config") && !strncmp(path, "sys/devices/", 12);
	_cleanup_close_ int descriptor = -1;

	descriptor = cxv_host_open_file(live, O_RDONLY | O_NONBLOCK, "%s", path);
	if (descriptor < 0)
		return descriptor;
	return is_config ? read_config(descriptor, bytes, size) :
			   cxv_read_whole(descriptor, bytes, size, FILE_MAX);
}

static int fetch_content(struct cxv_tree *tree, struct cxv_node *node, const char *path)
{
	char *bytes = NULL;
	size_t size = 0;
	int error = read_content(tree->fetcher, path, &bytes, &size);

	if (!error)
		return cxv_tree_set_file(tree, node, bytes, size);
	free(bytes);
	return cxv_host_error_is_ours(error) ? error : cxv_tree_set_unavailable(tree, node, error);
}

static int fetch_link(struct cxv_tree *tree, struct cxv_node *node, const char *path)
{
	_cleanup_free_ char *target = NULL;
	int error = cxv_host_read_link(tree->fetcher, &target, "%s", path);

	if (cxv_host_error_is_ours(error))
		return error;
	return error < 0 ? cxv_tree_set_unavailable(tree, node, error) :
			   cxv_tree_set_link(tree, node, target);
}

static int get_status(const struct cxv_host *live, const char *path, struct stat *status)
{
	_cleanup_close_ int descriptor = -1;

	descriptor = cxv_host_open_file(live, O_PATH | O_NOFOLLOW, "%s", path);
	if (descriptor < 0)
		return descriptor;
	return fstat(descriptor, status) < 0 ? -errno : 0;
}

static int set_unread(struct cxv_tree *tree, struct cxv_node *node)
{
	int error = cxv_tree_set_unavailable(tree, node, ENODATA);

	node->unread = !error;
	return error;
}

static int set_empty(struct cxv_tree *tree, struct cxv_node *node)
{
	char *bytes = malloc(1);

	return bytes ? cxv_tree_set_file(tree, node, bytes, 0) : -ENOMEM;
}

static int fetch_node(struct cxv_tree *tree, struct cxv_node *node, const char *path, bool content)
{
	struct stat status;
	int error = get_status(tree->fetcher, path, &status);

	if (error < 0)
		return cxv_host_error_is_ours(error) ? error :
						       cxv_tree_set_unavailable(tree, node, error);
	node->inode = status.st_ino;
	switch (status.st_mode & S_IFMT) {
	case S_IFDIR:
		node->partial = true;
		return 0;
	case S_IFLNK:
		return fetch_link(tree, node, path);
	case S_IFREG:
		return content ? fetch_content(tree, node, path) : set_unread(tree, node);
	default:
		/* Device nodes: to open one may do something. */
		return set_empty(tree, node);
	}
}

static int fetch_names(struct cxv_tree *tree, struct cxv_node *directory)
{
	char path[PATH_MAX];
	char **names;
	size_t count;
	int error = get_path(directory, NULL, path);

	if (!error)
		error = cxv_host_list(tree->fetcher, &names, &count, "%s", path);
	if (cxv_host_error_is_ours(error))
		return error;
	/* What is known of it already is kept, and the rest of it stays unknown. */
	if (error < 0)
		return directory->children ? 0 : cxv_tree_set_unavailable(tree, directory, error);
	for (size_t i = 0; i < count && !error; i++)
		if (!cxv_tree_child(directory, names[i]))
			error = tree->fetch(tree, directory, names[i], false);
	cxv_names_free(names, count);
	if (!error)
		directory->partial = false;
	return error;
}

static int fetch(struct cxv_tree *tree, struct cxv_node *directory, const char *name, bool content)
{
	char path[PATH_MAX];
	struct cxv_node *node;
	int error;

	if (!name)
		return fetch_names(tree, directory);
	error = get_path(directory, name, path);
	if (!error)
		error = cxv_tree_make_child(tree, directory, name, &node);
	if (error < 0)
		return error;
	return node->unread ? fetch_content(tree, node, path) :
			      fetch_node(tree, node, path, content);
}

int cxv_capture_open(struct cxv_host *host, const struct cxv_host *live)
{
	struct cxv_tree *tree = cxv_tree_new();

	if (!tree)
		return -ENOMEM;
	tree->root.partial = true;
	tree->fetch = fetch;
	tree->fetcher = (void *)live;
	*host = (struct cxv_host) {
		.operations = &cxv_tree_operations,
		.root = -1,
		.root_path = strdup(live->root_path),
		.fixture = live->fixture,
		.tree = tree,
		.live = live,
		.libcxl = live->libcxl,
	};
	if (host->root_path)
		return 0;
	cxv_host_close(host);
	return -ENOMEM;
}

/* Of /proc only processes and descriptors that matter were copied: sys/discovery/openers.c. */
static void complete_processes(struct cxv_tree *tree)
{
	struct cxv_node *processes = cxv_tree_child(&tree->root, "proc"), **children;
	size_t count;

	if (!processes || cxv_tree_children(processes, &children, &count) < 0)
		return;
	processes->partial = false;
	for (size_t i = 0; i < count; i++) {
		struct cxv_node *descriptors = cxv_tree_child(children[i], "fd");

		if (descriptors)
			descriptors->partial = false;
	}
	free(children);
}

void cxv_capture_end(struct cxv_host *host)
{
	complete_processes(host->tree);
	host->live = NULL;
	host->tree->fetch = NULL;
	host->tree->fetcher = NULL;
}
