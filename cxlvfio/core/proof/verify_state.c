// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/proof/verify_state.h"

#include <inttypes.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>

#include "core/proof/check.h"
#include "core/proof/checks.h"
#include "cxl_regs.h"
#include "cxl_vfio.h"

/* A field that must read the same before and after, or whose MASK must. */
struct field {
	const char *name;
	size_t offset;		/* from the capability */
	size_t width;
	uint32_t mask;
	uint32_t rising;	/* bits that may become 1 where the window was shut before */
};

#define RANGE_FIELD(n, name, offset)								\
	{ "range " #n name, CXL_DEVICE_RANGE(n - 1) + (offset), 4, ~0u }
#define RANGE_FIELDS(n)										\
	RANGE_FIELD(n, " size high", CXL_DEVICE_RANGE_SIZE_HIGH),				\
	{ "range " #n " size low", CXL_DEVICE_RANGE(n - 1) + CXL_DEVICE_RANGE_SIZE_LOW, 4, ~0u,	\
	  CXL_DEVICE_RANGE_INFO_VALID | CXL_DEVICE_RANGE_ACTIVE },				\
	RANGE_FIELD(n, " base high", CXL_DEVICE_RANGE_BASE_HIGH),				\
	RANGE_FIELD(n, " base low", CXL_DEVICE_RANGE_BASE_LOW)

static const struct field dvsec_fields[] = {
	{ "capability", CXL_DEVICE_CAPABILITY, 2, ~0u },
	{ "control", CXL_DEVICE_CONTROL, 2, ~0u },
	{ "status viral", CXL_DEVICE_STATUS, 2, CXL_DEVICE_STATUS_VIRAL },
	{ "status 2 errors", CXL_DEVICE_STATUS2, 2,
	  CXL_DEVICE_STATUS2_RESET_ERROR | CXL_DEVICE_STATUS2_PRESERVATION_ERROR },
	{ "lock", CXL_DEVICE_LOCK, 2, ~0u },
	{ "capability 2", CXL_DEVICE_CAPABILITY2, 2, ~0u },
	RANGE_FIELDS(1),
	RANGE_FIELDS(2),
};

static const struct field header_fields[] = {
	{ "vendor and device", PCI_VENDOR_ID, 4, ~0u },
	{ "command", PCI_COMMAND, 2, ~0u },
	{ "cache line size", PCI_CACHE_LINE_SIZE, 1, ~0u },
	{ "BAR 0", PCI_BASE_ADDRESS_0, 4, ~0u },
	{ "BAR 1", PCI_BASE_ADDRESS_1, 4, ~0u },
	{ "BAR 2", PCI_BASE_ADDRESS_2, 4, ~0u },
	{ "BAR 3", PCI_BASE_ADDRESS_3, 4, ~0u },
	{ "BAR 4", PCI_BASE_ADDRESS_4, 4, ~0u },
	{ "BAR 5", PCI_BASE_ADDRESS_5, 4, ~0u },
	{ "expansion ROM", PCI_ROM_ADDRESS, 4, ~0u },
	{ "interrupt line", PCI_INTERRUPT_LINE, 1, ~0u },
};

static const struct field express_fields[] = {
	{ "device control", PCI_EXP_DEVCTL, 2, ~0u },
	{ "link control", PCI_EXP_LNKCTL, 2, ~0u },
	{ "device control 2", PCI_EXP_DEVCTL2, 2, ~0u },
};

static const struct field dvsec_control_field[] = {
	{ "CXL control", CXL_DEVICE_CONTROL, 2, ~0u },
};

/* Errors that the function itself holds on to, whether or not the kernel was told of them. */
static const struct field error_fields[] = {
	{ "uncorrectable", PCI_ERR_UNCOR_STATUS, 4, ~0u },
	{ "correctable", PCI_ERR_COR_STATUS, 4, ~0u },
};

#define FIELDS_MAX	(ARRAY_SIZE(header_fields) + ARRAY_SIZE(express_fields) +		\
			 ARRAY_SIZE(dvsec_fields) + ARRAY_SIZE(error_fields))

_Static_assert(FIELDS_MAX <= CXV_CONFIG_PARTS_MAX, "a part for each field, at worst");

/* No field crosses a boundary of 4 bytes: capabilities are aligned. */
static void want(bool wanted[static CXV_CONFIG_SIZE / 4], size_t capability,
		 const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (capability + fields[i].offset < CXV_CONFIG_SIZE)
			wanted[(capability + fields[i].offset) / 4] = true;
}

size_t cxv_compared_config(const struct cxv_observation *observation,
			   struct cxv_config_part parts[static CXV_CONFIG_PARTS_MAX])
{
	int errors = cxv_config_errors_offset(observation->config, observation->config_size);
	size_t express = cxv_config_capability(observation, PCI_CAP_ID_EXP);
	size_t dvsec = cxv_config_device_dvsec(observation);
	bool wanted[CXV_CONFIG_SIZE / 4] = { false };
	size_t count = 0, i;

	want(wanted, 0, header_fields, ARRAY_SIZE(header_fields));
	if (express)
		want(wanted, express, express_fields, ARRAY_SIZE(express_fields));
	if (dvsec)
		want(wanted, dvsec, dvsec_fields, ARRAY_SIZE(dvsec_fields));
	if (errors > 0)
		want(wanted, errors, error_fields, ARRAY_SIZE(error_fields));
	for (i = 0; i < observation->config_size / 4; i++) {
		if (!wanted[i])
			continue;
		if (!i || !wanted[i - 1])
			parts[count++] = (struct cxv_config_part) { .offset = 4 * i };
		parts[count - 1].length += 4;
	}
	return count;
}

/* Counts what was compared; judges CHECK as failed at the first difference and returns false. */
static bool same_fields(const struct cxv_cycle *cycle, const char *where, size_t capability,
			const struct field *fields, size_t count, unsigned int *compared,
			struct cxv_check *check)
{
	size_t i;

	for (i = 0; i < count; i++) {
		size_t offset = capability + fields[i].offset;
		uint32_t before = cxv_config_field(&cycle->before, offset, fields[i].width);
		uint32_t after = cxv_config_field(&cycle->after, offset, fields[i].width);
		uint32_t changed = (before ^ after) & fields[i].mask;

		/* Memory that had not come up may do so; after that it is for readiness to say. */
		if (!cycle->mappings[CXV_MAPPING_WHOLE].before.made)
			changed &= ~(after & fields[i].rising);
		if (!changed) {
			(*compared)++;
			continue;
		}
		cxv_expected(check, "%s %s %#x", where, fields[i].name, before);
		cxv_observed(check, "%s %s %#x", where, fields[i].name, after);
		cxv_fail(check, "%s %s (configuration space offset %#zx) changed from %#x to %#x",
			 where, fields[i].name, offset, before, after);
		return false;
	}
	return true;
}

static bool have_config(const struct cxv_cycle *cycle)
{
	return cycle->before.config_size >= PCI_STD_HEADER_SIZEOF &&
	       cycle->after.config_size >= PCI_STD_HEADER_SIZEOF;
}

static bool all_ones(const struct cxv_observation *observation)
{
	return cxv_config_field(observation, PCI_VENDOR_ID, 4) == UINT32_MAX;
}

void cxv_judge_config(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	size_t express = cxv_config_capability(&cycle->before, PCI_CAP_ID_EXP);
	size_t dvsec = cxv_config_device_dvsec(&cycle->before);
	unsigned int compared = 0;

	check->duration = cycle->after.duration;
	if (!have_config(cycle)) {
		cxv_skip(check, "configuration space could not be read: %s",
			 strerror(cycle->before.config_error ?: cycle->after.config_error));
		return;
	}
	if (all_ones(&cycle->after)) {
		cxv_observed(check, "all ones");
		cxv_fail(check, "configuration space reads all ones: the device does not answer");
		return;
	}
	if (!same_fields(cycle, "header", 0, header_fields, ARRAY_SIZE(header_fields), &compared,
			 check))
		return;
	if (express && !same_fields(cycle, "PCI Express", express, express_fields,
				    ARRAY_SIZE(express_fields), &compared, check))
		return;
	if (dvsec && !same_fields(cycle, "DVSEC", dvsec, dvsec_control_field,
				  ARRAY_SIZE(dvsec_control_field), &compared, check))
		return;
	cxv_expected(check, "%u fields as before", compared);
	cxv_observed(check, "%u fields as before%s", compared,
		     cycle->after.config_live ? "" : " (as VFIO shows them)");
}

static const char *hdm_register_name(size_t dword, char *name, size_t size)
{
	static const char *const registers[] = {
		"base low", "base high", "size low", "size high", "control", "skip low",
		"skip high", "reserved",
	};
	size_t offset = dword * sizeof(uint32_t);

	if (offset < CXL_HDM_DECODER(0)) {
		snprintf(name, size, "HDM %s", offset == CXL_HDM_CAPABILITY ? "capability" :
			 offset == CXL_HDM_GLOBAL_CONTROL ? "global control" : "reserved");
		return name;
	}
	dword -= CXL_HDM_DECODER(0) / sizeof(uint32_t);
	snprintf(name, size, "decoder %zu %s", dword / ARRAY_SIZE(registers),
		 registers[dword % ARRAY_SIZE(registers)]);
	return name;
}

static bool lost_commit(size_t dword, uint32_t before, uint32_t after)
{
	size_t offset = dword * sizeof(uint32_t);

	return offset >= CXL_HDM_DECODER(0) &&
	       (offset - CXL_HDM_DECODER(0)) % 0x20 == CXL_HDM_DECODER_CONTROL &&
	       (before & ~after & CXL_HDM_DECODER_COMMITTED);
}

static bool same_hdm(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const uint32_t *before = cycle->before.hdm, *after = cycle->after.hdm;
	char name[48];
	size_t i;

	if (cycle->before.hdm_count && cycle->before.hdm_count != cycle->after.hdm_count) {
		cxv_fail(check,
			 "the HDM decoder registers can no longer be read after the reset: %s",
			 strerror(cycle->after.hdm_error));
		return false;
	}
	for (i = 0; i < cycle->before.hdm_count; i++) {
		if (before[i] == after[i])
			continue;
		hdm_register_name(i, name, sizeof(name));
		cxv_expected(check, "%s %#x", name, before[i]);
		cxv_observed(check, "%s %#x", name, after[i]);
		cxv_fail(check, "%s changed from %#x to %#x%s", name, before[i], after[i],
			 lost_commit(i, before[i], after[i]) ? ": no longer committed" : "");
		return false;
	}
	return true;
}

static const struct cxv_attribute *find_attribute(const struct cxv_attributes *attributes,
						  const char *name)
{
	size_t i;

	for (i = 0; i < attributes->count; i++) {
		if (!strcmp(attributes->items[i].name, name))
			return &attributes->items[i];
	}
	return NULL;
}

/* The first line in which two texts differ, from each. */
static void differing_line(const char *before, const char *after, int *line, const char **old,
			   const char **new)
{
	size_t i, start = 0;

	*line = 1;
	for (i = 0; before[i] && before[i] == after[i]; i++) {
		if (before[i] == '\n') {
			start = i + 1;
			(*line)++;
		}
	}
	*old = before + start;
	*new = after + start;
}

static bool same_attributes(const struct cxv_attributes *before, const struct cxv_attributes *after,
			    struct cxv_check *check)
{
	size_t i;

	for (i = 0; i < before->count; i++) {
		const struct cxv_attribute *old = &before->items[i];
		const struct cxv_attribute *new = find_attribute(after, old->name);
		const char *old_line, *new_line;
		int line;

		if (new && !strcmp(old->value, new->value))
			continue;
		differing_line(old->value, new ? new->value : "", &line, &old_line, &new_line);
		cxv_expected(check, "%s: %.*s", old->name, (int)strcspn(old_line, "\n"), old_line);
		cxv_observed(check, "%s: %.*s", old->name, new ? (int)strcspn(new_line, "\n") : 4,
			     new ? new_line : "gone");
		cxv_fail(check, "%s changed from \"%.*s\" to \"%.*s\"", old->name,
			 (int)strcspn(old_line, "\n"), old_line, (int)strcspn(new_line, "\n"),
			 new_line);
		return false;
	}
	return true;
}

/* The driver refuses because of what it read from registers that we see unchanged. */
static bool registers_contradict(const struct cxv_cycle *cycle)
{
	return cycle->readiness == CXV_REFUSED && cycle->before.hdm_count &&
	       cxv_starts_with(cycle->after.driver.verdict, "decoder 0 ");
}

void cxv_judge_decoders(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	size_t dvsec = cxv_config_device_dvsec(&cycle->before);
	const struct cxv_attributes *attributes = &cycle->before.decoders;
	unsigned int compared = 0;

	check->duration = cycle->after.duration;
	if (!dvsec && !cycle->before.hdm_count && !attributes->count) {
		cxv_skip(check, "neither the CXL DVSEC nor decoder registers nor the CXL core's "
			 "view could be read");
		return;
	}
	if (!same_hdm(cycle, check))
		return;
	if (registers_contradict(cycle)) {
		cxv_fail(check, "the driver says \"%s\", but its register region shows the "
			 "decoders unchanged: that is an image of them, not the hardware",
			 cycle->after.driver.verdict);
		return;
	}
	if (dvsec && !same_fields(cycle, "DVSEC", dvsec, dvsec_fields, ARRAY_SIZE(dvsec_fields),
				  &compared, check))
		return;
	if (!same_attributes(attributes, &cycle->after.decoders, check))
		return;
	cxv_expected(check, "%u DVSEC fields, %zu HDM dwords, %zu attributes as before", compared,
		     cycle->before.hdm_count, attributes->count);
	cxv_observed(check, "%u DVSEC fields, %zu HDM dwords, %zu attributes as before", compared,
		     cycle->before.hdm_count, attributes->count);
}

/* The driver must say of the window what the touching showed. */
static bool same_state(const struct cxv_cycle *cycle, bool accessible, struct cxv_check *check)
{
	const struct cxv_driver_account *after = &cycle->after.driver;
	bool active = !strcmp(after->state, CXL_VFIO_STATE_ACTIVE);

	if (active == accessible)
		return true;
	cxv_fail(check, "the driver says that the window is %s (%s), but %s", after->state,
		 after->verdict, accessible ? "accesses go through" : "every access raises SIGBUS");
	return false;
}

/* Whether the driver's account can be compared; judges CHECK as skipped where it cannot. */
static bool have_account(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	if (cycle->before.driver.present && cycle->after.driver.present)
		return true;
	cxv_skip(check, "the driver has no %s attributes in sysfs", CXL_VFIO_SYSFS_GROUP);
	return false;
}

static bool is_accessible(const struct cxv_cycle *cycle)
{
	const struct cxv_pass *pass = &cycle->mappings[CXV_MAPPING_WHOLE].after;

	return pass->made && pass->refused < pass->pages;
}

static const char *tries(const struct cxv_cycle *cycle)
{
	return cycle->reset_retries ? ", or more, since it was tried again" : "";
}

static bool is_reset(const struct cxv_cycle *cycle)
{
	return !cxv_method_kinds[cycle->method].no_reset;
}

void cxv_judge_counters(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_driver_account *before = &cycle->before.driver;
	const struct cxv_driver_account *after = &cycle->after.driver;
	bool accessible = is_accessible(cycle);
	uint64_t shut = after->generation - before->generation;
	uint64_t zapped = after->zap_count - before->zap_count;
	uint64_t reactivated = after->reactivate_count - before->reactivate_count;
	uint64_t own = cxv_own_resets(cycle);

	if (!have_account(cycle, check))
		return;
	cxv_expected(check, "zap_count +1, reactivate_count +%d, state %s%s%s", accessible,
		     accessible ? "" : "not ", CXL_VFIO_STATE_ACTIVE, tries(cycle));
	cxv_observed(check, "zap_count %+" PRId64 ", reactivate_count %+" PRId64 ", state %s",
		     (int64_t)zapped, (int64_t)reactivated, after->state);
	if (!same_state(cycle, accessible, check))
		return;
	if (!zapped || reactivated < accessible)
		cxv_fail(check, "the driver did not see this %s: a counter did not advance",
			 is_reset(cycle) ? "reset" : "write to the command register");
	else if (zapped != 1 && zapped != shut)
		cxv_fail(check, "the driver counts %" PRIu64 " zaps, but shut the window %" PRIu64
			 " times: its counters contradict each other", zapped, shut);
	else if (zapped > own || reactivated > own - !accessible)
		cxv_undecided(check, "something else shut the window in the same cycle: another "
			      "reset, an error or a configuration write");
}

void cxv_judge_generation(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_driver_account *before = &cycle->before.driver;
	const struct cxv_driver_account *after = &cycle->after.driver;
	const char *path = is_reset(cycle) ? "reset" : "config_write";
	uint64_t shut = after->generation - before->generation;
	uint64_t zapped = after->zap_count - before->zap_count;

	if (!have_account(cycle, check))
		return;
	cxv_expected(check, "generation +1, last_path %s%s", path, tries(cycle));
	cxv_observed(check, "generation %+" PRId64 ", last_path %s", (int64_t)shut,
		     after->last_path);
	if (!shut)
		cxv_fail(check, "the generation did not advance: answers from before %s would "
			 "still be trusted after it",
			 is_reset(cycle) ? "the reset" : "memory space was off");
	else if (shut != 1 && shut != zapped)
		cxv_fail(check, "the generation advanced by %" PRId64 ", but %" PRIu64
			 " zaps were counted: the driver's counters contradict each other",
			 (int64_t)shut, zapped);
	else if (shut > cxv_own_resets(cycle))
		cxv_undecided(check, "something else shut the window in the same cycle: another "
			      "reset, an error or a configuration write");
	else if (strcmp(after->last_path, path) != 0)
		cxv_fail(check, "the driver shut the window last for \"%s\", not for a %s",
			 after->last_path, is_reset(cycle) ? "reset" : "configuration write");
}

static bool no_new_errors(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	int errors = cxv_config_errors_offset(cycle->before.config, cycle->before.config_size);

	for (size_t i = 0; errors > 0 && !all_ones(&cycle->after) &&
	     cycle->after.config_size == cycle->before.config_size && i < ARRAY_SIZE(error_fields);
	     i++) {
		size_t offset = errors + error_fields[i].offset;
		uint32_t before = cxv_config_field(&cycle->before, offset, 4);
		uint32_t after = cxv_config_field(&cycle->after, offset, 4);

		if (!(after & ~before))
			continue;
		cxv_expected(check, "%s error status %#x", error_fields[i].name, before);
		cxv_observed(check, "%s error status %#x", error_fields[i].name, after);
		cxv_fail(check, "the function logged %s errors in the cycle: its AER status has "
			 "%#x in addition", error_fields[i].name, after & ~before);
		return false;
	}
	return true;
}

void cxv_judge_aer(const struct cxv_cycle *cycle, struct cxv_check *check)
{
	const struct cxv_attributes *before = &cycle->before.aer;

	if (!no_new_errors(cycle, check))
		return;
	if (!before->count) {
		cxv_skip(check, "the kernel keeps no AER counters for this function");
		return;
	}
	if (!same_attributes(before, &cycle->after.aer, check))
		return;
	cxv_expected(check, "%zu groups of counters as before", before->count);
	cxv_observed(check, "%zu groups of counters as before", before->count);
}
