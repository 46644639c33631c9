// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/base/errors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/format.h"

static const struct {
	const char *name;
	enum cxv_exit exit;
} codes[CXV_CODE_COUNT] = {
	[CXV_FAILED] = { "FAILED", CXV_EXIT_FAILED },
	[CXV_USAGE] = { "USAGE", CXV_EXIT_USAGE },
	[CXV_NO_SUCH_TARGET] = { "NO_SUCH_TARGET", CXV_EXIT_NO_TARGET },
	[CXV_NOT_TYPE2] = { "NOT_TYPE2", CXV_EXIT_UNSUPPORTED },
	[CXV_PERMISSION_DENIED] = { "PERMISSION_DENIED", CXV_EXIT_PERMISSION },
	[CXV_DEVICE_BUSY] = { "DEVICE_BUSY", CXV_EXIT_BUSY },
	[CXV_UNSUPPORTED] = { "UNSUPPORTED", CXV_EXIT_UNSUPPORTED },
	[CXV_NO_IOMMU] = { "NO_IOMMU", CXV_EXIT_UNSUPPORTED },
	[CXV_NO_MODULE] = { "NO_MODULE", CXV_EXIT_UNSUPPORTED },
	[CXV_BIND_REFUSED] = { "BIND_REFUSED", CXV_EXIT_FAILED },
	[CXV_VERIFICATION_FAILED] = { "VERIFICATION_FAILED", CXV_EXIT_VERIFICATION },
	[CXV_TIMEOUT] = { "TIMEOUT", CXV_EXIT_TIMEOUT },
	[CXV_DEVICE_LOST] = { "DEVICE_LOST", CXV_EXIT_LOST },
	[CXV_OUT_OF_MEMORY] = { "OUT_OF_MEMORY", CXV_EXIT_FAILED },
	[CXV_CONFLICT] = { "CONFLICT", CXV_EXIT_BUSY },
	[CXV_BAD_DEFINITION] = { "BAD_DEFINITION", CXV_EXIT_FAILED },
	[CXV_NOT_SURVIVED] = { "NOT_SURVIVED", CXV_EXIT_BUSY },
};

/* What an operator must hear first when several errors were kept. */
static const enum cxv_exit worst_first[] = {
	CXV_EXIT_LOST, CXV_EXIT_VERIFICATION, CXV_EXIT_TIMEOUT, CXV_EXIT_FAILED, CXV_EXIT_BUSY,
	CXV_EXIT_PERMISSION, CXV_EXIT_UNSUPPORTED, CXV_EXIT_NO_TARGET, CXV_EXIT_USAGE,
};

static void message_clear(struct cxv_message *message)
{
	free(message->operation);
	free(message->target);
	free(message->path);
	free(message->text);
	free(message->hint);
}

static bool copy(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return *to || !from;
}

static void keep(struct cxv_errors *errors, struct cxv_message **list, size_t *count,
		 struct cxv_message *message, const struct cxv_place *place)
{
	struct cxv_message *added;

	if (!message->text || !copy(&message->operation, place->operation) ||
	    !copy(&message->target, place->target) || !copy(&message->path, place->path) ||
	    !copy(&message->hint, place->hint))
		goto out_of_memory;
	added = cxv_array_add(*list, *count);
	if (!added)
		goto out_of_memory;
	*added = *message;
	return;
out_of_memory:
	message_clear(message);
	errors->out_of_memory = true;
}

static struct cxv_message message_new(enum cxv_code code, int error, const char *format,
				      va_list arguments)
{
	return (struct cxv_message) {
		.code = code, .error = abs(error), .text = cxv_vformat(format, arguments),
	};
}

int cxv_error(struct cxv_errors *errors, enum cxv_code code, int error, struct cxv_place place,
	      const char *format, ...)
{
	struct cxv_message message;
	va_list arguments;

	va_start(arguments, format);
	message = message_new(code, error, format, arguments);
	va_end(arguments);
	keep(errors, &errors->errors, &errors->error_count, &message, &place);
	return error ? -abs(error) : -EIO;
}

void cxv_warning(struct cxv_errors *errors, enum cxv_code code, int error, struct cxv_place place,
		 const char *format, ...)
{
	struct cxv_message message;
	va_list arguments;

	va_start(arguments, format);
	message = message_new(code, error, format, arguments);
	va_end(arguments);
	keep(errors, &errors->warnings, &errors->warning_count, &message, &place);
}

void cxv_errors_clear(struct cxv_errors *errors)
{
	for (size_t i = 0; i < errors->error_count; i++)
		message_clear(&errors->errors[i]);
	for (size_t i = 0; i < errors->warning_count; i++)
		message_clear(&errors->warnings[i]);
	free(errors->errors);
	free(errors->warnings);
	*errors = (struct cxv_errors) { 0 };
}

enum cxv_code cxv_code_of_errno(int error)
{
	switch (abs(error)) {
	case EACCES:
	case EPERM:
	case EROFS:
		return CXV_PERMISSION_DENIED;
	case EBUSY:
	case EAGAIN:
		return CXV_DEVICE_BUSY;
	case ENODEV:
	case ENXIO:
		return CXV_DEVICE_LOST;
	case EOPNOTSUPP:
	case ENOTTY:
	case ENOSYS:
		return CXV_UNSUPPORTED;
	case ETIMEDOUT:
		return CXV_TIMEOUT;
	case ENOMEM:
		return CXV_OUT_OF_MEMORY;
	default:
		return CXV_FAILED;
	}
}

const char *cxv_code_name(enum cxv_code code)
{
	return (unsigned int)code < CXV_CODE_COUNT ? codes[code].name : codes[CXV_FAILED].name;
}

enum cxv_exit cxv_code_exit(enum cxv_code code)
{
	return (unsigned int)code < CXV_CODE_COUNT ? codes[code].exit : CXV_EXIT_FAILED;
}

static bool has_exit(const struct cxv_errors *errors, enum cxv_exit status)
{
	for (size_t i = 0; i < errors->error_count; i++)
		if (cxv_code_exit(errors->errors[i].code) == status)
			return true;
	return false;
}

enum cxv_exit cxv_errors_exit(const struct cxv_errors *errors)
{
	for (size_t i = 0; i < ARRAY_SIZE(worst_first); i++)
		if (has_exit(errors, worst_first[i]))
			return worst_first[i];
	return errors->out_of_memory ? CXV_EXIT_FAILED : CXV_EXIT_DONE;
}

enum cxv_exit cxv_errors_exit_of_targets(const struct cxv_errors *errors, size_t succeeded)
{
	enum cxv_exit status = cxv_errors_exit(errors);

	return status != CXV_EXIT_DONE && succeeded ? CXV_EXIT_PARTIAL : status;
}
