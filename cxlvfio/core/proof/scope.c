// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/scope.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/util.h"

void cxv_scope_clear(struct cxv_scope *scope)
{
	for (size_t i = 0; i < scope->count; i++) {
		free(scope->functions[i].driver);
		free(scope->functions[i].iommu_group);
		cxv_openers_clear(&scope->functions[i].openers);
	}
	free(scope->functions);
	free(scope->methods);
	*scope = (struct cxv_scope) { 0 };
}

bool cxv_scope_has(const struct cxv_scope *scope, const char *host)
{
	for (size_t i = 0; i < scope->count; i++)
		if (!strcmp(scope->functions[i].host, host))
			return true;
	return false;
}

static struct cxv_place place_of(const struct cxv_scope *scope, const char *operation,
				 const char *hint)
{
	return (struct cxv_place) {
		.operation = operation, .target = scope->functions[0].host, .hint = hint,
	};
}

/* Linux drivers/pci/pci.c pci_parent_bus_reset(): ENOTTY where the bus has another function. */
static int check_bus(const struct cxv_scope *scope, enum cxv_method method, const char *operation,
		     struct cxv_errors *errors)
{
	const struct cxv_scope_function *other = &scope->functions[1];
	const char *word = cxv_method_word(CXV_METHOD_BUS, scope->methods ?: "");

	/* pci_reset_bus_function(): ENOTTY below a CXL port that masks it. */
	if (method == CXV_METHOD_BUS && scope->masked && word && !strcmp(word, "bus"))
		return cxv_error(errors, CXV_UNSUPPORTED, EOPNOTSUPP,
				 place_of(scope, operation, "write \"default\" to reset_method: "
					  "cxl_bus unmasks it"),
				 "%s masks secondary bus resets (UNMASK_SBR is 0), and only "
				 "\"bus\" is among the reset methods in use", scope->bridge);
	if (scope->count < 2)
		return 0;
	return cxv_error(errors, CXV_UNSUPPORTED, EOPNOTSUPP,
			 place_of(scope, operation, "--method hot resets all of them together, "
				  "where VFIO drivers have them"),
			 "the kernel resets a bus only for a function that is alone on it, and %s "
			 "has %s (driver %s) below it too", scope->bridge, other->host,
			 other->driver ?: "none");
}

static bool same_group(const struct cxv_scope_function *one,
		       const struct cxv_scope_function *other)
{
	return one->iommu_group && other->iommu_group &&
	       !strcmp(one->iommu_group, other->iommu_group);
}

/* Its user would lose the device while using it; the kernel refuses that, too. */
static int check_in_use(const struct cxv_scope *scope, const struct cxv_scope_function *other,
			const char *operation, struct cxv_errors *errors)
{
	if (!other->vfio && other->driver)
		return cxv_error(errors, CXV_DEVICE_BUSY, EBUSY,
				 place_of(scope, operation, "take it away from its driver, and "
					  "bind it to a VFIO driver"),
				 "%s would be reset too, and driver %s uses it", other->host,
				 other->driver);
	if (other->openers.count)
		return cxv_error(errors, CXV_DEVICE_BUSY, EBUSY,
				 place_of(scope, operation,
					  "stop what uses it, then try again"),
				 "%s would be reset too, and process %" PRIu64 " (%s) has it "
				 "open", other->host, other->openers.items[0].pid.value,
				 other->openers.items[0].command.value);
	return 0;
}

/* Linux vfio_pci_dev_set_hot_reset(): all functions have VFIO drivers, and the caller owns them. */
static int check_owned(const struct cxv_scope *scope, const struct cxv_scope_function *other,
		       const char *operation, struct cxv_errors *errors)
{
	if (!other->vfio)
		return cxv_error(errors, CXV_UNSUPPORTED, EOPNOTSUPP,
				 place_of(scope, operation, "bind it to a VFIO driver"),
				 "%s would be reset too, and has no VFIO driver",
				 other->host);
	if (!same_group(&scope->functions[0], other))
		return cxv_error(errors, CXV_UNSUPPORTED, EOPNOTSUPP,
				 place_of(scope, operation, "use --method flr"),
				 "%s would be reset too, and is in another IOMMU group (%s): "
				 "VFIO resets only groups that its user holds", other->host,
				 other->iommu_group ?: "none");
	return 0;
}

static int check_hot(const struct cxv_scope *scope, const char *operation,
		     struct cxv_errors *errors)
{
	int ret = 0;

	for (size_t i = 1; i < scope->count && !ret; i++)
		ret = check_in_use(scope, &scope->functions[i], operation, errors);
	for (size_t i = 1; i < scope->count && !ret; i++)
		ret = check_owned(scope, &scope->functions[i], operation, errors);
	if (ret < 0)
		return ret;
	if (scope->masked)
		cxv_warning(errors, CXV_UNSUPPORTED, 0,
			    place_of(scope, operation, "--method bus unmasks it for its reset"),
			    "%s masks secondary bus resets (UNMASK_SBR is 0): the kernel may "
			    "report a hot reset that nothing follows", scope->bridge);
	return 0;
}

static int check_way(const struct cxv_scope *scope, const struct cxv_way *way,
		     const char *operation, struct cxv_errors *errors)
{
	if (cxv_method_kinds[way->method].reach == CXV_REACH_FUNCTION)
		return 0;
	if (!scope->bridge[0])
		return cxv_error(errors, CXV_UNSUPPORTED, EOPNOTSUPP,
				 place_of(scope, operation, "use --method flr"),
				 "there is no bridge above it that could reset its bus");
	if (way->method == CXV_METHOD_HOT)
		return check_hot(scope, operation, errors);
	return check_bus(scope, way->method, operation, errors);
}

int cxv_scope_check(const struct cxv_scope *scope, const struct cxv_way *ways, size_t count,
		    const char *operation, struct cxv_errors *errors)
{
	for (size_t i = 0; i < count; i++) {
		int ret = check_way(scope, &ways[i], operation, errors);

		if (ret < 0)
			return ret;
	}
	return 0;
}

int cxv_scope_check_word(const char *target, const char *methods, const struct cxv_way *way,
			 const char *operation, struct cxv_errors *errors)
{
	const struct cxv_method_kind *kind = &cxv_method_kinds[way->method];
	const char *word = cxv_method_word(way->method, methods);
	struct cxv_place place = {
		.operation = operation, .target = target, .path = "reset_method",
		.hint = "write \"default\" to it, or take what is there: --method auto",
	};

	if (!cxv_method_has_word(way->method))
		return 0;
	if (!methods[strspn(methods, " ")]) {
		place.hint = "write \"default\" to it, which puts the kernel's own methods "
			     "there; if it stays empty, the function has none";
		return cxv_error(errors, CXV_UNSUPPORTED, EOPNOTSUPP, place,
				 "no reset method is in use");
	}
	if (!word)
		return cxv_error(errors, CXV_UNSUPPORTED, EOPNOTSUPP, place,
				 "%s is not among the reset methods in use: they are \"%s\"",
				 kind->name, methods);
	place.hint = NULL;
	if (kind->flr && strcmp(word, kind->words[0]))
		cxv_warning(errors, CXV_UNSUPPORTED, 0, place,
			    "%s is not among the reset methods in use: %s is taken",
			    kind->words[0], word);
	return 0;
}
