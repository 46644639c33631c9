// SPDX-License-Identifier: GPL-2.0-or-later
/* A tree in memory as a host. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/util.h"
#include "sys/base/host_operations.h"
#include "sys/snapshot/tree.h"

int cxv_host_open_tree(struct cxv_host *host, struct cxv_tree *tree)
{
	void (*const trace)(const char *, const char *, const char *, int) = host->trace;

	*host = (struct cxv_host) {
		.operations = &cxv_tree_operations,
		.root = -1,
		.root_path = strdup(""),
		.fixture = true,
		.tree = tree,
		.trace = trace,
	};
	if (host->root_path)
		return 0;
	cxv_host_close(host);
	return -ENOMEM;
}

static void close_tree(struct cxv_host *host)
{
	cxv_tree_free(host->tree);
}

static int enter(const struct cxv_host *host, struct cxv_host *inside)
{
	(void)host, (void)inside;
	return 0;
}

static int open_path(const struct cxv_host *host, int flags, const char *path)
{
	int descriptor = cxv_tree_open(host->tree, path, flags);

	cxv_host_trace(host, "open", path, NULL, descriptor);
	return descriptor;
}

static ssize_t read_path(const struct cxv_host *host, void *buffer, size_t size, bool once,
			 const char *path)
{
	ssize_t length = cxv_tree_read(host->tree, path, buffer, size);

	(void)once;
	cxv_host_trace(host, "open", path, NULL, length < 0 ? (int)length : 0);
	return length;
}

static int read_link(const struct cxv_host *host, char target[static PATH_MAX], const char *path)
{
	const char *found;
	int error = cxv_tree_read_link(host->tree, path, &found);

	cxv_host_trace(host, "open", path, NULL, error);
	if (!error)
		snprintf(target, PATH_MAX, "%s", found);
	return error;
}

static bool exists(const struct cxv_host *host, const char *path)
{
	return cxv_tree_exists(host->tree, path);
}

static uint64_t inode(const struct cxv_host *host, const char *path)
{
	return cxv_tree_inode(host->tree, path);
}

static int list(const struct cxv_host *host, char ***names, size_t *count, const char *path)
{
	_cleanup_free_ struct cxv_node **children = NULL;
	size_t found = 0;
	int error = cxv_tree_list(host->tree, path, &children, &found);

	cxv_host_trace(host, "open", path, NULL, error);
	for (size_t i = 0; i < found && !error; i++)
		error = cxv_names_append(names, count, children[i]->name);
	return error;
}

static int keep(const struct cxv_host *host, int error, const void *bytes, size_t size,
		const char *path)
{
	struct cxv_node *node;
	int result;

	if (!error)
		return cxv_tree_put(host->tree, path, bytes, size);
	result = cxv_tree_make(host->tree, path, &node);
	return result < 0 ? result : cxv_tree_set_unavailable(host->tree, node, error);
}

const struct cxv_host_operations cxv_tree_operations = {
	.enter = enter,
	.close = close_tree,
	.open = open_path,
	.read = read_path,
	.read_link = read_link,
	.exists = exists,
	.inode = inode,
	.list = list,
	.keep = keep,
	.flat = true,
};
