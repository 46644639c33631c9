// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/metrics/missing.h"

#include <errno.h>

/*
 * Not there, by design: a capability that the function has not, a record that nobody keeps,
 * registers that the bound driver has for itself. A device that is lost answers nothing, and its
 * state says so.
 */
static bool is_failure(int error, const struct cxv_endpoint *endpoint)
{
	switch (error) {
	case 0:
	case ENOENT:
	case ENODATA:
	case EBUSY:
		return false;
	case ENODEV:
		return !endpoint || endpoint->state != CXV_STATE_LOST;
	default:
		return true;
	}
}

static void look(struct cxv_missing *missing, const struct cxv_endpoint *endpoint,
		 const char *object, const char *key, int error)
{
	if (!is_failure(error, endpoint) || missing->count++)
		return;
	missing->host = endpoint ? endpoint->host : NULL;
	missing->object = object;
	missing->key = key;
	missing->error = error;
}

static void look_at_fields(struct cxv_missing *missing, const struct cxv_endpoint *endpoint,
			   const char *name, const void *object, const struct cxv_fields *fields)
{
	for (size_t i = 0; i < fields->count; i++)
		look(missing, endpoint, name, fields->fields[i].key,
		     cxv_field_error(object, &fields->fields[i]));
}

/* EPERM: a kernel that is locked down, kernel_lockdown(7), shows registers in a BAR to nobody. */
static void look_at_registers(struct cxv_missing *missing, const struct cxv_endpoint *endpoint)
{
	for (size_t i = 0; i < cxv_ras_fields.count; i++) {
		const struct cxv_field *field = &cxv_ras_fields.fields[i];
		int error = cxv_field_error(&endpoint->ras, field);

		look(missing, endpoint, "ras", field->key, error == EPERM ? 0 : error);
	}
}

/* What a brief look does not read has no error. The rest is printed, or findings are made of it. */
static void look_at(struct cxv_missing *missing, const struct cxv_endpoint *endpoint)
{
	const struct cxv_vfio *vfio = &endpoint->vfio;

	look_at_fields(missing, endpoint, NULL, endpoint, &cxv_endpoint_fields);
	look_at_fields(missing, endpoint, "pci", &endpoint->pci, &cxv_pci_fields);
	look_at_fields(missing, endpoint, "aer", &endpoint->aer, &cxv_aer_fields);
	look_at_registers(missing, endpoint);
	if (endpoint->has_driver_view)
		look_at_fields(missing, endpoint, "cxl_vfio", &endpoint->driver_view,
			       &cxv_driver_view_fields);
	look(missing, endpoint, NULL, "reset_methods", endpoint->reset_methods.error);
	look(missing, endpoint, NULL, "iommu_group_members", endpoint->iommu_group_members.error);
	look(missing, endpoint, NULL, "resource_owners", endpoint->owner_error);
	/* With one that is seen it is open, whoever else has it. */
	look(missing, endpoint, "vfio", "opened_by",
	     vfio->opened_by.count ? 0 : vfio->opened_by_error);
}

void cxv_metrics_find_missing(const struct cxv_metrics *metrics, struct cxv_missing *missing)
{
	*missing = (struct cxv_missing) { 0 };
	if (metrics->driver) {
		look(missing, NULL, NULL, "loaded", metrics->driver->loaded.error);
		look(missing, NULL, NULL, "version", metrics->driver->version.error);
		look(missing, NULL, NULL, "srcversion", metrics->driver->srcversion.error);
	}
	for (size_t i = 0; i < metrics->count; i++)
		look_at(missing, metrics->endpoints[i].endpoint);
}
