// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/snapshot/evidence.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/discovery/dvsec.h"
#include "core/discovery/pci_ids.h"
#include "sys/discovery/cxl_index.h"
#include "sys/discovery/pci.h"
#include "sys/doctor/doctor.h"
#include "sys/snapshot/capture.h"

#define LOG_RECORD	8192			/* the kernel's longest record with its escapes */
#define LOG_RECORDS	200000			/* a storm of messages must not keep us here */
#define LOG_SIZE	((size_t)16 << 20)	/* of all records: the ring buffer is smaller */
#define LOG_KEPT	((size_t)1 << 20)	/* of the lines that matter, the newest */
#define ATTRIBUTE_SIZE	(64 * 1024)

/* The kernel: what it is, what it was told, and whose memory is whose. */
static const char *const machine_files[] = {
	"proc/iomem",
	"proc/cmdline",
	"proc/modules",
	"proc/version",
	"proc/sys/kernel/osrelease",
	"proc/sys/kernel/tainted",
	"proc/sys/kernel/hostname",
	"sys/firmware/acpi/tables/CEDT",
};

static const char *const module_prefixes[] = {
	"amd_iommu", "cxl", "dax", "device_dax", "intel_iommu", "iommu", "kmem", "vfio",
};

static const char *const module_files[] = { "version", "srcversion", "taint", "initstate" };

/* Not all that there are: to read rom, vpd or resourceN does something to the device. */
static const char *const pci_files[] = {
	"aer_dev_correctable", "aer_dev_fatal", "aer_dev_nonfatal", "aer_rootport_total_err_cor",
	"aer_rootport_total_err_fatal", "aer_rootport_total_err_nonfatal", "ari_enabled",
	"broken_parity_status", "class", "config", "consistent_dma_mask_bits",
	"current_link_speed", "current_link_width", "d3cold_allowed", "device",
	"dma_mask_bits", "driver_override", "enable", "iommu_group/name", "iommu_group/type",
	"irq", "link/l1_aspm", "local_cpulist", "max_link_speed", "max_link_width", "modalias",
	"msi_bus", "numa_node", "power/control", "power/runtime_enabled",
	"power/runtime_status", "power_state", "reset_method", "resource", "revision",
	"serial_number", "subsystem_device", "subsystem_vendor", "uevent", "vendor",
};

static const char *const pci_ids_files[] = { "usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids" };

/* Without memory, or with a full tree, there is no snapshot; all else is in the tree. */
static int fatal(int error)
{
	return error == -ENOMEM || error == -EFBIG || error == -EMFILE || error == -ENFILE ?
	       error : 0;
}

static int keep(const struct cxv_host *capture, const char *path)
{
	struct cxv_node *node;

	return fatal(cxv_tree_find(capture->tree, path, CXV_FIND_CONTENT, &node));
}

static int keep_in(const struct cxv_host *capture, const char *directory, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return 0;
	return keep(capture, path);
}

static int keep_all_in(const struct cxv_host *capture, const char *directory,
		       const char *const *names, size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		error = keep_in(capture, directory, names[i]);
	return error;
}

/* A regular file that says by its mode that it is there to be read, and is not large. */
static bool is_attribute(const struct cxv_host *live, const char *directory, const char *name)
{
	_cleanup_close_ int descriptor = -1;
	struct stat status;

	descriptor = cxv_host_open_file(live, O_PATH | O_NOFOLLOW, "%s/%s", directory, name);
	return descriptor >= 0 && !fstat(descriptor, &status) && S_ISREG(status.st_mode) &&
	       status.st_mode & (S_IRUSR | S_IRGRP | S_IROTH) && status.st_size <= ATTRIBUTE_SIZE;
}

/* Every attribute of a directory; the directory itself is not listed in the tree. */
static int keep_attributes(const struct cxv_host *capture, const char *directory)
{
	char **names;
	size_t count;
	int error = cxv_host_list(capture->live, &names, &count, "%s", directory);

	if (error < 0)
		return fatal(error);
	for (size_t i = 0; i < count && !error; i++)
		if (is_attribute(capture->live, directory, names[i]))
			error = keep_in(capture, directory, names[i]);
	cxv_names_free(names, count);
	return error;
}

static bool is_module_of_interest(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(module_prefixes); i++)
		if (cxv_starts_with(name, module_prefixes[i]))
			return true;
	return false;
}

static int keep_module(const struct cxv_host *capture, const char *name)
{
	char directory[PATH_MAX];
	int error;

	snprintf(directory, sizeof(directory), "sys/module/%s", name);
	error = keep_all_in(capture, directory, module_files, ARRAY_SIZE(module_files));
	if (error < 0)
		return error;
	snprintf(directory, sizeof(directory), "sys/module/%s/parameters", name);
	return keep_attributes(capture, directory);
}

static int keep_modules(const struct cxv_host *capture)
{
	char **names;
	size_t count;
	int error = cxv_host_list(capture->live, &names, &count, "sys/module");

	if (error < 0)
		return fatal(error);
	for (size_t i = 0; i < count && !error; i++)
		if (is_module_of_interest(names[i]))
			error = keep_module(capture, names[i]);
	cxv_names_free(names, count);
	return error;
}

static int keep_cxl_device(const struct cxv_host *capture, const char *name)
{
	static const char *const parts[] = { "", "/ram", "/pmem" };
	char directory[PATH_MAX];
	int error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts) && !error; i++) {
		snprintf(directory, sizeof(directory), "sys/bus/cxl/devices/%s%s", name, parts[i]);
		error = keep_attributes(capture, directory);
	}
	return error;
}

static int keep_cxl_devices(const struct cxv_host *capture)
{
	char **names;
	size_t count;
	int error = cxv_host_list(capture, &names, &count, "sys/bus/cxl/devices");

	if (error < 0)
		return fatal(error);
	for (size_t i = 0; i < count && !error; i++)
		error = keep_cxl_device(capture, names[i]);
	cxv_names_free(names, count);
	return error;
}

/* The function and the bridges above it. */
static int keep_function(const struct cxv_host *capture, const char *address)
{
	char path[PATH_MAX];
	struct cxv_node *node;
	int error;

	snprintf(path, sizeof(path), CXV_PCI_DEVICES "/%s", address);
	error = cxv_tree_find(capture->tree, path, CXV_FIND_NODE, &node);
	while (!error && node && cxv_pci_is_address(node->name)) {
		error = cxv_tree_path(node, path, sizeof(path));
		if (!error)
			error = keep_all_in(capture, path, pci_files, ARRAY_SIZE(pci_files));
		node = node->parent->parent ? node->parent : NULL;
	}
	return fatal(error);
}

struct log {
	FILE *stream;
	const struct cxv_inventory *inventory;
};

static bool is_of_interest(const char *line, const struct cxv_inventory *inventory)
{
	static const char *const words[] = { "cxl", "vfio", "iommu" };
	static const char *const exact[] = { "AER", "DPC", "DMAR", "IVRS", "SMMU" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(line, words[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(exact); i++)
		if (strstr(line, exact[i]))
			return true;
	for (size_t i = 0; i < inventory->count; i++)
		if (strstr(line, inventory->endpoints[i]->host))
			return true;
	return false;
}

/* "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;MESSAGE"; lines with a blank in front belong to it. */
static void add_line(struct log *log, const char *line)
{
	uint64_t time;
	const char *message = strchr(line, ';');

	if (!message || *line == ' ' || sscanf(line, "%*u,%*u,%" SCNu64, &time) != 1)
		return;
	message++;
	if (is_of_interest(message, log->inventory))
		fprintf(log->stream, "[%5" PRIu64 ".%06u] %s\n", time / 1000000,
			(unsigned int)(time % 1000000), message);
}

/* The newest lines of TEXT, whole ones. */
static void keep_end(char *text, size_t size)
{
	char *start = text + size - LOG_KEPT;
	char *line;

	if (size <= LOG_KEPT)
		return;
	line = strchr(start, '\n');
	memmove(text, line + 1, strlen(line + 1) + 1);
}

int cxv_evidence_log_lines(const char *records, const struct cxv_inventory *inventory,
			   char **lines)
{
	_cleanup_free_ char *copy = strdup(records);
	struct log log = { .inventory = inventory };
	char *state = NULL;
	size_t size = 0;

	*lines = NULL;
	log.stream = open_memstream(lines, &size);
	if (!copy || !log.stream) {
		if (log.stream)
			fclose(log.stream);
		free(*lines);
		return -ENOMEM;
	}
	for (char *line = strtok_r(copy, "\n", &state); line; line = strtok_r(NULL, "\n", &state))
		add_line(&log, line);
	if (fclose(log.stream)) {
		free(*lines);
		return -ENOMEM;
	}
	keep_end(*lines, size);
	return 0;
}

/* All that the kernel still has; a fixture's log is a file. */
static int read_records(const struct cxv_host *live, char **records)
{
	_cleanup_close_ int descriptor = cxv_host_open_file(live, O_RDONLY | O_NONBLOCK,
							    "dev/kmsg");
	size_t size = 0, room = 0;

	if (descriptor < 0)
		return descriptor;
	for (unsigned int i = 0; i < LOG_RECORDS && size < LOG_SIZE; i++) {
		ssize_t got;

		if (room - size < LOG_RECORD + 1) {
			char *larger = realloc(*records, room = 2 * room + LOG_RECORD + 1);

			if (!larger)
				return -ENOMEM;
			*records = larger;
		}
		got = read(descriptor, *records + size, LOG_RECORD);
		/* EPIPE: records were overwritten before they were read; the next read goes on. */
		if (got < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (got < 0 && errno != EAGAIN)
			return -errno;
		if (got <= 0)
			break;
		size += got;
	}
	(*records)[size] = '\0';
	return 0;
}

static int keep_log(const struct cxv_host *capture, const struct cxv_inventory *inventory)
{
	_cleanup_free_ char *records = NULL, *lines = NULL;
	int error = read_records(capture->live, &records);

	if (!error)
		error = cxv_evidence_log_lines(records, inventory, &lines);
	return fatal(cxv_host_keep(capture, error, lines, lines ? strlen(lines) : 0, "%s",
				   CXV_EVIDENCE_LOG));
}

struct identities {
	struct cxv_pci_ids_key *items;
	size_t count;
};

static bool is_known(const struct identities *identities, const struct cxv_pci_ids_key *key)
{
	for (size_t i = 0; i < identities->count; i++)
		if (!memcmp(&identities->items[i], key, sizeof(*key)))
			return true;
	return false;
}

static int add_identity(struct cxv_node *node, void *context)
{
	const uint8_t *image = (const uint8_t *)node->bytes;
	struct identities *identities = context;
	struct cxv_pci_ids_key *added, key;

	if (strcmp(node->name, "config") || node->kind != CXV_NODE_FILE ||
	    node->size < CXV_CONFIG_SIZE_USER || !cxv_pci_is_address(node->parent->name))
		return 0;
	/* Padding too, for memcmp(3). */
	memset(&key, 0, sizeof(key));
	key.vendor = cxv_word_at(image, PCI_VENDOR_ID);
	key.device = cxv_word_at(image, PCI_DEVICE_ID);
	key.subsystem_vendor = cxv_word_at(image, PCI_SUBSYSTEM_VENDOR_ID);
	key.subsystem_device = cxv_word_at(image, PCI_SUBSYSTEM_ID);
	key.class = cxv_word_at(image, PCI_CLASS_DEVICE) << 8 | image[PCI_CLASS_PROG];
	if (is_known(identities, &key))
		return 0;
	added = cxv_array_add(identities->items, identities->count);
	if (!added)
		return -ENOMEM;
	*added = key;
	return 0;
}

static void print_name(FILE *stream, const char *name)
{
	if (name)
		fprintf(stream, "  %s", name);
	fputc('\n', stream);
}

static void print_device(FILE *stream, const struct cxv_pci_ids_key *key,
			 const struct cxv_pci_ids *names)
{
	if (!names->vendor && !names->device && !names->subsystem)
		return;
	fprintf(stream, "%04x", key->vendor);
	print_name(stream, names->vendor);
	if (!names->device && !names->subsystem)
		return;
	fprintf(stream, "\t%04x", key->device);
	print_name(stream, names->device);
	if (!names->subsystem)
		return;
	fprintf(stream, "\t\t%04x %04x", key->subsystem_vendor, key->subsystem_device);
	print_name(stream, names->subsystem);
}

static void print_class(FILE *stream, const struct cxv_pci_ids_key *key,
			const struct cxv_pci_ids *names)
{
	if (!names->class && !names->prog_if)
		return;
	fprintf(stream, "C %02x\n\t%02x", key->class >> 16, key->class >> 8 & 0xff);
	print_name(stream, names->class);
	if (!names->prog_if)
		return;
	fprintf(stream, "\t\t%02x", key->class & 0xff);
	print_name(stream, names->prog_if);
}

/* Lines that give the same answers for KEY as the whole file does. */
static int print_names(FILE *stream, const char *file, size_t size,
		       const struct cxv_pci_ids_key *key)
{
	struct cxv_pci_ids_bytes bytes = { file, size };
	struct cxv_pci_ids names;
	int error = cxv_pci_ids_find(key, cxv_pci_ids_take, &bytes, &names);

	print_device(stream, key, &names);
	if (names.subsystem_vendor && key->subsystem_vendor != key->vendor) {
		fprintf(stream, "%04x", key->subsystem_vendor);
		print_name(stream, names.subsystem_vendor);
	}
	print_class(stream, key, &names);
	cxv_pci_ids_clear(&names);
	return error;
}

int cxv_evidence_pci_ids(const char *file, size_t size, const struct cxv_host *capture,
			 char **excerpt)
{
	struct identities identities = { 0 };
	size_t length = 0;
	FILE *stream;
	int error = cxv_tree_walk(&capture->tree->root, add_identity, &identities);

	*excerpt = NULL;
	stream = error ? NULL : open_memstream(excerpt, &length);
	for (size_t i = 0; stream && !error && i < identities.count; i++)
		error = print_names(stream, file, size, &identities.items[i]);
	free(identities.items);
	return stream && !fclose(stream) ? error : -ENOMEM;
}

/* What lookups of names have left of pci.ids, or all of it, cut down to what is used. */
static int shorten_pci_ids(const struct cxv_host *capture, const char *path)
{
	struct cxv_node *node;
	char *excerpt;
	int error = cxv_tree_find(capture->tree, path, CXV_FIND_CONTENT, &node);

	if (error < 0 || node->kind != CXV_NODE_FILE)
		return fatal(error);
	error = cxv_evidence_pci_ids(node->bytes, node->size, capture, &excerpt);
	if (error < 0)
		return error;
	return cxv_tree_set_file(capture->tree, node, excerpt, strlen(excerpt));
}

/* What doctor reads, by reading it. */
static int keep_preconditions(const struct cxv_host *capture, const struct cxv_inventory *inventory)
{
	_cleanup_(cxv_doctor_facts_clear) struct cxv_doctor_facts facts = { 0 };
	_cleanup_free_ struct cxv_endpoint **type2 = calloc(inventory->count + 1, sizeof(*type2));
	size_t count = 0;

	if (!type2)
		return -ENOMEM;
	for (size_t i = 0; i < inventory->count; i++)
		if (cxv_endpoint_is_type2(inventory->endpoints[i]))
			type2[count++] = inventory->endpoints[i];
	return cxv_doctor_read(capture, inventory, type2, count, &facts);
}

int cxv_evidence_collect(const struct cxv_host *capture, const struct cxv_inventory *inventory)
{
	int error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(machine_files) && !error; i++)
		error = keep(capture, machine_files[i]);
	if (!error)
		error = keep_modules(capture);
	if (!error)
		error = keep_cxl_devices(capture);
	for (size_t i = 0; i < inventory->count && !error; i++)
		error = keep_function(capture, inventory->endpoints[i]->host);
	if (!error)
		error = keep_preconditions(capture, inventory);
	if (!error)
		error = keep_log(capture, inventory);
	for (size_t i = 0; i < ARRAY_SIZE(pci_ids_files) && !error; i++)
		error = shorten_pci_ids(capture, pci_ids_files[i]);
	return error;
}
