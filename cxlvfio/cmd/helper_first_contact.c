// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/helper_first_contact.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/pci_address.h"
#include "cxl_vfio.h"
#include "sys/proof/ladder.h"

static struct cxv_place place_of(const struct cxv_context *context,
				 const struct cxv_endpoint *endpoint, const char *path,
				 const char *hint)
{
	return (struct cxv_place) {
		.operation = context->command->name, .target = endpoint->host, .path = path,
		.hint = hint,
	};
}

static bool must_refuse(const struct cxv_ladder *ladder, enum cxv_rung last)
{
	return cxv_ladder_is(ladder, CXV_LADDER_NOT_SURVIVED) && ladder->tried <= last;
}

/*
 * The run would ask for consent, and so does its plan. With EIO the serial number, which says which
 * record it is, cannot be read since the device does not answer: the run says that first.
 */
static int check_readable(struct cxv_context *context, const struct cxv_endpoint *endpoint)
{
	const struct cxv_ladder *ladder = &endpoint->ladder;
	int error = ladder->state.error;
	char path[CXV_LADDER_PATH_MAX];

	if (!ladder->key.value && error != EACCES)
		return 0;
	cxv_ladder_path(endpoint, path);
	return cxv_error(&context->errors, cxv_code_of_errno(error), error,
			 place_of(context, endpoint, ladder->key.value ? path : NULL,
				  CXV_LADDER_UNREADABLE_HINT), CXV_LADDER_UNREADABLE);
}

int cxv_first_contact_check(struct cxv_context *context, const struct cxv_endpoint *endpoint,
			    enum cxv_rung last, bool yes, const char *hint)
{
	const struct cxv_ladder *ladder = &endpoint->ladder;
	_cleanup_free_ char *sentence = NULL;
	char path[CXV_LADDER_PATH_MAX];
	int ret = cxv_ladder_sentence(ladder, &sentence);

	if (ret < 0)
		return cxv_error(&context->errors, CXV_OUT_OF_MEMORY, ret,
				 place_of(context, endpoint, NULL, NULL), "cannot begin");
	if (ladder->state.error && last)
		return last == CXV_RUNG_REST && !yes ? check_readable(context, endpoint) : 0;
	cxv_ladder_path(endpoint, path);
	if (sentence && must_refuse(ladder, last) && !yes)
		return cxv_error(&context->errors, CXV_NOT_SURVIVED, 0,
				 place_of(context, endpoint, path, hint), "%s", sentence);
	if (sentence)
		cxv_warning(&context->errors, cxv_ladder_is(ladder, CXV_LADDER_NOT_SURVIVED) ?
			    CXV_NOT_SURVIVED : CXV_FAILED, 0,
			    place_of(context, endpoint, path, NULL), "%s", sentence);
	return 0;
}

void cxv_first_contact_tell(struct cxv_context *context, const struct cxv_endpoint *endpoint)
{
	cxv_first_contact_check(context, endpoint, CXV_RUNG_NONE, true, NULL);
}

/* As it is, or as a bind makes it; NULL: not known. */
static char *scrub_policy(const struct cxv_host *host, const char *target)
{
	char *policy = NULL;

	if (cxv_host_read_string(host, &policy, CXV_PCI_DEVICES "/%s/" CXL_VFIO_SYSFS_GROUP
				 "/scrub_policy", target) < 0)
		cxv_host_read_string(host, &policy, "sys/module/" CXL_VFIO_MODULE_NAME
				     "/parameters/scrub");
	return policy;
}

void cxv_first_contact_announce_scrub(struct cxv_context *context,
				      const struct cxv_endpoint *endpoint)
{
	_cleanup_free_ char *policy = scrub_policy(&context->host, endpoint->host);
	char path[128];

	if (endpoint->ladder.reached == CXV_RUNG_REST || !policy ||
	    strcmp(policy, CXL_VFIO_SCRUB_POLICY_ZERO))
		return;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/" CXL_VFIO_SYSFS_GROUP
		 "/scrub_policy", endpoint->host);
	cxv_warning(&context->errors, CXV_FAILED, 0,
		    place_of(context, endpoint, path, "cxlvfio verify --prove finds that out step "
			     "by step; with " CXL_VFIO_SCRUB_POLICY_NONE " in that file, or scrub="
			     CXL_VFIO_SCRUB_POLICY_NONE " for the module, nothing is zeroed, and "
			     "the next user reads what the last one wrote"),
		    "at its first open and at every close the driver writes the whole window "
		    "(scrub policy " CXL_VFIO_SCRUB_POLICY_ZERO "); it is not proven that this "
		    "machine survives that");
}
