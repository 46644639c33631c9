// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/discovery/libcxl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STRINGS		4	/* of a record */

static const char *const state_names[CXV_LIBCXL_STATE_COUNT] = {
	[CXV_LIBCXL_NOT_ASKED] = "not_asked",
	[CXV_LIBCXL_ANSWERED] = "answered",
	[CXV_LIBCXL_FAILED] = "failed",
};

const char *cxv_libcxl_state_name(enum cxv_libcxl_state state)
{
	return state_names[state];
}

struct cxv_libcxl *cxv_libcxl_silent(enum cxv_libcxl_state state, int error,
				       const char *reason)
{
	struct cxv_libcxl *libcxl = calloc(1, sizeof(*libcxl));

	if (!libcxl)
		return NULL;
	libcxl->users = 1;
	libcxl->state = state;
	libcxl->error = abs(error);
	libcxl->reason = strdup(reason);
	if (libcxl->reason)
		return libcxl;
	free(libcxl);
	return NULL;
}

struct cxv_libcxl *cxv_libcxl_use(struct cxv_libcxl *libcxl)
{
	libcxl->users++;
	return libcxl;
}

void cxv_libcxl_release(struct cxv_libcxl *libcxl)
{
	if (!libcxl || --libcxl->users)
		return;
	free(libcxl->reason);
	free(libcxl->text);
	free(libcxl->records);
	free(libcxl->hosts);
	free(libcxl);
}

static int compare_object(const struct cxv_record *record, const char *kind, const char *object)
{
	return strcmp(record->kind, kind) ?: strcmp(record->object, object);
}

static int compare_records(const void *left, const void *right)
{
	const struct cxv_record *one = left, *other = right;
	int order = compare_object(one, other->kind, other->object);

	/* Those of one object stay as they came. */
	return order ?: (one->kind > other->kind) - (one->kind < other->kind);
}

static int compare_hosts(const void *left, const void *right)
{
	const struct cxv_record *const *one = left, *const *other = right;

	return strcmp((*one)->value, (*other)->value);
}

/* Kept in a file it has lines of words. */
static size_t end_strings(char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\t' || text[i] == '\n')
			text[i] = '\0';
		count += !text[i];
	}
	return count;
}

static int split(struct cxv_libcxl *libcxl, size_t length)
{
	size_t strings = end_strings(libcxl->text, length);
	const char *at = libcxl->text;

	if (!length || libcxl->text[length - 1] || strings % STRINGS)
		return -EBADMSG;
	libcxl->count = strings / STRINGS;
	libcxl->records = calloc(libcxl->count, sizeof(*libcxl->records));
	if (!libcxl->records)
		return -ENOMEM;
	for (size_t i = 0; i < libcxl->count; i++) {
		const char **const parts[STRINGS] = {
			&libcxl->records[i].kind, &libcxl->records[i].object,
			&libcxl->records[i].key, &libcxl->records[i].value,
		};

		for (size_t j = 0; j < STRINGS; j++) {
			*parts[j] = at;
			at += strlen(at) + 1;
		}
	}
	return 0;
}

/* The last record says so. */
static int check_end(struct cxv_libcxl *libcxl)
{
	const struct cxv_record *last = &libcxl->records[libcxl->count - 1];

	if (strcmp(last->kind, "end"))
		return -EBADMSG;
	libcxl->memdevs_only = !strcmp(last->key, "memdevs");
	libcxl->count--;
	for (size_t i = 0; i < libcxl->count; i++)
		if (!strcmp(libcxl->records[i].kind, "end") || !*libcxl->records[i].key)
			return -EBADMSG;
	return 0;
}

static bool is_memdev_host(const struct cxv_record *record)
{
	return !strcmp(record->kind, "memdev") && !strcmp(record->key, "host");
}

static int index_records(struct cxv_libcxl *libcxl)
{
	const struct cxv_record *library;
	size_t count;

	qsort(libcxl->records, libcxl->count, sizeof(*libcxl->records), compare_records);
	libcxl->hosts = calloc(libcxl->count + 1, sizeof(*libcxl->hosts));
	if (!libcxl->hosts)
		return -ENOMEM;
	for (size_t i = 0; i < libcxl->count; i++)
		if (is_memdev_host(&libcxl->records[i]))
			libcxl->hosts[libcxl->host_count++] = &libcxl->records[i];
	qsort(libcxl->hosts, libcxl->host_count, sizeof(*libcxl->hosts), compare_hosts);
	library = cxv_libcxl_object(libcxl, "library", "libcxl", &count);
	libcxl->library = library ? library->value : NULL;
	return 0;
}

static int parse(struct cxv_libcxl *libcxl, size_t length)
{
	int error = split(libcxl, length);

	if (!error)
		error = check_end(libcxl);
	return error ?: index_records(libcxl);
}

struct cxv_libcxl *cxv_libcxl_of_answer(char *text, size_t length)
{
	struct cxv_libcxl *libcxl = calloc(1, sizeof(*libcxl));
	int error;

	if (!libcxl) {
		free(text);
		return NULL;
	}
	*libcxl = (struct cxv_libcxl) {
		.users = 1, .state = CXV_LIBCXL_ANSWERED, .text = text,
	};
	error = parse(libcxl, length);
	if (!error)
		return libcxl;
	cxv_libcxl_release(libcxl);
	return error == -ENOMEM ? NULL :
	       cxv_libcxl_silent(CXV_LIBCXL_FAILED, error, "its answer is not complete");
}

const struct cxv_record *cxv_libcxl_object(const struct cxv_libcxl *libcxl, const char *kind,
					    const char *name, size_t *count)
{
	size_t low = 0, high = libcxl->count;

	*count = 0;
	if (libcxl->memdevs_only && strcmp(kind, "memdev") && strcmp(kind, "library"))
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_object(&libcxl->records[middle], kind, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low + *count < libcxl->count; ++*count)
		if (compare_object(&libcxl->records[low + *count], kind, name))
			break;
	return *count ? &libcxl->records[low] : NULL;
}

const char *cxv_libcxl_memdev(const struct cxv_libcxl *libcxl, const char *host)
{
	const struct cxv_record wanted = { .value = host }, *key = &wanted;
	const struct cxv_record *const *found;

	if (!libcxl || !host || !libcxl->host_count)
		return NULL;
	found = bsearch(&key, libcxl->hosts, libcxl->host_count, sizeof(*libcxl->hosts),
			compare_hosts);
	return found ? (*found)->object : NULL;
}
