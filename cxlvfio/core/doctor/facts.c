// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/doctor/facts.h"

#include <stdlib.h>

static void text_clear(struct cxv_doctor_text *text)
{
	free(text->path);
	free(text->value);
}

static void module_clear(struct cxv_doctor_module *module)
{
	free(module->path);
	free(module->blacklist);
	free(module->install);
}

static void endpoint_clear(struct cxv_doctor_endpoint *endpoint)
{
	free(endpoint->devpath);
	text_clear(&endpoint->driverctl);
	free(endpoint->group_node.path);
	free(endpoint->cdev_node.path);
}

void cxv_doctor_facts_clear(struct cxv_doctor_facts *facts)
{
	struct cxv_doctor_text *const texts[] = {
		&facts->release, &facts->config, &facts->command_line, &facts->noiommu,
		&facts->lockdown, &facts->limits, &facts->status, &facts->libcxl,
		&facts->unread_definitions, &facts->place.container,
		&facts->place.hypervisor, &facts->place.vendor, &facts->place.product,
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		text_clear(texts[i]);
	free(facts->interrupts.unmapped);
	cxv_names_clear(&facts->options);
	cxv_names_clear(&facts->rules);
	cxv_names_clear(&facts->acpi_tables.names);
	cxv_names_clear(&facts->iommus.names);
	cxv_names_clear(&facts->iommu_groups.names);
	cxv_driver_status_clear(&facts->driver);
	cxv_cedt_clear(&facts->cedt);
	for (size_t i = 0; i < ARRAY_SIZE(facts->modules); i++)
		module_clear(&facts->modules[i]);
	free(facts->container.path);
	free(facts->iommufd.path);
	for (size_t i = 0; i < facts->leftover_count; i++) {
		free(facts->leftovers[i].path);
		free(facts->leftovers[i].target);
	}
	free(facts->leftovers);
	cxv_definitions_clear(&facts->definitions);
	for (size_t i = 0; i < facts->endpoint_count; i++)
		endpoint_clear(&facts->endpoints[i]);
	free(facts->endpoints);
	*facts = (struct cxv_doctor_facts) { 0 };
}

struct cxv_doctor_leftover *cxv_doctor_add_leftover(struct cxv_doctor_facts *facts,
						    enum cxv_doctor_leftover_kind kind,
						    char *target, char *path)
{
	struct cxv_doctor_leftover *one = NULL;

	if (target && path)
		one = cxv_array_add(facts->leftovers, facts->leftover_count);
	if (!one) {
		free(target);
		free(path);
		return NULL;
	}
	*one = (struct cxv_doctor_leftover) { .kind = kind, .target = target, .path = path };
	return one;
}
