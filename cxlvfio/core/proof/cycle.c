// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/cycle.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "cxl_regs.h"

/* More capabilities than a configuration space has room for: a chain that is longer is a loop. */
#define MAX_CAPABILITIES	((0x100 - 0x40) / 4)

void cxv_attributes_clear(struct cxv_attributes *attributes)
{
	size_t i;

	for (i = 0; i < attributes->count; i++) {
		free(attributes->items[i].name);
		free(attributes->items[i].value);
	}
	free(attributes->items);
	*attributes = (struct cxv_attributes) { 0 };
}

int cxv_attributes_add(struct cxv_attributes *attributes, const char *name, const char *value)
{
	struct cxv_attribute *added = cxv_array_add(attributes->items, attributes->count);

	if (!added)
		return -ENOMEM;
	added->name = strdup(name);
	added->value = strdup(value);
	if (added->name && added->value)
		return 0;
	free(added->name);
	free(added->value);
	attributes->count--;
	return -ENOMEM;
}

void cxv_observation_clear(struct cxv_observation *observation)
{
	cxv_attributes_clear(&observation->decoders);
	cxv_attributes_clear(&observation->aer);
}

void cxv_observation_move(struct cxv_observation *to, struct cxv_observation *from)
{
	*to = *from;
	from->decoders = (struct cxv_attributes) { 0 };
	from->aer = (struct cxv_attributes) { 0 };
}

void cxv_cycle_clear(struct cxv_cycle *cycle)
{
	cxv_observation_clear(&cycle->before);
	cxv_observation_clear(&cycle->after);
}

static uint64_t phase_duration(const struct cxv_cycle *cycle, enum cxv_phase phase)
{
	const struct cxv_span *span = &cycle->timeline.spans[phase];

	return cxv_span_made(span) ? span->end - span->begin : 0;
}

uint64_t cxv_cycle_touching(const struct cxv_cycle *cycle)
{
	uint64_t sum = phase_duration(cycle, CXV_PHASE_POPULATE) +
		       phase_duration(cycle, CXV_PHASE_TAG) +
		       phase_duration(cycle, CXV_PHASE_TOUCH) +
		       cycle->traffic.waited;

	for (unsigned int i = 0; i < CXV_WINDOW_VIEWS; i++)
		sum += cycle->io_before[i].duration + cycle->io_after[i].duration;
	for (unsigned int i = 0; i < CXV_MAPPING_COUNT; i++)
		sum += phase_duration(cycle, CXV_PHASE_REFAULT + i);
	return sum;
}

uint64_t cxv_cycle_overhead(const struct cxv_cycle *cycle)
{
	uint64_t took = cycle->ended - cycle->since;
	uint64_t needed = cycle->reset_duration + cycle->ready_duration +
			  cxv_cycle_touching(cycle);

	return took > needed ? took - needed : 0;
}

uint32_t cxv_config_field(const struct cxv_observation *observation, size_t offset, size_t width)
{
	uint32_t value = 0;
	size_t i;

	if (offset > observation->config_size || width > observation->config_size - offset)
		return UINT32_MAX;
	for (i = 0; i < width; i++)
		value |= (uint32_t)observation->config[offset + i] << (8 * i);
	return value;
}

size_t cxv_config_capability(const struct cxv_observation *observation, uint8_t id)
{
	size_t offset = cxv_config_field(observation, PCI_CAPABILITY_LIST, 1) & ~3u;
	unsigned int i;

	if (!(cxv_config_field(observation, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
		return 0;
	for (i = 0; i < MAX_CAPABILITIES && offset >= PCI_STD_HEADER_SIZEOF; i++) {
		if (offset + 2 > observation->config_size)
			return 0;
		if (observation->config[offset] == id)
			return offset;
		offset = observation->config[offset + 1] & ~3u;
	}
	return 0;
}

size_t cxv_config_device_dvsec(const struct cxv_observation *observation)
{
	int offset = cxv_dvsec_find(observation->config, observation->config_size,
				    CXL_DVSEC_ID_DEVICE, CXL_DEVICE_CAPABILITY3);

	return offset > 0 ? offset : 0;
}
