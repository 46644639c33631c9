// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: the kernel, its configuration and parameters, the IOMMU, and this user's limits. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/format.h"
#include "core/base/parameters.h"
#include "core/base/release.h"
#include "core/doctor/checks.h"
#include "core/doctor/parse.h"

/* Older ones do not show Type-2 memdevs: they want attributes that only Type-3 ones have. */
#define LIBCXL_RELEASE	79
#define CAP_IPC_LOCK	14

/* Not read, for another reason than that there is none. */
static bool is_unread(const struct cxv_doctor_text *text)
{
	return text->error && text->error != ENOENT;
}

int cxv_doctor_kernel_release(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	const struct cxv_doctor_text *release = &facts->release;
	int recent;

	if (!release->value)
		return cxv_doctor_unread(check, release->error, release->path);
	recent = cxv_release_is_at_least(release->value, CXV_DRIVER_KERNEL_MAJOR,
					 CXV_DRIVER_KERNEL_MINOR);
	if (cxv_doctor_show_text(check, release) < 0)
		return -ENOMEM;
	if (recent < 0)
		return cxv_doctor_say(check, CXV_DOCTOR_UNKNOWN, "'%s' is not a Linux release",
				      release->value);
	return cxv_doctor_say(check, recent ? CXV_DOCTOR_OK : CXV_DOCTOR_PROBLEM,
			      recent ? "Linux %s" : "Linux %s lacks what the driver needs",
			      release->value);
}

/* Which of OPTIONS, which blanks separate, are not set; the caller's to free. 0 or -ENOMEM. */
static int find_missing(const char *config, const char *options, char **missing)
{
	size_t size;
	FILE *stream = open_memstream(missing, &size);
	const char *separator = "";

	if (!stream)
		return -ENOMEM;
	while (*options) {
		char option[32];
		size_t length = strcspn(options, " ");

		snprintf(option, sizeof(option), "%.*s", (int)length, options);
		if (cxv_config_option(config, option) == 'n') {
			fprintf(stream, "%s%s", separator, option);
			separator = ", ";
		}
		options += length + (options[length] == ' ');
	}
	return fclose(stream) ? -ENOMEM : 0;
}

/* Done where there is no configuration to look at; 1: there is. */
static int has_config(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	if (facts->config.value)
		return cxv_doctor_show(check, facts->config.path, NULL) ?: 1;
	if (is_unread(&facts->config))
		return cxv_doctor_unread(check, facts->config.error, facts->config.path);
	return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "the kernel's configuration is neither in "
			      "/proc/config.gz nor in /boot or /lib/modules");
}

static int check_options(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check,
			 const char *options)
{
	_cleanup_free_ char *missing = NULL;
	int ret = has_config(facts, check);

	if (ret <= 0)
		return ret;
	if (find_missing(facts->config.value, options, &missing) < 0)
		return -ENOMEM;
	return cxv_doctor_say(check, *missing ? CXV_DOCTOR_PROBLEM : CXV_DOCTOR_OK,
			      *missing ? "the kernel is built without %s" :
			      "the kernel is built with %s", *missing ? missing : options);
}

int cxv_doctor_config_cxl(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	return check_options(facts, check, "CXL_BUS CXL_ACPI CXL_MEM CXL_PORT CXL_REGION");
}

static bool has_all(const char *config, const char *one, const char *two, const char *three)
{
	return cxv_config_option(config, one) != 'n' && cxv_config_option(config, two) != 'n' &&
	       cxv_config_option(config, three) != 'n';
}

int cxv_doctor_config_vfio(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	const char *config = facts->config.value;
	int ret = check_options(facts, check, "VFIO VFIO_PCI_CORE");

	if (ret < 0 || check->result != CXV_DOCTOR_OK ||
	    has_all(config, "VFIO_GROUP", "VFIO_CONTAINER", "VFIO_IOMMU_TYPE1") ||
	    has_all(config, "VFIO", "VFIO_DEVICE_CDEV", "IOMMUFD"))
		return ret;
	return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "no way to open a device: the kernel has "
			      "neither VFIO_GROUP, VFIO_CONTAINER and VFIO_IOMMU_TYPE1 nor "
			      "VFIO_DEVICE_CDEV and IOMMUFD");
}

int cxv_doctor_config_iommu(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	static const char *const drivers[] = {
		"INTEL_IOMMU", "AMD_IOMMU", "ARM_SMMU_V3", "ARM_SMMU", "VIRTIO_IOMMU",
		"RISCV_IOMMU",
	};
	int ret = has_config(facts, check);

	if (ret <= 0)
		return ret;
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (cxv_config_option(facts->config.value, drivers[i]) != 'n')
			return cxv_doctor_say(check, CXV_DOCTOR_OK, "the kernel is built with %s",
					      drivers[i]);
	return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM,
			      "the kernel is built without a driver of any IOMMU");
}

/* One of the kernel's parameters, and what it does. */
struct parameter {
	const char *name, *word;
	enum cxv_doctor_result result;
	const char *effect;
};

static int check_parameters(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check,
			    const struct parameter *parameters, size_t count)
{
	const struct cxv_doctor_text *line = &facts->command_line;

	if (!line->value)
		return cxv_doctor_unread(check, line->error, line->path);
	for (size_t i = 0; i < count; i++) {
		_cleanup_free_ char *text = NULL;

		if (!cxv_parameter_has(line->value, parameters[i].name, parameters[i].word))
			continue;
		text = cxv_parameter_with(line->value, parameters[i].name, parameters[i].word);
		if (!text || cxv_doctor_show(check, line->path, text) < 0)
			return -ENOMEM;
		return cxv_doctor_say(check, parameters[i].result, "%s %s", text,
				      parameters[i].effect);
	}
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "no such parameter is given") ?:
	       cxv_doctor_show_text(check, line);
}

int cxv_doctor_cmdline_iommu(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	static const struct parameter parameters[] = {
		{ "intel_iommu", "off", CXV_DOCTOR_PROBLEM, "switches the IOMMU off" },
		{ "amd_iommu", "off", CXV_DOCTOR_PROBLEM, "switches the IOMMU off" },
		{ "iommu", "off", CXV_DOCTOR_PROBLEM, "switches the IOMMU off" },
	};

	return check_parameters(facts, check, parameters, ARRAY_SIZE(parameters));
}

int cxv_doctor_cmdline_pci(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	static const char extended[] = "switches extended configuration space off, where the CXL "
				       "capabilities are";
	static const struct parameter parameters[] = {
		{ "pci", "off", CXV_DOCTOR_PROBLEM, "switches PCI off" },
		{ "pci", "nommconf", CXV_DOCTOR_PROBLEM, extended },
		{ "pci", "conf1", CXV_DOCTOR_PROBLEM, extended },
		{ "pci", "conf2", CXV_DOCTOR_PROBLEM, extended },
		{ "pci", "nomsi", CXV_DOCTOR_WARNING, "switches interrupts by message (MSI) off" },
		{ "pci", "noaer", CXV_DOCTOR_WARNING, "switches error reporting (AER) off" },
		{ "pcie_ports", "compat", CXV_DOCTOR_WARNING,
		  "switches error reporting (AER) off" },
	};

	return check_parameters(facts, check, parameters, ARRAY_SIZE(parameters));
}

static bool overlaps(const struct cxv_endpoint *endpoint, const struct cxv_memmap *memmap)
{
	const struct cxv_number *base = &endpoint->resource, *size = &endpoint->size;

	return base->known && size->known && size->value &&
	       base->value <= cxv_last(memmap->base, memmap->size) &&
	       memmap->base <= cxv_last(base->value, size->value);
}

/* '$' is reserved, and so what firmware says of it anyway. */
static int check_memmap(const struct cxv_doctor_facts *facts, const struct cxv_memmap *memmap,
			struct cxv_doctor_check *check)
{
	for (size_t i = 0; i < facts->endpoint_count; i++) {
		const struct cxv_endpoint *endpoint = facts->endpoints[i].endpoint;

		if (memmap->kind == '$' || !overlaps(endpoint, memmap))
			continue;
		return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "memmap= makes RAM of %s at "
				      "0x%" PRIx64 ", where %s has its memory",
				      cxv_size(memmap->size).text, memmap->base, endpoint->host);
	}
	return 0;
}

int cxv_doctor_cmdline_memory(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	static const struct parameter parameters[] = {
		{ "efi", "nosoftreserve", CXV_DOCTOR_WARNING,
		  "turns the memory that firmware reserves for drivers into RAM" },
	};
	const char *text = facts->command_line.value;
	struct cxv_memmap memmap;
	int ret = check_parameters(facts, check, parameters, ARRAY_SIZE(parameters));

	while (ret >= 0 && check->result == CXV_DOCTOR_OK && cxv_next_memmap(&text, &memmap))
		ret = check_memmap(facts, &memmap, check);
	return ret;
}

int cxv_doctor_lockdown(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	const struct cxv_doctor_text *lockdown = &facts->lockdown;
	const char *word;
	size_t length;

	if (is_unread(lockdown))
		return cxv_doctor_unread(check, lockdown->error, lockdown->path);
	if (!lockdown->value)
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED,
				      "%s is not there: the kernel cannot "
				      "be locked down, or securityfs is not mounted",
				      lockdown->path);
	length = cxv_lockdown_word(lockdown->value, &word);
	if (cxv_doctor_show_text(check, lockdown) < 0)
		return -ENOMEM;
	if (!length)
		return cxv_doctor_unread(check, EBADMSG, lockdown->path);
	if (length == 4 && !strncmp(word, "none", length))
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "the kernel is not locked down");
	return cxv_doctor_say(check, CXV_DOCTOR_INFO, "the kernel is locked down, to %.*s: "
			      "registers in BARs are not read, and modules need a signature",
			      (int)length, word);
}

/* An endpoint's link to its group is there also where the groups themselves are not visible. */
static bool has_group(const struct cxv_doctor_facts *facts)
{
	for (size_t i = 0; i < facts->endpoint_count; i++)
		if (facts->endpoints[i].endpoint->iommu_group.known)
			return true;
	return false;
}

static bool uses_iommu(const struct cxv_doctor_facts *facts)
{
	return facts->iommu_groups.names.count || has_group(facts);
}

/* What firmware calls an IOMMU, on each kind of machine. */
int cxv_doctor_iommu_tables(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	static const char *const tables[] = { "DMAR", "IVRS", "IORT", "VIOT", "RIMT" };
	const struct cxv_names *names = &facts->acpi_tables.names;

	if (names->error && names->error != ENOENT)
		return cxv_doctor_unread(check, names->error, facts->acpi_tables.path);
	for (size_t i = 0; i < names->count; i++)
		for (size_t j = 0; j < ARRAY_SIZE(tables); j++)
			if (!strcmp(names->items[i], tables[j]))
				return cxv_doctor_say(check, CXV_DOCTOR_OK, "there is %s",
						      tables[j]) ?:
				       cxv_doctor_show(check, facts->acpi_tables.path, tables[j]);
	if (cxv_doctor_show(check, facts->acpi_tables.path, NULL) < 0)
		return -ENOMEM;
	if (uses_iommu(facts))
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "no table is visible here, but "
				      "the kernel uses an IOMMU");
	if (!cxv_doctor_sees_firmware(facts))
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "firmware's tables are not "
				      "visible here: a container hides them, or there are none");
	return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "no table describes one");
}

bool cxv_doctor_sees_firmware(const struct cxv_doctor_facts *facts)
{
	return facts->acpi_tables.names.count;
}

int cxv_doctor_interrupt_remapping(const struct cxv_doctor_facts *facts,
				   struct cxv_doctor_check *check)
{
	const struct cxv_interrupts *interrupts = &facts->interrupts;

	if (!uses_iommu(facts))
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "no IOMMU is in use");
	if (!interrupts->unmapped)
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "nothing shows that interrupts are "
				      "not remapped") ?:
		       cxv_doctor_show_text(check, &facts->command_line);
	if (cxv_doctor_show(check, interrupts->path, interrupts->unmapped) < 0)
		return -ENOMEM;
	if (interrupts->unsafe)
		check->hint = "hand it only to whom you trust with the host; better switch "
			      "remapping on, and boot without intremap=off and nointremap";
	else if (!interrupts->by_parameter)
		check->hint = "no kernel parameter does this: switch remapping on in firmware's "
			      "setup; or let VFIO do without "
			      "(vfio_iommu_type1.allow_unsafe_interrupts=1): then a device can "
			      "raise any interrupt";
	if (interrupts->unsafe)
		return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "interrupts are not remapped "
				      "(%s), and VFIO is told to do without: a device can raise "
				      "any interrupt of the host", interrupts->unmapped);
	return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, "interrupts are not remapped (%s): VFIO "
			      "will not attach the group (EPERM)", interrupts->unmapped);
}

int cxv_doctor_iommu_groups(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	const struct cxv_names *groups = &facts->iommu_groups.names;
	const struct cxv_names *iommus = &facts->iommus.names;

	if (groups->error && groups->error != ENOENT)
		return cxv_doctor_unread(check, groups->error, facts->iommu_groups.path);
	if (cxv_doctor_show(check, facts->iommu_groups.path, NULL) < 0)
		return -ENOMEM;
	if (groups->count)
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "number of IOMMU groups: %zu",
				      groups->count);
	if (has_group(facts))
		return cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "the groups are not visible "
				      "here, but an endpoint is in one: a container hides them");
	return cxv_doctor_say(check, CXV_DOCTOR_PROBLEM, iommus->count ?
			      "there is no IOMMU group, though the kernel knows an IOMMU" :
			      "there is no IOMMU group: no IOMMU is in use");
}

int cxv_doctor_noiommu_mode(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	const struct cxv_doctor_text *mode = &facts->noiommu;

	if (is_unread(mode))
		return cxv_doctor_unread(check, mode->error, mode->path);
	if (cxv_doctor_show_text(check, mode) < 0)
		return -ENOMEM;
	if (!mode->value)
		return cxv_doctor_say(check, CXV_DOCTOR_OK,
				      "VFIO has no such mode, or is not loaded");
	if (strchr("Yy1", *mode->value) && *mode->value)
		return cxv_doctor_say(check, CXV_DOCTOR_WARNING,
				      "enable_unsafe_noiommu_mode is on: "
				      "a device's DMA can reach all memory");
	return cxv_doctor_say(check, CXV_DOCTOR_OK, "enable_unsafe_noiommu_mode is off");
}

int cxv_doctor_memory_lock(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	uint64_t limit, wanted = 0;
	int may_lock;

	for (size_t i = 0; i < facts->endpoint_count; i++)
		wanted += facts->endpoints[i].endpoint->size.value;
	if (!facts->limits.value)
		return facts->is_snapshot ?
		       cxv_doctor_say(check, CXV_DOCTOR_SKIPPED, "a snapshot does not have a "
				      "user's limits") :
		       cxv_doctor_unread(check, facts->limits.error, facts->limits.path);
	if (!cxv_limits_locked_memory(facts->limits.value, &limit))
		return cxv_doctor_unread(check, EBADMSG, facts->limits.path);
	may_lock = facts->status.value ?
		   cxv_status_has_capability(facts->status.value, CAP_IPC_LOCK) : -1;
	if (may_lock > 0)
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "this user may lock any amount, by "
				      "CAP_IPC_LOCK") ?:
		       cxv_doctor_show(check, facts->status.path, "CapEff: CAP_IPC_LOCK");
	if (limit >= wanted)
		return cxv_doctor_say(check, CXV_DOCTOR_OK, "this user may lock enough") ?:
		       cxv_doctor_show(check, facts->limits.path, NULL);
	return cxv_doctor_say(check, CXV_DOCTOR_WARNING,
			      "this user may lock %s, the endpoints have %s",
			      cxv_size(limit).text, cxv_size(wanted).text) ?:
	       cxv_doctor_show(check, facts->limits.path, NULL);
}

/* Where a newer libcxl would not help; NULL: it may. */
static const char *libcxl_hint(const struct cxv_libcxl *answer)
{
	switch (abs(answer->error)) {
	case ENOENT:
		return "install cxlvfio again, of which that program is a part; endpoints are "
		       "found without it, too";
	case ETIMEDOUT:
		return "ask again when the machine is less busy; endpoints are found without it, "
		       "too";
	default:
		return NULL;
	}
}

int cxv_doctor_libcxl_version(const struct cxv_doctor_facts *facts, struct cxv_doctor_check *check)
{
	const struct cxv_libcxl *answer = facts->answer;
	unsigned int release;

	if (answer && answer->state == CXV_LIBCXL_FAILED)
		check->hint = libcxl_hint(answer) ?: check->hint;
	if (answer && answer->state == CXV_LIBCXL_FAILED)
		return cxv_doctor_say(check, CXV_DOCTOR_WARNING, "libcxl gave no answer: %s",
				      answer->reason);
	if (!facts->libcxl.value)
		return facts->libcxl.error == EACCES || facts->libcxl.error == ENODATA ?
		       cxv_doctor_unread(check, facts->libcxl.error, facts->libcxl.path) :
		       cxv_doctor_say(check, CXV_DOCTOR_OK, "libcxl is not installed");
	release = cxv_ndctl_release(facts->libcxl.value);
	if (cxv_doctor_show_text(check, &facts->libcxl) < 0)
		return -ENOMEM;
	if (!release)
		return cxv_doctor_say(check, CXV_DOCTOR_UNKNOWN, "'%s' does not tell its version",
				      facts->libcxl.value);
	return cxv_doctor_say(check, release < LIBCXL_RELEASE ? CXV_DOCTOR_WARNING : CXV_DOCTOR_OK,
			      answer && answer->library ? "libcxl of ndctl %u was loaded" :
			      "libcxl is that of ndctl %u", release);
}
