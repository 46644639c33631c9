// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/format.h"
#include "cxl_regs.h"
#include "sys/discovery/pci.h"
#include "sys/discovery/registers.h"

#define REGISTERS	(CXL_CM_BLOCK_SIZE / 4)
/* Of a snapshot. */
#define SNAPSHOT_FILE	"registers/%s/component"

/*
 * A function that decodes no memory answers reads of its BARs with an error, which some machines
 * turn into a crash; and a BAR that a driver owns is that driver's alone.
 */
static int check_harmless(const struct cxv_endpoint *endpoint)
{
	const struct cxv_text *power = &endpoint->pci.power_state;

	if (endpoint->dvsec.locator_error)
		return -endpoint->dvsec.locator_error;
	if (endpoint->driver.value || endpoint->driver.error)
		return -EBUSY;
	if (!endpoint->pci.memory_enabled.value || !power->value || strcmp(power->value, "D0"))
		return -ENODATA;
	return 0;
}

/* A file of a fixture is read: it may shrink behind a mapping. */
static int read_fixture(int descriptor, off_t offset, uint32_t registers[static REGISTERS])
{
	ssize_t size = pread(descriptor, registers, CXL_CM_BLOCK_SIZE, offset);

	if (size < 0)
		return -errno;
	return size == CXL_CM_BLOCK_SIZE ? 0 : -EILSEQ;
}

static int copy_registers(uint32_t to[static REGISTERS], const volatile uint32_t *from,
			  size_t first, size_t count)
{
	if (first >= REGISTERS)
		return 0;
	if (count > REGISTERS - first)
		count = REGISTERS - first;
	return cxv_registers_copy(to + first, from + first, count);
}

static int copy_capability(uint32_t to[static REGISTERS], const volatile uint32_t *from, int offset,
			   size_t length)
{
	return offset < 0 ? 0 : copy_registers(to, from, offset / 4, length / 4);
}

/* As many decoders as the capability has: a reserved number is none. */
static int copy_hdm(uint32_t to[static REGISTERS], const volatile uint32_t *from)
{
	int offset = cxv_hdm_find(to, REGISTERS);
	int error = copy_capability(to, from, offset, CXL_HDM_DECODER(0));
	unsigned int decoders;

	if (error || offset < 0)
		return error;
	decoders = cxl_hdm_decoder_count(to[(offset + CXL_HDM_CAPABILITY) / 4]);
	return copy_registers(to, from, (offset + CXL_HDM_DECODER(0)) / 4,
			      (cxl_hdm_length(decoders) - CXL_HDM_DECODER(0)) / 4);
}

/* Only what is decoded: each register is a transaction. */
static int copy_needed(uint32_t registers[static REGISTERS], const volatile uint32_t *from)
{
	int error = copy_registers(registers, from, 0, 1);

	if (!error)
		error = copy_registers(registers, from, 1,
				       cxl_field(registers[0], CXL_CM_HEADER_ARRAY_SIZE));
	if (!error)
		error = copy_capability(registers, from,
					cxv_component_find(registers, REGISTERS, CXL_CM_ID_RAS),
					CXL_RAS_HEADER_LOG);
	return error ? error : copy_hdm(registers, from);
}

static int read_mapped(int descriptor, off_t offset, uint32_t registers[static REGISTERS])
{
	struct cxv_registers_map map;
	int error = cxv_registers_map(descriptor, offset, CXL_CM_BLOCK_SIZE,
				      sysconf(_SC_PAGESIZE), &map);

	if (error < 0)
		return error;
	memset(registers, 0, CXL_CM_BLOCK_SIZE);
	error = copy_needed(registers, map.registers);
	cxv_registers_unmap(&map);
	return error;
}

static int read_bar(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
		    const struct cxv_block *block, uint32_t registers[static REGISTERS])
{
	uint64_t offset = block->offset.value + CXL_COMPONENT_CM_OFFSET;
	_cleanup_close_ int descriptor = -1;
	struct stat status;

	descriptor = cxv_host_open_file(host, O_RDONLY | O_SYNC | O_NONBLOCK,
					CXV_PCI_DEVICES "/%s/resource%u",
					endpoint->host, (unsigned int)block->bar.value);
	if (descriptor < 0)
		return descriptor;
	if (fstat(descriptor, &status) < 0)
		return -errno;
	if (offset > INT64_MAX - CXL_CM_BLOCK_SIZE ||
	    (off_t)offset + CXL_CM_BLOCK_SIZE > status.st_size)
		return -EILSEQ;
	return host->fixture ? read_fixture(descriptor, offset, registers) :
			       read_mapped(descriptor, offset, registers);
}

/* A snapshot has no BARs: the block that was read is a file of its own. */
static int read_registers(const struct cxv_host *host, const struct cxv_endpoint *endpoint,
			  const struct cxv_block *block, uint32_t registers[static REGISTERS])
{
	ssize_t size;
	int error;

	if (host->live) {
		error = read_registers(host->live, endpoint, block, registers);
		return cxv_host_keep(host, error, registers, CXL_CM_BLOCK_SIZE,
				     SNAPSHOT_FILE, endpoint->host) ?: error;
	}
	error = read_bar(host, endpoint, block, registers);
	if (!host->fixture || (error != -ENOENT && error != -ENODATA))
		return error;
	size = cxv_host_read_bytes(host, registers, CXL_CM_BLOCK_SIZE, SNAPSHOT_FILE,
				   endpoint->host);
	if (size < 0)
		return size;
	return size == CXL_CM_BLOCK_SIZE ? 0 : -EILSEQ;
}

static int read_component(const struct cxv_host *host, struct cxv_endpoint *endpoint,
			  uint32_t registers[static REGISTERS])
{
	const struct cxv_block *block = cxv_dvsec_component_block(&endpoint->dvsec);
	int error = check_harmless(endpoint);

	if (error < 0)
		return error;
	if (!block)
		return -ENOENT;
	error = read_registers(host, endpoint, block, registers);
	if (error < 0)
		return error;
	error = cxv_component_decode(registers, REGISTERS, &endpoint->component);
	if (error < 0)
		return error;
	endpoint->hdm_source.value = cxv_format("resource%u", (unsigned int)block->bar.value);
	if (!endpoint->hdm_source.value)
		endpoint->hdm_source.error = ENOMEM;
	return 0;
}

static void decode_ras(struct cxv_endpoint *endpoint, const uint32_t registers[static REGISTERS])
{
	int offset = cxv_component_find(registers, REGISTERS, CXL_CM_ID_RAS);

	if (offset < 0)
		endpoint->ras.error = -offset;
	else
		cxv_ras_decode(registers, REGISTERS, offset, &endpoint->ras);
}

static void decode_hdm(struct cxv_endpoint *endpoint, const uint32_t registers[static REGISTERS])
{
	int offset = cxv_hdm_find(registers, REGISTERS);

	if (offset < 0)
		endpoint->hdm.error = -offset;
	else
		cxv_hdm_decode(registers, REGISTERS, offset, &endpoint->hdm);
}

void cxv_component_read(const struct cxv_host *host, struct cxv_endpoint *endpoint)
{
	uint32_t registers[REGISTERS];
	int error = read_component(host, endpoint, registers);

	if (error < 0) {
		endpoint->component.error = endpoint->ras.error = endpoint->hdm.error = -error;
	} else {
		decode_ras(endpoint, registers);
		decode_hdm(endpoint, registers);
	}
	if (endpoint->ras.error)
		cxv_fields_unavailable(&endpoint->ras, &cxv_ras_fields, endpoint->ras.error);
	if (endpoint->hdm.error)
		cxv_fields_unavailable(&endpoint->hdm, &cxv_hdm_fields, endpoint->hdm.error);
}
