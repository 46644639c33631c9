/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of a machine in memory: what a snapshot holds. Links are followed inside the tree, as in a
 * chroot. What could not be read when the tree was made is there with its errno.
 *
 * What that is outside of a tree: sys/base/unavailable.h. In an archive a directory that may lack
 * files has the sticky bit.
 */
#ifndef CXLVFIO_SYS_SNAPSHOT_TREE_H
#define CXLVFIO_SYS_SNAPSHOT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/base/unavailable.h"

enum cxv_node_kind {
	CXV_NODE_DIRECTORY,
	CXV_NODE_FILE,
	CXV_NODE_LINK,
	CXV_NODE_UNAVAILABLE,
};

struct cxv_node {
	char *name;
	struct cxv_node *parent;	/* the root's is NULL */
	enum cxv_node_kind kind;
	bool partial;		/* directory: whether other names exist is not known */
	bool unread;		/* unavailable only because nobody has read it yet */
	int error;		/* unavailable: positive errno; ENOENT: known not to be there */
	uint64_t inode;		/* what it had where it was captured; 0: not known */
	size_t size;
	char *bytes;		/* a file's content or a link's target; '\0' follows */
	void *children;		/* of tsearch(3) */
};

struct cxv_tree {
	struct cxv_node root;
	size_t entries, size;	/* of all files and names together */
	size_t entries_max, size_max, file_max;
	/*
	 * A tree that is being filled: NAME in DIRECTORY is wanted, with its CONTENT or only what
	 * it is; or, without a NAME, all names. 0 or -ENOMEM, -EFBIG.
	 */
	int (*fetch)(struct cxv_tree *tree, struct cxv_node *directory, const char *name,
		     bool content);
	void *fetcher;
};

/* An empty directory with the limits of a snapshot. NULL: no memory. */
struct cxv_tree *cxv_tree_new(void);
/* NULL is no tree. */
void cxv_tree_free(struct cxv_tree *tree);

/*
 * The child NAME of DIRECTORY, or the node at PATH and its parents, made as empty directories where
 * there are none. Links are not followed: -ENOTDIR. -EFBIG: the tree is full.
 */
int cxv_tree_make_child(struct cxv_tree *tree, struct cxv_node *directory, const char *name,
			struct cxv_node **node);
int cxv_tree_make(struct cxv_tree *tree, const char *path, struct cxv_node **node);
/*
 * What a node is from now on. -EISDIR: it is a directory with children. A file takes BYTES over,
 * from malloc(3) with room for one more; in any case.
 */
int cxv_tree_set_file(struct cxv_tree *tree, struct cxv_node *node, char *bytes, size_t size);
int cxv_tree_set_link(struct cxv_tree *tree, struct cxv_node *node, const char *target);
int cxv_tree_set_unavailable(struct cxv_tree *tree, struct cxv_node *node, int error);
/* A copy of BYTES as the file at PATH, whatever it was before. */
int cxv_tree_put(struct cxv_tree *tree, const char *path, const void *bytes, size_t size);
/* With all that is below it; not the root. */
void cxv_tree_remove(struct cxv_tree *tree, struct cxv_node *node);

enum cxv_find {
	CXV_FIND_NODE = 0,	/* what it is, a link followed */
	CXV_FIND_LINK = 1,	/* the link itself */
	CXV_FIND_CONTENT = 2,	/* and what is in it */
};

/* 0 or -errno: -ENODATA where the tree does not know whether there is such a file. */
int cxv_tree_find(struct cxv_tree *tree, const char *path, enum cxv_find how,
		  struct cxv_node **node);
struct cxv_node *cxv_tree_child(const struct cxv_node *directory, const char *name);
/* Where NODE is, without a '/' in front. -ENAMETOOLONG: longer than PATH_MAX. */
int cxv_tree_path(const struct cxv_node *node, char *path, size_t size);
/* The children, sorted; the array is the caller's to free. */
int cxv_tree_children(const struct cxv_node *directory, struct cxv_node ***children,
		      size_t *count);
/* Every node but the root, parents first, sorted, until VISIT returns other than 0. */
int cxv_tree_walk(struct cxv_node *directory, int (*visit)(struct cxv_node *node, void *context),
		  void *context);

/* As the functions of cxv_host that they serve (sys/base/host.h); 0, a size, or -errno. */
int cxv_tree_open(struct cxv_tree *tree, const char *path, int flags);
ssize_t cxv_tree_read(struct cxv_tree *tree, const char *path, void *buffer, size_t size);
int cxv_tree_read_link(struct cxv_tree *tree, const char *path, const char **target);
bool cxv_tree_exists(struct cxv_tree *tree, const char *path);
uint64_t cxv_tree_inode(struct cxv_tree *tree, const char *path);
/* The children of a directory that may be listed, without those known not to be there. */
int cxv_tree_list(struct cxv_tree *tree, const char *path, struct cxv_node ***children,
		  size_t *count);

#endif
