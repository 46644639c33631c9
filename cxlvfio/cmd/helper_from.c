// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_from.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include <json-c/json.h>

#include "sys/snapshot/archive.h"

static void free_tree(struct cxv_tree **tree)
{
	cxv_tree_free(*tree);
}

static int fail(struct cxv_context *context, const char *file, int error, const char *reason)
{
	struct cxv_place place = {
		.operation = "read the snapshot",
		.path = file,
		.hint = error == -EBADMSG || error == -EFBIG ?
			"cxlvfio snapshot makes one; was the file copied completely?" : NULL,
	};

	return cxv_error(&context->errors, cxv_code_of_errno(error), error, place, "%s",
			 reason ?: "cannot read it");
}

/* The document is somebody else's: whatever is not as it should be is not known. */
static int read_facts(struct cxv_context *context, const char *file)
{
	_cleanup_free_ char *text = NULL;
	struct json_object *facts = NULL, *value;
	int format = CXV_SNAPSHOT_FORMAT;

	/* An archive of a hand-made tree has none. */
	if (!cxv_host_read_string(&context->host, &text, CXV_SNAPSHOT_FACTS))
		facts = json_tokener_parse(text);
	if (json_object_object_get_ex(facts, "redacted", &value) &&
	    json_object_is_type(value, json_type_boolean))
		context->redacted = cxv_known(json_object_get_boolean(value));
	if (json_object_object_get_ex(facts, "format_version", &value))
		format = json_object_get_int(value);
	json_object_put(facts);
	if (format == CXV_SNAPSHOT_FORMAT)
		return 0;
	return cxv_error(&context->errors, CXV_UNSUPPORTED, EOPNOTSUPP,
			 (struct cxv_place) { .operation = "read the snapshot", .path = file,
					      .hint = "read it with a newer cxlvfio" },
			 "its format is version %d, this program reads version %d", format,
			 CXV_SNAPSHOT_FORMAT);
}

static int read_archive(struct cxv_context *context, const char *file, struct cxv_tree *tree)
{
	_cleanup_close_ int descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_free_ char *reason = NULL;
	int error;

	error = descriptor < 0 ? -errno : cxv_archive_read(descriptor, tree, &reason);
	return error < 0 ? fail(context, file, error, reason) : 0;
}

/* The host is TREE, which is taken over; its trace stays, and what libcxl is asked for. */
static int change_host(struct cxv_context *context, struct cxv_tree *tree)
{
	struct cxv_host before = context->host;
	int error;

	context->host = (struct cxv_host) { .root = -1, .trace = before.trace };
	error = cxv_host_open_tree(&context->host, tree);
	context->host.libcxl = before.libcxl;
	cxv_host_close(&before);
	return error < 0 ? fail(context, context->snapshot, error, NULL) : 0;
}

int cxv_from(struct cxv_context *context, const char *file)
{
	_cleanup_(free_tree) struct cxv_tree *tree = cxv_tree_new();
	struct cxv_tree *read = cxv_tree_new();
	int error, result;

	if (context->host.fixture) {
		cxv_tree_free(read);
		cxv_usage_error(context, "--from and --sysroot cannot be combined");
		return -EINVAL;
	}
	if (!tree || !read) {
		cxv_tree_free(read);
		return fail(context, file, -ENOMEM, NULL);
	}
	context->snapshot = file;
	error = read_archive(context, file, read);
	if (error < 0) {
		/* Not this machine's state under a snapshot's name: nothing at all. */
		cxv_tree_free(read);
		read = tree;
		tree = NULL;
	}
	result = change_host(context, read);
	if (!error)
		error = result;
	return error < 0 ? error : read_facts(context, file);
}
