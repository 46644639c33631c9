// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/snapshot/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/format.h"
#include "core/base/util.h"
#include "sys/base/library.h"

#define BLOCK_SIZE	65536

#define MODE_DIRECTORY	0755
#define MODE_PARTIAL	01755	/* the sticky bit, which no tree in /sys or /proc has */
#define MODE_FILE	0644
#define MODE_LINK	0777

/* That of Debian 13 and its contemporaries. */
#define LIBRARY		"libarchive.so.13"
#define FUNCTIONS(F)									\
	F(archive_entry_clear) F(archive_entry_filetype) F(archive_entry_free)			\
	F(archive_entry_hardlink) F(archive_entry_new) F(archive_entry_pathname)		\
	F(archive_entry_pathname_utf8) F(archive_entry_perm)					\
	F(archive_entry_set_filetype) F(archive_entry_set_gid)					\
	F(archive_entry_set_mtime) F(archive_entry_set_pathname)				\
	F(archive_entry_set_perm) F(archive_entry_set_size)					\
	F(archive_entry_set_symlink) F(archive_entry_set_uid) F(archive_entry_size)		\
	F(archive_entry_size_is_set) F(archive_entry_symlink)					\
	F(archive_entry_symlink_utf8) F(archive_errno) F(archive_error_string)			\
	F(archive_filter_code)									\
	F(archive_read_data) F(archive_read_free) F(archive_read_new)				\
	F(archive_read_next_header) F(archive_read_open_fd) F(archive_read_open_memory)		\
	F(archive_read_support_filter_bzip2) F(archive_read_support_filter_gzip)		\
	F(archive_read_support_filter_xz) F(archive_read_support_filter_zstd)			\
	F(archive_read_support_format_raw) F(archive_read_support_format_tar)			\
	F(archive_write_add_filter_zstd)							\
	F(archive_write_close) F(archive_write_data) F(archive_write_free)			\
	F(archive_write_header) F(archive_write_new) F(archive_write_open_fd)			\
	F(archive_write_set_bytes_in_last_block) F(archive_write_set_format_gnutar)

CXV_LIBRARY_NOTE(LIBRARY, "archive", "Writing and reading snapshots");

static struct {
	FUNCTIONS(CXV_FUNCTION_POINTER)
} lib;

#define FUNCTION(name)	{ #name, (void **)&lib.name },

static const struct cxv_function functions[] = { FUNCTIONS(FUNCTION) };

static int load(void)
{
	return cxv_library_load(LIBRARY, functions, ARRAY_SIZE(functions));
}

static void free_reader(struct archive **archive)
{
	if (*archive)
		lib.archive_read_free(*archive);
}

static void free_writer(struct archive **archive)
{
	if (*archive)
		lib.archive_write_free(*archive);
}

static void free_entry(struct archive_entry **entry)
{
	if (*entry)
		lib.archive_entry_free(*entry);
}

__attribute__((format(printf, 3, 4)))
static int fail(char **reason, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	*reason = cxv_vformat(format, arguments);
	va_end(arguments);
	return error;
}

/* libarchive's word for it; its numbers are errno values only for system calls. */
static int fail_archive(struct archive *archive, char **reason)
{
	const char *text = lib.archive_error_string(archive);
	int error = lib.archive_errno(archive);

	if (error == ENOMEM || error == EIO || error == EISDIR)
		return -error;
	return fail(reason, -EBADMSG, "this is not an archive, or it is damaged: %s",
		    text ?: "no reason");
}

/*
 * Only what libarchive decompresses itself: for other formats it runs programs, which a file from
 * somebody else must not make us do.
 */
static int allow_formats(struct archive *archive)
{
	if (lib.archive_read_support_format_tar(archive) != ARCHIVE_OK ||
	    lib.archive_read_support_filter_zstd(archive) != ARCHIVE_OK ||
	    lib.archive_read_support_filter_xz(archive) != ARCHIVE_OK ||
	    lib.archive_read_support_filter_gzip(archive) != ARCHIVE_OK ||
	    lib.archive_read_support_filter_bzip2(archive) != ARCHIVE_OK)
		return -EOPNOTSUPP;
	return 0;
}

/* The entry's name without what tar(1) likes around it; NULL: it leads out of the archive. */
static char *clean_name(const char *name)
{
	char *clean, *end;

	if (*name == '/')
		return NULL;
	clean = malloc(strlen(name) + 1);
	if (!clean)
		return NULL;
	end = clean;
	while (*name) {
		size_t length = strcspn(name, "/");

		if (length == 2 && !strncmp(name, "..", 2)) {
			free(clean);
			return NULL;
		}
		if (length && !(length == 1 && *name == '.')) {
			if (end != clean)
				*end++ = '/';
			memcpy(end, name, length);
			end += length;
		}
		name += length + (name[length] == '/');
	}
	*end = '\0';
	return clean;
}

/* NULL when libarchive cannot put it into the locale's characters; UTF-8 is as good. */
static const char *name_of(struct archive_entry *entry)
{
	return lib.archive_entry_pathname(entry) ?: lib.archive_entry_pathname_utf8(entry);
}

static const char *target_of(struct archive_entry *entry)
{
	return lib.archive_entry_symlink(entry) ?: lib.archive_entry_symlink_utf8(entry);
}

static int read_content(struct archive *archive, struct archive_entry *entry,
			struct cxv_tree *tree, struct cxv_node *node, char **reason)
{
	int64_t size = lib.archive_entry_size_is_set(entry) ? lib.archive_entry_size(entry) : -1;
	la_ssize_t got;
	char *bytes;

	/* Before anything is decompressed for it. */
	if (size < 0 || (uint64_t)size > tree->file_max)
		return -EFBIG;
	bytes = malloc(size + 1);
	if (!bytes)
		return -ENOMEM;
	got = lib.archive_read_data(archive, bytes, size);
	if (got != size) {
		free(bytes);
		return got < 0 ? fail_archive(archive, reason) :
				 fail(reason, -EBADMSG, "the archive ends in the middle of a file");
	}
	return cxv_tree_set_file(tree, node, bytes, size);
}

static int read_node(struct archive *archive, struct archive_entry *entry, struct cxv_tree *tree,
		     struct cxv_node *node, char **reason)
{
	const char *target;

	switch (lib.archive_entry_filetype(entry)) {
	case AE_IFREG:
		return read_content(archive, entry, tree, node, reason);
	case AE_IFLNK:
		target = target_of(entry);
		return target ? cxv_tree_set_link(tree, node, target) : -EINVAL;
	default:
		node->partial = lib.archive_entry_perm(entry) & S_ISVTX;
		return 0;
	}
}

static bool is_allowed(struct archive_entry *entry)
{
	mode_t type = lib.archive_entry_filetype(entry);

	return !lib.archive_entry_hardlink(entry) &&
	       (type == AE_IFREG || type == AE_IFLNK || type == AE_IFDIR);
}

static int add_entry(struct archive *archive, struct archive_entry *entry, struct cxv_tree *tree,
		     char **reason)
{
	const char *name = name_of(entry);
	_cleanup_free_ char *clean = name ? clean_name(name) : NULL;
	struct cxv_node *node;
	size_t before = tree->entries;
	int error;

	if (!clean)
		return fail(reason, -EBADMSG, "a name in the archive points outside of it");
	if (!is_allowed(entry))
		return fail(reason, -EBADMSG,
			    "the archive has something other than directories, files and links");
	error = cxv_tree_make(tree, clean, &node);
	/* A name that comes twice is what an attack looks like; of directories it is harmless. */
	if (error == -ENOTDIR || (!error && tree->entries == before &&
				  lib.archive_entry_filetype(entry) != AE_IFDIR) ||
	    (!error && node->kind != CXV_NODE_DIRECTORY))
		return fail(reason, -EBADMSG, "a name is in the archive twice");
	if (!error)
		error = read_node(archive, entry, tree, node, reason);
	if (error == -EFBIG)
		return fail(reason, error, "the archive is larger than a snapshot can be: %zu "
			    "entries, %zu MiB, %zu MiB for one file", tree->entries_max,
			    tree->size_max >> 20, tree->file_max >> 20);
	if (error < 0 && error != -ENOMEM && !*reason)
		return fail(reason, -EBADMSG, "a name in the archive cannot be a file's");
	return error;
}

int cxv_archive_read(int descriptor, struct cxv_tree *tree, char **reason)
{
	_cleanup_(free_reader) struct archive *archive = NULL;
	struct archive_entry *entry;
	int error, result;

	*reason = NULL;
	error = load();
	if (error < 0)
		return fail(reason, error, "cannot load " LIBRARY ", which reads it");
	archive = lib.archive_read_new();
	if (!archive)
		return -ENOMEM;
	error = allow_formats(archive);
	if (error < 0)
		return error;
	if (lib.archive_read_open_fd(archive, descriptor, BLOCK_SIZE) != ARCHIVE_OK)
		return fail_archive(archive, reason);
	while (!error && (result = lib.archive_read_next_header(archive, &entry)) != ARCHIVE_EOF) {
		/* A warning is about characters and times, which do not matter here. */
		if (result < ARCHIVE_WARN)
			return fail_archive(archive, reason);
		error = add_entry(archive, entry, tree, reason);
	}
	if (!error && !tree->entries)
		return fail(reason, -EBADMSG, "the archive has no files");
	return error;
}

struct writer {
	struct archive *archive;
	struct archive_entry *entry;
};

static void describe(struct archive_entry *entry, const struct cxv_node *node)
{
	char target[sizeof(CXV_UNAVAILABLE) + 32];

	switch (node->kind) {
	case CXV_NODE_DIRECTORY:
		lib.archive_entry_set_filetype(entry, AE_IFDIR);
		lib.archive_entry_set_perm(entry, node->partial ? MODE_PARTIAL : MODE_DIRECTORY);
		break;
	case CXV_NODE_FILE:
		lib.archive_entry_set_filetype(entry, AE_IFREG);
		lib.archive_entry_set_perm(entry, MODE_FILE);
		lib.archive_entry_set_size(entry, node->size);
		break;
	case CXV_NODE_LINK:
		lib.archive_entry_set_filetype(entry, AE_IFLNK);
		lib.archive_entry_set_perm(entry, MODE_LINK);
		lib.archive_entry_set_symlink(entry, node->bytes);
		break;
	case CXV_NODE_UNAVAILABLE:
		snprintf(target, sizeof(target), CXV_UNAVAILABLE "%s",
			 strerrorname_np(node->error) ?: "EIO");
		lib.archive_entry_set_filetype(entry, AE_IFLNK);
		lib.archive_entry_set_perm(entry, MODE_LINK);
		lib.archive_entry_set_symlink(entry, target);
		break;
	}
}

/* In a directory whose names are all in the archive, a missing file needs no entry of its own. */
static bool is_needless(const struct cxv_node *node)
{
	return node->kind == CXV_NODE_UNAVAILABLE && node->error == ENOENT &&
	       !node->parent->partial;
}

static int write_failed(struct archive *archive)
{
	int error = lib.archive_errno(archive);

	return error > 0 ? -error : -EIO;
}

static int write_node(struct cxv_node *node, void *context)
{
	struct writer *writer = context;
	char path[PATH_MAX];
	int error;

	if (is_needless(node))
		return 0;
	error = cxv_tree_path(node, path, sizeof(path));
	if (error < 0)
		return error;
	lib.archive_entry_clear(writer->entry);
	lib.archive_entry_set_pathname(writer->entry, path);
	lib.archive_entry_set_mtime(writer->entry, 0, 0);
	lib.archive_entry_set_uid(writer->entry, 0);
	lib.archive_entry_set_gid(writer->entry, 0);
	describe(writer->entry, node);
	if (lib.archive_write_header(writer->archive, writer->entry) < ARCHIVE_WARN)
		return write_failed(writer->archive);
	if (node->kind == CXV_NODE_FILE && node->size &&
	    lib.archive_write_data(writer->archive, node->bytes, node->size) !=
	    (la_ssize_t)node->size)
		return write_failed(writer->archive);
	return 0;
}

/* GNU's format has names as the bytes that they are: pax wants them in UTF-8. */
static int begin(struct archive *archive, int descriptor)
{
	if (lib.archive_write_set_format_gnutar(archive) != ARCHIVE_OK ||
	    lib.archive_write_add_filter_zstd(archive) != ARCHIVE_OK ||
	    lib.archive_write_set_bytes_in_last_block(archive, 1) != ARCHIVE_OK)
		return -EOPNOTSUPP;
	if (lib.archive_write_open_fd(archive, descriptor) != ARCHIVE_OK)
		return write_failed(archive);
	return 0;
}

int cxv_archive_write(struct cxv_tree *tree, int descriptor)
{
	_cleanup_(free_writer) struct archive *archive = NULL;
	_cleanup_(free_entry) struct archive_entry *entry = NULL;
	int error = load();

	if (error < 0)
		return error;
	archive = lib.archive_write_new();
	entry = lib.archive_entry_new();
	if (!archive || !entry)
		return -ENOMEM;
	error = begin(archive, descriptor);
	if (!error)
		error = cxv_tree_walk(&tree->root, write_node,
				      &(struct writer) { archive, entry });
	if (!error && lib.archive_write_close(archive) != ARCHIVE_OK)
		error = write_failed(archive);
	return error;
}

static int begin_gunzip(struct archive *archive, const void *bytes, size_t size)
{
	struct archive_entry *entry;

	if (lib.archive_read_support_filter_gzip(archive) != ARCHIVE_OK ||
	    lib.archive_read_support_format_raw(archive) != ARCHIVE_OK ||
	    lib.archive_read_open_memory(archive, bytes, size) != ARCHIVE_OK ||
	    lib.archive_read_next_header(archive, &entry) != ARCHIVE_OK ||
	    /* What it does not know it would take as it is. */
	    lib.archive_filter_code(archive, 0) != ARCHIVE_FILTER_GZIP)
		return -EBADMSG;
	return 0;
}

int cxv_archive_gunzip(const void *bytes, size_t size, size_t limit, char **text)
{
	_cleanup_(free_reader) struct archive *archive = NULL;
	_cleanup_free_ char *buffer = NULL;
	la_ssize_t got = 1;
	size_t length = 0;
	int error = load();

	if (error < 0)
		return error;
	archive = lib.archive_read_new();
	buffer = malloc(limit + 1);
	if (!archive || !buffer)
		return -ENOMEM;
	error = begin_gunzip(archive, bytes, size);
	if (error < 0)
		return error;
	for (; length <= limit && got > 0; length += got > 0 ? got : 0)
		got = lib.archive_read_data(archive, buffer + length, limit + 1 - length);
	if (got < 0)
		return -EBADMSG;
	if (length > limit)
		return -EFBIG;
	buffer[length] = '\0';
	*text = buffer;
	buffer = NULL;
	return 0;
}
