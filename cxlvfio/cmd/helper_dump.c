// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_dump.h"

#include <errno.h>
#include <stdio.h>

#include "core/base/format.h"
#include "sys/discovery/config_file.h"
#include "sys/discovery/pci_names.h"

static int read_error(struct cxv_context *context, const char *path,
		      const struct cxv_config_dump *dump, int error)
{
	struct cxv_place place = { .operation = context->command->name, .path = path };
	enum cxv_code code = error == -ENOENT ? CXV_NO_SUCH_TARGET :
			     error == -EACCES ? CXV_PERMISSION_DENIED : CXV_FAILED;

	if (error == -EFBIG)
		return cxv_error(&context->errors, code, error, place,
				 "the dump has more than %d bytes", CXV_CONFIG_FILE_MAX);
	if (!dump->problem)
		return cxv_error(&context->errors, code, error, place, "cannot read the dump");
	place.hint = "it must be the output of lspci -xxxx, or an image of 64 to 4096 bytes";
	if (dump->line)
		return cxv_error(&context->errors, code, error, place, "line %zu of the dump: %s",
				 dump->line, dump->problem);
	return cxv_error(&context->errors, code, error, place, "not a dump: %s", dump->problem);
}

static const char *name_of(const struct cxv_dump_function *function)
{
	return *function->host ? function->host : "the function";
}

/* One warning, however many functions end too early. */
static void warn_incomplete(struct cxv_context *context, const char *path,
			    const struct cxv_config_dump *dump)
{
	const struct cxv_dump_function *first = NULL;
	_cleanup_free_ char *others = NULL;
	size_t count = 0;

	for (size_t i = 0; i < dump->count; i++) {
		if (dump->functions[i].size == CXV_CONFIG_SIZE)
			continue;
		first = first ?: &dump->functions[i];
		count++;
	}
	if (!first)
		return;
	if (count > 1)
		others = cxv_format(", and %zu other functions are cut short, too", count - 1);
	cxv_warning(&context->errors, CXV_FAILED, ENODATA,
		    (struct cxv_place) {
			    .operation = context->command->name, .path = path,
			    .hint = "lspci -xxxx writes all 4096 bytes when root runs it",
		    },
		    "the dump has %zu bytes of the configuration space of %s%s%s: what is behind "
		    "them is not known", first->size, name_of(first),
		    first->gap ? " before a gap" : "", others ?: "");
}

/* The same for functions that are no CXL device. */
static void warn_not_cxl(struct cxv_context *context, const char *path,
			 const struct cxv_config_dump *dump, const struct cxv_targets *targets)
{
	const struct cxv_dump_function *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < targets->count; i++) {
		if (targets->endpoints[i]->dvsec.device_error != ENOENT)
			continue;
		first = first ?: &dump->functions[i];
		count++;
	}
	if (first)
		cxv_warning(&context->errors, CXV_NOT_TYPE2, 0,
			    (struct cxv_place) { .operation = context->command->name,
						 .path = path },
			    count == 1 ? "%s has no CXL device DVSEC" :
			    "%s and other functions of the dump have no CXL device DVSEC: %zu of "
			    "%zu", name_of(first), count, targets->count);
}

/* They are the ids', and the same on every machine. */
static int add_names(const struct cxv_host *host, struct cxv_targets *targets)
{
	struct cxv_pci_names names = { 0 };
	int error = 0;

	for (size_t i = 0; i < targets->count && !error; i++)
		error = cxv_pci_names_fill(host, &names, &targets->endpoints[i]->pci);
	cxv_pci_names_clear(&names);
	return error;
}

static int add_endpoints(const struct cxv_config_dump *dump, struct cxv_targets *targets)
{
	struct cxv_inventory *inventory = &targets->inventory;

	inventory->endpoints = calloc(dump->count, sizeof(*inventory->endpoints));
	targets->endpoints = calloc(dump->count, sizeof(*targets->endpoints));
	if (!inventory->endpoints || !targets->endpoints)
		return -ENOMEM;
	for (size_t i = 0; i < dump->count; i++) {
		struct cxv_endpoint *endpoint = cxv_config_dump_endpoint(dump, i);

		if (!endpoint)
			return -ENOMEM;
		inventory->endpoints[inventory->count++] = endpoint;
		targets->endpoints[targets->count++] = endpoint;
	}
	return 0;
}

int cxv_targets_from_dump(struct cxv_context *context, const char *path,
			  struct cxv_targets *targets)
{
	_cleanup_(cxv_config_dump_clear) struct cxv_config_dump dump = { 0 };
	int error = cxv_config_file_read(path, &dump);

	*targets = (struct cxv_targets) { 0 };
	if (!error)
		error = add_endpoints(&dump, targets) ?: add_names(&context->host, targets);
	if (error < 0)
		return read_error(context, path, &dump, error);
	warn_incomplete(context, path, &dump);
	warn_not_cxl(context, path, &dump, targets);
	return 0;
}
