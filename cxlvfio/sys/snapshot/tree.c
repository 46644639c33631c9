// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/snapshot/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/util.h"
#include "sys/base/descriptor.h"
#include "sys/base/host.h"

#define ENTRIES_MAX	1000000
#define SIZE_MAX_TOTAL	((size_t)1 << 30)
#define FILE_SIZE_MAX	((size_t)64 << 20)
/* What the kernel follows. */
#define LINKS_MAX	40

struct cxv_tree *cxv_tree_new(void)
{
	struct cxv_tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return NULL;
	tree->entries_max = ENTRIES_MAX;
	tree->size_max = SIZE_MAX_TOTAL;
	tree->file_max = FILE_SIZE_MAX;
	return tree;
}

static void free_node(void *pointer)
{
	struct cxv_node *node = pointer;

	tdestroy(node->children, free_node);
	free(node->bytes);
	free(node->name);
	free(node);
}

void cxv_tree_free(struct cxv_tree *tree)
{
	if (!tree)
		return;
	tdestroy(tree->root.children, free_node);
	free(tree->root.bytes);
	free(tree);
}

static int compare_nodes(const void *left, const void *right)
{
	const struct cxv_node *first = left, *second = right;

	return strcmp(first->name, second->name);
}

struct cxv_node *cxv_tree_child(const struct cxv_node *directory, const char *name)
{
	struct cxv_node key = { .name = (char *)name };
	struct cxv_node **found = tfind(&key, &directory->children, compare_nodes);

	return found ? *found : NULL;
}

/* What a node takes, about: a bomb of empty files must end too. */
static size_t cost(const struct cxv_node *node)
{
	return sizeof(*node) + strlen(node->name) + node->size;
}

static int add_child(struct cxv_tree *tree, struct cxv_node *directory, const char *name,
		     struct cxv_node **made)
{
	struct cxv_node *node;

	if (tree->entries >= tree->entries_max || tree->size >= tree->size_max)
		return -EFBIG;
	node = calloc(1, sizeof(*node));
	if (node)
		node->name = strdup(name);
	if (!node || !node->name || !tsearch(node, &directory->children, compare_nodes)) {
		if (node)
			free(node->name);
		free(node);
		return -ENOMEM;
	}
	node->parent = directory;
	tree->entries++;
	tree->size += cost(node);
	*made = node;
	return 0;
}

int cxv_tree_make_child(struct cxv_tree *tree, struct cxv_node *directory, const char *name,
			struct cxv_node **node)
{
	if (directory->kind != CXV_NODE_DIRECTORY)
		return -ENOTDIR;
	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EINVAL;
	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	*node = cxv_tree_child(directory, name);
	return *node ? 0 : add_child(tree, directory, name, node);
}

int cxv_tree_make(struct cxv_tree *tree, const char *path, struct cxv_node **node)
{
	char name[NAME_MAX + 1];

	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	*node = &tree->root;
	while (*path) {
		size_t length = strcspn(path, "/");
		int error;

		if (length > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path, length);
		name[length] = '\0';
		error = cxv_tree_make_child(tree, *node, name, node);
		if (error < 0)
			return error;
		path += length + (path[length] == '/');
	}
	return 0;
}

/* Makes NODE something else than it was. */
static int change(struct cxv_tree *tree, struct cxv_node *node, enum cxv_node_kind kind,
		  char *bytes, size_t size)
{
	int error = 0;

	if (node->children || node == &tree->root)
		error = -EISDIR;
	else if (size > tree->file_max || tree->size - node->size > tree->size_max ||
		 size > tree->size_max - (tree->size - node->size))
		error = -EFBIG;
	if (error < 0) {
		free(bytes);
		return error;
	}
	tree->size += size - node->size;
	free(node->bytes);
	node->kind = kind;
	node->bytes = bytes;
	node->size = size;
	node->error = 0;
	node->unread = false;
	node->partial = false;
	return 0;
}

int cxv_tree_set_file(struct cxv_tree *tree, struct cxv_node *node, char *bytes, size_t size)
{
	/* Whoever read it had room for a large one; if it cannot be smaller it stays as it is. */
	bytes = realloc(bytes, size + 1) ?: bytes;
	bytes[size] = '\0';
	return change(tree, node, CXV_NODE_FILE, bytes, size);
}

int cxv_tree_set_link(struct cxv_tree *tree, struct cxv_node *node, const char *target)
{
	int error = cxv_unavailable_errno(target);
	char *copy;

	if (error)
		return cxv_tree_set_unavailable(tree, node, error);
	if (!*target)
		return -EINVAL;
	if (strlen(target) >= PATH_MAX)
		return -ENAMETOOLONG;
	copy = strdup(target);
	return copy ? change(tree, node, CXV_NODE_LINK, copy, strlen(target)) : -ENOMEM;
}

int cxv_tree_set_unavailable(struct cxv_tree *tree, struct cxv_node *node, int error)
{
	int result = change(tree, node, CXV_NODE_UNAVAILABLE, NULL, 0);

	if (!result)
		node->error = abs(error);
	return result;
}

int cxv_tree_put(struct cxv_tree *tree, const char *path, const void *bytes, size_t size)
{
	struct cxv_node *node;
	char *copy;
	int error = cxv_tree_make(tree, path, &node);

	if (error < 0)
		return error;
	copy = malloc(size + 1);
	if (!copy)
		return -ENOMEM;
	if (size)
		memcpy(copy, bytes, size);
	return cxv_tree_set_file(tree, node, copy, size);
}

static int forget(struct cxv_node *node, void *context)
{
	struct cxv_tree *tree = context;

	tree->entries--;
	tree->size -= cost(node);
	return 0;
}

void cxv_tree_remove(struct cxv_tree *tree, struct cxv_node *node)
{
	cxv_tree_walk(node, forget, tree);
	forget(node, tree);
	tdelete(node, &node->parent->children, compare_nodes);
	free_node(node);
}

int cxv_tree_path(const struct cxv_node *node, char *path, size_t size)
{
	char *end = path + size - 1;
	char *start = end;

	*end = '\0';
	for (; node->parent; node = node->parent) {
		size_t length = strlen(node->name);
		bool last = start == end;

		if (length + !last > (size_t)(start - path))
			return -ENAMETOOLONG;
		if (!last)
			*--start = '/';
		start -= length;
		memcpy(start, node->name, length);
	}
	memmove(path, start, end - start + 1);
	return 0;
}

struct children {
	struct cxv_node **nodes;
	size_t count, room;
};

static void keep_child(const void *pointer, VISIT which, void *context)
{
	struct children *children = context;

	/* In the order of the names; other visits of the same node are before and after it. */
	if (which != postorder && which != leaf)
		return;
	if (children->count < children->room)
		children->nodes[children->count] = *(struct cxv_node *const *)pointer;
	children->count++;
}

int cxv_tree_children(const struct cxv_node *directory, struct cxv_node ***children,
		      size_t *count)
{
	struct children found = { 0 };

	twalk_r(directory->children, keep_child, &found);
	found.room = found.count;
	found.count = 0;
	found.nodes = calloc(found.room ?: 1, sizeof(*found.nodes));
	if (!found.nodes)
		return -ENOMEM;
	twalk_r(directory->children, keep_child, &found);
	*children = found.nodes;
	*count = found.count;
	return 0;
}

int cxv_tree_walk(struct cxv_node *directory, int (*visit)(struct cxv_node *node, void *context),
		  void *context)
{
	_cleanup_free_ struct cxv_node **children = NULL;
	size_t count;
	int error;

	if (!directory->children)
		return 0;
	error = cxv_tree_children(directory, &children, &count);
	for (size_t i = 0; i < count && !error; i++) {
		error = visit(children[i], context);
		if (!error)
			error = cxv_tree_walk(children[i], visit, context);
	}
	return error;
}

/* One component of a path. */
static int step(struct cxv_tree *tree, struct cxv_node *directory, const char *name, bool content,
		struct cxv_node **node)
{
	struct cxv_node *child;

	if (directory->kind == CXV_NODE_UNAVAILABLE && !directory->unread)
		return -directory->error;
	if (directory->kind != CXV_NODE_DIRECTORY)
		return -ENOTDIR;
	child = cxv_tree_child(directory, name);
	if (tree->fetch && ((!child && directory->partial) ||
			    (child && child->unread && content))) {
		int error = tree->fetch(tree, directory, name, content);

		if (error < 0)
			return error;
		child = cxv_tree_child(directory, name);
	}
	if (!child)
		return directory->partial ? -ENODATA : -ENOENT;
	if (child->kind == CXV_NODE_UNAVAILABLE && child->error == ENOENT)
		return -ENOENT;
	*node = child;
	return 0;
}

/* A link's target in front of what is left of the path. */
static int follow(char rest[static PATH_MAX], const struct cxv_node *link)
{
	size_t left = strlen(rest);

	if (link->size + 1 + left >= PATH_MAX)
		return -ENAMETOOLONG;
	memmove(rest + link->size + 1, rest, left + 1);
	memcpy(rest, link->bytes, link->size);
	rest[link->size] = '/';
	return 0;
}

/* Takes the first component off REST. False: there is none. */
static bool next_name(char rest[static PATH_MAX], char name[static NAME_MAX + 1], bool *last,
		      int *error)
{
	size_t start = strspn(rest, "/");
	size_t length = strcspn(rest + start, "/");
	size_t after = start + length + strspn(rest + start + length, "/");

	*error = length > NAME_MAX ? -ENAMETOOLONG : 0;
	if (!length || *error)
		return false;
	memcpy(name, rest + start, length);
	name[length] = '\0';
	*last = !rest[after];
	memmove(rest, rest + after, strlen(rest + after) + 1);
	return true;
}

int cxv_tree_find(struct cxv_tree *tree, const char *path, enum cxv_find how,
		  struct cxv_node **node)
{
	struct cxv_node *here = &tree->root, *child = NULL;
	char rest[PATH_MAX], name[NAME_MAX + 1];
	unsigned int links = 0;
	bool last;
	int error;

	if (snprintf(rest, sizeof(rest), "%s", path) >= PATH_MAX)
		return -ENAMETOOLONG;
	while (next_name(rest, name, &last, &error)) {
		if (!strcmp(name, "."))
			continue;
		if (!strcmp(name, "..")) {
			here = here->parent ?: here;
			continue;
		}
		error = step(tree, here, name, last && how == CXV_FIND_CONTENT, &child);
		if (error < 0)
			return error;
		if (child->kind != CXV_NODE_LINK || (last && how == CXV_FIND_LINK)) {
			here = child;
			continue;
		}
		if (++links > LINKS_MAX)
			return -ELOOP;
		error = follow(rest, child);
		if (error < 0)
			return error;
		if (*child->bytes == '/')
			here = &tree->root;
	}
	*node = here;
	return error;
}

/* The file at PATH with its content. */
static int find_file(struct cxv_tree *tree, const char *path, struct cxv_node **node)
{
	int error = cxv_tree_find(tree, path, CXV_FIND_CONTENT, node);

	if (error < 0)
		return error;
	if ((*node)->kind == CXV_NODE_UNAVAILABLE)
		return -(*node)->error;
	return (*node)->kind == CXV_NODE_DIRECTORY ? -EISDIR : 0;
}

int cxv_tree_open(struct cxv_tree *tree, const char *path, int flags)
{
	int descriptor, error;
	struct cxv_node *node;

	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EROFS;
	error = find_file(tree, path, &node);
	if (error < 0)
		return error;
	descriptor = memfd_create("cxlvfio", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (descriptor < 0)
		return -errno;
	error = cxv_write_all(descriptor, node->bytes, node->size);
	if (!error && (lseek(descriptor, 0, SEEK_SET) < 0 ||
		       fcntl(descriptor, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW |
			     F_SEAL_SEAL) < 0))
		error = -errno;
	if (error < 0) {
		close(descriptor);
		return error;
	}
	return descriptor;
}

ssize_t cxv_tree_read(struct cxv_tree *tree, const char *path, void *buffer, size_t size)
{
	struct cxv_node *node;
	int error = find_file(tree, path, &node);

	if (error < 0)
		return error;
	if (size > node->size)
		size = node->size;
	if (size)
		memcpy(buffer, node->bytes, size);
	return size;
}

int cxv_tree_read_link(struct cxv_tree *tree, const char *path, const char **target)
{
	struct cxv_node *node;
	int error = cxv_tree_find(tree, path, CXV_FIND_LINK, &node);

	if (error < 0)
		return error;
	if (node->kind == CXV_NODE_UNAVAILABLE && !node->unread)
		return -node->error;
	if (node->kind != CXV_NODE_LINK)
		return -EINVAL;
	*target = node->bytes;
	return 0;
}

bool cxv_tree_exists(struct cxv_tree *tree, const char *path)
{
	struct cxv_node *node;

	return !cxv_tree_find(tree, path, CXV_FIND_NODE, &node);
}

uint64_t cxv_tree_inode(struct cxv_tree *tree, const char *path)
{
	struct cxv_node *node;

	if (cxv_tree_find(tree, path, CXV_FIND_LINK, &node))
		return 0;
	/* Where none is known, nothing changes either. */
	return node->inode ?: 1;
}

int cxv_tree_list(struct cxv_tree *tree, const char *path, struct cxv_node ***children,
		  size_t *count)
{
	struct cxv_node *node;
	size_t kept = 0;
	int error = cxv_tree_find(tree, path, CXV_FIND_NODE, &node);

	if (!error && node->kind == CXV_NODE_DIRECTORY && node->partial && tree->fetch)
		error = tree->fetch(tree, node, NULL, false);
	if (error < 0)
		return error;
	if (node->kind == CXV_NODE_UNAVAILABLE && !node->unread)
		return -node->error;
	if (node->kind != CXV_NODE_DIRECTORY)
		return -ENOTDIR;
	if (node->partial)
		return -ENODATA;
	error = cxv_tree_children(node, children, count);
	if (error < 0)
		return error;
	for (size_t i = 0; i < *count; i++)
		if ((*children)[i]->kind != CXV_NODE_UNAVAILABLE || (*children)[i]->error != ENOENT)
			(*children)[kept++] = (*children)[i];
	*count = kept;
	return 0;
}
